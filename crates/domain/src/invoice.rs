//! Red invoices: what takes an issued (blue) invoice back in part, when goods came back (红字发票).
//!
//! A request (红字信息确认单) names a return, the blue invoice and lines of quantity, amount and tax. HQ
//! alone makes it, on valid quantity. What surprises: what counts against the blue invoice counts from
//! the request on, not from the issue, so that two requests under way can't together take more than
//! there is; and only the issue pins the return's verdict.

use std::collections::BTreeMap;

use crate::document::Head;
use crate::event::Event;
use crate::ids::{DocumentId, LineId, ReceiptId, ReceiptLineId, Sku, base32};
use crate::money::{Amount, Currency};
use crate::quantity::Quantity;
use crate::time::Moment;
use crate::words::words;

/// A confirmation that the other side has not given within so many hours is void (state 07).
pub const CONFIRM_HOURS: i64 = 72;

/// A red invoice with its request, as read from its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedInvoice {
    /// Identity, number, versions. Its site is `None`; the sites it concerns follow its envelope.
    pub head: Head,
    /// The return whose goods came back.
    pub returned: DocumentId,
    /// The receipt that was invoiced.
    pub receipt: ReceiptId,
    /// The blue invoice's number.
    pub blue: String,
    /// Why.
    pub reason: RedReason,
    /// The currency of its amounts.
    pub currency: Currency,
    /// What it takes back.
    pub lines: BTreeMap<LineId, RedLine>,
    /// What happened, in order of rank.
    pub events: Vec<Event<RedEvent>>,
}

words! {
    /// Why a blue invoice is taken back; the codes 1 to 4 of the confirmation form.
    RedReason, "reason of a red invoice" {
        /// It was made out wrongly (开票有误).
        WrongInvoice = "wrong_invoice",
        /// Goods came back (销货退回).
        Returned = "returned",
        /// The service ended (服务终止).
        ServiceEnded = "service_ended",
        /// Money was given back without goods (销售折让).
        Allowance = "allowance",
    }
}

words! {
    /// How far a request's confirmation has come, by the tax office's codes.
    Confirmation, "state of a confirmation" {
        /// No confirmation is needed (无需确认).
        NotNeeded = "01",
        /// The seller asked, the buyer has to confirm (销方录入待购方确认).
        AwaitsBuyer = "02",
        /// The buyer asked, the seller has to confirm (购方录入待销方确认).
        AwaitsSeller = "03",
        /// Both have confirmed (购销双方已确认).
        Confirmed = "04",
        /// The buyer said no (购方否认).
        DeniedByBuyer = "05",
        /// The seller said no (销方否认).
        DeniedBySeller = "06",
        /// Nobody confirmed within 72 hours (超72小时未确认已作废).
        Expired = "07",
        /// Taken back before it was confirmed (发起方已撤销).
        Withdrawn = "08",
        /// Taken back after it was confirmed (确认后撤销).
        WithdrawnAfter = "09",
        /// Asked for; the office has not answered yet (申请中).
        Applying = "10",
    }
}

impl Confirmation {
    /// Whether the red invoice may be issued now.
    pub fn may_issue(self) -> bool {
        matches!(self, Confirmation::NotNeeded | Confirmation::Confirmed)
    }

    /// Whether nothing more comes of the request; another one may be made.
    pub fn is_over(self) -> bool {
        use Confirmation::*;
        matches!(self, DeniedByBuyer | DeniedBySeller | Expired | Withdrawn | WithdrawnAfter)
    }
}

/// A line of a red invoice. Quantities and amounts are positive here; on the paper they are negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedLine {
    /// The return's line.
    pub of: LineId,
    /// The receipt's line.
    pub sold: ReceiptLineId,
    /// The article.
    pub sku: Sku,
    /// Its name on the paper.
    pub name: Option<String>,
    /// Its specification on the paper (规格).
    pub spec: Option<String>,
    /// How much of it.
    pub quantity: Quantity,
    /// What it came to, tax included.
    pub amount: Amount,
    /// The tax in it.
    pub tax: Amount,
    /// The tax rate in basis points.
    pub tax_rate: u32,
    /// The tax code (税收分类编码).
    pub tax_code: Option<String>,
}

/// What can happen to a red invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedEvent {
    /// HQ decided to ask for it.
    Requested,
    /// The issuing service has taken the request, or said how far it is.
    Confirmation {
        /// How far.
        state: Confirmation,
        /// The confirmation's number (红字确认单编号), once there is one.
        number: Option<String>,
    },
    /// It was issued: pins the return's verdict.
    Issued {
        /// Its number.
        number: String,
    },
    /// The service refuses the request for good.
    Refused {
        /// Why.
        reason: String,
    },
    /// HQ took it back before it reached the service: what it asked for is no longer valid.
    Dropped {
        /// Why, as a code.
        reason: String,
    },
    /// Something that a newer program recorded; kept, not folded.
    Unknown {
        /// Its name.
        kind: String,
    },
}

/// Where a red invoice stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedState {
    /// Nobody has asked the service yet, as far as is recorded.
    Queued,
    /// The service has it.
    Waiting {
        /// How far.
        state: Confirmation,
        /// When the service first answered; the 72 hours run from then.
        since: Moment,
    },
    /// It was issued.
    Issued {
        /// Its number.
        number: String,
    },
    /// Nothing more comes of it.
    Over {
        /// `05` to `09`, `refused` or `dropped`.
        how: &'static str,
    },
}

impl RedState {
    /// Its name in data.
    pub fn as_str(&self) -> &'static str {
        match self {
            RedState::Queued => "queued",
            RedState::Waiting { state, .. } => state.as_str(),
            RedState::Issued { .. } => "issued",
            RedState::Over { how } => how,
        }
    }

    /// Whether it counts against the blue invoice.
    pub fn counts(&self) -> bool {
        !matches!(self, RedState::Over { .. })
    }
}

impl RedInvoice {
    /// The number under which the service knows the request, however often it is sent: so that it makes
    /// out one red invoice for it.
    pub fn request_number(&self) -> String {
        use sha2::Digest;
        let mut hash = sha2::Sha256::new();
        hash.update(b"guicang/red-invoice/1");
        hash.update(self.head.id.to_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        base32(&digest[..16]).to_uppercase()
    }

    /// Where it stands. An issue stands whatever else is said, since the paper is out; else the latest
    /// word counts.
    pub fn state(&self) -> RedState {
        let mut state = RedState::Queued;
        let mut since = None;
        for event in &self.events {
            match &event.body {
                RedEvent::Issued { number } => return RedState::Issued { number: number.clone() },
                RedEvent::Confirmation { state: said, .. } => {
                    let since = *since.get_or_insert(event.occurred.at);
                    state = match said.is_over() {
                        true => RedState::Over { how: said.as_str() },
                        false => RedState::Waiting { state: *said, since },
                    };
                }
                RedEvent::Refused { .. } => state = RedState::Over { how: "refused" },
                RedEvent::Dropped { .. } => state = RedState::Over { how: "dropped" },
                RedEvent::Requested | RedEvent::Unknown { .. } => {}
            }
        }
        state
    }

    /// The confirmation's number, where the service gave one.
    pub fn confirmation(&self) -> Option<&str> {
        self.events.iter().rev().find_map(|e| match &e.body {
            RedEvent::Confirmation { number, .. } => number.as_deref(),
            _ => None,
        })
    }

    /// What it comes to, tax included; and the tax in it.
    pub fn total(&self) -> (Amount, Amount) {
        (self.lines.values().map(|l| l.amount).sum(), self.lines.values().map(|l| l.tax).sum())
    }
}

/// The tax that an amount includes, rounded half away from zero. `rate` is in basis points.
pub fn included_tax(amount: Amount, rate: u32) -> Amount {
    let whole = 10_000 + i128::from(rate);
    let exact = i128::from(amount.0) * i128::from(rate);
    let half = whole / 2 * exact.signum();
    Amount(((exact + half) / whole) as i64)
}

/// A line of a blue invoice, or what red ones have taken of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Invoiced {
    /// How much.
    pub quantity: Quantity,
    /// What it came to, tax included.
    pub amount: Amount,
    /// The tax in it.
    pub tax: Amount,
}

/// What a red line of `quantity` comes to: its share of the blue line, never more than red lines have
/// left of it. The one that takes the last of the quantity takes the rest of amount and tax.
pub fn red_share(blue: Invoiced, taken: Invoiced, quantity: Quantity, rate: u32) -> Invoiced {
    let left = Invoiced {
        quantity: (blue.quantity - taken.quantity).max(Quantity::ZERO),
        amount: (blue.amount - taken.amount).max(Amount::ZERO),
        tax: (blue.tax - taken.tax).max(Amount::ZERO),
    };
    if quantity >= left.quantity {
        return left;
    }
    let amount = blue.amount.share(quantity, blue.quantity).min(left.amount);
    Invoiced { quantity, amount, tax: included_tax(amount, rate).min(left.tax) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Three at 100.00 with 13 % in it: 300.00 = 265.49 + 34.51. One by one they come back: 100.00 with
    /// 11.50 of tax, the same again, and the last takes the remainder, 11.51.
    #[test]
    fn the_last_red_line_takes_the_remainder() {
        let rate = 1300;
        let paid = Amount(30_000);
        let blue = Invoiced { quantity: Quantity::units(3), amount: paid, tax: included_tax(paid, rate) };
        assert_eq!(blue.tax, Amount(3451));
        let mut taken = Invoiced::default();
        let mut seen = Vec::new();
        for _ in 0..3 {
            let red = red_share(blue, taken, Quantity::units(1), rate);
            seen.push((red.amount.0, red.tax.0));
            taken = Invoiced {
                quantity: taken.quantity + red.quantity,
                amount: taken.amount + red.amount,
                tax: taken.tax + red.tax,
            };
        }
        assert_eq!(seen, [(10_000, 1150), (10_000, 1150), (10_000, 1151)]);
        assert_eq!(taken, blue);
        assert_eq!(red_share(blue, taken, Quantity::units(1), rate), Invoiced::default());
    }

    proptest! {
        /// In whatever parts goods come back, red never exceeds blue, and once all is back they are equal.
        #[test]
        fn red_is_at_most_blue(
            paid in 0i64..100_000_000,
            sold in 1i64..100_000,
            parts in prop::collection::vec(1i64..50_000, 1..8),
            rate in prop::sample::select(vec![0u32, 100, 300, 600, 900, 1300, 1700]),
        ) {
            let amount = Amount(paid);
            let blue = Invoiced { quantity: Quantity(sold), amount, tax: included_tax(amount, rate) };
            let mut taken = Invoiced::default();
            for part in parts {
                let red = red_share(blue, taken, Quantity(part), rate);
                taken.quantity += red.quantity;
                taken.amount += red.amount;
                taken.tax += red.tax;
                prop_assert!(taken.quantity <= blue.quantity && taken.amount <= blue.amount && taken.tax <= blue.tax);
            }
            let rest = red_share(blue, taken, blue.quantity, rate);
            prop_assert_eq!((taken.amount + rest.amount, taken.tax + rest.tax), (blue.amount, blue.tax));
        }
    }
}
