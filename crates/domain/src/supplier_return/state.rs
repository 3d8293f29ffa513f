//! Where a supplier return stands: the fold of its events, per line.
//!
//! What surprises: the order is that of things, not of clocks: raised, shipped, closed, cancelled; each
//! in order of rank. A part that two devices close while apart is closed by the one that ranks first; the
//! other is named.
//!
//! ```text
//!   stock   raised: sellable | defective -> supplier_hold    shipped: supplier_hold -> supplier
//!           exchanged: supplier -> sellable    sent back: supplier -> defective
//!   money   shipped: claimed_goods -> receivable
//!           credited: receivable -> supplier_credit, and what was claimed beyond it -> loss:OWNER
//!           exchanged, sent back: receivable -> claimed_goods    written off: receivable -> loss:OWNER
//! ```

use std::collections::BTreeMap;

use super::{ClosedPart, Settled, SupplierReturn, SupplierReturnEvent, SupplierReturnLine};
use crate::account::{Account, Bucket, Posting, movement};
use crate::ids::{EventId, LineId};
use crate::money::{Amount, Currency};
use crate::quantity::Quantity;
use crate::resolution::LossOwner;
use crate::returns::state::Conflict;
use crate::time::{Moment, Occurred};

/// The fold of a supplier return's events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SupplierReturnState {
    /// When it was raised; `None` when that was taken back.
    pub raised: Option<Occurred>,
    /// When the first goods left.
    pub shipped: Option<Occurred>,
    /// Whether what wasn't shipped went back to where it was.
    pub cancelled: bool,
    /// What became of each line.
    pub lines: BTreeMap<LineId, ClaimLine>,
    /// Events that lost against another: shipped or closed twice while apart.
    pub conflicts: Vec<Conflict>,
    /// The postings of stock; they sum to zero per SKU and lot.
    pub postings: Vec<Posting>,
    /// The postings of money, by account; they sum to zero.
    pub money: BTreeMap<String, Amount>,
    /// The same, by account and when it happened.
    pub money_at: BTreeMap<(String, Moment), Amount>,
}

/// What became of a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimLine {
    /// How much was set apart and is still here.
    pub held: Quantity,
    /// How much left.
    pub shipped: Quantity,
    /// How much of it was closed, by how it ended.
    pub closed: BTreeMap<Settled, Quantity>,
    /// What is claimed for what left.
    pub claimed: Amount,
    /// What of that is still open.
    pub open_value: Amount,
    /// What was credited.
    pub credited: Amount,
}

impl ClaimLine {
    /// How much left and isn't closed.
    pub fn open(&self) -> Quantity {
        self.shipped - self.closed.values().copied().sum()
    }
}

impl SupplierReturnState {
    /// Folds a supplier return's events.
    pub fn of(document: &SupplierReturn) -> Self {
        let mut state = SupplierReturnState::default();
        let mut shipped_by: BTreeMap<LineId, EventId> = BTreeMap::new();
        let mut closed_by: BTreeMap<LineId, EventId> = BTreeMap::new();
        for event in document.standing().filter(|e| e.body == SupplierReturnEvent::Raised) {
            if state.raised.is_some() {
                continue;
            }
            state.raised = Some(event.occurred);
            for (id, line) in &document.lines {
                let held = ClaimLine { held: line.quantity, ..ClaimLine::default() };
                state.lines.insert(id.clone(), held);
                if line.from != Account::SupplierHold {
                    let way = (line.from, Account::SupplierHold);
                    state.post(document, id, line, way, line.quantity, event.occurred.at);
                }
            }
        }
        for event in document.standing() {
            let SupplierReturnEvent::Shipped { parts, .. } = &event.body else { continue };
            for part in parts {
                let Some(line) = document.lines.get(&part.line) else { continue };
                let Some(of) = state.lines.get_mut(&part.line) else { continue };
                let quantity = part.quantity.min(of.held);
                if quantity < part.quantity {
                    let stands = shipped_by.get(&part.line).cloned();
                    state.conflict("shipped", stands, &event.id);
                }
                if !quantity.is_positive() {
                    continue;
                }
                let of = state.lines.get_mut(&part.line).expect("found above");
                of.held -= quantity;
                of.shipped += quantity;
                let claimed = line.price.times(of.shipped, document.currency) - of.claimed;
                of.claimed += claimed;
                of.open_value += claimed;
                state.shipped =
                    Some(state.shipped.filter(|s| s.at <= event.occurred.at).unwrap_or(event.occurred));
                shipped_by.entry(part.line.clone()).or_insert_with(|| event.id.clone());
                let way = (Account::SupplierHold, Account::Supplier);
                state.post(document, &part.line, line, way, quantity, event.occurred.at);
                state.move_money("claimed_goods", "receivable", claimed, event.occurred.at);
            }
        }
        for event in document.standing() {
            let SupplierReturnEvent::Closed { parts } = &event.body else { continue };
            for part in parts {
                state.close(document, part, &event.id, event.occurred.at, &mut closed_by);
            }
        }
        for event in document.standing().filter(|e| e.body == SupplierReturnEvent::Cancelled) {
            for (id, line) in &document.lines {
                let Some(of) = state.lines.get_mut(id).filter(|of| of.held.is_positive()) else { continue };
                let held = std::mem::take(&mut of.held);
                state.cancelled = true;
                if line.from != Account::SupplierHold {
                    let way = (Account::SupplierHold, line.from);
                    state.post(document, id, line, way, held, event.occurred.at);
                }
            }
        }
        state.money.retain(|_, amount| *amount != Amount::ZERO);
        state
    }

    fn close(
        &mut self,
        document: &SupplierReturn,
        part: &ClosedPart,
        event: &EventId,
        occurred: Moment,
        closed_by: &mut BTreeMap<LineId, EventId>,
    ) {
        let Some(line) = document.lines.get(&part.line) else { return };
        let Some(of) = self.lines.get_mut(&part.line) else { return };
        let open = of.open();
        let quantity = part.quantity.min(open);
        if quantity < part.quantity {
            let stands = closed_by.get(&part.line).cloned();
            self.conflict("closed", stands, event);
        }
        if !quantity.is_positive() {
            return;
        }
        closed_by.entry(part.line.clone()).or_insert_with(|| event.clone());
        let of = self.lines.get_mut(&part.line).expect("found above");
        // The part that closes the line takes the rest of the claim.
        let claim = if quantity == open { of.open_value } else { of.open_value.share(quantity, open) };
        let credited =
            if quantity == part.quantity { part.amount } else { part.amount.share(quantity, part.quantity) };
        of.open_value -= claim;
        *of.closed.entry(part.settled).or_default() += quantity;
        let loss = format!("loss:{}", part.owner.as_ref().unwrap_or(&LossOwner::Company));
        match part.settled {
            Settled::Credited => {
                of.credited += credited;
                self.move_money("receivable", "supplier_credit", credited, occurred);
                self.move_money("receivable", &loss, claim - credited, occurred);
            }
            Settled::WrittenOff => self.move_money("receivable", &loss, claim, occurred),
            Settled::Exchanged | Settled::SentBack => {
                let back =
                    if part.settled == Settled::Exchanged { Account::Sellable } else { Account::Defective };
                self.post(document, &part.line, line, (Account::Supplier, back), quantity, occurred);
                self.move_money("receivable", "claimed_goods", claim, occurred);
            }
        }
    }

    /// What is claimed for what left.
    pub fn claimed(&self) -> Amount {
        self.lines.values().map(|l| l.claimed).sum()
    }

    /// What of the claim is still open.
    pub fn open_value(&self) -> Amount {
        self.lines.values().map(|l| l.open_value).sum()
    }

    /// What was credited.
    pub fn credited(&self) -> Amount {
        self.lines.values().map(|l| l.credited).sum()
    }

    /// The states, as people name them: distinct, in the order of a supplier return's life.
    pub fn names(&self) -> Vec<&'static str> {
        let held = self.lines.values().any(|l| l.held.is_positive());
        let open = self.lines.values().any(|l| l.open().is_positive());
        let shipped = self.lines.values().any(|l| l.shipped.is_positive());
        let ended = |settled| self.lines.values().any(|l| l.closed.contains_key(&settled));
        let closed = Settled::ALL.iter().any(|s| ended(*s));
        let mut names = Vec::new();
        let mut add = |condition: bool, name| {
            if condition {
                names.push(name);
            }
        };
        add(self.raised.is_none(), "reversed");
        add(held, "raised");
        add(open && !closed, "shipped");
        add(open && closed, "part_closed");
        for settled in Settled::ALL {
            add(ended(*settled), settled.as_str());
        }
        add(shipped && !open && !held, "closed");
        add(self.cancelled, "cancelled");
        names
    }

    fn conflict(&mut self, about: &'static str, stands: Option<EventId>, loses: &EventId) {
        if let Some(stands) = stands.filter(|s| s != loses) {
            self.conflicts.push(Conflict { about, stands, loses: loses.clone() });
        }
    }

    fn post(
        &mut self,
        document: &SupplierReturn,
        id: &LineId,
        line: &SupplierReturnLine,
        (from, to): (Account, Account),
        quantity: Quantity,
        occurred: Moment,
    ) {
        let Some(site) = document.head.site.clone() else { return };
        let (place, sku, lot) = (line.place.clone(), line.sku.clone(), line.lot.clone());
        let value = value_of(line, quantity, document.currency);
        let from = Bucket { site, place, sku, lot, account: from };
        self.postings.extend(movement(id, from, to, quantity, value, occurred));
    }

    fn move_money(&mut self, from: &str, to: &str, amount: Amount, at: Moment) {
        for (account, amount) in [(from, -amount), (to, amount)] {
            *self.money.entry(account.into()).or_default() += amount;
            *self.money_at.entry((account.into(), at)).or_default() += amount;
        }
    }
}

fn value_of(line: &SupplierReturnLine, quantity: Quantity, currency: Currency) -> Amount {
    line.cost.map_or(Amount::ZERO, |c| c.times(quantity, currency))
}

#[cfg(test)]
mod tests;
