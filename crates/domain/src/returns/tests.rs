//! The fold under every history: what two devices may have recorded while apart, in any order of rank.

use proptest::prelude::*;

use super::moves::Move;
use super::postings::postings;
use super::state::ReturnState;
use super::{
    Allowance, Channel, Collected, Deduction, DeductionKind, Disposition, Exchange, Grade, InspectedPart,
    ReceivedPart, RefundShare, Replacement, Return, ReturnEvent, ReturnLine,
};
use crate::account::imbalance;
use crate::document::Head;
use crate::event::{Event, Proof};
use crate::ids::{DeviceId, DocumentId, EventId, LineId, PartId, ReceiptLineId, RefundNumber, Tender};
use crate::money::{Amount, Currency};
use crate::quantity::Quantity;
use crate::time::{Moment, Occurred, Recorded, Zone};

const ID: DocumentId = DocumentId { creator: DeviceId([1; 16]), uuid: uuid::Uuid::from_bytes([2; 16]) };

fn event_id(n: i64) -> EventId {
    EventId { recorded: Recorded::new(Moment(1_000 + n), 0), device: "S01A".parse().unwrap() }
}

/// A return of three of an article, with these events, a millisecond apart.
fn return_of(bodies: &[ReturnEvent]) -> Return {
    let line = ReturnLine {
        sku: "TEA".parse().unwrap(),
        written: None,
        quantity: Quantity::units(3),
        reason: "defective".parse().unwrap(),
        note: None,
        links: Vec::new(),
        price: None,
        cost: None,
        service: false,
        lot: None,
        serials: Vec::new(),
        group: None,
        row: None,
    };
    let event = |(n, body): (i64, &ReturnEvent)| Event {
        id: event_id(n),
        occurred: Occurred { at: Moment(1_000 + n), zone: Zone::SHANGHAI },
        seen: Moment(0),
        user: "li".parse().unwrap(),
        policy: String::new(),
        body: body.clone(),
        proof: Proof { device: DeviceId([1; 16]), hq: false, stamped: None },
    };
    Return {
        head: Head {
            import: None,
            id: ID,
            site: Some("S01".parse().unwrap()),
            number: "TH-S01A-000001".parse().unwrap(),
            schema: 1,
            rules: 1,
            zone: Zone::SHANGHAI,
        },
        channel: Channel::Store,
        receipt: None,
        proof: None,
        customer: None,
        contact: None,
        currency: Currency::CNY,
        note: None,
        lines: [(LineId::nth(1), line)].into(),
        events: (0..).zip(bodies).map(event).collect(),
    }
}

fn part(name: u8, units: i64) -> ReceivedPart {
    let part = PartId::new(&format!("1.{name}")).unwrap();
    ReceivedPart { part, line: LineId::nth(1), quantity: Quantity::units(units), place: String::new() }
}

/// Any event that a device may have recorded, sensible or not.
fn any_event() -> impl Strategy<Value = ReturnEvent> {
    let parts = || (0u8..5, 1i64..4).prop_map(|(name, units)| vec![part(name, units)]);
    let money = 1i64..10_000;
    prop_oneof![
        Just(ReturnEvent::Requested),
        Just(ReturnEvent::Approved { by: None, grounds: Vec::new() }),
        Just(ReturnEvent::Rejected { by: None, grounds: Vec::new() }),
        Just(ReturnEvent::Disputed { note: String::new() }),
        Just(ReturnEvent::Cancelled),
        Just(ReturnEvent::Closed),
        parts().prop_map(|parts| ReturnEvent::Received { parts }),
        parts().prop_map(|parts| ReturnEvent::Waived { parts }),
        parts().prop_map(|parts| ReturnEvent::TakenForRepair { parts }),
        (0u8..5, 5u8..9, 1i64..4, 0usize..8).prop_map(|(of, name, units, to)| ReturnEvent::Inspected {
            parts: vec![InspectedPart {
                part: part(name, 1).part,
                of: part(of, 1).part,
                quantity: Quantity::units(units),
                grade: Grade::B,
                disposition: Disposition::ALL[to],
                reason_found: None,
                missing: Vec::new(),
            }]
        }),
        money.clone().prop_map(|m| ReturnEvent::Allowed {
            lines: vec![Allowance { line: LineId::nth(1), amount: Amount(m) }]
        }),
        money.clone().prop_map(|m| ReturnEvent::Deducted {
            items: vec![Deduction {
                line: LineId::nth(1),
                kind: DeductionKind::MissingPart,
                what: "lid".into(),
                amount: Amount(m)
            }]
        }),
        (money.clone(), money.clone()).prop_map(|(value, collected)| {
            ReturnEvent::Exchanged(Exchange {
                given: vec![Replacement {
                    line: ReceiptLineId::of_number(1),
                    sku: "CUP".parse().unwrap(),
                    quantity: Quantity::units(1),
                    paid: Amount(value),
                    cost: None,
                }],
                collected: Some(Collected {
                    tender: Tender::cash(),
                    amount: Amount(collected),
                    reference: None,
                }),
                ..Exchange::default()
            })
        }),
        money.prop_map(|m| {
            let refund = RefundNumber::of(ID, &Tender::cash(), 0);
            ReturnEvent::RefundRequested {
                shares: vec![RefundShare { refund, tender: Tender::cash(), amount: Amount(m), attempt: 0 }],
            }
        }),
        (0i64..12).prop_map(|n| ReturnEvent::Reversed { event: event_id(n), by: None }),
    ]
}

proptest! {
    /// Whatever was recorded, in whatever order it ranks: stock balances, no more of a line is spoken for than
    /// it asks, and what came back to stay is part of that. A state always has a name.
    #[test]
    fn stock_balances_under_every_history(bodies in prop::collection::vec(any_event(), 0..12)) {
        let document = return_of(&bodies);
        let state = ReturnState::of(&document);
        prop_assert_eq!(imbalance(&postings(&document, &state)), vec![]);
        let line = LineId::nth(1);
        prop_assert!(state.received(&line) <= Quantity::units(3));
        prop_assert!(state.kept(&line) <= state.received(&line));
        prop_assert!(!state.stages(&document).is_empty());
    }

    /// A return that was taken back as a whole has moved nothing and settled nothing, whatever had happened.
    #[test]
    fn what_is_reversed_as_a_whole_moves_nothing(bodies in prop::collection::vec(any_event(), 1..8)) {
        let reverse = |n: usize| ReturnEvent::Reversed { event: event_id(n as i64), by: None };
        let mut all = vec![ReturnEvent::Requested];
        all.extend(bodies.into_iter().filter(|b| b.is_reversible()));
        all.extend((0..all.len()).map(reverse).collect::<Vec<_>>());
        let document = return_of(&all);
        let state = ReturnState::of(&document);
        prop_assert!(state.reversed);
        prop_assert_eq!(postings(&document, &state), vec![]);
        prop_assert_eq!((state.paid(), state.queued(), state.deducted()), Default::default());
        prop_assert!(state.tenders().is_empty());
        prop_assert!(Move::ALL.iter().all(|m| state.check(&document, *m).is_err()), "nothing can be added");
    }

    /// Who obeys the table never takes in goods or pays before an approval, nor after the end: every move is
    /// tried at each step of every history that the table lets through.
    #[test]
    fn no_order_of_commands_reaches_what_the_rules_refuse(tries in prop::collection::vec(any_event(), 0..40)) {
        let mut bodies = vec![ReturnEvent::Requested];
        for body in tries {
            let document = return_of(&bodies);
            let what = match &body {
                ReturnEvent::Requested => Move::Request,
                ReturnEvent::Approved { .. } => Move::Approve,
                ReturnEvent::Rejected { .. } => Move::Reject,
                ReturnEvent::Disputed { .. } => Move::Dispute,
                ReturnEvent::Cancelled => Move::Cancel,
                ReturnEvent::Closed => Move::Close,
                ReturnEvent::Received { .. } => Move::Receive,
                ReturnEvent::Waived { .. } => Move::Waive,
                ReturnEvent::TakenForRepair { .. } => Move::Repair,
                ReturnEvent::Inspected { .. } => Move::Inspect,
                ReturnEvent::Allowed { .. } => Move::Allow,
                ReturnEvent::Deducted { .. } => Move::Deduct,
                ReturnEvent::Exchanged(_) => Move::Exchange,
                ReturnEvent::RefundRequested { .. } => Move::Refund,
                _ => continue,
            };
            if ReturnState::of(&document).check(&document, what).is_err() {
                continue;
            }
            let decided = |b: &ReturnEvent| matches!(b, ReturnEvent::Approved { .. } | ReturnEvent::Rejected { .. });
            let settles = matches!(
                what,
                Move::Receive | Move::Waive | Move::Repair | Move::Allow | Move::Exchange | Move::Refund
            );
            if settles {
                let last = bodies.iter().rfind(|b| decided(b));
                prop_assert!(matches!(last, Some(ReturnEvent::Approved { .. })), "{} before a yes", what);
                prop_assert!(!bodies.contains(&ReturnEvent::Cancelled), "{} after cancelling", what);
                prop_assert!(!bodies.contains(&ReturnEvent::Closed), "{} after closing", what);
            }
            bodies.push(body);
            let document = return_of(&bodies);
            let conflicts = ReturnState::of(&document).conflicts;
            prop_assert!(conflicts.iter().all(|c| c.about != "decision"), "decided twice");
        }
    }
}
