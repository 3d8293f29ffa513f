//! Sales: receipts, their lines, and sellable -> customer.
//!
//! What surprises: a row that another document already stands for isn't inserted twice; both are
//! noted as claims, and the fold decides. In the usual case (nobody else has it) a row costs one
//! insert and no claim.

use guicang_domain::account::{Account, Bucket, movement};
use guicang_domain::document::Document;
use guicang_domain::ids::{CustomerId, LineId, Tender};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::sale::{PaidBy, Receipt, SaleEvent, SaleLine, Sales};
use guicang_domain::time::{Moment, Zone};
use rusqlite::params;

use super::rank_text;
use crate::error::StoreError;
use crate::store::Work;

/// What a document tells of a receipt as a whole.
pub(super) struct ReceiptHead<'a> {
    /// When it was closed.
    pub(super) occurred: Moment,
    /// The zone of the till's walls.
    pub(super) zone: Zone,
    /// The currency of its amounts.
    pub(super) currency: Currency,
    /// The member's number.
    pub(super) customer: Option<&'a CustomerId>,
    /// What was paid by which means.
    pub(super) tenders: &'a [PaidBy],
    /// Whether what was paid in cash is told elsewhere, with the drawer that it is in.
    pub(super) cash_apart: bool,
    /// Its invoice's number.
    pub(super) invoice: Option<&'a str>,
    /// Brought in with history.
    pub(super) historic: bool,
}

impl<'a> ReceiptHead<'a> {
    fn of(sales: &Sales, receipt: &'a Receipt) -> Self {
        Self {
            occurred: receipt.occurred,
            zone: sales.batch.zone,
            currency: sales.batch.currency,
            customer: receipt.customer.as_ref(),
            tenders: &receipt.tenders,
            cash_apart: false,
            invoice: receipt.invoice.as_deref(),
            historic: sales.recorded().is_some_and(|e| e.body == SaleEvent::Imported),
        }
    }
}

impl Work<'_> {
    pub(super) fn project_sales(&mut self, document: i64, sales: &Sales) -> Result<(), StoreError> {
        let Some(recorded) = sales.recorded() else { return Ok(()) };
        let rank = rank_text(&recorded.rank());
        let historic = recorded.body == SaleEvent::Imported;
        self.tx
            .prepare_cached("UPDATE document SET rank = ? WHERE id = ?")
            .and_then(|mut s| s.execute(params![rank, document]))
            .map_err(StoreError::of)?;
        let mut postings = Vec::new();
        let mut positions = Vec::new();
        let mut position = 0i64;
        for receipt in &sales.batch.receipts {
            let id = self.receipt(&sales.batch.receipt_id(receipt))?;
            if self.is_told_by_another(id, document)? {
                self.touched.heads.insert(id);
            }
            self.head_receipt(id, document, &rank, &ReceiptHead::of(sales, receipt))?;
            let contested =
                self.exists("SELECT EXISTS (SELECT 1 FROM row_claim WHERE org = ? AND receipt = ?)", id)?;
            for line in &receipt.lines {
                let inserted = self.insert_sale_line("INSERT OR IGNORE", id, document, position, line)?;
                if inserted == 0 {
                    self.contest(id, line.line.as_str(), document, position, &rank)?;
                } else if contested {
                    // Others may claim this row from before: this is one claim more.
                    self.claim_row(id, line.line.as_str(), document, position, &rank)?;
                }
                if inserted > 0 && !historic {
                    // A return may have come before its sale did. (An import's own returns follow it.)
                    self.touched.lines.insert((id, line.line.as_str().to_owned()));
                }
                if !line.is_service() {
                    let from = Bucket {
                        site: sales.batch.site.clone(),
                        place: String::new(),
                        sku: line.sku.clone(),
                        lot: line.lot.clone(),
                        account: Account::Sellable,
                    };
                    let value =
                        line.cost.map_or(Amount::ZERO, |c| c.times(line.quantity, sales.batch.currency));
                    // The line's name isn't stored; its position tells it.
                    let name = LineId::nth(1);
                    postings.extend(movement(
                        &name,
                        from,
                        Account::Customer,
                        line.quantity,
                        value,
                        receipt.occurred,
                    ));
                    positions.extend([position, position]);
                }
                position += 1;
            }
            if historic
                && self
                    .exists("SELECT EXISTS (SELECT 1 FROM line_claim WHERE org = ? AND receipt = ?)", id)?
            {
                for line in &receipt.lines {
                    self.touched.lines.insert((id, line.line.as_str().to_owned()));
                }
            }
        }
        self.post(document, &postings, |n| positions[n], false)
    }

    /// Removes what a batch said of its receipts, noting what that touches.
    pub(super) fn unproject_sales(&mut self, document: i64) -> Result<(), StoreError> {
        for receipt in self.receipts_told_by(document)? {
            self.touch_receipt_cash(receipt)?;
            self.touched.heads.insert(receipt);
            let key = params![self.org, receipt, document];
            let told = self
                .tx
                .prepare_cached(
                    "UPDATE receipt SET document = NULL, rank = NULL, occurred = NULL, zone = NULL, currency = NULL,
                         customer = NULL, tenders = NULL, historic = 0, cash = 0, invoice = NULL
                     WHERE org = ? AND id = ? AND document = ?",
                )
                .and_then(|mut s| s.execute(key))
                .map_err(StoreError::of)?;
            if told > 0 {
                self.touched.receipts.insert(receipt);
            }
            let Self { tx, touched, .. } = self;
            let mut statement = tx
                .prepare_cached(
                    "DELETE FROM receipt_line WHERE org = ? AND receipt = ? AND document = ? RETURNING line",
                )
                .map_err(StoreError::of)?;
            let mut rows = statement.query(key).map_err(StoreError::of)?;
            while let Some(row) = rows.next().map_err(StoreError::of)? {
                let line: String = row.get(0).map_err(StoreError::of)?;
                touched.rows.insert((receipt, line.clone()));
                touched.lines.insert((receipt, line));
            }
        }
        Ok(())
    }

    /// The receipts that hold something a batch said. Its body names them, and never changes; where it can't
    /// be read (its changes were set apart) all receipts are looked through, for an index on every row sold
    /// would cost more than that rare case does.
    fn receipts_told_by(&self, document: i64) -> Result<Vec<i64>, StoreError> {
        let row = crate::facts::document_by_id(&self.tx, document)?;
        if let Ok((_, reading)) = self.load(&row)
            && let Some(guicang_domain::document::Document::Sales(sales)) = reading.document
        {
            let ids = sales.batch.receipts.iter().map(|r| self.receipt(&sales.batch.receipt_id(r)));
            return ids.collect();
        }
        let mut statement = self
            .tx
            .prepare_cached(
                "SELECT id FROM receipt WHERE org = ?1 AND document = ?2
                 UNION SELECT receipt FROM receipt_line WHERE org = ?1 AND document = ?2",
            )
            .map_err(StoreError::of)?;
        let rows = statement.query_map(params![self.org, document], |r| r.get(0)).map_err(StoreError::of)?;
        rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)
    }

    fn is_told_by_another(&self, receipt: i64, document: i64) -> Result<bool, StoreError> {
        self.tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM receipt WHERE org = ? AND id = ? AND document <> ?)",
            )
            .and_then(|mut s| s.query_row([self.org, receipt, document], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    fn exists(&self, sql: &str, receipt: i64) -> Result<bool, StoreError> {
        self.tx
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row([self.org, receipt], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// The lowest-ranked document that holds a part of a receipt tells of the whole: when, whose, what was
    /// paid by which means.
    pub(super) fn head_receipt(
        &mut self,
        id: i64,
        document: i64,
        rank: &str,
        head: &ReceiptHead<'_>,
    ) -> Result<(), StoreError> {
        let in_cash = head.tenders.iter().filter(|t| t.tender == Tender::cash() && !head.cash_apart);
        let cash: Amount = in_cash.map(|t| t.amount).sum();
        self.touch_receipt_cash(id)?;
        let tenders = minicbor::to_vec(head.tenders).expect("writing to memory");
        self.tx
            .prepare_cached(
                "UPDATE receipt SET occurred = ?2, zone = ?3, currency = ?4, customer = ?5, tenders = ?6,
                     historic = ?7, document = ?8, rank = ?9, cash = ?10, invoice = ?11
                 WHERE id = ?1 AND (rank IS NULL OR document = ?8 OR ?9 < rank)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    id,
                    head.occurred.0,
                    head.zone.to_string(),
                    head.currency.code(),
                    head.customer.map(|c| c.as_str()),
                    tenders,
                    head.historic,
                    document,
                    rank,
                    cash.0,
                    head.invoice
                ])
            })
            .map_err(StoreError::of)?;
        if cash != Amount::ZERO {
            self.touch_receipt_cash(id)?;
        }
        Ok(())
    }

    /// A row that a document stands for already, another one or an earlier place in this one: both
    /// become claims.
    pub(super) fn contest(
        &mut self,
        receipt: i64,
        line: &str,
        document: i64,
        position: i64,
        rank: &str,
    ) -> Result<(), StoreError> {
        let (other, other_position): (i64, i64) = self
            .tx
            .prepare_cached(
                "SELECT document, position FROM receipt_line WHERE org = ? AND receipt = ? AND line = ?",
            )
            .and_then(|mut s| s.query_row(params![self.org, receipt, line], |r| Ok((r.get(0)?, r.get(1)?))))
            .map_err(StoreError::of)?;
        let of_other: Option<String> = self
            .tx
            .prepare_cached("SELECT rank FROM document WHERE id = ?")
            .and_then(|mut s| s.query_row([other], |r| r.get(0)))
            .map_err(StoreError::of)?;
        let of_other = of_other.ok_or_else(|| StoreError::damaged("a receipt line's document", other))?;
        self.claim_row(receipt, line, other, other_position, &of_other)?;
        self.claim_row(receipt, line, document, position, rank)
    }

    /// Lets the batches that hold a receipt's lines tell of it, now that the one which did is gone.
    pub(super) fn head_from_lines(&mut self, receipt: i64) -> Result<(), StoreError> {
        let batches: Vec<(i64, i64)> = {
            let mut statement = self
                .tx
                .prepare_cached(
                    "SELECT document, min(position) FROM receipt_line WHERE org = ? AND receipt = ? GROUP BY document",
                )
                .map_err(StoreError::of)?;
            let rows = statement
                .query_map([self.org, receipt], |r| Ok((r.get(0)?, r.get(1)?)))
                .map_err(StoreError::of)?;
            rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
        };
        for (document, position) in batches {
            self.head_of(receipt, document, position)?;
        }
        Ok(())
    }

    /// The line at a place in a batch; the batch tells of its receipt where no lower-ranked one does.
    fn head_of(
        &mut self,
        receipt: i64,
        document: i64,
        position: i64,
    ) -> Result<Option<SaleLine>, StoreError> {
        let row = crate::facts::document_by_id(&self.tx, document)?;
        let (_, reading) = self.load(&row)?;
        let sales = match reading.document {
            Some(Document::Sales(sales)) => sales,
            Some(Document::Return(given)) => {
                return self.head_of_exchange(receipt, document, position, &given);
            }
            _ => return Ok(None),
        };
        let mut all = sales.batch.receipts.iter().flat_map(|r| r.lines.iter().map(move |l| (r, l)));
        let (head, found) = all
            .nth(position as usize)
            .ok_or_else(|| StoreError::damaged("a receipt line's place", position))?;
        if let Some(recorded) = sales.recorded() {
            let rank = rank_text(&recorded.rank());
            self.head_receipt(receipt, document, &rank, &ReceiptHead::of(&sales, head))?;
        }
        Ok(Some(found.clone()))
    }

    /// Makes `document` the one that stands for a sale row, from what it says of it.
    pub(super) fn stand_for(
        &mut self,
        receipt: i64,
        line: &str,
        document: i64,
        position: i64,
    ) -> Result<(), StoreError> {
        let Some(found) = self.head_of(receipt, document, position)? else { return Ok(()) };
        self.insert_sale_line("INSERT OR REPLACE", receipt, document, position, &found)?;
        self.touched.lines.insert((receipt, line.to_owned()));
        Ok(())
    }

    pub(super) fn insert_sale_line(
        &self,
        verb: &str,
        receipt: i64,
        document: i64,
        position: i64,
        line: &SaleLine,
    ) -> Result<usize, StoreError> {
        let sql = format!(
            "{verb} INTO receipt_line
             (org, receipt, line, document, position, sku, code, name, quantity, paid, service, cost, lot,
              list_price, bundle)
             VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
        );
        self.tx
            .prepare_cached(&sql)
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    receipt,
                    line.line.as_str(),
                    document,
                    position,
                    line.sku.as_str(),
                    line.written,
                    line.name,
                    line.quantity.0,
                    line.paid.0,
                    line.is_service(),
                    line.cost.map(|c| c.0),
                    line.lot.as_ref().map(|l| l.as_str()),
                    line.list_price.map(|p| p.0),
                    line.group
                ])
            })
            .map_err(StoreError::of)
    }
}
