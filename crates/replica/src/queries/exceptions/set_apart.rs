//! Changes that were set apart, by document.

use guicang_domain::exception::{Evidence, Exception, ExceptionId, ExceptionKind};
use guicang_domain::money::Amount;
use guicang_domain::time::Moment;
use rusqlite::params;

use super::{Scope, identity, own};
use crate::error::StoreError;
use crate::link::WITHDRAWN;

/// What a device wrote that HQ had withdrawn: authentic, but without a right. HQ may admit it. And what
/// somebody agreed to after HQ had withdrawn their role: it counts, and somebody should look.
pub(super) fn withdrawn_right(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    let mut out = set_apart(scope, ExceptionKind::WithdrawnRight)?;
    for found in withdrawn_words(scope)? {
        match out.iter_mut().find(|e| e.id == found.id) {
            Some(same) => merge(same, found),
            None => out.push(found),
        }
    }
    Ok(out)
}

/// One document's exception tells both.
fn merge(same: &mut Exception, found: Exception) {
    if let (Evidence::Facts(facts), Evidence::Facts(more)) = (&mut same.evidence, found.evidence) {
        facts.extend(more);
        facts.sort();
    }
}

/// Returns and counts that were decided on the word of somebody whose role was withdrawn then, whether the
/// branch could know or not; one exception a document.
fn withdrawn_words(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    let mut statement = scope
        .db
        .prepare_cached(
            "SELECT d.identity, d.sites, w.event, w.name, w.time, a.since FROM absence a
             JOIN staff s ON s.org = a.org AND s.document = a.document
             JOIN word w ON w.org = a.org AND w.name = s.name AND w.time >= a.since AND (a.until IS NULL OR w.time < a.until)
             JOIN document d ON d.id = w.document WHERE a.org = ? ORDER BY d.identity, w.event",
        )
        .map_err(StoreError::of)?;
    let mut rows = statement.query([scope.org]).map_err(StoreError::of)?;
    let mut out: Vec<Exception> = Vec::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let document = identity(r, 0)?;
        let sites: String = r.get(1).map_err(StoreError::of)?;
        let (event, user): (String, String) =
            (r.get(2).map_err(StoreError::of)?, r.get(3).map_err(StoreError::of)?);
        let moment = |n| r.get(n).map(|ms| Moment(ms).to_rfc3339()).map_err(StoreError::of);
        let found = Exception {
            id: ExceptionId::of_document(ExceptionKind::WithdrawnRight, document),
            kind: ExceptionKind::WithdrawnRight,
            settled: false,
            historic: false,
            sites: crate::facts::split_sites(&sites)?.into_iter().collect(),
            documents: [document].into(),
            evidence: Evidence::Facts(vec![(
                format!("agreed {user} {event}"),
                format!("{} (withdrawn {})", moment(4)?, moment(5)?),
            )]),
            loss: Amount::ZERO,
            currency: scope.currency,
            owner: None,
        };
        match out.last_mut() {
            Some(last) if last.id == found.id => merge(last, found),
            _ => out.push(found),
        }
    }
    Ok(out)
}

/// What isn't what it says it is, or breaks a document's rules.
pub(super) fn forged_envelope(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    set_apart(scope, ExceptionKind::ForgedEnvelope)
}

/// Documents with changes that were set apart, here or by the relay.
fn set_apart(scope: &Scope<'_>, kind: ExceptionKind) -> Result<Vec<Exception>, StoreError> {
    let mut statement = scope
        .db
        .prepare_cached(
            "SELECT d.identity, d.sites, group_concat(c.rule || ' ' || lower(hex(c.hash)), char(10)) FROM change c
             JOIN document d ON d.id = c.document WHERE c.org = ? AND c.status IN (2, 3) AND c.status <> 0 AND (c.rule IN (?, 'depends_on_apart')) = ? GROUP BY d.id",
        )
        .map_err(StoreError::of)?;
    let mut rows = statement
        .query(params![scope.org, WITHDRAWN, kind == ExceptionKind::WithdrawnRight])
        .map_err(StoreError::of)?;
    let mut out = Vec::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let document = identity(r, 0)?;
        let sites: String = r.get(1).map_err(StoreError::of)?;
        let rules: String = r.get::<_, Option<String>>(2).map_err(StoreError::of)?.unwrap_or_default();
        let mut facts: Vec<_> = rules.lines().filter_map(|l| l.split_once(' ')).map(own).collect();
        facts.sort();
        out.push(Exception {
            id: ExceptionId::of_document(kind, document),
            kind,
            settled: false,
            historic: false,
            sites: crate::facts::split_sites(&sites)?.into_iter().collect(),
            documents: [document].into(),
            evidence: Evidence::Facts(facts),
            loss: Amount::ZERO,
            currency: scope.currency,
            owner: None,
        });
    }
    Ok(out)
}
