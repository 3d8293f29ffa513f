//! Where a return stands: the fold of its events, per part of each line's quantity.
//!
//! What surprises: nothing here looks at other documents. Whether the sale had that much left to
//! return is the receipt line's fold ([`crate::balance`]), which sees every return of it.

use std::collections::BTreeMap;

use super::credit::Credit;
use super::goods::Goods;
use super::refund;
use super::{Collected, Cost, Deduction, Disposition, Exchange, Grade, Return, ReturnEvent};
use crate::account::Account;
use crate::event::Event;
use crate::ids::{EventId, LineId, PartId, RefundNumber, Tender};
use crate::money::Amount;
use crate::quantity::Quantity;
use crate::time::{Moment, Occurred};

pub use super::refund::{Refund, RefundState};

/// The fold of a return's events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReturnState {
    /// Whether it was asked for, rather than begun as a draft.
    pub requested: bool,
    /// Whether all of it was taken back by reversing events.
    pub reversed: bool,
    /// The decision that stands.
    pub decision: Option<Decision>,
    /// Whether the customer disputes it, and nothing was decided since.
    pub disputed: bool,
    /// Whether it was cancelled before goods came.
    pub cancelled: bool,
    /// Whether somebody asked for more information and no decision or answer came since.
    pub needs_information: bool,
    /// Whether it was closed.
    pub closed: bool,
    /// Where the goods are to be sent, and until when; the latest that was said.
    pub awaited: Option<Awaited>,
    /// The parcels, by tracking number.
    pub parcels: BTreeMap<String, Parcel>,
    /// The parts that goods were taken in as, by name; those that were split stay with what is
    /// left of them.
    pub parts: BTreeMap<PartId, Part>,
    /// The movements of goods that stand, in the order they were folded.
    pub steps: Vec<Step>,
    /// Money off without goods, by line.
    pub allowances: BTreeMap<LineId, Amount>,
    /// What is taken off what is owed.
    pub deductions: Vec<Deduction>,
    /// Exchanges, each with the event that rang it up and when.
    pub exchanges: Vec<(EventId, Moment, Exchange)>,
    /// What it cost, each with the event that recorded it and when.
    pub costs: Vec<(EventId, Occurred, Cost)>,
    /// What customers paid for repairs.
    pub fees: Vec<Collected>,
    /// The refunds, by number.
    pub refunds: BTreeMap<RefundNumber, Refund>,
    /// The store credit that it gave.
    pub credit: Credit,
    /// Events that lost against another, with the one that stands: decided, received or inspected
    /// twice while apart.
    pub conflicts: Vec<Conflict>,
}

/// A decision on a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Yes or no.
    pub approved: bool,
    /// The event.
    pub event: EventId,
}

/// Where goods are to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// The return address.
    pub address: String,
    /// Until when; `None` for no limit.
    pub until: Option<Moment>,
}

/// A parcel on its way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Who carries it; empty where only its arrival is known.
    pub carrier: String,
    /// When it was sent.
    pub sent: Option<Moment>,
    /// When it arrived.
    pub arrived: Option<Moment>,
}

/// Whose goods a part is, and whether they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    /// Came back.
    Returned,
    /// Refunded, and left with the customer.
    Waived,
    /// The customer's own, here to be repaired.
    Repair,
    /// The customer's own, repaired and handed back.
    Repaired,
}

/// A part of a line's quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its line.
    pub line: LineId,
    /// How much of it is still this part: what inspections took from it is gone.
    pub quantity: Quantity,
    /// The place it was put.
    pub place: String,
    /// Whose goods it is, and whether they came.
    pub kind: PartKind,
    /// What the inspection said; `None` while it waits.
    pub inspected: Option<(Grade, Disposition)>,
    /// When it was taken in, or inspected.
    pub since: Occurred,
}

impl Part {
    /// Where the goods are: left, or never ours, is with the customer.
    pub fn account(&self) -> Account {
        match (self.kind, self.inspected) {
            (PartKind::Returned, Some((_, disposition))) => disposition.account(),
            (PartKind::Returned, None) => Account::ReturnsHold,
            (PartKind::Waived, _) => Account::Waived,
            (PartKind::Repair | PartKind::Repaired, _) => Account::Customer,
        }
    }

    /// Whether goods are here that nobody has inspected.
    pub fn waits(&self) -> bool {
        self.kind == PartKind::Returned && self.inspected.is_none() && self.quantity.is_positive()
    }
}

/// A movement of goods that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The line.
    pub line: LineId,
    /// The place, the same before and after.
    pub place: String,
    /// Where from.
    pub from: Account,
    /// Where to.
    pub to: Account,
    /// How much; above zero.
    pub quantity: Quantity,
    /// When.
    pub occurred: Moment,
}

/// An event that lost against another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// What they were about: `decision`, `received`, `inspected`.
    pub about: &'static str,
    /// The event that stands.
    pub stands: EventId,
    /// The event that doesn't.
    pub loses: EventId,
}

impl ReturnState {
    /// Folds a return's events.
    ///
    /// The rule: of two decisions, or of two events that take in or inspect the same goods, the one
    /// that ranks first stands; the other is named. A decision on what the customer disputed takes the place of
    /// the one before. Payments always stand: money that was paid was paid.
    pub fn of(document: &Return) -> Self {
        let mut state = ReturnState::default();
        let mut goods = Goods::default();
        for event in document.standing() {
            state.decide(event);
            state.recover(event);
            state.settle(event);
            goods.take(&mut state, document, event);
            refund::ask(&mut state.refunds, event);
        }
        for event in document.standing() {
            goods.go_on(&mut state, event);
            refund::pay(&mut state.refunds, event);
        }
        let began = |e: &Event<ReturnEvent>| matches!(e.body, ReturnEvent::Requested | ReturnEvent::Imported);
        state.reversed = document.events.iter().any(began) && !document.standing().any(began);
        // Goods that came make a cancellation void: what has happened is never taken back by it.
        state.cancelled &= state.parts.is_empty();
        state.credit = Credit::of(document, &state.refunds);
        state
    }

    fn decide(&mut self, event: &Event<ReturnEvent>) {
        match &event.body {
            ReturnEvent::Requested => {
                self.requested = true;
                self.needs_information = false;
            }
            ReturnEvent::Approved { .. } | ReturnEvent::Rejected { .. } => {
                let approved = matches!(event.body, ReturnEvent::Approved { .. });
                match &self.decision {
                    Some(first) if !self.disputed => {
                        if first.approved != approved {
                            self.conflicts.push(Conflict {
                                about: "decision",
                                stands: first.event.clone(),
                                loses: event.id.clone(),
                            });
                        }
                    }
                    _ => self.decision = Some(Decision { approved, event: event.id.clone() }),
                }
                self.needs_information = false;
                self.disputed = false;
            }
            ReturnEvent::NeedsInformation { .. } if self.decision.is_none() => self.needs_information = true,
            ReturnEvent::Disputed { .. } => self.disputed = true,
            ReturnEvent::Cancelled => self.cancelled = true,
            ReturnEvent::Closed => {
                self.closed = true;
                self.disputed = false;
            }
            _ => {}
        }
    }

    fn recover(&mut self, event: &Event<ReturnEvent>) {
        let at = Some(event.occurred.at);
        let fresh = || Parcel { carrier: String::new(), sent: None, arrived: None };
        match &event.body {
            ReturnEvent::Awaited { address, until } => {
                self.awaited = Some(Awaited { address: address.clone(), until: *until });
            }
            ReturnEvent::ParcelSent { carrier, tracking } => {
                let parcel = self.parcels.entry(tracking.clone()).or_insert_with(fresh);
                if parcel.sent.is_none() {
                    (parcel.carrier, parcel.sent) = (carrier.clone(), at);
                }
            }
            ReturnEvent::ParcelArrived { tracking } => {
                let parcel = self.parcels.entry(tracking.clone()).or_insert_with(fresh);
                parcel.arrived = parcel.arrived.or(at);
            }
            _ => {}
        }
    }

    fn settle(&mut self, event: &Event<ReturnEvent>) {
        match &event.body {
            ReturnEvent::Allowed { lines } => {
                for allowance in lines {
                    *self.allowances.entry(allowance.line.clone()).or_default() += allowance.amount;
                }
            }
            ReturnEvent::Deducted { items } => self.deductions.extend(items.iter().cloned()),
            ReturnEvent::Exchanged(exchange) => {
                self.exchanges.push((event.id.clone(), event.occurred.at, exchange.clone()));
            }
            ReturnEvent::Cost(cost) => self.costs.push((event.id.clone(), event.occurred, cost.clone())),
            ReturnEvent::RepairReturned { fee: Some(fee), .. } => self.fees.push(fee.clone()),
            _ => {}
        }
    }

    /// How much of a line is spoken for: taken in, handed back or not, waived, or here to be repaired.
    pub fn received(&self, line: &LineId) -> Quantity {
        self.parts.values().filter(|p| p.line == *line).map(|p| p.quantity).sum()
    }

    /// How much of a line came back to stay: taken in and not handed back, or waived. This is what counts
    /// against the sale.
    pub fn kept(&self, line: &LineId) -> Quantity {
        let kept = |p: &&Part| {
            let stays = matches!(p.kind, PartKind::Returned | PartKind::Waived);
            stays && !matches!(p.inspected, Some((_, Disposition::GiveBack)))
        };
        self.parts.values().filter(|p| p.line == *line).filter(kept).map(|p| p.quantity).sum()
    }

    /// How much of the goods is still to come: what was asked, less what is spoken for. Nothing of a line
    /// that money was taken off instead.
    pub fn outstanding(&self, document: &Return, line: &LineId) -> Quantity {
        match document.lines.get(line) {
            Some(l) if !l.service && !self.allowances.contains_key(line) => {
                (l.quantity - self.received(line)).max(Quantity::ZERO)
            }
            _ => Quantity::ZERO,
        }
    }

    /// What was refunded, all refunds together, and what exchanges settled in kind.
    pub fn paid(&self) -> Amount {
        self.refunds.values().map(|r| r.paid).sum::<Amount>() + self.in_kind()
    }

    /// What exchanges settled of what is owed, the customer's own payments taken off.
    fn in_kind(&self) -> Amount {
        self.exchanges.iter().map(|(_, _, e)| e.settles()).sum()
    }

    /// What waits to be paid: asked for, and neither paid nor refused for good.
    pub fn queued(&self) -> Amount {
        self.refunds
            .values()
            .filter(|r| !matches!(r.state, RefundState::Paid | RefundState::Failed))
            .map(|r| r.requested)
            .sum()
    }

    /// What was paid or is counted as paid: an acknowledged intent is, until the rail says not.
    pub fn committed(&self) -> Amount {
        let refunds: Amount = self.refunds.values().map(|r| r.paid.max(r.intended.unwrap_or_default())).sum();
        refunds + self.in_kind()
    }

    /// What is taken off what is owed, all together.
    pub fn deducted(&self) -> Amount {
        self.deductions.iter().map(|d| d.amount).sum()
    }

    /// Whether a payout pins this return's verdict: an acknowledged intent, a payment, or goods given
    /// in exchange.
    pub fn is_pinned(&self) -> bool {
        self.committed() > Amount::ZERO || !self.exchanges.is_empty()
    }

    /// The money that went by each tender, signed as the tender's account sees it: what was refunded goes
    /// out, what customers paid comes in. Store credit is not among them ([`Self::credit`]).
    pub fn tenders(&self) -> BTreeMap<Tender, Amount> {
        let mut by: BTreeMap<Tender, Amount> = BTreeMap::new();
        for refund in self.refunds.values().filter(|r| r.tender != Tender::credit()) {
            *by.entry(refund.tender.clone()).or_default() -= refund.paid;
        }
        for (_, _, exchange) in &self.exchanges {
            if let Some(collected) = &exchange.collected {
                *by.entry(collected.tender.clone()).or_default() += collected.amount;
            }
            if let Some(rung) = &exchange.rung {
                *by.entry(Tender::exchange()).or_default() -= rung.value;
            }
        }
        for fee in &self.fees {
            *by.entry(fee.tender.clone()).or_default() += fee.amount;
        }
        by.retain(|_, amount| *amount != Amount::ZERO);
        by
    }
}

/// The event by whose rank a return claims its sale's quantity: the first that took goods of the line in,
/// left them with the customer, took money off it, or brought it in with history. `None` while there is
/// none.
pub fn claim_event<'a>(document: &'a Return, line: &LineId) -> Option<&'a Event<ReturnEvent>> {
    document.standing().find(|event| match &event.body {
        ReturnEvent::Received { parts } | ReturnEvent::Waived { parts } => {
            parts.iter().any(|p| p.line == *line)
        }
        ReturnEvent::Allowed { lines } => lines.iter().any(|l| l.line == *line),
        ReturnEvent::Imported => true,
        _ => false,
    })
}
