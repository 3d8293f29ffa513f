//! What becomes of a return's goods: the fold of what was taken in, inspected, waived and repaired.
//!
//! What surprises: more than a line asks for is never taken in. What a second device took in of the same line
//! while apart is cut to what was open, and named as a conflict: the goods themselves are there to be looked at.

use std::collections::BTreeMap;

use super::state::{Conflict, Part, PartKind, ReturnState, Step};
use super::{Disposition, Grade, InspectedPart, ReceivedPart, Return, ReturnEvent};
use crate::account::Account;
use crate::event::Event;
use crate::ids::{EventId, LineId, PartId};

/// The fold, with what it has to remember of the events before.
#[derive(Default)]
pub(super) struct Goods {
    /// The event that took in a line's first part.
    received_by: BTreeMap<LineId, EventId>,
    /// The event that inspected a part first.
    inspected_by: BTreeMap<PartId, EventId>,
}

impl Goods {
    /// Goods that come: a part can only be inspected once it was received, so these are folded first,
    /// whatever the clocks say.
    pub fn take(&mut self, state: &mut ReturnState, document: &Return, event: &Event<ReturnEvent>) {
        let (parts, kind) = match &event.body {
            ReturnEvent::Received { parts } => (parts, PartKind::Returned),
            ReturnEvent::Waived { parts } => (parts, PartKind::Waived),
            ReturnEvent::TakenForRepair { parts } => (parts, PartKind::Repair),
            ReturnEvent::Imported => return import(state, document, event),
            _ => return,
        };
        for part in parts {
            self.take_part(state, document, event, part, kind);
        }
    }

    fn take_part(
        &mut self,
        state: &mut ReturnState,
        document: &Return,
        event: &Event<ReturnEvent>,
        part: &ReceivedPart,
        kind: PartKind,
    ) {
        let Some(line) = document.lines.get(&part.line) else { return };
        let quantity = part.quantity.min(line.quantity - state.received(&part.line));
        // A name given twice: the goods can't be told apart, and somebody has to look.
        let twice = state.parts.contains_key(&part.part);
        if quantity < part.quantity || twice {
            let stands = self.received_by.get(&part.line).unwrap_or(&event.id).clone();
            state.conflicts.push(Conflict { about: "received", stands, loses: event.id.clone() });
        }
        if twice || !quantity.is_positive() {
            return;
        }
        self.received_by.entry(part.line.clone()).or_insert_with(|| event.id.clone());
        let to = match kind {
            PartKind::Returned => Some(Account::ReturnsHold),
            PartKind::Waived => Some(Account::Waived),
            PartKind::Repair | PartKind::Repaired => None,
        };
        if let Some(to) = to {
            state.steps.push(Step {
                line: part.line.clone(),
                place: part.place.clone(),
                from: Account::Customer,
                to,
                quantity,
                occurred: event.occurred.at,
            });
        }
        let taken = Part {
            line: part.line.clone(),
            quantity,
            place: part.place.clone(),
            kind,
            inspected: None,
            since: event.occurred,
        };
        state.parts.insert(part.part.clone(), taken);
    }

    /// What becomes of goods that came.
    pub fn go_on(&mut self, state: &mut ReturnState, event: &Event<ReturnEvent>) {
        match &event.body {
            ReturnEvent::Inspected { parts } => {
                for part in parts {
                    self.inspect(state, event, part);
                }
            }
            ReturnEvent::RepairReturned { parts, .. } => {
                for part in parts {
                    if let Some(part) = state.parts.get_mut(part).filter(|p| p.kind == PartKind::Repair) {
                        part.kind = PartKind::Repaired;
                        part.since = event.occurred;
                    }
                }
            }
            _ => {}
        }
    }

    fn inspect(&mut self, state: &mut ReturnState, event: &Event<ReturnEvent>, part: &InspectedPart) {
        // A part's name is given once: what would name a second one is not folded.
        if state.parts.contains_key(&part.part) {
            return;
        }
        let Some(of) = state.parts.get_mut(&part.of).filter(|p| p.kind == PartKind::Returned) else { return };
        if of.inspected.is_some_and(|(_, d)| d != Disposition::Quarantine) {
            return;
        }
        let quantity = part.quantity.min(of.quantity);
        if quantity < part.quantity {
            let stands = self.inspected_by.get(&part.of).unwrap_or(&event.id).clone();
            state.conflicts.push(Conflict { about: "inspected", stands, loses: event.id.clone() });
        }
        if !quantity.is_positive() {
            return;
        }
        of.quantity -= quantity;
        let (line, place) = (of.line.clone(), of.place.clone());
        let from = of.inspected.map_or(Account::ReturnsHold, |(_, disposition)| disposition.account());
        state.steps.push(Step {
            line: line.clone(),
            place: place.clone(),
            from,
            to: part.disposition.account(),
            quantity,
            occurred: event.occurred.at,
        });
        self.inspected_by.entry(part.of.clone()).or_insert_with(|| event.id.clone());
        let made = Part {
            line,
            quantity,
            place,
            kind: PartKind::Returned,
            inspected: Some((part.grade, part.disposition)),
            since: event.occurred,
        };
        state.parts.insert(part.part.clone(), made);
    }
}

/// History came back whole and sellable.
fn import(state: &mut ReturnState, document: &Return, event: &Event<ReturnEvent>) {
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
        let came = Part {
            line: id.clone(),
            quantity: line.quantity,
            place: String::new(),
            kind: PartKind::Returned,
            inspected: Some((Grade::A, Disposition::Restock)),
            since: event.occurred,
        };
        state.parts.insert(part, came);
    }
    state.closed = true;
}
