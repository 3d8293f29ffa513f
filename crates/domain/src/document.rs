//! What every document has, whatever its kind: identity, site, number, versions.

use std::fmt;
use std::str::FromStr;

use crate::adjustment::{Adjustment, AdjustmentEvent};
use crate::cash::CashShift;
use crate::count::Count;
use crate::count::plan::CountPlan;
use crate::event::Event;
use crate::hold::Hold;
use crate::ids::{DocumentId, EventId, IdError, Number, SiteId, UserName};
use crate::invoice::RedInvoice;
use crate::master::{Product, Settings, Site};
use crate::period::PeriodClose;
use crate::reservation::Reservation;
use crate::resolution::Resolution;
use crate::returns::{Return, ReturnEvent};
use crate::sale::{SaleEvent, Sales};
use crate::supplier::Supplier;
use crate::supplier_return::SupplierReturn;
use crate::time::Zone;
use crate::transfer::Transfer;
use crate::user::User;

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
    /// The import that brought it in; `None` where it was made here.
    pub import: Option<ImportMark>,
}

/// Which import brought a document in: what one reading of a file made has this in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportMark {
    /// Its number for people, of the importing device's own sequence (`DR-S01A-000001`).
    pub number: Number,
    /// The file's name, without its folder.
    pub file: String,
    /// The profile by which it was read.
    pub profile: String,
}

/// What brought a document in, and whether it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought<'a> {
    /// The import.
    pub mark: &'a ImportMark,
    /// The event by which the document's rows count; what undoing takes back.
    pub event: &'a EventId,
    /// Who imported.
    pub user: &'a UserName,
    /// How many rows the document holds.
    pub rows: usize,
    /// Whether the event was taken back.
    pub reversed: bool,
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
    /// Return rights that HQ keeps for a branch.
    Hold(Hold),
    /// A stocktake.
    Count(Count),
    /// An article.
    Product(Product),
    /// A branch or warehouse.
    Site(Site),
    /// A supplier.
    Supplier(Supplier),
    /// A person who works here.
    User(User),
    /// The organisation's settings.
    Settings(Settings),
    /// A plan of cycle counts.
    CountPlan(CountPlan),
    /// A decision on an exception.
    Resolution(Resolution),
    /// A shift of the cash book.
    CashShift(CashShift),
    /// A red invoice.
    RedInvoice(RedInvoice),
    /// A period's close.
    PeriodClose(PeriodClose),
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
            Document::Hold(d) => &d.head,
            Document::Count(d) => &d.head,
            Document::Product(d) => &d.head,
            Document::Site(d) => &d.head,
            Document::Supplier(d) => &d.head,
            Document::User(d) => &d.head,
            Document::Settings(d) => &d.head,
            Document::CountPlan(d) => &d.head,
            Document::Resolution(d) => &d.head,
            Document::CashShift(d) => &d.head,
            Document::RedInvoice(d) => &d.head,
            Document::PeriodClose(d) => &d.head,
        }
    }

    /// The import that brought it in; `None` where it was made here, or nothing says when.
    pub fn brought(&self) -> Option<Brought<'_>> {
        fn of<'a, B>(
            mark: &'a ImportMark,
            events: &'a [Event<B>],
            is_import: impl Fn(&B) -> bool,
            reverses: impl Fn(&B) -> Option<&EventId>,
            rows: usize,
        ) -> Option<Brought<'a>> {
            let event = events.iter().find(|e| is_import(&e.body))?;
            let reversed = events.iter().any(|e| reverses(&e.body) == Some(&event.id));
            Some(Brought { mark, event: &event.id, user: &event.user, rows, reversed })
        }
        let mark = self.head().import.as_ref()?;
        match self {
            Document::Sales(d) => of(
                mark,
                &d.events,
                |body| matches!(body, SaleEvent::Imported | SaleEvent::Recorded),
                |body| match body {
                    SaleEvent::Reversed { event } => Some(event),
                    _ => None,
                },
                d.batch.receipts.iter().map(|receipt| receipt.lines.len()).sum(),
            ),
            Document::Return(d) => of(
                mark,
                &d.events,
                |body| *body == ReturnEvent::Imported,
                |body| match body {
                    ReturnEvent::Reversed { event, .. } => Some(event),
                    _ => None,
                },
                d.lines.len(),
            ),
            Document::Adjustment(d) => of(
                mark,
                &d.events,
                |body| *body == AdjustmentEvent::Imported,
                |body| match body {
                    AdjustmentEvent::Reversed { event } => Some(event),
                    _ => None,
                },
                d.lines.len(),
            ),
            _ => None,
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
            Document::Hold(_) => Kind::Hold,
            Document::Count(_) => Kind::Count,
            Document::Product(_) => Kind::Product,
            Document::Site(_) => Kind::Site,
            Document::Supplier(_) => Kind::Supplier,
            Document::User(_) => Kind::User,
            Document::Settings(_) => Kind::Settings,
            Document::CountPlan(_) => Kind::CountPlan,
            Document::Resolution(_) => Kind::Resolution,
            Document::CashShift(_) => Kind::CashShift,
            Document::RedInvoice(_) => Kind::RedInvoice,
            Document::PeriodClose(_) => Kind::PeriodClose,
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
    /// Return rights that HQ keeps for a branch (退货额度预留).
    Hold = "hold", "YD", master false;
    /// A stocktake (盘点单).
    Count = "count", "PD", master false;
    /// An article (商品).
    Product = "product", "SP", master true;
    /// A branch or warehouse (门店).
    Site = "site", "MD", master true;
    /// A supplier (供应商).
    Supplier = "supplier", "GY", master true;
    /// A person who works here (员工).
    User = "user", "YG", master true;
    /// The organisation's settings, its return policy among them (设置).
    Settings = "settings", "SZ", master true;
    /// A plan of cycle counts (盘点计划).
    CountPlan = "count_plan", "JH", master true;
    /// HQ's decision on an exception (对账处理).
    Resolution = "resolution", "CL", master true;
    /// A shift of the cash book (交接班).
    CashShift = "cash_shift", "JB", master false;
    /// A red invoice and its request, which HQ alone makes (红字发票).
    RedInvoice = "red_invoice", "HZ", master true;
    /// A period's close, with its figures (结账).
    PeriodClose = "period_close", "JZ", master true;
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
