//! A branch by itself: what a clerk does, and what the stock, the refund and the receipt then say.

mod history;
mod shop;
mod periods;
mod signed;
mod policies;
mod walkthroughs;

use guicang_domain::adjustment::Movement;
use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::Grade;
use guicang_replica::{CommandError, StockFilter};
use shop::{Shop, clerk, item};

/// The user's own example: fifty on the shelf, five come back. On hand is fifty-five at once;
/// available stays fifty until the inspection says restock, and is fifty-five then.
#[test]
fn fifty_on_the_shelf_and_five_come_back() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 55);
    shop.sell("1001", &[("TEA", 5, 5000)]);
    let seen = |shop: &Shop| {
        let rows = shop.replica.stock(&StockFilter::default()).unwrap();
        (rows[0].on_hand, rows[0].available)
    };
    assert_eq!(seen(&shop), (Quantity::units(50), Quantity::units(50)));

    let mut request = shop.request("1001", vec![item("TEA", 5)], "defective");
    request.grades.clear();
    let done = shop.replica.counter_return(&clerk(), request).unwrap();
    assert_eq!(done.entitled, Amount(5000));
    assert_eq!(seen(&shop), (Quantity::units(55), Quantity::units(50)));

    shop.replica.inspect(&clerk(), done.number.as_str(), &[shop::grade(Grade::A, 5)]).unwrap();
    assert_eq!(seen(&shop), (Quantity::units(55), Quantity::units(55)));
    shop.check();
}

#[test]
fn what_was_returned_cannot_be_returned_again_here() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 10);
    shop.sell("1001", &[("TEA", 2, 3001)]);
    let one = shop.request("1001", vec![item("TEA", 1)], "defective");
    let first = shop.replica.counter_return(&clerk(), one.clone()).unwrap();
    assert_eq!(first.entitled, Amount(1500));
    // The return that closes the line takes the rest.
    let second = shop.replica.counter_return(&clerk(), one.clone()).unwrap();
    assert_eq!(second.entitled, Amount(1501));
    let digest = shop.replica.digest().unwrap();
    let third = shop.replica.counter_return(&clerk(), one);
    assert!(
        matches!(third, Err(CommandError::MoreThanLeft { left, .. }) if left == Quantity::ZERO),
        "{third:?}"
    );
    assert_eq!(shop.replica.digest().unwrap(), digest, "a refused command changes nothing");
    shop.check();
}

#[test]
fn a_sale_that_is_not_held_makes_a_provisional_return() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 10);
    let mut request = shop.request("S09/77", vec![item("TEA", 1)], "defective");
    let priceless = shop.replica.counter_return(&clerk(), request.clone());
    assert!(matches!(priceless, Err(CommandError::PriceNeeded { .. })), "{priceless:?}");
    request.items[0].price = Some("12.5".parse().unwrap());
    let done = shop.replica.counter_return(&clerk(), request).unwrap();
    assert!(!done.verified);
    assert_eq!(done.entitled, Amount(1250));
    // For the policy's seven days the sale may still come; then somebody has to look.
    let day = 86_400_000;
    for (days, found) in [(6, 0), (1, 1)] {
        shop.later(days * day);
        shop.stock("TEA", Movement::Found, 1);
        assert_eq!(shop.replica.exceptions(&Default::default()).unwrap().len(), found, "after {days} more");
    }
    let exceptions = shop.replica.exceptions(&Default::default()).unwrap();
    assert_eq!(exceptions[0].kind.as_str(), "unverified_sale");
    shop.check();
}

#[test]
fn wrong_input_names_the_field_and_changes_nothing() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 10);
    shop.sell("1001", &[("TEA", 2, 3000)]);
    let digest = shop.replica.digest().unwrap();
    let good = shop.request("1001", vec![item("TEA", 1)], "defective");

    let mut none = good.clone();
    none.items[0].quantity = Quantity::ZERO;
    let refused = shop.replica.counter_return(&clerk(), none);
    assert!(matches!(refused, Err(CommandError::Value { field: "quantity", .. })), "{refused:?}");

    let mut other = good.clone();
    other.items[0].sku = "COFFEE".into();
    let refused = shop.replica.counter_return(&clerk(), other);
    assert!(matches!(refused, Err(CommandError::NotOnReceipt { .. })), "{refused:?}");

    let mut reason = good.clone();
    reason.reason = "because".parse().unwrap();
    let refused = shop.replica.counter_return(&clerk(), reason);
    assert!(matches!(refused, Err(CommandError::UnknownReason { .. })), "{refused:?}");

    let mut grades = good;
    grades.grades = vec![shop::grade(Grade::A, 2)];
    let refused = shop.replica.counter_return(&clerk(), grades);
    assert!(matches!(refused, Err(CommandError::GradesDontAddUp { .. })), "{refused:?}");

    let refused = shop.replica.inspect(&clerk(), "TH-NONE-000001", &[shop::grade(Grade::A, 1)]);
    assert!(matches!(refused, Err(CommandError::UnknownReturn { .. })), "{refused:?}");
    assert_eq!(shop.replica.digest().unwrap(), digest);
}

/// An old sale needs a manager; and nobody approves their own return.
#[test]
fn a_manager_approves_what_the_policy_does_not() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 10);
    shop.sell("1001", &[("TEA", 2, 3000)]);
    shop.later(60 * 86_400_000);
    let request = shop.request("1001", vec![item("TEA", 1)], "changed_mind");
    let refused = shop.replica.counter_return(&clerk(), request.clone());
    assert!(matches!(refused, Err(CommandError::NeedsManager { .. })), "{refused:?}");
    let mut by = clerk();
    by.approved_by = Some(by.user.clone());
    let refused = shop.replica.counter_return(&by, request.clone());
    assert!(matches!(refused, Err(CommandError::ApproverIsRequester { .. })), "{refused:?}");
    by.approved_by = Some("wang".parse().unwrap());
    shop.replica.counter_return(&by, request).unwrap();
    shop.check();
}

/// A refund never exceeds what is owed, in how many parts soever.
#[test]
fn a_refund_stops_at_what_is_owed() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 10);
    shop.sell("1001", &[("TEA", 2, 3000)]);
    let mut request = shop.request("1001", vec![item("TEA", 2)], "defective");
    request.refund = None;
    let done = shop.replica.counter_return(&clerk(), request).unwrap();
    let number = done.number.to_string();
    let cash = || "cash".parse().unwrap();
    shop.replica.refund(&clerk(), &number, cash(), Some(Amount(1000)), true).unwrap();
    let refused = shop.replica.refund(&clerk(), &number, cash(), Some(Amount(2001)), true);
    assert!(matches!(refused, Err(CommandError::MoreThanOwed { left: Amount(2000), .. })), "{refused:?}");
    let done = shop.replica.refund(&clerk(), &number, cash(), None, true).unwrap();
    assert_eq!(done.paid, Amount(3000));
    shop.check();
}

/// Brought in twice, in other company and order, each row counts once; and its sale's return as well.
#[test]
fn rows_that_come_twice_count_once() {
    let mut shop = Shop::open();
    shop.sell("1001", &[("TEA", 2, 3000)]);
    let before = shop.replica.stock(&StockFilter::default()).unwrap();
    shop.sell("1001", &[("TEA", 2, 3000)]);
    assert_eq!(shop.replica.stock(&StockFilter::default()).unwrap(), before);
    let totals = shop.replica.totals().unwrap();
    assert_eq!(totals.last().unwrap().sales.lines, 1);
    shop.check();
}
