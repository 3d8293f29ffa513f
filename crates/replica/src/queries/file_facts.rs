//! What the file itself is like, for support: its schema, its size, how much is in it. Nothing of what
//! documents say.

use crate::error::StoreError;
use crate::store::Replica;

/// A replica's file.
#[derive(Debug, Clone)]
pub struct FileFacts {
    /// The schema's number.
    pub schema: i64,
    /// The version of SQLite at work.
    pub sqlite: String,
    /// Bytes of a page.
    pub page_bytes: u64,
    /// Pages of the file, free ones included.
    pub pages: u64,
    /// Free pages.
    pub free_pages: u64,
    /// How many rows each table of facts has.
    pub rows: Vec<(&'static str, u64)>,
    /// Documents by kind and by how far this program can read them: kind, state, how many.
    pub documents: Vec<(String, String, u64)>,
}

/// Counted one by one: each has its own index that begins with the organisation.
const COUNTED: [(&str, &str); 4] = [
    ("grant_fact", "SELECT count(*) FROM grant_fact WHERE org = ?"),
    ("entry", "SELECT count(*) FROM entry WHERE org = ?"),
    ("document", "SELECT count(*) FROM document WHERE org = ?"),
    ("change", "SELECT count(*) FROM change WHERE org = ?"),
];

impl Replica {
    /// What the file is like.
    ///
    /// # Errors
    /// [`StoreError`] when it can't be read.
    pub fn file_facts(&self) -> Result<FileFacts, StoreError> {
        let org = self.identity.org;
        let read = || -> rusqlite::Result<_> {
            let pragma = |name| self.db.pragma_query_value(None, name, |r| r.get::<_, u64>(0));
            let mut rows = Vec::new();
            for (table, sql) in COUNTED {
                rows.push((table, self.db.query_row(sql, [org], |r| r.get(0))?));
            }
            let mut statement = self.db.prepare(
                "SELECT kind, state, count(*) FROM document WHERE org = ? GROUP BY kind, state ORDER BY kind, state",
            )?;
            let documents = statement.query_map([org], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
            Ok(FileFacts {
                schema: self.db.pragma_query_value(None, "user_version", |r| r.get(0))?,
                sqlite: rusqlite::version().to_owned(),
                page_bytes: pragma("page_size")?,
                pages: pragma("page_count")?,
                free_pages: pragma("freelist_count")?,
                rows,
                documents: documents.collect::<rusqlite::Result<_>>()?,
            })
        };
        read().map_err(StoreError::of)
    }
}
