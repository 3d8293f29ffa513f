//! Entries as they travel, and grants: put together, their signatures checked, and decided on as the relay
//! does.

use guicang_documents::header;
use guicang_domain::ids::PublicKey;
use guicang_domain::time::Moment;
use guicang_sync::admit::{Known, Offer, Wanted, decide as judge};
use guicang_sync::change::{Actor, ChangeHeader};
use guicang_sync::codec::{DECODED_LIMIT_BYTES, decode};
use guicang_sync::grant::{GrantBook, SignedGrant};
use guicang_sync::keys::DeviceKey;
use guicang_sync::wire::{Chain, WireEntry};

use super::SENDER;

/// Reads the bytes as a body with entries, as the CBOR of entries, and as a grant.
pub fn read(bytes: &[u8]) {
    let organisation = DeviceKey::from_seed([7; 32]).public();
    let mut body = vec![0];
    body.extend(bytes);
    if let Ok(grant) = decode::<SignedGrant>(&body, DECODED_LIMIT_BYTES) {
        let mut book = GrantBook::new(organisation);
        // Nobody has the organisation's key, so nothing can come to stand.
        let _ = book.add(grant);
        assert!(book.device(SENDER).is_none(), "a grant stands that nobody signed");
    }
    if let Ok(entry) = decode::<WireEntry>(&body, DECODED_LIMIT_BYTES) {
        take(organisation, vec![entry]);
    }
    if let Ok(entries) = decode::<Vec<WireEntry>>(&body, DECODED_LIMIT_BYTES) {
        take(organisation, entries);
    }
}

fn take(organisation: PublicKey, entries: Vec<WireEntry>) {
    let mut chain = Chain::new(SENDER);
    for entry in &entries {
        let _ = entry.clone().open(&mut chain, |_| Some(organisation));
    }
    let mut chain = Chain::new(SENDER);
    for entry in &entries {
        let _ = entry.clone().unseal(&mut chain);
    }
    decide(organisation, entries);
}

/// Decides on them as a relay that holds nothing and knows nobody.
pub(super) fn decide(organisation: PublicKey, entries: Vec<WireEntry>) {
    let offer = Offer::read(SENDER, entries, |bytes| {
        let read = header(bytes).map_err(|e| e.to_string())?;
        Ok(ChangeHeader {
            hash: read.hash,
            deps: read.deps,
            actor: Actor(read.actor),
            other_actors: read.other_actors.into_iter().map(Actor).collect(),
            seq: read.seq,
            start_op: read.start_op,
            max_op: read.max_op,
            size_bytes: read.size,
        })
    });
    let _ = Wanted::of(&offer);
    let decision = judge(&offer, &GrantBook::new(organisation), Known::default(), Moment(1_700_000_000_000));
    let _ = decision.outcomes(&offer, SENDER);
}
