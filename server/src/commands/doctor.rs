//! `doctor`: examines the relay's file and HQ's.

use clap::Args;
use guicang_cli::{Exit, Failure, Told};

use super::Session;
use guicang_cli::texts::hq as texts;

/// Nothing to say.
#[derive(Debug, Args)]
pub struct DoctorArgs {}

impl DoctorArgs {
    /// Examines both. HQ's findings are shown as those of any replica.
    ///
    /// # Errors
    /// [`Failure`] when something was found, or a file can't be read.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let mut hq = session.open()?;
        let found = hq.relay.examine().told(globals)?;
        // HQ's own file first: its findings are data, and stand on standard output by themselves.
        guicang_cli::verbs::doctor::DoctorArgs {}.run(&mut hq.replica, globals)?;
        if found.is_empty() {
            return Ok(());
        }
        let l = globals.language;
        let all: Vec<String> = found.iter().map(|f| format!("{}: {}", f.code, f.detail)).collect();
        let damaged = texts::relay_damaged(l, found.len(), &all.join("\n"));
        Err(Failure::new(Exit::Refused, damaged, texts::relay_damaged_next(l)))
    }
}
