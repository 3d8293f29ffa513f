//! `backup` and `restore`: a copy of the branch's file that was examined, and putting one back.

use std::path::PathBuf;

use clap::Args;
use guicang_cli::progress::Progress;
use guicang_cli::texts::clones;
use guicang_cli::{Failure, Told};
use guicang_replica::{BackedUp, restore};
use serde::Serialize;

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

/// A backup, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct BackupItem {
    file: String,
    changes: u64,
    bytes: u64,
    digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<String>,
}

impl BackupItem {
    fn of(file: &std::path::Path, done: &BackedUp) -> Self {
        Self {
            file: file.display().to_string(),
            changes: done.changes,
            bytes: done.bytes,
            digest: done.digest.iter().map(|b| format!("{b:02x}")).collect(),
            kept: done.kept.as_ref().map(|kept| kept.display().to_string()),
        }
    }
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
        let made = made.told(globals)?;
        let item = BackupItem::of(&self.file, &made);
        globals.show("backup", &[item], |items| clones::backed_up(l, &items[0].file, items[0].changes))
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
        let restored = restored.told(globals)?;
        let item = BackupItem::of(path, &restored);
        globals.show("restore", &[item], |items| {
            clones::restored(l, &items[0].file, items[0].changes, items[0].kept.as_deref().unwrap_or("-"))
        })?;
        globals.next(&guicang_cli::texts::next::sync(l, globals.program))
    }
}
