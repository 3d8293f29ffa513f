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
mod actor;
mod machine;
mod error;
mod statistics;
mod store;
mod facts;
mod proof;
mod project;
mod commands;
mod queries;
mod digest;
mod kept;
mod scratch;
mod backup;
mod link;

pub use ambient::Ambient;
pub use backup::{BackedUp, BackupError, as_one_file, put_in_place, restore};
pub use commands::{
    Adjust, Adjusted, Admitted, AskHold, By, CashMistake, CashMoved, CashOpen, CashReversed, CloseClaim,
    CloseCount, CloseTransfer, Contact, CountPlanDraft, CountScope, CounterReturn, Given, Graded,
    HeldSaleLine, ImportBatch, ImportedAdjustment, ImportedReturn, Item, Listing, Missing, MoveGoods, Named,
    OpenCount, Payable, Payment, PayoutOutcome, PeriodClosed, PolicyDone, PolicyDraft, ProductDraft,
    ProductField, RaiseClaim, ReceiptCode, Receive, ReceiveTransfer, RedPending, RedRequested, Reserve,
    Resolve, Resolved, ReturnDone, ScanItem, SendTransfer, ShipClaim, SiteDraft, SupplierDraft,
    SupplierField, Unreserve, UserDraft, WhichShift,
};
pub use digest::{Finding, Rebuilt};
pub use error::{CommandError, CountRefusal, OpenError, StoreError};
pub use guicang_documents::{AddedEvent, Additions, Losing};
pub use guicang_sync::carried;
pub use link::{
    CarriedIn, CarryFrom, ForPeer, HORIZON_LEAST_DAYS, Horizon, LET_GO_AT_ONCE, LetGo, LinkError, Mend, Pull,
};
pub use machine::{Machine, on_own_disk};
pub use queries::{
    Against, ApartChange, CashFilter, CashPayment, CashShiftRow, Changed, ClaimLineRow, Compared,
    CountFilter, CountLine, CountRow, DueCount, ElectronicRefund, EventRow, ExceptionFilter, Exposure,
    FeedStatus, FileFacts, Flow, Found, HoldFilter, HoldLineRow, HoldRow, ImportRow, Judged, LateDocument,
    LossRow, MasterRow, OpenClaims, ParcelRow, PartRow, PassageRow, PeriodView, PolicyRow, Preview,
    ReceiptLineView, ReceiptView, RecountReason, RedDue, RedInvoiceRow, RefundDue, RefundRow, Remedy,
    ReservationFilter, ReservationLineRow, ReservationRow, ReturnFilter, ReturnLineRow, ReturnLinkRow,
    ReturnRow, SetAside, SiteRow, SiteTotals, Status, StepWhat, StockFilter, StockRow, StockStep,
    SupplierReturnFilter, SupplierReturnRow, TraceStep, TracedChange, TracedDocument, TransferFilter,
    TransferRow, WouldAdd,
};
pub use scratch::{FigureDifference, PeriodVerified};
pub use store::{Founding, Identity, Replica};
