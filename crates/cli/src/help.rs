//! Help in the person's language: English stands in the commands, Chinese in tables beside them.
//!
//! A table's key is the command's path (`return counter`), the path and an argument
//! (`return counter --item`, `sale show NUMBER`), or the path and `examples`. The program's name is not part of a path; what stands on every command has the key of the
//! argument alone (`--lang`).

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command};

use crate::language::Language;

/// Texts by key; see the module.
pub type Table = &'static [(&'static str, &'static str)];

/// The command with its help in a language. Texts that no table has stay in English.
pub fn localise(command: Command, language: Language, tables: &[Table]) -> Command {
    let command = command.disable_help_subcommand(true).disable_version_flag(true);
    let version = command.get_version().is_some();
    let program = command.get_name().to_owned();
    let command = each(command, "", &program, language, tables);
    if !version {
        return command;
    }
    let text = pick(language, "打印版本号", "Print the version");
    let heading = (language == Language::Zh).then_some("选项");
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version);
    command.arg(version.help(text).help_heading(heading).display_order(999))
}

/// Keys of texts that no table has: what a test wants to be empty.
pub fn untranslated(command: &Command, tables: &[Table]) -> Vec<String> {
    let mut missing = Vec::new();
    walk(command, "", &mut |key, _| {
        if find(tables, key).is_none() {
            missing.push(key.into());
        }
    });
    missing
}

fn each(mut command: Command, path: &str, program: &str, language: Language, tables: &[Table]) -> Command {
    let help = pick(language, "打印帮助", "Print help");
    // `-3` is a value, to be refused by name where it is none, and never an option that nobody has.
    command = command
        .mut_args(|arg| if arg.get_action().takes_values() { arg.allow_negative_numbers(true) } else { arg })
        .disable_help_flag(true)
        .arg(Arg::new("help").short('h').long("help").action(ArgAction::Help).help(help).display_order(998));
    if language == Language::Zh {
        if let Some(text) = find(tables, path) {
            command = command.about(text).long_about(clap::builder::Resettable::Reset);
        }
        command = command
            .help_template("{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}")
            .subcommand_help_heading("命令")
            .mut_args(|arg| {
                let heading = if arg.is_positional() { "参数" } else { "选项" };
                let text = find(tables, &key_of(path, &arg));
                let arg = arg.help_heading(heading);
                match text {
                    Some(text) => arg.help(text),
                    None => arg,
                }
            });
    }
    if let Some(examples) = examples(&command, path, language, tables) {
        command = command.after_help(examples.replace("  guicang ", &format!("  {program} ")));
    }
    command.mut_subcommands(|sub| {
        let path = join(path, sub.get_name());
        each(sub, &path, program, language, tables)
    })
}

fn examples(command: &Command, path: &str, language: Language, tables: &[Table]) -> Option<String> {
    let english = command.get_after_help()?.to_string();
    let chinese = find(tables, &join(path, "examples")).filter(|_| language == Language::Zh);
    Some(chinese.map_or(english, str::to_owned))
}

fn walk(command: &Command, path: &str, seen: &mut dyn FnMut(&str, &StyledStr)) {
    if let Some(about) = command.get_about() {
        seen(path, about);
    }
    if let Some(examples) = command.get_after_help() {
        seen(&join(path, "examples"), examples);
    }
    for arg in command.get_arguments() {
        if let Some(help) = arg.get_help() {
            seen(&key_of(path, arg), help);
        }
    }
    for sub in command.get_subcommands() {
        walk(sub, &join(path, sub.get_name()), seen);
    }
}

fn key_of(path: &str, arg: &Arg) -> String {
    match arg.get_long() {
        Some(long) if arg.is_global_set() => format!("--{long}"),
        Some(long) => join(path, &format!("--{long}")),
        None => join(path, &arg.get_id().as_str().to_uppercase()),
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.into() } else { format!("{path} {name}") }
}

fn find(tables: &[Table], key: &str) -> Option<&'static str> {
    tables.iter().flat_map(|t| t.iter()).find(|(k, _)| *k == key).map(|(_, text)| *text)
}

fn pick<'a>(language: Language, zh: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Zh => zh,
        Language::En => en,
    }
}

pub use crate::help_zh::SHARED;
pub use crate::help_zh_return::RETURN;
