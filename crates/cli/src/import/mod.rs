//! Import of transactions that other programs wrote: tills' exports, years of history.
//!
//! A [`profile::Profile`] says what a file's columns mean. Every row of the file is accounted for in
//! a [`report::Report`]: taken as some kind, skipped or left out for a reason, or known already.
//! What surprises: importing is idempotent row by row, not file by file. A row is known by its
//! receipt and its number there or, where tills print none, by what it says and which of its equals
//! in the file it is; so a file that overlaps another adds only what is new, and an import that was
//! cut off is simply repeated.
//!
//! ```text
//! file -> reader (CSV, zstd) -> row (numbers, times) -> rules (which kind) -> scratch (which of its
//! equals), open_lines (which sale) -> batch (receipts, documents) -> target (a replica)
//! ```
//!
//! Memory doesn't grow with the file: rows go to the target some 20,000 at a time, and what must be
//! remembered of the whole file moves to a temporary one ([`scratch::Limits`]).

pub mod profile;
pub mod rules;
mod reader;
mod row;
pub mod scratch;
mod open_lines;
mod batch;
pub mod target;
pub mod report;
mod error;

use std::collections::{HashMap, HashSet};

use guicang_domain::adjustment::AdjustmentLine;
use guicang_domain::ids::{CustomerId, IdError, ReasonCode, ReceiptId, ReceiptLineId, SiteId, Sku, Tender};
use guicang_domain::money::{Amount, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::{ReturnLine, SaleLink};
use guicang_domain::sale::SaleLine;

use batch::{Collector, Heading, Taking};
pub use error::ImportError;
use open_lines::{OpenLines, TakeError};
use profile::Profile;
use reader::{Next, Rows};
pub use reader::{ROW_BYTES, Source};
use report::{LeftOut, Progress, Report};
use row::{Layout, Row, column, left_out};
use rules::{Kind, Verdict, judge};
use scratch::{Limits, Occurrences, Scratch, key_of};
use target::{HeldSaleLine, ImportTarget, SiteAnswer};

/// Rows of a batch, if not said otherwise: [`Limits::batch_rows`].
pub const ROWS_A_BATCH: usize = 50_000;

/// Progress is told every so many rows.
const ROWS_A_PROGRESS: u64 = 4096;

/// So many sites' answers are remembered; a file with more is asked for again.
const SITES_REMEMBERED: usize = 10_000;

/// The longest name or remark: one that is longer is a file gone wrong, and would make a document
/// that no relay takes.
const NAME_BYTES: usize = 1_000;

/// How to import.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Do everything but write.
    pub dry_run: bool,
    /// The site of all rows, where the profile names no column for it.
    pub site: Option<SiteId>,
    /// How much to keep in memory.
    pub limits: Limits,
}

/// Imports a file.
///
/// `progress` is told every few thousand rows and at the end.
///
/// # Errors
/// [`ImportError`]; bad rows are none, they are left out and in the report.
pub fn import(
    target: &mut dyn ImportTarget,
    source: Source,
    profile: &Profile,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, ImportError> {
    if profile.columns.site.is_none() && options.site.is_none() {
        return Err(ImportError::SiteNotNamed { profile: profile.name.clone() });
    }
    let mut rows = Rows::open(source, profile)?;
    let mut layout = Layout::new(profile, &rows);
    let mut import = Import {
        target,
        profile,
        options,
        scratch: Scratch::open()?,
        occurrences: Occurrences::new(options.limits.rows),
        open_lines: OpenLines::new(options.limits.sale_lines),
        sites: HashMap::new(),
        known: None,
        collector: Collector::new(profile.zone, profile.currency),
        report: Report::default(),
    };
    loop {
        let next = rows.next()?;
        if !matches!(next, Next::End) {
            import.report.rows += 1;
        }
        match next {
            Next::End => break,
            Next::LeftOut(row) => import.report.leave_out(row),
            Next::Row => match layout.read(profile, rows.record(), rows.line()) {
                Ok(row) => import.row(&row, &layout, rows.record(), rows.line())?,
                Err(row) => import.report.leave_out(row),
            },
        }
        if import.report.rows.is_multiple_of(ROWS_A_PROGRESS) {
            progress(import.progress(&rows));
        }
    }
    import.flush()?;
    progress(import.progress(&rows));
    let report = import.report;
    if report.accounted() != report.rows {
        return Err(ImportError::Unaccounted { rows: report.rows, accounted: report.accounted() });
    }
    Ok(report)
}

struct Import<'a> {
    target: &'a mut dyn ImportTarget,
    profile: &'a Profile,
    options: &'a Options,
    scratch: Scratch,
    occurrences: Occurrences,
    open_lines: OpenLines,
    sites: HashMap<SiteId, SiteAnswer>,
    /// The rows that the target knows of the receipt last looked at.
    known: Option<(ReceiptId, HashSet<ReceiptLineId>)>,
    collector: Collector,
    report: Report,
}

/// A row that is to be taken, with its names parsed.
struct Named {
    heading: Heading,
    sku: Sku,
    line: ReceiptLineId,
    tender: Option<Tender>,
}

/// Why a row isn't looked at further.
enum NotTaken {
    Skipped(&'static str),
    LeftOut(LeftOut),
    Failed(ImportError),
}

impl From<ImportError> for NotTaken {
    fn from(e: ImportError) -> Self {
        Self::Failed(e)
    }
}

impl Import<'_> {
    fn row(
        &mut self,
        row: &Row<'_>,
        layout: &Layout,
        record: &csv::StringRecord,
        line: u64,
    ) -> Result<(), ImportError> {
        let kind = match judge(&self.profile.rules, &row.facts) {
            Some(Verdict::Take(kind)) => *kind,
            Some(Verdict::Skip(reason)) => {
                self.report.skip(reason);
                return Ok(());
            }
            None => {
                self.report.skip("no_rule");
                return Ok(());
            }
        };
        let named = match self.name(row, kind, layout, record, line) {
            Ok(named) => named,
            Err(NotTaken::Skipped(reason)) => {
                self.report.skip(reason);
                return Ok(());
            }
            Err(NotTaken::LeftOut(row)) => {
                self.report.leave_out(row);
                return Ok(());
            }
            Err(NotTaken::Failed(e)) => return Err(e),
        };
        if self.is_known(&named)? {
            self.report.already_known += 1;
            return Ok(());
        }
        let ends = !self.collector.goes_on(&named.heading);
        let (rows, batch) = (self.collector.rows(), self.options.limits.batch_rows);
        if (ends && rows >= batch) || rows >= batch.saturating_mul(2) {
            self.flush()?;
        }
        let heading = named.heading.clone();
        let taking = match kind.movement() {
            Some(movement) => Taking::Adjustment(
                movement,
                AdjustmentLine {
                    sku: named.sku,
                    quantity: row.facts.quantity.abs(),
                    reason: layout.reason(&self.profile.reasons, kind, record),
                    note: text(row.facts.name),
                    lot: None,
                    place: String::new(),
                    cost: None,
                    row: Some(named.line),
                    from: None,
                    to: None,
                    into: None,
                },
            ),
            None if kind == Kind::Return => {
                let reason = layout.reason(&self.profile.reasons, kind, record);
                Taking::Return(self.return_line(row, named, reason)?)
            }
            None => self.sale_line(row, named)?,
        };
        self.collector.add(heading, taking);
        self.report.taken.add(kind);
        Ok(())
    }

    /// Parses a row's names and checks its numbers, in the order in which a person would.
    fn name(
        &mut self,
        row: &Row<'_>,
        kind: Kind,
        layout: &Layout,
        record: &csv::StringRecord,
        line: u64,
    ) -> Result<Named, NotTaken> {
        let columns = &self.profile.columns;
        let facts = &row.facts;
        let bad = |reason, header: &str, found: &str, e: IdError| {
            NotTaken::LeftOut(left_out(line, reason, header, found, e.wanted))
        };
        let site = match (&columns.site, &self.options.site) {
            (None, Some(site)) => site.clone(),
            _ => {
                SiteId::new(facts.site).map_err(|e| bad("bad_site", column(&columns.site), facts.site, e))?
            }
        };
        if self.site(&site)? == SiteAnswer::Skip {
            return Err(NotTaken::Skipped("other_site"));
        }
        let sign = self.profile.signs.of(kind);
        if !sign.fits(facts.quantity.0) {
            let wanted = format!("{} in a row of kind {}", sign.wanted(), kind.as_str());
            let found = facts.quantity.to_string();
            return Err(NotTaken::LeftOut(left_out(
                line,
                "bad_quantity",
                &columns.quantity,
                &found,
                &wanted,
            )));
        }
        if let Some(price) = facts.price.filter(|price| price.0 < 0) {
            let header = column(&columns.price);
            return Err(NotTaken::LeftOut(left_out(
                line,
                "bad_price",
                header,
                &price.to_string(),
                "zero or more",
            )));
        }
        // What returns and goods sent back come to is below zero in some files and above in others.
        if let Some(amount) = row.amount.filter(|amount| kind == Kind::Sale && amount.0 < 0) {
            let (header, found) = (column(&columns.amount), self.profile.currency.format(amount));
            return Err(NotTaken::LeftOut(left_out(
                line,
                "bad_amount",
                header,
                &found,
                "zero or more in a sale",
            )));
        }
        let till = match facts.till {
            "" => None,
            till => Some(till.parse().map_err(|e| bad("bad_till", column(&columns.till), till, e))?),
        };
        let number =
            facts.receipt.parse().map_err(|e| bad("bad_receipt", &columns.receipt, facts.receipt, e))?;
        let customer = match facts.customer {
            "" => None,
            id => Some(id.parse().map_err(|e| bad("bad_customer", column(&columns.customer), id, e))?),
        };
        let sku = Sku::of(facts.sku).map_err(|e| bad("bad_code", &columns.sku, facts.sku, e))?;
        if facts.name.len() > NAME_BYTES {
            let (header, wanted) = (column(&columns.name), "at most 1,000 bytes");
            return Err(NotTaken::LeftOut(left_out(line, "bad_name", header, facts.name, wanted)));
        }
        let tender = match row.tender {
            "" => None,
            text => Some(match self.profile.tenders.get(text) {
                Some(tender) => tender.clone(),
                None => text.parse().map_err(|e| bad("bad_tender", column(&columns.tender), text, e))?,
            }),
        };
        let receipt = ReceiptId { site, till, number };
        let row_id = if layout.has_line_numbers() {
            let wanted = "a whole number above zero";
            let n: u32 = row.line_number.parse().ok().filter(|n| *n > 0).ok_or_else(|| {
                NotTaken::LeftOut(left_out(line, "bad_line", column(&columns.line), row.line_number, wanted))
            })?;
            let key = key_of(&[receipt.to_string().as_bytes(), &n.to_be_bytes()]);
            if self.occurrences.next(&self.scratch, key).map_err(ImportError::from)? > 1 {
                let found = row.line_number;
                let wanted = "each line of a receipt once";
                return Err(NotTaken::LeftOut(left_out(
                    line,
                    "repeated_line",
                    column(&columns.line),
                    found,
                    wanted,
                )));
            }
            ReceiptLineId::of_number(n)
        } else {
            let content = layout.identity(record);
            let times = self.occurrences.next(&self.scratch, key_of(&content)).map_err(ImportError::from)?;
            ReceiptLineId::of_content(&content, times)
        };
        Ok(Named { heading: Heading { receipt, customer, at: row.at }, sku, line: row_id, tender })
    }

    fn site(&mut self, site: &SiteId) -> Result<SiteAnswer, ImportError> {
        if let Some(answer) = self.sites.get(site) {
            return Ok(*answer);
        }
        let rows = self.report.rows;
        let answer = self.target.site(site).map_err(|source| ImportError::Target { rows, source })?;
        if self.sites.len() >= SITES_REMEMBERED {
            self.sites.clear();
        }
        self.sites.insert(site.clone(), answer);
        Ok(answer)
    }

    fn is_known(&mut self, named: &Named) -> Result<bool, ImportError> {
        let receipt = &named.heading.receipt;
        let known = match self.known.take() {
            Some((last, known)) if last == *receipt => known,
            _ => {
                let rows = self.report.rows;
                self.target.known_rows(receipt).map_err(|source| ImportError::Target { rows, source })?
            }
        };
        let answer = known.contains(&named.line);
        self.known = Some((receipt.clone(), known));
        Ok(answer)
    }

    fn sale_line(&mut self, row: &Row<'_>, named: Named) -> Result<Taking, ImportError> {
        let facts = &row.facts;
        let quantity = facts.quantity;
        let paid = match (row.amount, facts.price) {
            (Some(amount), _) => amount,
            (None, price) => price.unwrap_or_default().times(quantity, self.profile.currency),
        };
        let mut line = SaleLine::new(named.line, named.sku, quantity, paid);
        line.written = (line.sku.as_str() != facts.sku).then(|| facts.sku.into());
        line.name = text(facts.name);
        line.service = facts.service.then_some(true);
        if let Some(customer) = &named.heading.customer {
            let open = HeldSaleLine {
                receipt: named.heading.receipt.clone(),
                line: line.line.clone(),
                occurred: row.at,
                sold: quantity,
                paid,
                open: quantity,
            };
            self.open_lines.add(&self.scratch, article_of(customer, facts.sku), open)?;
        }
        Ok(Taking::Sale(line, named.tender))
    }

    fn return_line(
        &mut self,
        row: &Row<'_>,
        named: Named,
        reason: ReasonCode,
    ) -> Result<ReturnLine, ImportError> {
        let facts = &row.facts;
        let quantity = facts.quantity.abs();
        let links = match &named.heading.customer {
            Some(customer) => self.link(customer, facts.sku, row, quantity)?,
            None => Vec::new(),
        };
        let linked: Quantity = links.iter().map(|link| link.quantity).sum();
        let lines = &mut self.report.return_lines;
        match linked {
            Quantity::ZERO => lines.unmatched += 1,
            _ if linked == quantity => lines.matched += 1,
            _ => lines.partly += 1,
        }
        let of_amount = |amount: Amount| {
            UnitPrice::of(Amount(amount.0.saturating_abs()), quantity, self.profile.currency)
        };
        Ok(ReturnLine {
            written: (named.sku.as_str() != facts.sku).then(|| facts.sku.into()),
            sku: named.sku,
            quantity,
            reason,
            note: None,
            links,
            price: row.amount.map(of_amount).or(facts.price),
            cost: None,
            service: facts.service,
            lot: None,
            serials: Vec::new(),
            group: None,
            row: Some(named.line),
        })
    }

    fn link(
        &mut self,
        customer: &CustomerId,
        code: &str,
        row: &Row<'_>,
        wanted: Quantity,
    ) -> Result<Vec<SaleLink>, ImportError> {
        let Self { target, open_lines, scratch, report, .. } = self;
        let held = || target.sale_lines_of(customer, code);
        open_lines.take(scratch, article_of(customer, code), row.at, wanted, held).map_err(|e| match e {
            TakeError::Scratch(e) => ImportError::Scratch(e),
            TakeError::Target(source) => ImportError::Target { rows: report.rows, source },
        })
    }

    fn flush(&mut self) -> Result<(), ImportError> {
        let batch = self.collector.finish();
        if batch.is_empty() || self.options.dry_run {
            return Ok(());
        }
        let rows = self.report.rows;
        self.target.import_batch(batch).map_err(|source| ImportError::Target { rows, source })
    }

    fn progress(&self, rows: &Rows) -> Progress {
        Progress { rows: self.report.rows, bytes_read: rows.bytes_read(), bytes_total: rows.bytes_total() }
    }
}

/// What a return is linked by: customer and code as written.
fn article_of(customer: &CustomerId, code: &str) -> u128 {
    key_of(&[customer.as_str().as_bytes(), code.as_bytes()])
}

fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.into())
}
