//! Bytes that call themselves a change.

use automerge::ReadDoc;
use guicang_documents::{Events, HeaderError, MAX_CHANGE_BYTES, MAX_CHANGE_OPS, Replayed, create, header};
use guicang_domain::document::Document;
use guicang_domain::returns::ReturnEvent;
use proptest::prelude::*;

use crate::fixtures::*;

fn change() -> Vec<u8> {
    create(&Document::Return(full_return()), &branch(1), NOW).bytes
}

#[test]
fn a_header_says_what_a_relay_decides_on() {
    let first = create(&Document::Return(full_return()), &branch(1), NOW);
    let mut document = Replayed::new(&[&first.bytes]).unwrap();
    let events = [event(90, ReturnEvent::Closed)];
    let second = document.append_events(&branch(2), NOW, &Events::Return(&events)).unwrap();
    let read = header(&second.bytes).unwrap();
    assert_eq!(read, second.header);
    assert_eq!(read.deps, [first.header.hash]);
    assert_eq!((read.seq, read.start_op), (1, first.header.max_op + 1));
    assert_eq!(read.other_actors, [vec![1; 16]]);
    assert_eq!(read.author, Some(BRANCH));
    assert_eq!(read.size, second.bytes.len());
    let third = document.append_events(&branch(2), NOW, &Events::Return(&[event(91, ReturnEvent::Closed)]));
    assert_eq!(third.unwrap().header.author, None, "the footer stands in an actor's first change only");
}

#[test]
fn what_is_not_one_raw_change_is_refused_by_name() {
    let bytes = change();
    let mut deflated = automerge::Change::try_from(bytes.as_slice()).unwrap();
    assert_eq!(header(&deflated.bytes()), Err(HeaderError::Deflated));
    let two = [bytes.clone(), bytes.clone()].concat();
    assert!(matches!(header(&two), Err(HeaderError::NotAChange(_))));
    let mut doc = automerge::Automerge::new();
    doc.apply_changes([automerge::Change::try_from(bytes.as_slice()).unwrap()]).unwrap();
    assert!(matches!(header(&doc.save_nocompress()), Err(HeaderError::NotAChange(_))));
    let large = vec![1; MAX_CHANGE_BYTES + 1];
    let size = large.len();
    assert_eq!(header(&large), Err(HeaderError::TooLarge { size, max: MAX_CHANGE_BYTES }));
    assert!(matches!(header(b""), Err(HeaderError::NotAChange(_))));
}

/// A hash is not the content's: the relay would keep it under one name and a replica under another.
#[test]
fn a_wrong_checksum_is_refused() {
    let mut bytes = change();
    bytes[4] ^= 1;
    assert_eq!(header(&bytes), Err(HeaderError::Checksum));
}

/// A few bytes that stand for 2^40 operations are refused by counting them, not by unrolling them.
#[test]
fn a_bomb_is_counted_and_not_unrolled() {
    let operations = 1u64 << 40;
    let mut run = leb(operations);
    run.push(1);
    let mut data = vec![0, 1, 7];
    data.extend([1, 1, 0, 0, 0]); // seq, start_op, time, message, other actors
    data.extend([1, 0x42, run.len() as u8]);
    data.extend(run);
    let mut bytes = b"\x85\x6f\x4a\x83\0\0\0\0\x01".to_vec();
    bytes.push(data.len() as u8);
    bytes.extend(data);
    let found = HeaderError::TooMany { what: "operations", found: operations, max: MAX_CHANGE_OPS };
    assert_eq!(header(&bytes), Err(found));
}

/// Makes a change's checksum agree with its bytes.
pub fn mend(bytes: &mut [u8]) {
    use sha2::Digest;
    let digest: [u8; 32] = sha2::Sha256::digest(&bytes[8..]).into();
    bytes[4..8].copy_from_slice(&digest[..4]);
}

fn leb(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 && byte & 0x40 == 0 {
            out.push(byte);
            return out;
        }
        out.push(byte | 0x80);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Altered bytes end in an error, whatever they do to Automerge; its checksum put right again,
    /// they end in an error, or in a document that can be read and gives those very bytes back.
    #[test]
    fn altered_bytes_reach_nobody(at in any::<prop::sample::Index>(), with in any::<u8>(), mended in any::<bool>()) {
        let mut bytes = change();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != with);
        bytes[at] = with;
        if mended {
            mend(&mut bytes);
        } else {
            prop_assert!(header(&bytes).is_err());
        }
        let mut document = Replayed::empty();
        if document.check(&bytes, &by_branch()).is_ok() {
            document.apply(&bytes).unwrap();
            document.read(document_id(), &stamped).unwrap();
            let mut doc = automerge::Automerge::new();
            let change = automerge::Change::try_from(&bytes[..]).unwrap();
            let hash = change.hash();
            doc.apply_changes([change]).unwrap();
            let kept = doc.get_change_by_hash(&hash).unwrap();
            prop_assert_eq!(kept.raw_bytes(), &bytes[..]);
        }
    }
}
