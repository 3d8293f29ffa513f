//! Stock adjustments: opening, received, sent back, found, written off; repair out and in, set apart for
//! scrap, scrapped, marked down (库存调整).
//!
//! What surprises: repair, scrap and mark-down are adjustments too. Each is one movement at one moment,
//! with a reason, that can be taken back; what is away for repair or waits to be scrapped the accounts tell.

use std::collections::BTreeMap;

use crate::account::{Account, Bucket, Posting, movement};
use crate::document::Head;
use crate::event::Event;
use crate::ids::{DocumentId, EventId, LineId, Lot, ReasonCode, ReceiptId, ReceiptLineId, Sku, UserName};
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
    /// Who saw goods scrapped; not the person who scrapped them.
    pub witness: Option<UserName>,
    /// The imported receipt whose rows its lines stand for.
    pub receipt: Option<ReceiptId>,
    /// The return whose goods they are, where they were taken from returns_hold.
    pub returned: Option<DocumentId>,
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
        /// Went away to be repaired (送修).
        RepairOut = "repair_out",
        /// Came back from repair (修回).
        RepairIn = "repair_in",
        /// Waits to be scrapped (待报废).
        SetApart = "set_apart",
        /// Scrapped (报废).
        Scrapped = "scrapped",
        /// Became another, cheaper SKU (降价转码).
        MarkedDown = "marked_down",
    }
}

impl Movement {
    /// The accounts it moves goods from and to, where a line doesn't say otherwise.
    pub fn accounts(self) -> (Account, Account) {
        match self {
            Movement::Opening => (Account::Opening, Account::Sellable),
            Movement::Received => (Account::Supplier, Account::Sellable),
            Movement::SentBack => (Account::Sellable, Account::Supplier),
            Movement::TakenBack => (Account::Supplier, Account::Sellable),
            Movement::Found => (Account::Variance, Account::Sellable),
            Movement::WrittenOff => (Account::Sellable, Account::Variance),
            Movement::RepairOut => (Account::Defective, Account::Repair),
            Movement::RepairIn => (Account::Repair, Account::Sellable),
            Movement::SetApart => (Account::Defective, Account::ScrapHold),
            Movement::Scrapped => (Account::ScrapHold, Account::Scrap),
            Movement::MarkedDown => (Account::Defective, Account::Sellable),
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

    /// The accounts that a line of it may take goods from.
    pub fn may_take_from(self) -> &'static [Account] {
        use Account::{
            Defective, Opening, Quarantine, Repair, ReturnsHold, ScrapHold, Sellable, Supplier, Variance,
        };
        match self {
            Movement::Opening => &[Opening],
            Movement::Received => &[Supplier],
            Movement::SentBack => &[Sellable],
            Movement::TakenBack => &[Supplier],
            Movement::Found => &[Variance],
            Movement::WrittenOff => &[Sellable, ReturnsHold],
            Movement::RepairOut => &[Defective, Sellable, Quarantine, ReturnsHold],
            Movement::RepairIn => &[Repair],
            Movement::SetApart => &[Defective, Sellable, Quarantine, ReturnsHold, Repair],
            Movement::Scrapped => &[ScrapHold, Defective, Sellable, Quarantine, ReturnsHold, Repair],
            Movement::MarkedDown => &[Defective, Sellable, Quarantine, ReturnsHold],
        }
    }

    /// The accounts that a line of it may bring goods to.
    pub fn may_bring_to(self) -> &'static [Account] {
        use Account::{Defective, Repair, Scrap, ScrapHold, Sellable, Supplier, Variance};
        match self {
            Movement::Opening
            | Movement::Received
            | Movement::TakenBack
            | Movement::Found
            | Movement::MarkedDown => &[Sellable],
            Movement::SentBack => &[Supplier],
            Movement::WrittenOff => &[Variance],
            Movement::RepairOut => &[Repair],
            Movement::RepairIn => &[Sellable, Defective, ScrapHold, Scrap],
            Movement::SetApart => &[ScrapHold],
            Movement::Scrapped => &[Scrap],
        }
    }

    /// Whether it corrects how much there is, rather than telling what was done to goods that are there.
    pub fn is_correction(self) -> bool {
        use Movement::{Found, Opening, Received, SentBack, TakenBack, WrittenOff};
        matches!(self, Opening | Received | SentBack | TakenBack | Found | WrittenOff)
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
    /// The cost of one; `None`: the site's average at that moment.
    pub cost: Option<UnitPrice>,
    /// What the line comes to, where the paper says so; stands before cost x quantity, which may differ
    /// by rounding.
    pub value: Option<Amount>,
    /// Where it was, where that isn't the movement's usual account.
    pub from: Option<Account>,
    /// Where it went, where that isn't the movement's usual account.
    pub to: Option<Account>,
    /// The SKU that it became; marked down only.
    pub into: Option<Sku>,
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

    /// The accounts that a line moves goods from and to: as it says, where its movement allows that.
    pub fn accounts_of(&self, line: &AdjustmentLine) -> (Account, Account) {
        let (from, to) = self.movement.accounts();
        let from_said = line.from.filter(|a| self.movement.may_take_from().contains(a));
        let to_said = line.to.filter(|a| self.movement.may_bring_to().contains(a));
        (from_said.unwrap_or(from), to_said.unwrap_or(to))
    }

    /// Its postings; they sum to zero per SKU and lot, and through `transform` for what became another SKU.
    pub fn postings(&self) -> Vec<Posting> {
        let (Some(site), Some(posted)) = (&self.head.site, self.posted()) else { return Vec::new() };
        let mut out = Vec::new();
        for (id, line) in &self.lines {
            let (from, to) = self.accounts_of(line);
            let bucket = |sku: &Sku, account| Bucket {
                site: site.clone(),
                place: line.place.clone(),
                sku: sku.clone(),
                lot: line.lot.clone(),
                account,
            };
            let value = line.value(self.currency);
            let mut step = |sku: &Sku, from, to| {
                let at = posted.occurred.at;
                out.extend(movement(id, bucket(sku, from), to, line.quantity, value, at));
            };
            match line.into.as_ref().filter(|_| self.movement == Movement::MarkedDown) {
                Some(into) => {
                    step(&line.sku, from, Account::Transform);
                    step(into, Account::Transform, to);
                }
                None => step(&line.sku, from, to),
            }
        }
        out
    }
}
