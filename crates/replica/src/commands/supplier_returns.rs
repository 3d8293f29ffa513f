//! Supplier returns: goods set apart for a supplier, shipped, and the claim closed part by part.

use std::collections::BTreeMap;

use guicang_documents::{Events, Replayed};
use guicang_domain::account::Account;
use guicang_domain::document::{Document, Kind};
use guicang_domain::event::Event;
use guicang_domain::ids::{LineId, Lot, ReasonCode, SiteId, Sku};
use guicang_domain::money::{Amount, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::resolution::LossOwner;
use guicang_domain::supplier_return::state::{ClaimLine, SupplierReturnState};
use guicang_domain::supplier_return::{
    ClosedPart, Settled, SupplierReturn, SupplierReturnEvent, SupplierReturnLine,
};
use guicang_domain::transfer::Portion;

use super::By;
use super::returns::wrong;
use super::transfers::{Named, checked};
use crate::error::{CommandError, StoreError};
use crate::facts::DocumentRow;
use crate::queries::SupplierReturnRow;
use crate::store::{Replica, Work};

/// Goods that are to go back to a supplier.
#[derive(Debug, Clone)]
pub struct RaiseClaim {
    /// The site; `None` for this device's own.
    pub site: Option<SiteId>,
    /// The supplier, by its code.
    pub supplier: String,
    /// What goes back.
    pub items: Vec<Named>,
    /// Where it is: sellable, defective or already set apart (supplier_hold).
    pub from: Account,
    /// Why.
    pub reason: ReasonCode,
    /// What is claimed for one; `None`: what it cost.
    pub price: Option<UnitPrice>,
    /// The lot of all of it.
    pub lot: Option<Lot>,
    /// The place; empty for the site's one place.
    pub place: String,
    /// A note.
    pub note: Option<String>,
}

/// Goods that leave for their supplier.
#[derive(Debug, Clone)]
pub struct ShipClaim {
    /// The supplier return's number or identity.
    pub number: String,
    /// What leaves; empty: all that was set apart.
    pub items: Vec<Named>,
    /// The carrier.
    pub carrier: Option<String>,
    /// The carrier's number.
    pub tracking: Option<String>,
}

/// How parts of a claim end.
#[derive(Debug, Clone)]
pub struct CloseClaim {
    /// The supplier return's number or identity.
    pub number: String,
    /// What is closed; empty: all that is open.
    pub items: Vec<Named>,
    /// How it ends.
    pub settled: Settled,
    /// What was credited for one; needed when credited, and only then.
    pub price: Option<UnitPrice>,
    /// Who bears what was claimed and not credited; `None`: the company.
    pub owner: Option<LossOwner>,
    /// The supplier's reference.
    pub reference: Option<String>,
}

impl Replica {
    /// Sets goods apart for their supplier.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn raise_claim(&mut self, by: &By, raise: RaiseClaim) -> Result<SupplierReturnRow, CommandError> {
        let id = self.write(|work| work.raise_claim(by, raise))?;
        Ok(self.supplier_return_row(id)?)
    }

    /// Ships goods to their supplier: the claim opens.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn ship_claim(&mut self, by: &By, ship: ShipClaim) -> Result<SupplierReturnRow, CommandError> {
        let id = self.write(|work| work.ship_claim(by, ship))?;
        Ok(self.supplier_return_row(id)?)
    }

    /// Closes parts of a claim: credited, exchanged, sent back or written off.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn close_claim(&mut self, by: &By, close: CloseClaim) -> Result<SupplierReturnRow, CommandError> {
        let id = self.write(|work| work.close_claim(by, close))?;
        Ok(self.supplier_return_row(id)?)
    }

    /// Lets what wasn't shipped go back to where it was.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn cancel_claim(&mut self, by: &By, number: &str) -> Result<SupplierReturnRow, CommandError> {
        let id = self.write(|work| work.cancel_claim(by, number))?;
        Ok(self.supplier_return_row(id)?)
    }
}

impl Work<'_> {
    fn raise_claim(&mut self, by: &By, raise: RaiseClaim) -> Result<i64, CommandError> {
        let site = self.site_for(raise.site.as_ref())?;
        let supplier = raise.supplier.trim();
        if supplier.is_empty() || supplier.len() > 80 || supplier.chars().any(char::is_control) {
            return Err(wrong("supplier", supplier, "1 to 80 bytes without control characters"));
        }
        if !matches!(raise.from, Account::Sellable | Account::Defective | Account::SupplierHold) {
            return Err(wrong("account", raise.from.as_str(), "sellable, defective or supplier_hold"));
        }
        self.reason(&raise.reason)?;
        let (zone, currency) = self.site_terms(&site)?;
        let mut lines = BTreeMap::new();
        for (n, item) in checked(&raise.items)?.iter().enumerate() {
            let sku = self.known_sku(&item.sku, false)?;
            let cost = match self.average_cost(&site, &sku)? {
                Some(cost) => Some(cost),
                None => self.listed_cost(&sku)?,
            };
            let price = raise.price.or(cost).ok_or_else(|| CommandError::PriceNeeded { sku: sku.clone() })?;
            if price.0 < 0 {
                return Err(wrong("price", &price.to_string(), "0 or more"));
            }
            let line = SupplierReturnLine {
                sku,
                quantity: item.quantity,
                lot: raise.lot.clone(),
                place: raise.place.clone(),
                from: raise.from,
                reason: raise.reason.clone(),
                price,
                cost,
            };
            lines.insert(LineId::nth(n + 1), line);
        }
        let head = self.new_head(Kind::SupplierReturn, Some(site.clone()), zone)?;
        let events = vec![self.event(by, zone, "", SupplierReturnEvent::Raised)];
        let (supplier, note) = (supplier.to_owned(), raise.note);
        let document = SupplierReturn { head, supplier, currency, note, lines, events };
        Ok(self.create(Document::SupplierReturn(document), &[site])?)
    }

    fn ship_claim(&mut self, by: &By, ship: ShipClaim) -> Result<i64, CommandError> {
        let (row, replayed, document) = self.open_claim(&ship.number)?;
        let taken = self.portions(&document, &ship.items, |line| line.held)?;
        let parts = taken.into_iter().map(|(line, quantity)| Portion { line, quantity }).collect();
        let body = SupplierReturnEvent::Shipped { parts, carrier: ship.carrier, tracking: ship.tracking };
        self.append_to_claim(by, &row, replayed, document, body)
    }

    fn close_claim(&mut self, by: &By, close: CloseClaim) -> Result<i64, CommandError> {
        let (row, replayed, document) = self.open_claim(&close.number)?;
        match (close.settled, close.price) {
            (Settled::Credited, None) => {
                return Err(wrong("price", "nothing", "what was credited for one"));
            }
            (Settled::Credited, Some(price)) if price.0 < 0 => {
                return Err(wrong("price", &price.to_string(), "0 or more"));
            }
            (Settled::Credited, Some(_)) | (_, None) => {}
            (_, Some(price)) => {
                return Err(wrong("price", &price.to_string(), "nothing, unless it is credited"));
            }
        }
        let taken = self.portions(&document, &close.items, ClaimLine::open)?;
        let part = |(line, quantity): (LineId, Quantity)| ClosedPart {
            line,
            quantity,
            settled: close.settled,
            amount: close.price.map_or(Amount::ZERO, |p| p.times(quantity, document.currency)),
            owner: close.owner.clone(),
            reference: close.reference.clone(),
        };
        let body = SupplierReturnEvent::Closed { parts: taken.into_iter().map(part).collect() };
        self.append_to_claim(by, &row, replayed, document, body)
    }

    fn cancel_claim(&mut self, by: &By, number: &str) -> Result<i64, CommandError> {
        let (row, replayed, document) = self.open_claim(number)?;
        // Refused where nothing is held any more.
        self.portions(&document, &[], |line| line.held)?;
        self.append_to_claim(by, &row, replayed, document, SupplierReturnEvent::Cancelled)
    }

    /// What of which lines: the articles that are named, or all that is open.
    fn portions(
        &self,
        document: &SupplierReturn,
        items: &[Named],
        open: fn(&ClaimLine) -> Quantity,
    ) -> Result<Vec<(LineId, Quantity)>, CommandError> {
        let state = SupplierReturnState::of(document);
        let number = document.head.number.to_string();
        let mut left: Vec<(&LineId, &Sku, Quantity)> = state
            .lines
            .iter()
            .map(|(id, line)| (id, &document.lines[id].sku, open(line)))
            .filter(|(_, _, open)| open.is_positive())
            .collect();
        if left.is_empty() {
            let state = state.names().last().copied().unwrap_or("closed");
            return Err(CommandError::Closed { number, state: state.into() });
        }
        if items.is_empty() {
            return Ok(left.into_iter().map(|(id, _, open)| (id.clone(), open)).collect());
        }
        let mut taken = Vec::new();
        for item in checked(items)? {
            let sku = self.known_sku(&item.sku, true)?;
            let there: Quantity = left.iter().filter(|(_, s, _)| **s == sku).map(|(_, _, q)| *q).sum();
            if item.quantity > there {
                return Err(CommandError::MoreThanOpen { number, sku, asked: item.quantity, open: there });
            }
            let mut wanted = item.quantity;
            for (id, _, open) in left.iter_mut().filter(|(_, s, _)| **s == sku) {
                let take = wanted.min(*open);
                if take.is_positive() {
                    *open -= take;
                    wanted -= take;
                    taken.push((id.clone(), take));
                }
            }
        }
        Ok(taken)
    }

    fn open_claim(&self, number: &str) -> Result<(DocumentRow, Replayed, SupplierReturn), CommandError> {
        let row = self.named(number, Kind::SupplierReturn)?;
        match self.open(&row, Kind::SupplierReturn)? {
            (replayed, Document::SupplierReturn(document)) => Ok((row, replayed, document)),
            _ => Err(StoreError::damaged("a supplier return", row.identity).into()),
        }
    }

    fn append_to_claim(
        &mut self,
        by: &By,
        row: &DocumentRow,
        replayed: Replayed,
        mut document: SupplierReturn,
        body: SupplierReturnEvent,
    ) -> Result<i64, CommandError> {
        let event = self.event(by, document.head.zone, "", body);
        document.events.push(event.clone());
        document.events.sort_by_cached_key(Event::rank);
        let whole = Document::SupplierReturn(document);
        self.append(row, replayed, &Events::SupplierReturn(&[event]), &whole)?;
        Ok(row.id)
    }
}
