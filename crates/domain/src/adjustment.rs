//! Stock adjustments: opening, received, sent back, found, written off (库存调整).

use std::collections::BTreeMap;

use crate::account::{Account, Bucket, Posting, movement};
use crate::document::Head;
use crate::event::Event;
use crate::ids::{EventId, LineId, Lot, ReasonCode, ReceiptId, ReceiptLineId, Sku};
use crate::money::{Amount, Currency, UnitPrice};
use crate::quantity::Quantity;
use crate::words::words;

/// An adjustment, as read from its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// Identity, site, number, versions.
    pub head: Head,
    /// What kind of adjustment it is.
    pub movement: Movement,
    /// The currency of the costs.
    pub currency: Currency,
    /// A note for the whole document.
    pub note: Option<String>,
    /// The imported receipt whose rows its lines stand for.
    pub receipt: Option<ReceiptId>,
    /// What moved.
    pub lines: BTreeMap<LineId, AdjustmentLine>,
    /// What happened, in order of rank.
    pub events: Vec<Event<AdjustmentEvent>>,
}

words! {
    /// What kind of adjustment a document is.
    Movement, "movement" {
        /// What was there when the books began (期初).
        Opening = "opening",
        /// Came in from a supplier (入库).
        Received = "received",
        /// Went back to a supplier.
        SentBack = "sent_back",
        /// Had gone back to a supplier and was brought again: what takes a part of `sent_back` back
        /// (退供应商冲回).
        TakenBack = "taken_back",
        /// Turned up (报溢).
        Found = "found",
        /// Lost, damaged, expired, used (报损).
        WrittenOff = "written_off",
    }
}

impl Movement {
    /// The accounts it moves goods from and to.
    pub fn accounts(self) -> (Account, Account) {
        match self {
            Movement::Opening => (Account::Opening, Account::Sellable),
            Movement::Received => (Account::Supplier, Account::Sellable),
            Movement::SentBack => (Account::Sellable, Account::Supplier),
            Movement::TakenBack => (Account::Supplier, Account::Sellable),
            Movement::Found => (Account::Variance, Account::Sellable),
            Movement::WrittenOff => (Account::Sellable, Account::Variance),
        }
    }

    /// The movement that totals count it under, and whether it lowers it: what was taken back is so much
    /// less sent back.
    pub fn counted_as(self) -> (Movement, bool) {
        match self {
            Movement::TakenBack => (Movement::SentBack, true),
            movement => (movement, false),
        }
    }

    /// Whether it takes goods from the shelf.
    pub fn removes(self) -> bool {
        self.accounts().0 == Account::Sellable
    }

    /// Whether it says how much there is, so that the bucket is no longer uncounted.
    pub fn asserts(self) -> bool {
        matches!(self, Movement::Opening | Movement::Received)
    }
}

/// A line of an adjustment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustmentLine {
    /// The article.
    pub sku: Sku,
    /// Above zero, whichever way it moves.
    pub quantity: Quantity,
    /// Why.
    pub reason: ReasonCode,
    /// A note on the reason; imported: the text it was read from.
    pub note: Option<String>,
    /// The lot.
    pub lot: Option<Lot>,
    /// The place; empty for the site's one place.
    pub place: String,
    /// The cost of one.
    pub cost: Option<UnitPrice>,
    /// What the line comes to, where the paper says so; stands before cost x quantity, which may differ
    /// by rounding.
    pub value: Option<Amount>,
    /// The imported row that this line stands for; it counts once whoever imports it.
    pub row: Option<ReceiptLineId>,
}

impl AdjustmentLine {
    /// What the line comes to at cost; zero where nobody said.
    pub fn value(&self, currency: Currency) -> Amount {
        let of_cost = || self.cost.map_or(Amount::ZERO, |c| c.times(self.quantity, currency));
        self.value.unwrap_or_else(of_cost)
    }
}

/// What can happen to an adjustment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdjustmentEvent {
    /// The goods moved.
    Posted,
    /// Brought in with history.
    Imported,
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

impl Adjustment {
    /// Whether it was brought in with history.
    pub fn is_historic(&self) -> bool {
        self.events.iter().any(|e| e.body == AdjustmentEvent::Imported)
    }

    /// The event that moves the goods; `None` when there is none, or it was taken back.
    pub fn posted(&self) -> Option<&Event<AdjustmentEvent>> {
        let reversed = |id: &EventId| {
            self.events.iter().any(|e| matches!(&e.body, AdjustmentEvent::Reversed { event } if event == id))
        };
        self.events
            .iter()
            .filter(|e| matches!(e.body, AdjustmentEvent::Posted | AdjustmentEvent::Imported))
            .find(|e| !reversed(&e.id))
    }

    /// Its postings; they sum to zero per SKU and lot.
    pub fn postings(&self) -> Vec<Posting> {
        let (Some(site), Some(posted)) = (&self.head.site, self.posted()) else { return Vec::new() };
        let (from, to) = self.movement.accounts();
        self.lines
            .iter()
            .flat_map(|(id, line)| {
                let bucket = Bucket {
                    site: site.clone(),
                    place: line.place.clone(),
                    sku: line.sku.clone(),
                    lot: line.lot.clone(),
                    account: from,
                };
                let value = line.value(self.currency);
                movement(id, bucket, to, line.quantity, value, posted.occurred.at)
            })
            .collect()
    }
}
