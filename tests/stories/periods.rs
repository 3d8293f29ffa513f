//! A month is closed while a branch is offline, and twice at HQ.

use guicang_domain::exception::{Evidence, ExceptionKind};
use guicang_domain::money::Currency;
use guicang_domain::period::{Figures, Period};
use guicang_replica::ExceptionFilter;

use crate::chain::{Chain, Desk, clerk, request, site};

const DAY: i64 = 86_400_000;

/// Units and minor units.
fn of(figures: &Figures, figure: &str) -> (i64, i64) {
    let sums = figures.total(figure, Currency::CNY);
    (sums.quantity.0 / 1000, sums.value.0)
}

fn verified(desk: &mut Desk, period: Period) -> bool {
    let scratch = desk.path.with_extension("again");
    desk.replica.verify_period(period, &scratch).unwrap().is_equal()
}

/// On 21 September S01 sells three at 20.00 and takes one back, in cash; only the sale reaches HQ. HQ closes
/// September on 2 October, and is told that S01 has not reported. A week later S01 is back: its return of
/// September comes in. The closed month stays at 3 sold and none returned; the return keeps its date and is told
/// in October, 20.00 with the cash that was paid.
///
/// HQ's second device closed September as well, apart: one close stands at both, by rank, and the other is
/// named. Each verifies as equal, at both.
#[test]
fn a_branch_that_was_offline_brings_a_return_of_a_closed_month() {
    let mut chain = Chain::open(&["S01", "S02"]);
    let (mut alice, mut bob) = (chain.desk(21, "S01A", "S01", 0), chain.desk(22, "S02A", "S02", 0));
    alice.opening("TEA", 10);
    alice.sell("1", &[("TEA", 3, 6000)]);
    chain.sync(&mut alice);
    chain.settle();
    chain.later(60_000);
    let late = alice.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();

    let mut second = chain.second_hq(31);
    // What the relay stamps for S02 proves that September is over.
    chain.later(11 * DAY);
    bob.sell("1", &[("TEA", 1, 2000)]);
    chain.sync(&mut bob);
    chain.settle();
    chain.sync(&mut second);
    let september: Period = "2026-09".parse().unwrap();
    let first = chain.hq.replica.close_period(&clerk(), september, false).unwrap();
    assert_eq!(of(&first.recorded.figures, "sales"), (3, 6000));
    let unreported: Vec<_> = first.recorded.unreported.iter().map(|(site, _)| site.clone()).collect();
    assert_eq!(unreported, [site("S01")]);
    chain.later(DAY);
    let other = second.replica.close_period(&clerk(), september, false).unwrap();
    chain.sync(&mut second);
    chain.settle();
    chain.sync(&mut second);

    chain.later(6 * DAY);
    chain.sync(&mut alice);
    chain.settle();
    chain.sync(&mut second);
    for desk in [&mut chain.hq, &mut second] {
        let view = desk.replica.period(september).unwrap();
        assert_eq!(view.close.as_ref().map(|c| c.head.number.clone()), first.number);
        assert_eq!(view.losers, [other.number.clone().unwrap()]);
        assert_eq!((of(&view.told, "sales"), of(&view.told, "returns")), ((3, 6000), (0, 0)));
        assert_eq!(of(&view.by_date, "returns"), (1, 2000));
        let listed: Vec<_> =
            view.late.iter().map(|l| (l.number.clone(), l.occurred.date().to_string())).collect();
        assert_eq!(listed, [(late.clone(), "2026-09-21".to_owned())]);
        let october = desk.replica.period(september.next()).unwrap();
        assert_eq!((of(&october.told, "returns"), of(&october.by_date, "returns")), ((1, 2000), (0, 0)));
        assert_eq!(of(&october.told, "cash_refunds"), (0, 2000));
        assert_eq!(of(&october.told, "money:tender:cash"), (0, -2000));
        assert!(verified(desk, september));
        let twice = ExceptionFilter { kind: Some(ExceptionKind::ConflictingDecision), ..Default::default() };
        let found = desk.replica.exceptions(&twice).unwrap();
        let Evidence::Facts(facts) = &found[0].evidence else { panic!("{found:?}") };
        assert_eq!((found.len(), facts[2].1.as_str()), (1, other.number.as_ref().unwrap().as_str()));
        desk.check();
    }
    assert_eq!(chain.hq.digest(), second.digest());
    // A branch doesn't hold the chain's figures.
    assert!(alice.replica.periods().unwrap().is_empty());
    alice.check();
}
