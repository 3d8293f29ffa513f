//! Periods that two of HQ's devices closed while apart.

use guicang_domain::exception::{Evidence, Exception, ExceptionId, ExceptionKind};
use guicang_domain::money::Amount;

use super::{Scope, identity};
use crate::error::StoreError;

/// Closes of a period that another one has closed before them, by rank.
pub(super) fn closed_twice(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    let mut statement = scope
        .db
        .prepare_cached(
            "SELECT d.identity, s.identity, p.period, s.number, d.number FROM period_close p
             JOIN document d ON d.id = p.document
             JOIN period_close o ON o.org = p.org AND o.period = p.period AND o.rank = (
                 SELECT min(rank) FROM period_close m WHERE m.org = ?1 AND m.period = p.period)
             JOIN document s ON s.id = o.document
             WHERE p.org = ?1 AND o.rank < p.rank",
        )
        .map_err(StoreError::of)?;
    let mut rows = statement.query([scope.org]).map_err(StoreError::of)?;
    let mut out = Vec::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let (loser, stands) = (identity(r, 0)?, identity(r, 1)?);
        let text = |n| r.get::<_, String>(n).map_err(StoreError::of);
        out.push(Exception {
            id: ExceptionId::of_document(ExceptionKind::ConflictingDecision, loser),
            kind: ExceptionKind::ConflictingDecision,
            settled: false,
            historic: false,
            sites: Default::default(),
            documents: [loser, stands].into(),
            evidence: Evidence::Facts(vec![
                ("period".to_owned(), text(2)?),
                ("stands".to_owned(), text(3)?),
                ("loses".to_owned(), text(4)?),
            ]),
            loss: Amount::ZERO,
            currency: scope.currency,
            owner: None,
        });
    }
    Ok(out)
}
