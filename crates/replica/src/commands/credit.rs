//! Store credit that a return gave: spending it, and leaving a share of it to another branch.

use guicang_domain::ids::{ReceiptId, SiteId};
use guicang_domain::money::Amount;
use guicang_domain::returns::ReturnEvent;
use guicang_domain::returns::moves::Move;

use super::By;
use super::decide::Opened;
use super::returns::{ReturnDone, wrong};
use crate::error::CommandError;
use crate::store::{Replica, Work};

impl Replica {
    /// Spends store credit out of this branch's own share: nobody has to be asked, and two branches that are
    /// apart never spend the same money.
    ///
    /// # Errors
    /// [`CommandError::BeyondShare`]; nothing is changed then.
    pub fn spend_credit(
        &mut self,
        by: &By,
        name: &str,
        amount: Amount,
        receipt: Option<ReceiptId>,
    ) -> Result<ReturnDone, CommandError> {
        self.step(|work| {
            let (opened, site) = work.share_of(name, amount)?;
            work.add(opened, by, "", vec![ReturnEvent::CreditSpent { site, amount, receipt }], &[])
        })
    }

    /// Leaves a part of this branch's share to another branch, which has the return from then on.
    ///
    /// # Errors
    /// [`CommandError::BeyondShare`], or an unknown site; nothing is changed then.
    pub fn share_credit(
        &mut self,
        by: &By,
        name: &str,
        to: &SiteId,
        amount: Amount,
    ) -> Result<ReturnDone, CommandError> {
        self.step(|work| {
            let (opened, from) = work.share_of(name, amount)?;
            if !work.knows_site(to)? || *to == from {
                return Err(CommandError::UnknownSite { found: to.to_string() });
            }
            let shared = ReturnEvent::CreditShared { from, to: to.clone(), amount };
            work.add(opened, by, "", vec![shared], std::slice::from_ref(to))
        })
    }
}

impl Work<'_> {
    /// A return whose credit this branch has so much of.
    fn share_of(&self, name: &str, amount: Amount) -> Result<(Opened, SiteId), CommandError> {
        let opened = self.opened(name, Move::Credit)?;
        let here = self.site_for(None)?;
        let (credit, currency) = (&opened.state.credit, opened.document.currency);
        if amount <= Amount::ZERO {
            return Err(wrong("amount", &currency.format(amount), "> 0"));
        }
        let share = credit.share(&here);
        if amount > share {
            return Err(CommandError::BeyondShare { asked: amount, share, left: credit.left(), currency });
        }
        Ok((opened, here))
    }
}
