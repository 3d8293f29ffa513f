//! A refused change leaves the document, and nothing that it said is lost.
//!
//! The relay refuses honestly here: another device of the site comes to it first under the actor that this
//! one writes by, as a damaged program might. (A machine's chance, alone, can't bring that about: the device
//! goes into its actors.)

use guicang_domain::quantity::Quantity;
use guicang_domain::returns::Grade;
use guicang_replica::StockFilter;
use guicang_sync::session::Summary;

use crate::chain::{Chain, Desk, clerk, graded, request};
use crate::hostile::Device;

/// Two devices of S01: one that sells, and one that takes actors.
fn scene() -> (Chain, Desk, Device) {
    let mut chain = Chain::open(&["S01"]);
    let mut alice = chain.desk(11, "S01A", "S01", 0);
    let thief = Device::new(&mut chain, 12, "S01B", "S01");
    alice.opening("TEA", 50);
    alice.sell("1", &[("TEA", 5, 10_000)]);
    assert!(chain.sync(&mut alice).proven);
    (chain, alice, thief)
}

/// The actor of the last change that a desk wrote.
fn actor_of(desk: &Desk) -> Vec<u8> {
    let sql = "SELECT bytes FROM change ORDER BY id DESC LIMIT 1";
    let bytes: Vec<u8> = desk.file().query_row(sql, [], |r| r.get(0)).unwrap();
    guicang_documents::header(&bytes).unwrap().actor
}

fn sellable(desk: &Desk) -> Quantity {
    let tea = StockFilter { sku: Some("TEA".parse().unwrap()), ..Default::default() };
    desk.replica.stock(&tea).unwrap()[0].available
}

/// Branch and HQ hold the same, prove it, and have nothing waiting.
fn settled(chain: &mut Chain, desk: &mut Desk) -> Summary {
    let summary = chain.sync(desk);
    assert!(summary.proven, "{summary:?}");
    assert!(chain.settle().proven);
    assert_eq!(desk.replica.status().unwrap().unsent_changes, 0);
    assert_eq!(desk.digest(), chain.hq.digest());
    desk.check();
    chain.hq.check();
    summary
}

/// An inspection is refused, and with it another that was made upon it. Both are written again on what
/// was accepted, and stand everywhere; the refused changes are named, and are in no document.
#[test]
fn a_refused_change_and_its_dependant_are_written_again() {
    let (mut chain, mut alice, mut thief) = scene();
    let number = alice.take_back(request("S01/1", "TEA", 2, "wechat")).unwrap();
    assert!(chain.sync(&mut alice).proven);
    alice.reopen(2);
    alice.replica.inspect(&clerk(), &number, &[graded(Grade::A, 1)]).unwrap();
    thief.takes_actor(&chain, &actor_of(&alice));
    alice.reopen(3);
    alice.replica.inspect(&clerk(), &number, &[graded(Grade::E, 1)]).unwrap();
    let (digest, on_sale) = (alice.digest(), sellable(&alice));
    assert_ne!(digest, chain.hq.digest());

    let first = chain.sync(&mut alice);
    let refused = alice.replica.status().unwrap().set_aside;
    let rules: Vec<&str> = refused.iter().map(|s| s.rule.as_str()).collect();
    assert_eq!((first.refused, rules), (2, vec!["foreign_actor", "depends_on_refused"]));
    assert!(refused.iter().all(|s| s.how == "refused" && s.reissued && s.number == number), "{refused:?}");
    assert_ne!(refused[0].change, refused[1].change);
    alice.check();

    settled(&mut chain, &mut alice);
    assert_eq!(sellable(&alice), on_sale, "what was inspected is on sale still");
    let status = alice.replica.status().unwrap();
    assert_eq!(status.set_aside.len(), 2, "it stays told what was refused, and that it was written again");
    let at_hq = chain.hq.replica.find_return(&number).unwrap().unwrap();
    assert_eq!(at_hq.states, alice.replica.find_return(&number).unwrap().unwrap().states);
    assert_eq!(at_hq.lines[0].parts.len(), 2, "{:?}", at_hq.lines[0].parts);
}

/// A refused first change takes its whole document along; it is begun again under the same number.
#[test]
fn a_refused_document_is_begun_again() {
    let (mut chain, mut alice, mut thief) = scene();
    alice.reopen(2);
    let number = alice.take_back(request("S01/1", "TEA", 2, "cash")).unwrap();
    alice.replica.inspect(&clerk(), &number, &[graded(Grade::A, 2)]).unwrap();
    thief.takes_actor(&chain, &actor_of(&alice));
    alice.reopen(3);
    let beside = alice.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
    let on_sale = sellable(&alice);

    let first = chain.sync(&mut alice);
    assert_eq!(first.refused, 2);
    settled(&mut chain, &mut alice);
    assert_eq!(sellable(&alice), on_sale);
    for number in [number, beside] {
        assert!(chain.hq.replica.find_return(&number).unwrap().is_some(), "{number}");
    }
}

/// What is refused is written again by an actor that it wasn't refused for, while the same process goes on.
#[test]
fn it_is_written_again_by_another_actor() {
    let (mut chain, mut alice, mut thief) = scene();
    alice.reopen(2);
    let number = alice.take_back(request("S01/1", "TEA", 2, "cash")).unwrap();
    let refused = actor_of(&alice);
    thief.takes_actor(&chain, &refused);
    assert_eq!(chain.sync(&mut alice).refused, 1);
    settled(&mut chain, &mut alice);
    assert!(chain.hq.replica.find_return(&number).unwrap().is_some());
    let aside = alice.replica.status().unwrap().set_aside;
    assert!(aside.len() == 1 && aside[0].reissued, "{aside:?}");
}

/// What is refused again is not written for ever: it is shown as stuck, the document doesn't hold it,
/// and what is proven equal is so.
#[test]
fn what_is_refused_twice_is_stuck_and_shown() {
    let (mut chain, mut alice, mut thief) = scene();
    alice.reopen(2);
    let number = alice.take_back(request("S01/1", "TEA", 2, "cash")).unwrap();
    thief.takes_actor(&chain, &actor_of(&alice));
    chain.sync(&mut alice);
    let again = "SELECT bytes FROM change WHERE reissues = 1";
    let again: Vec<u8> = alice.file().query_row(again, [], |r| r.get(0)).unwrap();
    thief.takes_actor(&chain, &guicang_documents::header(&again).unwrap().actor);
    chain.sync(&mut alice);
    let stuck = alice.replica.status().unwrap().set_aside;
    let reissued: Vec<bool> = stuck.iter().map(|s| s.reissued).collect();
    assert_eq!(reissued, [true, false], "{stuck:?}");
    settled(&mut chain, &mut alice);
    let shown = alice.replica.returns(&Default::default()).unwrap();
    let shown = shown.iter().any(|row| row.number.to_string() == number);
    assert!(!shown, "nobody else holds it, so nothing of it is shown here");
    assert!(chain.hq.replica.find_return(&number).unwrap().is_none());
}
