//! Exceptions: what disconnection broke, found from the facts alone.
//!
//! An exception is a pure function of the facts, the same for every order of arrival; it is never
//! stored as a decision. Those of imported history are `historic`, and listed apart.

use std::collections::BTreeSet;
use std::fmt;

use crate::account::Bucket;
use crate::ids::{DeviceId, DocumentId, LineId, ReceiptId, ReceiptLineId, SiteId};
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
        /// The same goods of one sale line, taken in at one site by two devices that hadn't seen each other's.
        DuplicateReturn = "duplicate_return",
        /// More of a return's store credit was spent than was issued, or than the branch's share of it.
        StoreCreditOverspent = "store_credit_overspent",
        /// Two documents tell different things of one receipt, or of one numbered row of it.
        SaleChanged = "sale_changed",
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
        /// A device's journal went two ways: its file was cloned, or restored and worked on. One of the two has
        /// become another device.
        DeviceFork = "device_fork",
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

    /// The exception about a receipt as a whole.
    pub fn of_receipt(kind: ExceptionKind, receipt: &ReceiptId) -> Self {
        Self(format!("{kind}:{receipt}"))
    }

    /// The exception about a document.
    pub fn of_document(kind: ExceptionKind, document: DocumentId) -> Self {
        Self(format!("{kind}:{document}"))
    }

    /// The exception about a device.
    pub fn of_device(kind: ExceptionKind, device: DeviceId) -> Self {
        Self(format!("{kind}:{device}"))
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
    /// A return that looks like a second entry of another: line by line, what the two took in.
    Twice {
        /// The lines, by receipt and line.
        twins: Vec<Twin>,
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
    /// A sale that two documents tell differently.
    Changed {
        /// The receipt.
        receipt: ReceiptId,
        /// What differs: the receipt as a whole first, then its lines.
        changes: Vec<Change>,
    },
    /// Something told in short codes and values.
    Facts(Vec<(String, String)>),
}

impl Evidence {
    /// What it comes to, as 16 bytes of SHA-256: a decision notes it, and settles just what it saw. What comes
    /// back, such as a bucket that falls below nothing again, shows other evidence then. Equal only where all
    /// that is shown is; so whatever a program adds to a kind's evidence opens what was settled before.
    pub fn fingerprint(&self) -> [u8; 16] {
        use sha2::Digest;
        let mut hash = sha2::Sha256::new();
        hash.update(b"guicang/evidence/1");
        for text in self.told() {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        let digest: [u8; 32] = hash.finalize().into();
        std::array::from_fn(|n| digest[n])
    }

    /// The claims that a decision on it is about, where it is about claims: it settles those that it saw.
    pub fn claims(&self) -> Option<Vec<(DocumentId, &LineId)>> {
        match self {
            Evidence::Line { claims, .. } => Some(claims.iter().map(|c| (c.document, &c.line)).collect()),
            Evidence::Twice { twins } => {
                Some(twins.iter().map(|t| (t.second.document, &t.second.line)).collect())
            }
            _ => None,
        }
    }

    /// All that it shows, one thing after another.
    fn told(&self) -> Vec<String> {
        match self {
            Evidence::Line { receipt, line, sold, claims } => {
                let claim = |c: &ClaimSeen| {
                    format!("{} {} {} {} {}", c.document, c.line, c.valid, c.excess, c.paid.0)
                };
                let head = ["line".into(), receipt.to_string(), line.to_string(), sold.to_string()];
                head.into_iter().chain(claims.iter().map(claim)).collect()
            }
            Evidence::Twice { twins } => {
                let twin =
                    |t: &Twin| format!("{} {} {} {}", t.receipt, t.line, t.first.document, t.second.document);
                std::iter::once("twice".into()).chain(twins.iter().map(twin)).collect()
            }
            Evidence::Refund { entitled, paid } => {
                vec!["refund".into(), entitled.0.to_string(), paid.0.to_string()]
            }
            Evidence::Sale { receipt } => {
                vec!["sale".into(), receipt.as_ref().map(ToString::to_string).unwrap_or_default()]
            }
            Evidence::Changed { receipt, changes } => {
                let change = |c: &Change| {
                    let line = c.line.as_ref().map(ToString::to_string).unwrap_or_default();
                    let (stands, other) = (c.stands.clone(), c.other.clone());
                    [line, c.field.clone(), stands.number, stands.value, other.number, other.value]
                };
                let head = ["changed".into(), receipt.to_string()];
                head.into_iter().chain(changes.iter().flat_map(change)).collect()
            }
            Evidence::Facts(facts) => {
                let fact = |(name, value): &(String, String)| [name.clone(), value.clone()];
                std::iter::once("facts".into()).chain(facts.iter().flat_map(fact)).collect()
            }
        }
    }
}

/// A field of a sale that two documents tell differently.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The row; `None`: the receipt as a whole.
    pub line: Option<ReceiptLineId>,
    /// The field, such as `paid`.
    pub field: String,
    /// What stands.
    pub stands: Said,
    /// What the other says.
    pub other: Said,
}

/// A receipt's line of which two devices took in as much, neither having seen the other's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twin {
    /// The receipt.
    pub receipt: ReceiptId,
    /// Its line.
    pub line: ReceiptLineId,
    /// How much was sold.
    pub sold: Quantity,
    /// The claim that stands before the other.
    pub first: ClaimSeen,
    /// The one that may be its second entry; what a decision voided shows as excess.
    pub second: ClaimSeen,
}

/// What a document says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    /// The document's number.
    pub number: String,
    /// The value.
    pub value: String,
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
    /// The number of the return that it looks like a second entry of: of the same quantity, at the same site,
    /// by another device, neither having seen the other's.
    pub looks_like: Option<String>,
}
