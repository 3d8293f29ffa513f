//! Entries that come twice, late, damaged, or by another's hand.

use guicang_domain::time::Moment;
use guicang_sync::admit::{EntryKind, Offer, Wanted, decide};
use guicang_sync::entry::JournalHead;
use guicang_sync::feed::Feed;
use guicang_sync::message::{OutcomeKind, SyncAnswer};
use guicang_sync::rule::Rule;
use guicang_sync::stamp::Stamp;
use guicang_sync::wire::{WireEntry, WireStamp};

use crate::memory_relay::MemoryRelay;
use crate::shop::*;
use crate::world::*;

/// A relay lost everything, and carol was withdrawn meanwhile. Bob carries her entry back with the old
/// relay's stamp: it is judged as at its first arrival.
#[test]
fn a_refilled_relay_judges_as_before() {
    let mut shop = Shop::new();
    let carol = shop.world.carol.clone();
    let made = Made::new(document(&carol, 5), &["S01"], first("c").bytes());
    shop.carol.seal(vec![made]);
    shop.world.withdraw(&carol, Moment(NOON.0 + 1_000));
    let much_later = Moment(NOON.0 + 1_000_000);
    let stamp = Stamp::sign(&shop.world.relay, shop.carol.head.hash, NOON);
    let forged = Stamp::sign(&shop.world.bob, shop.carol.head.hash, NOON);
    let carried = |stamp: &Stamp| {
        let stamp = WireStamp { time: stamp.time, relay: stamp.relay, signature: stamp.signature };
        let entry = shop.carol.wire(shop.world.bob.device(), 0).remove(0);
        let entry = WireEntry { stamp: Some(stamp), ..entry };
        let mut relay = MemoryRelay::new(&shop.world);
        push(&shop.world, &mut relay, &[entry], &shop.world.bob, much_later).outcomes
    };
    assert_eq!(carried(&stamp), []);
    assert_eq!(carried(&forged)[0].rule, Rule::Withdrawn, "bob is no relay");
    assert_eq!(carried(&forged)[0].device, Some(carol.device()));
}

/// A request that comes twice has one effect, and gets the same word on each change.
#[test]
fn a_request_that_comes_twice_is_taken_once() {
    let mut shop = Shop::new();
    let bad = shop.next(on(&[shop.first.hash()], "a", 9, 4));
    let good = shop.next(on(&[shop.first.hash()], "a", 2, 4));
    shop.alice.seal(vec![bad, good]);
    let wire = shop.alice.wire(shop.alice.device(), 1);
    let alice = shop.world.alice.clone();
    let once = push(&shop.world, &mut shop.relay, &wire, &alice, NOON);
    let held = shop.relay.feed(&Feed::Log);
    let twice = push(&shop.world, &mut shop.relay, &wire, &alice, Moment(NOON.0 + 5));
    let said = |answer: &SyncAnswer| {
        let all = answer.outcomes.iter().map(|o| (o.change, o.kind, o.rule.clone()));
        (all.collect::<Vec<_>>(), answer.journal, answer.stamps.clone())
    };
    assert_eq!(said(&once), said(&twice));
    assert_eq!(said(&once).0, [(Some(0), OutcomeKind::Refused, Rule::SeqGap)]);
    assert_eq!(shop.relay.feed(&Feed::Log), held);
}

/// What was refused stays refused though it would pass now: the device has said it anew elsewhere.
#[test]
fn a_refused_change_does_not_come_back() {
    let mut shop = Shop::new();
    let second = shop.next(on(&[shop.first.hash()], "a", 2, 4));
    let too_early = shop.next(on(&[shop.first.hash()], "a", 3, 5));
    assert_eq!(shop.alice_makes(too_early.clone()), Some(Rule::SeqGap));
    assert_eq!(shop.alice_makes(second), None);
    let again = shop.alice.wire(shop.alice.device(), 1);
    let alice = shop.world.alice.clone();
    let answer = push(&shop.world, &mut shop.relay, &again, &alice, NOON);
    assert_eq!(answer.outcomes[0].rule, Rule::SeqGap);
}

/// What was only refused for want of what it builds on is taken once that is there, with all that was built
/// on it: a relay that lost something gets it back in whatever order it comes.
#[test]
fn what_lacked_its_dependency_is_taken_once_that_is_there() {
    let mut shop = Shop::new();
    let second = shop.next(on(&[shop.first.hash()], "a", 2, 4));
    let third = shop.next(on(&[second.hash()], "a2", 1, 5));
    let fourth = shop.next(on(&[third.hash()], "a2", 2, 6));
    let early = shop.alice_makes_all(vec![third, fourth]);
    assert_eq!(early, [Some(Rule::MissingDependency), Some(Rule::MissingDependency)]);
    assert_eq!(shop.alice_makes(second), None);
    let again = shop.alice.wire(shop.alice.device(), 1);
    let alice = shop.world.alice.clone();
    assert_eq!(push(&shop.world, &mut shop.relay, &again, &alice, NOON).outcomes, []);
}

/// The same change, sealed anew once what it needs is there, is taken; and the first entry, sent again,
/// says so too.
#[test]
fn a_refused_change_sealed_anew_is_taken() {
    let mut shop = Shop::new();
    let second = shop.next(on(&[shop.first.hash()], "a", 2, 4));
    let third = shop.next(on(&[second.hash()], "a2", 1, 5));
    assert_eq!(shop.alice_makes(third.clone()), Some(Rule::MissingDependency));
    assert_eq!(shop.alice_makes_all(vec![second, third.clone()]), vec![None, None]);
    let all = shop.alice.wire(shop.alice.device(), 0);
    let alice = shop.world.alice.clone();
    assert_eq!(push(&shop.world, &mut shop.relay, &all, &alice, NOON).outcomes, []);
    let fourth = shop.next(on(&[third.hash()], "a2", 2, 6));
    assert_eq!(shop.alice_makes(fourth), None);
}

/// Bob carries alice's entry to the relay, damaged where her signature doesn't reach. When she comes
/// herself, it is taken.
#[test]
fn a_carrier_cannot_have_alices_change_refused() {
    let mut shop = Shop::new();
    let change = shop.next(on(&[shop.first.hash()], "a", 2, 4));
    shop.alice.seal(vec![change]);
    for (at, rule) in [(0, Rule::Malformed), (4, Rule::Hash)] {
        let mut damaged = shop.alice.wire(shop.world.bob.device(), 1);
        damaged[0].changes[0].bytes.as_mut().unwrap()[at] ^= 1;
        let bob = shop.world.bob.clone();
        let answer = push(&shop.world, &mut shop.relay, &damaged, &bob, NOON);
        assert_eq!(answer.outcomes[0].rule, rule);
    }
    let (log, _) = shop.relay.feed(&Feed::Log);
    let wire = shop.alice.wire(shop.alice.device(), 1);
    let alice = shop.world.alice.clone();
    assert_eq!(push(&shop.world, &mut shop.relay, &wire, &alice, NOON).outcomes, []);
    assert_eq!(shop.relay.feed(&Feed::Log).0, log + 1);
}

/// Entry, head and verdicts of an entry all of whose changes are refused: the journal goes on.
#[test]
fn an_entry_of_refused_changes_is_held() {
    let mut shop = Shop::new();
    let bad = shop.next(on(&[shop.first.hash()], "a", 9, 4));
    shop.alice.seal(vec![bad]);
    let wire = shop.alice.wire(shop.alice.device(), 1);
    let offer = Offer::read(shop.alice.device(), wire, header);
    let known = shop.relay.known(&Wanted::of(&offer));
    let decision = decide(&offer, &shop.world.book, known, NOON);
    assert_eq!(decision.entries[0].kind, EntryKind::Append);
    let good = shop.next(on(&[shop.first.hash()], "a", 2, 4));
    let head = shop.alice.head;
    assert_ne!(head, JournalHead::EMPTY);
    let answer =
        push(&shop.world, &mut shop.relay, &shop.alice.wire(shop.alice.device(), 1), &shop.world.alice, NOON);
    assert_eq!(answer.journal, Some(head));
    assert_eq!(shop.alice_makes(good), None);
}
