//! A relay whose store is memory: just what `decide` and `PartWriter` need around them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use guicang_domain::ids::{ChangeHash, DeviceId, DocumentId, EntryHash, SiteId};
use guicang_domain::time::Moment;
use guicang_sync::admit::{
    ActorHead, ChangeStatus, ChangeVerdict, EntryKind, HeldEntry, Known, KnownChange, KnownDocument, Offer,
    Wanted, decide,
};
use guicang_sync::change::Actor;
use guicang_sync::codec;
use guicang_sync::entry::{JournalHead, SealedEntry, leaf};
use guicang_sync::feed::{Cursor, Epoch, Feed};
use guicang_sync::grant::{Role, SignedGrant};
use guicang_sync::message::{EntryStamp, FeedPart, SyncAnswer, SyncRequest};
use guicang_sync::reconcile::{Agreed, Point, Probe};
use guicang_sync::relay::{Budget, PartWriter};
use guicang_sync::stamp::Stamp;
use guicang_sync::sum::RunningSum;
use guicang_sync::wire::OpenedChange;

use crate::world::{World, header};

/// Where a change, or a grant, stands.
#[derive(Clone)]
enum Row {
    Change { device: DeviceId, sequence: u64, change: OpenedChange },
    Grant(SignedGrant),
}

struct StoredEntry {
    sealed: SealedEntry,
    hash: EntryHash,
    leaves: Vec<[u8; 32]>,
    refused: Vec<(u32, guicang_sync::rule::Rule)>,
    stamp: Stamp,
}

pub struct MemoryRelay {
    pub epoch: Epoch,
    journals: HashMap<DeviceId, JournalHead>,
    entries: BTreeMap<(DeviceId, u64), StoredEntry>,
    documents: HashMap<DocumentId, KnownDocument>,
    changes: HashMap<(DocumentId, ChangeHash), KnownChange>,
    actors: HashMap<Actor, DeviceId>,
    feeds: BTreeMap<Feed, Vec<Row>>,
}

impl MemoryRelay {
    pub fn new(world: &World) -> Self {
        let mut grants: Vec<_> = world.book.grants().map(|(hash, g)| (*hash, g.clone())).collect();
        grants.sort_by_key(|(hash, _)| *hash);
        let rows: Vec<Row> = grants.into_iter().map(|(_, grant)| Row::Grant(grant)).collect();
        Self {
            epoch: Epoch([1; 16]),
            journals: HashMap::new(),
            entries: BTreeMap::new(),
            documents: HashMap::new(),
            changes: HashMap::new(),
            actors: HashMap::new(),
            feeds: [(Feed::Org, rows.clone()), (Feed::Log, rows)].into(),
        }
    }

    /// What the relay holds of a feed: how many positions, and their sum.
    pub fn feed(&self, feed: &Feed) -> (u64, RunningSum) {
        let rows = self.feeds.get(feed).map(Vec::as_slice).unwrap_or_default();
        (rows.len() as u64, sum(rows))
    }

    pub fn known(&self, wanted: &Wanted) -> Known {
        let some = |d: &DeviceId| self.journals.get(d).map(|j| (*d, *j));
        Known {
            journals: wanted.journals.iter().filter_map(some).collect(),
            entries: wanted
                .entries
                .iter()
                .filter_map(|k| self.entries.get(k))
                .map(|e| (e.hash, HeldEntry { refused: e.refused.clone() }))
                .collect(),
            documents: pick(&self.documents, &wanted.documents),
            changes: pick(&self.changes, &wanted.changes),
            actors: pick(&self.actors, &wanted.actors),
            admitted: Default::default(),
        }
    }

    /// Answers a request's body.
    pub fn sync(&mut self, world: &World, sender: DeviceId, body: &[u8], now: Moment) -> Vec<u8> {
        let request: SyncRequest = codec::decode_request(body, codec::DECODED_LIMIT_BYTES).unwrap();
        let offer = Offer::read(sender, request.entries, header);
        let known = self.known(&Wanted::of(&offer));
        let decision = decide(&offer, &world.book, known, now);
        let mut stamps = vec![];
        for (verdict, offered) in decision.entries.iter().zip(&offer.entries) {
            let Ok(opened) = &offered.opened else { continue };
            if let EntryKind::Refused { .. } = verdict.kind {
                continue;
            }
            let key = (verdict.device, verdict.sequence);
            if verdict.kind == EntryKind::Append {
                let stamp = Stamp::sign(&world.relay, opened.hash, now);
                let leaves = opened.changes.iter().map(|c| leaf(c.document, &c.sites_added, &c.hash));
                let leaves = leaves.collect();
                let (sealed, hash) = (opened.sealed, opened.hash);
                self.entries.insert(key, StoredEntry { sealed, hash, leaves, refused: vec![], stamp });
                self.journals.insert(verdict.device, JournalHead { sequence: verdict.sequence, hash });
            }
            for ((verdict, change), header) in
                verdict.changes.iter().zip(&opened.changes).zip(&offered.headers)
            {
                self.append(key, verdict, change, header.as_ref().ok());
            }
            if verdict.device == sender {
                let stamp = &self.entries[&key].stamp;
                let (time, signature) = (stamp.time, stamp.signature);
                stamps.push(EntryStamp { sequence: verdict.sequence, time, signature });
            }
        }
        let mut budget = Budget::new(request.answer_limit_bytes as usize);
        let feeds = request.cursors.iter().map(|c| self.part(sender, c, &mut budget)).collect();
        let answer = SyncAnswer {
            epoch: self.epoch,
            time: now,
            relay: (!stamps.is_empty()).then_some(world.relay.device()),
            journal: self.journals.get(&sender).copied(),
            outcomes: decision.outcomes(&offer, sender),
            stamps,
            feeds,
            stale_fence: false,
            retry_after_ms: None,
            push_after_ms: None,
            agreed: request.probes.iter().map(|probe| self.agreed(probe)).collect(),
            journals: vec![],
            compared: None,
        };
        codec::encode(&answer)
    }

    fn agreed(&self, probe: &Probe) -> Agreed {
        let rows = self.feeds.get(&probe.feed).map(Vec::as_slice).unwrap_or_default();
        let agrees = |p: &&Point| rows.get(..p.position as usize).map(sum) == Some(p.sum);
        let position = probe.points.iter().rev().find(agrees).map_or(0, |p| p.position);
        Agreed { feed: probe.feed.clone(), position }
    }

    fn append(
        &mut self,
        (device, sequence): (DeviceId, u64),
        verdict: &ChangeVerdict,
        change: &OpenedChange,
        header: Option<&guicang_sync::change::ChangeHeader>,
    ) {
        let row = Row::Change { device, sequence, change: change.clone() };
        let status = match verdict {
            ChangeVerdict::AlreadyHeld { .. } => return,
            ChangeVerdict::Refused { rule, .. } => {
                let entry = self.entries.get_mut(&(device, sequence)).unwrap();
                if !entry.refused.iter().any(|(index, _)| *index == change.index) {
                    entry.refused.push((change.index, rule.clone()));
                }
                return;
            }
            ChangeVerdict::SetApart { rule, sites_apart_after } => {
                let document = self.documents.entry(change.document).or_default();
                document.sites_apart = sites_apart_after.clone();
                ChangeStatus::Apart(rule.clone())
            }
            ChangeVerdict::Accepted { sites_after, sites_new } => {
                self.backfill(change.document, sites_new);
                let document = self.documents.entry(change.document).or_default();
                document.sites = sites_after.clone();
                let feeds: Vec<Feed> = if sites_after.is_empty() {
                    vec![Feed::Org]
                } else {
                    sites_after.iter().cloned().map(Feed::Site).collect()
                };
                for feed in feeds {
                    self.feeds.entry(feed).or_default().push(row.clone());
                }
                ChangeStatus::Accepted
            }
        };
        let header = header.expect("what is accepted has a header");
        let document = self.documents.get_mut(&change.document).unwrap();
        document.actors.insert(header.actor.clone(), ActorHead { seq: header.seq, max_op: header.max_op });
        self.actors.insert(header.actor.clone(), device);
        let known = KnownChange { max_op: header.max_op, status };
        self.changes.insert((change.document, change.hash), known);
        self.feeds.get_mut(&Feed::Log).unwrap().push(row);
    }

    /// A document's earlier changes come into a new site's feed before the one that adds it.
    fn backfill(&mut self, document: DocumentId, sites_new: &BTreeSet<SiteId>) {
        let earlier: Vec<Row> = self.feeds[&Feed::Log]
            .iter()
            .filter(|row| match row {
                Row::Change { change, .. } => {
                    change.document == document
                        && self.changes[&(document, change.hash)].status == ChangeStatus::Accepted
                }
                Row::Grant(_) => false,
            })
            .cloned()
            .collect();
        for site in sites_new {
            self.feeds.entry(Feed::Site(site.clone())).or_default().extend(earlier.iter().cloned());
        }
    }

    fn part(&self, receiver: DeviceId, cursor: &Cursor, budget: &mut Budget) -> FeedPart {
        let rows = self.feeds.get(&cursor.feed).map(Vec::as_slice).unwrap_or_default();
        let at = cursor.position as usize;
        let at_cursor = rows.get(..at).map(sum);
        let mut part = PartWriter::new(receiver, cursor, at_cursor, rows.len() as u64);
        for run in rows.get(at..).unwrap_or_default().chunk_by(same_entry) {
            let taken = match &run[0] {
                Row::Grant(grant) => part.grant(budget, grant.clone()),
                Row::Change { device, sequence, .. } => {
                    let changes = run.iter().filter_map(|row| match row {
                        Row::Change { change, .. } => Some(change.clone()),
                        Row::Grant(_) => None,
                    });
                    if *device == receiver {
                        let changes: Vec<_> = changes.map(|c| (c.index, c.hash)).collect();
                        part.own(budget, *sequence, &changes, None)
                    } else {
                        let e = &self.entries[&(*device, *sequence)];
                        part.entry(budget, &e.sealed, &e.leaves, changes.collect(), Some(&e.stamp))
                    }
                }
            };
            if !taken {
                break;
            }
        }
        part.finish()
    }
}

fn same_entry(a: &Row, b: &Row) -> bool {
    match (a, b) {
        (
            Row::Change { device, sequence, change },
            Row::Change { device: other, sequence: number, change: next },
        ) => (device, sequence) == (other, number) && change.index < next.index,
        _ => false,
    }
}

fn sum(rows: &[Row]) -> RunningSum {
    rows.iter().fold(RunningSum::ZERO, |sum, row| match row {
        Row::Change { change, .. } => sum.with(&change.hash.0),
        Row::Grant(grant) => sum.with(&grant.hash()),
    })
}

fn pick<K: Clone + Eq + std::hash::Hash + Ord, V: Clone>(
    all: &HashMap<K, V>,
    keys: &BTreeSet<K>,
) -> HashMap<K, V> {
    keys.iter().filter_map(|k| all.get(k).map(|v| (k.clone(), v.clone()))).collect()
}

/// The feeds that a device of `role` follows.
pub fn feeds_of(role: &Role) -> Vec<Feed> {
    match role {
        Role::Site(site) => vec![Feed::Org, Feed::Site(site.clone())],
        Role::Hq | Role::Relay => vec![Feed::Log],
    }
}
