//! Customers' own goods that are here to be repaired: handing them back.

use guicang_domain::ids::PartId;
use guicang_domain::money::Amount;
use guicang_domain::returns::moves::Move;
use guicang_domain::returns::state::PartKind;
use guicang_domain::returns::{Collected, ReturnEvent};

use super::By;
use super::recover::short;
use super::returns::{ReturnDone, wrong};
use crate::error::CommandError;
use crate::store::Replica;

impl Replica {
    /// Hands back all that is here to be repaired: what was done, and what the customer paid for it.
    ///
    /// # Errors
    /// [`crate::CommandError`]; nothing is changed then.
    pub fn hand_back(
        &mut self,
        by: &By,
        name: &str,
        note: &str,
        fee: Option<Collected>,
    ) -> Result<ReturnDone, CommandError> {
        let note = short("note", note)?;
        self.step(|work| {
            let opened = work.opened(name, Move::HandBack)?;
            let currency = opened.document.currency;
            if let Some(fee) = fee.as_ref().filter(|f| f.amount <= Amount::ZERO) {
                return Err(wrong("amount", &currency.format(fee.amount), "> 0"));
            }
            let here = opened.state.parts.iter().filter(|(_, p)| p.kind == PartKind::Repair);
            let parts: Vec<PartId> = here.map(|(id, _)| id.clone()).collect();
            let returned = ReturnEvent::RepairReturned { parts, note: note.clone(), fee: fee.clone() };
            work.add(opened, by, "", vec![returned], &[])
        })
    }
}
