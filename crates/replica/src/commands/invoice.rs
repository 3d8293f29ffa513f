//! Red invoices, which HQ alone asks for: on valid quantity, and never more than the blue invoice has.
//!
//! What surprises: what counts against a blue invoice is read and written in one transaction, so one
//! HQ can't ask for too much. Two HQ devices could, while apart: so each request is looked at again
//! before it goes to the service ([`Replica::red_fits`]), and dropped where it is too much by then.

use std::collections::BTreeMap;

use guicang_documents::Events;
use guicang_domain::document::{Document, Kind};
use guicang_domain::ids::{DocumentId, LineId, Number, ReceiptLineId, UserName};
use guicang_domain::invoice::{
    Invoiced, RedEvent, RedInvoice, RedLine, RedReason, RedState, included_tax, red_share,
};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::quantity::Quantity;
use guicang_domain::sale::SaleLine;
use rusqlite::params;

use super::By;
use crate::error::{CommandError, StoreError};
use crate::facts::{document_by_id, find_document};
use crate::queries::RedDue;
use crate::store::{Replica, Work};

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub struct RedRequested {
    /// The new red invoices' numbers.
    pub made: Vec<Number>,
    /// What couldn't be asked for, since the sale line says no tax rate: (return, receipt, its line).
    pub tax_unknown: Vec<(String, String, String)>,
}

/// A red invoice that the service is to be asked for, or about.
#[derive(Debug, Clone)]
pub struct RedPending {
    /// The document.
    pub invoice: RedInvoice,
    /// Where it stands.
    pub state: RedState,
}

impl Replica {
    /// Asks for red invoices: of one return, or of all that have goods back of invoiced sales. One for
    /// each return and blue invoice.
    ///
    /// # Errors
    /// [`CommandError::HqOnly`]; of one return also [`CommandError::NothingToRedden`] and
    /// [`CommandError::TaxUnknown`]. Nothing is changed then.
    pub fn request_red(&mut self, by: &By, name: Option<&str>) -> Result<RedRequested, CommandError> {
        self.write(|work| work.request_red(by, name))
    }

    /// The red invoices that may still come, by number.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn red_pending(&self) -> Result<Vec<RedPending>, StoreError> {
        let rows = self.red_invoices(true)?;
        Ok(rows.into_iter().map(|r| RedPending { invoice: r.document, state: r.state }).collect())
    }

    /// Whether what a red invoice asks for is still so: its quantities are valid, and all red ones together
    /// at most what was invoiced.
    ///
    /// # Errors
    /// [`CommandError`] when the file can't be read.
    pub fn red_fits(&mut self, document: DocumentId) -> Result<bool, CommandError> {
        self.write(|work| work.red_fits(document))
    }

    /// Writes what the service said.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn red_event(&mut self, document: DocumentId, said: RedEvent) -> Result<(), CommandError> {
        self.write(|work| {
            work.hq_only()?;
            work.append_red(document, said)
        })
    }
}

impl Work<'_> {
    fn request_red(&mut self, by: &By, name: Option<&str>) -> Result<RedRequested, CommandError> {
        self.hq_only()?;
        let named = name.map(|n| self.named(n, Kind::Return)).transpose()?;
        let due = crate::queries::red_due(&self.tx, self.org, named.as_ref().map(|d| d.id))?;
        if let (Some(row), true) = (&named, due.is_empty()) {
            return Err(CommandError::NothingToRedden { number: row.number.clone() });
        }
        let mut groups: BTreeMap<(String, DocumentId, String), Vec<RedDue>> = BTreeMap::new();
        for line in due {
            let key = (line.number.clone(), line.returned, line.receipt.to_string());
            groups.entry(key).or_default().push(line);
        }
        let mut done = RedRequested::default();
        for ((number, ..), group) in groups {
            match self.make_red(by, &group) {
                Ok(made) => done.made.push(made),
                Err(CommandError::TaxUnknown { receipt, line }) if named.is_none() => {
                    done.tax_unknown.push((number, receipt.to_string(), line));
                }
                // Another return's red invoices have taken all of the blue one: there is nothing to ask for,
                // and the others' don't wait for that.
                Err(CommandError::NothingToRedden { .. }) if named.is_none() => {}
                Err(other) => return Err(other),
            }
        }
        Ok(done)
    }

    /// Makes the red invoice of a return's lines on one receipt.
    fn make_red(&mut self, by: &By, due: &[RedDue]) -> Result<Number, CommandError> {
        let first = &due[0];
        let mut taken: BTreeMap<ReceiptLineId, Invoiced> = BTreeMap::new();
        let mut lines = BTreeMap::new();
        let mut currency = self.me.currency;
        for line in due {
            let (sale, of) = self.sale_line(line)?;
            currency = of;
            let Some(rate) = sale.tax_rate else {
                let (receipt, line) = (line.receipt.clone(), line.sold.to_string());
                return Err(CommandError::TaxUnknown { receipt, line });
            };
            let tax = included_tax(sale.paid, rate);
            let blue = Invoiced { quantity: sale.quantity, amount: sale.paid, tax };
            let before = match taken.get(&line.sold) {
                Some(before) => *before,
                None => self.reddened(line.receipt_row, &line.sold)?,
            };
            let red = red_share(blue, before, line.quantity, rate);
            if !red.quantity.is_positive() {
                continue;
            }
            let after = Invoiced {
                quantity: before.quantity + red.quantity,
                amount: before.amount + red.amount,
                tax: before.tax + red.tax,
            };
            taken.insert(line.sold.clone(), after);
            let red = RedLine {
                of: line.of.clone(),
                sold: line.sold.clone(),
                sku: sale.sku,
                name: sale.name,
                spec: sale.spec,
                quantity: red.quantity,
                amount: red.amount,
                tax: red.tax,
                tax_rate: rate,
                tax_code: sale.tax_code,
            };
            lines.insert(LineId::nth(lines.len() + 1), red);
        }
        if lines.is_empty() {
            return Err(CommandError::NothingToRedden { number: first.number.clone() });
        }
        let sites = document_by_id(&self.tx, first.document)?.sites;
        let head = self.new_head(Kind::RedInvoice, None, self.me.zone)?;
        let number = head.number.clone();
        let requested = self.event(by, self.me.zone, "", RedEvent::Requested);
        let document = RedInvoice {
            head,
            returned: first.returned,
            receipt: first.receipt.clone(),
            blue: first.blue.clone(),
            reason: RedReason::Returned,
            currency,
            lines,
            events: vec![requested],
        };
        self.create(Document::RedInvoice(document), &sites)?;
        Ok(number)
    }

    /// What red invoices have taken of a receipt's line.
    fn reddened(&self, receipt: i64, sold: &ReceiptLineId) -> Result<Invoiced, CommandError> {
        Ok(self
            .tx
            .prepare_cached(
                "SELECT coalesce(sum(quantity), 0), coalesce(sum(amount), 0), coalesce(sum(tax), 0) FROM red_line
                 WHERE org = ? AND receipt = ? AND sold = ? AND counts",
            )?
            .query_row(params![self.org, receipt, sold.as_str()], |r| {
                Ok(Invoiced {
                    quantity: Quantity(r.get(0)?),
                    amount: Amount(r.get(1)?),
                    tax: Amount(r.get(2)?),
                })
            })?)
    }

    /// The sale line that was invoiced, from the batch that stands for it.
    fn sale_line(&self, due: &RedDue) -> Result<(SaleLine, Currency), CommandError> {
        let (document, position): (i64, usize) = self
            .tx
            .prepare_cached(
                "SELECT document, position FROM receipt_line WHERE org = ? AND receipt = ? AND line = ?",
            )?
            .query_row(params![self.org, due.receipt_row, due.sold.as_str()], |r| {
                Ok((r.get(0)?, r.get::<_, i64>(1)? as usize))
            })?;
        let (_, reading) = self.load(&document_by_id(&self.tx, document)?)?;
        let Some(Document::Sales(sales)) = reading.document else {
            return Err(StoreError::damaged("a receipt line's document", document).into());
        };
        let line = sales.batch.receipts.iter().flat_map(|r| &r.lines).nth(position).cloned();
        let line = line.ok_or_else(|| StoreError::damaged("a receipt line's place", position))?;
        Ok((line, sales.batch.currency))
    }

    fn red_fits(&self, document: DocumentId) -> Result<bool, CommandError> {
        let row = find_document(&self.tx, self.org, document)?
            .ok_or_else(|| StoreError::damaged("a red invoice", document))?;
        let over: bool = self
            .tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM red_line m WHERE m.org = ?1 AND m.document = ?2 AND (
                     (SELECT sum(i.quantity) FROM red_line i WHERE i.org = m.org AND i.receipt = m.receipt
                          AND i.sold = m.sold AND i.counts)
                     > (SELECT l.quantity FROM receipt_line l WHERE l.org = m.org AND l.receipt = m.receipt AND l.line = m.sold)
                     OR (SELECT sum(i.quantity) FROM red_line i WHERE i.org = m.org AND i.receipt = m.receipt
                          AND i.sold = m.sold AND i.counts AND i.returned = m.returned AND i.of = m.of)
                     > coalesce((SELECT sum(c.valid) FROM document d
                          JOIN return_line l ON l.org = d.org AND l.document = d.id AND l.line = m.of
                          JOIN line_claim c ON c.org = d.org AND c.receipt = m.receipt AND c.line = m.sold
                              AND c.document = d.id AND c.position = l.position AND c.counts
                          WHERE d.org = m.org AND d.identity = m.returned), 0)))",
            )?
            .query_row([self.org, row.id], |r| r.get(0))?;
        Ok(!over)
    }

    fn append_red(&mut self, document: DocumentId, said: RedEvent) -> Result<(), CommandError> {
        let damaged = || StoreError::damaged("a red invoice", document);
        let row = find_document(&self.tx, self.org, document)?.ok_or_else(damaged)?;
        let (mut replayed, reading) = self.load(&row)?;
        if reading.newer {
            return Err(CommandError::NewerRules { number: row.number });
        }
        let by = By::user(UserName::new("HQ").expect("a name of ours"));
        let event = self.event(&by, self.me.zone, "", said);
        let change = replayed
            .append_events(self.writer, self.now, &Events::RedInvoice(&[event]))
            .map_err(|e| StoreError::damaged("a red invoice", e))?;
        self.insert_own_change(row.id, &change, &[], 0)?;
        Ok(self.reproject(row.id)?)
    }
}
