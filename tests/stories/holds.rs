//! Holds: a branch that is online asks HQ to keep a quantity of another branch's sale for it, and takes it back as
//! if it had sold it. What one branch was promised no other gets, until the promise ends.

use guicang_domain::exception::ExceptionKind;
use guicang_domain::hold::{HOLD_MS, Refusal};
use guicang_domain::ids::ReceiptId;
use guicang_domain::money::Amount;
use guicang_domain::policy::Ground;
use guicang_domain::quantity::Quantity;
use guicang_replica::{AskHold, CommandError, CounterReturn, ExceptionFilter, HoldRow, Named};

use crate::chain::{Chain, Desk, START, clerk, receipt, request};

fn sale(name: &str) -> ReceiptId {
    ReceiptId::parse(name, None).unwrap()
}

/// Asks for so many of an article of S01's receipt 1; the hold's number.
fn ask(desk: &mut Desk, sku: &str, units: i64) -> String {
    let items = vec![Named { sku: sku.into(), quantity: Quantity::units(units) }];
    let asked = desk.replica.ask_hold(&clerk(), &AskHold { receipt: sale("S01/1"), items }).unwrap();
    assert_eq!(asked.state, "asked");
    asked.number.to_string()
}

fn hold(desk: &mut Desk, number: &str) -> HoldRow {
    desk.replica.hold(number).unwrap()
}

fn back(sku: &str, units: i64) -> CounterReturn {
    request("S01/1", sku, units, "cash")
}

/// S01 sells one LAMP for 900.00 and three CUP for 100.00; S02 and S03 have never heard of it, HQ has.
fn shops() -> (Chain, [Desk; 3]) {
    let mut chain = Chain::open(&["S01", "S02", "S03"]);
    let mut desks = [
        chain.desk(21, "S01A", "S01", 0),
        chain.desk(22, "S02A", "S02", 0),
        chain.desk(23, "S03A", "S03", 0),
    ];
    let sold = receipt("1", START, &[("LAMP", 1, 90_000), ("CUP", 3, 10_000)]);
    desks[0].import(vec![sold], Vec::new(), false);
    desks.iter_mut().for_each(|desk| _ = chain.sync(desk));
    chain.settle();
    desks[1..].iter_mut().for_each(|desk| _ = chain.sync(desk));
    (chain, desks)
}

/// Everybody syncs until nobody has anything new; then each file is sound.
fn settle(chain: &mut Chain, desks: &mut [Desk]) {
    for _ in 0..2 {
        desks.iter_mut().for_each(|desk| _ = chain.sync(desk));
        chain.settle();
    }
    desks.iter_mut().for_each(|desk| _ = chain.sync(desk));
    chain.hq.check();
    desks.iter_mut().for_each(Desk::check);
}

fn exceptions(chain: &Chain) -> Vec<ExceptionKind> {
    let filter = ExceptionFilter { historic: Some(false), open_only: true, kind: None };
    chain.hq.replica.exceptions(&filter).unwrap().into_iter().map(|e| e.kind).collect()
}

/// 900.00 is far beyond what a branch may refund on a sale that it has never seen. Within a hold it may, without
/// a manager: at the price that was paid, not the one that was typed. The hold is used up by it.
#[test]
fn within_a_hold_a_branch_takes_back_as_the_seller_would() {
    let (mut chain, mut desks) = shops();
    let asked = back("LAMP", 1);
    let error = desks[1].replica.counter_return(
        &clerk(),
        CounterReturn { items: vec![crate::chain::item("LAMP", 1, Some("900"))], ..asked.clone() },
    );
    let Err(CommandError::NeedsManager { grounds, .. }) = error else { panic!("{error:?}") };
    assert!(grounds.iter().any(|g| matches!(g, Ground::UnverifiedAbove { .. })), "{grounds:?}");

    let number = ask(&mut desks[1], "LAMP", 1);
    chain.sync(&mut desks[1]);
    chain.settle();
    chain.sync(&mut desks[1]);
    let granted = hold(&mut desks[1], &number);
    assert_eq!((granted.state, granted.lines[0].left), ("granted", Quantity::units(1)));
    let exposed = chain.hq.replica.exposure().unwrap().worst.unwrap().2;
    assert_eq!((exposed.right, exposed.holds), (Amount(90_000), Amount(90_000)));

    let done = desks[1].replica.counter_return(&clerk(), asked).unwrap();
    assert!(done.verified);
    assert_eq!((done.entitled, done.paid), (Amount(90_000), Amount(90_000)), "not the 20.00 that was typed");
    assert_eq!(desks[1].replica.exposure().unwrap().provisional, Amount::ZERO);
    assert_eq!(hold(&mut desks[1], &number).state, "used");
    settle(&mut chain, &mut desks);
    assert_eq!(exceptions(&chain), []);
    assert_eq!(hold(&mut chain.hq, &number).state, "used");
    assert_eq!(hold(&mut desks[0], &number).state, "used", "the seller learns of it, too");
    let again = ask(&mut desks[2], "LAMP", 1);
    settle(&mut chain, &mut desks);
    let again = hold(&mut desks[2], &again);
    assert_eq!((again.refusal, again.lines[0].left), (Some(Refusal::TooLittleLeft), Quantity::ZERO));
}

/// Two branches ask for the last unit. In whatever order they reach HQ, also at once, one gets it, and all who
/// hold both agree.
#[test]
fn the_last_unit_is_promised_once() {
    for order in [&[1, 2][..], &[2, 1], &[]] {
        let (mut chain, mut desks) = shops();
        let numbers = [ask(&mut desks[1], "LAMP", 1), ask(&mut desks[2], "LAMP", 1)];
        for n in order {
            chain.sync(&mut desks[*n]);
            chain.settle();
        }
        settle(&mut chain, &mut desks);
        let states = |desk: &mut Desk| numbers.each_ref().map(|n| hold(desk, n).state);
        let at_hq = states(&mut chain.hq);
        let first = order.first().map_or(0, |n| n - 1);
        assert_eq!(at_hq[first], "granted");
        assert_eq!(at_hq[1 - first], "refused");
        assert_eq!(states(&mut desks[0]), at_hq, "the seller holds both");
        // Another of HQ's devices, which takes it all in at once, shows the same.
        let mut observer = chain.second_hq(40);
        chain.sync(&mut observer);
        assert_eq!(observer.digest(), chain.hq.digest());
    }
}

/// What a hold keeps comes free when its branch gives it up, or when its time is over by what the relay has
/// proven; and then its branch can't use it any more.
#[test]
fn a_hold_that_is_over_keeps_nothing() {
    for released in [true, false] {
        let (mut chain, mut desks) = shops();
        let first = ask(&mut desks[1], "LAMP", 1);
        chain.sync(&mut desks[1]);
        chain.settle();
        chain.sync(&mut desks[1]);
        let other = ask(&mut desks[2], "LAMP", 1);
        settle(&mut chain, &mut desks);
        assert_eq!(hold(&mut desks[2], &other).state, "refused");
        if released {
            assert_eq!(desks[1].replica.release_hold(&clerk(), &first).unwrap().state, "released");
        } else {
            chain.later(HOLD_MS);
        }
        let error = desks[1].replica.counter_return(
            &clerk(),
            CounterReturn { items: vec![crate::chain::item("LAMP", 1, Some("900"))], ..back("LAMP", 1) },
        );
        assert!(matches!(error, Err(CommandError::NeedsManager { .. })), "{error:?}");
        chain.sync(&mut desks[1]);
        let again = ask(&mut desks[2], "LAMP", 1);
        settle(&mut chain, &mut desks);
        assert_eq!(hold(&mut desks[2], &again).state, "granted");
        let state = hold(&mut chain.hq, &first).state;
        assert_eq!(state, if released { "released" } else { "expired" });
        let error = desks[2].replica.release_hold(&clerk(), &other).unwrap_err();
        assert!(matches!(error, CommandError::Closed { .. }), "{error}");
    }
}

/// HQ keeps no more than was sold, less what came back and what it keeps for others; and nothing of a sale that
/// it doesn't hold. What a branch takes back beyond its hold is as it would be without one.
#[test]
fn hq_never_promises_more_than_is_left() {
    let (mut chain, mut desks) = shops();
    desks[0].take_back(back("CUP", 1)).unwrap();
    chain.sync(&mut desks[0]);
    let one = ask(&mut desks[1], "CUP", 1);
    let two = ask(&mut desks[2], "CUP", 2);
    let items = vec![Named { sku: "CUP".into(), quantity: Quantity::units(1) }];
    let unknown = AskHold { receipt: sale("S01/2"), items: items.clone() };
    let unknown = desks[2].replica.ask_hold(&clerk(), &unknown).unwrap().number.to_string();
    settle(&mut chain, &mut desks);
    assert_eq!(hold(&mut desks[1], &one).state, "granted");
    let refused = hold(&mut desks[2], &two);
    assert_eq!((refused.refusal, refused.lines[0].left), (Some(Refusal::TooLittleLeft), Quantity::units(1)));
    assert_eq!(hold(&mut desks[2], &unknown).refusal, Some(Refusal::SaleNotHeld));

    let both = desks[1].replica.counter_return(&clerk(), back("CUP", 2)).unwrap();
    assert!(!both.verified, "two are more than the one that is kept: the customer's word");
    let kept = desks[1].replica.counter_return(&clerk(), back("CUP", 1)).unwrap();
    assert!(kept.verified);
    assert_eq!(kept.entitled, Amount(3333));

    let own = AskHold { receipt: sale("S01/1"), items };
    let error = desks[0].replica.ask_hold(&clerk(), &own).unwrap_err();
    assert!(matches!(error, CommandError::Value { field: "receipt", .. }), "{error}");
    let nowhere = AskHold { receipt: sale("S09/1"), ..own };
    let error = desks[1].replica.ask_hold(&clerk(), &nowhere).unwrap_err();
    assert!(matches!(error, CommandError::UnknownSite { .. }), "{error}");
    let error = desks[1].replica.answer_holds().unwrap_err();
    assert!(matches!(error, CommandError::HqOnly), "{error}");
    let not_its = desks[0].replica.release_hold(&clerk(), &one).unwrap_err();
    assert!(matches!(not_its, CommandError::NotHere { .. }), "{not_its}");
}
