//! Backups of a file, and putting one back.
//!
//! A backup is made while commands and sync go on: SQLite writes one state of the file, as one reading
//! transaction sees it, into a file beside; only what was examined as `doctor` examines is then called a backup. What
//! surprises: a backup that is put back needs nothing more. The next session fetches what the device has become
//! since, and where somebody worked on it before, it becomes another device (`link/mend.rs`).

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use guicang_domain::time::Moment;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::ambient::Ambient;
use crate::error::{OpenError, StoreError};
use crate::machine::on_own_disk;
use crate::store::Replica;

/// Tells how much is done, of how much.
pub type Told<'a> = &'a mut dyn FnMut(u64, u64);

/// A backup that was made or put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// How many changes it holds.
    pub changes: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// The digest of all that it shows.
    pub digest: [u8; 32],
    /// Where the file went that was there before; none was.
    pub kept: Option<PathBuf>,
}

/// Why a backup was not made, or not put back. Nothing is changed then, but for a file whose name ends in
/// `.partial`, which the next attempt takes away.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is a file of that name.
    #[error("{path} exists already")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// There is no backup of that name, or something else.
    #[error("{path} is no backup")]
    NoBackup {
        /// What was named.
        path: PathBuf,
    },
    /// The copy is not in order.
    #[error("{path} is not in order: {first} and {more} more")]
    Unsound {
        /// The file.
        path: PathBuf,
        /// The first thing that was found.
        first: String,
        /// How many there are besides.
        more: usize,
    },
    /// What is there holds more than the backup, or is another device's.
    #[error("{path} holds {changes} changes, the backup {backup}, or is newer")]
    Newer {
        /// The file that is there.
        path: PathBuf,
        /// How many changes it holds.
        changes: u64,
        /// How many the backup holds.
        backup: u64,
    },
    /// Another process uses what is there.
    #[error("{path} is in use")]
    InUse {
        /// The file that is there.
        path: PathBuf,
    },
    /// The file system refuses.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file can't be opened as a replica.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Replica {
    /// Copies this file, as it is now, to a new file, and examines the copy.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn back_up(&self, to: &Path, told: Told<'_>) -> Result<BackedUp, BackupError> {
        if to.exists() {
            return Err(BackupError::Exists { path: to.into() });
        }
        let folder = folder_of(to);
        std::fs::metadata(folder).map_err(|source| BackupError::File { path: folder.into(), source })?;
        let partial = beside(to, ".partial");
        remove(&partial)?;
        self.db
            .execute("VACUUM INTO ?", [partial.to_string_lossy()])
            .map_err(|e| BackupError::Store(StoreError::of(e)))?;
        let made = examine(&partial, told)?;
        rename(&partial, to)?;
        Ok(made)
    }
}

/// Puts a backup in a file's place, once it was examined. The file that was there is kept beside, under its name
/// with `.before-` and the time `now`, ms. One that holds more than the backup, or another device's, is only
/// replaced where that is `meant`.
///
/// # Errors
/// [`BackupError`].
pub fn restore(
    from: &Path,
    to: &Path,
    meant: bool,
    now: Moment,
    told: Told<'_>,
) -> Result<BackedUp, BackupError> {
    if !from.is_file() {
        return Err(BackupError::NoBackup { path: from.into() });
    }
    on_own_disk(to)?;
    let partial = beside(to, ".partial");
    remove(&partial)?;
    std::fs::copy(from, &partial).map_err(|source| BackupError::File { path: partial.clone(), source })?;
    let mut restored = examine(&partial, told).map_err(|error| match error {
        BackupError::Open(OpenError::NotAReplica { .. }) => BackupError::NoBackup { path: from.into() },
        // The copy is gone at the next attempt: what is named is what was given.
        BackupError::Unsound { first, more, .. } => BackupError::Unsound { path: from.into(), first, more },
        other => other,
    })?;
    if to.exists() {
        let held = Held::of(to);
        let backup = Held::of(&partial)?;
        match held {
            Ok(held) if !meant && !held.is_within(&backup) => {
                let (changes, backup) = (held.changes, backup.changes);
                return Err(BackupError::Newer { path: to.into(), changes, backup });
            }
            // What can't be read any more is what a backup is for; it is kept all the same.
            _ => {}
        }
    }
    restored.kept = put_in_place(&partial, to, now)?;
    Ok(restored)
}

/// Puts a file in another's place, which nobody may use meanwhile; says where the other went.
///
/// # Errors
/// [`BackupError::InUse`], [`BackupError::File`].
pub fn put_in_place(partial: &Path, to: &Path, now: Moment) -> Result<Option<PathBuf>, BackupError> {
    let mut kept = None;
    if to.exists() {
        let name = beside(to, &format!(".before-{}", now.0));
        quiesce(to)?;
        for end in ["-wal", "-shm"] {
            let left = beside(to, end);
            if left.exists() {
                rename(&left, &beside(&name, end))?;
            }
        }
        rename(to, &name)?;
        kept = Some(name);
    }
    rename(partial, to)?;
    Ok(kept)
}

/// Leaves an SQLite file that nobody uses as one file, with nothing beside it, on disk.
///
/// # Errors
/// [`BackupError`] when it can't be written.
pub fn as_one_file(path: &Path) -> Result<(), BackupError> {
    let store = |e: rusqlite::Error| BackupError::Store(StoreError::of(e));
    let db = Connection::open(path).map_err(store)?;
    db.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(())).map_err(store)?;
    db.close().map_err(|(_, e)| store(e))?;
    let file = |source| BackupError::File { path: path.into(), source };
    File::options().write(true).open(path).and_then(|f| f.sync_all()).map_err(file)
}

/// Whose a file is, and how much it holds.
struct Held {
    organisation: Vec<u8>,
    device: Vec<u8>,
    clock: i64,
    changes: u64,
}

impl Held {
    fn of(path: &Path) -> Result<Self, BackupError> {
        let read = || {
            let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            db.query_row(
                "SELECT o.id, s.device, s.clock, (SELECT count(*) FROM change) FROM organisation o JOIN self s USING (org)",
                [],
                |r| Ok(Self { organisation: r.get(0)?, device: r.get(1)?, clock: r.get(2)?, changes: r.get(3)? }),
            )
        };
        read().map_err(|e| StoreError::of(e).into())
    }

    fn is_within(&self, backup: &Self) -> bool {
        self.organisation == backup.organisation
            && self.device == backup.device
            && self.clock <= backup.clock
            && self.changes <= backup.changes
    }
}

/// Examines a copy that nobody uses yet, and leaves it as one file, in use nowhere.
fn examine(path: &Path, told: Told<'_>) -> Result<BackedUp, BackupError> {
    let store = |e: rusqlite::Error| BackupError::Store(StoreError::of(e));
    let ambient =
        Ambient { now: Box::new(|| Moment(0)), fill: Box::new(|bytes| bytes.fill(0)), machine: None };
    let mut copy = Replica::open(path, ambient)?;
    let findings = copy.doctor(told)?;
    if let Some(first) = findings.first() {
        return Err(BackupError::Unsound {
            path: path.into(),
            first: format!("{}: {}", first.code, first.detail),
            more: findings.len() - 1,
        });
    }
    let digest = copy.digest()?;
    let changes = copy.db.query_row("SELECT count(*) FROM change", [], |r| r.get(0)).map_err(store)?;
    copy.db
        .execute_batch("UPDATE self SET holder_boot = '', holder_id = '', holder_name = '', held_until = 0")
        .map_err(store)?;
    drop(copy);
    as_one_file(path)?;
    let file = |source| BackupError::File { path: path.into(), source };
    let bytes = std::fs::metadata(path).map_err(file)?.len();
    Ok(BackedUp { changes, bytes, digest, kept: None })
}

/// Makes sure that nobody uses a file, and that all of it is in the file itself.
fn quiesce(path: &Path) -> Result<(), BackupError> {
    let alone = || -> rusqlite::Result<()> {
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        db.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).optional()?;
        Ok(())
    };
    match alone() {
        Err(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
            Err(BackupError::InUse { path: path.into() })
        }
        // One that is damaged can't be made quiet, and is moved as it is.
        _ => Ok(()),
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}

fn remove(path: &Path) -> Result<(), BackupError> {
    for end in ["", "-wal", "-shm", "-journal"] {
        let file = beside(path, end);
        match std::fs::remove_file(&file) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(BackupError::File { path: file, source });
            }
            _ => {}
        }
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Renames, and has the folder's entry on disk.
fn rename(from: &Path, to: &Path) -> Result<(), BackupError> {
    let failed = |source| BackupError::File { path: to.into(), source };
    std::fs::rename(from, to).map_err(failed)?;
    let folder = folder_of(to);
    #[cfg(unix)]
    File::open(folder).and_then(|f| f.sync_all()).map_err(failed)?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
