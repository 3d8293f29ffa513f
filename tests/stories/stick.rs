//! Without the relay: changes go on a stick, from a branch to a branch and to HQ, and the relay later takes
//! all of it once.

use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;
use guicang_replica::{CarryFrom, StockFilter};
use guicang_sync::carried::{Carried, CarriedError};

use crate::chain::{Chain, Desk, clerk, request, site};
use crate::goods::{receive, send};
use crate::programs::{Headquarters, words};

/// What a desk would carry away now.
fn stick(from: &mut Desk, which: CarryFrom) -> Carried {
    let (bytes, entries) = from.replica.export_changes(which).unwrap();
    let carried = Carried::read(&bytes).unwrap();
    assert_eq!(carried.lists.iter().map(Vec::len).sum::<usize>() as u64, entries);
    carried
}

/// What is in a site's hands of an article.
fn on_hand(desk: &Desk, at: &str, sku: &str) -> Quantity {
    let filter = StockFilter { sku: Some(sku.parse().unwrap()), ..StockFilter::default() };
    let rows = desk.replica.stock(&filter).unwrap();
    rows.iter().filter(|r| r.site == site(at)).map(|r| r.on_hand).sum()
}

/// Two branches have both lost their line. Goods that one sent arrive at the other, and a return of one's
/// sale is known to it; when the line is back, the relay takes each change once, whoever brings it first,
/// and what came by the stick doesn't count twice in anybody's proof.
#[test]
fn two_branches_without_a_line_reconcile() {
    let mut chain = Chain::open(&["S01", "S02"]);
    let mut alice = chain.desk(21, "S01A", "S01", 0);
    let mut bob = chain.desk(22, "S02A", "S02", 0);
    chain.sync(&mut alice);
    chain.sync(&mut bob);
    alice.opening("TEA", 50);
    alice.sell("1", &[("TEA", 3, 6000)]);
    let sent = alice.replica.send_transfer(&clerk(), send("S02", "TEA", 10)).unwrap().number.to_string();

    let done = bob.replica.take_carried(stick(&mut alice, CarryFrom::Unacknowledged)).unwrap();
    assert_eq!((done.taken, done.held, done.set_apart, done.refused), (1, 0, 0, Vec::new()));
    assert!(done.foreign >= 2, "its opening and its sales are the other branch's alone");
    bob.replica.receive_transfer(&clerk(), receive(&sent, None)).unwrap();
    assert_eq!(on_hand(&bob, "S02", "TEA"), Quantity::units(10));
    let returned = bob.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();

    let back = alice.replica.take_carried(stick(&mut bob, CarryFrom::Unacknowledged)).unwrap();
    assert_eq!((back.taken, back.set_apart, back.waiting), (2, 0, 0), "{back:?}");
    let row = alice.replica.find_return(&returned).unwrap().unwrap();
    assert_eq!(row.paid, Amount(2000));
    // The same stick again: nothing is taken twice.
    let digest = alice.digest();
    let again = alice.replica.take_carried(stick(&mut bob, CarryFrom::All)).unwrap();
    assert_eq!((again.taken, again.held), (0, 2), "{again:?}");
    assert_eq!(alice.digest(), digest);
    for desk in [&mut alice, &mut bob] {
        desk.check();
    }

    // Until each has brought its own, the other holds what the relay lacks, and says so.
    chain.sync(&mut bob);
    chain.sync(&mut alice);
    chain.settle();
    assert!(chain.sync(&mut bob).proven);
    assert!(chain.sync(&mut alice).proven);
    chain.settle();
    // A device that heard all by the relay alone shows the same.
    let mut other = chain.desk(23, "S01B", "S01", 0);
    chain.sync(&mut other);
    assert!(chain.sync(&mut alice).proven);
    assert_eq!(other.digest(), alice.digest());
    for desk in [&mut alice, &mut bob, &mut other, &mut chain.hq] {
        desk.check();
        assert!(desk.replica.status().unwrap().set_aside.is_empty());
    }
}

/// What builds on something that isn't held yet is not set apart: it waits, and comes by the relay.
#[test]
fn what_lacks_its_beginning_waits_for_the_relay() {
    let mut chain = Chain::open(&["S01", "S02"]);
    let mut alice = chain.desk(21, "S01A", "S01", 0);
    let mut bob = chain.desk(22, "S02A", "S02", 0);
    chain.sync(&mut alice);
    let mut unpaid = request("S01/1", "TEA", 1, "cash");
    (unpaid.refund, unpaid.paid) = (None, false);
    let number = bob.take_back(unpaid).unwrap();
    chain.sync(&mut bob);
    bob.replica.refund(&clerk(), &number, "cash".parse().unwrap(), None, true).unwrap();
    let done = alice.replica.take_carried(stick(&mut bob, CarryFrom::Unacknowledged)).unwrap();
    // Without its beginning nobody can tell that it concerns this site.
    assert_eq!((done.taken, done.foreign), (0, 1), "{done:?}");
    chain.sync(&mut bob);
    assert!(chain.sync(&mut alice).proven);
    assert!(alice.replica.find_return(&number).unwrap().is_some());
    assert!(alice.replica.status().unwrap().set_aside.is_empty());
    alice.check();
}

/// HQ has withdrawn a device, and a branch knows it: what that device brings without a relay's stamp is
/// refused by name, and nothing of it shows.
#[test]
fn a_withdrawn_devices_stick_is_refused() {
    let mut chain = Chain::open(&["S01", "S02"]);
    let mut alice = chain.desk(21, "S01A", "S01", 0);
    let mut bob = chain.desk(22, "S02A", "S02", 0);
    chain.sync(&mut alice);
    let number = bob.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
    let withdrawn = chain.withdrawal(22, "S02A", "S02");
    alice.replica.add_grant(withdrawn).unwrap();
    chain.later(60_000);
    let done = alice.replica.take_carried(stick(&mut bob, CarryFrom::All)).unwrap();
    assert_eq!(done.taken, 0);
    assert!(done.refused.iter().all(|(_, _, rule)| rule == "withdrawn") && !done.refused.is_empty());
    assert!(alice.replica.find_return(&number).unwrap().is_none());
    alice.check();
}

/// A stick that was pulled out too early: nothing of it is taken, wherever it ends. One with a flipped
/// byte brings nothing that its device didn't sign.
#[test]
fn a_damaged_stick_is_refused() {
    let mut chain = Chain::open(&["S01", "S02"]);
    let mut alice = chain.desk(21, "S01A", "S01", 0);
    let mut bob = chain.desk(22, "S02A", "S02", 0);
    bob.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
    let (bytes, _) = bob.replica.export_changes(CarryFrom::All).unwrap();
    for end in 0..bytes.len() {
        let cut = Carried::read(&bytes[..end]);
        assert!(matches!(cut, Err(CarriedError::NotChanges | CarriedError::Cut { .. })), "{end}: {cut:?}");
    }
    let empty = alice.digest();
    let mut honest = None;
    for at in (0..bytes.len()).step_by(7) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        let Ok(carried) = Carried::read(&flipped) else { continue };
        let _ = alice.replica.take_carried(carried);
        if alice.digest() != empty {
            // Only what isn't signed was hit: the file's own time.
            let now = alice.digest();
            assert_eq!(*honest.get_or_insert(now), now);
        }
    }
    alice.replica.take_carried(Carried::read(&bytes).unwrap()).unwrap();
    assert_eq!(alice.digest(), *honest.get_or_insert(alice.digest()));
    alice.check();
}

/// A branch without a line brings its stick to HQ, where `trace` tells what became of a return; at the
/// branch it goes on telling that HQ hasn't confirmed it, until it has.
#[test]
fn a_stick_goes_to_hq_and_trace_tells() {
    let hq = Headquarters::open(&["A"]);
    let branch = hq.branch("A", &hq.address);
    branch.run(&words("stock adjust TEA --add 5 --as opening --reason count")).ok();
    let taken = branch.items(&words(
        "return counter --item TEA=1 --price 20 --reason defective --refund cash --approved-by wang",
    ));
    let number = taken[0]["number"].as_str().unwrap().to_owned();
    let states = |items: Vec<serde_json::Value>| -> Vec<String> {
        items.iter().map(|item| item["state"].as_str().unwrap().to_owned()).collect()
    };
    assert!(states(branch.items(&["trace", &number])).iter().all(|state| state == "written"));
    let unknown = hq.run(&["trace", &number]);
    assert_eq!(unknown.code, Some(65), "{unknown:?}");

    let file = branch.file.with_extension("changes");
    let file = file.to_str().unwrap();
    branch.run(&["export-changes", file]).ok();
    assert!(states(branch.items(&["trace", &number])).iter().all(|state| state == "sealed"));
    let again = branch.run(&["export-changes", file]);
    assert_ne!(again.code, Some(0), "a file that is there isn't overwritten");
    let took = hq.items(&["import-changes", file]);
    assert_eq!(took[0]["refused"], serde_json::json!([]));
    let at_hq = hq.items(&["trace", &number]);
    assert!(at_hq.iter().all(|item| item["state"] == "came" && item["feeds"].as_array().unwrap().len() == 2));
    let twice = hq.items(&["import-changes", file]);
    assert_eq!(twice[0]["changes"], twice[0]["held"]);

    branch.sync();
    assert!(states(branch.items(&["trace", &number])).iter().all(|state| state == "acknowledged"));
    assert_eq!(hq.items(&["return", "list"]).len(), 1);
    hq.run(&["doctor"]).ok();
    branch.run(&["doctor"]).ok();
}
