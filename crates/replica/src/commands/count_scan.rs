//! What people see at a stocktake: scans, and counting again.

use std::collections::BTreeMap;

use guicang_domain::account::Account;
use guicang_domain::count::{Count, CountEvent, CountState, Scan, Spot, Stage};
use guicang_domain::ids::{Lot, Sku};
use guicang_domain::quantity::Quantity;
use rusqlite::params;

use super::By;
use super::count::{at_stage, not_on_hand, too_many};
use crate::error::{CommandError, CountRefusal};
use crate::queries::CountRow;
use crate::store::{Replica, Work};

/// How much somebody saw.
#[derive(Debug, Clone)]
pub struct ScanItem {
    /// The article as typed.
    pub sku: String,
    /// The lot.
    pub lot: Option<Lot>,
    /// The place; empty for the site's one place.
    pub place: String,
    /// The account, one on hand.
    pub account: Account,
    /// How much; zero when there is none.
    pub quantity: Quantity,
}

impl Replica {
    /// Adds what somebody saw to an open count. Of one bucket it may be told several times: it adds up.
    ///
    /// # Errors
    /// As [`Replica::open_count`].
    pub fn scan_count(
        &mut self,
        by: &By,
        number: &str,
        items: &[ScanItem],
    ) -> Result<CountRow, CommandError> {
        let id = self.write(|work| work.scan_count(by, number, items))?;
        self.count_row(id)
    }

    /// Counts a bucket again: replaces all that the count says of it so far, also after the approval.
    ///
    /// # Errors
    /// As [`Replica::open_count`].
    pub fn recount(&mut self, by: &By, number: &str, item: &ScanItem) -> Result<CountRow, CommandError> {
        let id = self.write(|work| work.recount(by, number, item))?;
        self.count_row(id)
    }
}

impl Work<'_> {
    fn scan_count(&mut self, by: &By, number: &str, items: &[ScanItem]) -> Result<i64, CommandError> {
        let (row, replayed, document) = self.open_count_document(number)?;
        let state = CountState::of(&document);
        at_stage(&document, &state, &[Stage::Open])?;
        let mut seen: BTreeMap<Spot, Scan> = BTreeMap::new();
        for item in items {
            let scan = self.scan(&document, item)?;
            let before = seen.get(&scan.spot).map_or(Quantity::ZERO, |s| s.quantity);
            let quantity = in_range(before + scan.quantity)?;
            seen.insert(scan.spot.clone(), Scan { quantity, ..scan });
        }
        if seen.is_empty() {
            return Err(CountRefusal::NothingCounted { number: row.number, sku: None }.into());
        }
        too_many(&row.number, seen.len())?;
        let scans = seen.into_values().collect();
        self.add_to_count(by, row, replayed, document, CountEvent::Scanned { scans })
    }

    fn recount(&mut self, by: &By, number: &str, item: &ScanItem) -> Result<i64, CommandError> {
        let (row, replayed, document) = self.open_count_document(number)?;
        let state = CountState::of(&document);
        at_stage(&document, &state, &[Stage::Open, Stage::Closed, Stage::Approved])?;
        let scan = self.scan(&document, item)?;
        let Some(assertion) = state.assertions.get(&scan.spot) else {
            let sku = Some(scan.spot.sku);
            return Err(CountRefusal::NothingCounted { number: row.number, sku }.into());
        };
        let replaces = assertion.by.clone();
        self.add_to_count(by, row, replayed, document, CountEvent::Recounted { scan, replaces })
    }

    /// The article of a code as a scanner gives it: a SKU, or a barcode that one article alone has.
    fn scanned_sku(&self, code: &str) -> Result<Sku, CommandError> {
        let unknown = match self.known_sku(code, true) {
            Err(unknown @ CommandError::UnknownSku { .. }) => unknown,
            found => return found,
        };
        let mut statement = self.tx.prepare_cached(
            "SELECT DISTINCT sku FROM product_barcode WHERE org = ? AND barcode = ? LIMIT 2",
        )?;
        let mut rows = statement.query(params![self.org, code.trim()])?;
        let mut found = Vec::new();
        while let Some(r) = rows.next()? {
            found.push(crate::queries::name(r, 0, "a SKU")?);
        }
        if found.len() == 1 { Ok(found.remove(0)) } else { Err(unknown) }
    }

    /// A scan of what was typed, if the count takes it.
    fn scan(&self, document: &Count, item: &ScanItem) -> Result<Scan, CommandError> {
        let sku = self.scanned_sku(&item.sku)?;
        if !item.account.is_on_hand() {
            return Err(not_on_hand(item.account));
        }
        let place = item.place.trim().to_owned();
        let spot = Spot { place, sku, lot: item.lot.clone(), account: item.account };
        if !document.scope.takes(&spot) {
            let number = document.head.number.to_string();
            return Err(CountRefusal::OutOfScope { number, sku: spot.sku, place: spot.place }.into());
        }
        if item.quantity < Quantity::ZERO {
            return Err(CommandError::Value {
                field: "quantity",
                found: item.quantity.to_string(),
                wanted: "0 and more".into(),
            });
        }
        let cost = self.listed_cost(&spot.sku)?;
        Ok(Scan { spot, quantity: in_range(item.quantity)?, cost })
    }
}

fn in_range(quantity: Quantity) -> Result<Quantity, CommandError> {
    if quantity <= Quantity::LIMIT {
        return Ok(quantity);
    }
    Err(CommandError::Value {
        field: "quantity",
        found: quantity.to_string(),
        wanted: format!("at most {}", Quantity::LIMIT),
    })
}
