//! A change from anybody: its header as the relay reads it, and the replica's check of it, as the first of a
//! document and as one upon a document that is held. What the check lets through has to apply and to be read.

use std::sync::LazyLock;

use guicang_documents::{Envelope, Replayed, header};
use guicang_domain::document::Kind;
use guicang_domain::ids::DocumentId;
use guicang_sync::keys::DeviceKey;
use guicang_sync::wire::{WireChange, WireEntry};

use super::SENDER;
use crate::seeds;

/// The golden documents of each kind, to build upon.
static HELD: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let kinds = Kind::ALL.iter().filter_map(|kind| seeds::document(kind.as_str()));
    kinds.collect()
});

/// Reads the bytes as a change; the last one tells upon which document.
pub fn read(bytes: &[u8]) {
    let _ = header(bytes);
    for author_is_hq in [false, true] {
        check(Replayed::empty(), bytes, author_is_hq);
    }
    let (Some(pick), false) = (bytes.last(), HELD.is_empty()) else { return };
    let held = &HELD[usize::from(*pick) % HELD.len()];
    let past = Replayed::new(&[held]).expect("a golden document");
    check(past, bytes, true);
    let entry = WireEntry {
        device: None,
        sequence: 1,
        previous: None,
        time: guicang_domain::time::Moment(0),
        signature: guicang_sync::keys::Signature([0; 64]),
        changes: vec![WireChange::new(SENDER, document(), Vec::new(), bytes.to_vec())],
        absent: Vec::new(),
        stamp: None,
    };
    super::entries::decide(DeviceKey::from_seed([7; 32]).public(), vec![entry]);
}

fn document() -> DocumentId {
    DocumentId::from_slice(&[1; 32]).expect("32 bytes")
}

fn check(mut past: Replayed, bytes: &[u8], author_is_hq: bool) {
    let envelope = Envelope {
        author_code: "S01A".parse().expect("a code"),
        author_is_hq,
        author_site: (!author_is_hq).then(|| "S01".parse().expect("a site")),
        creator: true,
    };
    if past.check(bytes, &envelope).is_ok() && past.apply(bytes).is_ok() {
        let _ = past.read(document(), &|_| None);
    }
}
