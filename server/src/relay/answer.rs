//! What stands in the feeds after a device's cursors, within the limit that it set.
//!
//! Consecutive positions of one entry become one item. What surprises: of the receiver's own changes
//! not even the bytes are read, since it has them; it is told where they stand.

use guicang_domain::ids::{ChangeHash, DeviceId, DocumentId};
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

/// The parts of an answer, one per cursor of the request, in its order.
///
/// # Errors
/// [`RelayError`] of the file.
pub fn feeds(
    connection: &Connection,
    organisation: i64,
    receiver: DeviceId,
    request: &SyncRequest,
) -> Result<Vec<FeedPart>, RelayError> {
    let limit = (request.answer_limit_bytes as usize).min(ANSWER_LIMIT_BYTES);
    let mut budget = Budget::new(limit);
    let one = Reader { connection, organisation, receiver, want_own: request.want_own };
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
    let one = Reader { connection, organisation, receiver, want_own: true };
    let start = Cursor::start(feed.1.clone());
    let mut writer = PartWriter::new(receiver, &start, Some(RunningSum::ZERO), 0);
    let more = one.chosen(feed.0, positions, &mut budget, &mut writer)?;
    Ok((writer.finish().items, more))
}

/// Reads positions of a feed: `?1` organisation, `?2` feed, `?4` the receiver, `?5` whether it wants its own.
macro_rules! items_where {
    ($which:literal) => {
        concat!(
            "SELECT g.signed, c.entry, e.device, e.sequence, c.place, d.creator, d.uuid,
                    c.sites_added, c.hash, c.apart IS NOT NULL,
                    CASE WHEN e.device = ?4 AND NOT ?5 THEN NULL ELSE c.raw END
             FROM feed_item f
             LEFT JOIN grant_ g ON g.id = f.grant_
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
}

/// A position of a feed as it is read.
enum Position {
    Grant(Vec<u8>),
    Change { entry: i64, own_sequence: Option<u64>, change: OpenedChange },
}

/// Changes of one entry that follow one another in the feed, in the entry's order.
struct Group {
    entry: i64,
    own_sequence: Option<u64>,
    raw_bytes: usize,
    changes: Vec<OpenedChange>,
}

impl Reader<'_> {
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
            self.want_own
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
            let key = params![self.organisation, feed, *position as i64, self.receiver.0, self.want_own];
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
            Position::Change { entry, own_sequence, change } => {
                if group.as_ref().is_some_and(|g| !g.takes(entry, &change))
                    && !self.flush(group.take(), budget, writer)?
                {
                    return Ok(false);
                }
                let empty = || Group { entry, own_sequence, raw_bytes: 0, changes: Vec::new() };
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
        let entry = row.get(1)?;
        let own = !self.want_own && row.get::<_, [u8; 16]>(2)? == self.receiver.0;
        let own_sequence = if own { Some(row.get(3)?) } else { None };
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
        Ok(Position::Change { entry, own_sequence, change })
    }

    /// Writes a group as one item; answers whether more may follow.
    fn flush(
        &self,
        group: Option<Group>,
        budget: &mut Budget,
        writer: &mut PartWriter,
    ) -> Result<bool, RelayError> {
        let Some(group) = group else { return Ok(true) };
        if let Some(sequence) = group.own_sequence {
            let places: Vec<_> = group.changes.iter().map(|c| (c.index, c.hash)).collect();
            return Ok(writer.own(budget, sequence, &places));
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
