//! Rows to documents: consecutive rows of one receipt form a receipt, receipts form batches.
//!
//! A receipt that goes on later in the file, or over two minutes, becomes another part under the
//! same identity; its lines differ, so nothing counts twice.

use std::collections::BTreeMap;

use guicang_domain::adjustment::{AdjustmentLine, Movement};
use guicang_domain::ids::{CustomerId, ReceiptId, SiteId, Tender};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::returns::ReturnLine;
use guicang_domain::sale::{BATCH_BYTES, PaidBy, Receipt, SaleBatch, SaleLine};
use guicang_domain::time::{Moment, Zone};

use super::target::{ImportBatch, ImportedAdjustment, ImportedReturn};

/// Collects what the next batch for the target is made of.
pub(super) struct Collector {
    zone: Zone,
    currency: Currency,
    group: Option<Group>,
    /// The sales of each site that may still grow, with their size in bytes, never too small.
    open: BTreeMap<SiteId, (SaleBatch, usize)>,
    batch: ImportBatch,
    rows: usize,
}

/// What consecutive rows share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heading {
    pub receipt: ReceiptId,
    pub customer: Option<CustomerId>,
    pub at: Moment,
}

/// A row that is taken.
pub(super) enum Taking {
    Sale(SaleLine, Option<Tender>),
    Return(ReturnLine),
    Adjustment(Movement, AdjustmentLine),
}

struct Group {
    heading: Heading,
    sales: Vec<SaleLine>,
    tenders: BTreeMap<Tender, Amount>,
    returns: Vec<ReturnLine>,
    adjustments: BTreeMap<Movement, Vec<AdjustmentLine>>,
}

impl Collector {
    pub fn new(zone: Zone, currency: Currency) -> Self {
        Self { zone, currency, group: None, open: BTreeMap::new(), batch: ImportBatch::default(), rows: 0 }
    }

    /// Rows collected since the last batch was handed out.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether rows under this heading would go on with the receipt that is being collected.
    pub fn goes_on(&self, heading: &Heading) -> bool {
        self.group.as_ref().is_some_and(|group| group.heading == *heading)
    }

    pub fn add(&mut self, heading: Heading, row: Taking) {
        if !self.goes_on(&heading) {
            self.close_group();
        }
        let group = self.group.get_or_insert_with(|| Group {
            heading,
            sales: Vec::new(),
            tenders: BTreeMap::new(),
            returns: Vec::new(),
            adjustments: BTreeMap::new(),
        });
        match row {
            Taking::Sale(line, tender) => {
                if let Some(tender) = tender {
                    *group.tenders.entry(tender).or_default() += line.paid;
                }
                group.sales.push(line);
            }
            Taking::Return(line) => group.returns.push(line),
            Taking::Adjustment(movement, line) => group.adjustments.entry(movement).or_default().push(line),
        }
        self.rows += 1;
    }

    /// Hands out all that was collected, the receipt at its end too.
    pub fn finish(&mut self) -> ImportBatch {
        self.close_group();
        self.rows = 0;
        let mut batch = std::mem::take(&mut self.batch);
        batch.sales.extend(std::mem::take(&mut self.open).into_values().map(|(sales, _)| sales));
        batch
    }

    fn close_group(&mut self) {
        let Some(group) = self.group.take() else { return };
        let Heading { receipt, customer, at } = group.heading;
        let site = receipt.site.clone();
        let (zone, currency) = (self.zone, self.currency);
        if !group.returns.is_empty() {
            self.batch.returns.push(ImportedReturn {
                site: site.clone(),
                zone,
                currency,
                receipt: receipt.clone(),
                customer: customer.clone(),
                occurred: at,
                lines: group.returns,
            });
        }
        for (movement, lines) in group.adjustments {
            self.batch.adjustments.push(ImportedAdjustment {
                site: site.clone(),
                zone,
                currency,
                receipt: receipt.clone(),
                movement,
                occurred: at,
                lines,
            });
        }
        if group.sales.is_empty() {
            return;
        }
        let tenders = group.tenders.into_iter();
        let part = Receipt {
            till: receipt.till,
            number: receipt.number,
            occurred: at,
            customer,
            lines: group.sales,
            tenders: tenders.map(|(tender, amount)| PaidBy { tender, amount, reference: None }).collect(),
            invoice: None,
        };
        self.put_receipt(site, part);
    }

    fn put_receipt(&mut self, site: SiteId, receipt: Receipt) {
        let bytes = receipt_bytes(&receipt);
        if self.open.get(&site).is_some_and(|(_, size)| size + bytes > BATCH_BYTES)
            && let Some((full, _)) = self.open.remove(&site)
        {
            self.batch.sales.push(full);
        }
        let (zone, currency) = (self.zone, self.currency);
        let (sales, size) = self.open.entry(site.clone()).or_insert_with(|| {
            let empty = SaleBatch { site, zone, currency, historic: true, receipts: Vec::new() };
            (empty, 64)
        });
        sales.receipts.push(receipt);
        *size += bytes;
    }
}

/// The most bytes that a receipt takes in a body.
fn receipt_bytes(receipt: &Receipt) -> usize {
    let text = |t: Option<&str>| t.map_or(1, |t| t.len() + if t.len() < 24 { 1 } else { 5 });
    let number = |n: i64| if n.unsigned_abs() <= u64::from(u32::MAX) { 5 } else { 9 };
    let lines = receipt.lines.iter().map(|line| {
        let texts = text(Some(line.line.as_str()))
            + text(Some(line.sku.as_str()))
            + text(line.written.as_deref())
            + text(line.name.as_deref());
        // An array's head, a list price that is null, and whether it is a service.
        texts + number(line.quantity.0) + number(line.paid.0) + 3
    });
    let tenders = receipt.tenders.iter().map(|t| t.tender.as_str().len() + 14);
    let texts = text(receipt.till.as_ref().map(|t| t.as_str()))
        + text(Some(receipt.number.as_str()))
        + text(receipt.customer.as_ref().map(|c| c.as_str()));
    // Heads of the receipt's three arrays, its time, no invoice number.
    texts + lines.sum::<usize>() + tenders.sum::<usize>() + 24
}
