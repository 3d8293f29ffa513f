//! HQ pays out, at times while another of its processes does, over a rail that loses answers.
//!
//! What surprises: a payer stalls where it looks at the clock. While it looks, a minute passes and another
//! payer takes the lease and pays; then the first one goes on with what it had in mind.

use std::cell::{Cell, RefCell};

use guicang_domain::ids::RefundNumber;
use guicang_server::hq::follow::FollowError;
use guicang_server::hq::payout::{PayoutError, run};
use guicang_server::hq::rail::{Ordered, PayOrder, PaymentRail, RailError, RailState, SimulatedRail};
use guicang_server::relay::lease::Holder;
use rusqlite::Connection;

use crate::device::audit;
use crate::random::Random;
use crate::world::{HQ, World};
use crate::{Must, Violation, disk};

const FIRST: Holder = Holder([1; 16]);
const SECOND: Holder = Holder([2; 16]);

/// The rail as one payer meets it, watched.
struct Watched<'a> {
    rail: &'a SimulatedRail,
    holder: Holder,
    /// The relay's file: who has the lease.
    relay: &'a Connection,
    /// Whether the payer has stalled since it last asked for anything: it may order once more, what was
    /// acknowledged before.
    stalled: &'a Cell<bool>,
    /// How many of its answers are still to be lost.
    lost: Cell<u32>,
    wrong: &'a RefCell<Option<String>>,
}

impl PaymentRail for Watched<'_> {
    fn pay(&self, order: &PayOrder) -> Result<Ordered, RailError> {
        let holder: Result<[u8; 16], _> = self.relay.query_row("SELECT holder FROM lease", [], |r| r.get(0));
        if holder.is_ok_and(|holder| holder != self.holder.0) && !self.stalled.get() {
            let wrong = format!("refund {} was ordered by a payer that was fenced off", order.refund);
            self.wrong.replace(Some(wrong));
        }
        let answer = self.rail.pay(order)?;
        match self.lost.get() {
            0 => Ok(answer),
            n => {
                self.lost.set(n - 1);
                Err(RailError { detail: "lost".into() })
            }
        }
    }

    fn query(&self, refund: &RefundNumber) -> Result<RailState, RailError> {
        self.rail.query(refund)
    }
}

/// What ends a run of a payer and is no fault of the program's.
fn is_usual(error: &PayoutError) -> bool {
    matches!(error, PayoutError::Held { .. } | PayoutError::Follow(FollowError::StaleFence))
}

impl World {
    /// One run of HQ's payouts.
    pub(crate) fn pay_out(
        &mut self,
        lost: bool,
        stall: Option<u32>,
        random: &mut Random,
    ) -> Result<(), Violation> {
        let link = self.link(self.devices[HQ].id)?;
        let last = self.newest(HQ)?;
        for which in [0, 1] {
            self.devices[HQ].process(which)?;
        }
        let taken = std::mem::take(&mut self.devices[HQ].processes);
        let [Some(mut first), Some(second)] = taken else { unreachable!("both were opened") };
        let second = RefCell::new(second);
        let relay = audit(&self.relay_path())?;
        let (looks, stalled, wrong) = (Cell::new(0), Cell::new(false), RefCell::new(None));
        let other = RefCell::new(None);
        let clock = self.outside.clone();
        let rail = |holder, lost, stalled| Watched {
            rail: &self.rail,
            holder,
            relay: &relay,
            stalled,
            lost: Cell::new(lost),
            wrong: &wrong,
        };
        let (never, rails) = (Cell::new(false), (u32::from(lost), 0));
        let (rail_of_first, rail_of_second) = (rail(FIRST, rails.0, &stalled), rail(SECOND, rails.1, &never));
        let now = || {
            let look = looks.replace(looks.get() + 1);
            stalled.set(Some(look) == stall);
            if stalled.get() {
                clock.clock.fetch_add(60_000, std::sync::atomic::Ordering::Relaxed);
                let mut second = second.borrow_mut();
                let done = run(&mut second.replica, &link, &rail_of_second, SECOND, &|| clock.now());
                other.replace(done.err());
            }
            clock.now()
        };
        let done = run(&mut first.replica, &link, &rail_of_first, FIRST, &now);
        let broken = wrong.take();
        let others = other.take().filter(|error| !is_usual(error));
        let died = disk::is_dead(&self.relay_path()) || disk::is_dead(&self.devices[HQ].path);
        self.devices[HQ].processes = [Some(first), Some(second.into_inner())];
        drop(relay);
        if let Some(wrong) = broken {
            return Err(Violation(wrong));
        }
        if let Some(error) = others.filter(|_| !died) {
            return Err(Violation(format!("HQ's other payer: {error}")));
        }
        let done = match done {
            Err(error) if is_usual(&error) => Ok(None),
            done => done.map(Some),
        };
        self.hq_done(done, random).map(drop)?;
        self.keep_hqs_own(last)?;
        self.rail_and_books_agree(false)
    }

    /// What the rail paid, minor units.
    pub(crate) fn paid_by_rail(&self) -> Result<i64, Violation> {
        let payouts = self.rail.payouts().must("the rail's books")?;
        Ok(payouts.iter().filter(|payout| payout.paid).map(|payout| payout.order.amount.0).sum())
    }
}
