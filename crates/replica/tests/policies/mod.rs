//! The policy as HQ sets it, and what it then says at the counter.

use guicang_domain::money::{Amount, Currency};
use guicang_domain::policy::tolerance::ToleranceRule;
use guicang_domain::policy::window::{Window, WindowRule};
use guicang_domain::policy::{Ground, Policy, ReasonClass};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::Grade;
use guicang_replica::{By, CommandError, Compared, PolicyDraft, ProductDraft, ProductField};

use crate::shop::{Shop, clerk, grade, item};

const DAY: i64 = 86_400_000;

fn with_manager() -> By {
    By { approved_by: Some("wang".parse().unwrap()), ..clerk() }
}

fn draft(policy: Policy) -> PolicyDraft {
    PolicyDraft { policy, effective: None, legal: Default::default(), reasons: Default::default() }
}

fn version(name: &str) -> Policy {
    Policy { version: name.into(), ..Policy::standard(Currency::CNY) }
}

fn of_category(category: &str, window: Window) -> WindowRule {
    WindowRule { category: Some(category.into()), site: None, channel: None, class: None, window }
}

fn list(shop: &mut Shop, sku: &str, category: &str) {
    let product = ProductDraft {
        sku: sku.parse().unwrap(),
        fields: vec![ProductField::Name(sku.into()), ProductField::Category(Some(category.into()))],
    };
    shop.replica.put_products(vec![product]).unwrap();
}

/// Shoes may come back for fourteen days where a change of mind has seven otherwise; and the version that
/// held when a return occurred judges it, whenever it is typed in.
#[test]
fn a_category_has_a_window_of_its_own_from_a_day_on() {
    let mut shop = Shop::at_hq();
    list(&mut shop, "SHOE", "shoes");
    shop.sell("1001", &[("SHOE", 3, 60_000), ("TEA", 1, 1000)]);
    shop.later(10 * DAY);
    let asked = |shop: &Shop, sku: &str| shop.request("S01/1001", vec![item(sku, 1)], "changed_mind");
    let shoes = asked(&shop, "SHOE");
    let refused = shop.replica.counter_return(&clerk(), shoes.clone()).unwrap_err();
    let CommandError::NeedsManager { grounds, policy, .. } = refused else { panic!("{refused}") };
    assert_eq!(grounds, [Ground::OutOfWindow { age_days: 10, window_days: 7 }]);
    assert_eq!(policy, "standard/1");

    let shoes_policy = Policy { windows: vec![of_category("shoes", Window::Days(14))], ..version("shoes") };
    let done = shop.replica.set_policy(&clerk(), draft(shoes_policy.clone())).unwrap();
    assert!(done.added);
    shop.later(1000);
    shop.replica.counter_return(&clerk(), shoes.clone()).unwrap();
    let tea = asked(&shop, "TEA");
    assert!(matches!(shop.replica.counter_return(&clerk(), tea), Err(CommandError::NeedsManager { .. })));

    // Of yesterday, typed in today: the version of yesterday judges.
    let yesterday = guicang_domain::time::Occurred {
        at: done.effective.unwrap().plus_ms(-DAY),
        zone: guicang_domain::time::Zone::SHANGHAI,
    };
    let late = By { occurred: Some(yesterday), ..clerk() };
    let refused = shop.replica.counter_return(&late, shoes).unwrap_err();
    let CommandError::NeedsManager { policy, .. } = refused else { panic!("{refused}") };
    assert_eq!(policy, "standard/1");

    // A version never changes: the same again is no news, another content is refused.
    assert!(!shop.replica.set_policy(&clerk(), draft(shoes_policy.clone())).unwrap().added);
    let other = Policy { refund_days: 1, ..shoes_policy };
    let refused = shop.replica.set_policy(&clerk(), draft(other)).unwrap_err();
    assert!(matches!(refused, CommandError::VersionTaken { .. }), "{refused}");
    let history = shop.replica.policy_history().unwrap();
    assert_eq!(
        history.iter().map(|v| v.policy.version.as_str()).collect::<Vec<_>>(),
        ["standard/1", "shoes"]
    );
    assert_eq!(history.iter().map(|v| v.in_force).collect::<Vec<_>>(), [false, true]);
    shop.check();
}

/// Less than the law grants can't be set, nor limits out of order, nor a rule of a site that isn't there; what
/// is wrong is named, and nothing is changed.
#[test]
fn a_policy_that_may_not_be_is_refused_by_name() {
    let mut shop = Shop::at_hq();
    let mut below = version("hard");
    below.window_days.insert(ReasonClass::Quality, 3);
    let refused = shop.replica.set_policy(&clerk(), draft(below)).unwrap_err();
    let CommandError::BelowLegal(below) = refused else { panic!("{refused}") };
    assert_eq!((below.field.as_str(), below.name.as_str(), below.days), ("windows.quality", "cn_quality", 7));

    let limits = Policy { manager_above: Some(Amount(1)), ..version("low") };
    let refused = shop.replica.set_policy(&clerk(), draft(limits)).unwrap_err();
    assert!(matches!(refused, CommandError::Value { field: "limits.manager", .. }), "{refused}");

    let rule = WindowRule { site: Some("S99".parse().unwrap()), ..of_category("shoes", Window::Days(9)) };
    let elsewhere = Policy { windows: vec![rule.clone()], ..version("elsewhere") };
    let refused = shop.replica.set_policy(&clerk(), draft(elsewhere)).unwrap_err();
    assert!(matches!(refused, CommandError::UnknownSite { .. }), "{refused}");

    let rule = WindowRule { site: None, ..rule };
    let twice = Policy { windows: vec![rule.clone(), rule], ..version("twice") };
    let refused = shop.replica.set_policy(&clerk(), draft(twice)).unwrap_err();
    assert!(matches!(refused, CommandError::Value { field: "window", .. }), "{refused}");
    assert_eq!(shop.replica.policy_history().unwrap().len(), 1);

    let mut branch = Shop::open();
    let refused = branch.replica.set_policy(&clerk(), draft(version("mine"))).unwrap_err();
    assert!(matches!(refused, CommandError::HqOnly), "{refused}");
}

/// The law may become stricter than a policy that stands: the verdict follows the law at once. A reason that
/// isn't given any more can't be given, and stays in the list.
#[test]
fn law_and_reasons_are_edited_in_place() {
    let mut shop = Shop::at_hq();
    shop.sell("1001", &[("TEA", 2, 2000)]);
    let mut legal = shop.replica.legal().unwrap();
    let mut stricter = legal.remove("cn_distance").unwrap();
    stricter.channels.clear();
    stricter.days = 15;
    let mut change = draft(shop.replica.policy().unwrap());
    change.legal = [("cn_distance".to_string(), stricter)].into();
    let refused = shop.replica.set_policy(&clerk(), change.clone()).unwrap_err();
    assert!(matches!(refused, CommandError::BelowLegal(_)), "{refused}");
    change.policy = version("by the law");
    change.policy.window_days.insert(ReasonClass::Preference, 15);
    let code: guicang_domain::ids::ReasonCode = "style".parse().unwrap();
    let mut style = shop.replica.reasons().unwrap()[&code].clone();
    style.retired = true;
    change.reasons = [(code.clone(), style)].into();
    assert!(shop.replica.set_policy(&clerk(), change).unwrap().edited);

    let request = shop.request("S01/1001", vec![item("TEA", 1)], "style");
    let refused = shop.replica.counter_return(&clerk(), request).unwrap_err();
    let CommandError::UnknownReason { known, .. } = refused else { panic!("{refused}") };
    assert!(!known.contains(&"style".to_string()));
    assert!(shop.replica.reasons().unwrap()[&code].retired);
    shop.check();
}

/// Clerk, manager, HQ: each up to its limit, and beyond HQ's nobody.
#[test]
fn each_word_goes_as_far_as_its_limit() {
    let mut shop = Shop::at_hq();
    let policy = Policy {
        approval_above: Amount(10_000),
        manager_above: Some(Amount(20_000)),
        hq_above: Some(Amount(40_000)),
        ..version("limits")
    };
    shop.replica.set_policy(&clerk(), draft(policy)).unwrap();
    shop.sell("1001", &[("TEA", 5, 50_000)]);
    let asked = |shop: &Shop, units| shop.request("S01/1001", vec![item("TEA", units)], "defective");
    let five = asked(&shop, 5);
    let refused = shop.replica.counter_return(&with_manager(), five).unwrap_err();
    assert!(matches!(refused, CommandError::PolicyRefuses { .. }), "{refused}");
    let three = asked(&shop, 3);
    let refused = shop.replica.counter_return(&clerk(), three.clone()).unwrap_err();
    assert!(matches!(refused, CommandError::NeedsManager { .. }), "{refused}");
    shop.replica.counter_return(&with_manager(), three).unwrap();
    let one = asked(&shop, 1);
    shop.replica.counter_return(&clerk(), one).unwrap();
    shop.check();
}

/// At a branch, what was granted on a receipt that nobody has seen counts: 200.00 and 150.00 on one receipt
/// are over the limit of 300.00, on two they aren't.
#[test]
fn a_receipt_that_nobody_has_seen_has_one_limit() {
    let mut shop = Shop::open();
    let unseen = |shop: &Shop, receipt: &str, price: &str| {
        let mut request = shop.request(receipt, vec![item("TEA", 1)], "defective");
        request.items[0].price = Some(price.parse().unwrap());
        request
    };
    let first = unseen(&shop, "S02/77", "200");
    shop.replica.counter_return(&clerk(), first).unwrap();
    let second = unseen(&shop, "S02/77", "150");
    let refused = shop.replica.counter_return(&clerk(), second.clone()).unwrap_err();
    let CommandError::NeedsManager { grounds, .. } = refused else { panic!("{refused}") };
    assert_eq!(grounds, [Ground::UnverifiedAbove { limit: Amount(30_000) }]);
    let other = unseen(&shop, "S02/78", "150");
    shop.replica.counter_return(&clerk(), other).unwrap();
    shop.replica.counter_return(&with_manager(), second).unwrap();
    let exposure = shop.replica.exposure().unwrap();
    assert_eq!((exposure.provisional, exposure.provisional_returns), (Amount(50_000), 3));
    shop.check();
}

/// Three returns at HQ, worked out by hand: tea of 15.00 after eight days for a change of mind (a manager),
/// tea of 15.00 that doesn't work (by itself), shoes of 200.00 after ten days (a manager). Under a policy
/// that gives shoes fourteen days and a clerk 10.00, all three need a manager, tea twice over.
#[test]
fn a_preview_says_what_would_have_been() {
    let mut shop = Shop::at_hq();
    list(&mut shop, "SHOE", "shoes");
    shop.sell("1001", &[("TEA", 2, 3000), ("SHOE", 1, 20_000)]);
    shop.later(8 * DAY);
    let mind = shop.request("S01/1001", vec![item("TEA", 1)], "changed_mind");
    shop.replica.counter_return(&with_manager(), mind).unwrap();
    let mut broken = shop.request("S01/1001", vec![item("TEA", 1)], "defective");
    broken.grades = vec![grade(Grade::D, 1)];
    shop.replica.counter_return(&clerk(), broken).unwrap();
    shop.later(2 * DAY);
    let shoes = shop.request("S01/1001", vec![item("SHOE", 1)], "changed_mind");
    shop.replica.counter_return(&with_manager(), shoes).unwrap();

    let policy = Policy {
        windows: vec![of_category("shoes", Window::Days(14))],
        approval_above: Amount(1000),
        ..version("next")
    };
    let digest = shop.replica.digest().unwrap();
    let preview = shop.replica.preview_policy(&policy, &Default::default(), 30).unwrap();
    assert_eq!(preview.returns, 3);
    let sums = |got, got_value, would, would_value| Compared {
        got,
        got_value: Amount(got_value),
        would,
        would_value: Amount(would_value),
    };
    let verdict = |code: &str| preview.verdicts[&(Currency::CNY, code.to_string())];
    assert_eq!(verdict("approve"), sums(1, 1500, 0, 0));
    assert_eq!(verdict("needs_manager"), sums(2, 21_500, 3, 23_000));
    let ground = |code: &str| preview.grounds[&(Currency::CNY, code.to_string())];
    assert_eq!(ground("out_of_window"), sums(2, 21_500, 1, 1500));
    assert_eq!(ground("value_above"), sums(0, 0, 3, 23_000));
    assert_eq!(preview.changed.len(), 3);
    assert_eq!(preview.changed[1].got.verdict, "approve");
    assert_eq!(shop.replica.digest().unwrap(), digest, "a question changes nothing");

    // Under the policy in force, nothing would have been otherwise; and two days reach the shoes alone.
    let standard = shop.replica.policy().unwrap();
    assert!(shop.replica.preview_policy(&standard, &Default::default(), 30).unwrap().changed.is_empty());
    assert_eq!(shop.replica.preview_policy(&policy, &Default::default(), 1).unwrap().returns, 1);
}

/// Two branches, the limit of a receipt 300.00: 30.00 of tea that is left may be refunded by its seller, and
/// 300.00 without a manager by the other branch.
#[test]
fn the_exposure_of_a_line_is_bounded() {
    let mut shop = Shop::at_hq();
    shop.sell("1001", &[("TEA", 2, 6000), ("CUP", 1, 500)]);
    let tea = shop.request("S01/1001", vec![item("TEA", 1)], "defective");
    shop.replica.counter_return(&clerk(), tea).unwrap();
    let exposure = shop.replica.exposure().unwrap();
    assert_eq!((exposure.lines, exposure.right, exposure.apart), (2, Amount(3500), Amount(30_000)));
    let (receipt, line, worst) = exposure.worst.unwrap();
    assert_eq!((receipt.to_string().as_str(), line.as_str()), ("S01/1001", "1"));
    assert_eq!((worst.right, worst.total()), (Amount(3000), Amount(33_000)));
}

/// 0.486 kg of ham were paid 6.22 and 0.470 kg come back. The article has no tolerance of its own: its
/// category's 0.020 kg closes the line and 6.22 go back. Where the article has one of 0.010 kg, that holds.
#[test]
fn a_category_has_a_tolerance_of_weight() {
    let mut shop = Shop::at_hq();
    list(&mut shop, "HAM", "deli");
    let rule = |category: Option<&str>, grams| ToleranceRule {
        category: category.map(Into::into),
        site: None,
        quantity: Quantity(grams),
    };
    let twice = Policy { tolerances: vec![rule(None, 1), rule(None, 2)], ..version("twice") };
    let refused = shop.replica.set_policy(&clerk(), draft(twice));
    assert!(matches!(refused, Err(CommandError::Value { field: "tolerance", .. })), "{refused:?}");
    let deli = Policy { tolerances: vec![rule(None, 5), rule(Some("deli"), 20)], ..version("deli") };
    shop.replica.set_policy(&clerk(), draft(deli)).unwrap();
    shop.later(1000);
    for (number, owed) in [("1001", 622), ("1002", 601)] {
        let sold = guicang_domain::sale::SaleLine::new(
            guicang_domain::ids::ReceiptLineId::of_number(1),
            "HAM".parse().unwrap(),
            Quantity(486),
            Amount(622),
        );
        shop.ring_up(number, vec![sold], &[("cash", 622)]);
        let mut back = shop.request(number, vec![item("HAM", 1)], "defective");
        back.items[0].quantity = Quantity(470);
        back.grades.clear();
        let done = shop.replica.counter_return(&clerk(), back).unwrap();
        assert_eq!(done.entitled, Amount(owed), "{number}");
        let own = ProductDraft {
            sku: "HAM".parse().unwrap(),
            fields: vec![ProductField::Tolerance(Some(Quantity(10)))],
        };
        shop.replica.put_products(vec![own]).unwrap();
    }
    shop.check();
}
