//! A replica: one SQLite file with facts and projections, the same code at a branch and at HQ.
//!
//! What surprises: there is no cache of what documents say. Facts (changes, entries, stamps, grants)
//! are stored, projections are folded from them in the same transaction, and every question is
//! answered from the projections. So several processes can share the file.
//!
//! ```text
//!   command -> change ---+--> project -> fold what was touched -> COMMIT (durable, then visible)
//!   pull ----> changes --+
//! ```

mod ambient;
mod machine;
mod error;
mod store;
mod facts;
mod project;
mod commands;
mod queries;
mod digest;
mod link;

pub use ambient::Ambient;
pub use commands::{
    Adjust, Adjusted, By, CloseClaim, CloseTransfer, Contact, CounterReturn, Graded, HeldSaleLine,
    ImportBatch, ImportedAdjustment, ImportedReturn, Item, MoveGoods, Named, Payable, PayoutOutcome,
    ProductDraft, ProductField, RaiseClaim, Receive, ReceiveTransfer, Reserve, Resolve, Resolved, ReturnDone,
    SendTransfer, ShipClaim, SiteDraft, Unreserve,
};
pub use digest::{Finding, Rebuilt};
pub use error::{CommandError, OpenError, StoreError};
pub use link::{LinkError, Pull};
pub use machine::{Machine, on_own_disk};
pub use queries::{
    ClaimLineRow, ExceptionFilter, FeedStatus, Flow, ImportRow, MasterRow, OpenClaims, PartRow, PassageRow,
    ReceiptLineView, ReceiptView, ReservationFilter, ReservationLineRow, ReservationRow, ReturnFilter,
    ReturnLineRow, ReturnLinkRow, ReturnRow, SetAside, SiteRow, SiteTotals, Status, StockFilter, StockRow,
    SupplierReturnFilter, SupplierReturnRow, TransferFilter, TransferRow,
};
pub use store::{Founding, Identity, Replica};
