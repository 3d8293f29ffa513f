//! Commands: what people and programs do here. Each is one transaction of change and projection,
//! durable before it returns; what it decides on it reads inside that transaction.

mod adjust;
mod calendar;
mod cash;
mod cash_reverse;
mod count;
mod count_plan;
mod count_scan;
mod customers;
mod goods;
mod held;
mod plan;
mod returns;
mod begin;
mod signed;
mod parts;
mod decide;
mod recover;
mod steps;
mod settle;
mod credit;
mod repair;
mod cost;
mod import;
mod invoice;
mod master;
mod payout;
mod period;
mod reservations;
mod holds;
mod policy;
mod resolve;
mod staff;
mod supplier_returns;
mod transfers;
mod undo_import;
mod verify;

use guicang_documents::{Events, Reading, Replayed};
use guicang_domain::document::{Document, Head, Kind, RULES};
use guicang_domain::event::Event;
use guicang_domain::ids::{DocumentId, EventId, Number, SiteId, Sku, UserName};
use guicang_domain::returns::{Return, ReturnEvent};
use guicang_domain::time::{Occurred, Zone};
use guicang_sync::grant::Role;
use rusqlite::{OptionalExtension, params};

pub use adjust::{Adjust, Adjusted};
pub use cash::{CashMoved, CashOpen, WhichShift};
pub use cash_reverse::{CashMistake, CashReversed};
pub use count::{CloseCount, CountScope, OpenCount};
pub use count_plan::CountPlanDraft;
pub use count_scan::ScanItem;
pub use customers::Contact;
pub use goods::MoveGoods;
pub use holds::AskHold;
pub use import::{HeldSaleLine, ImportBatch, ImportedAdjustment, ImportedReturn};
pub use invoice::{RedPending, RedRequested};
pub use master::{ProductDraft, ProductField, SiteDraft};
pub use payout::{Payable, Payment, PayoutOutcome};
pub use period::PeriodClosed;
pub use policy::{PolicyDone, PolicyDraft};
pub use reservations::{Reserve, Unreserve};
pub use resolve::{Resolve, Resolved};
pub use returns::{CounterReturn, Graded, Item, Receive, ReturnDone};
pub use settle::Given;
pub use signed::ReceiptCode;
pub use staff::{Listing, SupplierDraft, SupplierField, UserDraft};
pub use steps::Missing;
pub use supplier_returns::{CloseClaim, RaiseClaim, ShipClaim};
pub use transfers::{CloseTransfer, Named, ReceiveTransfer, SendTransfer};

use crate::error::{CommandError, StoreError};
use crate::facts::{DocumentRow, documents_numbered, find_document};
use crate::store::Work;

/// Who does it, on whose word, and when it happened.
#[derive(Debug, Clone)]
pub struct By {
    /// The person.
    pub user: UserName,
    /// The manager who says yes; not the person.
    pub approved_by: Option<UserName>,
    /// When it happened, where the paper says otherwise than the clock.
    pub occurred: Option<Occurred>,
}

impl By {
    /// Somebody, now, on their own word.
    pub fn user(user: UserName) -> Self {
        Self { user, approved_by: None, occurred: None }
    }
}

impl Work<'_> {
    /// The site that a command is for: this device's, or at HQ the one that is named.
    pub(crate) fn site_for(&self, named: Option<&SiteId>) -> Result<SiteId, CommandError> {
        match (&self.me.role, named) {
            (Role::Site(here), None) => Ok(here.clone()),
            (Role::Site(here), Some(site)) if here == site => Ok(here.clone()),
            (Role::Site(_), Some(site)) => Err(CommandError::NotHere { site: site.clone() }),
            (Role::Hq, Some(site)) if self.knows_site(site)? => Ok(site.clone()),
            (Role::Hq, Some(site)) => Err(CommandError::UnknownSite { found: site.to_string() }),
            (Role::Hq, None) => Err(CommandError::SiteNeeded),
            (Role::Relay, _) => Err(CommandError::HqOnly),
        }
    }

    fn hq_only(&self) -> Result<(), CommandError> {
        if self.me.role == Role::Hq { Ok(()) } else { Err(CommandError::HqOnly) }
    }

    fn knows_site(&self, site: &SiteId) -> Result<bool, CommandError> {
        Ok(self
            .tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM site WHERE org = ? AND code = ?)")?
            .query_row(params![self.org, site.as_str()], |r| r.get(0))?)
    }

    /// The zone of a site's walls and its currency; the organisation's where the site isn't listed.
    fn site_terms(&self, site: &SiteId) -> Result<(Zone, guicang_domain::money::Currency), CommandError> {
        let row: Option<(String, String)> = self
            .tx
            .prepare_cached("SELECT zone, currency FROM site WHERE org = ? AND code = ?")?
            .query_row(params![self.org, site.as_str()], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?;
        let Some((zone, currency)) = row else { return Ok((self.me.zone, self.me.currency)) };
        let zone = zone.parse().map_err(|e| StoreError::damaged("a site's zone", e))?;
        let currency = currency.parse().map_err(|e| StoreError::damaged("a site's currency", e))?;
        Ok((zone, currency))
    }

    /// The head of a new document.
    fn new_head(&mut self, kind: Kind, site: Option<SiteId>, zone: Zone) -> Result<Head, CommandError> {
        let last: i64 = self
            .tx
            .prepare_cached(
                "INSERT INTO number (org, kind, last) VALUES (?, ?, 1)
                 ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last",
            )?
            .query_row(params![self.org, kind.as_str()], |r| r.get(0))?;
        let number = format!("{}-{}-{last:06}", kind.prefix(), self.me.code);
        Ok(Head {
            id: DocumentId { creator: self.me.device, uuid: self.ambient.uuid() },
            site,
            number: Number::new(&number).expect("a number of ours"),
            schema: guicang_documents::SCHEMA,
            rules: RULES,
            zone,
            import: None,
        })
    }

    /// A new event of this device's, with the policy version it was judged by.
    fn event<B>(&mut self, by: &By, zone: Zone, policy: &str, body: B) -> Event<B> {
        let recorded = self.clock.tick(self.now);
        Event {
            id: EventId { recorded, device: self.me.code.clone() },
            occurred: by.occurred.unwrap_or(Occurred { at: self.now, zone }),
            seen: self.proven,
            user: by.user.clone(),
            policy: policy.into(),
            body,
            proof: self.own_proof(),
        }
    }

    /// The SKU that was typed, where it is known: listed, stocked, or (with no list at all) new.
    fn known_sku(&self, typed: &str, may_be_new: bool) -> Result<Sku, CommandError> {
        let unknown = || CommandError::UnknownSku { found: typed.to_owned() };
        let sku = Sku::of(typed).map_err(|_| unknown())?;
        let key = params![self.org, sku.as_str()];
        let known: bool = self
            .tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM product WHERE org = ?1 AND sku = ?2)
                     OR EXISTS (SELECT 1 FROM bucket WHERE org = ?1 AND sku = ?2)",
            )?
            .query_row(key, |r| r.get(0))?;
        if known {
            return Ok(sku);
        }
        let listed: bool = self
            .tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM product WHERE org = ?)")?
            .query_row([self.org], |r| r.get(0))?;
        if may_be_new && !listed { Ok(sku) } else { Err(unknown()) }
    }

    /// The document that a person names by number or identity.
    fn named(&self, text: &str, kind: Kind) -> Result<DocumentRow, CommandError> {
        let unknown = || match kind {
            Kind::Return => CommandError::UnknownReturn { found: text.to_owned() },
            _ => CommandError::UnknownDocument { kind, found: text.to_owned() },
        };
        if let Ok(identity) = text.parse::<DocumentId>() {
            return find_document(&self.tx, self.org, identity)?.ok_or_else(unknown);
        }
        let mut found = documents_numbered(&self.tx, self.org, &text.trim().to_uppercase())?;
        found.retain(|d| d.number.starts_with(kind.prefix()));
        match found.len() {
            0 => Err(unknown()),
            1 => Ok(found.remove(0)),
            _ => Err(CommandError::Ambiguous {
                number: text.to_owned(),
                found: found.iter().map(|d| d.identity.to_string()).collect(),
            }),
        }
    }

    /// Appends events to a document: a change, and its projection made anew. `document` has them already.
    fn append(
        &mut self,
        row: &DocumentRow,
        mut replayed: Replayed,
        events: &Events<'_>,
        document: &Document,
    ) -> Result<(), CommandError> {
        let change = replayed
            .append_events(self.writer, self.now, events)
            .map_err(|e| StoreError::damaged("a document", e))?;
        self.insert_own_change(row.id, &change, &[], 0)?;
        self.unproject(row.id)?;
        Ok(self.project(row.id, document)?)
    }

    /// A document as it stands, ready to be added to.
    fn open(&self, row: &DocumentRow, kind: Kind) -> Result<(Replayed, Document), CommandError> {
        let (replayed, reading): (Replayed, Reading) = self.load(row)?;
        match reading.document {
            _ if reading.newer => Err(CommandError::NewerRules { number: row.number.clone() }),
            Some(document) if document.kind() == kind => Ok((replayed, document)),
            _ => Err(CommandError::UnknownDocument { kind, found: row.number.clone() }),
        }
    }

    /// A return as it stands, ready to be added to.
    fn open_return(&self, row: &DocumentRow) -> Result<(Replayed, Return), CommandError> {
        let (replayed, reading): (Replayed, Reading) = self.load(row)?;
        match reading.document {
            _ if reading.newer => Err(CommandError::NewerRules { number: row.number.clone() }),
            Some(Document::Return(document)) => Ok((replayed, document)),
            _ => Err(CommandError::UnknownReturn { found: row.number.clone() }),
        }
    }

    /// Appends events to a return: a change, and its projection made anew.
    fn append_to_return(
        &mut self,
        row: &DocumentRow,
        replayed: Replayed,
        document: Return,
        events: Vec<Event<ReturnEvent>>,
    ) -> Result<Return, CommandError> {
        self.append_with_sites(row, replayed, document, events, &[])
    }

    /// As [`Self::append_to_return`]; `sites` have the return from now on.
    fn append_with_sites(
        &mut self,
        row: &DocumentRow,
        mut replayed: Replayed,
        mut document: Return,
        events: Vec<Event<ReturnEvent>>,
        sites: &[SiteId],
    ) -> Result<Return, CommandError> {
        let added: Vec<SiteId> = sites.iter().filter(|s| !row.sites.contains(s)).cloned().collect();
        let change = replayed
            .append_events(self.writer, self.now, &Events::Return(&events))
            .map_err(|e| StoreError::damaged("a return", e))?;
        self.insert_own_change(row.id, &change, &added, 0)?;
        if !added.is_empty() {
            let mut all: Vec<SiteId> = row.sites.iter().chain(&added).cloned().collect();
            all.sort();
            self.tx
                .prepare_cached("UPDATE document SET sites = ? WHERE id = ?")?
                .execute(params![crate::facts::join_sites(&all), row.id])?;
        }
        document.events.extend(events);
        document.events.sort_by_cached_key(Event::rank);
        self.unproject(row.id)?;
        self.project(row.id, &Document::Return(document.clone()))?;
        Ok(document)
    }
}
