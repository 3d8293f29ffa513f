//! What is done to goods that are there: sent to be repaired and back, scrapped, marked down, lost while they
//! waited to be inspected.
//!
//! What surprises: nothing is refused because too little seems to be there. Another device of the site may
//! have brought it there a minute ago; an account below zero shows in the stock.

use guicang_domain::account::Account;
use guicang_domain::adjustment::{Adjustment, AdjustmentEvent, AdjustmentLine, Movement};
use guicang_domain::document::{Document, Kind};
use guicang_domain::ids::{DocumentId, LineId, Lot, ReasonCode, SiteId, Sku, UserName};
use guicang_domain::money::UnitPrice;
use guicang_domain::quantity::Quantity;
use rusqlite::params;

use super::returns::wrong;
use super::{Adjusted, By};
use crate::error::CommandError;
use crate::queries::exceptions::identity;
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
    /// The return whose goods they are, by number or identity; needed where they are in returns_hold.
    pub of: Option<String>,
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
        let lost = movement == Movement::WrittenOff && moved.from == Some(Account::ReturnsHold);
        if movement.is_correction() && !lost {
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
        let from = moved.from.unwrap_or(movement.accounts().0);
        let returned = match from {
            Account::ReturnsHold => self.held_by(&moved, &site, &sku, lost)?,
            _ if moved.of.is_some() => {
                return Err(wrong("return", from.as_str(), "nothing, unless the goods are in returns_hold"));
            }
            _ => None,
        };
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
            returned,
            lines: [(LineId::nth(1), line)].into(),
            events: vec![self.event(by, zone, "", AdjustmentEvent::Posted)],
        };
        self.create(Document::Adjustment(document), std::slice::from_ref(&site))?;
        let shown = into.unwrap_or(sku);
        Ok(Adjusted { id, number, site, sku: shown, on_hand: Quantity::ZERO, available: Quantity::ZERO })
    }

    /// The return whose goods are taken from returns_hold. Else they would be moved without their return
    /// knowing; only what is lost may have been anybody's. Where no return is known to have any there, the
    /// goods are of one that isn't held here.
    fn held_by(
        &self,
        moved: &MoveGoods,
        site: &SiteId,
        sku: &Sku,
        lost: bool,
    ) -> Result<Option<DocumentId>, CommandError> {
        let mut statement = self.tx.prepare_cached(
            "SELECT d.identity, d.number, sum(p.quantity) FROM bucket b
             JOIN posting p ON p.org = b.org AND p.bucket = b.id JOIN document d ON d.id = p.document
             WHERE b.org = ? AND b.site = ? AND b.sku = ? AND b.account = ? AND d.kind = 'return'
             GROUP BY d.id HAVING sum(p.quantity) > 0 ORDER BY d.identity",
        )?;
        let key = params![self.org, site.as_str(), sku.as_str(), Account::ReturnsHold as i64];
        let mut rows = statement.query(key)?;
        let mut holders = Vec::new();
        while let Some(r) = rows.next()? {
            holders.push((identity(r, 0)?, r.get::<_, String>(1)?, Quantity(r.get(2)?)));
        }
        let Some(name) = &moved.of else {
            if lost || holders.is_empty() {
                return Ok(None);
            }
            return Err(self.name_a_return(sku, holders));
        };
        let of = self.named(name, Kind::Return)?.identity;
        match holders.iter().find(|(id, _, _)| *id == of) {
            None => Err(self.name_a_return(sku, holders)),
            Some((_, number, open)) if *open < moved.quantity => Err(CommandError::MoreThanOpen {
                number: number.clone(),
                sku: sku.clone(),
                asked: moved.quantity,
                open: *open,
            }),
            Some(_) => Ok(Some(of)),
        }
    }

    fn name_a_return(&self, sku: &Sku, holders: Vec<(DocumentId, String, Quantity)>) -> CommandError {
        let found = holders.into_iter().map(|(_, number, quantity)| (number, quantity)).collect();
        CommandError::HeldByReturns { sku: sku.clone(), found }
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
