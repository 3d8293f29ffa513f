//! What a return cost beyond the goods: recorded on it, with who bears it.

use guicang_domain::ids::EventId;
use guicang_domain::money::Amount;
use guicang_domain::resolution::LossOwner;
use guicang_domain::returns::moves::Move;
use guicang_domain::returns::{Cost, ReturnEvent};

use super::By;
use super::recover::short;
use super::returns::{ReturnDone, wrong};
use crate::error::CommandError;
use crate::store::Replica;

impl Replica {
    /// Records a cost of a return.
    ///
    /// # Errors
    /// [`CommandError::Value`] when the amount isn't above zero; [`CommandError::UnknownSite`] when a branch
    /// bears it that isn't listed; [`CommandError`]; nothing is changed then.
    pub fn add_cost(&mut self, by: &By, name: &str, cost: Cost) -> Result<ReturnDone, CommandError> {
        let note = cost.note.as_deref().map(|note| short("note", note)).transpose()?;
        self.step(|work| {
            let opened = work.opened(name, Move::Cost)?;
            if cost.amount <= Amount::ZERO || cost.amount > Amount::LIMIT {
                return Err(wrong("amount", &opened.document.currency.format(cost.amount), "> 0"));
            }
            if let LossOwner::Site(site) = &cost.owner
                && opened.document.head.site.as_ref() != Some(site)
                && !work.knows_site(site)?
            {
                return Err(CommandError::UnknownSite { found: site.to_string() });
            }
            work.add(opened, by, "", vec![ReturnEvent::Cost(Cost { note, ..cost })], &[])
        })
    }

    /// Takes a record of a cost back (红字冲销), by its place among those that stand, from 1, or by its event.
    /// A manager has to agree.
    ///
    /// # Errors
    /// [`CommandError::Value`] when there is no such record; [`CommandError`]; nothing is changed then.
    pub fn take_cost_back(&mut self, by: &By, name: &str, which: &str) -> Result<ReturnDone, CommandError> {
        self.step(|work| {
            let opened = work.opened(name, Move::Cost)?;
            let manager = work.manager(by, None, opened.document.head.site.as_ref(), Move::Cost)?;
            let costs = &opened.state.costs;
            let found = match which.parse::<usize>().ok().and_then(|n| n.checked_sub(1)) {
                Some(n) => costs.get(n),
                None => costs.iter().find(|(event, ..)| event.to_string() == which),
            };
            let wanted = format!("1..{}", costs.len());
            let event: EventId = match found {
                Some((event, ..)) => event.clone(),
                None => return Err(wrong("cost", which, &wanted)),
            };
            let reversed = ReturnEvent::Reversed { event, by: Some(manager) };
            work.add(opened, by, "", vec![reversed], &[])
        })
    }
}
