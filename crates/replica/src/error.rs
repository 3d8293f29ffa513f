//! What can go wrong with a replica's file, and with a command.
//!
//! Errors carry fields, not sentences: the text for a person, in their language and with what to do
//! next, is made at the edge.

use guicang_domain::count::Stage;
use guicang_domain::document::Kind;
use guicang_domain::ids::{ReceiptId, SiteId, Sku, UserName};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::period::Period;
use guicang_domain::policy::Ground;
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::moves::{Illegal, Move};
use guicang_domain::time::Moment;
use guicang_domain::user::{Lacks, StaffRole};

/// Why the file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite says so.
    #[error("the replica's file: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file can't be written: it, or its folder, is read-only.
    #[error("the replica's file is read-only")]
    ReadOnly,
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// Another process has held the file for longer than we wait.
    #[error("the replica's file is busy")]
    Busy,
    /// Another machine has used the file a moment ago. Nothing was read or written.
    #[error("the machine {name} has the replica's file until {}", until.to_rfc3339())]
    OtherMachine {
        /// Its name.
        name: String,
        /// Until when, unless it goes on.
        until: Moment,
    },
    /// Documents' changes were let go, and this needs them. Nothing was done. Once they are fetched from the
    /// relay ([`crate::Replica::take_back`]), the same works.
    #[error("document {number} is older than the horizon: its changes are at the relay")]
    LetGo {
        /// The documents, as far as that is known; at least one.
        documents: Vec<guicang_domain::ids::DocumentId>,
        /// The first one's number.
        number: String,
    },
    /// What is stored can't be what this program wrote.
    #[error("{what} in the replica's file is damaged: {detail}")]
    Damaged {
        /// Which thing.
        what: &'static str,
        /// How it shows.
        detail: String,
    },
}

impl StoreError {
    pub(crate) fn damaged(what: &'static str, detail: impl std::fmt::Display) -> Self {
        StoreError::Damaged { what, detail: detail.to_string() }
    }

    /// Names the cause that a person can act on, where SQLite's code tells it.
    pub(crate) fn of(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseBusy, ReadOnly};
        match error.sqlite_error_code() {
            _ if is_full(&error) => StoreError::Full,
            Some(ReadOnly) => StoreError::ReadOnly,
            Some(DatabaseBusy) => StoreError::Busy,
            _ => StoreError::Sqlite(error),
        }
    }
}

/// Whether SQLite found no room. It says so of what it writes; where there is none for the memory that its
/// processes share, a file beside of 32 KiB, it speaks of an input/output error.
fn is_full(error: &rusqlite::Error) -> bool {
    let shared = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
        || error.sqlite_error().is_some_and(|e| e.extended_code == shared)
}

/// Why a replica could not be opened or made.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such file.
    #[error("there is no replica at {path}")]
    NotFound {
        /// The path asked for.
        path: String,
    },
    /// There is one already.
    #[error("there is already a file at {path}")]
    Exists {
        /// The path asked for.
        path: String,
    },
    /// The file is something else.
    #[error("{path} is not a replica")]
    NotAReplica {
        /// The path asked for.
        path: String,
    },
    /// It, or its folder, is read-only: even to read it, SQLite keeps files beside it.
    #[error("{path} is read-only")]
    ReadOnly {
        /// The path asked for.
        path: String,
    },
    /// A newer program made the file.
    #[error("{path} has schema {found}; this program reads up to {reads}")]
    Newer {
        /// The path asked for.
        path: String,
        /// The file's schema version.
        found: i64,
        /// The newest that this program reads.
        reads: i64,
    },
    /// The file lies on a share, which other machines may have, too.
    #[error("{path} lies on a network file system ({kind})")]
    NetworkFileSystem {
        /// The path asked for.
        path: String,
        /// The file system's kind, as the system calls it.
        kind: String,
    },
    /// The grants that came with it don't prove this device.
    #[error("the grants don't prove this device: {0}")]
    Grant(String),
    /// The file could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a command did nothing.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The horizon can't be set to this: at a branch 0 (never) or from so many to so many days; at HQ not at all.
    #[error("a horizon of {found} days; {least} to {most}, or 0 for none, at a branch")]
    Horizon {
        /// As asked for.
        found: u32,
        /// The fewest days.
        least: u32,
        /// The most.
        most: u32,
    },
    /// No such article here: neither sold, stocked nor listed.
    #[error("unknown SKU {found:?}")]
    UnknownSku {
        /// As typed.
        found: String,
    },
    /// The receipt is held here and has no such article.
    #[error("receipt {receipt} has no {sku}")]
    NotOnReceipt {
        /// The receipt.
        receipt: ReceiptId,
        /// The article.
        sku: Sku,
        /// What it has.
        has: Vec<Sku>,
    },
    /// The sale isn't held here, so that it can't be signed for.
    #[error("the sale of {receipt} is not held here")]
    SaleNotHeld {
        /// The receipt.
        receipt: ReceiptId,
    },
    /// A signed receipt proves nothing here.
    #[error(transparent)]
    ReceiptCode(#[from] guicang_domain::signed_receipt::ReceiptCodeError),
    /// No return of that number or identity is held here.
    #[error("unknown return {found:?}")]
    UnknownReturn {
        /// As typed.
        found: String,
    },
    /// No import of that number brought anything that is held here.
    #[error("unknown import {found:?}")]
    UnknownImport {
        /// As typed.
        found: String,
    },
    /// No document of that kind and that number or identity is held here.
    #[error("unknown {kind} {found:?}")]
    UnknownDocument {
        /// The kind.
        kind: Kind,
        /// As typed.
        found: String,
    },
    /// More arrived than was sent, and nobody said that this is meant.
    #[error("{sku}: {asked} arrived, {open} under way")]
    MoreThanSent {
        /// The article.
        sku: Sku,
        /// What is said to have arrived.
        asked: Quantity,
        /// What may still arrive.
        open: Quantity,
    },
    /// More is to be accounted for than is open on the document.
    #[error("{number}: {asked} of {sku} asked, {open} open")]
    MoreThanOpen {
        /// The document's number.
        number: String,
        /// The article.
        sku: Sku,
        /// What was asked.
        asked: Quantity,
        /// What is open.
        open: Quantity,
    },
    /// Goods in returns_hold are some return's, and none that has such goods there was named.
    #[error("{sku} in returns_hold is of returns: one has to be named")]
    HeldByReturns {
        /// The article.
        sku: Sku,
        /// The returns that have such goods there, by number, and how much.
        found: Vec<(String, Quantity)>,
    },
    /// Goods are scrapped before a witness, who isn't the one who scraps them.
    #[error("a witness other than {user} is needed")]
    WitnessNeeded {
        /// Who scraps them.
        user: String,
    },
    /// Several documents have that number.
    #[error("{number:?} names several documents")]
    Ambiguous {
        /// As typed.
        number: String,
        /// The documents.
        found: Vec<String>,
    },
    /// No such site.
    #[error("unknown site {found:?}")]
    UnknownSite {
        /// As typed.
        found: String,
    },
    /// No such reason in the organisation's list.
    #[error("unknown reason {found:?}")]
    UnknownReason {
        /// As typed.
        found: String,
        /// The list's codes.
        known: Vec<String>,
    },
    /// No supplier of that code is listed.
    #[error("unknown supplier {found:?}")]
    UnknownSupplier {
        /// As typed.
        found: String,
    },
    /// HQ lists nobody of that name.
    #[error("unknown user {found:?}")]
    UnknownUser {
        /// As typed.
        found: String,
    },
    /// What was to be added is listed already.
    #[error("{found:?} is listed already")]
    ListedAlready {
        /// Its code or name.
        found: String,
    },
    /// No such exception.
    #[error("unknown exception {found:?}")]
    UnknownException {
        /// As typed.
        found: String,
    },
    /// No change that is set apart has such a hash.
    #[error("no change that is set apart begins with {found:?}")]
    UnknownChange {
        /// As typed.
        found: String,
    },
    /// Several changes that are set apart have such a hash.
    #[error("{} changes that are set apart begin with {found:?}", changes.len())]
    AmbiguousChange {
        /// As typed.
        found: String,
        /// Their hashes.
        changes: Vec<String>,
    },
    /// A change is apart for another reason than a missing right: HQ's word can't mend it.
    #[error("change {change} can't be admitted: {rule}")]
    NotAdmissible {
        /// The change's hash.
        change: String,
        /// The rule that it breaks.
        rule: String,
        /// What can be done, as [`crate::Remedy::code`] says it.
        remedy: &'static str,
    },
    /// A value that isn't one, or not one of those allowed.
    #[error("{field}: found {found:?}, wanted {wanted}")]
    Value {
        /// The field.
        field: &'static str,
        /// What was found.
        found: String,
        /// What would be right.
        wanted: String,
    },
    /// More is to come back than the sale line has left.
    #[error("{sku}: {asked} asked, {left} left to return")]
    MoreThanLeft {
        /// The article.
        sku: Sku,
        /// What was asked.
        asked: Quantity,
        /// What is left.
        left: Quantity,
    },
    /// The grades don't add up to the quantity.
    #[error("graded {graded} of {quantity}")]
    GradesDontAddUp {
        /// What the grades come to.
        graded: Quantity,
        /// What there is.
        quantity: Quantity,
    },
    /// More is to be refunded than is owed.
    #[error("{} asked, {} left of what is owed", currency.format(*asked), currency.format(*left))]
    MoreThanOwed {
        /// What was asked.
        asked: Amount,
        /// What is owed and neither paid nor queued.
        left: Amount,
        /// Their currency.
        currency: Currency,
    },
    /// The policy wants a manager.
    #[error("a manager has to approve")]
    NeedsManager {
        /// Why.
        grounds: Vec<Ground>,
        /// The policy's version.
        policy: String,
        /// The currency of the limits.
        currency: Currency,
        /// Whose word would be enough; empty where HQ lists no users.
        could: Vec<UserName>,
    },
    /// The policy wants HQ, and this is a branch.
    #[error("HQ has to approve")]
    NeedsHq {
        /// Why.
        grounds: Vec<Ground>,
        /// The policy's version.
        policy: String,
        /// The currency of the limits.
        currency: Currency,
        /// Whose word would be enough; empty where HQ lists no users.
        could: Vec<UserName>,
    },
    /// The policy lets nobody grant it.
    #[error("the policy lets nobody grant it")]
    PolicyRefuses {
        /// Why.
        grounds: Vec<Ground>,
        /// The policy's version.
        policy: String,
        /// The currency of the limits.
        currency: Currency,
    },
    /// A window of the policy that was to be set is shorter than the law grants.
    #[error(transparent)]
    BelowLegal(#[from] guicang_domain::policy::window::BelowLegal),
    /// A version of the policy that was to be set is there already, and says something else.
    #[error("there is a version {version:?} already, and versions never change")]
    VersionTaken {
        /// Its name.
        version: String,
    },
    /// The approver is the one who asks.
    #[error("{user} can't approve their own return")]
    ApproverIsRequester {
        /// Who.
        user: String,
    },
    /// The one who is named to agree has no role for it.
    #[error("{user}'s word isn't enough: a {wanted} is needed")]
    NotEntitled {
        /// Who was named.
        user: String,
        /// Why their word isn't enough.
        lacks: Lacks,
        /// Whose word would be.
        wanted: StaffRole,
        /// The site whose return it is.
        site: Option<SiteId>,
        /// Who could agree, by name.
        could: Vec<UserName>,
    },
    /// What is to be done with a return isn't legal now.
    #[error("{number}: {} is refused by {}", illegal.what, illegal.rule)]
    IllegalMove {
        /// Its number.
        number: String,
        /// The rule, the states, and who could do it from which.
        illegal: Illegal,
    },
    /// Only a manager does this.
    #[error("{what} needs a manager")]
    ManagerOnly {
        /// What.
        what: Move,
        /// Whose word would be enough; empty where HQ lists no users.
        could: Vec<UserName>,
    },
    /// Something is still owed, so that it can't be closed.
    #[error("{number}: {} is still owed", currency.format(*due))]
    StillOwed {
        /// Its number.
        number: String,
        /// How much.
        due: Amount,
        /// The currency.
        currency: Currency,
    },
    /// The branch's own share of the store credit is smaller.
    #[error("{} asked, this branch's share is {}", currency.format(*asked), currency.format(*share))]
    BeyondShare {
        /// What was asked.
        asked: Amount,
        /// What this branch may spend by itself.
        share: Amount,
        /// What is left at all branches together.
        left: Amount,
        /// Their currency.
        currency: Currency,
    },
    /// A difference is left, and nobody said how it goes.
    #[error("{} is left to {}: a tender is needed", currency.format(*difference), if *collect { "collect" } else { "pay" })]
    TenderNeeded {
        /// How much.
        difference: Amount,
        /// Whether the customer pays it, rather than gets it.
        collect: bool,
        /// The currency.
        currency: Currency,
    },
    /// The document is closed, rejected or cancelled.
    #[error("{number} is {state}")]
    Closed {
        /// Its number.
        number: String,
        /// Its state.
        state: String,
    },
    /// A newer program wrote the document; this one only shows it.
    #[error("{number} follows newer rules")]
    NewerRules {
        /// Its number.
        number: String,
    },
    /// This device may not write there.
    #[error("this device may not write at {site}")]
    NotHere {
        /// The site.
        site: SiteId,
    },
    /// Only HQ does this.
    #[error("only HQ may do this")]
    HqOnly,
    /// The shift was taken back as a whole.
    #[error("the shift {number} was reversed")]
    ShiftReversed {
        /// Its number.
        number: String,
    },
    /// The period isn't over by the time that is proven.
    #[error("the period {period} is over at {}, and proven is {}", until.to_rfc3339(), proven.to_rfc3339())]
    PeriodNotOver {
        /// The period.
        period: Period,
        /// When it is over, at every site.
        until: Moment,
        /// The newest time that a relay has proven.
        proven: Moment,
    },
    /// The period is closed.
    #[error("the period {period} is closed by {number}")]
    PeriodClosed {
        /// The period.
        period: Period,
        /// The close's number.
        number: String,
    },
    /// Another period is to be closed first.
    #[error("the period to be closed next is {next}, not {period}")]
    PeriodOrder {
        /// The period that was named.
        period: Period,
        /// The one whose turn it is.
        next: Period,
    },
    /// The period is open: there is nothing to be verified.
    #[error("the period {period} is not closed")]
    PeriodOpen {
        /// The period.
        period: Period,
    },
    /// A site has to be named, since this is HQ.
    #[error("a site has to be named")]
    SiteNeeded,
    /// The sale isn't held here, so the price paid has to be given.
    #[error("the sale isn't held here: a price is needed")]
    PriceNeeded {
        /// The article.
        sku: Sku,
    },
    /// No shift of that number is held here.
    #[error("unknown shift {found:?}")]
    UnknownShift {
        /// As typed.
        found: String,
    },
    /// The drawer has a shift already.
    #[error("shift {number} is open")]
    ShiftOpen {
        /// The shift's number.
        number: String,
    },
    /// The shift has ended.
    #[error("shift {number} is closed")]
    ShiftClosed {
        /// Its number.
        number: String,
    },
    /// No shift is open at the drawer that is meant.
    #[error("no shift is open at {site}")]
    NoShift {
        /// The site.
        site: SiteId,
    },
    /// Several are open: one has to be named.
    #[error("several shifts are open")]
    SeveralShifts {
        /// Their numbers.
        found: Vec<String>,
    },
    /// Nothing of that return is left to be taken back by a red invoice.
    #[error("nothing of {number} is left to be taken back by a red invoice")]
    NothingToRedden {
        /// The return's number.
        number: String,
    },
    /// A sale line that was invoiced says no tax rate.
    #[error("{receipt} line {line} says no tax rate")]
    TaxUnknown {
        /// The receipt.
        receipt: ReceiptId,
        /// Its line.
        line: String,
    },
    /// A stocktake doesn't take it.
    #[error(transparent)]
    Count(#[from] CountRefusal),
    /// The file could not be read or written; nothing was done.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a stocktake doesn't take a command.
#[derive(Debug, thiserror::Error)]
pub enum CountRefusal {
    /// No plan of that name is held here.
    #[error("unknown count plan {found:?}")]
    UnknownPlan {
        /// As typed.
        found: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// The count is at another stage than the command is for.
    #[error("{number} is {stage}")]
    Stage {
        /// Its number.
        number: String,
        /// Where it is.
        stage: Stage,
        /// Where it would have to be.
        wanted: &'static [Stage],
    },
    /// An article or place that this count isn't of.
    #[error("{sku} at {place:?} is not in the scope of {number}")]
    OutOfScope {
        /// Its number.
        number: String,
        /// The article.
        sku: Sku,
        /// The place; empty for the site's one place.
        place: String,
    },
    /// Nothing was counted: of this bucket, or at all.
    #[error("{number}: nothing was counted")]
    NothingCounted {
        /// Its number.
        number: String,
        /// The article; `None` for the whole count.
        sku: Option<Sku>,
    },
    /// The approver alone has counted.
    #[error("{user} alone has counted {number}")]
    ApproverIsCounter {
        /// Its number.
        number: String,
        /// Who.
        user: String,
    },
    /// It was approved, and nothing has changed since.
    #[error("{number} was approved, and nothing has changed since")]
    NothingNew {
        /// Its number.
        number: String,
    },
    /// More buckets than one event may name.
    #[error("{number}: {found} buckets, {most} at most")]
    TooMany {
        /// Its number; empty for one that was to be opened.
        number: String,
        /// How many.
        found: usize,
        /// How many may be.
        most: usize,
    },
}

impl From<rusqlite::Error> for CommandError {
    fn from(error: rusqlite::Error) -> Self {
        CommandError::Store(StoreError::of(error))
    }
}
