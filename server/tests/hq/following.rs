//! HQ's replica and the branches', through the relay.

use guicang_domain::money::Amount;
use guicang_replica::{ExceptionFilter, StockFilter};
use guicang_server::hq::follow;

use crate::chain::Chain;

/// A return at a branch that doesn't hold the sale is provisional; once HQ, which holds both, has said
/// what it knows of the sale, the branch knows it, too. Every session ends proven equal.
#[test]
fn hq_verifies_what_a_branch_could_not_know() {
    let mut chain = Chain::found();
    let (mut alice, mut bob) = (chain.join("S01"), chain.join("S02"));
    chain.sell(&mut alice, "1001", 2, 3_000);
    chain.take_back(&mut bob, "S01/1001");
    assert_eq!(bob.returns(&Default::default()).unwrap()[0].unverified_lines, 1);

    for branch in [&mut bob, &mut alice] {
        assert!(chain.sync(branch).proven);
    }
    assert!(chain.settle().proven);
    let at_hq = chain.returns_at_hq();
    assert_eq!((at_hq.len(), at_hq[0].unverified_lines, at_hq[0].entitled), (1, 0, Amount(1_500)));

    assert!(chain.sync(&mut bob).proven);
    let at_bob = bob.returns(&Default::default()).unwrap();
    assert_eq!((at_bob[0].unverified_lines, at_bob[0].entitled), (0, Amount(1_500)));
}

/// The case that must always hold, in one order of reconnection (all six are the system's tests): two
/// sold, three come back at branches apart. Two are valid, one is excess; one exception; stock at
/// three shelves.
#[test]
fn two_sold_and_three_come_back() {
    let mut chain = Chain::found();
    let mut alice = chain.join("S01");
    let (mut bob, mut carol) = (chain.join("S02"), chain.join("S02"));
    chain.sell(&mut alice, "1001", 2, 3_000);
    for branch in [&mut alice, &mut bob, &mut carol] {
        chain.take_back(branch, "S01/1001");
    }
    for branch in [&mut carol, &mut bob, &mut alice] {
        assert_eq!(chain.sync(branch).refused, 0);
        chain.settle();
    }
    let open = ExceptionFilter { open_only: true, ..Default::default() };
    assert_eq!(chain.hq.exceptions(&open).unwrap().len(), 1);
    let excess: i64 = chain.returns_at_hq().iter().map(|r| r.excess.0).sum();
    assert_eq!(excess, 1_000);
    assert!(!chain.hq.stock(&StockFilter::default()).unwrap().is_empty());
}

/// However long a slice takes, HQ comes to the same: where each position takes twenty milliseconds, one
/// goes at a time, where none takes any, as many as there are.
#[test]
fn slices_of_any_size_come_to_the_same() {
    let seen = [0, 20].map(|slice_ms| {
        let mut chain = Chain::found();
        let mut alice = chain.join("S01");
        chain.sell(&mut alice, "1001", 40, 60_000);
        for _ in 0..40 {
            chain.take_back(&mut alice, "S01/1001");
        }
        chain.sync(&mut alice);
        // Both times of a slice are asked for, so each call makes it this much later.
        let (now, link) = (chain.now(), chain.link(&chain.hq));
        let calls = std::cell::Cell::new(0);
        let clock = || {
            calls.set(calls.get() + 1);
            now.plus_ms(calls.get() * slice_ms)
        };
        assert!(follow::settle(&mut chain.hq, &link, &clock).unwrap().proven);
        let rebuilt = chain.hq.rebuild(&mut |_, _| {}).unwrap();
        assert_eq!(rebuilt.before, rebuilt.after);
        (calls.get(), chain.returns_at_hq().len(), chain.hq.stock(&StockFilter::default()).unwrap())
    });
    let [(quick_calls, returns, stock), (slow_calls, slow_returns, slow_stock)] = seen;
    assert_eq!((returns, &stock), (slow_returns, &slow_stock));
    assert_eq!(returns, 40);
    assert!(slow_calls > quick_calls, "{slow_calls} slow, {quick_calls} quick");
}

/// A relay's process that ends at any point costs nothing: HQ goes on from what is on disk.
#[test]
fn a_restart_changes_nothing() {
    let mut chain = Chain::found();
    let mut alice = chain.join("S01");
    chain.sell(&mut alice, "1001", 2, 3_000);
    chain.take_back(&mut alice, "S01/1001");
    chain.sync(&mut alice);
    chain.settle();
    let digest = chain.hq.digest().unwrap();
    chain.restart();
    assert!(chain.settle().proven);
    assert_eq!(chain.hq.digest().unwrap(), digest);
    assert_eq!(chain.relay.examine().unwrap(), []);
    assert_eq!(chain.hq.doctor(&mut |_, _| {}).unwrap(), []);
}
