//! The clock: the one place that reads it.

#![expect(clippy::disallowed_methods, reason = "a benchmark is what reads the clock")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use guicang_domain::time::Moment;

/// How long something took, in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Took {
    /// By the wall's clock.
    pub wall: f64,
    /// Of the cores' time, all threads of this process together; 0 where the system doesn't tell.
    pub cores: f64,
}

impl std::ops::AddAssign for Took {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.cores += other.cores;
    }
}

/// How long `work` takes, and what it gave.
pub fn timed<T>(work: impl FnOnce() -> T) -> (Took, T) {
    let (begun, before) = (Instant::now(), cores());
    let done = work();
    (Took { wall: begun.elapsed().as_secs_f64(), cores: cores() - before }, done)
}

/// What this process has used of the cores, as Linux tells it: in hundredths of a second.
fn cores() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The program's name, which may hold anything, ends with the last parenthesis.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
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
        let begun = Instant::now();
        let done = work();
        self.0.push(begun.elapsed().as_secs_f64());
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
