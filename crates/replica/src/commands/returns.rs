//! Returns at the counter and step by step.
//!
//! What surprises: at the counter it is one command, but each step is its own event in the document;
//! and what the branch does is never undone by what it learns later: it records, HQ settles.

use guicang_domain::document::{Document, Kind};
use guicang_domain::ids::{
    CustomerId, DocumentId, LineId, Number, ReasonCode, ReceiptId, RefundNumber, SiteId, Sku, Tender,
};
use guicang_domain::money::{Amount, Currency, UnitPrice};
use guicang_domain::policy::{Case, Policy, Verdict};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::state::ReturnState;
use guicang_domain::returns::{
    Channel, Disposition, Grade, RefundShare, Return, ReturnEvent, ReturnLine, SaleLink,
};
use guicang_domain::sale::PaidBy;
use guicang_domain::time::{Occurred, Zone};
use rusqlite::{OptionalExtension, params};

use super::held::{Held, HeldLine};
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
}

/// A line that was worked out: what it takes back, and what is owed for it.
struct Planned {
    line: ReturnLine,
    owed: Amount,
}

impl Replica {
    /// Takes a return at the counter: request, verdict, goods, inspection, refund, as asked.
    ///
    /// A sale that isn't held here makes a provisional return. More than a held sale line has left is
    /// refused here; what other branches took back meanwhile shows when they have synced.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn counter_return(&mut self, by: &By, request: CounterReturn) -> Result<ReturnDone, CommandError> {
        let id = self.write(|work| work.counter_return(by, request))?;
        self.return_done(id)
    }

    /// Takes in goods of an open return.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn receive(&mut self, by: &By, name: &str, goods: &[Receive]) -> Result<ReturnDone, CommandError> {
        let id = self.write(|work| work.receive(by, name, goods))?;
        self.return_done(id)
    }

    /// Inspects goods that were taken in: a grade and a disposition for each part.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn inspect(&mut self, by: &By, name: &str, graded: &[Graded]) -> Result<ReturnDone, CommandError> {
        let id = self.write(|work| work.inspect(by, name, graded))?;
        self.return_done(id)
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
        let id = self.write(|work| work.refund(by, name, tender, amount, paid))?;
        self.return_done(id)
    }

    fn return_done(&self, document: i64) -> Result<ReturnDone, CommandError> {
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
        })
    }
}

impl Work<'_> {
    fn counter_return(&mut self, by: &By, request: CounterReturn) -> Result<i64, CommandError> {
        let site = self.site_for(request.site.as_ref())?;
        let (zone, currency) = self.site_terms(&site)?;
        let occurred = by.occurred.unwrap_or(Occurred { at: self.now, zone });
        let reason = self.reason(&request.reason)?;
        if request.items.is_empty() {
            return Err(wrong("item", "nothing", "at least one SKU"));
        }
        let held = match &request.receipt {
            Some(receipt) => self.held_receipt(receipt)?,
            None => None,
        };
        let mut planned: Vec<Planned> = Vec::new();
        for item in &request.items {
            let made = self.plan(
                item,
                request.receipt.as_ref(),
                held.as_ref(),
                &request.reason,
                currency,
                &planned,
            )?;
            planned.push(made);
        }
        let owed: Amount = planned.iter().map(|p| p.owed).sum();
        let policy = self.policy()?;
        let case = Case {
            class: reason.class,
            sold_on: held.as_ref().map(|h| h.occurred.date()),
            returned_on: occurred.date(),
            value: owed,
        };
        let approved = self.approve(by, &policy, &case, currency)?;

        let head = self.new_head(Kind::Return, Some(site.clone()), zone)?;
        let id = head.id;
        let (customer, contact) = match &request.contact {
            Some(contact) => {
                let (customer, sealed) = self.seal_contact(request.customer.clone(), id, contact)?;
                (Some(customer), Some(sealed))
            }
            None => (request.customer.clone(), None),
        };
        let lines: std::collections::BTreeMap<LineId, ReturnLine> =
            planned.into_iter().enumerate().map(|(n, p)| (LineId::nth(n + 1), p.line)).collect();
        let mut document = Return {
            head,
            channel: request.channel,
            receipt: request.receipt.clone(),
            customer,
            contact,
            currency,
            note: request.note.clone(),
            lines,
            events: Vec::new(),
        };
        push_event(self, by, zone, &policy.version, &mut document, ReturnEvent::Requested);
        push_event(self, by, zone, &policy.version, &mut document, approved);
        if request.goods_here {
            let received = self.received_parts(&document, &[])?;
            if !received.is_empty() {
                push_event(
                    self,
                    by,
                    zone,
                    &policy.version,
                    &mut document,
                    ReturnEvent::Received { parts: received },
                );
            }
            if !request.grades.is_empty() {
                let parts = self.graded_parts(&document, &request.grades, true)?;
                push_event(self, by, zone, &policy.version, &mut document, ReturnEvent::Inspected { parts });
            }
            let tenders = held.as_ref().map(|h| h.tenders.as_slice()).unwrap_or_default();
            let shares = shares(id, owed, request.refund.as_ref(), tenders);
            self.push_refund(by, zone, &policy.version, &mut document, shares, request.paid);
        }
        let mut sites = vec![site];
        if let Some(receipt) = request.receipt.as_ref().filter(|r| !sites.contains(&r.site)) {
            sites.push(receipt.site.clone());
        }
        Ok(self.create(Document::Return(document), &sites)?)
    }

    /// Works out one line: what of the held sale it takes back and what is owed, or, without the
    /// sale, what the customer says.
    fn plan(
        &self,
        item: &Item,
        receipt: Option<&ReceiptId>,
        held: Option<&Held>,
        reason: &ReasonCode,
        currency: Currency,
        before: &[Planned],
    ) -> Result<Planned, CommandError> {
        if !item.quantity.is_positive() || item.quantity > Quantity::LIMIT {
            return Err(wrong("quantity", &item.quantity.to_string(), "> 0"));
        }
        let line = |sku: Sku| ReturnLine {
            written: (item.sku.trim() != sku.as_str()).then(|| item.sku.trim().to_owned()),
            sku,
            quantity: item.quantity,
            reason: reason.clone(),
            note: None,
            links: Vec::new(),
            price: item.price,
            cost: None,
            service: false,
            lot: None,
            serials: Vec::new(),
            group: None,
            row: None,
        };
        let Some(held) = held else {
            let sku = self.known_sku(&item.sku, receipt.is_some())?;
            let mut line = line(sku.clone());
            line.price = match item.price {
                Some(price) => Some(price),
                None => self.listed_price(&sku)?,
            };
            let price = line.price.ok_or(CommandError::PriceNeeded { sku })?;
            return Ok(Planned { owed: price.times(item.quantity, currency), line });
        };
        let sku = Sku::of(&item.sku).map_err(|_| CommandError::UnknownSku { found: item.sku.clone() })?;
        let on: Vec<&HeldLine> = held.lines.iter().filter(|l| l.sku == sku).collect();
        if on.is_empty() {
            return Err(CommandError::NotOnReceipt {
                receipt: held.receipt.clone(),
                sku,
                has: held.lines.iter().map(|l| l.sku.clone()).collect(),
            });
        }
        let mut line = line(sku.clone());
        line.service = on.iter().all(|l| l.service);
        line.cost = on[0].cost;
        let (mut left, mut owed, mut available) = (item.quantity, Amount::ZERO, Quantity::ZERO);
        for sold in on {
            // What an earlier item of this very request takes is taken.
            let taken: Quantity = before
                .iter()
                .flat_map(|p| &p.line.links)
                .filter(|l| l.line == sold.line)
                .map(|l| l.quantity)
                .sum();
            let open = sold.quantity - sold.valid - taken;
            available += open.max(Quantity::ZERO);
            let quantity = left.min(open);
            if !quantity.is_positive() {
                continue;
            }
            left -= quantity;
            let closes = taken == Quantity::ZERO && quantity == open;
            owed += if closes { sold.paid - sold.entitled } else { sold.paid.share(quantity, sold.quantity) };
            line.links.push(SaleLink {
                receipt: held.receipt.clone(),
                line: sold.line.clone(),
                quantity,
                sold: sold.quantity,
                paid: sold.paid,
            });
        }
        if left.is_positive() {
            return Err(CommandError::MoreThanLeft { sku, asked: item.quantity, left: available });
        }
        Ok(Planned { line, owed })
    }

    /// Asks the policy, and where it wants a manager, for the manager's word.
    fn approve(
        &self,
        by: &By,
        policy: &Policy,
        case: &Case,
        currency: Currency,
    ) -> Result<ReturnEvent, CommandError> {
        if by.approved_by.as_ref() == Some(&by.user) {
            return Err(CommandError::ApproverIsRequester { user: by.user.to_string() });
        }
        let grounds = match policy.judge(case) {
            Verdict::Approve => Vec::new(),
            Verdict::NeedsManager(grounds) if by.approved_by.is_none() => {
                return Err(CommandError::NeedsManager { grounds, policy: policy.version.clone(), currency });
            }
            Verdict::NeedsManager(grounds) => grounds.iter().map(|g| g.code().to_owned()).collect(),
        };
        Ok(ReturnEvent::Approved { by: by.approved_by.clone(), grounds })
    }

    fn receive(&mut self, by: &By, name: &str, goods: &[Receive]) -> Result<i64, CommandError> {
        let row = self.named(name, Kind::Return)?;
        let (replayed, document) = self.open_return(&row)?;
        self.may_go_on(&document)?;
        let parts = self.received_parts(&document, goods)?;
        if parts.is_empty() {
            return Err(CommandError::Closed { number: row.number, state: "received".into() });
        }
        let event = self.event(by, document.head.zone, "", ReturnEvent::Received { parts });
        self.append_to_return(&row, replayed, document, vec![event])?;
        Ok(row.id)
    }

    fn inspect(&mut self, by: &By, name: &str, graded: &[Graded]) -> Result<i64, CommandError> {
        let row = self.named(name, Kind::Return)?;
        let (replayed, document) = self.open_return(&row)?;
        self.may_go_on(&document)?;
        let parts = self.graded_parts(&document, graded, false)?;
        let event = self.event(by, document.head.zone, "", ReturnEvent::Inspected { parts });
        self.append_to_return(&row, replayed, document, vec![event])?;
        Ok(row.id)
    }

    fn refund(
        &mut self,
        by: &By,
        name: &str,
        tender: Tender,
        amount: Option<Amount>,
        paid: bool,
    ) -> Result<i64, CommandError> {
        let row = self.named(name, Kind::Return)?;
        let (replayed, document) = self.open_return(&row)?;
        let state = self.may_go_on(&document)?;
        let entitled: i64 = self
            .tx
            .prepare_cached("SELECT entitled FROM return_head WHERE org = ? AND document = ?")?
            .query_row([self.org, row.id], |r| r.get(0))?;
        let spoken_for: Amount = state.queued() + state.paid();
        let left = Amount(entitled) - spoken_for;
        // A refund that was queued and is now handed over in cash is no new one.
        let queued = state.refunds.iter().find(|(_, r)| {
            r.tender == tender && r.state == guicang_domain::returns::state::RefundState::Queued
        });
        let events = match queued {
            Some((number, refund)) if paid && amount.is_none_or(|a| a == refund.requested) => {
                vec![ReturnEvent::Paid {
                    refund: number.clone(),
                    tender,
                    amount: refund.requested,
                    reference: None,
                    by_hand: true,
                }]
            }
            _ => {
                let asked = amount.unwrap_or(left);
                if asked.0 <= 0 || asked > left {
                    return Err(CommandError::MoreThanOwed { asked, left, currency: document.currency });
                }
                let attempt = state.refunds.values().filter(|r| r.tender == tender).count() as u32;
                let refund = RefundNumber::of(document.head.id, &tender, attempt);
                let share =
                    RefundShare { refund: refund.clone(), tender: tender.clone(), amount: asked, attempt };
                let mut events = vec![ReturnEvent::RefundRequested { shares: vec![share] }];
                if paid {
                    events.push(ReturnEvent::Paid {
                        refund,
                        tender,
                        amount: asked,
                        reference: None,
                        by_hand: true,
                    });
                }
                events
            }
        };
        let events = events.into_iter().map(|body| self.event(by, document.head.zone, "", body)).collect();
        self.append_to_return(&row, replayed, document, events)?;
        Ok(row.id)
    }

    /// The return's state, when it may still be added to.
    fn may_go_on(&self, document: &Return) -> Result<ReturnState, CommandError> {
        let state = ReturnState::of(document);
        let closed = |word: &str| {
            Err(CommandError::Closed { number: document.head.number.to_string(), state: word.into() })
        };
        if state.closed {
            return closed("closed");
        }
        if state.cancelled {
            return closed("cancelled");
        }
        match &state.decision {
            Some(decision) if decision.approved => Ok(state),
            Some(_) => closed("rejected"),
            None => closed("requested"),
        }
    }

    fn push_refund(
        &mut self,
        by: &By,
        zone: Zone,
        policy: &str,
        document: &mut Return,
        shares: Vec<RefundShare>,
        paid: bool,
    ) {
        if shares.is_empty() {
            return;
        }
        push_event(self, by, zone, policy, document, ReturnEvent::RefundRequested { shares: shares.clone() });
        for share in shares {
            if paid && !share.tender.is_electronic() {
                let body = ReturnEvent::Paid {
                    refund: share.refund,
                    tender: share.tender,
                    amount: share.amount,
                    reference: None,
                    by_hand: true,
                };
                push_event(self, by, zone, policy, document, body);
            }
        }
    }

    pub(super) fn policy(&self) -> Result<Policy, CommandError> {
        let settings = crate::queries::settings::settings(&self.tx, self.org, self.book, self.me)?;
        Ok(settings.map_or_else(|| Policy::standard(self.me.currency), |s| s.policy))
    }

    fn listed_price(&self, sku: &Sku) -> Result<Option<UnitPrice>, CommandError> {
        let price: Option<Option<i64>> = self
            .tx
            .prepare_cached("SELECT list_price FROM product WHERE org = ? AND sku = ?")?
            .query_row(params![self.org, sku.as_str()], |r| r.get(0))
            .optional()?;
        Ok(price.flatten().map(UnitPrice))
    }
}

pub(super) fn wrong(field: &'static str, found: &str, wanted: &str) -> CommandError {
    CommandError::Value { field, found: found.into(), wanted: wanted.into() }
}

fn push_event(
    work: &mut Work<'_>,
    by: &By,
    zone: Zone,
    policy: &str,
    document: &mut Return,
    body: ReturnEvent,
) {
    let event = work.event(by, zone, policy, body);
    document.events.push(event);
}

/// How a refund is split: all by the tender that is named, else as the sale was paid.
fn shares(id: DocumentId, owed: Amount, refund: Option<&Tender>, paid_by: &[PaidBy]) -> Vec<RefundShare> {
    let by: Vec<(Tender, Amount)> = match refund {
        Some(tender) => vec![(tender.clone(), owed)],
        None => {
            let weights: Vec<i64> = paid_by.iter().map(|p| p.amount.0).collect();
            paid_by.iter().map(|p| p.tender.clone()).zip(owed.spread(&weights)).collect()
        }
    };
    by.into_iter()
        .filter(|(_, amount)| amount.0 > 0)
        .map(|(tender, amount)| RefundShare {
            refund: RefundNumber::of(id, &tender, 0),
            tender,
            amount,
            attempt: 0,
        })
        .collect()
}
