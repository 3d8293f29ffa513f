//! Arrivals: that a change arrived earlier than the entry it is held by says, as a fact of its own.
//!
//! A stamp travels with its entry, and whoever fetches the change has it. What surprises: that isn't enough
//! once a relay was lost. A clone may bring the change first, in an entry of its own or without the stamp, and
//! the new relay stamps it later than the lost one had. Whoever still holds the earlier stamp brings it, and
//! everybody who has read past the change is told by an arrival, which has a position of its own. So 'came
//! first' outlives the relay for all of them alike.

use guicang_domain::ids::{ChangeHash, DocumentId, SiteId};
use guicang_domain::time::Moment;
use minicbor::{Decode, Encode};

use crate::digest;
use crate::entry::{ENTRY_CHANGES, SealedEntry, leaf, root};
use crate::grant::GrantBook;
use crate::stamp::Stamp;

const ARRIVAL: &[u8] = b"guicang/arrival/1";

/// That a change is in an entry, and that the entry arrived at a time.
///
/// It proves itself: by the author's signature over the leaves, and by the relay's stamp on the entry.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Arrival {
    /// The entry.
    #[n(0)]
    pub sealed: SealedEntry,
    /// All its leaves one after the other, 32 bytes each.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub leaves: Vec<u8>,
    /// The change's place among them.
    #[n(2)]
    pub index: u32,
    /// The change's document.
    #[n(3)]
    pub document: DocumentId,
    /// The sites that the document comes to concern with it.
    #[cbor(n(4), skip_if = "Vec::is_empty")]
    pub sites_added: Vec<SiteId>,
    /// The change.
    #[n(5)]
    pub change: ChangeHash,
    /// A relay's, on the entry.
    #[n(6)]
    pub stamp: Stamp,
}

impl Arrival {
    /// Its hash: what feeds and sums count it by.
    pub fn hash(&self) -> [u8; 32] {
        digest::tagged(ARRIVAL, &digest::cbor(self))
    }

    /// When the change arrived, where this proves it by these grants.
    pub fn check(&self, book: &GrantBook) -> Option<Moment> {
        let head = &self.sealed.head;
        let (leaves, rest) = self.leaves.as_chunks::<32>();
        let named = leaves.get(self.index as usize)?;
        let author = book.device(head.device)?;
        let proven = rest.is_empty()
            && leaves.len() <= ENTRY_CHANGES
            && *named == leaf(self.document, &self.sites_added, &self.change)
            && root(leaves) == head.root
            && self.stamp.entry == head.hash()
            && self.sealed.check(&author.grant.key)
            && self.stamp.counts(book);
        proven.then_some(self.stamp.time)
    }
}
