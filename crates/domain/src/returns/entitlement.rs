//! How what is owed is found and split: over the sale's tenders, less a gift that was kept, within the
//! tolerance of weighed goods.

use crate::ids::Tender;
use crate::money::{Amount, Currency, UnitPrice};
use crate::quantity::Quantity;

/// A tender of the sale, and what of it refunds have not used yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenderLeft {
    /// Which.
    pub tender: Tender,
    /// What was paid by it.
    pub paid: Amount,
    /// What of that no refund has taken.
    pub left: Amount,
}

/// Splits what is owed over the sale's tenders in proportion to what was paid by each, by largest
/// remainder, within what each has left; what one can't bear falls to the others in the same way.
///
/// The parts add up to what is owed, or to all that is left where that is less. None is zero.
pub fn split(owed: Amount, tenders: &[TenderLeft]) -> Vec<(Tender, Amount)> {
    let mut parts = vec![Amount::ZERO; tenders.len()];
    let mut open = owed.max(Amount::ZERO);
    while open > Amount::ZERO {
        let room: Vec<Amount> =
            tenders.iter().zip(&parts).map(|(t, part)| (t.left - *part).max(Amount::ZERO)).collect();
        let weight = |(t, room): (&TenderLeft, &Amount)| if room.0 > 0 { t.paid.0.max(1) } else { 0 };
        let weights: Vec<i64> = tenders.iter().zip(&room).map(weight).collect();
        if weights.iter().all(|w| *w == 0) {
            break;
        }
        let mut taken = Amount::ZERO;
        for (n, share) in open.spread(&weights).into_iter().enumerate() {
            let share = share.min(room[n]);
            parts[n] += share;
            taken += share;
        }
        open -= taken;
    }
    let shares = tenders.iter().map(|t| t.tender.clone()).zip(parts);
    shares.filter(|(_, amount)| *amount > Amount::ZERO).collect()
}

/// How much of a sale line weighed goods close: all that is open, where what came back is short of it by no
/// more than the tolerance; else what came back.
pub fn closed_by(asked: Quantity, open: Quantity, tolerance: Quantity) -> Quantity {
    let short = open - asked;
    if short.is_positive() && short <= tolerance { open } else { asked }
}

/// A line of a group on a receipt: a purchase and its gift, or the parts of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupLine {
    /// What was paid for it.
    pub paid: Amount,
    /// The list price of one.
    pub list_price: Option<UnitPrice>,
    /// How much stays with the customer when this return is through.
    pub stays: Quantity,
}

impl GroupLine {
    /// Whether it came free with the others.
    pub fn is_gift(&self) -> bool {
        self.paid == Amount::ZERO && self.list_price.is_some_and(|p| p.0 > 0)
    }
}

/// What is taken off for gifts that stay though the purchase they came with goes back: their list price, a
/// line each, in order; zero for all others.
///
/// A gift is earned while anything that was paid for in its group stays. A bundle has no gift: each of its
/// parts has its share of the price, and comes back for that.
pub fn gifts_kept(group: &[GroupLine], currency: Currency) -> Vec<Amount> {
    let earned = group.iter().any(|l| !l.is_gift() && l.stays.is_positive());
    let price = |l: &GroupLine| l.list_price.map_or(Amount::ZERO, |p| p.times(l.stays, currency));
    group
        .iter()
        .map(|l| if l.is_gift() && !earned && l.stays.is_positive() { price(l) } else { Amount::ZERO })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tender(name: &str, paid: i64, left: i64) -> TenderLeft {
        TenderLeft { tender: name.parse().unwrap(), paid: Amount(paid), left: Amount(left) }
    }

    fn shown(owed: i64, tenders: &[TenderLeft]) -> Vec<(String, i64)> {
        split(Amount(owed), tenders).into_iter().map(|(t, a)| (t.to_string(), a.0)).collect()
    }

    #[test]
    fn what_was_paid_by_two_means_goes_back_by_both() {
        let paid = [tender("wechat", 24_000, 24_000), tender("points", 6_000, 6_000)];
        assert_eq!(shown(20_000, &paid), [("wechat".into(), 16_000), ("points".into(), 4_000)]);
    }

    #[test]
    fn a_tender_that_is_used_up_leaves_the_rest_to_the_others() {
        let paid = [tender("wechat", 24_000, 1_000), tender("points", 6_000, 6_000)];
        assert_eq!(shown(5_000, &paid), [("wechat".into(), 1_000), ("points".into(), 4_000)]);
        assert_eq!(shown(9_000, &paid), [("wechat".into(), 1_000), ("points".into(), 6_000)]);
    }

    #[test]
    fn what_lost_weight_within_its_tolerance_closes_the_line() {
        let closed = |asked, open, tolerance| closed_by(Quantity(asked), Quantity(open), Quantity(tolerance));
        assert_eq!(closed(470, 486, 20), Quantity(486));
        assert_eq!(closed(460, 486, 20), Quantity(460));
        assert_eq!(closed(486, 486, 20), Quantity(486));
    }

    #[test]
    fn a_gift_that_stays_costs_its_list_price_once_the_purchase_is_gone() {
        let line = |paid, list: i64, stays| GroupLine {
            paid: Amount(paid),
            list_price: Some(UnitPrice(list * 10_000)),
            stays: Quantity::units(stays),
        };
        let kept = |group: &[GroupLine]| -> Vec<i64> {
            gifts_kept(group, Currency::CNY).into_iter().map(|a| a.0).collect()
        };
        assert_eq!(kept(&[line(20_000, 200, 0), line(0, 30, 1)]), [0, 3_000]);
        assert_eq!(kept(&[line(20_000, 200, 1), line(0, 30, 1)]), [0, 0]);
        assert_eq!(kept(&[line(20_000, 200, 0), line(0, 30, 0)]), [0, 0]);
        assert_eq!(kept(&[line(8_000, 100, 0), line(2_000, 30, 1)]), [0, 0], "a bundle has no gift");
    }

    proptest! {
        /// However often what is owed is refunded in parts: no tender gives back more than it took, and
        /// while anything is left the parts add up to what is owed.
        #[test]
        fn no_tender_gives_back_more_than_it_took(
            owed in 0i64..2_000,
            tenders in prop::collection::vec((0i64..1_000, 0i64..1_000), 1..5),
        ) {
            let tenders: Vec<TenderLeft> = tenders
                .iter()
                .enumerate()
                .map(|(n, (paid, left))| tender(&format!("t{n}"), *paid, *left))
                .collect();
            let parts = split(Amount(owed), &tenders);
            for (name, amount) in &parts {
                let of = tenders.iter().find(|t| t.tender == *name).unwrap();
                prop_assert!(*amount <= of.left);
            }
            let total: Amount = parts.iter().map(|p| p.1).sum();
            let left: Amount = tenders.iter().map(|t| t.left).sum();
            prop_assert_eq!(total, Amount(owed).min(left));
        }
    }
}
