//! Exceptions about goods under way: late, short, over, and what was said twice of a transfer or a claim.

use guicang_domain::exception::{Evidence, Exception, ExceptionId, ExceptionKind};
use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;
use guicang_domain::time::Moment;
use rusqlite::params;

use super::{Scope, identity, own};
use crate::error::StoreError;
use crate::queries::name;
use crate::queries::transfers::late_before;

/// Under way for longer than the settings allow, and not known to be missing.
pub(super) fn late_in_transit(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    let late = late_before(scope.proven, scope.terms.transit_days);
    of_transfers(scope, "t.open > 0 AND t.short = 0", Some(late), ExceptionKind::LateInTransit)
}

pub(super) fn short(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    of_transfers(scope, "t.short > 0", None, ExceptionKind::TransferShort)
}

pub(super) fn over(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    of_transfers(scope, "t.over > 0", None, ExceptionKind::TransferOver)
}

pub(super) fn transfer_conflicts(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    of_transfers(scope, "t.conflicts IS NOT NULL", None, ExceptionKind::ConflictingDecision)
}

/// Exceptions about transfers; `until`: only those of goods that left by then.
fn of_transfers(
    scope: &Scope<'_>,
    condition: &str,
    until: Option<Moment>,
    kind: ExceptionKind,
) -> Result<Vec<Exception>, StoreError> {
    if scope.historic == Some(true) {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT d.identity, d.number, d.sites, t.currency, t.open, t.short, t.over, t.since, t.conflicts, t.sender,
                t.receiver
         FROM transfer t JOIN document d ON d.id = t.document
         WHERE t.org = ?1 AND {condition} AND (?2 IS NULL OR t.since <= ?2)"
    );
    let mut statement = scope.db.prepare_cached(&sql).map_err(StoreError::of)?;
    let mut rows = statement.query(params![scope.org, until.map(|u| u.0)]).map_err(StoreError::of)?;
    let mut out = Vec::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let text = |n| r.get::<_, String>(n).map_err(StoreError::of);
        let quantity = |n| Ok::<_, StoreError>(Quantity(r.get(n).map_err(StoreError::of)?).to_string());
        let since: Option<i64> = r.get(7).map_err(StoreError::of)?;
        let fact = |name: &str, value: String| (name.to_owned(), value);
        let mut facts = vec![fact("number", text(1)?), fact("from", text(9)?), fact("to", text(10)?)];
        match kind {
            ExceptionKind::TransferOver => facts.push(fact("over", quantity(6)?)),
            ExceptionKind::TransferShort => facts.push(fact("short", quantity(5)?)),
            ExceptionKind::LateInTransit => facts.push(fact("in_transit", quantity(4)?)),
            _ => facts = conflicts(r.get(8).map_err(StoreError::of)?),
        }
        if let Some(since) = since.filter(|_| kind == ExceptionKind::LateInTransit) {
            facts.push(fact("left", Moment(since).to_rfc3339()));
        }
        out.push(exception(r, kind, facts)?);
    }
    Ok(out)
}

/// Two devices shipped or closed the same part of a claim while apart.
pub(super) fn claim_conflicts(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    if scope.historic == Some(true) {
        return Ok(Vec::new());
    }
    let mut statement = scope
        .db
        .prepare_cached(
            "SELECT d.identity, d.number, d.sites, s.currency, s.conflicts
             FROM supplier_return s JOIN document d ON d.id = s.document
             WHERE s.org = ? AND s.conflicts IS NOT NULL",
        )
        .map_err(StoreError::of)?;
    let mut rows = statement.query([scope.org]).map_err(StoreError::of)?;
    let mut out = Vec::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let facts = conflicts(r.get(4).map_err(StoreError::of)?);
        out.push(exception(r, ExceptionKind::ConflictingDecision, facts)?);
    }
    Ok(out)
}

fn conflicts(lines: Option<String>) -> Vec<(String, String)> {
    lines.unwrap_or_default().lines().filter_map(|l| l.split_once(' ')).map(own).collect()
}

/// The exception of a row whose first columns are identity, number, sites and currency.
fn exception(
    r: &rusqlite::Row<'_>,
    kind: ExceptionKind,
    facts: Vec<(String, String)>,
) -> Result<Exception, StoreError> {
    let document = identity(r, 0)?;
    let sites: String = r.get(2).map_err(StoreError::of)?;
    Ok(Exception {
        id: ExceptionId::of_document(kind, document),
        kind,
        settled: false,
        historic: false,
        sites: crate::facts::split_sites(&sites)?.into_iter().collect(),
        documents: [document].into(),
        evidence: Evidence::Facts(facts),
        loss: Amount::ZERO,
        currency: name(r, 3, "a currency")?,
        owner: None,
    })
}
