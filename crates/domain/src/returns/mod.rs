//! One customer return, from request to settlement (客户退货单).
//!
//! What surprises: there is no status field. [`state::ReturnState`] folds the events into where
//! each part of each line's quantity is; two devices that decided differently while apart are both
//! kept, and the fold says which stands. At the counter the whole life is one command, but each
//! step is its own event.

mod event;
pub mod state;
pub mod refund;
pub mod stage;
pub mod moves;
pub mod entitlement;
pub mod credit;
pub mod postings;
mod goods;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::document::Head;
use crate::event::Event;
use crate::ids::{CustomerId, EventId, LineId, Lot, ReasonCode, ReceiptId, ReceiptLineId, Sku};
use crate::money::{Amount, Currency, UnitPrice};
use crate::quantity::Quantity;
use crate::words::words;

pub use event::{
    Allowance, Collected, Cost, CostKind, Deduction, DeductionKind, Exchange, InspectedPart, ReceivedPart,
    RefundShare, Replacement, ReturnEvent, Rung, VerifiedLine,
};

/// A return, as read from its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// Identity, site, number, versions.
    pub head: Head,
    /// Where the request came in.
    pub channel: Channel,
    /// The receipt that the customer names; `None` without one.
    pub receipt: Option<ReceiptId>,
    /// The signed receipt that its lines' links come from, where the sale isn't held by the branch that takes
    /// the goods ([`crate::signed_receipt::SignedReceipt::proof`]); `None` where it is, or nothing is known.
    /// Every replica checks it for itself.
    pub proof: Option<Vec<u8>>,
    /// The member's number.
    pub customer: Option<CustomerId>,
    /// The customer's name and phone, sealed; only whoever holds the customer's key can read them.
    pub contact: Option<Vec<u8>>,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// The clerk's note.
    pub note: Option<String>,
    /// What comes back.
    pub lines: BTreeMap<LineId, ReturnLine>,
    /// What happened, in order of rank.
    pub events: Vec<Event<ReturnEvent>>,
}

words! {
    /// Where a return's request came in.
    Channel, "channel" {
        /// At a counter.
        Store = "store",
        /// In a web shop.
        Online = "online",
        /// By phone.
        Phone = "phone",
        /// Brought in with history.
        Import = "import",
    }
}

words! {
    /// How an inspected part looks.
    Grade, "grade" {
        /// As new, unopened (全新未拆).
        A = "A",
        /// Opened, as new (拆封完好).
        B = "B",
        /// A slight flaw (轻微瑕疵).
        C = "C",
        /// Can be repaired (可维修).
        D = "D",
        /// Scrap (报废).
        E = "E",
    }
}

words! {
    /// Where an inspected part goes.
    Disposition, "disposition" {
        /// Back on sale.
        Restock = "restock",
        /// On sale at a lower price; kept as defective until it is marked down to a second SKU.
        Markdown = "markdown",
        /// To be repaired.
        Repair = "repair",
        /// Back to its supplier.
        Supplier = "supplier",
        /// Back to its maker.
        Manufacturer = "manufacturer",
        /// Thrown away.
        Scrap = "scrap",
        /// Handed back to the customer: not returned after all.
        GiveBack = "give_back",
        /// Kept apart until somebody can decide.
        Quarantine = "quarantine",
    }
}

impl Grade {
    /// Where goods of this grade go unless the inspector says otherwise.
    pub fn usual_disposition(self) -> Disposition {
        match self {
            Grade::A | Grade::B => Disposition::Restock,
            Grade::C => Disposition::Markdown,
            Grade::D => Disposition::Repair,
            Grade::E => Disposition::Scrap,
        }
    }
}

/// A line of a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnLine {
    /// The article.
    pub sku: Sku,
    /// The article's code as written, where it differs.
    pub written: Option<String>,
    /// How much is asked to come back; above zero.
    pub quantity: Quantity,
    /// The reason given.
    pub reason: ReasonCode,
    /// A note on the reason.
    pub note: Option<String>,
    /// The sale lines that it takes back, as recorded when the line was written. Empty when the
    /// sale isn't held here, or there is no receipt.
    pub links: Vec<SaleLink>,
    /// What the customer says one cost, where the sale isn't held; imported: what was refunded.
    pub price: Option<UnitPrice>,
    /// The cost of one when it left, where known.
    pub cost: Option<UnitPrice>,
    /// A service: money without stock.
    pub service: bool,
    /// The lot.
    pub lot: Option<Lot>,
    /// Serial numbers.
    pub serials: Vec<String>,
    /// Lines of one group belong together.
    pub group: Option<u32>,
    /// The imported row that this line stands for; it counts once whoever imports it.
    pub row: Option<ReceiptLineId>,
}

/// What of a sale's line a return's line takes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleLink {
    /// The receipt.
    pub receipt: ReceiptId,
    /// Its line.
    pub line: ReceiptLineId,
    /// How much of it.
    pub quantity: Quantity,
    /// How much was sold on it, as known when the link was recorded.
    pub sold: Quantity,
    /// What was paid for it, likewise.
    pub paid: Amount,
}

impl Return {
    /// The events that were not taken back, in order of rank.
    pub fn standing(&self) -> impl Iterator<Item = &Event<ReturnEvent>> {
        let reversed = self.reversed();
        self.events.iter().filter(move |e| !(e.body.is_reversible() && reversed.contains(&&e.id)))
    }

    /// The events that some event takes back. What only HQ records stands all the same.
    fn reversed(&self) -> Vec<&EventId> {
        self.events
            .iter()
            .filter_map(|e| match &e.body {
                ReturnEvent::Reversed { event, .. } => Some(event),
                _ => None,
            })
            .collect()
    }

    /// The receipt that it is about: the one it was linked to last, else the one the customer named.
    pub fn sale(&self) -> Option<&ReceiptId> {
        let linked = self.standing().filter_map(|e| match &e.body {
            ReturnEvent::Linked { receipt, .. } => Some(receipt),
            _ => None,
        });
        linked.last().or(self.receipt.as_ref())
    }

    /// The sale links that stand for a line: HQ's where it has verified the sale, else those it was linked to
    /// later, else those recorded with the line. The latest verification stands: HQ writes another one only
    /// while nothing is pinned, where an earlier one met a receipt line that other returns have taken since.
    pub fn links_of<'a>(&'a self, line: &'a LineId) -> Vec<&'a SaleLink> {
        match self.verified_lines(line) {
            Some(lines) => lines.iter().filter(|l| l.line == *line).map(|l| &l.link).collect(),
            None => self.lines.get(line).map(|l| l.links.iter().collect()).unwrap_or_default(),
        }
    }

    /// The cost of one of a line: as HQ verified it, or it was linked, else as recorded.
    pub fn cost_of(&self, line: &LineId) -> Option<UnitPrice> {
        let told = self.verified_lines(line).and_then(|lines| lines.iter().find(|l| l.line == *line)?.cost);
        told.or_else(|| self.lines.get(line)?.cost)
    }

    /// What was told of a line's sale after the line was written: by HQ, else by whoever linked it.
    fn verified_lines(&self, line: &LineId) -> Option<&[VerifiedLine]> {
        let (mut verified, mut linked) = (None, None);
        for event in self.standing() {
            match &event.body {
                ReturnEvent::SaleVerified { lines } if lines.iter().any(|l| l.line == *line) => {
                    verified = Some(lines.as_slice());
                }
                ReturnEvent::Linked { lines, .. } if lines.iter().any(|l| l.line == *line) => {
                    linked = Some(lines.as_slice());
                }
                _ => {}
            }
        }
        verified.or(linked)
    }

    /// Whether HQ has told what it knows of a line's sale.
    pub fn is_verified(&self, line: &LineId) -> bool {
        self.events.iter().any(|e| match &e.body {
            ReturnEvent::SaleVerified { lines } => lines.iter().any(|l| l.line == *line),
            _ => false,
        })
    }

    /// The return as it is where its proof isn't believed: what it says of the sale is what the customer says,
    /// a price and no more.
    pub fn disbelieved(&self) -> Self {
        let mut plain = self.clone();
        for line in plain.lines.values_mut() {
            let links = std::mem::take(&mut line.links);
            let (paid, sold) = (links.iter().map(|l| l.paid).sum(), links.iter().map(|l| l.sold).sum());
            if line.price.is_none() && sold > Quantity::ZERO {
                line.price = Some(UnitPrice::of(paid, sold, self.currency));
            }
        }
        plain
    }

    /// By how much the sale that a line closes is more than what came back: weighed goods lose weight, and
    /// within their tolerance a return closes the line in full. Zero for all others.
    pub fn remainder(&self, line: &LineId) -> Quantity {
        let Some(asked) = self.lines.get(line).map(|l| l.quantity) else { return Quantity::ZERO };
        let linked: Quantity = self.links_of(line).iter().map(|l| l.quantity).sum();
        (linked - asked).max(Quantity::ZERO)
    }

    /// Whether it was brought in with history, and its import was undone.
    pub fn is_undone(&self) -> bool {
        let reversed = |id: &EventId| {
            self.events.iter().any(|e| matches!(&e.body, ReturnEvent::Reversed { event, .. } if event == id))
        };
        let mut imported = self.events.iter().filter(|e| e.body == ReturnEvent::Imported).peekable();
        imported.peek().is_some() && imported.all(|e| reversed(&e.id))
    }

    /// Whether it was brought in with history.
    pub fn is_historic(&self) -> bool {
        self.events.iter().any(|e| e.body == ReturnEvent::Imported)
    }
}
