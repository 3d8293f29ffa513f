//! What every document has, whatever its kind: identity, site, number, versions.

use std::fmt;
use std::str::FromStr;

use crate::adjustment::Adjustment;
use crate::count::Count;
use crate::count::plan::CountPlan;
use crate::ids::{DocumentId, IdError, Number, SiteId};
use crate::master::{Product, Settings, Site};
use crate::reservation::Reservation;
use crate::resolution::Resolution;
use crate::returns::Return;
use crate::sale::Sales;
use crate::supplier_return::SupplierReturn;
use crate::time::Zone;
use crate::transfer::Transfer;

/// The newest rules version that this program knows. A document that asks for a newer one is kept,
/// passed on and shown, but not added to.
pub const RULES: u64 = 1;

/// The head of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its identity.
    pub id: DocumentId,
    /// The site it belongs to; `None` for master data, which is the whole organisation's.
    pub site: Option<SiteId>,
    /// Its number for people.
    pub number: Number,
    /// The version of its shape: the maximum over conflicting values.
    pub schema: u64,
    /// The least rules version that may add to it: the maximum over conflicting values.
    pub rules: u64,
    /// The zone in which its times are told.
    pub zone: Zone,
}

/// A document that this program reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// Receipts.
    Sales(Sales),
    /// A customer return.
    Return(Return),
    /// A stock adjustment.
    Adjustment(Adjustment),
    /// Goods from a site to a site.
    Transfer(Transfer),
    /// Goods back to a supplier.
    SupplierReturn(SupplierReturn),
    /// Goods kept for somebody.
    Reservation(Reservation),
    /// A stocktake.
    Count(Count),
    /// An article.
    Product(Product),
    /// A branch or warehouse.
    Site(Site),
    /// The organisation's settings.
    Settings(Settings),
    /// A plan of cycle counts.
    CountPlan(CountPlan),
    /// A decision on an exception.
    Resolution(Resolution),
}

impl Document {
    /// Its head.
    pub fn head(&self) -> &Head {
        match self {
            Document::Sales(d) => &d.head,
            Document::Return(d) => &d.head,
            Document::Adjustment(d) => &d.head,
            Document::Transfer(d) => &d.head,
            Document::SupplierReturn(d) => &d.head,
            Document::Reservation(d) => &d.head,
            Document::Count(d) => &d.head,
            Document::Product(d) => &d.head,
            Document::Site(d) => &d.head,
            Document::Settings(d) => &d.head,
            Document::CountPlan(d) => &d.head,
            Document::Resolution(d) => &d.head,
        }
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Document::Sales(_) => Kind::SaleBatch,
            Document::Return(_) => Kind::Return,
            Document::Adjustment(_) => Kind::Adjustment,
            Document::Transfer(_) => Kind::Transfer,
            Document::SupplierReturn(_) => Kind::SupplierReturn,
            Document::Reservation(_) => Kind::Reservation,
            Document::Count(_) => Kind::Count,
            Document::Product(_) => Kind::Product,
            Document::Site(_) => Kind::Site,
            Document::Settings(_) => Kind::Settings,
            Document::CountPlan(_) => Kind::CountPlan,
            Document::Resolution(_) => Kind::Resolution,
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $prefix:literal, master $master:literal;)*) => {
        /// The kinds of documents that this program reads. Others are kept and passed on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Kind] = &[$(Kind::$name),*];

            /// Its name in data.
            pub fn as_str(self) -> &'static str {
                match self { $(Kind::$name => $text,)* }
            }

            /// The first letters of its documents' numbers.
            pub fn prefix(self) -> &'static str {
                match self { $(Kind::$name => $prefix,)* }
            }

            /// Whether it is master data or a decision, which only HQ's devices write.
            pub fn is_hq_only(self) -> bool {
                match self { $(Kind::$name => $master,)* }
            }
        }
    };
}

kinds! {
    /// Receipts as the till closed them (销售单).
    SaleBatch = "sale_batch", "XS", master false;
    /// One customer return, from request to settlement (客户退货单).
    Return = "return", "TH", master false;
    /// Stock found, lost, damaged, received, opening, repaired, scrapped, marked down (库存调整).
    Adjustment = "adjustment", "TZ", master false;
    /// Goods from a site to a site (调拨单).
    Transfer = "transfer", "DB", master false;
    /// Goods back to a supplier or maker (采购退货单).
    SupplierReturn = "supplier_return", "CT", master false;
    /// Goods kept for somebody (预留单).
    Reservation = "reservation", "YL", master false;
    /// A stocktake (盘点单).
    Count = "count", "PD", master false;
    /// An article (商品).
    Product = "product", "SP", master true;
    /// A branch or warehouse (门店).
    Site = "site", "MD", master true;
    /// The organisation's settings, its return policy among them (设置).
    Settings = "settings", "SZ", master true;
    /// A plan of cycle counts (盘点计划).
    CountPlan = "count_plan", "JH", master true;
    /// HQ's decision on an exception (对账处理).
    Resolution = "resolution", "CL", master true;
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        Kind::ALL.iter().copied().find(|k| k.as_str() == text).ok_or_else(|| IdError {
            what: "kind",
            found: text.into(),
            wanted: "a kind of document such as return",
        })
    }
}
