//! A journal that went two ways: the file was restored from a backup, or cloned.
//!
//! The relay takes one journal of a device. Where it holds entries that aren't here, this file is older than
//! what the device has become, or one of two. First it fetches what the relay has under its name. If nothing
//! of its own is left then, it was restored, and adopts the relay's head. If something is, it becomes another
//! device: under a new key and short code it writes again what was never acknowledged. What surprises: until
//! HQ's grant to the new key is here nothing is lost and nobody waits; people go on working under the old
//! name, and that is written again too.
//!
//! ```text
//!   whole --the relay's head isn't ours--> fetching --proven--> fetched --nothing left--> adopt: whole
//!                                                                  \--something left--> succeed, write again
//! ```
//! What a relay that was lost had stamped is left as it is, though a clone's entries have its places in the
//! journal now: it stands beside the journal, and this file goes on as another device all the same.
//! What waits to be written again hangs on an entry of the old device with the sequence -1, which is no entry:
//! so it stands in its documents, its author is known, and it is never sent.

use std::collections::{BTreeMap, BTreeSet};

use guicang_documents::{Renames, Replayed};
use guicang_domain::document::{Document, Kind};
use guicang_domain::ids::{ChangeHash, CustomerId, DeviceCode, DeviceId, DocumentId, EventId, SiteId};
use guicang_domain::time::{HybridClock, Recorded};
use guicang_sync::entry::JournalHead;
use guicang_sync::grant::{Device, Role};
use guicang_sync::keys::DeviceKey;
use guicang_sync::succeed::{Succeed, Succeeded};
use guicang_sync::wire::OpenedChange;
use rusqlite::{Connection, OptionalExtension, params};

use super::LinkError;
use super::outcome::{Held, with_dependants};
use crate::error::StoreError;
use crate::facts::{ChangeStatus, DocumentRow, document_by_id, join_sites, split_sites};
use crate::store::{Replica, Work};

/// The rule by which changes are set aside that another journal took the place of.
const FORK: &str = "fork";

/// What is to be done about this device's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mend {
    /// Nothing: the relay's journal is ours.
    Whole,
    /// Another session, which fetches what the relay has under this device's name.
    Fetch,
    /// This device is one of two: the relay is to be asked for a successor, then [`Replica::succeed`].
    Succeed(Box<Succeed>),
}

fn mending(db: &Connection, org: i64) -> Result<i64, StoreError> {
    db.prepare_cached("SELECT mending FROM self WHERE org = ?")
        .and_then(|mut s| s.query_row([org], |r| r.get(0)))
        .map_err(StoreError::of)
}

/// The next document with changes that are to be written again.
fn next_aside(db: &Connection, org: i64) -> Result<Option<i64>, StoreError> {
    db.prepare_cached(
        "SELECT min(c.document) FROM entry e JOIN change c ON c.org = e.org AND c.entry = e.id
         WHERE e.org = ? AND e.sequence = -1 AND c.status = 0",
    )
    .and_then(|mut s| s.query_row([org], |r| r.get(0)))
    .map_err(StoreError::of)
}

impl Replica {
    /// Whether the relay's journal of this device went on without it.
    pub(super) fn is_mending(&self) -> Result<bool, StoreError> {
        Ok(mending(&self.db, self.identity.org)? > 0)
    }

    /// Whether this device's own entries are asked for with their bytes.
    pub(super) fn wants_own(&self) -> Result<bool, StoreError> {
        self.db
            .prepare_cached("SELECT wants_own FROM self WHERE org = ?")
            .and_then(|mut s| s.query_row([self.identity.org], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// What is to be done about this device's journal after a session with the relay `relay`. A file that was
    /// restored is whole again when this returns.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read or written.
    pub fn mend(&mut self, relay: DeviceId) -> Result<Mend, StoreError> {
        if !self.is_mending()? {
            return Ok(Mend::Whole);
        }
        self.write(|work| work.mend(relay))
    }

    /// Becomes the successor that the relay has let in, and writes again under its name what was never
    /// acknowledged. Killed half-way, the next session goes on with it; nothing is written twice.
    ///
    /// # Errors
    /// [`LinkError::Grant`] when the grants don't make the new key this device's successor.
    pub fn succeed(&mut self, granted: &Succeeded) -> Result<(), LinkError> {
        self.write(|work| work.succeed(granted))?;
        self.refresh_identity()?;
        Ok(self.write_again()?)
    }

    /// Writes again what waits for it, a transaction for each document.
    pub(super) fn write_again(&mut self) -> Result<(), StoreError> {
        while !self.is_mending()? && next_aside(&self.db, self.identity.org)?.is_some() {
            self.write(|work| match next_aside(&work.tx, work.org)? {
                Some(document) => work.write_again(document),
                None => Ok(()),
            })?;
        }
        Ok(())
    }
}

impl Work<'_> {
    /// Whether nothing may be sealed: the journal isn't whole, or something is still to be written again.
    pub(super) fn is_mending(&self) -> Result<bool, StoreError> {
        Ok(mending(&self.tx, self.org)? > 0 || next_aside(&self.tx, self.org)?.is_some())
    }

    /// Whether a head is the one that was adopted, of which no entry need be here.
    pub(super) fn is_adopted(&self, head: JournalHead) -> Result<bool, StoreError> {
        self.tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM self WHERE org = ? AND journal_sequence = ? AND journal_hash = ?)",
            )
            .and_then(|mut s| s.query_row(params![self.org, head.sequence, head.hash.0], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// Where the relay's journal isn't ours: notes its head, and takes what was never acknowledged out of the
    /// journal, since other entries have those numbers.
    pub(super) fn note_fork(&mut self, head: Option<JournalHead>) -> Result<(), StoreError> {
        let (fault, mending): (Option<String>, i64) = self
            .tx
            .prepare_cached("SELECT fault, mending FROM self WHERE org = ?")
            .and_then(|mut s| s.query_row([self.org], |r| Ok((r.get(0)?, r.get(1)?))))
            .map_err(StoreError::of)?;
        let Some(head) = head.filter(|_| fault.as_deref() == Some(FORK)) else { return Ok(()) };
        self.tx
            .prepare_cached(
                "UPDATE self SET journal_sequence = ?, journal_hash = ?, mending = max(mending, 1) WHERE org = ?",
            )
            .and_then(|mut s| s.execute(params![head.sequence, head.hash.0, self.org]))
            .map_err(StoreError::of)?;
        // Those that are fetched from now on stay where they are.
        if mending > 0 {
            return Ok(());
        }
        let aside = self.aside()?;
        for sql in [
            "UPDATE change SET entry = ?3, leaf = id WHERE org = ?1 AND entry IN (
                 SELECT id FROM entry WHERE org = ?1 AND device = ?2 AND NOT pulled
                 AND sequence > (SELECT acknowledged FROM self WHERE org = ?1))",
            "DELETE FROM entry WHERE org = ?1 AND device = ?2 AND id <> ?3 AND NOT pulled
                 AND sequence > (SELECT acknowledged FROM self WHERE org = ?1)",
            // A relay that lost it isn't brought what is about to be written again.
            "DELETE FROM stray WHERE org = ?1 AND item IN (
                 SELECT c.id FROM change c JOIN entry e ON e.id = c.entry
                 WHERE c.org = ?1 AND c.entry = ?3 AND e.device = ?2)",
        ] {
            self.tx.execute(sql, params![self.org, self.me.device.0, aside]).map_err(StoreError::of)?;
        }
        self.unsealed_aside()
    }

    /// What stands in for the entry of changes that have none any more.
    fn aside(&self) -> Result<i64, StoreError> {
        self.tx
            .prepare_cached(
                "INSERT OR IGNORE INTO entry (org, device, sequence, hash, previous, root, time, signature)
                 VALUES (?,?,-1,zeroblob(32),zeroblob(32),zeroblob(32),?,zeroblob(64))",
            )
            .and_then(|mut s| s.execute(params![self.org, self.me.device.0, self.now.0]))
            .map_err(StoreError::of)?;
        self.tx
            .prepare_cached("SELECT id FROM entry WHERE org = ? AND device = ? AND sequence = -1")
            .and_then(|mut s| s.query_row(params![self.org, self.me.device.0], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    fn unsealed_aside(&self) -> Result<(), StoreError> {
        let aside = self.aside()?;
        self.tx
            .prepare_cached(
                "UPDATE change SET entry = ?2, leaf = id WHERE org = ?1 AND entry IS NULL AND status = 0",
            )
            .and_then(|mut s| s.execute(params![self.org, aside]))
            .map_err(StoreError::of)?;
        Ok(())
    }

    /// What was aside and turns out to be in the relay's journal has its entry again: the other of the two
    /// brought it, or only the answer was lost. Answers the change and its document.
    pub(super) fn prove_aside(
        &self,
        entry: i64,
        change: &OpenedChange,
    ) -> Result<Option<(i64, i64)>, StoreError> {
        let held: Option<(i64, i64)> = self
            .tx
            .prepare_cached(
                "SELECT c.id, c.document FROM change c JOIN entry e ON e.id = c.entry
                 WHERE c.org = ? AND c.hash = ? AND e.sequence = -1",
            )
            .and_then(|mut s| {
                s.query_row(params![self.org, change.hash.0], |r| Ok((r.get(0)?, r.get(1)?))).optional()
            })
            .map_err(StoreError::of)?;
        let Some((id, document)) = held else { return Ok(None) };
        self.tx
            .prepare_cached(
                "UPDATE change SET entry = ?, leaf = ?, status = 0, rule = NULL, detail = NULL, reissued = 0
                 WHERE id = ?",
            )
            .and_then(|mut s| s.execute(params![entry, change.index, id]))
            .map_err(StoreError::of)?;
        Ok(Some((id, document)))
    }

    /// Whether this device's own entries are to come with their bytes.
    pub(super) fn wants_own(&self, wants: bool) -> Result<(), StoreError> {
        self.tx
            .prepare_cached("UPDATE self SET wants_own = ?2 WHERE org = ?1 AND wants_own <> ?2")
            .and_then(|mut s| s.execute(params![self.org, wants]))
            .map(drop)
            .map_err(StoreError::of)
    }

    /// All feeds were followed to their ends, with this device's own entries.
    pub(super) fn own_is_fetched(&self) -> Result<(), StoreError> {
        self.tx
            .prepare_cached("UPDATE self SET mending = 2 WHERE org = ? AND mending = 1")
            .and_then(|mut s| s.execute([self.org]))
            .map_err(StoreError::of)?;
        Ok(())
    }

    fn mend(&mut self, relay: DeviceId) -> Result<Mend, StoreError> {
        if mending(&self.tx, self.org)? < 2 {
            return Ok(Mend::Fetch);
        }
        if !matches!(self.me.role, Role::Site(_)) {
            self.go_on_from_the_relays()?;
            return Ok(Mend::Whole);
        }
        self.unsealed_aside()?;
        if next_aside(&self.tx, self.org)?.is_none() && !self.went_another_way()? {
            self.adopt()?;
            return Ok(Mend::Whole);
        }
        let made: [u8; 32] = self.ambient.bytes();
        let seed: [u8; 32] = self
            .tx
            .prepare_cached(
                "UPDATE self SET successor_seed = coalesce(successor_seed, ?) WHERE org = ?
                 RETURNING successor_seed",
            )
            .and_then(|mut s| s.query_row(params![made, self.org], |r| r.get(0)))
            .map_err(StoreError::of)?;
        let new = DeviceKey::from_seed(seed);
        Ok(Mend::Succeed(Box::new(Succeed::new(self.key, &new, self.me.organisation, relay))))
    }

    /// Whether this file sealed what isn't in the relay's journal of it: another relay took it, and was lost,
    /// and a clone's entry has its place in this one's. It stands beside the journal, and is nobody's to go
    /// on from.
    fn went_another_way(&self) -> Result<bool, StoreError> {
        self.tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM entry e JOIN self s ON s.org = e.org AND s.device = e.device
                     WHERE e.org = ?1 AND e.sequence > 0 AND NOT e.pulled AND (
                         e.sequence > s.journal_sequence
                         OR (e.sequence = s.journal_sequence AND e.hash <> s.journal_hash)
                         OR EXISTS (SELECT 1 FROM entry o WHERE o.org = e.org AND o.device = e.device
                                    AND o.sequence = e.sequence AND o.hash <> e.hash)))",
            )
            .and_then(|mut s| s.query_row([self.org], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// HQ's file was put back, and wrote before it followed. Nobody can make its key's successor but who holds
    /// the organisation's secret; and there is one file of HQ's, by its lease. So what it wrote meanwhile, and
    /// nobody has, is sealed again on top of what the relay holds.
    fn go_on_from_the_relays(&mut self) -> Result<(), StoreError> {
        for sql in [
            "UPDATE change SET entry = NULL, leaf = NULL WHERE org = ?1 AND entry IN (
                 SELECT id FROM entry WHERE org = ?1 AND device = ?2 AND sequence = -1)",
            "DELETE FROM entry WHERE org = ?1 AND device = ?2 AND sequence = -1",
            // What a lost relay had stamped may stand beside the journal now.
            "UPDATE entry SET pulled = 1 WHERE org = ?1 AND device = ?2",
        ] {
            self.tx.execute(sql, params![self.org, self.me.device.0]).map_err(StoreError::of)?;
        }
        self.adopt()
    }

    /// Takes the relay's head of the journal for ours, and goes on beyond all that is in it: its numbers, its
    /// times.
    fn adopt(&mut self) -> Result<(), StoreError> {
        let code = self.me.code.clone();
        let (mut last, mut numbers) = (self.clock.last(), BTreeMap::new());
        for (document, hashes) in self.own_since()? {
            let row = document_by_id(&self.tx, document)?;
            for kind in Kind::ALL {
                let of = format!("{}-{code}-", kind.prefix());
                if let Some(n) = row.number.strip_prefix(&of).and_then(|n| n.parse::<i64>().ok()) {
                    let highest = numbers.entry(kind.as_str()).or_insert(0);
                    *highest = n.max(*highest);
                }
            }
            let (replayed, _) = self.load(&row)?;
            for hash in hashes {
                let additions =
                    replayed.additions(&hash).map_err(|e| StoreError::damaged("a document's changes", e))?;
                let own = additions.events.iter().filter(|e| e.device == code).map(|e| e.recorded);
                last = own.fold(last, Recorded::max);
            }
        }
        self.clock = HybridClock::from_last(last);
        for (kind, highest) in numbers {
            self.tx
                .prepare_cached(
                    "INSERT INTO number (org, kind, last) VALUES (?,?,?)
                     ON CONFLICT DO UPDATE SET last = max(last, excluded.last)",
                )
                .and_then(|mut s| s.execute(params![self.org, kind, highest]))
                .map_err(StoreError::of)?;
        }
        self.tx
            .prepare_cached(
                "UPDATE self SET acknowledged = journal_sequence, mending = 0, fault = NULL WHERE org = ?",
            )
            .and_then(|mut s| s.execute([self.org]))
            .map_err(StoreError::of)?;
        Ok(())
    }

    /// This device's changes that were fetched since its journal went on without it, by document.
    fn own_since(&self) -> Result<BTreeMap<i64, Vec<ChangeHash>>, StoreError> {
        let mut statement = self
            .tx
            .prepare_cached(
                "SELECT c.document, c.hash FROM entry e JOIN change c ON c.org = e.org AND c.entry = e.id
                 WHERE e.org = ?1 AND e.device = ?2 AND c.status = 0
                   AND e.sequence > (SELECT acknowledged FROM self WHERE org = ?1)",
            )
            .map_err(StoreError::of)?;
        let rows = statement
            .query_map(params![self.org, self.me.device.0], |r| Ok((r.get(0)?, ChangeHash(r.get(1)?))))
            .map_err(StoreError::of)?;
        let mut own: BTreeMap<i64, Vec<ChangeHash>> = BTreeMap::new();
        for row in rows {
            let (document, hash) = row.map_err(StoreError::of)?;
            own.entry(document).or_default().push(hash);
        }
        Ok(own)
    }

    fn succeed(&mut self, granted: &Succeeded) -> Result<(), LinkError> {
        let seed: Option<[u8; 32]> = self
            .tx
            .prepare_cached("SELECT successor_seed FROM self WHERE org = ?")
            .and_then(|mut s| s.query_row([self.org], |r| r.get(0)))
            .map_err(StoreError::of)?;
        // Another process has been faster.
        let Some(seed) = seed else { return Ok(()) };
        for grant in &granted.grants {
            self.take_grant(grant)?;
        }
        let device = DeviceKey::from_seed(seed).device();
        let is_ours =
            |d: &Device<'_>| d.grant.successor_of == Some(self.me.device) && d.grant.role == self.me.role;
        if self.book.device(device).filter(is_ours).is_none() {
            return Err(LinkError::Grant(format!("none makes {device} this device's successor")));
        }
        self.unsealed_aside()?;
        // From here on this file is another device's.
        self.tx
            .execute(
                "UPDATE self SET device = ?, seed = ?, successor_seed = NULL, acknowledged = 0, mending = 0,
                        fault = NULL, journal_sequence = NULL, journal_hash = NULL WHERE org = ?",
                params![device.0, seed, self.org],
            )
            .map_err(StoreError::of)?;
        Ok(())
    }

    /// Writes again, by this device's name, what its predecessor added to a document and nobody acknowledged,
    /// with what was made on top of it.
    fn write_again(&mut self, document: i64) -> Result<(), StoreError> {
        let row = document_by_id(&self.tx, document)?;
        let held = self.held_changes(document, &[])?;
        let (aside, old) = self.aside_of(document)?;
        let gone = with_dependants(&held, &aside);
        let (again, stands): (Vec<&Held>, Vec<&Held>) = held.iter().partition(|c| gone.contains(&c.hash));
        let damaged = |e: &dyn std::fmt::Display| StoreError::damaged("a document's changes", e);
        let all: Vec<&[u8]> = held.iter().map(|c| c.bytes.as_slice()).collect();
        let accepted: Vec<&[u8]> = stands.iter().map(|c| c.bytes.as_slice()).collect();
        let from = Replayed::new(&all).map_err(|e| damaged(&e))?;
        let mut onto = match stands.is_empty() {
            true => Replayed::empty(),
            false => Replayed::new(&accepted).map_err(|e| damaged(&e))?,
        };
        let hashes: Vec<ChangeHash> = again.iter().map(|c| c.hash).collect();
        let moved = self.moved(old)?;
        let code = self.book.device(old).map(|d| d.grant.code.clone());
        let renames = Renames {
            events: self.renamed(&from, &hashes, code.as_ref())?,
            contact: match moved.get(&row.identity) {
                Some(new) => self.contact_moved(&from, (row.identity, *new))?,
                None => None,
            },
            documents: moved,
        };
        let written = onto.reissue_as(self.writer, self.now, &from, &hashes, &renames);
        for change in &again {
            // What can't be written again stays set aside, and is shown.
            self.tx
                .prepare_cached(
                    "UPDATE change SET status = ?, rule = ?, detail = ?, reissued = ? WHERE id = ?",
                )
                .and_then(|mut s| {
                    let refused = ChangeStatus::Refused as i64;
                    s.execute(params![refused, FORK, row.number, written.is_ok(), change.id])
                })
                .map_err(StoreError::of)?;
        }
        if stands.is_empty() {
            // Its number is borne by the one that comes in its place.
            self.tx
                .prepare_cached("UPDATE document SET number = '' WHERE id = ?")
                .and_then(|mut s| s.execute([document]))
                .map_err(StoreError::of)?;
        }
        self.reproject(document)?;
        let Ok(Some(change)) = written else { return Ok(()) };
        let (onto, sites) = match renames.documents.get(&row.identity) {
            Some(identity) => (self.moved_row(*identity, &row)?, row.sites.clone()),
            None => (document, sites_of(&again)?),
        };
        self.insert_own_change(onto, &change, &sites, 0)?;
        self.reproject(onto)
    }

    fn moved_row(&self, identity: DocumentId, was: &DocumentRow) -> Result<i64, StoreError> {
        self.tx
            .prepare_cached("INSERT INTO document (org, identity, sites) VALUES (?,?,?)")
            .and_then(|mut s| s.execute(params![self.org, identity.to_bytes(), join_sites(&was.sites)]))
            .map_err(StoreError::of)?;
        Ok(self.tx.last_insert_rowid())
    }

    /// The changes of a document that are aside, and whose they were.
    fn aside_of(&self, document: i64) -> Result<(Vec<i64>, DeviceId), StoreError> {
        let mut statement = self
            .tx
            .prepare_cached(
                "SELECT c.id, e.device FROM change c JOIN entry e ON e.id = c.entry
                 WHERE c.org = ? AND c.document = ? AND c.status = 0 AND e.sequence = -1",
            )
            .map_err(StoreError::of)?;
        let rows = statement
            .query_map([self.org, document], |r| Ok((r.get(0)?, DeviceId(r.get(1)?))))
            .map_err(StoreError::of)?;
        let found: Vec<(i64, DeviceId)> = rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?;
        let old = found.first().map_or(self.me.device, |(_, device)| *device);
        Ok((found.into_iter().map(|(id, _)| id).collect(), old))
    }

    /// The documents that `old` began and nobody acknowledged, by what they are or will be called.
    fn moved(&self, old: DeviceId) -> Result<BTreeMap<DocumentId, DocumentId>, StoreError> {
        let mut statement = self
            .tx
            .prepare_cached(
                "SELECT DISTINCT d.identity FROM entry e JOIN change c ON c.org = e.org AND c.entry = e.id
                 JOIN document d ON d.id = c.document
                 WHERE e.org = ?1 AND e.device = ?2 AND e.sequence = -1 AND NOT EXISTS (
                     SELECT 1 FROM change x JOIN entry y ON y.id = x.entry
                     WHERE x.org = ?1 AND x.document = d.id AND x.status = 0 AND y.sequence > 0)",
            )
            .map_err(StoreError::of)?;
        let rows = statement
            .query_map(params![self.org, old.0], |r| r.get::<_, [u8; 32]>(0))
            .map_err(StoreError::of)?;
        let mut moved = BTreeMap::new();
        for row in rows {
            let was = DocumentId::from_slice(&row.map_err(StoreError::of)?)
                .map_err(|e| StoreError::damaged("a document's identity", e))?;
            // The same UUID, so that whoever comes to it twice comes to the same.
            moved.insert(was, DocumentId { creator: self.me.device, uuid: was.uuid });
        }
        Ok(moved)
    }

    /// The events that changes added in a code's name, and what they are called by this device's.
    fn renamed(
        &self,
        from: &Replayed,
        hashes: &[ChangeHash],
        code: Option<&DeviceCode>,
    ) -> Result<BTreeMap<EventId, EventId>, StoreError> {
        let mut events = BTreeSet::new();
        for hash in hashes {
            let additions =
                from.additions(hash).map_err(|e| StoreError::damaged("a document's changes", e))?;
            events.extend(additions.events.into_iter().filter(|e| Some(&e.device) == code));
        }
        let renamed = |id: EventId| {
            let by_me = EventId { recorded: id.recorded, device: self.me.code.clone() };
            (id, by_me)
        };
        Ok(events.into_iter().map(renamed).collect())
    }

    /// A return's customer and sealed contact for its new identity.
    fn contact_moved(
        &self,
        from: &Replayed,
        (old, new): (DocumentId, DocumentId),
    ) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        let reading = from.read(old, &|_| None).map_err(|e| StoreError::damaged("a document", e))?;
        let Some(Document::Return(document)) = reading.document else { return Ok(None) };
        let Some(sealed) = document.contact else { return Ok(None) };
        let customer = document.customer.unwrap_or_else(|| CustomerId::of(old));
        let sealed = self.reseal_contact(&customer, (old, new), &sealed)?;
        Ok(sealed.map(|sealed| (customer.to_string(), sealed)))
    }
}

/// The sites that changes added to their document, each once.
fn sites_of(changes: &[&Held]) -> Result<Vec<SiteId>, StoreError> {
    let mut sites = Vec::new();
    for change in changes {
        for site in split_sites(&change.sites_added)? {
            if !sites.contains(&site) {
                sites.push(site);
            }
        }
    }
    Ok(sites)
}
