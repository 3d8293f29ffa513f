//! What begins a return: the sale, the verdict, and the first events, in one document and one transaction.

use guicang_domain::document::{Document, Kind};
use guicang_domain::ids::{LineId, Tender};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::policy::{Case, Ground, Policy, ReasonClass, Verdict};
use guicang_domain::returns::moves::Move;
use guicang_domain::returns::state::ReturnState;
use guicang_domain::returns::{Allowance, Return, ReturnEvent};
use guicang_domain::signed_receipt::SignedReceipt;
use guicang_domain::time::Occurred;

use super::By;
use super::plan::{Plan, Planned, Scene};
use super::policy::{Asked, worst_grade};
use super::returns::{CounterReturn, Pen, wrong};
use super::settle::Given;
use crate::error::CommandError;
use crate::store::Work;

/// How far a new return goes at once.
#[derive(Debug, Clone)]
pub(super) enum Taking {
    /// Begun only.
    Draft,
    /// Asked for; the policy may approve it by itself.
    Asked,
    /// From request to refund.
    Counter,
    /// From request to the goods given instead, and the difference.
    Exchange(Given),
    /// Refunded; the goods stay with the customer.
    Waived,
    /// So much off the first line, and nothing comes back.
    Allowed(Amount),
    /// The customer's own goods, here to be repaired.
    Repair,
}

impl Work<'_> {
    pub(super) fn begin(
        &mut self,
        by: &By,
        mut request: CounterReturn,
        taking: Taking,
    ) -> Result<i64, CommandError> {
        let presented = self.presented(&mut request)?;
        let site = self.site_for(request.site.as_ref())?;
        let (zone, currency) = self.site_terms(&site)?;
        let occurred = by.occurred.unwrap_or(Occurred { at: self.now, zone });
        let reason = self.reason_given(&request.reason)?;
        let on_hold = match &taking {
            Taking::Counter | Taking::Exchange(_) => {
                self.sale_on_hold(&site, &request, presented.as_ref())?
            }
            _ => None,
        };
        let elsewhere = on_hold.is_some();
        let (held, proven) = match on_hold {
            Some(sale) => (Some(sale), false),
            None => self.sale_told(request.receipt.as_ref(), presented.as_ref())?,
        };
        let foreign = |c: &Currency| (proven || elsewhere) && *c != currency;
        if let Some(sold_in) = held.as_ref().map(|h| h.currency).filter(foreign) {
            return Err(wrong("currency", sold_in.code(), currency.code()));
        }
        let policy = self.policy_at(occurred.at)?;
        let window_ms = i64::from(policy.longest_window_days()) * 86_400_000;
        let scene = Scene {
            site: &site,
            currency,
            receipt: request.receipt.as_ref(),
            held: held.as_ref(),
            reason: &request.reason,
            since: occurred.at.plus_ms(-window_ms),
            owes: !matches!(taking, Taking::Repair),
        };
        let mut plan = self.plan(&request.items, &scene)?;
        let value = match taking {
            Taking::Allowed(amount) => self.allowed(amount, &plan, currency)?,
            _ => plan.owed(),
        };
        // Without a receipt it is store credit, or goods, unless a manager says otherwise.
        let credit = Tender::credit();
        let elsewhere = request.refund.as_ref().is_some_and(|t| *t != credit);
        if request.receipt.is_none() && elsewhere && matches!(taking, Taking::Counter | Taking::Waived) {
            plan.grounds.push(Ground::NoReceipt);
        }
        let sold_on = held.as_ref().map(|h| h.occurred.date());
        let look = |p: &Planned| (p.line.sku.clone(), worst_grade(&request.grades, &p.line.sku));
        let asked = Asked {
            site: &site,
            channel: request.channel,
            receipt: request.receipt.as_ref(),
            goods: plan.lines.iter().map(look).collect(),
            tags: request.tags,
            proven,
            document: None,
        };
        let case = Case::new(reason.class, sold_on, occurred.date(), value);
        let case = self.complete(case, &asked)?;
        let (decision, refund) = match &taking {
            Taking::Draft => (None, None),
            Taking::Asked => (self.approved_by_itself(&policy, &case, &plan), None),
            Taking::Waived => (Some(self.manager_agrees(by, &site, Move::Waive)?), request.refund.clone()),
            Taking::Allowed(_) => {
                (Some(self.manager_agrees(by, &site, Move::Allow)?), request.refund.clone())
            }
            Taking::Repair => (Some(ReturnEvent::Approved { by: None, grounds: Vec::new() }), None),
            Taking::Counter | Taking::Exchange(_) => {
                let decision = self.approve(by, &policy, &case, &plan.grounds, currency)?;
                let credit = request.receipt.is_none().then_some(credit);
                (Some(decision), request.refund.clone().or(credit))
            }
        };
        let head = self.new_head(Kind::Return, Some(site.clone()), zone)?;
        let id = head.id;
        let (customer, contact) = match &request.contact {
            Some(contact) => {
                let (customer, sealed) = self.seal_contact(request.customer.clone(), id, contact)?;
                (Some(customer), Some(sealed))
            }
            None => (request.customer.clone(), None),
        };
        let mut document = Return {
            head,
            channel: request.channel,
            receipt: request.receipt.clone(),
            proof: presented.as_ref().filter(|_| proven).map(SignedReceipt::proof),
            customer,
            contact,
            currency,
            note: request.note.clone(),
            lines: plan.document_lines(),
            events: Vec::new(),
        };
        let mut pen = Pen { by, zone, policy: &policy.version };
        let first =
            if matches!(taking, Taking::Draft) { ReturnEvent::Drafted } else { ReturnEvent::Requested };
        pen.push(self, &mut document, first);
        if let Some(decision) = decision {
            pen.push(self, &mut document, decision);
        }
        self.take_goods(&mut pen, &mut document, &request, &taking)?;
        if !plan.deductions.is_empty() && request.goods_here {
            pen.push(self, &mut document, ReturnEvent::Deducted { items: plan.deductions.clone() });
        }
        let due = match taking {
            Taking::Draft | Taking::Asked | Taking::Repair => Amount::ZERO,
            Taking::Allowed(amount) => amount,
            Taking::Counter | Taking::Exchange(_) if !request.goods_here => Amount::ZERO,
            _ => {
                let state = ReturnState::of(&document);
                plan.due(|line| state.kept(line))
            }
        };
        if let Taking::Exchange(given) = &taking {
            let exchange = self.exchange_of(&document, &site, given, due)?;
            pen.push(self, &mut document, ReturnEvent::Exchanged(exchange));
        } else {
            let shares = self.shares(id, due, refund.as_ref(), held.as_ref(), &[])?;
            self.push_refund(&mut pen, &mut document, shares, request.paid);
        }
        let mut sites = vec![site];
        if let Some(receipt) = request.receipt.as_ref().filter(|r| !sites.contains(&r.site)) {
            sites.push(receipt.site.clone());
        }
        Ok(self.create(Document::Return(document), &sites)?)
    }

    /// The goods of a new return: taken in and graded, left with the customer, or taken in to be repaired.
    fn take_goods(
        &mut self,
        pen: &mut Pen<'_>,
        document: &mut Return,
        request: &CounterReturn,
        taking: &Taking,
    ) -> Result<(), CommandError> {
        let parts = match taking {
            Taking::Draft | Taking::Asked => return Ok(()),
            Taking::Allowed(amount) => {
                let lines = vec![Allowance { line: LineId::nth(1), amount: *amount }];
                pen.push(self, document, ReturnEvent::Allowed { lines });
                return Ok(());
            }
            Taking::Counter | Taking::Exchange(_) if !request.goods_here => return Ok(()),
            _ => self.received_parts(document, &[])?,
        };
        if parts.is_empty() {
            return Ok(());
        }
        pen.push(
            self,
            document,
            match taking {
                Taking::Waived => ReturnEvent::Waived { parts },
                Taking::Repair => ReturnEvent::TakenForRepair { parts },
                _ => ReturnEvent::Received { parts },
            },
        );
        if !request.grades.is_empty() && matches!(taking, Taking::Counter | Taking::Exchange(_)) {
            let parts = self.graded_parts(document, &request.grades, true)?;
            pen.push(self, document, ReturnEvent::Inspected { parts });
        }
        Ok(())
    }

    /// An allowance is taken off one line, and is no more than what is left to give back on it.
    fn allowed(&self, amount: Amount, plan: &Plan, currency: Currency) -> Result<Amount, CommandError> {
        if plan.lines.len() != 1 {
            return Err(wrong("item", &plan.lines.len().to_string(), "exactly one SKU"));
        }
        if amount <= Amount::ZERO || amount > plan.owed() {
            return Err(CommandError::MoreThanOwed { asked: amount, left: plan.owed(), currency });
        }
        Ok(amount)
    }

    /// What is wrong with the goods themselves needs nobody's word, where the policy says so by itself.
    fn approved_by_itself(&self, policy: &Policy, case: &Case, plan: &Plan) -> Option<ReturnEvent> {
        let faulty = matches!(case.class, ReasonClass::Quality | ReasonClass::Recall);
        let granted = policy.judge(case) == Verdict::Approve && plan.grounds.is_empty();
        (faulty && granted).then(|| ReturnEvent::Approved { by: None, grounds: Vec::new() })
    }
}
