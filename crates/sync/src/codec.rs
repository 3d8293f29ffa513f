//! Bodies: CBOR, under zstd where that is smaller.
//!
//! The first byte tells which: 0 plain, 1 zstd, 2 a request in two bodies, with its entries in the
//! second, so that they can be packed before the first is known. What comes from a peer is hostile until it has passed
//! here: it is bounded before and while it is decompressed, its CBOR is walked once to bound nesting
//! and lengths, and every byte must be used.

use std::io::Read;

use minicbor::{Decode, Encode};

use crate::digest;
use crate::message::SyncRequest;
use crate::packed::Packed;

/// The media type of every body; the number changes only if a body's encoding does.
pub const MEDIA_TYPE: &str = "application/vnd.guicang.sync.v1";

/// How many bytes of raw changes a request carries by default: 1.25 MiB, so that its body stays below
/// 256 KiB. A change may have more, and then travels alone.
pub const REQUEST_LIMIT_BYTES: usize = 1280 * 1024;

/// The most that any body has, in bytes, compressed or not: 4 MiB.
pub const DECODED_LIMIT_BYTES: usize = 4 * 1024 * 1024;

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
/// Then the length of the first body (4 bytes, the most significant first), and both.
const TWO: u8 = 2;
/// For all but changes that a device pushes.
const LEVEL: i32 = 3;
/// A branch's line is dearer than its time: an eighth fewer bytes than at level 3, for 20 us a return.
const PUSH_LEVEL: i32 = 10;
/// 4 MiB: a frame that asks for a larger window than any body needs is refused, not allocated for.
const WINDOW_LOG_MAX: u32 = 22;
/// Far above what any message needs.
const NESTING_MAX: usize = 16;

/// Why a body can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// No byte at all.
    #[error("the body is empty")]
    Empty,
    /// Beyond the limit, compressed or not.
    #[error("the body has more than {limit_bytes} bytes")]
    TooLarge {
        /// The most that is taken.
        limit_bytes: usize,
    },
    /// The first byte is none that this message may begin with: not one of our bodies, or a newer
    /// version's.
    #[error(
        "the body begins with {found}, which is neither plain (0) nor zstd (1), nor a request in two (2)"
    )]
    Encoding {
        /// The byte.
        found: u8,
    },
    /// The zstd frame is broken.
    #[error("the body can't be decompressed: {detail}")]
    Zstd {
        /// What zstd says.
        detail: String,
    },
    /// The bytes are not well-formed CBOR of definite lengths.
    #[error("the CBOR is broken at byte {at}: {what}")]
    Malformed {
        /// Offset in the decompressed body.
        at: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// Well-formed, but not the message expected.
    #[error("the body is another message than expected: {detail}")]
    Message {
        /// What is missing or of the wrong type.
        detail: String,
    },
}

/// A message as a body.
pub fn encode<T: Encode<()>>(message: &T) -> Vec<u8> {
    encode_at(message, LEVEL)
}

/// A message that carries many changes, as a body with fewer bytes, made in more time.
pub(crate) fn encode_push<T: Encode<()>>(message: &T) -> Vec<u8> {
    encode_at(message, PUSH_LEVEL)
}

/// A request and its entries, which `request` itself doesn't have, as a body.
pub fn encode_request(request: &SyncRequest, entries: &Packed) -> Vec<u8> {
    let head = encode(request);
    if entries.is_empty() {
        return head;
    }
    let mut body = Vec::with_capacity(5 + head.len() + entries.body.len());
    body.push(TWO);
    body.extend((head.len() as u32).to_be_bytes());
    body.extend(head);
    body.extend(&entries.body);
    body
}

/// The request in a body of at most `limit_bytes`, in one or in two.
///
/// # Errors
/// As [`decode`].
pub fn decode_request(body: &[u8], limit_bytes: usize) -> Result<SyncRequest, CodecError> {
    let Some((&TWO, both)) = body.split_first() else { return decode(body, limit_bytes) };
    if both.len() > limit_bytes {
        return Err(CodecError::TooLarge { limit_bytes });
    }
    let (length, both) = both.split_first_chunk::<4>().ok_or(CodecError::Empty)?;
    let (head, entries) =
        both.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or(CodecError::Empty)?;
    let mut request: SyncRequest = decode(head, limit_bytes)?;
    if !request.entries.is_empty() {
        return Err(CodecError::Message { detail: "entries in the first of two bodies".into() });
    }
    request.entries = decode(entries, limit_bytes)?;
    Ok(request)
}

fn encode_at<T: Encode<()>>(message: &T, level: i32) -> Vec<u8> {
    let cbor = digest::cbor(message);
    let packed = zstd::bulk::compress(&cbor, level).expect("compressing in memory");
    let (lead, content) = if packed.len() < cbor.len() { (ZSTD, packed) } else { (PLAIN, cbor) };
    let mut body = Vec::with_capacity(1 + content.len());
    body.push(lead);
    body.extend(content);
    body
}

/// The message in a body of at most `limit_bytes`, compressed or not.
///
/// # Errors
/// [`CodecError`]; never a panic, and the memory used is bounded by a multiple of the limit.
pub fn decode<T: for<'b> Decode<'b, ()>>(body: &[u8], limit_bytes: usize) -> Result<T, CodecError> {
    let (lead, content) = body.split_first().ok_or(CodecError::Empty)?;
    if content.len() > limit_bytes {
        return Err(CodecError::TooLarge { limit_bytes });
    }
    match *lead {
        PLAIN => exactly(content),
        ZSTD => exactly(&unpack(content, limit_bytes)?),
        found => Err(CodecError::Encoding { found }),
    }
}

fn unpack(packed: &[u8], limit_bytes: usize) -> Result<Vec<u8>, CodecError> {
    let broken = |e: std::io::Error| CodecError::Zstd { detail: e.to_string() };
    let mut decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(broken)?.single_frame();
    decoder.window_log_max(WINDOW_LOG_MAX).map_err(broken)?;
    let mut cbor = Vec::new();
    decoder.by_ref().take(limit_bytes as u64 + 1).read_to_end(&mut cbor).map_err(broken)?;
    if cbor.len() > limit_bytes {
        return Err(CodecError::TooLarge { limit_bytes });
    }
    if !decoder.finish().is_empty() {
        return Err(CodecError::Zstd { detail: "bytes follow the frame".into() });
    }
    Ok(cbor)
}

/// The value that is exactly these bytes of CBOR.
pub(crate) fn exactly<T: for<'b> Decode<'b, ()>>(cbor: &[u8]) -> Result<T, CodecError> {
    check_shape(cbor)?;
    minicbor::decode(cbor).map_err(|e| CodecError::Message { detail: e.to_string() })
}

/// Walks one item of CBOR without building anything: definite lengths, bounded nesting, and no bytes
/// after it.
fn check_shape(cbor: &[u8]) -> Result<(), CodecError> {
    let broken = |at, what| CodecError::Malformed { at, what };
    // How many items are still open at each level.
    let mut open: Vec<u64> = vec![1];
    let mut at = 0;
    while let Some(level) = open.last_mut() {
        if *level == 0 {
            open.pop();
            continue;
        }
        let start = at;
        let (major, argument, after) = header(cbor, at).map_err(|what| broken(start, what))?;
        at = after;
        // A tag is followed by the item that it tags.
        if major != 6 {
            *level -= 1;
        }
        match major {
            2 | 3 => {
                if argument > (cbor.len() - at) as u64 {
                    return Err(broken(start, "a text or byte string ends too early"));
                }
                at += argument as usize;
            }
            4 | 5 => {
                if open.len() >= NESTING_MAX {
                    return Err(broken(start, "nested too deeply"));
                }
                let items = if major == 5 { argument.saturating_mul(2) } else { argument };
                // Each item has a byte at least: a forged count ends here, before anything is built.
                if items > (cbor.len() - at) as u64 {
                    return Err(broken(start, "an array or map ends too early"));
                }
                open.push(items);
            }
            _ => {}
        }
    }
    if at < cbor.len() { Err(broken(at, "bytes follow the message")) } else { Ok(()) }
}

/// Major type, argument, and the offset after them.
fn header(cbor: &[u8], at: usize) -> Result<(u8, u64, usize), &'static str> {
    let first = *cbor.get(at).ok_or("it ends too early")?;
    let (major, info) = (first >> 5, first & 0x1f);
    let width = match info {
        0..24 => return Ok((major, u64::from(info), at + 1)),
        24..28 => 1 << (info - 24),
        31 => return Err("a length is indefinite"),
        _ => return Err("a reserved form"),
    };
    let bytes = cbor.get(at + 1..at + 1 + width).ok_or("it ends too early")?;
    let value = bytes.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    Ok((major, value, at + 1 + width))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: usize = 10_000;

    fn check(body: &[u8]) -> Result<Vec<u64>, CodecError> {
        decode(body, LIMIT)
    }

    #[test]
    fn small_bodies_are_plain_and_large_ones_packed() {
        let small = encode(&vec![1u64, 2, 3]);
        assert_eq!(small, [0, 0x83, 1, 2, 3]);
        let large = encode(&vec![7u64; 5000]);
        assert_eq!(large[0], 1);
        assert!(large.len() < 100);
        assert_eq!(check(&large), Ok(vec![7; 5000]));
    }

    #[test]
    fn a_bomb_goes_off_at_the_limit() {
        let bomb = encode(&vec![0u64; 1_000_000]);
        assert!(bomb.len() < 1000);
        assert_eq!(check(&bomb), Err(CodecError::TooLarge { limit_bytes: LIMIT }));
        assert_eq!(check(&vec![0; LIMIT + 2]), Err(CodecError::TooLarge { limit_bytes: LIMIT }));
    }

    #[test]
    fn a_frame_that_asks_for_a_huge_window_is_refused() {
        // Frame header: no content size, window descriptor for 2^31 bytes.
        let body = [1, 0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00];
        assert!(matches!(check(&body), Err(CodecError::Zstd { .. })));
    }

    #[test]
    fn every_byte_must_be_used() {
        assert_eq!(
            check(&[0, 0x81, 1, 9]),
            Err(CodecError::Malformed { at: 2, what: "bytes follow the message" })
        );
        let mut packed = encode(&vec![7u64; 5000]);
        packed.push(0);
        assert_eq!(check(&packed), Err(CodecError::Zstd { detail: "bytes follow the frame".into() }));
        assert_eq!(check(&[]), Err(CodecError::Empty));
        assert_eq!(check(&[9, 0x80]), Err(CodecError::Encoding { found: 9 }));
    }

    #[test]
    fn forged_lengths_and_deep_nesting_are_refused_before_anything_is_built() {
        let broken = |cbor: &[u8]| match check(&[&[0], cbor].concat()) {
            Err(CodecError::Malformed { what, .. }) => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            broken(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            "an array or map ends too early"
        );
        assert_eq!(broken(&[0x5a, 0xff, 0xff, 0xff, 0xff]), "a text or byte string ends too early");
        assert_eq!(broken(&[0x81; 100]), "nested too deeply");
        assert_eq!(broken(&[0x9f, 1, 0xff]), "a length is indefinite");
        assert_eq!(broken(&[0x1c]), "a reserved form");
        assert_eq!(broken(&[0x19, 1]), "it ends too early");
    }

    proptest! {
        /// Whatever the bytes, decoding returns.
        #[test]
        fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = check(&body);
            let _ = check(&[&[0], body.as_slice()].concat());
        }

        /// A body that lost its end is never taken for a whole one.
        #[test]
        fn a_cut_body_is_an_error(values in prop::collection::vec(any::<u64>(), 0..300), at in any::<prop::sample::Index>()) {
            let body = encode(&values);
            prop_assert!(check(&body[..at.index(body.len())]).is_err());
            prop_assert_eq!(check(&body), Ok(values));
        }
    }
}
