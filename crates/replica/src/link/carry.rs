//! What comes and goes without the relay: in a file, or from another branch.
//!
//! The checks are those of a pull. What surprises: nothing of this is acknowledged or stamped, and no
//! cursor moves. What was taken here is held already when the relay's feed brings it, and is only
//! counted then. What builds on something that isn't held yet is left for the feed, too: set apart, it
//! would stay so.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use guicang_documents::header;
use guicang_domain::ids::{ChangeHash, DeviceId, DocumentId, EntryHash, SiteId};
use guicang_domain::time::Moment;
use guicang_sync::carried::{Carried, CarriedHead, CarriedWriter};
use guicang_sync::entry::leaf;
use guicang_sync::grant::{Role, SignedGrant, Standing};
use guicang_sync::wire::{AbsentLeaf, Chain, OpenedChange};
use rusqlite::params;

use super::LinkError;
use super::apply::{NewChange, PulledEntry};
use crate::error::StoreError;
use crate::facts::{ChangeStatus, find_document};
use crate::store::{Replica, Work};

/// Raw changes in one list of a file, in bytes: well below what a block may have.
const LIST_BYTES: usize = 1024 * 1024;

/// How many entries are taken in one transaction.
const ENTRIES_AT_ONCE: usize = 32;

/// Which of this device's entries are to be carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CarryFrom {
    /// Those that the relay hasn't acknowledged.
    Unacknowledged,
    /// All, from the first.
    All,
    /// Those sealed at or after a time, by this device's clock.
    Since(Moment),
}

/// What became of what a file brought. Numbers are of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedIn {
    /// Whose file.
    pub device: DeviceId,
    /// When it was made, by that device's clock.
    pub made: Moment,
    /// Taken, and shown now.
    pub taken: u64,
    /// Held already.
    pub held: u64,
    /// They build on what isn't held here yet: left for the relay to bring.
    pub waiting: u64,
    /// Of documents that don't concern this site: not taken.
    pub foreign: u64,
    /// Set apart by a check here; [`crate::Status::set_aside`] names them.
    pub set_apart: u64,
    /// Entries that were refused whole: whose, which, and by what rule.
    pub refused: Vec<(DeviceId, u64, String)>,
}

impl Replica {
    /// Seals what waits, and gives this device's entries as a file; how many entries it has.
    ///
    /// # Errors
    /// [`StoreError`] when the replica's file can't be read or written.
    pub fn export_changes(&mut self, from: CarryFrom) -> Result<(Vec<u8>, u64), StoreError> {
        // Seals first: what is asked for by time is known only then.
        self.wire_entries(u64::MAX >> 1, 1)?;
        let key = params![self.identity.org, self.identity.device.0];
        let mut after: u64 = match from {
            CarryFrom::All => Ok(0),
            CarryFrom::Unacknowledged => self.db.query_row(
                "SELECT acknowledged FROM self WHERE org = ? AND device = ?",
                key,
                |r| r.get(0),
            ),
            // A clock that was set back: what comes after the first such entry comes along.
            CarryFrom::Since(time) => self.db.query_row(
                "SELECT coalesce(min(sequence) - 1, (SELECT coalesce(max(sequence), 0) FROM entry WHERE org = ?1 AND device = ?2))
                 FROM entry WHERE org = ?1 AND device = ?2 AND sequence > 0 AND time >= ?3",
                params![self.identity.org, self.identity.device.0, time.0],
                |r| r.get(0),
            ),
        }
        .map_err(StoreError::of)?;
        let mut file = CarriedWriter::new(CarriedHead {
            organisation: self.identity.organisation,
            device: self.identity.device,
            made: (self.ambient.now)(),
            grants: self.all_grants()?,
        });
        loop {
            let (list, more) = self.wire_entries(after, LIST_BYTES)?;
            let Some(last) = list.last() else { break };
            after = last.sequence;
            file.entries(list);
            if !more {
                break;
            }
        }
        Ok(file.finish())
    }

    fn all_grants(&self) -> Result<Vec<SignedGrant>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT wire FROM grant_fact WHERE org = ? ORDER BY hash")
            .map_err(StoreError::of)?;
        let rows =
            statement.query_map([self.identity.org], |r| r.get::<_, Vec<u8>>(0)).map_err(StoreError::of)?;
        rows.map(|wire| {
            minicbor::decode(&wire.map_err(StoreError::of)?).map_err(|e| StoreError::damaged("a grant", e))
        })
        .collect()
    }

    /// Takes what a file carries, as far as it is this device's to hold. Again and again: what is held is
    /// only counted.
    ///
    /// # Errors
    /// [`LinkError::OtherOrganisation`]; [`LinkError`] when a grant or an entry isn't what it says:
    /// nothing is taken then.
    pub fn take_carried(&mut self, carried: Carried) -> Result<CarriedIn, LinkError> {
        let CarriedHead { organisation, device, made, grants } = carried.head;
        if organisation != self.identity.organisation {
            return Err(LinkError::OtherOrganisation { found: organisation });
        }
        let now = (self.ambient.now)();
        self.write(|work| grants.iter().try_for_each(|grant| work.take_grant(grant).map(drop)))?;
        let mut entries = Vec::new();
        let mut sites: BTreeMap<DocumentId, BTreeSet<SiteId>> = BTreeMap::new();
        for list in carried.lists {
            let mut chain = Chain::new(device);
            for wire in list {
                let key = |id: DeviceId| self.book.device(id).map(|d| d.grant.key);
                let opened = wire.open(&mut chain, key)?;
                let grant =
                    self.book.device(opened.sealed.head.device).expect("its key was found").grant.clone();
                for change in &opened.changes {
                    sites.entry(change.document).or_default().extend(change.sites_added.iter().cloned());
                }
                // What isn't taken, now or ever, goes on counting under the root: all leaves are kept.
                let mut absent = opened.absent;
                absent.extend(opened.changes.iter().map(|change| AbsentLeaf {
                    index: change.index,
                    leaf: leaf(change.document, &change.sites_added, &change.hash),
                }));
                let entry = PulledEntry {
                    sealed: opened.sealed,
                    hash: opened.hash,
                    stamp: opened.stamp.filter(|s| s.counts(&self.book)),
                    code: grant.code.clone(),
                    hq: grant.role == Role::Hq,
                    role: grant.role,
                    absent,
                    row: None,
                };
                entries.push((entry, opened.changes));
            }
        }
        let mut done = CarriedIn {
            device,
            made,
            taken: 0,
            held: 0,
            waiting: 0,
            foreign: 0,
            set_apart: 0,
            refused: Vec::new(),
        };
        let mut entries = entries.into_iter();
        loop {
            let some: Vec<_> = entries.by_ref().take(ENTRIES_AT_ONCE).collect();
            if some.is_empty() {
                return Ok(done);
            }
            done = self.write(|work| work.carry(some, &sites, now, done.clone()))?;
        }
    }
}

impl Work<'_> {
    fn carry(
        &mut self,
        entries: Vec<(PulledEntry, Vec<OpenedChange>)>,
        sites: &BTreeMap<DocumentId, BTreeSet<SiteId>>,
        now: Moment,
        mut done: CarriedIn,
    ) -> Result<CarriedIn, LinkError> {
        let mut new: BTreeMap<DocumentId, Vec<NewChange>> = BTreeMap::new();
        let mut coming: HashSet<ChangeHash> = HashSet::new();
        for (mut entry, changes) in entries {
            let (device, sequence) = (entry.sealed.head.device, entry.sealed.head.sequence);
            if let Some(rule) = self.refuses(&entry, now)? {
                done.refused.push((device, sequence, rule.to_owned()));
                continue;
            }
            if entry.stamp.is_some() && self.entry_held(device, sequence)?.contains(&entry.hash) {
                self.insert_entry(&entry)?;
            }
            for change in changes {
                if self.is_held(&change.hash)? {
                    done.held += 1;
                    continue;
                }
                let found = find_document(&self.tx, self.org, change.document)?;
                let mut known: BTreeSet<SiteId> =
                    found.iter().flat_map(|row| row.sites.iter().cloned()).collect();
                if !self.concerns(&entry, &known, sites.get(&change.document)) {
                    done.foreign += 1;
                    continue;
                }
                let earlier = new.entry(change.document).or_default();
                known.extend(earlier.iter().flat_map(|c| c.sites_added.iter().cloned()));
                let created = change.document.creator == device;
                let stamped = entry.stamp.map(|s| s.time);
                if let Some(rule) = self.lacks_right(device, stamped, created, &change.sites_added, &known) {
                    done.refused.push((device, sequence, rule.to_owned()));
                    continue;
                }
                let Some(bytes) = &change.bytes else {
                    done.waiting += 1;
                    continue;
                };
                // What can't be read at all is no change: the relay refuses it, and so does this.
                let Ok(head) = header(bytes) else {
                    done.refused.push((device, sequence, "malformed".to_owned()));
                    continue;
                };
                let mut here = true;
                for dep in &head.deps {
                    here &= coming.contains(dep) || self.stands(dep)?;
                }
                if !here {
                    done.waiting += 1;
                    continue;
                }
                let row = match entry.row {
                    Some(row) => row,
                    None => self.insert_entry(&entry)?,
                };
                entry.row = Some(row);
                let hash = change.hash;
                if let (_, Some(change)) = self.insert_pulled(row, &entry, change, None, earlier)? {
                    coming.insert(hash);
                    earlier.push(change);
                }
            }
        }
        for (identity, changes) in new.into_iter().filter(|(_, changes)| !changes.is_empty()) {
            let ids: Vec<i64> = changes.iter().map(|change| change.id).collect();
            self.fold_pulled(identity, changes)?;
            for id in ids {
                match self.stands_by_id(id)? {
                    true => done.taken += 1,
                    false => done.set_apart += 1,
                }
            }
        }
        Ok(done)
    }

    /// The rule by which an entry is refused whole.
    fn refuses(&self, entry: &PulledEntry, now: Moment) -> Result<Option<&'static str>, StoreError> {
        let head = &entry.sealed.head;
        // What a relay stamped is a fact, whatever has its place here.
        let held = self.entry_held(head.device, head.sequence)?;
        if !held.is_empty() && !held.contains(&entry.hash) && entry.stamp.is_none() {
            return Ok(Some("fork"));
        }
        // Without a stamp nothing proves that it was written while the device still had its right.
        let at = entry.stamp.map_or(now, |stamp| stamp.time);
        Ok(match self.book.may(head.device, at) {
            Standing::Withdrawn { .. } => Some(super::WITHDRAWN),
            _ if entry.role == Role::Relay => Some("relay_writes"),
            _ => None,
        })
    }

    /// The entries that are held at a place of a journal: one, but where it went two ways.
    fn entry_held(&self, device: DeviceId, sequence: u64) -> Result<Vec<EntryHash>, StoreError> {
        self.tx
            .prepare_cached("SELECT hash FROM entry WHERE org = ? AND device = ? AND sequence = ?")
            .and_then(|mut s| {
                s.query_map(params![self.org, device.0, sequence], |r| r.get(0).map(EntryHash))?.collect()
            })
            .map_err(StoreError::of)
    }

    fn is_held(&self, hash: &ChangeHash) -> Result<bool, StoreError> {
        self.tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM change WHERE org = ? AND hash = ?)")
            .and_then(|mut s| s.query_row(params![self.org, hash.0], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    fn stands(&self, hash: &ChangeHash) -> Result<bool, StoreError> {
        self.tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM change WHERE org = ? AND hash = ? AND status = ?)")
            .and_then(|mut s| {
                s.query_row(params![self.org, hash.0, ChangeStatus::Stands as i64], |r| r.get(0))
            })
            .map_err(StoreError::of)
    }

    fn stands_by_id(&self, change: i64) -> Result<bool, StoreError> {
        self.tx
            .prepare_cached("SELECT status = 0 FROM change WHERE id = ?")
            .and_then(|mut s| s.query_row([change], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// Whether a document is this device's to hold: HQ holds all, a branch what concerns its site, and
    /// master data of HQ's. By all that the file says of the document: a later change may name the site.
    fn concerns(
        &self,
        entry: &PulledEntry,
        known: &BTreeSet<SiteId>,
        named: Option<&BTreeSet<SiteId>>,
    ) -> bool {
        let Role::Site(own) = &self.me.role else { return self.me.role == Role::Hq };
        let none = named.is_none_or(BTreeSet::is_empty) && known.is_empty();
        known.contains(own) || named.is_some_and(|named| named.contains(own)) || (none && entry.hq)
    }
}
