//! What a backup came to, and putting one back: told alike for a branch's file and HQ's folder.

use std::path::Path;

use guicang_replica::BackedUp;
use serde::Serialize;

use crate::exit::Failure;
use crate::output::Globals;
use crate::texts::clones;

/// A backup, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct BackupItem {
    path: String,
    changes: u64,
    bytes: u64,
    digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<String>,
}

impl BackupItem {
    fn of(path: &Path, done: &BackedUp) -> Self {
        Self {
            path: path.display().to_string(),
            changes: done.changes,
            bytes: done.bytes,
            digest: done.digest.iter().map(|b| format!("{b:02x}")).collect(),
            kept: done.kept.as_ref().map(|kept| kept.display().to_string()),
        }
    }
}

/// Shows a backup that was made at `path`.
///
/// # Errors
/// [`Failure`] when standard output can't be written.
pub fn show_backed_up(globals: &Globals, path: &Path, made: &BackedUp) -> Result<(), Failure> {
    globals.show("backup", &[BackupItem::of(path, made)], |items| {
        clones::backed_up(globals.language, &items[0].path, items[0].changes)
    })
}

/// Shows what was put back at `path`, and where that went which was there before.
///
/// # Errors
/// [`Failure`] when standard output can't be written.
pub fn show_restored(globals: &Globals, path: &Path, restored: &BackedUp) -> Result<(), Failure> {
    let l = globals.language;
    globals.show("restore", &[BackupItem::of(path, restored)], |items| match &items[0].kept {
        Some(kept) => clones::restored_over(l, &items[0].path, items[0].changes, kept),
        None => clones::restored(l, &items[0].path, items[0].changes),
    })
}
