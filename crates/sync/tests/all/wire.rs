//! Entries on the wire: what is left out is put together again, and nothing can be slipped in.

use guicang_domain::ids::EntryHash;
use guicang_sync::entry::{ChangeRef, NO_ENTRY};
use guicang_sync::message::{FeedItem, Run};
use guicang_sync::wire::{AbsentLeaf, Chain, EntryError, WireChange, WireEntry};

use crate::world::*;

/// Alice's journal of two entries: two changes in the first, one in the second.
fn journal(world: &World) -> Journal {
    let mut alice = Journal::new(&world.alice);
    let begun = Made::new(document(&world.alice, 1), &["S01"], first("a").bytes());
    let edited = Made::new(begun.document, &["S02"], on(&[begun.hash()], "a", 2, 4).bytes());
    let last = Made::new(begun.document, &[], on(&[edited.hash()], "a", 3, 5).bytes());
    alice.seal(vec![begun, edited]).seal(vec![last]);
    alice
}

#[test]
fn what_is_left_out_is_put_together_again() {
    let world = World::new();
    let alice = journal(&world);
    let wire = alice.wire(alice.device(), 0);
    assert_eq!(wire.iter().map(|e| (e.device, e.previous)).collect::<Vec<_>>(), [(None, None), (None, None)]);
    let mut chain = Chain::new(alice.device());
    for (entry, (sealed, made)) in wire.into_iter().zip(&alice.entries) {
        let opened = entry.open(&mut chain, keys_of(&world.book)).unwrap();
        assert_eq!(opened.sealed, *sealed);
        let hashes: Vec<_> = opened.changes.iter().map(|c| c.hash).collect();
        assert_eq!(hashes, made.iter().map(Made::hash).collect::<Vec<_>>());
    }
}

/// Bob gets the second change only: the first's leaf stands in for it.
#[test]
fn a_change_that_does_not_travel_is_its_leaf() {
    let world = World::new();
    let alice = journal(&world);
    let (sealed, made) = &alice.entries[0];
    let absent = vec![AbsentLeaf { index: 0, leaf: made[0].leaf() }];
    let travels = alice.wire_changes(&made[1..]);
    let entry = WireEntry::new(sealed, &mut Chain::new(world.bob.device()), travels, absent, None);
    assert_eq!(entry.device, Some(alice.device()));
    let opened = entry.open(&mut Chain::new(world.bob.device()), keys_of(&world.book)).unwrap();
    assert_eq!(opened.changes.len(), 1);
    assert_eq!(opened.changes[0].index, 1);
}

/// A change whose bytes were dropped is proven by its hash all the same.
#[test]
fn a_dropped_change_is_its_hash() {
    let world = World::new();
    let alice = journal(&world);
    let (sealed, made) = &alice.entries[0];
    let of = |m: &Made| {
        let sites_added = m.sites_added.clone();
        WireChange::of_hash(alice.device(), ChangeRef { document: m.document, sites_added, hash: m.hash() })
    };
    let changes = made.iter().map(of).collect();
    let entry = WireEntry::new(sealed, &mut Chain::new(alice.device()), changes, vec![], None);
    let opened = entry.open(&mut Chain::new(alice.device()), keys_of(&world.book)).unwrap();
    assert_eq!(opened.changes[1].bytes, None);
    assert_eq!(opened.changes[1].hash, made[1].hash());
}

/// Each thing that a carrier could alter is caught, by name.
#[test]
fn nothing_can_be_slipped_in() {
    let world = World::new();
    let alice = journal(&world);
    let device = alice.device();
    let good = alice.wire(device, 0).remove(0);
    let open =
        |entry: WireEntry| entry.open(&mut Chain::new(device), keys_of(&world.book)).map(|_| ()).unwrap_err();
    let broken = EntryError::Signature { device, sequence: 1 };
    let alter = |f: &dyn Fn(&mut WireEntry)| {
        let mut entry = good.clone();
        f(&mut entry);
        open(entry)
    };
    assert_eq!(alter(&|e| e.changes.swap(0, 1)), broken);
    assert_eq!(alter(&|e| drop(e.changes.pop())), broken);
    assert_eq!(alter(&|e| e.changes.push(e.changes[0].clone())), broken);
    assert_eq!(alter(&|e| e.changes[0].creator = Some(world.bob.device())), broken);
    assert_eq!(alter(&|e| e.changes[0].sites_added.clear()), broken);
    assert_eq!(alter(&|e| *e.changes[0].bytes.as_mut().unwrap().last_mut().unwrap() ^= 1), broken);
    assert_eq!(alter(&|e| e.time.0 += 1), broken);
    assert_eq!(alter(&|e| e.absent.push(AbsentLeaf { index: 2, leaf: [0; 32] })), broken);
    assert_eq!(
        alter(&|e| e.device = Some(world.bob.device())),
        EntryError::Signature { device: world.bob.device(), sequence: 1 }
    );
    let stranger = key(77).device();
    assert_eq!(
        alter(&|e| e.device = Some(stranger)),
        EntryError::UnknownDevice { device: stranger, sequence: 1 }
    );
}

#[test]
fn a_malformed_entry_is_named() {
    let world = World::new();
    let alice = journal(&world);
    let device = alice.device();
    let wire = alice.wire(device, 0);
    let unseal = |entry: WireEntry| entry.unseal(&mut Chain::new(device)).map(|_| ()).unwrap_err();
    assert_eq!(unseal(wire[1].clone()), EntryError::NoPrevious { device, sequence: 2 });
    let zero = WireEntry { sequence: 0, previous: Some(NO_ENTRY), ..wire[0].clone() };
    assert_eq!(unseal(zero), EntryError::Sequence { device, sequence: 0 });
    let follows = WireEntry { previous: Some(EntryHash([1; 32])), ..wire[0].clone() };
    assert_eq!(unseal(follows), EntryError::Sequence { device, sequence: 1 });
    let begins = WireEntry { previous: Some(NO_ENTRY), ..wire[1].clone() };
    assert_eq!(unseal(begins), EntryError::Sequence { device, sequence: 2 });
    let leaf = |index| AbsentLeaf { index, leaf: [0; 32] };
    let backwards = WireEntry { absent: vec![leaf(1), leaf(0)], ..wire[0].clone() };
    assert_eq!(unseal(backwards), EntryError::Absent { device, sequence: 1, index: 0 });
    let mut both = wire[0].clone();
    both.changes[1].hash = Some(alice.entries[0].1[1].hash());
    assert_eq!(unseal(both), EntryError::Content { device, sequence: 1, index: 1 });
}

#[test]
fn an_item_takes_as_many_positions_as_it_has_changes() {
    let run = |first, count| Run { first, count };
    assert_eq!(FeedItem::Own { sequence: 1, runs: vec![run(0, 3), run(5, 1)], stamped: None }.positions(), 4);
    let huge = FeedItem::Own { sequence: 1, runs: vec![run(0, u32::MAX); 3], stamped: None };
    assert_eq!(huge.positions(), 3 * u64::from(u32::MAX));
}
