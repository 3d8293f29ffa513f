//! Applying what a relay sent, in slices, each its own transaction with the cursor moved in it.
//!
//! The cursor moves by compare-and-set: where another process was faster, its work stands and the rest
//! of the feed is dropped here. Applying is idempotent: a change that is held is only counted.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use guicang_documents::Replayed;
use guicang_domain::ids::{DeviceCode, DeviceId, DocumentId, SiteId};
use guicang_domain::time::Recorded;
use guicang_sync::entry::SealedEntry;
use guicang_sync::feed::{Cursor, Feed};
use guicang_sync::grant::Role;
use guicang_sync::message::FeedItem;
use guicang_sync::session::Received;
use guicang_sync::stamp::Stamp;
use guicang_sync::sum::RunningSum;
use guicang_sync::wire::{AbsentLeaf, Chain, OpenedChange};
use rusqlite::{OptionalExtension, params};

use super::LinkError;
use super::offer::stored_leaves;
use super::positions::Item;
use super::prepare::{Fresh, Prepared, at_own_site, envelope, prepare, rule_of};
use super::rights::WITHDRAWN;
use crate::error::StoreError;
use crate::facts::{ChangeStatus, DocumentRow, find_document, join_sites, proof, standing};
use crate::store::{Replica, Work};

/// What a session brought, still to be applied.
#[derive(Debug)]
pub struct Pull {
    entries: Vec<PulledEntry>,
    units: VecDeque<Unit>,
    /// Whether it was brought without its place in the feed: the cursor stays, and this is stray.
    stray: bool,
}

/// An entry that came, opened and its signature checked.
#[derive(Debug)]
pub(super) struct PulledEntry {
    pub(super) sealed: SealedEntry,
    pub(super) hash: guicang_domain::ids::EntryHash,
    /// One that counts.
    pub(super) stamp: Option<Stamp>,
    pub(super) code: DeviceCode,
    pub(super) role: Role,
    pub(super) hq: bool,
    /// The leaves of its changes that didn't come.
    pub(super) absent: Vec<AbsentLeaf>,
    /// Its row, once it has one.
    pub(super) row: Option<i64>,
}

/// One position of a feed.
#[derive(Debug)]
struct Unit {
    before: Cursor,
    after: Cursor,
    what: What,
}

/// Where a slice found a feed's cursor, where it leaves it, and what it counts in between.
type Moved = (Cursor, Cursor, Vec<(Item, [u8; 32])>);

#[derive(Debug)]
enum What {
    Change {
        entry: usize,
        change: Box<OpenedChange>,
        prepared: Option<Prepared>,
    },
    /// A grant, an admission or an arrival, stored before, or a change of this device's own.
    Counted {
        item: Item,
        hash: [u8; 32],
    },
}

impl Pull {
    /// How many positions are still to be applied.
    pub fn left(&self) -> usize {
        self.units.len()
    }
}

impl Replica {
    /// Takes in what an answer says of this device's entries, and opens what it brings: signatures are
    /// checked, new documents decoded, in parallel, before any of it is written.
    ///
    /// # Errors
    /// [`LinkError`] when something that the relay sent isn't what it says.
    pub fn begin_pull(&mut self, received: &Received) -> Result<Pull, LinkError> {
        self.write(|work| {
            // Grants first: they prove who signed the rest.
            for item in received.feeds.iter().flat_map(|f| &f.items) {
                if let FeedItem::Grant(grant) = item {
                    work.take_grant(grant)?;
                    work.tx
                        .prepare_cached("UPDATE grant_fact SET logged = 1 WHERE org = ? AND hash = ?")
                        .and_then(|mut s| s.execute(params![work.org, grant.hash()]))
                        .map_err(StoreError::of)?;
                }
            }
            for item in received.feeds.iter().flat_map(|f| &f.items) {
                if let FeedItem::Admission(admission) = item {
                    work.take_admission(admission, true)?;
                }
                if let FeedItem::Arrival(arrival) = item {
                    work.take_arrival(arrival)?;
                }
            }
            work.take_outcomes(received)?;
            for item in received.feeds.iter().flat_map(|f| &f.items) {
                if let FeedItem::Own { sequence, stamped: Some(stamped), .. } = item {
                    work.compare_own_stamp(*sequence, stamped.0)?;
                }
            }
            Ok::<_, LinkError>(())
        })?;
        let mut pull = Pull { entries: Vec::new(), units: VecDeque::new(), stray: false };
        let mending = self.is_mending()?;
        for feed in &received.feeds {
            let mut cursor = self.cursor(feed.feed.clone())?;
            let elsewhere = cursor.position != feed.from;
            #[cfg(feature = "planted")]
            let elsewhere =
                elsewhere && !guicang_sync::planted::is(guicang_sync::planted::Bug::CursorSkipsGap);
            if elsewhere {
                // Another process has been here since the request was made.
                continue;
            }
            let mut chain = Chain::new(self.identity.device);
            for item in &feed.items {
                // Of an entry that isn't the one held here: the next session asks for its bytes.
                if mending && matches!(item, FeedItem::Own { .. }) {
                    break;
                }
                match self.open_item(item, &mut chain, &mut cursor, &mut pull) {
                    // As where a journal went two ways, and the entry here isn't the relay's.
                    Err(LinkError::Own { .. }) => {
                        self.write(|work| work.wants_own(true))?;
                        break;
                    }
                    opened => opened?,
                }
            }
        }
        self.prepare_fresh(&mut pull)?;
        Ok(pull)
    }

    /// Opens what was lacking in a feed, and came without its place there. This device's own entries are
    /// never taken so: what it lacks of those, it was restored, or cloned.
    pub(super) fn open_strays(&mut self, feed: &Feed, items: &[FeedItem]) -> Result<Pull, LinkError> {
        self.write(|work| {
            for item in items {
                if let FeedItem::Grant(grant) = item {
                    work.take_grant(grant)?;
                }
                if let FeedItem::Admission(admission) = item {
                    work.take_admission(admission, true)?;
                }
                if let FeedItem::Arrival(arrival) = item {
                    work.take_arrival(arrival)?;
                }
            }
            Ok::<_, LinkError>(())
        })?;
        let mut pull = Pull { entries: Vec::new(), units: VecDeque::new(), stray: true };
        let mut cursor = self.cursor(feed.clone())?;
        let mut chain = Chain::new(self.identity.device);
        for item in items {
            let own =
                matches!(item, FeedItem::Entry(e) if e.device.is_none_or(|d| d == self.identity.device));
            if !own {
                self.open_item(item, &mut chain, &mut cursor, &mut pull)?;
            }
        }
        self.prepare_fresh(&mut pull)?;
        Ok(pull)
    }

    fn open_item(
        &self,
        item: &FeedItem,
        chain: &mut Chain,
        cursor: &mut Cursor,
        pull: &mut Pull,
    ) -> Result<(), LinkError> {
        match item {
            FeedItem::Grant(grant) => {
                let (item, hash) = (self.grant_item(&grant.hash())?, grant.hash());
                pull.units.push_back(advance(cursor, &hash, What::Counted { item, hash }));
            }
            FeedItem::Admission(admission) => {
                let (item, hash) = (self.admission_item(&admission.hash())?, admission.hash());
                pull.units.push_back(advance(cursor, &hash, What::Counted { item, hash }));
            }
            FeedItem::Arrival(arrival) => {
                let hash = arrival.hash();
                let item = self.arrival_item(&hash)?;
                pull.units.push_back(advance(cursor, &hash, What::Counted { item, hash }));
            }
            FeedItem::Own { sequence, runs, .. } => {
                let own = self.own_changes(*sequence)?;
                for run in runs {
                    for index in run.first..run.first.saturating_add(run.count) {
                        let (item, hash) =
                            *own.get(&index).ok_or(LinkError::Own { sequence: *sequence, index })?;
                        pull.units.push_back(advance(cursor, &hash, What::Counted { item, hash }));
                    }
                }
            }
            FeedItem::Entry(wire) => {
                let key = |id: DeviceId| self.book.device(id).map(|d| d.grant.key);
                let opened = wire.clone().open(chain, key)?;
                let device = opened.sealed.head.device;
                let grant = self.book.device(device).expect("its key was found").grant;
                let entry = pull.entries.len();
                pull.entries.push(PulledEntry {
                    sealed: opened.sealed,
                    hash: opened.hash,
                    // Once an entry: a signature takes as long as a document.
                    stamp: opened.stamp.filter(|s| s.counts(&self.book)),
                    code: grant.code.clone(),
                    role: grant.role.clone(),
                    hq: grant.role == Role::Hq,
                    absent: opened.absent,
                    row: None,
                });
                for change in opened.changes {
                    // What is set apart is in the log alone, and counts there like the rest: HQ holds it.
                    let hash = change.hash.0;
                    let what = What::Change { entry, change: Box::new(change), prepared: None };
                    pull.units.push_back(advance(cursor, &hash, what));
                }
            }
        }
        Ok(())
    }

    fn grant_item(&self, hash: &[u8; 32]) -> Result<Item, StoreError> {
        self.db
            .prepare_cached("SELECT -id FROM grant_fact WHERE org = ? AND hash = ?")
            .and_then(|mut s| s.query_row(params![self.identity.org, hash], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// This device's changes in one of its entries with their hashes, by their places there.
    fn own_changes(&self, sequence: u64) -> Result<HashMap<u32, (Item, [u8; 32])>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT c.leaf, c.id, c.hash FROM change c WHERE c.org = ?1 AND c.entry = (
                     SELECT id FROM entry WHERE org = ?1 AND device = ?2 AND sequence = ?3
                     ORDER BY pulled, id LIMIT 1)",
            )
            .map_err(StoreError::of)?;
        let key = params![self.identity.org, self.identity.device.0, sequence];
        let rows =
            statement.query_map(key, |r| Ok((r.get(0)?, (r.get(1)?, r.get(2)?)))).map_err(StoreError::of)?;
        rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)
    }

    /// Checks and reads the documents that aren't held and come whole in one change.
    fn prepare_fresh(&self, pull: &mut Pull) -> Result<(), StoreError> {
        let mut changes_of: HashMap<DocumentId, usize> = HashMap::new();
        for unit in &pull.units {
            if let What::Change { change, .. } = &unit.what {
                *changes_of.entry(change.document).or_default() += 1;
            }
        }
        let mut places = Vec::new();
        let mut fresh = Vec::new();
        for (place, unit) in pull.units.iter().enumerate() {
            let What::Change { entry, change, .. } = &unit.what else { continue };
            let Some(bytes) = change.bytes.as_deref().filter(|_| !change.apart) else { continue };
            if changes_of[&change.document] > 1
                || find_document(&self.db, self.identity.org, change.document)?.is_some()
                || self.has_arrival(&change.hash)?
            {
                continue;
            }
            let from = &pull.entries[*entry];
            let stamped = from.stamp.map(|s| s.time.0);
            places.push(place);
            fresh.push(Fresh {
                document: change.document,
                hash: change.hash,
                bytes,
                code: from.code.clone(),
                proof: proof(&self.book, from.sealed.head.device, stamped),
                role: &from.role,
            });
        }
        let ready = prepare(&fresh);
        for (place, ready) in places.into_iter().zip(ready) {
            if let What::Change { prepared, .. } = &mut pull.units[place].what {
                *prepared = Some(ready);
            }
        }
        Ok(())
    }

    /// Applies up to `positions` of what came, in one transaction; `true` while there is more. What is
    /// held already and only moves the cursor comes on top.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of the slice is applied then.
    pub fn apply_slice(&mut self, pull: &mut Pull, positions: usize) -> Result<bool, StoreError> {
        if pull.units.is_empty() {
            return Ok(false);
        }
        let mut work = 0;
        let within = |unit: &&Unit| {
            work += usize::from(matches!(unit.what, What::Change { .. }));
            work <= positions.max(1)
        };
        let take = pull.units.iter().take_while(within).count();
        let slice: Vec<Unit> = pull.units.drain(..take).collect();
        let (entries, stray) = (&mut pull.entries, pull.stray);
        match self.write(|work| work.apply(slice, entries, stray)) {
            Ok(()) => Ok(!pull.units.is_empty()),
            Err(Stop::Overtaken) => {
                // What the other process has, it has; the rest comes with the next session.
                pull.units.clear();
                Ok(false)
            }
            Err(Stop::Store(error)) => Err(error),
        }
    }
}

fn advance(cursor: &mut Cursor, hash: &[u8; 32], what: What) -> Unit {
    let before = cursor.clone();
    cursor.position += 1;
    cursor.sum = cursor.sum.with(hash);
    Unit { before, after: cursor.clone(), what }
}

/// Why a slice was rolled back.
enum Stop {
    /// Another process has moved one of its cursors.
    Overtaken,
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Stop::Store(error)
    }
}

/// A change that is new here, waiting for its document to be folded.
pub(super) struct NewChange {
    pub(super) id: i64,
    pub(super) bytes: Vec<u8>,
    pub(super) sites_added: Vec<SiteId>,
    pub(super) device: DeviceId,
    pub(super) code: DeviceCode,
    pub(super) hq: bool,
    pub(super) prepared: Option<Prepared>,
}

impl Work<'_> {
    fn apply(&mut self, slice: Vec<Unit>, entries: &mut [PulledEntry], stray: bool) -> Result<(), Stop> {
        let mut cursors: BTreeMap<Feed, Moved> = BTreeMap::new();
        let mut new: BTreeMap<DocumentId, Vec<NewChange>> = BTreeMap::new();
        let mut proven = BTreeSet::new();
        for unit in slice {
            let (_, after, items) = cursors
                .entry(unit.before.feed.clone())
                .or_insert_with(|| (unit.before, unit.after.clone(), Vec::new()));
            *after = unit.after;
            let (entry, change, prepared) = match unit.what {
                What::Change { entry, change, prepared } => (entry, change, prepared),
                What::Counted { item, hash } => {
                    items.push((item, hash));
                    continue;
                }
            };
            let from = &mut entries[entry];
            let row = match from.row {
                Some(row) => row,
                None => {
                    let row = self.insert_entry(from)?;
                    from.row = Some(row);
                    row
                }
            };
            if let Some((id, document)) = self.prove_aside(row, &change)? {
                items.push((id, change.hash.0));
                proven.insert(document);
                continue;
            }
            let document = change.document;
            let earlier = new.entry(document).or_default();
            let hash = change.hash.0;
            let (id, change) = self.insert_pulled(row, from, *change, prepared, earlier)?;
            items.push((id, hash));
            earlier.extend(change);
        }
        for (before, after, items) in cursors.values() {
            if stray {
                let items: Vec<Item> = items.iter().map(|(item, _)| *item).collect();
                self.add_strays(&before.feed, &items)?;
                continue;
            }
            if !self.move_cursor(before, after)? {
                return Err(Stop::Overtaken);
            }
            self.count_items(before, items, false)?;
        }
        for (identity, changes) in new.into_iter().filter(|(_, changes)| !changes.is_empty()) {
            self.fold_pulled(identity, changes)?;
        }
        proven.into_iter().try_for_each(|document| Ok(self.reproject(document)?))
    }

    pub(super) fn insert_entry(&mut self, from: &PulledEntry) -> Result<i64, StoreError> {
        let head = &from.sealed.head;
        let key = params![self.org, head.device.0, head.sequence, from.hash.0];
        let held: Option<i64> = self
            .tx
            .prepare_cached("SELECT id FROM entry WHERE org = ? AND device = ? AND sequence = ? AND hash = ?")
            .and_then(|mut s| s.query_row(key, |r| r.get(0)).optional())
            .map_err(StoreError::of)?;
        let id = match held {
            Some(id) => id,
            None => {
                self.tx
                    .prepare_cached(
                        "INSERT INTO entry
                             (org, device, sequence, hash, previous, root, time, signature, absent, pulled)
                         VALUES (?,?,?,?,?,?,?,?,?,1)",
                    )
                    .and_then(|mut s| {
                        s.execute(params![
                            self.org,
                            head.device.0,
                            head.sequence,
                            from.hash.0,
                            head.previous.0,
                            head.root,
                            head.time.0,
                            from.sealed.signature.0,
                            stored_leaves(&from.absent)
                        ])
                    })
                    .map_err(StoreError::of)?;
                self.tx.last_insert_rowid()
            }
        };
        if let Some(stamp) = &from.stamp {
            self.stamp_entry(id, stamp)?;
            if held.is_some() {
                self.compare_stamp(id, stamp.time.0)?;
            }
        }
        Ok(id)
    }

    /// Adds a change to the facts; its row, and the change unless it is held, or set apart at once.
    pub(super) fn insert_pulled(
        &mut self,
        entry: i64,
        from: &PulledEntry,
        change: OpenedChange,
        prepared: Option<Prepared>,
        earlier: &[NewChange],
    ) -> Result<(i64, Option<NewChange>), StoreError> {
        let known: Option<i64> = self
            .tx
            .prepare_cached("SELECT id FROM change WHERE org = ? AND hash = ?")
            .and_then(|mut s| s.query_row(params![self.org, change.hash.0], |r| r.get(0)).optional())
            .map_err(StoreError::of)?;
        if let Some(id) = known {
            return Ok((id, None));
        }
        let document = self.document_row(change.document)?;
        let aside = self.set_apart_unseen(from, &change, document, earlier)?;
        let (status, rule) = match &aside {
            Some((status, rule)) => (*status, Some(*rule)),
            None => (ChangeStatus::Stands, None),
        };
        self.tx
            .prepare_cached(
                "INSERT INTO change (org, document, hash, bytes, entry, leaf, sites_added, status, rule)
                 VALUES (?,?,?,?,?,?,?,?,?)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    document,
                    change.hash.0,
                    change.bytes,
                    entry,
                    change.index,
                    join_sites(&change.sites_added),
                    status as i64,
                    rule
                ])
            })
            .map_err(StoreError::of)?;
        let id = self.tx.last_insert_rowid();
        self.note_arrival(id, &change.hash)?;
        let Some(bytes) = change.bytes.filter(|_| aside.is_none()) else { return Ok((id, None)) };
        let new = NewChange {
            id,
            bytes,
            sites_added: change.sites_added,
            device: from.sealed.head.device,
            code: from.code.clone(),
            hq: from.hq,
            prepared,
        };
        Ok((id, Some(new)))
    }

    fn document_row(&mut self, identity: DocumentId) -> Result<i64, StoreError> {
        if let Some(row) = find_document(&self.tx, self.org, identity)? {
            return Ok(row.id);
        }
        self.tx
            .prepare_cached("INSERT INTO document (org, identity) VALUES (?,?)")
            .and_then(|mut s| s.execute(params![self.org, identity.to_bytes()]))
            .map_err(StoreError::of)?;
        Ok(self.tx.last_insert_rowid())
    }

    /// The rule by which a change is set apart before it is looked at: the relay did, or its device may
    /// not write there.
    ///
    /// `earlier` are the document's changes of the same slice: the sites that they add aren't in the
    /// document's row before all of them are checked.
    fn set_apart_unseen(
        &self,
        from: &PulledEntry,
        change: &OpenedChange,
        document: i64,
        earlier: &[NewChange],
    ) -> Result<Option<(ChangeStatus, &'static str)>, StoreError> {
        if change.apart && !self.is_admitted(change.document, &change.hash)? {
            return Ok(Some((ChangeStatus::SetApartByRelay, WITHDRAWN)));
        }
        let row = crate::facts::document_by_id(&self.tx, document)?;
        let added = earlier.iter().flat_map(|c| c.sites_added.iter().cloned());
        let sites = row.sites.into_iter().chain(added).collect();
        let stamped = from.stamp.map(|s| s.time);
        let device = from.sealed.head.device;
        let created = change.document.creator == device;
        let mut rule = self.lacks_right(device, stamped, created, &change.sites_added, &sites);
        if rule == Some(WITHDRAWN) && self.is_admitted(change.document, &change.hash)? {
            rule = self.lacks_right(device, None, created, &change.sites_added, &sites);
        }
        Ok(rule.map(|rule| (ChangeStatus::SetApartHere, rule)))
    }

    /// Moves a cursor; `false` when it isn't where it was.
    pub(super) fn move_cursor(&mut self, before: &Cursor, after: &Cursor) -> Result<bool, StoreError> {
        #[cfg(feature = "planted")]
        let unsummed = Cursor { sum: before.sum, ..after.clone() };
        #[cfg(feature = "planted")]
        let after = match guicang_sync::planted::is(guicang_sync::planted::Bug::SumNotMoved) {
            true => &unsummed,
            false => after,
        };
        if before.position == 0 {
            self.tx
                .prepare_cached("INSERT OR IGNORE INTO cursor (org, feed, position, sum) VALUES (?,?,0,?)")
                .and_then(|mut s| s.execute(params![self.org, before.feed.to_string(), RunningSum::ZERO.0]))
                .map_err(StoreError::of)?;
        }
        let moved = self
            .tx
            .prepare_cached(
                "UPDATE cursor SET position = ?, sum = ? WHERE org = ? AND feed = ? AND position = ? AND sum = ?",
            )
            .and_then(|mut s| {
                s.execute(params![
                    after.position,
                    after.sum.0,
                    self.org,
                    after.feed.to_string(),
                    before.position,
                    before.sum.0
                ])
            })
            .map_err(StoreError::of)?;
        Ok(moved == 1)
    }

    /// Checks a document's new changes against it, sets apart what fails with its dependants, and
    /// projects it as it then stands.
    pub(super) fn fold_pulled(
        &mut self,
        identity: DocumentId,
        mut changes: Vec<NewChange>,
    ) -> Result<(), StoreError> {
        let row = find_document(&self.tx, self.org, identity)?
            .ok_or_else(|| StoreError::damaged("a document", identity))?;
        if let [NewChange { prepared: Some(_), .. }] = changes.as_slice() {
            let mut change = changes.remove(0);
            return match change.prepared.take().expect("matched") {
                Ok(reading) => {
                    self.add_sites(&row, &change.sites_added)?;
                    self.project_reading(row.id, &reading)?;
                    self.observe(row.id)
                }
                Err((rule, detail)) => self.set_aside(change.id, ChangeStatus::SetApartHere, &rule, &detail),
            };
        }
        let held = standing(&self.tx, self.org, self.book, self.me.device, row.id)?;
        // The new ones are among those that stand by now; they are checked one after another.
        let new: Vec<&[u8]> = changes.iter().map(|c| c.bytes.as_slice()).collect();
        let old: Vec<&[u8]> = held.changes.iter().map(Vec::as_slice).filter(|b| !new.contains(b)).collect();
        let mut replayed = if old.is_empty() {
            Replayed::empty()
        } else {
            Replayed::new(&old).map_err(|e| StoreError::damaged("a document's changes", e))?
        };
        let mut sites = Vec::new();
        for change in &changes {
            let of = proof(self.book, change.device, None);
            debug_assert_eq!(of.hq, change.hq);
            let role = self.book.device(change.device).map(|d| &d.grant.role);
            let checked = replayed.check(&change.bytes, &envelope(identity, &change.code, &of, role));
            let applied = match checked {
                Ok(_) => self.apply_checked(identity, &mut replayed, change),
                Err(violation) => Err(rule_of(&violation)),
            };
            match applied {
                Ok(()) => sites.extend(change.sites_added.iter().cloned()),
                Err((rule, detail)) => {
                    self.set_aside(change.id, ChangeStatus::SetApartHere, &rule, &detail)?;
                }
            }
        }
        self.add_sites(&row, &sites)?;
        self.reproject(row.id)?;
        self.observe(row.id)
    }

    /// Applies a change that was checked; one that begins a document only at its author's site.
    fn apply_checked(
        &self,
        identity: DocumentId,
        replayed: &mut Replayed,
        change: &NewChange,
    ) -> Result<(), (String, String)> {
        let begins = replayed.is_empty();
        let unreadable = |e: &dyn std::fmt::Display| ("does_not_apply".to_owned(), e.to_string());
        replayed.apply(&change.bytes).map_err(|e| unreadable(&e))?;
        let Some(author) = self.book.device(change.device).filter(|_| begins) else { return Ok(()) };
        let reading = replayed.read(identity, &|_| None).map_err(|e| unreadable(&e))?;
        let allowed = at_own_site(&author.grant.role, &reading);
        if allowed.is_err() {
            *replayed = Replayed::empty();
        }
        allowed
    }

    /// The clock goes on from what was seen, as far as it is proven.
    fn observe(&mut self, document: i64) -> Result<(), StoreError> {
        let recorded: i64 = self
            .tx
            .prepare_cached("SELECT recorded FROM document WHERE id = ?")
            .and_then(|mut s| s.query_row([document], |r| r.get(0)))
            .map_err(StoreError::of)?;
        self.clock.observe(Recorded(recorded), self.proven);
        Ok(())
    }

    fn add_sites(&mut self, row: &DocumentRow, added: &[SiteId]) -> Result<(), StoreError> {
        if added.is_empty() {
            return Ok(());
        }
        let mut sites = row.sites.clone();
        for site in added {
            if !sites.contains(site) {
                sites.push(site.clone());
            }
        }
        sites.sort();
        self.tx
            .prepare_cached("UPDATE document SET sites = ? WHERE id = ?")
            .and_then(|mut s| s.execute(params![join_sites(&sites), row.id]))
            .map_err(StoreError::of)?;
        Ok(())
    }
}
