//! Master data: articles, sites, settings. HQ's devices write them; a field's last writer wins, and
//! the value that lost is kept in the document and can be shown.

use std::collections::BTreeMap;

use crate::document::Head;
use crate::ids::{SiteId, Sku};
use crate::money::{Currency, UnitPrice};
use crate::policy::{Policy, Reason};
use crate::quantity::Quantity;
use crate::time::Zone;

/// An article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Identity, number, versions.
    pub head: Head,
    /// Its SKU.
    pub sku: Sku,
    /// Its name.
    pub name: String,
    /// Its specification (规格).
    pub spec: Option<String>,
    /// The base unit: `件`, `kg`.
    pub unit: String,
    /// Barcodes, as text.
    pub barcodes: Vec<String>,
    /// Its category.
    pub category: Option<String>,
    /// Its supplier.
    pub supplier: Option<String>,
    /// The list price of one.
    pub list_price: Option<UnitPrice>,
    /// The cost of one.
    pub cost: Option<UnitPrice>,
    /// The tax rate in basis points.
    pub tax_rate: Option<u32>,
    /// The tax code.
    pub tax_code: Option<String>,
    /// Never in stock.
    pub service: bool,
    /// How much a weighed return may differ from what was sold.
    pub tolerance: Option<Quantity>,
}

/// A branch or warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Identity, number, versions.
    pub head: Head,
    /// Its code.
    pub code: SiteId,
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: Option<String>,
    /// Where goods that customers send back go, where that isn't its address.
    pub return_address: Option<String>,
    /// The zone of its walls.
    pub zone: Zone,
    /// Its currency.
    pub currency: Currency,
}

/// The organisation's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Identity, number, versions.
    pub head: Head,
    /// The organisation's name.
    pub name: String,
    /// The zone of HQ.
    pub zone: Zone,
    /// The currency of HQ.
    pub currency: Currency,
    /// The return policy.
    pub policy: Policy,
    /// After so many days goods in transit are late; `None`: [`Settings::TRANSIT_DAYS`].
    pub transit_days: Option<u32>,
    /// The list of reasons, by code.
    pub reasons: BTreeMap<crate::ids::ReasonCode, Reason>,
}

impl Settings {
    /// After how many days goods in transit are late where the settings don't say.
    pub const TRANSIT_DAYS: u32 = 3;
}
