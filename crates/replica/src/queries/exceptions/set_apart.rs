//! Changes that were set apart, by document.

use guicang_domain::exception::{Evidence, Exception, ExceptionId, ExceptionKind};
use guicang_domain::money::Amount;
use rusqlite::params;

use super::{Scope, identity, own};
use crate::error::StoreError;
use crate::link::WITHDRAWN;

/// What a device wrote that HQ had withdrawn: authentic, but without a right. HQ may admit it.
pub(super) fn withdrawn_right(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    set_apart(scope, ExceptionKind::WithdrawnRight)
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
