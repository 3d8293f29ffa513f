//! Receipts whose sale is held here, with what their lines have left to return.

use guicang_domain::ids::{ReceiptId, ReceiptLineId, Sku};
use guicang_domain::money::{Amount, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::sale::PaidBy;
use guicang_domain::time::{Moment, Occurred};
use rusqlite::{OptionalExtension, params};

use crate::error::{CommandError, StoreError};
use crate::store::Work;

/// A receipt that is held here.
pub(super) struct Held {
    pub(super) receipt: ReceiptId,
    pub(super) occurred: Occurred,
    pub(super) tenders: Vec<PaidBy>,
    pub(super) lines: Vec<HeldLine>,
}

/// A line of it, with what valid returns have taken and are owed.
pub(super) struct HeldLine {
    pub(super) line: ReceiptLineId,
    pub(super) sku: Sku,
    pub(super) quantity: Quantity,
    pub(super) paid: Amount,
    pub(super) service: bool,
    pub(super) cost: Option<UnitPrice>,
    pub(super) valid: Quantity,
    pub(super) entitled: Amount,
}

impl Work<'_> {
    /// A receipt whose sale is held here, with what its lines have left.
    pub(super) fn held_receipt(&self, receipt: &ReceiptId) -> Result<Option<Held>, CommandError> {
        let till = receipt.till.as_ref().map_or("", |t| t.as_str());
        let row: Option<(i64, i64, String, Vec<u8>)> = self
            .tx
            .prepare_cached(
                "SELECT id, occurred, zone, tenders FROM receipt
                 WHERE org = ? AND site = ? AND till = ? AND number = ? AND document IS NOT NULL",
            )?
            .query_row(params![self.org, receipt.site.as_str(), till, receipt.number.as_str()], |r| {
                Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))
            })
            .optional()?;
        let Some((id, occurred, zone, tenders)) = row else { return Ok(None) };
        let tenders: Vec<PaidBy> =
            minicbor::decode(&tenders).map_err(|e| StoreError::damaged("a receipt's tenders", e))?;
        let mut statement = self.tx.prepare_cached(
            "SELECT l.line, l.sku, l.quantity, l.paid, l.service, l.cost,
                    coalesce((SELECT sum(valid) FROM line_claim c WHERE c.org = l.org AND c.receipt = l.receipt AND c.line = l.line AND c.counts), 0),
                    coalesce((SELECT sum(entitled) FROM line_claim c WHERE c.org = l.org AND c.receipt = l.receipt AND c.line = l.line AND c.counts), 0)
             FROM receipt_line l WHERE l.org = ? AND l.receipt = ? ORDER BY l.document, l.position",
        )?;
        let mut rows = statement.query([self.org, id])?;
        let mut lines = Vec::new();
        while let Some(r) = rows.next()? {
            lines.push(HeldLine {
                line: r.get::<_, String>(0)?.parse().map_err(|e| StoreError::damaged("a receipt line", e))?,
                sku: r.get::<_, String>(1)?.parse().map_err(|e| StoreError::damaged("a receipt line", e))?,
                quantity: Quantity(r.get(2)?),
                paid: Amount(r.get(3)?),
                service: r.get(4)?,
                cost: r.get::<_, Option<i64>>(5)?.map(UnitPrice),
                valid: Quantity(r.get(6)?),
                entitled: Amount(r.get(7)?),
            });
        }
        let zone = zone.parse().map_err(|e| StoreError::damaged("a receipt's zone", e))?;
        let occurred = Occurred { at: Moment(occurred), zone };
        Ok(Some(Held { receipt: receipt.clone(), occurred, tenders, lines }))
    }
}
