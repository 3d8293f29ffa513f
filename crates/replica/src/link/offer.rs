//! Bringing the relay what it lost: strays as entries, whoever made them.
//!
//! An entry is proven by its author's signature over all its leaves, so anyone may bring it, with the changes
//! held here and the leaves of the others. What surprises: only what the relay can take is offered. A journal
//! goes on at its head, without a gap, and a change finds what it builds on; what can't be offered waits, with
//! all that builds on it, until somebody else brings what is missing.

use std::collections::BTreeMap;

use guicang_documents::header;
use guicang_domain::ids::{ChangeHash, DeviceId, DocumentId, EntryHash};
use guicang_domain::time::Moment;
use guicang_sync::entry::{ChangeRef, EntryHead, SealedEntry, root};
use guicang_sync::grant::SignedGrant;
use guicang_sync::keys::Signature;
use guicang_sync::reconcile::{Pass, Told};
use guicang_sync::stamp::Stamp;
use guicang_sync::wire::{AbsentLeaf, Chain, WireChange, WireEntry};
use rusqlite::{OptionalExtension, params};

use crate::error::StoreError;
use crate::facts::split_sites;
use crate::store::Replica;

/// So many strays are looked at for one request.
const STRAYS_AT_ONCE: i64 = 4_096;

/// A stray change.
struct Stray {
    entry: i64,
    leaf: u32,
    device: DeviceId,
    sequence: u64,
    change: ChangeRef,
    bytes: Option<Vec<u8>>,
    ordinal: i64,
}

impl Replica {
    /// Entries and grants among the strays that the relay can take, from where the pass is.
    pub(super) fn offer(&mut self, mut pass: Pass, budget_bytes: usize) -> Result<Told, StoreError> {
        self.was_shown(&pass)?;
        let feeds = self.cursors()?;
        let mut chain = Chain::new(self.identity.device);
        let (mut entries, mut spent) = (Vec::new(), 0);
        let mut group: Vec<Stray> = Vec::new();
        let first = pass == Pass { heads: pass.heads.clone(), ..Pass::default() };
        let (grants, arrivals) = match first {
            true => (self.stray_grants()?, self.stray_arrivals()?),
            false => (Vec::new(), Vec::new()),
        };
        while let Some(cursor) = feeds.get(pass.feed) {
            let strays = self.stray_changes(&cursor.feed.to_string(), pass.after)?;
            if strays.is_empty() {
                (pass.feed, pass.after) = (pass.feed + 1, 0);
                continue;
            }
            for stray in strays {
                let size = stray.bytes.as_ref().map_or(0, Vec::len);
                if spent > 0 && spent + size > budget_bytes {
                    self.flush(&mut group, &mut chain, &mut entries)?;
                    return Ok(Told::Offer { entries: entries.into(), grants, arrivals, next: Some(pass) });
                }
                pass.after = stray.ordinal;
                if !can_be_offered(&stray, &mut pass)? {
                    continue;
                }
                let joins = |last: &Stray| last.entry == stray.entry && last.leaf < stray.leaf;
                if !group.last().is_none_or(joins) {
                    self.flush(&mut group, &mut chain, &mut entries)?;
                }
                spent += size.max(1);
                group.push(stray);
            }
        }
        self.flush(&mut group, &mut chain, &mut entries)?;
        // What the relay has by now may be stamped later there.
        let before = pass.shown;
        if entries.is_empty() {
            entries = self.show(&mut pass, &mut chain, budget_bytes)?;
        }
        let more = !entries.is_empty() || pass.shown != before;
        Ok(Told::Offer { entries: entries.into(), grants, arrivals, next: more.then_some(pass) })
    }

    fn stray_grants(&self) -> Result<Vec<SignedGrant>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT DISTINCT g.wire FROM stray s JOIN grant_fact g ON g.id = -s.item
                 WHERE s.org = ? AND s.item < 0 AND s.rule IS NULL ORDER BY g.id",
            )
            .map_err(StoreError::of)?;
        let rows =
            statement.query_map([self.identity.org], |r| r.get::<_, Vec<u8>>(0)).map_err(StoreError::of)?;
        rows.map(|wire| {
            minicbor::decode(&wire.map_err(StoreError::of)?).map_err(|e| StoreError::damaged("a grant", e))
        })
        .collect()
    }

    fn stray_changes(&self, feed: &str, after: i64) -> Result<Vec<Stray>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT s.ordinal, c.entry, c.leaf, e.device, e.sequence, d.identity, c.sites_added, c.hash, c.bytes
                 FROM stray s JOIN change c ON c.id = s.item JOIN entry e ON e.id = c.entry
                 JOIN document d ON d.id = c.document
                 WHERE s.org = ? AND s.feed = ? AND s.ordinal > ? AND s.item > 0 AND s.rule IS NULL
                   AND c.status <> 1 AND e.sequence > 0 ORDER BY s.ordinal LIMIT ?",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement
            .query(params![self.identity.org, feed, after, STRAYS_AT_ONCE])
            .map_err(StoreError::of)?;
        let mut all = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                Ok((
                    (r.get(0)?, r.get(1)?, r.get(2)?, DeviceId(r.get(3)?), r.get(4)?),
                    (r.get::<_, [u8; 32]>(5)?, r.get::<_, String>(6)?, ChangeHash(r.get(7)?), r.get(8)?),
                ))
            };
            let ((ordinal, entry, leaf, device, sequence), (document, sites, hash, bytes)) =
                read().map_err(StoreError::of)?;
            let change =
                ChangeRef { document: identity(&document)?, sites_added: split_sites(&sites)?, hash };
            all.push(Stray { entry, leaf, device, sequence, change, bytes, ordinal });
        }
        Ok(all)
    }

    /// Writes changes of one entry, the others by their leaves.
    fn flush(
        &self,
        group: &mut Vec<Stray>,
        chain: &mut Chain,
        entries: &mut Vec<WireEntry>,
    ) -> Result<(), StoreError> {
        let Some(entry) = group.first().map(|stray| stray.entry) else { return Ok(()) };
        let travelling = std::mem::take(group);
        let Some((sealed, stamp, leaves)) = self.whole_entry(entry)? else { return Ok(()) };
        let absent = leaves
            .into_iter()
            .filter(|(index, _)| !travelling.iter().any(|stray| stray.leaf == *index))
            .map(|(index, leaf)| AbsentLeaf { index, leaf });
        let author = sealed.head.device;
        let change = |stray: Stray| {
            let ChangeRef { document, sites_added, .. } = stray.change;
            WireChange::new(author, document, sites_added, stray.bytes.expect("only with its bytes"))
        };
        let absent = absent.collect();
        let changes = travelling.into_iter().map(change).collect();
        entries.push(WireEntry::new(&sealed, chain, changes, absent, stamp.as_ref()));
        Ok(())
    }

    /// An entry with its stamp and all its leaves; none where some aren't known.
    pub(super) fn whole_entry(&self, entry: i64) -> Result<Option<WholeEntry>, StoreError> {
        let row = self
            .db
            .prepare_cached(
                "SELECT device, sequence, previous, root, time, signature, hash, stamp_time, stamp_relay, stamp, absent
                 FROM entry WHERE +org = ? AND id = ?",
            )
            .and_then(|mut s| {
                s.query_row([self.identity.org, entry], |r| {
                    let head = EntryHead {
                        device: DeviceId(r.get(0)?),
                        sequence: r.get(1)?,
                        previous: EntryHash(r.get(2)?),
                        root: r.get(3)?,
                        time: Moment(r.get(4)?),
                    };
                    let sealed = SealedEntry { head, signature: Signature(r.get(5)?) };
                    let hash = EntryHash(r.get(6)?);
                    let stamp = match r.get::<_, Option<i64>>(7)? {
                        Some(time) => Some(Stamp {
                            entry: hash,
                            time: Moment(time),
                            relay: DeviceId(r.get(8)?),
                            signature: Signature(r.get(9)?),
                        }),
                        None => None,
                    };
                    Ok((sealed, stamp, r.get::<_, Option<Vec<u8>>>(10)?))
                })
                .optional()
            })
            .map_err(StoreError::of)?;
        let Some((sealed, stamp, absent)) = row else { return Ok(None) };
        let mut leaves = absent_leaves(&absent.unwrap_or_default())?;
        leaves.extend(self.held_leaves(entry)?);
        let all: Vec<[u8; 32]> = leaves.values().copied().collect();
        let whole = leaves.keys().copied().eq(0..leaves.len() as u32) && root(&all) == sealed.head.root;
        Ok(whole.then_some((sealed, stamp, leaves)))
    }

    fn held_leaves(&self, entry: i64) -> Result<Vec<(u32, [u8; 32])>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT c.leaf, d.identity, c.sites_added, c.hash FROM change c JOIN document d ON d.id = c.document
                 WHERE c.org = ? AND c.entry = ?",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query([self.identity.org, entry]).map_err(StoreError::of)?;
        let mut leaves = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                Ok((r.get(0)?, r.get::<_, [u8; 32]>(1)?, r.get::<_, String>(2)?, ChangeHash(r.get(3)?)))
            };
            let (index, document, sites, hash) = read().map_err(StoreError::of)?;
            let sites_added = split_sites(&sites)?;
            leaves.push((index, ChangeRef { document: identity(&document)?, sites_added, hash }.leaf()));
        }
        Ok(leaves)
    }
}

type WholeEntry = (SealedEntry, Option<Stamp>, BTreeMap<u32, [u8; 32]>);

pub(super) fn identity(bytes: &[u8]) -> Result<DocumentId, StoreError> {
    DocumentId::from_slice(bytes).map_err(|e| StoreError::damaged("a document's identity", e))
}

/// Whether the relay can take a change, by its author's journal and what it builds on. Notes what follows from
/// either.
fn can_be_offered(stray: &Stray, pass: &mut Pass) -> Result<bool, StoreError> {
    let head = pass.heads.entry(stray.device).or_insert(0);
    let follows = stray.sequence <= *head + 1;
    let founded = match &stray.bytes {
        None => false,
        Some(bytes) => {
            let read = header(bytes).map_err(|e| StoreError::damaged("a change", e));
            // What can't be read here is set apart here, and may be good elsewhere.
            read.map_or(true, |header| !header.deps.iter().any(|dep| pass.blocked.contains(&dep.0)))
        }
    };
    if !(follows && founded) {
        pass.blocked.insert(stray.change.hash.0);
        return Ok(false);
    }
    *head = stray.sequence.max(*head);
    Ok(true)
}

/// The leaves of changes that aren't held, as they are stored.
pub(super) fn absent_leaves(bytes: &[u8]) -> Result<BTreeMap<u32, [u8; 32]>, StoreError> {
    let (leaves, rest) = bytes.as_chunks::<36>();
    if !rest.is_empty() {
        return Err(StoreError::damaged("an entry's leaves", "they end early"));
    }
    let one = |leaf: &[u8; 36]| {
        let (index, hash) = leaf.split_first_chunk::<4>().expect("36 bytes");
        (u32::from_be_bytes(*index), hash.try_into().expect("32 bytes"))
    };
    Ok(leaves.iter().map(one).collect())
}

/// The same, to be stored; none for none.
pub(super) fn stored_leaves(absent: &[AbsentLeaf]) -> Option<Vec<u8>> {
    let one = |leaf: &AbsentLeaf| [leaf.index.to_be_bytes().as_slice(), &leaf.leaf].concat();
    (!absent.is_empty()).then(|| absent.iter().flat_map(one).collect())
}
