//! Moving average cost, per site and SKU: what a movement is worth whose document doesn't say.
//!
//! What surprises: there is no running figure anywhere. All that moved a SKU at a site is folded again in
//! the order of when it happened, so that the order in which documents arrived doesn't matter. And what
//! went out before anything had come in (a branch sells before its delivery is entered) is worth the last
//! known cost, or nothing where none is known; what comes in later first fills that gap, at no effect on
//! the average of what is there.

use crate::account::{Account, AccountClass};
use crate::money::{Amount, Currency, UnitPrice};
use crate::quantity::Quantity;

/// Which way goods go, seen from all that a site has of a SKU, be it on hand, away for repair or in transit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// They come to be ours.
    In,
    /// They are no longer ours.
    Out,
    /// From one of our accounts to another.
    Within,
}

impl Way {
    /// The way of a movement between two accounts of one site; `None` between two boundaries.
    pub fn between(from: Account, to: Account) -> Option<Self> {
        let ours = |account: Account| account.class() != AccountClass::Boundary;
        match (ours(from), ours(to)) {
            (false, true) => Some(Way::In),
            (true, false) => Some(Way::Out),
            (true, true) => Some(Way::Within),
            (false, false) => None,
        }
    }
}

/// What a site has of a SKU, and what that cost.
///
/// It knows no currency: amounts are in minor units, and an average is kept as what how much came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pool {
    /// How much of it is costed; zero or more.
    quantity: Quantity,
    /// What that cost; zero or more.
    value: Amount,
    /// How much went out that hadn't come in.
    gap: Quantity,
    /// What how much cost when there last was any.
    last: Option<(Amount, Quantity)>,
}

impl Pool {
    /// What a movement of `quantity`, above zero, is worth. `known` is its value where its document says
    /// so. The movements are to be given in the order of when they happened.
    pub fn take(&mut self, way: Way, quantity: Quantity, known: Option<Amount>) -> Amount {
        let value = known.unwrap_or_else(|| self.worth(quantity));
        match way {
            Way::Within => {}
            Way::In => self.come_in(quantity, value),
            Way::Out => self.go_out(quantity, value),
        }
        value
    }

    /// The average cost of one; `None` while none is known.
    pub fn average(&self, currency: Currency) -> Option<UnitPrice> {
        self.rate().map(|(value, quantity)| UnitPrice::of(value, quantity, currency))
    }

    /// What how much costs now.
    fn rate(&self) -> Option<(Amount, Quantity)> {
        let there = (self.value, self.quantity);
        if self.value.0 > 0 { Some(there) } else { self.last }
    }

    fn come_in(&mut self, quantity: Quantity, value: Amount) {
        let fills = quantity.min(self.gap);
        self.gap -= fills;
        self.quantity += quantity - fills;
        self.value += value - value.share(fills, quantity);
        if value.0 > 0 {
            self.last = Some((value, quantity));
        }
        self.last = self.rate();
    }

    fn go_out(&mut self, quantity: Quantity, value: Amount) {
        let covered = quantity.min(self.quantity);
        self.gap += quantity - covered;
        self.last = self.rate();
        self.quantity -= covered;
        // What is known to have cost more than there is can't leave less than nothing behind.
        self.value = (self.value - value.share(covered, quantity)).max(Amount::ZERO);
        if self.quantity == Quantity::ZERO {
            self.value = Amount::ZERO;
        }
    }

    /// What a quantity is worth now: its share of what is there (the last of it takes the rest), and the
    /// last known cost for what is beyond.
    fn worth(&self, quantity: Quantity) -> Amount {
        let covered = quantity.min(self.quantity);
        let there =
            if covered == self.quantity { self.value } else { rounded(self.value, covered, self.quantity) };
        let beyond = |(value, of)| rounded(value, quantity - covered, of);
        there + self.rate().map_or(Amount::ZERO, beyond)
    }
}

/// `value x part / whole`, rounded half away from zero, for amounts and quantities of zero and more.
fn rounded(value: Amount, part: Quantity, whole: Quantity) -> Amount {
    if !whole.is_positive() {
        return Amount::ZERO;
    }
    let whole = i128::from(whole.0);
    let exact = i128::from(value.0) * i128::from(part.0);
    Amount(((2 * exact + whole) / (2 * whole)).clamp(0, Amount::LIMIT.0.into()) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CNY: Currency = Currency::CNY;

    fn fold(moves: &[(Way, i64, Option<i64>)]) -> (Vec<i64>, Pool) {
        let mut pool = Pool::default();
        let value = |(way, units, known): &(Way, i64, Option<i64>)| {
            pool.take(*way, Quantity::units(*units), known.map(Amount)).0
        };
        let values = moves.iter().map(value).collect();
        (values, pool)
    }

    #[test]
    fn an_average_moves_with_what_comes_in_only() {
        let (values, pool) = fold(&[
            (Way::In, 10, Some(10_000)),
            (Way::In, 10, Some(20_000)),
            (Way::Out, 5, None),
            (Way::Within, 3, None),
            (Way::In, 5, Some(5_000)),
            (Way::Out, 20, None),
        ]);
        assert_eq!(values, [10_000, 20_000, 7_500, 4_500, 5_000, 27_500]);
        assert_eq!(pool.quantity, Quantity::ZERO);
        assert_eq!(pool.average(CNY), Some(UnitPrice(137_500)), "what it last was");
    }

    /// Sold at 15.00, and bought dearer since: what the customer brings back comes back at 15.00.
    #[test]
    fn a_returned_unit_comes_back_at_the_cost_it_left_at() {
        let (values, pool) = fold(&[
            (Way::In, 2, Some(3_000)),
            (Way::Out, 1, None),
            (Way::In, 2, Some(6_000)),
            (Way::In, 1, Some(1_500)),
        ]);
        assert_eq!(values[1], 1_500);
        assert_eq!((pool.quantity, pool.value), (Quantity::units(4), Amount(9_000)));
    }

    #[test]
    fn the_last_of_it_takes_the_rest() {
        let (values, pool) =
            fold(&[(Way::In, 3, Some(1_000)), (Way::Out, 1, None), (Way::Out, 1, None), (Way::Out, 1, None)]);
        assert_eq!(values, [1_000, 333, 334, 333]);
        assert_eq!(pool.value, Amount::ZERO);
    }

    /// A branch sold 999 before anything was entered, at whatever cost; then 1000 come at 12.00. The one
    /// that is left cost 12.00, not 12,000.00.
    #[test]
    fn what_was_sold_before_it_came_does_not_inflate_what_is_left() {
        let (values, pool) =
            fold(&[(Way::Out, 999, None), (Way::In, 1000, Some(1_200_000)), (Way::Out, 1, None)]);
        assert_eq!(values, [0, 1_200_000, 1_200]);
        assert_eq!(pool.average(CNY), Some(UnitPrice(120_000)));
        let (values, _) = fold(&[(Way::In, 1, Some(1_000)), (Way::Out, 3, None)]);
        assert_eq!(values[1], 3_000, "beyond what is there the last known cost goes on");
    }

    #[test]
    fn without_any_cost_everything_is_worth_nothing() {
        let (values, pool) = fold(&[(Way::In, 5, None), (Way::Out, 2, None)]);
        assert_eq!(values, [0, 0]);
        assert_eq!(pool.average(CNY), None);
    }

    proptest! {
        /// While more came in than went out, and only deliveries have a price of their own: what came in
        /// is what went out plus what is there, to the cent, and the average lies between the lowest and
        /// the highest cost that anything came in at.
        #[test]
        fn value_is_neither_made_nor_lost(moves in prop::collection::vec((1i64..50, 0i64..100_000, any::<bool>()), 1..40)) {
            let mut pool = Pool::default();
            let (mut came, mut went, mut there) = (0, 0, 0);
            let (mut lowest, mut highest) = (i64::MAX, 0);
            for (units, price, out) in moves {
                let out = out && units <= there;
                there += if out { -units } else { units };
                let way = if out { Way::Out } else { Way::In };
                let known = (!out).then_some(Amount(price * units));
                let value = pool.take(way, Quantity::units(units), known).0;
                if out { went += value } else { came += value; (lowest, highest) = (lowest.min(price), highest.max(price)); }
                prop_assert_eq!(came, went + pool.value.0);
                prop_assert_eq!(pool.quantity, Quantity::units(there));
                if let Some(average) = pool.average(CNY).filter(|_| there > 0 && pool.value.0 > 0) {
                    // Half a cent of rounding for each that went out.
                    prop_assert!(average.0 / 100 >= lowest - 50 && average.0 / 100 <= highest + 50, "{average}");
                }
            }
        }
    }
}
