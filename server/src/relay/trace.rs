//! Where the relay has a document's changes: for `trace`, which asks why something isn't there.

use guicang_domain::ids::{ChangeHash, DocumentId};
use guicang_domain::time::Moment;
use rusqlite::params;

use super::{Relay, RelayError};

/// A change in the log.
#[derive(Debug, Clone)]
pub struct Logged {
    /// Which.
    pub change: ChangeHash,
    /// When its entry came.
    pub stamped: Moment,
    /// The rule by which it is set apart.
    pub apart: Option<String>,
    /// Its positions by feed, `log` among them.
    pub feeds: Vec<(String, u64)>,
}

impl Relay {
    /// A document's changes, in order of acceptance.
    ///
    /// Feeds have no index by change, which would cost each append for the sake of a question that is
    /// asked once in a while: this reads them whole.
    ///
    /// # Errors
    /// [`RelayError`] of the file.
    pub fn logged(&self, document: DocumentId) -> Result<Vec<Logged>, RelayError> {
        self.read(|connection| {
            let sql = "SELECT c.id, c.hash, c.apart, e.stamp_time FROM document d
                       JOIN change c ON c.organisation = d.organisation AND c.document = d.id
                       JOIN entry e ON e.id = c.entry
                       WHERE d.organisation = ? AND d.creator = ? AND d.uuid = ? ORDER BY c.id";
            let mut statement = connection.prepare_cached(sql)?;
            let bytes = document.to_bytes();
            let rows = statement.query_map(params![self.number, &bytes[..16], &bytes[16..]], |row| {
                let logged = Logged {
                    change: ChangeHash(row.get(1)?),
                    stamped: Moment(row.get(3)?),
                    apart: row.get(2)?,
                    feeds: Vec::new(),
                };
                Ok((row.get::<_, i64>(0)?, logged))
            })?;
            let mut all = rows.collect::<Result<Vec<_>, _>>()?;
            let sql = "SELECT f.name, i.position FROM feed f
                       JOIN feed_item i ON i.organisation = f.organisation AND i.feed = f.id
                       WHERE f.organisation = ? AND i.change = ? ORDER BY f.id, i.position";
            let mut statement = connection.prepare_cached(sql)?;
            for (id, logged) in &mut all {
                let rows =
                    statement.query_map(params![self.number, *id], |row| Ok((row.get(0)?, row.get(1)?)))?;
                logged.feeds = rows.collect::<Result<_, _>>()?;
            }
            Ok(all.into_iter().map(|(_, logged)| logged).collect())
        })
    }
}
