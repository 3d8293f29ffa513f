//! Returns: their state, their postings, and what they claim of sale lines.

use guicang_domain::ids::LineId;
use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::postings::postings;
use guicang_domain::returns::state::{ReturnState, claim_rank};
use guicang_domain::returns::{Return, ReturnEvent, ReturnLine};
use rusqlite::params;

use super::rank_text;
use crate::error::StoreError;
use crate::store::Work;

/// How much of a line came back to stay, so that it counts against the sale. A service has nothing to
/// take in: it counts once its refund was asked for, or it was brought in with history.
fn kept(document: &Return, state: &ReturnState, id: &LineId, line: &ReturnLine) -> Quantity {
    if !line.service {
        return state.kept(id);
    }
    let refunded = document.is_historic() || !state.refunds.is_empty();
    if refunded { line.quantity } else { Quantity::ZERO }
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
        let positions: std::collections::BTreeMap<&LineId, i64> =
            d.lines.keys().enumerate().map(|(n, id)| (id, n as i64)).collect();

        let all = postings(d, &state);
        let places: Vec<i64> = all.iter().map(|p| positions[&p.line]).collect();
        self.post(document, &all, |n| places[n], false)?;

        let receipt = d.receipt.as_ref().map(|r| self.receipt(r)).transpose()?;
        for (id, line) in &d.lines {
            let position = positions[id];
            let kept = kept(d, &state, id, line);
            // An imported line's rank is its import's; a live one's that of its goods' arrival.
            let rank = claim_rank(d, id).or_else(|| d.events.first().map(|e| e.rank()));
            let rank = rank_text(&rank.expect("an event: there is a first"));
            let mut left = kept;
            for link in d.links_of(id) {
                let quantity = link.quantity.min(left);
                if !quantity.is_positive() {
                    continue;
                }
                left -= quantity;
                let on = self.receipt(&link.receipt)?;
                let pinned = if state.is_pinned() { quantity } else { Quantity::ZERO };
                self.tx
                    .prepare_cached(
                        "INSERT INTO line_claim (org, receipt, line, document, position, quantity, pinned, rank, sold, paid)
                         VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)
                         ON CONFLICT DO UPDATE SET quantity = quantity + ?6, pinned = pinned + ?7",
                    )
                    .and_then(|mut s| {
                        s.execute(params![
                            self.org,
                            on,
                            link.line.as_str(),
                            document,
                            position,
                            quantity.0,
                            pinned.0,
                            rank,
                            link.sold.0,
                            link.paid.0
                        ])
                    })
                    .map_err(StoreError::of)?;
                self.touched.lines.insert((on, link.line.as_str().to_owned()));
            }
            let price = |q| line.price.map_or(Amount::ZERO, |p| p.times(q, d.currency));
            let value = if historic { price(line.quantity) } else { Amount::ZERO };
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
                        price(left).0,
                        value.0,
                        line.service,
                        line.reason.as_str()
                    ])
                })
                .map_err(StoreError::of)?;
            if let (Some(receipt), Some(row)) = (receipt, &line.row) {
                self.claim_row(receipt, row.as_str(), document, position, &rank)?;
            }
        }

        let arrived = d.events.iter().find(|e| matches!(e.body, ReturnEvent::Received { .. }));
        let conflicts: Vec<String> =
            state.conflicts.iter().map(|c| format!("{} {} {}", c.about, c.stands, c.loses)).collect();
        let accepted = historic || state.decision.as_ref().is_some_and(|x| x.approved);
        let clock = !historic && d.events.iter().any(|e| e.clock_is_off());
        self.tx
            .prepare_cached(
                "INSERT INTO return_head (org, document, occurred, zone, site, currency, historic, states, receipt,
                     accepted, queued, paid, committed, arrived, conflicts, clock)
                 VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
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
                    receipt.filter(|_| !historic),
                    accepted,
                    state.queued().0,
                    state.paid().0,
                    state.committed().0,
                    arrived.map(|e| e.occurred.date().to_string()),
                    (!conflicts.is_empty()).then(|| conflicts.join("\n")),
                    clock
                ])
            })
            .map_err(StoreError::of)?;
        let mut tenders: std::collections::BTreeMap<String, i64> = Default::default();
        for refund in state.refunds.values().filter(|r| r.paid.0 != 0) {
            *tenders.entry(format!("tender:{}", refund.tender)).or_default() -= refund.paid.0;
        }
        for (account, amount) in tenders {
            self.tx
                .prepare_cached(
                    "INSERT INTO money (org, document, account, currency, amount) VALUES (?,?,?,?,?)",
                )
                .and_then(|mut s| s.execute(params![self.org, document, account, d.currency.code(), amount]))
                .map_err(StoreError::of)?;
        }
        self.touched.returns.insert(document);
        Ok(())
    }
}
