//! Where a command's data and messages go, and in which form.
//!
//! Data: standard output, as a table, as JSON `{"schema": "guicang.NAME/1", "items": [...]}`, or as
//! those items flat: CSV, JSON lines.
//! Messages and next steps: standard error. Both are passed in, so a test reads what a person would.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::Write;

use clap::{Args, ValueEnum};
use guicang_domain::ids::UserName;
use serde::Serialize;

use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::flat;
use crate::language::Language;
use crate::texts::{failures, next};

/// The form of data on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people; as Markdown where the command prints documentation.
    #[value(alias = "markdown")]
    Table,
    /// For programs.
    Json,
    /// One item a line, as JSON.
    Jsonl,
    /// One item a row, for spreadsheets.
    Csv,
    /// The same with a byte order mark before it: Excel reads Chinese then.
    CsvBom,
    /// For the editor: the policy as a file. Other data has no such form, and is shown as a table.
    Toml,
}

/// Flags that every command of both binaries takes.
#[derive(Debug, Clone, Args)]
pub struct GlobalArgs {
    /// Language of messages: zh or en
    #[arg(long, global = true, display_order = 901, env = "GUICANG_LANG", hide_env_values = true)]
    pub lang: Option<Language>,
    /// Form of data on standard output: table, json, jsonl, csv, or csv-bom (for Excel); policy show: toml
    #[arg(
        long,
        global = true,
        display_order = 902,
        hide_possible_values = true,
        env = "GUICANG_FORMAT",
        value_enum,
        hide_env_values = true
    )]
    pub format: Option<Format>,
    /// Short for --format json
    #[arg(long, global = true, display_order = 903)]
    pub json: bool,
    /// Who is working, as the events will name them
    #[arg(
        long,
        global = true,
        display_order = 904,
        env = "GUICANG_USER",
        value_name = "NAME",
        hide_env_values = true
    )]
    pub user: Option<UserName>,
}

/// What a verb needs beside the replica: language, form, streams, who is working.
pub struct Globals {
    /// The binary's name, for next steps: `guicang` or `guicang-server`.
    pub program: &'static str,
    /// The language of texts.
    pub language: Language,
    /// The form of data.
    pub format: Format,
    /// Who is working.
    pub user: UserName,
    /// Whether standard error is a terminal: only there is progress shown.
    pub terminal: bool,
    out: RefCell<Box<dyn Write>>,
    err: RefCell<Box<dyn Write>>,
    /// The schemas whose headers stand on standard output already: `sync --every` shows one item at a
    /// time.
    headed: RefCell<BTreeSet<String>>,
}

/// The streams of a command.
pub struct Streams {
    /// Data.
    pub out: Box<dyn Write>,
    /// Messages.
    pub err: Box<dyn Write>,
    /// Whether messages go to a terminal.
    pub terminal: bool,
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    schema: String,
    items: &'a [T],
}

impl Globals {
    /// The globals of a command: flags and environment (which clap has read) before the file.
    ///
    /// # Errors
    /// [`Failure`] when the file has a format or a user that can't be.
    pub fn new(
        program: &'static str,
        language: Language,
        args: &GlobalArgs,
        config: &Config,
        system_user: Option<String>,
        streams: Streams,
    ) -> Result<Self, Failure> {
        let wrong = |name: &str, found: &str| {
            Failure::new(
                Exit::Usage,
                failures::setting_wrong(language, name, found),
                next::help_of(language, program),
            )
        };
        let format = match (args.json, args.format, config.format.as_deref()) {
            (true, _, _) => Format::Json,
            (_, Some(format), _) => format,
            (_, None, Some(text)) => Format::from_str(text, false).map_err(|_| wrong("format", text))?,
            (_, None, None) => Format::Table,
        };
        let user = match (&args.user, &config.user) {
            (Some(user), _) => user.clone(),
            (None, Some(text)) => UserName::new(text).map_err(|_| wrong("user", text))?,
            (None, None) => system_user
                .and_then(|u| UserName::new(&u).ok())
                .unwrap_or_else(|| UserName::new("clerk").expect("a name")),
        };
        let Streams { out, err, terminal } = streams;
        let (out, err) = (RefCell::new(out), RefCell::new(err));
        Ok(Self { program, language, format, user, terminal, out, err, headed: RefCell::default() })
    }

    /// Whether data is wanted for a program: as JSON, or in another of the forms made of it.
    pub fn json(&self) -> bool {
        !matches!(self.format, Format::Table | Format::Toml)
    }

    /// Shows rows: as items of the schema `guicang.NAME/1` in the form that is wanted, or as the text
    /// that `text` makes.
    ///
    /// # Errors
    /// [`Failure`] when standard output can't be written.
    pub fn show<T: Serialize, D: Display>(
        &self,
        name: &str,
        items: &[T],
        text: impl FnOnce(&[T]) -> D,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Table | Format::Toml => {}
            Format::Json => {
                let envelope = Envelope { schema: format!("guicang.{name}/1"), items };
                return self.line(&serde_json::to_string_pretty(&envelope).expect("plain data"));
            }
            Format::Jsonl => return self.write(|out| flat::json_lines(items, out)),
            Format::Csv | Format::CsvBom => {
                let first = self.headed.borrow().is_empty();
                let headers = !items.is_empty() && self.headed.borrow_mut().insert(name.to_owned());
                return self.write(|out| {
                    if first && headers && self.format == Format::CsvBom {
                        out.write_all(flat::BOM.as_bytes())?;
                    }
                    flat::csv(items, headers, out)
                });
            }
        }
        if items.is_empty() {
            return self.say(&failures::nothing(self.language));
        }
        self.line(&text(items).to_string())
    }

    /// Writes a line of data.
    ///
    /// # Errors
    /// [`Failure`] when standard output can't be written.
    pub fn line(&self, text: &str) -> Result<(), Failure> {
        self.write(|out| writeln!(out, "{text}"))
    }

    fn write(&self, data: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Failure> {
        let mut out = self.out.borrow_mut();
        written(data(&mut **out).and_then(|()| out.flush()), self.language)
    }

    /// Writes a message.
    ///
    /// # Errors
    /// [`Failure`] when standard error can't be written.
    pub fn say(&self, text: &str) -> Result<(), Failure> {
        let mut err = self.err.borrow_mut();
        written(writeln!(err, "{text}").and_then(|()| err.flush()), self.language)
    }

    /// Shows a failure; the result is its exit code.
    pub fn fail(&self, failure: &Failure) -> u8 {
        // Where standard error can't be written, the exit code is all that can be said.
        let _ = self.say(&failure.text(self.language));
        failure.exit as u8
    }

    /// Writes what can be done next.
    ///
    /// # Errors
    /// [`Failure`] when standard error can't be written.
    pub fn next(&self, text: &str) -> Result<(), Failure> {
        self.say(&next::line(self.language, text))
    }
}

/// A reader that went away (`guicang stock show | head`) is no failure.
fn written(result: std::io::Result<()>, language: Language) -> Result<(), Failure> {
    match result {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure {
            exit: Exit::Other,
            message: failures::output_unwritable(language, &e),
            next: None,
            lacks: None,
        }),
        _ => Ok(()),
    }
}
