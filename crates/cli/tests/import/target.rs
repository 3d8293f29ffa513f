//! A target in memory that counts and links as a replica does: it claims rows once, lowers what is
//! open of a sale line by each link, and refuses what a replica would refuse.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use guicang_cli::import::target::{HeldSaleLine, ImportBatch, ImportTarget, SiteAnswer, TargetError};
use guicang_domain::adjustment::Movement;
use guicang_domain::ids::{CustomerId, ReceiptId, ReceiptLineId, ReceiptNumber, SiteId, Sku};
use guicang_domain::money::Amount;
use guicang_domain::sale::BATCH_BYTES;

/// The replica of a test.
#[derive(Default)]
pub struct Shelf {
    /// Takes this site's rows alone; every site's when none.
    pub own: Option<SiteId>,
    /// Refuses to write after so many batches: the machine was switched off.
    pub breaks_after: Option<usize>,
    /// Returns name the receipt that they take back, whoever's it is.
    pub by_receipt: bool,
    /// Batches written.
    pub batches: usize,
    /// Every row held, with what it says.
    pub rows: BTreeMap<(ReceiptId, ReceiptLineId), String>,
    /// Sales less returns, services too.
    pub net: Amount,
    /// Documents of sales, and their bytes.
    pub sale_documents: Vec<usize>,
    receipts: HashMap<ReceiptId, HashSet<ReceiptLineId>>,
    /// Sale lines by code as written, each with whose it is.
    lines: HashMap<String, Vec<(Option<CustomerId>, HeldSaleLine)>>,
    places: HashMap<(ReceiptId, ReceiptLineId), (String, usize)>,
    /// Documents of adjustments.
    pub moved_documents: usize,
    /// Quantity and value of each movement.
    pub moved: BTreeMap<Movement, (i64, i64)>,
    /// What was paid by what, by receipt.
    pub tenders: Vec<String>,
    /// The invoices of receipts: `NUMBER INVOICE`.
    pub invoices: Vec<String>,
    /// Whose barcode it is.
    pub barcodes: HashMap<String, Sku>,
}

impl Shelf {
    /// The sites that hold a row.
    pub fn sites(&self) -> BTreeSet<&SiteId> {
        self.rows.keys().map(|(receipt, _)| &receipt.site).collect()
    }

    fn lines_of(
        &self,
        code: &str,
        wanted: impl Fn(Option<&CustomerId>, &ReceiptId) -> bool,
    ) -> Vec<HeldSaleLine> {
        let held = self.lines.get(code).into_iter().flatten();
        let found = held.filter(|(customer, line)| wanted(customer.as_ref(), &line.receipt));
        let mut lines: Vec<HeldSaleLine> = found.map(|(_, line)| line.clone()).collect();
        lines.sort_by_key(|line| line.occurred);
        lines
    }

    fn claim(&mut self, receipt: &ReceiptId, line: &ReceiptLineId, says: String) -> Result<(), TargetError> {
        self.receipts.entry(receipt.clone()).or_default().insert(line.clone());
        match self.rows.insert((receipt.clone(), line.clone()), says) {
            Some(before) => Err(format!("{receipt} {line} came twice: {before}").into()),
            None => Ok(()),
        }
    }
}

impl ImportTarget for Shelf {
    fn site(&mut self, site: &SiteId) -> Result<SiteAnswer, TargetError> {
        let ours = self.own.as_ref().is_none_or(|own| own == site);
        Ok(if ours { SiteAnswer::Accept } else { SiteAnswer::Skip })
    }

    fn known_rows(&mut self, receipt: &ReceiptId) -> Result<HashSet<ReceiptLineId>, TargetError> {
        Ok(self.receipts.get(receipt).cloned().unwrap_or_default())
    }

    fn sale_lines_of(&mut self, customer: &CustomerId, code: &str) -> Result<Vec<HeldSaleLine>, TargetError> {
        Ok(self.lines_of(code, |of, _| of == Some(customer)))
    }

    fn sale_lines_on(
        &mut self,
        site: &SiteId,
        number: &ReceiptNumber,
        code: &str,
    ) -> Result<Vec<HeldSaleLine>, TargetError> {
        Ok(self.lines_of(code, |_, receipt| receipt.site == *site && receipt.number == *number))
    }

    fn article_of(&mut self, barcode: &str) -> Result<Option<Sku>, TargetError> {
        Ok(self.barcodes.get(barcode).cloned())
    }

    fn import_batch(&mut self, batch: ImportBatch) -> Result<(), TargetError> {
        if self.breaks_after.is_some_and(|most| self.batches >= most) {
            return Err("the power is gone".into());
        }
        self.batches += 1;
        for sales in &batch.sales {
            let bytes = sales.body().len();
            if bytes > BATCH_BYTES && sales.receipts.len() > 1 {
                return Err(format!("a batch of {} has {bytes} bytes", sales.site).into());
            }
            self.sale_documents.push(bytes);
            for receipt in &sales.receipts {
                let id = sales.receipt_id(receipt);
                self.invoices.extend(receipt.invoice.iter().map(|i| format!("{} {i}", id.number)));
                for paid in &receipt.tenders {
                    self.tenders.push(format!("{} {} {}", id.number, paid.tender, paid.amount.0));
                }
                for line in &receipt.lines {
                    self.claim(
                        &id,
                        &line.line,
                        format!("{:?} {:?} {line:?}", receipt.occurred, receipt.customer),
                    )?;
                    self.net += line.paid;
                    let lines = self.lines.entry(line.code().to_owned()).or_default();
                    let place = (line.code().to_owned(), lines.len());
                    self.places.insert((id.clone(), line.line.clone()), place);
                    let held = HeldSaleLine {
                        receipt: id.clone(),
                        line: line.line.clone(),
                        occurred: receipt.occurred,
                        sold: line.quantity,
                        paid: line.paid,
                        open: line.quantity,
                    };
                    lines.push((receipt.customer.clone(), held));
                }
            }
        }
        for returned in &batch.returns {
            for line in &returned.lines {
                let row = line.row.clone().ok_or("an imported line without its row")?;
                self.claim(&returned.receipt, &row, format!("{:?} {line:?}", returned.occurred))?;
                let price = line.price.ok_or("an imported return without its price")?;
                self.net += -price.times(line.quantity, returned.currency);
                for link in &line.links {
                    let place = self.places.get(&(link.receipt.clone(), link.line.clone()));
                    let (code, n) = place.ok_or("a link to a sale that isn't held")?.clone();
                    let (customer, sold) = &mut self.lines.get_mut(&code).ok_or("no lines")?[n];
                    let by_receipt = link.receipt.number == returned.receipt.number || self.by_receipt;
                    let written = line.written.as_deref().unwrap_or(line.sku.as_str());
                    let right = sold.open >= link.quantity
                        && link.quantity.is_positive()
                        && (sold.sold, sold.paid) == (link.sold, link.paid)
                        && sold.occurred <= returned.occurred
                        && (*customer == returned.customer || by_receipt)
                        && code == written;
                    if !right {
                        return Err(format!("{:?} links to {sold:?}", returned.receipt).into());
                    }
                    sold.open -= link.quantity;
                }
            }
        }
        for adjustment in &batch.adjustments {
            self.moved_documents += 1;
            for line in &adjustment.lines {
                let (quantity, value) = self.moved.entry(adjustment.movement).or_default();
                *quantity += line.quantity.0;
                *value += line.value(adjustment.currency).0;
            }
            for line in &adjustment.lines {
                let row = line.row.clone().ok_or("an imported line without its row")?;
                let says = format!("{:?} {} {line:?}", adjustment.occurred, adjustment.movement);
                self.claim(&adjustment.receipt, &row, says)?;
            }
        }
        Ok(())
    }
}
