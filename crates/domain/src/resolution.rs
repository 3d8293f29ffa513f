//! HQ's decision on an exception, and who bears the loss (对账处理).
//!
//! A resolution pins what it saw: the claims it lists keep their verdict whatever arrives later.

use crate::account::{Account, Bucket, Posting, movement};
use crate::document::Head;
use crate::event::Event;
use crate::exception::ExceptionId;
use crate::ids::{DocumentId, EventId, LineId, Lot, PartId, SiteId, Sku};
use crate::money::{Amount, Currency};
use crate::quantity::Quantity;
use crate::words::words;

/// A resolution, as read from its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// Identity, number, versions. Its site is `None`; the sites it concerns follow its envelope.
    pub head: Head,
    /// The exception.
    pub exception: ExceptionId,
    /// What was decided.
    pub action: Action,
    /// Who bears the loss.
    pub owner: LossOwner,
    /// The loss that it moves from `undecided` to the owner.
    pub amount: Amount,
    /// The currency of the amount.
    pub currency: Currency,
    /// Why.
    pub note: Option<String>,
    /// The claims as the decision saw them.
    pub claims: Vec<SeenClaim>,
    /// The fingerprint of the evidence that it saw, where it doesn't name claims: it settles just that
    /// ([`crate::exception::Evidence::fingerprint`]). `None` in those of older programs, which settle for good.
    pub seen: Option<[u8; 16]>,
    /// Goods of a voided return that go back to the customer's account.
    pub reversals: Vec<Reversal>,
    /// What happened, in order of rank.
    pub events: Vec<Event<ResolutionEvent>>,
}

words! {
    /// What HQ can decide on an exception.
    Action, "action" {
        /// The customer keeps the money.
        Goodwill = "goodwill",
        /// The customer paid it back.
        Recovered = "recovered",
        /// The branch bears it.
        ChargedBranch = "charged_branch",
        /// The return was a duplicate: it doesn't count, and its goods go back.
        VoidedDuplicate = "voided_duplicate",
        /// The goods were counted again.
        Recounted = "recounted",
    }
}

/// Who bears a loss.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LossOwner {
    /// The company as a whole.
    Company,
    /// The customer.
    Customer,
    /// A branch.
    Site(SiteId),
    /// The supplier, by its code; older records may hold a name.
    Supplier(String),
}

impl std::fmt::Display for LossOwner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LossOwner::Company => f.write_str("company"),
            LossOwner::Customer => f.write_str("customer"),
            LossOwner::Site(site) => write!(f, "site:{site}"),
            LossOwner::Supplier(name) => write!(f, "supplier:{name}"),
        }
    }
}

impl std::str::FromStr for LossOwner {
    type Err = crate::ids::IdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("site", site)) => Ok(LossOwner::Site(site.parse()?)),
            Some(("supplier", name)) if !name.is_empty() => Ok(LossOwner::Supplier(name.into())),
            None if text == "company" => Ok(LossOwner::Company),
            None if text == "customer" => Ok(LossOwner::Customer),
            _ => Err(crate::ids::IdError {
                what: "loss owner",
                found: text.chars().take(80).collect(),
                wanted: "company, customer, site:CODE or supplier:CODE",
            }),
        }
    }
}

/// A claim on a receipt line, as a decision saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenClaim {
    /// The return.
    pub document: DocumentId,
    /// Its line.
    pub line: LineId,
    /// How much was valid.
    pub valid: Quantity,
    /// How much was excess.
    pub excess: Quantity,
}

/// Goods of a voided return that go back to the customer's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversal {
    /// The return.
    pub document: DocumentId,
    /// Its part.
    pub part: PartId,
    /// Where they are.
    pub site: SiteId,
    /// The place.
    pub place: String,
    /// The article.
    pub sku: Sku,
    /// The lot.
    pub lot: Option<Lot>,
    /// The account they are in.
    pub account: Account,
    /// How much.
    pub quantity: Quantity,
}

/// What can happen to a resolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResolutionEvent {
    /// Somebody at HQ decided.
    Decided,
    /// The decision is taken back; both stay.
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

impl Resolution {
    /// The event that decides; `None` when it was taken back.
    pub fn decided(&self) -> Option<&Event<ResolutionEvent>> {
        let reversed = |id: &EventId| {
            self.events.iter().any(|e| matches!(&e.body, ResolutionEvent::Reversed { event } if event == id))
        };
        self.events.iter().find(|e| e.body == ResolutionEvent::Decided && !reversed(&e.id))
    }

    /// The returns that it voids as duplicates.
    pub fn voids(&self) -> impl Iterator<Item = &SeenClaim> {
        let voiding = self.action == Action::VoidedDuplicate && self.decided().is_some();
        self.claims.iter().filter(move |c| voiding && c.excess.is_positive())
    }

    /// Its postings: goods of voided returns go back to the customer's account.
    pub fn postings(&self) -> Vec<Posting> {
        let Some(decided) = self.decided() else { return Vec::new() };
        let mut out = Vec::new();
        for (n, reversal) in self.reversals.iter().enumerate() {
            let from = Bucket {
                site: reversal.site.clone(),
                place: reversal.place.clone(),
                sku: reversal.sku.clone(),
                lot: reversal.lot.clone(),
                account: reversal.account,
            };
            let line = LineId::nth(n + 1);
            out.extend(movement(
                &line,
                from,
                Account::Customer,
                reversal.quantity,
                Amount::ZERO,
                decided.occurred.at,
            ));
        }
        out
    }
}
