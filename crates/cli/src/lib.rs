//! What both binaries' command lines share: verbs, formats, texts for people, import.
//!
//! A verb is a struct of arguments (clap) and a `run` that takes a replica and the [`Globals`]. Data
//! goes to standard output, messages and the next step to standard error. What surprises: nothing
//! here reads the environment, the clock or the system's files; the binaries pass them in.

pub mod language;
pub mod texts;
pub mod exit;
pub mod config;
pub mod machine;
pub mod output;
mod flat;
pub mod format;
pub mod help;
pub mod usage;
pub mod world;
pub mod progress;
mod help_zh;
mod help_zh_return;
pub mod import;
pub mod statement;
pub mod verbs;

pub use exit::{Exit, Explain, Failure, LackedDocuments, Told};
pub use language::Language;
pub use output::{Format, GlobalArgs, Globals};
