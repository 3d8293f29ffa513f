//! The rules themselves, one after another.

use std::collections::BTreeSet;

use guicang_domain::ids::{DeviceId, SiteId};
use guicang_domain::time::Moment;

use super::{
    ActorHead, ChangeStatus, ChangeVerdict, Decision, EntryKind, EntryVerdict, Fault, HeldEntry, Known,
    KnownChange, KnownDocument, Offer, OfferedEntry,
};
use crate::change::{ChangeHeader, MAX_OP};
use crate::entry::JournalHead;
use crate::grant::{GrantBook, Role, Standing};
use crate::rule::Rule;
use crate::stamp::Stamp;
use crate::wire::{EntryError, OpenedChange, OpenedEntry};

/// Judges an offer by the grants, by what is known, and at the relay's time `now`.
///
/// What is accepted counts as known for what follows in the same offer. Deterministic: the same
/// offer, grants, knowledge and time give the same decision.
pub fn decide(offer: &Offer, book: &GrantBook, known: Known, now: Moment) -> Decision {
    let mut judge = Judge { book, known, now };
    Decision { entries: offer.entries.iter().map(|entry| judge.entry(entry)).collect() }
}

struct Judge<'a> {
    book: &'a GrantBook,
    /// What the store holds, and what was accepted of this offer so far.
    known: Known,
    now: Moment,
}

/// Who writes, as far as judging its changes needs it.
struct Author<'a> {
    device: DeviceId,
    role: &'a Role,
    /// By which rule all its changes are set apart.
    apart: Option<Rule>,
}

type Judged<T> = Result<T, Fault>;

fn fault<T>(rule: Rule, detail: impl Into<String>) -> Judged<T> {
    Err(Fault { rule, detail: detail.into() })
}

/// Whether a refusal is for good. A missing change and the eight bytes before a change's content
/// aren't covered by the entry's signature: a carrier that damaged them must not have the author's own
/// delivery refused. And what is missing may have been lost here: somebody brings it, and then what
/// was built on it.
fn stays(rule: &Rule) -> bool {
    !matches!(rule, Rule::Malformed | Rule::Hash | Rule::MissingDependency)
}

impl Judge<'_> {
    fn entry(&mut self, offered: &OfferedEntry) -> EntryVerdict {
        let verdict = |kind, changes, stamp| EntryVerdict {
            device: offered.device,
            sequence: offered.sequence,
            kind,
            changes,
            stamp,
        };
        match self.try_entry(offered) {
            Ok((kind, changes, stamp)) => verdict(kind, changes, stamp),
            Err(Fault { rule, detail }) => verdict(EntryKind::Refused { rule, detail }, Vec::new(), None),
        }
    }

    fn try_entry(
        &mut self,
        offered: &OfferedEntry,
    ) -> Judged<(EntryKind, Vec<ChangeVerdict>, Option<Stamp>)> {
        let opened = match &offered.opened {
            Ok(opened) => opened,
            Err(e @ EntryError::TooLarge { .. }) => return fault(Rule::TooLarge, e.to_string()),
            Err(e) => return fault(Rule::Malformed, e.to_string()),
        };
        let book = self.book;
        let Some(device) = book.device(offered.device) else {
            return fault(Rule::UnknownDevice, format!("no grant stands for device {}", offered.device));
        };
        let stamp = opened.stamp.filter(|stamp| stamp.counts(book));
        let (kind, held) = self.place(opened, stamp.is_some())?;
        if held.is_none() && !opened.sealed.check(&device.grant.key) {
            return fault(Rule::Signature, "the signature doesn't fit the entry and its changes");
        }
        // An entry that comes back to a relay that lost it is judged as at its first arrival.
        let arrived = stamp.map_or(self.now, |stamp| stamp.time.min(self.now));
        let apart = match book.may(offered.device, arrived) {
            Standing::Withdrawn { .. } => Some(Rule::Withdrawn),
            Standing::NotYet => Some(Rule::NotYet),
            Standing::Valid | Standing::Unknown => None,
        };
        let author = Author { device: offered.device, role: &device.grant.role, apart };
        let refused = held.as_ref().map(|held| held.refused.as_slice()).unwrap_or_default();
        let mut changes = Vec::with_capacity(opened.changes.len());
        for (change, header) in opened.changes.iter().zip(&offered.headers) {
            let before = refused.iter().find(|(index, rule)| *index == change.index && stays(rule));
            changes.push(self.change(&author, change, header, before.map(|(_, rule)| rule)));
        }
        if held.is_none() {
            self.append(opened, &kind, &changes);
        }
        Ok((kind, changes, stamp))
    }

    /// Where the entry stands: held already (then that), next in its journal, or beside it.
    ///
    /// A journal that went two ways while the relay was another has stamped entries on both. Both are facts;
    /// the one that comes first is the journal here, the other stands beside it.
    fn place(&self, opened: &OpenedEntry, stamped: bool) -> Judged<(EntryKind, Option<HeldEntry>)> {
        let head = &opened.sealed.head;
        if let Some(held) = self.known.entries.get(&opened.hash) {
            return Ok((EntryKind::AlreadyHeld, Some(held.clone())));
        }
        let journal = self.known.journals.get(&head.device).copied().unwrap_or(JournalHead::EMPTY);
        let follows = head.previous == journal.hash;
        let ahead = head.sequence.saturating_sub(journal.sequence);
        if ahead == 1 && follows {
            return Ok((EntryKind::Append, None));
        }
        if stamped && (ahead <= 1 || self.known.entries.contains_key(&head.previous)) {
            return Ok((EntryKind::Beside, None));
        }
        if ahead > 1 {
            return fault(Rule::SequenceGap, format!("the journal is at {}", journal.sequence));
        }
        let detail = match ahead {
            0 => format!("another entry {} is held; the journal is at {}", head.sequence, journal.sequence),
            _ => format!(
                "it follows entry {}, held is {} as entry {}",
                head.previous, journal.hash, journal.sequence
            ),
        };
        fault(Rule::Fork, detail)
    }

    fn append(&mut self, opened: &OpenedEntry, kind: &EntryKind, verdicts: &[ChangeVerdict]) {
        let head = &opened.sealed.head;
        if *kind == EntryKind::Append {
            let now = JournalHead { sequence: head.sequence, hash: opened.hash };
            self.known.journals.insert(head.device, now);
        }
        let refused = opened.changes.iter().zip(verdicts).filter_map(|(change, verdict)| match verdict {
            ChangeVerdict::Refused { rule, .. } => Some((change.index, rule.clone())),
            _ => None,
        });
        self.known.entries.insert(opened.hash, HeldEntry { refused: refused.collect() });
    }

    fn change(
        &mut self,
        author: &Author<'_>,
        change: &OpenedChange,
        header: &Judged<ChangeHeader>,
        refused_before: Option<&Rule>,
    ) -> ChangeVerdict {
        match self.known.changes.get(&(change.document, change.hash)).map(|known| &known.status) {
            Some(ChangeStatus::Accepted) => return ChangeVerdict::AlreadyHeld { apart: None },
            Some(ChangeStatus::Apart(rule)) => {
                return ChangeVerdict::AlreadyHeld { apart: Some(rule.clone()) };
            }
            Some(ChangeStatus::Refused(_)) | None => {}
        }
        if let Some(rule) = refused_before {
            return self.refuse(change, Fault { rule: rule.clone(), detail: "refused before".into() });
        }
        let header = match header {
            Ok(header) => header,
            Err(fault) => return self.refuse(change, fault.clone()),
        };
        match self.try_change(author, change, header) {
            Ok(verdict) => verdict,
            Err(fault) => self.refuse(change, fault),
        }
    }

    fn refuse(&mut self, change: &OpenedChange, Fault { rule, detail }: Fault) -> ChangeVerdict {
        let known = KnownChange { max_op: 0, status: ChangeStatus::Refused(rule.clone()) };
        self.known.changes.insert((change.document, change.hash), known);
        ChangeVerdict::Refused { rule, detail }
    }

    fn try_change(
        &mut self,
        author: &Author<'_>,
        change: &OpenedChange,
        header: &ChangeHeader,
    ) -> Judged<ChangeVerdict> {
        let document = self.known.documents.get(&change.document);
        let (above, on_apart) = self.check_dependencies(author, change, header, document.is_some())?;
        self.check_numbering(author, header, document, above)?;
        let admitted = self.known.admitted.contains(&(change.document, change.hash));
        let apart = author.apart.clone().filter(|_| !admitted).or(on_apart.then_some(Rule::DependsOnApart));
        let rights = check_rights(author, change, document, apart.is_some())?;
        Ok(self.accept(author, change, header, rights, apart))
    }

    /// The highest counter among the dependencies' operations, and whether one of them is set apart.
    fn check_dependencies(
        &self,
        author: &Author<'_>,
        change: &OpenedChange,
        header: &ChangeHeader,
        exists: bool,
    ) -> Judged<(u64, bool)> {
        if header.deps.is_empty() {
            if exists {
                return fault(Rule::SecondFirstChange, "the document has a first change");
            }
            if change.document.creator != author.device {
                let creator = change.document.creator;
                return fault(Rule::ForeignDocument, format!("only {creator} can begin this document"));
            }
        }
        let (mut above, mut on_apart) = (0, false);
        for dep in &header.deps {
            match self.known.changes.get(&(change.document, *dep)) {
                None => {
                    return fault(Rule::MissingDependency, format!("change {dep} is not held"));
                }
                Some(KnownChange { status: ChangeStatus::Refused(Rule::MissingDependency), .. }) => {
                    return fault(
                        Rule::MissingDependency,
                        format!("change {dep} waits for what it builds on"),
                    );
                }
                Some(KnownChange { status: ChangeStatus::Refused(rule), .. }) => {
                    return fault(Rule::DependsOnRefused, format!("change {dep} was refused: {rule}"));
                }
                Some(KnownChange { status, max_op }) => {
                    above = above.max(*max_op);
                    on_apart |= matches!(status, ChangeStatus::Apart(_));
                }
            }
        }
        Ok((above, on_apart))
    }

    /// That actor, sequence and counters fit what is held. Automerge panics, or saves what it can't
    /// load, where they don't.
    fn check_numbering(
        &self,
        author: &Author<'_>,
        header: &ChangeHeader,
        document: Option<&KnownDocument>,
        above: u64,
    ) -> Judged<()> {
        let actor = &header.actor;
        if let Some(owner) = self.known.actors.get(actor)
            && *owner != author.device
        {
            return fault(Rule::ForeignActor, format!("actor {actor} is device {owner}'s"));
        }
        let held = |actor| document.and_then(|d| d.actors.get(actor));
        let last = held(actor).copied().unwrap_or(ActorHead { seq: 0, max_op: 0 });
        if header.seq <= last.seq {
            return fault(
                Rule::DuplicateSeq,
                format!("change {} of actor {actor}, which is at {}", header.seq, last.seq),
            );
        }
        if header.seq - last.seq > 1 {
            return fault(
                Rule::SeqGap,
                format!("change {} of actor {actor}, which is at {}", header.seq, last.seq),
            );
        }
        if let Some(unknown) = header.other_actors.iter().find(|a| *a != actor && held(a).is_none()) {
            return fault(Rule::UnknownActor, format!("actor {unknown} has no change in this document"));
        }
        let above = above.max(last.max_op);
        let start_op = header.start_op;
        if start_op <= above || header.max_op > MAX_OP || header.max_op < start_op - 1 {
            let detail = format!(
                "operations {start_op} to {}, which must lie above {above} and at most at {MAX_OP}",
                header.max_op
            );
            return fault(Rule::StartOp, detail);
        }
        Ok(())
    }

    fn accept(
        &mut self,
        author: &Author<'_>,
        change: &OpenedChange,
        header: &ChangeHeader,
        rights: Rights,
        apart: Option<Rule>,
    ) -> ChangeVerdict {
        let document = self.known.documents.entry(change.document).or_default();
        let head = ActorHead { seq: header.seq, max_op: header.max_op };
        document.actors.insert(header.actor.clone(), head);
        self.known.actors.insert(header.actor.clone(), author.device);
        let (status, verdict) = match apart {
            None => {
                document.sites.extend(rights.sites_new.iter().cloned());
                let sites_after = document.sites.clone();
                let verdict = ChangeVerdict::Accepted { sites_after, sites_new: rights.sites_new };
                (ChangeStatus::Accepted, verdict)
            }
            Some(rule) => {
                document.sites_apart.extend(rights.sites_new);
                let sites_apart_after = document.sites_apart.clone();
                (ChangeStatus::Apart(rule.clone()), ChangeVerdict::SetApart { rule, sites_apart_after })
            }
        };
        self.known
            .changes
            .insert((change.document, change.hash), KnownChange { max_op: header.max_op, status });
        verdict
    }
}

/// How many sites a change may add to its document. What concerns more is master data.
const SITES_ADDED_MAX: usize = 64;

struct Rights {
    /// The sites that the change adds, those that the document has left out.
    sites_new: BTreeSet<SiteId>,
}

/// That the device may write in the document, and add these sites to it.
fn check_rights(
    author: &Author<'_>,
    change: &OpenedChange,
    document: Option<&KnownDocument>,
    apart: bool,
) -> Judged<Rights> {
    if *author.role == Role::Relay {
        return fault(Rule::RelayWrites, "a relay writes nothing");
    }
    if change.sites_added.len() > SITES_ADDED_MAX {
        let count = change.sites_added.len();
        return fault(Rule::Sites, format!("{count} sites at once, at most {SITES_ADDED_MAX}"));
    }
    let mut sites = document.map(|d| d.sites.clone()).unwrap_or_default();
    let sites_apart = document.map(|d| &d.sites_apart);
    let master_data = match document {
        None => change.sites_added.is_empty(),
        Some(document) => document.sites.is_empty() && document.sites_apart.is_empty(),
    };
    if master_data {
        if *author.role != Role::Hq {
            return fault(Rule::MasterData, "a document without sites is written by HQ's devices only");
        }
        if !change.sites_added.is_empty() {
            return fault(Rule::Sites, "master data stays master data: it concerns every site");
        }
        return Ok(Rights { sites_new: BTreeSet::new() });
    }
    // What is set apart stands on what is set apart, but gives nobody else a right.
    if apart {
        sites.extend(sites_apart.into_iter().flatten().cloned());
    }
    let sites_new: BTreeSet<SiteId> =
        change.sites_added.iter().filter(|site| !sites.contains(site)).cloned().collect();
    if let Role::Site(own) = author.role {
        let may_add = author.device == change.document.creator || sites.contains(own);
        if !sites_new.is_empty() && !may_add {
            return fault(Rule::Sites, format!("a device of {own}, which the document doesn't concern"));
        }
        if !sites.contains(own) && !sites_new.contains(own) {
            return fault(Rule::ForeignSite, format!("the document doesn't concern site {own}"));
        }
    }
    Ok(Rights { sites_new })
}
