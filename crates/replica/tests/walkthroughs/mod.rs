//! Walk-throughs: a return's other ways, each with the numbers that the trade would write on its slip.

use guicang_domain::account::Account;
use guicang_domain::adjustment::Movement;
use guicang_domain::ids::{ReceiptId, ReceiptLineId, SiteId};
use guicang_domain::money::{Amount, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::moves::Move;
use guicang_domain::returns::{Collected, Cost, CostKind, Disposition, Grade};
use guicang_domain::sale::SaleLine;
use guicang_replica::{
    By, CommandError, CounterReturn, Given, Missing, ProductDraft, ProductField, ReturnDone, SiteDraft,
};
use guicang_sync::grant::Role;
use rusqlite::params;

use crate::shop::{Shop, clerk, grade, item};

impl Shop {
    /// The same shop, seen from HQ, which also writes what is known of goods.
    pub fn at_hq() -> Self {
        let mut shop = Self::with_role(Role::Hq);
        for code in ["S01", "S02"] {
            let draft = SiteDraft {
                code: code.parse().unwrap(),
                name: code.into(),
                address: Some(format!("{code} road")),
                return_address: (code == "S01").then(|| "returns dock".into()),
                zone: None,
                currency: None,
            };
            shop.replica.put_site(draft).unwrap();
        }
        shop.site = Some("S01".parse().unwrap());
        shop
    }

    /// Lists weighed goods, and how much less may come back.
    pub fn weighed(&mut self, sku: &str, tolerance: i64) {
        let draft = ProductDraft {
            sku: sku.parse().unwrap(),
            fields: vec![
                ProductField::Name(sku.into()),
                ProductField::Unit("kg".into()),
                ProductField::Tolerance(Some(Quantity(tolerance))),
            ],
        };
        self.replica.put_products(vec![draft]).unwrap();
    }

    /// How much of an article is in an account.
    pub fn on(&self, sku: &str, account: Account) -> Quantity {
        let sql = "SELECT coalesce(sum(s.quantity), 0) FROM stock s JOIN bucket b ON b.id = s.bucket
                   WHERE b.sku = ? AND b.account = ?";
        Quantity(self.ask(sql, params![sku, account as i64]))
    }

    /// What is in a money account, all documents together.
    pub fn money(&self, account: &str) -> Amount {
        Amount(self.ask("SELECT coalesce(sum(amount), 0) FROM money WHERE account = ?", params![account]))
    }

    fn ask(&self, sql: &str, params: &[&dyn rusqlite::ToSql]) -> i64 {
        let db = rusqlite::Connection::open(self._folder.path().join("branch.sqlite")).unwrap();
        db.query_row(sql, params, |r| r.get(0)).unwrap()
    }
}

/// A line of a receipt: so many thousandths of an article, for so much.
fn line(n: u32, sku: &str, thousandths: i64, paid: i64) -> SaleLine {
    SaleLine::new(ReceiptLineId::of_number(n), sku.parse().unwrap(), Quantity(thousandths), Amount(paid))
}

fn receipt(text: &str) -> ReceiptId {
    ReceiptId::parse(text, None).unwrap()
}

fn with_manager() -> guicang_replica::By {
    let mut by = clerk();
    by.approved_by = Some("wang".parse().unwrap());
    by
}

/// Goods given instead, at a price in whole units; the difference by a tender.
fn given(sku: &str, price: i64, tender: Option<&str>) -> Given {
    let mut goods = item(sku, 1);
    goods.price = Some(UnitPrice(price * 10_000));
    Given {
        items: vec![goods],
        rung: None,
        tender: tender.map(|t| t.parse().unwrap()),
        reference: None,
        paid: true,
    }
}

/// What the refunds came to, by tender, sorted.
fn refunds(shop: &Shop, number: &str) -> Vec<(String, i64)> {
    let row = shop.replica.find_return(number).unwrap().unwrap();
    let mut all: Vec<_> = row.refunds.iter().map(|r| (r.tender.to_string(), r.requested.0)).collect();
    all.sort();
    all
}

fn has(done: &ReturnDone, state: &str) -> bool {
    done.states.iter().any(|s| s == state)
}

/// As it was paid.
fn as_paid(mut request: CounterReturn) -> CounterReturn {
    request.refund = None;
    request
}

/// Three for 300.00, paid 240.00 by WeChat and 60.00 in points. Two come back, one good and one defective:
/// 160.00 go back by WeChat, 40.00 as points; one is on the shelf again, one is set apart to be repaired.
#[test]
fn paid_by_two_means_and_two_of_three_come_back() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 10);
    shop.ring_up("1001", vec![line(1, "TEA", 3000, 30_000)], &[("wechat", 24_000), ("points", 6_000)]);
    let mut request = as_paid(shop.request("1001", vec![item("TEA", 2)], "defective"));
    request.grades = vec![grade(Grade::A, 1), grade(Grade::D, 1)];
    let done = shop.replica.counter_return(&clerk(), request).unwrap();
    assert_eq!(done.entitled, Amount(20_000));
    assert_eq!(refunds(&shop, done.number.as_str()), [("points".into(), 4_000), ("wechat".into(), 16_000)]);
    assert_eq!(shop.on("TEA", Account::Sellable), Quantity::units(8));
    assert_eq!(shop.on("TEA", Account::Repair), Quantity::units(1));

    // The points go back at the counter; WeChat is HQ's to pay.
    let points = "points".parse().unwrap();
    let done = shop.replica.refund(&clerk(), done.number.as_str(), points, None, true).unwrap();
    assert_eq!((done.paid, done.queued), (Amount(4_000), Amount(16_000)));
    assert_eq!(shop.money("tender:points"), Amount(-4_000));
    assert_eq!(shop.money("net_sales"), Amount(20_000));

    // The third comes back as well: each means gives back exactly what it took.
    let last = as_paid(shop.request("1001", vec![item("TEA", 1)], "defective"));
    let last = shop.replica.counter_return(&clerk(), last).unwrap();
    assert_eq!(refunds(&shop, last.number.as_str()), [("points".into(), 2_000), ("wechat".into(), 8_000)]);
    shop.check();
}

/// What cost 100.00 goes back for something at 130.00: the customer pays 30.00. Later the other comes back
/// under the return's own number, for the 130.00 that it cost.
#[test]
fn a_hundred_exchanged_for_a_hundred_and_thirty() {
    let mut shop = Shop::open();
    shop.stock("SHIRT", Movement::Opening, 10);
    shop.stock("COAT", Movement::Opening, 10);
    shop.ring_up("1001", vec![line(1, "SHIRT", 1000, 10_000)], &[("wechat", 10_000)]);
    let request = || shop_request("too_small");
    let nobody_said = shop.replica.counter_exchange(&clerk(), request(), given("COAT", 130, None));
    assert!(
        matches!(
            nobody_said,
            Err(CommandError::TenderNeeded { difference: Amount(3_000), collect: true, .. })
        ),
        "{nobody_said:?}"
    );
    let done = shop.replica.counter_exchange(&clerk(), request(), given("COAT", 130, Some("cash"))).unwrap();
    assert!(has(&done, "exchanged"), "{:?}", done.states);
    assert_eq!((done.entitled, done.paid, done.queued), (Amount(10_000), Amount(10_000), Amount(0)));
    assert_eq!(shop.money("tender:cash"), Amount(3_000));
    assert_eq!(shop.money("net_sales"), Amount(10_000 - 13_000));
    assert_eq!(shop.on("SHIRT", Account::Sellable), Quantity::units(10));
    assert_eq!(shop.on("COAT", Account::Sellable), Quantity::units(9));

    let number = done.number.to_string();
    let mut back = shop.request(&number, vec![item("COAT", 1)], "too_large");
    back.refund = Some("cash".parse().unwrap());
    back.paid = true;
    let back = shop.replica.counter_return(&clerk(), back).unwrap();
    assert_eq!((back.entitled, back.paid), (Amount(13_000), Amount(13_000)));
    assert_eq!(shop.on("COAT", Account::Sellable), Quantity::units(10));
    let again = shop.request(&number, vec![item("COAT", 1)], "too_large");
    let again = shop.replica.counter_return(&clerk(), again);
    assert!(matches!(again, Err(CommandError::MoreThanLeft { .. })), "{again:?}");
    shop.check();
}

/// The other direction: 100.00 goes back for something at 70.00, and 30.00 in cash.
#[test]
fn a_hundred_exchanged_for_seventy() {
    let mut shop = Shop::open();
    shop.stock("SHIRT", Movement::Opening, 10);
    shop.stock("SCARF", Movement::Opening, 10);
    shop.ring_up("1001", vec![line(1, "SHIRT", 1000, 10_000)], &[("cash", 10_000)]);
    let give = given("SCARF", 70, Some("cash"));
    let done = shop.replica.counter_exchange(&clerk(), shop_request("too_small"), give).unwrap();
    assert_eq!((done.paid, done.queued), (Amount(10_000), Amount(0)));
    assert_eq!(shop.money("tender:cash"), Amount(-3_000));
    assert_eq!(shop.money("net_sales"), Amount(10_000 - 7_000));
    shop.check();
}

fn shop_request(reason: &str) -> CounterReturn {
    let here = SiteId::new("S01").unwrap();
    CounterReturn {
        site: None,
        receipt: Some(ReceiptId::parse("1001", Some(&here)).unwrap()),
        receipt_code: None,
        channel: guicang_domain::returns::Channel::Store,
        customer: None,
        contact: None,
        items: vec![item("SHIRT", 1)],
        reason: reason.parse().unwrap(),
        note: None,
        goods_here: true,
        grades: vec![grade(Grade::A, 1)],
        tags: None,
        refund: None,
        paid: false,
    }
}

/// 0.486 kg were paid 6.22; 0.470 kg come back. Within the tolerance of 0.020 kg the return closes the line:
/// 6.22 go back, and the 0.016 kg that dried away are a variance, not left to return.
#[test]
fn what_was_weighed_comes_back_lighter() {
    let mut shop = Shop::at_hq();
    shop.weighed("HAM", 20);
    shop.stock("HAM", Movement::Opening, 10);
    shop.ring_up("1001", vec![line(1, "HAM", 486, 622)], &[("cash", 622)]);
    let mut request = shop.request("1001", vec![item("HAM", 1)], "defective");
    request.items[0].quantity = Quantity(470);
    request.grades = vec![grade(Grade::A, 1)];
    request.grades[0].quantity = Quantity(470);
    let done = shop.replica.counter_return(&clerk(), request).unwrap();
    assert_eq!(done.entitled, Amount(622));
    assert_eq!(shop.on("HAM", Account::Sellable), Quantity(10_000 - 486 + 470));
    assert_eq!(shop.on("HAM", Account::Variance), Quantity(16));
    assert_eq!(shop.on("HAM", Account::Customer), Quantity::ZERO);
    let shown = shop.replica.receipt(&receipt("S01/1001")).unwrap().unwrap();
    assert_eq!(shown.lines[0].left(), Quantity::ZERO);
    shop.check();
}

/// Beyond the tolerance it is a part of the line like any other.
#[test]
fn what_is_lighter_than_the_tolerance_is_a_part() {
    let mut shop = Shop::at_hq();
    shop.weighed("HAM", 10);
    shop.stock("HAM", Movement::Opening, 10);
    shop.ring_up("1001", vec![line(1, "HAM", 486, 622)], &[("cash", 622)]);
    let mut request = shop.request("1001", vec![item("HAM", 1)], "defective");
    request.items[0].quantity = Quantity(470);
    request.grades.clear();
    let done = shop.replica.counter_return(&clerk(), request).unwrap();
    assert_eq!(done.entitled, Amount(601));
    shop.check();
}

/// No receipt: the lowest price that was paid lately, as store credit. The receipt is found a day later and
/// shows that the customer had paid more: the rest falls due.
#[test]
fn no_receipt_and_then_it_is_found() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 10);
    shop.ring_up("1001", vec![line(1, "TEA", 1000, 10_000)], &[("wechat", 10_000)]);
    shop.ring_up("1002", vec![line(1, "TEA", 2000, 16_000)], &[("cash", 16_000)]);
    let mut request = as_paid(shop.request("1001", vec![item("TEA", 1)], "changed_mind"));
    request.receipt = None;
    let mut in_cash = request.clone();
    in_cash.refund = Some("cash".parse().unwrap());
    let in_cash = shop.replica.counter_return(&clerk(), in_cash);
    assert!(matches!(in_cash, Err(CommandError::NeedsManager { .. })), "{in_cash:?}");
    let done = shop.replica.counter_return(&clerk(), request).unwrap();
    assert_eq!((done.entitled, done.paid), (Amount(8_000), Amount(8_000)));
    assert!(has(&done, "store_credit") && !done.verified, "{:?}", done.states);
    assert_eq!(shop.money("store_credit"), Amount(-8_000));

    shop.later(86_400_000);
    let number = done.number.to_string();
    let linked = shop.replica.link_return(&clerk(), &number, &receipt("S01/1001")).unwrap();
    assert!(linked.verified);
    assert_eq!((linked.entitled, linked.paid), (Amount(10_000), Amount(8_000)));
    let settled = shop.replica.refund_as_paid(&clerk(), &number, false).unwrap();
    assert_eq!(settled.queued, Amount(2_000));
    // It is judged with that sale's other returns: nothing of it is left.
    let again = shop.request("1001", vec![item("TEA", 1)], "defective");
    let again = shop.replica.counter_return(&clerk(), again);
    assert!(matches!(again, Err(CommandError::MoreThanLeft { .. })), "{again:?}");
    shop.check();
}

/// Bought for 200.00 with a free gift of list price 30.00. The purchase comes back and the gift stays: 170.00
/// go back, and 30.00 are shown as what they are.
#[test]
fn the_gift_is_kept() {
    let mut shop = Shop::open();
    shop.stock("KETTLE", Movement::Opening, 10);
    shop.stock("CUP", Movement::Opening, 10);
    let in_group = |mut l: SaleLine, list: i64| {
        l.group = Some(1);
        l.list_price = Some(UnitPrice(list * 10_000));
        l
    };
    let lines = vec![in_group(line(1, "KETTLE", 1000, 20_000), 200), in_group(line(2, "CUP", 1000, 0), 30)];
    shop.ring_up("1001", lines, &[("cash", 20_000)]);
    let both = shop.request("1001", vec![item("KETTLE", 1), item("CUP", 1)], "changed_mind");
    let mut kettle = shop.request("1001", vec![item("KETTLE", 1)], "changed_mind");
    kettle.refund = Some("cash".parse().unwrap());
    kettle.paid = true;
    let done = shop.replica.counter_return(&clerk(), kettle).unwrap();
    assert_eq!((done.entitled, done.paid), (Amount(17_000), Amount(17_000)));
    assert_eq!(shop.money("deduction"), Amount(-3_000));
    assert_eq!(shop.money("net_sales"), Amount(20_000));
    shop.check();

    // With the gift in hand nothing is taken off.
    let mut other = Shop::open();
    other.stock("KETTLE", Movement::Opening, 10);
    let lines = vec![in_group(line(1, "KETTLE", 1000, 20_000), 200), in_group(line(2, "CUP", 1000, 0), 30)];
    other.ring_up("1001", lines, &[("cash", 20_000)]);
    assert_eq!(other.replica.counter_return(&clerk(), both).unwrap().entitled, Amount(20_000));
    other.check();
}

/// Refunded without the goods: they are on nobody's shelf, and nothing of them is left to return. A manager
/// has to say so.
#[test]
fn the_customer_keeps_the_goods() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 10);
    shop.ring_up("1001", vec![line(1, "TEA", 2000, 5_000)], &[("wechat", 5_000)]);
    let request = as_paid(shop.request("1001", vec![item("TEA", 2)], "damaged"));
    let alone = shop.replica.waived_return(&clerk(), request.clone());
    assert!(matches!(alone, Err(CommandError::ManagerOnly { .. })), "{alone:?}");
    let done = shop.replica.waived_return(&with_manager(), request).unwrap();
    assert_eq!((done.entitled, done.queued), (Amount(5_000), Amount(5_000)));
    assert!(has(&done, "waived"), "{:?}", done.states);
    assert_eq!(shop.on("TEA", Account::Waived), Quantity::units(2));
    assert_eq!(shop.on("TEA", Account::Sellable), Quantity::units(8));
    shop.check();
}

/// Two at 50.00 each with a flaw: 20.00 off. When one of them comes back all the same, it is worth 40.00.
#[test]
fn money_off_and_the_goods_stay() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 10);
    shop.ring_up("1001", vec![line(1, "TEA", 2000, 10_000)], &[("cash", 10_000)]);
    let mut request = shop.request("1001", vec![item("TEA", 2)], "stained");
    request.refund = Some("cash".parse().unwrap());
    request.paid = true;
    let too_much = shop.replica.allowance(&with_manager(), request.clone(), Amount(10_001));
    assert!(matches!(too_much, Err(CommandError::MoreThanOwed { .. })), "{too_much:?}");
    let off = shop.replica.allowance(&with_manager(), request, Amount(2_000)).unwrap();
    assert_eq!((off.entitled, off.paid), (Amount(2_000), Amount(2_000)));
    assert!(has(&off, "allowed") && !has(&off, "received"), "{:?}", off.states);
    assert_eq!(shop.on("TEA", Account::Sellable), Quantity::units(8));

    let one = shop.request("1001", vec![item("TEA", 1)], "stained");
    let one = shop.replica.counter_return(&clerk(), one).unwrap();
    assert_eq!((one.entitled, one.queued), (Amount(4_000), Amount(4_000)));
    shop.check();
}

/// By post: opened on the phone, approved, told where to send, two parcels, the second without its charger.
#[test]
fn by_post_in_two_parcels() {
    let mut shop = Shop::open();
    shop.stock("RADIO", Movement::Opening, 10);
    shop.ring_up("1001", vec![line(1, "RADIO", 2000, 40_000)], &[("wechat", 40_000)]);
    let mut request = as_paid(shop.request("1001", vec![item("RADIO", 2)], "changed_mind"));
    request.channel = guicang_domain::returns::Channel::Phone;
    let opened = shop.replica.open_return(&clerk(), request, false).unwrap();
    assert_eq!(opened.states, ["requested"]);
    let number = opened.number.to_string();
    let early = shop.replica.receive(&clerk(), &number, &[]);
    assert!(matches!(early, Err(CommandError::IllegalMove { .. })), "{early:?}");

    shop.replica.ask_information(&clerk(), &number, "照片").unwrap();
    let back = shop.replica.request_return(&clerk(), &number).unwrap();
    assert_eq!(back.states, ["requested"]);
    let approved = shop.replica.approve_return(&with_manager(), &number).unwrap();
    assert_eq!(approved.states, ["approved"]);
    let homeless = shop.replica.await_goods(&clerk(), &number, Some(14));
    assert!(matches!(homeless, Err(CommandError::Value { field: "return address", .. })), "{homeless:?}");
    shop.replica.parcel_sent(&clerk(), &number, "顺丰", "SF1").unwrap();
    let sent = shop.replica.parcel_sent(&clerk(), &number, "顺丰", "SF2").unwrap();
    assert_eq!(sent.states, ["awaiting_goods"]);

    let one = [guicang_replica::Receive {
        sku: Some("RADIO".into()),
        quantity: Some(Quantity::units(1)),
        place: String::new(),
    }];
    let first = shop.replica.receive_parcel(&clerk(), &number, &one, "SF1").unwrap();
    assert_eq!(first.states, ["awaiting_goods", "part_received", "received"]);
    let cancelled = shop.replica.cancel_return(&clerk(), &number);
    assert!(matches!(cancelled, Err(CommandError::IllegalMove { .. })), "{cancelled:?}");
    shop.replica.receive_parcel(&clerk(), &number, &one, "SF2").unwrap();
    let parcels = shop.replica.find_return(&number).unwrap().unwrap().parcels;
    assert!(parcels.iter().all(|p| p.arrived.is_some()), "{parcels:?}");

    shop.replica.inspect(&clerk(), &number, &[grade(Grade::A, 1)]).unwrap();
    let mut found = grade(Grade::B, 1);
    found.reason_found = Some("missing_part".parse().unwrap());
    let charger = [Missing { what: "充电器".into(), price: Some(Amount(2_500)) }];
    let done = shop.replica.inspect_missing(&clerk(), &number, &[found], &charger).unwrap();
    assert_eq!(done.entitled, Amount(37_500));
    assert_eq!(shop.money("deduction"), Amount(-2_500));
    let owed = shop.replica.close_return(&clerk(), &number);
    assert!(matches!(owed, Err(CommandError::StillOwed { due: Amount(37_500), .. })), "{owed:?}");
    shop.check();
}

/// What isn't what the customer said goes back to them: nothing is owed, and nothing counts as returned.
#[test]
fn goods_are_given_back() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 10);
    shop.ring_up("1001", vec![line(1, "TEA", 2000, 5_000)], &[("cash", 5_000)]);
    let mut request = as_paid(shop.request("1001", vec![item("TEA", 2)], "defective"));
    request.grades = vec![grade(Grade::A, 1), grade(Grade::B, 1)];
    request.grades[1].disposition = Some(Disposition::GiveBack);
    let done = shop.replica.counter_return(&clerk(), request).unwrap();
    assert_eq!((done.entitled, done.queued), (Amount(2_500), Amount(2_500)));
    assert!(has(&done, "given_back"), "{:?}", done.states);
    assert_eq!(shop.on("TEA", Account::Customer), Quantity::units(1));
    shop.check();
}

/// Store credit is spent out of the branch's own share, however the branches are cut off from each other.
#[test]
fn store_credit_is_shared_before_it_is_spent() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 10);
    shop.ring_up("1001", vec![line(1, "TEA", 1000, 10_000)], &[("cash", 10_000)]);
    let mut request = shop.request("1001", vec![item("TEA", 1)], "changed_mind");
    request.refund = Some("credit".parse().unwrap());
    let number = shop.replica.counter_return(&clerk(), request).unwrap().number.to_string();
    shop.replica.spend_credit(&clerk(), &number, Amount(2_500), None).unwrap();
    let more = shop.replica.spend_credit(&clerk(), &number, Amount(7_501), None);
    assert!(
        matches!(more, Err(CommandError::BeyondShare { share: Amount(7_500), left: Amount(7_500), .. })),
        "{more:?}"
    );
    let nowhere = shop.replica.share_credit(&clerk(), &number, &"S99".parse().unwrap(), Amount(1));
    assert!(matches!(nowhere, Err(CommandError::UnknownSite { .. })), "{nowhere:?}");
    assert_eq!(shop.money("store_credit"), Amount(-7_500));
    assert_eq!(shop.money("tender:credit"), Amount(-2_500));
    let credit = shop.replica.find_return(&number).unwrap().unwrap().credit;
    assert_eq!((credit.issued, credit.left()), (Amount(10_000), Amount(7_500)));
    shop.check();
}

/// A customer's own radio is here to be repaired: on no shelf and in no account, nothing is owed for it, and
/// what the customer pays for the work is a sale.
#[test]
fn a_customers_own_goods_are_repaired() {
    let mut shop = Shop::open();
    shop.stock("RADIO", Movement::Opening, 10);
    let mut request = shop.request("1001", vec![item("OLD RADIO", 1)], "defective");
    request.receipt = None;
    let unknown = shop.replica.counter_return(&clerk(), request.clone());
    assert!(unknown.is_err(), "{unknown:?}");
    let taken = shop.replica.take_for_repair(&clerk(), request).unwrap();
    assert_eq!((taken.states.as_slice(), taken.entitled), (["in_repair".to_owned()].as_slice(), Amount(0)));
    assert!(shop.replica.exceptions(&Default::default()).unwrap().is_empty());
    let fee = Collected { tender: "cash".parse().unwrap(), amount: Amount(3_500), reference: None };
    let done = shop.replica.hand_back(&clerk(), taken.number.as_str(), "换了电容", Some(fee)).unwrap();
    assert_eq!(done.states, ["repaired"]);
    assert_eq!(shop.money("tender:cash"), Amount(3_500));
    assert_eq!(shop.money("net_sales"), Amount(-3_500));
    let closed = shop.replica.close_return(&clerk(), taken.number.as_str()).unwrap();
    assert_eq!(closed.states, ["repaired", "closed"]);
    shop.check();
}

/// Entered by mistake and reversed: stock, money and what is left to return are as if it had never been, and
/// both the entry and its reversal stay.
#[test]
fn what_is_reversed_moves_nothing() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 10);
    shop.ring_up("1001", vec![line(1, "TEA", 2000, 5_000)], &[("cash", 5_000)]);
    let mut request = shop.request("1001", vec![item("TEA", 2)], "defective");
    request.refund = Some("cash".parse().unwrap());
    request.paid = true;
    let number = shop.replica.counter_return(&clerk(), request.clone()).unwrap().number.to_string();
    let alone = shop.replica.reverse_return(&clerk(), &number, None);
    assert!(matches!(alone, Err(CommandError::ManagerOnly { .. })), "{alone:?}");
    let reversed = shop.replica.reverse_return(&with_manager(), &number, None).unwrap();
    assert_eq!(reversed.states, ["reversed"]);
    assert_eq!((reversed.entitled, reversed.paid), (Amount(0), Amount(0)));
    assert_eq!(shop.on("TEA", Account::Sellable), Quantity::units(8));
    assert_eq!(shop.money("tender:cash"), Amount(0));
    let twice = shop.replica.reverse_return(&with_manager(), &number, None);
    assert!(matches!(twice, Err(CommandError::IllegalMove { .. })), "{twice:?}");
    // The goods can come back for good.
    assert_eq!(shop.replica.counter_return(&clerk(), request).unwrap().entitled, Amount(5_000));
    shop.check();
}

/// A rejection that the customer disputes is decided again; nobody decides twice otherwise, nor on their own
/// request.
#[test]
fn a_rejection_is_disputed() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 10);
    shop.ring_up("1001", vec![line(1, "TEA", 2000, 5_000)], &[("cash", 5_000)]);
    let request = shop.request("1001", vec![item("TEA", 2)], "changed_mind");
    let number = shop.replica.open_return(&clerk(), request, true).unwrap().number.to_string();
    let early = shop.replica.approve_return(&with_manager(), &number);
    assert!(matches!(early, Err(CommandError::IllegalMove { .. })), "a draft isn't approved: {early:?}");
    shop.replica.request_return(&clerk(), &number).unwrap();
    let own = shop.replica.reject_return(&clerk(), &number, Vec::new());
    assert!(matches!(own, Err(CommandError::ManagerOnly { .. })), "{own:?}");
    let rejected = shop.replica.reject_return(&with_manager(), &number, vec!["worn".into()]).unwrap();
    assert_eq!(rejected.states, ["rejected"]);
    let twice = shop.replica.approve_return(&with_manager(), &number);
    assert!(matches!(twice, Err(CommandError::IllegalMove { .. })), "{twice:?}");
    shop.replica.dispute_return(&clerk(), &number, "没有穿过").unwrap();
    let again = shop.replica.approve_return(&with_manager(), &number).unwrap();
    assert_eq!(again.states, ["approved"]);
    assert!(shop.replica.exceptions(&Default::default()).unwrap().is_empty(), "no conflict");
    let cancelled = shop.replica.cancel_return(&clerk(), &number).unwrap();
    assert_eq!(cancelled.states, ["cancelled"]);
    shop.check();
}

/// A coat of 100.00 comes back by post and is refunded in cash. The parcel cost 12.00, which the company bears;
/// a repair cost 80.00, which the supplier bears, and was typed twice: the second is taken back, once a manager
/// agrees. The customer's refund is what it was; the losses are 12.00 and 80.00, and money is in balance.
#[test]
fn what_a_return_cost_is_borne_by_somebody() {
    let mut shop = Shop::open();
    shop.stock("COAT", Movement::Opening, 10);
    shop.ring_up("1001", vec![line(1, "COAT", 1000, 10_000)], &[("cash", 10_000)]);
    let mut request = shop.request("1001", vec![item("COAT", 1)], "defective");
    request.refund = Some("cash".parse().unwrap());
    request.paid = true;
    let number = shop.replica.counter_return(&clerk(), request).unwrap().number.to_string();
    let cost = |kind, amount, owner: &str| Cost {
        kind,
        amount: Amount(amount),
        owner: owner.parse().unwrap(),
        note: None,
    };
    let nothing = shop.replica.add_cost(&clerk(), &number, cost(CostKind::Fee, 0, "company"));
    assert!(matches!(nothing, Err(CommandError::Value { .. })), "{nothing:?}");
    let nowhere = shop.replica.add_cost(&clerk(), &number, cost(CostKind::Fee, 100, "site:S99"));
    assert!(matches!(nowhere, Err(CommandError::UnknownSite { .. })), "{nowhere:?}");
    shop.replica.add_cost(&clerk(), &number, cost(CostKind::Carriage, 1_200, "company")).unwrap();
    for _ in 0..2 {
        shop.replica.add_cost(&clerk(), &number, cost(CostKind::Repair, 8_000, "supplier:Factory")).unwrap();
    }
    assert_eq!(shop.money("loss:supplier:Factory"), Amount(16_000));

    let alone = shop.replica.take_cost_back(&clerk(), &number, "3");
    assert!(matches!(alone, Err(CommandError::ManagerOnly { what: Move::Cost, .. })), "{alone:?}");
    let agreed = By { approved_by: Some("wang".parse().unwrap()), ..clerk() };
    let fourth = shop.replica.take_cost_back(&agreed, &number, "4");
    assert!(matches!(fourth, Err(CommandError::Value { .. })), "{fourth:?}");
    let done = shop.replica.take_cost_back(&agreed, &number, "3").unwrap();
    assert_eq!((done.entitled, done.paid), (Amount(10_000), Amount(10_000)));
    let row = shop.replica.find_return(&number).unwrap().unwrap();
    assert_eq!(row.costs.len(), 2);
    for (account, amount) in [
        ("loss:company", 1_200),
        ("loss:supplier:Factory", 8_000),
        ("cost:carriage", -1_200),
        ("cost:repair", -8_000),
    ] {
        assert_eq!(shop.money(account), Amount(amount), "{account}");
    }
    let lost: i64 = shop.replica.losses(None).unwrap().iter().map(|loss| loss.amount.0).sum();
    assert_eq!(lost, 9_200);

    // Once the return is over, a carrier's bill still comes; once it is reversed, nothing does.
    shop.replica.close_return(&clerk(), &number).unwrap();
    shop.replica.add_cost(&clerk(), &number, cost(CostKind::Carriage, 300, "company")).unwrap();
    shop.replica.reverse_return(&agreed, &number, None).unwrap();
    let over = shop.replica.add_cost(&clerk(), &number, cost(CostKind::Carriage, 300, "company"));
    assert!(matches!(over, Err(CommandError::IllegalMove { .. })), "{over:?}");
    assert_eq!(shop.money("loss:company"), Amount(0));
    shop.check();
}
