//! Verifying a period's close: just the facts that it names are folded anew, in a file of their own, and what
//! they come to is compared with what was recorded.
//!
//! What surprises: stamps are part of the facts. A stamp that came after the close may move an event's rank,
//! so entries that weren't known to be acknowledged then are taken as not acknowledged. The scratch file has
//! no key: nothing can be sealed in it.

use std::path::Path;

use guicang_domain::ids::Number;
use guicang_domain::period::{Cut, FigureKey, Figures, Period, PeriodClose, Sums};
use guicang_sync::sum::RunningSum;
use rusqlite::{Connection, params};

use crate::ambient::Ambient;
use crate::error::{CommandError, OpenError, StoreError};
use crate::queries::figures::{Whose, figures};
use crate::queries::periods::all_recorded;
use crate::store::Replica;

/// What verifying a close found.
#[derive(Debug, Clone)]
pub struct PeriodVerified {
    /// The close's number.
    pub number: Number,
    /// The period.
    pub period: Period,
    /// How many of the changes that it names are here, of how many.
    pub changes: (u64, u64),
    /// Whether they are the same ones.
    pub same_facts: bool,
    /// The figures that differ; none when all are equal.
    pub differences: Vec<FigureDifference>,
}

impl PeriodVerified {
    /// Whether the facts and the figures are the same.
    pub fn is_equal(&self) -> bool {
        self.same_facts && self.differences.is_empty()
    }
}

/// A figure that was recorded otherwise than its facts come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureDifference {
    /// Which.
    pub key: FigureKey,
    /// Whether it is the figure since the books began, rather than the period's own.
    pub to_date: bool,
    /// What was recorded.
    pub recorded: Sums,
    /// What the facts come to.
    pub counted: Sums,
}

impl Replica {
    /// Folds just the facts of a period's close anew, in a new file at `scratch`, and compares. The file is
    /// removed again.
    ///
    /// # Errors
    /// [`CommandError::PeriodOpen`]; [`CommandError::Store`] when a file can't be read or written.
    pub fn verify_period(&mut self, period: Period, scratch: &Path) -> Result<PeriodVerified, CommandError> {
        let closes = self.periods()?;
        let close = closes.into_iter().find(|c| c.period == period);
        let close = close.ok_or(CommandError::PeriodOpen { period })?;
        let done = self.count_again(&close, scratch);
        for ending in ["", "-wal", "-shm"] {
            let mut name = scratch.as_os_str().to_owned();
            name.push(ending);
            // What isn't there needn't go.
            let _ = std::fs::remove_file(name);
        }
        Ok(done?)
    }

    fn count_again(&mut self, close: &PeriodClose, path: &Path) -> Result<PeriodVerified, StoreError> {
        crate::store::lay_out(path).map_err(StoreError::of)?;
        self.copy_facts(&close.recorded.cut, path)?;
        let now = (self.ambient.now)();
        let ambient = Ambient { now: Box::new(move || now), fill: Box::new(|b| b.fill(0)), machine: None };
        let mut copy = Replica::open(path, ambient).map_err(|e| match e {
            OpenError::Store(e) => e,
            other => StoreError::damaged("the file to count again in", other),
        })?;
        // Not judged again: what stood when it was closed was judged, with what proves it.
        copy.write(|work| work.rebuild(&mut |_, _| {}))?;
        let (recorded, period) = (&close.recorded, close.period);
        let up_to = |before| figures(&copy.db, &copy.identity, Some(before), Whose::All);
        let mut closes = copy.periods()?;
        closes.retain(|c| c.period < period);
        let to_date = up_to(period.next())?;
        let before = if closes.is_empty() { up_to(period)? } else { all_recorded(&closes) };
        let within = to_date.clone().less(&before);
        let mut differences = differences(&recorded.figures, &within, false);
        differences.extend(self::differences(&recorded.to_date, &to_date, true));
        let (changes, sum) = facts(&copy.db)?;
        Ok(PeriodVerified {
            number: close.head.number.clone(),
            period,
            changes: (changes, recorded.cut.changes),
            same_facts: (changes, sum.0) == (recorded.cut.changes, recorded.cut.sum),
            differences,
        })
    }

    fn copy_facts(&self, cut: &Cut, path: &Path) -> Result<(), StoreError> {
        self.db
            .execute("ATTACH DATABASE ? AS scratch", [path.display().to_string()])
            .map_err(StoreError::of)?;
        let done = self.copy_within(cut).map_err(StoreError::of);
        self.db.execute_batch("DETACH DATABASE scratch").map_err(StoreError::of)?;
        done
    }

    fn copy_within(&self, cut: &Cut) -> rusqlite::Result<()> {
        // One snapshot of the facts, whoever writes meanwhile; nothing of this file is written.
        let tx = self.db.unchecked_transaction()?;
        tx.execute_batch(
            "CREATE TABLE scratch.cut (device BLOB PRIMARY KEY, sequence INTEGER, leaf INTEGER, acknowledged INTEGER)",
        )?;
        for c in &cut.devices {
            tx.execute(
                "INSERT INTO scratch.cut VALUES (?,?,?,?)",
                params![c.device.0, c.sequence, c.leaf, c.acknowledged],
            )?;
        }
        let org = [self.identity.org];
        for sql in [
            "INSERT INTO scratch.organisation (org, id, public_key, name, zone, currency)
             SELECT org, id, public_key, name, zone, currency FROM main.organisation WHERE org = ?",
            "INSERT INTO scratch.self (org, device, seed, reads) SELECT org, device, zeroblob(32), reads FROM main.self WHERE org = ?",
            "INSERT INTO scratch.grant_fact (org, hash, wire) SELECT org, hash, wire FROM main.grant_fact WHERE org = ?",
            "INSERT INTO scratch.entry (id, org, device, sequence, hash, previous, root, time, signature, stamp_time,
                 stamp_relay, stamp)
             SELECT e.id, e.org, e.device, e.sequence, e.hash, e.previous, e.root, e.time, e.signature,
                 CASE WHEN e.sequence <= k.acknowledged THEN e.stamp_time END,
                 CASE WHEN e.sequence <= k.acknowledged THEN e.stamp_relay END,
                 CASE WHEN e.sequence <= k.acknowledged THEN e.stamp END
             FROM main.entry e JOIN scratch.cut k ON k.device = e.device AND e.sequence <= k.sequence WHERE e.org = ?",
            "INSERT INTO scratch.change (id, org, document, hash, bytes, entry, leaf, sites_added, arrived)
             SELECT c.id, c.org, c.document, c.hash, c.bytes, c.entry, c.leaf, c.sites_added,
                 CASE WHEN e.sequence <= k.acknowledged THEN c.arrived END
             FROM main.change c JOIN scratch.entry e ON e.id = c.entry JOIN scratch.cut k ON k.device = e.device
             WHERE c.org = ? AND c.status = 0 AND (e.sequence < k.sequence OR c.leaf <= k.leaf)",
            "INSERT INTO scratch.document (id, org, identity, sites) SELECT d.id, d.org, d.identity, d.sites
             FROM main.document d WHERE d.org = ? AND d.id IN (SELECT document FROM scratch.change)",
        ] {
            tx.execute(sql, org)?;
        }
        tx.execute_batch("DROP TABLE scratch.cut")?;
        tx.commit()
    }
}

/// How many changes stand, and the sum of their hashes.
fn facts(db: &Connection) -> Result<(u64, RunningSum), StoreError> {
    let mut statement = db.prepare("SELECT hash FROM change WHERE status = 0").map_err(StoreError::of)?;
    let mut rows = statement.query([]).map_err(StoreError::of)?;
    let (mut changes, mut sum) = (0, RunningSum::ZERO);
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        sum = sum.with(&r.get(0).map_err(StoreError::of)?);
        changes += 1;
    }
    Ok((changes, sum))
}

fn differences(recorded: &Figures, counted: &Figures, to_date: bool) -> Vec<FigureDifference> {
    let of = |figures: &Figures, key: &FigureKey| figures.0.get(key).copied().unwrap_or_default();
    let less = counted.clone().less(recorded);
    let differs = less.0.into_keys().map(|key| FigureDifference {
        recorded: of(recorded, &key),
        counted: of(counted, &key),
        to_date,
        key,
    });
    differs.collect()
}
