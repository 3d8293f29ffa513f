//! Closes of periods: which month, and where each stands among those of the same month.

use guicang_domain::period::PeriodClose;
use rusqlite::params;

use super::rank_text;
use crate::error::StoreError;
use crate::store::Work;

impl Work<'_> {
    pub(super) fn project_period_close(&mut self, document: i64, d: &PeriodClose) -> Result<(), StoreError> {
        let Some(closed) = d.closed() else { return Ok(()) };
        self.tx
            .prepare_cached(
                "INSERT INTO period_close (org, document, period, event, rank) VALUES (?,?,?,?,?)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    document,
                    d.period.to_string(),
                    closed.id.to_string(),
                    rank_text(&closed.rank())
                ])
            })
            .map_err(StoreError::of)?;
        Ok(())
    }
}
