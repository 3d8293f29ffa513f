//! What stands at the positions of a feed that the cursor counts, and what is stray: held, and not counted.
//!
//! What surprises: a position costs a fraction of a byte to a few bytes. Changes that come one after another
//! have ids that follow one another, so up to 64 positions are one row; sums are kept at every 64th position
//! or so, and in between the hashes are added.

use guicang_domain::ids::DeviceId;
use guicang_sync::feed::{Cursor, Feed};
use guicang_sync::sum::RunningSum;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;
use crate::store::{Replica, Work};

/// The most positions in a row, and between two sums before a row begins with one again.
const RUN: u64 = 64;

/// What stands at a position: a change by its id, or minus a grant's or an admission's id.
pub(super) type Item = i64;

/// A row of positions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) position: u64,
    pub(super) count: u64,
    pub(super) first: Item,
    pub(super) block: bool,
}

impl Run {
    fn last(&self) -> u64 {
        self.position + self.count - 1
    }

    pub(super) fn at(&self, position: u64) -> Item {
        self.first + (position - self.position) as i64
    }
}

/// The hash of an item.
pub(super) fn hash_of(db: &Connection, org: i64, item: Item) -> Result<[u8; 32], StoreError> {
    let sql = match item > 0 {
        true => "SELECT hash FROM change WHERE +org = ? AND id = ?",
        false => "SELECT hash FROM signed_fact WHERE +org = ? AND id = ?",
    };
    db.prepare_cached(sql)
        .and_then(|mut s| s.query_row(params![org, item.abs()], |r| r.get(0)))
        .map_err(StoreError::of)
}

fn run(row: &rusqlite::Row<'_>) -> rusqlite::Result<Run> {
    Ok(Run { position: row.get(0)?, count: row.get(1)?, first: row.get(2)?, block: row.get(3)? })
}

/// The last run that begins at a position or before it.
fn run_at(db: &Connection, org: i64, feed: &str, position: u64) -> Result<Option<Run>, StoreError> {
    db.prepare_cached(
        "SELECT position, count, first, block FROM feed_item WHERE org = ? AND feed = ? AND position <= ?
         ORDER BY position DESC LIMIT 1",
    )
    .and_then(|mut s| s.query_row(params![org, feed, position], run).optional())
    .map_err(StoreError::of)
}

/// The last sum that is kept at a position or before it, and the position that it stands before.
fn sum_before(
    db: &Connection,
    org: i64,
    feed: &str,
    position: u64,
) -> Result<Option<(u64, RunningSum)>, StoreError> {
    db.prepare_cached(
        "SELECT position, sum FROM feed_item WHERE org = ? AND feed = ? AND position <= ? AND sum IS NOT NULL
         ORDER BY position DESC LIMIT 1",
    )
    .and_then(|mut s| {
        s.query_row(params![org, feed, position], |r| Ok((r.get(0)?, RunningSum(r.get(1)?)))).optional()
    })
    .map_err(StoreError::of)
}

impl Replica {
    /// The sum of all hashes up to a position; none where it isn't known.
    pub(super) fn sum_at(&self, cursor: &Cursor, position: u64) -> Result<Option<RunningSum>, StoreError> {
        let (db, org, feed) = (&self.db, self.identity.org, cursor.feed.to_string());
        if position == 0 {
            return Ok(Some(RunningSum::ZERO));
        }
        if position >= cursor.position {
            return Ok((position == cursor.position).then_some(cursor.sum));
        }
        let Some((from, mut sum)) = sum_before(db, org, &feed, position + 1)? else { return Ok(None) };
        if from == position + 1 {
            return Ok(Some(sum));
        }
        if run_at(db, org, &feed, position)?.is_none_or(|run| run.block) {
            return Ok(None);
        }
        for run in runs(db, org, &feed, from, position)? {
            for at in run.position..=run.last().min(position) {
                sum = sum.with(&hash_of(db, org, run.at(at))?);
            }
        }
        Ok(Some(sum))
    }

    /// Where what a feed's positions name doesn't come to the sums that are kept: for `doctor`.
    pub(crate) fn wrong_feeds(&self) -> Result<Vec<String>, StoreError> {
        let mut wrong = Vec::new();
        for cursor in self.cursors()? {
            let (feed, mut position, mut sum) = (cursor.feed.to_string(), 0, RunningSum::ZERO);
            let mut found = |at: u64, what: &str| wrong.push(format!("{feed} at {at}: {what}"));
            let mut statement = self
                .db
                .prepare_cached(
                    "SELECT position, count, first, block, sum FROM feed_item
                     WHERE org = ? AND feed = ? ORDER BY position",
                )
                .map_err(StoreError::of)?;
            let rows = statement
                .query_map(params![self.identity.org, feed], |r| {
                    Ok((run(r)?, r.get::<_, Option<[u8; 32]>>(4)?))
                })
                .map_err(StoreError::of)?;
            for row in rows {
                let (run, kept) = row.map_err(StoreError::of)?;
                let follows = run.position == position + 1;
                match kept {
                    Some(kept) if follows && kept != sum.0 => found(run.position, "another sum is kept"),
                    None if !follows => found(run.position, "a gap, and no sum after it"),
                    _ => {}
                }
                sum = kept.map_or(sum, RunningSum);
                for at in run.position..=run.last() {
                    match hash_of(&self.db, self.identity.org, run.at(at)) {
                        Ok(hash) => sum = sum.with(&hash),
                        Err(StoreError::Sqlite(rusqlite::Error::QueryReturnedNoRows)) => {
                            found(at, "what it names isn't held");
                        }
                        Err(error) => return Err(error),
                    }
                }
                position = run.last();
            }
            if position > cursor.position || (position == cursor.position && sum != cursor.sum) {
                found(position, "the cursor counts otherwise");
            }
        }
        Ok(wrong)
    }

    /// How many strays a feed has.
    pub(super) fn strays(&self, feed: &Feed) -> Result<u64, StoreError> {
        self.db
            .prepare_cached("SELECT count(*) FROM stray WHERE org = ? AND feed = ?")
            .and_then(|mut s| s.query_row(params![self.identity.org, feed.to_string()], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// Whether any feed has a stray.
    pub(super) fn has_strays(&self) -> Result<bool, StoreError> {
        self.db
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM stray WHERE org = ?)")
            .and_then(|mut s| s.query_row([self.identity.org], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// Whose the stray changes are.
    pub(super) fn stray_authors(&self) -> Result<Vec<DeviceId>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT DISTINCT e.device FROM stray s JOIN change c ON c.id = s.item
                 JOIN entry e ON e.id = c.entry WHERE s.org = ? AND s.item > 0 ORDER BY e.device",
            )
            .map_err(StoreError::of)?;
        let rows =
            statement.query_map([self.identity.org], |r| r.get(0).map(DeviceId)).map_err(StoreError::of)?;
        rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)
    }

    /// A feed's strays with their hashes, in their order.
    pub(super) fn each_stray(
        &self,
        feed: &Feed,
        mut one: impl FnMut(Item, [u8; 32]),
    ) -> Result<(), StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT s.item, coalesce(c.hash, g.hash) FROM stray s LEFT JOIN change c ON c.id = s.item
                 LEFT JOIN signed_fact g ON g.id = -s.item WHERE s.org = ? AND s.feed = ? ORDER BY s.ordinal",
            )
            .map_err(StoreError::of)?;
        let mut rows =
            statement.query(params![self.identity.org, feed.to_string()]).map_err(StoreError::of)?;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            one(r.get(0).map_err(StoreError::of)?, r.get(1).map_err(StoreError::of)?);
        }
        Ok(())
    }
}

/// The runs from one that begins at a position on, up to the one in which another position is.
fn runs(db: &Connection, org: i64, feed: &str, from: u64, to: u64) -> Result<Vec<Run>, StoreError> {
    let mut statement = db
        .prepare_cached(
            "SELECT position, count, first, block FROM feed_item
             WHERE org = ? AND feed = ? AND position >= ? AND position <= ? ORDER BY position",
        )
        .map_err(StoreError::of)?;
    let rows = statement.query_map(params![org, feed, from, to], run).map_err(StoreError::of)?;
    rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)
}

impl Work<'_> {
    /// Writes down what stands after a cursor, in order, each with its hash. What was stray is no longer.
    pub(super) fn count_items(
        &mut self,
        before: &Cursor,
        items: &[(Item, [u8; 32])],
        block: bool,
    ) -> Result<(), StoreError> {
        let feed = before.feed.to_string();
        let last = run_at(&self.tx, self.org, &feed, before.position)?;
        let mut summed = sum_before(&self.tx, self.org, &feed, before.position)?.map(|(at, _)| at);
        let mut open = last.filter(|run| run.last() == before.position && !run.block && !block);
        let mut written = open.is_some();
        // Within a block, and where nothing is known of what was before, a sum has to come first.
        let mut sum_next = last.is_none_or(|run| run.block || run.last() != before.position);
        let (mut position, mut sum) = (before.position, before.sum);
        for (item, hash) in items {
            position += 1;
            let joins = |run: &Run| run.first > 0 && run.count < RUN && *item == run.at(position);
            match &mut open {
                Some(run) if joins(run) => run.count += 1,
                _ => {
                    if let Some(run) = open.take().filter(|_| written) {
                        self.set_count(&feed, &run)?;
                    }
                    let due = sum_next || summed.is_none_or(|at| position - at >= RUN);
                    let sum = due.then_some(sum.0);
                    summed = if due { Some(position) } else { summed };
                    sum_next = false;
                    let run = Run { position, count: 1, first: *item, block };
                    self.tx
                        .prepare_cached(
                            "INSERT INTO feed_item (org, feed, position, count, first, sum, block)
                             VALUES (?,?,?,?,?,?,?)",
                        )
                        .and_then(|mut s| {
                            s.execute(params![self.org, feed, run.position, run.count, run.first, sum, block])
                        })
                        .map_err(StoreError::of)?;
                    open = Some(run);
                    written = true;
                }
            }
            sum = sum.with(hash);
        }
        if let Some(run) = open {
            self.set_count(&feed, &run)?;
        }
        self.not_stray(&feed, items)
    }

    fn set_count(&self, feed: &str, run: &Run) -> Result<(), StoreError> {
        self.tx
            .prepare_cached("UPDATE feed_item SET count = ? WHERE org = ? AND feed = ? AND position = ?")
            .and_then(|mut s| s.execute(params![run.count, self.org, feed, run.position]))
            .map(drop)
            .map_err(StoreError::of)
    }

    fn not_stray(&self, feed: &str, items: &[(Item, [u8; 32])]) -> Result<(), StoreError> {
        let any: bool = self
            .tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM stray WHERE org = ? AND feed = ?)")
            .and_then(|mut s| s.query_row(params![self.org, feed], |r| r.get(0)))
            .map_err(StoreError::of)?;
        if !any {
            return Ok(());
        }
        let mut statement = self
            .tx
            .prepare_cached("DELETE FROM stray WHERE org = ? AND feed = ? AND item = ?")
            .map_err(StoreError::of)?;
        for (item, _) in items {
            statement.execute(params![self.org, feed, item]).map_err(StoreError::of)?;
        }
        Ok(())
    }

    /// Notes items as stray, after those that are.
    pub(super) fn add_strays(&mut self, feed: &Feed, items: &[Item]) -> Result<(), StoreError> {
        let feed = feed.to_string();
        let last: i64 = self
            .tx
            .prepare_cached(
                "SELECT max(coalesce((SELECT max(ordinal) FROM stray WHERE org = ?1 AND feed = ?2), 0),
                            coalesce((SELECT position FROM cursor WHERE org = ?1 AND feed = ?2), 0))",
            )
            .and_then(|mut s| s.query_row(params![self.org, feed], |r| r.get(0)))
            .map_err(StoreError::of)?;
        for (n, item) in (1..).zip(items) {
            self.add_stray(&feed, *item, last + n)?;
        }
        Ok(())
    }

    fn add_stray(&self, feed: &str, item: Item, ordinal: i64) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "INSERT INTO stray (org, feed, item, ordinal) VALUES (?,?,?,?) ON CONFLICT DO NOTHING",
            )
            .and_then(|mut s| s.execute(params![self.org, feed, item, ordinal]))
            .map(drop)
            .map_err(StoreError::of)
    }

    /// Earlier strays come after what stands up to `by`: they can't be what that builds on.
    pub(super) fn shift_strays(&mut self, feed: &Feed, by: u64) -> Result<(), StoreError> {
        self.tx
            .prepare_cached("UPDATE stray SET ordinal = ordinal + ?3 WHERE org = ?1 AND feed = ?2")
            .and_then(|mut s| s.execute(params![self.org, feed.to_string(), by]))
            .map(drop)
            .map_err(StoreError::of)
    }

    /// Sets a cursor back by some positions, not below `to`, and notes what it counts no more as stray. The
    /// cursor after it; `None` when another process has moved it meanwhile.
    pub(super) fn set_back(
        &mut self,
        cursor: &Cursor,
        to: u64,
        positions: u64,
    ) -> Result<Option<Cursor>, StoreError> {
        let feed = cursor.feed.to_string();
        let to = to.max(cursor.position.saturating_sub(positions));
        let mut after = cursor.clone();
        while after.position > to {
            let Some(run) = run_at(&self.tx, self.org, &feed, after.position)? else {
                // Nothing was written down of these: they aren't known, and come again.
                after = Cursor::start(cursor.feed.clone());
                break;
            };
            let least = run.position.max(to + 1);
            for position in (least..=run.last().min(after.position)).rev() {
                let item = run.at(position);
                self.add_stray(&feed, item, position as i64)?;
                self.doubt(item)?;
                after.sum = after.sum.without(&hash_of(&self.tx, self.org, item)?);
            }
            match least == run.position {
                true => self
                    .tx
                    .prepare_cached("DELETE FROM feed_item WHERE org = ? AND feed = ? AND position = ?")
                    .and_then(|mut s| s.execute(params![self.org, feed, run.position]))
                    .map(drop)
                    .map_err(StoreError::of)?,
                false => self.set_count(&feed, &Run { count: least - run.position, ..run })?,
            }
            after.position = least - 1;
        }
        Ok(self.move_cursor(cursor, &after)?.then_some(after))
    }
}
