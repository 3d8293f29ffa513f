//! A month is closed; what comes late keeps its date, and is told in the month that is open.

use crate::shop::{Shop, clerk, item};
use guicang_domain::adjustment::Movement;
use guicang_domain::ids::ReceiptLineId;
use guicang_domain::money::{Amount, Currency};
use guicang_domain::period::{Figures, Period, Sums};
use guicang_domain::quantity::Quantity;
use guicang_domain::sale::{Receipt, SaleBatch, SaleLine};
use guicang_domain::time::{Occurred, Zone};
use guicang_replica::{Adjust, By, CommandError, ImportBatch, SiteDraft};
use guicang_sync::grant::Role;

/// HQ, which writes for S01 here. Its clock begins on 2026-09-21 in Shanghai.
fn hq() -> Shop {
    let mut shop = Shop::with_role(Role::Hq);
    let site = SiteDraft {
        code: "S01".parse().unwrap(),
        name: "East".into(),
        address: None,
        return_address: None,
        zone: None,
        currency: None,
    };
    shop.replica.put_site(site).unwrap();
    shop.site = Some("S01".parse().unwrap());
    shop
}

fn period(text: &str) -> Period {
    text.parse().unwrap()
}

fn on(date: &str) -> Occurred {
    Occurred::parse(date, Zone::SHANGHAI).unwrap()
}

fn by(date: &str) -> By {
    By { occurred: Some(on(date)), ..clerk() }
}

fn sell(shop: &mut Shop, number: &str, date: &str, units: i64, paid: i64) {
    let sku = "TEA".parse().unwrap();
    let line = SaleLine::new(ReceiptLineId::of_number(1), sku, Quantity::units(units), Amount(paid));
    let receipt = Receipt {
        till: None,
        number: number.parse().unwrap(),
        occurred: on(date).at,
        customer: None,
        cashier: None,
        lines: vec![line],
        tenders: Vec::new(),
        invoice: None,
    };
    let batch = SaleBatch {
        site: "S01".parse().unwrap(),
        zone: Zone::SHANGHAI,
        currency: Currency::CNY,
        historic: false,
        receipts: vec![receipt],
    };
    let batch = ImportBatch { sales: vec![batch], ..ImportBatch::default() };
    shop.replica.import_batch(&clerk(), batch).unwrap();
}

fn receive(shop: &mut Shop, date: &str, units: i64, cost: &str) {
    let adjust = Adjust {
        site: shop.site.clone(),
        sku: "TEA".into(),
        lot: None,
        place: String::new(),
        movement: Movement::Received,
        quantity: Quantity::units(units),
        reason: "unknown".parse().unwrap(),
        note: None,
        cost: Some(cost.parse().unwrap()),
    };
    shop.replica.adjust(&by(date), adjust).unwrap();
}

/// Quantity in units, value in minor units.
fn of(figures: &Figures, figure: &str) -> (i64, i64) {
    let Sums { quantity, value } = figures.total(figure, Currency::CNY);
    (quantity.0 / 1000, value.0)
}

fn verify(shop: &mut Shop, month: &str) -> bool {
    let scratch = shop._folder.path().join("scratch.sqlite");
    let found = shop.replica.verify_period(period(month), &scratch).unwrap();
    assert!(!scratch.exists());
    assert_eq!(found.differences, []);
    found.is_equal()
}

/// Ten at 2.00 came in September, three were sold for 5.00 each. September is closed on 1 October. A week
/// later a return of 28 September arrives: one piece, 5.00 back by WeChat.
///
/// September stays at 3 sold for 15.00 and none returned; by date it has one return of 5.00. October, which is
/// open, is told that return beside its own sale of 2 for 10.00; by date it has none. The return keeps its date.
#[test]
fn a_month_closed_then_a_late_document() {
    let mut shop = hq();
    receive(&mut shop, "2026-09-02", 10, "2");
    sell(&mut shop, "1", "2026-09-20 10:00", 3, 1500);
    let early = shop.replica.close_period(&clerk(), period("2026-09"), false);
    assert!(matches!(early, Err(CommandError::PeriodNotOver { .. })), "{early:?}");
    shop.later(11 * 86_400_000);

    let closed = shop.replica.close_period(&clerk(), period("2026-09"), false).unwrap();
    assert_eq!(closed.number.unwrap().as_str(), "JZ-S01A-000001");
    assert_eq!(of(&closed.recorded.figures, "sales"), (3, 1500));
    assert_eq!(of(&closed.recorded.figures, "stock:sellable"), (7, 1400));
    assert_eq!(of(&closed.recorded.figures, "stock:customer"), (3, 600));
    assert_eq!(of(&closed.recorded.figures, "stock:supplier"), (-10, -2000));
    let again = shop.replica.close_period(&clerk(), period("2026-09"), false);
    assert!(matches!(again, Err(CommandError::PeriodClosed { .. })), "{again:?}");
    let gap = shop.replica.close_period(&clerk(), period("2026-11"), false);
    assert!(
        matches!(gap, Err(CommandError::PeriodOrder { next, .. }) if next == period("2026-10")),
        "{gap:?}"
    );

    shop.later(7 * 86_400_000);
    sell(&mut shop, "2", "2026-10-03 10:00", 2, 1000);
    let request = shop.request("S01/1", vec![item("TEA", 1)], "defective");
    let late = shop.replica.counter_return(&by("2026-09-28 16:00"), request).unwrap();

    let september = shop.replica.period(period("2026-09")).unwrap();
    assert_eq!(of(&september.told, "returns"), (0, 0));
    assert_eq!(of(&september.told, "stock:sellable"), (7, 1400));
    assert_eq!(of(&september.by_date, "returns"), (1, 500));
    assert_eq!(of(&september.by_date, "stock:sellable"), (8, 1600));
    let listed: Vec<_> =
        september.late.iter().map(|l| (l.number.as_str(), l.occurred.date().to_string(), l.whole)).collect();
    assert_eq!(listed, [(late.number.as_str(), "2026-09-28".to_owned(), true)]);
    assert_eq!(of(&september.late[0].figures, "returns"), (1, 500));

    let october = shop.replica.period(period("2026-10")).unwrap();
    assert_eq!(of(&october.told, "sales"), (2, 1000));
    assert_eq!(of(&october.told, "returns"), (1, 500));
    assert_eq!(of(&october.by_date, "returns"), (0, 0));
    assert_eq!(of(&october.told_to_date, "stock:sellable"), (6, 1200));
    assert_eq!(of(&october.told, "money:net_sales"), (0, 500));
    assert!(verify(&mut shop, "2026-09"));

    // Closed as well, with the late return in it; both are verified, each by its own facts.
    shop.later(30 * 86_400_000);
    let closed = shop.replica.close_period(&clerk(), period("2026-10"), false).unwrap();
    assert_eq!(closed.recorded.figures, october.told);
    assert!(verify(&mut shop, "2026-09") && verify(&mut shop, "2026-10"));
    shop.check();
}

/// What would be recorded is shown, and nothing is written.
#[test]
fn a_dry_run_writes_nothing() {
    let mut shop = hq();
    sell(&mut shop, "1", "2026-08-20 10:00", 1, 100);
    let before = shop.replica.status().unwrap().changes;
    let seen = shop.replica.close_period(&clerk(), period("2026-08"), true).unwrap();
    assert_eq!((seen.number, of(&seen.recorded.figures, "sales")), (None, (1, 100)));
    assert_eq!(shop.replica.status().unwrap().changes, before);
    assert!(shop.replica.periods().unwrap().is_empty());
    let scratch = shop._folder.path().join("scratch.sqlite");
    let open = shop.replica.verify_period(period("2026-08"), &scratch);
    assert!(matches!(open, Err(CommandError::PeriodOpen { .. })), "{open:?}");
}

/// Over any history, in whatever order documents come and wherever closes fall between them: what is told in
/// all months together is the fold of all facts, and every close verifies equal.
#[test]
fn all_months_together_are_the_fold_of_all_facts() {
    let months = ["2026-06", "2026-07", "2026-08"];
    for seed in 0..12u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1;
        let mut next = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        let mut shop = hq();
        let mut sold: Vec<String> = Vec::new();
        let mut closed = 0;
        for step in 0..24 {
            // May is before the first close, September open.
            let date = format!("2026-{:02}-{:02} 12:00", 5 + next(5), 1 + next(20));
            match next(8) {
                0 | 1 => receive(&mut shop, &date, 1 + next(9) as i64, "2.5"),
                2..=4 => {
                    sell(&mut shop, &format!("R{step}"), &date, 1 + next(3) as i64, 700);
                    sold.push(format!("S01/R{step}"));
                }
                5 | 6 if !sold.is_empty() => {
                    let receipt = sold[next(sold.len() as u64) as usize].clone();
                    let mut request = shop.request(&receipt, vec![item("TEA", 1)], "defective");
                    request.paid = next(2) == 0;
                    // One that the sale no longer covers is refused, and that is a history too.
                    let _ = shop.replica.counter_return(&by(&date), request);
                }
                _ if closed < months.len() => {
                    shop.replica.close_period(&clerk(), period(months[closed]), false).unwrap();
                    closed += 1;
                }
                _ => {}
            }
            shop.later(60_000);
        }
        let closes = shop.replica.periods().unwrap();
        assert_eq!(closes.len(), closed);
        let Some(first) = closes.first() else { continue };
        let mut all = first.recorded.to_date.clone().less(&first.recorded.figures);
        let mut month = first.period;
        while month <= period("2026-10") {
            all = all.plus(&shop.replica.period(month).unwrap().told);
            month = month.next();
        }
        assert_eq!(all, shop.replica.all_figures().unwrap(), "seed {seed}");
        for close in &closes {
            assert!(verify(&mut shop, &close.period.to_string()), "seed {seed}, {}", close.period);
        }
        shop.check();
    }
}
