//! What can happen to a return, and what each event says.
//!
//! What surprises: a payout's events, a verified sale's and a reversal's are never taken back: the first two
//! are HQ's word, and a reversal that could itself be reversed would make the fold a puzzle.

use crate::ids::{
    EventId, LineId, Lot, PartId, ReasonCode, ReceiptId, ReceiptLineId, RefundNumber, SiteId, Sku, Tender,
    UserName,
};
use crate::money::{Amount, UnitPrice};
use crate::quantity::Quantity;
use crate::resolution::LossOwner;
use crate::time::Moment;
use crate::words::words;

use super::{Disposition, Grade, SaleLink};

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
    /// Begun, not asked for yet.
    Drafted,
    /// The goods are to be sent in: where to, and until when.
    Awaited {
        /// The return address, as the customer was told it.
        address: String,
        /// Until when they are expected; `None` for no limit.
        until: Option<Moment>,
    },
    /// The customer sent a parcel; there may be several.
    ParcelSent {
        /// Who carries it.
        carrier: String,
        /// Its tracking number: the parcel's name within the return.
        tracking: String,
    },
    /// A parcel arrived; what was in it is an event of its own.
    ParcelArrived {
        /// Its tracking number.
        tracking: String,
    },
    /// The refund is granted and the goods stay with the customer (仅退款).
    Waived {
        /// What stays.
        parts: Vec<ReceivedPart>,
    },
    /// Money off without goods coming back (折让).
    Allowed {
        /// By line.
        lines: Vec<Allowance>,
    },
    /// The sale was found later: a return without receipt, or with a wrong one, belongs to it.
    Linked {
        /// The receipt.
        receipt: ReceiptId,
        /// What each line takes back; empty where the sale isn't held, until HQ verifies it.
        lines: Vec<VerifiedLine>,
    },
    /// Something is taken off what is owed: a missing part, a gift that was kept.
    Deducted {
        /// What, each with its price.
        items: Vec<Deduction>,
    },
    /// Other goods were given for those that came back, and the difference settled.
    Exchanged(Exchange),
    /// A branch leaves a part of its share of this return's store credit to another branch, so that both can
    /// take it while apart and it is never spent twice.
    CreditShared {
        /// Whose share.
        from: SiteId,
        /// Whose it becomes.
        to: SiteId,
        /// How much.
        amount: Amount,
    },
    /// Store credit of this return was spent.
    CreditSpent {
        /// Where: out of this branch's share.
        site: SiteId,
        /// How much.
        amount: Amount,
        /// What it paid for.
        receipt: Option<ReceiptId>,
    },
    /// The customer's own goods are here to be repaired: never our stock, and nothing is owed for them.
    TakenForRepair {
        /// What was taken in.
        parts: Vec<ReceivedPart>,
    },
    /// Goods that were here to be repaired went back to their owner.
    RepairReturned {
        /// The parts.
        parts: Vec<PartId>,
        /// What was done.
        note: String,
        /// What the customer paid for it.
        fee: Option<Collected>,
    },
    /// What the return cost beyond the goods: carriage, handling, a repair, a fee.
    Cost(Cost),
    /// The customer doesn't accept what was decided.
    Disputed {
        /// Why.
        note: String,
    },
    /// An earlier event is taken back (红字冲销); both stay.
    Reversed {
        /// Which.
        event: EventId,
        /// The manager who agreed.
        by: Option<UserName>,
    },
    /// Nothing more is to come.
    Closed,
    /// Something that a newer program recorded; kept, not folded.
    Unknown {
        /// Its name.
        kind: String,
    },
}

words! {
    /// What a return cost money for.
    CostKind, "kind of cost" {
        /// Carriage: what came or went by post (运费).
        Carriage = "carriage",
        /// Handling: unpacking, cleaning, packing anew (处理费).
        Handling = "handling",
        /// A repair that we had done (维修费).
        Repair = "repair",
        /// A fee: a payment provider's, an examiner's (手续费).
        Fee = "fee",
    }
}

/// A cost of a return. It is recorded, not paid out: who was paid, and how, is in other books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// For what.
    pub kind: CostKind,
    /// How much; above zero.
    pub amount: Amount,
    /// Who bears it.
    pub owner: LossOwner,
    /// A note, such as the carrier's number.
    pub note: Option<String>,
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

/// Money off a line without goods coming back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// The line.
    pub line: LineId,
    /// How much; above zero.
    pub amount: Amount,
}

words! {
    /// Why something is taken off what is owed.
    DeductionKind, "deduction" {
        /// A part, an accessory or the packing is missing.
        MissingPart = "missing_part",
        /// A free gift whose purchase came back stays with the customer.
        GiftKept = "gift_kept",
    }
}

/// Something that is taken off what is owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deduction {
    /// The line that it belongs to.
    pub line: LineId,
    /// Why.
    pub kind: DeductionKind,
    /// What: the missing part's name, the gift's SKU.
    pub what: String,
    /// Its price; above zero.
    pub amount: Amount,
}

/// Goods given for goods, and the difference, in one event: neither half can be lost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exchange {
    /// What was given here; empty where the till rang it.
    pub given: Vec<Replacement>,
    /// What the till rang instead.
    pub rung: Option<Rung>,
    /// What the customer paid on top.
    pub collected: Option<Collected>,
    /// What goes back to the customer, as a refund under a number of its own.
    pub refunded: Option<RefundShare>,
    /// Whether that was handed over at once; else HQ pays it.
    pub paid: bool,
}

impl Exchange {
    /// What the goods given come to.
    pub fn value(&self) -> Amount {
        self.given.iter().map(|g| g.paid).sum()
    }

    /// How much of what was owed it settles: the goods, or what the till took for it, less what the
    /// customer paid on top.
    pub fn settles(&self) -> Amount {
        let rung = self.rung.as_ref().map_or(Amount::ZERO, |r| r.value);
        self.value() + rung - self.collected.as_ref().map_or(Amount::ZERO, |c| c.amount)
    }
}

/// Goods given in exchange; they can come back under the return's own number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// Its line under the return's number.
    pub line: ReceiptLineId,
    /// The article.
    pub sku: Sku,
    /// How much; above zero.
    pub quantity: Quantity,
    /// Its price, for the whole line.
    pub paid: Amount,
    /// The cost of one when it left.
    pub cost: Option<UnitPrice>,
}

/// An exchange that the till rang: the receipt has the goods and the difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// The till's receipt.
    pub receipt: ReceiptId,
    /// How much of what is owed went into it.
    pub value: Amount,
}

/// Money that the customer paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// By what.
    pub tender: Tender,
    /// How much; above zero.
    pub amount: Amount,
    /// The payment's reference.
    pub reference: Option<String>,
}

impl ReturnEvent {
    /// Its name in data.
    pub fn name(&self) -> &str {
        match self {
            ReturnEvent::Requested => "requested",
            ReturnEvent::NeedsInformation { .. } => "needs_information",
            ReturnEvent::Approved { .. } => "approved",
            ReturnEvent::Rejected { .. } => "rejected",
            ReturnEvent::Received { .. } => "received",
            ReturnEvent::Inspected { .. } => "inspected",
            ReturnEvent::RefundRequested { .. } => "refund_requested",
            ReturnEvent::PayoutIntended { .. } => "payout_intended",
            ReturnEvent::PayoutAccepted { .. } => "payout_accepted",
            ReturnEvent::Paid { .. } => "paid",
            ReturnEvent::PayoutFailed { .. } => "payout_failed",
            ReturnEvent::SaleVerified { .. } => "sale_verified",
            ReturnEvent::Imported => "imported",
            ReturnEvent::Cancelled => "cancelled",
            ReturnEvent::Reversed { .. } => "reversed",
            ReturnEvent::Closed => "closed",
            ReturnEvent::Drafted => "drafted",
            ReturnEvent::Awaited { .. } => "awaited",
            ReturnEvent::ParcelSent { .. } => "parcel_sent",
            ReturnEvent::ParcelArrived { .. } => "parcel_arrived",
            ReturnEvent::Waived { .. } => "waived",
            ReturnEvent::Allowed { .. } => "allowed",
            ReturnEvent::Linked { .. } => "linked",
            ReturnEvent::Deducted { .. } => "deducted",
            ReturnEvent::Exchanged(_) => "exchanged",
            ReturnEvent::CreditShared { .. } => "credit_shared",
            ReturnEvent::CreditSpent { .. } => "credit_spent",
            ReturnEvent::TakenForRepair { .. } => "taken_for_repair",
            ReturnEvent::RepairReturned { .. } => "repair_returned",
            ReturnEvent::Cost(_) => "cost",
            ReturnEvent::Disputed { .. } => "disputed",
            ReturnEvent::Unknown { kind } => kind,
        }
    }

    /// Whether a reversing event takes it back (红字冲销).
    pub fn is_reversible(&self) -> bool {
        !matches!(
            self,
            ReturnEvent::PayoutIntended { .. }
                | ReturnEvent::PayoutAccepted { .. }
                | ReturnEvent::PayoutFailed { .. }
                | ReturnEvent::Paid { by_hand: false, .. }
                | ReturnEvent::SaleVerified { .. }
                | ReturnEvent::Reversed { .. }
                | ReturnEvent::Unknown { .. }
        )
    }
}
