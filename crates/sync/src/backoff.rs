//! How long to wait before the next try, so that ten thousand branches coming back at once don't
//! fell the relay.
//!
//! Exponential with full jitter: each wait is drawn evenly from zero to a limit that doubles. The
//! randomness is passed in.

/// The tries so far. `Default` waits up to 1 s at first, and up to 5 minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    base_ms: u64,
    cap_ms: u64,
    failures: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(1_000, 5 * 60 * 1_000)
    }
}

impl Backoff {
    /// Waits up to `base_ms` after the first failure, twice that after the next, up to `cap_ms`.
    pub fn new(base_ms: u64, cap_ms: u64) -> Self {
        Self { base_ms, cap_ms, failures: 0 }
    }

    /// A try failed: how many milliseconds to wait. `random` is evenly distributed.
    ///
    /// A relay that named a time is obeyed: the wait is that long at least, with the jitter on top,
    /// or all those sent away together would come back together.
    pub fn failed(&mut self, random: u64, retry_after_ms: Option<u64>) -> u64 {
        let factor = 1u64.checked_shl(self.failures.min(63)).unwrap_or(u64::MAX);
        let limit = self.base_ms.saturating_mul(factor).min(self.cap_ms);
        self.failures = self.failures.saturating_add(1);
        let jitter = if limit == u64::MAX { random } else { random % (limit + 1) };
        retry_after_ms.unwrap_or(0).saturating_add(jitter)
    }

    /// A try succeeded.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// How many tries failed in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The longest wait that a fresh back-off gives after each of `n` failures.
    fn longest(base_ms: u64, cap_ms: u64, n: usize) -> Vec<u64> {
        let mut backoff = Backoff::new(base_ms, cap_ms);
        (0..n)
            .map(|_| {
                let limit = |random| backoff.clone().failed(random, None);
                let most = (0..=cap_ms).map(limit).max().unwrap();
                backoff.failed(0, None);
                most
            })
            .collect()
    }

    #[test]
    fn the_limit_doubles_up_to_the_cap() {
        assert_eq!(longest(10, 100, 6), [10, 20, 40, 80, 100, 100]);
    }

    #[test]
    fn success_starts_anew() {
        let mut backoff = Backoff::new(10, 100);
        for _ in 0..5 {
            backoff.failed(7, None);
        }
        backoff.succeeded();
        assert_eq!(backoff, Backoff::new(10, 100));
    }

    proptest! {
        /// A relay that asks for patience gets it, after however many failures; the jitter stays
        /// within the cap.
        #[test]
        fn retry_after_is_obeyed(failures in 0u32..200, random in any::<u64>(), after in 0u64..10_000_000) {
            let mut backoff = Backoff::default();
            for _ in 0..failures {
                backoff.failed(random, None);
            }
            let wait = backoff.failed(random, Some(after));
            prop_assert!((after..=after + 300_000).contains(&wait));
        }
    }
}
