//! Master data: sites and articles, written by HQ's devices.

use guicang_domain::document::{Document, Kind};
use guicang_domain::ids::{SiteId, Sku};
use guicang_domain::master::{Product, Site};
use guicang_domain::money::{Currency, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::time::Zone;
use rusqlite::{OptionalExtension, params};

use crate::error::{CommandError, StoreError};
use crate::facts::document_by_id;
use crate::store::{Replica, Work};

/// A site as HQ names it.
#[derive(Debug, Clone)]
pub struct SiteDraft {
    /// Its code.
    pub code: SiteId,
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: Option<String>,
    /// Where goods that customers send back go, where that isn't its address.
    pub return_address: Option<String>,
    /// Its zone; `None`: the organisation's.
    pub zone: Option<Zone>,
    /// Its currency; `None`: the organisation's.
    pub currency: Option<Currency>,
}

/// An article as HQ lists it.
#[derive(Debug, Clone)]
pub struct ProductDraft {
    /// Its SKU.
    pub sku: Sku,
    /// Its name.
    pub name: String,
    /// Its specification.
    pub spec: Option<String>,
    /// Its base unit.
    pub unit: String,
    /// Barcodes.
    pub barcodes: Vec<String>,
    /// Its category.
    pub category: Option<String>,
    /// Its supplier.
    pub supplier: Option<String>,
    /// The list price of one.
    pub list_price: Option<UnitPrice>,
    /// The cost of one.
    pub cost: Option<UnitPrice>,
    /// Never in stock.
    pub service: bool,
    /// How much less than was sold may come back of weighed goods and still close their sale line.
    pub tolerance: Option<Quantity>,
}

impl Replica {
    /// Adds a site, or changes what is said of it. `false` when nothing differs.
    ///
    /// # Errors
    /// [`CommandError::HqOnly`], or what the file says.
    pub fn put_site(&mut self, draft: SiteDraft) -> Result<bool, CommandError> {
        self.write(|work| work.put_site(draft))
    }

    /// Lists articles, or changes what is said of them, all in one transaction. How many differed.
    ///
    /// # Errors
    /// [`CommandError::HqOnly`], or what the file says; nothing is changed then.
    pub fn put_products(&mut self, drafts: Vec<ProductDraft>) -> Result<usize, CommandError> {
        self.write(|work| {
            let mut changed = 0;
            for draft in drafts {
                changed += usize::from(work.put_product(draft)?);
            }
            Ok(changed)
        })
    }
}

impl Work<'_> {
    pub(super) fn put_site(&mut self, draft: SiteDraft) -> Result<bool, CommandError> {
        self.hq_only()?;
        let held =
            self.master("SELECT document FROM site WHERE org = ? AND code = ?", draft.code.as_str())?;
        let zone = draft.zone.unwrap_or(self.me.zone);
        let head = self.new_head(Kind::Site, None, zone)?;
        let site = Site {
            head,
            code: draft.code,
            name: draft.name,
            address: draft.address,
            return_address: draft.return_address,
            zone,
            currency: draft.currency.unwrap_or(self.me.currency),
        };
        self.put_master(held, Document::Site(site))
    }

    fn put_product(&mut self, draft: ProductDraft) -> Result<bool, CommandError> {
        self.hq_only()?;
        let held =
            self.master("SELECT document FROM product WHERE org = ? AND sku = ?", draft.sku.as_str())?;
        let head = self.new_head(Kind::Product, None, self.me.zone)?;
        let product = Product {
            head,
            sku: draft.sku,
            name: draft.name,
            spec: draft.spec,
            unit: draft.unit,
            barcodes: draft.barcodes,
            category: draft.category,
            supplier: draft.supplier,
            list_price: draft.list_price,
            cost: draft.cost,
            tax_rate: None,
            tax_code: None,
            service: draft.service,
            tolerance: draft.tolerance,
        };
        self.put_master(held, Document::Product(product))
    }

    fn master(&self, sql: &str, code: &str) -> Result<Option<i64>, CommandError> {
        Ok(self.tx.prepare_cached(sql)?.query_row(params![self.org, code], |r| r.get(0)).optional()?)
    }

    /// Makes the document, or sets the fields of the one that is held where they differ.
    pub(super) fn put_master(
        &mut self,
        held: Option<i64>,
        mut document: Document,
    ) -> Result<bool, CommandError> {
        let Some(id) = held else {
            self.create(document, &[])?;
            return Ok(true);
        };
        let row = document_by_id(&self.tx, id)?;
        let (mut replayed, reading) = self.load(&row)?;
        if reading.newer {
            return Err(CommandError::NewerRules { number: row.number });
        }
        let Some(current) = reading.document else {
            return Err(StoreError::damaged("master data", &row.number).into());
        };
        match &mut document {
            Document::Site(d) => d.head = current.head().clone(),
            Document::Product(d) => d.head = current.head().clone(),
            Document::CountPlan(d) => d.head = current.head().clone(),
            _ => {}
        }
        let change = replayed
            .set_fields(self.writer, self.now, &document)
            .map_err(|e| StoreError::damaged("master data", e))?;
        let Some(change) = change else { return Ok(false) };
        self.insert_own_change(id, &change, &[], 0)?;
        self.reproject(id)?;
        Ok(true)
    }
}
