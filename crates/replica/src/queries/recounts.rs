//! Which buckets should be counted again: something was posted while they were being counted, or may
//! have been, by clocks that stamps prove to be off.
//!
//! What surprises: this is asked, never stored. How far a clock is off is told by entries and stamps
//! that may come long after the bucket was folded. A bucket that a later count has asserted needs no
//! recount any more, whoever made it.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use guicang_domain::count::ledger::{may_be_during, uncertainty_ms};
use guicang_domain::ids::DeviceId;
use guicang_domain::time::Moment;
use rusqlite::{Connection, params};

use crate::error::StoreError;

/// Why a bucket should be counted again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecountReason {
    /// A document moved it while it was counted, give or take what the clocks may differ.
    Posted {
        /// The document's number.
        number: String,
        /// When it happened, by the clock of who recorded it.
        occurred: Moment,
        /// What the clocks of counting and recording devices may differ, in milliseconds.
        apart_ms: i64,
    },
    /// A scan stands beside a later recount that doesn't name it.
    Unclear,
}

/// A clock that is slow shows as entries that take long to be stamped, as a bad line does. Up to a day
/// of that is looked at; a clock that is slower is an exception of its own.
const SLOWEST_MS: i64 = 24 * 60 * 60 * 1000;

/// How many of a device's entries before and after one say how its clock was.
const NEIGHBOURS: i64 = 4;

/// A count's bucket: its document's row, and its position there.
pub(crate) type CountKey = (i64, i64);

/// The clocks behind a document's changes, by device: how far off, in milliseconds.
type Clocks = BTreeMap<DeviceId, i64>;

/// The buckets of which a recount is asked, of one count or of all that stand, with the reasons.
pub(crate) fn recounts_asked(
    db: &Connection,
    org: i64,
    me: DeviceId,
    document: Option<i64>,
) -> Result<BTreeMap<CountKey, Vec<RecountReason>>, StoreError> {
    let one = document.map_or(String::new(), |_| "AND c.document = ?3".to_owned());
    // The nearest posting is folded with its bucket: most have none within reach, and aren't visited.
    let index = if document.is_some() { "" } else { "INDEXED BY count_bucket_near" };
    let sql = format!(
        "SELECT c.document, c.position, c.first, c.last, c.devices, c.unclear, p.document, p.occurred, d.number
         FROM count_bucket c {index}
         LEFT JOIN posting p INDEXED BY posting_bucket ON p.org = c.org AND p.bucket = c.bucket AND p.counts = 1
             AND p.occurred BETWEEN c.first - ?2 AND c.last + ?2
             AND (SELECT kind FROM document k WHERE k.id = p.document) <> 'count'
         LEFT JOIN document d ON d.id = p.document
         WHERE c.org = ?1 AND c.near <= ?2 {one}
         ORDER BY c.document, c.position, p.occurred, d.number"
    );
    let mut statement = db.prepare_cached(&sql).map_err(StoreError::of)?;
    let reach = fastest_ms(db, org)?.max(SLOWEST_MS);
    let mut rows = match document {
        Some(document) => statement.query(params![org, reach, document]),
        None => statement.query(params![org, reach]),
    }
    .map_err(StoreError::of)?;
    let mut clocks: HashMap<i64, Clocks> = HashMap::new();
    let mut asked: BTreeMap<CountKey, Vec<RecountReason>> = BTreeMap::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let number = |n| r.get::<_, i64>(n).map_err(StoreError::of);
        let key = (number(0)?, number(1)?);
        let mut ask = |reason: RecountReason| {
            let reasons = asked.entry(key).or_default();
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        };
        if r.get(5).map_err(StoreError::of)? {
            ask(RecountReason::Unclear);
        }
        let Some(posted) = r.get::<_, Option<i64>>(6).map_err(StoreError::of)? else { continue };
        for of in [key.0, posted] {
            if let Entry::Vacant(unread) = clocks.entry(of) {
                unread.insert(clocks_of(db, org, me, of)?);
            }
        }
        let devices: Vec<u8> = r.get(4).map_err(StoreError::of)?;
        let scanners: Clocks = devices
            .chunks_exact(16)
            .filter_map(|id| DeviceId::from_slice(id).ok())
            .map(|id| (id, clocks[&key.0].get(&id).copied().unwrap_or_default()))
            .collect();
        let apart_ms = apart(&scanners, &clocks[&posted]);
        let occurred = Moment(number(7)?);
        if may_be_during(occurred, Moment(number(2)?), Moment(number(3)?), apart_ms) {
            let number: String = r.get(8).map_err(StoreError::of)?;
            ask(RecountReason::Posted { number, occurred, apart_ms });
        }
    }
    Ok(asked)
}

/// How far the clocks of two documents' devices may differ: a device's own doesn't differ from itself.
fn apart(one: &Clocks, other: &Clocks) -> i64 {
    let pairs = one.iter().flat_map(|(a, off)| other.iter().map(move |(b, far)| (a == b, off + far)));
    pairs.map(|(same, sum)| if same { 0 } else { sum }).max().unwrap_or_default()
}

/// How far the fastest clock of all was ahead when a relay stamped its entry.
fn fastest_ms(db: &Connection, org: i64) -> Result<i64, StoreError> {
    db.prepare_cached("SELECT max(time - stamp_time) FROM entry WHERE org = ? AND stamp_time IS NOT NULL")
        .and_then(|mut s| s.query_row([org], |r| r.get::<_, Option<i64>>(0)))
        .map(Option::unwrap_or_default)
        .map_err(StoreError::of)
}

/// The clocks of the devices that wrote a document, from the entries around those that carry it. What
/// isn't sealed yet is this device's own.
fn clocks_of(db: &Connection, org: i64, me: DeviceId, document: i64) -> Result<Clocks, StoreError> {
    let mut statement = db
        .prepare_cached(
            "SELECT e.device, n.time, n.stamp_time FROM change c LEFT JOIN entry e ON e.id = c.entry
             LEFT JOIN entry n ON n.org = e.org AND n.device = e.device AND n.stamp_time IS NOT NULL
                 AND n.sequence BETWEEN e.sequence - ?3 AND e.sequence + ?3
             WHERE c.org = ?1 AND c.document = ?2 AND c.status = 0",
        )
        .map_err(StoreError::of)?;
    let mut rows = statement.query(params![org, document, NEIGHBOURS]).map_err(StoreError::of)?;
    let mut proofs: BTreeMap<DeviceId, Vec<(Moment, Moment)>> = BTreeMap::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let device: Option<[u8; 16]> = r.get(0).map_err(StoreError::of)?;
        let sealed: Option<i64> = r.get(1).map_err(StoreError::of)?;
        let stamped: Option<i64> = r.get(2).map_err(StoreError::of)?;
        let of = proofs.entry(device.map_or(me, DeviceId)).or_default();
        of.extend(sealed.zip(stamped).map(|(sealed, stamped)| (Moment(sealed), Moment(stamped))));
    }
    Ok(proofs.into_iter().map(|(device, pairs)| (device, uncertainty_ms(pairs))).collect())
}
