//! What the chain can lose to returns at branches that don't hold the sale.
//!
//! The bound for one sale line: the seller's full right, what HQ has granted holds for, and the offline limit
//! at each other branch. A branch that is apart can grant no more of it without a manager's word.

use crate::money::Amount;

/// What one sale line can cost at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineExposure {
    /// What the seller may still refund: what was paid for the quantity that is left.
    pub right: Amount,
    /// What HQ has granted other branches holds for.
    pub holds: Amount,
    /// How many other branches there are.
    pub branches: u32,
    /// What each may refund on the receipt without seeing the sale.
    pub limit: Amount,
}

impl LineExposure {
    /// right + holds + branches x limit.
    pub fn total(&self) -> Amount {
        let apart = self.limit.0.saturating_mul(i64::from(self.branches));
        self.right + self.holds + Amount(apart)
    }
}
