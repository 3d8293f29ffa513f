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
pub mod columns;
pub mod rules;
pub mod encoding;
pub mod lenient;
pub mod sheet;
mod reader;
mod row;
mod named;
mod take;
pub mod scratch;
mod open_lines;
mod batch;
pub mod target;
pub mod report;
mod error;

use std::collections::{HashMap, HashSet};

use guicang_domain::ids::{Lot, ReceiptId, ReceiptLineId, SiteId, Sku};

use batch::{About, Collector, Heading, PaidIn};
use columns::Role;
pub use error::ImportError;
use open_lines::OpenLines;
use profile::Profile;
use reader::{Next, Rows};
pub use reader::{ROW_BYTES, Source};
use report::{LeftOut, Progress, Report};
use row::{Layout, Row};
use rules::{Verdict, judge, skips};
use scratch::{Limits, Occurrences, Scratch};
use target::{ImportTarget, SiteAnswer};

/// Rows of a batch, if not said otherwise: [`Limits::batch_rows`].
pub const ROWS_A_BATCH: usize = 50_000;

/// Progress is told every so many rows.
const ROWS_A_PROGRESS: u64 = 4096;

/// So many sites' answers are remembered; a file with more is asked for again.
const SITES_REMEMBERED: usize = 10_000;

/// So many barcodes' articles are remembered.
const BARCODES_REMEMBERED: usize = 50_000;

/// The longest name, remark or list of serial numbers: one that is longer is a file gone wrong, and would
/// make a document that no relay takes.
const NAME_BYTES: usize = 1_000;
/// An invoice's number has 20 digits today; an older one a code of 12 before its 8.
const INVOICE_BYTES: usize = 64;

/// How to import.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Do everything but write.
    pub dry_run: bool,
    /// The site of the rows that don't say theirs.
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
    let mut rows = Rows::open(source, profile)?;
    let mut layout = Layout::new(profile, &rows);
    if !layout.has(Role::Site) && options.site.is_none() {
        return Err(ImportError::SiteNotNamed { profile: profile.name.clone() });
    }
    let mut import = Import {
        target,
        profile,
        options,
        scratch: Scratch::open()?,
        occurrences: Occurrences::new(options.limits.rows),
        open_lines: OpenLines::new(options.limits.sale_lines),
        sites: HashMap::new(),
        barcodes: HashMap::new(),
        known: None,
        collector: Collector::new(profile.zone(), profile.currency(), profile.gather),
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
            Next::Row => {
                let record = layout.meant(profile, rows.record());
                if let Some(reason) = skips(&profile.rules, &layout.texts(profile, &record)) {
                    import.report.skip(reason);
                } else {
                    match layout.read(profile, &record, rows.line()) {
                        Ok(row) => import.row(&row, &layout, &record, rows.line())?,
                        Err(row) => import.report.leave_out(row),
                    }
                }
            }
        }
        if import.report.rows.is_multiple_of(ROWS_A_PROGRESS) {
            progress(import.progress(&rows));
        }
    }
    import.flush()?;
    progress(import.progress(&rows));
    let mut report = import.report;
    report.tenders_differ = import.collector.tenders_differ;
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
    /// The article of each barcode asked for.
    barcodes: HashMap<String, Option<Sku>>,
    /// The rows that the target knows of the receipt last looked at.
    known: Option<(ReceiptId, HashSet<ReceiptLineId>)>,
    collector: Collector,
    report: Report,
}

/// A row that is to be taken, with its names parsed.
struct Named<'r> {
    heading: Heading,
    about: About,
    /// The article; none in a row that only says how its receipt was paid.
    goods: Option<Goods<'r>>,
    paid_in: Option<PaidIn>,
}

/// What a row's goods are.
struct Goods<'r> {
    sku: Sku,
    /// The code as written.
    code: &'r str,
    line: ReceiptLineId,
    lot: Option<Lot>,
    serials: Vec<String>,
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
        // A row that only says how its receipt was paid goes on with it, whatever else it says.
        let is_tender = named.goods.is_none() && self.collector.has(&named.heading.receipt);
        let ends = !is_tender && !self.collector.goes_on(&named.heading);
        let (rows, batch) = (self.collector.rows(), self.options.limits.batch_rows);
        if (ends && rows >= batch) || rows >= batch.saturating_mul(2) {
            self.flush()?;
        }
        let heading = named.heading.clone();
        let about = named.about.clone();
        let taking = self.take(kind, row, named, layout, record)?;
        self.collector.add(heading, about, taking);
        self.report.taken.add(kind);
        Ok(())
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

    /// The article that a barcode is of; `None` where nobody, or more than one, is listed with it.
    fn article(&mut self, barcode: &str) -> Result<Option<Sku>, ImportError> {
        if let Some(sku) = self.barcodes.get(barcode) {
            return Ok(sku.clone());
        }
        let rows = self.report.rows;
        let sku = self.target.article_of(barcode).map_err(|source| ImportError::Target { rows, source })?;
        if self.barcodes.len() >= BARCODES_REMEMBERED {
            self.barcodes.clear();
        }
        self.barcodes.insert(barcode.into(), sku.clone());
        Ok(sku)
    }

    fn is_known(&mut self, named: &Named<'_>) -> Result<bool, ImportError> {
        let receipt = &named.heading.receipt;
        let known = match self.known.take() {
            Some((last, known)) if last == *receipt => known,
            _ => {
                let rows = self.report.rows;
                self.target.known_rows(receipt).map_err(|source| ImportError::Target { rows, source })?
            }
        };
        let answer = match &named.goods {
            Some(goods) => known.contains(&goods.line),
            // How a receipt was paid was told when its lines came.
            None => !known.is_empty() && !self.collector.has(receipt),
        };
        self.known = Some((receipt.clone(), known));
        Ok(answer)
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
