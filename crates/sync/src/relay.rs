//! Turning what a relay has stored into the parts of an answer, within the limit that the device set.
//!
//! The store brings runs: changes of one entry that follow one another in a feed. At least one item
//! always goes, however large, or a device with a small limit would never get past it.

use guicang_domain::ids::{ChangeHash, DeviceId};
use guicang_domain::time::Moment;

use crate::admission::SignedAdmission;
use crate::arrival::Arrival;
use crate::entry::SealedEntry;
use crate::feed::Cursor;
use crate::grant::SignedGrant;
use crate::message::{FeedItem, FeedPart, Run};
use crate::stamp::Stamp;
use crate::sum::RunningSum;
use crate::wire::{AbsentLeaf, Chain, OpenedChange, WireChange, WireEntry};

/// What is left of an answer's limit. One for all feeds of an answer.
#[derive(Debug, Clone)]
pub struct Budget {
    left_bytes: usize,
    spent: bool,
}

impl Budget {
    /// The request's `answer_limit_bytes`.
    pub fn new(limit_bytes: usize) -> Self {
        Self { left_bytes: limit_bytes, spent: false }
    }

    /// Whether an item of this size still goes; the first always does.
    fn take(&mut self, size_bytes: usize) -> bool {
        if self.spent && size_bytes > self.left_bytes {
            self.left_bytes = 0;
            return false;
        }
        self.spent = true;
        self.left_bytes = self.left_bytes.saturating_sub(size_bytes);
        true
    }
}

/// Writes what comes after a cursor.
///
/// Each of the ways to add an item answers whether it was taken; after the first `false`,
/// add no more.
#[derive(Debug)]
pub struct PartWriter {
    part: FeedPart,
    sum: RunningSum,
    head: u64,
    chain: Chain,
}

impl PartWriter {
    /// After `cursor` of `receiver`. `at_cursor` is the relay's own sum at that position, none where
    /// it has no such position (then there is nothing to add); `head` is the feed's last position.
    pub fn new(receiver: DeviceId, cursor: &Cursor, at_cursor: Option<RunningSum>, head: u64) -> Self {
        let part = FeedPart {
            feed: cursor.feed.clone(),
            to: cursor.position,
            head: None,
            sum: None,
            disagreed: at_cursor != Some(cursor.sum),
            items: Vec::new(),
        };
        Self { part, sum: at_cursor.unwrap_or_default(), head, chain: Chain::new(receiver) }
    }

    /// Changes of another device's entry, or of the receiver's own where it wants those. `leaves` are
    /// all leaves of the entry.
    pub fn entry(
        &mut self,
        budget: &mut Budget,
        sealed: &SealedEntry,
        leaves: &[[u8; 32]],
        changes: Vec<OpenedChange>,
        stamp: Option<&Stamp>,
    ) -> bool {
        let travels = |index: u32| changes.iter().any(|change| change.index == index);
        let absent: Vec<AbsentLeaf> = (0u32..)
            .zip(leaves)
            .filter(|(index, _)| !travels(*index))
            .map(|(index, leaf)| AbsentLeaf { index, leaf: *leaf })
            .collect();
        let raw: usize = changes.iter().filter_map(|c| c.bytes.as_ref()).map(Vec::len).sum();
        if !budget.take(raw + 200 + 40 * leaves.len()) {
            return false;
        }
        for change in &changes {
            self.sum = self.sum.with(&change.hash.0);
        }
        self.part.to += changes.len() as u64;
        let author = sealed.head.device;
        let changes = changes.into_iter().map(|change| {
            let apart = change.apart;
            let wire = match change.bytes {
                Some(bytes) => WireChange::new(author, change.document, change.sites_added, bytes),
                None => WireChange::of_hash(author, change.as_ref()),
            };
            WireChange { apart, ..wire }
        });
        let wire = WireEntry::new(sealed, &mut self.chain, changes.collect(), absent, stamp);
        self.part.items.push(FeedItem::Entry(wire));
        true
    }

    /// A grant.
    pub fn grant(&mut self, budget: &mut Budget, grant: SignedGrant) -> bool {
        if !budget.take(grant.body.len() + 100) {
            return false;
        }
        self.sum = self.sum.with(&grant.hash());
        self.part.to += 1;
        self.part.items.push(FeedItem::Grant(grant));
        true
    }

    /// An admission.
    pub fn admission(&mut self, budget: &mut Budget, admission: SignedAdmission) -> bool {
        if !budget.take(admission.body.len() + 100) {
            return false;
        }
        self.sum = self.sum.with(&admission.hash());
        self.part.to += 1;
        self.part.items.push(FeedItem::Admission(admission));
        true
    }

    /// An arrival.
    pub fn arrival(&mut self, budget: &mut Budget, arrival: Arrival) -> bool {
        if !budget.take(arrival.leaves.len() + 400) {
            return false;
        }
        self.sum = self.sum.with(&arrival.hash());
        self.part.to += 1;
        self.part.items.push(FeedItem::Arrival(Box::new(arrival)));
        true
    }

    /// Changes of the receiver's own entry, by their place in it, in the feed's order.
    pub fn own(
        &mut self,
        budget: &mut Budget,
        sequence: u64,
        changes: &[(u32, ChangeHash)],
        stamped: Option<Moment>,
    ) -> bool {
        let mut runs: Vec<Run> = Vec::new();
        for (index, _) in changes {
            match runs.last_mut() {
                Some(run) if run.first.checked_add(run.count) == Some(*index) => run.count += 1,
                _ => runs.push(Run { first: *index, count: 1 }),
            }
        }
        if !budget.take(10 + 4 * runs.len()) {
            return false;
        }
        self.sum = changes.iter().fold(self.sum, |sum, (_, hash)| sum.with(&hash.0));
        self.part.to += changes.len() as u64;
        self.part.items.push(FeedItem::Own { sequence, runs, stamped });
        true
    }

    /// The part.
    pub fn finish(mut self) -> FeedPart {
        self.part.head = (self.head != self.part.to).then_some(self.head);
        let unchanged = self.part.items.is_empty() && !self.part.disagreed;
        self.part.sum = (!unchanged).then_some(self.sum);
        self.part
    }
}
