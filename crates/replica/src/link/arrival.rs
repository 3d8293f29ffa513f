//! Arrivals here: a change is taken to have come when its earliest stamp says, whichever entry that is on.
//!
//! What surprises: the entry that a change hangs on stays. A change may be in two entries of its device, one
//! that a lost relay had stamped and one that a clone brought to the next; which of them is held differs from
//! device to device, and the earlier time is noted at the change.

use guicang_domain::ids::ChangeHash;
use guicang_sync::arrival::Arrival;
use guicang_sync::entry::ChangeRef;
use guicang_sync::reconcile::Pass;
use guicang_sync::wire::{AbsentLeaf, Chain, WireChange, WireEntry};
use rusqlite::{OptionalExtension, params};

use super::positions::Item;
use crate::error::StoreError;
use crate::facts::split_sites;
use crate::store::{Replica, Work};

/// So many entries are looked at for one request.
const SHOWN_AT_ONCE: i64 = 4_096;
/// About so many bytes a change takes that is shown by its hash.
const SHOWN_BYTES: usize = 100;

impl Replica {
    /// What stands at an arrival's position; it was kept before.
    pub(super) fn arrival_item(&self, hash: &[u8; 32]) -> Result<Item, StoreError> {
        self.db
            .prepare_cached("SELECT -id FROM arrival_fact WHERE org = ? AND hash = ?")
            .and_then(|mut s| s.query_row(params![self.identity.org, hash], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// Whether an arrival of a change is known.
    pub(super) fn has_arrival(&self, change: &ChangeHash) -> Result<bool, StoreError> {
        self.db
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM arrival_fact WHERE org = ? AND change = ?)")
            .and_then(|mut s| s.query_row(params![self.identity.org, change.0], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// How many entries the relay may have stamped later than they are stamped here.
    pub(super) fn unsure(&self) -> Result<u64, StoreError> {
        self.db
            .prepare_cached("SELECT count(*) FROM entry WHERE org = ? AND unsure")
            .and_then(|mut s| s.query_row([self.identity.org], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// The arrivals that the relay lacks.
    pub(super) fn stray_arrivals(&self) -> Result<Vec<Arrival>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT DISTINCT a.wire FROM stray s JOIN arrival_fact a ON a.id = -s.item
                 WHERE s.org = ? AND s.item < 0 AND s.rule IS NULL ORDER BY a.id",
            )
            .map_err(StoreError::of)?;
        let rows =
            statement.query_map([self.identity.org], |r| r.get::<_, Vec<u8>>(0)).map_err(StoreError::of)?;
        rows.map(|wire| {
            minicbor::decode(&wire.map_err(StoreError::of)?).map_err(|e| StoreError::damaged("an arrival", e))
        })
        .collect()
    }

    /// Those that were shown are no longer in doubt: the relay has told all, where it knew better or worse.
    pub(super) fn was_shown(&mut self, pass: &Pass) -> Result<(), StoreError> {
        let Some(last) = pass.shown else { return Ok(()) };
        self.write(|work| {
            work.tx
                .prepare_cached("UPDATE entry SET unsure = 0 WHERE org = ? AND unsure AND id <= ?")
                .and_then(|mut s| s.execute(params![work.org, last]))
                .map(drop)
                .map_err(StoreError::of)
        })
    }

    /// Entries in doubt, with their stamps and without their changes' bytes, as many as the budget allows.
    /// Notes in the pass how far it came.
    pub(super) fn show(
        &self,
        pass: &mut Pass,
        chain: &mut Chain,
        budget_bytes: usize,
    ) -> Result<Vec<WireEntry>, StoreError> {
        let ids: Vec<i64> = self
            .db
            .prepare_cached("SELECT id FROM entry WHERE org = ? AND unsure AND id > ? ORDER BY id LIMIT ?")
            .and_then(|mut s| {
                let key = params![self.identity.org, pass.shown.unwrap_or(0), SHOWN_AT_ONCE];
                s.query_map(key, |r| r.get(0))?.collect()
            })
            .map_err(StoreError::of)?;
        let (mut shown, mut spent) = (Vec::new(), 0);
        for id in ids {
            if spent > budget_bytes {
                break;
            }
            pass.shown = Some(id);
            let Some((sealed, stamp, leaves)) = self.whole_entry(id)? else { continue };
            let changes = self.counted_changes(id)?;
            if changes.is_empty() {
                continue;
            }
            spent += changes.len() * SHOWN_BYTES;
            let author = sealed.head.device;
            let absent = leaves.into_iter().filter(|(index, _)| !changes.iter().any(|(at, _)| at == index));
            let absent = absent.map(|(index, leaf)| AbsentLeaf { index, leaf }).collect();
            let changes =
                changes.into_iter().map(|(_, change)| WireChange::of_hash(author, change)).collect();
            shown.push(WireEntry::new(&sealed, chain, changes, absent, stamp.as_ref()));
        }
        Ok(shown)
    }

    /// An entry's changes that the relay has, by their places: those that aren't stray, nor refused.
    fn counted_changes(&self, entry: i64) -> Result<Vec<(u32, ChangeRef)>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT c.leaf, d.identity, c.sites_added, c.hash FROM change c
                 JOIN document d ON d.id = c.document
                 WHERE c.org = ?1 AND c.entry = ?2 AND c.status <> 1 AND NOT EXISTS (
                     SELECT 1 FROM stray s WHERE s.org = ?1 AND s.item = c.id) ORDER BY c.leaf",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query([self.identity.org, entry]).map_err(StoreError::of)?;
        let mut changes = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                Ok((r.get(0)?, r.get::<_, [u8; 32]>(1)?, r.get::<_, String>(2)?, ChangeHash(r.get(3)?)))
            };
            let (leaf, document, sites, hash) = read().map_err(StoreError::of)?;
            let document = super::offer::identity(&document)?;
            changes.push((leaf, ChangeRef { document, sites_added: split_sites(&sites)?, hash }));
        }
        Ok(changes)
    }
}

impl Work<'_> {
    /// Keeps an arrival, and lets its change be as early as it says. One that proves nothing is kept for its
    /// position, and has no effect.
    pub(super) fn take_arrival(&mut self, arrival: &Arrival) -> Result<(), StoreError> {
        let time = arrival.check(self.book);
        let wire = minicbor::to_vec(arrival).expect("writing to memory");
        let new = self
            .tx
            .prepare_cached(
                "INSERT INTO arrival_fact (id, org, hash, change, time, wire)
                 VALUES ((SELECT coalesce(max(id), 1 << 41) + 1 FROM arrival_fact), ?, ?, ?, ?, ?)
                 ON CONFLICT (org, hash) DO NOTHING",
            )
            .and_then(|mut s| {
                let time = time.map(|time| time.0);
                s.execute(params![self.org, arrival.hash(), arrival.change.0, time, wire])
            })
            .map_err(StoreError::of)?;
        if new == 0 || time.is_none() {
            return Ok(());
        }
        let stamps: Option<i64> = self
            .tx
            .prepare_cached(
                "SELECT e.id FROM change c JOIN entry e ON e.id = c.entry
                 WHERE c.org = ? AND c.hash = ? AND e.hash = ?",
            )
            .and_then(|mut s| {
                let entry = arrival.sealed.head.hash().0;
                s.query_row(params![self.org, arrival.change.0, entry], |r| r.get(0)).optional()
            })
            .map_err(StoreError::of)?;
        if let Some(entry) = stamps {
            return self.stamp_entry(entry, &arrival.stamp);
        }
        let held: Option<(i64, i64, bool)> = self
            .tx
            .prepare_cached(
                "SELECT c.id, c.document, d.let_go FROM change c JOIN document d ON d.id = c.document
                 WHERE c.org = ? AND c.hash = ?",
            )
            .and_then(|mut s| {
                let of = |r: &rusqlite::Row<'_>| Ok((r.get(0)?, r.get(1)?, r.get(2)?));
                s.query_row(params![self.org, arrival.change.0], of).optional()
            })
            .map_err(StoreError::of)?;
        match held {
            // What was let go is folded when it is fetched.
            Some((change, document, let_go)) => match self.note_arrival(change, &arrival.change)? {
                true if !let_go => self.refold(document),
                _ => Ok(()),
            },
            None => Ok(()),
        }
    }

    /// Notes at a change the earliest arrival that is known of it; `false` where none is, or none is new.
    pub(super) fn note_arrival(&self, change: i64, hash: &ChangeHash) -> Result<bool, StoreError> {
        let earliest: Option<i64> = self
            .tx
            .prepare_cached(
                "SELECT min(time) FROM arrival_fact WHERE org = ? AND change = ? AND time IS NOT NULL",
            )
            .and_then(|mut s| s.query_row(params![self.org, hash.0], |r| r.get(0)))
            .map_err(StoreError::of)?;
        let Some(earliest) = earliest else { return Ok(false) };
        self.tx
            .prepare_cached("UPDATE change SET arrived = ?2 WHERE id = ?1 AND coalesce(arrived > ?2, 1)")
            .and_then(|mut s| s.execute([change, earliest]))
            .map(|noted| noted > 0)
            .map_err(StoreError::of)
    }

    /// The same of an entry of this device's own, by its place in the journal.
    pub(super) fn compare_own_stamp(&self, sequence: u64, relays: i64) -> Result<(), StoreError> {
        let entry: Option<i64> = self
            .tx
            .prepare_cached(
                "SELECT id FROM entry WHERE org = ? AND device = ? AND sequence = ? ORDER BY pulled, id LIMIT 1",
            )
            .and_then(|mut s| {
                s.query_row(params![self.org, self.me.device.0, sequence], |r| r.get(0)).optional()
            })
            .map_err(StoreError::of)?;
        entry.map_or(Ok(()), |entry| self.compare_stamp(entry, relays))
    }

    /// The relay says when it has stamped an entry that was held: whether not as it is stamped here.
    pub(super) fn compare_stamp(&self, entry: i64, relays: i64) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "UPDATE entry SET unsure = coalesce(stamp_time <> ?2, 1)
                 WHERE id = ?1 AND unsure <> coalesce(stamp_time <> ?2, 1)",
            )
            .and_then(|mut s| s.execute([entry, relays]))
            .map(drop)
            .map_err(StoreError::of)
    }

    /// What a feed no longer counts, its relay may come to stamp anew.
    pub(super) fn doubt(&self, change: Item) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "UPDATE entry SET unsure = 1 WHERE id = (SELECT entry FROM change WHERE id = ?)
                 AND sequence > 0 AND NOT unsure",
            )
            .and_then(|mut s| s.execute([change]))
            .map(drop)
            .map_err(StoreError::of)
    }
}
