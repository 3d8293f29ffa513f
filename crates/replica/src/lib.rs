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
    Adjust, Adjusted, By, CloseCount, Contact, CountPlanDraft, CountScope, CounterReturn, Graded,
    HeldSaleLine, ImportBatch, ImportedAdjustment, ImportedReturn, Item, OpenCount, Payable, PayoutOutcome,
    ProductDraft, Receive, Resolve, Resolved, ReturnDone, ScanItem, SiteDraft,
};
pub use digest::{Finding, Rebuilt};
pub use error::{CommandError, CountRefusal, OpenError, StoreError};
pub use link::{LinkError, Pull};
pub use machine::{Machine, on_own_disk};
pub use queries::{
    Against, CountFilter, CountLine, CountRow, DueCount, ExceptionFilter, FeedStatus, Flow, Found, Moved,
    PartRow, ReceiptLineView, ReceiptView, RecountReason, ReturnFilter, ReturnLineRow, ReturnLinkRow,
    ReturnRow, SetAside, SiteRow, SiteTotals, Status, StepWhat, StockFilter, StockRow, StockStep,
};
pub use store::{Founding, Identity, Replica};
