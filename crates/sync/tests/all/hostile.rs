//! What a peer sends is cut, flipped and forged; the answer is an error, never a panic.

use guicang_sync::admit::{Known, Offer, decide};
use guicang_sync::codec::{CodecError, DECODED_LIMIT_BYTES, decode, decode_request, encode, encode_request};
use guicang_sync::message::{SyncAnswer, SyncRequest};
use guicang_sync::session::{Limits, Session, Start, Step};
use proptest::prelude::*;

use crate::golden::{sample_answer, sample_request};
use crate::world::*;

const LIMIT: usize = DECODED_LIMIT_BYTES;

#[test]
fn a_message_cut_anywhere_is_an_error() {
    let request = encode(&sample_request());
    assert_eq!(decode::<SyncRequest>(&request, LIMIT), Ok(sample_request()));
    for at in 0..request.len() {
        assert!(decode::<SyncRequest>(&request[..at], LIMIT).is_err(), "cut at {at}");
    }
    let answer = encode(&sample_answer());
    assert_eq!(decode::<SyncAnswer>(&answer, LIMIT), Ok(sample_answer()));
    for at in 0..answer.len() {
        assert!(decode::<SyncAnswer>(&answer[..at], LIMIT).is_err(), "cut at {at}");
    }
}

/// A newer version's fields are skipped: what this version knows is read.
#[test]
fn fields_of_a_newer_version_are_skipped() {
    let plain = minicbor::to_vec(sample_answer()).unwrap();
    assert_eq!(plain[0] & 0xe0, 0xa0, "a small map");
    let mut newer = vec![0, plain[0] + 1];
    newer.extend(&plain[1..]);
    // Key 99: ["new", {1: h'00'}]
    newer.extend([0x18, 99, 0x82, 0x63, b'n', b'e', b'w', 0xa1, 1, 0x41, 0]);
    assert_eq!(decode::<SyncAnswer>(&newer, LIMIT), Ok(sample_answer()));
}

fn flipped() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..6)
}

fn flip(bytes: &mut [u8], flips: &[(prop::sample::Index, u8)]) {
    for (at, mask) in flips {
        let at = at.index(bytes.len());
        bytes[at] ^= mask;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// A request with some bytes flipped is refused when read, or judged; it never panics, and none
    /// of its entries passes as another than was sealed.
    #[test]
    fn a_flipped_request_never_panics(flips in flipped()) {
        let world = World::new();
        let mut plain = minicbor::to_vec(sample_request()).unwrap();
        flip(&mut plain, &flips);
        plain.insert(0, 0);
        let Ok(request) = decode::<SyncRequest>(&plain, LIMIT) else { return Ok(()) };
        let offer = Offer::read(world.alice.device(), request.entries, header);
        let decision = decide(&offer, &world.book, Known::default(), NOON);
        prop_assert!(decision.outcomes(&offer, world.alice.device()).len() <= 100);
    }

    /// Nor does an answer with some bytes flipped, at the device's end.
    #[test]
    fn a_flipped_answer_never_panics(flips in flipped()) {
        let mut plain = minicbor::to_vec(sample_answer()).unwrap();
        flip(&mut plain, &flips);
        plain.insert(0, 0);
        let request = sample_request();
        let mut session = Session::new(Start {
            device: key(3).device(),
            epoch: None,
            cursors: request.cursors,
            acknowledged: 2,
            grants: vec![],
            fence: None,
            want_own: false,
            strays: false,
            limits: Limits::default(),
        });
        session.entries(request.entries, true, None).unwrap();
        if session.answer(&plain).is_ok() {
            // A flip may make it say that sums differ, which the session then asks about.
            prop_assert!(matches!(session.step(), Step::Store(_)));
            session.stored(vec![]).unwrap();
        }
    }
}

/// A request whose entries were packed before it is the same request, and no part of it is taken for it.
#[test]
fn a_request_in_two_bodies_is_one_request() {
    let whole = sample_request();
    let head = SyncRequest { entries: Vec::new(), ..whole.clone() };
    let body = encode_request(&head, &whole.entries.clone().into());
    assert_eq!(body[0], 2);
    assert_eq!(decode_request(&body, LIMIT), Ok(whole.clone()));
    for at in 0..body.len() {
        assert!(decode_request(&body[..at], LIMIT).is_err(), "cut at {at}");
    }
    assert_eq!(decode_request(&encode(&whole), LIMIT), Ok(whole.clone()), "in one body as well");
    assert_eq!(encode_request(&head, &Vec::new().into()), encode(&head), "without entries it is one");
    let twice = encode_request(&whole, &whole.entries.clone().into());
    assert!(matches!(decode_request(&twice, LIMIT), Err(CodecError::Message { .. })));
    assert_eq!(decode_request(&body, 10), Err(CodecError::TooLarge { limit_bytes: 10 }));
    assert!(decode::<SyncRequest>(&body, LIMIT).is_err(), "no other message comes in two");
}
