//! Queries: what the projections say. Each reads one consistent snapshot and changes nothing.

pub(crate) mod apart;
mod blind;
mod cash;
pub mod exceptions;
mod invoices;
mod losses;
mod counts;
mod due_counts;
mod explain;
mod file_facts;
pub(crate) mod figures;
mod imports;
mod master;
pub(crate) mod periods;
mod policy;
mod receipts;
mod refunds;
pub(crate) mod holds;
mod reservations;
pub(crate) mod recounts;
mod returns;
pub(crate) mod settings;
pub(crate) mod staff;
mod status;
mod stock;
mod supplier_returns;
mod totals;
mod transfers;
mod trace;

pub use apart::{ApartChange, Remedy, WouldAdd};
pub use cash::{CashFilter, CashPayment, CashShiftRow};
pub use counts::{Against, CountFilter, CountLine, CountRow, Found};
pub(crate) use counts::{count_by_id, spot};
pub use due_counts::DueCount;
pub use exceptions::ExceptionFilter;
pub use explain::{StepWhat, StockStep};
pub use file_facts::FileFacts;
pub use holds::{HoldFilter, HoldLineRow, HoldRow};
pub use imports::ImportRow;
pub(crate) use invoices::red_due;
pub use invoices::{RedDue, RedInvoiceRow};
pub use losses::LossRow;
pub use master::MasterRow;
pub use periods::{LateDocument, PeriodView};
pub use policy::{Changed, Compared, Exposure, Judged, PolicyRow, Preview};
pub use receipts::{ReceiptLineView, ReceiptView};
pub use recounts::RecountReason;
pub use refunds::{ElectronicRefund, RefundDue};
pub use reservations::{ReservationFilter, ReservationLineRow, ReservationRow};
pub use returns::{
    EventRow, ParcelRow, PartRow, RefundRow, ReturnFilter, ReturnLineRow, ReturnLinkRow, ReturnRow,
};
pub use status::{FeedStatus, SetAside, SiteRow, Status};
pub use stock::{StockFilter, StockRow};
pub use supplier_returns::{ClaimLineRow, OpenClaims, SupplierReturnFilter, SupplierReturnRow};
pub use totals::{Flow, SiteTotals};
pub use trace::{TraceStep, TracedChange, TracedDocument};
pub use transfers::{PassageRow, TransferFilter, TransferRow};

use guicang_domain::ids::ReceiptId;
use guicang_domain::time::Moment;
use rusqlite::Row;

use crate::error::StoreError;

/// The newest time that is known here: what a relay has proven, or this device's clock last read when it
/// wrote or pulled something. For what a person is shown of now; what is proven alone decides exceptions,
/// but a branch that has been offline since yesterday has to see that yesterday is over.
pub(crate) fn newest_time(db: &rusqlite::Connection, org: i64) -> Result<Moment, StoreError> {
    db.prepare_cached("SELECT max(proven, clock >> 16) FROM organisation JOIN self USING (org) WHERE org = ?")
        .and_then(|mut s| s.query_row([org], |r| r.get(0)))
        .map(Moment)
        .map_err(StoreError::of)
}

/// The receipt of three columns: site, till, number.
pub(crate) fn receipt_id(r: &Row<'_>, first: usize) -> Result<ReceiptId, StoreError> {
    let text = |n| r.get::<_, String>(n).map_err(StoreError::of);
    let damaged = |e| StoreError::damaged("a receipt", e);
    let till = text(first + 1)?;
    Ok(ReceiptId {
        site: text(first)?.parse().map_err(damaged)?,
        till: if till.is_empty() { None } else { Some(till.parse().map_err(damaged)?) },
        number: text(first + 2)?.parse().map_err(damaged)?,
    })
}

/// A text column as a name of some kind.
pub(crate) fn name<T: std::str::FromStr>(r: &Row<'_>, n: usize, what: &'static str) -> Result<T, StoreError>
where
    T::Err: std::fmt::Display,
{
    let text: String = r.get(n).map_err(StoreError::of)?;
    text.parse().map_err(|e| StoreError::damaged(what, e))
}
