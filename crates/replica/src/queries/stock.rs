//! Stock: on hand and available, by site, place, SKU and lot.

use std::collections::BTreeMap;

use guicang_domain::account::{Account, AccountClass};
use guicang_domain::ids::{Lot, SiteId, Sku};
use guicang_domain::quantity::Quantity;
use rusqlite::params;

use super::name;
use crate::error::StoreError;
use crate::store::Replica;

/// Which stock.
#[derive(Debug, Clone, Default)]
pub struct StockFilter {
    /// Only this site's.
    pub site: Option<SiteId>,
    /// Only this article's.
    pub sku: Option<Sku>,
    /// At most so many rows; `None`: all.
    pub limit: Option<usize>,
}

/// The stock of one SKU and lot at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockRow {
    /// The site.
    pub site: SiteId,
    /// The place; empty for the site's one place.
    pub place: String,
    /// The article.
    pub sku: Sku,
    /// The lot.
    pub lot: Option<Lot>,
    /// In our hands: all of its accounts at the site.
    pub on_hand: Quantity,
    /// Kept for somebody: on hand, not available.
    pub reserved: Quantity,
    /// May be sold.
    pub available: Quantity,
    /// No opening, delivery or count says how much there is: the figures are movements only.
    pub uncounted: bool,
    /// The number of the blind count (盲盘) that is going on here: to those who count, the figures are left out.
    pub being_counted: Option<String>,
    /// What is in each of our accounts; those with nothing are left out.
    pub accounts: BTreeMap<Account, Quantity>,
}

impl Replica {
    /// The stock that a filter asks for, by site, SKU, place, lot.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn stock(&self, filter: &StockFilter) -> Result<Vec<StockRow>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT b.site, b.place, b.sku, b.lot, b.account, s.quantity, s.asserted
                 FROM bucket b JOIN stock s ON s.org = b.org AND s.bucket = b.id
                 WHERE b.org = ?1 AND (?2 IS NULL OR b.site = ?2) AND (?3 IS NULL OR b.sku = ?3) AND b.account < 20
                 ORDER BY b.site, b.sku, b.place, b.lot, b.account",
            )
            .map_err(StoreError::of)?;
        let site = filter.site.as_ref().map(SiteId::as_str);
        let sku = filter.sku.as_ref().map(Sku::as_str);
        let mut found = statement.query(params![self.identity.org, site, sku]).map_err(StoreError::of)?;
        let mut rows: Vec<StockRow> = Vec::new();
        while let Some(r) = found.next().map_err(StoreError::of)? {
            let code: i64 = r.get(4).map_err(StoreError::of)?;
            let account = Account::from_code(code).ok_or_else(|| StoreError::damaged("an account", code))?;
            let lot: String = r.get(3).map_err(StoreError::of)?;
            let row = StockRow {
                site: name(r, 0, "a site")?,
                place: r.get(1).map_err(StoreError::of)?,
                sku: name(r, 2, "a SKU")?,
                lot: if lot.is_empty() { None } else { Some(name(r, 3, "a lot")?) },
                on_hand: Quantity::ZERO,
                reserved: Quantity::ZERO,
                available: Quantity::ZERO,
                uncounted: true,
                being_counted: None,
                accounts: BTreeMap::new(),
            };
            let same = rows.last().is_some_and(|last| {
                (&last.site, &last.sku, &last.place, &last.lot) == (&row.site, &row.sku, &row.place, &row.lot)
            });
            if !same {
                if filter.limit == Some(rows.len()) {
                    break;
                }
                rows.push(row);
            }
            let last = rows.last_mut().expect("just pushed, or the same");
            let quantity = Quantity(r.get(5).map_err(StoreError::of)?);
            if account.class() == AccountClass::OnHand {
                last.on_hand += quantity;
            }
            if account.is_available() {
                last.available += quantity;
                last.uncounted = !r.get::<_, bool>(6).map_err(StoreError::of)?;
            }
            if quantity != Quantity::ZERO {
                last.accounts.insert(account, quantity);
            }
        }
        drop(found);
        super::reservations::lower(&self.db, self.identity.org, &mut rows)?;
        for count in self.blind_counts()? {
            for row in rows.iter_mut().filter(|r| count.takes(&r.site, &r.place, &r.sku, r.lot.as_ref())) {
                row.being_counted = Some(count.number.clone());
                (row.on_hand, row.reserved, row.available) = Default::default();
                row.uncounted = false;
                row.accounts.clear();
            }
        }
        Ok(rows)
    }
}
