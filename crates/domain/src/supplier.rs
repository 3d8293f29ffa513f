//! A supplier (供应商): master data, written by HQ's devices.
//!
//! What surprises: nothing that names a supplier is refused because no supplier of that code is held. A
//! branch may lack the newest; it is told what is known.

use crate::document::Head;
use crate::ids::SupplierCode;
use crate::money::Currency;

/// A supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supplier {
    /// Identity, number, versions.
    pub head: Head,
    /// Its code.
    pub code: SupplierCode,
    /// Its name.
    pub name: String,
    /// Whom to ask there: a name, a telephone.
    pub contact: Option<String>,
    /// Where goods that go back to it go.
    pub return_address: Option<String>,
    /// Within so many days of a delivery a claim is to be raised; `None`: nobody said.
    pub claim_days: Option<u32>,
    /// The currency of its claims.
    pub currency: Currency,
    /// A note.
    pub note: Option<String>,
}
