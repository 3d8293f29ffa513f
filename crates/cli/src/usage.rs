//! A wrong command line in the person's language.
//!
//! The parser's own sentences are English only, so they are made anew from what it found; where it
//! found something that isn't known here, its sentence stands as it is.

use std::error::Error;
use std::ffi::OsString;
use std::num::ParseIntError;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Command};
use guicang_domain::ids::IdError;
use guicang_domain::money::MoneyError;
use guicang_domain::quantity::QuantityError;

use crate::exit::{Exit, Explain, Failure};
use crate::language::Language;
use crate::texts::{failures, next};

/// What parsing came to.
#[derive(Debug)]
pub enum Parsed {
    /// A command.
    Command(ArgMatches),
    /// Help or a version, which was asked for.
    Asked(String),
    /// Help that shows which commands there are, since none was given.
    Shown(String),
}

/// Parses a command line.
///
/// # Errors
/// [`Failure`] with [`Exit::Usage`].
pub fn parse(
    mut command: Command,
    language: Language,
    program: &str,
    args: impl IntoIterator<Item = OsString>,
) -> Result<Parsed, Failure> {
    let args: Vec<OsString> = args.into_iter().collect();
    match command.try_get_matches_from_mut(&args) {
        Ok(matches) => Ok(Parsed::Command(matches)),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Ok(Parsed::Asked(error.render().to_string()))
            }
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                Ok(Parsed::Shown(error.render().to_string()))
            }
            _ => {
                let next = match named(&command, &args) {
                    path if path.is_empty() => next::help_of(language, program),
                    path => next::help(language, program, &path.join(" ")),
                };
                Err(Failure::new(Exit::Usage, sentence(&error, language), next))
            }
        },
    }
}

/// The command that the arguments name, as far as they do: `count scan`.
fn named(command: &Command, args: &[OsString]) -> Vec<String> {
    let mut path = Vec::new();
    let mut at = command;
    for arg in args.iter().skip(1).filter_map(|arg| arg.to_str()) {
        // Options may stand between a command's words, and their values are no commands.
        if let Some(found) = at.find_subcommand(arg) {
            path.push(found.get_name().to_owned());
            at = found;
        }
    }
    path
}

fn sentence(error: &clap::Error, l: Language) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg).unwrap_or_default();
    let mut sentence = match error.kind() {
        ErrorKind::UnknownArgument => failures::usage_unknown(l, &argument),
        ErrorKind::InvalidSubcommand => {
            failures::usage_command(l, &text(ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        ErrorKind::MissingSubcommand => {
            failures::usage_no_command(l, &text(ContextKind::ValidSubcommand).unwrap_or_default())
        }
        ErrorKind::MissingRequiredArgument => failures::usage_missing(l, &argument),
        ErrorKind::ArgumentConflict => {
            failures::usage_conflict(l, &argument, &text(ContextKind::PriorArg).unwrap_or_default())
        }
        ErrorKind::InvalidValue => match text(ContextKind::InvalidValue) {
            Some(value) if !value.is_empty() => failures::usage_value(l, &argument, &value),
            _ => failures::usage_no_value(l, &argument),
        },
        ErrorKind::ValueValidation => {
            let value = text(ContextKind::InvalidValue).unwrap_or_default();
            let lead = failures::usage_value(l, &argument, &value);
            match error.source().and_then(|cause| explained(cause, l)) {
                Some(why) => format!("{lead} {why}"),
                None => lead,
            }
        }
        _ => return format!("{} {}", failures::usage(l), error.render()),
    };
    let mut add = |text: String| {
        sentence.push(' ');
        sentence.push_str(&text);
    };
    if let Some(values) = text(ContextKind::ValidValue).filter(|v| !v.is_empty()) {
        add(failures::usage_possible(l, &values));
    }
    for kind in [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue] {
        if let Some(name) = text(kind) {
            add(failures::usage_similar(l, &name));
        }
    }
    sentence
}

fn explained(cause: &(dyn Error + 'static), l: Language) -> Option<String> {
    let message = |e: &dyn Explain| e.explain(l, "").message;
    None.or_else(|| cause.downcast_ref::<IdError>().map(|e| message(e)))
        .or_else(|| cause.downcast_ref::<QuantityError>().map(|e| message(e)))
        .or_else(|| cause.downcast_ref::<MoneyError>().map(|e| message(e)))
        .or_else(|| cause.downcast_ref::<ParseIntError>().map(|_| failures::usage_whole_number(l)))
        .or_else(|| {
            // The parser's own sentence for a number that is out of range.
            let text = cause.to_string();
            let (_, range) = text.split_once(" is not in ")?;
            let (least, most) = range.split_once("..=")?;
            Some(failures::usage_range(l, least, most))
        })
        .or_else(|| Some(cause.to_string()))
}
