//! How a command ends when it doesn't succeed: an exit code, what went wrong, what to do about it.
//!
//! Errors are data until here; [`Explain`] is where they become text in a person's language.

use guicang_domain::ids::DocumentId;

use crate::language::Language;
use crate::output::Globals;
use crate::texts::{failures, next};

/// Exit codes, after `sysexits.h` where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Anything else.
    Other = 1,
    /// The command line is wrong.
    Usage = 2,
    /// What was asked for was refused, or the data is bad.
    Refused = 65,
    /// The relay was not reached.
    Unreachable = 75,
    /// HQ has withdrawn this device.
    Withdrawn = 77,
}

/// Documents that were let go, and that a command needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LackedDocuments {
    /// Which, as far as is known.
    pub documents: Vec<DocumentId>,
    /// The first one's number.
    pub number: String,
}

/// A command's failure, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What went wrong, one sentence or a few, in the person's language.
    pub message: String,
    /// What the person can do now.
    pub next: Option<String>,
    /// What it needs first: once that is fetched, it can be done again.
    pub lacks: Option<Box<LackedDocuments>>,
}

impl Failure {
    /// A failure with a next step.
    pub fn new(exit: Exit, message: impl Into<String>, next: impl Into<String>) -> Self {
        Self { exit, message: message.into(), next: Some(next.into()), lacks: None }
    }

    /// What is shown: the message, and on a line of its own what can be done.
    pub fn text(&self, language: Language) -> String {
        let lead = failures::lead(language, self.message.trim_end());
        match &self.next {
            Some(next) => format!("{lead}\n{}", next::line(language, next)),
            None => lead,
        }
    }
}

/// An error that can be told to a person.
pub trait Explain {
    /// Text, exit code and next step. `program` is the running binary's name, for the next step.
    fn explain(&self, language: Language, program: &str) -> Failure;
}

/// Turns an error into a [`Failure`] in the language of the command.
pub trait Told<T> {
    /// The value, or the error in words.
    ///
    /// # Errors
    /// [`Failure`], where there was an error.
    fn told(self, globals: &Globals) -> Result<T, Failure>;
}

impl<T, E: Explain> Told<T> for Result<T, E> {
    fn told(self, globals: &Globals) -> Result<T, Failure> {
        self.map_err(|e| e.explain(globals.language, globals.program))
    }
}
