//! The organisation's settings, read from their document.

use guicang_domain::document::Document;
use guicang_domain::ids::ReasonCode;
use guicang_domain::master::Settings;
use guicang_domain::policy::{Policy, Reason, standard_reasons};
use guicang_sync::grant::GrantBook;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;
use crate::facts::{document_by_id, standing};
use crate::store::{Identity, Replica};

/// The settings document that came first; `None` when there is none, so that the standard applies.
pub(crate) fn settings(
    db: &Connection,
    org: i64,
    book: &GrantBook,
    me: &Identity,
) -> Result<Option<Settings>, StoreError> {
    let id: Option<i64> = db
        .prepare_cached(
            // `+`: in the order of identities it would visit every document there is, at each command.
            "SELECT id FROM document WHERE org = ? AND kind = 'settings' AND state = 'read' ORDER BY +identity LIMIT 1",
        )
        .and_then(|mut s| s.query_row(params![org], |r| r.get(0)).optional())
        .map_err(StoreError::of)?;
    let Some(id) = id else { return Ok(None) };
    let row = document_by_id(db, id)?;
    let (_, reading) = standing(db, org, book, me.device, id)?.read(row.identity)?;
    Ok(match reading.document {
        Some(Document::Settings(settings)) => Some(settings),
        _ => None,
    })
}

impl Replica {
    /// The return policy in force, as this replica knows it.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn policy(&self) -> Result<Policy, StoreError> {
        let settings = settings(&self.db, self.identity.org, &self.book, &self.identity)?;
        Ok(settings.map_or_else(|| Policy::standard(self.identity.currency), |s| s.policy))
    }

    /// After how many days goods in transit are late.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn transit_days(&self) -> Result<u32, StoreError> {
        let settings = settings(&self.db, self.identity.org, &self.book, &self.identity)?;
        Ok(settings.and_then(|s| s.transit_days).unwrap_or(Settings::TRANSIT_DAYS))
    }

    /// The organisation's reasons, by code.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn reasons(&self) -> Result<std::collections::BTreeMap<ReasonCode, Reason>, StoreError> {
        let settings = settings(&self.db, self.identity.org, &self.book, &self.identity)?;
        Ok(settings.map_or_else(standard_reasons, |s| s.reasons))
    }
}
