//! The chain's own books, kept outside the system: what really lies where, and what money really left.
//!
//! What surprises: they know of theft, which no document tells. What the ledger has too much because of
//! it is the *gap* of an article; a stocktake closes it. So the ledger has to show shelf plus gap.

use std::collections::BTreeMap;

use guicang_domain::account::{Account, AccountClass};
use guicang_domain::ids::ReceiptId;
use guicang_domain::money::Amount;

/// A site and an article, by index.
pub type Spot = (usize, usize);

/// The books.
#[derive(Debug, Default)]
pub struct Books {
    /// Units by spot and account; boundary accounts aren't kept.
    pub shelf: BTreeMap<Spot, BTreeMap<Account, i64>>,
    /// What the ledger has too much of sellable goods, by spot.
    pub gap: BTreeMap<Spot, i64>,
    /// Units and value sold, by site.
    pub sold: BTreeMap<usize, (i64, Amount)>,
    /// Cash that was handed back.
    pub cash: Amount,
    /// Electronic refunds that were asked for.
    pub electronic: Amount,
    /// Returns taken in.
    pub returns: u64,
    /// Goods that more than one branch was asked to take back: how many were sold, how many taken.
    pub asked_twice: BTreeMap<(ReceiptId, usize), (i64, i64)>,
    /// Returns that a counter refused, since it knew that nothing was left.
    pub refused: u64,
    /// Provisional returns without any receipt.
    pub no_receipt: u64,
}

impl Books {
    /// Units that are for sale on a real shelf.
    pub fn sellable(&self, spot: Spot) -> i64 {
        self.units(spot, Account::Sellable)
    }

    /// Units of an account.
    pub fn units(&self, spot: Spot, account: Account) -> i64 {
        self.shelf.get(&spot).and_then(|accounts| accounts.get(&account)).copied().unwrap_or(0)
    }

    /// Goods go from an account to another.
    pub fn move_goods(&mut self, spot: Spot, from: Account, to: Account, units: i64) {
        self.add(spot, from, -units);
        self.add(spot, to, units);
    }

    fn add(&mut self, spot: Spot, account: Account, units: i64) {
        if account.class() != AccountClass::Boundary {
            *self.shelf.entry(spot).or_default().entry(account).or_default() += units;
        }
    }

    /// Goods are gone from the shelf and nobody wrote it down.
    pub fn vanish(&mut self, spot: Spot, units: i64) {
        self.add(spot, Account::Sellable, -units);
        *self.gap.entry(spot).or_default() += units;
    }

    /// The ledger says how many are on the shelf, since they were counted.
    pub fn counted(&mut self, spot: Spot) {
        self.gap.remove(&spot);
    }

    /// What the ledger has to show: shelf and gap, without what is zero.
    pub fn ledger(&self) -> BTreeMap<(usize, usize, Account), i64> {
        let mut out = BTreeMap::new();
        for (&(site, article), accounts) in &self.shelf {
            for (&account, &units) in accounts {
                *out.entry((site, article, account)).or_default() += units;
            }
        }
        for (&(site, article), &units) in &self.gap {
            *out.entry((site, article, Account::Sellable)).or_default() += units;
        }
        out.retain(|_, units| *units != 0);
        out
    }
}
