//! Goods that go back to their supplier or maker, and what becomes of the claim (采购退货单).
//!
//! What surprises: raising sets the goods apart, and they are still here; only shipping opens the claim.
//! Each part of what was shipped is closed once: credited, exchanged, sent back or written off.

pub mod state;

use std::collections::BTreeMap;

use crate::account::Account;
use crate::document::Head;
use crate::event::Event;
use crate::ids::{EventId, LineId, Lot, ReasonCode, Sku};
use crate::money::{Amount, Currency, UnitPrice};
use crate::quantity::Quantity;
use crate::resolution::LossOwner;
use crate::transfer::Portion;
use crate::words::words;

/// A supplier return, as read from its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierReturn {
    /// Identity, site, number, versions.
    pub head: Head,
    /// The supplier, by its code; older records may hold a name.
    pub supplier: String,
    /// The currency of the claim and the costs.
    pub currency: Currency,
    /// A note.
    pub note: Option<String>,
    /// What goes back.
    pub lines: BTreeMap<LineId, SupplierReturnLine>,
    /// What happened, in order of rank.
    pub events: Vec<Event<SupplierReturnEvent>>,
}

/// A line of a supplier return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierReturnLine {
    /// The article.
    pub sku: Sku,
    /// How much; above zero.
    pub quantity: Quantity,
    /// The lot.
    pub lot: Option<Lot>,
    /// The place; empty for the site's one place.
    pub place: String,
    /// Where the goods were: sellable, defective, or already set apart for the supplier by an inspection.
    pub from: Account,
    /// Why.
    pub reason: ReasonCode,
    /// What is claimed for one.
    pub price: UnitPrice,
    /// The cost of one.
    pub cost: Option<UnitPrice>,
}

words! {
    /// How a part of a claim ends.
    Settled, "settlement" {
        /// The supplier credits an amount (贷记).
        Credited = "credited",
        /// The supplier sends others for them (换货).
        Exchanged = "exchanged",
        /// The supplier sends them back (退回).
        SentBack = "sent_back",
        /// Nothing comes of it (核销).
        WrittenOff = "written_off",
    }
}

/// A part of what was shipped, and how its claim ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedPart {
    /// The line.
    pub line: LineId,
    /// How much of it; above zero.
    pub quantity: Quantity,
    /// How it ends.
    pub settled: Settled,
    /// What was credited for all of this part; zero or more, and zero unless credited.
    pub amount: Amount,
    /// Who bears what was claimed and not credited, or written off; the company where nobody was named.
    pub owner: Option<LossOwner>,
    /// The supplier's reference, such as a credit note's number.
    pub reference: Option<String>,
}

/// What can happen to a supplier return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SupplierReturnEvent {
    /// The goods were set apart.
    Raised,
    /// Goods left.
    Shipped {
        /// What of which line.
        parts: Vec<Portion>,
        /// The carrier.
        carrier: Option<String>,
        /// The carrier's number.
        tracking: Option<String>,
    },
    /// Parts of the claim ended.
    Closed {
        /// Which, and how.
        parts: Vec<ClosedPart>,
    },
    /// What wasn't shipped goes back to where it was.
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

impl SupplierReturn {
    /// The events that nobody took back, in order of rank.
    pub fn standing(&self) -> impl Iterator<Item = &Event<SupplierReturnEvent>> {
        let reversed = |id: &EventId| {
            let takes_back = |body: &SupplierReturnEvent| matches!(body, SupplierReturnEvent::Reversed { event } if event == id);
            self.events.iter().any(|e| takes_back(&e.body))
        };
        self.events.iter().filter(move |e| !reversed(&e.id))
    }
}
