//! Returns at the counter, opened for later, and what else begins a return: money off, goods to repair. What
//! they have in common is in `begin`.
//!
//! What surprises: at the counter it is one command, but each step is its own event in the document;
//! and what the branch does is never undone by what it learns later: it records, HQ settles.

use guicang_domain::ids::{
    CustomerId, DocumentId, Number, ReasonCode, ReceiptId, RefundNumber, SiteId, Tender,
};
use guicang_domain::money::{Amount, Currency, UnitPrice};
use guicang_domain::policy::{Case, Ground, Policy, Verdict};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::entitlement::split;
use guicang_domain::returns::{Channel, Disposition, Grade, RefundShare, Return, ReturnEvent};
use guicang_domain::time::Zone;
use guicang_domain::user::StaffRole;
use guicang_sync::grant::Role;

use super::begin::Taking;
use super::held::Held;
use super::settle::Given;
use super::{By, Contact};
use crate::error::CommandError;
use crate::store::{Replica, Work};

/// A return at the counter, from request to settlement.
#[derive(Debug, Clone)]
pub struct CounterReturn {
    /// The site; `None` for this device's own.
    pub site: Option<SiteId>,
    /// The receipt; `None` without one.
    pub receipt: Option<ReceiptId>,
    /// The customer's signed receipt, as it was read; it names the receipt, and proves it where the sale isn't
    /// held here.
    pub receipt_code: Option<String>,
    /// Where the request came in.
    pub channel: Channel,
    /// The member's number.
    pub customer: Option<CustomerId>,
    /// The customer's name and phone; sealed before they are written.
    pub contact: Option<Contact>,
    /// What comes back.
    pub items: Vec<Item>,
    /// Why.
    pub reason: ReasonCode,
    /// A note.
    pub note: Option<String>,
    /// Whether the goods are here; else they are awaited.
    pub goods_here: bool,
    /// How the goods look, in the order of the items; empty: they wait to be inspected.
    pub grades: Vec<Graded>,
    /// Whether the tags are on the goods; `None`: nobody said.
    pub tags: Option<bool>,
    /// How to refund; `None`: as it was paid, where that is known.
    pub refund: Option<Tender>,
    /// Whether the money was handed over now.
    pub paid: bool,
}

/// An article that comes back.
#[derive(Debug, Clone)]
pub struct Item {
    /// As typed.
    pub sku: String,
    /// How much.
    pub quantity: Quantity,
    /// What one cost the customer, where the sale isn't held here.
    pub price: Option<UnitPrice>,
}

/// How some of the goods look.
#[derive(Debug, Clone)]
pub struct Graded {
    /// The article; `None`: whichever comes next.
    pub sku: Option<String>,
    /// How it looks.
    pub grade: Grade,
    /// How much.
    pub quantity: Quantity,
    /// Where it goes; `None`: as goods of this grade usually do.
    pub disposition: Option<Disposition>,
    /// The reason found, where it differs from the one given.
    pub reason_found: Option<ReasonCode>,
}

/// Goods that arrive for an open return.
#[derive(Debug, Clone)]
pub struct Receive {
    /// The article; `None`: all that is still awaited.
    pub sku: Option<String>,
    /// How much; `None`: all that is still awaited of it.
    pub quantity: Option<Quantity>,
    /// The place it is put.
    pub place: String,
}

/// What a command did to a return.
#[derive(Debug, Clone)]
pub struct ReturnDone {
    /// The return.
    pub id: DocumentId,
    /// Its number.
    pub number: Number,
    /// Whether every line's sale is known here.
    pub verified: bool,
    /// What is owed on it, as known here.
    pub entitled: Amount,
    /// Asked for and not yet paid.
    pub queued: Amount,
    /// Paid.
    pub paid: Amount,
    /// The currency.
    pub currency: Currency,
    /// Where it stands.
    pub states: Vec<String>,
    /// The signed receipt anew, with what is left on it; where one was presented, and goods came.
    pub receipt_code: Option<String>,
}

impl Replica {
    /// Takes a return at the counter: request, verdict, goods, inspection, refund, as asked.
    ///
    /// A sale that isn't held here makes a proven return where the customer has a signed receipt, else a
    /// provisional one. More than a sale line has left is refused here; what other branches took back
    /// meanwhile shows when they have synced.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn counter_return(&mut self, by: &By, request: CounterReturn) -> Result<ReturnDone, CommandError> {
        self.begin(by, request, Taking::Counter)
    }

    /// Opens a return that is decided and settled later, in whatever channel it came; a draft isn't even
    /// asked for. What is wrong with the goods themselves is approved at once where the policy says so by
    /// itself; all else waits for [`Replica::approve_return`].
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn open_return(
        &mut self,
        by: &By,
        request: CounterReturn,
        draft: bool,
    ) -> Result<ReturnDone, CommandError> {
        self.begin(by, request, if draft { Taking::Draft } else { Taking::Asked })
    }

    /// As [`Replica::counter_return`], with other goods given instead of money; the difference in either
    /// direction goes by one tender.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn counter_exchange(
        &mut self,
        by: &By,
        request: CounterReturn,
        given: Given,
    ) -> Result<ReturnDone, CommandError> {
        self.begin(by, request, Taking::Exchange(given))
    }

    /// Refunds without the goods (仅退款). A manager has to agree.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn waived_return(&mut self, by: &By, request: CounterReturn) -> Result<ReturnDone, CommandError> {
        self.begin(by, request, Taking::Waived)
    }

    /// Takes money off a sale line without goods coming back (折让). A manager has to agree.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn allowance(
        &mut self,
        by: &By,
        request: CounterReturn,
        amount: Amount,
    ) -> Result<ReturnDone, CommandError> {
        self.begin(by, request, Taking::Allowed(amount))
    }

    /// Takes in a customer's own goods to repair them: never our stock, and nothing is owed.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn take_for_repair(&mut self, by: &By, request: CounterReturn) -> Result<ReturnDone, CommandError> {
        self.begin(by, request, Taking::Repair)
    }

    fn begin(&mut self, by: &By, request: CounterReturn, taking: Taking) -> Result<ReturnDone, CommandError> {
        let presented = request.receipt_code.clone();
        let id = self.write(|work| work.begin(by, request, taking))?;
        let mut done = self.return_done(id)?;
        if let Some(text) = presented {
            // A paper is no fact. The return is committed; where no paper can be made of it, there is none.
            done.receipt_code = self.write(|work| work.printed_anew(&text, id)).unwrap_or_default();
        }
        Ok(done)
    }

    pub(super) fn return_done(&self, document: i64) -> Result<ReturnDone, CommandError> {
        let row = self.return_row(document)?;
        Ok(ReturnDone {
            id: row.id,
            number: row.number,
            verified: row.unverified_lines == 0,
            entitled: row.entitled,
            queued: row.queued,
            paid: row.paid,
            currency: row.currency,
            states: row.states,
            receipt_code: None,
        })
    }
}

impl Work<'_> {
    /// Asks the policy, and where it wants a manager, for the manager's word.
    pub(super) fn approve(
        &self,
        by: &By,
        policy: &Policy,
        case: &Case,
        more: &[Ground],
        currency: Currency,
    ) -> Result<ReturnEvent, CommandError> {
        if by.approved_by.as_ref() == Some(&by.user) {
            return Err(CommandError::ApproverIsRequester { user: by.user.to_string() });
        }
        let mut grounds = policy.judge(case).grounds().to_vec();
        grounds.extend(more.iter().cloned());
        let version = || policy.version.clone();
        let (site, asking) = (case.site.as_ref(), &by.user);
        let could = |wanted| self.who_could(asking, wanted, site);
        let verdict = Verdict::of(grounds);
        let wanted = match verdict {
            Verdict::NeedsHq(_) => StaffRole::Hq,
            _ => StaffRole::Manager,
        };
        let grounds = match verdict {
            Verdict::Approve => Vec::new(),
            Verdict::Refuse(grounds) => {
                return Err(CommandError::PolicyRefuses { grounds, policy: version(), currency });
            }
            Verdict::NeedsHq(grounds) if self.me.role != Role::Hq => {
                let could = could(StaffRole::Hq)?;
                return Err(CommandError::NeedsHq { grounds, policy: version(), currency, could });
            }
            Verdict::NeedsManager(grounds) | Verdict::NeedsHq(grounds) if by.approved_by.is_none() => {
                let could = could(wanted)?;
                return Err(CommandError::NeedsManager { grounds, policy: version(), currency, could });
            }
            Verdict::NeedsManager(grounds) | Verdict::NeedsHq(grounds) => grounds,
        };
        if let Some(approver) = &by.approved_by {
            self.takes_word_of(approver, asking, wanted, site)?;
        }
        let grounds = grounds.iter().map(|g| g.code().to_owned()).collect();
        Ok(ReturnEvent::Approved { by: by.approved_by.clone(), grounds })
    }

    /// How what is owed goes back: all by the tender that is named, else as it was paid, within what each
    /// tender has left.
    pub(super) fn shares(
        &self,
        id: DocumentId,
        owed: Amount,
        refund: Option<&Tender>,
        held: Option<&Held>,
        asked: &[(Tender, u32)],
    ) -> Result<Vec<RefundShare>, CommandError> {
        let by = match (refund, held) {
            (Some(tender), _) => vec![(tender.clone(), owed)],
            (None, Some(held)) => split(owed, &self.tenders_left(held)?),
            (None, None) => Vec::new(),
        };
        let share = |(tender, amount): (Tender, Amount)| {
            let attempt = asked.iter().find(|(t, _)| *t == tender).map_or(0, |(_, count)| *count);
            RefundShare { refund: RefundNumber::of(id, &tender, attempt), tender, amount, attempt }
        };
        Ok(by.into_iter().filter(|(_, amount)| *amount > Amount::ZERO).map(share).collect())
    }

    /// Asks for a refund; what is handed over here and now is paid with it: cash and points where the clerk
    /// says so, store credit always.
    pub(super) fn push_refund(
        &mut self,
        pen: &mut Pen<'_>,
        document: &mut Return,
        shares: Vec<RefundShare>,
        paid: bool,
    ) {
        if shares.is_empty() {
            return;
        }
        pen.push(self, document, ReturnEvent::RefundRequested { shares: shares.clone() });
        for share in shares.into_iter().filter(|s| is_paid_here(&s.tender, paid)) {
            let RefundShare { refund, tender, amount, .. } = share;
            let body = ReturnEvent::Paid { refund, tender, amount, reference: None, by_hand: true };
            pen.push(self, document, body);
        }
    }

    /// The policy in force.
    pub(super) fn policy(&self) -> Result<Policy, CommandError> {
        self.policy_at(self.now)
    }
}

/// Whether a refund is paid with its request: nobody has to hand out store credit.
pub(super) fn is_paid_here(tender: &Tender, paid: bool) -> bool {
    *tender == Tender::credit() || (paid && !tender.is_electronic())
}

/// Writes a document's events one after another.
pub(super) struct Pen<'a> {
    pub(super) by: &'a By,
    pub(super) zone: Zone,
    pub(super) policy: &'a str,
}

impl Pen<'_> {
    pub(super) fn push(&mut self, work: &mut Work<'_>, document: &mut Return, body: ReturnEvent) {
        let event = work.event(self.by, self.zone, self.policy, body);
        document.events.push(event);
    }
}

pub(super) fn wrong(field: &'static str, found: &str, wanted: &str) -> CommandError {
    CommandError::Value { field, found: found.into(), wanted: wanted.into() }
}
