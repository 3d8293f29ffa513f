//! Times: when something happened, and when a device wrote it down.
//!
//! An event has both. What surprises: they are used for different things. `occurred` (business
//! time, with its zone) is what stock, counts, windows and reports go by; `recorded` (a hybrid
//! logical clock) decides only which of two events takes precedence, and is not believed beyond
//! what the relay's stamps prove. No function here reads a clock: the time is passed in.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Duration, LocalResult, NaiveDate, NaiveDateTime, TimeZone, Utc};
use minicbor::{Decode, Encode};

/// A point in time: milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Moment(#[n(0)] pub i64);

impl Moment {
    /// RFC 3339 in UTC with milliseconds: `2026-11-23T06:02:03.000Z`.
    pub fn to_rfc3339(self) -> String {
        DateTime::<Utc>::from_timestamp_millis(self.0).map_or_else(
            || format!("{} ms", self.0),
            |t| t.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        )
    }

    /// This moment and `ms` milliseconds more.
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// A time zone of the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(pub chrono_tz::Tz);

impl Zone {
    /// China's zone: the default of a new organisation.
    pub const SHANGHAI: Zone = Zone(chrono_tz::Asia::Shanghai);

    /// The moment that a clock on this zone's walls shows as `local`.
    ///
    /// Where the wall shows it twice (the end of summer time) the earlier is taken; where it never
    /// does (the beginning), the moment an hour on.
    pub fn at(self, local: NaiveDateTime) -> Moment {
        match self.0.from_local_datetime(&local) {
            LocalResult::Single(t) | LocalResult::Ambiguous(t, _) => Moment(t.timestamp_millis()),
            LocalResult::None => self.at(local + Duration::hours(1)),
        }
    }

    /// What a clock on this zone's walls shows at `moment`.
    pub fn local(self, moment: Moment) -> DateTime<chrono_tz::Tz> {
        self.0.timestamp_millis_opt(moment.0).single().unwrap_or_else(|| self.0.timestamp_nanos(0))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl FromStr for Zone {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let wrong = || TimeError { found: text.into(), wanted: "a time zone such as Asia/Shanghai" };
        text.parse().map(Zone).map_err(|_| wrong())
    }
}

/// Why a text is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("time: found {found:?}, wanted {wanted}")]
pub struct TimeError {
    /// What was found.
    pub found: String,
    /// What would be right.
    pub wanted: &'static str,
}

/// When something happened in business: the till's or the paper's time, with its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Occurred {
    /// The moment.
    pub at: Moment,
    /// The zone whose walls showed it; its date there is the business date.
    pub zone: Zone,
}

impl Occurred {
    /// The business date: the local date where it happened.
    pub fn date(&self) -> NaiveDate {
        self.zone.local(self.at).date_naive()
    }

    /// RFC 3339 with the zone's offset: `2026-11-23T14:02:03.000+08:00`.
    pub fn to_rfc3339(&self) -> String {
        self.zone.local(self.at).to_rfc3339_opts(chrono::SecondsFormat::Millis, false)
    }

    /// Reads `2026-11-23`, `2026-11-23T14:02[:03]` or the same with a space, on this zone's walls,
    /// or RFC 3339 with an offset.
    ///
    /// # Errors
    /// [`TimeError`] when it is none of these.
    pub fn parse(text: &str, zone: Zone) -> Result<Self, TimeError> {
        let text = text.trim();
        if let Ok(t) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self { at: Moment(t.timestamp_millis()), zone });
        }
        for format in ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"] {
            if let Ok(t) = NaiveDateTime::parse_from_str(text, format) {
                return Ok(Self { at: zone.at(t), zone });
            }
        }
        match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(date) => Ok(Self { at: zone.at(date.and_time(chrono::NaiveTime::MIN)), zone }),
            Err(_) => Err(TimeError { found: text.into(), wanted: "2026-11-23T14:02:03, or a date alone" }),
        }
    }
}

/// A day of the calendar, in no zone: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Day(#[n(0)] pub i32);

impl Day {
    /// The day of a date.
    pub fn of(date: NaiveDate) -> Self {
        Self(date.to_epoch_days())
    }

    /// Its date; `None` beyond what a calendar has.
    pub fn date(self) -> Option<NaiveDate> {
        NaiveDate::from_epoch_days(self.0)
    }
}

/// A reading of a device's hybrid logical clock: milliseconds << 16 | counter.
///
/// Unique for the device, and later than all that the device had seen when it wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Recorded(#[n(0)] pub i64);

impl Recorded {
    /// The reading at `moment` with a counter.
    pub fn new(moment: Moment, counter: u16) -> Self {
        // A moment beyond the clock's range (the year 6429) stands at its end.
        let ms = moment.0.clamp(-(1 << 46), (1 << 46) - 1);
        Self(ms << 16 | i64::from(counter))
    }

    /// The moment, without the counter.
    pub fn moment(self) -> Moment {
        Moment(self.0 >> 16)
    }
}

/// How far beyond proven time another device's clock is believed, and how far outside its proven
/// bounds an event's recorded time may lie before it is flagged: ten minutes.
pub const CLOCK_TOLERANCE_MS: i64 = 10 * 60 * 1000;

/// A device's hybrid logical clock (Kulkarni and others, 2014): never goes back, follows what it
/// has seen, and stays as near to the wall's time as that allows.
#[derive(Debug, Clone, Copy, Default)]
pub struct HybridClock {
    last: Recorded,
}

impl HybridClock {
    /// A clock that goes on from its last reading.
    pub fn from_last(last: Recorded) -> Self {
        Self { last }
    }

    /// The next reading, at the wall's time `now`.
    pub fn tick(&mut self, now: Moment) -> Recorded {
        self.last = Recorded(self.last.0 + 1).max(Recorded::new(now, 0));
        self.last
    }

    /// Takes another device's reading into account, unless it lies more than
    /// [`CLOCK_TOLERANCE_MS`] past `proven`, the newest time that a relay's stamp proves: one
    /// device whose clock is a year fast must not carry the others along.
    pub fn observe(&mut self, other: Recorded, proven: Moment) {
        if other.moment().0 <= proven.0.saturating_add(CLOCK_TOLERANCE_MS) {
            self.last = self.last.max(other);
        }
    }

    /// The last reading given or taken.
    pub fn last(self) -> Recorded {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_set_back_still_goes_on() {
        let mut clock = HybridClock::default();
        let first = clock.tick(Moment(5_000));
        let second = clock.tick(Moment(4_000));
        assert!(second > first);
        assert_eq!(second.moment(), Moment(5_000));
    }

    #[test]
    fn a_neighbour_a_year_fast_is_not_followed() {
        let mut clock = HybridClock::default();
        let proven = Moment(1_000_000);
        clock.observe(Recorded::new(Moment(1_000_000 + 31_536_000_000), 0), proven);
        assert_eq!(clock.tick(proven).moment(), proven);
        clock.observe(Recorded::new(Moment(1_300_000), 0), proven);
        assert_eq!(clock.tick(proven).moment(), Moment(1_300_000));
    }

    #[test]
    fn the_business_date_is_the_shops_own() {
        let t = Occurred::parse("2026-11-23T00:30", Zone::SHANGHAI).unwrap();
        assert_eq!(t.date().to_string(), "2026-11-23");
        assert_eq!(t.at.to_rfc3339(), "2026-11-22T16:30:00.000Z");
        assert_eq!(t.to_rfc3339(), "2026-11-23T00:30:00.000+08:00");
        assert!(Occurred::parse("yesterday", Zone::SHANGHAI).is_err());
    }
}
