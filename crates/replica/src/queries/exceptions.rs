//! Exceptions: found in the projections, never stored as decisions.
//!
//! An over-return is one exception per receipt line and absorbs the refund over entitlement that goes
//! with it. A resolution settles an exception as far as it saw it: claims that came later open it
//! again.

use std::collections::BTreeSet;

use guicang_domain::exception::{ClaimSeen, Evidence, Exception, ExceptionId, ExceptionKind};
use guicang_domain::ids::{DocumentId, ReceiptLineId, SiteId};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::quantity::Quantity;
use guicang_domain::resolution::LossOwner;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{name, receipt_id};
use crate::error::StoreError;
use crate::project::rank_of;
use crate::store::Replica;

/// Which exceptions.
#[derive(Debug, Clone, Default)]
pub struct ExceptionFilter {
    /// Those of imported history, the live ones, or (`None`) both.
    pub historic: Option<bool>,
    /// Only those that nobody has settled.
    pub open_only: bool,
    /// Only this kind.
    pub kind: Option<ExceptionKind>,
}

impl Replica {
    /// The exceptions that a filter asks for, by kind and identity.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn exceptions(&self, filter: &ExceptionFilter) -> Result<Vec<Exception>, StoreError> {
        exceptions(&self.db, self.identity.org, self.identity.currency, filter)
    }
}

pub(crate) fn exceptions(
    db: &Connection,
    org: i64,
    currency: Currency,
    filter: &ExceptionFilter,
) -> Result<Vec<Exception>, StoreError> {
    let wanted = |kind| filter.kind.is_none_or(|k| k == kind);
    let mut out = Vec::new();
    if wanted(ExceptionKind::OverReturn) {
        out.extend(over_returns(db, org)?);
    }
    if wanted(ExceptionKind::RefundOverEntitlement) {
        out.extend(of_returns(db, org, filter, "h.over > 0", ExceptionKind::RefundOverEntitlement)?);
    }
    if wanted(ExceptionKind::UnverifiedSale) {
        out.extend(of_returns(db, org, filter, "h.unverified > 0", ExceptionKind::UnverifiedSale)?);
    }
    if wanted(ExceptionKind::ConflictingDecision) {
        let condition = "h.conflicts IS NOT NULL";
        out.extend(of_returns(db, org, filter, condition, ExceptionKind::ConflictingDecision)?);
    }
    if wanted(ExceptionKind::Clock) {
        out.extend(of_returns(db, org, filter, "h.clock <> 0", ExceptionKind::Clock)?);
    }
    if wanted(ExceptionKind::ForgedEnvelope) {
        out.extend(set_apart(db, org, currency)?);
    }
    for exception in &mut out {
        settle(db, org, exception)?;
    }
    out.retain(|e| filter.historic.is_none_or(|h| h == e.historic) && !(filter.open_only && e.settled));
    out.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    Ok(out)
}

fn over_returns(db: &Connection, org: i64) -> Result<Vec<Exception>, StoreError> {
    let lines: Vec<(i64, String)> = {
        let mut statement = db
            .prepare_cached(
                "SELECT DISTINCT c.receipt, c.line FROM line_claim c
                 WHERE c.org = ? AND (c.excess > 0 OR c.voided) AND c.counts",
            )
            .map_err(StoreError::of)?;
        let rows = statement.query_map([org], |r| Ok((r.get(0)?, r.get(1)?))).map_err(StoreError::of)?;
        rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
    };
    lines.into_iter().map(|(receipt, line)| over_return(db, org, receipt, &line)).collect()
}

fn over_return(db: &Connection, org: i64, receipt: i64, line: &str) -> Result<Exception, StoreError> {
    let id = db
        .prepare_cached("SELECT site, till, number FROM receipt WHERE id = ?")
        .and_then(|mut s| s.query_row([receipt], |r| Ok(receipt_id(r, 0))))
        .map_err(StoreError::of)??;
    let held: Option<i64> = db
        .prepare_cached("SELECT quantity FROM receipt_line WHERE org = ? AND receipt = ? AND line = ?")
        .and_then(|mut s| s.query_row(params![org, receipt, line], |r| r.get(0)).optional())
        .map_err(StoreError::of)?;
    let mut statement = db
        .prepare_cached(
            "SELECT d.identity, d.number, h.site, l.line, c.valid, c.excess, c.pinned, c.rank, h.paid, h.committed,
                    h.entitled, h.historic, h.currency, c.sold, (c.excess > 0 OR c.voided) AND NOT EXISTS (
                        SELECT 1 FROM line_claim o JOIN receipt ro ON ro.id = o.receipt
                        WHERE o.org = c.org AND o.document = c.document AND o.counts AND (o.excess > 0 OR o.voided)
                          AND (ro.site, ro.till, ro.number, o.line) < (r.site, r.till, r.number, c.line)),
                    c.quantity - c.valid
             FROM line_claim c JOIN document d ON d.id = c.document JOIN receipt r ON r.id = c.receipt
             JOIN return_head h ON h.org = c.org AND h.document = c.document
             JOIN return_line l ON l.org = c.org AND l.document = c.document AND l.position = c.position
             WHERE c.org = ? AND c.receipt = ? AND c.line = ? AND c.counts ORDER BY c.rank, d.identity, c.position",
        )
        .map_err(StoreError::of)?;
    let mut rows = statement.query(params![org, receipt, line]).map_err(StoreError::of)?;
    let (mut claims, mut loss, mut historic, mut currency, mut sold) =
        (Vec::new(), 0, true, None, held.map(Quantity));
    let mut documents: BTreeSet<DocumentId> = BTreeSet::new();
    let mut sites: BTreeSet<SiteId> = [id.site.clone()].into();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let number = |n| r.get::<_, i64>(n).map_err(StoreError::of);
        let document = identity(r, 0)?;
        let site: SiteId = name(r, 2, "a site")?;
        // What a decision voided is shown as the excess that it was.
        let excess = Quantity(number(15)?);
        // A return's overpayment counts once: on the first of its lines that is in excess anywhere.
        if r.get(14).map_err(StoreError::of)? && !documents.contains(&document) {
            loss += (number(9)? - number(10)?).max(0);
        }
        historic &= r.get::<_, bool>(11).map_err(StoreError::of)?;
        currency = Some(name(r, 12, "a currency")?);
        sold = sold.or(Some(Quantity(number(13)?)));
        documents.insert(document);
        sites.insert(site.clone());
        let rank: String = r.get(7).map_err(StoreError::of)?;
        claims.push(ClaimSeen {
            document,
            number: r.get(1).map_err(StoreError::of)?,
            site: Some(site),
            line: name(r, 3, "a line")?,
            valid: Quantity(number(4)?),
            excess,
            pinned: number(6)? > 0,
            time: rank_of(&rank)?.time.moment(),
            paid: Amount(number(8)?),
        });
    }
    let line: ReceiptLineId = line.parse().map_err(|e| StoreError::damaged("a receipt line", e))?;
    Ok(Exception {
        id: ExceptionId::of_line(ExceptionKind::OverReturn, &id, &line),
        kind: ExceptionKind::OverReturn,
        settled: false,
        historic,
        sites,
        documents,
        evidence: Evidence::Line { receipt: id, line, sold: sold.unwrap_or_default(), claims },
        loss: Amount(loss),
        currency: currency.unwrap_or(Currency::CNY),
        owner: None,
    })
}

/// Exceptions about whole returns.
fn of_returns(
    db: &Connection,
    org: i64,
    filter: &ExceptionFilter,
    condition: &str,
    kind: ExceptionKind,
) -> Result<Vec<Exception>, StoreError> {
    let sql = format!(
        "SELECT d.identity, h.site, h.historic, h.currency, h.entitled, h.committed, h.over, h.conflicts,
                r.site, r.till, r.number, d.sites
         FROM return_head h JOIN document d ON d.id = h.document LEFT JOIN receipt r ON r.id = h.receipt
         WHERE h.org = ?1 AND (?2 IS NULL OR h.historic = ?2) AND {condition}"
    );
    let mut statement = db.prepare_cached(&sql).map_err(StoreError::of)?;
    let mut rows = statement.query(params![org, filter.historic]).map_err(StoreError::of)?;
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
                let conflicts: Option<String> = r.get(7).map_err(StoreError::of)?;
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
            loss: Amount(if kind == ExceptionKind::RefundOverEntitlement { number(6)? } else { 0 }),
            currency: name(r, 3, "a currency")?,
            owner: None,
        });
    }
    Ok(out)
}

/// Documents with changes that were set apart, here or by the relay.
fn set_apart(db: &Connection, org: i64, currency: Currency) -> Result<Vec<Exception>, StoreError> {
    let mut statement = db
        .prepare_cached(
            "SELECT d.identity, d.sites, group_concat(c.rule || ' ' || lower(hex(c.hash)), char(10)) FROM change c
             JOIN document d ON d.id = c.document WHERE c.org = ? AND c.status IN (2, 3) GROUP BY d.id",
        )
        .map_err(StoreError::of)?;
    let mut rows = statement.query([org]).map_err(StoreError::of)?;
    let mut out = Vec::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let document = identity(r, 0)?;
        let sites: String = r.get(1).map_err(StoreError::of)?;
        let rules: String = r.get::<_, Option<String>>(2).map_err(StoreError::of)?.unwrap_or_default();
        let mut facts: Vec<_> = rules.lines().filter_map(|l| l.split_once(' ')).map(own).collect();
        facts.sort();
        out.push(Exception {
            id: ExceptionId::of_document(ExceptionKind::ForgedEnvelope, document),
            kind: ExceptionKind::ForgedEnvelope,
            settled: false,
            historic: false,
            sites: crate::facts::split_sites(&sites)?.into_iter().collect(),
            documents: [document].into(),
            evidence: Evidence::Facts(facts),
            loss: Amount::ZERO,
            currency,
            owner: None,
        });
    }
    Ok(out)
}

fn own((a, b): (&str, &str)) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

/// Marks an exception that a resolution has settled, unless claims came that the decision hasn't seen.
fn settle(db: &Connection, org: i64, exception: &mut Exception) -> Result<(), StoreError> {
    let decided: Option<(i64, String)> = db
        .prepare_cached(
            "SELECT sum(amount) OVER (), owner FROM resolution WHERE org = ? AND exception = ? ORDER BY rank DESC LIMIT 1",
        )
        .and_then(|mut s| {
            s.query_row(params![org, exception.id.as_str()], |r| Ok((r.get(0)?, r.get(1)?))).optional()
        })
        .map_err(StoreError::of)?;
    let Some((moved, owner)) = decided else { return Ok(()) };
    exception.owner = Some(owner.parse::<LossOwner>().map_err(|e| StoreError::damaged("a loss owner", e))?);
    // Money that went out since has no owner yet.
    exception.settled = moved == exception.loss.0;
    if let Evidence::Line { claims, .. } = &exception.evidence {
        for claim in claims {
            let seen: bool = db
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM resolution_claim rc JOIN resolution r
                     ON r.org = rc.org AND r.document = rc.resolution WHERE rc.org = ? AND r.exception = ? AND rc.identity = ? AND rc.line = ?)",
                )
                .and_then(|mut s| {
                    s.query_row(
                        params![org, exception.id.as_str(), claim.document.to_bytes(), claim.line.as_str()],
                        |r| r.get(0),
                    )
                })
                .map_err(StoreError::of)?;
            exception.settled &= seen;
        }
    }
    Ok(())
}

fn identity(r: &Row<'_>, n: usize) -> Result<DocumentId, StoreError> {
    let bytes: [u8; 32] = r.get(n).map_err(StoreError::of)?;
    DocumentId::from_slice(&bytes).map_err(|e| StoreError::damaged("a document's identity", e))
}
