//! Stocktakes (盘点单): what was counted, where and when, by however many devices, while the shop sells.
//!
//! What surprises: a count is an assertion in time, not a delta. It says "there were 97 at 10:00", and
//! has no postings of its own; the variance follows from the ledger of each bucket ([`ledger`]), and
//! a sale of 09:00 that arrives a week later corrects the variance and leaves the stock right.

mod state;
pub mod ledger;
pub mod plan;

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};

pub use state::{Assertion, CountState, Decision, NotApprover, Stage};

use crate::account::{Account, Bucket};
use crate::document::Head;
use crate::event::Event;
use crate::ids::{DocumentId, EventId, Lot, SiteId, Sku, UserName};
use crate::money::{Currency, UnitPrice};
use crate::quantity::Quantity;
use crate::words::words;

/// A stocktake, as read from its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Identity, site, number, versions.
    pub head: Head,
    /// What is to be counted.
    pub scope: Scope,
    /// Whether the book is kept from the counters until somebody has approved.
    pub blind: bool,
    /// The plan that it follows (循环盘点); `None` for one of its own.
    pub plan: Option<DocumentId>,
    /// The currency of the costs.
    pub currency: Currency,
    /// A note for the whole count.
    pub note: Option<String>,
    /// What happened, in order of rank.
    pub events: Vec<Event<CountEvent>>,
}

/// What is to be counted. What is empty doesn't limit, but for the accounts, which are always named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Only these places (库位).
    pub places: BTreeSet<String>,
    /// Only these articles.
    pub skus: BTreeSet<Sku>,
    /// The category that the articles were listed from, for people.
    pub category: Option<String>,
    /// The accounts that were gone through; what they hold and nobody scanned can be closed as zero.
    pub accounts: BTreeSet<Account>,
}

impl Scope {
    /// The whole site: what is for sale, and what came back and waits.
    pub fn full() -> Self {
        Self {
            places: BTreeSet::new(),
            skus: BTreeSet::new(),
            category: None,
            accounts: [Account::Sellable, Account::ReturnsHold].into(),
        }
    }

    /// Whether the places and articles are all of the site's.
    pub fn is_full(&self) -> bool {
        self.places.is_empty() && self.skus.is_empty()
    }

    /// Whether a spot's place and article are to be counted. Its account may be any on hand: what is
    /// found is counted, wherever it was looked for.
    pub fn takes(&self, spot: &Spot) -> bool {
        (self.places.is_empty() || self.places.contains(&spot.place))
            && (self.skus.is_empty() || self.skus.contains(&spot.sku))
            && spot.account.is_on_hand()
    }

    /// Whether a spot is among what was gone through.
    pub fn covers(&self, spot: &Spot) -> bool {
        self.takes(spot) && self.accounts.contains(&spot.account)
    }
}

/// A bucket of the count's own site.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// The place; empty for the site's one place.
    pub place: String,
    /// The article.
    pub sku: Sku,
    /// The lot, where lots are kept.
    pub lot: Option<Lot>,
    /// The account, one on hand.
    pub account: Account,
}

impl Spot {
    /// The bucket at a site.
    pub fn bucket(&self, site: &SiteId) -> Bucket {
        Bucket {
            site: site.clone(),
            place: self.place.clone(),
            sku: self.sku.clone(),
            lot: self.lot.clone(),
            account: self.account,
        }
    }
}

/// How much somebody saw of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Where and what.
    pub spot: Spot,
    /// How much; zero when somebody looked and there was none.
    pub quantity: Quantity,
    /// The cost of one by the list of articles of the time, for where the ledger knows none.
    pub cost: Option<UnitPrice>,
}

/// What an approval saw of a bucket whose variance wasn't zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The bucket.
    pub spot: Spot,
    /// What was counted.
    pub counted: Quantity,
    /// What the ledger said at that time.
    pub book: Quantity,
}

impl Seen {
    /// Counted less book.
    pub fn variance(&self) -> Quantity {
        self.counted - self.book
    }
}

words! {
    /// What a close says of buckets of the scope that nobody scanned.
    Uncounted, "word for the uncounted" {
        /// They are as they were: nobody looked.
        Leave = "leave",
        /// There is nothing: everybody looked.
        Zero = "zero",
    }
}

/// What can happen to a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CountEvent {
    /// It began.
    Opened,
    /// Somebody counted; scans of a bucket add up.
    Scanned {
        /// What they saw, each bucket once.
        scans: Vec<Scan>,
    },
    /// Somebody counted a bucket again; replaces what is named, of this bucket alone.
    Recounted {
        /// What they saw.
        scan: Scan,
        /// The events whose word on the bucket no longer counts: scans, recounts, or the close that
        /// said zero. Only what ranks before this event can be replaced.
        replaces: Vec<EventId>,
    },
    /// Counting is over.
    Closed {
        /// What becomes of what nobody scanned.
        uncounted: Uncounted,
        /// The buckets that are asserted as zero, as the closing device knew them.
        zero: Vec<Spot>,
    },
    /// The count holds, and the ledger follows it. Again, later: what has changed since was seen.
    Approved {
        /// Who says so; not the only counter.
        by: UserName,
        /// The variances that it saw; of a bucket that isn't listed it saw none.
        seen: Vec<Seen>,
    },
    /// It is dropped before it held.
    Cancelled,
    /// An earlier event is taken back (红字冲销); both stay.
    Reversed {
        /// Which.
        event: EventId,
    },
    /// Something that a newer program recorded; kept, not folded.
    Unknown {
        /// Its name.
        kind: String,
    },
}

/// The most buckets that one event may name: its change has to stay below what a relay takes.
pub const MOST_SPOTS: usize = 10_000;

/// Spots as bytes: a close or an approval can name thousands, and a field each would cost more than
/// all the rest of the document.
pub fn spots_to_bytes(spots: &[Spot]) -> Vec<u8> {
    minicbor::to_vec(spots.iter().map(RawSpot::of).collect::<Vec<_>>()).expect("memory can be written")
}

/// The spots of bytes made by [`spots_to_bytes`].
///
/// # Errors
/// What CBOR says, or that a spot's account is none on hand.
pub fn spots_from_bytes(bytes: &[u8]) -> Result<Vec<Spot>, minicbor::decode::Error> {
    minicbor::decode::<Vec<RawSpot>>(bytes)?.into_iter().map(RawSpot::spot).collect()
}

/// What an approval saw as bytes, likewise.
pub fn seen_to_bytes(seen: &[Seen]) -> Vec<u8> {
    let raw = |s: &Seen| RawSeen { spot: RawSpot::of(&s.spot), counted: s.counted, book: s.book };
    minicbor::to_vec(seen.iter().map(raw).collect::<Vec<_>>()).expect("memory can be written")
}

/// What an approval saw, of bytes made by [`seen_to_bytes`].
///
/// # Errors
/// As [`spots_from_bytes`], or that a quantity is out of range.
pub fn seen_from_bytes(bytes: &[u8]) -> Result<Vec<Seen>, minicbor::decode::Error> {
    let read = |raw: RawSeen| {
        let beyond = raw.counted.abs() > Quantity::LIMIT || raw.book.abs() > BOOK_LIMIT;
        if beyond {
            return Err(minicbor::decode::Error::message("a quantity out of range"));
        }
        Ok(Seen { spot: raw.spot.spot()?, counted: raw.counted, book: raw.book })
    };
    minicbor::decode::<Vec<RawSeen>>(bytes)?.into_iter().map(read).collect()
}

/// A book is a sum of many postings; this is as far as sums of it stay in range.
const BOOK_LIMIT: Quantity = Quantity(Quantity::LIMIT.0 * 1_000_000);

#[derive(Encode, Decode)]
#[cbor(array)]
struct RawSpot {
    #[n(0)]
    place: String,
    #[n(1)]
    sku: Sku,
    #[n(2)]
    lot: Option<Lot>,
    #[n(3)]
    account: u8,
}

impl RawSpot {
    fn of(spot: &Spot) -> Self {
        Self {
            place: spot.place.clone(),
            sku: spot.sku.clone(),
            lot: spot.lot.clone(),
            account: spot.account as u8,
        }
    }

    fn spot(self) -> Result<Spot, minicbor::decode::Error> {
        let account = Account::from_code(self.account.into())
            .filter(|a| a.is_on_hand())
            .ok_or_else(|| minicbor::decode::Error::message("an account that isn't on hand"))?;
        Ok(Spot { place: self.place, sku: self.sku, lot: self.lot, account })
    }
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct RawSeen {
    #[n(0)]
    spot: RawSpot,
    #[n(1)]
    counted: Quantity,
    #[n(2)]
    book: Quantity,
}
