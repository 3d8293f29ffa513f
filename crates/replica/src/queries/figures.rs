//! Figures by site and currency up to a date: sums over the projections, by the business date.
//!
//! Always whole, from the beginning of the books: a month's are the difference of two. So no sum is kept that
//! could drift, and what arrives late is in them at its own date.

use std::collections::{BTreeMap, BTreeSet};

use guicang_domain::ids::SiteId;
use guicang_domain::money::{Amount, Currency};
use guicang_domain::period::{FigureKey, Figures, Period, Sums};
use guicang_domain::quantity::Quantity;
use guicang_domain::time::Zone;
use rusqlite::{Connection, params};

use super::name;
use crate::error::StoreError;
use crate::store::Identity;

/// Whose figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The organisation's.
    All,
    /// What one document says, by its row.
    Document(i64),
}

/// Each figure's rows of a site before a time, as (currency, figure, quantity, value). Of a document alone
/// where ?4 names one. A currency that no row says is the site's.
const OF_A_SITE: &[&str] = &[
    "SELECT r.currency, CASE WHEN l.service THEN 'services' ELSE 'sales' END, sum(l.quantity), sum(l.paid)
     FROM receipt r JOIN receipt_line l ON l.org = r.org AND l.receipt = r.id
     WHERE r.org = ?1 AND r.site = ?2 AND r.occurred < ?3 AND (?4 IS NULL OR l.document = ?4) GROUP BY 1, 2",
    "SELECT currency, 'cash_sales', 0, sum(cash) FROM receipt
     WHERE org = ?1 AND site = ?2 AND cash <> 0 AND occurred < ?3 AND (?4 IS NULL OR document = ?4) GROUP BY 1",
    "SELECT h.currency, CASE WHEN l.service THEN 'service_returns' ELSE 'returns' END, sum(l.valid), sum(l.value)
     FROM return_head h JOIN return_line l ON l.org = h.org AND l.document = h.document
     WHERE h.org = ?1 AND h.site = ?2 AND h.settled < ?3 AND h.accepted AND l.counts AND l.kept > 0
       AND (?4 IS NULL OR h.document = ?4) GROUP BY 1, 2",
    // Below zero: what customers paid for repairs and exchanges.
    "SELECT h.currency, CASE WHEN p.amount < 0 THEN 'cash_sales' ELSE 'cash_refunds' END, 0, sum(abs(p.amount))
     FROM cash_paid p
     JOIN return_head h ON h.org = p.org AND h.document = p.document
     WHERE p.org = ?1 AND p.site = ?2 AND p.occurred < ?3 AND (?4 IS NULL OR p.document = ?4) GROUP BY 1, 2",
    "SELECT currency, 'money:' || account, 0, sum(amount) FROM money
     WHERE org = ?1 AND site = ?2 AND occurred < ?3 AND (?4 IS NULL OR document = ?4) GROUP BY 1, 2",
];

const STOCK: &str = "SELECT b.account, sum(p.quantity), sum(p.value) FROM bucket b
     JOIN posting p INDEXED BY posting_bucket ON p.org = b.org AND p.bucket = b.id
     WHERE b.org = ?1 AND b.site = ?2 AND p.occurred < ?3 AND p.counts = 1 AND (?4 IS NULL OR p.document = ?4)
     GROUP BY b.account";

/// Everything with a business date before the period begins at its site; without one, everything.
pub(crate) fn figures(
    db: &Connection,
    me: &Identity,
    before: Option<Period>,
    whose: Whose,
) -> Result<Figures, StoreError> {
    let terms = terms(db, me.org)?;
    let document = match whose {
        Whose::All => None,
        Whose::Document(id) => Some(id),
    };
    let mut out = Figures::default();
    for site in sites(db, me.org, whose)? {
        let (zone, currency) = terms.get(&site).copied().unwrap_or((me.zone, me.currency));
        let until = before.map_or(i64::MAX, |p| p.begins(zone).0);
        let named: Option<SiteId> = match site.as_str() {
            "" => None,
            code => Some(code.parse().map_err(|e| StoreError::damaged("a site", e))?),
        };
        let key = params![me.org, site, until, document];
        for sql in OF_A_SITE {
            let mut statement = db.prepare_cached(sql).map_err(StoreError::of)?;
            let mut rows = statement.query(key).map_err(StoreError::of)?;
            while let Some(r) = rows.next().map_err(StoreError::of)? {
                let said: Option<String> = r.get(0).map_err(StoreError::of)?;
                let currency = if said.is_some() { name(r, 0, "a currency")? } else { currency };
                let figure = r.get(1).map_err(StoreError::of)?;
                add(&mut out, &named, currency, figure, sums(r, 2)?);
            }
        }
        let mut statement = db.prepare_cached(STOCK).map_err(StoreError::of)?;
        let mut rows = statement.query(key).map_err(StoreError::of)?;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let code: i64 = r.get(0).map_err(StoreError::of)?;
            let account = guicang_domain::account::Account::from_code(code)
                .ok_or_else(|| StoreError::damaged("an account", code))?;
            add(&mut out, &named, currency, format!("stock:{account}"), sums(r, 1)?);
        }
    }
    Ok(out)
}

fn add(out: &mut Figures, site: &Option<SiteId>, currency: Currency, figure: String, sums: Sums) {
    out.add(FigureKey { site: site.clone(), currency, figure }, sums);
}

fn sums(r: &rusqlite::Row<'_>, first: usize) -> Result<Sums, StoreError> {
    let read = |n| r.get(n).map_err(StoreError::of);
    Ok(Sums { quantity: Quantity(read(first)?), value: Amount(read(first + 1)?) })
}

/// The zone and the currency of each site that is listed.
pub(crate) fn terms(db: &Connection, org: i64) -> Result<BTreeMap<String, (Zone, Currency)>, StoreError> {
    let mut statement =
        db.prepare_cached("SELECT code, zone, currency FROM site WHERE org = ?").map_err(StoreError::of)?;
    let mut rows = statement.query([org]).map_err(StoreError::of)?;
    let mut out = BTreeMap::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let code = r.get(0).map_err(StoreError::of)?;
        out.insert(code, (name(r, 1, "a site's zone")?, name(r, 2, "a site's currency")?));
    }
    Ok(out)
}

/// The sites that anything was sold, came back, lies or moved at, listed or not; empty for the
/// organisation's own money.
fn sites(db: &Connection, org: i64, whose: Whose) -> Result<BTreeSet<String>, StoreError> {
    let read = |sql: &str, key: &[i64]| -> Result<Vec<String>, StoreError> {
        let mut statement = db.prepare_cached(sql).map_err(StoreError::of)?;
        let rows =
            statement.query_map(rusqlite::params_from_iter(key), |r| r.get(0)).map_err(StoreError::of)?;
        rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)
    };
    let found = match whose {
        Whose::All => read(
            "SELECT code FROM site WHERE org = ?1 UNION SELECT site FROM receipt WHERE org = ?1
             UNION SELECT site FROM return_head WHERE org = ?1 UNION SELECT site FROM bucket WHERE org = ?1
             UNION SELECT site FROM money WHERE org = ?1",
            &[org],
        )?,
        Whose::Document(id) => read(
            "SELECT site FROM document WHERE id = ?2 AND org = ?1 AND site IS NOT NULL
             UNION SELECT b.site FROM posting p JOIN bucket b ON b.id = p.bucket WHERE p.org = ?1 AND p.document = ?2
             UNION SELECT site FROM money WHERE org = ?1 AND document = ?2",
            &[org, id],
        )?,
    };
    Ok(found.into_iter().collect())
}
