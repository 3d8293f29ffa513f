//! Electronic payouts, by HQ: which are due, and the events before and after the rail is called.
//!
//! What surprises: the intent is written, and acknowledged by the relay, *before* the rail is called.
//! An intent without an outcome counts as paid until the rail, asked by refund number, says not.

use guicang_domain::document::Kind;
use guicang_domain::ids::{DocumentId, Number, RefundNumber, Tender, UserName};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::returns::ReturnEvent;
use guicang_domain::returns::state::{RefundState, ReturnState};
use guicang_domain::time::Moment;
use rusqlite::params;

use super::By;
use super::held::Held;
use crate::error::{CommandError, StoreError};
use crate::facts::{document_by_id, find_document};
use crate::store::{Replica, Work};

/// A refund that a rail is to pay.
#[derive(Debug, Clone)]
pub struct Payable {
    /// The return.
    pub document: DocumentId,
    /// Its number.
    pub number: Number,
    /// The refund.
    pub refund: RefundNumber,
    /// By what.
    pub tender: Tender,
    /// How much.
    pub amount: Amount,
    /// The currency.
    pub currency: Currency,
    /// What was paid by that tender for the goods, where it is known: a rail pays back on a payment.
    pub payment: Option<Payment>,
    /// How far it has come: queued, intended, or accepted by the rail.
    pub state: RefundState,
    /// Whether the relay has acknowledged the intent.
    pub acknowledged: bool,
}

/// A customer's payment, as the sale's receipt tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The provider's reference.
    pub reference: String,
    /// How much.
    pub amount: Amount,
    /// When.
    pub at: Moment,
}

/// What a rail said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayoutOutcome {
    /// It took the order; that isn't payment yet.
    Accepted {
        /// Its reference.
        reference: String,
    },
    /// It has paid.
    Paid {
        /// Its reference.
        reference: String,
        /// How much.
        amount: Amount,
    },
    /// It refuses for good.
    Failed {
        /// Why.
        reason: String,
    },
}

impl Replica {
    /// The electronic refunds that HQ is to pay now: owed, on proven sales, and not yet paid. What is
    /// held (excess, unproven) is left out.
    ///
    /// # Errors
    /// [`CommandError`] when the file can't be read.
    pub fn payable(&mut self) -> Result<Vec<Payable>, CommandError> {
        self.write(|work| work.payable())
    }

    /// Writes the intent to pay a refund, under the payer's fencing number. `false` when it is no
    /// longer due, or the intent is written already.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn payout_intent(
        &mut self,
        document: DocumentId,
        refund: &RefundNumber,
        fence: u64,
    ) -> Result<bool, CommandError> {
        self.write(|work| {
            let due = work.payable()?.into_iter().find(|p| p.document == document && p.refund == *refund);
            let Some(due) = due.filter(|p| p.state == RefundState::Queued) else { return Ok(false) };
            let body = ReturnEvent::PayoutIntended { refund: refund.clone(), amount: due.amount, fence };
            work.append_payout(document, body)?;
            Ok(true)
        })
    }

    /// Writes what the rail said of a refund.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn payout_outcome(
        &mut self,
        document: DocumentId,
        refund: &RefundNumber,
        outcome: PayoutOutcome,
    ) -> Result<(), CommandError> {
        self.write(|work| {
            let refund = refund.clone();
            let body = match outcome {
                PayoutOutcome::Accepted { reference } => ReturnEvent::PayoutAccepted { refund, reference },
                PayoutOutcome::Failed { reason } => ReturnEvent::PayoutFailed { refund, reason },
                PayoutOutcome::Paid { reference, amount } => {
                    let tender = work.tender_of(document, &refund)?;
                    ReturnEvent::Paid { refund, tender, amount, reference: Some(reference), by_hand: false }
                }
            };
            work.append_payout(document, body)
        })
    }
}

/// What was paid for a sale by a tender; `None` where the till kept no reference, so that nobody can name the
/// payment to its provider.
fn payment(held: &Held, tender: &Tender) -> Option<Payment> {
    let mut by = held.tenders.iter().filter(|t| t.tender == *tender).peekable();
    let reference = by.peek()?.reference.clone()?;
    Some(Payment { reference, amount: by.map(|t| t.amount).sum(), at: held.occurred.at })
}

impl Work<'_> {
    fn payable(&mut self) -> Result<Vec<Payable>, CommandError> {
        self.hq_only()?;
        let waiting: Vec<(i64, i64, bool)> = {
            let mut statement = self.tx.prepare_cached(
                "SELECT document, entitled, unverified > 0 FROM return_head
                 WHERE org = ? AND queued > 0 AND accepted AND NOT historic ORDER BY document",
            )?;
            let rows = statement.query_map(params![self.org], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let mut out = Vec::new();
        for (id, entitled, unverified) in waiting {
            let row = document_by_id(&self.tx, id)?;
            let (_, document) = self.open_return(&row)?;
            let state = ReturnState::of(&document);
            let held = match document.sale() {
                Some(receipt) => self.held_receipt(receipt)?,
                None => None,
            };
            // A signed receipt may be a copy, and doesn't say by which payment: the sale itself will.
            let unseen = document.proof.is_some() && document.lines.keys().any(|l| !document.is_verified(l));
            // What was begun, acknowledged or not, is spoken for.
            let mut spoken_for = state.committed();
            spoken_for += state
                .refunds
                .values()
                .filter(|r| {
                    matches!(r.state, RefundState::Intended | RefundState::Accepted) && r.intended.is_none()
                })
                .map(|r| r.requested)
                .sum();
            for (number, refund) in &state.refunds {
                if matches!(refund.state, RefundState::Paid | RefundState::Failed)
                    || !refund.tender.is_electronic()
                {
                    continue;
                }
                let begun = refund.state != RefundState::Queued;
                if !begun {
                    // Each in turn: what the entitlement covers is paid, the rest is held.
                    if unverified || unseen || spoken_for + refund.requested > Amount(entitled) {
                        continue;
                    }
                    spoken_for += refund.requested;
                }
                out.push(Payable {
                    document: document.head.id,
                    number: document.head.number.clone(),
                    refund: number.clone(),
                    tender: refund.tender.clone(),
                    amount: refund.requested,
                    currency: document.currency,
                    payment: held.as_ref().and_then(|held| payment(held, &refund.tender)),
                    state: refund.state,
                    acknowledged: refund.intended.is_some(),
                });
            }
        }
        Ok(out)
    }

    fn append_payout(&mut self, document: DocumentId, body: ReturnEvent) -> Result<(), CommandError> {
        self.hq_only()?;
        let unknown = || CommandError::UnknownReturn { found: document.to_string() };
        let row = find_document(&self.tx, self.org, document)?.ok_or_else(unknown)?;
        let (replayed, held) = self.open_return(&row)?;
        let by = By::user(UserName::new("HQ").expect("a name of ours"));
        let event = self.event(&by, held.head.zone, "", body);
        self.append_to_return(&row, replayed, held, vec![event])?;
        Ok(())
    }

    fn tender_of(&self, document: DocumentId, refund: &RefundNumber) -> Result<Tender, CommandError> {
        let unknown = || CommandError::UnknownReturn { found: document.to_string() };
        let row = find_document(&self.tx, self.org, document)?.ok_or_else(unknown)?;
        let (_, held) = self.open_return(&row)?;
        let state = ReturnState::of(&held);
        let found = state.refunds.get(refund).map(|r| r.tender.clone());
        found.ok_or_else(|| {
            StoreError::damaged("a refund", format!("{} has no {refund}", Kind::Return)).into()
        })
    }
}
