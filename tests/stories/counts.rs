//! Stocktakes while the shop sells and devices are apart: the count is right, whatever comes in later.

use guicang_domain::account::Account;
use guicang_domain::adjustment::Movement;
use guicang_domain::count::{Stage, Uncounted};
use guicang_domain::document::Kind;
use guicang_domain::exception::ExceptionKind;
use guicang_domain::ids::{Sku, UserName};
use guicang_domain::quantity::Quantity;
use guicang_domain::time::{Moment, Occurred, Zone};
use guicang_replica::{
    Adjust, By, CommandError, CountLine, CountPlanDraft, CountRefusal, CountScope, ExceptionFilter,
    OpenCount, ProductDraft, ProductField, RecountReason, ScanItem, StepWhat, StockFilter,
};

use crate::chain::{Chain, Desk, clerk, graded, request, site};
use guicang_domain::returns::Grade;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const WEEK: i64 = 7 * 24 * HOUR;

fn units(n: i64) -> Quantity {
    Quantity::units(n)
}

fn seen(sku: &str, n: i64) -> ScanItem {
    seen_in(sku, n, Account::Sellable)
}

fn seen_in(sku: &str, n: i64, account: Account) -> ScanItem {
    ScanItem { sku: sku.into(), lot: None, place: String::new(), account, quantity: units(n) }
}

fn manager() -> By {
    By::user("wang".parse::<UserName>().unwrap())
}

fn on_hand(desk: &Desk, sku: &str) -> Quantity {
    let filter = StockFilter { sku: Some(sku.parse().unwrap()), ..StockFilter::default() };
    desk.replica.stock(&filter).unwrap().iter().map(|r| r.on_hand).sum()
}

fn open(desk: &mut Desk) -> String {
    desk.replica.open_count(&clerk(), OpenCount::default()).unwrap().number
}

/// Counts one article at a device, closes, and has it approved.
fn count(desk: &mut Desk, sku: &str, n: i64) -> String {
    let number = open(desk);
    desk.replica.scan_count(&clerk(), &number, &[seen(sku, n)]).unwrap();
    desk.replica.close_count(&clerk(), &number, Uncounted::Leave).unwrap();
    desk.replica.approve_count(&manager(), &number).unwrap();
    number
}

fn lines(desk: &Desk, number: &str) -> Vec<CountLine> {
    desk.replica.find_count(number, false).unwrap().expect("the count is held here").1
}

fn asked(desk: &Desk) -> Vec<String> {
    let filter = ExceptionFilter { kind: Some(ExceptionKind::RecountAsked), ..ExceptionFilter::default() };
    desk.replica.exceptions(&filter).unwrap().iter().map(|e| e.id.to_string()).collect()
}

/// Book 100. A till that is offline sells 3 at 09:00. At 10:00 there are 97, and the variance of -3 is
/// approved. The till comes back a week later: the stock is 97 as it was, and the variance is
/// re-explained to nothing.
#[test]
fn a_sale_before_the_count_that_comes_a_week_later() {
    let mut chain = Chain::open(&["S01"]);
    let mut a = chain.desk(21, "S01A", "S01", 0);
    let mut till = chain.desk(22, "S01B", "S01", 0);
    a.opening("TEA", 100);
    chain.sync(&mut a);
    chain.sync(&mut till);
    chain.later(HOUR);
    till.sell("1", &[("TEA", 3, 3000)]);
    chain.later(HOUR);
    let number = count(&mut a, "TEA", 97);
    let against = lines(&a, &number)[0].against.unwrap();
    assert_eq!((against.book, against.variance, against.approved), (units(100), units(-3), Some(units(-3))));
    assert_eq!(on_hand(&a, "TEA"), units(97));
    chain.later(MINUTE);
    a.sell("2", &[("TEA", 1, 1000)]);
    chain.later(WEEK);
    chain.sync(&mut till);
    chain.sync(&mut a);
    chain.settle();
    for desk in [&mut a, &mut chain.hq] {
        let against = lines(desk, &number)[0].against.unwrap();
        assert_eq!((against.book, against.variance), (units(97), units(0)));
        assert!(against.is_re_explained());
        assert_eq!(on_hand(desk, "TEA"), units(96), "97 counted, one sold since");
        assert_eq!(asked(desk), Vec::<String>::new());
        let steps = desk.replica.explain_stock(&"TEA".parse::<Sku>().unwrap(), None).unwrap();
        let figures: Vec<(i64, bool)> =
            steps.iter().map(|s| (s.on_hand.0 / 1000, s.explains.is_some())).collect();
        assert_eq!(figures, [(100, false), (97, true), (97, false), (96, false)]);
        assert!(matches!(steps[2].what, StepWhat::Counted { counted, variance, .. }
            if counted == units(97) && variance == units(0)));
        desk.check();
    }
    assert_eq!(a.replica.find_count(&number, false).unwrap().unwrap().0.found.unwrap().re_explained, 1);
    // Seen and approved again, it is no longer news.
    a.replica.approve_count(&manager(), &number).unwrap();
    assert!(!lines(&a, &number)[0].against.unwrap().is_re_explained());
    let again = a.replica.approve_count(&manager(), &number);
    assert!(matches!(again, Err(CommandError::Count(CountRefusal::NothingNew { .. }))), "{again:?}");
    a.check();
}

/// The same with a till that is two hours fast: it says 11:00 of what was sold at 09:00, so that the
/// sale seems to come after the count. That till's stamps prove its clock wrong: a recount is asked,
/// and the recount puts it right.
#[test]
fn the_same_from_a_till_that_is_two_hours_fast() {
    let mut chain = Chain::open(&["S01"]);
    let mut a = chain.desk(21, "S01A", "S01", 0);
    let mut till = chain.desk(22, "S01B", "S01", 2 * HOUR);
    a.opening("TEA", 100);
    a.opening("CUP", 10);
    chain.sync(&mut a);
    chain.sync(&mut till);
    chain.later(HOUR);
    till.sell("1", &[("TEA", 3, 3000)]);
    chain.later(HOUR);
    let number = open(&mut a);
    a.replica.scan_count(&clerk(), &number, &[seen("TEA", 97), seen("CUP", 10)]).unwrap();
    a.replica.close_count(&clerk(), &number, Uncounted::Leave).unwrap();
    a.replica.approve_count(&manager(), &number).unwrap();
    assert_eq!(asked(&a), Vec::<String>::new());
    chain.later(WEEK);
    chain.sync(&mut till);
    chain.sync(&mut a);
    chain.settle();
    for desk in [&a, &chain.hq] {
        assert_eq!(on_hand(desk, "TEA"), units(94));
        assert_eq!(asked(desk), ["recount_asked:S01/sellable/TEA"], "CUP didn't move");
        let [cup, tea] = &lines(desk, &number)[..] else { panic!("two buckets") };
        assert_eq!(cup.recount, []);
        let RecountReason::Posted { number, apart_ms, .. } = &tea.recount[0] else { panic!("{tea:?}") };
        assert!(number.starts_with("XS-S01B"), "{number}");
        assert!((HOUR..=2 * HOUR + MINUTE).contains(apart_ms), "{apart_ms}");
    }
    let found = a.replica.recount(&clerk(), &number, &seen("TEA", 97)).unwrap();
    assert_eq!((found.stage, found.recounts), (Stage::Approved, 0));
    chain.sync(&mut a);
    chain.settle();
    for desk in [&mut a, &mut chain.hq] {
        assert_eq!(on_hand(desk, "TEA"), units(97));
        assert_eq!(asked(desk), Vec::<String>::new());
        desk.check();
    }
}

/// Two rooms, two devices, and the shop sells between the scans: nobody can tell which side of the
/// sale the second room was on.
#[test]
fn a_sale_between_two_scans_asks_for_a_recount() {
    let mut chain = Chain::open(&["S01"]);
    let mut a = chain.desk(21, "S01A", "S01", 0);
    let mut b = chain.desk(22, "S01B", "S01", 0);
    a.opening("TEA", 100);
    let number = open(&mut a);
    chain.sync(&mut a);
    chain.sync(&mut b);
    a.replica.scan_count(&clerk(), &number, &[seen("TEA", 40)]).unwrap();
    chain.later(10 * MINUTE);
    a.sell("1", &[("TEA", 1, 1000)]);
    chain.later(10 * MINUTE);
    b.replica.scan_count(&By::user("zhao".parse().unwrap()), &number, &[seen("TEA", 60)]).unwrap();
    chain.sync(&mut b);
    let row = chain.sync(&mut a);
    assert!(row.proven);
    let (row, found) = a.replica.find_count(&number, false).unwrap().unwrap();
    assert_eq!((found[0].counted, row.recounts), (units(100), 1));
    assert_eq!(row.counters.len(), 2);
    // Counted again before the close: the recount names both scans.
    chain.later(MINUTE);
    a.replica.recount(&clerk(), &number, &seen("TEA", 99)).unwrap();
    a.replica.close_count(&clerk(), &number, Uncounted::Leave).unwrap();
    // Two have counted, so either may approve.
    let row = a.replica.approve_count(&clerk(), &number).unwrap();
    assert_eq!((row.recounts, row.found.unwrap().variances), (0, 0));
    assert_eq!(on_hand(&a, "TEA"), units(99));
    a.check();
}

/// Three came back and wait; one of them is lost. It shows where it was lost: in what waits, not on
/// the shelf.
#[test]
fn a_return_that_is_lost_shows() {
    let mut chain = Chain::open(&["S01"]);
    let mut a = chain.desk(21, "S01A", "S01", 0);
    a.opening("TEA", 50);
    a.sell("1", &[("TEA", 5, 5000)]);
    let back = a.take_back(request("S01/1", "TEA", 3, "wechat")).unwrap();
    chain.later(HOUR);
    let number = open(&mut a);
    let scans = [seen("TEA", 45), seen_in("TEA", 2, Account::ReturnsHold)];
    a.replica.scan_count(&clerk(), &number, &scans).unwrap();
    a.replica.close_count(&clerk(), &number, Uncounted::Zero).unwrap();
    let row = a.replica.approve_count(&manager(), &number).unwrap();
    let found = row.found.unwrap();
    assert_eq!((found.variances, found.gained, found.lost), (1, units(0), units(1)));
    let stock = &a.replica.stock(&StockFilter::default()).unwrap()[0];
    assert_eq!((stock.on_hand, stock.available), (units(47), units(45)));
    assert_eq!(stock.accounts[&Account::ReturnsHold], units(2));
    let totals = a.replica.totals().unwrap().pop().unwrap();
    assert_eq!(totals.movements["count_loss"].quantity, units(1));
    a.check();
    // All three are inspected all the same: what waits is one short, and that is said.
    chain.later(HOUR);
    a.replica.inspect(&clerk(), &back, &[graded(Grade::A, 3)]).unwrap();
    let negative = ExceptionFilter { kind: Some(ExceptionKind::NegativeStock), ..ExceptionFilter::default() };
    let negative = a.replica.exceptions(&negative).unwrap();
    assert_eq!(negative.len(), 1);
    assert_eq!(negative[0].id.as_str(), "negative_stock:S01/returns_hold/TEA");
    a.check();
}

/// What nobody scanned is zero only if the counter says so, and only what the book thinks is there.
#[test]
fn what_nobody_scanned_is_left_or_zero() {
    let mut chain = Chain::open(&["S01"]);
    let mut a = chain.desk(21, "S01A", "S01", 0);
    a.opening("TEA", 10);
    a.opening("CUP", 4);
    chain.later(MINUTE);
    let left = open(&mut a);
    a.replica.scan_count(&clerk(), &left, &[seen("TEA", 10)]).unwrap();
    let closed = a.replica.close_count(&clerk(), &left, Uncounted::Leave).unwrap();
    assert_eq!((closed.uncounted, closed.count.buckets), (1, 1));
    a.replica.approve_count(&manager(), &left).unwrap();
    assert_eq!(on_hand(&a, "CUP"), units(4));
    chain.later(MINUTE);
    let zero = open(&mut a);
    a.replica.scan_count(&clerk(), &zero, &[seen("TEA", 10)]).unwrap();
    let closed = a.replica.close_count(&clerk(), &zero, Uncounted::Zero).unwrap();
    assert_eq!((closed.uncounted, closed.count.buckets), (1, 2));
    a.replica.approve_count(&manager(), &zero).unwrap();
    assert_eq!(on_hand(&a, "CUP"), units(0));
    // Taken back, the ledger is as it was.
    let row = a.replica.reverse_count(&clerk(), &zero).unwrap();
    assert_eq!(row.stage, Stage::Closed);
    assert_eq!(on_hand(&a, "CUP"), units(4));
    a.check();
}

/// Two counts of the same at once, at two devices: the last scan in time stands.
#[test]
fn of_two_counts_the_last_in_time_stands() {
    let mut chain = Chain::open(&["S01"]);
    let mut a = chain.desk(21, "S01A", "S01", 0);
    let mut b = chain.desk(22, "S01B", "S01", 0);
    a.opening("TEA", 100);
    chain.sync(&mut a);
    chain.sync(&mut b);
    chain.later(HOUR);
    let first = count(&mut b, "TEA", 98);
    chain.later(HOUR);
    let last = count(&mut a, "TEA", 97);
    // The earlier comes in later.
    for _ in 0..2 {
        chain.sync(&mut a);
        chain.sync(&mut b);
    }
    chain.settle();
    for desk in [&mut a, &mut b, &mut chain.hq] {
        assert_eq!(on_hand(desk, "TEA"), units(97));
        let variance = |number: &str| lines(desk, number)[0].against.unwrap().variance;
        assert_eq!((variance(&first), variance(&last)), (units(-2), units(-1)));
        desk.check();
    }
    assert_eq!(a.digest(), b.digest());
}

/// Of a blind count nobody sees the book before somebody has approved it, who isn't the only counter: not
/// with the count, and not by asking for the stock either. HQ sees it, and what isn't counted is shown.
#[test]
fn a_blind_count_keeps_the_book() {
    let mut chain = Chain::open(&["S01"]);
    let mut a = chain.desk(21, "S01A", "S01", 0);
    a.opening("TEA", 10);
    chain.later(MINUTE);
    a.opening("CUP", 3);
    let scope = CountScope { skus: vec!["TEA".into()], ..CountScope::default() };
    let blind = OpenCount { blind: true, scope, ..OpenCount::default() };
    let number = a.replica.open_count(&clerk(), blind).unwrap().number;
    let row = a.replica.scan_count(&clerk(), &number, &[seen("TEA", 9)]).unwrap();
    assert_eq!(row.found, None);
    assert_eq!(lines(&a, &number)[0].against, None);
    chain.sync(&mut a);
    chain.settle();
    let shown = |desk: &Desk| {
        let rows = desk.replica.stock(&StockFilter::default()).unwrap();
        rows.iter().map(|r| (r.being_counted.clone(), r.on_hand, r.accounts.len())).collect::<Vec<_>>()
    };
    let told = |desk: &Desk| desk.replica.explain_stock(&"TEA".parse::<Sku>().unwrap(), None).unwrap().len();
    assert_eq!(shown(&a), [(None, units(3), 1), (Some(number.clone()), units(0), 0)]);
    assert_eq!(shown(&chain.hq), [(None, units(3), 1), (None, units(10), 1)]);
    assert_eq!((told(&a), told(&chain.hq)), (0, 1));
    a.replica.close_count(&clerk(), &number, Uncounted::Leave).unwrap();
    let own = a.replica.approve_count(&clerk(), &number);
    assert!(matches!(own, Err(CommandError::Count(CountRefusal::ApproverIsCounter { .. }))), "{own:?}");
    assert!(a.replica.may_approve_count(&clerk(), &number).is_err());
    a.replica.may_approve_count(&manager(), &number).unwrap();
    let row = a.replica.approve_count(&manager(), &number).unwrap();
    assert_eq!(row.found.unwrap().lost, units(1));
    assert_eq!(lines(&a, &number)[0].against.unwrap().book, units(10));
    assert_eq!(shown(&a), [(None, units(3), 1), (None, units(9), 1)]);
    assert_eq!(told(&a), 2);
    a.check();
}

/// Less than nothing is an exception only where something says how much there was.
#[test]
fn negative_stock_is_raised_where_something_was_counted() {
    let mut chain = Chain::open(&["S01"]);
    let mut a = chain.desk(21, "S01A", "S01", 0);
    a.opening("TEA", 1);
    chain.later(MINUTE);
    a.sell("1", &[("TEA", 2, 2000), ("CUP", 1, 500)]);
    let negative = |desk: &Desk| {
        let filter =
            ExceptionFilter { kind: Some(ExceptionKind::NegativeStock), ..ExceptionFilter::default() };
        let found = desk.replica.exceptions(&filter).unwrap();
        found.iter().map(|e| e.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(negative(&a), ["negative_stock:S01/sellable/TEA"]);
    let rows = a.replica.stock(&StockFilter::default()).unwrap();
    let cup = rows.iter().find(|r| r.sku.as_str() == "CUP").unwrap();
    assert_eq!((cup.on_hand, cup.uncounted), (units(-1), true));
    chain.later(MINUTE);
    count(&mut a, "TEA", 0);
    assert_eq!(negative(&a), Vec::<String>::new());
    a.check();
}

/// Bad input names what is wrong, and changes nothing.
#[test]
fn what_a_count_does_not_take() {
    let mut chain = Chain::open(&["S01"]);
    let mut a = chain.desk(21, "S01A", "S01", 0);
    a.opening("TEA", 10);
    a.opening("CUP", 4);
    let scope = CountScope { skus: vec!["tea".into()], ..CountScope::default() };
    let number = a.replica.open_count(&clerk(), OpenCount { scope, ..OpenCount::default() }).unwrap().number;
    let digest = a.digest();
    let refusal = |result: Result<_, CommandError>| match result {
        Err(CommandError::Count(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    let replica = &mut a.replica;
    let out = refusal(replica.scan_count(&clerk(), &number, &[seen("CUP", 4)]));
    assert!(matches!(out, CountRefusal::OutOfScope { .. }), "{out}");
    let none = refusal(replica.close_count(&clerk(), &number, Uncounted::Leave).map(|c| c.count));
    assert!(matches!(none, CountRefusal::NothingCounted { .. }), "{none}");
    let early = refusal(replica.approve_count(&manager(), &number));
    assert!(matches!(early, CountRefusal::Stage { stage: Stage::Open, .. }), "{early}");
    let unseen = refusal(replica.recount(&clerk(), &number, &seen("TEA", 4)));
    assert!(matches!(unseen, CountRefusal::NothingCounted { sku: Some(_), .. }), "{unseen}");
    let unknown = replica.scan_count(&clerk(), "PD-X-1", &[seen("TEA", 4)]);
    assert!(matches!(unknown, Err(CommandError::UnknownDocument { kind: Kind::Count, .. })), "{unknown:?}");
    let plan = OpenCount { plan: Some("monthly".into()), ..OpenCount::default() };
    let plan = refusal(replica.open_count(&clerk(), plan));
    assert!(matches!(plan, CountRefusal::UnknownPlan { .. }), "{plan}");
    let away = replica.scan_count(&clerk(), &number, &[seen_in("TEA", 1, Account::Customer)]);
    assert!(matches!(away, Err(CommandError::Value { field: "account", .. })), "{away:?}");
    assert_eq!(a.digest(), digest);
    a.replica.cancel_count(&clerk(), &number).unwrap();
    let late = refusal(a.replica.scan_count(&clerk(), &number, &[seen("TEA", 4)]));
    assert!(matches!(late, CountRefusal::Stage { stage: Stage::Cancelled, .. }), "{late}");
    a.check();
}

/// HQ plans, the branch is told what is due, and a count by the plan puts it off.
#[test]
fn a_plan_says_what_is_due() {
    let mut chain = Chain::open(&["S01", "S02"]);
    let mut a = chain.desk(21, "S01A", "S01", 0);
    a.opening("TEA", 10);
    chain.sync(&mut a);
    chain.settle();
    let draft = CountPlanDraft {
        name: "贵重商品".into(),
        site: Some(site("S01")),
        scope: CountScope { skus: vec!["TEA".into()], ..CountScope::default() },
        blind: true,
        every_days: 30,
        from: None,
    };
    assert!(matches!(a.replica.put_count_plan(draft.clone()), Err(CommandError::HqOnly)));
    assert!(chain.hq.replica.put_count_plan(draft.clone()).unwrap());
    assert!(!chain.hq.replica.put_count_plan(draft.clone()).unwrap(), "nothing differs");
    chain.settle();
    chain.sync(&mut a);
    chain.later(3 * 24 * HOUR);
    let due = a.replica.due_counts().unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!((due[0].late_days, due[0].last), (3, None));
    let by_plan = OpenCount { plan: Some("贵重商品".into()), ..OpenCount::default() };
    let row = a.replica.open_count(&clerk(), by_plan).unwrap();
    assert!(row.blind);
    assert_eq!((row.plan.as_deref(), row.listed), (Some("贵重商品"), 1));
    assert_eq!(a.replica.due_counts().unwrap()[0].open.as_ref(), Some(&row.number));
    a.replica.scan_count(&clerk(), &row.number, &[seen("TEA", 10)]).unwrap();
    a.replica.close_count(&clerk(), &row.number, Uncounted::Leave).unwrap();
    assert_eq!(a.replica.due_counts().unwrap()[0].late_days, -30);
    chain.sync(&mut a);
    chain.settle();
    assert_eq!(chain.hq.replica.due_counts().unwrap()[0].late_days, -30);
    assert!(chain.hq.replica.put_count_plan(CountPlanDraft { every_days: 0, ..draft }).unwrap());
    assert_eq!(chain.hq.replica.due_counts().unwrap(), []);
    a.check();
    chain.hq.check();
}

/// HQ's categories say what a count is of, as they are when it begins; a place keeps stock of its own.
#[test]
fn a_count_is_of_a_category_or_of_a_place() {
    let mut chain = Chain::open(&["S01"]);
    let mut a = chain.desk(21, "S01A", "S01", 0);
    let listed = |sku: &str, category: &str| ProductDraft {
        sku: sku.parse().unwrap(),
        fields: vec![
            ProductField::Name(sku.into()),
            ProductField::Category(Some(category.into())),
            ProductField::Barcodes(vec![format!("69-{sku}")]),
        ],
    };
    chain.hq.replica.put_products(vec![listed("TEA", "drinks"), listed("CUP", "home")]).unwrap();
    chain.settle();
    chain.sync(&mut a);
    a.opening("TEA", 10);
    a.opening("CUP", 4);
    chain.later(MINUTE);
    let of = |scope| OpenCount { scope, ..OpenCount::default() };
    let drinks = CountScope { category: Some("drinks".into()), ..CountScope::default() };
    let row = a.replica.open_count(&clerk(), of(drinks)).unwrap();
    assert_eq!((row.listed, row.category.as_deref()), (1, Some("drinks")));
    let home = a.replica.scan_count(&clerk(), &row.number, &[seen("CUP", 4)]);
    assert!(matches!(home, Err(CommandError::Count(CountRefusal::OutOfScope { .. }))), "{home:?}");
    // A scanner gives the barcode.
    a.replica.scan_count(&clerk(), &row.number, &[seen("69-TEA", 10)]).unwrap();
    assert_eq!(lines(&a, &row.number)[0].spot.sku.as_str(), "TEA");
    let none = CountScope { category: Some("garden".into()), ..CountScope::default() };
    let none = a.replica.open_count(&clerk(), of(none));
    assert!(matches!(none, Err(CommandError::Value { field: "category", .. })), "{none:?}");

    // Two cups stand in the back room, which the book doesn't know: found there, not lost in front.
    let back = CountScope { places: vec!["back".into()], ..CountScope::default() };
    let number = a.replica.open_count(&clerk(), of(back)).unwrap().number;
    let cups = ScanItem { place: "back".into(), ..seen("CUP", 2) };
    a.replica.scan_count(&clerk(), &number, &[cups]).unwrap();
    a.replica.close_count(&clerk(), &number, Uncounted::Zero).unwrap();
    let found = a.replica.approve_count(&manager(), &number).unwrap().found.unwrap();
    assert_eq!((found.gained, found.lost), (units(2), units(0)));
    assert_eq!(on_hand(&a, "CUP"), units(6));
    a.check();
}

/// A loss is worth what its goods cost on average when it was counted; double entry holds in value too.
#[test]
fn a_variance_is_worth_what_its_goods_cost() {
    let mut chain = Chain::open(&["S01"]);
    let mut a = chain.desk(21, "S01A", "S01", 0);
    for (n, cost) in [(10, "2"), (30, "4")] {
        let adjust = Adjust {
            site: None,
            sku: "TEA".into(),
            lot: None,
            place: String::new(),
            movement: Movement::Received,
            quantity: units(n),
            reason: "unknown".parse().unwrap(),
            note: None,
            cost: Some(cost.parse().unwrap()),
        };
        a.replica.adjust(&clerk(), adjust).unwrap();
    }
    chain.later(MINUTE);
    // 40 at 140.00: 3.50 each.
    let number = count(&mut a, "TEA", 38);
    let against = lines(&a, &number)[0].against.unwrap();
    assert_eq!((against.variance, against.value.0), (units(-2), -700));
    a.check();
}

/// A paper that was counted at ten and is typed in at noon holds at ten.
#[test]
fn a_count_holds_when_it_was_made() {
    let mut chain = Chain::open(&["S01"]);
    let mut a = chain.desk(21, "S01A", "S01", 0);
    a.opening("TEA", 10);
    chain.later(HOUR);
    let at = Occurred { at: Moment(chain.now().0), zone: Zone::SHANGHAI };
    chain.later(HOUR);
    a.sell("1", &[("TEA", 1, 1000)]);
    chain.later(HOUR);
    let number = open(&mut a);
    let by = By { occurred: Some(at), ..clerk() };
    a.replica.scan_count(&by, &number, &[seen("TEA", 9)]).unwrap();
    a.replica.close_count(&clerk(), &number, Uncounted::Leave).unwrap();
    a.replica.approve_count(&manager(), &number).unwrap();
    assert_eq!(lines(&a, &number)[0].against.unwrap().variance, units(-1));
    assert_eq!(on_hand(&a, "TEA"), units(8));
    a.check();
}
