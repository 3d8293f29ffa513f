//! Events: what happened to a document, by whom, when, and how far the time is to be believed.
//!
//! A document's state is the fold of its events, never a field that two writers race for. What
//! surprises: which of two events takes precedence is decided by [`Event::rank`], not by
//! `recorded` alone, since a device's clock is only believed within what the relay's stamps prove.

use crate::ids::{DeviceId, EventId, UserName};
use crate::time::{CLOCK_TOLERANCE_MS, Moment, Occurred, Recorded};

/// Who wrote an event, as the facts prove it: not what the event says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The device whose journal entry carries the event's change.
    pub device: DeviceId,
    /// Whether that device is one of HQ's.
    pub hq: bool,
    /// The earliest stamp on that entry; `None` while no relay has acknowledged it.
    pub stamped: Option<Moment>,
}

/// An event of a document, with a body that the document's kind gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<B> {
    /// Who recorded it and when; its key in the document.
    pub id: EventId,
    /// The business time.
    pub occurred: Occurred,
    /// Relay time of the newest stamp that the device had pulled when it recorded the event.
    pub seen: Moment,
    /// The person, as the device knew them.
    pub user: UserName,
    /// The policy version by which it was judged; empty where no policy was asked.
    pub policy: String,
    /// What happened.
    pub body: B,
    /// Who wrote it, proven.
    pub proof: Proof,
}

/// Where an event stands among others: lower comes first. Ends in the event's own id, so that two
/// events never rank alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank {
    /// clamp(recorded, seen, earliest stamp), in the hybrid clock's units.
    pub time: Recorded,
    /// Breaks ties.
    pub event: EventId,
}

impl<B> Event<B> {
    /// Where the event stands among others.
    ///
    /// A clock set back wins at most the time since the device last heard of the relay (`seen`); a
    /// clock set forward loses at most the time until the entry was stamped.
    pub fn rank(&self) -> Rank {
        let floor = Recorded::new(self.seen, 0);
        let mut time = self.id.recorded.max(floor);
        if let Some(stamped) = self.proof.stamped {
            time = time.min(Recorded::new(stamped, u16::MAX));
        }
        Rank { time, event: self.id.clone() }
    }

    /// Whether the recorded time lies more than ten minutes outside what is proven.
    pub fn clock_is_off(&self) -> bool {
        let recorded = self.id.recorded.moment().0;
        let before = recorded < self.seen.0 - CLOCK_TOLERANCE_MS;
        let after = self.proof.stamped.is_some_and(|s| recorded > s.0 + CLOCK_TOLERANCE_MS);
        before || after
    }

    /// Whether the relay has acknowledged it.
    pub fn is_acknowledged(&self) -> bool {
        self.proof.stamped.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Zone;

    fn event(recorded_ms: i64, seen_ms: i64, stamped_ms: Option<i64>) -> Event<()> {
        Event {
            id: EventId { recorded: Recorded::new(Moment(recorded_ms), 0), device: "S01A".parse().unwrap() },
            occurred: Occurred { at: Moment(recorded_ms), zone: Zone::SHANGHAI },
            seen: Moment(seen_ms),
            user: "li".parse().unwrap(),
            policy: String::new(),
            body: (),
            proof: Proof { device: DeviceId([1; 16]), hq: false, stamped: stamped_ms.map(Moment) },
        }
    }

    /// A clerk who sets the till's clock back a year gains no precedence over what the till had
    /// already heard of; nor does a fast clock push an event past the time the relay took it.
    #[test]
    fn a_wrong_clock_is_bounded_by_what_is_proven() {
        let year = 31_536_000_000;
        let set_back = event(2_000_000_000_000 - year, 2_000_000_000_000, Some(2_000_000_060_000));
        assert_eq!(set_back.rank().time.moment(), Moment(2_000_000_000_000));
        assert!(set_back.clock_is_off());
        let fast = event(2_000_000_000_000 + year, 2_000_000_000_000, Some(2_000_000_060_000));
        assert_eq!(fast.rank().time.moment(), Moment(2_000_000_060_000));
        assert!(fast.clock_is_off());
        let honest = event(2_000_000_030_000, 2_000_000_000_000, Some(2_000_000_060_000));
        assert_eq!(honest.rank().time.moment(), Moment(2_000_000_030_000));
        assert!(!honest.clock_is_off());
    }
}
