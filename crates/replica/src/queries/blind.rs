//! What is being counted blind (盲盘) at this device's own site: the book isn't shown to those who count.
//!
//! HQ sees it; so does the branch once the count is approved or cancelled.

use guicang_domain::account::Account;
use guicang_domain::count::{Scope, Spot};
use guicang_domain::document::Document;
use guicang_domain::ids::{Lot, SiteId, Sku};
use rusqlite::params;

use crate::error::StoreError;
use crate::facts::{document_by_id, standing};
use crate::store::Replica;

/// A blind count that goes on.
pub(crate) struct BlindCount {
    /// Its number.
    pub(crate) number: String,
    site: SiteId,
    scope: Scope,
}

impl BlindCount {
    /// Whether it counts an article at a place of a site, in whatever account.
    pub(crate) fn takes(&self, site: &SiteId, place: &str, sku: &Sku, lot: Option<&Lot>) -> bool {
        let spot =
            Spot { place: place.into(), sku: sku.clone(), lot: lot.cloned(), account: Account::Sellable };
        *site == self.site && self.scope.takes(&spot)
    }
}

impl Replica {
    /// The blind counts of this device's site that nobody has approved yet; none at HQ.
    pub(crate) fn blind_counts(&self) -> Result<Vec<BlindCount>, StoreError> {
        let Some(site) = self.identity.site.clone() else { return Ok(Vec::new()) };
        let org = self.identity.org;
        let documents: Vec<i64> = {
            let mut statement = self
                .db
                .prepare_cached(
                    "SELECT document FROM count_head
                     WHERE org = ? AND site = ? AND blind AND stage IN ('open', 'closed') ORDER BY document",
                )
                .map_err(StoreError::of)?;
            let rows =
                statement.query_map(params![org, site.as_str()], |r| r.get(0)).map_err(StoreError::of)?;
            rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
        };
        let mut out = Vec::new();
        for id in documents {
            let row = document_by_id(&self.db, id)?;
            let held = standing(&self.db, org, &self.book, self.identity.device, id)?;
            if let (_, reading) = held.read(row.identity)?
                && let Some(Document::Count(count)) = reading.document
            {
                out.push(BlindCount { number: row.number, site: site.clone(), scope: count.scope });
            }
        }
        Ok(out)
    }

    /// The number of the blind count that goes on of an article at this device's site, at whatever place.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn being_counted(&self, sku: &Sku) -> Result<Option<String>, StoreError> {
        let takes = |c: &BlindCount| c.scope.skus.is_empty() || c.scope.skus.contains(sku);
        Ok(self.blind_counts()?.into_iter().find(takes).map(|c| c.number))
    }
}
