//! Entries of a request, packed before the rest of it is known.
//!
//! Packing takes the longest of making a request, and needs nothing of what the answer to the one
//! before brings (cursors, sums). So the next entries are packed while the relay works on these.

use guicang_domain::ids::DeviceId;

use crate::codec;
use crate::wire::WireEntry;

/// Entries as they travel, and what the session has to know of them.
#[derive(Debug, Clone, Default)]
pub struct Packed {
    /// A body; empty for no entries.
    pub(crate) body: Vec<u8>,
    /// Whose entry each is (none: the sender's), its sequence, and how many changes it has.
    pub(crate) entries: Vec<(Option<DeviceId>, u64, u64)>,
}

impl Packed {
    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many changes are in the entries.
    pub fn changes(&self) -> u64 {
        self.entries.iter().map(|(_, _, changes)| changes).sum()
    }

    /// The sequence of the last entry.
    pub fn last_sequence(&self) -> Option<u64> {
        self.entries.last().map(|(_, sequence, _)| *sequence)
    }
}

impl From<Vec<WireEntry>> for Packed {
    fn from(entries: Vec<WireEntry>) -> Self {
        let body = if entries.is_empty() { Vec::new() } else { codec::encode_push(&entries) };
        let of = |e: &WireEntry| (e.device, e.sequence, e.changes.len() as u64);
        Self { body, entries: entries.iter().map(of).collect() }
    }
}
