//! Exceptions: what disconnection broke, found from the facts alone.
//!
//! An exception is a pure function of the facts, the same for every order of arrival; it is never
//! stored as a decision. Those of imported history are `historic`, and listed apart.

use std::collections::BTreeSet;
use std::fmt;

use crate::account::Bucket;
use crate::ids::{DocumentId, LineId, ReceiptId, ReceiptLineId, SiteId};
use crate::money::{Amount, Currency};
use crate::quantity::Quantity;
use crate::resolution::LossOwner;
use crate::words::words;

words! {
    /// The kinds of exceptions.
    ExceptionKind, "exception kind" {
        /// More of a sale line came back than was sold.
        OverReturn = "over_return",
        /// More was refunded on a return than the customer is entitled to.
        RefundOverEntitlement = "refund_over_entitlement",
        /// A return whose sale nobody has seen, when the policy's days for that are over.
        UnverifiedSale = "unverified_sale",
        /// Two devices decided, took in or inspected the same thing while apart.
        ConflictingDecision = "conflicting_decision",
        /// Goods that left a site and were accounted for nowhere within the settings' days.
        LateInTransit = "late_in_transit",
        /// The receiver says that not all arrived that was sent, and nobody said what became of the rest.
        TransferShort = "transfer_short",
        /// More arrived than was sent; it draws on the sender.
        TransferOver = "transfer_over",
        /// Less than nothing is left of what an opening, a delivery or a count says there was.
        NegativeStock = "negative_stock",
        /// A bucket was moved while it was counted, or may have been: it should be counted again.
        RecountAsked = "recount_asked",
        /// Judged by a version of the policy that had been replaced for longer than it allows.
        StalePolicy = "stale_policy",
        /// An event whose recorded time lies outside what is proven.
        Clock = "clock",
        /// What a device wrote after HQ had withdrawn its right: authentic, kept, set apart.
        WithdrawnRight = "withdrawn_right",
        /// A change that was set apart, or an event whose device isn't its change's author.
        ForgedEnvelope = "forged_envelope",
    }
}

/// An exception's identity: what it is about. In text `over_return:S01/536365:3`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExceptionId(String);

impl ExceptionId {
    /// The exception about a receipt's line.
    pub fn of_line(kind: ExceptionKind, receipt: &ReceiptId, line: &ReceiptLineId) -> Self {
        Self(format!("{kind}:{receipt}:{line}"))
    }

    /// The exception about a document.
    pub fn of_document(kind: ExceptionKind, document: DocumentId) -> Self {
        Self(format!("{kind}:{document}"))
    }

    /// The exception about a bucket; the place and the lot stand in it only where there are any.
    pub fn of_bucket(kind: ExceptionKind, bucket: &Bucket) -> Self {
        let place = if bucket.place.is_empty() { String::new() } else { format!("@{}", bucket.place) };
        let lot = bucket.lot.as_ref().map_or(String::new(), |lot| format!("#{lot}"));
        Self(format!("{kind}:{}/{}/{}{place}{lot}", bucket.site, bucket.account, bucket.sku))
    }

    /// The identity of a text, as [`fmt::Display`] writes it. Any text is taken: whether there is
    /// such an exception shows when it is looked up.
    pub fn from_text(text: &str) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExceptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An exception with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// What it is about.
    pub id: ExceptionId,
    /// Its kind.
    pub kind: ExceptionKind,
    /// Whether a resolution that saw all of its evidence has settled it.
    pub settled: bool,
    /// Whether it comes of imported history alone.
    pub historic: bool,
    /// The sites concerned.
    pub sites: BTreeSet<SiteId>,
    /// The documents concerned.
    pub documents: BTreeSet<DocumentId>,
    /// What shows it.
    pub evidence: Evidence,
    /// What is at stake: paid beyond entitlement.
    pub loss: Amount,
    /// The currency of the loss.
    pub currency: Currency,
    /// Who bears it; `None` until decided.
    pub owner: Option<LossOwner>,
}

/// What shows an exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// An over-return: what was sold, and every claim on it in the order they stand.
    Line {
        /// The receipt.
        receipt: ReceiptId,
        /// Its line.
        line: ReceiptLineId,
        /// How much was sold.
        sold: Quantity,
        /// The claims.
        claims: Vec<ClaimSeen>,
    },
    /// A refund: what was owed and what was paid.
    Refund {
        /// Owed.
        entitled: Amount,
        /// Paid, or counted as paid.
        paid: Amount,
    },
    /// A sale nobody has seen: the receipt as typed.
    Sale {
        /// The receipt; `None` without one.
        receipt: Option<ReceiptId>,
    },
    /// Something told in short codes and values.
    Facts(Vec<(String, String)>),
}

/// A claim as evidence shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimSeen {
    /// The return.
    pub document: DocumentId,
    /// Its number.
    pub number: String,
    /// The site that took the goods.
    pub site: Option<SiteId>,
    /// Its line.
    pub line: LineId,
    /// How much of it the sale covers.
    pub valid: Quantity,
    /// How much it doesn't.
    pub excess: Quantity,
    /// Whether a payout, or a decision, pins it.
    pub pinned: bool,
    /// Where it stands: the bounded recorded time.
    pub time: crate::time::Moment,
    /// What was paid on the whole return, or counts as paid.
    pub paid: Amount,
}
