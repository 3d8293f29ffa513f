//! Reservations: what is kept for whom, and what that leaves available.
//!
//! What surprises: a reservation ends by itself at its time, by the newest time that is known here: so what
//! is available is asked of the facts and that time, and is never stored.

use guicang_domain::document::Document;
use guicang_domain::ids::{DocumentId, LineId, Lot, Number, SiteId, Sku};
use guicang_domain::quantity::Quantity;
use guicang_domain::time::{Moment, Occurred};
use rusqlite::{Connection, params};

use super::newest_time;
use super::stock::StockRow;
use crate::error::StoreError;
use crate::facts::{document_by_id, standing};
use crate::store::Replica;

/// Which reservations.
#[derive(Debug, Clone, Default)]
pub struct ReservationFilter {
    /// Only this site's.
    pub site: Option<SiteId>,
    /// Only those of this article.
    pub sku: Option<Sku>,
    /// Those that were released, used or have expired, too.
    pub all: bool,
}

/// A reservation.
#[derive(Debug, Clone)]
pub struct ReservationRow {
    /// The document.
    pub id: DocumentId,
    /// Its number.
    pub number: Number,
    /// The site.
    pub site: SiteId,
    /// For whom or what.
    pub purpose: Option<String>,
    /// Until when, on the site's walls.
    pub until: Option<Occurred>,
    /// Whether it has ended by itself.
    pub expired: bool,
    /// Its lines.
    pub lines: Vec<ReservationLineRow>,
}

/// A line of a reservation.
#[derive(Debug, Clone)]
pub struct ReservationLineRow {
    /// Its name in the document.
    pub line: LineId,
    /// The article.
    pub sku: Sku,
    /// The lot.
    pub lot: Option<Lot>,
    /// The place.
    pub place: String,
    /// How much was asked.
    pub quantity: Quantity,
    /// How much is still kept, had it not expired.
    pub kept: Quantity,
}

impl Replica {
    /// The reservations that a filter asks for, those that end first first.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn reservations(&self, filter: &ReservationFilter) -> Result<Vec<ReservationRow>, StoreError> {
        let now = newest_time(&self.db, self.identity.org)?;
        let ids: Vec<i64> = {
            let mut statement = self
                .db
                .prepare_cached(
                    "SELECT r.document FROM reservation r JOIN document d ON d.id = r.document
                     WHERE r.org = ?1 AND (?2 IS NULL OR r.site = ?2) AND (?3 IS NULL OR r.sku = ?3)
                       AND (?4 OR (r.kept > 0 AND (r.until IS NULL OR r.until > ?5)))
                     GROUP BY r.document ORDER BY r.until IS NULL, r.until, d.identity",
                )
                .map_err(StoreError::of)?;
            let site = filter.site.as_ref().map(SiteId::as_str);
            let sku = filter.sku.as_ref().map(Sku::as_str);
            let key = params![self.identity.org, site, sku, filter.all, now.0];
            let rows = statement.query_map(key, |r| r.get(0)).map_err(StoreError::of)?;
            rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
        };
        ids.into_iter().map(|id| self.reservation_row(id)).collect()
    }

    pub(crate) fn reservation_row(&self, id: i64) -> Result<ReservationRow, StoreError> {
        let row = document_by_id(&self.db, id)?;
        let held = standing(&self.db, self.identity.org, &self.book, self.identity.device, id)?;
        let Some(Document::Reservation(document)) = held.read(row.identity)?.1.document else {
            return Err(StoreError::damaged("a reservation", row.identity));
        };
        let kept = document.kept();
        let line =
            |(id, line): (&LineId, &guicang_domain::reservation::ReservationLine)| ReservationLineRow {
                line: id.clone(),
                sku: line.sku.clone(),
                lot: line.lot.clone(),
                place: line.place.clone(),
                quantity: line.quantity,
                kept: kept.get(id).copied().unwrap_or_default(),
            };
        let zone = document.head.zone;
        Ok(ReservationRow {
            id: document.head.id,
            number: document.head.number.clone(),
            site: document
                .head
                .site
                .clone()
                .ok_or_else(|| StoreError::damaged("a reservation's site", row.identity))?,
            purpose: document.purpose.clone(),
            until: document.until.map(|at| Occurred { at, zone }),
            expired: document.has_expired(newest_time(&self.db, self.identity.org)?),
            lines: document.lines.iter().map(line).collect(),
        })
    }
}

/// Takes what is kept off what is available: where a reservation says no place or lot, off whichever rows
/// of the article have any, in order, and the first takes what is beyond that.
pub(super) fn lower(db: &Connection, org: i64, rows: &mut [StockRow]) -> Result<(), StoreError> {
    let now = newest_time(db, org)?;
    let mut first = 0;
    while first < rows.len() {
        let article = (rows[first].site.clone(), rows[first].sku.clone());
        let after = rows[first..].iter().position(|r| (&r.site, &r.sku) != (&article.0, &article.1));
        let end = after.map_or(rows.len(), |n| first + n);
        for (place, lot, quantity) in kept(db, org, &article.0, &article.1, now)? {
            let fits = |row: &&mut StockRow| {
                (place.is_empty() || row.place == place)
                    && (lot.is_empty() || row.lot.as_ref().is_some_and(|l| l.as_str() == lot))
            };
            let mut left = Quantity(quantity);
            for row in rows[first..end].iter_mut().filter(fits) {
                let take = left.min(row.available.max(Quantity::ZERO));
                row.available -= take;
                row.reserved += take;
                left -= take;
            }
            if let Some(row) = rows[first..end].iter_mut().find(fits).filter(|_| left.is_positive()) {
                row.available -= left;
                row.reserved += left;
            }
        }
        first = end;
    }
    Ok(())
}

/// What is kept of an article at a site: place, lot, quantity.
fn kept(
    db: &Connection,
    org: i64,
    site: &SiteId,
    sku: &Sku,
    now: Moment,
) -> Result<Vec<(String, String, i64)>, StoreError> {
    let mut statement = db
        .prepare_cached(
            "SELECT r.place, r.lot, r.kept FROM reservation r JOIN document d ON d.id = r.document
             WHERE r.org = ? AND r.site = ? AND r.sku = ? AND r.kept > 0 AND (r.until IS NULL OR r.until > ?)
             ORDER BY r.place = '', r.lot = '', d.identity, r.position",
        )
        .map_err(StoreError::of)?;
    let key = params![org, site.as_str(), sku.as_str(), now.0];
    let rows = statement.query_map(key, |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).map_err(StoreError::of)?;
    rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)
}
