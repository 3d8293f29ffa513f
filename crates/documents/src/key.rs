//! An event's key in its document: the device's code and the recorded time.
//!
//! What surprises: the time is told from the document's own moment, its root's `made`, as far as it
//! can be, so that a counter's return has the keys `S01A-0`, `S01A-1`, ... like every other; written out,
//! the keys' times are a tenth of what a return costs on the line. A key has one form alone, since two
//! keys for one event would be two events.
//!
//! ```text
//!   CODE-HHH             recorded - made, in hexadecimal, up to 12 digits
//!   CODE-TTTTTTTTTTTTT   recorded, as the event's id shows it: earlier than `made`, more than seven
//!                        weeks later, or in a document without `made`
//! ```

use guicang_domain::ids::EventId;
use guicang_domain::time::{Moment, Recorded};

use crate::replay::Replayed;
use crate::value::{FieldError, parse};

/// The digits that a time told from `made` has at most: fewer than one that is written out.
const DIGITS: usize = 12;

/// What a document's events tell their times from: its root's `made`, if it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Made(pub Option<Moment>);

impl Made {
    /// The key of an event.
    pub fn key(self, id: &EventId) -> String {
        match self.since(id) {
            Some(since) => format!("{}-{since:x}", id.device),
            None => id.to_string(),
        }
    }

    /// The event of a key.
    pub fn event(self, key: &str) -> Result<EventId, FieldError> {
        let wrong = || FieldError {
            field: key.into(),
            found: format!("{key:?}"),
            wanted: "an event's key: CODE-TIME, in its one form".into(),
        };
        let short = key.rsplit_once('-').filter(|(_, time)| time.len() <= DIGITS);
        let id = match (short, self.0) {
            (Some((code, time)), Some(made)) => {
                let since = i64::from_str_radix(time, 16).map_err(|_| wrong())?;
                let recorded = Recorded::new(made, 0).0.checked_add(since);
                EventId {
                    recorded: Recorded(recorded.ok_or_else(wrong)?),
                    device: code.parse().map_err(|_| wrong())?,
                }
            }
            _ => parse(key, key)?,
        };
        if self.key(&id) == key { Ok(id) } else { Err(wrong()) }
    }

    fn since(self, id: &EventId) -> Option<i64> {
        let since = id.recorded.0.checked_sub(Recorded::new(self.0?, 0).0)?;
        (0..1 << (4 * DIGITS)).contains(&since).then_some(since)
    }
}

impl Replayed {
    /// What this document's events tell their times from.
    pub(crate) fn made(&self) -> Made {
        Made(self.root_int("made").map(Moment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(recorded: i64) -> EventId {
        EventId { recorded: Recorded(recorded), device: "S01A".parse().unwrap() }
    }

    #[test]
    fn a_key_has_one_form() {
        let made = Made(Some(Moment(1_000_000)));
        let base = 1_000_000 << 16;
        assert_eq!(made.key(&id(base)), "S01A-0");
        assert_eq!(made.key(&id(base + (1 << 16))), "S01A-10000");
        let written_out = id(base).to_string();
        for key in ["S01A-00", "S01A--1", "S01A-+1", "S01A-A", "S01A-", "S01A", &written_out] {
            assert!(made.event(key).is_err(), "{key}");
        }
        assert!(Made(None).event("S01A-0").is_err());
        assert_eq!(Made(None).event(&written_out), Ok(id(base)));
    }

    proptest! {
        /// Whenever an event was recorded, and wherever its document tells times from, its key leads
        /// back to it.
        #[test]
        fn a_key_leads_back_to_its_event(
            recorded in prop_oneof![any::<i64>().prop_map(|r| r & i64::MAX), 0i64..1 << 40],
            made in proptest::option::of(prop_oneof![any::<i64>(), 0i64..1 << 24]),
        ) {
            let made = Made(made.map(Moment));
            prop_assert_eq!(made.event(&made.key(&id(recorded))), Ok(id(recorded)));
        }
    }
}
