//! Imports: which document came by which, and whether it still stands.
//!
//! What surprises: an import is nothing by itself, it is the documents that name it. So what of it is held
//! here is listed here, and undoing it is an event in each of them.

use guicang_domain::document::Document;
use guicang_domain::ids::SiteId;
use guicang_domain::returns::Return;
use guicang_domain::time::Occurred;
use rusqlite::params;

use crate::error::StoreError;
use crate::store::Work;

impl Work<'_> {
    pub(super) fn project_brought(&self, document: i64, body: &Document) -> Result<(), StoreError> {
        let Some(brought) = body.brought() else { return Ok(()) };
        self.tx
            .prepare_cached(
                "INSERT INTO brought (org, document, import, file, profile, user, recorded, device, rows, reversed)
                 VALUES (?,?,?,?,?,?,?,?,?,?)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    document,
                    brought.mark.number.as_str(),
                    brought.mark.file,
                    brought.mark.profile,
                    brought.user.as_str(),
                    brought.event.recorded.0,
                    brought.event.device.as_str(),
                    brought.rows as i64,
                    brought.reversed
                ])
            })
            .map_err(StoreError::of)?;
        Ok(())
    }

    /// A return of long ago whose import was undone: it is still there to be looked at, and that is all.
    pub(super) fn project_undone_return(
        &self,
        document: i64,
        d: &Return,
        site: &SiteId,
        first: Occurred,
    ) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "INSERT INTO return_head (org, document, occurred, zone, site, currency, historic, states, accepted,
                     queued, paid, committed, clock, deducted, sold, settled, paid_last)
                 VALUES (?1,?2,?3,?4,?5,?6,1,'reversed',0,0,0,0,0,0,0,?3,?3)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    document,
                    first.at.0,
                    first.zone.to_string(),
                    site.as_str(),
                    d.currency.code()
                ])
            })
            .map_err(StoreError::of)?;
        Ok(())
    }
}
