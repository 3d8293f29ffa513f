//! The time of the chain: it stands still until it is moved, and never goes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{Duration, NaiveDate, NaiveTime};
use guicang_domain::time::{Moment, Zone};

/// A clock that several replicas read.
#[derive(Debug, Clone)]
pub struct Clock {
    now: Arc<AtomicI64>,
}

/// The first day: a Monday, so that Singles' Day and the Spring Festival lie within the year.
pub fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 9, 1).expect("a day")
}

/// The date of a day of the plan, counted from 0.
pub fn date(day: usize) -> NaiveDate {
    first_day() + Duration::days(day as i64)
}

/// A minute of a day on the walls of the chain, both counted from 0.
pub fn at(day: usize, minute: i64) -> Moment {
    Zone::SHANGHAI.at(date(day).and_time(NaiveTime::MIN) + Duration::minutes(minute))
}

impl Default for Clock {
    fn default() -> Self {
        Self { now: Arc::new(AtomicI64::new(at(0, 0).0)) }
    }
}

impl Clock {
    /// The true time.
    pub fn now(&self) -> Moment {
        Moment(self.now.load(Ordering::SeqCst))
    }

    /// It becomes a minute of a day, unless it is later already.
    pub fn until(&self, day: usize, minute: i64) {
        self.now.fetch_max(at(day, minute).0, Ordering::SeqCst);
    }

    /// A few seconds pass: people take their time.
    pub fn tick(&self) {
        self.now.fetch_add(5_000, Ordering::SeqCst);
    }
}
