//! Adjustments: their postings, and what totals count of them.

use guicang_domain::adjustment::Adjustment;
use guicang_domain::ids::LineId;
use rusqlite::params;

use super::rank_text;
use crate::error::StoreError;
use crate::store::Work;

impl Work<'_> {
    pub(super) fn project_adjustment(&mut self, document: i64, d: &Adjustment) -> Result<(), StoreError> {
        let (Some(posted), Some(site)) = (d.posted(), &d.head.site) else { return Ok(()) };
        let rank = rank_text(&posted.rank());
        let lines: Vec<&LineId> = d.lines.keys().collect();
        let postings = d.postings();
        let position = |n: usize| lines.binary_search(&&postings[n].line).unwrap_or_default() as i64;
        self.post(document, &postings, position, d.movement.asserts())?;
        let receipt = d.receipt.as_ref().map(|r| self.receipt(r)).transpose()?;
        let (movement, lowers) = d.movement.counted_as();
        let sign = if lowers { -1 } else { 1 };
        for (position, line) in d.lines.values().enumerate() {
            let position = position as i64;
            self.tx
                .prepare_cached(
                    "INSERT INTO moved (org, document, position, site, movement, quantity, value) VALUES (?,?,?,?,?,?,?)",
                )
                .and_then(|mut s| {
                    s.execute(params![
                        self.org,
                        document,
                        position,
                        site.as_str(),
                        movement.as_str(),
                        sign * line.quantity.0,
                        sign * line.value(d.currency).0
                    ])
                })
                .map_err(StoreError::of)?;
            if let (Some(receipt), Some(row)) = (receipt, &line.row) {
                self.claim_row(receipt, row.as_str(), document, position, &rank)?;
            }
        }
        Ok(())
    }
}
