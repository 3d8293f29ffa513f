//! Entries as they travel: changes by their bytes, without what the reader can work out itself.
//!
//! Left out are the hashes (made of the bytes), the frames around the bytes (see `content`), the root (made of the leaves), the hash of the entry
//! before where that travels along, and the device where it is the one that the message is about.
//! Added are the leaves of changes that the reader may not see, or that don't stand in this feed. The
//! reader puts the head together again, and the signature proves that nothing is amiss.

use std::collections::BTreeMap;

use guicang_domain::ids::{ChangeHash, DeviceId, DocumentId, EntryHash, PublicKey, SiteId};
use guicang_domain::time::Moment;
use minicbor::{Decode, Encode};

use crate::change;
use crate::entry::{ChangeRef, ENTRY_CHANGES, ENTRY_RAW_BYTES, EntryHead, NO_ENTRY, SealedEntry, root};
use crate::keys::Signature;
use crate::stamp::Stamp;

/// A change as it travels in its entry.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct WireChange {
    /// The document's creator; none: the entry's device.
    #[n(0)]
    pub creator: Option<DeviceId>,
    /// The document's UUID.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub uuid: [u8; 16],
    /// The sites that the document comes to concern with it.
    #[cbor(n(2), skip_if = "Vec::is_empty")]
    pub sites_added: Vec<SiteId>,
    /// The raw, undeflated change; none where only its hash is given.
    #[cbor(n(3), with = "crate::content", has_nil)]
    pub bytes: Option<Vec<u8>>,
    /// Its hash, only where the bytes are not: they were dropped, and count in the sum still.
    #[n(4)]
    pub hash: Option<ChangeHash>,
    /// Whether the relay set it apart: in the log for HQ only.
    #[cbor(n(5), skip_if = "std::ops::Not::not")]
    pub apart: bool,
}

/// The leaf of a change that doesn't travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct AbsentLeaf {
    /// Its place among the entry's leaves, from 0.
    #[n(0)]
    pub index: u32,
    /// The leaf.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub leaf: [u8; 32],
}

/// A stamp as it travels: its entry is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct WireStamp {
    /// When the entry arrived.
    #[n(0)]
    pub time: Moment,
    /// The relay.
    #[n(1)]
    pub relay: DeviceId,
    /// By the relay's key.
    #[n(2)]
    pub signature: Signature,
}

/// An entry as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct WireEntry {
    /// Whose it is; none: the device that sends the request, or is answered.
    #[n(0)]
    pub device: Option<DeviceId>,
    /// Its number in the device's journal.
    #[n(1)]
    pub sequence: u64,
    /// The hash of the device's entry before; none: the one before it in the same list, or, for the
    /// first of all, none at all.
    #[n(2)]
    pub previous: Option<EntryHash>,
    /// The device's clock at sealing.
    #[n(3)]
    pub time: Moment,
    /// By the device's key.
    #[n(4)]
    pub signature: Signature,
    /// The changes that travel, in the entry's order.
    #[cbor(n(5), skip_if = "Vec::is_empty")]
    pub changes: Vec<WireChange>,
    /// The leaves of those that don't, by index, ascending.
    #[cbor(n(6), skip_if = "Vec::is_empty")]
    pub absent: Vec<AbsentLeaf>,
    /// The earliest stamp that the writer has.
    #[n(7)]
    pub stamp: Option<WireStamp>,
}

/// The hashes of the entries in one list (a request's entries, a feed's items), so that each needn't
/// name the one before it. Writer and reader keep one each, in the order of the list.
#[derive(Debug, Clone)]
pub struct Chain {
    this: DeviceId,
    hashes: BTreeMap<(DeviceId, u64), EntryHash>,
}

/// Why an entry can't be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It names no entry before it, nor is that one in the list.
    #[error("entry {sequence} of {device} doesn't say which entry it follows")]
    NoPrevious {
        /// Whose.
        device: DeviceId,
        /// Which.
        sequence: u64,
    },
    /// A journal begins with number 1, which follows nothing.
    #[error("entry {sequence} of {device}: a journal begins with 1, and only its first entry follows none")]
    Sequence {
        /// Whose.
        device: DeviceId,
        /// Which.
        sequence: u64,
    },
    /// The indexes of absent leaves are not ascending within the entry.
    #[error("entry {sequence} of {device}: absent leaf {index} is out of place")]
    Absent {
        /// Whose.
        device: DeviceId,
        /// Which.
        sequence: u64,
        /// The leaf.
        index: u32,
    },
    /// More than one entry may have ([`crate::entry::cut`]).
    #[error(
        "entry {sequence} of {device}: {changes} changes of {raw_bytes} bytes, at most {ENTRY_CHANGES} of \
         {ENTRY_RAW_BYTES}, or one alone"
    )]
    TooLarge {
        /// Whose.
        device: DeviceId,
        /// Which.
        sequence: u64,
        /// How many there are, absent ones counted.
        changes: usize,
        /// Of those that travelled.
        raw_bytes: usize,
    },
    /// A change has neither bytes nor hash, or both.
    #[error("entry {sequence} of {device}: change {index} must have bytes or a hash, not both")]
    Content {
        /// Whose.
        device: DeviceId,
        /// Which.
        sequence: u64,
        /// The change.
        index: u32,
    },
    /// No key is known of the device.
    #[error("entry {sequence} is of device {device}, which no grant names")]
    UnknownDevice {
        /// Whose.
        device: DeviceId,
        /// Which.
        sequence: u64,
    },
    /// The device didn't sign what came.
    #[error("entry {sequence} of {device}: the signature doesn't fit what came")]
    Signature {
        /// Whose.
        device: DeviceId,
        /// Which.
        sequence: u64,
    },
}

/// A change of an opened entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedChange {
    /// Its place in the entry, from 0, absent ones counted.
    pub index: u32,
    /// Its document.
    pub document: DocumentId,
    /// The sites that the document comes to concern with it.
    pub sites_added: Vec<SiteId>,
    /// SHA-256 of its bytes from the ninth on: its hash, if it is a change at all
    /// ([`change::hash_of`]).
    pub hash: ChangeHash,
    /// Its bytes, unless dropped.
    pub bytes: Option<Vec<u8>>,
    /// Whether the relay set it apart.
    pub apart: bool,
}

/// An entry put together again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedEntry {
    /// Head and signature.
    pub sealed: SealedEntry,
    /// The head's hash.
    pub hash: EntryHash,
    /// The changes that travelled.
    pub changes: Vec<OpenedChange>,
    /// The leaves of those that didn't.
    pub absent: Vec<AbsentLeaf>,
    /// A stamp that came along; not checked yet ([`Stamp::counts`]).
    pub stamp: Option<Stamp>,
}

impl Chain {
    /// For a list in which entries without a device are `this` one's.
    pub fn new(this: DeviceId) -> Self {
        Self { this, hashes: BTreeMap::new() }
    }

    fn before(&self, device: DeviceId, sequence: u64) -> Option<EntryHash> {
        match sequence {
            0 => None,
            1 => Some(NO_ENTRY),
            _ => self.hashes.get(&(device, sequence - 1)).copied(),
        }
    }

    fn link(&mut self, head: &EntryHead, hash: EntryHash) {
        self.hashes.insert((head.device, head.sequence), hash);
    }
}

impl WireChange {
    /// A change with its bytes; `author` is its entry's device.
    pub fn new(author: DeviceId, document: DocumentId, sites_added: Vec<SiteId>, bytes: Vec<u8>) -> Self {
        Self { bytes: Some(bytes), ..Self::dropped(author, document, sites_added, None) }
    }

    /// A change whose bytes were dropped: its hash alone.
    pub fn of_hash(author: DeviceId, change: ChangeRef) -> Self {
        Self::dropped(author, change.document, change.sites_added, Some(change.hash))
    }

    fn dropped(
        author: DeviceId,
        document: DocumentId,
        sites_added: Vec<SiteId>,
        hash: Option<ChangeHash>,
    ) -> Self {
        let creator = (document.creator != author).then_some(document.creator);
        let mut uuid = [0; 16];
        uuid.copy_from_slice(&document.to_bytes()[16..]);
        Self { creator, uuid, sites_added, bytes: None, hash, apart: false }
    }

    /// The document that it changes.
    pub fn document(&self, author: DeviceId) -> DocumentId {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&self.creator.unwrap_or(author).0);
        bytes[16..].copy_from_slice(&self.uuid);
        DocumentId::from_slice(&bytes).expect("32 bytes")
    }
}

impl WireEntry {
    /// A sealed entry as it goes into the list of `chain`.
    pub fn new(
        sealed: &SealedEntry,
        chain: &mut Chain,
        changes: Vec<WireChange>,
        absent: Vec<AbsentLeaf>,
        stamp: Option<&Stamp>,
    ) -> Self {
        let head = &sealed.head;
        let known = chain.before(head.device, head.sequence) == Some(head.previous);
        chain.link(head, head.hash());
        Self {
            device: (head.device != chain.this).then_some(head.device),
            sequence: head.sequence,
            previous: (!known).then_some(head.previous),
            time: head.time,
            signature: sealed.signature,
            changes,
            absent,
            stamp: stamp.map(|s| WireStamp { time: s.time, relay: s.relay, signature: s.signature }),
        }
    }

    /// How many bytes of raw changes it carries.
    pub fn raw_bytes(&self) -> usize {
        self.changes.iter().filter_map(|c| c.bytes.as_ref()).map(Vec::len).sum()
    }

    /// Puts the entry together again, without checking who signed it.
    ///
    /// # Errors
    /// [`EntryError`] when it is not well-formed.
    pub fn unseal(self, chain: &mut Chain) -> Result<OpenedEntry, EntryError> {
        let device = self.device.unwrap_or(chain.this);
        let sequence = self.sequence;
        let previous = match self.previous.or_else(|| chain.before(device, sequence)) {
            Some(previous) => previous,
            None if sequence == 0 => return Err(EntryError::Sequence { device, sequence }),
            None => return Err(EntryError::NoPrevious { device, sequence }),
        };
        if sequence == 0 || (sequence == 1) != (previous == NO_ENTRY) {
            return Err(EntryError::Sequence { device, sequence });
        }
        let (travel, raw_bytes) = (self.changes.len(), self.raw_bytes());
        let count = travel + self.absent.len();
        if count > ENTRY_CHANGES || (travel > 1 && raw_bytes > ENTRY_RAW_BYTES) {
            return Err(EntryError::TooLarge { device, sequence, changes: count, raw_bytes });
        }
        let mut leaves = Vec::with_capacity(count);
        let mut changes = Vec::with_capacity(travel);
        let mut absent = self.absent.iter().peekable();
        let mut travelled = self.changes.into_iter();
        loop {
            let index = leaves.len() as u32;
            if let Some(away) = absent.next_if(|a| a.index == index) {
                leaves.push(away.leaf);
            } else if let Some(change) = travelled.next() {
                let opened = change.open(device, sequence, index)?;
                leaves.push(crate::entry::leaf(opened.document, &opened.sites_added, &opened.hash));
                changes.push(opened);
            } else if let Some(away) = absent.next() {
                return Err(EntryError::Absent { device, sequence, index: away.index });
            } else {
                break;
            }
        }
        let head = EntryHead { device, sequence, previous, root: root(&leaves), time: self.time };
        let hash = head.hash();
        chain.link(&head, hash);
        let stamp =
            self.stamp.map(|s| Stamp { entry: hash, time: s.time, relay: s.relay, signature: s.signature });
        let sealed = SealedEntry { head, signature: self.signature };
        Ok(OpenedEntry { sealed, hash, changes, absent: self.absent, stamp })
    }

    /// Puts the entry together again and checks its signature; `key` looks up a device's key.
    ///
    /// # Errors
    /// [`EntryError`].
    pub fn open(
        self,
        chain: &mut Chain,
        key: impl Fn(DeviceId) -> Option<PublicKey>,
    ) -> Result<OpenedEntry, EntryError> {
        let opened = self.unseal(chain)?;
        let EntryHead { device, sequence, .. } = opened.sealed.head;
        let key = key(device).ok_or(EntryError::UnknownDevice { device, sequence })?;
        if !opened.sealed.check(&key) {
            return Err(EntryError::Signature { device, sequence });
        }
        Ok(opened)
    }
}

impl WireChange {
    fn open(self, device: DeviceId, sequence: u64, index: u32) -> Result<OpenedChange, EntryError> {
        let document = self.document(device);
        let hash = match (&self.bytes, self.hash) {
            (Some(bytes), None) => change::claimed_hash(bytes),
            (None, Some(hash)) => hash,
            _ => return Err(EntryError::Content { device, sequence, index }),
        };
        let Self { sites_added, bytes, apart, .. } = self;
        Ok(OpenedChange { index, document, sites_added, hash, bytes, apart })
    }
}

impl OpenedChange {
    /// The change as its entry names it.
    pub fn as_ref(&self) -> ChangeRef {
        ChangeRef { document: self.document, sites_added: self.sites_added.clone(), hash: self.hash }
    }
}
