//! Writing: a whole document as one change, events appended to one, fields of master data set.
//!
//! What surprises: a document is written in one batch and an event in one batch, since single puts
//! cost ten times as much; and the proof that an event carries is not written, because it is the
//! change itself.

use std::num::NonZeroU64;

use automerge::hydrate::Map;
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Author, Automerge, AutomergeError};
use guicang_domain::adjustment::AdjustmentEvent;
use guicang_domain::cash::CashEvent;
use guicang_domain::count::CountEvent;
use guicang_domain::document::Document;
use guicang_domain::event::Event;
use guicang_domain::hold::HoldEvent;
use guicang_domain::ids::{DeviceId, EventId};
use guicang_domain::invoice::RedEvent;
use guicang_domain::master::SettingsEvent;
use guicang_domain::reservation::ReservationEvent;
use guicang_domain::resolution::ResolutionEvent;
use guicang_domain::returns::ReturnEvent;
use guicang_domain::sale::SaleEvent;
use guicang_domain::supplier_return::SupplierReturnEvent;
use guicang_domain::time::Moment;
use guicang_domain::transfer::TransferEvent;
use guicang_domain::user::UserEvent;

use crate::build::{Build, seconds};
use crate::header::{Header, header_of};
use crate::isolate::{Panicked, isolated};
use crate::value::Out;
use crate::{
    adjustment, cash_shift, count, count_plan, hold, period_close, product, red_invoice, reservation,
    resolution, returns, sale_batch, settings, site, supplier, supplier_return, transfer, user,
};

/// Who writes a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writer {
    /// The Automerge actor: random, one per opening of the file. One that outlives an opening is how
    /// a cloned file gets others' documents stuck for good.
    pub actor: [u8; 16],
    /// The device: the author.
    pub device: DeviceId,
}

/// A change that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChange {
    /// Its header.
    pub header: Header,
    /// Its raw, undeflated bytes.
    pub bytes: Vec<u8>,
}

/// Events to append, by the kind of document that they belong to.
#[derive(Debug, Clone, Copy)]
pub enum Events<'a> {
    /// Of a `sale_batch`.
    Sales(&'a [Event<SaleEvent>]),
    /// Of a `return`.
    Return(&'a [Event<ReturnEvent>]),
    /// Of an `adjustment`.
    Adjustment(&'a [Event<AdjustmentEvent>]),
    /// Of a `transfer`.
    Transfer(&'a [Event<TransferEvent>]),
    /// Of a `supplier_return`.
    SupplierReturn(&'a [Event<SupplierReturnEvent>]),
    /// Of a `reservation`.
    Reservation(&'a [Event<ReservationEvent>]),
    /// Of a `hold`.
    Hold(&'a [Event<HoldEvent>]),
    /// Of a `count`.
    Count(&'a [Event<CountEvent>]),
    /// Of a `resolution`.
    Resolution(&'a [Event<ResolutionEvent>]),
    /// Of a `cash_shift`.
    CashShift(&'a [Event<CashEvent>]),
    /// Of a `red_invoice`.
    RedInvoice(&'a [Event<RedEvent>]),
    /// Of a `user`.
    User(&'a [Event<UserEvent>]),
    /// Of `settings`; only those that were made with an event take more.
    Settings(&'a [Event<SettingsEvent>]),
}

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// No events were given.
    #[error("there is nothing to write")]
    Nothing,
    /// An event with this id is there already.
    #[error("the document already has the event {event}")]
    EventExists {
        /// Which.
        event: EventId,
    },
    /// The document is of another kind than what is to be written to it.
    #[error("the document is of kind {found:?}, and this is for kind {wanted:?}")]
    WrongKind {
        /// The document's kind.
        found: String,
        /// The kind that was meant.
        wanted: String,
    },
    /// The document asks for newer rules than this program knows: it only shows it.
    #[error("the document asks for rules {found}; this program knows {known} and may not add to it")]
    Newer {
        /// The least version that may add.
        found: u64,
        /// The version this program knows.
        known: u64,
    },
    /// The document can't be read, so that nobody can tell what would change.
    #[error("the document can't be added to: {0}")]
    Unreadable(String),
    /// Automerge refused or panicked.
    #[error("the document can't be added to: {0}")]
    Automerge(String),
}

impl From<Panicked> for WriteError {
    fn from(e: Panicked) -> Self {
        Self::Automerge(e.to_string())
    }
}

impl From<AutomergeError> for WriteError {
    fn from(e: AutomergeError) -> Self {
        Self::Automerge(e.to_string())
    }
}

/// Writes a document as its first change. Its id is not written: the journal entry names it.
///
/// `now` becomes the change's timestamp, in whole seconds; where it has events, which tell their own
/// times, there is none (0). The proofs of its events are not written.
pub fn create(document: &Document, writer: &Writer, now: Moment) -> NewChange {
    let root = root(document);
    let mut build = Build::new(writer.actor, NonZeroU64::MIN);
    build.root(&root);
    let time = if root.get("made").is_some() { Moment(0) } else { now };
    build.finish(writer, 1, Vec::new(), time).1
}

/// A new document of a whole root.
pub(crate) fn create_root(
    root: &Map,
    writer: &Writer,
    now: Moment,
) -> Result<(Automerge, NewChange), WriteError> {
    let mut doc = Automerge::new();
    let change = commit(&mut doc, writer, now, |tx| tx.init_root_from_hydrate(root))?;
    Ok((doc, change))
}

/// Makes one change of what `work` does. Slower than [`Build`], and for whatever it can't do.
pub(crate) fn commit(
    doc: &mut Automerge,
    writer: &Writer,
    now: Moment,
    work: impl FnOnce(&mut automerge::transaction::Transaction<'_>) -> Result<(), AutomergeError>,
) -> Result<NewChange, WriteError> {
    isolated(|| {
        // Setting the author makes a random actor, so ours is set after it.
        doc.set_author(Some(Author::from(writer.device.0.to_vec())));
        doc.set_actor(ActorId::from(&writer.actor));
        let mut tx = doc.transaction();
        work(&mut tx)?;
        tx.commit_with(CommitOptions::default().with_time(seconds(now)));
        let change = doc.get_last_local_change().ok_or(AutomergeError::Fail)?;
        Ok(NewChange { header: header_of(&change), bytes: change.raw_bytes().to_vec() })
    })?
}

/// A document's whole root.
pub(crate) fn root(document: &Document) -> Map {
    let head = document.head();
    let mut out = Out::of(head.id);
    out.text("kind", document.kind().as_str())
        .count("schema", head.schema)
        .count("rules", head.rules)
        .opt_show("site", head.site.as_ref())
        .text("number", head.number.as_str())
        .show("zone", head.zone);
    if let Some(mark) = &head.import {
        out.map("import", |out| {
            out.text("number", mark.number.as_str()).text("file", &mark.file).text("profile", &mark.profile);
        });
    }
    match document {
        Document::Sales(d) => sale_batch::write(d, &mut out),
        Document::Return(d) => returns::write(d, &mut out),
        Document::Adjustment(d) => adjustment::write(d, &mut out),
        Document::Transfer(d) => transfer::write(d, &mut out),
        Document::SupplierReturn(d) => supplier_return::write(d, &mut out),
        Document::Reservation(d) => reservation::write(d, &mut out),
        Document::Hold(d) => hold::write(d, &mut out),
        Document::Count(d) => count::write(d, &mut out),
        Document::Product(d) => product::write(d, &mut out),
        Document::Site(d) => site::write(d, &mut out),
        Document::Supplier(d) => supplier::write(d, &mut out),
        Document::User(d) => user::write(d, &mut out),
        Document::Settings(d) => settings::write(d, &mut out),
        Document::CountPlan(d) => count_plan::write(d, &mut out),
        Document::Resolution(d) => resolution::write(d, &mut out),
        Document::CashShift(d) => cash_shift::write(d, &mut out),
        Document::RedInvoice(d) => red_invoice::write(d, &mut out),
        Document::PeriodClose(d) => period_close::write(d, &mut out),
    }
    out.into_map()
}
