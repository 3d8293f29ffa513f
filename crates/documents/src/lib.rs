//! The business's documents as Automerge documents, and back.
//!
//! A document's root holds `kind`, `schema`, `rules`, `site` (absent for master data), `number`,
//! `zone`, its kind's own fields, `lines` (a map by line id), `events` (a map by event key) and `made`, the
//! moment of its first event, in ms, which the keys' times are told from. Numbers
//! are ints in the domain's own units, names and words are texts, and what is absent has no key.
//!
//! What surprises: an event doesn't say who wrote it. That is proven by the journal entry of the
//! change that made it, which the caller knows and this crate doesn't; so reading asks the caller.
//! And what comes from outside is never believed: [`header`] bounds it, [`Replayed::check`] judges
//! what its operations do, and a panic of Automerge's ends in an error.
//!
//! ```text
//! Document --create--> change      changes --Replayed::new--> Replayed --read--> Reading
//!                                  Replayed --append_events, set_fields, reissue--> change
//!                                  change   --header, check--> Header | Violation
//! ```

mod value;
mod key;
mod event;
mod sale_batch;
mod returns;
mod settlement;
mod adjustment;
mod transfer;
mod supplier_return;
mod reservation;
mod hold;
mod count;
mod product;
mod site;
mod supplier;
mod user;
mod settings;
mod count_plan;
mod resolution;
mod cash_shift;
mod red_invoice;
mod period_close;
mod isolate;
mod header;
mod build;
mod write;
mod replay;
mod append;
mod losing;
mod violation;
mod judge;
mod check;
mod reissue;
mod rename;

pub use check::Envelope;
pub use header::{Header, HeaderError, MAX_CHANGE_BYTES, MAX_CHANGE_OPS, header};
pub use isolate::Panicked;
pub use losing::Losing;
pub use reissue::Additions;
pub use rename::Renames;
pub use replay::{HeadRead, Prove, ReadError, ReadProblem, Reading, ReplayError, Replayed};
pub use violation::{Grow, Violation};
pub use write::{Events, NewChange, WriteError, Writer, create};

/// The newest shape of documents that this program knows.
pub const SCHEMA: u64 = 1;
