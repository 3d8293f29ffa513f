//! Accounts, and postings of stock between them: double entry, so that a wrong one can't hide.
//!
//! On hand and available are two figures: goods that came back are on hand at once, and available
//! only once an inspection has said restock.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::ids::{LineId, Lot, SiteId, Sku};
use crate::money::Amount;
use crate::quantity::Quantity;
use crate::time::Moment;

macro_rules! accounts {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal, $class:ident;)*) => {
        /// Where goods are, or the boundary they came or went through.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Account { $($(#[$doc])* $name = $code,)* }

        impl Account {
            /// Every account, in order of code.
            pub const ALL: &[Account] = &[$(Account::$name),*];

            /// Its name in data: `returns_hold`.
            pub fn as_str(self) -> &'static str {
                match self { $(Account::$name => $text,)* }
            }

            /// Its class: in our hands at a site, elsewhere but ours, or a boundary.
            pub fn class(self) -> AccountClass {
                match self { $(Account::$name => AccountClass::$class,)* }
            }

            /// The account of a stored code.
            pub fn from_code(code: i64) -> Option<Self> {
                match code { $($code => Some(Account::$name),)* _ => None }
            }
        }
    };
}

accounts! {
    /// On the shelf or behind it, may be sold.
    Sellable = 1, "sellable", OnHand;
    /// Came back, not yet inspected.
    ReturnsHold = 2, "returns_hold", OnHand;
    /// Set apart by an inspection that could not decide.
    Quarantine = 3, "quarantine", OnHand;
    /// Inspected and found wanting.
    Defective = 4, "defective", OnHand;
    /// Waiting to go back to its supplier or maker.
    SupplierHold = 5, "supplier_hold", OnHand;
    /// Waiting to be scrapped.
    ScrapHold = 6, "scrap_hold", OnHand;
    /// Away to be repaired.
    Repair = 10, "repair", Elsewhere;
    /// On its way to another site; the sender's.
    InTransit = 11, "in_transit", Elsewhere;
    /// With customers.
    Customer = 20, "customer", Boundary;
    /// With suppliers.
    Supplier = 21, "supplier", Boundary;
    /// Scrapped.
    Scrap = 22, "scrap", Boundary;
    /// Found or lost.
    Variance = 23, "variance", Boundary;
    /// What was there when the books began.
    Opening = 24, "opening", Boundary;
    /// Turned into another SKU.
    Transform = 25, "transform", Boundary;
    /// Refunded without the goods.
    Waived = 26, "waived", Boundary;
}

/// The three classes of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountClass {
    /// In our hands at a site: counts as on hand.
    OnHand,
    /// Ours, but not in our hands.
    Elsewhere,
    /// Not ours.
    Boundary,
}

impl Account {
    /// Whether goods here are in our hands.
    pub fn is_on_hand(self) -> bool {
        self.class() == AccountClass::OnHand
    }

    /// Whether goods here may be sold.
    pub fn is_available(self) -> bool {
        self == Account::Sellable
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Account {
    type Err = crate::ids::IdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Account::ALL.iter().copied().find(|a| a.as_str() == text).ok_or_else(|| crate::ids::IdError {
            what: "account",
            found: text.into(),
            wanted: "a stock account such as sellable",
        })
    }
}

/// A bucket: the stock of one SKU and lot in one account at one place of a site.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket {
    /// The site.
    pub site: SiteId,
    /// The place within it; empty for the site's one place.
    pub place: String,
    /// The article.
    pub sku: Sku,
    /// The lot, where lots are kept.
    pub lot: Option<Lot>,
    /// The account.
    pub account: Account,
}

/// A change of a bucket that a document brings about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The document's line.
    pub line: LineId,
    /// The bucket.
    pub bucket: Bucket,
    /// Above zero: comes in; below: goes out.
    pub quantity: Quantity,
    /// Its value at cost, signed as the quantity; zero where the cost isn't known.
    pub value: Amount,
    /// When it happened.
    pub occurred: Moment,
}

/// A movement of a quantity from one account to another, as two postings.
pub fn movement(
    line: &LineId,
    from: Bucket,
    to: Account,
    quantity: Quantity,
    value: Amount,
    occurred: Moment,
) -> [Posting; 2] {
    let to = Bucket { account: to, ..from.clone() };
    [
        Posting { line: line.clone(), bucket: from, quantity: -quantity, value: -value, occurred },
        Posting { line: line.clone(), bucket: to, quantity, value, occurred },
    ]
}

/// What doesn't balance in a document's postings: per SKU and lot, a sum that isn't zero.
pub fn imbalance(postings: &[Posting]) -> Vec<(Sku, Option<Lot>, Quantity)> {
    let mut sums: BTreeMap<(&Sku, &Option<Lot>), Quantity> = BTreeMap::new();
    for posting in postings {
        *sums.entry((&posting.bucket.sku, &posting.bucket.lot)).or_default() += posting.quantity;
    }
    sums.into_iter()
        .filter(|(_, sum)| *sum != Quantity::ZERO)
        .map(|((sku, lot), sum)| (sku.clone(), lot.clone(), sum))
        .collect()
}
