//! Goods that are kept for somebody (预留单).
//!
//! What surprises: a reservation moves nothing. It lowers what is available, never what is on hand; and
//! it ends by itself at its time, which whoever asks has to tell, since no clock is looked at here.

use std::collections::BTreeMap;

use crate::document::Head;
use crate::event::Event;
use crate::ids::{EventId, LineId, Lot, Sku};
use crate::quantity::Quantity;
use crate::time::Moment;
use crate::transfer::Portion;

/// A reservation, as read from its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// Identity, site, number, versions.
    pub head: Head,
    /// For whom or what, as the clerk wrote it; no personal data.
    pub purpose: Option<String>,
    /// It holds before this moment; `None`: until it is released or used.
    pub until: Option<Moment>,
    /// What is kept.
    pub lines: BTreeMap<LineId, ReservationLine>,
    /// What happened, in order of rank.
    pub events: Vec<Event<ReservationEvent>>,
}

/// A line of a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservationLine {
    /// The article.
    pub sku: Sku,
    /// How much; above zero.
    pub quantity: Quantity,
    /// The lot; `None`: of whichever.
    pub lot: Option<Lot>,
    /// The place; empty: wherever it lies.
    pub place: String,
}

/// What can happen to a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReservationEvent {
    /// It was made.
    Reserved,
    /// Some of it is free again.
    Released {
        /// What of which line.
        parts: Vec<Portion>,
    },
    /// Some of it went where it was meant to: it was sold, or sent.
    Consumed {
        /// What of which line.
        parts: Vec<Portion>,
    },
    /// An earlier event is taken back (红字冲销); both stay.
    Reversed {
        /// Which.
        event: EventId,
    },
    /// Something that a newer program recorded; kept, not folded.
    Unknown {
        /// Its name.
        kind: String,
    },
}

impl Reservation {
    fn standing(&self) -> impl Iterator<Item = &Event<ReservationEvent>> {
        let reversed = |id: &EventId| {
            let takes_back =
                |body: &ReservationEvent| matches!(body, ReservationEvent::Reversed { event } if event == id);
            self.events.iter().any(|e| takes_back(&e.body))
        };
        self.events.iter().filter(move |e| !reversed(&e.id))
    }

    /// The event that made it; `None` when that was taken back.
    pub fn reserved(&self) -> Option<&Event<ReservationEvent>> {
        self.standing().find(|e| e.body == ReservationEvent::Reserved)
    }

    /// How much of each line is still kept, whatever the time is. What two devices released while apart
    /// is free once: less than nothing is never kept.
    pub fn kept(&self) -> BTreeMap<LineId, Quantity> {
        if self.reserved().is_none() {
            return BTreeMap::new();
        }
        let mut kept: BTreeMap<LineId, Quantity> =
            self.lines.iter().map(|(id, line)| (id.clone(), line.quantity)).collect();
        for event in self.standing() {
            let (ReservationEvent::Released { parts } | ReservationEvent::Consumed { parts }) = &event.body
            else {
                continue;
            };
            for part in parts {
                if let Some(left) = kept.get_mut(&part.line) {
                    *left = (*left - part.quantity).max(Quantity::ZERO);
                }
            }
        }
        kept
    }

    /// Whether it has ended by itself at a moment.
    pub fn has_expired(&self, now: Moment) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Head;
    use crate::event::Proof;
    use crate::ids::{DeviceId, DocumentId};
    use crate::time::{Occurred, Recorded, Zone};

    fn event(n: i64, body: ReservationEvent) -> Event<ReservationEvent> {
        Event {
            id: EventId { recorded: Recorded::new(Moment(n), 0), device: "S01A".parse().unwrap() },
            occurred: Occurred { at: Moment(n), zone: Zone::SHANGHAI },
            seen: Moment(0),
            user: "li".parse().unwrap(),
            policy: String::new(),
            body,
            proof: Proof { device: DeviceId([1; 16]), hq: false, stamped: None },
        }
    }

    /// Five are kept; three are sold, and two devices release the other two while apart: nothing is kept,
    /// and not less than nothing. With the sale taken back, one is: of the five, four were released.
    #[test]
    fn what_is_released_twice_is_free_once() {
        let part = |units| vec![Portion { line: LineId::nth(1), quantity: Quantity::units(units) }];
        let line = ReservationLine {
            sku: "TEA".parse().unwrap(),
            quantity: Quantity::units(5),
            lot: None,
            place: String::new(),
        };
        let mut reservation = Reservation {
            head: Head {
                id: DocumentId { creator: DeviceId([1; 16]), uuid: uuid::Uuid::nil() },
                site: Some("S01".parse().unwrap()),
                number: "YL-S01A-000001".parse().unwrap(),
                schema: 1,
                rules: 1,
                zone: Zone::SHANGHAI,
                import: None,
            },
            purpose: None,
            until: Some(Moment(100)),
            lines: [(LineId::nth(1), line)].into(),
            events: vec![
                event(1, ReservationEvent::Reserved),
                event(2, ReservationEvent::Consumed { parts: part(3) }),
            ],
        };
        assert_eq!(reservation.kept()[&LineId::nth(1)], Quantity::units(2));
        reservation.events.push(event(3, ReservationEvent::Released { parts: part(2) }));
        reservation.events.push(event(4, ReservationEvent::Released { parts: part(2) }));
        assert_eq!(reservation.kept()[&LineId::nth(1)], Quantity::ZERO);
        let sold = reservation.events[1].id.clone();
        reservation.events.push(event(5, ReservationEvent::Reversed { event: sold }));
        assert_eq!(reservation.kept()[&LineId::nth(1)], Quantity::units(1));
        assert!(!reservation.has_expired(Moment(99)) && reservation.has_expired(Moment(100)));
    }
}
