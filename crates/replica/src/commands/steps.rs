//! The steps of a return that is open: goods taken in, inspected, refunded.

use guicang_domain::ids::{RefundNumber, Tender};
use guicang_domain::money::Amount;
use guicang_domain::returns::moves::Move;
use guicang_domain::returns::state::RefundState;
use guicang_domain::returns::{Deduction, DeductionKind, RefundShare, ReturnEvent};

use super::By;
use super::decide::Opened;
use super::recover::short;
use super::returns::{Graded, Receive, ReturnDone, is_paid_here, wrong};
use crate::error::CommandError;
use crate::store::{Replica, Work};

/// A part that is missing of goods that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What: a charger, the box.
    pub what: String,
    /// What is taken off for it; none: it is noted only.
    pub price: Option<Amount>,
}

impl Replica {
    /// Takes in goods of an open return.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn receive(&mut self, by: &By, name: &str, goods: &[Receive]) -> Result<ReturnDone, CommandError> {
        self.step(|work| work.receive(by, name, goods, None))
    }

    /// Inspects goods that were taken in: a grade and a disposition for each part.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn inspect(&mut self, by: &By, name: &str, graded: &[Graded]) -> Result<ReturnDone, CommandError> {
        self.inspect_missing(by, name, graded, &[])
    }

    /// As [`Replica::inspect`], with what is missing of them and what is taken off for it.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn inspect_missing(
        &mut self,
        by: &By,
        name: &str,
        graded: &[Graded],
        missing: &[Missing],
    ) -> Result<ReturnDone, CommandError> {
        self.step(|work| work.inspect(by, name, graded, missing))
    }

    /// Refunds what is owed, or a part of it, by a tender: electronic ones are queued for HQ; `paid`
    /// says that the money was handed over.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn refund(
        &mut self,
        by: &By,
        name: &str,
        tender: Tender,
        amount: Option<Amount>,
        paid: bool,
    ) -> Result<ReturnDone, CommandError> {
        self.step(|work| work.refund(by, name, &tender, amount, paid))
    }

    /// Refunds all that is owed as it was paid: by each tender of the sale in proportion, within what each
    /// has left.
    ///
    /// # Errors
    /// [`CommandError::MoreThanOwed`] when nothing is owed, [`CommandError::TenderNeeded`] when nobody knows how
    /// it was paid; nothing is changed then.
    pub fn refund_as_paid(&mut self, by: &By, name: &str, paid: bool) -> Result<ReturnDone, CommandError> {
        self.step(|work| work.refund_as_paid(by, name, paid))
    }
}

impl Work<'_> {
    pub(super) fn receive(
        &mut self,
        by: &By,
        name: &str,
        goods: &[Receive],
        tracking: Option<&str>,
    ) -> Result<i64, CommandError> {
        let opened = self.opened(name, Move::Receive)?;
        self.where_goods_come(&opened)?;
        let parts = self.received_parts(&opened.document, goods)?;
        if parts.is_empty() {
            return Err(CommandError::Closed { number: opened.row.number, state: "received".into() });
        }
        let mut bodies = Vec::new();
        if let Some(tracking) = tracking {
            bodies.push(ReturnEvent::ParcelArrived { tracking: short("tracking number", tracking)? });
        }
        bodies.push(ReturnEvent::Received { parts });
        self.add(opened, by, "", bodies, &[])
    }

    /// What arrives and how it looks is the word of the site that takes the goods; from another site's device
    /// no replica would fold it.
    fn where_goods_come(&self, opened: &Opened) -> Result<(), CommandError> {
        opened.document.head.site.as_ref().map_or(Ok(()), |site| self.at_site(site, None))
    }

    fn inspect(
        &mut self,
        by: &By,
        name: &str,
        graded: &[Graded],
        missing: &[Missing],
    ) -> Result<i64, CommandError> {
        let opened = self.opened(name, Move::Inspect)?;
        self.where_goods_come(&opened)?;
        let mut parts = self.graded_parts(&opened.document, graded, false)?;
        let line = match (parts.first_mut(), missing.is_empty()) {
            (Some(part), false) => {
                part.missing = missing.iter().map(|m| m.what.clone()).collect();
                opened.state.parts.get(&part.of).map(|of| of.line.clone())
            }
            _ => None,
        };
        let mut items = Vec::new();
        for Missing { what, price } in missing {
            let what = short("missing part", what)?;
            let (Some(line), Some(amount)) = (&line, *price) else { continue };
            if amount <= Amount::ZERO {
                let found = opened.document.currency.format(amount);
                return Err(wrong("missing part", &format!("{what}={found}"), "a price above zero"));
            }
            items.push(Deduction { line: line.clone(), kind: DeductionKind::MissingPart, what, amount });
        }
        let mut bodies = vec![ReturnEvent::Inspected { parts }];
        if !items.is_empty() {
            bodies.push(ReturnEvent::Deducted { items });
        }
        self.add(opened, by, "", bodies, &[])
    }

    fn refund(
        &mut self,
        by: &By,
        name: &str,
        tender: &Tender,
        amount: Option<Amount>,
        paid: bool,
    ) -> Result<i64, CommandError> {
        let opened = self.opened(name, Move::Refund)?;
        // A refund that was queued and is now handed over in cash is no new one.
        let queued =
            opened.state.refunds.iter().find(|(_, r)| r.tender == *tender && r.state == RefundState::Queued);
        let handed_over = queued.filter(|(_, r)| paid && amount.is_none_or(|a| a == r.requested));
        let bodies = match handed_over {
            Some((number, refund)) => vec![ReturnEvent::Paid {
                refund: number.clone(),
                tender: tender.clone(),
                amount: refund.requested,
                reference: None,
                by_hand: true,
            }],
            None => {
                let left = self.due(&opened)?;
                let asked = amount.unwrap_or(left);
                if asked <= Amount::ZERO || asked > left {
                    let currency = opened.document.currency;
                    return Err(CommandError::MoreThanOwed { asked, left, currency });
                }
                let attempt = attempts(&opened, tender);
                let refund = RefundNumber::of(opened.document.head.id, tender, attempt);
                let share = RefundShare { refund, tender: tender.clone(), amount: asked, attempt };
                self.refund_bodies(vec![share], paid)
            }
        };
        self.add(opened, by, "", bodies, &[])
    }

    fn refund_as_paid(&mut self, by: &By, name: &str, paid: bool) -> Result<i64, CommandError> {
        let opened = self.opened(name, Move::Refund)?;
        let currency = opened.document.currency;
        let left = self.due(&opened)?;
        if left <= Amount::ZERO {
            return Err(CommandError::MoreThanOwed { asked: left, left, currency });
        }
        let (held, _) = self.sale_of(&opened.document)?;
        let asked: Vec<(Tender, u32)> =
            opened.state.refunds.values().map(|r| (r.tender.clone(), attempts(&opened, &r.tender))).collect();
        let shares = self.shares(opened.document.head.id, left, None, held.as_ref(), &asked)?;
        if shares.is_empty() {
            return Err(CommandError::TenderNeeded { difference: left, collect: false, currency });
        }
        let bodies = self.refund_bodies(shares, paid);
        self.add(opened, by, "", bodies, &[])
    }

    fn refund_bodies(&self, shares: Vec<RefundShare>, paid: bool) -> Vec<ReturnEvent> {
        let mut bodies = vec![ReturnEvent::RefundRequested { shares: shares.clone() }];
        bodies.extend(shares.into_iter().filter(|s| is_paid_here(&s.tender, paid)).map(|share| {
            let RefundShare { refund, tender, amount, .. } = share;
            ReturnEvent::Paid { refund, tender, amount, reference: None, by_hand: true }
        }));
        bodies
    }
}

/// How many refunds by a tender there were: the attempt group of the next one's number.
pub(super) fn attempts(opened: &Opened, tender: &Tender) -> u32 {
    opened.state.refunds.values().filter(|r| r.tender == *tender).count() as u32
}
