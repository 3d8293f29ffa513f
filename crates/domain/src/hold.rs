//! Return rights that HQ keeps for a branch (退货额度预留).
//!
//! What surprises: a hold keeps no goods. It is HQ's word that so much of a sale line may come back at one branch
//! until a time, whoever else asks: what no branch that is apart can know. It ends by itself at its time, which
//! whoever asks has to tell, since no clock is looked at here.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::document::Head;
use crate::event::Event;
use crate::ids::{IdError, LineId, ReceiptId, Sku};
use crate::money::Currency;
use crate::quantity::Quantity;
use crate::returns::VerifiedLine;
use crate::time::{Moment, Occurred};
use crate::transfer::Portion;

/// How long a hold lasts once it is granted: half an hour, in milliseconds. Long enough for a customer at the
/// counter; what a branch doesn't use comes free soon.
pub const HOLD_MS: i64 = 30 * 60_000;

/// A hold, as read from its document; its site is the branch that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Identity, site, number, versions.
    pub head: Head,
    /// The sale, which another branch made.
    pub receipt: ReceiptId,
    /// What is asked for.
    pub lines: BTreeMap<LineId, HoldLine>,
    /// What happened, in order of rank.
    pub events: Vec<Event<HoldEvent>>,
}

/// A line of a hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldLine {
    /// The article.
    pub sku: Sku,
    /// How much; above zero.
    pub quantity: Quantity,
}

/// What can happen to a hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldEvent {
    /// A branch asks for it.
    Requested,
    /// HQ keeps all of it for the branch, and tells what it knows of the sale.
    Granted(Grant),
    /// HQ keeps nothing.
    Refused {
        /// Why.
        why: Refusal,
        /// What is left for each line that was asked for; none for a line that isn't named.
        left: Vec<Portion>,
    },
    /// The branch, or HQ, doesn't need it any more.
    Released,
    /// Something that a newer program recorded; kept, not folded.
    Unknown {
        /// Its name.
        kind: String,
    },
}

/// What HQ grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// It holds before this moment of the relay's proven time.
    pub until: Moment,
    /// When the sale was rung up, on the seller's walls.
    pub sold: Occurred,
    /// The sale's currency.
    pub currency: Currency,
    /// The sale lines, how much of each is kept, and what was paid for it and what it cost.
    pub lines: Vec<VerifiedLine>,
}

/// Why HQ keeps nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// HQ doesn't hold the sale: the selling branch hasn't synced, or the number is wrong.
    SaleNotHeld,
    /// Less is left of an article than is asked for.
    TooLittleLeft,
}

/// How far a hold is, whatever the time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldState<'a> {
    /// HQ hasn't answered.
    Asked,
    /// It is kept until its time.
    Granted(&'a Event<HoldEvent>, &'a Grant),
    /// HQ keeps nothing.
    Refused(Refusal, &'a [Portion]),
    /// It isn't needed any more.
    Released,
}

impl Hold {
    /// How far it is. HQ answers once; of answers that two of its devices gave while apart the first by rank
    /// stands. A release ends a hold whenever it was said, also one that was granted meanwhile.
    pub fn state(&self) -> HoldState<'_> {
        if self.events.iter().any(|e| e.body == HoldEvent::Released) {
            return HoldState::Released;
        }
        let answer = self.events.iter().find_map(|e| match &e.body {
            HoldEvent::Granted(grant) => Some(HoldState::Granted(e, grant)),
            HoldEvent::Refused { why, left } => Some(HoldState::Refused(*why, left)),
            _ => None,
        });
        answer.unwrap_or(HoldState::Asked)
    }
}

impl HoldState<'_> {
    /// Its name in data: `asked`, `granted`, `refused`, `released`.
    pub fn code(&self) -> &'static str {
        match self {
            HoldState::Asked => "asked",
            HoldState::Granted(..) => "granted",
            HoldState::Refused(..) => "refused",
            HoldState::Released => "released",
        }
    }
}

impl Refusal {
    /// Its name in data.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::SaleNotHeld => "sale_not_held",
            Refusal::TooLittleLeft => "too_little_left",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Refusal {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        [Refusal::SaleNotHeld, Refusal::TooLittleLeft].into_iter().find(|r| r.code() == text).ok_or_else(
            || IdError { what: "refusal", found: text.into(), wanted: "sale_not_held or too_little_left" },
        )
    }
}
