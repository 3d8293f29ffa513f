//! Where a return stands: the fold of its events, per part of each line's quantity.
//!
//! What surprises: nothing here looks at other documents. Whether the sale had that much left to
//! return is the receipt line's fold ([`crate::balance`]), which sees every return of it.

use std::collections::BTreeMap;

use super::{Disposition, Grade, Return, ReturnEvent};
use crate::account::Account;
use crate::event::Rank;
use crate::ids::{EventId, LineId, PartId, RefundNumber, Tender};
use crate::money::Amount;
use crate::quantity::Quantity;
use crate::time::{Moment, Occurred};

/// The fold of a return's events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReturnState {
    /// The decision that stands.
    pub decision: Option<Decision>,
    /// Whether it was cancelled before goods came.
    pub cancelled: bool,
    /// Whether somebody asked for more information and no decision came since.
    pub needs_information: bool,
    /// Whether it was closed.
    pub closed: bool,
    /// The parts that goods were taken in as, by name; those that were split stay with what is
    /// left of them.
    pub parts: BTreeMap<PartId, Part>,
    /// The movements of goods that stand, in the order they were folded.
    pub steps: Vec<Step>,
    /// The refunds, by number.
    pub refunds: BTreeMap<RefundNumber, Refund>,
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

/// A part of a line's quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its line.
    pub line: LineId,
    /// How much of it is still this part: what inspections took from it is gone.
    pub quantity: Quantity,
    /// The place it was put.
    pub place: String,
    /// What the inspection said; `None` while it waits.
    pub inspected: Option<(Grade, Disposition)>,
    /// When it was taken in, or inspected.
    pub since: Occurred,
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
    /// that ranks first stands; the other is named. Payments always stand: money that was paid was
    /// paid.
    pub fn of(document: &Return) -> Self {
        let mut state = ReturnState::default();
        let reversed: Vec<&EventId> = document
            .events
            .iter()
            .filter_map(|e| match &e.body {
                ReturnEvent::Reversed { event } => Some(event),
                _ => None,
            })
            .collect();
        let mut received_by: BTreeMap<LineId, EventId> = BTreeMap::new();
        let mut inspected_by: BTreeMap<PartId, EventId> = BTreeMap::new();
        // A part can only be inspected once it was received, whatever the clocks say: receipts first.
        let standing = || document.events.iter().filter(|e| !reversed.contains(&&e.id));
        for event in standing() {
            match &event.body {
                ReturnEvent::Approved { .. } | ReturnEvent::Rejected { .. } => {
                    let approved = matches!(event.body, ReturnEvent::Approved { .. });
                    match &state.decision {
                        None => state.decision = Some(Decision { approved, event: event.id.clone() }),
                        Some(first) if first.approved != approved => state.conflicts.push(Conflict {
                            about: "decision",
                            stands: first.event.clone(),
                            loses: event.id.clone(),
                        }),
                        Some(_) => {}
                    }
                    state.needs_information = false;
                }
                ReturnEvent::NeedsInformation { .. } if state.decision.is_none() => {
                    state.needs_information = true;
                }
                ReturnEvent::Received { parts } => {
                    for part in parts {
                        let Some(line) = document.lines.get(&part.line) else { continue };
                        let open = line.quantity - state.received(&part.line);
                        let quantity = part.quantity.min(open);
                        if quantity < part.quantity {
                            let stands = received_by.get(&part.line).unwrap_or(&event.id).clone();
                            state.conflicts.push(Conflict {
                                about: "received",
                                stands,
                                loses: event.id.clone(),
                            });
                        }
                        if state.parts.contains_key(&part.part) {
                            // A name given twice: the goods can't be told apart, and somebody has to look.
                            let stands = received_by.get(&part.line).unwrap_or(&event.id).clone();
                            state.conflicts.push(Conflict {
                                about: "received",
                                stands,
                                loses: event.id.clone(),
                            });
                        } else if quantity.is_positive() {
                            received_by.entry(part.line.clone()).or_insert_with(|| event.id.clone());
                            state.steps.push(Step {
                                line: part.line.clone(),
                                place: part.place.clone(),
                                from: Account::Customer,
                                to: Account::ReturnsHold,
                                quantity,
                                occurred: event.occurred.at,
                            });
                            state.parts.insert(
                                part.part.clone(),
                                Part {
                                    line: part.line.clone(),
                                    quantity,
                                    place: part.place.clone(),
                                    inspected: None,
                                    since: event.occurred,
                                },
                            );
                        }
                    }
                }
                ReturnEvent::Imported => {
                    for (id, line) in document.lines.iter().filter(|(_, l)| !l.service) {
                        let part = PartId::new(id.as_str()).expect("a line's name is a part's name");
                        state.steps.push(Step {
                            line: id.clone(),
                            place: String::new(),
                            from: Account::Customer,
                            to: Account::Sellable,
                            quantity: line.quantity,
                            occurred: event.occurred.at,
                        });
                        state.parts.insert(
                            part,
                            Part {
                                line: id.clone(),
                                quantity: line.quantity,
                                place: String::new(),
                                inspected: Some((Grade::A, Disposition::Restock)),
                                since: event.occurred,
                            },
                        );
                    }
                    state.closed = true;
                }
                ReturnEvent::RefundRequested { shares } => {
                    for share in shares {
                        state.refunds.entry(share.refund.clone()).or_insert_with(|| Refund {
                            tender: share.tender.clone(),
                            requested: share.amount,
                            paid: Amount::ZERO,
                            by_hand: Amount::ZERO,
                            state: RefundState::Queued,
                            occurred: event.occurred.at,
                            attempt: share.attempt,
                            intended: None,
                        });
                    }
                }
                ReturnEvent::Cancelled => state.cancelled = true,
                ReturnEvent::Closed => state.closed = true,
                _ => {}
            }
        }
        for event in standing() {
            match &event.body {
                ReturnEvent::Inspected { parts } => {
                    for part in parts {
                        state.inspect(part, event.id.clone(), event.occurred, &mut inspected_by);
                    }
                }
                body => state.pay(body, event.is_acknowledged()),
            }
        }
        // Goods that came make a cancellation void: what has happened is never taken back by it.
        state.cancelled &= state.parts.is_empty();
        state
    }

    fn inspect(
        &mut self,
        part: &super::InspectedPart,
        event: EventId,
        occurred: Occurred,
        inspected_by: &mut BTreeMap<PartId, EventId>,
    ) {
        // A part's name is given once: what would name a second one is not folded.
        if self.parts.contains_key(&part.part) {
            return;
        }
        let Some(of) = self.parts.get_mut(&part.of) else { return };
        if of.inspected.is_some_and(|(_, d)| d != Disposition::Quarantine) {
            return;
        }
        let quantity = part.quantity.min(of.quantity);
        if quantity < part.quantity {
            let stands = inspected_by.get(&part.of).unwrap_or(&event).clone();
            self.conflicts.push(Conflict { about: "inspected", stands, loses: event.clone() });
        }
        if !quantity.is_positive() {
            return;
        }
        of.quantity -= quantity;
        let (line, place) = (of.line.clone(), of.place.clone());
        let from = of.inspected.map_or(Account::ReturnsHold, |(_, disposition)| disposition.account());
        self.steps.push(Step {
            line: line.clone(),
            place: place.clone(),
            from,
            to: part.disposition.account(),
            quantity,
            occurred: occurred.at,
        });
        inspected_by.entry(part.of.clone()).or_insert(event);
        let made =
            Part { line, quantity, place, inspected: Some((part.grade, part.disposition)), since: occurred };
        self.parts.insert(part.part.clone(), made);
    }

    fn pay(&mut self, body: &ReturnEvent, acknowledged: bool) {
        match body {
            ReturnEvent::PayoutIntended { refund, amount, .. } => {
                if let Some(refund) = self.refunds.get_mut(refund) {
                    refund.state = refund.state.max(RefundState::Intended);
                    if acknowledged {
                        refund.intended = Some(*amount);
                    }
                }
            }
            ReturnEvent::PayoutAccepted { refund, .. } => {
                if let Some(refund) = self.refunds.get_mut(refund) {
                    refund.state = refund.state.max(RefundState::Accepted);
                }
            }
            ReturnEvent::PayoutFailed { refund, .. } => {
                if let Some(refund) = self.refunds.get_mut(refund) {
                    refund.state = refund.state.max(RefundState::Failed);
                    if refund.state == RefundState::Failed {
                        refund.intended = None;
                    }
                }
            }
            ReturnEvent::Paid { refund, tender, amount, by_hand, .. } => {
                let refund = self.refunds.entry(refund.clone()).or_insert_with(|| Refund {
                    tender: tender.clone(),
                    requested: *amount,
                    paid: Amount::ZERO,
                    by_hand: Amount::ZERO,
                    state: RefundState::Paid,
                    occurred: Moment::default(),
                    attempt: 0,
                    intended: None,
                });
                refund.state = RefundState::Paid;
                // A rail's payout reported twice was paid once: its number pays once. Money out of two
                // tills is gone twice.
                let by_rail = refund.paid - refund.by_hand;
                if *by_hand {
                    refund.by_hand += *amount;
                    refund.paid = refund.by_hand + by_rail;
                } else {
                    refund.paid = refund.by_hand + by_rail.max(*amount);
                }
            }
            _ => {}
        }
    }

    /// How much of a line was taken in, handed back or not.
    pub fn received(&self, line: &LineId) -> Quantity {
        self.parts.values().filter(|p| p.line == *line).map(|p| p.quantity).sum()
    }

    /// How much of a line came back to stay: taken in and not handed back. This is what counts
    /// against the sale.
    pub fn kept(&self, line: &LineId) -> Quantity {
        self.parts
            .values()
            .filter(|p| p.line == *line && !matches!(p.inspected, Some((_, Disposition::GiveBack))))
            .map(|p| p.quantity)
            .sum()
    }

    /// What was paid, all refunds together.
    pub fn paid(&self) -> Amount {
        self.refunds.values().map(|r| r.paid).sum()
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
        self.refunds.values().map(|r| r.paid.max(r.intended.unwrap_or_default())).sum()
    }

    /// Whether a payout pins this return's verdict: an acknowledged intent or a payment.
    pub fn is_pinned(&self) -> bool {
        self.committed() > Amount::ZERO
    }

    /// The states, as people name them, of all parts: distinct, in the order of a return's life.
    pub fn names(&self, document: &Return) -> Vec<&'static str> {
        let mut names = Vec::new();
        let mut add = |condition: bool, name| {
            if condition {
                names.push(name);
            }
        };
        let received: Quantity = document.lines.keys().map(|l| self.received(l)).sum();
        let asked: Quantity = document.lines.values().filter(|l| !l.service).map(|l| l.quantity).sum();
        let waiting = self.parts.values().any(|p| p.inspected.is_none() && p.quantity.is_positive());
        let inspected = self.parts.values().any(|p| p.inspected.is_some() && p.quantity.is_positive());
        let approved = self.decision.as_ref().map(|d| d.approved);
        add(self.cancelled, "cancelled");
        add(self.needs_information, "needs_information");
        add(approved.is_none() && received == Quantity::ZERO && !self.cancelled, "requested");
        add(approved == Some(false), "rejected");
        add(approved == Some(true) && received == Quantity::ZERO && !self.closed, "approved");
        add(received.is_positive() && received < asked, "part_received");
        add(waiting, "received");
        add(inspected, "inspected");
        for (state, name) in [
            (RefundState::Queued, "refund_queued"),
            (RefundState::Intended, "refund_intended"),
            (RefundState::Accepted, "refund_accepted"),
            (RefundState::Failed, "refund_failed"),
            (RefundState::Paid, "refund_paid"),
        ] {
            add(self.refunds.values().any(|r| r.state == state), name);
        }
        add(self.closed, "closed");
        names
    }
}

/// The rank by which a return claims its sale's quantity: that of the event which took the goods
/// in, or brought them in with history. `None` while nothing came.
pub fn claim_rank(document: &Return, line: &LineId) -> Option<Rank> {
    document.events.iter().find_map(|event| match &event.body {
        ReturnEvent::Received { parts } if parts.iter().any(|p| p.line == *line) => Some(event.rank()),
        ReturnEvent::Imported => Some(event.rank()),
        _ => None,
    })
}
