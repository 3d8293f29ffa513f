//! The replica's answers while it and the relay find each other again.
//!
//! What surprises: nothing that is held is ever taken away. A cursor that goes back leaves behind strays,
//! which are counted again when the relay has them again, and offered to it until then.

use std::collections::BTreeSet;

use guicang_sync::feed::{Cursor, Feed};
use guicang_sync::message::FeedItem;
use guicang_sync::reconcile::{Ask, Bucket, Point, Probe, Told, bucket, check, name};

use super::LinkError;
use super::positions::Item;
use crate::error::StoreError;
use crate::store::Replica;

/// So many positions are set back in one transaction: a few milliseconds.
const BACK_AT_ONCE: u64 = 500;
/// So many changes that were lacking are applied in one.
const TAKE_AT_ONCE: usize = 16;

impl Replica {
    /// Does what a session asks with [`guicang_sync::session::Step::Reconcile`].
    ///
    /// # Errors
    /// [`LinkError`] when the file can't be read or written, or what the relay sent isn't what it says.
    pub fn reconcile(&mut self, ask: Ask) -> Result<Told, LinkError> {
        Ok(match ask {
            Ask::Sums(feeds) => {
                let known = feeds.into_iter().map(|(feed, positions)| self.points(feed, &positions));
                Told::Sums(known.collect::<Result<_, _>>()?)
            }
            Ask::SetBack(feeds) => {
                let back = feeds.into_iter().map(|(feed, to)| {
                    let cursor = self.set_cursor_back(feed, to)?;
                    let strays = self.strays(&cursor.feed)?;
                    Ok::<_, StoreError>((cursor, strays))
                });
                Told::SetBack(back.collect::<Result<_, _>>()?)
            }
            Ask::Strays => {
                let cursors = self.cursors()?.into_iter();
                let feeds = cursors.map(|c| Ok((c.feed.clone(), self.strays(&c.feed)?)));
                let feeds = feeds.collect::<Result<_, StoreError>>()?;
                Told::Strays { feeds, authors: self.stray_authors()?, unsure: self.unsure()? }
            }
            Ask::Offer { pass, budget_bytes } => self.offer(pass, budget_bytes)?,
            Ask::Checks { feed, bits } => {
                let mut checks = vec![0; 1 << bits];
                self.each_stray(&feed, |_, hash| {
                    let at = &mut checks[bucket(&hash, bits) as usize];
                    *at = check(*at, &hash);
                })?;
                Told::Checks(checks)
            }
            Ask::Names { feed, bits, buckets } => {
                let mut found: Vec<Bucket> =
                    buckets.iter().map(|bucket| Bucket { bucket: *bucket, names: Vec::new() }).collect();
                self.each_stray(&feed, |_, hash| {
                    let at = bucket(&hash, bits);
                    if let Some(bucket) = found.iter_mut().find(|b| b.bucket == at) {
                        bucket.names.push(name(&hash));
                    }
                })?;
                found.iter_mut().for_each(|bucket| bucket.names.sort_unstable());
                Told::Names(found)
            }
            Ask::Take { feed, items } => {
                self.take_lacking(&feed, &items)?;
                Told::Take
            }
            Ask::Settle { to, lacks } => Told::Settle(self.settle(to, &lacks)?),
        })
    }

    fn points(&self, feed: Feed, positions: &[u64]) -> Result<Probe, StoreError> {
        let cursor = self.cursor(feed.clone())?;
        let mut points = Vec::new();
        for position in positions {
            let sum = self.sum_at(&cursor, *position)?;
            points.extend(sum.map(|sum| Point { position: *position, sum }));
        }
        Ok(Probe { feed, points })
    }

    fn set_cursor_back(&mut self, feed: Feed, to: u64) -> Result<Cursor, StoreError> {
        let mut cursor = self.cursor(feed)?;
        self.write(|work| work.shift_strays(&cursor.feed, cursor.position))?;
        while cursor.position > to {
            match self.write(|work| work.set_back(&cursor, to, BACK_AT_ONCE))? {
                Some(after) => cursor = after,
                // Another process is at it: what it does stands.
                None => return self.cursor(cursor.feed),
            }
        }
        Ok(cursor)
    }

    fn take_lacking(&mut self, feed: &Feed, items: &[FeedItem]) -> Result<(), LinkError> {
        let mut pull = self.open_strays(feed, items)?;
        while self.apply_slice(&mut pull, TAKE_AT_ONCE)? {}
        Ok(())
    }

    /// Counts a feed's strays but for those that the relay lacks, up to its position, where their sum is its
    /// own. In one transaction, however many: a cursor has one sum.
    fn settle(&mut self, to: Cursor, lacks: &BTreeSet<u64>) -> Result<Cursor, StoreError> {
        let cursor = self.cursor(to.feed.clone())?;
        let mut items: Vec<(Item, [u8; 32])> = Vec::new();
        let mut sum = cursor.sum;
        self.each_stray(&to.feed, |item, hash| {
            if !lacks.contains(&name(&hash)) {
                sum = sum.with(&hash);
                items.push((item, hash));
            }
        })?;
        if sum != to.sum || cursor.position + items.len() as u64 != to.position {
            return Ok(cursor);
        }
        // Which stands where isn't known, and ids that follow one another make long runs.
        items.sort_unstable();
        let moved = self.write(|work| {
            if !work.move_cursor(&cursor, &to)? {
                return Ok::<_, StoreError>(false);
            }
            work.count_items(&cursor, &items, true)?;
            Ok(true)
        })?;
        if moved { Ok(to) } else { self.cursor(to.feed) }
    }
}
