//! Goods on their way from a site to a site (调拨单).
//!
//! What surprises: there are two kinds of such documents. The sender's *dispatch* says what left; the
//! receiver, the sender and HQ add to it what arrived and what is missing. Where goods arrive before
//! their dispatch is known, the receiver makes a *delivery*, a document of its own that names the number
//! on the papers. Once the dispatch is known the two are folded together ([`state::TransferState`]), so
//! that nothing counts twice.

pub mod state;

use std::collections::BTreeMap;

use crate::document::Head;
use crate::event::Event;
use crate::ids::{EventId, LineId, Lot, Number, SiteId, Sku};
use crate::money::{Currency, UnitPrice};
use crate::quantity::Quantity;
use crate::resolution::LossOwner;
use crate::words::words;

/// A transfer, as read from its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Identity, site, number, versions. A dispatch's site is the sender's, a delivery's the receiver's.
    pub head: Head,
    /// The sender.
    pub from: SiteId,
    /// The receiver.
    pub to: SiteId,
    /// The currency of the costs: the sender's.
    pub currency: Currency,
    /// A delivery's: the number of the dispatch, as the papers say. `None` in a dispatch.
    pub papers: Option<Number>,
    /// A note.
    pub note: Option<String>,
    /// What is to go; empty in a delivery.
    pub lines: BTreeMap<LineId, TransferLine>,
    /// What happened, in order of rank.
    pub events: Vec<Event<TransferEvent>>,
}

/// A line of a dispatch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferLine {
    /// The article.
    pub sku: Sku,
    /// How much is to go; above zero.
    pub quantity: Quantity,
    /// The lot.
    pub lot: Option<Lot>,
    /// The sender's place; empty for the site's one place.
    pub place: String,
    /// The cost of one when it left: it travels with the goods.
    pub cost: Option<UnitPrice>,
}

/// Some of a line's quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portion {
    /// The line.
    pub line: LineId,
    /// How much; above zero.
    pub quantity: Quantity,
}

/// Goods that arrived. They are named as they lie there, by article and lot: whoever unloads them need
/// not know the dispatch's lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The article.
    pub sku: Sku,
    /// The lot.
    pub lot: Option<Lot>,
    /// How much of what was under way; with `over` above zero.
    pub quantity: Quantity,
    /// How much came on top of that, and the receiver knew it: it draws on the sender.
    pub over: Quantity,
    /// The receiver's place; empty for the site's one place.
    pub place: String,
}

words! {
    /// What became of goods that didn't arrive with the rest.
    Outcome, "outcome" {
        /// They turned up at the receiver (迟到).
        Late = "late",
        /// They never left the sender (未发出).
        NeverLeft = "never_left",
        /// They are lost (丢失).
        Lost = "lost",
    }
}

/// Goods that didn't arrive with the rest, and what became of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The article.
    pub sku: Sku,
    /// The lot.
    pub lot: Option<Lot>,
    /// How much; above zero.
    pub quantity: Quantity,
    /// What became of it.
    pub outcome: Outcome,
    /// Who bears what is lost; the company where nobody was named.
    pub owner: Option<LossOwner>,
    /// Where it was put, at the sender or the receiver; empty for the site's one place.
    pub place: String,
}

/// What can happen to a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferEvent {
    /// Goods left the sender.
    Dispatched {
        /// What of which line.
        parts: Vec<Portion>,
    },
    /// Goods arrived at the receiver.
    Received {
        /// What.
        goods: Vec<Arrival>,
        /// The receiver says that nothing more comes: what lacks is missing.
        complete: bool,
    },
    /// What is missing was accounted for.
    Closed {
        /// What became of what.
        goods: Vec<Missing>,
    },
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

impl Transfer {
    /// Whether it is a delivery that was received before its dispatch was known.
    pub fn is_delivery(&self) -> bool {
        self.papers.is_some()
    }

    /// Whether it is told by who may tell it: a dispatch by the sender, a delivery by the receiver. Another
    /// one would move a site's goods that its author has nothing to do with; it isn't folded.
    pub fn is_told_at_its_site(&self) -> bool {
        let teller = if self.is_delivery() { &self.to } else { &self.from };
        self.head.site.as_ref() == Some(teller) && self.from != self.to
    }

    /// The number by which a dispatch and its deliveries are joined, together with both sites.
    pub fn joined_by(&self) -> &Number {
        self.papers.as_ref().unwrap_or(&self.head.number)
    }

    /// The events that nobody took back, in order of rank.
    pub fn standing(&self) -> impl Iterator<Item = &Event<TransferEvent>> {
        let reversed = |id: &EventId| {
            self.events.iter().any(|e| matches!(&e.body, TransferEvent::Reversed { event } if event == id))
        };
        self.events.iter().filter(move |e| !reversed(&e.id))
    }
}
