//! A copy of the relay's file, and a new life for one that is put back.
//!
//! What surprises: a relay that was restored has another epoch. Devices then know that it may have lost what it
//! had acknowledged, and bring it again.

use std::path::Path;

use guicang_sync::feed::Epoch;
use rusqlite::params;

use super::{Relay, RelayError, store};

/// What is added to the fencing number of a restored relay: whoever held the lease since the backup was made has
/// a lower one.
const FENCES_LOST: i64 = 1 << 20;

impl Relay {
    /// Copies this file, as it is now, to a new file.
    ///
    /// # Errors
    /// [`RelayError`] of the file.
    pub fn back_up(&self, to: &Path) -> Result<(), RelayError> {
        store::connect(&self.path, false)?.execute("VACUUM INTO ?", [to.to_string_lossy()])?;
        Ok(())
    }

    /// Gives the file of a relay that isn't running a new epoch, and ends its leases.
    ///
    /// # Errors
    /// [`RelayError`] of the file.
    pub fn renew(path: &Path, epoch: Epoch) -> Result<(), RelayError> {
        let mut connection = store::connect(path, false)?;
        let tx = connection.transaction()?;
        tx.execute("UPDATE organisation SET epoch = ?", [epoch.0])?;
        tx.execute("UPDATE lease SET fence = fence + ?, until = 0", params![FENCES_LOST])?;
        Ok(tx.commit()?)
    }
}
