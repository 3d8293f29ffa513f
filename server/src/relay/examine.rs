//! Examining the relay's file: whether what it holds is what was accepted.
//!
//! What surprises: nothing is mended. The branches hold what is missing here, and a relay made anew is
//! filled again by them.

use guicang_domain::ids::ChangeHash;
use guicang_sync::change::hash_of;
use guicang_sync::sum::RunningSum;
use rusqlite::Connection;

use super::{Relay, RelayError, store};

/// Something that is wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind, as a stable text.
    pub code: &'static str,
    /// Which, and what was found.
    pub detail: String,
}

impl Relay {
    /// Checks the file's pages, each change's hash, each entry's signature and chain, and each feed's
    /// positions and sums. Empty when all is well.
    ///
    /// # Errors
    /// [`RelayError`] when the file can't be read at all.
    pub fn examine(&self) -> Result<Vec<Finding>, RelayError> {
        let book = self.book()?;
        self.read(|connection| {
            let mut found = Vec::new();
            pages(connection, &mut found)?;
            changes(connection, self.number, &mut found)?;
            let key = |device| book.device(device).map(|d| d.grant.key);
            let sql = "SELECT id, beside FROM entry WHERE organisation = ? ORDER BY beside, device, sequence";
            let mut statement = connection.prepare(sql)?;
            let mut before = None;
            for row in statement.query_map([self.number], |row| Ok((row.get(0)?, row.get(1)?)))? {
                let (id, beside): (i64, bool) = row?;
                let entry = store::entry(connection, id)?;
                let head = entry.sealed.head;
                let which = format!("entry {} of {}", head.sequence, head.device);
                if key(head.device).is_none_or(|key| !entry.sealed.check(&key)) {
                    found.push(Finding { code: "entry_signature", detail: which.clone() });
                }
                if guicang_sync::entry::root(&entry.leaves) != head.root {
                    found.push(Finding { code: "entry_leaves", detail: which.clone() });
                }
                let follows = match before {
                    Some((device, sequence, hash)) if device == head.device => {
                        head.sequence == sequence + 1 && head.previous == hash
                    }
                    _ => head.sequence == 1,
                };
                if !follows && !beside {
                    found.push(Finding { code: "entry_chain", detail: which });
                }
                before = Some((head.device, head.sequence, head.hash()));
            }
            feeds(connection, self.number, &mut found)?;
            Ok(found)
        })
    }
}

fn pages(connection: &Connection, found: &mut Vec<Finding>) -> Result<(), RelayError> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    for line in statement.query_map([], |row| row.get::<_, String>(0))? {
        let detail = line?;
        if detail != "ok" {
            found.push(Finding { code: "pages", detail });
        }
    }
    Ok(())
}

fn changes(connection: &Connection, organisation: i64, found: &mut Vec<Finding>) -> Result<(), RelayError> {
    let sql = "SELECT hash, raw FROM change WHERE organisation = ? ORDER BY id";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([organisation])?;
    while let Some(row) = rows.next()? {
        let (hash, raw) =
            (ChangeHash(row.get(0)?), row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?);
        if hash_of(raw).ok() != Some(hash) {
            found.push(Finding { code: "change_hash", detail: format!("change {hash}") });
        }
    }
    Ok(())
}

fn feeds(connection: &Connection, organisation: i64, found: &mut Vec<Finding>) -> Result<(), RelayError> {
    let sql = "SELECT f.name, f.head, f.sum, i.position, i.sum, coalesce(c.hash, g.hash, a.hash, r.hash)
               FROM feed f JOIN feed_item i ON i.organisation = f.organisation AND i.feed = f.id
               LEFT JOIN change c ON c.id = i.change LEFT JOIN grant_ g ON g.id = i.grant_
               LEFT JOIN admission a ON a.id = i.admission LEFT JOIN arrival r ON r.id = i.arrival
               WHERE f.organisation = ? ORDER BY f.id, i.position";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([organisation])?;
    let mut at: Option<(String, u64, RunningSum)> = None;
    while let Some(row) = rows.next()? {
        let (name, head): (String, u64) = (row.get(0)?, row.get(1)?);
        let (position, sum): (u64, RunningSum) = (row.get(3)?, RunningSum(row.get(4)?));
        let (last, before) = match &at {
            Some((of, position, sum)) if *of == name => (*position, *sum),
            _ => (0, RunningSum::ZERO),
        };
        let hash: Option<[u8; 32]> = row.get(5)?;
        let right = hash.is_some_and(|hash| before.with(&hash) == sum);
        if position != last + 1 || !right {
            found.push(Finding { code: "feed_sum", detail: format!("{name} at {position}") });
        }
        if position == head && sum != RunningSum(row.get(2)?) {
            found.push(Finding { code: "feed_head", detail: format!("{name} at {position}") });
        }
        at = Some((name, position, sum));
    }
    Ok(())
}
