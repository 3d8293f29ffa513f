//! Books of the demo's own: what every figure must be, worked out from what was done that day.
//!
//! Nothing here comes from a figure that the programs print, but for a return's number, which is its name.

use std::collections::BTreeMap;

use super::day::{CONTESTED, Deed, Taken, What};

/// A bucket of stock: site, SKU, account.
pub type Bucket = (String, String, String);

/// What was done.
#[derive(Default)]
pub struct Books {
    /// Returns by number.
    pub returns: BTreeMap<String, Returned>,
    /// What stock must have changed by, in units.
    pub stock: BTreeMap<Bucket, i64>,
    /// Found and written off: by site and movement, how many lines and units.
    pub moved: BTreeMap<(String, &'static str), (u64, i64)>,
    /// How much of the contested line is still open.
    contested_left: Option<i64>,
}

/// A return that was done.
pub struct Returned {
    /// Where.
    pub site: String,
    /// How many units.
    pub units: i64,
    /// How many of them the sale doesn't cover.
    pub excess: i64,
    /// What was paid, or must be, in pence.
    pub paid: i64,
    /// What is owed, in pence.
    pub owed: i64,
    /// By what.
    pub tender: &'static str,
}

/// What a site did, in sum.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SiteSum {
    /// Returns.
    pub returns: usize,
    /// Units that came back and that a sale covers.
    pub valid: i64,
    /// Units beyond.
    pub excess: i64,
    /// What is owed for them in pence.
    pub owed: i64,
    /// Paid in cash, in pence.
    pub cash: i64,
    /// Paid electronically, in pence.
    pub electronic: i64,
}

impl Books {
    /// Enters a return under its number.
    pub fn enter_return(&mut self, deed: &Deed, taken: &Taken, number: &str) {
        let valid = if taken.sku == CONTESTED.1 {
            let left = self.contested_left.get_or_insert(CONTESTED.2);
            let valid = taken.units.min(*left);
            *left -= valid;
            valid
        } else {
            taken.units
        };
        // Cash was in the customer's hand before anybody could know; what is electronic waits.
        let owed = valid * taken.pence;
        let paid = if taken.cash() { taken.owed() } else { owed };
        let returned = Returned {
            site: deed.site.into(),
            units: taken.units,
            excess: taken.units - valid,
            paid,
            owed,
            tender: taken.tender,
        };
        self.returns.insert(number.into(), returned);
        for (_, units, account) in taken.graded {
            self.post(deed.site, taken.sku, account, *units);
        }
    }

    /// Enters an adjustment.
    pub fn enter_adjustment(&mut self, deed: &Deed, sku: &str, units: i64) {
        self.post(deed.site, sku, "sellable", units);
        let movement = if units > 0 { "found" } else { "written_off" };
        let moved = self.moved.entry((deed.site.into(), movement)).or_default();
        *moved = (moved.0 + 1, moved.1 + units.abs());
    }

    /// Enters any deed that has been done; returns have a number.
    pub fn enter(&mut self, deed: &Deed, number: Option<&str>) {
        match (&deed.what, number) {
            (What::Return(taken), Some(number)) => self.enter_return(deed, taken, number),
            (What::Return(_), None) => {}
            (What::Adjust { sku, units, .. }, _) => self.enter_adjustment(deed, sku, *units),
        }
    }

    /// What a site did, in sum.
    pub fn sum(&self, site: &str) -> SiteSum {
        let mut sum = SiteSum::default();
        for returned in self.returns.values().filter(|r| r.site == site) {
            sum.returns += 1;
            sum.valid += returned.units - returned.excess;
            sum.excess += returned.excess;
            sum.owed += returned.owed;
            match returned.tender {
                "cash" => sum.cash += returned.paid,
                _ => sum.electronic += returned.paid,
            }
        }
        sum
    }

    /// What was paid beyond what is owed, in pence.
    pub fn loss(&self) -> i64 {
        self.returns.values().map(|r| r.paid - r.owed).sum()
    }

    /// Electronic refunds: by the return's number, pence.
    pub fn electronic(&self) -> BTreeMap<String, i64> {
        let electronic = self.returns.iter().filter(|(_, r)| r.tender != "cash");
        electronic.map(|(number, r)| (number.clone(), r.paid)).collect()
    }

    fn post(&mut self, site: &str, sku: &str, account: &str, units: i64) {
        // What leaves the business (scrap) is no stock of ours any more.
        if account != "scrap" {
            *self.stock.entry((site.into(), sku.into(), account.into())).or_default() += units;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::day::deeds;

    fn day() -> Books {
        let mut books = Books::default();
        for (n, deed) in deeds().iter().enumerate() {
            books.enter(deed, Some(&format!("R{n:02}")));
        }
        books
    }

    /// Who comes last is excess: two strings of lights were sold, the United Kingdom took the third.
    #[test]
    fn the_last_of_three_that_take_two_back_bears_the_excess() {
        let books = day();
        let excess: Vec<&str> =
            books.returns.values().filter(|r| r.excess > 0).map(|r| r.site.as_str()).collect();
        assert_eq!(excess, ["United Kingdom"]);
        assert_eq!(books.loss(), 850);
    }

    #[test]
    fn the_books_sum_up_by_site() {
        let france = SiteSum { returns: 3, valid: 9, excess: 0, owed: 2450, cash: 0, electronic: 2450 };
        assert_eq!(day().sum("France"), france);
    }
}
