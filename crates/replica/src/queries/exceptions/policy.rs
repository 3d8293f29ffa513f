//! Exceptions about the policy: returns judged by a version that had long been replaced, and versions whose
//! name was given twice.

use guicang_domain::exception::{Evidence, Exception, ExceptionId, ExceptionKind};
use guicang_domain::money::Amount;
use guicang_domain::policy::version::Stale;
use guicang_domain::time::Moment;
use rusqlite::params;

use super::{Scope, identity};
use crate::error::StoreError;
use crate::queries::name;

/// A branch that is apart goes on by the version it holds, and that is honoured. Beyond the version's own
/// days it stands too, but somebody should look: one exception a return, of its earliest such decision.
pub(super) fn stale(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    let mut statement = scope
        .db
        .prepare_cached(
            "SELECT d.identity, h.currency, d.sites, j.time, j.occurred, h.document
             FROM judged j JOIN document d ON d.id = j.document
             JOIN return_head h ON h.org = j.org AND h.document = j.document
             WHERE j.org = ? AND j.version = ? AND j.time > ? ORDER BY d.identity, j.time, j.event",
        )
        .map_err(StoreError::of)?;
    let mut out: Vec<Exception> = Vec::new();
    let timeline = &scope.terms.timeline;
    // What was judged before any branch could know of another version isn't too late.
    let known = timeline.versions().iter().filter_map(|v| v.set.as_ref()?.known).min();
    let Some(after) = known else { return Ok(out) };
    for version in timeline.versions() {
        let version = version.policy.version.as_str();
        let mut rows = statement.query(params![scope.org, version, after.0]).map_err(StoreError::of)?;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let moment = |n| r.get::<_, i64>(n).map(Moment).map_err(StoreError::of);
            let (judged, occurred) = (moment(3)?, moment(4)?);
            let Some(stale) = timeline.stale(version, occurred, judged) else { continue };
            let id = ExceptionId::of_document(ExceptionKind::StalePolicy, identity(r, 0)?);
            if out.iter().any(|e| e.id == id) {
                continue;
            }
            let sites: String = r.get(2).map_err(StoreError::of)?;
            out.push(Exception {
                id,
                kind: ExceptionKind::StalePolicy,
                settled: false,
                historic: false,
                sites: crate::facts::split_sites(&sites)?.into_iter().collect(),
                documents: [identity(r, 0)?].into(),
                evidence: Evidence::Facts(evidence(version, judged, &stale)),
                loss: Amount::ZERO,
                currency: name(r, 1, "a currency")?,
                owner: None,
            });
        }
    }
    Ok(out)
}

fn evidence(version: &str, judged: Moment, stale: &Stale) -> Vec<(String, String)> {
    [
        ("judged_by", version.to_owned()),
        ("judged_at", judged.to_rfc3339()),
        ("replaced_by", stale.by.clone()),
        ("replaced_since", stale.since.to_rfc3339()),
        ("stale_days", stale.stale_days.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Two versions of one name, set at two of HQ's devices while apart: the first by rank stands.
pub(super) fn version_twice(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    let Some((_, settings)) = scope.terms.documents.first() else { return Ok(Vec::new()) };
    let document = settings.head.id;
    let conflicts = &scope.terms.timeline.conflicts;
    if conflicts.is_empty() {
        return Ok(Vec::new());
    }
    let fact = |c: &guicang_domain::policy::version::NameTwice| {
        (format!("policy {}", c.version), format!("{} {}", c.stands, c.loses))
    };
    Ok(vec![Exception {
        id: ExceptionId::of_document(ExceptionKind::ConflictingDecision, document),
        kind: ExceptionKind::ConflictingDecision,
        settled: false,
        historic: false,
        sites: Default::default(),
        documents: scope.terms.documents.iter().map(|(_, s)| s.head.id).collect(),
        evidence: Evidence::Facts(conflicts.iter().map(fact).collect()),
        loss: Amount::ZERO,
        currency: scope.currency,
        owner: None,
    }])
}
