//! Master data: sites and articles by their codes.
//!
//! Two documents of one code (made at two HQ devices while apart) are both kept; the one whose
//! document came first by identity is shown.

use guicang_domain::document::Kind;
use guicang_domain::master::{Product, Site};
use rusqlite::params;

use crate::error::StoreError;
use crate::store::Work;

impl Work<'_> {
    pub(super) fn project_site(&mut self, document: i64, d: &Site) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "INSERT INTO site (org, code, name, zone, currency, document) VALUES (?1,?2,?3,?4,?5,?6)
                 ON CONFLICT (org, code) DO UPDATE SET name = ?3, zone = ?4, currency = ?5, document = ?6
                 WHERE (SELECT identity FROM document d WHERE d.id = ?6)
                     < (SELECT identity FROM document d WHERE d.id = site.document)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    d.code.as_str(),
                    d.name,
                    d.zone.to_string(),
                    d.currency.code(),
                    document
                ])
            })
            .map_err(StoreError::of)?;
        Ok(())
    }

    pub(super) fn project_product(&mut self, document: i64, d: &Product) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "INSERT INTO product (org, sku, name, service, cost, list_price, document, category)
                 VALUES (?1,?2,?3,?4,?5,?6,?7,?8)
                 ON CONFLICT (org, sku) DO UPDATE SET name = ?3, service = ?4, cost = ?5, list_price = ?6, document = ?7,
                     category = ?8
                 WHERE (SELECT identity FROM document d WHERE d.id = ?7)
                     < (SELECT identity FROM document d WHERE d.id = product.document)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    d.sku.as_str(),
                    d.name,
                    d.service,
                    d.cost.map(|c| c.0),
                    d.list_price.map(|p| p.0),
                    document,
                    d.category
                ])
            })
            .map_err(StoreError::of)?;
        for barcode in &d.barcodes {
            self.tx
                .prepare_cached(
                    "INSERT OR IGNORE INTO product_barcode (org, barcode, sku, document) VALUES (?,?,?,?)",
                )
                .and_then(|mut s| s.execute(params![self.org, barcode, d.sku.as_str(), document]))
                .map_err(StoreError::of)?;
        }
        Ok(())
    }

    /// Removes the rows of master data. Only of such documents: these tables are not found by document.
    pub(super) fn unproject_master(&self, document: i64, kind: &str) -> Result<(), StoreError> {
        let tables: &[&str] = match kind.parse() {
            Ok(Kind::Site) => &["site"],
            Ok(Kind::Product) => &["product", "product_barcode"],
            Ok(Kind::Supplier) => &["supplier"],
            Ok(Kind::User) => &["staff", "absence"],
            _ => &[],
        };
        for table in tables {
            self.tx
                .prepare_cached(&format!("DELETE FROM {table} WHERE org = ? AND document = ?"))
                .and_then(|mut s| s.execute([self.org, document]))
                .map_err(StoreError::of)?;
        }
        Ok(())
    }
}
