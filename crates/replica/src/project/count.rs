//! Stocktakes: what each asserts of a bucket, and the ledger of a bucket that was counted.
//!
//! What surprises: a count's postings are made here and not by its document, since its variance
//! depends on every other document of the bucket. They are rows like any other's (so everything that
//! sums postings is right), of the count's document, made anew whenever the bucket is folded.

use guicang_domain::account::{Account, Bucket};
use guicang_domain::count::ledger::{Counted, explain};
use guicang_domain::count::plan::CountPlan;
use guicang_domain::count::{Assertion, Count, CountState, Spot, Stage};
use guicang_domain::document::Document;
use guicang_domain::ids::SiteId;
use guicang_domain::quantity::Quantity;
use rusqlite::{OptionalExtension, params};

use crate::error::StoreError;
use crate::store::Work;

/// A count of a bucket, and what the ledger came to since the one before.
struct Row {
    document: i64,
    position: i64,
    first: i64,
    last: i64,
    unclear: bool,
    dropped: bool,
    counted: Counted,
}

impl Work<'_> {
    pub(super) fn project_count(&mut self, document: i64, d: &Count) -> Result<(), StoreError> {
        let Some(site) = &d.head.site else { return Ok(()) };
        let state = CountState::of(d);
        self.project_count_head(document, d, &state)?;
        for (position, (spot, assertion)) in state.assertions.iter().enumerate() {
            self.project_assertion(document, position, spot, assertion, &state, site)?;
        }
        Ok(())
    }

    fn project_assertion(
        &mut self,
        document: i64,
        position: usize,
        spot: &Spot,
        assertion: &Assertion,
        state: &CountState,
        site: &SiteId,
    ) -> Result<(), StoreError> {
        let bucket = self.bucket(&spot.bucket(site))?;
        self.touched.buckets.insert(bucket);
        let seen = state.approved.is_some().then(|| state.seen.get(spot).copied().unwrap_or_default());
        let devices: Vec<u8> = assertion.devices.iter().flat_map(|d| d.0).collect();
        self.tx
            .prepare_cached(
                "INSERT OR REPLACE INTO count_bucket (org, document, position, bucket, counted, first, last, devices,
                                           cost, unscanned, unclear, holds, dropped, seen)
                 VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    document,
                    position as i64,
                    bucket,
                    assertion.counted.0,
                    assertion.first.0,
                    assertion.last.0,
                    devices,
                    assertion.cost.map(|c| c.0),
                    assertion.unscanned,
                    assertion.unclear,
                    state.holds(),
                    state.stage == Stage::Cancelled,
                    seen.map(|q| q.0)
                ])
            })
            .map(drop)
            .map_err(StoreError::of)
    }

    /// Projects a count to which this device has just added something. While it is open nothing is posted, and
    /// a scan says something new of its own buckets alone: the thousands that were scanned before stay as they
    /// are. In all other cases the whole count is projected anew.
    pub(crate) fn project_more_scans(
        &mut self,
        document: i64,
        before: &CountState,
        d: Count,
    ) -> Result<(), StoreError> {
        let after = CountState::of(&d);
        let only_grew = before.stage == Stage::Open
            && after.stage == Stage::Open
            && before.assertions.keys().all(|spot| after.assertions.contains_key(spot));
        let site = d.head.site.clone();
        let (true, Some(site)) = (only_grew, site) else {
            self.unproject(document)?;
            return self.project(document, &Document::Count(d));
        };
        self.tx
            .prepare_cached("DELETE FROM count_head WHERE org = ? AND document = ?")
            .and_then(|mut s| s.execute([self.org, document]))
            .map_err(StoreError::of)?;
        self.project_count_head(document, &d, &after)?;
        for (position, (spot, assertion)) in after.assertions.iter().enumerate() {
            if before.assertions.get(spot) == Some(assertion) {
                continue;
            }
            if !before.assertions.contains_key(spot) {
                self.make_room(document, position)?;
            }
            self.project_assertion(document, position, spot, assertion, &after, &site)?;
        }
        self.note_read(document, &Document::Count(d))
    }

    /// Moves a count's rows from a position on by one, so that another comes between.
    fn make_room(&self, document: i64, position: usize) -> Result<(), StoreError> {
        // In two steps, by way of the negative ones: a row must not meet the next one on its way.
        self.tx
            .prepare_cached(
                "UPDATE count_bucket SET position = -position - 2
                 WHERE org = ? AND document = ? AND position >= ?",
            )
            .and_then(|mut s| s.execute([self.org, document, position as i64]))
            .map_err(StoreError::of)?;
        self.tx
            .prepare_cached(
                "UPDATE count_bucket SET position = -position - 1
                 WHERE org = ? AND document = ? AND position < 0",
            )
            .and_then(|mut s| s.execute([self.org, document]))
            .map(drop)
            .map_err(StoreError::of)
    }

    fn project_count_head(&self, document: i64, d: &Count, state: &CountState) -> Result<(), StoreError> {
        let lines = |items: Vec<String>| items.join("\n");
        let losers: Vec<String> = state.losers.iter().map(|(id, what)| format!("{what} {id}")).collect();
        let opened = d.events.iter().map(|e| e.occurred.at).min().unwrap_or_default();
        self.tx
            .prepare_cached(
                "INSERT INTO count_head (org, document, site, stage, opened, zone, currency, blind, places, skus, category,
                                         note, plan, counters, closed, approved, approver, losers)
                 VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    document,
                    d.head.site.as_ref().map(|s| s.as_str()),
                    state.stage.as_str(),
                    opened.0,
                    d.head.zone.to_string(),
                    d.currency.code(),
                    d.blind,
                    lines(d.scope.places.iter().cloned().collect()),
                    d.scope.skus.len() as i64,
                    d.scope.category,
                    d.note,
                    d.plan.map(|p| p.to_bytes()),
                    lines(state.counters.iter().map(ToString::to_string).collect()),
                    state.closed.as_ref().map(|c| c.occurred.at.0),
                    state.approved.as_ref().map(|a| a.occurred.at.0),
                    state.approved.as_ref().map(|a| a.user.to_string()),
                    Some(lines(losers)).filter(|l| !l.is_empty())
                ])
            })
            .map_err(StoreError::of)?;
        Ok(())
    }

    pub(super) fn project_count_plan(&mut self, document: i64, d: &CountPlan) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "INSERT INTO count_plan (org, document, name, site, every_days, starts) VALUES (?,?,?,?,?,?)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    document,
                    d.name,
                    d.site.as_ref().map(|s| s.as_str()),
                    d.every_days,
                    d.from.to_string()
                ])
            })
            .map_err(StoreError::of)?;
        Ok(())
    }

    /// Posts the variances of a bucket's counts anew: what was counted less what the ledger says at the
    /// time of the last scan, by all that is held by now.
    pub(super) fn fold_counts(&mut self, bucket: i64) -> Result<(), StoreError> {
        let mut rows = self.counts_of(bucket)?;
        for row in &rows {
            self.unpost_variance(row, bucket)?;
        }
        let mut since = i64::MIN;
        for row in &mut rows {
            row.counted.flow = self.flow(bucket, since, row.last)?;
            since = row.last;
        }
        let counts: Vec<Counted> = rows.iter().map(|r| r.counted).collect();
        let (explained, _) = explain(&counts, Quantity::ZERO);
        for (n, (row, found)) in rows.iter().zip(&explained).enumerate() {
            let is_over = row.dropped || rows[n + 1..].iter().any(|later| later.counted.holds);
            let near = if is_over { None } else { self.near(bucket, row)? };
            if row.counted.holds {
                self.post_variance(row, bucket, found.variance)?;
            }
            self.tx
                .prepare_cached(
                    "UPDATE count_bucket SET book = ?, variance = ?, near = ?
                     WHERE org = ? AND document = ? AND position = ?",
                )
                .and_then(|mut s| {
                    let key = (self.org, row.document, row.position);
                    s.execute(params![found.book.0, found.variance.0, near, key.0, key.1, key.2])
                })
                .map_err(StoreError::of)?;
        }
        Ok(())
    }

    /// The counts of a bucket, by when they hold, then by document.
    fn counts_of(&self, bucket: i64) -> Result<Vec<Row>, StoreError> {
        let mut statement = self
            .tx
            .prepare_cached(
                "SELECT c.document, c.position, c.last, c.counted, c.holds, c.first, c.unclear, c.dropped
                 FROM count_bucket c JOIN document d ON d.id = c.document
                 WHERE c.org = ? AND c.bucket = ? ORDER BY c.last, d.identity",
            )
            .map_err(StoreError::of)?;
        let rows = statement
            .query_map([self.org, bucket], |r| {
                let counted =
                    Counted { quantity: Quantity(r.get(3)?), holds: r.get(4)?, flow: Quantity::ZERO };
                Ok(Row {
                    document: r.get(0)?,
                    position: r.get(1)?,
                    first: r.get(5)?,
                    last: r.get(2)?,
                    unclear: r.get(6)?,
                    dropped: r.get(7)?,
                    counted,
                })
            })
            .map_err(StoreError::of)?;
        rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)
    }

    /// What was posted to a bucket after one moment and up to another. Variances aren't among it: they
    /// were taken out before.
    fn flow(&self, bucket: i64, after: i64, up_to: i64) -> Result<Quantity, StoreError> {
        self.tx
            .prepare_cached(
                "SELECT coalesce(sum(quantity), 0) FROM posting INDEXED BY posting_bucket
                 WHERE org = ? AND bucket = ? AND occurred > ? AND occurred <= ? AND counts = 1",
            )
            .and_then(|mut s| s.query_row([self.org, bucket, after, up_to], |r| r.get(0).map(Quantity)))
            .map_err(StoreError::of)
    }

    /// How far the nearest posting of another kind of document is from a count's scans, ms.
    fn near(&self, bucket: i64, row: &Row) -> Result<Option<i64>, StoreError> {
        if row.unclear {
            return Ok(Some(0));
        }
        let nearest = |side: &str, order: &str| {
            let sql = format!(
                "SELECT p.occurred FROM posting p INDEXED BY posting_bucket JOIN document d ON d.id = p.document
                 WHERE p.org = ? AND p.bucket = ? AND p.occurred {side} ? AND p.counts = 1 AND d.kind <> 'count'
                 ORDER BY p.occurred {order} LIMIT 1"
            );
            self.tx
                .prepare_cached(&sql)
                .and_then(|mut s| {
                    s.query_row([self.org, bucket, row.last], |r| r.get::<_, i64>(0)).optional()
                })
                .map_err(StoreError::of)
        };
        let before = nearest("<=", "DESC")?.map(|at| row.first.saturating_sub(at).max(0));
        let after = nearest(">", "ASC")?.map(|at| at.saturating_sub(row.last));
        Ok(before.into_iter().chain(after).min())
    }

    fn unpost_variance(&mut self, row: &Row, bucket: i64) -> Result<(), StoreError> {
        let Self { tx, org, touched, .. } = self;
        let mut statement = tx
            .prepare_cached(
                "DELETE FROM posting WHERE org = ?1 AND document = ?2 AND ordinal BETWEEN 2 * ?3 AND 2 * ?3 + 1
                 RETURNING bucket",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query([*org, row.document, row.position]).map_err(StoreError::of)?;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let other: i64 = r.get(0).map_err(StoreError::of)?;
            if other != bucket {
                touched.buckets.insert(other);
            }
        }
        tx.prepare_cached("DELETE FROM moved WHERE org = ? AND document = ? AND position = ?")
            .and_then(|mut s| s.execute([*org, row.document, row.position]))
            .map_err(StoreError::of)?;
        Ok(())
    }

    /// Posts a variance: from or to the bucket's own variance account, at the time of the last scan. What it
    /// is worth follows from the site's moving average.
    fn post_variance(&mut self, row: &Row, bucket: i64, variance: Quantity) -> Result<(), StoreError> {
        // A count that found what the book says is posted too: it says how much there is.
        let mut sides = vec![(0, bucket, variance, true)];
        let counted = self.bucket_of(bucket)?;
        if variance != Quantity::ZERO {
            let other = self.bucket(&Bucket { account: Account::Variance, ..counted.clone() })?;
            self.touched.buckets.insert(other);
            sides.push((1, other, -variance, false));
        }
        for (side, to, quantity, asserts) in sides {
            self.tx
                .prepare_cached(
                    "INSERT INTO posting (org, document, ordinal, bucket, position, quantity, value, derived, occurred, asserts)
                     VALUES (?,?,?,?,?,?,0,1,?,?)",
                )
                .and_then(|mut s| {
                    s.execute(params![
                        self.org,
                        row.document,
                        row.position * 2 + side,
                        to,
                        row.position,
                        quantity.0,
                        row.last,
                        asserts
                    ])
                })
                .map_err(StoreError::of)?;
        }
        if variance == Quantity::ZERO {
            return Ok(());
        }
        let movement = if variance.is_positive() { "count_gain" } else { "count_loss" };
        self.tx
            .prepare_cached(
                "INSERT INTO moved (org, document, position, site, movement, quantity, value) VALUES (?,?,?,?,?,?,0)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    row.document,
                    row.position,
                    counted.site.as_str(),
                    movement,
                    variance.abs().0
                ])
            })
            .map_err(StoreError::of)?;
        Ok(())
    }

    /// The bucket of a row.
    fn bucket_of(&self, bucket: i64) -> Result<Bucket, StoreError> {
        let (site, place, sku, lot, account): (String, String, String, String, i64) = self
            .tx
            .prepare_cached("SELECT site, place, sku, lot, account FROM bucket WHERE id = ?")
            .and_then(|mut s| {
                s.query_row([bucket], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?)))
            })
            .map_err(StoreError::of)?;
        let damaged = |e| StoreError::damaged("a bucket", e);
        Ok(Bucket {
            site: site.parse().map_err(damaged)?,
            place,
            sku: sku.parse().map_err(damaged)?,
            lot: if lot.is_empty() { None } else { Some(lot.parse().map_err(damaged)?) },
            account: Account::from_code(account).ok_or_else(|| StoreError::damaged("an account", account))?,
        })
    }
}
