//! What stands in the feeds after a device's cursors, within the limit that it set.
//!
//! Consecutive positions of one entry become one item. What surprises: of the receiver's own changes
//! not even the bytes are read, since it has them; it is told where they stand.

use std::collections::BTreeSet;

use guicang_domain::ids::{ChangeHash, DeviceId, DocumentId};
use guicang_domain::time::Moment;
use guicang_sync::feed::{Cursor, Feed};
use guicang_sync::message::{FeedItem, FeedPart, SyncRequest};
use guicang_sync::relay::{Budget, PartWriter};
use guicang_sync::sum::RunningSum;
use guicang_sync::wire::OpenedChange;
use rusqlite::{Connection, Row, params};

use super::{RelayError, store};

/// The most bytes of items in an answer, whatever the device allows: well below what any body may have,
/// with a largest change beside it.
const ANSWER_LIMIT_BYTES: usize = 1024 * 1024;

/// The most bytes of raw changes in one item, but for a single change. Honest entries are far below; a
/// hostile one must not make an item that no reader takes.
const ITEM_RAW_BYTES: usize = 1024 * 1024;

/// The parts of an answer, one per cursor of the request, in its order. `pushed` is the first of the receiver's
/// own entries in the request; none: it brought none.
///
/// # Errors
/// [`RelayError`] of the file.
pub fn feeds(
    connection: &Connection,
    organisation: i64,
    receiver: DeviceId,
    request: &SyncRequest,
    pushed: Option<u64>,
) -> Result<Vec<FeedPart>, RelayError> {
    let limit = (request.answer_limit_bytes as usize).min(ANSWER_LIMIT_BYTES);
    let mut budget = Budget::new(limit);
    let beside = store::beside(connection, organisation, receiver)?;
    let want_own = request.want_own;
    let one = Reader { connection, organisation, receiver, want_own, beside, pushed };
    request.cursors.iter().map(|cursor| one.part(cursor, &mut budget)).collect()
}

/// What stands at these positions of a feed, own changes with their bytes, as many as the limit allows,
/// and whether there is more.
///
/// # Errors
/// [`RelayError`] of the file.
pub fn at_positions(
    connection: &Connection,
    organisation: i64,
    receiver: DeviceId,
    feed: (i64, &Feed),
    positions: &[u64],
    limit_bytes: u32,
) -> Result<(Vec<FeedItem>, bool), RelayError> {
    let mut budget = Budget::new((limit_bytes as usize).min(ANSWER_LIMIT_BYTES));
    let (beside, pushed) = (BTreeSet::new(), None);
    let one = Reader { connection, organisation, receiver, want_own: true, beside, pushed };
    let start = Cursor::start(feed.1.clone());
    let mut writer = PartWriter::new(receiver, &start, Some(RunningSum::ZERO), 0);
    let more = one.chosen(feed.0, positions, &mut budget, &mut writer)?;
    Ok((writer.finish().items, more))
}

/// Reads positions of a feed: `?1` organisation, `?2` feed, `?4` the receiver, `?5` whether its own are read.
macro_rules! items_where {
    ($which:literal) => {
        concat!(
            "SELECT g.signed, c.entry, e.device, e.sequence, c.place, d.creator, d.uuid,
                    c.sites_added, c.hash, c.apart IS NOT NULL,
                    CASE WHEN e.device = ?4 AND NOT ?5 THEN NULL ELSE c.raw END, a.signed, r.wire, e.stamp_time
             FROM feed_item f
             LEFT JOIN grant_ g ON g.id = f.grant_
             LEFT JOIN admission a ON a.id = f.admission
             LEFT JOIN arrival r ON r.id = f.arrival
             LEFT JOIN change c ON c.id = f.change
             LEFT JOIN entry e ON e.id = c.entry
             LEFT JOIN document d ON d.id = c.document
             WHERE f.organisation = ?1 AND f.feed = ?2 AND ",
            $which
        )
    };
}
struct Reader<'a> {
    connection: &'a Connection,
    organisation: i64,
    receiver: DeviceId,
    want_own: bool,
    /// The places of the receiver's journal that another entry has a claim to.
    beside: BTreeSet<u64>,
    pushed: Option<u64>,
}

/// An entry of the receiver's own, by its number in its journal.
#[derive(Clone, Copy)]
struct Own {
    sequence: u64,
    /// Its stamp, where the receiver isn't told of it in this answer anyway.
    stamped: Option<Moment>,
}

/// A position of a feed as it is read.
enum Position {
    Grant(Vec<u8>),
    Admission(Vec<u8>),
    Arrival(Vec<u8>),
    Change { entry: i64, own: Option<Own>, change: OpenedChange },
}

/// Changes of one entry that follow one another in the feed, in the entry's order.
struct Group {
    entry: i64,
    own: Option<Own>,
    raw_bytes: usize,
    changes: Vec<OpenedChange>,
}

impl Reader<'_> {
    fn reads_own(&self) -> bool {
        self.want_own || !self.beside.is_empty()
    }

    fn part(&self, cursor: &Cursor, budget: &mut Budget) -> Result<FeedPart, RelayError> {
        let row = store::feed_row(self.connection, self.organisation, &cursor.feed)?;
        let (id, head) = row.map_or((0, 0), |row| (row.id, row.head));
        let at_cursor = match cursor.position {
            0 => Some(RunningSum::ZERO),
            position => self.sum_at(id, position)?,
        };
        let mut writer = PartWriter::new(self.receiver, cursor, at_cursor, head);
        // After a cursor that isn't ours, what comes would be counted onto a wrong sum.
        if at_cursor == Some(cursor.sum) && cursor.position < head {
            self.items(id, cursor, budget, &mut writer)?;
        }
        Ok(writer.finish())
    }

    fn sum_at(&self, feed: i64, position: u64) -> Result<Option<RunningSum>, RelayError> {
        store::sum_at(self.connection, self.organisation, feed, position)
    }

    fn items(
        &self,
        feed: i64,
        cursor: &Cursor,
        budget: &mut Budget,
        writer: &mut PartWriter,
    ) -> Result<(), RelayError> {
        let sql = items_where!("f.position > ?3 ORDER BY f.position");
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![
            self.organisation,
            feed,
            cursor.position as i64,
            self.receiver.0,
            self.reads_own()
        ])?;
        let mut group: Option<Group> = None;
        while let Some(row) = rows.next()? {
            if !self.add(self.position(row)?, &mut group, budget, writer)? {
                return Ok(());
            }
        }
        self.flush(group, budget, writer)?;
        Ok(())
    }

    /// What stands at some positions of a feed, within the budget, and whether there was more.
    fn chosen(
        &self,
        feed: i64,
        positions: &[u64],
        budget: &mut Budget,
        writer: &mut PartWriter,
    ) -> Result<bool, RelayError> {
        let sql = items_where!("f.position = ?3");
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut group: Option<Group> = None;
        for position in positions {
            let key = params![self.organisation, feed, *position as i64, self.receiver.0, self.reads_own()];
            let mut rows = statement.query(key)?;
            let Some(row) = rows.next()? else { continue };
            if !self.add(self.position(row)?, &mut group, budget, writer)? {
                return Ok(true);
            }
        }
        Ok(!self.flush(group, budget, writer)?)
    }

    /// Adds what stands at the next position; answers whether more may follow.
    fn add(
        &self,
        position: Position,
        group: &mut Option<Group>,
        budget: &mut Budget,
        writer: &mut PartWriter,
    ) -> Result<bool, RelayError> {
        match position {
            Position::Grant(signed) => {
                Ok(self.flush(group.take(), budget, writer)?
                    && writer.grant(budget, minicbor::decode(&signed)?))
            }
            Position::Admission(signed) => Ok(self.flush(group.take(), budget, writer)?
                && writer.admission(budget, minicbor::decode(&signed)?)),
            Position::Arrival(wire) => {
                Ok(self.flush(group.take(), budget, writer)?
                    && writer.arrival(budget, minicbor::decode(&wire)?))
            }
            Position::Change { entry, own, change } => {
                if group.as_ref().is_some_and(|g| !g.takes(entry, &change))
                    && !self.flush(group.take(), budget, writer)?
                {
                    return Ok(false);
                }
                let empty = || Group { entry, own, raw_bytes: 0, changes: Vec::new() };
                let group = group.get_or_insert_with(empty);
                group.raw_bytes += size(&change);
                group.changes.push(change);
                Ok(true)
            }
        }
    }

    fn position(&self, row: &Row<'_>) -> Result<Position, RelayError> {
        if let Some(signed) = row.get::<_, Option<Vec<u8>>>(0)? {
            return Ok(Position::Grant(signed));
        }
        if let Some(signed) = row.get::<_, Option<Vec<u8>>>(11)? {
            return Ok(Position::Admission(signed));
        }
        if let Some(wire) = row.get::<_, Option<Vec<u8>>>(12)? {
            return Ok(Position::Arrival(wire));
        }
        let entry = row.get(1)?;
        let own = match row.get::<_, [u8; 16]>(2)? == self.receiver.0 && !self.want_own {
            true => self.own(row.get(3)?, row.get(13)?),
            false => None,
        };
        let uuid: [u8; 16] = row.get(6)?;
        let creator: [u8; 16] = row.get(5)?;
        let sites_added = match row.get::<_, Option<Vec<u8>>>(7)? {
            Some(sites) => minicbor::decode(&sites)?,
            None => Vec::new(),
        };
        let change = OpenedChange {
            index: row.get(4)?,
            document: DocumentId::from_slice([creator, uuid].as_flattened())?,
            sites_added,
            hash: ChangeHash(row.get(8)?),
            bytes: row.get(10)?,
            apart: row.get(9)?,
        };
        Ok(Position::Change { entry, own, change })
    }

    /// How an own entry is named; none where its number doesn't tell it from another.
    fn own(&self, sequence: u64, stamped: i64) -> Option<Own> {
        let told = self.pushed.is_some_and(|first| first <= sequence);
        let own = Own { sequence, stamped: (!told).then_some(Moment(stamped)) };
        (!self.beside.contains(&sequence)).then_some(own)
    }

    /// Writes a group as one item; answers whether more may follow.
    fn flush(
        &self,
        group: Option<Group>,
        budget: &mut Budget,
        writer: &mut PartWriter,
    ) -> Result<bool, RelayError> {
        let Some(group) = group else { return Ok(true) };
        if let Some(own) = group.own {
            let places: Vec<_> = group.changes.iter().map(|c| (c.index, c.hash)).collect();
            return Ok(writer.own(budget, own.sequence, &places, own.stamped));
        }
        let entry = store::entry(self.connection, group.entry)?;
        Ok(writer.entry(budget, &entry.sealed, &entry.leaves, group.changes, Some(&entry.stamp)))
    }
}

impl Group {
    /// Whether the change at the next position belongs to it: the same entry, further on.
    fn takes(&self, entry: i64, change: &OpenedChange) -> bool {
        self.entry == entry
            && self.raw_bytes + size(change) <= ITEM_RAW_BYTES
            && self.changes.last().is_none_or(|last| last.index < change.index)
    }
}

fn size(change: &OpenedChange) -> usize {
    change.bytes.as_ref().map_or(0, Vec::len)
}
