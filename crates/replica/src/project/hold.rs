//! Holds: what HQ keeps of a sale's lines for a branch. What is left of one is asked with the time and with what
//! came back since, and is never stored.

use guicang_domain::hold::{Hold, HoldState};
use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;
use rusqlite::params;

use super::rank_text;
use crate::error::StoreError;
use crate::store::Work;

/// A row to be: what of which sale line (empty: HQ hasn't said), of which article, how much, of how much sold and
/// paid.
type Kept<'a> = (&'a str, &'a str, Quantity, Quantity, Amount);

impl Work<'_> {
    pub(super) fn project_hold(&mut self, document: i64, d: &Hold) -> Result<(), StoreError> {
        let (Some(site), Some(first)) = (&d.head.site, d.events.first()) else { return Ok(()) };
        let state = d.state();
        let receipt = self.receipt(&d.receipt)?;
        let (rank, until, kept): (_, _, Vec<Kept<'_>>) = match &state {
            HoldState::Granted(event, grant) => {
                let sku = |line| d.lines.get(line).map_or("", |l| l.sku.as_str());
                let kept = grant
                    .lines
                    .iter()
                    .map(|v| (v.link.line.as_str(), sku(&v.line), v.link.quantity, v.link.sold, v.link.paid));
                (event.rank(), Some(grant.until.0), kept.collect())
            }
            _ => {
                let asked = d.lines.values();
                let kept = asked.map(|l| ("", l.sku.as_str(), l.quantity, Quantity::ZERO, Amount::ZERO));
                (first.rank(), None, kept.collect())
            }
        };
        let rank = rank_text(&rank);
        for (position, (line, sku, quantity, sold, paid)) in kept.into_iter().enumerate() {
            self.tx
                .prepare_cached(
                    "INSERT INTO hold (org, document, position, site, receipt, line, sku, quantity, sold, paid, state,
                         rank, until) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
                )
                .and_then(|mut s| {
                    s.execute(params![
                        self.org,
                        document,
                        position as i64,
                        site.as_str(),
                        receipt,
                        line,
                        sku,
                        quantity.0,
                        sold.0,
                        paid.0,
                        state.code(),
                        rank,
                        until
                    ])
                })
                .map_err(StoreError::of)?;
        }
        Ok(())
    }
}
