//! Payouts: one payment per refund, whatever happens in between.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use guicang_domain::ids::RefundNumber;
use guicang_domain::money::Amount;
use guicang_server::hq::payout::{LEASE_TTL_MS, PayoutError, Run, run};
use guicang_server::hq::rail::{Ordered, PayOrder, PaymentRail, RailError, RailState, SimulatedRail};
use guicang_server::relay::lease::Holder;

use crate::chain::Chain;

/// Where the process is killed, or the line to the rail breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    BeforeOrder,
    AfterOrder,
    BeforeQuery,
    AfterQuery,
}

/// A rail that is reached at its address, but not always.
struct Line<'a> {
    rail: &'a SimulatedRail,
    breaks: Cell<Option<Point>>,
    kills: bool,
}

impl Line<'_> {
    fn at(&self, point: Point) -> Result<(), RailError> {
        if self.breaks.get() != Some(point) {
            return Ok(());
        }
        self.breaks.set(None);
        assert!(!self.kills, "killed");
        Err(RailError { detail: "the line broke".into() })
    }
}

impl PaymentRail for Line<'_> {
    fn pay(&self, order: &PayOrder) -> Result<Ordered, RailError> {
        self.at(Point::BeforeOrder)?;
        let answer = self.rail.pay(order)?;
        self.at(Point::AfterOrder)?;
        Ok(answer)
    }

    fn query(&self, refund: &RefundNumber) -> Result<RailState, RailError> {
        self.at(Point::BeforeQuery)?;
        let answer = self.rail.query(refund)?;
        self.at(Point::AfterQuery)?;
        Ok(answer)
    }
}

fn pay(chain: &mut Chain, rail: &dyn PaymentRail, holder: u8) -> Result<Run, PayoutError> {
    let (link, clock) = (chain.link(&chain.hq), chain.clock_fn());
    run(&mut chain.hq, &link, rail, Holder([holder; 16]), &clock)
}

/// A chain with one refund of 15.00 due, and the rail's books.
fn due() -> (Chain, SimulatedRail) {
    let mut chain = Chain::found();
    let mut alice = chain.join("S01");
    chain.sell(&mut alice, "1001", 2, 3_000);
    chain.take_back(&mut alice, "S01/1001");
    chain.sync(&mut alice);
    let rail = SimulatedRail::open(&chain.data.rail_file()).unwrap();
    (chain, rail)
}

fn assert_paid_once(chain: &mut Chain, rail: &SimulatedRail, what: &str) {
    let books = rail.payouts().unwrap();
    assert_eq!(books.len(), 1, "{what}");
    assert!(books[0].paid, "{what}");
    assert_eq!(books[0].order.amount, Amount(1_500), "{what}");
    let row = &chain.returns_at_hq()[0];
    assert_eq!((row.paid, row.queued), (Amount(1_500), Amount(0)), "{what}");
    let again = pay(chain, rail, 9).unwrap();
    assert_eq!(again, Run::default(), "{what}");
    assert_eq!(rail.payouts().unwrap(), books, "{what}");
}

#[test]
fn a_refund_is_paid_and_only_once() {
    let (mut chain, rail) = due();
    let done = pay(&mut chain, &rail, 1).unwrap();
    assert_eq!(done.paid.len(), 1);
    assert_paid_once(&mut chain, &rail, "straight");
}

/// Killed at any point of the exchange with the rail, with nothing but the files left: the next run pays
/// what is not paid, and nothing a second time.
#[test]
fn whoever_is_killed_pays_nothing_twice() {
    for point in [Point::BeforeOrder, Point::AfterOrder, Point::BeforeQuery, Point::AfterQuery] {
        let (mut chain, rail) = due();
        let line = Line { rail: &rail, breaks: Cell::new(Some(point)), kills: true };
        catch_unwind(AssertUnwindSafe(|| pay(&mut chain, &line, 1))).unwrap_err();
        chain.restart();
        // The dead process still holds the lease; nobody pays meanwhile.
        assert!(matches!(pay(&mut chain, &rail, 2), Err(PayoutError::Held { .. })), "{point:?}");
        chain.later(LEASE_TTL_MS);
        let done = pay(&mut chain, &rail, 2).unwrap();
        assert_eq!(done.paid.len(), 1, "{point:?}");
        assert_paid_once(&mut chain, &rail, &format!("{point:?}"));
    }
}

/// A rail that gives no answer leaves the refund open, not failed: it is asked the next time.
#[test]
fn a_lost_answer_is_no_answer() {
    for point in [Point::BeforeOrder, Point::AfterOrder, Point::BeforeQuery, Point::AfterQuery] {
        let (mut chain, rail) = due();
        let line = Line { rail: &rail, breaks: Cell::new(Some(point)), kills: false };
        let done = pay(&mut chain, &line, 1).unwrap();
        assert_eq!((done.paid.len(), done.unanswered.len()), (0, 1), "{point:?}");
        assert_eq!(pay(&mut chain, &line, 2).unwrap().paid.len(), 1, "{point:?}");
        assert_paid_once(&mut chain, &rail, &format!("{point:?}"));
    }
}

/// Two returns of one receipt: a rail takes no two orders on one payment within a minute. The second waits
/// and is paid by the next run, under the number that it had.
#[test]
fn a_second_refund_on_one_payment_waits_a_minute() {
    let mut chain = Chain::found();
    let mut alice = chain.join("S01");
    chain.sell_by_wechat(&mut alice, "1001", 2, 3_000);
    chain.take_back(&mut alice, "S01/1001");
    chain.take_back(&mut alice, "S01/1001");
    chain.sync(&mut alice);
    let rail = SimulatedRail::open(&chain.data.rail_file()).unwrap();
    let first = pay(&mut chain, &rail, 1).unwrap();
    assert_eq!((first.paid.len(), first.pending.len()), (1, 1));
    let soon = pay(&mut chain, &rail, 1).unwrap();
    assert_eq!((soon.paid.len(), soon.pending.len()), (0, 1));
    chain.later(60_000);
    let second = pay(&mut chain, &rail, 1).unwrap();
    assert_eq!((second.paid.len(), second.pending.len()), (1, 0));
    assert_eq!(second.paid[0].refund, first.pending[0].refund);
    assert_eq!(rail.payouts().unwrap().len(), 2);
}

/// A payment that is too old to pay back on: the refund fails for good, what is owed stays owed, and the
/// branch pays it out otherwise, under another number.
#[test]
fn what_the_rail_refuses_is_paid_otherwise() {
    let mut chain = Chain::found();
    let mut alice = chain.join("S01");
    chain.sell_by_wechat(&mut alice, "1001", 2, 3_000);
    chain.later(366 * 86_400_000);
    let row = {
        let by = guicang_replica::By { approved_by: Some("wang".parse().unwrap()), ..crate::chain::clerk() };
        chain.take_back_by(&by, &mut alice, "S01/1001");
        chain.sync(&mut alice);
        let rail = SimulatedRail::open(&chain.data.rail_file()).unwrap();
        let run = pay(&mut chain, &rail, 1).unwrap();
        assert_eq!(run.failed.len(), 1);
        assert!(run.failed[0].1.contains("365 days"), "{}", run.failed[0].1);
        chain.returns_at_hq().remove(0)
    };
    assert_eq!((row.entitled, row.queued, row.paid), (Amount(1_500), Amount(0), Amount(0)));
    chain.sync(&mut alice);
    let cash = "cash".parse().unwrap();
    let done = alice.refund(&crate::chain::clerk(), row.number.as_str(), cash, None, true).unwrap();
    assert_eq!((done.queued, done.paid), (Amount(0), Amount(1_500)));
}
