//! `backup` and `restore`: a copy of the branch's file that was examined, and putting one back.

use std::path::PathBuf;

use clap::Args;
use guicang_cli::progress::Progress;
use guicang_cli::texts::clones;
use guicang_cli::verbs::backup::{show_backed_up, show_restored};
use guicang_cli::{Failure, Told};
use guicang_replica::restore;

use super::Session;

/// Where to.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The new file
    pub file: PathBuf,
}

/// Which.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The backup
    pub file: PathBuf,
    /// Replace a file that holds more than the backup; it is kept beside
    #[arg(long)]
    pub force: bool,
}

impl BackupArgs {
    /// Makes it.
    ///
    /// # Errors
    /// [`Failure`] when there is such a file, or the copy isn't in order.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let replica = session.open()?;
        let progress = Progress::new(globals, clones::backing_up(l));
        let made = replica.back_up(&self.file, &mut |done, total| progress.at(done, total));
        progress.done();
        show_backed_up(globals, &self.file, &made.told(globals)?)
    }
}

impl RestoreArgs {
    /// Puts it back.
    ///
    /// # Errors
    /// [`Failure`] when the backup isn't in order, what is there holds more, or is in use.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let path = session.path()?;
        let progress = Progress::new(globals, clones::restoring(l));
        let told = &mut |done, total| progress.at(done, total);
        let restored = restore(&self.file, path, self.force, (session.now)(), told);
        progress.done();
        show_restored(globals, path, &restored.told(globals)?)?;
        globals.next(&guicang_cli::texts::next::sync(l, globals.program))
    }
}
