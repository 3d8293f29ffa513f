//! How much of a pull to apply at once: about five milliseconds' worth, and then a pause as long.
//!
//! SQLite's lock has no queue. Whoever takes it again at once keeps a clerk's command out for a second
//! and more; with pauses as long as the slices the command gets its turn within milliseconds. Time is
//! measured by the caller, so that a simulation with a clock of its own does the same again.

use std::time::Duration;

/// How long a slice may hold the file.
const SLICE: Duration = Duration::from_millis(5);

/// The longest pause: a clock that jumped while a slice was applied must not make an hour of it.
const PAUSE_MAX: Duration = Duration::from_secs(1);

const POSITIONS_FIRST: usize = 16;
const POSITIONS_MAX: usize = 1024;

/// Adapts the size of slices to the time that they take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slices {
    positions: usize,
    /// How long the file was held since the last pause.
    held: Duration,
}

impl Default for Slices {
    fn default() -> Self {
        Self { positions: POSITIONS_FIRST, held: Duration::ZERO }
    }
}

impl Slices {
    /// How many positions of a feed to apply in the next transaction; at least one.
    pub fn positions(&self) -> usize {
        self.positions
    }

    /// A slice took so long: how long to leave the file to others. Nothing until slices have taken as
    /// long as one may: timers go by the millisecond, and a pause after each of the shortest would
    /// take longer than they.
    pub fn took(&mut self, took: Duration) -> Duration {
        self.positions = match took > SLICE {
            true => (self.positions / 2).max(1),
            false => (self.positions * 2).min(POSITIONS_MAX),
        };
        self.held += took;
        if self.held < SLICE {
            return Duration::ZERO;
        }
        std::mem::take(&mut self.held).min(PAUSE_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a position takes 100 us, slices settle around 5 ms; where one alone takes longer, they
    /// are of one; where nothing takes time, they don't grow without end.
    #[test]
    fn slices_settle_where_they_take_five_milliseconds() {
        for (each_us, least, most) in [(100, 32, 64), (20_000, 1, 2), (0, 1024, 1024)] {
            let mut slices = Slices::default();
            let (mut worked, mut paused) = (Duration::ZERO, Duration::ZERO);
            for _ in 0..20 {
                let took = Duration::from_micros(each_us * slices.positions() as u64);
                worked += took;
                paused += slices.took(took);
                assert!(worked - paused < SLICE, "paused for {paused:?} of {worked:?}");
            }
            assert!((least..=most).contains(&slices.positions()), "{each_us}: {}", slices.positions());
        }
    }

    #[test]
    fn a_clock_that_jumps_makes_no_long_pause() {
        assert_eq!(Slices::default().took(Duration::from_secs(3_600)), PAUSE_MAX);
    }
}
