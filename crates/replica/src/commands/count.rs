//! Stocktakes: opened, scanned, counted again, closed, approved; cancelled, or taken back.
//!
//! What surprises: nothing here stops the shop. Sales go on while people count, and a count that
//! holds can still be corrected by counting again: what it asserts is a time and a quantity.

use std::collections::BTreeMap;

use guicang_documents::{Events, Replayed};
use guicang_domain::account::Account;
use guicang_domain::count::{Count, CountEvent, CountState, MOST_SPOTS, Scope, Seen, Spot, Stage, Uncounted};
use guicang_domain::document::{Document, Kind};
use guicang_domain::event::Event;
use guicang_domain::ids::SiteId;
use guicang_domain::quantity::Quantity;
use guicang_domain::user::StaffRole;
use rusqlite::params;

use super::By;
use crate::error::{CommandError, CountRefusal, StoreError};
use crate::facts::DocumentRow;
use crate::queries::CountRow;
use crate::store::{Replica, Work};

/// What is to be counted, as typed.
#[derive(Debug, Clone, Default)]
pub struct CountScope {
    /// Only these places; none: all.
    pub places: Vec<String>,
    /// Only these articles; none, and no category: all.
    pub skus: Vec<String>,
    /// Only the articles of this category, as listed now.
    pub category: Option<String>,
    /// The accounts to go through; none: what is for sale and what came back.
    pub accounts: Vec<Account>,
}

/// A count to be opened.
#[derive(Debug, Clone, Default)]
pub struct OpenCount {
    /// The site; `None` for this device's own.
    pub site: Option<SiteId>,
    /// What is to be counted; a plan says it too.
    pub scope: CountScope,
    /// Whether the book is kept from the counters until it is approved.
    pub blind: bool,
    /// The name of the plan that it follows.
    pub plan: Option<String>,
    /// A note.
    pub note: Option<String>,
}

/// What closing a count came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseCount {
    /// The count.
    pub count: CountRow,
    /// Buckets of its scope that the book says aren't empty, and that nobody scanned.
    pub uncounted: usize,
}

impl Replica {
    /// Opens a count.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then. The same of the commands below.
    pub fn open_count(&mut self, by: &By, open: OpenCount) -> Result<CountRow, CommandError> {
        let id = self.write(|work| work.open_count(by, open))?;
        self.count_row(id)
    }

    /// Ends the counting. What nobody scanned is as it was, or zero if that is what they say.
    ///
    /// # Errors
    /// As [`Replica::open_count`].
    pub fn close_count(
        &mut self,
        by: &By,
        number: &str,
        uncounted: Uncounted,
    ) -> Result<CloseCount, CommandError> {
        let (id, uncounted) = self.write(|work| work.close_count(by, number, uncounted))?;
        Ok(CloseCount { count: self.count_row(id)?, uncounted })
    }

    /// Approves a closed count, so that the ledger follows it; or one that holds, to say that what has
    /// changed since was seen. Once HQ lists users, on a manager's word.
    ///
    /// # Errors
    /// As [`Replica::open_count`], and [`CommandError::NotEntitled`].
    pub fn approve_count(&mut self, by: &By, number: &str) -> Result<CountRow, CommandError> {
        let id = self.write(|work| work.approve_count(by, number))?;
        self.count_row(id)
    }

    /// Whether somebody may approve a count, without doing it: so they may look at a blind one.
    ///
    /// # Errors
    /// As [`Replica::open_count`].
    pub fn may_approve_count(&mut self, by: &By, number: &str) -> Result<(), CommandError> {
        self.write(|work| {
            let (_, _, document) = work.open_count_document(number)?;
            work.approvable(by, &document, &CountState::of(&document))
        })
    }

    /// Drops a count that isn't approved.
    ///
    /// # Errors
    /// As [`Replica::open_count`].
    pub fn cancel_count(&mut self, by: &By, number: &str) -> Result<CountRow, CommandError> {
        let id = self.write(|work| work.cancel_count(by, number))?;
        self.count_row(id)
    }

    /// Takes back an approval (红字冲销): the ledger is as if nobody had counted.
    ///
    /// # Errors
    /// As [`Replica::open_count`].
    pub fn reverse_count(&mut self, by: &By, number: &str) -> Result<CountRow, CommandError> {
        let id = self.write(|work| work.reverse_count(by, number))?;
        self.count_row(id)
    }

    pub(super) fn count_row(&self, document: i64) -> Result<CountRow, CommandError> {
        Ok(crate::queries::count_by_id(self, document)?)
    }
}

impl Work<'_> {
    fn open_count(&mut self, by: &By, open: OpenCount) -> Result<i64, CommandError> {
        let site = self.site_for(open.site.as_ref())?;
        let plan = open.plan.as_deref().map(|name| self.plan_named(name, &site)).transpose()?;
        let scope = match &plan {
            Some(plan) => plan.scope.clone(),
            None => self.scope_of(&open.scope)?,
        };
        let (zone, currency) = self.site_terms(&site)?;
        let head = self.new_head(Kind::Count, Some(site.clone()), zone)?;
        let opened = self.event(by, zone, "", CountEvent::Opened);
        let count = Count {
            head,
            scope,
            blind: open.blind || plan.as_ref().is_some_and(|p| p.blind),
            plan: plan.map(|p| p.head.id),
            currency,
            note: open.note,
            events: vec![opened],
        };
        Ok(self.create(Document::Count(count), std::slice::from_ref(&site))?)
    }

    /// What is typed as a scope, as articles that there are.
    pub(super) fn scope_of(&self, typed: &CountScope) -> Result<Scope, CommandError> {
        let mut scope = Scope::full();
        scope.places = typed.places.iter().map(|p| p.trim().to_owned()).collect();
        for sku in &typed.skus {
            scope.skus.insert(self.known_sku(sku, false)?);
        }
        if let Some(category) = &typed.category {
            let mut statement =
                self.tx.prepare_cached("SELECT sku FROM product WHERE org = ? AND category = ?")?;
            let mut rows = statement.query(params![self.org, category])?;
            while let Some(r) = rows.next()? {
                scope.skus.insert(crate::queries::name(r, 0, "a SKU")?);
            }
            if scope.skus.is_empty() {
                return Err(CommandError::Value {
                    field: "category",
                    found: category.clone(),
                    wanted: "a category that some article has".into(),
                });
            }
            scope.category = Some(category.clone());
        }
        if !typed.accounts.is_empty() {
            scope.accounts = typed.accounts.iter().copied().collect();
        }
        if let Some(account) = scope.accounts.iter().find(|a| !a.is_on_hand()) {
            return Err(not_on_hand(*account));
        }
        too_many("", scope.skus.len())?;
        Ok(scope)
    }

    fn close_count(
        &mut self,
        by: &By,
        number: &str,
        uncounted: Uncounted,
    ) -> Result<(i64, usize), CommandError> {
        let (row, replayed, document) = self.open_count_document(number)?;
        let state = CountState::of(&document);
        at_stage(&document, &state, &[Stage::Open])?;
        let left = self.uncounted(&document, &state)?;
        let found = left.len();
        let zero = match uncounted {
            Uncounted::Leave => Vec::new(),
            Uncounted::Zero => left,
        };
        if state.assertions.is_empty() && zero.is_empty() {
            return Err(CountRefusal::NothingCounted { number: row.number, sku: None }.into());
        }
        too_many(&row.number, zero.len())?;
        let id = self.add_to_count(by, row, replayed, document, CountEvent::Closed { uncounted, zero })?;
        Ok((id, found))
    }

    /// The buckets of a count's scope that the book says aren't empty and that nobody scanned.
    fn uncounted(&self, document: &Count, state: &CountState) -> Result<Vec<Spot>, CommandError> {
        let site = document.head.site.as_ref().map_or("", SiteId::as_str);
        let mut statement = self.tx.prepare_cached(
            "SELECT b.place, b.sku, b.lot, b.account FROM bucket b JOIN stock s ON s.org = b.org AND s.bucket = b.id
             WHERE b.org = ? AND b.site = ? AND s.quantity <> 0 AND b.account < 10",
        )?;
        let mut rows = statement.query(params![self.org, site])?;
        let mut left = Vec::new();
        while let Some(r) = rows.next()? {
            let spot = crate::queries::spot(r, 0)?;
            if document.scope.covers(&spot) && !state.assertions.contains_key(&spot) {
                left.push(spot);
            }
        }
        left.sort();
        Ok(left)
    }

    fn approvable(&self, by: &By, document: &Count, state: &CountState) -> Result<(), CommandError> {
        at_stage(document, state, &[Stage::Closed, Stage::Approved])?;
        let approver = by.approved_by.as_ref().unwrap_or(&by.user);
        state.may_approve(approver).map_err(|e| CountRefusal::ApproverIsCounter {
            number: document.head.number.to_string(),
            user: e.user.to_string(),
        })?;
        // Its gains and losses are stock written on and off: a manager's word.
        self.takes_word_of(approver, &by.user, StaffRole::Manager, document.head.site.as_ref())
    }

    fn approve_count(&mut self, by: &By, number: &str) -> Result<i64, CommandError> {
        let (row, replayed, document) = self.open_count_document(number)?;
        let state = CountState::of(&document);
        self.approvable(by, &document, &state)?;
        let mut seen = Vec::new();
        {
            let mut statement = self.tx.prepare_cached(
                "SELECT b.place, b.sku, b.lot, b.account, c.counted, c.book FROM count_bucket c
                 JOIN bucket b ON b.id = c.bucket
                 WHERE c.org = ? AND c.document = ? AND c.variance <> 0 ORDER BY c.position",
            )?;
            let mut rows = statement.query([self.org, row.id])?;
            while let Some(r) = rows.next()? {
                seen.push(Seen {
                    spot: crate::queries::spot(r, 0)?,
                    counted: Quantity(r.get(4)?),
                    book: Quantity(r.get(5)?),
                });
            }
        }
        let same =
            seen.iter().map(|s| (s.spot.clone(), s.variance())).collect::<BTreeMap<_, _>>() == state.seen;
        if state.holds() && same {
            return Err(CountRefusal::NothingNew { number: row.number }.into());
        }
        too_many(&row.number, seen.len())?;
        let approver = by.approved_by.clone().unwrap_or_else(|| by.user.clone());
        self.add_to_count(by, row, replayed, document, CountEvent::Approved { by: approver, seen })
    }

    fn cancel_count(&mut self, by: &By, number: &str) -> Result<i64, CommandError> {
        let (row, replayed, document) = self.open_count_document(number)?;
        at_stage(&document, &CountState::of(&document), &[Stage::Open, Stage::Closed])?;
        self.add_to_count(by, row, replayed, document, CountEvent::Cancelled)
    }

    /// Takes back every approval that stands; a cancellation that lost against them stands then.
    fn reverse_count(&mut self, by: &By, number: &str) -> Result<i64, CommandError> {
        let (row, replayed, document) = self.open_count_document(number)?;
        let state = CountState::of(&document);
        at_stage(&document, &state, &[Stage::Approved])?;
        let reversed = |id| {
            document.events.iter().any(|e| matches!(&e.body, CountEvent::Reversed { event } if event == id))
        };
        let approvals: Vec<_> = document
            .events
            .iter()
            .filter(|e| matches!(e.body, CountEvent::Approved { .. }) && !reversed(&e.id))
            .map(|e| e.id.clone())
            .collect();
        let zone = document.head.zone;
        let events = approvals
            .into_iter()
            .map(|event| self.event(by, zone, "", CountEvent::Reversed { event }))
            .collect();
        self.append_to_count(row, replayed, document, events)
    }

    /// A count as it stands, ready to be added to.
    pub(super) fn open_count_document(
        &self,
        number: &str,
    ) -> Result<(DocumentRow, Replayed, Count), CommandError> {
        let row = self.named(number, Kind::Count)?;
        let (replayed, reading) = self.load(&row)?;
        match reading.document {
            _ if reading.newer => Err(CommandError::NewerRules { number: row.number }),
            Some(Document::Count(document)) => Ok((row, replayed, document)),
            _ => Err(CommandError::UnknownDocument { kind: Kind::Count, found: number.to_owned() }),
        }
    }

    pub(super) fn add_to_count(
        &mut self,
        by: &By,
        row: DocumentRow,
        replayed: Replayed,
        document: Count,
        body: CountEvent,
    ) -> Result<i64, CommandError> {
        let event = self.event(by, document.head.zone, "", body);
        self.append_to_count(row, replayed, document, vec![event])
    }

    fn append_to_count(
        &mut self,
        row: DocumentRow,
        mut replayed: Replayed,
        mut document: Count,
        events: Vec<Event<CountEvent>>,
    ) -> Result<i64, CommandError> {
        let change = replayed
            .append_events(self.writer, self.now, &Events::Count(&events))
            .map_err(|e| StoreError::damaged("a count", e))?;
        self.insert_own_change(row.id, &change, &[], 0)?;
        let before = CountState::of(&document);
        document.events.extend(events);
        document.events.sort_by_cached_key(Event::rank);
        self.project_more_scans(row.id, &before, document)?;
        Ok(row.id)
    }
}

pub(super) fn at_stage(
    document: &Count,
    state: &CountState,
    wanted: &'static [Stage],
) -> Result<(), CommandError> {
    if wanted.contains(&state.stage) {
        return Ok(());
    }
    let number = document.head.number.to_string();
    Err(CountRefusal::Stage { number, stage: state.stage, wanted }.into())
}

pub(super) fn too_many(number: &str, found: usize) -> Result<(), CommandError> {
    if found <= MOST_SPOTS {
        return Ok(());
    }
    Err(CountRefusal::TooMany { number: number.into(), found, most: MOST_SPOTS }.into())
}

pub(super) fn not_on_hand(account: Account) -> CommandError {
    CommandError::Value {
        field: "account",
        found: account.to_string(),
        wanted: "sellable, returns_hold, quarantine, defective, supplier_hold or scrap_hold".into(),
    }
}
