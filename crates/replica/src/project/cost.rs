//! Moving average cost: what postings are worth whose documents don't say, per site and SKU.
//!
//! What surprises: a touched article's whole history at the site is folded, in order of when things
//! happened; goods that a customer brings back come at the value that their sale left with, where the sale
//! is held here. Where nothing ever had a cost (most tills' exports) that is found at once, and nothing is
//! folded.

use std::collections::{BTreeSet, HashMap};

use guicang_domain::account::{Account, AccountClass};
use guicang_domain::cost::{Pool, Way};
use guicang_domain::ids::{DocumentId, SiteId, Sku};
use guicang_domain::money::{Amount, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::SaleLink;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;
use crate::store::{Replica, Work};

/// A movement of an article at a site: the postings that are its ends there.
struct Movement {
    document: i64,
    position: i64,
    occurred: i64,
    /// What sorts movements of one moment: deliveries before sales, then by document.
    order: (bool, DocumentId, i64),
    /// Its ends: ordinal, bucket, account, quantity, value.
    ends: Vec<(i64, i64, Account, i64, i64)>,
    known: Option<Amount>,
}

impl Movement {
    fn quantity(&self) -> Quantity {
        Quantity(self.ends[0].3).abs()
    }

    /// Which way the goods went, where they came to be or had been ours.
    fn way(&self) -> Option<Way> {
        let from = self.ends.iter().find(|e| e.3 < 0).map(|e| e.2);
        let to = self.ends.iter().find(|e| e.3 > 0).map(|e| e.2);
        match (from, to) {
            (Some(from), Some(to)) => Way::between(from, to),
            // The other end is at another site.
            (Some(from), None) => (from.class() != AccountClass::Boundary).then_some(Way::Out),
            (None, Some(to)) => (to.class() != AccountClass::Boundary).then_some(Way::In),
            (None, None) => None,
        }
    }

    fn comes_back(&self) -> bool {
        self.ends.iter().any(|e| e.2 == Account::Customer && e.3 < 0)
    }
}

/// Where no posting of an article at a site has a value there is nothing to average.
fn has_values(db: &Connection, org: i64, site: &str, sku: &str) -> Result<bool, StoreError> {
    db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM bucket b JOIN posting p INDEXED BY posting_valued
             ON p.org = b.org AND p.bucket = b.id AND p.value <> 0
         WHERE b.org = ? AND b.site = ? AND b.sku = ?)",
    )
    .and_then(|mut s| s.query_row(params![org, site, sku], |r| r.get(0)))
    .map_err(StoreError::of)
}

/// All movements of an article at a site that count, in the order in which they are folded.
fn movements(db: &Connection, org: i64, site: &str, sku: &str) -> Result<Vec<Movement>, StoreError> {
    let mut statement = db
        .prepare_cached(
            "SELECT p.document, p.ordinal, p.bucket, b.account, p.quantity, p.value, p.derived, p.occurred,
                    p.position, d.identity
             FROM bucket b JOIN posting p ON p.org = b.org AND p.bucket = b.id JOIN document d ON d.id = p.document
             WHERE b.org = ? AND b.site = ? AND b.sku = ? AND p.counts = 1 AND p.quantity <> 0
             ORDER BY p.document, p.ordinal",
        )
        .map_err(StoreError::of)?;
    let mut rows = statement.query(params![org, site, sku]).map_err(StoreError::of)?;
    let mut out: Vec<Movement> = Vec::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let read = || -> rusqlite::Result<_> {
            let end = (r.get::<_, i64>(1)?, r.get::<_, i64>(2)?, r.get::<_, i64>(4)?, r.get::<_, i64>(5)?);
            let rest = (r.get::<_, bool>(6)?, r.get::<_, i64>(7)?, r.get::<_, i64>(8)?);
            Ok((r.get::<_, i64>(0)?, end, r.get::<_, i64>(3)?, rest, r.get::<_, [u8; 32]>(9)?))
        };
        let (document, (ordinal, bucket, quantity, value), account, (derived, occurred, position), identity) =
            read().map_err(StoreError::of)?;
        let account =
            Account::from_code(account).ok_or_else(|| StoreError::damaged("an account", account))?;
        let end = (ordinal, bucket, account, quantity, value);
        // A movement is two postings, from and to, one after the other.
        match out.last_mut().filter(|m| m.document == document && m.order.2 == ordinal / 2) {
            Some(movement) => movement.ends.push(end),
            None => {
                let identity = DocumentId::from_slice(&identity)
                    .map_err(|e| StoreError::damaged("a document's identity", e))?;
                // Nothing said is nothing known, whoever wrote the posting.
                let known = (!derived && value != 0).then_some(Amount(value.abs()));
                let order = (false, identity, ordinal / 2);
                out.push(Movement { document, position, occurred, order, ends: vec![end], known });
            }
        }
    }
    for movement in &mut out {
        movement.order.0 = movement.way() != Some(Way::In);
    }
    out.sort_by_key(|m| (m.occurred, m.order));
    Ok(out)
}

/// The sale's line that a return's line takes back, by the place where it posts.
fn sale_of(db: &Connection, org: i64, movement: &Movement) -> Result<Option<(i64, i64)>, StoreError> {
    db.prepare_cached(
        "SELECT l.document, l.position FROM line_claim c
         JOIN receipt_line l ON l.org = c.org AND l.receipt = c.receipt AND l.line = c.line
         JOIN receipt r ON r.id = c.receipt
         WHERE c.org = ? AND c.document = ? AND c.position = ?
         ORDER BY r.site, r.till, r.number, c.line LIMIT 1",
    )
    .and_then(|mut s| {
        s.query_row(params![org, movement.document, movement.position], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()
    })
    .map_err(StoreError::of)
}

/// Folds the movements: the value of each, and what there is in the end.
fn fold(db: &Connection, org: i64, movements: &[Movement]) -> Result<(Vec<Amount>, Pool), StoreError> {
    let mut pool = Pool::default();
    let mut sold: HashMap<(i64, i64), (Amount, Quantity)> = HashMap::new();
    let mut values = Vec::with_capacity(movements.len());
    for movement in movements {
        let quantity = movement.quantity();
        let mut known = movement.known;
        if known.is_none() && movement.comes_back() {
            let left_at = sale_of(db, org, movement)?.and_then(|sale| sold.get(&sale));
            // One that left at no known cost says nothing.
            known = left_at.filter(|(value, _)| value.0 > 0).map(|(value, of)| value.share(quantity, *of));
        }
        let value = match movement.way() {
            Some(way) => pool.take(way, quantity, known),
            None => known.unwrap_or_default(),
        };
        sold.insert((movement.document, movement.position), (value, quantity));
        values.push(value);
    }
    Ok((values, pool))
}

impl Work<'_> {
    /// Values again what moved the articles of touched buckets.
    pub(super) fn fold_costs(&mut self) -> Result<(), StoreError> {
        let any: bool = self
            .tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM posting WHERE org = ? AND value <> 0)")
            .and_then(|mut s| s.query_row([self.org], |r| r.get(0)))
            .map_err(StoreError::of)?;
        if !any {
            return Ok(());
        }
        let mut articles: BTreeSet<(String, String)> = BTreeSet::new();
        for bucket in &self.touched.buckets {
            let article = self
                .tx
                .prepare_cached("SELECT site, sku FROM bucket WHERE id = ?")
                .and_then(|mut s| s.query_row([bucket], |r| Ok((r.get(0)?, r.get(1)?))))
                .map_err(StoreError::of)?;
            articles.insert(article);
        }
        for (site, sku) in articles {
            if has_values(&self.tx, self.org, &site, &sku)? {
                self.value_again(&site, &sku)?;
            }
        }
        Ok(())
    }

    fn value_again(&mut self, site: &str, sku: &str) -> Result<(), StoreError> {
        let movements = movements(&self.tx, self.org, site, sku)?;
        let (values, _) = fold(&self.tx, self.org, &movements)?;
        for (movement, value) in movements.iter().zip(values).filter(|(m, _)| m.known.is_none()) {
            for (ordinal, bucket, _, quantity, before) in &movement.ends {
                let after = value.0 * quantity.signum();
                if after == *before {
                    continue;
                }
                self.tx
                    .prepare_cached(
                        "UPDATE posting SET value = ?, derived = 1 WHERE org = ? AND document = ? AND ordinal = ?",
                    )
                    .and_then(|mut s| s.execute(params![after, self.org, movement.document, ordinal]))
                    .map_err(StoreError::of)?;
                self.touched.buckets.insert(*bucket);
            }
        }
        Ok(())
    }

    /// What one of an article costs at a site now, as the documents held here say.
    pub(crate) fn average_cost(&self, site: &SiteId, sku: &Sku) -> Result<Option<UnitPrice>, StoreError> {
        average(&self.tx, self.org, site, sku, self.currency_of(site.as_str())?)
    }

    /// What one of a sale's line was worth when it left, where the sale is held here.
    pub(crate) fn left_at(&self, link: &SaleLink) -> Result<Option<UnitPrice>, StoreError> {
        let receipt = self.receipt(&link.receipt)?;
        let found: Option<(i64, i64)> = self
            .tx
            .prepare_cached(
                "SELECT p.value, p.quantity FROM receipt_line l
                 JOIN posting p ON p.org = l.org AND p.document = l.document AND p.position = l.position
                 WHERE l.org = ? AND l.receipt = ? AND l.line = ? AND p.quantity > 0 AND p.value > 0 LIMIT 1",
            )
            .and_then(|mut s| {
                s.query_row(params![self.org, receipt, link.line.as_str()], |r| Ok((r.get(0)?, r.get(1)?)))
                    .optional()
            })
            .map_err(StoreError::of)?;
        let Some((value, quantity)) = found else { return Ok(None) };
        let currency = self.currency_of(link.receipt.site.as_str())?;
        Ok(Some(UnitPrice::of(Amount(value), Quantity(quantity), currency)))
    }

    fn currency_of(&self, site: &str) -> Result<guicang_domain::money::Currency, StoreError> {
        let text: Option<String> = self
            .tx
            .prepare_cached("SELECT currency FROM site WHERE org = ? AND code = ?")
            .and_then(|mut s| s.query_row(params![self.org, site], |r| r.get(0)).optional())
            .map_err(StoreError::of)?;
        let parse = |text: String| text.parse().map_err(|e| StoreError::damaged("a site's currency", e));
        text.map_or(Ok(self.me.currency), parse)
    }
}

impl Replica {
    /// The moving average cost of an article at a site, in the site's currency, as the documents held here
    /// say; `None` while no cost is known.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn average_cost(&self, site: &SiteId, sku: &Sku) -> Result<Option<UnitPrice>, StoreError> {
        let listed = self.sites()?.into_iter().find(|s| s.code == *site);
        let currency = listed.map_or(self.identity.currency, |s| s.currency);
        average(&self.db, self.identity.org, site, sku, currency)
    }
}

fn average(
    db: &Connection,
    org: i64,
    site: &SiteId,
    sku: &Sku,
    currency: guicang_domain::money::Currency,
) -> Result<Option<UnitPrice>, StoreError> {
    if !has_values(db, org, site.as_str(), sku.as_str())? {
        return Ok(None);
    }
    let movements = movements(db, org, site.as_str(), sku.as_str())?;
    let (_, pool) = fold(db, org, &movements)?;
    Ok(pool.average(currency))
}
