//! Digest, rebuild and doctor: do the projections say what the facts say?

use guicang_documents::header;
use guicang_sync::entry::{ChangeRef, root};
use guicang_sync::stamp::Stamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use crate::error::StoreError;
use crate::facts::split_sites;
use crate::project::Touched;
use crate::store::{Replica, Work};

/// Everything that is shown, by names that any replica of the same facts has: no row ids.
const SHOWN: &[&str] = &[
    "SELECT identity, kind, site, number, sites, state FROM document WHERE org = ?1 AND state <> 'unreadable' ORDER BY identity",
    "SELECT code, name, zone, currency FROM site WHERE org = ?1 ORDER BY code",
    "SELECT code, name FROM supplier WHERE org = ?1 ORDER BY code",
    "SELECT name, role, sites, active FROM staff WHERE org = ?1 ORDER BY name",
    "SELECT d.identity, a.since, a.until FROM absence a JOIN document d ON d.id = a.document
     WHERE a.org = ?1 ORDER BY d.identity, a.ordinal",
    "SELECT d.identity, w.event, w.name, w.time FROM word w JOIN document d ON d.id = w.document
     WHERE w.org = ?1 ORDER BY d.identity, w.event",
    "SELECT sku, name, category, service, cost, list_price FROM product WHERE org = ?1 ORDER BY sku",
    "SELECT DISTINCT barcode, sku FROM product_barcode WHERE org = ?1 ORDER BY barcode, sku",
    "SELECT r.site, r.till, r.number, r.occurred, r.customer, l.line, d.identity, l.position, l.sku, l.code,
            l.quantity, l.paid, l.service, l.cost, l.lot, l.list_price, l.bundle
     FROM receipt r JOIN receipt_line l ON l.org = r.org AND l.receipt = r.id JOIN document d ON d.id = l.document
     WHERE r.org = ?1 ORDER BY r.site, r.till, r.number, l.line",
    "SELECT r.site, r.till, r.number, c.line, d.identity, c.position, c.quantity, c.pinned, c.rank, c.allowance,
            c.counts, c.voided, c.valid, c.excess, c.entitled, c.seen, c.twin
     FROM line_claim c JOIN receipt r ON r.id = c.receipt JOIN document d ON d.id = c.document
     WHERE c.org = ?1 ORDER BY r.site, r.till, r.number, c.line, d.identity, c.position",
    "SELECT d.identity, h.occurred, h.site, h.currency, h.historic, h.states, h.accepted, h.queued, h.paid,
            h.committed, h.arrived, h.conflicts, h.clock, h.deducted, h.sold, h.settled, h.paid_last, h.entitled, h.excess,
            h.unverified, h.over, h.credit_short, h.overspent
     FROM return_head h JOIN document d ON d.id = h.document WHERE h.org = ?1 ORDER BY d.identity",
    "SELECT d.identity, l.position, l.line, l.sku, l.quantity, l.kept, l.valid, l.value, l.counts
     FROM return_line l JOIN document d ON d.id = l.document WHERE l.org = ?1 ORDER BY d.identity, l.position",
    "SELECT d.identity, f.refund, f.tender, f.amount, f.paid, f.state, f.paid_at FROM refund f JOIN document d ON d.id = f.document
     WHERE f.org = ?1 ORDER BY d.identity, f.refund",
    "SELECT b.site, b.sku, b.place, b.lot, b.account, s.quantity, s.value, s.asserted
     FROM bucket b JOIN stock s ON s.org = b.org AND s.bucket = b.id WHERE b.org = ?1 AND (s.quantity <> 0 OR s.value <> 0 OR s.asserted)
     ORDER BY b.site, b.sku, b.place, b.lot, b.account",
    "SELECT d.identity, m.account, m.site, m.currency, m.amount, m.occurred FROM money m
     JOIN document d ON d.id = m.document WHERE m.org = ?1 ORDER BY d.identity, m.account, m.occurred",
    "SELECT d.identity, m.position, m.site, m.movement, m.quantity, m.value, m.counts FROM moved m
     JOIN document d ON d.id = m.document WHERE m.org = ?1 ORDER BY d.identity, m.position",
    "SELECT site, till, number, cash, invoice FROM receipt WHERE org = ?1 AND (cash <> 0 OR invoice IS NOT NULL)
     ORDER BY site, till, number",
    "SELECT d.identity, p.event, p.site, p.device, p.amount, p.occurred FROM cash_paid p
     JOIN document d ON d.id = p.document WHERE p.org = ?1 ORDER BY d.identity, p.event",
    "SELECT d.identity, c.site, c.till, c.shift, c.date, c.device, c.rank, c.opened, c.until, c.opening, c.counted,
            c.paid_in, c.paid_out, c.seen_sales, c.seen_receipts, c.seen_refunds, c.seen_in, c.seen_out,
            c.conflicts, c.sales, c.receipts, c.refunds, c.overlap
     FROM cash_shift c JOIN document d ON d.id = c.document WHERE c.org = ?1 ORDER BY d.identity",
    "SELECT d.identity, i.returned, i.state, l.line, l.of, l.sold, l.quantity, l.amount, l.tax, l.counts, l.issued
     FROM red_invoice i JOIN red_line l ON l.org = i.org AND l.document = i.document
     JOIN document d ON d.id = i.document WHERE i.org = ?1 ORDER BY d.identity, l.line",
    "SELECT d.identity, p.period, p.event, p.rank FROM period_close p JOIN document d ON d.id = p.document
     WHERE p.org = ?1 ORDER BY d.identity",
    "SELECT d.identity, b.import, b.file, b.rows, b.reversed FROM brought b
     JOIN document d ON d.id = b.document WHERE b.org = ?1 ORDER BY d.identity",
    "SELECT d.identity, t.sender, t.receiver, t.joined, t.states, t.since, t.open, t.short, t.over, t.lost, t.conflicts
     FROM transfer t JOIN document d ON d.id = t.document WHERE t.org = ?1 ORDER BY d.identity",
    "SELECT d.identity, s.supplier, s.states, s.claimed, s.credited, s.open, s.open_value, s.conflicts
     FROM supplier_return s JOIN document d ON d.id = s.document WHERE s.org = ?1 ORDER BY d.identity",
    "SELECT d.identity, r.position, r.site, r.sku, r.place, r.lot, r.kept, r.until
     FROM reservation r JOIN document d ON d.id = r.document WHERE r.org = ?1 ORDER BY d.identity, r.position",
    "SELECT d.identity, h.position, h.site, r.site, r.till, r.number, h.line, h.sku, h.quantity, h.sold, h.paid, h.state,
            h.rank, h.until
     FROM hold h JOIN document d ON d.id = h.document JOIN receipt r ON r.id = h.receipt WHERE h.org = ?1
     ORDER BY d.identity, h.position",
    "SELECT d.identity, h.site, h.stage, h.opened, h.blind, h.places, h.skus, h.category, h.plan, h.counters, h.closed,
            h.approved, h.approver, h.losers
     FROM count_head h JOIN document d ON d.id = h.document WHERE h.org = ?1 ORDER BY d.identity",
    "SELECT d.identity, c.position, b.place, b.sku, b.lot, b.account, c.counted, c.first, c.last, c.devices, c.cost,
            c.unscanned, c.unclear, c.holds, c.seen, c.book, c.variance, c.near
     FROM count_bucket c JOIN document d ON d.id = c.document JOIN bucket b ON b.id = c.bucket
     WHERE c.org = ?1 ORDER BY d.identity, c.position",
    "SELECT d.identity, p.name, p.site, p.every_days, p.starts FROM count_plan p JOIN document d ON d.id = p.document
      WHERE p.org = ?1 ORDER BY d.identity",
    "SELECT d.identity, j.event, j.version, j.time, j.occurred FROM judged j JOIN document d ON d.id = j.document
     WHERE j.org = ?1 ORDER BY d.identity, j.event",
    "SELECT d.identity, p.site, p.day, p.receipt, p.value, p.proven FROM provisional p JOIN document d ON d.id = p.document
     WHERE p.org = ?1 ORDER BY d.identity",
    "SELECT d.identity, p.signer, p.stands, p.verified FROM receipt_proof p JOIN document d ON d.id = p.document
     WHERE p.org = ?1 ORDER BY d.identity",
    "SELECT site, till, number, open_lines, open_worth, worst_line, worst_worth FROM receipt
     WHERE org = ?1 AND open_lines > 0 ORDER BY site, till, number",
    "SELECT r.site, r.till, r.number, c.line, d.identity, c.position, s.identity, c.differs
     FROM sale_changed c JOIN receipt r ON r.id = c.receipt JOIN document d ON d.id = c.document
     JOIN document s ON s.id = c.standing WHERE c.org = ?1
     ORDER BY r.site, r.till, r.number, c.line, d.identity, c.position",
    "SELECT d.identity, r.exception, r.action, r.owner, r.amount, r.seen FROM resolution r
     JOIN document d ON d.id = r.document WHERE r.org = ?1 ORDER BY d.identity",
];

/// What a rebuild did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many documents were projected.
    pub documents: u64,
    /// The projections' digest before.
    pub before: [u8; 32],
    /// The projections' digest after; equal unless something was wrong, or the rules are newer.
    pub after: [u8; 32],
}

/// Something that the doctor found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What, as a stable code: `file`, `change_hash`, `entry_root`, `entry_signature`, `entry_chain`,
    /// `stamp`, `stock_balance`, `money_balance`, `projection`.
    pub code: &'static str,
    /// Where and how it shows.
    pub detail: String,
}

impl Replica {
    /// SHA-256 over everything that is shown: equal on any two replicas that hold the same facts,
    /// whatever order these came in.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn digest(&self) -> Result<[u8; 32], StoreError> {
        digest(&self.db, self.identity.org)
    }

    /// Drops every projection and makes it anew from the facts, in one transaction. `progress` is told
    /// how many documents are done, of how many.
    ///
    /// # Errors
    /// [`StoreError`]; the projections are as they were then.
    pub fn rebuild(&mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<Rebuilt, StoreError> {
        self.write(|work| {
            work.try_again()?;
            work.rebuild(progress)
        })
    }

    /// Checks file, hashes, signatures, chains, stamps, sums and projections. Nothing is changed: the
    /// rebuild that the projections are compared with is rolled back.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read at all.
    pub fn doctor(&mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<Vec<Finding>, StoreError> {
        let mut findings = Vec::new();
        self.check_file(&mut findings)?;
        self.check_changes(&mut findings)?;
        self.check_entries(&mut findings)?;
        self.check_sums(&mut findings)?;
        findings.extend(self.wrong_feeds()?.into_iter().map(|detail| Finding { code: "sum", detail }));
        // The error carries the answer out, so that the transaction is rolled back.
        match self.write(|work| Err::<(), _>(RolledBack::Rebuilt(work.rebuild(progress)?))) {
            Ok(()) => {}
            Err(RolledBack::Rebuilt(done)) if done.before == done.after => {}
            Err(RolledBack::Rebuilt(done)) => findings.push(Finding {
                code: "projection",
                detail: format!("digest {}, rebuilt {}", hex(&done.before), hex(&done.after)),
            }),
            Err(RolledBack::Store(error)) => return Err(error),
        }
        Ok(findings)
    }

    fn check_file(&self, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
        let mut statement = self.db.prepare("PRAGMA integrity_check(20)").map_err(StoreError::of)?;
        let rows = statement.query_map([], |r| r.get::<_, String>(0)).map_err(StoreError::of)?;
        for row in rows {
            let detail = row.map_err(StoreError::of)?;
            if detail != "ok" {
                findings.push(Finding { code: "file", detail });
            }
        }
        Ok(())
    }

    fn check_changes(&self, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
        let mut statement = self
            .db
            .prepare("SELECT hash, bytes FROM change WHERE org = ? AND bytes IS NOT NULL AND status <> 3")
            .map_err(StoreError::of)?;
        let mut rows = statement.query([self.identity.org]).map_err(StoreError::of)?;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let hash: [u8; 32] = r.get(0).map_err(StoreError::of)?;
            let bytes: Vec<u8> = r.get(1).map_err(StoreError::of)?;
            let found = header(&bytes).map(|h| h.hash.0);
            if found.as_ref() != Ok(&hash) {
                let says = found.map_or_else(|e| e.to_string(), |h| format!("its bytes give {}", hex(&h)));
                findings.push(Finding { code: "change_hash", detail: format!("{}: {says}", hex(&hash)) });
            }
        }
        Ok(())
    }

    /// This device's entries in full, with their chain; others', of which some may be elsewhere: head hash,
    /// signature, stamp.
    fn check_entries(&self, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
        use guicang_domain::ids::{DeviceId, EntryHash};
        use guicang_sync::entry::{EntryHead, SealedEntry};
        use guicang_sync::keys::Signature;
        let mut statement = self
            .db
            .prepare(
                "SELECT id, device, sequence, hash, previous, root, time, signature, stamp_time, stamp_relay, stamp,
                        pulled FROM entry WHERE org = ? AND sequence > 0 ORDER BY device, sequence, hash",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query([self.identity.org]).map_err(StoreError::of)?;
        let mut last: Option<(u64, EntryHash)> = None;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                let head = EntryHead {
                    device: DeviceId(r.get(1)?),
                    sequence: r.get(2)?,
                    previous: EntryHash(r.get(4)?),
                    root: r.get(5)?,
                    time: guicang_domain::time::Moment(r.get(6)?),
                };
                let stamp: Option<(i64, [u8; 16], [u8; 64])> = match r.get::<_, Option<i64>>(8)? {
                    Some(time) => Some((time, r.get(9)?, r.get(10)?)),
                    None => None,
                };
                let sealed = SealedEntry { head, signature: Signature(r.get(7)?) };
                Ok((r.get::<_, i64>(0)?, sealed, EntryHash(r.get(3)?), stamp, r.get(11)?))
            };
            let (id, sealed, hash, stamp, pulled): (_, _, _, _, bool) = read().map_err(StoreError::of)?;
            let head = &sealed.head;
            let named = format!("entry {} of device {}", head.sequence, head.device);
            let key = self.book.device(head.device).map(|d| d.grant.key);
            if sealed.head.hash() != hash || !key.is_some_and(|k| sealed.check(&k)) {
                findings.push(Finding { code: "entry_signature", detail: named.clone() });
            }
            let whole = head.device == self.identity.device && !pulled;
            let follows = last.as_ref().filter(|(sequence, _)| whole && sequence + 1 == head.sequence);
            if follows.is_some_and(|(_, before)| *before != head.previous) {
                findings.push(Finding { code: "entry_chain", detail: named.clone() });
            }
            if whole {
                last = Some((head.sequence, hash));
            }
            if let Some((time, relay, signature)) = stamp {
                let stamp = Stamp {
                    entry: hash,
                    time: guicang_domain::time::Moment(time),
                    relay: DeviceId(relay),
                    signature: Signature(signature),
                };
                if !stamp.counts(&self.book) {
                    findings.push(Finding { code: "stamp", detail: named.clone() });
                }
            }
            if whole && root(&self.leaves(id)?) != head.root {
                findings.push(Finding { code: "entry_root", detail: named });
            }
        }
        Ok(())
    }

    fn leaves(&self, entry: i64) -> Result<Vec<[u8; 32]>, StoreError> {
        use guicang_domain::ids::{ChangeHash, DocumentId};
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT d.identity, c.sites_added, c.hash FROM change c JOIN document d ON d.id = c.document
                 WHERE c.org = ? AND c.entry = ? ORDER BY c.leaf",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query([self.identity.org, entry]).map_err(StoreError::of)?;
        let mut out = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                Ok((r.get::<_, [u8; 32]>(0)?, r.get::<_, String>(1)?, ChangeHash(r.get(2)?)))
            };
            let (document, sites, hash) = read().map_err(StoreError::of)?;
            let document = DocumentId::from_slice(&document)
                .map_err(|e| StoreError::damaged("a document's identity", e))?;
            out.push(ChangeRef { document, sites_added: split_sites(&sites)?, hash }.leaf());
        }
        Ok(out)
    }

    /// Every document's postings of stock and of money sum to zero.
    fn check_sums(&self, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
        for (code, sql) in [
            (
                "stock_balance",
                "SELECT d.number || ' ' || b.sku || ' ' || b.lot || ' ' || sum(p.quantity) FROM posting p
                 JOIN bucket b ON b.id = p.bucket JOIN document d ON d.id = p.document WHERE p.org = ?
                 GROUP BY p.document, b.sku, b.lot HAVING sum(p.quantity) <> 0",
            ),
            (
                "money_balance",
                "SELECT d.number || ' ' || m.currency || ' ' || sum(m.amount) FROM money m
                 JOIN document d ON d.id = m.document WHERE m.org = ?
                 GROUP BY m.document, m.currency HAVING sum(m.amount) <> 0",
            ),
        ] {
            let mut statement = self.db.prepare(sql).map_err(StoreError::of)?;
            let rows = statement
                .query_map(params![self.identity.org], |r| r.get::<_, String>(0))
                .map_err(StoreError::of)?;
            for row in rows {
                findings.push(Finding { code, detail: row.map_err(StoreError::of)? });
            }
        }
        Ok(())
    }
}

/// Why the doctor's rebuild was rolled back: it was done, or it couldn't be.
enum RolledBack {
    Rebuilt(Rebuilt),
    Store(StoreError),
}

impl From<StoreError> for RolledBack {
    fn from(error: StoreError) -> Self {
        RolledBack::Store(error)
    }
}

impl Work<'_> {
    /// Drops every projection and makes it anew from the changes that stand.
    pub(crate) fn rebuild(&mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<Rebuilt, StoreError> {
        let before = digest(&self.tx, self.org)?;
        let kept = self.begin_kept()?;
        for table in [
            "site",
            "supplier",
            "staff",
            "absence",
            "word",
            "product",
            "product_barcode",
            "receipt",
            "receipt_line",
            "row_claim",
            "sale_changed",
            "return_head",
            "return_line",
            "line_claim",
            "refund",
            "bucket",
            "posting",
            "stock",
            "money",
            "cash_paid",
            "cash_shift",
            "period_close",
            "red_invoice",
            "red_line",
            "moved",
            "brought",
            "transfer",
            "supplier_return",
            "reservation",
            "hold",
            "count_head",
            "count_bucket",
            "count_plan",
            "judged",
            "provisional",
            "receipt_proof",
            "resolution",
            "resolution_claim",
        ] {
            self.tx
                .execute(&format!("DELETE FROM {table} WHERE org = ?1{}", kept.but(table)), [self.org])
                .map_err(StoreError::of)?;
        }
        self.touched = Touched::default();
        self.buckets.clear();
        self.touch_kept(&kept)?;
        let documents: Vec<i64> = {
            let mut statement = self
                .tx
                .prepare("SELECT id FROM document WHERE org = ? AND let_go = 0 ORDER BY id")
                .map_err(StoreError::of)?;
            let rows = statement.query_map([self.org], |r| r.get(0)).map_err(StoreError::of)?;
            rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
        };
        let total = documents.len() as u64;
        for (done, document) in documents.into_iter().enumerate() {
            let row = crate::facts::document_by_id(&self.tx, document)?;
            let held = crate::facts::standing(&self.tx, self.org, self.book, self.me.device, document)?;
            if !held.changes.is_empty() {
                let (_, reading) = held.read(row.identity)?;
                self.project_reading(document, &reading)?;
            }
            progress(done as u64 + 1, total);
        }
        self.fold_touched()?;
        let after = digest(&self.tx, self.org)?;
        Ok(Rebuilt { documents: total, before, after })
    }
}

fn digest(db: &Connection, org: i64) -> Result<[u8; 32], StoreError> {
    let mut hash = Sha256::new();
    for (n, sql) in SHOWN.iter().enumerate() {
        hash.update([n as u8]);
        let mut statement = db.prepare_cached(sql).map_err(StoreError::of)?;
        let columns = statement.column_count();
        let mut rows = statement.query([org]).map_err(StoreError::of)?;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            for column in 0..columns {
                match r.get_ref(column).map_err(StoreError::of)? {
                    ValueRef::Null => hash.update([0]),
                    ValueRef::Integer(i) => {
                        hash.update([1]);
                        hash.update(i.to_be_bytes());
                    }
                    ValueRef::Real(f) => {
                        hash.update([2]);
                        hash.update(f.to_be_bytes());
                    }
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                        hash.update([3]);
                        hash.update((bytes.len() as u64).to_be_bytes());
                        hash.update(bytes);
                    }
                }
            }
        }
    }
    Ok(hash.finalize().into())
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
