//! What an older program could not read or had to set apart is tried again by a newer one.
//!
//! What surprises: the file notes what the program knew that judged it, by rules, shape and kinds, not by
//! a program's version: two versions that know the same have nothing to try again.

use guicang_domain::document::{Kind, RULES};
use rusqlite::params;

use crate::error::StoreError;
use crate::store::{Replica, Work};

/// What this program knows, as the file notes it.
pub(crate) fn reads() -> String {
    format!("rules {RULES}, shape {}, {} kinds", guicang_documents::SCHEMA, Kind::ALL.len())
}

impl Replica {
    /// Judges again what was set apart here and what couldn't be read, where another program than this
    /// judged it. Says how many documents that were.
    pub(crate) fn try_again_if_newer(&mut self) -> Result<u64, StoreError> {
        let noted: String = self
            .db
            .prepare_cached("SELECT reads FROM self WHERE org = ?")
            .and_then(|mut s| s.query_row([self.identity.org], |r| r.get(0)))
            .map_err(StoreError::of)?;
        if noted == reads() { Ok(0) } else { self.write(|work| work.try_again()) }
    }
}

impl Work<'_> {
    /// Judges again what was set apart here and what couldn't be read. Says how many documents that were.
    pub(crate) fn try_again(&mut self) -> Result<u64, StoreError> {
        let documents: Vec<i64> = {
            let mut statement = self
                .tx
                .prepare_cached(
                    "SELECT id FROM document WHERE org = ?1 AND state <> 'read' UNION
                     SELECT document FROM change WHERE org = ?1 AND status = 3",
                )
                .map_err(StoreError::of)?;
            let rows = statement.query_map([self.org], |r| r.get(0)).map_err(StoreError::of)?;
            rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
        };
        for document in &documents {
            self.refold(*document)?;
        }
        self.tx
            .prepare_cached("UPDATE self SET reads = ? WHERE org = ?")
            .and_then(|mut s| s.execute(params![reads(), self.org]))
            .map_err(StoreError::of)?;
        Ok(documents.len() as u64)
    }
}
