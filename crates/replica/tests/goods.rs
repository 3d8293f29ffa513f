//! What is done to goods at a branch: sent back to the supplier, repaired, scrapped, marked down, kept for
//! somebody; and what they are worth.

mod shop;

use guicang_domain::account::Account;
use guicang_domain::adjustment::Movement;
use guicang_domain::ids::{SiteId, Sku};
use guicang_domain::money::{Amount, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::{Disposition, Grade};
use guicang_domain::supplier_return::Settled;
use guicang_domain::time::{Moment, Occurred, Zone};
use guicang_replica::{
    Adjust, CloseClaim, CommandError, Graded, MoveGoods, Named, RaiseClaim, ReservationFilter, Reserve,
    ShipClaim, StockFilter, Unreserve,
};
use shop::{Shop, clerk, item};

fn units(n: i64) -> Quantity {
    Quantity::units(n)
}

fn named(sku: &str, n: i64) -> Vec<Named> {
    vec![Named { sku: sku.into(), quantity: units(n) }]
}

/// Units in each account, of one article.
fn accounts(shop: &Shop, sku: &str) -> Vec<(&'static str, i64)> {
    let filter = StockFilter { sku: Some(sku.parse().unwrap()), ..StockFilter::default() };
    let rows = shop.replica.stock(&filter).unwrap();
    rows.iter().flat_map(|r| &r.accounts).map(|(a, q)| (a.as_str(), q.0 / 1000)).collect()
}

fn figures(shop: &Shop, sku: &str) -> (i64, i64, i64) {
    let filter = StockFilter { sku: Some(sku.parse().unwrap()), ..StockFilter::default() };
    let rows = shop.replica.stock(&filter).unwrap();
    let sum = |of: fn(&guicang_replica::StockRow) -> Quantity| rows.iter().map(|r| of(r).0 / 1000).sum();
    (sum(|r| r.on_hand), sum(|r| r.reserved), sum(|r| r.available))
}

fn average(shop: &Shop, sku: &str) -> Option<UnitPrice> {
    let (site, sku): (SiteId, Sku) = ("S01".parse().unwrap(), sku.parse().unwrap());
    shop.replica.average_cost(&site, &sku).unwrap()
}

/// Goods that come in at a cost.
fn delivered(shop: &mut Shop, sku: &str, n: i64, cost: &str) {
    let adjust = Adjust {
        site: None,
        sku: sku.into(),
        lot: None,
        place: String::new(),
        movement: Movement::Received,
        quantity: units(n),
        reason: "other".parse().unwrap(),
        note: None,
        cost: Some(cost.parse().unwrap()),
    };
    shop.replica.adjust(&clerk(), adjust).unwrap();
    shop.later(60_000);
}

fn moved(movement: Movement, sku: &str, n: i64) -> MoveGoods {
    MoveGoods {
        site: None,
        movement,
        sku: sku.into(),
        quantity: units(n),
        from: None,
        to: None,
        into: None,
        reason: "defective".parse().unwrap(),
        of: None,
        witness: None,
        lot: None,
        place: String::new(),
        cost: None,
        note: None,
    }
}

fn raise(n: i64, from: Account, price: &str) -> RaiseClaim {
    RaiseClaim {
        site: None,
        supplier: "义乌一厂".into(),
        items: named("TEA", n),
        from,
        reason: "defective".parse().unwrap(),
        price: Some(price.parse().unwrap()),
        lot: None,
        place: String::new(),
        note: None,
    }
}

fn close(number: &str, n: i64, settled: Settled, price: Option<&str>) -> CloseClaim {
    CloseClaim {
        number: number.into(),
        items: named("TEA", n),
        settled,
        price: price.map(|p| p.parse().unwrap()),
        owner: None,
        reference: None,
    }
}

fn ship(number: &str) -> ShipClaim {
    ShipClaim { number: number.into(), items: Vec::new(), carrier: None, tracking: None }
}

/// Ten at 20.00 go back to their supplier; eight are credited at 15.00, two are sent back. They are on hand
/// until they leave; 120.00 is credited, 40.00 is lost, and the two lie with the defective goods again.
#[test]
fn ten_go_back_to_the_supplier_eight_are_credited_two_come_back() {
    let mut shop = Shop::open();
    delivered(&mut shop, "TEA", 30, "12");
    let raised = shop.replica.raise_claim(&clerk(), raise(10, Account::Sellable, "20")).unwrap();
    assert_eq!(raised.states, ["raised"]);
    assert_eq!(figures(&shop, "TEA"), (30, 0, 20));
    assert_eq!(accounts(&shop, "TEA"), [("sellable", 20), ("supplier_hold", 10)]);
    let number = raised.number.to_string();

    let shipped = shop.replica.ship_claim(&clerk(), ship(&number)).unwrap();
    assert_eq!((shipped.claimed, shipped.open_value), (Amount(20_000), Amount(20_000)));
    assert_eq!(accounts(&shop, "TEA"), [("sellable", 20)]);
    let open = shop.replica.open_claims(None).unwrap();
    assert_eq!(
        (open[0].supplier.as_str(), open[0].quantity, open[0].value),
        ("义乌一厂", units(10), Amount(20_000))
    );

    let credited = close(&number, 8, Settled::Credited, Some("15"));
    shop.replica.close_claim(&clerk(), credited).unwrap();
    let done = shop.replica.close_claim(&clerk(), close(&number, 2, Settled::SentBack, None)).unwrap();
    assert_eq!(done.states, ["credited", "sent_back", "closed"]);
    assert_eq!((done.credited, done.lost, done.open_value), (Amount(12_000), Amount(4_000), Amount::ZERO));
    assert_eq!(accounts(&shop, "TEA"), [("sellable", 20), ("defective", 2)]);
    assert_eq!(shop.replica.open_claims(None).unwrap(), []);
    assert_eq!(average(&shop, "TEA"), Some("12".parse().unwrap()), "they came back at what they left at");

    let again = shop.replica.close_claim(&clerk(), close(&number, 1, Settled::Exchanged, None));
    assert!(matches!(again, Err(CommandError::Closed { .. })), "{again:?}");
    shop.check();
}

#[test]
fn a_claim_takes_no_more_than_there_is_of_it() {
    let mut shop = Shop::open();
    delivered(&mut shop, "TEA", 10, "12");
    let number =
        shop.replica.raise_claim(&clerk(), raise(4, Account::Sellable, "20")).unwrap().number.to_string();
    let digest = shop.replica.digest().unwrap();
    let more = ShipClaim { items: named("TEA", 5), ..ship(&number) };
    let refused = shop.replica.ship_claim(&clerk(), more);
    assert!(
        matches!(refused, Err(CommandError::MoreThanOpen { open, .. }) if open == units(4)),
        "{refused:?}"
    );
    let early = shop.replica.close_claim(&clerk(), close(&number, 1, Settled::WrittenOff, None));
    assert!(matches!(early, Err(CommandError::Closed { .. })), "{early:?}");
    let unpriced = shop.replica.close_claim(&clerk(), close(&number, 1, Settled::Credited, None));
    assert!(matches!(unpriced, Err(CommandError::Value { field: "price", .. })), "{unpriced:?}");
    let unknown = shop.replica.ship_claim(&clerk(), ship("CT-S01A-000009"));
    assert!(matches!(unknown, Err(CommandError::UnknownDocument { .. })), "{unknown:?}");
    let elsewhere = shop.replica.raise_claim(&clerk(), raise(1, Account::Repair, "1"));
    assert!(matches!(elsewhere, Err(CommandError::Value { field: "account", .. })), "{elsewhere:?}");
    assert_eq!(shop.replica.digest().unwrap(), digest, "a refused command changes nothing");

    let part = ShipClaim { items: named("TEA", 1), ..ship(&number) };
    shop.replica.ship_claim(&clerk(), part).unwrap();
    let cancelled = shop.replica.cancel_claim(&clerk(), &number).unwrap();
    assert_eq!(cancelled.states, ["shipped", "cancelled"]);
    assert_eq!(accounts(&shop, "TEA"), [("sellable", 9)]);
    shop.check();
}

/// A customer's return goes to be repaired by its inspection. Two come back: one is fine, one isn't and is
/// scrapped before a witness.
#[test]
fn goods_are_repaired_or_scrapped() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 10);
    shop.sell("1001", &[("TEA", 2, 3000)]);
    let mut request = shop.request("1001", vec![item("TEA", 2)], "defective");
    let repair = Disposition::Repair;
    request.grades = vec![Graded { disposition: Some(repair), ..shop::grade(Grade::D, 2) }];
    shop.replica.counter_return(&clerk(), request).unwrap();
    assert_eq!(accounts(&shop, "TEA"), [("sellable", 8), ("repair", 2)]);
    assert_eq!(figures(&shop, "TEA"), (8, 0, 8), "what is away for repair is not on hand");

    shop.replica.move_goods(&clerk(), moved(Movement::RepairIn, "TEA", 1)).unwrap();
    let to = Some(Account::ScrapHold);
    shop.replica.move_goods(&clerk(), MoveGoods { to, ..moved(Movement::RepairIn, "TEA", 1) }).unwrap();
    assert_eq!(accounts(&shop, "TEA"), [("sellable", 9), ("scrap_hold", 1)]);

    let scrap = moved(Movement::Scrapped, "TEA", 1);
    let refused = shop.replica.move_goods(&clerk(), scrap.clone());
    assert!(matches!(refused, Err(CommandError::WitnessNeeded { .. })), "{refused:?}");
    let oneself = MoveGoods { witness: Some(clerk().user), ..scrap.clone() };
    let refused = shop.replica.move_goods(&clerk(), oneself);
    assert!(matches!(refused, Err(CommandError::WitnessNeeded { .. })), "{refused:?}");
    let witness = Some("wang".parse().unwrap());
    shop.replica.move_goods(&clerk(), MoveGoods { witness, ..scrap }).unwrap();
    assert_eq!(accounts(&shop, "TEA"), [("sellable", 9)]);
    let sent = MoveGoods { from: Some(Account::Sellable), ..moved(Movement::RepairOut, "TEA", 3) };
    shop.replica.move_goods(&clerk(), sent).unwrap();
    assert_eq!(accounts(&shop, "TEA"), [("sellable", 6), ("repair", 3)]);
    let nowhere = MoveGoods { from: Some(Account::Repair), ..moved(Movement::RepairOut, "TEA", 1) };
    let refused = shop.replica.move_goods(&clerk(), nowhere);
    assert!(matches!(refused, Err(CommandError::Value { field: "account", .. })), "{refused:?}");
    shop.check();
}

/// A slightly damaged pot becomes another article, which sells for less and cost what the pot cost; each
/// article's postings balance for themselves.
#[test]
fn goods_are_marked_down_to_a_second_sku() {
    let mut shop = Shop::open();
    delivered(&mut shop, "POT", 4, "25");
    let to_b = |n| MoveGoods {
        from: Some(Account::Sellable),
        into: Some("pot-b".into()),
        ..moved(Movement::MarkedDown, "POT", n)
    };
    let done = shop.replica.move_goods(&clerk(), to_b(1)).unwrap();
    assert_eq!((done.sku.as_str(), done.available), ("POT-B", units(1)));
    assert_eq!(
        (accounts(&shop, "POT"), accounts(&shop, "POT-B")),
        (vec![("sellable", 3)], vec![("sellable", 1)])
    );
    assert_eq!(average(&shop, "POT-B"), Some("25".parse().unwrap()));
    for wrong in [MoveGoods { into: None, ..to_b(1) }, MoveGoods { into: Some("POT".into()), ..to_b(1) }] {
        let refused = shop.replica.move_goods(&clerk(), wrong);
        assert!(matches!(refused, Err(CommandError::Value { field: "sku", .. })), "{refused:?}");
    }
    shop.check();
}

/// Five of twenty are kept for somebody until six in the evening: on hand stays, available falls. Two are
/// taken, the rest is free by itself when the time has come.
#[test]
fn what_is_kept_for_somebody_is_not_available() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 20);
    let until = Some(Occurred { at: Moment(1_790_000_000_000 + 3_600_000), zone: Zone::SHANGHAI });
    let reserve = Reserve {
        site: None,
        items: named("TEA", 5),
        lot: None,
        place: String::new(),
        purpose: Some("周六取".into()),
        until,
    };
    let row = shop.replica.reserve(&clerk(), reserve.clone()).unwrap();
    assert_eq!(figures(&shop, "TEA"), (20, 5, 15));
    let number = row.number.to_string();

    let take = Unreserve { number: number.clone(), items: named("TEA", 2), used: true };
    shop.replica.unreserve(&clerk(), &take).unwrap();
    assert_eq!(figures(&shop, "TEA"), (20, 3, 17));
    let more = Unreserve { number: number.clone(), items: named("TEA", 4), used: false };
    let refused = shop.replica.unreserve(&clerk(), &more);
    assert!(
        matches!(refused, Err(CommandError::MoreThanOpen { open, .. }) if open == units(3)),
        "{refused:?}"
    );

    shop.later(3_600_000);
    let past = shop.replica.reserve(&clerk(), reserve);
    assert!(matches!(past, Err(CommandError::Value { field: "time", .. })), "{past:?}");
    shop.stock("POT", Movement::Opening, 1);
    assert_eq!(figures(&shop, "TEA"), (20, 0, 20), "its time has come");
    assert_eq!(shop.replica.reservations(&ReservationFilter::default()).unwrap().len(), 0);
    let all = ReservationFilter { all: true, ..ReservationFilter::default() };
    assert!(shop.replica.reservations(&all).unwrap()[0].expired);
    shop.check();
}

/// Ten at 10.00 and ten at 20.00 average 15.00. What is sold leaves at that; what comes back of it comes at
/// what it left at, though the goods have become dearer since.
#[test]
fn stock_is_worth_its_moving_average() {
    let mut shop = Shop::open();
    delivered(&mut shop, "TEA", 10, "10");
    delivered(&mut shop, "TEA", 10, "20");
    assert_eq!(average(&shop, "TEA"), Some("15".parse().unwrap()));
    shop.sell("1001", &[("TEA", 4, 8000)]);
    assert_eq!(average(&shop, "TEA"), Some("15".parse().unwrap()));
    delivered(&mut shop, "TEA", 16, "30");
    assert_eq!(average(&shop, "TEA"), Some("22.5".parse().unwrap()));
    let request = shop.request("1001", vec![item("TEA", 4)], "defective");
    shop.replica.counter_return(&clerk(), request).unwrap();
    // 32 at 22.50 and 4 at 15.00.
    assert_eq!(average(&shop, "TEA"), Some(UnitPrice(216_667)));
    shop.check();
}

/// A delivery of last week is entered today: everything since is valued again, as if it had been there.
#[test]
fn a_late_delivery_values_what_was_sold_since() {
    let mut shop = Shop::open();
    delivered(&mut shop, "TEA", 10, "10");
    shop.later(86_400_000);
    shop.sell("1001", &[("TEA", 10, 20_000)]);
    assert_eq!(average(&shop, "TEA"), Some("10".parse().unwrap()));
    let mut by = clerk();
    by.occurred = Some(Occurred { at: Moment(1_790_000_000_000 + 3_600_000), zone: Zone::SHANGHAI });
    let late = Adjust {
        site: None,
        sku: "TEA".into(),
        lot: None,
        place: String::new(),
        movement: Movement::Received,
        quantity: units(10),
        reason: "other".parse().unwrap(),
        note: None,
        cost: Some("20".parse().unwrap()),
    };
    shop.replica.adjust(&by, late).unwrap();
    assert_eq!(average(&shop, "TEA"), Some("15".parse().unwrap()));
    shop.check();
}

/// Two wait to be inspected. Nobody scraps one as if it were nobody's: the return is named, and no more is taken
/// of it than it has there. One that is lost may have been anybody's, and is said to be lost.
#[test]
fn goods_that_wait_for_inspection_are_moved_by_their_return() {
    let mut shop = Shop::open();
    delivered(&mut shop, "TEA", 10, "10");
    shop.sell("1001", &[("TEA", 5, 10_000)]);
    let mut request = shop.request("1001", vec![item("TEA", 2)], "defective");
    request.grades.clear();
    let number = shop.replica.counter_return(&clerk(), request).unwrap().number.to_string();
    let from_hold = |n, of: Option<&str>| MoveGoods {
        from: Some(Account::ReturnsHold),
        witness: Some("wang".parse().unwrap()),
        of: of.map(str::to_owned),
        ..moved(Movement::Scrapped, "TEA", n)
    };
    let refused = shop.replica.move_goods(&clerk(), from_hold(1, None));
    let Err(CommandError::HeldByReturns { found, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(found, [(number.clone(), units(2))]);
    let many = shop.replica.move_goods(&clerk(), from_hold(3, Some(&number)));
    assert!(matches!(many, Err(CommandError::MoreThanOpen { .. })), "{many:?}");
    let other = shop.replica.move_goods(&clerk(), from_hold(1, Some("TH-S01A-000099")));
    assert!(matches!(other, Err(CommandError::UnknownReturn { .. })), "{other:?}");
    let elsewhere = MoveGoods { from: Some(Account::Sellable), ..from_hold(1, Some(&number)) };
    let refused = shop.replica.move_goods(&clerk(), elsewhere);
    assert!(matches!(refused, Err(CommandError::Value { field: "return", .. })), "{refused:?}");
    assert_eq!(accounts(&shop, "TEA"), [("sellable", 5), ("returns_hold", 2)]);

    shop.replica.move_goods(&clerk(), from_hold(1, Some(&number))).unwrap();
    let lost = MoveGoods { from: Some(Account::ReturnsHold), ..moved(Movement::WrittenOff, "TEA", 1) };
    shop.replica.move_goods(&clerk(), lost).unwrap();
    assert_eq!(accounts(&shop, "TEA"), [("sellable", 5)]);
    let shelf = shop.replica.move_goods(&clerk(), moved(Movement::WrittenOff, "TEA", 1));
    assert!(matches!(shelf, Err(CommandError::Value { field: "movement", .. })), "{shelf:?}");
    shop.check();
}
