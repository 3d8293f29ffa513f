//! What is done to goods that are there: sent to be repaired and back, scrapped, marked down.
//!
//! What surprises: nothing is refused because too little seems to be there. Another device of the site may
//! have brought it there a minute ago; an account below zero shows in the stock.

use guicang_domain::account::Account;
use guicang_domain::adjustment::{Adjustment, AdjustmentEvent, AdjustmentLine, Movement};
use guicang_domain::document::{Document, Kind};
use guicang_domain::ids::{LineId, Lot, ReasonCode, SiteId, Sku, UserName};
use guicang_domain::money::UnitPrice;
use guicang_domain::quantity::Quantity;

use super::returns::wrong;
use super::{Adjusted, By};
use crate::error::CommandError;
use crate::store::{Replica, Work};

/// What is done to goods.
#[derive(Debug, Clone)]
pub struct MoveGoods {
    /// The site; `None` for this device's own.
    pub site: Option<SiteId>,
    /// Repair out or in, set apart, scrapped, marked down.
    pub movement: Movement,
    /// The article as typed.
    pub sku: String,
    /// Above zero.
    pub quantity: Quantity,
    /// Where it is; `None`: where such goods usually are.
    pub from: Option<Account>,
    /// Where it goes; `None`: where such goods usually go.
    pub to: Option<Account>,
    /// What it becomes, as typed; marked down only.
    pub into: Option<String>,
    /// Why.
    pub reason: ReasonCode,
    /// Who saw it scrapped.
    pub witness: Option<UserName>,
    /// The lot.
    pub lot: Option<Lot>,
    /// The place; empty for the site's one place.
    pub place: String,
    /// The cost of one from now on, where a mark-down lowers it.
    pub cost: Option<UnitPrice>,
    /// A note.
    pub note: Option<String>,
}

impl Replica {
    /// Records what was done to goods: sent to be repaired, back, set apart, scrapped, marked down.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn move_goods(&mut self, by: &By, moved: MoveGoods) -> Result<Adjusted, CommandError> {
        let done = self.write(|work| work.move_goods(by, moved))?;
        let (on_hand, available) = self.on_hand(&done.site, &done.sku)?;
        Ok(Adjusted { on_hand, available, ..done })
    }
}

impl Work<'_> {
    fn move_goods(&mut self, by: &By, moved: MoveGoods) -> Result<Adjusted, CommandError> {
        let movement = moved.movement;
        let site = self.site_for(moved.site.as_ref())?;
        let sku = self.known_sku(&moved.sku, false)?;
        if !moved.quantity.is_positive() || moved.quantity > Quantity::LIMIT {
            return Err(wrong("quantity", &moved.quantity.to_string(), "> 0"));
        }
        if movement.is_correction() {
            let wanted = "one of repair_out repair_in set_apart scrapped marked_down";
            return Err(wrong("movement", movement.as_str(), wanted));
        }
        one_of(moved.from, movement.may_take_from())?;
        one_of(moved.to, movement.may_bring_to())?;
        self.reason(&moved.reason)?;
        let into = self.becomes(&moved, &sku)?;
        if movement == Movement::Scrapped && moved.witness.as_ref().is_none_or(|w| *w == by.user) {
            return Err(CommandError::WitnessNeeded { user: by.user.to_string() });
        }
        let (zone, currency) = self.site_terms(&site)?;
        // What becomes another article takes its cost along; the rest the fold knows.
        let cost = match (&into, moved.cost) {
            (Some(_), None) => self.average_cost(&site, &sku)?,
            (_, cost) => cost,
        };
        let line = AdjustmentLine {
            sku: sku.clone(),
            quantity: moved.quantity,
            reason: moved.reason,
            note: None,
            lot: moved.lot,
            place: moved.place,
            cost,
            value: None,
            from: moved.from,
            to: moved.to,
            into: into.clone(),
            row: None,
        };
        let head = self.new_head(Kind::Adjustment, Some(site.clone()), zone)?;
        let (id, number) = (head.id, head.number.clone());
        let document = Adjustment {
            head,
            movement,
            currency,
            note: moved.note,
            witness: moved.witness,
            receipt: None,
            lines: [(LineId::nth(1), line)].into(),
            events: vec![self.event(by, zone, "", AdjustmentEvent::Posted)],
        };
        self.create(Document::Adjustment(document), std::slice::from_ref(&site))?;
        let shown = into.unwrap_or(sku);
        Ok(Adjusted { id, number, site, sku: shown, on_hand: Quantity::ZERO, available: Quantity::ZERO })
    }

    /// The article that goods become: another one than they are, needed where they are marked down and
    /// only there.
    fn becomes(&self, moved: &MoveGoods, sku: &Sku) -> Result<Option<Sku>, CommandError> {
        match (&moved.into, moved.movement) {
            (Some(typed), Movement::MarkedDown) => {
                // The second SKU is often made for this very purpose.
                let into = Sku::of(typed).map_err(|_| CommandError::UnknownSku { found: typed.clone() })?;
                if into == *sku {
                    return Err(wrong("sku", typed, "another SKU than the one marked down"));
                }
                Ok(Some(into))
            }
            (None, Movement::MarkedDown) => Err(wrong("sku", "nothing", "the SKU that it becomes")),
            (Some(typed), _) => Err(wrong("sku", typed, "nothing, unless it is marked down")),
            (None, _) => Ok(None),
        }
    }
}

fn one_of(account: Option<Account>, allowed: &[Account]) -> Result<(), CommandError> {
    match account.filter(|a| !allowed.contains(a)) {
        None => Ok(()),
        Some(other) => {
            let names: Vec<&str> = allowed.iter().map(|a| a.as_str()).collect();
            Err(wrong("account", other.as_str(), &format!("one of {}", names.join(" "))))
        }
    }
}
