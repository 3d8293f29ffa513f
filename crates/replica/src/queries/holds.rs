//! Holds on return rights: which there are, and what is left of them.
//!
//! What surprises: what is left follows from the returns that the branch has taken in since HQ granted it, and
//! from the time. So it is asked of the facts whenever somebody wants to know.

use guicang_domain::document::Document;
use guicang_domain::hold::{HoldState, Refusal};
use guicang_domain::ids::{DocumentId, LineId, Number, ReceiptId, ReceiptLineId, SiteId, Sku};
use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;
use guicang_domain::time::{Moment, Occurred};
use rusqlite::{Connection, params};

use super::{name, newest_time};
use crate::error::StoreError;
use crate::facts::{document_by_id, standing};
use crate::store::Replica;

/// Which holds.
#[derive(Debug, Clone, Default)]
pub struct HoldFilter {
    /// Only this site's.
    pub site: Option<SiteId>,
    /// Those that are over, too: refused, released, used up, expired.
    pub all: bool,
}

/// A hold.
#[derive(Debug, Clone)]
pub struct HoldRow {
    /// The document.
    pub id: DocumentId,
    /// Its number.
    pub number: Number,
    /// The branch that asks.
    pub site: SiteId,
    /// The sale.
    pub receipt: ReceiptId,
    /// `asked`, `granted`, `used`, `expired`, `refused`, `released`.
    pub state: &'static str,
    /// Why HQ refused.
    pub refusal: Option<Refusal>,
    /// When it ends, on the branch's walls; `None` where it wasn't granted.
    pub until: Option<Occurred>,
    /// What was asked for.
    pub lines: Vec<HoldLineRow>,
}

/// A line of a hold.
#[derive(Debug, Clone)]
pub struct HoldLineRow {
    /// Its name in the document.
    pub line: LineId,
    /// The article.
    pub sku: Sku,
    /// How much was asked for.
    pub asked: Quantity,
    /// How much may still come back by it, had it not expired; of one that was refused, what the sale had left.
    pub left: Quantity,
}

/// What is left of a hold that was granted and not released, on one sale line.
pub(crate) struct Kept {
    pub(crate) document: i64,
    /// Which of the grant's lines.
    pub(crate) position: usize,
    pub(crate) site: SiteId,
    pub(crate) line: ReceiptLineId,
    pub(crate) left: Quantity,
    /// What the customer paid for what is left.
    pub(crate) worth: Amount,
    pub(crate) until: Moment,
}

/// What is left of the granted holds on a receipt, whatever the time is. What its branch took in after the grant
/// has used it up.
pub(crate) fn kept_on(db: &Connection, org: i64, receipt: i64) -> Result<Vec<Kept>, StoreError> {
    let mut statement = db
        .prepare_cached(
            "SELECT h.document, h.position, h.site, h.line, h.until, h.sold, h.paid,
                    h.quantity - coalesce((SELECT sum(c.quantity) FROM line_claim c
                        JOIN return_head r ON r.org = c.org AND r.document = c.document
                        WHERE c.org = h.org AND c.receipt = h.receipt AND c.line = h.line AND c.rank > h.rank
                          AND c.counts AND NOT c.voided AND r.site = h.site), 0)
             FROM hold h JOIN document d ON d.id = h.document
             WHERE h.org = ? AND h.receipt = ? AND h.state = 'granted' ORDER BY h.rank, d.identity, h.position",
        )
        .map_err(StoreError::of)?;
    let mut rows = statement.query([org, receipt]).map_err(StoreError::of)?;
    let mut kept = Vec::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let left = Quantity(r.get(7).map_err(StoreError::of)?).max(Quantity::ZERO);
        let (sold, paid): (i64, i64) = (r.get(5).map_err(StoreError::of)?, r.get(6).map_err(StoreError::of)?);
        kept.push(Kept {
            document: r.get(0).map_err(StoreError::of)?,
            position: r.get(1).map_err(StoreError::of)?,
            site: name(r, 2, "a hold's site")?,
            line: name(r, 3, "a hold's line")?,
            until: Moment(r.get(4).map_err(StoreError::of)?),
            worth: Amount(paid).share(left, Quantity(sold)),
            left,
        });
    }
    Ok(kept)
}

impl Replica {
    /// The holds that a filter asks for, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn holds(&self, filter: &HoldFilter) -> Result<Vec<HoldRow>, StoreError> {
        let now = newest_time(&self.db, self.identity.org)?;
        let ids: Vec<i64> = {
            let mut statement = self
                .db
                .prepare_cached(
                    "SELECT h.document FROM hold h JOIN document d ON d.id = h.document
                     WHERE h.org = ?1 AND (?2 IS NULL OR h.site = ?2)
                       AND (?3 OR h.state = 'asked' OR (h.state = 'granted' AND h.until > ?4))
                     GROUP BY h.document ORDER BY min(h.rank), d.identity",
                )
                .map_err(StoreError::of)?;
            let key = params![self.identity.org, filter.site.as_ref().map(SiteId::as_str), filter.all, now.0];
            let rows = statement.query_map(key, |r| r.get(0)).map_err(StoreError::of)?;
            rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
        };
        let mut rows = ids.into_iter().map(|id| self.hold_row(id)).collect::<Result<Vec<_>, _>>()?;
        rows.retain(|row| filter.all || row.state != "used");
        Ok(rows)
    }

    pub(crate) fn hold_row(&self, id: i64) -> Result<HoldRow, StoreError> {
        let row = document_by_id(&self.db, id)?;
        let held = standing(&self.db, self.identity.org, &self.book, self.identity.device, id)?;
        let Some(Document::Hold(document)) = held.read(row.identity)?.1.document else {
            return Err(StoreError::damaged("a hold", row.identity));
        };
        let site = document.head.site.clone();
        let site = site.ok_or_else(|| StoreError::damaged("a hold's site", row.identity))?;
        let mut shown = HoldRow {
            id: document.head.id,
            number: document.head.number.clone(),
            site,
            receipt: document.receipt.clone(),
            state: document.state().code(),
            refusal: None,
            until: None,
            lines: Vec::new(),
        };
        let mut left: Vec<(LineId, Quantity)> = Vec::new();
        match document.state() {
            HoldState::Granted(_, grant) => {
                shown.until = Some(Occurred { at: grant.until, zone: document.head.zone });
                for kept in self.kept_of(id)? {
                    if let Some(of) = grant.lines.get(kept.position) {
                        left.push((of.line.clone(), kept.left));
                    }
                }
                if left.iter().all(|(_, left)| !left.is_positive()) {
                    shown.state = "used";
                } else if grant.until <= newest_time(&self.db, self.identity.org)? {
                    shown.state = "expired";
                }
            }
            HoldState::Refused(why, portions) => {
                shown.refusal = Some(why);
                left.extend(portions.iter().map(|p| (p.line.clone(), p.quantity)));
            }
            HoldState::Asked | HoldState::Released => {}
        }
        let line = |(id, line): (&LineId, &guicang_domain::hold::HoldLine)| HoldLineRow {
            line: id.clone(),
            sku: line.sku.clone(),
            asked: line.quantity,
            left: left.iter().filter(|(of, _)| of == id).map(|(_, left)| *left).sum(),
        };
        shown.lines = document.lines.iter().map(line).collect();
        Ok(shown)
    }

    /// What is left of one hold, line by line.
    fn kept_of(&self, document: i64) -> Result<Vec<Kept>, StoreError> {
        let org = self.identity.org;
        let receipt: i64 = self
            .db
            .prepare_cached("SELECT receipt FROM hold WHERE org = ? AND document = ? LIMIT 1")
            .and_then(|mut s| s.query_row([org, document], |r| r.get(0)))
            .map_err(StoreError::of)?;
        let mut kept = kept_on(&self.db, org, receipt)?;
        kept.retain(|k| k.document == document);
        Ok(kept)
    }
}
