//! Journal entries: how a device says, once and for good, which changes it made and in what order.
//!
//! Before changes are sent, the device seals them in an entry: numbered, chained to the entry before
//! by its hash, signed. An entry is never altered after. What surprises: the author of a change is
//! its entry's device, whoever carried the entry and whatever the change says of itself.
//!
//! ```text
//!   change -> leaf = H[document, sites added, change hash]      (one per change, in order)
//!   leaves -> root = H(count, leaves)
//!   head   =  [device, sequence, previous entry's hash, root, time],  hash = H(head), signed
//! ```
//!
//! The root is a plain hash of all leaves, not a tree: an entry has few changes, and a reader gets
//! the leaves of those that it may not see.

use std::ops::Range;

use guicang_domain::ids::{ChangeHash, DeviceId, DocumentId, EntryHash, PublicKey, SiteId};
use guicang_domain::time::Moment;
use minicbor::{Decode, Encode};

use crate::digest;
use crate::keys::{DeviceKey, Signature, verify};

/// How many bytes of raw changes an entry takes, unless one change alone has more: 64 KiB.
pub const ENTRY_RAW_BYTES: usize = 64 * 1024;

/// How many changes an entry has at most. Where only one may be shown to a reader, the leaves of all
/// others travel with it; unbounded, they would fill an answer that nobody can take.
pub const ENTRY_CHANGES: usize = 2048;

const ENTRY: &[u8] = b"guicang/entry/1";
const LEAF: &[u8] = b"guicang/leaf/1";
const ROOT: &[u8] = b"guicang/root/1";

/// A change as an entry names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRef {
    /// The document that it changes.
    pub document: DocumentId,
    /// The sites that the document comes to concern with this change, in the order of the envelope.
    pub sites_added: Vec<SiteId>,
    /// The change.
    pub hash: ChangeHash,
}

impl ChangeRef {
    /// Its leaf.
    pub fn leaf(&self) -> [u8; 32] {
        leaf(self.document, &self.sites_added, &self.hash)
    }
}

/// The leaf of a change: SHA-256 of a tag and CBOR `[document, [sites added], change hash]`.
pub fn leaf(document: DocumentId, sites_added: &[SiteId], change: &ChangeHash) -> [u8; 32] {
    digest::tagged(LEAF, &digest::cbor(&(document, sites_added, change)))
}

/// The root over leaves in their order: SHA-256 of a tag, their number (8 bytes, the most
/// significant first) and the leaves.
pub fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    let mut message = Vec::with_capacity(8 + 32 * leaves.len());
    message.extend((leaves.len() as u64).to_be_bytes());
    leaves.iter().for_each(|leaf| message.extend(leaf));
    digest::tagged(ROOT, &message)
}

/// What a device signs of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct EntryHead {
    /// The author of the entry's changes.
    #[n(0)]
    pub device: DeviceId,
    /// From 1, without gaps.
    #[n(1)]
    pub sequence: u64,
    /// The hash of the device's entry before; zeros for the first.
    #[n(2)]
    pub previous: EntryHash,
    /// See [`root`].
    #[cbor(n(3), with = "minicbor::bytes")]
    pub root: [u8; 32],
    /// The device's clock at sealing. Not proven; a stamp bounds it from above.
    #[n(4)]
    pub time: Moment,
}

/// What the first entry of a journal names as the one before it.
pub const NO_ENTRY: EntryHash = EntryHash([0; 32]);

impl EntryHead {
    /// The entry's hash: what the next entry and stamps name it by.
    pub fn hash(&self) -> EntryHash {
        EntryHash(digest::tagged(ENTRY, &digest::cbor(self)))
    }
}

/// An entry with its author's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SealedEntry {
    /// What is signed.
    #[n(0)]
    pub head: EntryHead,
    /// By the key of `head.device`.
    #[n(1)]
    pub signature: Signature,
}

/// Signs a head. Seal in the transaction that stores the entry, and never the same number twice.
pub fn seal(key: &DeviceKey, head: EntryHead) -> SealedEntry {
    SealedEntry { head, signature: key.sign(ENTRY, &digest::cbor(&head)) }
}

impl SealedEntry {
    /// Whether `key` is the device's own, and signed this.
    pub fn check(&self, key: &PublicKey) -> bool {
        key.device() == self.head.device && verify(key, ENTRY, &digest::cbor(&self.head), &self.signature)
    }
}

/// How far a device's journal is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct JournalHead {
    /// The sequence of the last entry; 0 before the first.
    #[n(0)]
    pub sequence: u64,
    /// Its hash; zeros before the first.
    #[n(1)]
    pub hash: EntryHash,
}

impl JournalHead {
    /// A journal without entries.
    pub const EMPTY: JournalHead = JournalHead { sequence: 0, hash: NO_ENTRY };
}

/// Groups unsent changes, given by their sizes in bytes, into entries: runs of at most
/// [`ENTRY_RAW_BYTES`] and [`ENTRY_CHANGES`], or one larger change alone. In order, without gaps; nothing for nothing.
pub fn cut(sizes_bytes: &[usize]) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let (mut start, mut sum) = (0, 0usize);
    for (i, size) in sizes_bytes.iter().enumerate() {
        let full = sum.saturating_add(*size) > ENTRY_RAW_BYTES || i - start == ENTRY_CHANGES;
        if i > start && full {
            runs.push(start..i);
            (start, sum) = (i, 0);
        }
        sum = sum.saturating_add(*size);
    }
    if start < sizes_bytes.len() {
        runs.push(start..sizes_bytes.len());
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head(key: &DeviceKey) -> EntryHead {
        let root = root(&[[1; 32], [2; 32]]);
        EntryHead { device: key.device(), sequence: 1, previous: NO_ENTRY, root, time: Moment(5) }
    }

    #[test]
    fn any_altered_field_breaks_the_signature() {
        let alice = DeviceKey::from_seed([1; 32]);
        let sealed = seal(&alice, head(&alice));
        assert!(sealed.check(&alice.public()));
        let altered: [fn(&mut EntryHead); 4] = [
            |h| h.sequence = 2,
            |h| h.previous = EntryHash([1; 32]),
            |h| h.root = root(&[[2; 32], [1; 32]]),
            |h| h.time = Moment(6),
        ];
        for alter in altered {
            let mut other = sealed;
            alter(&mut other.head);
            assert!(!other.check(&alice.public()));
        }
    }

    #[test]
    fn bob_cannot_seal_in_alices_name() {
        let (alice, bob) = (DeviceKey::from_seed([1; 32]), DeviceKey::from_seed([2; 32]));
        let forged = seal(&bob, head(&alice));
        assert!(!forged.check(&bob.public()), "bob's key is not alice's device");
        assert!(!forged.check(&alice.public()));
    }

    #[test]
    fn entries_are_cut_at_64_kib_and_a_large_change_stands_alone() {
        assert_eq!(cut(&[]), vec![]);
        assert_eq!(cut(&[40_000, 20_000, 10_000, 100]), vec![0..2, 2..4]);
        assert_eq!(cut(&[10, 900_000, 10]), vec![0..1, 1..2, 2..3]);
        assert_eq!(cut(&[1; 2050]), vec![0..2048, 2048..2050]);
    }

    proptest! {
        /// Every change is in exactly one entry, in order, and no entry of several is too large.
        #[test]
        fn cutting_loses_nothing(sizes in prop::collection::vec(0usize..100_000, 0..50)) {
            let runs = cut(&sizes);
            let all: Vec<usize> = runs.iter().cloned().flatten().collect();
            prop_assert_eq!(all, (0..sizes.len()).collect::<Vec<_>>());
            for run in runs {
                prop_assert!(run.len() == 1 || sizes[run].iter().sum::<usize>() <= ENTRY_RAW_BYTES);
            }
        }
    }
}
