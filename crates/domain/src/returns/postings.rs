//! What a return does to stock.
//!
//! What surprises: the excess of an over-return is posted like the rest. The goods are there; only
//! what was owed for them is judged elsewhere.

use super::state::ReturnState;
use super::{Disposition, Return};
use crate::account::{Account, Bucket, Posting, movement};
use crate::money::Amount;

impl Disposition {
    /// The account that goods go to.
    pub fn account(self) -> Account {
        match self {
            Disposition::Restock => Account::Sellable,
            Disposition::Markdown => Account::Defective,
            Disposition::Repair => Account::Repair,
            Disposition::Supplier | Disposition::Manufacturer => Account::SupplierHold,
            Disposition::Scrap => Account::Scrap,
            Disposition::GiveBack => Account::Customer,
            Disposition::Quarantine => Account::Quarantine,
        }
    }
}

/// The postings of a return: customer -> returns_hold when goods are taken in, returns_hold -> where
/// the inspection says. Imported history goes customer -> sellable at once. They sum to zero per SKU
/// and lot. Services post nothing.
pub fn postings(document: &Return, state: &ReturnState) -> Vec<Posting> {
    let Some(site) = &document.head.site else { return Vec::new() };
    let mut out = Vec::new();
    for step in &state.steps {
        let Some(line) = document.lines.get(&step.line).filter(|l| !l.service) else { continue };
        let cost = document.cost_of(&step.line);
        let value = cost.map_or(Amount::ZERO, |c| c.times(step.quantity, document.currency));
        let from = Bucket {
            site: site.clone(),
            place: step.place.clone(),
            sku: line.sku.clone(),
            lot: line.lot.clone(),
            account: step.from,
        };
        out.extend(movement(&step.line, from, step.to, step.quantity, value, step.occurred));
    }
    out
}
