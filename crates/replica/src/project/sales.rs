//! Sales: receipts, their lines, and sellable -> customer.
//!
//! What surprises: a row that another document already stands for isn't inserted twice; both are
//! noted as claims, and the fold decides. In the usual case (nobody else has it) a row costs one
//! insert and no claim.

use guicang_domain::account::{Account, Bucket, movement};
use guicang_domain::ids::LineId;
use guicang_domain::money::Amount;
use guicang_domain::sale::{SaleEvent, SaleLine, Sales};
use rusqlite::params;

use super::rank_text;
use crate::error::StoreError;
use crate::store::Work;

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
            let tenders = minicbor::to_vec(&receipt.tenders).expect("writing to memory");
            // The lowest-ranked batch that holds a part of the receipt tells of the whole.
            self.tx
                .prepare_cached(
                    "UPDATE receipt SET occurred = ?2, zone = ?3, currency = ?4, customer = ?5, tenders = ?6,
                         historic = ?7, document = ?8, rank = ?9
                     WHERE id = ?1 AND (rank IS NULL OR document = ?8 OR ?9 < rank)",
                )
                .and_then(|mut s| {
                    s.execute(params![
                        id,
                        receipt.occurred.0,
                        sales.batch.zone.to_string(),
                        sales.batch.currency.code(),
                        receipt.customer.as_ref().map(|c| c.as_str()),
                        tenders,
                        historic,
                        document,
                        rank
                    ])
                })
                .map_err(StoreError::of)?;
            for line in &receipt.lines {
                let inserted = self.insert_sale_line("INSERT OR IGNORE", id, document, position, line)?;
                if inserted == 0 {
                    self.contest(id, line.line.as_str(), document, position, &rank)?;
                } else if !historic {
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
            if historic && self.has_claims(id)? {
                for line in &receipt.lines {
                    self.touched.lines.insert((id, line.line.as_str().to_owned()));
                }
            }
        }
        self.post(document, &postings, |n| positions[n], false)
    }

    fn has_claims(&self, receipt: i64) -> Result<bool, StoreError> {
        self.tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM line_claim WHERE receipt = ?)")
            .and_then(|mut s| s.query_row([receipt], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// Another document stands for this row already: both become claims.
    fn contest(
        &mut self,
        receipt: i64,
        line: &str,
        document: i64,
        position: i64,
        rank: &str,
    ) -> Result<(), StoreError> {
        let (other, other_position): (i64, i64) = self
            .tx
            .prepare_cached("SELECT document, position FROM receipt_line WHERE receipt = ? AND line = ?")
            .and_then(|mut s| s.query_row(params![receipt, line], |r| Ok((r.get(0)?, r.get(1)?))))
            .map_err(StoreError::of)?;
        if other != document {
            let rank: Option<String> = self
                .tx
                .prepare_cached("SELECT rank FROM document WHERE id = ?")
                .and_then(|mut s| s.query_row([other], |r| r.get(0)))
                .map_err(StoreError::of)?;
            let rank = rank.ok_or_else(|| StoreError::damaged("a receipt line's document", other))?;
            self.claim_row(receipt, line, other, other_position, &rank)?;
        }
        self.claim_row(receipt, line, document, position, rank)
    }

    /// Makes `document` the one that stands for a sale row, from what it says of it.
    pub(super) fn stand_for(
        &mut self,
        receipt: i64,
        line: &str,
        document: i64,
        position: i64,
    ) -> Result<(), StoreError> {
        let row = crate::facts::document_by_id(&self.tx, document)?;
        let (_, reading) = self.load(&row)?;
        let Some(guicang_domain::document::Document::Sales(sales)) = reading.document else { return Ok(()) };
        let found = sales.batch.receipts.iter().flat_map(|r| &r.lines).nth(position as usize);
        let found = found.ok_or_else(|| StoreError::damaged("a claim on a row", line))?;
        self.insert_sale_line("INSERT OR REPLACE", receipt, document, position, found)?;
        self.touched.lines.insert((receipt, line.to_owned()));
        Ok(())
    }

    fn insert_sale_line(
        &self,
        verb: &str,
        receipt: i64,
        document: i64,
        position: i64,
        line: &SaleLine,
    ) -> Result<usize, StoreError> {
        let sql = format!(
            "{verb} INTO receipt_line
             (receipt, line, document, position, sku, code, name, quantity, paid, service, cost, lot)
             VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
        );
        self.tx
            .prepare_cached(&sql)
            .and_then(|mut s| {
                s.execute(params![
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
                    line.lot.as_ref().map(|l| l.as_str())
                ])
            })
            .map_err(StoreError::of)
    }
}
