//! Imports: what was brought in when, by whom, from which file, and what of it still stands.

use guicang_domain::ids::{DeviceCode, Number, SiteId, UserName};
use guicang_domain::time::{Moment, Recorded};
use rusqlite::params;

use super::name;
use crate::error::StoreError;
use crate::store::Replica;

/// An import, as far as its documents are held here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// Its number.
    pub number: Number,
    /// The file's name, without its folder.
    pub file: String,
    /// The profile by which it was read.
    pub profile: String,
    /// Who imported.
    pub user: UserName,
    /// The short code of the device.
    pub device: DeviceCode,
    /// When its first document was written.
    pub at: Moment,
    /// The sites whose documents it brought.
    pub sites: Vec<SiteId>,
    /// How many documents.
    pub documents: u64,
    /// How many rows they hold.
    pub rows: u64,
    /// How many of the documents were reversed.
    pub reversed: u64,
}

impl Replica {
    /// The imports whose documents are held here, latest first.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn imports(&self) -> Result<Vec<ImportRow>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT import, device, min(file), min(profile), min(user), min(recorded), count(*), sum(rows),
                        sum(reversed)
                 FROM brought WHERE org = ? GROUP BY import, device ORDER BY min(recorded) DESC, import",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query([self.identity.org]).map_err(StoreError::of)?;
        let mut imports = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let number: Number = name(r, 0, "an import's number")?;
            let device: DeviceCode = name(r, 1, "an import's device")?;
            let sites = self.sites_of_import(&number, &device)?;
            let user = name(r, 4, "an import's user")?;
            let read = || -> rusqlite::Result<_> {
                Ok(ImportRow {
                    number,
                    file: r.get(2)?,
                    profile: r.get(3)?,
                    user,
                    device,
                    at: Recorded(r.get(5)?).moment(),
                    sites,
                    documents: r.get(6)?,
                    rows: r.get(7)?,
                    reversed: r.get(8)?,
                })
            };
            imports.push(read().map_err(StoreError::of)?);
        }
        Ok(imports)
    }

    fn sites_of_import(&self, number: &Number, device: &DeviceCode) -> Result<Vec<SiteId>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT DISTINCT d.site FROM brought b JOIN document d ON d.id = b.document
                 WHERE b.org = ? AND b.import = ? AND b.device = ? AND d.site IS NOT NULL ORDER BY d.site",
            )
            .map_err(StoreError::of)?;
        let key = params![self.identity.org, number.as_str(), device.as_str()];
        let mut rows = statement.query(key).map_err(StoreError::of)?;
        let mut sites = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            sites.push(name(r, 0, "a site")?);
        }
        Ok(sites)
    }
}
