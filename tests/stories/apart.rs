//! What goes wrong while devices are apart, and how it ends: one loss with one owner, nothing taken in
//! or paid out that doesn't show.

use guicang_domain::ids::ReceiptId;
use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;
use guicang_domain::resolution::{Action, LossOwner};
use guicang_replica::{ExceptionFilter, Receive, Resolve, StockFilter};

use crate::chain::{Chain, Desk, START, clerk, item, receipt, request, site};

fn open(chain: &Chain) -> Vec<guicang_domain::exception::Exception> {
    let filter = ExceptionFilter { historic: Some(false), open_only: true, kind: None };
    chain.hq.replica.exceptions(&filter).unwrap()
}

fn decide(chain: &mut Chain, id: &guicang_domain::exception::ExceptionId, action: Action) -> Amount {
    let owner = LossOwner::Site(site("S01"));
    let resolve = Resolve { exception: id.clone(), action, owner, note: None };
    chain.hq.replica.resolve(&clerk(), resolve).unwrap().amount
}

fn held(desk: &Desk, sku: &str) -> Quantity {
    let filter = StockFilter { sku: Some(sku.parse().unwrap()), ..StockFilter::default() };
    let rows = desk.replica.stock(&filter).unwrap();
    rows.iter().flat_map(|r| r.accounts.get(&guicang_domain::account::Account::ReturnsHold)).copied().sum()
}

/// Three devices bring in the same till file while apart, one with a clock an hour fast: each row counts
/// once at every one of them, and sync goes on for all.
#[test]
fn a_file_brought_in_at_three_devices_counts_once() {
    let mut chain = Chain::open(&["S01"]);
    let mut desks = [
        chain.desk(21, "S01A", "S01", 0),
        chain.desk(22, "S01B", "S01", 3_600_000),
        chain.desk(23, "S01C", "S01", -60_000),
    ];
    for desk in &mut desks {
        desk.import(vec![receipt("1", START, &[("TEA", 2, 4000), ("CUP", 1, 900)])], Vec::new(), true);
    }
    for _ in 0..2 {
        for desk in &mut desks {
            chain.sync(desk);
        }
        chain.settle();
    }
    for desk in desks.iter_mut().chain([&mut chain.hq]) {
        let all = desk.replica.totals().unwrap().pop().unwrap();
        assert_eq!((all.sales.lines, all.sales.value), (2, Amount(4900)));
        desk.check();
    }
}

/// A loss has one owner, however the case comes up: a return whose two lines are both in excess is one
/// overpayment, and a case that opens again moves only what came since.
#[test]
fn a_loss_is_moved_once() {
    let mut chain = Chain::open(&["S01", "S02", "S03"]);
    let mut seller = chain.desk(21, "S01A", "S01", 0);
    let mut others = [chain.desk(22, "S02A", "S02", 0), chain.desk(23, "S03A", "S03", 0)];
    seller.sell("1", &[("TEA", 1, 2000), ("CUP", 1, 2000)]);
    chain.sync(&mut seller);
    let mut both = request("S01/1", "TEA", 1, "cash");
    both.items.push(item("CUP", 1, Some("20")));
    seller.take_back(both.clone()).unwrap();
    for other in &mut others {
        chain.later(60_000);
        other.take_back(both.clone()).unwrap();
    }
    chain.sync(&mut seller);
    chain.sync(&mut others[0]);
    chain.settle();
    let cases = open(&chain);
    assert_eq!(cases.len(), 2);
    let losses: Amount = cases.iter().map(|c| c.loss).sum();
    assert_eq!(losses, Amount(4000), "the second branch's cash, once");
    let moved: Amount =
        cases.iter().map(|c| c.id.clone()).map(|id| decide(&mut chain, &id, Action::ChargedBranch)).sum();
    assert_eq!(moved, Amount(4000));
    assert_eq!(open(&chain), []);

    // The third comes back a week later: the cases open again, and only its cash is new.
    chain.sync(&mut others[1]);
    chain.settle();
    let again: Vec<_> = open(&chain).into_iter().map(|c| c.id).collect();
    assert_eq!(again.len(), 2);
    let moved: Amount = again.iter().map(|id| decide(&mut chain, id, Action::ChargedBranch)).sum();
    assert_eq!(moved, Amount(4000));
    assert_eq!(open(&chain), []);
    chain.hq.check();
}

/// Voiding a duplicate takes back what was in excess; what the sale covers of the same return stands.
#[test]
fn voiding_leaves_the_valid_part() {
    let mut chain = Chain::open(&["S01", "S02"]);
    let mut seller = chain.desk(21, "S01A", "S01", 0);
    let mut other = chain.desk(22, "S02A", "S02", 0);
    seller.sell("1", &[("TEA", 3, 3000)]);
    seller.take_back(request("S01/1", "TEA", 2, "cash")).unwrap();
    chain.later(60_000);
    let number = other.take_back(request("S01/1", "TEA", 2, "cash")).unwrap();
    chain.sync(&mut seller);
    chain.sync(&mut other);
    chain.settle();
    let cases = open(&chain);
    assert_eq!(cases.len(), 1);
    decide(&mut chain, &cases[0].id, Action::VoidedDuplicate);
    let row = chain.hq.replica.find_return(&number).unwrap().unwrap();
    assert_eq!((row.entitled, row.excess), (Amount(1000), Quantity::ZERO));
    assert_eq!(open(&chain), []);
    let filter = ExceptionFilter { historic: Some(false), open_only: false, kind: None };
    assert_eq!(chain.hq.replica.exceptions(&filter).unwrap().len(), 1, "settled, and still listed");
    chain.hq.check();
}

/// Goods of one awaited return that two devices of a branch take in while apart are all there.
#[test]
fn goods_taken_in_at_two_devices_are_all_there() {
    let mut chain = Chain::open(&["S01"]);
    let mut a = chain.desk(21, "S01A", "S01", 0);
    let mut b = chain.desk(22, "S01B", "S01", 0);
    a.sell("1", &[("TEA", 3, 3000)]);
    let mut awaited = request("S01/1", "TEA", 3, "cash");
    awaited.goods_here = false;
    let number = a.take_back(awaited).unwrap();
    chain.sync(&mut a);
    chain.sync(&mut b);
    let part = |units| {
        let quantity = Some(Quantity::units(units));
        [Receive { sku: Some("TEA".into()), quantity, place: String::new() }]
    };
    a.replica.receive(&clerk(), &number, &part(1)).unwrap();
    b.replica.receive(&clerk(), &number, &part(2)).unwrap();
    for _ in 0..2 {
        chain.sync(&mut a);
        chain.sync(&mut b);
    }
    chain.settle();
    for desk in [&mut a, &mut b, &mut chain.hq] {
        assert_eq!(held(desk, "TEA"), Quantity::units(3));
        desk.check();
    }
}

/// Cash that two devices of a branch hand out for one return is gone twice, and shows.
#[test]
fn cash_handed_out_twice_is_a_case() {
    let mut chain = Chain::open(&["S01"]);
    let mut a = chain.desk(21, "S01A", "S01", 0);
    let mut b = chain.desk(22, "S01B", "S01", 0);
    a.sell("1", &[("TEA", 1, 1000)]);
    let mut unpaid = request("S01/1", "TEA", 1, "cash");
    unpaid.refund = None;
    unpaid.paid = false;
    let number = a.take_back(unpaid).unwrap();
    chain.sync(&mut a);
    chain.sync(&mut b);
    for desk in [&mut a, &mut b] {
        desk.replica.refund(&clerk(), &number, "cash".parse().unwrap(), None, true).unwrap();
    }
    chain.sync(&mut a);
    chain.sync(&mut b);
    chain.settle();
    let row = chain.hq.replica.find_return(&number).unwrap().unwrap();
    assert_eq!(row.paid, Amount(2000));
    let cases = open(&chain);
    assert_eq!(cases.len(), 1);
    assert_eq!((cases[0].kind.as_str(), cases[0].loss), ("refund_over_entitlement", Amount(1000)));
    chain.hq.check();
}

/// A provisional return of two takes one of each of the receipt's two lines; and one that was put on a
/// line which the seller had taken back itself moves to the other.
#[test]
fn two_lines_of_one_article_are_two_to_return() {
    let mut chain = Chain::open(&["S01", "S02"]);
    let mut seller = chain.desk(21, "S01A", "S01", 0);
    let mut other = chain.desk(22, "S02A", "S02", 0);
    seller.sell("1", &[("TEA", 1, 1000), ("TEA", 1, 1000)]);
    seller.sell("2", &[("TEA", 1, 1000), ("TEA", 1, 1000)]);
    chain.sync(&mut seller);
    chain.settle();
    let mut two = request("S01/1", "TEA", 1, "wechat");
    two.items.push(item("TEA", 1, Some("10")));
    other.take_back(two).unwrap();
    other.take_back(request("S01/2", "TEA", 1, "wechat")).unwrap();
    chain.later(60_000);
    seller.take_back(request("S01/2", "TEA", 1, "wechat")).unwrap();
    chain.sync(&mut other);
    chain.settle();
    chain.sync(&mut seller);
    chain.settle();
    assert_eq!(open(&chain), []);
    let numbered = |number| {
        let receipt = ReceiptId::parse(number, None).unwrap();
        let view = chain.hq.replica.receipt(&receipt).unwrap().unwrap();
        view.lines.iter().map(|l| l.returned).sum::<Quantity>()
    };
    assert_eq!((numbered("S01/1"), numbered("S01/2")), (Quantity::units(2), Quantity::units(2)));
    chain.hq.check();
}

/// A branch's file is copied and both copies go on: the journal has forked. The relay takes one branch of
/// it and refuses the other by name; the refused copy keeps all it recorded, says so, and isn't shown as
/// equal.
#[test]
fn a_fork_of_a_journal_is_refused_by_name_and_loses_nothing() {
    let mut chain = Chain::open(&["S01"]);
    let mut first = chain.desk(21, "S01A", "S01", 0);
    first.sell("1", &[("TEA", 4, 4000)]);
    chain.sync(&mut first);
    let mut copy = first.clone_file("copy", 77);
    first.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
    let number = copy.take_back(request("S01/1", "TEA", 2, "cash")).unwrap();
    assert!(chain.sync(&mut first).proven);

    let summary = chain.sync(&mut copy);
    assert!(!summary.proven);
    let status = copy.replica.status().unwrap();
    assert_eq!(status.fault.as_deref(), Some("fork"));
    assert_eq!(status.unsent_changes, 1);
    let row = copy.replica.find_return(&number).unwrap().unwrap();
    assert_eq!((row.paid, row.entitled), (Amount(2000), Amount(2000)));
    copy.check();
    chain.settle();
    assert_eq!(held(&chain.hq, "TEA"), Quantity::units(1));
    chain.hq.check();
}
