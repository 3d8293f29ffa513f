//! Money as a chain lives it: drawers that two devices share, red invoices by hand-computed amounts,
//! losses and who bears them, and a provider's statement.

use guicang_domain::cash::{CashReason, CashWay};
use guicang_domain::ids::{ReceiptLineId, Tender};
use guicang_domain::invoice::RedState;
use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;
use guicang_domain::resolution::{Action, LossOwner};
use guicang_domain::sale::{PaidBy, Receipt, SaleLine};
use guicang_domain::time::{Moment, Occurred, Zone};
use guicang_replica::{
    CashFilter, CashMoved, CashOpen, CashShiftRow, ExceptionFilter, RedInvoiceRow, Resolve, WhichShift,
};
use guicang_server::hq::invoicing::{RedRun, SimulatedInvoices, run};
use guicang_server::relay::lease::Holder;
use guicang_server::relay::link::LocalLink;

use crate::chain::{Chain, Desk, clerk, item, request};
use crate::programs::{Branch, Headquarters, words};

const HOUR: i64 = 3_600_000;

/// A receipt of TEA at 100.00 each with 13 % tax in it, paid in cash at a till, invoiced or not.
fn receipt(number: &str, till: Option<&str>, at: Moment, units: i64, invoice: Option<&str>) -> Receipt {
    let paid = Amount(units * 10_000);
    let mut line =
        SaleLine::new(ReceiptLineId::of_number(1), "TEA".parse().unwrap(), Quantity::units(units), paid);
    line.name = Some("龙井".into());
    line.spec = Some("250g".into());
    line.tax_rate = Some(1300);
    line.tax_code = Some("1030302010000000000".into());
    Receipt {
        till: till.map(|t| t.parse().unwrap()),
        number: number.parse().unwrap(),
        occurred: at,
        customer: None,
        cashier: None,
        lines: vec![line],
        tenders: vec![PaidBy { tender: Tender::cash(), amount: paid, reference: None }],
        invoice: invoice.map(Into::into),
    }
}

fn open(desk: &mut Desk, till: &str, counted: i64) -> CashShiftRow {
    let open = CashOpen {
        site: None,
        till: Some(till.parse().unwrap()),
        shift: None,
        date: None,
        counted: Amount(counted),
    };
    desk.replica.cash_open(&clerk(), open).unwrap()
}

fn at_till(till: &str) -> WhichShift {
    WhichShift { till: Some(till.parse().unwrap()), ..WhichShift::default() }
}

fn shifts(desk: &Desk) -> Vec<CashShiftRow> {
    desk.replica.cash_shifts(&CashFilter::default()).unwrap()
}

/// A day at S01 with two devices and one drawer, both offline: A opens it with 200.00, sells for 100.00
/// and 300.00 in cash, brings 250.00 to the bank, and closes it at 250.00, which is right. B refunded
/// 100.00 in cash from that drawer at noon, and nobody had heard of it. Once both have synced, in
/// whatever order, everybody sees: the close saw 0.00, the drawer was 100.00 over; the refund is named.
#[test]
fn a_refund_of_the_other_device_is_an_addendum_to_the_shift() {
    for b_first in [true, false] {
        let mut chain = Chain::open(&["S01"]);
        let mut a = chain.desk(11, "S01A", "S01", 0);
        let mut b = chain.desk(12, "S01B", "S01", 0);
        a.opening("TEA", 50);
        open(&mut a, "1", 20_000);
        chain.later(HOUR);
        a.import(vec![receipt("1001", Some("1"), chain.now(), 1, None)], Vec::new(), false);
        a.import(vec![receipt("1002", Some("1"), chain.now(), 3, None)], Vec::new(), false);
        chain.sync(&mut a);
        chain.sync(&mut b);
        chain.later(HOUR);
        let number = b.take_back(request("S01/1/1001", "TEA", 1, "cash")).unwrap();
        chain.later(HOUR);
        let deposit =
            CashMoved { way: CashWay::Out, amount: Amount(35_000), reason: CashReason::Deposit, note: None };
        a.replica.cash_move(&clerk(), &at_till("1"), deposit).unwrap();
        let closed = a.replica.cash_close(&clerk(), &at_till("1"), Amount(25_000)).unwrap();
        assert_eq!(closed.difference(), Some(Amount(0)));

        let (first, second) = if b_first { (&mut b, &mut a) } else { (&mut a, &mut b) };
        chain.sync(first);
        chain.sync(second);
        chain.sync(first);
        chain.settle();
        for seen in [shifts(&a), shifts(&b), shifts(&chain.hq)] {
            let [shift] = &seen[..] else { panic!("{seen:?}") };
            assert_eq!((shift.now.sales, shift.now.receipts), (Amount(40_000), 2));
            assert_eq!((shift.now.paid_out, shift.now.refunds), (Amount(35_000), Amount(10_000)));
            assert_eq!(shift.expected(), Amount(15_000));
            assert_eq!(shift.difference_at_close(), Some(Amount(0)));
            assert_eq!(shift.difference(), Some(Amount(10_000)));
            let late: Vec<_> = shift.payments.iter().map(|p| (p.number.clone(), p.late)).collect();
            assert_eq!(late, [(number.clone(), true)]);
            assert!(!shift.conflicts);
        }
        chain.hq.check();
        a.check();
        b.check();
    }
}

/// Two devices open the same drawer while apart, and both close it: what was sold counts once, in the
/// shift that was opened last; and that it came so is an exception for somebody to look into.
#[test]
fn a_drawer_that_was_opened_twice_while_apart_is_an_exception() {
    let mut chain = Chain::open(&["S01"]);
    let mut a = chain.desk(11, "S01A", "S01", 0);
    let mut b = chain.desk(12, "S01B", "S01", 0);
    a.opening("TEA", 50);
    open(&mut a, "1", 10_000);
    chain.later(HOUR);
    open(&mut b, "1", 10_000);
    chain.later(HOUR);
    b.import(vec![receipt("1001", Some("1"), chain.now(), 2, None)], Vec::new(), false);
    chain.later(HOUR);
    a.replica.cash_close(&clerk(), &at_till("1"), Amount(30_000)).unwrap();
    b.replica.cash_close(&clerk(), &at_till("1"), Amount(30_000)).unwrap();
    chain.sync(&mut a);
    chain.sync(&mut b);
    chain.sync(&mut a);
    chain.settle();
    for replica in [&a.replica, &b.replica, &chain.hq.replica] {
        let seen = replica.cash_shifts(&CashFilter::default()).unwrap();
        let sales: Vec<_> = seen.iter().map(|s| (s.number.to_string(), s.now.sales, s.conflicts)).collect();
        assert_eq!(
            sales,
            [
                ("JB-S01A-000001".to_owned(), Amount(0), false),
                ("JB-S01B-000001".to_owned(), Amount(20_000), true),
            ]
        );
        let open = ExceptionFilter { open_only: true, ..Default::default() };
        let exceptions = replica.exceptions(&open).unwrap();
        assert_eq!(exceptions.len(), 1, "{exceptions:?}");
        assert_eq!(exceptions[0].kind.as_str(), "conflicting_decision");
        assert!(exceptions[0].documents.contains(&seen[1].id));
    }
    chain.hq.check();
}

/// Two sales in a row were over-returned in cash; HQ decides one of them. What the list of losses says of
/// each owner is what the exceptions say is lost, to the fen: nothing is decided twice or lost on the way.
#[test]
fn every_loss_has_an_owner_or_waits_for_one() {
    let mut chain = Chain::open(&["S01", "S02"]);
    let mut s01 = chain.desk(11, "S01A", "S01", 0);
    let mut s02 = chain.desk(13, "S02A", "S02", 0);
    s01.opening("TEA", 50);
    for number in ["1001", "1002"] {
        s01.sell(number, &[("TEA", 1, 2000)]);
        chain.later(HOUR);
        s01.take_back(request(&format!("S01/{number}"), "TEA", 1, "cash")).unwrap();
        chain.later(HOUR);
        s02.take_back(request(&format!("S01/{number}"), "TEA", 1, "cash")).unwrap();
    }
    chain.sync(&mut s01);
    chain.sync(&mut s02);
    chain.settle();
    let open = ExceptionFilter { open_only: true, ..Default::default() };
    let exceptions = chain.hq.replica.exceptions(&open).unwrap();
    assert_eq!(exceptions.len(), 2);
    let lost: Amount = exceptions.iter().map(|e| e.loss).sum();
    assert_eq!(lost, Amount(4000));
    let owner = LossOwner::Site("S02".parse().unwrap());
    let decided =
        Resolve { exception: exceptions[0].id.clone(), action: Action::ChargedBranch, owner, note: None };
    chain.hq.replica.resolve(&clerk(), decided).unwrap();
    chain.settle();
    let of = |owner: &str| -> Vec<i64> {
        chain.hq.replica.losses(Some(owner)).unwrap().iter().map(|r| r.amount.0).collect()
    };
    // Each excess return lost 20.00; the decision took one from the undecided and gave it to S02.
    let mut undecided = of("undecided");
    undecided.sort_unstable();
    assert_eq!(undecided, [-2000, 2000, 2000]);
    assert_eq!(of("site:S02"), [2000]);
    let still_open: Amount = chain.hq.replica.exceptions(&open).unwrap().iter().map(|e| e.loss).sum();
    assert_eq!(still_open, Amount(undecided.iter().sum()));
    let all: i64 = chain.hq.replica.losses(None).unwrap().iter().map(|r| r.amount.0).sum();
    assert_eq!(all, lost.0);
}

fn invoices(chain: &mut Chain, service: &SimulatedInvoices) -> RedRun {
    let link = LocalLink::new(chain.relay.clone(), chain.hq.replica.identity().device);
    chain.later(60_000);
    let now = chain.now();
    run(&mut chain.hq.replica, &link, service, Holder([7; 16]), &|| now).unwrap()
}

fn reds(chain: &Chain) -> Vec<(Amount, Amount, String)> {
    let row = |r: &RedInvoiceRow| {
        let (amount, tax) = r.document.total();
        (amount, tax, r.state.as_str().to_owned())
    };
    chain.hq.replica.red_invoices(false).unwrap().iter().map(row).collect()
}

/// Three at 100.00 with 13 % in it, invoiced: 300.00 = 265.49 + 34.51. One comes back: red 100.00 with
/// 11.50 of tax. The other two: 200.00 with the remainder, 23.01. Red comes to blue, to the fen, however
/// often HQ runs; each return has one red invoice, which carries name, specification and tax code.
#[test]
fn a_sale_with_tax_is_taken_back_by_red_invoices() {
    let folder = tempfile::tempdir().unwrap();
    let service = SimulatedInvoices::open(&folder.path().join("invoices.sqlite")).unwrap();
    let mut chain = Chain::open(&["S01"]);
    let mut shop = chain.desk(11, "S01A", "S01", 0);
    shop.opening("TEA", 50);
    shop.import(vec![receipt("1001", None, chain.now(), 3, Some("26310000000000000001"))], Vec::new(), false);
    // Not invoiced: nothing is to be taken back.
    shop.import(vec![receipt("1002", None, chain.now(), 1, None)], Vec::new(), false);
    shop.take_back(request("S01/1002", "TEA", 1, "cash")).unwrap();
    let first = shop.take_back(request("S01/1001", "TEA", 1, "cash")).unwrap();
    chain.sync(&mut shop);
    let done = invoices(&mut chain, &service);
    assert_eq!((done.requested.len(), done.issued.len()), (1, 1), "{done:?}");
    assert_eq!(reds(&chain), [(Amount(10_000), Amount(1150), "issued".into())]);
    let red = &chain.hq.replica.red_invoices(false).unwrap()[0];
    assert_eq!((red.returned.as_str(), red.document.blue.as_str()), (&*first, "26310000000000000001"));
    let line = red.document.lines.values().next().unwrap();
    assert_eq!((line.name.as_deref(), line.spec.as_deref()), (Some("龙井"), Some("250g")));
    assert_eq!((line.tax_rate, line.tax_code.as_deref()), (1300, Some("1030302010000000000")));

    assert_eq!(invoices(&mut chain, &service), RedRun::default(), "nothing more is due");
    shop.take_back(request("S01/1001", "TEA", 2, "cash")).unwrap();
    chain.sync(&mut shop);
    invoices(&mut chain, &service);
    assert_eq!(
        reds(&chain),
        [(Amount(10_000), Amount(1150), "issued".into()), (Amount(20_000), Amount(2301), "issued".into()),]
    );
    assert_eq!(service.issued().unwrap(), (2, Amount(30_000), Amount(3451)));
    chain.sync(&mut shop);
    assert_eq!(shop.replica.red_invoices(false).unwrap().len(), 2, "the branch sees its own");
    chain.hq.check();
    shop.check();
}

/// One sold at S01 and invoiced; S02 takes it back first, offline, S01 an hour later. HQ knows of S01's
/// return alone, and issues the red invoice. When S02's arrives, it would have come first: but paper is
/// out on S01's, which stays valid; S02's is the excess, and asks for no second red invoice.
#[test]
fn an_issued_red_invoice_pins_the_return() {
    let folder = tempfile::tempdir().unwrap();
    let service = SimulatedInvoices::open(&folder.path().join("invoices.sqlite")).unwrap();
    let mut chain = Chain::open(&["S01", "S02"]);
    let mut s01 = chain.desk(11, "S01A", "S01", 0);
    let mut s02 = chain.desk(13, "S02A", "S02", 0);
    s01.opening("TEA", 50);
    s01.import(vec![receipt("1001", None, chain.now(), 1, Some("B1"))], Vec::new(), false);
    chain.later(HOUR);
    let mut theirs = request("S01/1001", "TEA", 1, "wechat");
    theirs.items = vec![item("TEA", 1, Some("100"))];
    let theirs = s02.take_back(theirs).unwrap();
    chain.later(HOUR);
    let ours = s01.take_back(request("S01/1001", "TEA", 1, "wechat")).unwrap();
    chain.sync(&mut s01);
    assert_eq!(invoices(&mut chain, &service).issued.len(), 1);
    chain.sync(&mut s02);
    chain.settle();
    let excess = |number: &str| chain.hq.replica.find_return(number).unwrap().unwrap().excess;
    assert_eq!((excess(&ours), excess(&theirs)), (Quantity::ZERO, Quantity::units(1)));
    assert_eq!(invoices(&mut chain, &service), RedRun::default());
    assert_eq!(service.issued().unwrap(), (1, Amount(10_000), Amount(1150)));
    chain.hq.check();
}

/// The buyer has deducted the tax, so the red invoice waits for the buyer's word (02). Nobody answers for
/// 72 hours: it is void (07), and the next run asks anew. The buyer agrees: it is issued, once.
#[test]
fn a_request_that_nobody_confirms_is_void_after_72_hours() {
    let folder = tempfile::tempdir().unwrap();
    let service = SimulatedInvoices::open(&folder.path().join("invoices.sqlite")).unwrap();
    let mut chain = Chain::open(&["S01"]);
    let mut shop = chain.desk(11, "S01A", "S01", 0);
    shop.opening("TEA", 50);
    service.deduct("B1").unwrap();
    shop.import(vec![receipt("1001", None, chain.now(), 1, Some("B1"))], Vec::new(), false);
    shop.take_back(request("S01/1001", "TEA", 1, "cash")).unwrap();
    chain.sync(&mut shop);
    let states = |chain: &Chain| reds(chain).into_iter().map(|(.., state)| state).collect::<Vec<_>>();
    assert_eq!(invoices(&mut chain, &service).waiting.len(), 1);
    assert_eq!(states(&chain), ["02"]);
    let row = &chain.hq.replica.red_invoices(true).unwrap()[0];
    let RedState::Waiting { since, .. } = row.state else { panic!("{:?}", row.state) };
    assert_eq!(row.expires, Some(since.plus_ms(72 * HOUR)));

    chain.later(71 * HOUR);
    invoices(&mut chain, &service);
    assert_eq!(states(&chain), ["02"]);
    chain.later(HOUR);
    assert_eq!(invoices(&mut chain, &service).over.len(), 1);
    assert_eq!(states(&chain), ["07"]);
    assert_eq!(invoices(&mut chain, &service).requested.len(), 1);
    assert_eq!(states(&chain), ["07", "02"]);
    service.answer("B1", true).unwrap();
    assert_eq!(invoices(&mut chain, &service).issued.len(), 1);
    assert_eq!(states(&chain), ["07", "issued"]);
    assert_eq!(service.issued().unwrap(), (1, Amount(10_000), Amount(1150)));
    chain.hq.check();
}

/// Three refunds of 20.00 went out by the rail. The provider's statement lacks one and has one twice:
/// both are named, the totals tie out, and the exit code says that something is open. Comparing changes
/// nothing; and with the statement as it should be, all agree.
#[test]
fn a_statement_with_one_missing_and_one_doubled() {
    let hq = Headquarters::open(&["A"]);
    let branch: Branch = hq.branch("A", &hq.address);
    hq.sell(&branch, "A", "1001", 3);
    for _ in 0..3 {
        let line = "return counter --sale 1001 --item TEA=1 --reason defective --grade A=1 --refund wechat";
        branch.run(&words(line)).ok();
    }
    branch.sync();
    assert_eq!(hq.items(&["payout", "run"]).len(), 3);
    let today = hq.today("A");
    let refunds: Vec<String> = {
        let rail = rusqlite::Connection::open(hq.path("rail.sqlite")).unwrap();
        let mut statement = rail.prepare("SELECT refund FROM payout ORDER BY refund").unwrap();
        let rows = statement.query_map([], |r| r.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    let row = |refund: &str| format!("`{today} 12:00:00,`{refund},`20.00,`SUCCESS\n");
    let bill = |name: &str, refunds: &[&String]| {
        let rows: String = refunds.iter().map(|r| row(r)).collect();
        hq.file(
            name,
            &format!("交易时间,商户退款单号,退款金额,退款状态\n{rows}总交易单数,退款总金额\n`3,`60.00\n"),
        )
    };
    let before = hq.digest();
    // The day is the provider's, and the programs' clock is the world's: a day on either side.
    let days = |file: &str| {
        let today = Occurred::parse(&today, Zone::SHANGHAI).unwrap().date();
        let (from, to) = (today.pred_opt().unwrap().to_string(), today.succ_opt().unwrap().to_string());
        let line = format!("statement reconcile --profile wechat {file} --from {from} --to {to} --json");
        hq.run(&words(&line))
    };
    let open = days(&bill("open.csv", &[&refunds[0], &refunds[1], &refunds[1]]));
    assert_eq!(open.code, Some(65), "{open:?}");
    let item = &open.items()[0];
    let found: Vec<_> = item["findings"].as_array().unwrap().iter().collect();
    assert_eq!(found.len(), 2, "{item}");
    for finding in found {
        let refund = finding["refund"].as_str().unwrap();
        let expected = if refund == refunds[1] {
            ("twice", "20.00", "40.00")
        } else {
            assert_eq!(refund, refunds[2]);
            ("missing_there", "20.00", "0.00")
        };
        assert_eq!(finding["found"], expected.0, "{finding}");
        assert_eq!((&finding["ours"], &finding["theirs"]), (&expected.1.into(), &expected.2.into()));
    }
    assert_eq!((&item["ours"], &item["theirs"]), (&"60.00".into(), &"60.00".into()), "{item}");
    assert_eq!(item["sums"]["matched"]["refunds"], 1);

    let all: Vec<&String> = refunds.iter().collect();
    let settled = days(&bill("settled.csv", &all)).ok().items().remove(0);
    assert_eq!((&settled["settled"], &settled["difference"]), (&true.into(), &"0.00".into()), "{settled}");
    assert_eq!(hq.digest(), before, "comparing changes nothing");
}
