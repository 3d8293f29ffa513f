//! What a device asks whose sums differ from ours: where both are equal, how far journals are held, which
//! hashes differ.
//!
//! What surprises: ranges are compared by reading the feed from one end to the other. It is done after a
//! relay was made anew and filled again in another order, and never otherwise, so it needs no index.

use std::collections::{BTreeMap, BTreeSet};

use guicang_domain::ids::DeviceId;
use guicang_domain::time::Moment;
use guicang_sync::feed::Feed;
use guicang_sync::message::{FeedPart, SyncRequest};
use guicang_sync::reconcile::{
    Agreed, BITS_MAX, BUCKETS_AT_ONCE, Compare, Compared, Held, PROBE_POINTS, Probe, bucket, check, name,
};
use guicang_sync::sum::RunningSum;
use rusqlite::{Connection, params};

use super::{Relay, RelayError, answer, report, store};

/// The most feeds that are probed, and journals that are looked up, at once. Honest devices follow two, and
/// ask about as many authors as an organisation has devices.
const FEEDS_MAX: usize = 4;
const JOURNALS_MAX: usize = 50_000;

/// A proof is noted when the one noted last is this much older: it costs a durable write.
const PROVEN_EVERY_MS: i64 = 60_000;

/// What was found.
#[derive(Default)]
pub struct Found {
    /// Per probe.
    pub agreed: Vec<Agreed>,
    /// Per device asked about.
    pub journals: Vec<Held>,
    /// What differs.
    pub compared: Option<Compared>,
}

/// The feeds that a request asks about, besides its cursors.
pub fn feeds(request: &SyncRequest) -> impl Iterator<Item = &Feed> {
    request.probes.iter().map(|probe| &probe.feed).chain(request.compare.iter().map(|compare| &compare.feed))
}

/// Answers what `request` asks.
///
/// # Errors
/// [`RelayError`] of the file.
pub fn look(
    connection: &Connection,
    organisation: i64,
    receiver: DeviceId,
    request: &SyncRequest,
) -> Result<Found, RelayError> {
    let one = Look { connection, organisation, receiver };
    let journal = |device: &DeviceId| {
        let head = store::journal(connection, organisation, *device)?;
        Ok::<_, RelayError>(Held { device: *device, sequence: head.map_or(0, |head| head.sequence) })
    };
    Ok(Found {
        agreed: request
            .probes
            .iter()
            .take(FEEDS_MAX)
            .map(|probe| one.agreed(probe))
            .collect::<Result<_, _>>()?,
        journals: request.journals.iter().take(JOURNALS_MAX).map(journal).collect::<Result<_, _>>()?,
        compared: match &request.compare {
            Some(compare) => Some(one.compared(compare, request.answer_limit_bytes)?),
            None => None,
        },
    })
}

struct Look<'a> {
    connection: &'a Connection,
    organisation: i64,
    receiver: DeviceId,
}

impl Look<'_> {
    fn agreed(&self, probe: &Probe) -> Result<Agreed, RelayError> {
        let feed = probe.feed.clone();
        let Some(row) = store::feed_row(self.connection, self.organisation, &feed)? else {
            return Ok(Agreed { feed, position: 0 });
        };
        for point in probe.points.iter().take(PROBE_POINTS).rev() {
            let ours = store::sum_at(self.connection, self.organisation, row.id, point.position)?;
            if ours == Some(point.sum) {
                return Ok(Agreed { feed, position: point.position });
            }
        }
        Ok(Agreed { feed, position: 0 })
    }

    fn compared(&self, compare: &Compare, limit_bytes: u32) -> Result<Compared, RelayError> {
        let row = store::feed_row(self.connection, self.organisation, &compare.feed)?;
        let (feed, head) = row.map_or((0, 0), |row| (row.id, row.head));
        let to = compare.to.unwrap_or(head).min(head).max(compare.after.min(head));
        let sum = store::sum_at(self.connection, self.organisation, feed, to)?.unwrap_or(RunningSum::ZERO);
        let bits = compare.bits.min(BITS_MAX);
        let mut found =
            Compared { to, sum, differing: Vec::new(), lacks: Vec::new(), items: Vec::new(), more: false };
        let theirs: BTreeMap<u32, BTreeSet<u64>> = compare
            .buckets
            .iter()
            .take(BUCKETS_AT_ONCE)
            .map(|b| (b.bucket, b.names.iter().copied().collect()))
            .collect();
        let mut ours: BTreeMap<u32, BTreeSet<u64>> = BTreeMap::new();
        let mut lacking = Vec::new();
        let mut checks = vec![0; 1 << bits];
        self.each(feed, compare.after, to, |position, hash| {
            let at = bucket(hash, bits);
            checks[at as usize] = check(checks[at as usize], hash);
            if let Some(held) = theirs.get(&at) {
                ours.entry(at).or_default().insert(name(hash));
                if !held.contains(&name(hash)) {
                    lacking.push(position);
                }
            }
        })?;
        if compare.buckets.is_empty() {
            let asked = compare.checks.iter().copied().chain(std::iter::repeat(0));
            let differs = checks.iter().zip(asked).zip(0u32..).filter(|((a, b), _)| **a != *b);
            found.differing = differs.map(|(_, bucket)| bucket).collect();
            return Ok(found);
        }
        for (bucket, held) in &theirs {
            let here = ours.get(bucket);
            found.lacks.extend(held.iter().filter(|name| here.is_none_or(|here| !here.contains(name))));
        }
        let at = (feed, &compare.feed);
        (found.items, found.more) = answer::at_positions(
            self.connection,
            self.organisation,
            self.receiver,
            at,
            &lacking,
            limit_bytes,
        )?;
        Ok(found)
    }

    /// Each position after one and up to another, with its hash.
    fn each(
        &self,
        feed: i64,
        after: u64,
        to: u64,
        mut one: impl FnMut(u64, &[u8; 32]),
    ) -> Result<(), RelayError> {
        let sql = "SELECT f.position, coalesce(c.hash, g.hash, a.hash, r.hash) FROM feed_item f
                   LEFT JOIN admission a ON a.id = f.admission LEFT JOIN arrival r ON r.id = f.arrival
                   LEFT JOIN change c ON c.id = f.change LEFT JOIN grant_ g ON g.id = f.grant_
                   WHERE f.organisation = ? AND f.feed = ? AND f.position > ? AND f.position <= ?
                   ORDER BY f.position";
        let mut statement = self.connection.prepare_cached(sql)?;
        let key = params![self.organisation, feed, after.min(i64::MAX as u64) as i64, to as i64];
        let mut rows = statement.query(key)?;
        while let Some(row) = rows.next()? {
            one(row.get(0)?, &row.get(1)?);
        }
        Ok(())
    }
}

impl Relay {
    /// Notes that the sender was proven equal: its sums are ours, up to the feeds' ends.
    pub(super) fn note_proof(
        &self,
        sender: DeviceId,
        request: &SyncRequest,
        feeds: &[FeedPart],
        now: Moment,
    ) -> Result<(), RelayError> {
        let at_end = |part: &FeedPart| !part.disagreed && part.items.is_empty() && part.head() == part.to;
        if request.cursors.is_empty() || !feeds.iter().all(at_end) {
            return Ok(());
        }
        let noted = self.read(|connection| report::last_proof(connection, self.number, sender))?;
        if noted.is_none_or(|noted| now.0 - noted.0 >= PROVEN_EVERY_MS) {
            self.write(|tx| report::note_proof(tx, self.number, sender, now))?;
        }
        Ok(())
    }
}
