//! Receipts: what was sold, what came back, what is left.

use guicang_domain::ids::{CustomerId, ReceiptId, ReceiptLineId, Sku};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::quantity::Quantity;
use guicang_domain::time::{Moment, Occurred};
use rusqlite::params;

use super::{name, receipt_id};
use crate::error::StoreError;
use crate::store::Replica;

/// A receipt with what became of its lines.
#[derive(Debug, Clone)]
pub struct ReceiptView {
    /// The receipt.
    pub receipt: ReceiptId,
    /// When it was closed.
    pub occurred: Occurred,
    /// The member's number.
    pub customer: Option<CustomerId>,
    /// The currency.
    pub currency: Currency,
    /// Its lines, in the paper's order.
    pub lines: Vec<ReceiptLineView>,
}

/// A receipt's line.
#[derive(Debug, Clone)]
pub struct ReceiptLineView {
    /// Its name.
    pub line: ReceiptLineId,
    /// The article.
    pub sku: Sku,
    /// The name on the paper.
    pub name: Option<String>,
    /// How much was sold.
    pub sold: Quantity,
    /// How much validly came back.
    pub returned: Quantity,
    /// How much came back beyond that.
    pub excess: Quantity,
    /// What was paid for it.
    pub paid: Amount,
    /// What is owed for what came back.
    pub refunded: Amount,
    /// Never in stock.
    pub service: bool,
}

impl ReceiptLineView {
    /// What is left to return.
    pub fn left(&self) -> Quantity {
        self.sold - self.returned
    }
}

impl ReceiptView {
    /// What was paid less what is owed back.
    pub fn net(&self) -> Amount {
        self.lines.iter().map(|l| l.paid - l.refunded).sum()
    }
}

impl Replica {
    /// A receipt whose sale is held here; `None` when it isn't.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn receipt(&self, receipt: &ReceiptId) -> Result<Option<ReceiptView>, StoreError> {
        let till = receipt.till.as_ref().map_or("", |t| t.as_str());
        let found = self.receipts_where(
            "r.site = ?2 AND r.till = ?3 AND r.number = ?4",
            params![self.identity.org, receipt.site.as_str(), till, receipt.number.as_str()],
        )?;
        Ok(found.into_iter().next())
    }

    /// All receipts of a number held here, whatever their site and till.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn receipts_numbered(&self, number: &str) -> Result<Vec<ReceiptView>, StoreError> {
        self.receipts_where("r.number = ?2", params![self.identity.org, number])
    }

    fn receipts_where(
        &self,
        condition: &str,
        key: &[&dyn rusqlite::ToSql],
    ) -> Result<Vec<ReceiptView>, StoreError> {
        let sql = format!(
            "SELECT r.site, r.till, r.number, r.id, r.occurred, r.zone, r.currency, r.customer FROM receipt r
             WHERE r.org = ?1 AND {condition} AND r.document IS NOT NULL ORDER BY r.occurred, r.id"
        );
        let mut statement = self.db.prepare_cached(&sql).map_err(StoreError::of)?;
        let mut rows = statement.query(key).map_err(StoreError::of)?;
        let mut out = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let id: i64 = r.get(3).map_err(StoreError::of)?;
            let customer: Option<String> = r.get(7).map_err(StoreError::of)?;
            out.push(ReceiptView {
                receipt: receipt_id(r, 0)?,
                occurred: Occurred {
                    at: Moment(r.get(4).map_err(StoreError::of)?),
                    zone: name(r, 5, "a receipt's zone")?,
                },
                currency: name(r, 6, "a receipt's currency")?,
                customer: match customer {
                    Some(_) => Some(name(r, 7, "a receipt's customer")?),
                    None => None,
                },
                lines: self.receipt_lines(id)?,
            });
        }
        Ok(out)
    }

    fn receipt_lines(&self, receipt: i64) -> Result<Vec<ReceiptLineView>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT l.line, l.sku, l.name, l.quantity, l.paid, l.service, coalesce(sum(c.valid), 0),
                        coalesce(sum(c.excess), 0), coalesce(sum(c.entitled), 0)
                 FROM receipt_line l LEFT JOIN line_claim c
                     ON c.org = l.org AND c.receipt = l.receipt AND c.line = l.line AND c.counts
                 WHERE l.org = ? AND l.receipt = ? GROUP BY l.line ORDER BY l.document, l.position",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query([self.identity.org, receipt]).map_err(StoreError::of)?;
        let mut lines = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let number = |n| r.get::<_, i64>(n).map_err(StoreError::of);
            lines.push(ReceiptLineView {
                line: name(r, 0, "a receipt line")?,
                sku: name(r, 1, "a SKU")?,
                name: r.get(2).map_err(StoreError::of)?,
                sold: Quantity(number(3)?),
                paid: Amount(number(4)?),
                service: r.get(5).map_err(StoreError::of)?,
                returned: Quantity(number(6)?),
                excess: Quantity(number(7)?),
                refunded: Amount(number(8)?),
            });
        }
        Ok(lines)
    }
}
