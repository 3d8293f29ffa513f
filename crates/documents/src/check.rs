//! Whether a change may go into its document: what a replica checks again before it folds.
//!
//! What surprises: a change is judged against its own past, the changes that it was made upon, and
//! not against all that happens to be there. So every replica judges alike, whatever came first.

use std::collections::BTreeSet;

use automerge::{Automerge, Change, ReadDoc};
use guicang_domain::ids::{ChangeHash, DeviceCode};

use crate::header::{Header, decode, header_of};
use crate::isolate::{Panicked, isolated};
use crate::judge::Judge;
use crate::replay::Replayed;
use crate::violation::Violation;

/// What the journal entry that carries a change proves of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The short code of the change's author, as its grant says.
    pub author_code: DeviceCode,
    /// Whether the author is one of HQ's devices.
    pub author_is_hq: bool,
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
        isolated(|| Judge::new(doc, &header, envelope).judge(&decoded))??;
        // Applied to its past, it answers the same everywhere; applied to all, it shows that it
        // goes with what came beside it.
        if let Some(past) = past {
            applied(past, &decoded, change)?;
        }
        let copy = applied(self.doc.clone(), &decoded, change)?;
        self.checked = Some((header.hash, copy));
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
        let whole =
            self.heads().into_iter().collect::<BTreeSet<_>>() == header.deps.iter().copied().collect();
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

/// The document with the change in it, and in it with the very bytes that came.
fn applied(mut doc: Automerge, change: &Change, bytes: &[u8]) -> Result<Automerge, Violation> {
    let hash = change.hash();
    let found = isolated(|| {
        doc.apply_changes([change.clone()])?;
        Ok::<_, automerge::AutomergeError>(doc.get_change_by_hash(&hash))
    })?;
    match found {
        Err(e) => Err(Violation::DoesNotApply(e.to_string())),
        Ok(None) => Err(Violation::DoesNotApply("it does not come into the document's history".into())),
        Ok(Some(kept)) if kept.raw_bytes() != bytes => Err(Violation::NotCanonical),
        Ok(Some(_)) => Ok(doc),
    }
}
