//! The business in plain Rust: what a return, a posting, a verdict is, and what follows from what.
//!
//! No I/O, no Automerge, no SQL, and no clock: times are passed in. Everything that is shown
//! anywhere is a pure function of facts in these types, the same whatever order they came in.
//!
//! Reading order: names and measures, events, the kinds of documents, what they do to stock
//! ([`account`]), which of several returns stands ([`balance`]), and what went wrong
//! ([`exception`]).

mod words;
pub mod ids;
pub mod quantity;
pub mod money;
pub mod time;
pub mod event;
pub mod document;
pub mod account;
pub mod sale;
pub mod sale_change;
pub mod signed_receipt;
pub mod returns;
pub mod adjustment;
pub mod cash;
pub mod invoice;
pub mod statement;
pub mod transfer;
pub mod supplier_return;
pub mod reservation;
pub mod hold;
pub mod cost;
pub mod count;
pub mod master;
pub mod supplier;
pub mod user;
pub mod calendar;
pub mod policy;
pub mod resolution;
pub mod period;
pub mod balance;
pub mod exception;
