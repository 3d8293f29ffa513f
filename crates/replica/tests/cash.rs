//! The cash book of a branch: what is counted, what should be there, and what comes late.

mod shop;

use guicang_domain::adjustment::Movement;
use guicang_domain::cash::{CashReason, CashWay};
use guicang_domain::ids::{ReceiptLineId, Tender};
use guicang_domain::money::UnitPrice;
use guicang_domain::money::{Amount, Currency};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::{Collected, Grade};
use guicang_domain::sale::{PaidBy, Receipt, SaleBatch, SaleLine};
use guicang_domain::time::{Moment, Occurred, Zone};
use guicang_replica::{
    By, CashFilter, CashMistake, CashMoved, CashOpen, CommandError, ImportBatch, WhichShift,
};
use guicang_replica::{Given, Item};
use shop::{Shop, clerk, grade, item};

const HOUR: i64 = 3_600_000;

fn open(till: Option<&str>, counted: i64) -> CashOpen {
    CashOpen {
        site: None,
        till: till.map(|t| t.parse().unwrap()),
        shift: Some("早班".into()),
        date: None,
        counted: Amount(counted),
    }
}

fn moved(way: CashWay, amount: i64, reason: CashReason) -> CashMoved {
    CashMoved { way, amount: Amount(amount), reason, note: None }
}

fn at(ms: i64) -> By {
    By { occurred: Some(Occurred { at: Moment(ms), zone: Zone::SHANGHAI }), ..clerk() }
}

/// A receipt of one TEA, paid partly in cash and partly by WeChat, at a till.
fn sell(shop: &mut Shop, number: &str, till: Option<&str>, ms: i64, cash: i64, wechat: i64) {
    let line = SaleLine::new(
        ReceiptLineId::of_number(1),
        "TEA".parse().unwrap(),
        Quantity::units(1),
        Amount(cash + wechat),
    );
    let paid = |tender: Tender, amount| PaidBy { tender, amount: Amount(amount), reference: None };
    let receipt = Receipt {
        till: till.map(|t| t.parse().unwrap()),
        number: number.parse().unwrap(),
        occurred: Moment(ms),
        customer: None,
        cashier: None,
        lines: vec![line],
        tenders: vec![paid(Tender::cash(), cash), paid("wechat".parse().unwrap(), wechat)],
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

fn refund_in_cash(shop: &mut Shop, receipt: &str, by: &By) -> String {
    let mut request = shop.request(receipt, vec![item("TEA", 1)], "defective");
    request.grades = vec![grade(Grade::A, 1)];
    request.refund = Some(Tender::cash());
    request.paid = true;
    shop.replica.counter_return(by, request).unwrap().number.to_string()
}

/// Opened with 500.00; sold for 80.00 and 20.00 in cash (and 30.00 by WeChat, which is not in the
/// drawer); 100.00 of change put in, 400.00 brought to the bank, 20.00 refunded: 280.00 should be there.
/// 279.50 is: 0.50 short, posted to `cash_difference`, and the books of cash say what was counted.
#[test]
fn what_should_be_in_the_drawer_and_what_is() {
    let mut shop = Shop::open();
    let start = 1_790_000_000_000;
    shop.stock("TEA", Movement::Opening, 10);
    sell(&mut shop, "1000", None, start - HOUR, 7777, 0);
    shop.replica.cash_open(&at(start), open(None, 50_000)).unwrap();
    sell(&mut shop, "1001", None, start + HOUR, 8000, 0);
    sell(&mut shop, "1002", None, start + 2 * HOUR, 2000, 3000);
    let here = WhichShift::default();
    shop.replica.cash_move(&clerk(), &here, moved(CashWay::In, 10_000, CashReason::Change)).unwrap();
    shop.replica.cash_move(&clerk(), &here, moved(CashWay::Out, 40_000, CashReason::Deposit)).unwrap();
    // The sale of 50.00 comes back; 20.00 of it was cash, and 20.00 goes out as cash.
    let mut request = shop.request("1002", vec![item("TEA", 1)], "defective");
    request.refund = None;
    request.paid = true;
    request.grades = vec![grade(Grade::A, 1)];
    shop.replica.counter_return(&at(start + 3 * HOUR), request).unwrap();

    let shift = shop.replica.cash_close(&at(start + 8 * HOUR), &here, Amount(27_950)).unwrap();
    assert_eq!((shift.now.sales, shift.now.receipts), (Amount(10_000), 2));
    assert_eq!(shift.now.refunds, Amount(2000));
    assert_eq!(shift.expected(), Amount(28_000));
    assert_eq!(shift.difference(), Some(Amount(-50)));
    assert_eq!(shift.difference_at_close(), Some(Amount(-50)));
    shop.check();

    let again = shop.replica.cash_close(&clerk(), &here, Amount(1));
    assert!(matches!(again, Err(CommandError::NoShift { .. })), "{again:?}");
    let named = WhichShift { number: Some(shift.number.to_string()), ..here };
    let again = shop.replica.cash_move(&clerk(), &named, moved(CashWay::In, 1, CashReason::Change));
    assert!(matches!(again, Err(CommandError::ShiftClosed { .. })), "{again:?}");
}

/// A refund that is entered after the close, of a time within the shift, is an addendum to it: the close
/// keeps what it saw, what is so now is 30.00 less, and so the drawer was 30.00 over, not right.
#[test]
fn a_late_refund_belongs_to_its_own_shift() {
    let mut shop = Shop::open();
    let start = 1_790_000_000_000;
    shop.stock("TEA", Movement::Opening, 10);
    shop.replica.cash_open(&at(start), open(Some("1"), 20_000)).unwrap();
    sell(&mut shop, "1001", Some("1"), start + HOUR, 3000, 0);
    sell(&mut shop, "1002", Some("1"), start + HOUR, 5000, 0);
    let till = WhichShift { till: Some("1".parse().unwrap()), ..WhichShift::default() };
    let morning = shop.replica.cash_close(&at(start + 8 * HOUR), &till, Amount(28_000)).unwrap();
    assert_eq!(morning.difference(), Some(Amount(0)));
    shop.replica.cash_open(&at(start + 8 * HOUR), open(Some("1"), 28_000)).unwrap();

    let number = refund_in_cash(&mut shop, "S01/1/1001", &at(start + 2 * HOUR));
    let shifts = shop.replica.cash_shifts(&CashFilter::default()).unwrap();
    let [morning, evening] = &shifts[..] else { panic!("{shifts:?}") };
    assert_eq!(morning.difference_at_close(), Some(Amount(0)));
    assert_eq!(morning.difference(), Some(Amount(3000)));
    let late: Vec<_> = morning.payments.iter().map(|p| (p.number.as_str(), p.amount, p.late)).collect();
    assert_eq!(late, [(number.as_str(), Amount(3000), true)]);
    assert_eq!(evening.now.refunds, Amount(0));
    shop.check();
}

#[test]
fn a_drawer_has_one_shift_at_a_time_and_amounts_are_amounts() {
    let mut shop = Shop::open();
    shop.replica.cash_open(&clerk(), open(Some("1"), 0)).unwrap();
    shop.later(1000);
    let digest = shop.replica.digest().unwrap();
    let twice = shop.replica.cash_open(&clerk(), open(Some("1"), 0));
    assert!(matches!(twice, Err(CommandError::ShiftOpen { .. })), "{twice:?}");
    let negative = shop.replica.cash_open(&clerk(), open(Some("2"), -1));
    assert!(matches!(negative, Err(CommandError::Value { field: "counted", .. })), "{negative:?}");
    let none =
        shop.replica.cash_move(&clerk(), &WhichShift::default(), moved(CashWay::In, 0, CashReason::Change));
    assert!(matches!(none, Err(CommandError::Value { field: "amount", .. })), "{none:?}");
    let other =
        shop.replica.cash_move(&clerk(), &WhichShift::default(), moved(CashWay::In, 5, CashReason::Other));
    assert!(matches!(other, Err(CommandError::Value { field: "note", .. })), "{other:?}");
    let before = shop.replica.cash_close(&at(1), &WhichShift::default(), Amount(0));
    assert!(matches!(before, Err(CommandError::Value { field: "time", .. })), "{before:?}");
    assert_eq!(shop.replica.digest().unwrap(), digest, "a refused command changes nothing");
    shop.replica.cash_open(&clerk(), open(Some("2"), 0)).unwrap();
    let which = shop.replica.cash_close(&clerk(), &WhichShift::default(), Amount(0));
    assert!(matches!(&which, Err(CommandError::SeveralShifts { found }) if found.len() == 2), "{which:?}");
    shop.check();
}

/// Goods that came on Monday 21 September 2026 (Shanghai): seven working days on, past the Mid-autumn
/// and National holidays, is Thursday 8 October. On the 12th it is four days late.
#[test]
fn a_refund_is_late_by_the_calendar() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 10);
    shop.sell("1001", &[("TEA", 1, 3000)]);
    let request = shop.request("1001", vec![item("TEA", 1)], "defective");
    let number = shop.replica.counter_return(&clerk(), request).unwrap().number;
    let on = |day: &str| Some(day.parse().unwrap());
    let due = shop.replica.refunds_due(on("2026-10-08")).unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!(
        (due[0].arrived.to_string(), due[0].due_by.to_string()),
        ("2026-09-21".into(), "2026-10-08".into())
    );
    assert_eq!((due[0].overdue_days, due[0].owed), (0, Amount(3000)));
    assert!(due[0].calendar_known);
    assert_eq!(shop.replica.refunds_due(on("2026-10-12")).unwrap()[0].overdue_days, 4);
    shop.replica.refund(&clerk(), number.as_str(), Tender::cash(), None, true).unwrap_err();
    shop.replica.refund(&clerk(), number.as_str(), "wechat".parse().unwrap(), None, true).unwrap();
    assert_eq!(shop.replica.refunds_due(None).unwrap(), []);
}

/// Opened with 100.00; 50.00 of change was put in, and typed twice; closed with 150.00 counted, which seems
/// 50.00 short. The second movement is taken back: it is even. The close is taken back as well and made anew
/// with 149.00: 1.00 short. Nothing was deleted: the document has every event, with the reasons.
#[test]
fn what_was_mistaken_is_taken_back() {
    let mut shop = Shop::open();
    let start = 1_790_000_000_000;
    let number = shop.replica.cash_open(&at(start), open(None, 10_000)).unwrap().number;
    let here = WhichShift::default();
    for _ in 0..2 {
        let change = moved(CashWay::In, 5_000, CashReason::Change);
        shop.replica.cash_move(&at(start + HOUR), &here, change).unwrap();
    }
    let row = shop.replica.cash_close(&at(start + 2 * HOUR), &here, Amount(15_000)).unwrap();
    assert_eq!(row.difference(), Some(Amount(-5_000)));

    let movement = |n: &str| CashMistake::Movement(n.into());
    let third = shop.replica.cash_reverse(&clerk(), number.as_str(), &movement("3"), "typed twice");
    assert!(matches!(third, Err(CommandError::Value { .. })), "{third:?}");
    let silent = shop.replica.cash_reverse(&clerk(), number.as_str(), &movement("2"), "  ");
    assert!(matches!(silent, Err(CommandError::Value { .. })), "{silent:?}");
    let row =
        shop.replica.cash_reverse(&clerk(), number.as_str(), &movement("2"), "typed twice").unwrap().row;
    let row = row.unwrap();
    assert_eq!((row.moves.len(), row.difference()), (1, Some(Amount(0))));
    assert_eq!(row.difference_at_close(), Some(Amount(-5_000)), "the close saw what it saw");

    shop.replica.cash_reverse(&clerk(), number.as_str(), &CashMistake::Close, "coins forgotten").unwrap();
    let row = shop.replica.cash_close(&at(start + 3 * HOUR), &here, Amount(14_900)).unwrap();
    assert_eq!(row.difference(), Some(Amount(-100)));

    // The drawer has begun its next shift: that close stays.
    let next = shop.replica.cash_open(&at(start + 4 * HOUR), open(None, 0)).unwrap().number;
    let late = shop.replica.cash_reverse(&clerk(), number.as_str(), &CashMistake::Close, "again");
    assert!(
        matches!(&late, Err(CommandError::ShiftOpen { number }) if *number == next.to_string()),
        "{late:?}"
    );

    // The next one was a mistake as a whole.
    let all = shop.replica.cash_reverse(&clerk(), next.as_str(), &CashMistake::All, "wrong till").unwrap();
    assert!(all.row.is_none());
    let gone = shop.replica.find_shift(next.as_str());
    assert!(matches!(gone, Err(CommandError::ShiftReversed { .. })), "{gone:?}");
    assert_eq!(shop.replica.cash_shifts(&CashFilter::default()).unwrap().len(), 1);
    shop.check();
}

/// Two tills, a device each shift: what a customer pays for an exchange, and gets back for another, is in the
/// drawer of the device that did it. Opened with 100.00 at till 1: a COAT of 130.00 for goods of 100.00 brings
/// 30.00, a SCARF of 70.00 for goods of 100.00 costs 30.00, and a repair brings 35.00: 135.00 should be there.
#[test]
fn exchanges_and_repairs_are_in_the_drawer() {
    let mut shop = Shop::open();
    for sku in ["SHIRT", "COAT", "SCARF"] {
        shop.stock(sku, Movement::Opening, 10);
    }
    for receipt in ["1", "2"] {
        shop.sell(receipt, &[("SHIRT", 1, 10_000)]);
    }
    shop.replica.cash_open(&clerk(), open(Some("1"), 10_000)).unwrap();
    shop.later(HOUR);
    let given = |sku: &str, price: i64| Given {
        items: vec![Item {
            sku: sku.into(),
            quantity: Quantity::units(1),
            price: Some(UnitPrice(price * 10_000)),
        }],
        rung: None,
        tender: Some(Tender::cash()),
        reference: None,
        paid: true,
    };
    for (receipt, give) in [("1", given("COAT", 130)), ("2", given("SCARF", 70))] {
        let request = shop.request(receipt, vec![item("SHIRT", 1)], "too_small");
        shop.replica.counter_exchange(&clerk(), request, give).unwrap();
    }
    let mut request = shop.request("3", vec![item("OLD RADIO", 1)], "defective");
    request.receipt = None;
    let radio = shop.replica.take_for_repair(&clerk(), request).unwrap().number;
    let fee = Collected { tender: Tender::cash(), amount: Amount(3_500), reference: None };
    shop.replica.hand_back(&clerk(), radio.as_str(), "换了电容", Some(fee)).unwrap();
    let row = shop.replica.cash_shifts(&CashFilter::default()).unwrap().remove(0);
    assert_eq!((row.now.sales, row.now.receipts, row.now.refunds), (Amount(6_500), 2, Amount(3_000)));
    assert_eq!(row.expected(), Amount(13_500));
    shop.check();
}
