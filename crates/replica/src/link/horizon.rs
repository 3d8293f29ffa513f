//! The horizon: closed documents of long ago let their changes' bytes go, and get them back from the relay when
//! somebody needs them.
//!
//! What surprises: only bytes go. A document's rows, its changes' hashes and their entries stay, so every figure,
//! every sum and every proof is what it would be without a horizon; the rows are facts from then on
//! ([`crate::kept`]). And nobody has to know beforehand which bytes a piece of work needs: a transaction that
//! comes upon bytes that are gone does nothing and names the documents ([`StoreError::LetGo`]); whoever has the
//! line fetches them and does it again.

use guicang_domain::document::{Document, Kind};
use guicang_domain::ids::{ChangeHash, DocumentId};
use guicang_domain::returns::stage::Stage;
use guicang_domain::time::Moment;
use guicang_sync::change::hash_of;
use guicang_sync::documents::DocumentChanges;
use guicang_sync::grant::Role;
use guicang_sync::message::FeedItem;
use guicang_sync::session::Received;
use rusqlite::{OptionalExtension, params};

use crate::error::{CommandError, StoreError};
use crate::facts::{document_by_id, documents_numbered, find_document};
use crate::store::{Replica, Work};

/// The fewest days that a horizon may have: what was sold within the usual time for a return stays whole.
pub const HORIZON_LEAST_DAYS: u32 = 30;

/// The most: a hundred years.
pub const HORIZON_MOST_DAYS: u32 = 36_500;

/// How many documents are looked at in one transaction. A batch of sales is read for it, so these are a few
/// milliseconds in which nobody else writes.
pub const LET_GO_AT_ONCE: u32 = 4;

/// A day, ms: for so long bytes that came back stay, and a document that isn't closed isn't looked at again.
const DAY_MS: i64 = 86_400_000;

/// States of a return in which somebody still expects something of it.
const OPEN_STAGES: &[Stage] = &[
    Stage::Draft,
    Stage::Requested,
    Stage::NeedsInformation,
    Stage::Approved,
    Stage::AwaitingGoods,
    Stage::PartReceived,
    Stage::Received,
    Stage::Quarantine,
    Stage::InRepair,
    Stage::RefundQueued,
    Stage::RefundIntended,
    Stage::RefundAccepted,
    Stage::RefundFailed,
    Stage::Disputed,
];

/// The horizon of a file, and what is beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    /// After so many days without an event; 0: never.
    pub days: u32,
    /// Documents without bytes.
    pub documents: u64,
    /// Bytes that the changes held here take.
    pub change_bytes: u64,
    /// Bytes of the file's pages in use.
    pub file_bytes: u64,
    /// Bytes of the file's pages that are free, to be written again.
    pub free_bytes: u64,
    /// Changes that the relay lost and that were let go here: HQ's replica brings them.
    pub lost: u64,
}

/// What was let go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LetGo {
    /// Documents.
    pub documents: u64,
    /// Their changes' bytes.
    pub bytes: u64,
    /// Whether there may be more.
    pub more: bool,
}

/// A document that may be beyond the horizon.
struct Old {
    id: i64,
    kind: String,
    bytes: u64,
}

impl Replica {
    /// The horizon and what is beyond it.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn horizon(&self) -> Result<Horizon, StoreError> {
        let number = |sql: &str| -> Result<u64, StoreError> {
            self.db.query_row(sql, [self.identity.org], |r| r.get(0)).map_err(StoreError::of)
        };
        let pragma = |name: &str| self.db.pragma_query_value(None, name, |r| r.get::<_, u64>(0));
        let (size, free) = (pragma("page_size"), pragma("freelist_count"));
        let (size, free) = (size.map_err(StoreError::of)?, free.map_err(StoreError::of)?);
        let pages = pragma("page_count").map_err(StoreError::of)?;
        Ok(Horizon {
            days: self.horizon_days()?,
            documents: number("SELECT count(*) FROM document WHERE org = ? AND let_go = 1")?,
            change_bytes: number("SELECT coalesce(sum(length(bytes)), 0) FROM change WHERE org = ?")?,
            file_bytes: (pages - free) * size,
            free_bytes: free * size,
            lost: self.lost_beyond_horizon()?,
        })
    }

    fn horizon_days(&self) -> Result<u32, StoreError> {
        self.db
            .prepare_cached("SELECT horizon_days FROM self WHERE org = ?")
            .and_then(|mut s| s.query_row([self.identity.org], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// How many changes the relay lost that were let go here. They can't be offered to it; HQ's replica, which
    /// lets nothing go, brings them.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn lost_beyond_horizon(&self) -> Result<u64, StoreError> {
        self.db
            .prepare_cached(
                "SELECT count(DISTINCT s.item) FROM stray s JOIN change c ON c.id = s.item
                 WHERE s.org = ? AND s.item > 0 AND c.bytes IS NULL",
            )
            .and_then(|mut s| s.query_row([self.identity.org], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// Sets after how many days a closed document's bytes go; 0: never.
    ///
    /// # Errors
    /// [`CommandError::Horizon`] when these are too few or too many, or this is HQ's replica, which keeps everything.
    pub fn set_horizon(&mut self, days: u32) -> Result<(), CommandError> {
        let fits = days == 0 || (HORIZON_LEAST_DAYS..=HORIZON_MOST_DAYS).contains(&days);
        if !matches!(self.identity.role, Role::Site(_)) || !fits {
            let (least, most) = (HORIZON_LEAST_DAYS, HORIZON_MOST_DAYS);
            return Err(CommandError::Horizon { found: days, least, most });
        }
        self.write(|work| {
            work.tx
                .execute("UPDATE self SET horizon_days = ? WHERE org = ?", params![days, work.org])
                .map(drop)
                .map_err(|e| StoreError::of(e).into())
        })
    }

    /// Lets the bytes of documents beyond the horizon go, of at most `documents` that are looked at. Nothing
    /// goes while a feed isn't proven equal: the relay then may lack it.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read or written.
    pub fn let_go(&mut self, documents: u32) -> Result<LetGo, StoreError> {
        self.write(|work| work.let_go(documents, false))
    }

    /// What [`Replica::let_go`] would let go if it looked at everything.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn would_let_go(&mut self) -> Result<LetGo, StoreError> {
        self.write(|work| work.let_go(u32::MAX, true))
    }

    /// Gives the space that was freed back to the disk: writes the file anew.
    ///
    /// # Errors
    /// [`StoreError::Busy`] while another process uses the file, [`StoreError::Full`] without room for a copy.
    pub fn shrink(&mut self) -> Result<(), StoreError> {
        self.db.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").map_err(StoreError::of)
    }

    /// The documents without bytes that what came touches: to be fetched before it is applied.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn lacks(&self, received: &Received) -> Result<Vec<DocumentId>, StoreError> {
        let mut lacking = Vec::new();
        for item in received.feeds.iter().flat_map(|feed| &feed.items) {
            let FeedItem::Entry(entry) = item else { continue };
            let author = entry.device.unwrap_or(self.identity.device);
            for change in &entry.changes {
                let document = change.document(author);
                if !lacking.contains(&document) && self.is_let_go(document)? {
                    lacking.push(document);
                }
            }
        }
        Ok(lacking)
    }

    fn is_let_go(&self, document: DocumentId) -> Result<bool, StoreError> {
        self.db
            .prepare_cached("SELECT let_go FROM document WHERE org = ? AND identity = ?")
            .and_then(|mut s| {
                s.query_row(params![self.identity.org, document.to_bytes()], |r| r.get(0)).optional()
            })
            .map(|found| found.unwrap_or(false))
            .map_err(StoreError::of)
    }

    /// The documents of a number, or of an identity, whose bytes aren't here.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn let_go_named(&self, text: &str) -> Result<Vec<DocumentId>, StoreError> {
        let org = self.identity.org;
        let found: Vec<_> = match text.trim().parse::<DocumentId>() {
            Ok(identity) => find_document(&self.db, org, identity)?.into_iter().collect(),
            Err(_) => documents_numbered(&self.db, org, &text.trim().to_uppercase())?,
        };
        let mut lacking = Vec::new();
        for row in found {
            if self.is_let_go(row.identity)? {
                lacking.push(row.identity);
            }
        }
        Ok(lacking)
    }

    /// Keeps the bytes of documents that the relay has sent back, and says how many documents are whole again.
    /// They stay for a day, or for as long as what happens to the document keeps it within the horizon.
    ///
    /// Nothing is believed: a change's bytes count only where they have the hash that is held.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written.
    pub fn take_back(&mut self, documents: &[DocumentChanges]) -> Result<u64, StoreError> {
        self.write(|work| {
            let mut whole = 0;
            for document in documents {
                whole += u64::from(work.take_back(document)?);
            }
            Ok(whole)
        })
    }
}

impl Work<'_> {
    fn let_go(&mut self, documents: u32, only_count: bool) -> Result<LetGo, StoreError> {
        let mut done = LetGo::default();
        let days: i64 = self
            .tx
            .prepare_cached("SELECT horizon_days FROM self WHERE org = ? AND mending = 0")
            .and_then(|mut s| s.query_row([self.org], |r| r.get(0)).optional())
            .map_err(StoreError::of)?
            .unwrap_or(0);
        if days == 0 || !matches!(self.me.role, Role::Site(_)) || !self.is_proven()? {
            return Ok(done);
        }
        let before = Moment(self.now.0 - days * DAY_MS);
        let old = self.older_than(before, documents)?;
        done.more = old.len() as u64 >= u64::from(documents);
        for document in old {
            if !self.is_closed(&document)? || !self.is_settled(document.id)? {
                if !only_count {
                    self.looked_at(document.id)?;
                }
                continue;
            }
            (done.documents, done.bytes) = (done.documents + 1, done.bytes + document.bytes);
            if only_count {
                continue;
            }
            for sql in [
                "UPDATE change SET bytes = NULL WHERE org = ? AND document = ?",
                "UPDATE document SET let_go = 1 WHERE org = ? AND id = ?",
            ] {
                self.tx
                    .prepare_cached(sql)
                    .and_then(|mut s| s.execute([self.org, document.id]))
                    .map_err(StoreError::of)?;
            }
        }
        Ok(done)
    }

    /// Whether all feeds were equal with the relay's when they were compared last, and nothing is stray.
    fn is_proven(&self) -> Result<bool, StoreError> {
        self.tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM cursor WHERE org = ?1)
                    AND NOT EXISTS (SELECT 1 FROM cursor WHERE org = ?1 AND (agreed IS NOT 1 OR differs IS NOT NULL))
                    AND NOT EXISTS (SELECT 1 FROM stray WHERE org = ?1)",
            )
            .and_then(|mut s| s.query_row([self.org], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// Sales, returns and movements whose last event is older: what a branch has most of. Other kinds are few,
    /// and lists of them are read from the documents.
    fn older_than(&self, before: Moment, limit: u32) -> Result<Vec<Old>, StoreError> {
        let mut statement = self
            .tx
            .prepare_cached(
                "SELECT d.id, d.kind, (SELECT sum(length(c.bytes)) FROM change c
                                       WHERE c.org = d.org AND c.document = d.id)
                 FROM document d
                 WHERE d.org = ?1 AND d.let_go = 0 AND d.recorded > 0
                   AND d.kind IN ('sale_batch', 'return', 'adjustment')
                   AND d.recorded < ?2 << 16 AND d.looked_at < ?3 AND d.state = 'read' AND d.intent = 0
                 ORDER BY d.recorded LIMIT ?4",
            )
            .map_err(StoreError::of)?;
        let rows = statement
            .query_map(params![self.org, before.0, self.now.0 - DAY_MS, limit], |r| {
                Ok(Old { id: r.get(0)?, kind: r.get(1)?, bytes: r.get::<_, Option<u64>>(2)?.unwrap_or(0) })
            })
            .map_err(StoreError::of)?;
        rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)
    }

    /// Whether nothing is expected of a document any more. A return without a sale waits for none: most never find
    /// one, and if HQ links one after all, that brings the document back.
    fn is_closed(&self, old: &Old) -> Result<bool, StoreError> {
        if old.kind == Kind::SaleBatch.as_str() {
            return self.tells_alone(old.id);
        }
        let contested: bool = self
            .tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM row_claim c JOIN row_claim o
                     ON o.org = c.org AND o.receipt = c.receipt AND o.line = c.line AND o.document <> c.document
                     WHERE c.org = ? AND c.document = ?)",
            )
            .and_then(|mut s| s.query_row([self.org, old.id], |r| r.get(0)))
            .map_err(StoreError::of)?;
        if contested {
            return Ok(false);
        }
        if old.kind != Kind::Return.as_str() {
            return Ok(true);
        }
        let states: Option<String> = self
            .tx
            .prepare_cached(
                "SELECT states FROM return_head WHERE org = ? AND document = ?
                   AND queued = 0 AND over = 0 AND excess = 0 AND clock = 0 AND credit_short = 0
                   AND conflicts IS NULL AND overspent IS NULL AND (historic OR committed >= entitled)",
            )
            .and_then(|mut s| s.query_row([self.org, old.id], |r| r.get(0)).optional())
            .map_err(StoreError::of)?;
        Ok(states.is_some_and(|states| {
            let mut each = states.split_whitespace();
            each.all(|state| !OPEN_STAGES.iter().any(|open| open.as_str() == state))
        }))
    }

    /// Whether a batch of sales shares no receipt and no row with another document. What two tell of one sale is
    /// compared by reading both, whenever either's rows are folded.
    fn tells_alone(&self, document: i64) -> Result<bool, StoreError> {
        let row = document_by_id(&self.tx, document)?;
        let (_, reading) = self.load(&row)?;
        let Some(Document::Sales(sales)) = reading.document else { return Ok(false) };
        for receipt in &sales.batch.receipts {
            let receipt = self.receipt(&sales.batch.receipt_id(receipt))?;
            let shared: bool = self
                .tx
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM receipt WHERE id = ?2 AND document IS NOT ?3)
                         OR EXISTS (SELECT 1 FROM receipt_line WHERE org = ?1 AND receipt = ?2 AND document <> ?3)
                         OR EXISTS (SELECT 1 FROM row_claim WHERE org = ?1 AND receipt = ?2)",
                )
                .and_then(|mut s| s.query_row(params![self.org, receipt, document], |r| r.get(0)))
                .map_err(StoreError::of)?;
            if shared {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the relay has all of a document's changes, by its own stamp, and none was refused or set apart.
    fn is_settled(&self, document: i64) -> Result<bool, StoreError> {
        self.tx
            .prepare_cached(
                "SELECT NOT EXISTS (
                     SELECT 1 FROM change c LEFT JOIN entry e ON e.id = c.entry
                     WHERE c.org = ?1 AND c.document = ?2
                       AND (c.status <> 0 OR c.bytes IS NULL OR e.id IS NULL OR e.sequence < 0 OR e.stamp_time IS NULL
                            OR (e.device = ?3 AND e.sequence > (SELECT acknowledged FROM self WHERE org = ?1))))",
            )
            .and_then(|mut s| s.query_row(params![self.org, document, self.me.device.0], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    fn looked_at(&self, document: i64) -> Result<(), StoreError> {
        self.tx
            .prepare_cached("UPDATE document SET looked_at = ? WHERE id = ?")
            .and_then(|mut s| s.execute([self.now.0, document]))
            .map(drop)
            .map_err(StoreError::of)
    }

    fn take_back(&mut self, document: &DocumentChanges) -> Result<bool, StoreError> {
        let Some(row) = find_document(&self.tx, self.org, document.document)? else { return Ok(false) };
        for bytes in &document.changes {
            let Ok(hash) = hash_of(bytes) else { continue };
            self.fill(row.id, hash, bytes)?;
        }
        let whole: bool = self
            .tx
            .prepare_cached(
                "SELECT NOT EXISTS (SELECT 1 FROM change WHERE org = ? AND document = ? AND bytes IS NULL)",
            )
            .and_then(|mut s| s.query_row([self.org, row.id], |r| r.get(0)))
            .map_err(StoreError::of)?;
        if !whole {
            return Ok(false);
        }
        self.tx
            .prepare_cached("UPDATE document SET let_go = 0, looked_at = ? WHERE id = ? AND let_go = 1")
            .and_then(|mut s| s.execute([self.now.0, row.id]))
            .map(|changed| changed == 1)
            .map_err(StoreError::of)
    }

    fn fill(&self, document: i64, hash: ChangeHash, bytes: &[u8]) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "UPDATE change SET bytes = ? WHERE org = ? AND hash = ? AND document = ? AND bytes IS NULL",
            )
            .and_then(|mut s| s.execute(params![bytes, self.org, hash.0, document]))
            .map(drop)
            .map_err(StoreError::of)
    }
}
