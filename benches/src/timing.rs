//! The clock: the one place that reads it.

#![expect(clippy::disallowed_methods, reason = "a benchmark is what reads the clock")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use guicang_domain::time::Moment;

/// How long `work` takes, in seconds, and what it gave.
pub fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let begun = Instant::now();
    let done = work();
    (begun.elapsed().as_secs_f64(), done)
}

/// The wall's time.
pub fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Times of many runs of one thing.
#[derive(Debug, Default)]
pub struct Times(Vec<f64>);

impl Times {
    /// Runs `work` and keeps how long it took.
    pub fn run<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (seconds, done) = timed(work);
        self.0.push(seconds);
        done
    }

    /// The time that this share of the runs (0 to 1) didn't exceed, in microseconds.
    pub fn percentile_us(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let place = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN) * 1e6
    }
}
