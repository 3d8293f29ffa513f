//! Queries: what the projections say. Each reads one consistent snapshot and changes nothing.

pub mod exceptions;
mod policy;
mod receipts;
mod returns;
pub(crate) mod settings;
mod status;
mod stock;
mod totals;

pub use exceptions::ExceptionFilter;
pub use policy::{Changed, Compared, Exposure, Judged, PolicyRow, Preview};
pub use receipts::{ReceiptLineView, ReceiptView};
pub use returns::{
    EventRow, ParcelRow, PartRow, RefundRow, ReturnFilter, ReturnLineRow, ReturnLinkRow, ReturnRow,
};
pub use status::{FeedStatus, SetAside, SiteRow, Status};
pub use stock::{StockFilter, StockRow};
pub use totals::{Flow, Moved, SiteTotals};

use guicang_domain::ids::ReceiptId;
use rusqlite::Row;

use crate::error::StoreError;

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
