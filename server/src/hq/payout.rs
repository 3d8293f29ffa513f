//! Payouts: electronic refunds, each paid once.
//!
//! ```text
//!   lease -> intent (an event) -> acknowledged by the relay under the fence -> the rail is called
//!         -> accepted -> asked by refund number -> paid or failed (events)
//! ```
//!
//! What surprises: after a crash nothing is remembered but these events. An intent without outcome may
//! have been paid or not; only the rail knows, so it is asked by the refund's number before anything
//! else. That number, the same for every attempt, is why a second order can't pay a second time.

use guicang_domain::ids::RefundNumber;
use guicang_domain::money::{Amount, Currency};
use guicang_domain::returns::state::RefundState;
use guicang_domain::time::Moment;
use guicang_replica::{CommandError, Payable, PayoutOutcome, Replica};

use super::follow::{FollowError, session, settle};
use super::rail::{Ordered, PayOrder, PaymentRail, RailError, RailState};
use crate::relay::RelayError;
use crate::relay::lease::{Holder, Lease};
use crate::relay::link::LocalLink;

/// How long the lease is taken for; it is prolonged with each refund.
pub const LEASE_TTL_MS: i64 = 10_000;

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// Refunds now paid.
    pub paid: Vec<Settled>,
    /// Refunds that the rail refused for good.
    pub failed: Vec<(Settled, String)>,
    /// Refunds that the rail has taken and not paid yet.
    pub pending: Vec<Settled>,
    /// Refunds whose rail gave no answer; they are asked for the next time.
    pub unanswered: Vec<(Settled, String)>,
}

/// A refund of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The return's number.
    pub number: String,
    /// The refund's.
    pub refund: RefundNumber,
    /// By what.
    pub tender: String,
    /// How much, in minor units.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
}

/// Why a run ended early. What was done before stands.
#[derive(Debug, thiserror::Error)]
pub enum PayoutError {
    /// Another process is paying.
    #[error("another process is paying out until {}", .until.to_rfc3339())]
    Held {
        /// When its lease ends.
        until: Moment,
    },
    /// HQ's replica.
    #[error(transparent)]
    Replica(#[from] CommandError),
    /// The exchange with the relay.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// The relay's file.
    #[error(transparent)]
    Relay(#[from] RelayError),
}

/// Pays everything that is due.
///
/// # Errors
/// [`PayoutError`].
pub fn run(
    replica: &mut Replica,
    link: &LocalLink,
    rail: &dyn PaymentRail,
    holder: Holder,
    now: &dyn Fn() -> Moment,
) -> Result<Run, PayoutError> {
    // What the branches did until now first: a return that came in may turn a verdict.
    settle(replica, link, now)?;
    take_lease(link, holder, now)?;
    let mut run = Run::default();
    for due in replica.payable()? {
        // Prolonged each time, and a number that went up meanwhile would fence us off below.
        let fence = take_lease(link, holder, now)?;
        pay(replica, link, rail, fence, now, due, &mut run)?;
    }
    session(replica, link, now, Some(take_lease(link, holder, now)?))?;
    link.relay().release_lease(holder, now())?;
    Ok(run)
}

pub(super) fn take_lease(
    link: &LocalLink,
    holder: Holder,
    now: &dyn Fn() -> Moment,
) -> Result<u64, PayoutError> {
    match link.relay().take_lease(holder, LEASE_TTL_MS, now())? {
        Lease::Taken { fence, .. } => Ok(fence),
        Lease::Held { until } => Err(PayoutError::Held { until }),
    }
}

fn pay(
    replica: &mut Replica,
    link: &LocalLink,
    rail: &dyn PaymentRail,
    fence: u64,
    now: &dyn Fn() -> Moment,
    due: Payable,
    run: &mut Run,
) -> Result<(), PayoutError> {
    let settled = Settled {
        number: due.number.to_string(),
        refund: due.refund.clone(),
        tender: due.tender.to_string(),
        amount: due.amount,
        currency: due.currency,
    };
    let begun = due.state != RefundState::Queued;
    if !begun && !replica.payout_intent(due.document, &due.refund, fence)? {
        return Ok(());
    }
    // The intent is acknowledged before the rail is called; a stale fence ends the run here.
    session(replica, link, now, Some(fence))?;
    let acknowledged = replica
        .payable()?
        .into_iter()
        .any(|p| p.document == due.document && p.refund == due.refund && p.acknowledged);
    if !acknowledged {
        // Refused, or still on its way: nothing is paid on an intent that only we know of.
        run.pending.push(settled);
        return Ok(());
    }
    let order = PayOrder {
        refund: due.refund.clone(),
        tender: due.tender.clone(),
        amount: due.amount,
        currency: due.currency,
        payment: due.payment.clone(),
        ordered: now(),
    };
    let said = match order_and_ask(rail, &order, begun) {
        Ok(said) => said,
        Err(error) => {
            run.unanswered.push((settled, error.detail));
            return Ok(());
        }
    };
    let mut write = |outcome| replica.payout_outcome(due.document, &due.refund, outcome);
    if let Some(reference) = said.accepted
        && due.state != RefundState::Accepted
    {
        write(PayoutOutcome::Accepted { reference })?;
    }
    match said.state {
        RailState::Paid { reference, amount } => {
            write(PayoutOutcome::Paid { reference, amount })?;
            run.paid.push(settled);
        }
        RailState::Failed { reason } => {
            write(PayoutOutcome::Failed { reason: reason.clone() })?;
            run.failed.push((settled, reason));
        }
        // The rail takes no order on that payment yet: the next run orders it again.
        RailState::Pending | RailState::Unknown => run.pending.push(settled),
    }
    Ok(())
}

/// What a rail said: whether it took the order just now, and how far the refund is.
struct Said {
    accepted: Option<String>,
    state: RailState,
}

fn order_and_ask(rail: &dyn PaymentRail, order: &PayOrder, begun: bool) -> Result<Said, RailError> {
    if begun {
        match rail.query(&order.refund)? {
            // It never heard of it: the earlier run ended before its order arrived.
            RailState::Unknown => {}
            state => return Ok(Said { accepted: None, state }),
        }
    }
    match rail.pay(order)? {
        Ordered::Later { .. } => Ok(Said { accepted: None, state: RailState::Pending }),
        Ordered::Refused { reason } => Ok(Said { accepted: None, state: RailState::Failed { reason } }),
        Ordered::Accepted { reference } => {
            Ok(Said { accepted: Some(reference), state: rail.query(&order.refund)? })
        }
    }
}
