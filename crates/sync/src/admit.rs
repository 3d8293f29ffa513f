//! The relay's decision on what it is offered: a pure function, in two steps, so that a store may be
//! synchronous or not.
//!
//! ```text
//!   entries --Offer::read--> Offer --Wanted::of--> Wanted --(the store looks up)--> Known
//!                              \___________________________ decide ___________________/
//!                                                              |
//!                                                          Decision --(the store appends)
//! ```
//!
//! The relay knows nothing of returns. It refuses only what is unauthentic, malformed, oversized or
//! foreign to the device's sites, by name; what is authentic but lacks a right is set apart. A refused
//! change takes its dependants with it, and nothing else. What surprises: an entry is appended even
//! when all its changes are refused, or the device's journal would stop there for good.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use guicang_domain::ids::{ChangeHash, DeviceId, DocumentId, EntryHash, SiteId};

use crate::change::{Actor, ChangeError, ChangeHeader, hash_of};
use crate::entry::JournalHead;
use crate::message::{Outcome, OutcomeKind};
use crate::rule::Rule;
use crate::stamp::Stamp;
use crate::wire::{Chain, EntryError, OpenedChange, OpenedEntry, WireEntry};

mod decide;

pub use decide::decide;

/// What a request offers, put together and read, but not judged.
#[derive(Debug, Clone)]
pub struct Offer {
    /// In the request's order.
    pub entries: Vec<OfferedEntry>,
}

/// An entry that is offered.
#[derive(Debug, Clone)]
pub struct OfferedEntry {
    /// Its author.
    pub device: DeviceId,
    /// Its number.
    pub sequence: u64,
    /// The entry, unless it is not well-formed.
    pub opened: Result<OpenedEntry, EntryError>,
    /// Per change of `opened`: its header, or what is wrong with its bytes.
    pub headers: Vec<Result<ChangeHeader, Fault>>,
}

/// What is wrong with a change's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The rule that they break.
    pub rule: Rule,
    /// What was found, in English.
    pub detail: String,
}

impl Offer {
    /// Reads the entries of `sender`'s request. `header` reads a change's header from its bytes (the
    /// crate `documents` does), or says what is wrong with them.
    pub fn read(
        sender: DeviceId,
        entries: Vec<WireEntry>,
        mut header: impl FnMut(&[u8]) -> Result<ChangeHeader, String>,
    ) -> Self {
        let mut chain = Chain::new(sender);
        let read_one = |wire: WireEntry| {
            let (device, sequence) = (wire.device.unwrap_or(sender), wire.sequence);
            let opened = wire.unseal(&mut chain);
            let changes = opened.as_ref().map(|o| o.changes.as_slice()).unwrap_or_default();
            let headers = changes.iter().map(|change| read_header(change, &mut header)).collect();
            OfferedEntry { device, sequence, opened, headers }
        };
        Self { entries: entries.into_iter().map(read_one).collect() }
    }
}

fn read_header(
    change: &OpenedChange,
    header: &mut impl FnMut(&[u8]) -> Result<ChangeHeader, String>,
) -> Result<ChangeHeader, Fault> {
    let Some(bytes) = &change.bytes else {
        let detail = "the change came without its bytes, and is not held".into();
        return Err(Fault { rule: Rule::MissingDependency, detail });
    };
    let hash = hash_of(bytes).map_err(|e| {
        let rule = match e {
            ChangeError::TooLarge { .. } => Rule::TooLarge,
            ChangeError::Checksum { .. } => Rule::Hash,
            ChangeError::Magic { .. } => Rule::Malformed,
            _ => Rule::Undecodable,
        };
        Fault { rule, detail: e.to_string() }
    })?;
    let header = header(bytes).map_err(|detail| Fault { rule: Rule::Undecodable, detail })?;
    if header.hash != hash {
        let detail = format!("Automerge reads hash {}, the bytes give {hash}", header.hash);
        return Err(Fault { rule: Rule::Hash, detail });
    }
    Ok(header)
}

/// What a store has to look up before an offer can be judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The journal heads of these devices.
    pub journals: BTreeSet<DeviceId>,
    /// The entries that are held at these places, whichever they are.
    pub entries: BTreeSet<(DeviceId, u64)>,
    /// These documents, where they exist. A store that locks rows locks them in this order.
    pub documents: BTreeSet<DocumentId>,
    /// These changes, where they are known.
    pub changes: BTreeSet<(DocumentId, ChangeHash)>,
    /// Whose these actors are, where known.
    pub actors: BTreeSet<Actor>,
}

impl Wanted {
    /// What `offer` makes necessary.
    pub fn of(offer: &Offer) -> Self {
        let mut wanted = Self::default();
        for entry in &offer.entries {
            wanted.journals.insert(entry.device);
            wanted.entries.insert((entry.device, entry.sequence));
            wanted.entries.insert((entry.device, entry.sequence.saturating_sub(1)));
            let changes = entry.opened.as_ref().map(|o| o.changes.as_slice()).unwrap_or_default();
            for (change, header) in changes.iter().zip(&entry.headers) {
                wanted.documents.insert(change.document);
                wanted.changes.insert((change.document, change.hash));
                if let Ok(header) = header {
                    wanted.changes.extend(header.deps.iter().map(|dep| (change.document, *dep)));
                    wanted.actors.insert(header.actor.clone());
                }
            }
        }
        wanted
    }
}

/// What the store holds of what is wanted, read in the transaction that will append. What isn't held
/// is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// How far each device's journal is held.
    pub journals: HashMap<DeviceId, JournalHead>,
    /// Entries.
    pub entries: HashMap<EntryHash, HeldEntry>,
    /// Documents that have a change, accepted or set apart.
    pub documents: HashMap<DocumentId, KnownDocument>,
    /// Changes.
    pub changes: HashMap<(DocumentId, ChangeHash), KnownChange>,
    /// The device that an actor belongs to: the first that used it, in any document.
    pub actors: HashMap<Actor, DeviceId>,
    /// Of the changes that are wanted, those that HQ has admitted: they count whatever right their
    /// device had.
    pub admitted: BTreeSet<(DocumentId, ChangeHash)>,
}

/// An entry that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldEntry {
    /// The changes of it that were refused, by their place in it. They stay refused: the device has
    /// re-issued what they said, and would say it twice. (But for [`Rule::Malformed`] and
    /// [`Rule::Hash`]: a carrier may have damaged what the signature doesn't cover.)
    pub refused: Vec<(u32, Rule)>,
}

/// A document as a relay knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownDocument {
    /// The sites that its accepted changes name. None: master data.
    pub sites: BTreeSet<SiteId>,
    /// The sites that only changes set apart name.
    pub sites_apart: BTreeSet<SiteId>,
    /// Who wrote in it, those set apart included.
    pub actors: BTreeMap<Actor, ActorHead>,
}

/// How far an actor has come in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActorHead {
    /// The number of its last change.
    pub seq: u64,
    /// The counter of its last operation.
    pub max_op: u64,
}

/// A change that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownChange {
    /// The counter of its last operation; of no meaning where it was refused.
    pub max_op: u64,
    /// What became of it.
    pub status: ChangeStatus,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeStatus {
    /// It is in the log and the feeds.
    Accepted,
    /// It is in the log for HQ only.
    Apart(Rule),
    /// It is not held. A store may forget these; its dependants are then refused for a missing
    /// dependency.
    Refused(Rule),
}

/// What to do with an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Per entry of the offer, in its order.
    pub entries: Vec<EntryVerdict>,
}

/// What to do with an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryVerdict {
    /// Its author.
    pub device: DeviceId,
    /// Its number.
    pub sequence: u64,
    /// What to do.
    pub kind: EntryKind,
    /// Per change that travelled, in their order; empty for a refused entry.
    pub changes: Vec<ChangeVerdict>,
    /// The stamp that came along, where it counts: to be kept if it is earlier than those held.
    pub stamp: Option<Stamp>,
}

/// What to do with an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// Append it: it is now the head of its device's journal.
    Append,
    /// Append it beside the journal: a relay before this one has stamped it, and its place has been taken
    /// by another since. What it brings is a fact all the same.
    Beside,
    /// It is held. Changes of it that weren't may be accepted now.
    AlreadyHeld,
    /// Refuse it with all its changes.
    Refused {
        /// By which rule.
        rule: Rule,
        /// What was found, in English.
        detail: String,
    },
}

/// What to do with a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeVerdict {
    /// Append it to the log and to the feeds of `sites_after`, or to `org` where there are none.
    Accepted {
        /// All sites of its document, with it.
        sites_after: BTreeSet<SiteId>,
        /// Those that it adds: the document's earlier changes go to their feeds first.
        sites_new: BTreeSet<SiteId>,
    },
    /// It is held, perhaps set apart by a rule.
    AlreadyHeld {
        /// The rule.
        apart: Option<Rule>,
    },
    /// Append it to the log, for HQ only.
    SetApart {
        /// By which rule.
        rule: Rule,
        /// All sites that only changes set apart name, with it.
        sites_apart_after: BTreeSet<SiteId>,
    },
    /// Don't store it; remember that it was refused.
    Refused {
        /// By which rule.
        rule: Rule,
        /// What was found, in English.
        detail: String,
    },
}

impl Decision {
    /// What to tell the sender: all that was not accepted, also on a request that came twice.
    pub fn outcomes(&self, offer: &Offer, sender: DeviceId) -> Vec<Outcome> {
        let mut all = Vec::new();
        for (verdict, offered) in self.entries.iter().zip(&offer.entries) {
            let device = (verdict.device != sender).then_some(verdict.device);
            let mut say = |change, kind, rule: &Rule, detail: &str| {
                let (rule, detail) = (rule.clone(), detail.into());
                all.push(Outcome { device, sequence: verdict.sequence, change, kind, rule, detail });
            };
            if let EntryKind::Refused { rule, detail } = &verdict.kind {
                say(None, OutcomeKind::Refused, rule, detail);
            }
            let changes = offered.opened.as_ref().map(|o| o.changes.as_slice()).unwrap_or_default();
            for (verdict, change) in verdict.changes.iter().zip(changes) {
                let index = Some(change.index);
                match verdict {
                    ChangeVerdict::Accepted { .. } | ChangeVerdict::AlreadyHeld { apart: None } => {}
                    ChangeVerdict::SetApart { rule, .. }
                    | ChangeVerdict::AlreadyHeld { apart: Some(rule) } => {
                        say(index, OutcomeKind::SetApart, rule, "");
                    }
                    ChangeVerdict::Refused { rule, detail } => {
                        say(index, OutcomeKind::Refused, rule, detail);
                    }
                }
            }
        }
        all
    }
}
