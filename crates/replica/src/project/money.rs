//! Money postings as rows: each with the site and the business time that it counts at.
//!
//! What surprises: a document's rows of one account stand apart by time. What a return owes and what was paid
//! for it may fall into two months.

use std::collections::BTreeMap;

use guicang_domain::event::Event;
use guicang_domain::ids::Tender;
use guicang_domain::money::Amount;
use guicang_domain::returns::state::ReturnState;
use guicang_domain::returns::{Return, ReturnEvent};
use guicang_domain::time::Moment;
use rusqlite::params;

use crate::error::StoreError;
use crate::store::Work;

/// Whose money a posting is, and in what currency.
#[derive(Debug, Clone, Copy)]
pub(super) struct Purse<'a> {
    /// The site; empty for the organisation's own.
    pub(super) site: &'a str,
    pub(super) currency: &'a str,
}

impl Work<'_> {
    /// Posts money of a document; what comes to nothing is left out. Postings of one account and time add up.
    pub(super) fn post_money(
        &mut self,
        document: i64,
        purse: Purse<'_>,
        account: &str,
        amount: Amount,
        occurred: i64,
    ) -> Result<(), StoreError> {
        if amount == Amount::ZERO {
            return Ok(());
        }
        self.tx
            .prepare_cached(
                "INSERT INTO money (org, document, account, site, currency, amount, occurred) VALUES (?,?,?,?,?,?,?)
                 ON CONFLICT DO UPDATE SET amount = amount + excluded.amount",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    document,
                    account,
                    purse.site,
                    purse.currency,
                    amount.0,
                    occurred
                ])
            })
            .map_err(StoreError::of)?;
        Ok(())
    }
}

/// When what is owed for a return was last decided on by an event: approved, taken in, waived, money taken
/// off, given in exchange, or brought in with history. `None` while none of it has happened.
pub(super) fn settled(document: &Return) -> Option<Moment> {
    let decides = |body: &ReturnEvent| {
        matches!(
            body,
            ReturnEvent::Approved { .. }
                | ReturnEvent::Received { .. }
                | ReturnEvent::Waived { .. }
                | ReturnEvent::Allowed { .. }
                | ReturnEvent::Deducted { .. }
                | ReturnEvent::Exchanged(_)
                | ReturnEvent::RepairReturned { .. }
                | ReturnEvent::Imported
        )
    };
    document.standing().filter(|e| decides(&e.body)).map(|e| e.occurred.at).max()
}

/// When each refund of a return was paid, for the last time.
pub(super) fn paid_at(document: &Return) -> BTreeMap<&str, Moment> {
    let mut out: BTreeMap<&str, Moment> = BTreeMap::new();
    for event in document.standing() {
        let refund = match &event.body {
            ReturnEvent::Paid { refund, .. } => refund,
            ReturnEvent::Exchanged(exchange) if exchange.paid => match &exchange.refunded {
                Some(share) => &share.refund,
                None => continue,
            },
            _ => continue,
        };
        let at = out.entry(refund.as_str()).or_insert(event.occurred.at);
        *at = (*at).max(event.occurred.at);
    }
    out
}

/// When store credit of a return was last spent.
pub(super) fn spent_last(document: &Return) -> Option<Moment> {
    let spent = |e: &&Event<ReturnEvent>| matches!(e.body, ReturnEvent::CreditSpent { .. });
    document.standing().filter(spent).map(|e| e.occurred.at).max()
}

/// The money that went by tenders and as store credit, and what the return cost, with when; the rest follows
/// from what is owed. What a
/// tender's account sees: refunds go out, what customers paid comes in. Store credit that was spent: the till
/// took it as a tender, and what was promised is kept.
/// A cost is its owner's loss, against `cost:KIND`: no account of the others fits, since what was paid, to whom
/// and by what means, is in books that aren't ours; that account is what these books and those have in common.
pub(super) fn event_money(document: &Return, state: &ReturnState) -> BTreeMap<(String, Moment), Amount> {
    let mut money: BTreeMap<(String, Moment), Amount> = BTreeMap::new();
    let mut add = |account: String, at: Moment, amount: Amount| {
        *money.entry((account, at)).or_default() += amount;
    };
    let of = |tender: &Tender| format!("tender:{tender}");
    let paid_at = paid_at(document);
    for (number, refund) in &state.refunds {
        let at = paid_at.get(number.as_str()).copied().unwrap_or(refund.occurred);
        let account =
            if refund.tender == Tender::credit() { "store_credit".to_owned() } else { of(&refund.tender) };
        add(account, at, -refund.paid);
    }
    for (_, at, exchange) in &state.exchanges {
        if let Some(collected) = &exchange.collected {
            add(of(&collected.tender), *at, collected.amount);
        }
        if let Some(rung) = &exchange.rung {
            add(of(&Tender::exchange()), *at, -rung.value);
        }
    }
    for event in document.standing() {
        match &event.body {
            ReturnEvent::RepairReturned { fee: Some(fee), .. } => {
                add(of(&fee.tender), event.occurred.at, fee.amount);
            }
            ReturnEvent::Cost(cost) => {
                add(format!("loss:{}", cost.owner), event.occurred.at, cost.amount);
                add(format!("cost:{}", cost.kind), event.occurred.at, -cost.amount);
            }
            ReturnEvent::CreditSpent { amount, .. } => {
                add(of(&Tender::credit()), event.occurred.at, -*amount);
                add("store_credit".into(), event.occurred.at, *amount);
            }
            _ => {}
        }
    }
    // What was spent beyond what was issued is a loss, which is folded with the rest.
    if let Some(at) = spent_last(document) {
        add("store_credit".into(), at, -state.credit.short());
    }
    money.retain(|_, amount| *amount != Amount::ZERO);
    money
}
