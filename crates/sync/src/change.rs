//! An Automerge change as this crate sees it: framed bytes, their hash, and what its header says.
//!
//! What surprises: only the frame is read here. The header's content comes from the crate
//! `documents`, which knows Automerge. Changes are kept and sent undeflated, since zstd does better
//! on whole batches, and since the hash of a deflated chunk isn't the hash of its bytes.
//!
//! ```text
//!   85 6f 4a 83 | checksum (4) | type (1: change) | length (ULEB128) | body
//!                                \_________ SHA-256 = the change's hash ________/
//! ```

use std::fmt;

use guicang_domain::ids::ChangeHash;

use crate::digest;

/// The most that one change may have, in bytes: 1 MiB.
pub const MAX_CHANGE_BYTES: usize = 1024 * 1024;

/// The highest counter that an operation may have. Automerge keeps it in 32 bits.
pub const MAX_OP: u64 = u32::MAX as u64;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const TYPE_CHANGE: u8 = 1;
const TYPE_DEFLATED: u8 = 2;

/// Why bytes are no change that may be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// Beyond [`MAX_CHANGE_BYTES`].
    #[error("a change of {size_bytes} bytes: at most {MAX_CHANGE_BYTES} are taken")]
    TooLarge {
        /// What it has.
        size_bytes: usize,
    },
    /// The bytes don't begin as every Automerge chunk does.
    #[error("the change begins with {found:02x?}, not with {MAGIC:02x?}")]
    Magic {
        /// The first four bytes.
        found: [u8; 4],
    },
    /// The checksum in the frame is not that of the content.
    #[error("the checksum in the change is {found:02x?}, its content gives {computed:02x?}")]
    Checksum {
        /// In the frame.
        found: [u8; 4],
        /// Of the content.
        computed: [u8; 4],
    },
    /// A deflated chunk: its hash can't be told without inflating it.
    #[error("the change is deflated: changes are kept and sent undeflated")]
    Deflated,
    /// A chunk of another type, such as a whole document.
    #[error("a chunk of type {found}, not a change (type {TYPE_CHANGE})")]
    NotAChange {
        /// The type byte.
        found: u8,
    },
    /// The frame is broken.
    #[error("the change's frame is broken at byte {at}: {what}")]
    Frame {
        /// Offset in bytes.
        at: usize,
        /// What is wrong there.
        what: &'static str,
    },
}

/// The hash of an undeflated change chunk, as Automerge computes it.
///
/// # Errors
/// [`ChangeError`] when the bytes are not exactly one undeflated change with the right checksum, or
/// are too large.
pub fn hash_of(raw: &[u8]) -> Result<ChangeHash, ChangeError> {
    if raw.len() > MAX_CHANGE_BYTES {
        return Err(ChangeError::TooLarge { size_bytes: raw.len() });
    }
    check_frame(raw)?;
    let hash = claimed_hash(raw);
    let computed = [hash.0[0], hash.0[1], hash.0[2], hash.0[3]];
    let found = [raw[4], raw[5], raw[6], raw[7]];
    if computed != found {
        return Err(ChangeError::Checksum { found, computed });
    }
    Ok(hash)
}

/// What stands in the frame of a change, where the frame is right.
pub(crate) fn content_of(raw: &[u8]) -> Option<&[u8]> {
    hash_of(raw).ok()?;
    let (_, start) = uleb128(raw, 9).ok()?;
    Some(&raw[start..])
}

/// A change of that content: the one frame that [`content_of`] takes off.
pub(crate) fn framed(content: &[u8]) -> Vec<u8> {
    let mut raw = Vec::with_capacity(14 + content.len());
    raw.extend(MAGIC);
    raw.extend([0; 4]);
    raw.push(TYPE_CHANGE);
    let mut length = content.len();
    while length >= 0x80 {
        raw.push(length as u8 | 0x80);
        length >>= 7;
    }
    raw.push(length as u8);
    raw.extend(content);
    let hash = claimed_hash(&raw);
    raw[4..8].copy_from_slice(&hash.0[..4]);
    raw
}

/// The hash that a leaf is made of, whatever the bytes are worth: SHA-256 of all from the ninth on.
///
/// An entry's root can so be recomputed even where one of its changes turns out to be malformed:
/// that change is refused by name, and the entry's others stand.
pub fn claimed_hash(raw: &[u8]) -> ChangeHash {
    ChangeHash(digest::plain(raw.get(8..).unwrap_or_default()))
}

fn check_frame(raw: &[u8]) -> Result<(), ChangeError> {
    let broken = |at, what| ChangeError::Frame { at, what };
    if raw.len() < 10 {
        return Err(broken(raw.len(), "it ends too early"));
    }
    let found = [raw[0], raw[1], raw[2], raw[3]];
    if found != MAGIC {
        return Err(ChangeError::Magic { found });
    }
    match raw[8] {
        TYPE_CHANGE => {}
        TYPE_DEFLATED => return Err(ChangeError::Deflated),
        found => return Err(ChangeError::NotAChange { found }),
    }
    let (length, start) = uleb128(raw, 9)?;
    let rest = (raw.len() - start) as u64;
    match length.cmp(&rest) {
        std::cmp::Ordering::Greater => Err(broken(raw.len(), "the body is shorter than its length says")),
        std::cmp::Ordering::Less => Err(broken(start + length as usize, "bytes follow the change")),
        std::cmp::Ordering::Equal => Ok(()),
    }
}

/// The number at `at` and the offset after it. Padded forms are refused: one change, one encoding.
fn uleb128(raw: &[u8], at: usize) -> Result<(u64, usize), ChangeError> {
    let mut value = 0u64;
    for (i, byte) in raw[at..].iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            if i > 0 && *byte == 0 {
                return Err(ChangeError::Frame { at: at + i, what: "the length is padded" });
            }
            return Ok((value, at + i + 1));
        }
    }
    Err(ChangeError::Frame { at, what: "the length has no end" })
}

/// An Automerge actor: who numbers operations. Random per opening of a file; of any length.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor(pub Vec<u8>);

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Actor({self})")
    }
}

/// What a change says of itself, read from its bytes by the crate `documents`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeHeader {
    /// Its hash, as Automerge computes it.
    pub hash: ChangeHash,
    /// The changes it builds on; empty for a document's first.
    pub deps: Vec<ChangeHash>,
    /// Who numbered its operations.
    pub actor: Actor,
    /// All other actors that its operations refer to.
    pub other_actors: Vec<Actor>,
    /// The actor's how manyth change in this document, from 1.
    pub seq: u64,
    /// The counter of its first operation, from 1.
    pub start_op: u64,
    /// The counter of its last operation; `start_op - 1` where it has none.
    pub max_op: u64,
    /// The length of its bytes.
    pub size_bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chunk of a kind around `body`, framed as Automerge does.
    fn chunk(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut content = vec![kind];
        let mut length = body.len();
        while length >= 0x80 {
            content.push(length as u8 | 0x80);
            length >>= 7;
        }
        content.push(length as u8);
        content.extend(body);
        let hash = digest::plain(&content);
        [&MAGIC, &hash[..4], &content].concat()
    }

    /// Automerge 0.12's own bytes and hash of `put(ROOT, "kind", "return")` by actor 01 at time 0.
    #[test]
    fn the_hash_is_automerges() {
        let raw: Vec<u8> = "856f4a8375e75dfa01280001010101000000061506340142025602570670027f046b696e64017f01\
                            7f6672657475726e7f00"
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect();
        let hash = hash_of(&raw).unwrap().to_string();
        assert_eq!(hash, "75e75dfa82921ea103e9bc39760d3304ce3c4644775a2f4aaf9fdbd4707d2f7f");
        assert!(hash_of(&chunk(1, &[0; 300])).is_ok(), "a length of two bytes");
    }

    #[test]
    fn what_is_no_single_undeflated_change_is_refused_by_name() {
        let good = chunk(1, b"body");
        assert_eq!(hash_of(&chunk(2, b"body")), Err(ChangeError::Deflated));
        assert_eq!(hash_of(&chunk(0, b"body")), Err(ChangeError::NotAChange { found: 0 }));
        let trailing = [good.as_slice(), b"x"].concat();
        assert_eq!(hash_of(&trailing), Err(ChangeError::Frame { at: 14, what: "bytes follow the change" }));
        for cut in 0..good.len() {
            assert!(matches!(hash_of(&good[..cut]), Err(ChangeError::Frame { .. })), "cut at {cut}");
        }
        let mut other = good.clone();
        *other.last_mut().unwrap() ^= 1;
        assert!(matches!(hash_of(&other), Err(ChangeError::Checksum { .. })));
        let mut magic = good;
        magic[0] = 0;
        assert_eq!(hash_of(&magic), Err(ChangeError::Magic { found: [0, 0x6f, 0x4a, 0x83] }));
        let large = chunk(1, &vec![0; MAX_CHANGE_BYTES]);
        assert_eq!(hash_of(&large), Err(ChangeError::TooLarge { size_bytes: large.len() }));
    }

    /// The frame is taken off only to be put on again as it was.
    #[test]
    fn a_frame_that_is_left_out_is_made_anew() {
        for length in [0, 1, 127, 128, 300, 20_000] {
            let raw = chunk(1, &vec![7; length]);
            let content = content_of(&raw).unwrap();
            assert_eq!(content.len(), length);
            assert_eq!(framed(content), raw);
        }
        let mut other = chunk(1, b"body");
        other[4] ^= 1;
        assert_eq!(content_of(&other), None, "a checksum that isn't right travels, to be refused");
        assert_eq!(content_of(&chunk(2, b"body")), None);
        assert_eq!(content_of(b""), None);
    }

    #[test]
    fn a_padded_length_is_refused() {
        let content = b"\x01\x84\x00body";
        let raw = [&MAGIC, &digest::plain(content)[..4], content].concat();
        assert_eq!(hash_of(&raw), Err(ChangeError::Frame { at: 10, what: "the length is padded" }));
    }
}
