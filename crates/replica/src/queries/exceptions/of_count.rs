//! Stocktakes: what should be counted again, and decisions made apart.

use std::collections::BTreeMap;

use guicang_domain::exception::{Evidence, Exception, ExceptionId, ExceptionKind};
use guicang_domain::ids::{DocumentId, SiteId};
use guicang_domain::money::Amount;
use guicang_domain::time::Moment;
use rusqlite::params;

use super::{Scope, identity, own};
use crate::error::StoreError;
use crate::queries::recounts::{RecountReason, recounts_asked};
use crate::queries::{name, spot};

/// Buckets that were moved while they were counted, or may have been; one exception a bucket, about
/// the last count of it. A recount, or a later count, ends it.
pub(super) fn recount_asked(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    let asked = recounts_asked(scope.db, scope.org, scope.me, None)?;
    // By what it's about, the last scan and the count: a row's number tells when it arrived.
    let mut last_of: BTreeMap<ExceptionId, (i64, DocumentId, Exception)> = BTreeMap::new();
    for ((document, position), reasons) in asked {
        let mut statement = scope
            .db
            .prepare_cached(
                "SELECT b.place, b.sku, b.lot, b.account, h.site, d.identity, d.number, c.first, c.last, h.currency
                 FROM count_bucket c JOIN bucket b ON b.id = c.bucket JOIN document d ON d.id = c.document
                 JOIN count_head h ON h.org = c.org AND h.document = c.document
                 WHERE c.org = ? AND c.document = ? AND c.position = ?",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query(params![scope.org, document, position]).map_err(StoreError::of)?;
        let Some(r) = rows.next().map_err(StoreError::of)? else { continue };
        let spot = spot(r, 0)?;
        let site: SiteId = name(r, 4, "a site")?;
        let id = ExceptionId::of_bucket(ExceptionKind::RecountAsked, &spot.bucket(&site));
        let (last, count): (i64, DocumentId) = (r.get(8).map_err(StoreError::of)?, identity(r, 5)?);
        // Two counts that go on at once may both ask; the later one is enough.
        if last_of.get(&id).is_some_and(|(at, by, _)| (*at, *by) > (last, count)) {
            continue;
        }
        let moment = |n| Ok::<_, StoreError>(Moment(r.get(n).map_err(StoreError::of)?).to_rfc3339());
        let number: String = r.get(6).map_err(StoreError::of)?;
        let mut facts = vec![
            ("count".to_owned(), number),
            ("sku".to_owned(), spot.sku.to_string()),
            ("account".to_owned(), spot.account.to_string()),
            ("scanned".to_owned(), format!("{} .. {}", moment(7)?, moment(8)?)),
        ];
        if !spot.place.is_empty() {
            facts.push(("place".to_owned(), spot.place.clone()));
        }
        facts.extend(reasons.iter().map(fact));
        let exception = Exception {
            id: id.clone(),
            kind: ExceptionKind::RecountAsked,
            settled: false,
            historic: false,
            sites: [site].into(),
            documents: [count].into(),
            evidence: Evidence::Facts(facts),
            loss: Amount::ZERO,
            currency: name(r, 9, "a currency")?,
            owner: None,
        };
        last_of.insert(id, (last, count, exception));
    }
    Ok(last_of.into_values().map(|(_, _, exception)| exception).collect())
}

/// A reason as a fact: `TZ-S01B-000001` at such a time, by clocks that differ so much.
fn fact(reason: &RecountReason) -> (String, String) {
    match reason {
        RecountReason::Posted { number, occurred, apart_ms } => {
            (number.clone(), format!("{}, {} s", occurred.to_rfc3339(), apart_ms / 1000))
        }
        RecountReason::Unclear => ("scans".to_owned(), "unclear".to_owned()),
    }
}

/// A count that was approved here and cancelled there, or a bucket counted again twice, while apart.
pub(super) fn conflicting_decision(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    let mut statement = scope
        .db
        .prepare_cached(
            "SELECT d.identity, h.site, h.losers, h.currency FROM count_head h JOIN document d ON d.id = h.document
             WHERE h.org = ? AND h.losers IS NOT NULL",
        )
        .map_err(StoreError::of)?;
    let mut rows = statement.query([scope.org]).map_err(StoreError::of)?;
    let mut out = Vec::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let document = identity(r, 0)?;
        let losers: String = r.get(2).map_err(StoreError::of)?;
        out.push(Exception {
            id: ExceptionId::of_document(ExceptionKind::ConflictingDecision, document),
            kind: ExceptionKind::ConflictingDecision,
            settled: false,
            historic: false,
            sites: [name(r, 1, "a site")?].into(),
            documents: [document].into(),
            evidence: Evidence::Facts(losers.lines().filter_map(|l| l.split_once(' ')).map(own).collect()),
            loss: Amount::ZERO,
            currency: name(r, 3, "a currency")?,
            owner: None,
        });
    }
    Ok(out)
}
