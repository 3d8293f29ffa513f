//! `doctor`: examines the relay's file, then HQ's.

use clap::Args;
use guicang_cli::{Failure, Told};

use super::Session;

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
        hq.relay.examine().told(globals)?;
        guicang_cli::verbs::doctor::DoctorArgs {}.run(&mut hq.replica, globals)
    }
}
