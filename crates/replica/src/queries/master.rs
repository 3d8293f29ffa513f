//! Master data as it stands: each article and site from its document, with the values that lost against
//! another's edit.

use guicang_documents::Losing;
use guicang_domain::document::Document;
use guicang_domain::ids::Sku;
use guicang_domain::master::{Product, Site};
use rusqlite::{OptionalExtension, params};

use crate::error::StoreError;
use crate::facts::{document_by_id, standing};
use crate::store::Replica;

/// A piece of master data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterRow<T> {
    /// What it says.
    pub is: T,
    /// The fields that two people edited while apart, with the values that aren't shown.
    pub losing: Vec<Losing>,
}

impl Replica {
    /// An article; `None` when none is listed under that code.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn product(&self, sku: &Sku) -> Result<Option<MasterRow<Product>>, StoreError> {
        let sql = "SELECT document FROM product WHERE org = ? AND sku = ?";
        self.master_named(sql, sku.as_str(), as_product)
    }

    /// All articles, by code.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn products(&self) -> Result<Vec<MasterRow<Product>>, StoreError> {
        self.master_rows("SELECT document FROM product WHERE org = ? ORDER BY sku", as_product)
    }

    /// All sites, by code, with all that is said of them.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn listed_sites(&self) -> Result<Vec<MasterRow<Site>>, StoreError> {
        self.master_rows("SELECT document FROM site WHERE org = ? ORDER BY code", as_site)
    }

    /// The one of a code or name; `None` when there is none.
    pub(super) fn master_named<T>(
        &self,
        sql: &str,
        code: &str,
        of: fn(Document) -> Option<T>,
    ) -> Result<Option<MasterRow<T>>, StoreError> {
        let document: Option<i64> = self
            .db
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row(params![self.identity.org, code], |r| r.get(0)).optional())
            .map_err(StoreError::of)?;
        document.map_or(Ok(None), |document| self.master_row(document, of))
    }

    /// Those that a query of documents gives, in its order.
    pub(super) fn master_rows<T>(
        &self,
        sql: &str,
        of: fn(Document) -> Option<T>,
    ) -> Result<Vec<MasterRow<T>>, StoreError> {
        let documents: Vec<i64> = {
            let mut statement = self.db.prepare_cached(sql).map_err(StoreError::of)?;
            let rows = statement.query_map([self.identity.org], |r| r.get(0)).map_err(StoreError::of)?;
            rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
        };
        let mut found = Vec::with_capacity(documents.len());
        for document in documents {
            found.extend(self.master_row(document, of)?);
        }
        Ok(found)
    }

    fn master_row<T>(
        &self,
        document: i64,
        of: fn(Document) -> Option<T>,
    ) -> Result<Option<MasterRow<T>>, StoreError> {
        let row = document_by_id(&self.db, document)?;
        let held = standing(&self.db, self.identity.org, &self.book, self.identity.device, document)?;
        let (replayed, reading) = held.read(row.identity)?;
        let losing = replayed.losing_values().map_err(|e| StoreError::damaged("master data", e))?;
        Ok(reading.document.and_then(of).map(|is| MasterRow { is, losing }))
    }
}

fn as_product(document: Document) -> Option<Product> {
    match document {
        Document::Product(product) => Some(product),
        _ => None,
    }
}

fn as_site(document: Document) -> Option<Site> {
    match document {
        Document::Site(site) => Some(site),
        _ => None,
    }
}
