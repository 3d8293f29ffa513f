//! An article's ledger as a story: what happened to it, step by step, and what was there after each.
//!
//! What surprises: a step that came in late stands where it happened, not where it arrived, so that
//! the figures after it are what they should have been. It is marked, with the count that it explains.

use std::collections::{BTreeMap, HashMap};

use guicang_domain::account::Account;
use guicang_domain::ids::{Lot, SiteId, Sku};
use guicang_domain::quantity::Quantity;
use guicang_domain::time::{Moment, Zone};
use rusqlite::{OptionalExtension, params};

use crate::error::StoreError;
use crate::store::Replica;

/// A step of an article's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockStep {
    /// The site.
    pub site: SiteId,
    /// The place; empty for the site's one place.
    pub place: String,
    /// The lot.
    pub lot: Option<Lot>,
    /// When it happened.
    pub occurred: Moment,
    /// The zone of the site's walls.
    pub zone: Zone,
    /// The document's number.
    pub number: String,
    /// The document's kind.
    pub kind: String,
    /// What happened.
    pub what: StepWhat,
    /// On hand at the site after it, all places and lots.
    pub on_hand: Quantity,
    /// Available at the site after it.
    pub available: Quantity,
    /// When the relay first acknowledged the document; `None` while it hasn't.
    pub arrived: Option<Moment>,
    /// The number of the count that it explains: it happened before that, and arrived after the
    /// approval.
    pub explains: Option<String>,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepWhat {
    /// Goods went from one account to another.
    Moved {
        /// From; `None` when they were another article, or at another site.
        from: Option<Account>,
        /// To; `None` likewise.
        to: Option<Account>,
        /// How much; above zero.
        quantity: Quantity,
    },
    /// Somebody counted, and the ledger follows.
    Counted {
        /// The account.
        account: Account,
        /// How much was there.
        counted: Quantity,
        /// What the ledger said.
        book: Quantity,
        /// Counted less book.
        variance: Quantity,
    },
}

/// A count's word on a bucket, while the story is put together.
struct Assertion {
    site: String,
    place: String,
    lot: String,
    account: Account,
    last: i64,
    approved: i64,
    number: String,
}

/// Where a step stands in the story: by site, then by time; a count after what happened at its moment.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    site: String,
    occurred: i64,
    is_count: bool,
    identity: [u8; 32],
    place: String,
    lot: String,
    nth: usize,
}

/// A step before the figures after it are known.
struct Draft {
    document: i64,
    number: String,
    kind: String,
    what: StepWhat,
}

/// What a document moved at one time and place: the site, the time, the document, the place, the lot.
type Group = (String, i64, [u8; 32], String, String);

/// A document's postings of a group.
struct Moves {
    document: i64,
    number: String,
    kind: String,
    postings: Vec<(Account, i64)>,
}

impl Replica {
    /// An article's story, by site, then in order of when it happened. While the article is counted blind at
    /// this device's site ([`Replica::being_counted`]), nothing is told of that site.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn explain_stock(&self, sku: &Sku, site: Option<&SiteId>) -> Result<Vec<StockStep>, StoreError> {
        let mut steps: BTreeMap<Key, Draft> = BTreeMap::new();
        let assertions = self.asserted(sku, site, &mut steps)?;
        self.moved(sku, site, &mut steps)?;
        if self.being_counted(sku)?.is_some() {
            let here = self.identity.site.as_ref().map(SiteId::as_str);
            steps.retain(|key, _| Some(key.site.as_str()) != here);
        }
        let mut arrivals: HashMap<i64, Option<Moment>> = HashMap::new();
        let mut zones: HashMap<String, Zone> = HashMap::new();
        let mut out: Vec<StockStep> = Vec::new();
        let (mut on_hand, mut available) = (Quantity::ZERO, Quantity::ZERO);
        for (key, Draft { document, number, kind, what }) in steps {
            let Key { site: at, occurred, is_count, place, lot, .. } = key;
            if out.last().is_none_or(|last| last.site.as_str() != at) {
                (on_hand, available) = (Quantity::ZERO, Quantity::ZERO);
            }
            for (account, quantity) in what.effects() {
                on_hand += if account.is_on_hand() { quantity } else { Quantity::ZERO };
                available += if account.is_available() { quantity } else { Quantity::ZERO };
            }
            let site: SiteId = at.parse().map_err(|e| StoreError::damaged("a site", e))?;
            let zone = match zones.get(&at) {
                Some(zone) => *zone,
                None => {
                    let zone = self.zone_of(Some(&site))?;
                    zones.insert(at.clone(), zone);
                    zone
                }
            };
            let arrived = match arrivals.get(&document) {
                Some(arrived) => *arrived,
                None => {
                    let arrived = self.arrived(document)?;
                    arrivals.insert(document, arrived);
                    arrived
                }
            };
            let explained = assertions.iter().find(|a| {
                !is_count
                    && (&a.site, &a.place, &a.lot) == (&at, &place, &lot)
                    && what.effects().iter().any(|(account, _)| *account == a.account)
                    && occurred <= a.last
                    && arrived.is_some_and(|arrived| arrived.0 > a.approved)
            });
            out.push(StockStep {
                site,
                place,
                lot: if lot.is_empty() {
                    None
                } else {
                    Some(lot.parse().map_err(|e| StoreError::damaged("a lot", e))?)
                },
                occurred: Moment(occurred),
                zone,
                number,
                kind,
                what,
                on_hand,
                available,
                arrived,
                explains: explained.map(|a| a.number.clone()),
            });
        }
        Ok(out)
    }

    /// The counts that hold, in order of when; each is a step.
    fn asserted(
        &self,
        sku: &Sku,
        site: Option<&SiteId>,
        steps: &mut BTreeMap<Key, Draft>,
    ) -> Result<Vec<Assertion>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT b.site, b.place, b.lot, b.account, c.last, h.approved, d.number, d.identity, c.document,
                        c.counted, c.book, c.variance
                 FROM bucket b JOIN count_bucket c ON c.org = b.org AND c.bucket = b.id AND c.holds
                 JOIN count_head h ON h.org = c.org AND h.document = c.document JOIN document d ON d.id = c.document
                 WHERE b.org = ?1 AND b.sku = ?2 AND (?3 IS NULL OR b.site = ?3) ORDER BY c.last, d.identity",
            )
            .map_err(StoreError::of)?;
        let key = params![self.identity.org, sku.as_str(), site.map(SiteId::as_str)];
        let mut rows = statement.query(key).map_err(StoreError::of)?;
        let mut out: Vec<Assertion> = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let number = |n| r.get::<_, i64>(n).map_err(StoreError::of);
            let text = |n| r.get::<_, String>(n).map_err(StoreError::of);
            let account = account(number(3)?)?;
            let found = Assertion {
                site: text(0)?,
                place: text(1)?,
                lot: text(2)?,
                account,
                last: number(4)?,
                approved: number(5)?,
                number: text(6)?,
            };
            let identity: [u8; 32] = r.get(7).map_err(StoreError::of)?;
            let what = StepWhat::Counted {
                account,
                counted: Quantity(number(9)?),
                book: Quantity(number(10)?),
                variance: Quantity(number(11)?),
            };
            let key = Key {
                site: found.site.clone(),
                occurred: found.last,
                is_count: true,
                identity,
                place: found.place.clone(),
                lot: found.lot.clone(),
                nth: account as usize,
            };
            let draft =
                Draft { document: number(8)?, number: found.number.clone(), kind: "count".into(), what };
            steps.insert(key, draft);
            out.push(found);
        }
        Ok(out)
    }

    /// What documents moved. A document's postings at one time and place are paired: what left one
    /// account came to another.
    fn moved(
        &self,
        sku: &Sku,
        site: Option<&SiteId>,
        steps: &mut BTreeMap<Key, Draft>,
    ) -> Result<(), StoreError> {
        let mut groups: BTreeMap<Group, Moves> = BTreeMap::new();
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT b.site, p.occurred, d.identity, b.place, b.lot, b.account, p.quantity, p.document, d.number, d.kind
                 FROM bucket b JOIN posting p ON p.org = b.org AND p.bucket = b.id AND p.counts = 1
                 JOIN document d ON d.id = p.document
                 WHERE b.org = ?1 AND b.sku = ?2 AND (?3 IS NULL OR b.site = ?3) AND d.kind <> 'count'
                 ORDER BY p.document, p.ordinal",
            )
            .map_err(StoreError::of)?;
        let key = params![self.identity.org, sku.as_str(), site.map(SiteId::as_str)];
        let mut rows = statement.query(key).map_err(StoreError::of)?;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let text = |n| r.get::<_, String>(n).map_err(StoreError::of);
            let number = |n| r.get::<_, i64>(n).map_err(StoreError::of);
            let key = (text(0)?, number(1)?, r.get(2).map_err(StoreError::of)?, text(3)?, text(4)?);
            let (document, named, kind) = (number(7)?, text(8)?, text(9)?);
            let moves =
                groups.entry(key).or_insert(Moves { document, number: named, kind, postings: Vec::new() });
            moves.postings.push((account(number(5)?)?, number(6)?));
        }
        for ((site, occurred, identity, place, lot), moves) in groups {
            for (nth, what) in paired(moves.postings).into_iter().enumerate() {
                let (site, place, lot) = (site.clone(), place.clone(), lot.clone());
                let key = Key { site, occurred, is_count: false, identity, place, lot, nth };
                let (number, kind) = (moves.number.clone(), moves.kind.clone());
                steps.insert(key, Draft { document: moves.document, number, kind, what });
            }
        }
        Ok(())
    }

    /// When a relay first acknowledged a document.
    fn arrived(&self, document: i64) -> Result<Option<Moment>, StoreError> {
        let first: Option<Option<i64>> = self
            .db
            .prepare_cached(
                "SELECT min(min(coalesce(c.arrived, e.stamp_time), coalesce(e.stamp_time, c.arrived)))
                 FROM change c JOIN entry e ON e.id = c.entry
                 WHERE c.org = ? AND c.document = ? AND c.status = 0",
            )
            .and_then(|mut s| s.query_row([self.identity.org, document], |r| r.get(0)).optional())
            .map_err(StoreError::of)?;
        Ok(first.flatten().map(Moment))
    }
}

impl StepWhat {
    /// What it did to which account.
    fn effects(&self) -> Vec<(Account, Quantity)> {
        match *self {
            StepWhat::Moved { from, to, quantity } => {
                from.map(|a| (a, -quantity)).into_iter().chain(to.map(|a| (a, quantity))).collect()
            }
            StepWhat::Counted { account, variance, .. } => vec![(account, variance)],
        }
    }
}

/// What left and what came, in pairs; what has no other side here stands alone.
fn paired(postings: Vec<(Account, i64)>) -> Vec<StepWhat> {
    let mut moves: Vec<(Option<Account>, Option<Account>, i64)> = Vec::new();
    let mut left: Vec<(Account, i64)> = Vec::new();
    for (account, quantity) in postings {
        let mut rest = quantity;
        while rest != 0 {
            let Some(other) = left.iter_mut().find(|(_, q)| q.signum() == -rest.signum()) else {
                left.push((account, rest));
                break;
            };
            let part = rest.abs().min(other.1.abs());
            let (from, to) = if rest > 0 { (other.0, account) } else { (account, other.0) };
            match moves.iter_mut().find(|(f, t, _)| (*f, *t) == (Some(from), Some(to))) {
                Some((.., quantity)) => *quantity += part,
                None => moves.push((Some(from), Some(to), part)),
            }
            other.1 -= other.1.signum() * part;
            rest -= rest.signum() * part;
            left.retain(|(_, q)| *q != 0);
        }
    }
    for (account, quantity) in left {
        let side = if quantity > 0 { (None, Some(account)) } else { (Some(account), None) };
        moves.push((side.0, side.1, quantity.abs()));
    }
    moves
        .into_iter()
        .map(|(from, to, quantity)| StepWhat::Moved { from, to, quantity: Quantity(quantity) })
        .collect()
}

fn account(code: i64) -> Result<Account, StoreError> {
    Account::from_code(code).ok_or_else(|| StoreError::damaged("an account", code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_left_and_what_came_are_paired() {
        use Account::{Customer, ReturnsHold, Sellable};
        let moved = |from, to, quantity| StepWhat::Moved { from, to, quantity: Quantity(quantity) };
        assert_eq!(
            paired(vec![(Sellable, -3), (Customer, 3), (Sellable, -2), (Customer, 2)]),
            [moved(Some(Sellable), Some(Customer), 5)]
        );
        assert_eq!(
            paired(vec![(ReturnsHold, -3), (Sellable, 2), (Customer, 1)]),
            [moved(Some(ReturnsHold), Some(Sellable), 2), moved(Some(ReturnsHold), Some(Customer), 1)]
        );
        assert_eq!(paired(vec![(Sellable, 4)]), [moved(None, Some(Sellable), 4)]);
    }
}
