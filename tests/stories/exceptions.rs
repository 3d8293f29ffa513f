//! Kinds of exceptions whose story is told nowhere else, each through the real commands, in every order of
//! arrival that matters.

use guicang_domain::account::Account;
use guicang_domain::exception::{Change, Evidence, Exception, ExceptionKind, Said};
use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;
use guicang_domain::resolution::{Action, LossOwner};
use guicang_domain::sale::PaidBy;
use guicang_replica::{CommandError, ExceptionFilter, Resolve, StockFilter};

use crate::chain::{Chain, Desk, START, clerk, receipt, request, site};

/// The exceptions of a kind, settled ones too.
fn of_kind(desk: &Desk, kind: ExceptionKind) -> Vec<Exception> {
    let filter = ExceptionFilter { kind: Some(kind), ..ExceptionFilter::default() };
    desk.replica.exceptions(&filter).unwrap()
}

fn open(desk: &Desk) -> Vec<String> {
    let filter = ExceptionFilter { open_only: true, ..ExceptionFilter::default() };
    desk.replica.exceptions(&filter).unwrap().iter().map(|e| e.id.to_string()).collect()
}

/// HQ decides; what it comes to is owned by the branch.
fn decide(chain: &mut Chain, exception: &Exception, action: Action) -> Amount {
    let owner = LossOwner::Site(site("S01"));
    let resolve = Resolve { exception: exception.id.clone(), action, owner, note: None };
    chain.hq.replica.resolve(&clerk(), resolve).unwrap().amount
}

fn held(desk: &Desk) -> Quantity {
    let rows = desk.replica.stock(&StockFilter::default()).unwrap();
    rows.iter().filter_map(|r| r.accounts.get(&Account::ReturnsHold)).copied().sum()
}

fn money(desk: &Desk, owner: &str) -> Amount {
    desk.replica.losses(Some(owner)).unwrap().iter().map(|l| l.amount).sum()
}

fn cash(amount: i64) -> PaidBy {
    PaidBy { tender: "cash".parse().unwrap(), amount: Amount(amount), reference: None }
}

/// Two devices of a branch bring in the same day's file, but somebody has corrected a price in one of them,
/// and a time. Each row counts once, as the earlier import says; what the other says is an exception, the
/// same in both orders of arrival, and it goes with the import that brought it.
#[test]
fn a_sale_that_two_files_tell_differently() {
    for first in [0, 1] {
        let mut chain = Chain::open(&["S01"]);
        let mut desks = [chain.desk(21, "S01A", "S01", 0), chain.desk(22, "S01B", "S01", 0)];
        let told = |paid: i64, at: i64| {
            let mut told = receipt("1", START.plus_ms(at), &[("TEA", 2, paid), ("CUP", 1, 900)]);
            told.tenders = vec![cash(paid + 900)];
            vec![told, receipt("2", START, &[("TEA", 1, 2000)])]
        };
        desks[0].import(told(4000, 0), Vec::new(), true);
        chain.later(60_000);
        desks[1].import(told(3600, 1000), Vec::new(), true);
        chain.sync(&mut desks[first]);
        chain.settle();
        chain.sync(&mut desks[1 - first]);
        chain.settle();
        for desk in &mut desks {
            chain.sync(desk);
        }
        for desk in desks.iter_mut().chain([&mut chain.hq]) {
            let all = desk.replica.totals().unwrap().pop().unwrap();
            assert_eq!((all.sales.lines, all.sales.value), (3, Amount(6900)));
            let found = of_kind(desk, ExceptionKind::SaleChanged);
            assert_eq!(found.iter().map(|e| e.id.to_string()).collect::<Vec<_>>(), ["sale_changed:S01/1"]);
            assert!(found[0].historic);
            assert_eq!((found[0].documents.len(), found[0].loss), (2, Amount::ZERO));
            let Evidence::Changed { changes, .. } = &found[0].evidence else { panic!("{found:?}") };
            let said = |number: &str, value: &str| Said { number: number.into(), value: value.into() };
            let change = |line: Option<&str>, field: &str, stands: &str, other: &str| Change {
                line: line.map(|l| l.parse().unwrap()),
                field: field.into(),
                stands: said("XS-S01A-000001", stands),
                other: said("XS-S01B-000001", other),
            };
            let (at, later) = (START.to_rfc3339(), START.plus_ms(1000).to_rfc3339());
            let expected = [
                change(None, "occurred", &at, &later),
                change(None, "tenders", "cash 49.00", "cash 45.00"),
                change(Some("1"), "paid", "40.00", "36.00"),
            ];
            assert_eq!(changes, &expected);
            desk.check();
        }
        // The import that stands is taken back: the other's word is all there is.
        desks[0].replica.undo_import(&clerk(), "DR-S01A-000001", &mut |_, _| {}).unwrap();
        chain.sync(&mut desks[0]);
        chain.settle();
        for desk in [&mut desks[0], &mut chain.hq] {
            assert_eq!(of_kind(desk, ExceptionKind::SaleChanged), []);
            let all = desk.replica.totals().unwrap().pop().unwrap();
            assert_eq!((all.sales.lines, all.sales.value), (3, Amount(6500)));
            desk.check();
        }
    }
}

/// Three sold. Two tills of the branch, cut off from each other, each enter a return of one, paid in cash:
/// two units, or one entered twice, which no replica can know. Both stand until HQ decides. Entered twice:
/// the later is voided, its goods are gone from the books, and the cash that went with it has an owner. Two
/// units: both stand, and nothing moves. In both orders of arrival.
#[test]
fn one_return_entered_at_two_tills() {
    for (first, void) in [(0, true), (1, true), (0, false)] {
        let mut chain = Chain::open(&["S01"]);
        let mut tills = [chain.desk(21, "S01A", "S01", 0), chain.desk(22, "S01B", "S01", 0)];
        tills[0].sell("1", &[("TEA", 3, 3000)]);
        for till in &mut tills {
            chain.sync(till);
        }
        let numbers = [0, 1].map(|n: usize| {
            chain.later(60_000);
            tills[n].take_back(request("S01/1", "TEA", 1, "cash")).unwrap()
        });
        chain.sync(&mut tills[first]);
        chain.settle();
        assert_eq!(open(&chain.hq), Vec::<String>::new(), "one alone is a return like any other");
        chain.sync(&mut tills[1 - first]);
        chain.settle();
        chain.sync(&mut tills[first]);
        for desk in [&tills[0], &tills[1], &chain.hq] {
            let found = of_kind(desk, ExceptionKind::DuplicateReturn);
            let [case] = &found[..] else { panic!("{found:?}") };
            let Evidence::Twice { twins } = &case.evidence else { panic!("{case:?}") };
            assert_eq!([&twins[0].first.number, &twins[0].second.number], [&numbers[0], &numbers[1]]);
            assert_eq!(
                (twins[0].first.valid, twins[0].second.valid),
                (Quantity::units(1), Quantity::units(1))
            );
            assert_eq!((case.loss, held(desk)), (Amount::ZERO, Quantity::units(2)));
        }
        let case = of_kind(&chain.hq, ExceptionKind::DuplicateReturn).remove(0);
        let action = if void { Action::VoidedDuplicate } else { Action::Goodwill };
        let moved = decide(&mut chain, &case, action);
        chain.settle();
        for till in &mut tills {
            chain.sync(till);
        }
        for desk in tills.iter_mut().chain([&mut chain.hq]) {
            let case = of_kind(desk, ExceptionKind::DuplicateReturn).remove(0);
            assert!(case.settled, "{case:?}");
            assert_eq!(open(desk), Vec::<String>::new());
            assert_eq!(money(desk, "undecided"), Amount::ZERO);
            let second = desk.replica.find_return(&numbers[1]).unwrap().unwrap();
            if void {
                assert_eq!((moved, case.loss), (Amount(1000), Amount(1000)));
                assert_eq!((second.entitled, held(desk)), (Amount::ZERO, Quantity::units(1)));
                assert_eq!(money(desk, "site:S01"), Amount(1000));
            } else {
                assert_eq!((moved, case.loss), (Amount::ZERO, Amount::ZERO));
                assert_eq!((second.entitled, held(desk)), (Amount(1000), Quantity::units(2)));
            }
            desk.check();
        }
    }
}

/// The refund of what was entered twice waits for HQ: once it is voided, that refund is never paid.
#[test]
fn the_refund_of_a_second_entry_is_dropped() {
    let mut chain = Chain::open(&["S01"]);
    let mut tills = [chain.desk(21, "S01A", "S01", 0), chain.desk(22, "S01B", "S01", 0)];
    tills[0].sell("1", &[("TEA", 2, 3000)]);
    for till in &mut tills {
        chain.sync(till);
    }
    for till in &mut tills {
        chain.later(60_000);
        till.take_back(request("S01/1", "TEA", 1, "wechat")).unwrap();
    }
    for till in &mut tills {
        chain.sync(till);
    }
    chain.settle();
    assert_eq!(chain.hq.replica.payable().unwrap().len(), 2);
    let case = of_kind(&chain.hq, ExceptionKind::DuplicateReturn).remove(0);
    assert_eq!(decide(&mut chain, &case, Action::VoidedDuplicate), Amount::ZERO, "nothing has gone out");
    let payable = chain.hq.replica.payable().unwrap();
    assert_eq!(payable.iter().map(|p| p.amount).collect::<Vec<_>>(), [Amount(1500)]);
    chain.hq.check();
}

/// Who has seen the other's return takes a second unit back knowing of the first: that is no second entry.
#[test]
fn a_second_unit_that_comes_later_is_no_second_entry() {
    let mut chain = Chain::open(&["S01"]);
    let mut tills = [chain.desk(21, "S01A", "S01", 0), chain.desk(22, "S01B", "S01", 0)];
    tills[0].sell("1", &[("TEA", 2, 3000)]);
    tills[0].take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
    for till in &mut tills {
        chain.sync(till);
    }
    tills[1].take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
    chain.sync(&mut tills[1]);
    chain.settle();
    assert_eq!(open(&chain.hq), Vec::<String>::new());
    chain.hq.check();
}

/// One sold, and entered twice: that is an over-return first of all, which says what it looks like.
#[test]
fn an_over_return_tells_of_a_second_entry() {
    let mut chain = Chain::open(&["S01"]);
    let mut tills = [chain.desk(21, "S01A", "S01", 0), chain.desk(22, "S01B", "S01", 0)];
    tills[0].sell("1", &[("TEA", 1, 1000)]);
    for till in &mut tills {
        chain.sync(till);
    }
    for till in &mut tills {
        chain.later(60_000);
        till.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
    }
    for till in &mut tills {
        chain.sync(till);
    }
    chain.settle();
    assert_eq!(open(&chain.hq), ["over_return:S01/1:1"]);
    let case = of_kind(&chain.hq, ExceptionKind::OverReturn).remove(0);
    let Evidence::Line { claims, .. } = &case.evidence else { panic!("{case:?}") };
    let looks: Vec<Option<&str>> = claims.iter().map(|c| c.looks_like.as_deref()).collect();
    assert_eq!(looks, [None, Some(claims[0].number.as_str())]);
    chain.hq.check();
}

/// 100.00 of store credit: S01 leaves 40.00 of it to S02, and both spend out of their share while apart.
#[test]
fn store_credit_is_spent_at_two_branches() {
    let mut chain = Chain::open(&["S01", "S02"]);
    let mut home = chain.desk(21, "S01A", "S01", 0);
    let mut other = chain.desk(22, "S02A", "S02", 0);
    // HQ's list of sites comes with the first session.
    chain.sync(&mut home);
    home.sell("1", &[("TEA", 1, 10_000)]);
    let number = home.take_back(request("S01/1", "TEA", 1, "credit")).unwrap();
    home.replica.share_credit(&clerk(), &number, &site("S02"), Amount(4000)).unwrap();
    chain.sync(&mut home);
    chain.sync(&mut other);
    // Both are cut off from here.
    other.replica.spend_credit(&clerk(), &number, Amount(4000), None).unwrap();
    home.replica.spend_credit(&clerk(), &number, Amount(5000), None).unwrap();
    let beyond = other.replica.spend_credit(&clerk(), &number, Amount(1), None);
    assert!(matches!(beyond, Err(CommandError::BeyondShare { share: Amount::ZERO, .. })), "{beyond:?}");
    for _ in 0..2 {
        chain.sync(&mut home);
        chain.sync(&mut other);
    }
    chain.settle();
    for desk in [&mut home, &mut other, &mut chain.hq] {
        let credit = desk.replica.find_return(&number).unwrap().unwrap().credit;
        assert_eq!(
            (credit.issued, credit.spent, credit.left()),
            (Amount(10_000), Amount(9000), Amount(1000))
        );
        assert_eq!((credit.share(&site("S01")), credit.share(&site("S02"))), (Amount(1000), Amount::ZERO));
        assert_eq!(open(desk), Vec::<String>::new());
        desk.check();
    }
}

/// Two tills of one branch that are apart both spend its share, which was all there is: 20.00 more than was
/// issued went out. The goods are gone; one exception shows who spent what, and the 20.00 have an owner once
/// HQ has decided. In both orders of arrival.
#[test]
fn store_credit_is_spent_twice() {
    for first in [0, 1] {
        let mut chain = Chain::open(&["S01"]);
        let mut tills = [chain.desk(21, "S01A", "S01", 0), chain.desk(22, "S01B", "S01", 0)];
        tills[0].sell("1", &[("TEA", 1, 10_000)]);
        let number = tills[0].take_back(request("S01/1", "TEA", 1, "credit")).unwrap();
        for till in &mut tills {
            chain.sync(till);
        }
        for till in &mut tills {
            chain.later(60_000);
            till.replica.spend_credit(&clerk(), &number, Amount(6000), None).unwrap();
        }
        chain.sync(&mut tills[first]);
        chain.settle();
        assert_eq!(open(&chain.hq), Vec::<String>::new());
        chain.sync(&mut tills[1 - first]);
        chain.settle();
        let found = of_kind(&chain.hq, ExceptionKind::StoreCreditOverspent);
        let [case] = &found[..] else { panic!("{found:?}") };
        assert_eq!(case.loss, Amount(2000));
        let Evidence::Facts(facts) = &case.evidence else { panic!("{case:?}") };
        let told: Vec<String> =
            facts.iter().map(|(k, v)| format!("{} {v}", k.split('-').next().unwrap())).collect();
        assert_eq!(
            told,
            [
                "issued 100.00",
                "spent 120.00",
                "left -20.00",
                "share:S01 -20.00",
                "spent:S01:S01A 60.00",
                "spent:S01:S01B 60.00"
            ]
        );
        assert_eq!(money(&chain.hq, "undecided"), Amount(2000));
        assert_eq!(decide(&mut chain, case, Action::ChargedBranch), Amount(2000));
        assert_eq!(open(&chain.hq), Vec::<String>::new());
        assert_eq!(
            (money(&chain.hq, "undecided"), money(&chain.hq, "site:S01")),
            (Amount::ZERO, Amount(2000))
        );
        chain.hq.check();
    }
}

/// A decision settles what it saw, no more. Stock fell two below nothing, somebody looked, and it was settled;
/// when one more is sold the case is open again, with the new figure.
#[test]
fn stock_falls_below_nothing_again() {
    let mut chain = Chain::open(&["S01"]);
    let mut till = chain.desk(21, "S01A", "S01", 0);
    till.opening("TEA", 1);
    till.sell("1", &[("TEA", 3, 3000)]);
    chain.sync(&mut till);
    chain.settle();
    assert_eq!(open(&chain.hq), ["negative_stock:S01/sellable/TEA"]);
    let case = of_kind(&chain.hq, ExceptionKind::NegativeStock).remove(0);
    decide(&mut chain, &case, Action::Recounted);
    assert_eq!(open(&chain.hq), Vec::<String>::new());
    chain.later(60_000);
    till.sell("2", &[("TEA", 1, 1000)]);
    chain.sync(&mut till);
    chain.settle();
    chain.sync(&mut till);
    for desk in [&mut till, &mut chain.hq] {
        assert_eq!(open(desk), ["negative_stock:S01/sellable/TEA"]);
        desk.check();
    }
}

/// A till's clock is an hour fast: its return is taken, stands no later than it was proven, and is flagged;
/// one from a clock that is right isn't.
#[test]
fn a_clock_that_is_an_hour_fast_is_flagged() {
    let mut chain = Chain::open(&["S01"]);
    let mut fast = chain.desk(21, "S01A", "S01", 3_600_000);
    let mut right = chain.desk(22, "S01B", "S01", 0);
    fast.sell("1", &[("TEA", 1, 1000)]);
    right.sell("2", &[("TEA", 1, 1000)]);
    let number = fast.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
    right.take_back(request("S01/2", "TEA", 1, "cash")).unwrap();
    chain.sync(&mut fast);
    chain.sync(&mut right);
    chain.settle();
    let id = chain.hq.replica.find_return(&number).unwrap().unwrap().id;
    assert_eq!(open(&chain.hq), [format!("clock:{id}")]);
    let case = of_kind(&chain.hq, ExceptionKind::Clock).remove(0);
    decide(&mut chain, &case, Action::Goodwill);
    assert_eq!(open(&chain.hq), Vec::<String>::new());
    chain.hq.check();
}

/// S02 has never seen the sale: it takes one back for 20.00 in cash, as the customer says. Then the sale
/// arrives. It was 15.00: 5.00 too much went out, which is an exception and a loss until somebody bears it.
/// It was 25.00: 5.00 fall due, and are paid. Whichever of sale and return HQ has first.
#[test]
fn a_sale_that_arrives_after_its_return_at_another_price() {
    for (price, sale_first) in [(1500, false), (1500, true), (2500, false), (2500, true)] {
        let mut chain = Chain::open(&["S01", "S02"]);
        let mut seller = chain.desk(21, "S01A", "S01", 0);
        let mut other = chain.desk(22, "S02A", "S02", 0);
        seller.sell("1", &[("TEA", 1, price)]);
        let number = other.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
        let order = if sale_first { [&mut seller, &mut other] } else { [&mut other, &mut seller] };
        for desk in order {
            chain.sync(desk);
            chain.settle();
        }
        chain.sync(&mut other);
        let id = other.replica.find_return(&number).unwrap().unwrap().id;
        for desk in [&other, &chain.hq] {
            let row = desk.replica.find_return(&number).unwrap().unwrap();
            assert_eq!(row.unverified_lines, 0);
            assert_eq!((row.entitled, row.paid), (Amount(price), Amount(2000)));
        }
        if price == 1500 {
            assert_eq!(open(&chain.hq), [format!("refund_over_entitlement:{id}")]);
            let case = of_kind(&chain.hq, ExceptionKind::RefundOverEntitlement).remove(0);
            assert_eq!(case.evidence, Evidence::Refund { entitled: Amount(1500), paid: Amount(2000) });
            assert_eq!((case.loss, money(&chain.hq, "undecided")), (Amount(500), Amount(500)));
            assert_eq!(decide(&mut chain, &case, Action::Goodwill), Amount(500));
        } else {
            let due = other.replica.refunds_due(None).unwrap();
            assert_eq!(
                due.iter().map(|d| (d.number.as_str(), d.owed)).collect::<Vec<_>>(),
                [(number.as_str(), Amount(500))]
            );
            other.replica.refund(&clerk(), &number, "cash".parse().unwrap(), None, true).unwrap();
            assert_eq!(other.replica.refunds_due(None).unwrap().len(), 0);
        }
        chain.sync(&mut other);
        chain.settle();
        assert_eq!(open(&chain.hq), Vec::<String>::new());
        assert_eq!(money(&chain.hq, "undecided"), Amount::ZERO);
        for desk in [&mut seller, &mut other, &mut chain.hq] {
            desk.check();
        }
    }
}
