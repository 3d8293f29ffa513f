//! Exceptions about whole returns: what was refunded, verified, decided, and when it was recorded.

use guicang_domain::exception::{Evidence, Exception, ExceptionId, ExceptionKind};
use guicang_domain::money::Amount;
use rusqlite::params;

use super::{Scope, identity, own};
use crate::error::StoreError;
use crate::queries::{name, receipt_id};

const DAY_MS: i64 = 86_400_000;

pub(super) fn refund_over_entitlement(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    of_returns(scope, "h.over > 0", None, ExceptionKind::RefundOverEntitlement)
}

/// Provisional until the sale comes; an exception once the policy's days are over.
pub(super) fn unverified_sale(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    let overdue = scope.proven.0 - i64::from(scope.verify_days) * DAY_MS;
    of_returns(scope, "h.unverified > 0", Some(overdue), ExceptionKind::UnverifiedSale)
}

pub(super) fn conflicting_decision(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    let mut out = of_returns(scope, "h.conflicts IS NOT NULL", None, ExceptionKind::ConflictingDecision)?;
    out.extend(super::of_cash::conflicting(scope)?);
    Ok(out)
}

/// Credit of one return that was spent beyond its branches' shares, which devices that are apart can do.
pub(super) fn store_credit_overspent(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    of_returns(scope, "h.overspent IS NOT NULL", None, ExceptionKind::StoreCreditOverspent)
}

pub(super) fn clock(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    of_returns(scope, "h.clock <> 0", None, ExceptionKind::Clock)
}

/// Exceptions about whole returns; `until`: only those of goods that came by then, ms.
fn of_returns(
    scope: &Scope<'_>,
    condition: &str,
    until: Option<i64>,
    kind: ExceptionKind,
) -> Result<Vec<Exception>, StoreError> {
    let sql = format!(
        "SELECT d.identity, h.site, h.historic, h.currency, h.entitled, h.committed, h.over, h.conflicts,
                r.site, r.till, r.number, d.sites, h.overspent, h.credit_short
         FROM return_head h JOIN document d ON d.id = h.document LEFT JOIN receipt r ON r.id = h.receipt
         WHERE h.org = ?1 AND (?2 IS NULL OR h.historic = ?2) AND {condition}
           AND (?3 IS NULL OR h.occurred <= ?3)"
    );
    let mut statement = scope.db.prepare_cached(&sql).map_err(StoreError::of)?;
    let mut rows = statement.query(params![scope.org, scope.historic, until]).map_err(StoreError::of)?;
    let mut out = Vec::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let number = |n| r.get::<_, i64>(n).map_err(StoreError::of);
        let document = identity(r, 0)?;
        let sites: String = r.get(11).map_err(StoreError::of)?;
        let named: Option<String> = r.get(10).map_err(StoreError::of)?;
        let evidence = match kind {
            ExceptionKind::RefundOverEntitlement => {
                Evidence::Refund { entitled: Amount(number(4)?), paid: Amount(number(5)?) }
            }
            ExceptionKind::UnverifiedSale => {
                Evidence::Sale { receipt: if named.is_some() { Some(receipt_id(r, 8)?) } else { None } }
            }
            _ => {
                let told = if kind == ExceptionKind::StoreCreditOverspent { 12 } else { 7 };
                let conflicts: Option<String> = r.get(told).map_err(StoreError::of)?;
                let lines = conflicts.unwrap_or_default();
                Evidence::Facts(lines.lines().filter_map(|l| l.split_once(' ')).map(own).collect())
            }
        };
        out.push(Exception {
            id: ExceptionId::of_document(kind, document),
            kind,
            settled: false,
            historic: r.get(2).map_err(StoreError::of)?,
            sites: crate::facts::split_sites(&sites)?.into_iter().collect(),
            documents: [document].into(),
            evidence,
            loss: Amount(match kind {
                ExceptionKind::RefundOverEntitlement => number(6)?,
                ExceptionKind::StoreCreditOverspent => number(13)?,
                _ => 0,
            }),
            currency: name(r, 3, "a currency")?,
            owner: None,
        });
    }
    Ok(out)
}
