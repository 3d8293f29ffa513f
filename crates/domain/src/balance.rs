//! What a sale line has left to return, and which of several returns of it stands.
//!
//! The heart of the matter: branches that were apart may all have taken the same goods back. The
//! verdict is a pure function of the claims, the same whatever order they arrived in. Order: pinned
//! first (an acknowledged payout, a resolution), then bounded recorded time, then event id. What
//! comes after the sale's quantity is used up is *excess*: its goods stay where they are, its refund
//! is held, and who bears it is decided at HQ. An event that arrives later with an earlier time never
//! turns a pinned verdict round; it becomes the excess itself.

use crate::event::Rank;
use crate::ids::{DocumentId, LineId};
use crate::money::Amount;
use crate::quantity::Quantity;

/// What was sold on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sold {
    /// How much.
    pub quantity: Quantity,
    /// What was paid for it.
    pub paid: Amount,
}

/// A return's line that takes something of a sale line back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The return.
    pub document: DocumentId,
    /// Its line.
    pub line: LineId,
    /// How much came back to stay.
    pub quantity: Quantity,
    /// How much of it is pinned: by an acknowledged intent, a payment, or a resolution that saw it
    /// as valid. At most `quantity`.
    pub pinned: Quantity,
    /// A resolution has voided it as a duplicate: it takes nothing.
    pub voided: bool,
    /// Money off without goods (折让): taken from what was paid and not given back before.
    pub allowance: Amount,
    /// Where it stands among the others.
    pub rank: Rank,
}

/// What a claim gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimVerdict {
    /// The return.
    pub document: DocumentId,
    /// Its line.
    pub line: LineId,
    /// How much of it the sale covers.
    pub valid: Quantity,
    /// How much it doesn't.
    pub excess: Quantity,
    /// What is owed for the valid quantity.
    pub entitled: Amount,
}

/// Judges the claims on one sale line, in the order they stand.
///
/// Entitlement: floor(paid x returned / sold); the claim that closes the line takes the rest. After an
/// allowance, what is left of the money is spread over what is left of the goods: who had money off is not
/// given it again with the goods. The verdicts come in that order, one for each claim, voided ones last with
/// nothing.
pub fn judge(sold: Sold, mut claims: Vec<Claim>) -> Vec<ClaimVerdict> {
    // One document and line is one claim's identity: the same order for equal ranks, always.
    claims.sort_by(|a, b| {
        (a.voided, &a.rank, a.document, &a.line).cmp(&(b.voided, &b.rank, b.document, &b.line))
    });
    let mut left = sold.quantity.max(Quantity::ZERO);
    let mut valid = vec![Quantity::ZERO; claims.len()];
    for pass_pinned in [true, false] {
        for (claim, valid) in claims.iter().zip(&mut valid).filter(|(c, _)| !c.voided) {
            let pinned = claim.pinned.min(claim.quantity);
            let wanted = if pass_pinned { pinned } else { claim.quantity - pinned };
            let granted = wanted.min(left).max(Quantity::ZERO);
            *valid += granted;
            left -= granted;
        }
    }
    let mut paid_out = Amount::ZERO;
    let mut used = Quantity::ZERO;
    let mut allowed = Amount::ZERO;
    let last = valid.iter().rposition(|v| v.is_positive());
    claims
        .into_iter()
        .zip(valid)
        .enumerate()
        .map(|(n, (claim, valid))| {
            let open = sold.quantity - used;
            used += valid;
            let closes = Some(n) == last && used == sold.quantity;
            let goods = match () {
                () if closes => sold.paid - paid_out,
                () if allowed > Amount::ZERO => (sold.paid - paid_out).share(valid, open),
                () => sold.paid.share(valid, sold.quantity),
            };
            paid_out += goods;
            let off = if claim.voided { Amount::ZERO } else { claim.allowance };
            let off = off.min(sold.paid - paid_out).max(Amount::ZERO);
            allowed += off;
            paid_out += off;
            let entitled = goods + off;
            let excess = if claim.voided { Quantity::ZERO } else { claim.quantity - valid };
            ClaimVerdict { document: claim.document, line: claim.line, valid, excess, entitled }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{DeviceId, EventId};
    use crate::time::{Moment, Recorded};
    use proptest::prelude::*;

    fn claim(n: u8, quantity: i64, time: i64, pinned: bool) -> Claim {
        let quantity = Quantity::units(quantity);
        let recorded = Recorded::new(Moment(time), 0);
        Claim {
            document: DocumentId { creator: DeviceId([n; 16]), uuid: uuid::Uuid::from_bytes([n; 16]) },
            line: LineId::nth(1),
            quantity,
            pinned: if pinned { quantity } else { Quantity::ZERO },
            voided: false,
            allowance: Amount::ZERO,
            rank: Rank {
                time: recorded,
                event: EventId { recorded, device: format!("D{n}").parse().unwrap() },
            },
        }
    }

    fn outcome(sold: i64, claims: &[Claim]) -> Vec<(u8, i64, i64, i64)> {
        let sold = Sold { quantity: Quantity::units(sold), paid: Amount(10_000) };
        let mut out: Vec<_> = judge(sold, claims.to_vec())
            .into_iter()
            .map(|v| (v.document.creator.0[0], v.valid.0 / 1000, v.excess.0 / 1000, v.entitled.0))
            .collect();
        out.sort();
        out
    }

    #[test]
    fn two_sold_three_came_back_the_latest_is_excess() {
        let claims = [claim(1, 1, 100, false), claim(2, 1, 50, false), claim(3, 1, 200, false)];
        assert_eq!(outcome(2, &claims), [(1, 1, 0, 5000), (2, 1, 0, 5000), (3, 0, 1, 0)]);
    }

    #[test]
    fn what_was_paid_out_is_not_turned_round_by_an_earlier_one_that_arrives_late() {
        let claims = [claim(1, 1, 100, true), claim(2, 1, 50, false), claim(3, 1, 200, true)];
        assert_eq!(outcome(2, &claims), [(1, 1, 0, 5000), (2, 0, 1, 0), (3, 1, 0, 5000)]);
    }

    #[test]
    fn pins_beyond_the_sale_stand_by_time() {
        let claims = [claim(1, 1, 100, true), claim(2, 1, 50, true), claim(3, 1, 200, true)];
        assert_eq!(outcome(2, &claims), [(1, 1, 0, 5000), (2, 1, 0, 5000), (3, 0, 1, 0)]);
    }

    #[test]
    fn the_return_that_closes_the_line_takes_the_rest() {
        let claims = [claim(1, 1, 1, false), claim(2, 1, 2, false), claim(3, 1, 3, false)];
        assert_eq!(outcome(3, &claims), [(1, 1, 0, 3333), (2, 1, 0, 3333), (3, 1, 0, 3334)]);
    }

    /// Two for 100.00, 20.00 off for a flaw in both: each comes back for 40.00. Off after one came back, the
    /// other bears it all. There is never more to give than was paid.
    #[test]
    fn money_off_is_not_given_back_again_with_the_goods() {
        let off = |n, amount, time| Claim { allowance: Amount(amount), ..claim(n, 0, time, false) };
        let first = [off(1, 2000, 1), claim(2, 1, 2, false), claim(3, 1, 3, false)];
        assert_eq!(outcome(2, &first), [(1, 0, 0, 2000), (2, 1, 0, 4000), (3, 1, 0, 4000)]);
        let between = [claim(2, 1, 1, false), off(1, 2000, 2), claim(3, 1, 3, false)];
        assert_eq!(outcome(2, &between), [(1, 0, 0, 2000), (2, 1, 0, 5000), (3, 1, 0, 3000)]);
        let late = [claim(2, 2, 1, false), off(1, 2000, 2)];
        assert_eq!(outcome(2, &late), [(1, 0, 0, 0), (2, 2, 0, 10_000)]);
    }

    #[test]
    fn a_voided_duplicate_takes_nothing() {
        let mut claims = [claim(1, 1, 1, false), claim(2, 2, 2, false)];
        claims[0].voided = true;
        assert_eq!(outcome(2, &claims), [(1, 0, 0, 0), (2, 2, 0, 10_000)]);
    }

    proptest! {
        /// The verdict is the same for every order of arrival; no more than was sold is valid, no
        /// more than was paid is owed, and every claim is valid or excess in full.
        #[test]
        fn the_order_of_arrival_does_not_matter(
            sold in 0i64..6,
            claims in prop::collection::vec((0i64..4, 0i64..5, any::<bool>(), any::<bool>(), 0i64..600), 0..6),
            seed in any::<u64>(),
        ) {
            let claims: Vec<Claim> = claims.iter().enumerate().map(|(n, (q, t, pinned, voided, off))| {
                Claim { voided: *voided, allowance: Amount(*off), ..claim(n as u8 + 1, *q, *t, *pinned) }
            }).collect();
            let mut shuffled = claims.clone();
            for i in (1..shuffled.len()).rev() {
                shuffled.swap(i, (seed.rotate_left(i as u32 * 7) % (i as u64 + 1)) as usize);
            }
            let facts = Sold { quantity: Quantity::units(sold), paid: Amount(1001) };
            let verdicts = judge(facts, claims.clone());
            prop_assert_eq!(&verdicts, &judge(facts, shuffled));
            let valid: Quantity = verdicts.iter().map(|v| v.valid).sum();
            let entitled: Amount = verdicts.iter().map(|v| v.entitled).sum();
            prop_assert!(valid <= facts.quantity);
            prop_assert!(entitled <= facts.paid);
            for verdict in &verdicts {
                let claim = claims.iter().find(|c| c.document == verdict.document).unwrap();
                let expected = if claim.voided { Quantity::ZERO } else { claim.quantity };
                prop_assert_eq!(verdict.valid + verdict.excess, expected);
            }
        }
    }
}
