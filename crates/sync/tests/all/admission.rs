//! What a relay refuses, by name. In each story all is valid but the one thing that its rule is about,
//! hashes and signatures included, and the assertion names the rule.

use guicang_domain::time::Moment;
use guicang_sync::admit::{ChangeVerdict, Offer, Wanted, decide};
use guicang_sync::change::MAX_CHANGE_BYTES;
use guicang_sync::entry::{ENTRY_CHANGES, ENTRY_RAW_BYTES, NO_ENTRY};
use guicang_sync::feed::Feed;
use guicang_sync::grant::{Issuer, Role, SignedGrant};
use guicang_sync::message::OutcomeKind;
use guicang_sync::rule::Rule;
use guicang_sync::wire::{AbsentLeaf, WireEntry};

use crate::shop::*;
use crate::world::*;

#[test]
fn a_good_change_by_a_colleague_is_accepted() {
    let mut shop = Shop::new();
    let change = shop.next(Body { others: vec!["a".into()], ..on(&[shop.first.hash()], "c", 1, 4) });
    assert_eq!(shop.carol_makes(change), None);
}

#[test]
fn too_large() {
    let mut shop = Shop::new();
    let content = vec![0; MAX_CHANGE_BYTES];
    let large = shop.next(Body { content, ..on(&[shop.first.hash()], "a", 2, 4) });
    assert_eq!(shop.alice_makes(large), Some(Rule::TooLarge));
}

/// An entry that would fill an answer: too many changes, or too much in more than one.
#[test]
fn too_large_an_entry() {
    let mut shop = Shop::new();
    let small = shop.next(on(&[shop.first.hash()], "a", 2, 4));
    let content = vec![0; ENTRY_RAW_BYTES / 2];
    let half = shop.next(Body { content, ..on(&[shop.first.hash()], "a", 2, 4) });
    for changes in [vec![small; ENTRY_CHANGES + 1], vec![half; 2]] {
        let mut journal = Journal::new(&shop.world.alice);
        journal.head = shop.alice.head;
        journal.seal(changes);
        let entry = journal.wire(journal.device(), 1).remove(0);
        assert_eq!(entry_rule(&mut shop, entry), Some(Rule::TooLarge));
    }
}

#[test]
fn undecodable() {
    let mut shop = Shop::new();
    let document = shop.document;
    let deflated = framed(2, &minicbor::to_vec(on(&[shop.first.hash()], "a", 2, 4)).unwrap());
    let nonsense = framed(1, b"a frame around nothing that can be read");
    let changes = [deflated, nonsense, vec![], b"short".to_vec()];
    let rules = shop.alice_makes_all(changes.map(|b| Made::new(document, &[], b)).to_vec());
    assert_eq!(rules, vec![Some(Rule::Undecodable); 4]);
}

#[test]
fn hash() {
    let mut shop = Shop::new();
    let mut bytes = on(&[shop.first.hash()], "a", 2, 4).bytes();
    bytes[4] ^= 1;
    let change = Made::new(shop.document, &[], bytes);
    assert_eq!(shop.alice_makes(change), Some(Rule::Hash));
}

/// A reader of headers that disagrees about the hash (another version's, say) refuses too.
#[test]
fn hash_as_automerge_reads_it() {
    let mut shop = Shop::new();
    let change = shop.next(on(&[shop.first.hash()], "a", 2, 4));
    shop.alice.seal(vec![change]);
    let other = shop.first.hash();
    let offer = Offer::read(shop.alice.device(), shop.alice.wire(shop.alice.device(), 1), |bytes| {
        header(bytes).map(|h| guicang_sync::change::ChangeHeader { hash: other, ..h })
    });
    let known = shop.relay.known(&Wanted::of(&offer));
    let decision = decide(&offer, &shop.world.book, known, NOON);
    let ChangeVerdict::Refused { rule, .. } = &decision.entries[0].changes[0] else { panic!() };
    assert_eq!(*rule, Rule::Hash);
}

#[test]
fn duplicate_seq() {
    let mut shop = Shop::new();
    let deps = [shop.first.hash()];
    assert_eq!(shop.alice_makes(shop.next(on(&deps, "a", 1, 4))), Some(Rule::DuplicateSeq));
    // The same within one entry: the first of the two stands.
    let (one, other) = (on(&deps, "a", 2, 4), on(&deps, "a", 2, 5));
    let both = vec![shop.next(one), shop.next(other)];
    assert_eq!(shop.alice_makes_all(both), vec![None, Some(Rule::DuplicateSeq)]);
}

#[test]
fn seq_gap() {
    let mut shop = Shop::new();
    let change = shop.next(on(&[shop.first.hash()], "a", 3, 4));
    assert_eq!(shop.alice_makes(change), Some(Rule::SeqGap));
}

#[test]
fn start_op() {
    let mut shop = Shop::new();
    let deps = [shop.first.hash()];
    // The first change ends at operation 3.
    for start_op in [0, 1, 3, 1 << 32, u64::MAX] {
        let change = shop.next(on(&deps, "a", 2, start_op));
        assert_eq!(shop.alice_makes(change), Some(Rule::StartOp), "{start_op}");
    }
    let backwards = shop.next(Body { max_op: 2, ..on(&deps, "a", 2, 4) });
    assert_eq!(shop.alice_makes(backwards), Some(Rule::StartOp));
    let empty = shop.next(Body { max_op: 3, ..on(&deps, "a", 2, 4) });
    assert_eq!(shop.alice_makes(empty), None, "a change without operations is one all the same");
}

/// Not above the actor's own last operation, though above all that it names: two operations would
/// have one id.
#[test]
fn start_op_of_the_actors_own_branch() {
    let mut shop = Shop::new();
    let deps = [shop.first.hash()];
    let second = shop.next(Body { max_op: 9, ..on(&deps, "a", 2, 4) });
    let third = shop.next(on(&deps, "a", 3, 5));
    assert_eq!(shop.alice_makes_all(vec![second, third]), vec![None, Some(Rule::StartOp)]);
}

#[test]
fn foreign_actor() {
    let mut shop = Shop::new();
    let deps = [shop.first.hash()];
    assert_eq!(shop.carol_makes(shop.next(on(&deps, "a", 2, 4))), Some(Rule::ForeignActor));
    // In a document of her own too: the actor is alice's everywhere.
    let own = Made::new(document(&shop.world.carol, 7), &["S01"], first("a").bytes());
    assert_eq!(shop.carol_makes(own), Some(Rule::ForeignActor));
}

#[test]
fn unknown_actor() {
    let mut shop = Shop::new();
    let change = shop.next(Body { others: vec!["x".into()], ..on(&[shop.first.hash()], "a", 2, 4) });
    assert_eq!(shop.alice_makes(change), Some(Rule::UnknownActor));
}

#[test]
fn missing_dependency() {
    let mut shop = Shop::new();
    let never_sent = shop.next(on(&[shop.first.hash()], "a", 2, 4));
    let change = shop.next(on(&[shop.first.hash(), never_sent.hash()], "a", 2, 5));
    assert_eq!(shop.alice_makes(change), Some(Rule::MissingDependency));
    // A change of another document is no dependency.
    let elsewhere = document(&shop.world.alice, 2);
    let change = Made::new(elsewhere, &["S01"], on(&[shop.first.hash()], "a", 1, 4).bytes());
    assert_eq!(shop.alice_makes(change), Some(Rule::MissingDependency));
}

/// One bad change takes its dependants with it, and nothing else.
#[test]
fn depends_on_refused() {
    let mut shop = Shop::new();
    let bad = shop.next(on(&[shop.first.hash()], "a", 9, 4));
    let dependant = shop.next(on(&[bad.hash()], "a2", 1, 5));
    let good = shop.next(on(&[shop.first.hash()], "a", 2, 4));
    let rules = shop.alice_makes_all(vec![bad, dependant, good]);
    assert_eq!(rules, vec![Some(Rule::SeqGap), Some(Rule::DependsOnRefused), None]);
}

#[test]
fn second_first_change() {
    let mut shop = Shop::new();
    let again = Made::new(shop.document, &["S01"], first("a2").bytes());
    assert_eq!(shop.alice_makes(again), Some(Rule::SecondFirstChange));
}

#[test]
fn foreign_document() {
    let mut shop = Shop::new();
    // Bob begins a document under alice's identity, at his own site.
    let stolen = Made::new(document(&shop.world.alice, 9), &["S02"], first("b").bytes());
    assert_eq!(shop.bob_makes(stolen), Some(Rule::ForeignDocument));
}

#[test]
fn foreign_site() {
    let mut shop = Shop::new();
    let change = shop.next(on(&[shop.first.hash()], "b", 1, 4));
    assert_eq!(shop.bob_makes(change.clone()), Some(Rule::ForeignSite));
    // Nor may bob begin a document that doesn't concern his site.
    let own = Made::new(document(&shop.world.bob, 9), &["S01"], first("b").bytes());
    assert_eq!(shop.bob_makes(own), Some(Rule::ForeignSite));
    let by_hq = shop.next(on(&[shop.first.hash()], "h", 1, 4));
    assert_eq!(shop.hq_makes(by_hq), None, "HQ writes anywhere");
}

#[test]
fn sites() {
    let mut shop = Shop::new();
    let deps = [shop.first.hash()];
    let lets_himself_in = Made::new(shop.document, &["S02"], on(&deps, "b", 1, 4).bytes());
    assert_eq!(shop.bob_makes(lets_himself_in), Some(Rule::Sites));
    // Carol, of a site that the document concerns, lets him in; then he may write.
    let adds = Made::new(shop.document, &["S02"], on(&deps, "c", 1, 4).bytes());
    assert_eq!(shop.carol_makes(adds.clone()), None);
    let by_bob = shop.next(on(&[adds.hash()], "b", 1, 5));
    assert_eq!(shop.bob_makes(by_bob), None);
    let (in_feed, _) = shop.relay.feed(&Feed::Site(site("S02")));
    assert_eq!(in_feed, 3, "the document's history came first");
}

#[test]
fn sites_by_the_dozen() {
    let mut shop = Shop::new();
    let many: Vec<String> = (0..65).map(|n| format!("X{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let change = Made::new(shop.document, &many, on(&[shop.first.hash()], "a", 2, 4).bytes());
    assert_eq!(shop.alice_makes(change), Some(Rule::Sites));
    let fewer = Made::new(shop.document, &many[1..], on(&[shop.first.hash()], "a", 2, 4).bytes());
    assert_eq!(shop.alice_makes(fewer), None);
}

#[test]
fn master_data_stays_master_data() {
    let mut shop = Shop::new();
    let product = document(&shop.world.hq, 1);
    let made = Made::new(product, &[], first("h").bytes());
    assert_eq!(shop.hq_makes(made.clone()), None);
    let narrowed = Made::new(product, &["S01"], on(&[made.hash()], "h", 2, 4).bytes());
    assert_eq!(shop.hq_makes(narrowed), Some(Rule::Sites));
}

#[test]
fn master_data() {
    let mut shop = Shop::new();
    let own = Made::new(document(&shop.world.alice, 9), &[], first("a2").bytes());
    assert_eq!(shop.alice_makes(own), Some(Rule::MasterData));
    let product = document(&shop.world.hq, 1);
    let made = Made::new(product, &[], first("h").bytes());
    assert_eq!(shop.hq_makes(made.clone()), None);
    let price = Made::new(product, &[], on(&[made.hash()], "a3", 1, 4).bytes());
    assert_eq!(shop.alice_makes(price), Some(Rule::MasterData));
    let joins = Made::new(product, &["S01"], on(&[made.hash()], "a4", 1, 4).bytes());
    assert_eq!(shop.alice_makes(joins), Some(Rule::MasterData));
}

#[test]
fn relay_writes() {
    let mut shop = Shop::new();
    let mut journal = Journal::new(&shop.world.relay);
    let own = Made::new(document(&shop.world.relay, 9), &["S01"], first("r").bytes());
    let rules = makes(&shop.world, &mut shop.relay, &mut journal, vec![own]);
    assert_eq!(rules, vec![Some(Rule::RelayWrites)]);
}

#[test]
fn signature() {
    let mut shop = Shop::new();
    let change = shop.next(on(&[shop.first.hash()], "a", 2, 4));
    shop.alice.seal(vec![change]);
    let good = shop.alice.wire(shop.alice.device(), 1).remove(0);
    // Sealed for one document, sent as if for another: valid hash, valid change.
    let mut moved = good.clone();
    moved.changes[0].uuid = [9; 16];
    assert_eq!(entry_rule(&mut shop, moved), Some(Rule::Signature));
    let mut envelope = good.clone();
    envelope.changes[0].sites_added = vec![site("S02")];
    assert_eq!(entry_rule(&mut shop, envelope), Some(Rule::Signature), "a forged envelope");
    let forged = guicang_sync::entry::seal(&shop.world.bob, shop.alice.entries[1].0.head);
    let by_bob = WireEntry { signature: forged.signature, ..good.clone() };
    assert_eq!(entry_rule(&mut shop, by_bob), Some(Rule::Signature));
    assert_eq!(entry_rule(&mut shop, good), None);
}

#[test]
fn unknown_device() {
    let mut shop = Shop::new();
    let stranger = key(77);
    let mut journal = Journal::new(&stranger);
    let made = Made::new(document(&stranger, 1), &["S01"], first("s").bytes());
    let entry = journal.seal(vec![made]).wire(shop.alice.device(), 0).remove(0);
    assert_eq!(entry_rule(&mut shop, entry), Some(Rule::UnknownDevice));
}

#[test]
fn sequence_gap() {
    let mut shop = Shop::new();
    let change = shop.next(on(&[shop.first.hash()], "a", 2, 4));
    shop.alice.seal(vec![]).seal(vec![change]);
    let third = shop.alice.wire(shop.alice.device(), 2).remove(0);
    assert_eq!(entry_rule(&mut shop, third), Some(Rule::SequenceGap));
}

/// Alice's file was copied: both copies seal an entry 2.
#[test]
fn fork() {
    let mut shop = Shop::new();
    let held = shop.alice.head;
    shop.alice.seal(vec![]);
    let wire = shop.alice.wire(shop.alice.device(), 1);
    let alice = shop.world.alice.clone();
    push(&shop.world, &mut shop.relay, &wire, &alice, NOON);
    let mut copy = Journal::new(&shop.world.alice);
    copy.head = held;
    let change = shop.next(on(&[shop.first.hash()], "a", 2, 4));
    copy.seal(vec![change]).seal(vec![]);
    let entries = copy.wire(copy.device(), 1);
    let [second, third] = &entries[..] else { panic!() };
    assert_eq!(entry_rule(&mut shop, second.clone()), Some(Rule::Fork), "same number");
    let third = WireEntry { previous: Some(copy.entries[0].0.head.hash()), ..third.clone() };
    assert_eq!(entry_rule(&mut shop, third), Some(Rule::Fork), "the next number, on the other branch");
}

#[test]
fn malformed() {
    let mut shop = Shop::new();
    shop.alice.seal(vec![]);
    let good = shop.alice.wire(shop.alice.device(), 1).remove(0);
    let absent = vec![AbsentLeaf { index: 3, leaf: [0; 32] }];
    let out_of_place = WireEntry { absent, ..good.clone() };
    assert_eq!(entry_rule(&mut shop, out_of_place), Some(Rule::Malformed));
    let follows_nothing = WireEntry { previous: Some(NO_ENTRY), ..good };
    assert_eq!(entry_rule(&mut shop, follows_nothing), Some(Rule::Malformed));
}

/// A change that isn't held can't be had from its hash; whoever has its bytes may bring them yet.
#[test]
fn a_change_named_by_its_hash_alone() {
    let mut shop = Shop::new();
    let change = shop.next(on(&[shop.first.hash()], "a", 2, 4));
    let hash = change.hash();
    shop.alice.seal(vec![change]);
    let mut entry = shop.alice.wire(shop.alice.device(), 1).remove(0);
    (entry.changes[0].bytes, entry.changes[0].hash) = (None, Some(hash));
    let alice = shop.world.alice.clone();
    let answer = push(&shop.world, &mut shop.relay, &[entry], &alice, NOON);
    assert_eq!(answer.outcomes[0].rule, Rule::MissingDependency);
    assert_eq!(answer.outcomes[0].change, Some(0));
}

/// HQ withdraws carol's device. What she still sends is stored and kept apart, with what builds on it.
#[test]
fn withdrawn_and_depends_on_apart() {
    let mut shop = Shop::new();
    let carol = shop.world.carol.clone();
    shop.world.withdraw(&carol, Moment(NOON.0 - 1));
    let own = document(&carol, 5);
    let begun = Made::new(own, &["S01"], first("c").bytes());
    let edited = Made::new(own, &[], on(&[begun.hash()], "c", 2, 4).bytes());
    shop.carol.seal(vec![begun.clone(), edited]);
    let wire = shop.carol.wire(carol.device(), 0);
    let (log, _) = shop.relay.feed(&Feed::Log);
    let answer = push(&shop.world, &mut shop.relay, &wire, &carol, NOON);
    let rules: Vec<_> = answer.outcomes.iter().map(|o| (o.kind, o.rule.clone())).collect();
    assert_eq!(rules, vec![(OutcomeKind::SetApart, Rule::Withdrawn); 2]);
    assert_eq!(shop.relay.feed(&Feed::Log).0, log + 2, "HQ has them");
    assert_eq!(shop.relay.feed(&Feed::Site(site("S01"))).0, 1, "the site has not");
    let on_it = Made::new(own, &[], on(&[begun.hash()], "a9", 1, 4).bytes());
    assert_eq!(shop.hq_makes(on_it), Some(Rule::DependsOnApart));
}

/// A site that only a withdrawn device named gives that site's devices no right.
#[test]
fn what_is_set_apart_lets_nobody_in() {
    let mut shop = Shop::new();
    let carol = shop.world.carol.clone();
    shop.world.withdraw(&carol, Moment(NOON.0 - 1));
    let lets_in = Made::new(shop.document, &["S02"], on(&[shop.first.hash()], "c", 1, 4).bytes());
    assert_eq!(shop.carol_makes(lets_in), Some(Rule::Withdrawn));
    let change = shop.next(on(&[shop.first.hash()], "b", 1, 4));
    assert_eq!(shop.bob_makes(change), Some(Rule::ForeignSite));
}

#[test]
fn not_yet() {
    let mut shop = Shop::new();
    let dave = key(6);
    let mut granted = grant(&shop.world.organisation, &dave, "S01C", Role::Site(site("S01")));
    granted.from = Moment(NOON.0 + 1);
    let issuer = Issuer::Device(shop.world.hq.device());
    let signed = SignedGrant::sign(&shop.world.hq, issuer, &granted);
    shop.world.book.add(signed).unwrap();
    let mut journal = Journal::new(&dave);
    let made = Made::new(document(&dave, 1), &["S01"], first("d").bytes());
    let rules = makes(&shop.world, &mut shop.relay, &mut journal, vec![made]);
    assert_eq!(rules, vec![Some(Rule::NotYet)]);
}

/// Every rule of a relay's has a story here.
#[test]
fn no_rule_without_its_story() {
    let told = include_str!("admission.rs");
    for rule in Rule::ALL {
        let named = format!("Rule::{rule:?}");
        let asserted = told.lines().any(|line| line.contains("assert") && line.contains(&named));
        assert!(asserted, "{rule}");
    }
}
