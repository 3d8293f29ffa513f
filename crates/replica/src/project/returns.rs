//! Returns: their state, their postings, and what they claim of sale lines.

use std::collections::BTreeMap;

use guicang_domain::account::Posting;
use guicang_domain::event::Event;
use guicang_domain::ids::{LineId, SiteId, Tender};
use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::postings::{closed_rest, postings, replacement_line, replacements};
use guicang_domain::returns::refund::RefundState;
use guicang_domain::returns::state::{ReturnState, claim_rank};
use guicang_domain::returns::{Return, ReturnEvent, ReturnLine, SaleLink};
use guicang_domain::time::Occurred;
use rusqlite::params;

use super::rank_text;
use crate::error::StoreError;
use crate::store::Work;

/// How much of a line came back to stay, so that it counts against the sale: what weighed goods lost on the
/// way is part of it once they close their line. A service has nothing to take in: it counts once its refund
/// was asked for, or it was brought in with history.
fn kept(document: &Return, state: &ReturnState, id: &LineId, line: &ReturnLine) -> Quantity {
    if !line.service {
        return state.kept(id) + closed_rest(document, state, id);
    }
    let refunded = !state.reversed && (document.is_historic() || !state.refunds.is_empty());
    if refunded { line.quantity } else { Quantity::ZERO }
}

/// What a line takes of one sale line.
struct Taken<'a> {
    link: &'a SaleLink,
    quantity: Quantity,
    allowance: Amount,
}

/// What a line takes of each sale line it is linked to, and what no sale line covers of its goods and of the
/// money taken off.
fn taken<'a>(
    links: &[&'a SaleLink],
    kept: Quantity,
    allowance: Amount,
) -> (Vec<Taken<'a>>, Quantity, Amount) {
    let weights: Vec<i64> = links.iter().map(|l| l.paid.0).collect();
    let allowances = allowance.spread(&weights);
    let mut left = kept;
    let mut out = Vec::new();
    for (link, allowance) in links.iter().zip(allowances) {
        let quantity = link.quantity.min(left).max(Quantity::ZERO);
        left -= quantity;
        if quantity.is_positive() || allowance > Amount::ZERO {
            out.push(Taken { link, quantity, allowance });
        }
    }
    (out, left, if links.is_empty() { allowance } else { Amount::ZERO })
}

impl Work<'_> {
    pub(super) fn project_return(&mut self, document: i64, d: &Return) -> Result<(), StoreError> {
        let Some(site) = &d.head.site else { return Ok(()) };
        let state = ReturnState::of(d);
        let historic = d.is_historic();
        let first = d.events.iter().map(|e| e.occurred).min_by_key(|o| o.at);
        let Some(first) = first else { return Ok(()) };
        if d.is_undone() {
            return self.project_undone_return(document, d, site, first);
        }
        let positions: BTreeMap<&LineId, i64> =
            d.lines.keys().enumerate().map(|(n, id)| (id, n as i64)).collect();

        let all = postings(d, &state);
        let given: BTreeMap<LineId, i64> = (0..replacements(&state).count())
            .map(|n| (replacement_line(n), (d.lines.len() + n) as i64))
            .collect();
        let place = |p: &Posting| positions.get(&p.line).or_else(|| given.get(&p.line)).copied().unwrap_or(0);
        let places: Vec<i64> = all.iter().map(place).collect();
        self.post(document, &all, |n| places[n], false)?;
        self.project_replacements(document, d, &state)?;

        let row_of = d.receipt.as_ref().map(|r| self.receipt(r)).transpose()?;
        for (id, line) in &d.lines {
            let position = positions[id];
            let kept = kept(d, &state, id, line);
            // An imported line's rank is its import's; a live one's that of its goods' arrival.
            let rank = claim_rank(d, id).or_else(|| d.events.first().map(|e| e.rank()));
            let rank = rank_text(&rank.expect("an event: there is a first"));
            let allowance = state.allowances.get(id).copied().unwrap_or_default();
            let links = d.links_of(id);
            let (claims, left, unlinked_allowance) = taken(&links, kept, allowance);
            for claim in claims {
                self.claim_line(document, position, &rank, &claim, state.is_pinned())?;
            }
            let price = |q| line.price.map_or(Amount::ZERO, |p| p.times(q, d.currency));
            let counted = historic && !state.reversed;
            let value = if counted { price(line.quantity) } else { Amount::ZERO };
            self.tx
                .prepare_cached(
                    "INSERT INTO return_line (org, document, position, line, sku, quantity, kept, unlinked,
                         unlinked_value, value, service, reason) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                )
                .and_then(|mut s| {
                    s.execute(params![
                        self.org,
                        document,
                        position,
                        id.as_str(),
                        line.sku.as_str(),
                        line.quantity.0,
                        kept.0,
                        left.0,
                        (price(left) + unlinked_allowance).0,
                        value.0,
                        line.service,
                        line.reason.as_str()
                    ])
                })
                .map_err(StoreError::of)?;
            if let (Some(receipt), Some(row)) = (row_of, &line.row) {
                self.claim_row(receipt, row.as_str(), document, position, &rank)?;
            }
        }
        self.head_return(document, d, &state, site, first)?;
        self.refunds(document, d, &state)?;
        self.project_cash_paid(document, d)?;
        for (account, amount) in tender_money(&state) {
            self.tx
                .prepare_cached(
                    "INSERT INTO money (org, document, account, currency, amount) VALUES (?,?,?,?,?)",
                )
                .and_then(|mut s| {
                    s.execute(params![self.org, document, account, d.currency.code(), amount.0])
                })
                .map_err(StoreError::of)?;
        }
        self.touched.returns.insert(document);
        Ok(())
    }

    /// Notes what a line takes of a sale line; the verdict is folded.
    fn claim_line(
        &mut self,
        document: i64,
        position: i64,
        rank: &str,
        claim: &Taken<'_>,
        is_pinned: bool,
    ) -> Result<(), StoreError> {
        let on = self.receipt(&claim.link.receipt)?;
        let pinned = if is_pinned { claim.quantity } else { Quantity::ZERO };
        self.tx
            .prepare_cached(
                "INSERT INTO line_claim (org, receipt, line, document, position, quantity, pinned, rank, sold, paid,
                     allowance)
                 VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)
                 ON CONFLICT DO UPDATE SET
                     quantity = quantity + ?6, pinned = pinned + ?7, allowance = allowance + ?11",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    on,
                    claim.link.line.as_str(),
                    document,
                    position,
                    claim.quantity.0,
                    pinned.0,
                    rank,
                    claim.link.sold.0,
                    claim.link.paid.0,
                    claim.allowance.0
                ])
            })
            .map_err(StoreError::of)?;
        self.touched.lines.insert((on, claim.link.line.as_str().to_owned()));
        Ok(())
    }

    fn head_return(
        &mut self,
        document: i64,
        d: &Return,
        state: &ReturnState,
        site: &SiteId,
        first: Occurred,
    ) -> Result<(), StoreError> {
        let historic = d.is_historic();
        let sale = d.sale().map(|r| self.receipt(r)).transpose()?;
        let came = |e: &&Event<ReturnEvent>| {
            matches!(e.body, ReturnEvent::Received { .. } | ReturnEvent::Waived { .. })
        };
        let arrived = d.standing().find(came);
        let conflicts: Vec<String> =
            state.conflicts.iter().map(|c| format!("{} {} {}", c.about, c.stands, c.loses)).collect();
        let accepted = historic || state.decision.as_ref().is_some_and(|x| x.approved);
        let clock = !historic && d.events.iter().any(|e| e.clock_is_off());
        let given: Amount = state.exchanges.iter().map(|(_, _, e)| e.value()).sum();
        let fees: Amount = state.fees.iter().map(|f| f.amount).sum();
        self.tx
            .prepare_cached(
                "INSERT INTO return_head (org, document, occurred, zone, site, currency, historic, states, receipt,
                     accepted, queued, paid, committed, arrived, conflicts, clock, deducted, sold)
                 VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    document,
                    first.at.0,
                    first.zone.to_string(),
                    site.as_str(),
                    d.currency.code(),
                    historic,
                    state.names(d).join(" "),
                    // An import's own receipt is a row's, not a sale's.
                    sale.filter(|_| !historic),
                    accepted,
                    state.queued().0,
                    state.paid().0,
                    state.committed().0,
                    arrived.map(|e| e.occurred.date().to_string()),
                    (!conflicts.is_empty()).then(|| conflicts.join("\n")),
                    clock,
                    state.deducted().0,
                    (given + fees).0
                ])
            })
            .map_err(StoreError::of)?;
        Ok(())
    }

    /// What has gone back by which tender, or is to.
    fn refunds(&mut self, document: i64, d: &Return, state: &ReturnState) -> Result<(), StoreError> {
        for (number, refund) in &state.refunds {
            let amount = match refund.state {
                RefundState::Failed => refund.paid,
                _ => refund.paid.max(refund.requested),
            };
            let paid_at = d
                .standing()
                .filter(|e| matches!(&e.body, ReturnEvent::Paid { refund, .. } if refund == number))
                .map(|e| e.occurred.at.0)
                .max();
            self.tx
                .prepare_cached(
                    "INSERT INTO refund (org, document, refund, tender, amount, electronic, requested, paid, state,
                         paid_at) VALUES (?,?,?,?,?,?,?,?,?,?)",
                )
                .and_then(|mut s| {
                    s.execute(params![
                        self.org,
                        document,
                        number.as_str(),
                        refund.tender.as_str(),
                        amount.0,
                        refund.tender.is_electronic(),
                        refund.requested.0,
                        refund.paid.0,
                        state_name(refund.state),
                        paid_at
                    ])
                })
                .map_err(StoreError::of)?;
        }
        Ok(())
    }
}

/// A refund's state in data.
fn state_name(state: RefundState) -> &'static str {
    match state {
        RefundState::Queued => "queued",
        RefundState::Intended => "intended",
        RefundState::Accepted => "accepted",
        RefundState::Failed => "failed",
        RefundState::Paid => "paid",
    }
}

/// The money that went by tenders and as store credit; the rest follows from what is owed.
fn tender_money(state: &ReturnState) -> Vec<(String, Amount)> {
    let mut money: BTreeMap<String, Amount> =
        state.tenders().into_iter().map(|(tender, amount)| (format!("tender:{tender}"), amount)).collect();
    let credit = &state.credit;
    // Spent: the till took it as a tender, and what was promised is kept.
    *money.entry(format!("tender:{}", Tender::credit())).or_default() -= credit.spent;
    *money.entry("store_credit".into()).or_default() -= credit.left();
    money.into_iter().filter(|(_, amount)| *amount != Amount::ZERO).collect()
}
