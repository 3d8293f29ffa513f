//! Store credit that a return gave: what was issued, who may spend how much of it, what is left.
//!
//! What surprises: nobody has to be asked at the till. The whole belongs to the branch that issued it; a branch
//! spends out of its own share alone, and leaves parts of it to others beforehand (an escrow, or bounded
//! counter). So two branches that are apart can't both spend the same money; only two devices of one branch
//! that are apart from each other can, and then the share falls below zero, for all to see.

use std::collections::BTreeMap;

use super::refund::Refund;
use super::{Return, ReturnEvent};
use crate::ids::{RefundNumber, SiteId, Tender};
use crate::money::Amount;

/// The store credit of a return.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credit {
    /// Given to the customer.
    pub issued: Amount,
    /// Spent, all branches together.
    pub spent: Amount,
    /// What each branch may still spend by itself.
    pub shares: BTreeMap<SiteId, Amount>,
}

impl Credit {
    pub(super) fn of(document: &Return, refunds: &BTreeMap<RefundNumber, Refund>) -> Self {
        let Some(home) = &document.head.site else { return Self::default() };
        let credit = Tender::credit();
        let issued: Amount = refunds.values().filter(|r| r.tender == credit).map(|r| r.paid).sum();
        let mut out = Self { issued, ..Self::default() };
        if issued != Amount::ZERO {
            out.shares.insert(home.clone(), issued);
        }
        for event in document.standing() {
            match &event.body {
                ReturnEvent::CreditShared { from, to, amount } => {
                    *out.shares.entry(from.clone()).or_default() -= *amount;
                    *out.shares.entry(to.clone()).or_default() += *amount;
                }
                ReturnEvent::CreditSpent { site, amount, .. } => {
                    *out.shares.entry(site.clone()).or_default() -= *amount;
                    out.spent += *amount;
                }
                _ => {}
            }
        }
        out
    }

    /// What a branch may spend by itself.
    pub fn share(&self, site: &SiteId) -> Amount {
        self.shares.get(site).copied().unwrap_or_default()
    }

    /// What was spent beyond all that was issued; zero while it wasn't.
    pub fn short(&self) -> Amount {
        (-self.left()).max(Amount::ZERO)
    }

    /// The branches that spent more than their share, and how far below zero it is.
    pub fn overspent(&self) -> impl Iterator<Item = (&SiteId, Amount)> {
        self.shares.iter().filter(|(_, share)| **share < Amount::ZERO).map(|(site, share)| (site, *share))
    }

    /// What is left, all branches together.
    pub fn left(&self) -> Amount {
        self.issued - self.spent
    }
}
