//! Sealing: this device's new changes become journal entries, before anything is sent.
//!
//! One IMMEDIATE transaction at a time, whoever calls: two processes never seal one sequence twice.
//! An entry is never altered after.

use guicang_domain::ids::{ChangeHash, DocumentId, EntryHash};
use guicang_domain::time::Moment;
use guicang_sync::entry::{ChangeRef, EntryHead, NO_ENTRY, SealedEntry, cut, root, seal};
use guicang_sync::keys::Signature;
use guicang_sync::stamp::Stamp;
use guicang_sync::wire::{AbsentLeaf, Chain, WireChange, WireEntry};
use rusqlite::{OptionalExtension, params};

use crate::error::StoreError;
use crate::facts::{ChangeStatus, split_sites};
use crate::store::{Replica, Work};

/// At most so many changes are sealed in one transaction.
const SEAL_CHANGES: i64 = 4096;

/// A change that waits to be sealed.
struct Unsealed {
    id: i64,
    change: ChangeRef,
    size: usize,
}

impl Replica {
    /// Seals what waits and gives this device's entries after a sequence, as many as the budget of raw
    /// bytes allows (at least one), and whether there are more. A budget of zero gives none.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read or written.
    pub fn wire_entries(
        &mut self,
        after_sequence: u64,
        budget_bytes: usize,
    ) -> Result<(Vec<WireEntry>, bool), StoreError> {
        // Where the relay's journal went on without us, nothing of ours fits on it.
        if budget_bytes == 0 || self.is_mending()? {
            return Ok((Vec::new(), false));
        }
        #[cfg(feature = "planted")]
        if guicang_sync::planted::is(guicang_sync::planted::Bug::SealedTwice) {
            self.db
                .execute(
                    "UPDATE change SET entry = NULL, leaf = NULL WHERE entry IN (SELECT e.id FROM entry e
                     JOIN self s ON s.org = e.org AND s.device = e.device WHERE e.sequence > s.acknowledged)",
                    [],
                )
                .map_err(StoreError::of)?;
        }
        while self.has_unsealed()? && self.write(|work| work.seal())? {}
        self.entries_after(after_sequence, budget_bytes)
    }

    fn has_unsealed(&self) -> Result<bool, StoreError> {
        self.db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM change WHERE org = ? AND entry IS NULL AND status = 0)",
            )
            .and_then(|mut s| s.query_row([self.identity.org], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    fn entries_after(
        &self,
        after_sequence: u64,
        budget_bytes: usize,
    ) -> Result<(Vec<WireEntry>, bool), StoreError> {
        let mut chain = Chain::new(self.identity.device);
        let mut out = Vec::new();
        let mut spent = 0;
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT id, sequence, previous, root, time, signature, stamp_time, stamp_relay, stamp, hash FROM entry
                 WHERE org = ? AND device = ? AND sequence > ? AND NOT pulled ORDER BY sequence",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement
            .query(params![self.identity.org, self.identity.device.0, after_sequence])
            .map_err(StoreError::of)?;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                let head = EntryHead {
                    device: self.identity.device,
                    sequence: r.get(1)?,
                    previous: EntryHash(r.get(2)?),
                    root: r.get(3)?,
                    time: Moment(r.get(4)?),
                };
                let stamp: Option<(i64, [u8; 16], [u8; 64])> = match r.get::<_, Option<i64>>(6)? {
                    Some(time) => Some((time, r.get(7)?, r.get(8)?)),
                    None => None,
                };
                let sealed = SealedEntry { head, signature: Signature(r.get(5)?) };
                Ok((r.get::<_, i64>(0)?, sealed, stamp, EntryHash(r.get(9)?)))
            };
            let (id, sealed, stamp, hash) = read().map_err(StoreError::of)?;
            if spent >= budget_bytes {
                return Ok((out, true));
            }
            let (changes, absent) = self.changes_of_entry(id)?;
            let size: usize = changes.iter().filter_map(|c| c.bytes.as_ref()).map(Vec::len).sum();
            if !out.is_empty() && spent + size > budget_bytes {
                return Ok((out, true));
            }
            spent += size.max(1);
            let stamp = stamp.map(|(time, relay, signature)| Stamp {
                entry: hash,
                time: Moment(time),
                relay: guicang_domain::ids::DeviceId(relay),
                signature: Signature(signature),
            });
            out.push(WireEntry::new(&sealed, &mut chain, changes, absent, stamp.as_ref()));
        }
        Ok((out, false))
    }

    /// An entry's changes as they travel. One that the relay refused goes as its leaf alone: what it said was
    /// written again, and a relay that lost the refusal must not come to hold it twice. So does one whose bytes
    /// were let go: the journal goes on past it, and HQ brings the change itself.
    fn changes_of_entry(&self, entry: i64) -> Result<(Vec<WireChange>, Vec<AbsentLeaf>), StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT d.identity, c.sites_added, c.hash, c.bytes, c.leaf, c.status FROM change c
                 JOIN document d ON d.id = c.document WHERE c.org = ? AND c.entry = ? ORDER BY c.leaf",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query([self.identity.org, entry]).map_err(StoreError::of)?;
        let author = self.identity.device;
        let (mut changes, mut absent) = (Vec::new(), Vec::new());
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                let at = (r.get(4)?, r.get::<_, i64>(5)?);
                Ok((
                    r.get::<_, [u8; 32]>(0)?,
                    r.get::<_, String>(1)?,
                    r.get::<_, [u8; 32]>(2)?,
                    r.get(3)?,
                    at,
                ))
            };
            let (document, sites, hash, bytes, (index, status)) = read().map_err(StoreError::of)?;
            let document = DocumentId::from_slice(&document)
                .map_err(|e| StoreError::damaged("a document's identity", e))?;
            let sites_added = split_sites(&sites)?;
            match bytes {
                Some(bytes) if status != ChangeStatus::Refused as i64 => {
                    changes.push(WireChange::new(author, document, sites_added, bytes));
                }
                _ => {
                    let change = ChangeRef { document, sites_added, hash: ChangeHash(hash) };
                    absent.push(AbsentLeaf { index, leaf: change.leaf() });
                }
            }
        }
        Ok((changes, absent))
    }
}

impl Work<'_> {
    /// Seals a run of this device's unsealed changes; `false` when there was none.
    pub(crate) fn seal(&mut self) -> Result<bool, StoreError> {
        let unsealed = self.unsealed()?;
        if unsealed.is_empty() || self.is_mending()? {
            return Ok(false);
        }
        let (mut sequence, mut previous) = self.journal_head()?;
        let sizes: Vec<usize> = unsealed.iter().map(|c| c.size).collect();
        for range in cut(&sizes) {
            let changes = &unsealed[range];
            let leaves: Vec<[u8; 32]> = changes.iter().map(|c| c.change.leaf()).collect();
            sequence += 1;
            let head =
                EntryHead { device: self.me.device, sequence, previous, root: root(&leaves), time: self.now };
            let sealed = seal(self.key, head);
            previous = sealed.head.hash();
            self.tx
                .prepare_cached(
                    "INSERT INTO entry (org, device, sequence, hash, previous, root, time, signature)
                     VALUES (?,?,?,?,?,?,?,?)",
                )
                .and_then(|mut s| {
                    s.execute(params![
                        self.org,
                        self.me.device.0,
                        sequence,
                        previous.0,
                        sealed.head.previous.0,
                        sealed.head.root,
                        sealed.head.time.0,
                        sealed.signature.0
                    ])
                })
                .map_err(StoreError::of)?;
            let entry = self.tx.last_insert_rowid();
            for (leaf, change) in changes.iter().enumerate() {
                self.tx
                    .prepare_cached("UPDATE change SET entry = ?, leaf = ? WHERE id = ?")
                    .and_then(|mut s| s.execute(params![entry, leaf as i64, change.id]))
                    .map_err(StoreError::of)?;
            }
        }
        Ok(true)
    }

    fn unsealed(&self) -> Result<Vec<Unsealed>, StoreError> {
        let mut statement = self
            .tx
            .prepare_cached(
                "SELECT c.id, d.identity, c.sites_added, c.hash, length(c.bytes) FROM change c
                 JOIN document d ON d.id = c.document
                 WHERE c.org = ? AND c.entry IS NULL AND c.status = 0 ORDER BY c.id LIMIT ?",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query(params![self.org, SEAL_CHANGES]).map_err(StoreError::of)?;
        let mut out = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                Ok((
                    r.get::<_, i64>(0)?,
                    r.get::<_, [u8; 32]>(1)?,
                    r.get::<_, String>(2)?,
                    r.get::<_, [u8; 32]>(3)?,
                    r.get::<_, usize>(4)?,
                ))
            };
            let (id, document, sites, hash, size) = read().map_err(StoreError::of)?;
            let document = DocumentId::from_slice(&document)
                .map_err(|e| StoreError::damaged("a document's identity", e))?;
            let change = ChangeRef { document, sites_added: split_sites(&sites)?, hash: ChangeHash(hash) };
            out.push(Unsealed { id, change, size });
        }
        Ok(out)
    }

    fn journal_head(&self) -> Result<(u64, EntryHash), StoreError> {
        let head: Option<(u64, [u8; 32])> = self
            .tx
            .prepare_cached(
                "SELECT sequence, hash FROM entry WHERE org = ?1 AND device = ?2 AND sequence > 0 AND NOT pulled
                 UNION ALL SELECT journal_sequence, journal_hash FROM self
                     WHERE org = ?1 AND journal_sequence IS NOT NULL
                 ORDER BY sequence DESC LIMIT 1",
            )
            .and_then(|mut s| {
                s.query_row(params![self.org, self.me.device.0], |r| Ok((r.get(0)?, r.get(1)?))).optional()
            })
            .map_err(StoreError::of)?;
        Ok(head.map_or((0, NO_ENTRY), |(sequence, hash)| (sequence, EntryHash(hash))))
    }
}
