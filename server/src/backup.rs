//! Backups of the data folder: HQ's file and the relay's, each examined before it counts.
//!
//! What surprises: HQ's is copied first, so that the relay's copy holds all that HQ's does. The books of the
//! simulated rail and invoicing service are left out: they are a provider's, and forget nothing when we restore.

use std::path::{Path, PathBuf};

use guicang_domain::time::Moment;
use guicang_replica::{BackedUp, BackupError, Replica, as_one_file, put_in_place, restore};
use guicang_sync::feed::Epoch;

use crate::data::{Data, DataError};
use crate::relay::Relay;

/// Copies HQ's file and the relay's into a new folder, while both are in use, and examines the copies.
///
/// # Errors
/// [`DataError`]; a folder whose name ends in `.partial` may be left, which the next attempt takes away.
pub fn back_up(
    replica: &Replica,
    relay: &Relay,
    to: &Path,
    told: &mut dyn FnMut(u64, u64),
) -> Result<BackedUp, DataError> {
    if to.exists() {
        return Err(BackupError::Exists { path: to.into() }.into());
    }
    let io = |source| DataError::Folder { folder: to.into(), source };
    let partial = Data::new(PathBuf::from(format!("{}.partial", to.display())));
    if partial.folder().exists() {
        std::fs::remove_dir_all(partial.folder()).map_err(io)?;
    }
    std::fs::create_dir_all(partial.folder()).map_err(io)?;
    let made = replica.back_up(&partial.hq_file(), told)?;
    relay.back_up(&partial.relay_file())?;
    examine(&partial.relay_file())?;
    std::fs::rename(partial.folder(), to).map_err(io)?;
    Ok(made)
}

/// Puts a backup in the place of HQ's file and the relay's, which are kept beside. The relay begins a new life,
/// under `epoch`. What holds more than the backup is only replaced where that is `meant`.
///
/// # Errors
/// [`DataError`].
pub fn put_back(
    from: &Data,
    data: &Data,
    meant: bool,
    (now, epoch): (Moment, Epoch),
    told: &mut dyn FnMut(u64, u64),
) -> Result<BackedUp, DataError> {
    if !from.is_founded() {
        return Err(BackupError::NoBackup { path: from.folder().into() }.into());
    }
    let io = |source| DataError::Folder { folder: data.folder().into(), source };
    std::fs::create_dir_all(data.folder()).map_err(io)?;
    let partial = PathBuf::from(format!("{}.partial", data.relay_file().display()));
    if partial.exists() {
        std::fs::remove_file(&partial).map_err(io)?;
    }
    std::fs::copy(from.relay_file(), &partial).map_err(io)?;
    Relay::renew(&partial, epoch)?;
    examine(&partial)?;
    if data.relay_file().exists() && !meant {
        let head = |path: &Path| Relay::open(path).map(|relay| *relay.watch_log().borrow());
        let (there, backup) = (head(&data.relay_file())?, head(&partial)?);
        as_one_file(&partial)?;
        if there > backup {
            return Err(BackupError::Newer { path: data.relay_file(), changes: there, backup }.into());
        }
    }
    let restored = restore(&from.hq_file(), &data.hq_file(), meant, now, told)?;
    put_in_place(&partial, &data.relay_file(), now)?;
    Ok(restored)
}

/// Examines a relay's file that nobody uses, and leaves it as one file.
fn examine(path: &Path) -> Result<(), DataError> {
    let found = Relay::open(path)?.examine()?;
    if let Some(first) = found.first() {
        let first = format!("{}: {}", first.code, first.detail);
        return Err(BackupError::Unsound { path: path.into(), first, more: found.len() - 1 }.into());
    }
    Ok(as_one_file(path)?)
}
