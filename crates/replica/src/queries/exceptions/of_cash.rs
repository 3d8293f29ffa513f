//! Exceptions about the cash book: a drawer that two devices opened or closed while apart.

use guicang_domain::exception::{Evidence, Exception, ExceptionId, ExceptionKind};
use guicang_domain::money::Amount;

use super::{Scope, identity, own};
use crate::error::StoreError;
use crate::queries::name;

/// Of two closings the first stands; of two shifts of one drawer at one time, what the later opening
/// doesn't hold stays with the earlier. Both are kept, and somebody has to look at the drawer.
pub(super) fn conflicting(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    if scope.historic == Some(true) {
        return Ok(Vec::new());
    }
    let mut statement = scope
        .db
        .prepare_cached(
            "SELECT d.identity, c.site, c.currency, c.conflicts, c.overlap FROM cash_shift c
             JOIN document d ON d.id = c.document
             WHERE c.org = ? AND (c.conflicts IS NOT NULL OR c.overlap IS NOT NULL)",
        )
        .map_err(StoreError::of)?;
    let mut rows = statement.query([scope.org]).map_err(StoreError::of)?;
    let mut out = Vec::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let document = identity(r, 0)?;
        let (conflicts, overlap): (Option<String>, Option<String>) =
            (|| Ok((r.get(3)?, r.get(4)?)))().map_err(StoreError::of)?;
        let mut facts: Vec<(String, String)> =
            conflicts.unwrap_or_default().lines().filter_map(|l| l.split_once(' ')).map(own).collect();
        facts.extend(overlap.map(|opening| ("opened".to_owned(), opening)));
        out.push(Exception {
            id: ExceptionId::of_document(ExceptionKind::ConflictingDecision, document),
            kind: ExceptionKind::ConflictingDecision,
            settled: false,
            historic: false,
            sites: [name(r, 1, "a shift's site")?].into(),
            documents: [document].into(),
            evidence: Evidence::Facts(facts),
            loss: Amount::ZERO,
            currency: name(r, 2, "a currency")?,
            owner: None,
        });
    }
    Ok(out)
}
