//! Projections: what the facts come to, kept in tables so that a question costs what its answer
//! does.
//!
//! A document is projected by itself; then what it touched is folded again *whole*: rows that
//! several documents claim, receipt lines, buckets, returns. There are no incremental sums that
//! could drift. What surprises: the order matters. Which document stands for a row decides whose
//! postings and claims count; the claims decide what a return is owed.

mod adjustment;
mod cash;
pub(crate) use cash::Drawers;
mod cost;
mod count;
pub(crate) mod exchange;
mod exposed;
mod fold;
mod import;
mod master;
mod money;
mod period;
mod proof;
mod red_invoice;
mod reservation;
mod hold;
mod resolution;
mod returns;
mod sale_changed;
pub(crate) use sale_changed::Batches;
mod sales;
mod staff;
mod supplier_return;
mod transfer;
pub(crate) mod settings;

use std::collections::BTreeSet;

use guicang_documents::Reading;
use guicang_domain::account::{Bucket, Posting};
use guicang_domain::document::{Document, Kind};
use guicang_domain::event::Rank;
use guicang_domain::ids::{EventId, Number, ReceiptId, SiteId};
use guicang_domain::money::Amount;
use guicang_domain::time::Recorded;
use rusqlite::{OptionalExtension, params};

use crate::error::StoreError;
use crate::proof::believed;
use crate::store::Work;

/// What has to be folded again.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Rows that more than one document may stand for: (receipt, line).
    pub(crate) rows: BTreeSet<(i64, String)>,
    /// Receipts that the batch which told of them is gone from.
    pub(crate) receipts: BTreeSet<i64>,
    /// Receipts that several documents tell of.
    pub(crate) heads: BTreeSet<i64>,
    /// Receipts of which more or less may come back than before.
    pub(crate) open: BTreeSet<i64>,
    /// Receipt lines whose claims or sale changed.
    pub(crate) lines: BTreeSet<(i64, String)>,
    /// Transfers of one number: (sender, receiver, number).
    pub(crate) transfers: BTreeSet<(String, String, String)>,
    /// Buckets.
    pub(crate) buckets: BTreeSet<i64>,
    /// Returns whose lines' verdicts may have changed.
    pub(crate) returns: BTreeSet<i64>,
    /// Times at sites in which cash moved, or a shift began or ended: (site, from, to), ms, both included.
    pub(crate) cash: BTreeSet<(String, i64, i64)>,
}

/// A rank as a text that sorts as ranks do.
pub(crate) fn rank_text(rank: &Rank) -> String {
    format!("{:016x}{:016x}{}", rank.time.0, rank.event.recorded.0, rank.event.device)
}

/// The rank of a text made by [`rank_text`].
pub(crate) fn rank_of(text: &str) -> Result<Rank, StoreError> {
    let wrong = || StoreError::damaged("a rank", text);
    let number = |range: std::ops::Range<usize>| {
        i64::from_str_radix(text.get(range).ok_or_else(wrong)?, 16).map_err(|_| wrong())
    };
    let device = text.get(32..).and_then(|d| d.parse().ok()).ok_or_else(wrong)?;
    Ok(Rank {
        time: Recorded(number(0..16)?),
        event: EventId { recorded: Recorded(number(16..32)?), device },
    })
}

impl Work<'_> {
    /// Projects a document that was read and has no projection.
    pub(crate) fn project_reading(&mut self, id: i64, reading: &Reading) -> Result<(), StoreError> {
        let state = match &reading.document {
            _ if reading.newer => "newer",
            Some(_) => "read",
            None if reading.kind.parse::<Kind>().is_err() => "unknown",
            None => "unreadable",
        };
        let detail = reading.problems.first().map(ToString::to_string);
        let head = &reading.head;
        self.note_document(
            id,
            &reading.kind,
            head.site.as_ref(),
            head.number.as_ref(),
            state,
            detail.as_deref(),
            reading.document.as_ref().map(latest).unwrap_or_default(),
        )?;
        reading.document.as_ref().map_or(Ok(()), |document| self.project_body(id, document))
    }

    /// Projects a document that this device has just made.
    pub(crate) fn project(&mut self, id: i64, document: &Document) -> Result<(), StoreError> {
        self.note_read(id, document)?;
        self.project_body(id, document)
    }

    /// Notes what every document's row tells.
    fn note_read(&mut self, id: i64, document: &Document) -> Result<(), StoreError> {
        let head = document.head();
        let kind = document.kind().as_str();
        let latest = latest(document);
        self.note_document(id, kind, head.site.as_ref(), Some(&head.number), "read", None, latest)
    }

    #[expect(clippy::too_many_arguments, reason = "a row's columns")]
    fn note_document(
        &mut self,
        id: i64,
        kind: &str,
        site: Option<&SiteId>,
        number: Option<&Number>,
        state: &str,
        detail: Option<&str>,
        (recorded, intent, historic): (Recorded, bool, bool),
    ) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "UPDATE document SET kind = ?, site = ?, number = ?, state = ?, detail = ?, recorded = ?, intent = ?,
                                     historic = ?
                 WHERE id = ?",
            )
            .and_then(|mut s| {
                s.execute(params![
                    kind,
                    site.map(SiteId::as_str),
                    number.map_or("", Number::as_str),
                    state,
                    detail,
                    recorded.0,
                    intent,
                    historic,
                    id
                ])
            })
            .map_err(StoreError::of)?;
        Ok(())
    }

    fn project_body(&mut self, id: i64, document: &Document) -> Result<(), StoreError> {
        self.project_brought(id, document)?;
        match document {
            Document::Sales(d) => self.project_sales(id, d),
            Document::Return(d) => {
                let d = believed(self.book, d);
                self.project_return(id, &d)?;
                self.project_proof(id, &d)?;
                self.project_judged(id, &d)?;
                self.project_words_of_return(id, &d)
            }
            Document::Adjustment(d) => self.project_adjustment(id, d),
            Document::Transfer(d) => self.project_transfer(id, d),
            Document::SupplierReturn(d) => self.project_supplier_return(id, d),
            Document::Reservation(d) => self.project_reservation(id, d),
            Document::Hold(d) => self.project_hold(id, d),
            Document::Count(d) => self.project_count(id, d).and_then(|()| self.project_words_of_count(id, d)),
            Document::Product(d) => self.project_product(id, d),
            Document::Site(d) => self.project_site(id, d),
            Document::Supplier(d) => self.project_supplier(id, d),
            Document::User(d) => self.project_user(id, d),
            Document::CountPlan(d) => self.project_count_plan(id, d),
            Document::Resolution(d) => self.project_resolution(id, d),
            Document::CashShift(d) => self.project_cash_shift(id, d),
            Document::RedInvoice(d) => self.project_red_invoice(id, d),
            Document::PeriodClose(d) => self.project_period_close(id, d),
            // Settings are read from their document when they are asked for.
            Document::Settings(_) => Ok(()),
        }
    }

    /// Notes what a document's rows have a part in.
    pub(crate) fn touch_document(&mut self, document: i64) -> Result<(), StoreError> {
        self.collect(
            document,
            // Not DISTINCT: for that SQLite would rather walk the whole index by bucket.
            "SELECT bucket FROM posting WHERE org = ? AND document = ?",
            |touched, r| {
                touched.buckets.insert(r.get(0)?);
                Ok(())
            },
        )?;
        self.collect(
            document,
            "SELECT bucket FROM count_bucket WHERE org = ? AND document = ?",
            |touched, r| {
                touched.buckets.insert(r.get(0)?);
                Ok(())
            },
        )?;
        self.collect(
            document,
            "SELECT receipt, line FROM row_claim WHERE org = ? AND document = ?",
            |touched, r| {
                touched.rows.insert((r.get(0)?, r.get(1)?));
                Ok(())
            },
        )?;
        self.collect(
            document,
            "SELECT receipt, line FROM line_claim WHERE org = ? AND document = ?",
            |touched, r| {
                touched.lines.insert((r.get(0)?, r.get(1)?));
                Ok(())
            },
        )?;
        self.unproject_cash(document)?;
        self.collect(
            document,
            "SELECT receipt, sold FROM red_line WHERE org = ? AND document = ?",
            |touched, r| {
                touched.lines.insert((r.get(0)?, r.get(1)?));
                Ok(())
            },
        )
    }

    /// Removes a document's projection, noting what it touched.
    pub(crate) fn unproject(&mut self, document: i64) -> Result<(), StoreError> {
        self.touch_document(document)?;
        let kind: String = self
            .tx
            .prepare_cached("SELECT kind FROM document WHERE id = ?")
            .and_then(|mut s| s.query_row([document], |r| r.get(0)))
            .map_err(StoreError::of)?;
        if kind == Kind::SaleBatch.as_str() {
            self.unproject_sales(document)?;
        }
        self.unproject_replacements(document)?;
        self.unproject_resolution(document)?;
        self.touch_transfer(document)?;
        self.touched.returns.remove(&document);
        for table in [
            "posting",
            "row_claim",
            "line_claim",
            "return_head",
            "return_line",
            "refund",
            "money",
            "cash_paid",
            "cash_shift",
            "period_close",
            "red_invoice",
            "red_line",
            "moved",
            "transfer",
            "supplier_return",
            "reservation",
            "hold",
            "count_head",
            "count_bucket",
            "count_plan",
            "judged",
            "word",
            "provisional",
            "receipt_proof",
            "resolution",
            "brought",
        ] {
            self.tx
                .prepare_cached(&format!("DELETE FROM {table} WHERE org = ? AND document = ?"))
                .and_then(|mut s| s.execute([self.org, document]))
                .map_err(StoreError::of)?;
        }
        self.unproject_master(document, &kind)
    }

    fn collect(
        &mut self,
        document: i64,
        sql: &str,
        mut add: impl FnMut(&mut Touched, &rusqlite::Row<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        let mut statement = self.tx.prepare_cached(sql).map_err(StoreError::of)?;
        let mut rows = statement.query([self.org, document]).map_err(StoreError::of)?;
        while let Some(row) = rows.next().map_err(StoreError::of)? {
            add(&mut self.touched, row).map_err(StoreError::of)?;
        }
        Ok(())
    }

    /// The row of a receipt, made when it isn't there.
    pub(crate) fn receipt(&self, receipt: &ReceiptId) -> Result<i64, StoreError> {
        let till = receipt.till.as_ref().map_or("", |t| t.as_str());
        let key = params![self.org, receipt.site.as_str(), till, receipt.number.as_str()];
        let found: Option<i64> = self
            .tx
            .prepare_cached("SELECT id FROM receipt WHERE org = ? AND site = ? AND till = ? AND number = ?")
            .and_then(|mut s| s.query_row(key, |r| r.get(0)).optional())
            .map_err(StoreError::of)?;
        if let Some(id) = found {
            return Ok(id);
        }
        self.tx
            .prepare_cached("INSERT INTO receipt (org, site, till, number) VALUES (?,?,?,?)")
            .and_then(|mut s| {
                s.execute(params![self.org, receipt.site.as_str(), till, receipt.number.as_str()])
            })
            .map_err(StoreError::of)?;
        Ok(self.tx.last_insert_rowid())
    }

    /// The row of a bucket, made when it isn't there. Remembered for the transaction: an import posts to
    /// the same few thousand over and over.
    fn bucket(&mut self, bucket: &Bucket) -> Result<i64, StoreError> {
        if let Some(id) = self.buckets.get(bucket) {
            return Ok(*id);
        }
        let lot = bucket.lot.as_ref().map_or("", |l| l.as_str());
        let key = params![
            self.org,
            bucket.site.as_str(),
            bucket.sku.as_str(),
            bucket.place,
            lot,
            bucket.account as i64
        ];
        let found: Option<i64> = self
            .tx
            .prepare_cached(
                "SELECT id FROM bucket WHERE org = ? AND site = ? AND sku = ? AND place = ? AND lot = ? AND account = ?",
            )
            .and_then(|mut s| s.query_row(key, |r| r.get(0)).optional())
            .map_err(StoreError::of)?;
        let id = match found {
            Some(id) => id,
            None => {
                self.tx
                    .prepare_cached(
                        "INSERT INTO bucket (org, site, sku, place, lot, account) VALUES (?,?,?,?,?,?)",
                    )
                    .and_then(|mut s| s.execute(key))
                    .map_err(StoreError::of)?;
                self.tx.last_insert_rowid()
            }
        };
        self.buckets.insert(bucket.clone(), id);
        Ok(id)
    }

    /// Writes a document's postings. `position` tells the place in the document of the nth posting's line,
    /// `asserts` whether the movement says how much there is.
    fn post(
        &mut self,
        document: i64,
        postings: &[Posting],
        position: impl Fn(usize) -> i64,
        asserts: bool,
    ) -> Result<(), StoreError> {
        for (ordinal, posting) in postings.iter().enumerate() {
            let bucket = self.bucket(&posting.bucket)?;
            self.touched.buckets.insert(bucket);
            self.tx
                .prepare_cached(
                    "INSERT INTO posting (org, document, ordinal, bucket, position, quantity, value, derived, occurred, asserts)
                     VALUES (?,?,?,?,?,?,?,?,?,?)",
                )
                .and_then(|mut s| {
                    s.execute(params![
                        self.org,
                        document,
                        ordinal as i64,
                        bucket,
                        position(ordinal),
                        posting.quantity.0,
                        posting.value.0,
                        // What a document doesn't say the average does.
                        posting.value == Amount::ZERO,
                        posting.occurred.0,
                        asserts && posting.bucket.account.is_on_hand()
                    ])
                })
                .map_err(StoreError::of)?;
        }
        Ok(())
    }

    /// Notes that a document's line stands for an imported row; which of several does is folded.
    fn claim_row(
        &mut self,
        receipt: i64,
        line: &str,
        document: i64,
        position: i64,
        rank: &str,
    ) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "INSERT INTO row_claim (org, receipt, line, document, position, rank) VALUES (?1,?2,?3,?4,?5,?6)
                 ON CONFLICT DO UPDATE SET rank = ?6",
            )
            .and_then(|mut s| s.execute(params![self.org, receipt, line, document, position, rank]))
            .map_err(StoreError::of)?;
        self.touched.rows.insert((receipt, line.to_owned()));
        Ok(())
    }
}

/// Events that lost against another, one a line: about, stands, loses. `None` when there are none.
fn conflicts_text(conflicts: &[guicang_domain::returns::state::Conflict]) -> Option<String> {
    let line = |c: &guicang_domain::returns::state::Conflict| format!("{} {} {}", c.about, c.stands, c.loses);
    (!conflicts.is_empty()).then(|| conflicts.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// The latest recorded time of a document's events, whether an intent to pay out is among them that no
/// relay has acknowledged, and whether it was brought in with history.
fn latest(document: &Document) -> (Recorded, bool, bool) {
    use guicang_domain::returns::ReturnEvent;
    fn newest<B>(events: &[guicang_domain::event::Event<B>]) -> Recorded {
        // `seen` bounds a rank as `recorded` does: a stamp below either moves it.
        events.iter().map(|e| e.id.recorded.max(Recorded::new(e.seen, 0))).max().unwrap_or_default()
    }
    match document {
        Document::CashShift(d) => (newest(&d.events), false, false),
        Document::RedInvoice(d) => (newest(&d.events), false, false),
        Document::PeriodClose(d) => (newest(&d.events), false, false),
        Document::Transfer(d) => (newest(&d.events), false, false),
        Document::SupplierReturn(d) => (newest(&d.events), false, false),
        Document::Reservation(d) => (newest(&d.events), false, false),
        Document::Hold(d) => (newest(&d.events), false, false),
        Document::Sales(d) => (newest(&d.events), false, d.batch.historic),
        Document::Adjustment(d) => (newest(&d.events), false, d.is_historic()),
        Document::Count(d) => (newest(&d.events), false, false),
        Document::Resolution(d) => (newest(&d.events), false, false),
        Document::Return(d) => {
            let waits = d
                .events
                .iter()
                .any(|e| matches!(e.body, ReturnEvent::PayoutIntended { .. }) && !e.is_acknowledged());
            (newest(&d.events), waits, d.is_historic())
        }
        Document::User(d) => (newest(&d.events), false, false),
        Document::Product(_)
        | Document::Site(_)
        | Document::Supplier(_)
        | Document::Settings(_)
        | Document::CountPlan(_) => (Recorded(0), false, false),
    }
}
