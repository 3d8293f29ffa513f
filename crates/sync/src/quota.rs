//! How much one device may add to a relay: so that a faulty or stolen one can't fill its disk.
//!
//! Each entry that is stored takes a share of an hour: its bytes of the bytes that an hour allows, its
//! changes of the changes, and so on; the largest of these shares counts. What surprises: nothing is
//! counted up or down. All that is kept is the moment at which everything taken so far will be paid
//! for, and a device that is more than an hour ahead is asked to come back. What it holds back is never
//! refused, since a refused change is made anew; it just has to wait.
//!
//! ```text
//!   now ------------------------ paid_until ---- now + 1 h
//!        taken, not yet paid for             room
//! ```

use std::num::NonZeroU64;

use guicang_domain::time::Moment;

const HOUR_US: i64 = 3_600_000_000;

/// Room that there is to be again when a device that was asked to wait comes back: a minute's worth,
/// or it would come for each entry.
const ROOM_US: i64 = 60_000_000;

/// No account is further ahead than this: an entry that takes more than an hour at once, or a relay's
/// clock that was wrong for a while, must not shut a device out for days.
const AHEAD_MAX_US: i64 = 2 * HOUR_US;

/// What one device may add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Bytes of changes and entries, in an hour.
    pub bytes: NonZeroU64,
    /// Changes, in an hour; those that are refused by name are noted, and count.
    pub changes: NonZeroU64,
    /// Positions of feeds, in an hour: a change takes one in the log and one in the feed of each of
    /// its document's sites, and a site that is added takes one for each earlier change.
    pub positions: NonZeroU64,
    /// Bytes of changes set apart of a device without a right, in all: HQ has them to look through.
    pub apart_bytes: NonZeroU64,
}

impl Default for Quota {
    /// Far beyond what a branch does: half a million rows imported at once, or a year's work brought to
    /// a relay that lost it, take no more than a part of an hour.
    fn default() -> Self {
        let of = |n| NonZeroU64::new(n).expect("more than nothing");
        Self {
            bytes: of(1024 * 1024 * 1024),
            changes: of(1_000_000),
            positions: of(4_000_000),
            apart_bytes: of(64 * 1024 * 1024),
        }
    }
}

/// What storing something takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Bytes of changes and entries.
    pub bytes: u64,
    /// Changes.
    pub changes: u64,
    /// Positions of feeds.
    pub positions: u64,
}

/// A device's account at a relay. The default is that of one that never brought anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
    /// When all that the device brought will be paid for; microseconds since 1970.
    pub paid_until_us: i64,
    /// What is set apart of it because it had no right, in bytes.
    pub apart_bytes: u64,
}

impl Account {
    /// How many milliseconds the device should wait before it brings more; none: it may go on. With
    /// `apart` it has no right, and what it brings is set apart.
    ///
    /// Whoever may go on may bring a whole entry, even one that takes more than there is room for: so
    /// an entry of any size gets through in the end, whatever the quota.
    pub fn wait_ms(&self, quota: &Quota, apart: bool, now: Moment) -> Option<u64> {
        let ahead_us = self.ahead_us(now);
        let full = apart && self.apart_bytes >= quota.apart_bytes.get();
        if ahead_us < HOUR_US && !full {
            return None;
        }
        let wait_us = (ahead_us - HOUR_US + ROOM_US).max(ROOM_US);
        Some((wait_us as u64).div_ceil(1000))
    }

    /// Enters what was stored. `apart_bytes` of it were set apart because the device has no right.
    pub fn charge(&mut self, quota: &Quota, cost: Cost, apart_bytes: u64, now: Moment) {
        let share = |of: u64, quota: NonZeroU64| {
            let us = (u128::from(of) * HOUR_US as u128).div_ceil(u128::from(quota.get()));
            us.min(AHEAD_MAX_US as u128) as i64
        };
        let takes_us = share(cost.bytes, quota.bytes)
            .max(share(cost.changes, quota.changes))
            .max(share(cost.positions, quota.positions));
        let ahead_us = (self.ahead_us(now) + takes_us).min(AHEAD_MAX_US);
        self.paid_until_us = micros(now).saturating_add(ahead_us);
        self.apart_bytes = self.apart_bytes.saturating_add(apart_bytes);
    }

    fn ahead_us(&self, now: Moment) -> i64 {
        self.paid_until_us.saturating_sub(micros(now)).clamp(0, AHEAD_MAX_US)
    }
}

fn micros(moment: Moment) -> i64 {
    moment.0.saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOON: Moment = Moment(1_790_000_000_000);

    fn quota(bytes: u64, changes: u64) -> Quota {
        let of = |n| NonZeroU64::new(n).unwrap();
        Quota { bytes: of(bytes), changes: of(changes), ..Quota::default() }
    }

    fn bytes(bytes: u64) -> Cost {
        Cost { bytes, ..Cost::default() }
    }

    #[test]
    fn an_hours_worth_goes_at_once_and_then_an_hours_worth_an_hour() {
        let quota = quota(3_600, 1_000);
        let mut account = Account::default();
        for _ in 0..36 {
            assert_eq!(account.wait_ms(&quota, false, NOON), None);
            account.charge(&quota, bytes(100), 0, NOON);
        }
        assert_eq!(account.wait_ms(&quota, false, NOON), Some(60_000));
        let later = NOON.plus_ms(60_000);
        assert_eq!(account.wait_ms(&quota, false, later), None);
        account.charge(&quota, bytes(60), 0, later);
        assert_eq!(account.wait_ms(&quota, false, later), Some(60_000));
    }

    /// Many small changes take as much as few large ones: what there is most of counts.
    #[test]
    fn the_largest_share_counts() {
        let quota = quota(1_000_000, 10);
        let mut account = Account::default();
        account.charge(&quota, Cost { bytes: 100, changes: 10, positions: 30 }, 0, NOON);
        assert_eq!(account.wait_ms(&quota, false, NOON), Some(60_000));
    }

    /// A device without a right brings so much and no more, however long it waits; once it has its right
    /// again, that no longer matters.
    #[test]
    fn what_is_set_apart_is_bounded_in_all() {
        let quota = Quota { apart_bytes: NonZeroU64::new(500).unwrap(), ..Quota::default() };
        let mut account = Account::default();
        account.charge(&quota, bytes(600), 600, NOON);
        let next_year = NOON.plus_ms(365 * 86_400_000);
        assert_eq!(account.wait_ms(&quota, true, next_year), Some(60_000));
        assert_eq!(account.wait_ms(&quota, false, next_year), None);
    }

    /// A clock that was wrong costs an hour or so, not the years that it was off.
    #[test]
    fn a_clock_set_back_shuts_nobody_out() {
        let quota = Quota::default();
        let mut account = Account::default();
        account.charge(&quota, bytes(1_000), 0, NOON.plus_ms(1_000 * 86_400_000));
        let wait_ms = account.wait_ms(&quota, false, NOON).unwrap();
        assert!(wait_ms <= 3_660_000, "{wait_ms}");
    }

    proptest! {
        /// Whatever a device brings: if it waits as long as it was asked to, it may go on.
        #[test]
        fn who_waits_gets_on(
            costs in prop::collection::vec((0u64..10_000_000, 0u64..100_000, 0u64..100_000), 1..50),
            hourly in 1u64..1_000_000_000,
        ) {
            let quota = quota(hourly, hourly);
            let (mut account, mut now) = (Account::default(), NOON);
            for (bytes, changes, positions) in costs {
                if let Some(wait_ms) = account.wait_ms(&quota, false, now) {
                    prop_assert!((60_000..=3_660_000).contains(&wait_ms));
                    now = now.plus_ms(wait_ms as i64);
                    prop_assert_eq!(account.wait_ms(&quota, false, now), None);
                }
                account.charge(&quota, Cost { bytes, changes, positions }, 0, now);
            }
        }
    }
}
