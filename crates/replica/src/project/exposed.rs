//! What of a live receipt can still come back, and what that is worth: folded with the receipt, so that the
//! question what the chain can lose costs no walk through lines and claims.

use crate::error::StoreError;
use crate::store::Work;

impl Work<'_> {
    /// Folds a receipt's open lines whole. History, and what only returns name, has none.
    pub(super) fn fold_open(&self, receipt: i64) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "WITH open AS MATERIALIZED (
                     SELECT l.line, l.paid - coalesce((SELECT sum(c.entitled) FROM line_claim c
                         WHERE c.org = l.org AND c.receipt = l.receipt AND c.line = l.line AND c.counts), 0) AS worth
                     FROM receipt r JOIN receipt_line l ON l.org = r.org AND l.receipt = r.id
                     WHERE r.org = ?1 AND r.id = ?2 AND r.historic = 0 AND r.occurred IS NOT NULL
                       AND l.quantity > coalesce((SELECT sum(c.valid) FROM line_claim c
                         WHERE c.org = l.org AND c.receipt = l.receipt AND c.line = l.line AND c.counts), 0)),
                 sums AS (SELECT count(*) AS lines, coalesce(sum(worth), 0) AS worth, coalesce(max(worth), 0) AS most
                          FROM open)
                 UPDATE receipt SET open_lines = sums.lines, open_worth = sums.worth, worst_worth = sums.most,
                     worst_line = (SELECT line FROM open ORDER BY worth DESC, line LIMIT 1)
                 FROM sums WHERE receipt.org = ?1 AND receipt.id = ?2 AND (sums.lines > 0 OR open_lines > 0)",
            )
            .and_then(|mut s| s.execute([self.org, receipt]))
            .map(drop)
            .map_err(StoreError::of)
    }
}
