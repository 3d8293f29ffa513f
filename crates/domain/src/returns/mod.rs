//! One customer return, from request to settlement (客户退货单).
//!
//! What surprises: there is no status field. [`state::ReturnState`] folds the events into where
//! each part of each line's quantity is; two devices that decided differently while apart are both
//! kept, and the fold says which stands. At the counter the whole life is one command, but each
//! step is its own event.

pub mod postings;
pub mod state;

use std::collections::BTreeMap;

use crate::document::Head;
use crate::event::Event;
use crate::ids::{
    CustomerId, EventId, LineId, Lot, PartId, ReasonCode, ReceiptId, ReceiptLineId, RefundNumber, Sku,
    Tender, UserName,
};
use crate::money::{Amount, Currency, UnitPrice};
use crate::quantity::Quantity;
use crate::words::words;

/// A return, as read from its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// Identity, site, number, versions.
    pub head: Head,
    /// Where the request came in.
    pub channel: Channel,
    /// The receipt that the customer names; `None` without one.
    pub receipt: Option<ReceiptId>,
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

/// What can happen to a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReturnEvent {
    /// The customer asked.
    Requested,
    /// Somebody has to find out more first.
    NeedsInformation {
        /// What.
        note: String,
    },
    /// The policy, or a person, said yes.
    Approved {
        /// The person; `None` when the policy approves by itself.
        by: Option<UserName>,
        /// The rules that led there, as codes.
        grounds: Vec<String>,
    },
    /// The policy, or a person, said no.
    Rejected {
        /// The person.
        by: Option<UserName>,
        /// The rules that led there, as codes.
        grounds: Vec<String>,
    },
    /// Goods were taken in.
    Received {
        /// What, in parts that go their own ways from here.
        parts: Vec<ReceivedPart>,
    },
    /// Goods were looked at.
    Inspected {
        /// The parts that came of it.
        parts: Vec<InspectedPart>,
    },
    /// A refund is to be paid: cash at once, electronic by HQ.
    RefundRequested {
        /// Its shares by tender.
        shares: Vec<RefundShare>,
    },
    /// HQ is about to pay; counts as paid until the rail says otherwise.
    PayoutIntended {
        /// Which.
        refund: RefundNumber,
        /// How much.
        amount: Amount,
        /// The fencing number of the payer's lease.
        fence: u64,
    },
    /// The rail took the order; that isn't payment yet.
    PayoutAccepted {
        /// Which.
        refund: RefundNumber,
        /// The rail's reference.
        reference: String,
    },
    /// Money was paid.
    Paid {
        /// Which.
        refund: RefundNumber,
        /// By what.
        tender: Tender,
        /// How much.
        amount: Amount,
        /// The rail's reference, or what the clerk noted.
        reference: Option<String>,
        /// Whether a person confirmed it, rather than a rail.
        by_hand: bool,
    },
    /// The rail refused for good.
    PayoutFailed {
        /// Which.
        refund: RefundNumber,
        /// Why.
        reason: String,
    },
    /// HQ knows the sale: the facts that every holder of this return is to judge by.
    SaleVerified {
        /// What each line takes back.
        lines: Vec<VerifiedLine>,
    },
    /// Brought in with history: came back, sellable, refunded by whatever means.
    Imported,
    /// The customer changed their mind before goods came.
    Cancelled,
    /// An earlier event is taken back (红字冲销); both stay.
    Reversed {
        /// Which.
        event: EventId,
    },
    /// Nothing more is to come.
    Closed,
    /// Something that a newer program recorded; kept, not folded.
    Unknown {
        /// Its name.
        kind: String,
    },
}

/// A part of a line's quantity that was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedPart {
    /// Its name.
    pub part: PartId,
    /// The line.
    pub line: LineId,
    /// How much.
    pub quantity: Quantity,
    /// The place it was put; empty for the site's one place.
    pub place: String,
}

/// A part that an inspection made of a received one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectedPart {
    /// Its name.
    pub part: PartId,
    /// The part it was taken from.
    pub of: PartId,
    /// How much.
    pub quantity: Quantity,
    /// How it looks.
    pub grade: Grade,
    /// Where it goes.
    pub disposition: Disposition,
    /// The reason found, where it differs from the reason given.
    pub reason_found: Option<ReasonCode>,
    /// What is missing; empty when complete.
    pub missing: Vec<String>,
}

/// What of a refund goes by one tender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundShare {
    /// Its number, under which it is paid once.
    pub refund: RefundNumber,
    /// By what.
    pub tender: Tender,
    /// How much.
    pub amount: Amount,
    /// The attempt group of its number.
    pub attempt: u32,
}

/// What HQ knows of the sale behind a return's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedLine {
    /// The return's line.
    pub line: LineId,
    /// The sale line it takes back.
    pub link: SaleLink,
    /// The cost of one when it left.
    pub cost: Option<UnitPrice>,
    /// The lot that was sold.
    pub lot: Option<Lot>,
}

impl Return {
    /// The sale links that stand for a line: HQ's where it has verified the sale, else those
    /// recorded with the line. The latest verification stands: HQ writes another one only while nothing
    /// is pinned, where an earlier one met a receipt line that other returns have taken since.
    pub fn links_of<'a>(&'a self, line: &'a LineId) -> Vec<&'a SaleLink> {
        let verified = self.events.iter().rev().find_map(|e| match &e.body {
            ReturnEvent::SaleVerified { lines } if lines.iter().any(|l| l.line == *line) => Some(lines),
            _ => None,
        });
        match verified {
            Some(lines) => lines.iter().filter(|l| l.line == *line).map(|l| &l.link).collect(),
            None => self.lines.get(line).map(|l| l.links.iter().collect()).unwrap_or_default(),
        }
    }

    /// The cost of one of a line: as HQ verified it, else as recorded.
    pub fn cost_of(&self, line: &LineId) -> Option<UnitPrice> {
        let verified = self.events.iter().rev().find_map(|e| match &e.body {
            ReturnEvent::SaleVerified { lines } => lines.iter().find(|l| l.line == *line)?.cost,
            _ => None,
        });
        verified.or_else(|| self.lines.get(line)?.cost)
    }

    /// Whether it was brought in with history, and its import was undone.
    pub fn is_undone(&self) -> bool {
        let reversed = |id: &EventId| {
            self.events.iter().any(|e| matches!(&e.body, ReturnEvent::Reversed { event } if event == id))
        };
        let mut imported = self.events.iter().filter(|e| e.body == ReturnEvent::Imported).peekable();
        imported.peek().is_some() && imported.all(|e| reversed(&e.id))
    }

    /// Whether it was brought in with history.
    pub fn is_historic(&self) -> bool {
        self.events.iter().any(|e| e.body == ReturnEvent::Imported)
    }
}
