//! Reservations: goods kept for somebody, released or used.

use std::collections::BTreeMap;

use guicang_documents::Events;
use guicang_domain::document::{Document, Kind};
use guicang_domain::event::Event;
use guicang_domain::ids::{LineId, Lot, SiteId, Sku};
use guicang_domain::quantity::Quantity;
use guicang_domain::reservation::{Reservation, ReservationEvent, ReservationLine};
use guicang_domain::time::Occurred;
use guicang_domain::transfer::Portion;

use super::By;
use super::returns::wrong;
use super::transfers::{Named, checked};
use crate::error::{CommandError, StoreError};
use crate::queries::ReservationRow;
use crate::store::{Replica, Work};

/// Goods to be kept for somebody.
#[derive(Debug, Clone)]
pub struct Reserve {
    /// The site; `None` for this device's own.
    pub site: Option<SiteId>,
    /// What.
    pub items: Vec<Named>,
    /// The lot; `None`: of whichever.
    pub lot: Option<Lot>,
    /// The place; empty: wherever it lies.
    pub place: String,
    /// For whom or what.
    pub purpose: Option<String>,
    /// Until when; `None`: until it is released or used.
    pub until: Option<Occurred>,
}

/// Goods that are kept no longer.
#[derive(Debug, Clone)]
pub struct Unreserve {
    /// The reservation's number or identity.
    pub number: String,
    /// What; empty: all that is still kept.
    pub items: Vec<Named>,
    /// They went where they were meant to, rather than being free again.
    pub used: bool,
}

impl Replica {
    /// Keeps goods for somebody: on hand, not available.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn reserve(&mut self, by: &By, reserve: Reserve) -> Result<ReservationRow, CommandError> {
        let id = self.write(|work| work.reserve(by, reserve))?;
        Ok(self.reservation_row(id)?)
    }

    /// Releases goods that were kept, or notes that they were used.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn unreserve(&mut self, by: &By, unreserve: &Unreserve) -> Result<ReservationRow, CommandError> {
        let id = self.write(|work| work.unreserve(by, unreserve))?;
        Ok(self.reservation_row(id)?)
    }
}

impl Work<'_> {
    fn reserve(&mut self, by: &By, reserve: Reserve) -> Result<i64, CommandError> {
        let site = self.site_for(reserve.site.as_ref())?;
        let (zone, _) = self.site_terms(&site)?;
        if let Some(until) = reserve.until.filter(|u| u.at <= self.now) {
            return Err(wrong("time", &until.to_rfc3339(), "a time to come"));
        }
        let mut lines = BTreeMap::new();
        for (n, item) in checked(&reserve.items)?.iter().enumerate() {
            let sku = self.known_sku(&item.sku, false)?;
            let (lot, place) = (reserve.lot.clone(), reserve.place.clone());
            lines.insert(LineId::nth(n + 1), ReservationLine { sku, quantity: item.quantity, lot, place });
        }
        let head = self.new_head(Kind::Reservation, Some(site.clone()), zone)?;
        let document = Reservation {
            head,
            purpose: reserve.purpose,
            until: reserve.until.map(|u| u.at),
            lines,
            events: vec![self.event(by, zone, "", ReservationEvent::Reserved)],
        };
        Ok(self.create(Document::Reservation(document), &[site])?)
    }

    fn unreserve(&mut self, by: &By, unreserve: &Unreserve) -> Result<i64, CommandError> {
        let row = self.named(&unreserve.number, Kind::Reservation)?;
        let (replayed, Document::Reservation(mut document)) = self.open(&row, Kind::Reservation)? else {
            return Err(StoreError::damaged("a reservation", row.identity).into());
        };
        let number = document.head.number.to_string();
        let mut kept = document.kept();
        kept.retain(|_, quantity| quantity.is_positive());
        if kept.is_empty() {
            return Err(CommandError::Closed { number, state: "released".into() });
        }
        let mut parts = Vec::new();
        if unreserve.items.is_empty() {
            parts.extend(kept.iter().map(|(line, q)| Portion { line: line.clone(), quantity: *q }));
        } else {
            for item in checked(&unreserve.items)? {
                let sku = self.known_sku(&item.sku, true)?;
                let is = |line: &LineId, sku: &Sku| document.lines[line].sku == *sku;
                let there: Quantity = kept.iter().filter(|(l, _)| is(l, &sku)).map(|(_, q)| *q).sum();
                if item.quantity > there {
                    return Err(CommandError::MoreThanOpen {
                        number,
                        sku,
                        asked: item.quantity,
                        open: there,
                    });
                }
                let mut left = item.quantity;
                for (line, open) in kept.iter_mut().filter(|(l, _)| is(l, &sku)) {
                    let quantity = left.min(*open);
                    if quantity.is_positive() {
                        *open -= quantity;
                        left -= quantity;
                        parts.push(Portion { line: line.clone(), quantity });
                    }
                }
            }
        }
        let body = match unreserve.used {
            true => ReservationEvent::Consumed { parts },
            false => ReservationEvent::Released { parts },
        };
        let event = self.event(by, document.head.zone, "", body);
        document.events.push(event.clone());
        document.events.sort_by_cached_key(Event::rank);
        let whole = Document::Reservation(document);
        self.append(&row, replayed, &Events::Reservation(&[event]), &whole)?;
        Ok(row.id)
    }
}
