//! Master data: articles, sites, settings. HQ's devices write them; a field's last writer wins, and
//! the value that lost is kept in the document and can be shown.

use std::collections::BTreeMap;

use crate::calendar::OwnDays;
use crate::document::Head;
use crate::event::Event;
use crate::ids::{SiteId, Sku};
use crate::money::{Currency, UnitPrice};
use crate::policy::version::PolicySet;
use crate::policy::window::LegalMinimum;
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
    /// Its supplier, by its code; older records may hold a name.
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
    /// What tells it from its like, by name: colour, size (颜色, 尺码).
    pub attributes: BTreeMap<String, String>,
    /// Other units by name, each with how much of the base unit it is: a case is 12 (箱 = 12 瓶).
    pub units: BTreeMap<String, Quantity>,
    /// How much each site is to have.
    pub levels: BTreeMap<SiteId, Level>,
}

/// How much of an article a site is to have, at least and at most; zero or more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Level {
    /// Below this it is to be ordered.
    pub min: Option<Quantity>,
    /// Not more than this.
    pub max: Option<Quantity>,
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
    /// The return policy that holds while no version was set.
    pub policy: Policy,
    /// After so many days goods in transit are late; `None`: [`Settings::TRANSIT_DAYS`].
    pub transit_days: Option<u32>,
    /// The list of reasons, by code.
    pub reasons: BTreeMap<crate::ids::ReasonCode, Reason>,
    /// Days that the organisation has set itself in the calendars of working days.
    pub calendar: OwnDays,
    /// The law's minimum windows, by name.
    pub legal: BTreeMap<String, LegalMinimum>,
    /// What happened, in order of rank: the versions of the policy.
    pub events: Vec<Event<SettingsEvent>>,
}

/// What can happen to settings beside edits of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingsEvent {
    /// HQ set a version of the policy. None is ever taken away.
    PolicySet(Box<PolicySet>),
    /// Something that a newer program recorded; kept, not folded.
    Unknown {
        /// Its name.
        kind: String,
    },
}

impl Settings {
    /// After how many days goods in transit are late where the settings don't say.
    pub const TRANSIT_DAYS: u32 = 3;
}
