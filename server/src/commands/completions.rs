//! `completions`: what a shell needs to complete commands and flags.

use clap::Args;
use guicang_cli::{Failure, Globals};

/// For which shell.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

impl CompletionsArgs {
    /// Prints them.
    ///
    /// # Errors
    /// [`Failure`] when standard output can't be written.
    pub fn run(&self, globals: &Globals) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        let mut command = crate::command(globals.language);
        clap_complete::generate(self.shell, &mut command, crate::PROGRAM, &mut bytes);
        globals.line(String::from_utf8_lossy(&bytes).trim_end())
    }
}
