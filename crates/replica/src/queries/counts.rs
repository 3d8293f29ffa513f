//! Stocktakes: where each is, and what it found.
//!
//! What surprises: of a blind count that isn't approved, book and variance are left out here, not at
//! the edge, so that no face can show them by mistake.

use guicang_domain::account::Account;
use guicang_domain::count::ledger::worth;
use guicang_domain::count::{Spot, Stage};
use guicang_domain::ids::{DocumentId, SiteId, UserName};
use guicang_domain::money::{Amount, Currency, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::time::{Moment, Zone};
use rusqlite::{Row, params};

use super::name;
use super::recounts::{RecountReason, recounts_asked};
use crate::error::StoreError;
use crate::facts::{documents_numbered, find_document};
use crate::store::Replica;

/// Which counts.
#[derive(Debug, Clone, Default)]
pub struct CountFilter {
    /// Only this site's.
    pub site: Option<SiteId>,
    /// Only those at this stage.
    pub stage: Option<Stage>,
    /// At most so many, the latest first; `None`: all.
    pub limit: Option<usize>,
}

/// A count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountRow {
    /// The document.
    pub id: DocumentId,
    /// Its number.
    pub number: String,
    /// The site.
    pub site: SiteId,
    /// Where it is.
    pub stage: Stage,
    /// When it began.
    pub opened: Moment,
    /// The zone in which its times are told.
    pub zone: Zone,
    /// The currency of the values.
    pub currency: Currency,
    /// Whether the book is kept from the counters until it is approved.
    pub blind: bool,
    /// The places that it is of; none: all.
    pub places: Vec<String>,
    /// How many articles it lists; 0: all.
    pub listed: u64,
    /// The category they were listed from.
    pub category: Option<String>,
    /// A note.
    pub note: Option<String>,
    /// The name of its plan, where the plan is held here.
    pub plan: Option<String>,
    /// Who counted.
    pub counters: Vec<UserName>,
    /// When the counting ended.
    pub closed: Option<Moment>,
    /// When it was approved, last.
    pub approved: Option<Moment>,
    /// Who approved it.
    pub approver: Option<UserName>,
    /// How many buckets it says something of.
    pub buckets: u64,
    /// What the variances come to; `None` while they are kept from the counters.
    pub found: Option<Found>,
    /// Of how many buckets a recount is asked.
    pub recounts: u64,
}

/// What a count's variances come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// How many buckets have one.
    pub variances: u64,
    /// How much more there was (盘盈).
    pub gained: Quantity,
    /// How much less there was (盘亏); zero and more.
    pub lost: Quantity,
    /// What it is worth in all, below zero for a loss.
    pub value: Amount,
    /// Of how many buckets the variance is another than the approval saw.
    pub re_explained: u64,
}

impl Found {
    /// What lines come to; those whose book is kept from the counters add nothing.
    pub fn of(lines: &[CountLine]) -> Self {
        let mut found = Self::default();
        for against in lines.iter().filter_map(|line| line.against) {
            found.variances += u64::from(against.variance != Quantity::ZERO);
            found.gained += against.variance.max(Quantity::ZERO);
            found.lost += (-against.variance).max(Quantity::ZERO);
            found.value += against.value;
            found.re_explained += u64::from(against.is_re_explained());
        }
        found
    }
}

/// What a count says of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountLine {
    /// The bucket.
    pub spot: Spot,
    /// How much was there.
    pub counted: Quantity,
    /// When it was scanned first.
    pub first: Moment,
    /// When it was scanned last: the count holds at this time.
    pub last: Moment,
    /// Nobody scanned it, and the close says that there is none.
    pub unscanned: bool,
    /// The ledger against it; `None` while it is kept from the counters.
    pub against: Option<Against>,
    /// Why it should be counted again; empty when it needn't.
    pub recount: Vec<RecountReason>,
}

/// The ledger against what was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Against {
    /// What the ledger says at the time of the last scan, by what is known by now.
    pub book: Quantity,
    /// Counted less book.
    pub variance: Quantity,
    /// What the variance is worth.
    pub value: Amount,
    /// The variance that the approval saw.
    pub approved: Option<Quantity>,
}

impl Against {
    /// Whether the variance is another than the approval saw: something came in since that explains it.
    pub fn is_re_explained(&self) -> bool {
        self.approved.is_some_and(|seen| seen != self.variance)
    }
}

const HEAD: &str =
    "SELECT d.identity, d.number, h.site, h.stage, h.opened, h.zone, h.currency, h.blind, h.places, h.skus,
        h.category, h.note, (SELECT p.name FROM count_plan p JOIN document pd ON pd.id = p.document
                             WHERE p.org = h.org AND pd.identity = h.plan),
        h.counters, h.closed, h.approved, h.approver, h.document
     FROM count_head h JOIN document d ON d.id = h.document";

impl Replica {
    /// The counts that a filter asks for, the latest first.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn counts(&self, filter: &CountFilter) -> Result<Vec<CountRow>, StoreError> {
        let sql = format!(
            "{HEAD} WHERE h.org = ? AND (? IS NULL OR h.site = ?) AND (? IS NULL OR h.stage = ?)
             ORDER BY h.opened DESC, d.identity DESC LIMIT ?"
        );
        let site = filter.site.as_ref().map(SiteId::as_str);
        let stage = filter.stage.map(Stage::as_str);
        let limit = filter.limit.map_or(-1, |n| i64::try_from(n).unwrap_or(i64::MAX));
        let mut statement = self.db.prepare_cached(&sql).map_err(StoreError::of)?;
        let mut rows = statement
            .query(params![self.identity.org, site, site, stage, stage, limit])
            .map_err(StoreError::of)?;
        let mut out = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            out.push(self.count_head(r)?);
        }
        Ok(out)
    }

    /// The count of a number or identity, with what it says of each bucket. `unveil` shows the book of
    /// a blind one too: to somebody who may approve it.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn find_count(
        &self,
        number: &str,
        unveil: bool,
    ) -> Result<Option<(CountRow, Vec<CountLine>)>, StoreError> {
        let org = self.identity.org;
        let found = match number.parse::<DocumentId>() {
            Ok(identity) => find_document(&self.db, org, identity)?.into_iter().collect(),
            Err(_) => documents_numbered(&self.db, org, &number.trim().to_uppercase())?,
        };
        for document in found {
            if let Some(row) = head_of(self, document.id)? {
                let lines = self.count_lines(document.id, unveil || shown(&row))?;
                return Ok(Some((row, lines)));
            }
        }
        Ok(None)
    }

    fn count_lines(&self, document: i64, open: bool) -> Result<Vec<CountLine>, StoreError> {
        let mut asked = recounts_asked(&self.db, self.identity.org, self.identity.device, Some(document))?;
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT b.place, b.sku, b.lot, b.account, c.counted, c.first, c.last, c.unscanned, c.book, c.variance,
                        p.value, c.seen, c.position, s.quantity, s.value, c.cost, h.currency
                 FROM count_bucket c JOIN bucket b ON b.id = c.bucket
                 JOIN count_head h ON h.org = c.org AND h.document = c.document
                 LEFT JOIN posting p ON p.org = c.org AND p.document = c.document AND p.ordinal = 2 * c.position
                 LEFT JOIN stock s ON s.org = c.org AND s.bucket = c.bucket
                 WHERE c.org = ? AND c.document = ? ORDER BY c.position",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query([self.identity.org, document]).map_err(StoreError::of)?;
        let mut out = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let number = |n| r.get::<_, i64>(n).map_err(StoreError::of);
            let maybe = |n| r.get::<_, Option<i64>>(n).map_err(StoreError::of);
            let against = Against {
                book: Quantity(number(8)?),
                variance: Quantity(number(9)?),
                value: value_of(r)?,
                approved: maybe(11)?.map(Quantity),
            };
            out.push(CountLine {
                spot: spot(r, 0)?,
                counted: Quantity(number(4)?),
                first: Moment(number(5)?),
                last: Moment(number(6)?),
                unscanned: r.get(7).map_err(StoreError::of)?,
                against: open.then_some(against),
                recount: asked.remove(&(document, number(12)?)).unwrap_or_default(),
            });
        }
        Ok(out)
    }

    fn count_head(&self, r: &Row<'_>) -> Result<CountRow, StoreError> {
        let text = |n| r.get::<_, Option<String>>(n).map_err(StoreError::of);
        let number = |n| r.get::<_, Option<i64>>(n).map_err(StoreError::of);
        let lines = |n| Ok::<_, StoreError>(text(n)?.unwrap_or_default());
        let identity: [u8; 32] = r.get(0).map_err(StoreError::of)?;
        let document: i64 = r.get(17).map_err(StoreError::of)?;
        // An empty place is the site's one place, which a count by place can name.
        let places = lines(8)?;
        let mut row = CountRow {
            id: DocumentId::from_slice(&identity)
                .map_err(|e| StoreError::damaged("a document's identity", e))?,
            number: r.get(1).map_err(StoreError::of)?,
            site: name(r, 2, "a site")?,
            stage: name(r, 3, "a stage")?,
            opened: Moment(number(4)?.unwrap_or_default()),
            zone: name(r, 5, "a zone")?,
            currency: name(r, 6, "a currency")?,
            blind: r.get(7).map_err(StoreError::of)?,
            places: places.lines().map(str::to_owned).collect(),
            listed: number(9)?.unwrap_or_default().unsigned_abs(),
            category: text(10)?,
            note: text(11)?,
            plan: text(12)?,
            counters: lines(13)?
                .lines()
                .map(|u| u.parse().map_err(|e| StoreError::damaged("a counter", e)))
                .collect::<Result<_, _>>()?,
            closed: number(14)?.map(Moment),
            approved: number(15)?.map(Moment),
            approver: text(16)?
                .map(|u| u.parse().map_err(|e| StoreError::damaged("an approver", e)))
                .transpose()?,
            buckets: 0,
            found: None,
            recounts: 0,
        };
        let lines = self.count_lines(document, true)?;
        row.buckets = lines.len() as u64;
        row.recounts = lines.iter().filter(|line| !line.recount.is_empty()).count() as u64;
        row.found = shown(&row).then(|| Found::of(&lines));
        Ok(row)
    }
}

/// Whether book and variances of a count may be seen.
fn shown(row: &CountRow) -> bool {
    !row.blind || row.stage == Stage::Approved
}

fn head_of(replica: &Replica, document: i64) -> Result<Option<CountRow>, StoreError> {
    let sql = format!("{HEAD} WHERE h.org = ? AND h.document = ?");
    let mut statement = replica.db.prepare_cached(&sql).map_err(StoreError::of)?;
    let mut rows = statement.query([replica.identity.org, document]).map_err(StoreError::of)?;
    let found = rows.next().map_err(StoreError::of)?;
    found.map(|r| replica.count_head(r)).transpose()
}

/// What a variance is worth: as it was posted; before that, or where its posting has no cost, by what the
/// bucket's goods cost on average now, or what the list of articles said.
fn value_of(r: &Row<'_>) -> Result<Amount, StoreError> {
    let number = |n| r.get::<_, Option<i64>>(n).map_err(StoreError::of);
    let posted = number(10)?.unwrap_or_default();
    if posted != 0 {
        return Ok(Amount(posted));
    }
    let there = (Quantity(number(13)?.unwrap_or_default()), Amount(number(14)?.unwrap_or_default()));
    let variance = Quantity(number(9)?.unwrap_or_default());
    Ok(worth(variance, there.0, there.1, number(15)?.map(UnitPrice), name(r, 16, "a currency")?))
}

/// The count of a document's row.
pub(crate) fn count_by_id(replica: &Replica, document: i64) -> Result<CountRow, StoreError> {
    head_of(replica, document)?.ok_or_else(|| StoreError::damaged("a count", document))
}

/// The spot of four columns: place, SKU, lot, account.
pub(crate) fn spot(r: &Row<'_>, first: usize) -> Result<Spot, StoreError> {
    let lot: String = r.get(first + 2).map_err(StoreError::of)?;
    let account: i64 = r.get(first + 3).map_err(StoreError::of)?;
    Ok(Spot {
        place: r.get(first).map_err(StoreError::of)?,
        sku: name(r, first + 1, "a SKU")?,
        lot: if lot.is_empty() { None } else { Some(name(r, first + 2, "a lot")?) },
        account: Account::from_code(account).ok_or_else(|| StoreError::damaged("an account", account))?,
    })
}
