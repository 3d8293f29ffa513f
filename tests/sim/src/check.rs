//! What must hold while it runs: read from the files, past the programs.

use std::collections::BTreeSet;

use guicang_sync::feed::Cursor;
use guicang_sync::session::Summary;
use rusqlite::{OptionalExtension, params};

use crate::world::{HQ, World};
use crate::{Must, Violation};

impl World {
    /// What a device's commands returned is in its file.
    pub(crate) fn keeps_what_it_returned(&mut self, at: usize) -> Result<(), Violation> {
        self.seen.retain(|(device, _), _| *device != at);
        let file = self.devices[at].file()?;
        let held: BTreeSet<[u8; 32]> = file
            .prepare_cached("SELECT hash FROM change")
            .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
            .must("the auditor reads")?;
        let own = self.oracle.kept.iter().filter(|command| command.by == at && command.in_file);
        let lost = own.flat_map(|command| &command.said).filter(|said| !held.contains(&said.hash)).count();
        match lost {
            0 => Ok(()),
            lost => Err(Violation(format!(
                "{}: {lost} changes of commands that returned are no longer in its file",
                self.devices[at].name
            ))),
        }
    }

    /// The relay still holds each journal up to where it said so.
    pub(crate) fn relay_keeps_what_it_acknowledged(&mut self) -> Result<(), Violation> {
        let relay = self.relay()?;
        for device in &self.devices {
            let held = relay.journal(device.id).must("a journal")?.map_or(0, |head| head.sequence);
            if held < device.accepted_to {
                return Err(Violation(format!(
                    "the relay acknowledged {}'s entries up to {}, and holds them up to {held}",
                    device.name, device.accepted_to
                )));
            }
        }
        Ok(())
    }

    /// Each of a device's cursors has the relay's sum at its position, and the device holds all that the
    /// feed has up to there.
    pub(crate) fn cursors_are_whole(&mut self, at: usize) -> Result<(), Violation> {
        let cursors = self.devices[at].replica()?.cursors().must("cursors")?;
        for cursor in cursors.iter().filter(|cursor| cursor.position > 0) {
            self.cursor_is_whole(at, cursor)?;
        }
        Ok(())
    }

    fn cursor_is_whole(&mut self, at: usize, cursor: &Cursor) -> Result<(), Violation> {
        let name = self.devices[at].name.clone();
        let feed = cursor.feed.to_string();
        let wrong =
            |what: &str| Err(Violation(format!("{name}, feed {feed} at {}: {what}", cursor.position)));
        let key = (at, feed.clone());
        let from = self.seen.get(&key).copied().unwrap_or(0);
        let relay = self.relay_file()?;
        let sum: Option<[u8; 32]> = relay
            .prepare_cached(
                "SELECT i.sum FROM feed_item i JOIN feed f ON f.id = i.feed WHERE f.name = ? AND i.position = ?",
            )
            .and_then(|mut s| s.query_row(params![feed, cursor.position], |r| r.get(0)).optional())
            .must("the auditor reads the relay")?;
        match sum {
            None => return wrong("the relay's feed is shorter"),
            Some(sum) if sum != cursor.sum.0 => return wrong("the sum is not the relay's"),
            Some(_) => {}
        }
        let items: Vec<[Option<[u8; 32]>; 4]> = relay
            .prepare_cached(
                "SELECT c.hash, g.hash, a.hash, r.hash FROM feed_item i JOIN feed f ON f.id = i.feed
                 LEFT JOIN change c ON c.id = i.change LEFT JOIN grant_ g ON g.id = i.grant_
                 LEFT JOIN admission a ON a.id = i.admission LEFT JOIN arrival r ON r.id = i.arrival
                 WHERE f.name = ? AND i.position > ? AND i.position <= ? ORDER BY i.position",
            )
            .and_then(|mut s| {
                s.query_map(params![feed, from, cursor.position], |r| {
                    Ok([r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?])
                })?
                .collect()
            })
            .must("the auditor reads the relay")?;
        let file = self.devices[at].file()?;
        for item in items {
            let (sql, hash) = match item {
                [Some(hash), ..] => ("SELECT 1 FROM change WHERE org = 1 AND hash = ?", hash),
                [None, Some(hash), ..] => ("SELECT 1 FROM grant_fact WHERE org = 1 AND hash = ?", hash),
                [None, None, None, Some(hash)] => {
                    ("SELECT 1 FROM arrival_fact WHERE org = 1 AND hash = ?", hash)
                }
                [None, None, Some(hash), _] => {
                    ("SELECT 1 FROM admission_fact WHERE org = 1 AND hash = ?", hash)
                }
                [None, None, None, None] => return wrong("the relay's feed has an item of nothing"),
            };
            let held = file.prepare_cached(sql).and_then(|mut s| s.exists(params![hash]));
            if !held.must("the auditor reads")? {
                return wrong("something before the cursor is not held");
            }
        }
        self.seen.insert(key, cursor.position);
        Ok(())
    }

    /// A session that says that both ends hold the same: they do.
    ///
    /// `heard` is which of the relay's lives it was said of. One that was put back or made anew since may have
    /// another feed than the one that a cursor counts.
    pub(crate) fn proof_holds(&mut self, at: usize, summary: &Summary, heard: u32) -> Result<(), Violation> {
        if heard == self.relay_life && (summary.proven || heard == 0) {
            self.cursors_are_whole(at)?;
        }
        if summary.proven {
            self.oracle.proven += 1;
        }
        self.books_balance(at)
    }

    /// Postings of stock sum to zero per document, article and lot; of money per document and currency.
    pub(crate) fn books_balance(&mut self, at: usize) -> Result<(), Violation> {
        let name = self.devices[at].name.clone();
        let file = self.devices[at].file()?;
        for (what, sql) in [
            (
                "stock",
                "SELECT count(*) FROM (SELECT 1 FROM posting p JOIN bucket b ON b.id = p.bucket
                 GROUP BY p.document, b.sku, b.lot HAVING sum(p.quantity) <> 0)",
            ),
            (
                "money",
                "SELECT count(*) FROM (SELECT 1 FROM money GROUP BY document, currency HAVING sum(amount) <> 0)",
            ),
        ] {
            let wrong: i64 = file
                .prepare_cached(sql)
                .and_then(|mut s| s.query_row([], |r| r.get(0)))
                .must("the auditor reads")?;
            if wrong > 0 {
                return Err(Violation(format!(
                    "{name}: postings of {what} don't sum to zero in {wrong} cases"
                )));
            }
        }
        Ok(())
    }

    /// The rail has paid no more than HQ's books know of as intended or paid; once all is calm, exactly
    /// what they say is paid.
    pub(crate) fn rail_and_books_agree(&mut self, calm: bool) -> Result<(), Violation> {
        let paid = self.paid_by_rail()?;
        let sql = "SELECT coalesce(sum(amount), 0) FROM money WHERE account = 'tender:wechat'";
        let file = self.devices[HQ].file()?;
        let booked: i64 = file.query_row(sql, [], |r| r.get(0)).must("the auditor reads")?;
        let booked = booked.abs();
        // What HQ and the relay lost together nobody can tell; the provider's statement does.
        let lack = booked != paid && self.books_lack_something()?;
        if booked > paid || (calm && booked != paid && !lack) {
            return Err(Violation(format!("the rail paid {paid}, HQ's books say {booked}")));
        }
        Ok(())
    }
}
