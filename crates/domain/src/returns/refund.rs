//! How far a return's refunds have come: the fold of what was asked for, ordered and paid.
//!
//! What surprises: payments always stand. Money that two tills handed out is gone twice; a rail's payout that
//! was reported twice was paid once, since its number pays once.

use std::collections::BTreeMap;

use super::{Exchange, RefundShare, ReturnEvent};
use crate::event::Event;
use crate::ids::{RefundNumber, Tender};
use crate::money::Amount;
use crate::time::Moment;

/// A refund by one tender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// By what.
    pub tender: Tender,
    /// How much was asked for.
    pub requested: Amount,
    /// How much was paid: by hand, and by the rail.
    pub paid: Amount,
    /// What persons paid, all of them together: cash that two devices handed out is gone twice.
    pub by_hand: Amount,
    /// How far it has come.
    pub state: RefundState,
    /// When it was asked for.
    pub occurred: Moment,
    /// The attempt group of its number.
    pub attempt: u32,
    /// The amount of an intent that the relay has acknowledged: it counts as paid until the rail
    /// says otherwise, and pins the verdict.
    pub intended: Option<Amount>,
}

/// How far a refund has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefundState {
    /// Asked for; HQ pays it if the entitlement is there.
    Queued,
    /// The intent is on the relay; the rail may have been called.
    Intended,
    /// The rail took the order.
    Accepted,
    /// Refused for good; another attempt has another number.
    Failed,
    /// Paid.
    Paid,
}

impl RefundState {
    /// Whether HQ has begun to pay it and the outcome isn't known.
    pub fn is_under_way(self) -> bool {
        matches!(self, RefundState::Intended | RefundState::Accepted)
    }
}

impl Refund {
    fn asked(share: &RefundShare, occurred: Moment) -> Self {
        Self {
            tender: share.tender.clone(),
            requested: share.amount,
            paid: Amount::ZERO,
            by_hand: Amount::ZERO,
            state: RefundState::Queued,
            occurred,
            attempt: share.attempt,
            intended: None,
        }
    }

    fn pay(&mut self, amount: Amount, by_hand: bool) {
        self.state = RefundState::Paid;
        let by_rail = self.paid - self.by_hand;
        if by_hand {
            self.by_hand += amount;
            self.paid = self.by_hand + by_rail;
        } else {
            self.paid = self.by_hand + by_rail.max(amount);
        }
    }
}

/// Notes what an event asks to be refunded.
pub(super) fn ask(refunds: &mut BTreeMap<RefundNumber, Refund>, event: &Event<ReturnEvent>) {
    let at = event.occurred.at;
    let mut ask = |share: &RefundShare| {
        refunds.entry(share.refund.clone()).or_insert_with(|| Refund::asked(share, at));
    };
    match &event.body {
        ReturnEvent::RefundRequested { shares } => shares.iter().for_each(ask),
        ReturnEvent::Exchanged(Exchange { refunded: Some(share), .. }) => ask(share),
        _ => {}
    }
}

/// Notes how far an event brings a refund. Asked for first, whatever the clocks say.
pub(super) fn pay(refunds: &mut BTreeMap<RefundNumber, Refund>, event: &Event<ReturnEvent>) {
    match &event.body {
        ReturnEvent::PayoutIntended { refund, amount, .. } => {
            if let Some(refund) = refunds.get_mut(refund) {
                refund.state = refund.state.max(RefundState::Intended);
                if event.is_acknowledged() {
                    refund.intended = Some(*amount);
                }
            }
        }
        ReturnEvent::PayoutAccepted { refund, .. } => {
            if let Some(refund) = refunds.get_mut(refund) {
                refund.state = refund.state.max(RefundState::Accepted);
            }
        }
        ReturnEvent::PayoutFailed { refund, .. } => {
            if let Some(refund) = refunds.get_mut(refund) {
                refund.state = refund.state.max(RefundState::Failed);
                if refund.state == RefundState::Failed {
                    refund.intended = None;
                }
            }
        }
        ReturnEvent::Paid { refund, tender, amount, by_hand, .. } => {
            let share = || RefundShare {
                refund: refund.clone(),
                tender: tender.clone(),
                amount: *amount,
                attempt: 0,
            };
            refunds
                .entry(refund.clone())
                .or_insert_with(|| Refund::asked(&share(), Moment::default()))
                .pay(*amount, *by_hand);
        }
        ReturnEvent::Exchanged(Exchange { refunded: Some(share), paid: true, .. }) => {
            if let Some(refund) = refunds.get_mut(&share.refund) {
                refund.pay(share.amount, true);
            }
        }
        _ => {}
    }
}
