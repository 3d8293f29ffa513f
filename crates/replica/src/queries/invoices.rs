//! Red invoices: the queue of what is to be asked for, and what became of what was.

use guicang_domain::document::Document;
use guicang_domain::ids::{DocumentId, LineId, ReceiptId, ReceiptLineId};
use guicang_domain::invoice::{CONFIRM_HOURS, RedInvoice, RedState};
use guicang_domain::quantity::Quantity;
use guicang_domain::time::{Moment, Occurred};
use rusqlite::{Connection, params};

use super::exceptions::identity;
use super::{name, receipt_id};
use crate::error::{CommandError, StoreError};
use crate::facts::{document_by_id, documents_numbered, find_document, standing};
use crate::store::Replica;

/// Goods of an invoiced sale that validly came back, and that no red invoice takes back yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedDue {
    /// The return.
    pub returned: DocumentId,
    /// Its number.
    pub number: String,
    /// Its line.
    pub of: LineId,
    /// The receipt.
    pub receipt: ReceiptId,
    /// Its line.
    pub sold: ReceiptLineId,
    /// The blue invoice.
    pub blue: String,
    /// How much; above zero.
    pub quantity: Quantity,
    pub(crate) document: i64,
    pub(crate) receipt_row: i64,
}

/// A red invoice.
#[derive(Debug, Clone)]
pub struct RedInvoiceRow {
    /// The document.
    pub document: RedInvoice,
    /// The return's number.
    pub returned: String,
    /// Where it stands.
    pub state: RedState,
    /// When HQ asked for it.
    pub requested: Option<Occurred>,
    /// Until when the other side may confirm; `None` where nobody has to.
    pub expires: Option<Moment>,
}

/// What is to be taken back by red invoices; `document`: of this return only.
pub(crate) fn red_due(db: &Connection, org: i64, document: Option<i64>) -> Result<Vec<RedDue>, StoreError> {
    let mut statement = db
        .prepare_cached(
            "SELECT d.identity, r.site, r.till, r.number, l.line, c.line, r.invoice, d.number, c.document, r.id,
                    c.valid - coalesce((SELECT sum(i.quantity) FROM red_line i
                        WHERE i.org = c.org AND i.receipt = c.receipt AND i.sold = c.line AND i.counts
                          AND i.returned = d.identity AND i.of = l.line), 0)
             FROM receipt r JOIN line_claim c ON c.org = r.org AND c.receipt = r.id
             JOIN document d ON d.id = c.document
             JOIN return_head h ON h.org = c.org AND h.document = c.document
             JOIN return_line l ON l.org = c.org AND l.document = c.document AND l.position = c.position
             WHERE r.org = ?1 AND r.invoice IS NOT NULL AND c.counts AND h.accepted AND NOT h.historic
               AND (?2 IS NULL OR c.document = ?2)
             ORDER BY d.number, d.identity, r.site, r.till, r.number, l.position, c.line",
        )
        .map_err(StoreError::of)?;
    let mut rows = statement.query(params![org, document]).map_err(StoreError::of)?;
    let mut out = Vec::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let quantity = Quantity(r.get(10).map_err(StoreError::of)?);
        if !quantity.is_positive() {
            continue;
        }
        let (blue, number, document, receipt_row) =
            (|| Ok((r.get(6)?, r.get(7)?, r.get(8)?, r.get(9)?)))().map_err(StoreError::of)?;
        out.push(RedDue {
            returned: identity(r, 0)?,
            number,
            of: name(r, 4, "a return's line")?,
            receipt: receipt_id(r, 1)?,
            sold: name(r, 5, "a receipt line")?,
            blue,
            quantity,
            document,
            receipt_row,
        });
    }
    Ok(out)
}

impl Replica {
    /// What came back of invoiced sales, and is not asked for yet.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn red_due(&self) -> Result<Vec<RedDue>, StoreError> {
        red_due(&self.db, self.identity.org, None)
    }

    /// Red invoices by number; `open_only`: those that may still come.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn red_invoices(&self, open_only: bool) -> Result<Vec<RedInvoiceRow>, StoreError> {
        let ids: Vec<i64> = {
            let mut statement = self
                .db
                .prepare_cached(
                    "SELECT i.document FROM red_invoice i JOIN document d ON d.id = i.document
                     WHERE i.org = ?1 ORDER BY d.number, d.identity",
                )
                .map_err(StoreError::of)?;
            let rows = statement.query_map([self.identity.org], |r| r.get(0)).map_err(StoreError::of)?;
            rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
        };
        let mut out = ids.into_iter().map(|id| self.red_row(id)).collect::<Result<Vec<_>, _>>()?;
        out.retain(|row| !open_only || matches!(row.state, RedState::Queued | RedState::Waiting { .. }));
        Ok(out)
    }

    /// The red invoice of a document's number or identity; `None` when none is held.
    ///
    /// # Errors
    /// [`CommandError::Ambiguous`] when a number names several.
    pub fn find_red_invoice(&self, text: &str) -> Result<Option<RedInvoiceRow>, CommandError> {
        let mut found = match text.parse::<DocumentId>() {
            Ok(identity) => find_document(&self.db, self.identity.org, identity)?.into_iter().collect(),
            Err(_) => documents_numbered(&self.db, self.identity.org, &text.trim().to_uppercase())?,
        };
        found.retain(|d| d.number.starts_with("HZ-") && d.state == "read");
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(self.red_row(one.id)?)),
            many => Err(CommandError::Ambiguous {
                number: text.into(),
                found: many.iter().map(|d| d.identity.to_string()).collect(),
            }),
        }
    }

    fn red_row(&self, id: i64) -> Result<RedInvoiceRow, StoreError> {
        let org = self.identity.org;
        let row = document_by_id(&self.db, id)?;
        let (_, reading) =
            standing(&self.db, org, &self.book, self.identity.device, id)?.read(row.identity)?;
        let Some(Document::RedInvoice(document)) = reading.document else {
            return Err(StoreError::damaged("a red invoice", row.identity));
        };
        let returned = find_document(&self.db, org, document.returned)?.map(|d| d.number);
        let state = document.state();
        let expires = match &state {
            RedState::Waiting { state, since } if !state.may_issue() => {
                Some(since.plus_ms(CONFIRM_HOURS * 3_600_000))
            }
            _ => None,
        };
        Ok(RedInvoiceRow {
            returned: returned.unwrap_or_default(),
            requested: document.events.first().map(|e| e.occurred),
            expires,
            state,
            document,
        })
    }
}
