//! Rows to documents: consecutive rows of one receipt form a receipt, receipts form batches.
//!
//! A receipt that goes on later in the file, or over two minutes, becomes another part under the
//! same identity; its lines differ, so nothing counts twice.

use std::collections::BTreeMap;

use guicang_domain::adjustment::{AdjustmentLine, Movement};
use guicang_domain::ids::{CustomerId, ReceiptId, SiteId, Tender, UserName};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::returns::ReturnLine;
use guicang_domain::sale::{BATCH_BYTES, PaidBy, Receipt, SaleBatch, SaleLine};
use guicang_domain::time::{Moment, Zone};

use super::target::{ImportBatch, ImportedAdjustment, ImportedReturn};

/// A document made of rows has at most so many lines: a year's deliveries under one number must not
/// become one that no relay takes.
const LINES_A_DOCUMENT: usize = 500;

/// Collects what the next batch for the target is made of.
pub(super) struct Collector {
    zone: Zone,
    currency: Currency,
    /// Whether rows of a heading belong together though others stand between them.
    gather: bool,
    groups: BTreeMap<Heading, Group>,
    /// The heading of the last row.
    last: Option<Heading>,
    /// The sales of each site that may still grow, with their size in bytes, never too small.
    open: BTreeMap<SiteId, (SaleBatch, usize)>,
    batch: ImportBatch,
    rows: usize,
    /// Receipts whose tenders don't come to what was paid for their lines.
    pub tenders_differ: u64,
}

/// What rows of one document share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Heading {
    pub receipt: ReceiptId,
    pub customer: Option<CustomerId>,
    pub at: Moment,
}

/// By what a row was paid.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PaidIn {
    pub tender: Tender,
    pub reference: Option<String>,
}

/// A row that is taken.
pub(super) enum Taking {
    Sale(SaleLine, Option<PaidIn>),
    Return(ReturnLine),
    Adjustment(Movement, AdjustmentLine),
    /// How more of its receipt was paid.
    Tender(PaidIn, Amount),
}

/// What a row says of its receipt beyond whose it is and when.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// Who sat at the till.
    pub cashier: Option<UserName>,
    /// The invoice's number.
    pub invoice: Option<String>,
}

#[derive(Default)]
struct Group {
    about: About,
    sales: Vec<SaleLine>,
    /// What the lines came to, by the tender that each names.
    by_line: BTreeMap<PaidIn, Amount>,
    /// What rows of their own say was paid.
    listed: BTreeMap<PaidIn, Amount>,
    returns: Vec<ReturnLine>,
    adjustments: BTreeMap<Movement, Vec<AdjustmentLine>>,
}

impl Group {
    /// By what the receipt was paid: what rows of their own say; what is left, by what the lines say. The
    /// second answer is whether that comes to what was paid for the lines.
    fn tenders(&self) -> (Vec<PaidBy>, bool) {
        let paid: Amount = self.sales.iter().map(|line| line.paid).sum();
        let mut tenders = self.listed.clone();
        let left = paid - self.listed.values().copied().sum();
        if self.listed.is_empty() {
            tenders = self.by_line.clone();
        } else if left > Amount::ZERO {
            let weights: Vec<i64> = self.by_line.values().map(|amount| amount.0).collect();
            for (paid_in, share) in self.by_line.keys().zip(left.spread(&weights)) {
                *tenders.entry(paid_in.clone()).or_default() += share;
            }
        }
        let total: Amount = tenders.values().copied().sum();
        let equal = tenders.is_empty() || total == paid;
        let tenders = tenders
            .into_iter()
            .filter(|(_, amount)| *amount != Amount::ZERO)
            .map(|(by, amount)| PaidBy { tender: by.tender, amount, reference: by.reference });
        (tenders.collect(), equal)
    }
}

impl Collector {
    pub fn new(zone: Zone, currency: Currency, gather: bool) -> Self {
        Self {
            zone,
            currency,
            gather,
            groups: BTreeMap::new(),
            last: None,
            open: BTreeMap::new(),
            batch: ImportBatch::default(),
            rows: 0,
            tenders_differ: 0,
        }
    }

    /// Rows collected since the last batch was handed out.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether rows under this heading would go on with what is being collected; where rows are gathered,
    /// all of one time do.
    pub fn goes_on(&self, heading: &Heading) -> bool {
        match self.gather {
            true => self.last.as_ref().is_some_and(|last| last.at == heading.at),
            false => self.groups.contains_key(heading),
        }
    }

    /// Whether the receipt's lines are being collected.
    pub fn has(&self, receipt: &ReceiptId) -> bool {
        self.last.as_ref().is_some_and(|last| last.receipt == *receipt && self.groups.contains_key(last))
    }

    pub fn add(&mut self, mut heading: Heading, about: About, row: Taking) {
        // A row that only says how its receipt was paid need not repeat whose it was, and when.
        if let (Taking::Tender(..), true, Some(last)) = (&row, self.has(&heading.receipt), &self.last) {
            heading = last.clone();
        }
        if !self.gather && !self.groups.contains_key(&heading) {
            self.close_groups();
        }
        let group = self.groups.entry(heading.clone()).or_default();
        group.about.cashier = group.about.cashier.take().or(about.cashier);
        group.about.invoice = group.about.invoice.take().or(about.invoice);
        match row {
            Taking::Sale(line, paid_in) => {
                if let Some(paid_in) = paid_in {
                    *group.by_line.entry(paid_in).or_default() += line.paid;
                }
                group.sales.push(line);
            }
            Taking::Return(line) => group.returns.push(line),
            Taking::Adjustment(movement, line) => group.adjustments.entry(movement).or_default().push(line),
            Taking::Tender(paid_in, amount) => *group.listed.entry(paid_in).or_default() += amount,
        }
        self.last = Some(heading);
        self.rows += 1;
    }

    /// Hands out all that was collected, the receipt at its end too.
    pub fn finish(&mut self) -> ImportBatch {
        self.close_groups();
        self.rows = 0;
        let mut batch = std::mem::take(&mut self.batch);
        batch.sales.extend(std::mem::take(&mut self.open).into_values().map(|(sales, _)| sales));
        batch
    }

    fn close_groups(&mut self) {
        for (heading, group) in std::mem::take(&mut self.groups) {
            self.close(heading, group);
        }
    }

    fn close(&mut self, heading: Heading, group: Group) {
        let Heading { receipt, customer, at } = heading;
        let site = receipt.site.clone();
        let (zone, currency) = (self.zone, self.currency);
        let (tenders, equal) = group.tenders();
        for lines in chunks(group.returns) {
            self.batch.returns.push(ImportedReturn {
                site: site.clone(),
                zone,
                currency,
                receipt: receipt.clone(),
                customer: customer.clone(),
                occurred: at,
                lines,
            });
        }
        for (movement, lines) in group.adjustments {
            for lines in chunks(lines) {
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
        }
        self.tenders_differ += u64::from(!equal);
        if group.sales.is_empty() {
            return;
        }
        let part = Receipt {
            till: receipt.till,
            number: receipt.number,
            occurred: at,
            customer,
            lines: group.sales,
            tenders,
            invoice: group.about.invoice,
            cashier: group.about.cashier,
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

fn chunks<T>(lines: Vec<T>) -> Vec<Vec<T>> {
    let mut lines = lines.into_iter();
    let next = || {
        let chunk: Vec<T> = lines.by_ref().take(LINES_A_DOCUMENT).collect();
        Some(chunk).filter(|chunk| !chunk.is_empty())
    };
    std::iter::from_fn(next).collect()
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
        let more = [line.lot.as_ref().map(|lot| lot.as_str()), line.spec.as_deref()];
        let serials = line.serials.iter().flatten().map(|serial| text(Some(serial))).sum::<usize>();
        let late =
            line.lot.is_some() || line.spec.is_some() || line.serials.is_some() || line.expiry.is_some();
        // An array's head, a list price, whether it is a service, a tax rate; what comes late in the array
        // brings a null for each that it passes over.
        texts
            + number(line.quantity.0)
            + number(line.paid.0)
            + line.list_price.map_or(1, |price| number(price.0))
            + 2
            + if line.tax_rate.is_some() { 5 } else { 0 }
            + if late { 15 + serials + more.into_iter().map(text).sum::<usize>() } else { 0 }
    });
    let tenders = receipt
        .tenders
        .iter()
        .map(|t| t.tender.as_str().len() + 14 + t.reference.as_deref().map_or(0, |r| text(Some(r))));
    let texts = text(receipt.till.as_ref().map(|t| t.as_str()))
        + text(Some(receipt.number.as_str()))
        + text(receipt.customer.as_ref().map(|c| c.as_str()))
        + text(receipt.cashier.as_ref().map(|c| c.as_str()))
        + text(receipt.invoice.as_deref());
    // Heads of the receipt's three arrays, its time.
    texts + lines.sum::<usize>() + tenders.sum::<usize>() + 24
}
