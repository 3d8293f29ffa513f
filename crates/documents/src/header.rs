//! A change's header: what a relay must know of it, as plain data, from bytes that may be hostile.
//!
//! What surprises: some bytes are counted before Automerge sees them. Its columns are run-length
//! encoded, so that a hundred bytes can stand for more operations than any memory holds.

use automerge::Change;
use guicang_domain::ids::{ChangeHash, DeviceId};

use crate::isolate::isolated;

/// The most bytes that a change may have: 1 MiB.
pub const MAX_CHANGE_BYTES: usize = 1 << 20;

/// The most operations that a change may have, and the most predecessors that they may name.
pub const MAX_CHANGE_OPS: u64 = 1 << 17;

/// A change's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The change's hash, as Automerge computes it.
    pub hash: ChangeHash,
    /// The changes that it was made upon.
    pub deps: Vec<ChangeHash>,
    /// The actor that made it: 16 bytes, where it is ours.
    pub actor: Vec<u8>,
    /// The other actors whose operations it names.
    pub other_actors: Vec<Vec<u8>>,
    /// Its place among its actor's changes of the document, from 1.
    pub seq: u64,
    /// The counter of its first operation.
    pub start_op: u64,
    /// The counter of its last operation; `start_op - 1` when it has none.
    pub max_op: u64,
    /// The device in its author footer, which only an actor's first change of a document has. A
    /// hint: what counts is the journal entry that carries the change.
    pub author: Option<DeviceId>,
    /// When its writer says it was made: seconds since 1970-01-01 UTC.
    pub timestamp: i64,
    /// The size of its bytes.
    pub size: usize,
}

/// Why bytes are not a change that may be sent or kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// It has more bytes than a change may have.
    #[error("the change has {size} bytes; at most {max} are taken")]
    TooLarge {
        /// How many it has.
        size: usize,
        /// How many it may have.
        max: usize,
    },
    /// It stands for more operations than a change may have.
    #[error("the change has {found} {what}; at most {max} are taken")]
    TooMany {
        /// Operations, or predecessors.
        what: &'static str,
        /// How many it has.
        found: u64,
        /// How many it may have.
        max: u64,
    },
    /// It is deflated: changes are kept and sent raw.
    #[error("the change is deflated; changes are kept and sent raw")]
    Deflated,
    /// It is another chunk of Automerge's, or several.
    #[error("the bytes are not one Automerge change: {0}")]
    NotAChange(String),
    /// Its bytes and its hash don't agree.
    #[error("the change's checksum is wrong: its bytes were altered")]
    Checksum,
    /// Decoded and encoded again, its bytes differ.
    #[error("the change's bytes are not the ones that Automerge writes for it")]
    NotCanonical,
}

/// The header of a change's raw bytes.
///
/// # Errors
/// [`HeaderError`] when the bytes are not exactly one raw change within the bounds.
pub fn header(bytes: &[u8]) -> Result<Header, HeaderError> {
    Ok(header_of(&decode(bytes)?))
}

/// The change of its raw bytes, within the bounds.
pub(crate) fn decode(bytes: &[u8]) -> Result<Change, HeaderError> {
    if bytes.len() > MAX_CHANGE_BYTES {
        return Err(HeaderError::TooLarge { size: bytes.len(), max: MAX_CHANGE_BYTES });
    }
    let not_a_change = |why: &str| HeaderError::NotAChange(why.into());
    match bytes.get(8) {
        Some(1) => {}
        Some(2) => return Err(HeaderError::Deflated),
        Some(other) => return Err(not_a_change(&format!("a chunk of type {other}"))),
        None => return Err(not_a_change("too short")),
    }
    let counts = count(bytes).ok_or_else(|| not_a_change("its columns end early"))?;
    for (what, found) in [("operations", counts.operations), ("predecessors", counts.predecessors)] {
        if found > MAX_CHANGE_OPS {
            return Err(HeaderError::TooMany { what, found, max: MAX_CHANGE_OPS });
        }
    }
    let change = isolated(|| Change::try_from(bytes))
        .map_err(|e| not_a_change(&e.to_string()))?
        .map_err(|e| not_a_change(&e.to_string()))?;
    if bytes[4..8] != change.hash().0[..4] {
        return Err(HeaderError::Checksum);
    }
    if change.raw_bytes() != bytes {
        return Err(HeaderError::NotCanonical);
    }
    Ok(change)
}

/// The header of a decoded change.
pub(crate) fn header_of(change: &Change) -> Header {
    Header {
        hash: ChangeHash(change.hash().0),
        deps: change.deps().iter().map(|d| ChangeHash(d.0)).collect(),
        actor: change.actor_id().to_bytes().to_vec(),
        other_actors: change.other_actor_ids().iter().map(|a| a.to_bytes().to_vec()).collect(),
        seq: change.seq(),
        start_op: change.start_op().get(),
        max_op: (change.start_op().get() - 1).saturating_add(change.len() as u64),
        author: change.author().and_then(|a| DeviceId::from_slice(a.as_bytes()).ok()),
        timestamp: change.timestamp(),
        size: change.raw_bytes().len(),
    }
}

struct Counts {
    operations: u64,
    predecessors: u64,
}

/// Column specifications of Automerge's format: the action of each operation, and how many
/// predecessors each names.
const ACTION: u64 = 4 << 4 | 2;
const PREDECESSORS: u64 = 7 << 4;

/// Counts what a change's columns stand for, without unrolling them; `None` when they end early.
fn count(bytes: &[u8]) -> Option<Counts> {
    let mut input = Input(bytes.get(9..)?);
    input.unsigned()?;
    let deps = input.unsigned()?;
    input.skip(deps.checked_mul(32)?)?;
    input.skip_prefixed()?; // actor
    input.unsigned()?; // seq
    input.unsigned()?; // start_op
    input.signed()?; // timestamp
    input.skip_prefixed()?; // message
    for _ in 0..input.unsigned()? {
        input.skip_prefixed()?; // other actors
    }
    let mut columns = Vec::new();
    for _ in 0..input.unsigned()? {
        columns.push((input.unsigned()?, input.unsigned()?));
    }
    let mut counts = Counts { operations: 0, predecessors: 0 };
    for (specification, length) in columns {
        let column = Input(input.skip(length)?);
        match specification {
            ACTION => counts.operations = counts.operations.max(column.runs(|_| 1)?),
            PREDECESSORS => counts.predecessors = counts.predecessors.max(column.runs(|value| value)?),
            _ => {}
        }
    }
    Some(counts)
}

/// Bytes that are read from the front; every function answers `None` where they end early.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn skip(&mut self, n: u64) -> Option<&'a [u8]> {
        let (skipped, rest) = self.0.split_at_checked(usize::try_from(n).ok()?)?;
        self.0 = rest;
        Some(skipped)
    }

    fn skip_prefixed(&mut self) -> Option<()> {
        let n = self.unsigned()?;
        self.skip(n).map(drop)
    }

    fn unsigned(&mut self) -> Option<u64> {
        let (mut value, mut shift) = (0u64, 0);
        loop {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
            shift += 7;
        }
    }

    fn signed(&mut self) -> Option<i64> {
        let (mut value, mut shift) = (0i64, 0);
        loop {
            let byte = self.byte()?;
            value |= i64::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte & 0x80 == 0 {
                let negative = byte & 0x40 != 0 && shift < 64;
                return Some(if negative { value | -1 << shift } else { value });
            }
        }
    }

    /// The sum, over a run-length encoded column, of what each of its values weighs.
    fn runs(mut self, weigh: impl Fn(u64) -> u64) -> Option<u64> {
        let mut sum = 0u64;
        while !self.0.is_empty() {
            match self.signed()? {
                0 => sum = sum.saturating_add(self.unsigned()?),
                run @ 1.. => sum = sum.saturating_add(weigh(self.unsigned()?).saturating_mul(run as u64)),
                literals => {
                    for _ in 0..literals.unsigned_abs() {
                        sum = sum.saturating_add(weigh(self.unsigned()?));
                    }
                }
            }
        }
        Some(sum)
    }
}
