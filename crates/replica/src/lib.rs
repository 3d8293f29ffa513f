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
    Adjust, Adjusted, By, Contact, CounterReturn, Given, Graded, HeldSaleLine, ImportBatch,
    ImportedAdjustment, ImportedReturn, Item, Missing, Payable, Payment, PayoutOutcome, PolicyDone,
    PolicyDraft, ProductDraft, Receive, Resolve, Resolved, ReturnDone, SiteDraft,
};
pub use digest::{Finding, Rebuilt};
pub use error::{CommandError, OpenError, StoreError};
pub use link::{LinkError, Pull};
pub use machine::{Machine, on_own_disk};
pub use queries::{
    Changed, Compared, EventRow, ExceptionFilter, Exposure, FeedStatus, Flow, Judged, Moved, ParcelRow,
    PartRow, PolicyRow, Preview, ReceiptLineView, ReceiptView, RefundRow, ReturnFilter, ReturnLineRow,
    ReturnLinkRow, ReturnRow, SetAside, SiteRow, SiteTotals, Status, StockFilter, StockRow,
};
pub use store::{Founding, Identity, Replica};
