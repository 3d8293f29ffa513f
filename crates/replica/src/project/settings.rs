//! What returns have to do with the settings: which version of the policy decided on each, and what was
//! granted on a sale that nobody has seen. The settings themselves are read from their documents.

use guicang_domain::event::Event;
use guicang_domain::money::Amount;
use guicang_domain::returns::state::ReturnState;
use guicang_domain::returns::{Return, ReturnEvent};
use rusqlite::params;

use crate::error::StoreError;
use crate::proof::stands;
use crate::store::Work;

/// Whether an event is a decision that the policy was asked for.
pub(crate) fn is_judged(event: &Event<ReturnEvent>) -> bool {
    let decides = matches!(event.body, ReturnEvent::Approved { .. } | ReturnEvent::Rejected { .. });
    decides && !event.policy.is_empty()
}

/// What a return is worth as far as HQ has seen no sale for it: at the price that the customer named, or that a
/// signed receipt proves. Of goods that came, what stays; of those that are awaited, all. Repairs are owed
/// nothing.
pub(crate) fn unseen_value(document: &Return, state: &ReturnState) -> Amount {
    if document.events.iter().any(|e| matches!(e.body, ReturnEvent::TakenForRepair { .. })) {
        return Amount::ZERO;
    }
    document
        .lines
        .iter()
        .filter_map(|(id, line)| {
            let came = state.received(id).is_positive();
            let quantity = if came { state.kept(id) } else { line.quantity };
            let links = document.links_of(id);
            if links.is_empty() {
                return Some(line.price?.times(quantity, document.currency));
            }
            let proven = document.proof.is_some() && !document.is_verified(id);
            let asked: Amount = links.iter().map(|l| l.paid.share(l.quantity, l.sold)).sum();
            proven.then(|| asked.share(quantity, line.quantity))
        })
        .sum()
}

impl Work<'_> {
    pub(super) fn project_judged(&mut self, document: i64, d: &Return) -> Result<(), StoreError> {
        if d.is_historic() {
            return Ok(());
        }
        let asked = d.events.iter().map(|e| e.occurred).min_by_key(|o| o.at);
        let Some(asked) = asked else { return Ok(()) };
        for event in d.events.iter().filter(|e| is_judged(e)) {
            self.tx
                .prepare_cached(
                    "INSERT INTO judged (org, document, event, version, time, occurred) VALUES (?,?,?,?,?,?)",
                )
                .and_then(|mut s| {
                    s.execute(params![
                        self.org,
                        document,
                        event.id.to_string(),
                        event.policy,
                        event.rank().time.moment().0,
                        asked.at.0
                    ])
                })
                .map_err(StoreError::of)?;
        }
        let state = ReturnState::of(d);
        let granted = state.decision.as_ref().filter(|x| x.approved && !state.cancelled && !state.reversed);
        let decision = granted.and_then(|x| d.events.iter().find(|e| e.id == x.event));
        let (Some(decision), Some(site)) = (decision, &d.head.site) else { return Ok(()) };
        let value = unseen_value(d, &state);
        if value <= Amount::ZERO {
            return Ok(());
        }
        self.tx
            .prepare_cached(
                "INSERT INTO provisional (org, document, site, day, receipt, value, proven) VALUES (?,?,?,?,?,?,?)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    document,
                    site.as_str(),
                    decision.occurred.date().to_string(),
                    d.sale().map(ToString::to_string).unwrap_or_default(),
                    value.0,
                    stands(self.book, d).is_some()
                ])
            })
            .map_err(StoreError::of)?;
        Ok(())
    }
}
