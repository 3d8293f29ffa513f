//! Over-returns: one exception for each receipt line of which more came back than was sold.

use std::collections::BTreeSet;

use guicang_domain::exception::{ClaimSeen, Evidence, Exception, ExceptionId, ExceptionKind};
use guicang_domain::ids::{DocumentId, ReceiptLineId, SiteId};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::quantity::Quantity;
use rusqlite::{Connection, OptionalExtension, params};

use super::duplicate_return::{self, Alike};
use super::{Scope, identity};
use crate::error::StoreError;
use crate::project::rank_of;
use crate::queries::{name, receipt_id};

pub(super) fn find(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    let Scope { db, org, .. } = *scope;
    let alike = duplicate_return::alike(scope)?;
    let lines: Vec<(i64, String)> = {
        let mut statement = db
            .prepare_cached(
                "SELECT DISTINCT c.receipt, c.line FROM line_claim c
                 WHERE c.org = ? AND (c.excess > 0 OR c.voided) AND (c.excess > 0 OR c.voided = 1) AND c.counts",
            )
            .map_err(StoreError::of)?;
        let rows = statement.query_map([org], |r| Ok((r.get(0)?, r.get(1)?))).map_err(StoreError::of)?;
        rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
    };
    lines.into_iter().map(|(receipt, line)| over_return(db, org, receipt, &line, &alike)).collect()
}

fn over_return(
    db: &Connection,
    org: i64,
    receipt: i64,
    line: &str,
    alike: &[Alike],
) -> Result<Exception, StoreError> {
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
                    h.entitled, h.historic, h.currency, c.sold, (c.excess > 0 OR c.voided = 1) AND NOT EXISTS (
                        SELECT 1 FROM line_claim o JOIN receipt ro ON ro.id = o.receipt
                        WHERE o.org = c.org AND o.document = c.document AND o.counts AND (o.excess > 0 OR o.voided = 1)
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
            looks_like: alike
                .iter()
                .find(|a| a.is_of(receipt, line, document))
                .map(|a| a.first.number.clone()),
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
