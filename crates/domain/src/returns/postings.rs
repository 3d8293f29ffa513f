//! What a return does to stock.
//!
//! What surprises: the excess of an over-return is posted like the rest. The goods are there; only
//! what was owed for them is judged elsewhere.

use std::collections::BTreeMap;

use super::state::{ReturnState, Step};
use super::{Disposition, Replacement, Return, ReturnLine};
use crate::account::{Account, Bucket, Posting, movement};
use crate::ids::LineId;
use crate::money::Amount;
use crate::quantity::Quantity;
use crate::time::Moment;

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
/// the inspection says; customer -> waived where they stay with the customer; what weighed goods lost on the
/// way, customer -> variance; sellable -> customer for what was given in exchange. Imported history goes
/// customer -> sellable at once. They sum to zero per SKU and lot. Services post nothing, nor do goods that
/// were only here to be repaired.
///
/// A replacement's posting names no line of the document: its line is [`replacement_line`].
pub fn postings(document: &Return, state: &ReturnState) -> Vec<Posting> {
    let Some(site) = &document.head.site else { return Vec::new() };
    let mut out = Vec::new();
    let mut came: BTreeMap<&LineId, &Step> = BTreeMap::new();
    let bucket = |line: &ReturnLine, place: &str, account| Bucket {
        site: site.clone(),
        place: place.into(),
        sku: line.sku.clone(),
        lot: line.lot.clone(),
        account,
    };
    let value = |line: &LineId, quantity| {
        document.cost_of(line).map_or(Amount::ZERO, |c| c.times(quantity, document.currency))
    };
    for step in &state.steps {
        let Some(line) = document.lines.get(&step.line).filter(|l| !l.service) else { continue };
        let from = bucket(line, &step.place, step.from);
        let value = value(&step.line, step.quantity);
        out.extend(movement(&step.line, from, step.to, step.quantity, value, step.occurred));
        if step.from == Account::Customer {
            came.insert(&step.line, step);
        }
    }
    for (id, step) in came {
        let rest = closed_rest(document, state, id);
        let Some(line) = document.lines.get(id).filter(|_| rest.is_positive()) else { continue };
        let from = bucket(line, &step.place, Account::Customer);
        out.extend(movement(id, from, Account::Variance, rest, value(id, rest), step.occurred));
    }
    for (n, (given, at)) in replacements(state).enumerate() {
        let from = Bucket {
            site: site.clone(),
            place: String::new(),
            sku: given.sku.clone(),
            lot: None,
            account: Account::Sellable,
        };
        let value = given.cost.map_or(Amount::ZERO, |c| c.times(given.quantity, document.currency));
        out.extend(movement(&replacement_line(n), from, Account::Customer, given.quantity, value, at));
    }
    out
}

/// What weighed goods lost on the way, once all of a line came back to stay: the return closes its sale line
/// in full all the same.
pub fn closed_rest(document: &Return, state: &ReturnState, line: &LineId) -> Quantity {
    let whole = document.lines.get(line).is_some_and(|l| state.kept(line) >= l.quantity);
    if whole { document.remainder(line) } else { Quantity::ZERO }
}

/// Everything that was given in exchange, with when, in the order of the events.
pub fn replacements(state: &ReturnState) -> impl Iterator<Item = (&Replacement, Moment)> {
    state.exchanges.iter().flat_map(|(_, at, exchange)| exchange.given.iter().map(move |given| (given, *at)))
}

/// The name by which the nth replacement's postings go.
pub fn replacement_line(n: usize) -> LineId {
    LineId::new(&format!("x{}", n + 1)).expect("a line's name")
}
