//! Sale lines that returns can still take back, and which of them a return takes.
//!
//! A return that doesn't name its sale is linked to sale lines of the same customer and code as
//! written: oldest first, sold at or before the return's time, whatever the price. Those that the
//! target held before come before this file's. What surprises: once some of this import is written,
//! the target holds this file's lines too; they are told apart by receipt and line, so that a dry
//! run, which writes nothing, links the same.

use std::collections::{HashMap, HashSet};

use guicang_domain::ids::{ReceiptId, ReceiptLineId};
use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::SaleLink;
use guicang_domain::time::Moment;
use rusqlite::{Row, params};

use super::scratch::Scratch;
use super::target::{HeldSaleLine, TargetError};

/// The open lines of this import.
///
/// Lines in memory are younger than those of the same key in the temporary file.
pub(super) struct OpenLines {
    limit: usize,
    held: usize,
    recent: HashMap<u128, Entry>,
    spilled: bool,
    next_seq: i64,
}

#[derive(Default)]
struct Entry {
    /// Whether the target's lines have been asked for.
    loaded: bool,
    lines: Vec<HeldSaleLine>,
}

/// Why lines can't be found.
pub(super) enum TakeError {
    Scratch(rusqlite::Error),
    Target(TargetError),
}

impl From<rusqlite::Error> for TakeError {
    fn from(e: rusqlite::Error) -> Self {
        Self::Scratch(e)
    }
}

/// The place in order that stands for "the target's lines have been asked for"; the target's own
/// lines follow it, this file's count from zero.
const LOADED: i64 = i64::MIN;

impl OpenLines {
    pub fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), held: 0, recent: HashMap::new(), spilled: false, next_seq: 0 }
    }

    /// Notes a line that was sold in this file.
    pub fn add(&mut self, scratch: &Scratch, key: u128, line: HeldSaleLine) -> rusqlite::Result<()> {
        if self.held >= self.limit {
            self.spill(scratch)?;
        }
        let lines = &mut self.entry(key).lines;
        if lines.is_empty() {
            // Most customers buy an article once; a Vec would begin with room for four.
            lines.reserve_exact(1);
        }
        lines.push(line);
        self.held += 1;
        Ok(())
    }

    /// Takes up to `wanted` of what was sold at or before `until`; what is not linked is unmatched.
    pub fn take(
        &mut self,
        scratch: &Scratch,
        key: u128,
        until: Moment,
        wanted: Quantity,
        held: impl FnOnce() -> Result<Vec<HeldSaleLine>, TargetError>,
    ) -> Result<Vec<SaleLink>, TakeError> {
        if self.held >= self.limit {
            self.spill(scratch)?;
        }
        if !self.is_loaded(scratch, key)? {
            let held = held().map_err(TakeError::Target)?;
            self.load(scratch, key, held)?;
        }
        let (mut links, mut left) = (Vec::new(), wanted);
        if self.spilled {
            take_from_file(scratch, key, until, &mut left, &mut links)?;
        }
        if let Some(entry) = self.recent.get_mut(&key) {
            let before = entry.lines.len();
            for line in entry.lines.iter_mut().filter(|line| line.occurred <= until) {
                if left == Quantity::ZERO {
                    break;
                }
                links.push(link(line, &mut left));
            }
            entry.lines.retain(|line| line.open.is_positive());
            self.held -= before - entry.lines.len();
        }
        Ok(links)
    }

    /// The entry of a key. A new one counts as a line: many customers who only return must not
    /// outgrow memory either.
    fn entry(&mut self, key: u128) -> &mut Entry {
        let held = &mut self.held;
        self.recent.entry(key).or_insert_with(|| {
            *held += 1;
            Entry::default()
        })
    }

    fn is_loaded(&self, scratch: &Scratch, key: u128) -> rusqlite::Result<bool> {
        if self.recent.get(&key).is_some_and(|entry| entry.loaded) {
            return Ok(true);
        }
        if !self.spilled {
            return Ok(false);
        }
        let mut find =
            scratch.connection.prepare_cached("SELECT 1 FROM sale_line WHERE key = ?1 AND seq = ?2")?;
        find.exists(params![key.to_be_bytes(), LOADED])
    }

    fn load(&mut self, scratch: &Scratch, key: u128, held: Vec<HeldSaleLine>) -> rusqlite::Result<()> {
        let mut foreign: HashSet<(ReceiptId, ReceiptLineId)> =
            held.iter().map(|line| (line.receipt.clone(), line.line.clone())).collect();
        if self.spilled && !foreign.is_empty() {
            let mut own = select(scratch)?;
            let mut rows = own.query(params![key.to_be_bytes(), i64::MAX])?;
            while let Some(row) = rows.next()? {
                let line = read(row)?;
                foreign.remove(&(line.receipt, line.line));
            }
        }
        let spilled = self.spilled;
        let entry = self.entry(key);
        for line in &entry.lines {
            foreign.remove(&(line.receipt.clone(), line.line.clone()));
        }
        entry.loaded = true;
        let open = held.into_iter().filter(|line| {
            line.open.is_positive() && foreign.contains(&(line.receipt.clone(), line.line.clone()))
        });
        if spilled {
            // Before this file's lines, of which some are in the temporary file already.
            for (n, line) in open.enumerate() {
                write(scratch, key, LOADED + 1 + n as i64, &line)?;
            }
        } else {
            let before = entry.lines.len();
            entry.lines.splice(0..0, open);
            self.held += entry.lines.len() - before;
        }
        Ok(())
    }

    fn spill(&mut self, scratch: &Scratch) -> rusqlite::Result<()> {
        let mut entries: Vec<(u128, Entry)> = self.recent.drain().collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        let transaction = scratch.connection.unchecked_transaction()?;
        for (key, entry) in entries {
            if entry.loaded {
                let mut mark = transaction
                    .prepare_cached("INSERT OR REPLACE INTO sale_line (key, seq) VALUES (?1, ?2)")?;
                mark.execute(params![key.to_be_bytes(), LOADED])?;
            }
            for line in &entry.lines {
                write(scratch, key, self.next_seq, line)?;
                self.next_seq += 1;
            }
        }
        transaction.commit()?;
        self.spilled = true;
        self.held = 0;
        Ok(())
    }
}

/// Takes what is left to take of a line, or all that is open.
fn link(line: &mut HeldSaleLine, left: &mut Quantity) -> SaleLink {
    let quantity = line.open.min(*left);
    line.open -= quantity;
    *left -= quantity;
    SaleLink {
        receipt: line.receipt.clone(),
        line: line.line.clone(),
        quantity,
        sold: line.sold,
        paid: line.paid,
    }
}

fn take_from_file(
    scratch: &Scratch,
    key: u128,
    until: Moment,
    left: &mut Quantity,
    links: &mut Vec<SaleLink>,
) -> rusqlite::Result<()> {
    let mut changed = Vec::new();
    {
        let mut lines = select(scratch)?;
        let mut rows = lines.query(params![key.to_be_bytes(), until.0])?;
        while *left != Quantity::ZERO {
            let Some(row) = rows.next()? else { break };
            let mut line = read(row)?;
            links.push(link(&mut line, left));
            changed.push((row.get::<_, i64>("seq")?, line.open));
        }
    }
    for (seq, open) in changed {
        if open == Quantity::ZERO {
            let mut done =
                scratch.connection.prepare_cached("DELETE FROM sale_line WHERE key = ?1 AND seq = ?2")?;
            done.execute(params![key.to_be_bytes(), seq])?;
        } else {
            let mut less = scratch
                .connection
                .prepare_cached("UPDATE sale_line SET open = ?3 WHERE key = ?1 AND seq = ?2")?;
            less.execute(params![key.to_be_bytes(), seq, open.0])?;
        }
    }
    Ok(())
}

fn select(scratch: &Scratch) -> rusqlite::Result<rusqlite::CachedStatement<'_>> {
    scratch.connection.prepare_cached(
        "SELECT seq, site, till, number, line, occurred, sold, paid, open
         FROM sale_line WHERE key = ?1 AND occurred <= ?2 ORDER BY seq",
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<HeldSaleLine> {
    let text = |column: &str| row.get::<_, String>(column);
    let ours = "a name that this import wrote";
    Ok(HeldSaleLine {
        receipt: ReceiptId {
            site: text("site")?.parse().expect(ours),
            till: row.get::<_, Option<String>>("till")?.map(|till| till.parse().expect(ours)),
            number: text("number")?.parse().expect(ours),
        },
        line: text("line")?.parse().expect(ours),
        occurred: Moment(row.get("occurred")?),
        sold: Quantity(row.get("sold")?),
        paid: Amount(row.get("paid")?),
        open: Quantity(row.get("open")?),
    })
}

fn write(scratch: &Scratch, key: u128, seq: i64, line: &HeldSaleLine) -> rusqlite::Result<()> {
    let mut put = scratch
        .connection
        .prepare_cached("INSERT INTO sale_line VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?;
    put.execute(params![
        key.to_be_bytes(),
        seq,
        line.receipt.site.as_str(),
        line.receipt.till.as_ref().map(|till| till.as_str()),
        line.receipt.number.as_str(),
        line.line.as_str(),
        line.occurred.0,
        line.sold.0,
        line.paid.0,
        line.open.0,
    ])?;
    Ok(())
}
