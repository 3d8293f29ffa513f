//! Kinds of exceptions whose story is told nowhere else, each through the real commands, in every order of
//! arrival that matters.

use guicang_domain::exception::{Change, Evidence, Exception, ExceptionKind, Said};
use guicang_domain::money::Amount;
use guicang_domain::sale::PaidBy;
use guicang_replica::ExceptionFilter;

use crate::chain::{Chain, Desk, START, receipt};

/// The exceptions of a kind, settled ones too.
fn of_kind(desk: &Desk, kind: ExceptionKind) -> Vec<Exception> {
    let filter = ExceptionFilter { kind: Some(kind), ..ExceptionFilter::default() };
    desk.replica.exceptions(&filter).unwrap()
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
        desks[0].replica.undo_import(&crate::chain::clerk(), "DR-S01A-000001", &mut |_, _| {}).unwrap();
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
