//! Master data: sites and articles, written by HQ's devices.

use std::collections::BTreeMap;

use guicang_domain::document::{Document, Kind};
use guicang_domain::ids::{SiteId, Sku};
use guicang_domain::master::{Level, Product, Site};
use guicang_domain::money::{Currency, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::time::Zone;
use rusqlite::{OptionalExtension, params};

use crate::error::{CommandError, StoreError};
use crate::facts::document_by_id;
use crate::store::{Replica, Work};

/// A site as HQ names it. What is `None` stays as it is.
#[derive(Debug, Clone)]
pub struct SiteDraft {
    /// Its code.
    pub code: SiteId,
    /// Its name.
    pub name: String,
    /// Its address; empty takes it away.
    pub address: Option<String>,
    /// Where goods that customers send back go, where that isn't its address.
    pub return_address: Option<String>,
    /// Its zone; the organisation's where nothing was said.
    pub zone: Option<Zone>,
    /// Its currency; the organisation's where nothing was said.
    pub currency: Option<Currency>,
}

/// What HQ says of an article. What isn't said stays as it is.
#[derive(Debug, Clone)]
pub struct ProductDraft {
    /// Its SKU.
    pub sku: Sku,
    /// What is said of it; the last of two of one field stands.
    pub fields: Vec<ProductField>,
}

/// Something said of an article; `None` and empty texts take it away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductField {
    /// Its name. A new article must have one.
    Name(String),
    /// Its specification.
    Spec(Option<String>),
    /// Its base unit.
    Unit(String),
    /// Its barcodes.
    Barcodes(Vec<String>),
    /// Its category.
    Category(Option<String>),
    /// Its supplier.
    Supplier(Option<String>),
    /// The list price of one.
    ListPrice(Option<UnitPrice>),
    /// The cost of one.
    Cost(Option<UnitPrice>),
    /// The tax rate in basis points.
    TaxRate(Option<u32>),
    /// The tax code.
    TaxCode(Option<String>),
    /// Never in stock.
    Service(bool),
    /// How much a weighed return may differ from what was sold.
    Tolerance(Option<Quantity>),
    /// An attribute, by name.
    Attribute(String, Option<String>),
    /// Another unit, by name: how much of the base unit it is.
    PackUnit(String, Option<Quantity>),
    /// The least that a site is to have.
    Min(SiteId, Option<Quantity>),
    /// The most that a site is to have.
    Max(SiteId, Option<Quantity>),
}

impl ProductField {
    fn set(self, product: &mut Product) {
        fn put<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: Option<V>) {
            match value {
                Some(value) => _ = map.insert(key, value),
                None => _ = map.remove(&key),
            }
        }
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        match self {
            ProductField::Name(name) => product.name = name,
            ProductField::Spec(spec) => product.spec = some(spec),
            ProductField::Unit(unit) => product.unit = unit,
            ProductField::Barcodes(barcodes) => product.barcodes = barcodes,
            ProductField::Category(category) => product.category = some(category),
            ProductField::Supplier(supplier) => product.supplier = some(supplier),
            ProductField::ListPrice(price) => product.list_price = price,
            ProductField::Cost(cost) => product.cost = cost,
            ProductField::TaxRate(rate) => product.tax_rate = rate,
            ProductField::TaxCode(code) => product.tax_code = some(code),
            ProductField::Service(service) => product.service = service,
            ProductField::Tolerance(tolerance) => product.tolerance = tolerance,
            ProductField::Attribute(name, value) => put(&mut product.attributes, name, some(value)),
            ProductField::PackUnit(name, quantity) => put(&mut product.units, name, quantity),
            ProductField::Min(site, min) => {
                let level = product.levels.get(&site).copied().unwrap_or_default();
                let level = Level { min, ..level };
                put(&mut product.levels, site, Some(level).filter(|level| *level != Level::default()));
            }
            ProductField::Max(site, max) => {
                let level = product.levels.get(&site).copied().unwrap_or_default();
                let level = Level { max, ..level };
                put(&mut product.levels, site, Some(level).filter(|level| *level != Level::default()));
            }
        }
    }
}

impl Replica {
    /// Adds a site, or changes what is said of it. `false` when nothing differs.
    ///
    /// # Errors
    /// [`CommandError::HqOnly`], or what the file says.
    pub fn put_site(&mut self, draft: SiteDraft) -> Result<bool, CommandError> {
        self.write(|work| work.put_site(draft))
    }

    /// Adds sites, or changes what is said of them, all in one transaction. How many differed.
    ///
    /// # Errors
    /// [`CommandError::HqOnly`], or what the file says; nothing is changed then.
    pub fn put_sites(&mut self, drafts: Vec<SiteDraft>) -> Result<usize, CommandError> {
        self.write(|work| {
            let mut changed = 0;
            for draft in drafts {
                changed += usize::from(work.put_site(draft)?);
            }
            Ok(changed)
        })
    }

    /// Lists articles, or changes what is said of them, all in one transaction. How many differed.
    ///
    /// # Errors
    /// [`CommandError::HqOnly`], [`CommandError::Value`] when a new article has no name, or what the file says;
    /// nothing is changed then.
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
        let current = match self.held_master(held)? {
            Some(Document::Site(site)) => Some(site),
            _ => None,
        };
        let said = |zone| draft.zone.or(zone);
        let zone = said(current.as_ref().map(|site| site.zone)).unwrap_or(self.me.zone);
        let currency = draft.currency.or(current.as_ref().map(|site| site.currency));
        let address = draft.address.or_else(|| current.as_ref().and_then(|site| site.address.clone()));
        let return_address =
            draft.return_address.or_else(|| current.as_ref().and_then(|site| site.return_address.clone()));
        let head = match current {
            Some(site) => site.head,
            None => self.new_head(Kind::Site, None, zone)?,
        };
        let site = Site {
            head,
            code: draft.code,
            name: draft.name,
            return_address: return_address.filter(|address| !address.is_empty()),
            address: address.filter(|address| !address.is_empty()),
            zone,
            currency: currency.unwrap_or(self.me.currency),
        };
        self.put_master(held, Document::Site(site))
    }

    fn put_product(&mut self, draft: ProductDraft) -> Result<bool, CommandError> {
        self.hq_only()?;
        let held =
            self.master("SELECT document FROM product WHERE org = ? AND sku = ?", draft.sku.as_str())?;
        let mut product = match self.held_master(held)? {
            Some(Document::Product(product)) => product,
            _ => Product {
                head: self.new_head(Kind::Product, None, self.me.zone)?,
                sku: draft.sku,
                name: String::new(),
                spec: None,
                unit: "piece".into(),
                barcodes: Vec::new(),
                category: None,
                supplier: None,
                list_price: None,
                cost: None,
                tax_rate: None,
                tax_code: None,
                service: false,
                tolerance: None,
                attributes: BTreeMap::new(),
                units: BTreeMap::new(),
                levels: BTreeMap::new(),
            },
        };
        draft.fields.into_iter().for_each(|field| field.set(&mut product));
        for (field, text) in [("name", &product.name), ("unit", &product.unit)] {
            if text.trim().is_empty() {
                let wanted = format!("a {field} for {}", product.sku);
                return Err(CommandError::Value { field, found: String::new(), wanted });
            }
        }
        self.put_master(held, Document::Product(product))
    }

    /// Master data as it stands.
    pub(super) fn held_master(&self, held: Option<i64>) -> Result<Option<Document>, CommandError> {
        let Some(id) = held else { return Ok(None) };
        let row = document_by_id(&self.tx, id)?;
        let (_, reading) = self.load(&row)?;
        if reading.newer {
            return Err(CommandError::NewerRules { number: row.number });
        }
        Ok(reading.document)
    }

    pub(super) fn master(&self, sql: &str, code: &str) -> Result<Option<i64>, CommandError> {
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
            Document::Supplier(d) => d.head = current.head().clone(),
            Document::User(d) => d.head = current.head().clone(),
            Document::Settings(d) => d.head = current.head().clone(),
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
