//! One sync request: read, decide, append, answer.
//!
//! Reading the entries (hashes, headers) needs no lock, and runs before the write transaction, so that
//! several devices' requests share the cores. The decision is made within the transaction on what is
//! held there; it commits before anything is answered. What surprises: a device whose right was
//! withdrawn is still heard. What it sends is authentic, so it is kept, set apart for HQ; it just is
//! told and shown nothing.

use std::collections::{BTreeSet, HashMap, HashSet};

use guicang_domain::ids::{DeviceId, DocumentId, EntryHash, SiteId};
use guicang_domain::time::Moment;
use guicang_sync::admit::{
    ActorHead, ChangeVerdict, Decision, EntryKind, EntryVerdict, Known, Offer, OfferedEntry, Wanted, decide,
};
use guicang_sync::change::Actor;
use guicang_sync::entry::{JournalHead, leaf};
use guicang_sync::feed::Feed;
use guicang_sync::grant::{GrantBook, Role, Standing};
use guicang_sync::message::{EntryStamp, Outcome, SyncAnswer, SyncRequest};
use guicang_sync::quota::Cost;
use guicang_sync::stamp::{Stamp, earliest};
use guicang_sync::wire::{OpenedEntry, WireEntry};
use rusqlite::Connection;

use super::headers::Headers;
use super::quota::Meter;
use super::store::{FeedWriter, Item, Lookup, NewChange};
use super::{Relay, RelayError, admission, answer, arrival, lease, prove, report, store};

impl Relay {
    /// Takes what a device sends and answers what it lacks. Once this returns, all that the answer
    /// doesn't name as refused is on disk.
    ///
    /// The sender must have been identified ([`super::tokens`]); its right is checked here, each time.
    ///
    /// # Errors
    /// [`RelayError::UnknownDevice`], [`RelayError::Withdrawn`], [`RelayError::ForeignFeed`]; others of
    /// the file.
    pub fn sync(
        &self,
        sender: DeviceId,
        mut request: SyncRequest,
        now: Moment,
    ) -> Result<SyncAnswer, RelayError> {
        let book = self.book()?;
        let role = match book.device(sender) {
            Some(device) => device.grant.role.clone(),
            None => return Err(RelayError::UnknownDevice { device: sender }),
        };
        let cursors = request.cursors.iter().map(|cursor| &cursor.feed);
        for feed in cursors.chain(prove::feeds(&request)) {
            if !may_follow(&role, feed) {
                return Err(RelayError::ForeignFeed { device: sender, feed: feed.clone() });
            }
        }
        // HQ brings all that it holds, in case some was lost here.
        if !request.grants.is_empty() {
            let held: HashSet<[u8; 32]> = book.grants().map(|(hash, _)| *hash).collect();
            request.grants.retain(|grant| !held.contains(&grant.hash()));
        }
        let own = |entry: &WireEntry| entry.device.is_none_or(|device| device == sender);
        let pushed = request.entries.iter().filter(|entry| own(entry)).map(|entry| entry.sequence).min();
        let taken = if is_idle(&request) {
            self.look(sender, now)?
        } else {
            let entries = std::mem::take(&mut request.entries);
            let mut headers = Headers::read(&entries);
            let offer = Offer::read(sender, entries, |bytes| headers.of(bytes));
            self.take(sender, &offer, &mut request, now)?
        };
        // Asked after writing, so that what was withdrawn meanwhile shows nothing.
        if self.standing(sender, now)? != Standing::Valid {
            return Err(RelayError::Withdrawn { device: sender, set_apart: taken.set_apart });
        }
        let (feeds, found) = match taken.stale_fence {
            true => (Vec::new(), prove::Found::default()),
            false => self.read(|connection| {
                let feeds = answer::feeds(connection, self.number, sender, &request, pushed)?;
                Ok((feeds, prove::look(connection, self.number, sender, &request)?))
            })?,
        };
        self.note_proof(sender, &request, &feeds, now)?;
        Ok(SyncAnswer {
            epoch: self.epoch,
            time: now,
            relay: (!taken.stamps.is_empty()).then(|| self.device()),
            journal: taken.journal,
            outcomes: taken.outcomes,
            stamps: taken.stamps,
            feeds,
            stale_fence: taken.stale_fence,
            retry_after_ms: None,
            push_after_ms: taken.push_after_ms,
            agreed: found.agreed,
            journals: found.journals,
            compared: found.compared,
        })
    }

    /// A request that brings nothing writes nothing, but for the time of the visit now and then.
    fn look(&self, sender: DeviceId, now: Moment) -> Result<Taken, RelayError> {
        let (journal, noted) = self.read(|connection| {
            Ok((
                store::journal(connection, self.number, sender)?,
                report::last_sync(connection, self.number, sender)?,
            ))
        })?;
        if noted.is_none_or(|noted| now.0 - noted.0 >= report::NOTED_EVERY_MS) {
            self.write(|tx| report::note(tx, self.number, sender, None, now))?;
        }
        Ok(Taken { journal, ..Taken::default() })
    }

    fn take(
        &self,
        sender: DeviceId,
        offer: &Offer,
        request: &mut SyncRequest,
        now: Moment,
    ) -> Result<Taken, RelayError> {
        self.write(|tx| {
            let fence = request.fence;
            #[cfg(feature = "planted")]
            let fence =
                fence.filter(|_| !guicang_sync::planted::is(guicang_sync::planted::Bug::StalledPayerPays));
            if let Some(fence) = fence
                && fence < lease::fence(tx, self.number)?
            {
                return Ok(Taken { stale_fence: true, ..Taken::default() });
            }
            let mut feeds = FeedWriter::new(tx, self.number);
            // A grant that isn't in order gives nobody a right, and stands in nobody's way.
            let grants = std::mem::take(&mut request.grants);
            let (_, book) = self.insert_grants(tx, &mut feeds, grants, |_| Ok(()))?;
            // Only from who is HQ's and still is; an admission itself carries no time that a relay proves.
            let may_admit = book.device(sender).is_some_and(|d| d.grant.role == Role::Hq)
                && book.may(sender, now) == Standing::Valid;
            if may_admit {
                admission::take(tx, self.number, &mut feeds, &book, &request.admissions)?;
            }
            arrival::take(tx, self.number, &mut feeds, &book, &request.arrivals)?;
            let Lookup { known, documents, entries } = store::look_up(tx, self.number, &Wanted::of(offer))?;
            let actors = known.actors.keys().cloned().collect();
            let meter = Meter::read(tx, self.number, sender, &book, self.quota(), now)?;
            let mut append = Append { relay: self, tx, feeds, documents, entries, actors, meter, now };
            let mut taken = append.all(sender, offer, &book, known)?;
            append.feeds.finish()?;
            append.meter.write(tx, self.number)?;
            report::note(tx, self.number, sender, request.report.as_ref(), now)?;
            taken.journal = store::journal(tx, self.number, sender)?;
            Ok(taken)
        })
    }
}

/// What became of a request.
#[derive(Default)]
struct Taken {
    journal: Option<JournalHead>,
    outcomes: Vec<Outcome>,
    stamps: Vec<EntryStamp>,
    set_apart: usize,
    stale_fence: bool,
    push_after_ms: Option<u64>,
}

/// What storing an entry's changes took.
#[derive(Default)]
struct Stored {
    /// Those that were noted as refused, too.
    changes: u64,
    bytes: u64,
    set_apart: usize,
    apart_bytes: u64,
}

/// Whether anything of an entry is to be stored that isn't held yet.
fn adds(verdict: &EntryVerdict) -> bool {
    let is_new = |change: &ChangeVerdict| {
        matches!(change, ChangeVerdict::Accepted { .. } | ChangeVerdict::SetApart { .. })
    };
    matches!(verdict.kind, EntryKind::Append | EntryKind::Beside) || verdict.changes.iter().any(is_new)
}

/// An entry's own bytes in the file: its head, its signature, a stamp.
const ENTRY_BYTES: usize = 400;

/// Whether a device may follow a feed: HQ any, a site's device its own and that of all.
fn may_follow(role: &Role, feed: &Feed) -> bool {
    match (role, feed) {
        (Role::Hq, _) => true,
        (Role::Site(_), Feed::Org) => true,
        (Role::Site(own), Feed::Site(site)) => own == site,
        (Role::Site(_), Feed::Log) | (Role::Relay, _) => false,
    }
}

fn is_idle(request: &SyncRequest) -> bool {
    let SyncRequest { entries, grants, admissions, arrivals, report, fence, .. } = request;
    entries.is_empty()
        && arrivals.is_empty()
        && admissions.is_empty()
        && grants.is_empty()
        && report.is_none()
        && fence.is_none()
}

/// Carries a decision out, within its transaction.
struct Append<'a> {
    relay: &'a Relay,
    tx: &'a Connection,
    feeds: FeedWriter<'a>,
    documents: HashMap<DocumentId, i64>,
    entries: HashMap<EntryHash, i64>,
    /// Those that are noted as somebody's.
    actors: HashSet<Actor>,
    meter: Meter,
    now: Moment,
}

impl Append<'_> {
    fn all(
        &mut self,
        sender: DeviceId,
        offer: &Offer,
        book: &GrantBook,
        known: Known,
    ) -> Result<Taken, RelayError> {
        let mut decision: Decision = decide(offer, book, known, self.now);
        let mut taken = Taken::default();
        let mut judged = 0;
        for (verdict, offered) in decision.entries.iter().zip(&offer.entries) {
            // What follows may build on this: it waits, too.
            if adds(verdict)
                && let Some(wait_ms) = self.meter.wait_ms()
            {
                taken.push_after_ms = Some(wait_ms);
                break;
            }
            judged += 1;
            let Ok(opened) = &offered.opened else { continue };
            if let EntryKind::Refused { .. } = &verdict.kind {
                continue;
            }
            let positions = self.feeds.appended();
            self.compare_stamps(verdict, opened)?;
            let (entry, stamp) = self.entry(verdict, opened)?;
            let stored = self.changes(entry, verdict, offered, opened)?;
            taken.set_apart += stored.set_apart;
            let head_bytes = match verdict.kind {
                EntryKind::Append | EntryKind::Beside => (leaves(opened).len() * 32 + ENTRY_BYTES) as u64,
                _ => 0,
            };
            let cost = Cost {
                bytes: head_bytes + stored.bytes,
                changes: stored.changes,
                positions: self.feeds.appended() - positions,
            };
            self.meter.charge(cost, stored.apart_bytes);
            // A stamp of another relay came from the device, which therefore has it.
            if verdict.device == sender && stamp.relay == self.relay.device() {
                let EntryVerdict { sequence, .. } = *verdict;
                taken.stamps.push(EntryStamp { sequence, time: stamp.time, signature: stamp.signature });
            }
        }
        decision.entries.truncate(judged);
        taken.outcomes = decision.outcomes(offer, sender);
        Ok(taken)
    }

    /// Stores the entry, or a stamp on it that is earlier than the one held; answers its number and
    /// the stamp that counts.
    fn entry(&mut self, verdict: &EntryVerdict, opened: &OpenedEntry) -> Result<(i64, Stamp), RelayError> {
        if let Some(id) = self.entries.get(&opened.hash).copied() {
            if let Some(stamp) = &verdict.stamp {
                store::keep_earlier_stamp(self.tx, id, stamp)?;
            }
            return Ok((id, store::stamp(self.tx, id)?));
        }
        let ours = Stamp::sign(&self.relay.key, opened.hash, self.now);
        let stamp = *earliest(verdict.stamp.iter().chain([&ours])).expect("ours at least");
        let beside = verdict.kind == EntryKind::Beside;
        let number = self.relay.number;
        let id = store::insert_entry(self.tx, number, &opened.sealed, &leaves(opened), &stamp, beside)?;
        self.entries.insert(opened.hash, id);
        Ok((id, stamp))
    }

    /// What of an entry is held already may be stamped earlier there than here, or the other way round: then
    /// all are told. Of what comes with its bytes only the first, since a request may come twice.
    fn compare_stamps(&mut self, verdict: &EntryVerdict, opened: &OpenedEntry) -> Result<(), RelayError> {
        for (judged, change) in verdict.changes.iter().zip(&opened.changes) {
            let ChangeVerdict::AlreadyHeld { .. } = judged else { continue };
            let shown = change.bytes.is_none();
            let (stamp, number) = (verdict.stamp.as_ref(), self.relay.number);
            if !shown && stamp.is_none() {
                continue;
            }
            let Some(document) = self.documents.get(&change.document).copied() else { continue };
            let offered = stamp.map(|stamp| arrival::of(&opened.sealed, &leaves(opened), change, stamp));
            arrival::compare(self.tx, number, &mut self.feeds, document, &change.hash, offered, shown)?;
        }
        Ok(())
    }

    /// Stores the entry's changes that are new.
    fn changes(
        &mut self,
        entry: i64,
        verdict: &EntryVerdict,
        offered: &OfferedEntry,
        opened: &OpenedEntry,
    ) -> Result<Stored, RelayError> {
        let mut stored = Stored::default();
        let number = self.relay.number;
        for ((verdict, change), header) in verdict.changes.iter().zip(&opened.changes).zip(&offered.headers) {
            let apart = match verdict {
                ChangeVerdict::AlreadyHeld { .. } => continue,
                ChangeVerdict::Refused { rule, .. } => {
                    store::insert_refused(self.tx, number, entry, change.index, rule.as_str())?;
                    stored.changes += 1;
                    continue;
                }
                ChangeVerdict::Accepted { .. } => None,
                ChangeVerdict::SetApart { rule, .. } => Some(rule.as_str()),
            };
            let (Ok(header), Some(raw)) = (header, &change.bytes) else {
                unreachable!("only a change that could be read is accepted");
            };
            let (document, is_new) = self.document(&change.document, verdict)?;
            let id = store::insert_change(
                self.tx,
                number,
                &NewChange {
                    document,
                    hash: &change.hash,
                    entry,
                    place: change.index,
                    max_op: header.max_op,
                    apart,
                    sites_added: &change.sites_added,
                    raw,
                },
            )?;
            let head = ActorHead { seq: header.seq, max_op: header.max_op };
            store::set_document_actor(self.tx, number, document, &header.actor, head)?;
            if header.seq == 1 && self.actors.insert(header.actor.clone()) {
                store::insert_actor(self.tx, number, &header.actor, opened.sealed.head.device)?;
            }
            self.feeds.append(&Feed::Log, Item::Change(id), &change.hash.0)?;
            stored.changes += 1;
            stored.bytes += raw.len() as u64;
            match verdict {
                ChangeVerdict::Accepted { sites_after, sites_new } => {
                    if !sites_new.is_empty() && !is_new {
                        #[cfg(feature = "planted")]
                        let sites_new = match guicang_sync::planted::is(
                            guicang_sync::planted::Bug::LateSiteMissesHistory,
                        ) {
                            true => &BTreeSet::new(),
                            false => sites_new,
                        };
                        self.bring_up(document, id, sites_new)?;
                        store::set_sites(self.tx, document, sites_after, false)?;
                    }
                    if sites_after.is_empty() {
                        self.feeds.append(&Feed::Org, Item::Change(id), &change.hash.0)?;
                    }
                    #[cfg(feature = "planted")]
                    let lost =
                        is_new && guicang_sync::planted::is(guicang_sync::planted::Bug::LostDependency);
                    for site in sites_after {
                        #[cfg(feature = "planted")]
                        if lost && sites_after.first() != Some(site) {
                            continue;
                        }
                        self.feeds.append(&Feed::Site(site.clone()), Item::Change(id), &change.hash.0)?;
                    }
                }
                ChangeVerdict::SetApart { sites_apart_after, .. } => {
                    stored.set_apart += 1;
                    stored.apart_bytes += raw.len() as u64;
                    if !is_new {
                        store::set_sites(self.tx, document, sites_apart_after, true)?;
                    }
                }
                ChangeVerdict::AlreadyHeld { .. } | ChangeVerdict::Refused { .. } => {}
            }
        }
        Ok(stored)
    }

    /// Appends the document's changes before `change` to the feeds of sites that it comes to concern,
    /// so that no reader meets a change without what it builds on.
    fn bring_up(
        &mut self,
        document: i64,
        change: i64,
        sites_new: &BTreeSet<SiteId>,
    ) -> Result<(), RelayError> {
        let earlier = store::accepted_changes(self.tx, self.relay.number, document)?;
        for site in sites_new {
            let feed = Feed::Site(site.clone());
            for (id, hash) in earlier.iter().filter(|(id, _)| *id != change) {
                self.feeds.append(&feed, Item::Change(*id), &hash.0)?;
                arrival::follow(self.tx, self.relay.number, &mut self.feeds, &feed, *id)?;
            }
        }
        Ok(())
    }

    /// The document's number, and whether it is made by this change: then with the sites that the
    /// change leaves it with.
    fn document(
        &mut self,
        document: &DocumentId,
        verdict: &ChangeVerdict,
    ) -> Result<(i64, bool), RelayError> {
        if let Some(id) = self.documents.get(document) {
            return Ok((*id, false));
        }
        let none = BTreeSet::new();
        let (sites, sites_apart) = match verdict {
            ChangeVerdict::Accepted { sites_after, .. } => (sites_after, &none),
            ChangeVerdict::SetApart { sites_apart_after, .. } => (&none, sites_apart_after),
            ChangeVerdict::AlreadyHeld { .. } | ChangeVerdict::Refused { .. } => (&none, &none),
        };
        let id = store::insert_document(self.tx, self.relay.number, document, sites, sites_apart)?;
        self.documents.insert(*document, id);
        Ok((id, true))
    }
}

/// All leaves of an opened entry, in order.
fn leaves(opened: &OpenedEntry) -> Vec<[u8; 32]> {
    let travelled = opened.changes.iter().map(|c| (c.index, leaf(c.document, &c.sites_added, &c.hash)));
    let mut all: Vec<(u32, [u8; 32])> =
        opened.absent.iter().map(|a| (a.index, a.leaf)).chain(travelled).collect();
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, leaf)| leaf).collect()
}
