//! Stock adjustments by hand: opening, received, sent back, found, written off.

use guicang_domain::adjustment::{Adjustment, AdjustmentEvent, AdjustmentLine, Movement};
use guicang_domain::document::{Document, Kind};
use guicang_domain::ids::{DocumentId, LineId, Lot, Number, ReasonCode, SiteId, Sku};
use guicang_domain::money::UnitPrice;
use guicang_domain::quantity::Quantity;
use rusqlite::params;

use super::By;
use crate::error::CommandError;
use crate::store::{Replica, Work};

/// What is to be adjusted.
#[derive(Debug, Clone)]
pub struct Adjust {
    /// The site; `None` for this device's own.
    pub site: Option<SiteId>,
    /// The article as typed.
    pub sku: String,
    /// The lot.
    pub lot: Option<Lot>,
    /// The place; empty for the site's one place.
    pub place: String,
    /// What kind of movement.
    pub movement: Movement,
    /// Above zero.
    pub quantity: Quantity,
    /// Why.
    pub reason: ReasonCode,
    /// A note.
    pub note: Option<String>,
    /// The cost of one.
    pub cost: Option<UnitPrice>,
}

/// What an adjustment came to.
#[derive(Debug, Clone)]
pub struct Adjusted {
    /// The document.
    pub id: DocumentId,
    /// Its number.
    pub number: Number,
    /// The site.
    pub site: SiteId,
    /// The article.
    pub sku: Sku,
    /// On hand at the site, after it.
    pub on_hand: Quantity,
    /// Available at the site, after it.
    pub available: Quantity,
}

impl Replica {
    /// Adjusts stock.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn adjust(&mut self, by: &By, adjust: Adjust) -> Result<Adjusted, CommandError> {
        let done = self.write(|work| work.adjust(by, adjust))?;
        // Folded when the transaction ended; read after it.
        let (on_hand, available) = self.on_hand(&done.site, &done.sku)?;
        Ok(Adjusted { on_hand, available, ..done })
    }

    pub(super) fn on_hand(&self, site: &SiteId, sku: &Sku) -> Result<(Quantity, Quantity), CommandError> {
        let rows = self.stock(&crate::queries::StockFilter {
            site: Some(site.clone()),
            sku: Some(sku.clone()),
            limit: None,
        })?;
        Ok((rows.iter().map(|r| r.on_hand).sum(), rows.iter().map(|r| r.available).sum()))
    }
}

impl Work<'_> {
    fn adjust(&mut self, by: &By, adjust: Adjust) -> Result<Adjusted, CommandError> {
        let site = self.site_for(adjust.site.as_ref())?;
        let sku = self.known_sku(&adjust.sku, !adjust.movement.removes())?;
        if !adjust.quantity.is_positive() || adjust.quantity > Quantity::LIMIT {
            return Err(CommandError::Value {
                field: "quantity",
                found: adjust.quantity.to_string(),
                wanted: "> 0".into(),
            });
        }
        let (zone, currency) = self.site_terms(&site)?;
        let head = self.new_head(Kind::Adjustment, Some(site.clone()), zone)?;
        if !adjust.movement.is_correction() {
            return Err(CommandError::Value {
                field: "movement",
                found: adjust.movement.to_string(),
                wanted: "one of opening received sent_back found written_off".into(),
            });
        }
        let cost = match adjust.cost {
            Some(cost) => Some(cost),
            // What leaves, or turns up, is worth what the others are: the fold knows.
            None if adjust.movement.removes() || self.average_cost(&site, &sku)?.is_some() => None,
            None => self.listed_cost(&sku)?,
        };
        let posted = self.event(by, zone, "", AdjustmentEvent::Posted);
        let line = AdjustmentLine {
            sku: sku.clone(),
            quantity: adjust.quantity,
            reason: adjust.reason,
            note: None,
            lot: adjust.lot,
            place: adjust.place,
            cost,
            value: None,
            from: None,
            to: None,
            into: None,
            row: None,
        };
        let (id, number) = (head.id, head.number.clone());
        let document = Adjustment {
            head,
            movement: adjust.movement,
            currency,
            note: adjust.note,
            witness: None,
            receipt: None,
            returned: None,
            lines: [(LineId::nth(1), line)].into(),
            events: vec![posted],
        };
        self.create(Document::Adjustment(document), std::slice::from_ref(&site))?;
        Ok(Adjusted { id, number, site, sku, on_hand: Quantity::ZERO, available: Quantity::ZERO })
    }

    /// What the list of articles says one costs.
    pub(super) fn listed_cost(&self, sku: &Sku) -> Result<Option<UnitPrice>, CommandError> {
        let cost: Option<Option<i64>> = rusqlite::OptionalExtension::optional(
            self.tx
                .prepare_cached("SELECT cost FROM product WHERE org = ? AND sku = ?")?
                .query_row(params![self.org, sku.as_str()], |r| r.get(0)),
        )?;
        Ok(cost.flatten().map(UnitPrice))
    }
}
