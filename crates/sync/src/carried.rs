//! Changes in a file: what a stick carries from a device to another, or to HQ, where there is no line.
//!
//! ```text
//!   "guicang-changes/1\n"  then blocks: length (4 bytes, most significant first), a body of [`codec`]
//!   Head: whose, and the grants that prove them   Entries ...   End: how many entries there were
//! ```
//! What surprises: the file is trusted as little as a line. Entries carry their own signatures, and a
//! grant counts only if it goes back to the organisation's key. A file that was cut short has no end, and
//! nothing of it is taken.

use guicang_domain::ids::{DeviceId, OrganisationId};
use guicang_domain::time::Moment;
use minicbor::{Decode, Encode};

use crate::codec::{self, CodecError, DECODED_LIMIT_BYTES};
use crate::grant::SignedGrant;
use crate::wire::WireEntry;

/// What a file begins with; another number is another shape.
const MAGIC: &[u8] = b"guicang-changes/1\n";

/// The most bytes of a file that is read: a branch's years have a fraction of it.
pub const FILE_LIMIT_BYTES: u64 = 1 << 30;

/// Whose changes a file carries.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CarriedHead {
    /// The organisation.
    #[n(0)]
    pub organisation: OrganisationId,
    /// The device that wrote the file; entries that name no device are its own.
    #[n(1)]
    pub device: DeviceId,
    /// When, by its clock.
    #[n(2)]
    pub made: Moment,
    /// Grants that prove the entries' devices.
    #[cbor(n(3), skip_if = "Vec::is_empty")]
    pub grants: Vec<SignedGrant>,
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
#[cbor(flat)]
enum Block {
    #[n(0)]
    Head(#[n(0)] CarriedHead),
    /// A list of its own: its first entry names the one before it.
    #[n(1)]
    Entries(#[n(0)] Vec<WireEntry>),
    #[n(2)]
    End(#[n(0)] u64),
}

/// A file's content.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    /// Whose.
    pub head: CarriedHead,
    /// Lists of entries, each with a [`crate::wire::Chain`] of its own, in order.
    pub lists: Vec<Vec<WireEntry>>,
}

/// Why a file can't be read. Nothing of it is taken then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CarriedError {
    /// It begins otherwise: another kind of file, or a newer version's.
    #[error("the file doesn't begin as one with changes does")]
    NotChanges,
    /// It ends too early, or goes on after its end.
    #[error("the file is not whole: found {entries} entries and no end at byte {at}")]
    Cut {
        /// Where.
        at: usize,
        /// How many entries came before.
        entries: u64,
    },
    /// A block can't be read.
    #[error("at byte {at}: {source}")]
    Block {
        /// Where.
        at: usize,
        /// Why.
        source: CodecError,
    },
}

/// Writes a file's bytes.
#[derive(Debug)]
pub struct CarriedWriter {
    bytes: Vec<u8>,
    entries: u64,
}

impl CarriedWriter {
    /// A file of a device's.
    pub fn new(head: CarriedHead) -> Self {
        let mut this = Self { bytes: MAGIC.to_vec(), entries: 0 };
        this.block(&Block::Head(head));
        this
    }

    /// Adds a list of entries, made with a chain of its own.
    pub fn entries(&mut self, list: Vec<WireEntry>) {
        self.entries += list.len() as u64;
        self.block(&Block::Entries(list));
    }

    /// The whole file, and how many entries it has.
    pub fn finish(mut self) -> (Vec<u8>, u64) {
        self.block(&Block::End(self.entries));
        (self.bytes, self.entries)
    }

    fn block(&mut self, block: &Block) {
        let body = codec::encode(block);
        self.bytes.extend((body.len() as u32).to_be_bytes());
        self.bytes.extend(body);
    }
}

impl Carried {
    /// Reads a whole file.
    ///
    /// # Errors
    /// [`CarriedError`].
    pub fn read(file: &[u8]) -> Result<Self, CarriedError> {
        let mut rest = file.strip_prefix(MAGIC).ok_or(CarriedError::NotChanges)?;
        let (mut head, mut lists, mut entries) = (None, Vec::new(), 0);
        loop {
            let at = file.len() - rest.len();
            let cut = || CarriedError::Cut { at, entries };
            let (length, after) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
            let (body, after) =
                after.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or_else(cut)?;
            let block = codec::decode(body, DECODED_LIMIT_BYTES);
            match block.map_err(|source| CarriedError::Block { at, source })? {
                Block::Head(found) if head.is_none() => head = Some(found),
                Block::Entries(list) if head.is_some() => {
                    entries += list.len() as u64;
                    lists.push(list);
                }
                Block::End(count) if count == entries && after.is_empty() => {
                    return Ok(Self { head: head.ok_or_else(cut)?, lists });
                }
                Block::Head(_) | Block::Entries(_) | Block::End(_) => return Err(cut()),
            }
            rest = after;
        }
    }
}
