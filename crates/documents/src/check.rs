//! Whether a change may go into its document: what a replica checks again before it folds.
//!
//! What surprises: a change is judged against its own past, the changes that it was made upon, and
//! not against all that happens to be there. So every replica judges alike, whatever came first.

use std::collections::BTreeSet;

use automerge::{Automerge, Change, ExpandedChange, ReadDoc};
use guicang_domain::ids::{ChangeHash, DeviceCode, SiteId};

use crate::header::{Header, decode, header_of};
use crate::isolate::{Panicked, isolated};
use crate::judge::Judge;
use crate::replay::{Checked, Replayed};
use crate::violation::Violation;

/// What the journal entry that carries a change proves of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The short code of the change's author, as its grant says.
    pub author_code: DeviceCode,
    /// Whether the author is one of HQ's devices.
    pub author_is_hq: bool,
    /// The site whose device the author is; `None` for HQ's and for a relay.
    pub author_site: Option<SiteId>,
    /// Whether the author is the device that the document is named by.
    pub creator: bool,
}

impl From<Panicked> for Violation {
    fn from(e: Panicked) -> Self {
        Violation::DoesNotApply(e.to_string())
    }
}

impl Replayed {
    /// Checks whether a change may be applied. The document stays as it is.
    ///
    /// # Errors
    /// The [`Violation`] by which it is to be set apart.
    pub fn check(&mut self, change: &[u8], envelope: &Envelope) -> Result<Header, Violation> {
        let decoded = decode(change).map_err(Violation::Undecodable)?;
        let header = header_of(&decoded);
        if self.contains(&header.hash) {
            return Ok(header);
        }
        let past = self.check_place(&header, envelope)?;
        let doc = past.as_ref().unwrap_or(&self.doc);
        let expanded = isolated(|| decoded.decode())?;
        let plain = isolated(|| Judge::new(doc, &header, envelope).judge(&expanded.operations))??;
        let proven = plain && isolated(|| written_alike(&decoded, expanded))?;
        // Applied to its past, it answers the same everywhere; applied to all, it shows that it
        // goes with what came beside it.
        if let Some(past) = past {
            applied(past, &decoded, proven)?;
        }
        let doc = applied(self.doc.clone(), &decoded, proven)?;
        self.checked = Some(Checked { bytes: change.to_vec(), header: header.clone(), doc });
        Ok(header)
    }

    /// Whether the change stands where it says among the document's others. Answers the document as
    /// the change's writer saw it, where that isn't all there is.
    fn check_place(&self, header: &Header, envelope: &Envelope) -> Result<Option<Automerge>, Violation> {
        if let Some(missing) = header.deps.iter().find(|d| !self.contains(d)) {
            return Err(Violation::MissingDependency { missing: *missing });
        }
        if header.deps.is_empty() {
            if !self.is_empty() {
                return Err(Violation::SecondFirstChange);
            }
            if !envelope.creator {
                return Err(Violation::NotCreator);
            }
        }
        let whole = self.heads().iter().all(|head| header.deps.contains(head));
        let past = if whole { self.changes.keys().copied().collect() } else { self.past(&header.deps) };
        let same_actor = |hash: &&ChangeHash| self.changes[hash].actor == header.actor;
        let (mut known, mut last_op) = (0, 0);
        for hash in &past {
            let place = &self.changes[hash];
            last_op = last_op.max(place.max_op);
            if place.actor == header.actor {
                known = known.max(place.seq);
            }
        }
        if self.changes.keys().filter(same_actor).any(|hash| self.changes[hash].seq == header.seq) {
            return Err(Violation::DuplicateSeq { seq: header.seq });
        }
        if header.seq != known + 1 {
            return Err(Violation::SeqGap { seq: header.seq, known });
        }
        if header.start_op != last_op + 1 {
            return Err(Violation::FalseStartOp { found: header.start_op, wanted: last_op + 1 });
        }
        let knows = |actor: &Vec<u8>| past.iter().any(|hash| self.changes[hash].actor == *actor);
        if !header.other_actors.iter().all(knows) {
            return Err(Violation::ForeignActor);
        }
        if whole {
            return Ok(None);
        }
        let heads: Vec<_> = header.deps.iter().map(|d| automerge::ChangeHash(d.0)).collect();
        let past = isolated(|| self.doc.fork_at(&heads))?;
        past.map(Some).map_err(|e| Violation::DoesNotApply(e.to_string()))
    }

    /// These changes and all that they were made upon.
    fn past(&self, heads: &[ChangeHash]) -> BTreeSet<ChangeHash> {
        let mut past = BTreeSet::new();
        let mut open = heads.to_vec();
        while let Some(hash) = open.pop() {
            if past.insert(hash) {
                open.extend(&self.changes[&hash].deps);
            }
        }
        past
    }
}

/// Whether a change's operations, written again, are its very bytes, and nothing stands beside them
/// but what we write.
fn written_alike(change: &Change, expanded: ExpandedChange) -> bool {
    let footer = change.extra_bytes();
    let ours = footer.is_empty() || (change.seq() == 1 && footer.len() == 18 && footer[..2] == [1, 16]);
    ours && change.message().is_none() && Change::from(expanded).raw_bytes() == change.raw_bytes()
}

/// The document with the change in it, and in it with the very bytes that came.
///
/// Whether Automerge gives a change back as it came takes longer to ask than all else together. Of
/// one that is `proven` to only add plain values, in the bytes that its operations have, it is known.
fn applied(mut doc: Automerge, change: &Change, proven: bool) -> Result<Automerge, Violation> {
    let hash = change.hash();
    isolated(|| doc.apply_changes([change.clone()]))?.map_err(|e| Violation::DoesNotApply(e.to_string()))?;
    // Nothing was made upon it yet, so it is a head if it is there at all.
    if !doc.get_heads().contains(&hash) {
        return Err(Violation::DoesNotApply("it does not come into the document's history".into()));
    }
    if proven {
        return Ok(doc);
    }
    // Automerge makes a change's bytes anew from its operations, and panics where their hash is not
    // the one that it knows the change by.
    let kept = isolated(|| doc.get_change_by_hash(&hash)).ok().flatten();
    match kept {
        Some(kept) if kept.raw_bytes() == change.raw_bytes() => Ok(doc),
        _ => Err(Violation::NotCanonical),
    }
}
