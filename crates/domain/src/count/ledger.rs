//! A bucket's ledger: what its postings and the counts of it come to.
//!
//! ```text
//!   100      -3      97        -5        stock 92
//!   opening  sale    count     sale
//!            09:00   10:00     11:00     variance = 97 - (100 - 3) = 0
//! ```
//!
//! Each count that holds sets the ledger to what was counted; postings after its last scan go on from
//! there. What happened at that very millisecond is taken as before it.

use crate::money::{Amount, Currency, UnitPrice};
use crate::quantity::Quantity;
use crate::time::Moment;

/// A count of a bucket, in order of (last scan, document).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// How much was there.
    pub quantity: Quantity,
    /// Whether it holds: it was approved, and is neither cancelled nor reversed.
    pub holds: bool,
    /// The sum of the postings after the count before it, up to its last scan.
    pub flow: Quantity,
}

/// What the ledger says to a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explained {
    /// What it came to at that time, by what is known by now.
    pub book: Quantity,
    /// Counted less book; what is posted when the count holds.
    pub variance: Quantity,
}

/// Goes through a bucket's counts. `after` is the sum of the postings after the last of them; answers
/// what each comes to, and the stock.
pub fn explain(counts: &[Counted], after: Quantity) -> (Vec<Explained>, Quantity) {
    let mut ledger = Quantity::ZERO;
    let explained = counts
        .iter()
        .map(|count| {
            let book = ledger + count.flow;
            ledger = if count.holds { count.quantity } else { book };
            Explained { book, variance: count.quantity - book }
        })
        .collect();
    (explained, ledger + after)
}

/// What a variance is worth: at what the ledger's goods cost on average when it was counted, else at
/// what the list of articles said one costs; zero where neither knows.
pub fn worth(
    variance: Quantity,
    book: Quantity,
    book_value: Amount,
    listed: Option<UnitPrice>,
    currency: Currency,
) -> Amount {
    if book.is_positive() && book_value.0 > 0 {
        let worth = book_value.share(variance.abs(), book);
        return if variance < Quantity::ZERO { -worth } else { worth };
    }
    listed.map_or(Amount::ZERO, |cost| cost.times(variance, currency))
}

/// How far a device's clock may be trusted, in milliseconds either way, from when it sealed entries
/// and when a relay stamped them.
///
/// A stamp is never before the sealing, so of several the one that looks latest is nearest to the
/// truth: above zero the clock was at least that fast; below, it was slow, or the line was. Without
/// a stamp nothing is proven, and the clock is taken as right.
pub fn uncertainty_ms(sealed_and_stamped: impl IntoIterator<Item = (Moment, Moment)>) -> i64 {
    let ahead = |(sealed, stamped): (Moment, Moment)| sealed.0.saturating_sub(stamped.0);
    sealed_and_stamped.into_iter().map(ahead).max().map_or(0, i64::saturating_abs)
}

/// Whether a posting may have happened while a bucket was being counted: between its first and its
/// last scan, give or take what the two devices' clocks may differ.
pub fn may_be_during(posted: Moment, first: Moment, last: Moment, apart_ms: i64) -> bool {
    let apart_ms = apart_ms.max(0);
    posted >= first.plus_ms(-apart_ms) && posted <= last.plus_ms(apart_ms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counted(quantity: i64, holds: bool, flow: i64) -> Counted {
        Counted { quantity: Quantity(quantity), holds, flow: Quantity(flow) }
    }

    /// Book 100, counted 97; the three that a till had sold before came to light later: the variance
    /// goes from -3 to nothing, and the stock was right all along.
    #[test]
    fn a_late_sale_explains_the_variance_and_leaves_the_stock() {
        let (before, stock) = explain(&[counted(97, true, 100)], Quantity(0));
        assert_eq!((before[0].variance, stock), (Quantity(-3), Quantity(97)));
        let (after, stock) = explain(&[counted(97, true, 97)], Quantity(0));
        assert_eq!((after[0].variance, stock), (Quantity(0), Quantity(97)));
    }

    /// A count that doesn't hold says what its variance would be, and moves nothing.
    #[test]
    fn an_open_count_moves_nothing() {
        let (explained, stock) = explain(&[counted(90, false, 100), counted(80, true, -5)], Quantity(-1));
        assert_eq!(explained[0], Explained { book: Quantity(100), variance: Quantity(-10) });
        assert_eq!(explained[1], Explained { book: Quantity(95), variance: Quantity(-15) });
        assert_eq!(stock, Quantity(79));
    }

    proptest! {
        /// Stock is the last count that holds and what was posted after it; and the same figure is the
        /// sum of all postings and all variances, so that double entry holds.
        #[test]
        fn stock_is_the_last_count_and_what_came_after(
            counts in proptest::collection::vec((0i64..1000, any::<bool>(), -100i64..100), 0..8),
            after in -100i64..100,
        ) {
            let counts: Vec<Counted> = counts.into_iter().map(|(q, h, f)| counted(q, h, f)).collect();
            let (explained, stock) = explain(&counts, Quantity(after));
            let last = counts.iter().rposition(|c| c.holds);
            let since: i64 = counts[last.map_or(0, |n| n + 1)..].iter().map(|c| c.flow.0).sum();
            let from = last.map_or(0, |n| counts[n].quantity.0);
            prop_assert_eq!(stock, Quantity(from + since + after));
            let flows: i64 = counts.iter().map(|c| c.flow.0).sum();
            let posted: i64 =
                counts.iter().zip(&explained).filter(|(c, _)| c.holds).map(|(_, e)| e.variance.0).sum();
            prop_assert_eq!(stock, Quantity(flows + posted + after));
        }
    }

    #[test]
    fn a_clock_is_off_by_what_the_nearest_stamp_proves() {
        let at = |sealed: i64, stamped: i64| (Moment(sealed), Moment(stamped));
        assert_eq!(uncertainty_ms([]), 0);
        // The line was slow twice, and once it wasn't: the clock is right within 200 ms.
        assert_eq!(uncertainty_ms([at(0, 90_000), at(100_000, 100_200), at(200_000, 260_000)]), 200);
        // Two hours fast, whatever the line did.
        assert_eq!(uncertainty_ms([at(7_200_000, 300), at(7_300_000, 200_000)]), 7_199_700);
    }
}
