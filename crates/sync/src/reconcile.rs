//! How two ends find each other again whose sums differ: the relay was rolled back, made anew, or filled
//! again in another order.
//!
//! ```text
//!   sums differ -> probe: (position, sum) -> the highest that agrees -> the cursor goes back to it
//!     few items after it: they come again, and what is held is only counted
//!     many: checks of ranges of hashes -> names where they differ -> only what differs travels
//!   at the feed's end: what the device holds and the feed doesn't is stray -> offered, in order
//!   last: entries that the relay may have stamped later than the one before it -> shown without their changes
//! ```
//!
//! What surprises: sums don't tell an order, so a position at which they agree need not have agreeing ones
//! before it. Any position that agrees is as good: both hold the same up to there. And nothing is taken
//! away from a device: what its cursor no longer counts stays, as a stray, until the relay has it again.

use std::collections::{BTreeMap, BTreeSet};

use guicang_domain::ids::DeviceId;
use minicbor::{Decode, Encode};

use crate::arrival::Arrival;
use crate::feed::{Cursor, Feed};
use crate::grant::SignedGrant;
use crate::message::FeedItem;
use crate::packed::Packed;
use crate::sum::RunningSum;

/// How many positions of a feed are asked about at once.
pub const PROBE_POINTS: usize = 48;
/// The most buckets that hashes are divided in: 2 to this.
pub const BITS_MAX: u8 = 13;
/// About so many hashes stand in a bucket.
const BUCKET_ITEMS: u64 = 256;
/// Of so many buckets the names are sent at once.
pub const BUCKETS_AT_ONCE: usize = 32;

/// A position, and the sum of the hashes up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Point {
    /// From 1.
    #[n(0)]
    pub position: u64,
    /// The sender's.
    #[n(1)]
    pub sum: RunningSum,
}

/// At which of these positions are both ends equal?
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Probe {
    /// The feed.
    #[n(0)]
    pub feed: Feed,
    /// Ascending; at most [`PROBE_POINTS`] are looked at.
    #[n(1)]
    pub points: Vec<Point>,
}

/// The highest position of a probe at which the relay's sum is the same; 0 where none is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Agreed {
    /// The feed.
    #[n(0)]
    pub feed: Feed,
    /// The position.
    #[n(1)]
    pub position: u64,
}

/// How far a journal is held; sequence 0: no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Held {
    /// Whose.
    #[n(0)]
    pub device: DeviceId,
    /// The last entry.
    #[n(1)]
    pub sequence: u64,
}

/// Which hashes after a position does the relay hold that the device doesn't, and the other way?
///
/// First with `checks`, one for each bucket; then with `buckets`, those that differ.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Compare {
    /// The feed.
    #[n(0)]
    pub feed: Feed,
    /// Compared is what stands after this position...
    #[n(1)]
    pub after: u64,
    /// ...up to this; none: up to the feed's last.
    #[n(2)]
    pub to: Option<u64>,
    /// Hashes are divided by so many of their first bits.
    #[n(3)]
    pub bits: u8,
    /// [`check`] of each bucket, in order.
    #[cbor(n(4), skip_if = "Vec::is_empty")]
    pub checks: Vec<u64>,
    /// The names in some buckets.
    #[cbor(n(5), skip_if = "Vec::is_empty")]
    pub buckets: Vec<Bucket>,
}

/// The hashes of a bucket by [`name`], ascending.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Bucket {
    /// Its number.
    #[n(0)]
    pub bucket: u32,
    /// The names that the device holds.
    #[n(1)]
    pub names: Vec<u64>,
}

/// The relay's answer to [`Compare`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Compared {
    /// The position up to which was compared.
    #[n(0)]
    pub to: u64,
    /// The relay's sum there.
    #[n(1)]
    pub sum: RunningSum,
    /// The buckets whose checks differ.
    #[cbor(n(2), skip_if = "Vec::is_empty")]
    pub differing: Vec<u32>,
    /// Of the names sent, those that the relay lacks.
    #[cbor(n(3), skip_if = "Vec::is_empty")]
    pub lacks: Vec<u64>,
    /// What the device lacks, in the feed's order.
    #[cbor(n(4), skip_if = "Vec::is_empty")]
    pub items: Vec<FeedItem>,
    /// Whether the device lacks more in these buckets than went into this answer.
    #[cbor(n(5), skip_if = "std::ops::Not::not")]
    pub more: bool,
}

/// The bucket of a hash by its first `bits` bits.
pub fn bucket(hash: &[u8; 32], bits: u8) -> u32 {
    let first = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    if bits == 0 { 0 } else { first >> (32 - u32::from(bits.min(BITS_MAX))) }
}

/// A hash's short name within its bucket: eight of its bytes. That two hashes share one is caught by the
/// whole sums, which are compared in the end.
pub fn name(hash: &[u8; 32]) -> u64 {
    u64::from_be_bytes(hash[8..16].try_into().expect("8 of 32 bytes"))
}

/// A bucket's check once this hash is in it, too: the sum of the names.
pub fn check(before: u64, hash: &[u8; 32]) -> u64 {
    before.wrapping_add(name(hash))
}

/// By how many bits so many hashes are divided.
pub fn bits_for(items: u64) -> u8 {
    let buckets = items.div_ceil(BUCKET_ITEMS).next_power_of_two();
    (buckets.trailing_zeros() as u8).min(BITS_MAX)
}

/// What the session asks of the replica; answered with the [`Told`] of the same name.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// The sums at these positions, as far as they are known.
    Sums(Vec<(Feed, Vec<u64>)>),
    /// Set these cursors back. What stood after is stray from now on; nothing of it is taken away.
    SetBack(Vec<(Feed, u64)>),
    /// What the device holds and the relay's feeds lack, now that their ends were reached.
    Strays,
    /// Of the strays, entries and grants that the relay can take.
    Offer {
        /// Where this pass over the strays is.
        pass: Pass,
        /// As many as fit in this many bytes of raw changes, one at least if there is one.
        budget_bytes: usize,
    },
    /// The check of each bucket of a feed's strays.
    Checks {
        /// The feed.
        feed: Feed,
        /// See [`Compare::bits`].
        bits: u8,
    },
    /// The names of a feed's strays in these buckets.
    Names {
        /// The feed.
        feed: Feed,
        /// See [`Compare::bits`].
        bits: u8,
        /// Which.
        buckets: Vec<u32>,
    },
    /// Take these in, as strays of the feed: their place in it comes with [`Ask::Settle`].
    Take {
        /// The feed.
        feed: Feed,
        /// What was lacking.
        items: Vec<FeedItem>,
    },
    /// Count a feed's strays but for those that the relay lacks, if their sum is the relay's.
    Settle {
        /// Where the relay is.
        to: Cursor,
        /// By name.
        lacks: BTreeSet<u64>,
    },
}

/// What the replica answers to [`Ask`].
#[derive(Debug, Clone)]
pub enum Told {
    /// See [`Ask::Sums`]; a position that isn't known is left out.
    Sums(Vec<Probe>),
    /// The cursors as they stand, and how many strays each feed has now.
    SetBack(Vec<(Cursor, u64)>),
    /// How many strays each feed has, and whose they are.
    Strays {
        /// By feed.
        feeds: Vec<(Feed, u64)>,
        /// The authors, this device too.
        authors: Vec<DeviceId>,
        /// Entries that the relay may have stamped later than they are stamped here.
        unsure: u64,
    },
    /// What to offer, and where the pass goes on; none: it is over.
    Offer {
        /// In an order in which each finds what it builds on.
        entries: Packed,
        /// Grants.
        grants: Vec<SignedGrant>,
        /// Arrivals.
        arrivals: Vec<Arrival>,
        /// From here on.
        next: Option<Pass>,
    },
    /// See [`Ask::Checks`].
    Checks(Vec<u64>),
    /// See [`Ask::Names`].
    Names(Vec<Bucket>),
    /// It was taken in.
    Take,
    /// The cursor as it stands: where it was, when the sums weren't equal.
    Settle(Cursor),
}

/// Where a pass over the strays is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pass {
    /// How far the relay holds each author's journal, and will hold it with what was offered.
    pub heads: BTreeMap<DeviceId, u64>,
    /// Which of the device's feeds it is in, counted from 0.
    pub feed: usize,
    /// The last stray that was looked at.
    pub after: i64,
    /// Changes that can't be offered, since what they build on can't.
    pub blocked: BTreeSet<[u8; 32]>,
    /// The last entry that was shown for its stamp's sake, without its changes; none: none yet.
    pub shown: Option<i64>,
}

/// The search for the highest position at which both ends are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Search {
    pub(crate) feed: Feed,
    /// They are equal here.
    pub(crate) agreed: u64,
    /// Nowhere from here on, as far as was asked.
    differs: u64,
}

impl Search {
    /// Of a feed in which the device's cursor and the relay's head are these.
    pub(crate) fn new(cursor: &Cursor, head: u64) -> Self {
        Self { feed: cursor.feed.clone(), agreed: 0, differs: cursor.position.min(head.saturating_add(1)) }
    }

    /// What to ask next; empty once it is found.
    pub(crate) fn points(&self) -> Vec<u64> {
        let open = self.differs.saturating_sub(self.agreed + 1);
        let points = open.min(PROBE_POINTS as u64);
        // The last first: a relay that was only rolled back agrees at its own end.
        let at = |n: u64| self.differs - 1 - (u128::from(open) * u128::from(n) / u128::from(points)) as u64;
        let mut all: Vec<u64> = (0..points).map(at).collect();
        all.reverse();
        all
    }

    /// Takes the answer to [`Search::points`] in.
    pub(crate) fn answered(&mut self, agreed: u64) {
        let points = self.points();
        // A position that wasn't asked about says nothing: as if none agreed.
        let agreed = if points.contains(&agreed) { agreed } else { self.agreed };
        if let Some(above) = points.into_iter().find(|p| *p > agreed) {
            self.differs = above;
        }
        self.agreed = agreed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn search(position: u64, head: u64, agrees: impl Fn(u64) -> bool) -> (u64, usize) {
        let cursor = Cursor { position, ..Cursor::start(Feed::Log) };
        let mut search = Search::new(&cursor, head);
        let mut rounds = 0;
        loop {
            let points = search.points();
            if points.is_empty() {
                return (search.agreed, rounds);
            }
            rounds += 1;
            search.answered(points.into_iter().rev().find(|p| agrees(*p)).unwrap_or(0));
        }
    }

    #[test]
    fn a_relay_that_was_only_rolled_back_is_found_at_once() {
        assert_eq!(search(1_000_000, 900_000, |p| p <= 900_000), (900_000, 1));
    }

    #[test]
    fn nothing_is_asked_where_nothing_can_agree() {
        assert_eq!(search(7, 0, |_| true), (0, 0));
        assert_eq!(search(0, 9, |_| true), (0, 0));
    }

    proptest! {
        /// Where both agree up to a position and nowhere after, just that is found, in a few round trips.
        #[test]
        fn the_longest_common_prefix_is_found(position in 1u64..2_000_000, head in 0u64..2_000_000, prefix in any::<prop::sample::Index>()) {
            let prefix = prefix.index(position.min(head + 1) as usize) as u64;
            let (found, rounds) = search(position, head, |p| p <= prefix);
            prop_assert_eq!(found, prefix);
            prop_assert!(rounds <= 5, "{} rounds", rounds);
        }

        /// Whatever the relay answers, the search ends.
        #[test]
        fn a_lying_relay_does_not_keep_the_search_going(position in 1u64..100_000, head in 0u64..100_000, answers in prop::collection::vec(any::<u64>(), 60)) {
            let cursor = Cursor { position, ..Cursor::start(Feed::Log) };
            let mut search = Search::new(&cursor, head);
            for answer in answers {
                search.answered(answer);
            }
            prop_assert!(search.points().is_empty());
        }
    }
}
