//! Notes of one import that may outgrow memory: how often each row came, and which sale lines are
//! still open.
//!
//! Both are kept in memory up to a fixed number and beyond it in a private SQLite file, which
//! SQLite makes in the system's temporary folder, keeps in its cache while it is small, and deletes
//! with the connection. What surprises: the two tables are not caches that may forget; both are
//! exact whatever the file's size.

use rusqlite::{Connection, params};
use sha2::Digest;

/// How much is kept in memory before it goes to the temporary file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Different rows counted: some 35 MB at the standard 900,000.
    pub rows: usize,
    /// Open sale lines: some 60 MB at the standard 200,000.
    pub sale_lines: usize,
    /// Rows taken are written at the end of the receipt that brings them to so many, or at twice as many,
    /// should the receipt never end.
    pub batch_rows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rows: 900_000, sale_lines: 200_000, batch_rows: super::ROWS_A_BATCH }
    }
}

/// The temporary file.
pub(super) struct Scratch {
    pub connection: Connection,
}

impl Scratch {
    pub fn open() -> rusqlite::Result<Self> {
        let connection = Connection::open("")?;
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384;
             CREATE TABLE seen (key BLOB PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID;
             CREATE TABLE sale_line (
                 key BLOB NOT NULL, seq INTEGER NOT NULL,
                 site TEXT, till TEXT, number TEXT, line TEXT,
                 occurred INTEGER, sold INTEGER, paid INTEGER, open INTEGER,
                 PRIMARY KEY (key, seq)) WITHOUT ROWID;",
        )?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(Self { connection })
    }
}

/// The first 16 bytes of the SHA-256 of texts, each with its length before it.
pub(super) fn key_of(texts: &[&[u8]]) -> u128 {
    let mut hash = sha2::Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    let digest: [u8; 32] = hash.finalize().into();
    u128::from_be_bytes(digest[..16].try_into().expect("16 of 32 bytes"))
}

/// Counts equal rows.
pub(super) struct Occurrences {
    limit: usize,
    recent: std::collections::HashMap<u128, u32>,
    spilled: bool,
}

impl Occurrences {
    pub fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), recent: Default::default(), spilled: false }
    }

    /// Notes a row and tells which of its equals it is, counted from 1.
    pub fn next(&mut self, scratch: &Scratch, key: u128) -> rusqlite::Result<u32> {
        if let Some(times) = self.recent.get_mut(&key) {
            *times += 1;
            return Ok(*times);
        }
        if self.recent.len() >= self.limit {
            self.spill(scratch)?;
        }
        let before = if self.spilled { self.in_file(scratch, key)? } else { 0 };
        self.recent.insert(key, before + 1);
        Ok(before + 1)
    }

    fn in_file(&self, scratch: &Scratch, key: u128) -> rusqlite::Result<u32> {
        let mut find = scratch.connection.prepare_cached("SELECT times FROM seen WHERE key = ?1")?;
        let mut found = find.query([key.to_be_bytes()])?;
        found.next()?.map_or(Ok(0), |row| row.get(0))
    }

    fn spill(&mut self, scratch: &Scratch) -> rusqlite::Result<()> {
        let mut rows: Vec<(u128, u32)> = self.recent.drain().collect();
        rows.sort_unstable();
        let transaction = scratch.connection.unchecked_transaction()?;
        {
            let mut put = transaction.prepare_cached("INSERT OR REPLACE INTO seen VALUES (?1, ?2)")?;
            for (key, times) in rows {
                put.execute(params![key.to_be_bytes(), times])?;
            }
        }
        self.spilled = true;
        transaction.commit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The count is exact however little is kept in memory.
    #[test]
    fn equal_rows_are_counted_across_the_file() {
        let scratch = Scratch::open().unwrap();
        let mut small = Occurrences::new(3);
        let mut large = Occurrences::new(1_000_000);
        for n in 0u64..1000 {
            let key = key_of(&[(n * n % 17).to_string().as_bytes()]);
            assert_eq!(small.next(&scratch, key).unwrap(), large.next(&scratch, key).unwrap(), "row {n}");
        }
    }

    #[test]
    fn columns_do_not_run_together() {
        assert_ne!(key_of(&[b"ab", b"c"]), key_of(&[b"a", b"bc"]));
    }
}
