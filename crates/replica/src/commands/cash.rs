//! The cash book: a shift opened with a count, cash put in and taken out, closed with a count.

use chrono::NaiveDate;
use guicang_documents::Events;
use guicang_domain::cash::{CashEvent, CashReason, CashSeen, CashShift, CashWay};
use guicang_domain::document::{Document, Kind};
use guicang_domain::event::Event;
use guicang_domain::ids::{SiteId, TillId};
use guicang_domain::money::Amount;
use guicang_domain::time::Occurred;
use rusqlite::params;

use super::By;
use super::returns::wrong;
use crate::error::{CommandError, StoreError};
use crate::facts::{DocumentRow, document_by_id};
use crate::project::Drawers;
use crate::queries::CashShiftRow;
use crate::store::{Replica, Work};

/// A shift that begins.
#[derive(Debug, Clone)]
pub struct CashOpen {
    /// The site; `None` for this device's own.
    pub site: Option<SiteId>,
    /// The till; `None` for the site's one drawer.
    pub till: Option<TillId>,
    /// The shift's name.
    pub shift: Option<String>,
    /// The business date; `None`: the day on which it begins.
    pub date: Option<NaiveDate>,
    /// What is in the drawer, counted.
    pub counted: Amount,
}

/// Which shift is meant.
#[derive(Debug, Clone, Default)]
pub struct WhichShift {
    /// By number or identity; `None`: the one that is open.
    pub number: Option<String>,
    /// The site; `None` for this device's own.
    pub site: Option<SiteId>,
    /// At this till.
    pub till: Option<TillId>,
}

/// Cash put in or taken out.
#[derive(Debug, Clone)]
pub struct CashMoved {
    /// Which way.
    pub way: CashWay,
    /// How much; above zero.
    pub amount: Amount,
    /// Why.
    pub reason: CashReason,
    /// A note; wanted where the reason is `other`.
    pub note: Option<String>,
}

impl Replica {
    /// Opens a shift.
    ///
    /// # Errors
    /// [`CommandError::ShiftOpen`] when the drawer has one already; nothing is changed then.
    pub fn cash_open(&mut self, by: &By, open: CashOpen) -> Result<CashShiftRow, CommandError> {
        let id = self.write(|work| work.cash_open(by, open))?;
        Ok(self.cash_row(id)?)
    }

    /// Records cash that was put into a shift's drawer or taken out.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn cash_move(
        &mut self,
        by: &By,
        which: &WhichShift,
        moved: CashMoved,
    ) -> Result<CashShiftRow, CommandError> {
        let id = self.write(|work| work.cash_move(by, which, moved))?;
        Ok(self.cash_row(id)?)
    }

    /// Closes a shift with what was counted; the close keeps what it saw.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn cash_close(
        &mut self,
        by: &By,
        which: &WhichShift,
        counted: Amount,
    ) -> Result<CashShiftRow, CommandError> {
        let id = self.write(|work| work.cash_close(by, which, counted))?;
        Ok(self.cash_row(id)?)
    }
}

impl Work<'_> {
    fn cash_open(&mut self, by: &By, open: CashOpen) -> Result<i64, CommandError> {
        let site = self.site_for(open.site.as_ref())?;
        let (zone, currency) = self.site_terms(&site)?;
        counted_amount(open.counted)?;
        if let Some(row) = self.open_shifts(&site, Some(open.till.as_ref()))?.first() {
            return Err(CommandError::ShiftOpen { number: row.number.clone() });
        }
        let begins = by.occurred.unwrap_or(Occurred { at: self.now, zone });
        let head = self.new_head(Kind::CashShift, Some(site.clone()), zone)?;
        let opened = self.event(by, zone, "", CashEvent::Opened { counted: open.counted });
        let document = CashShift {
            head,
            till: open.till,
            shift: open.shift.filter(|s| !s.trim().is_empty()),
            date: open.date.unwrap_or_else(|| begins.date()),
            currency,
            events: vec![opened],
        };
        Ok(self.create(Document::CashShift(document), std::slice::from_ref(&site))?)
    }

    fn cash_move(&mut self, by: &By, which: &WhichShift, moved: CashMoved) -> Result<i64, CommandError> {
        if moved.amount <= Amount::ZERO || moved.amount > Amount::LIMIT {
            return Err(wrong("amount", &self.me.currency.format(moved.amount), "> 0"));
        }
        let note = moved.note.filter(|n| !n.trim().is_empty());
        if moved.reason == CashReason::Other && note.is_none() {
            return Err(wrong("note", "", "a note that says what it is for"));
        }
        let (row, document) = self.which_shift(which)?;
        let zone = document.head.zone;
        let CashMoved { way, amount, reason, .. } = moved;
        let event = self.event(by, zone, "", CashEvent::Moved { way, amount, reason, note });
        self.append_to_shift(&row, document, event)
    }

    fn cash_close(&mut self, by: &By, which: &WhichShift, counted: Amount) -> Result<i64, CommandError> {
        counted_amount(counted)?;
        let (row, document) = self.which_shift(which)?;
        let zone = document.head.zone;
        let state = document.state();
        let ends = by.occurred.unwrap_or(Occurred { at: self.now, zone });
        let begun = state.opened.as_ref().map(|o| o.occurred);
        if let Some(begun) = begun.filter(|b| ends.at <= b.at) {
            return Err(wrong("time", &ends.to_rfc3339(), &format!("> {}", begun.to_rfc3339())));
        }
        let site = document.head.site.clone().ok_or_else(|| StoreError::damaged("a shift's site", row.id))?;
        // What happened after the time that the close says is the next shift's.
        let from = begun.map_or(ends.at, |b| b.at).0;
        let mut drawers = Drawers::of(&self.tx, self.org, site.as_str(), from, ends.at.0)?;
        for window in drawers.windows.iter_mut().filter(|w| w.shift == row.id) {
            window.until = Some(ends.at);
        }
        let belongs = drawers.belongs(&self.tx, self.org, site.as_str(), row.id)?;
        let seen = CashSeen {
            sales: belongs.flow.sales,
            receipts: belongs.flow.receipts,
            refunds: belongs.flow.refunds,
            payments: belongs.payments.into_iter().map(|(event, ..)| event).collect(),
            paid_in: state.moved(CashWay::In),
            paid_out: state.moved(CashWay::Out),
        };
        let event = self.event(by, zone, "", CashEvent::Closed { counted, seen });
        self.append_to_shift(&row, document, event)
    }

    /// The shift that is meant, open.
    fn which_shift(&self, which: &WhichShift) -> Result<(DocumentRow, CashShift), CommandError> {
        let row = match &which.number {
            Some(text) => self.named(text, Kind::CashShift).map_err(|e| match e {
                CommandError::UnknownReturn { found } => CommandError::UnknownShift { found },
                other => other,
            })?,
            None => {
                let site = self.site_for(which.site.as_ref())?;
                let till = which.till.as_ref();
                let mut open = self.open_shifts(&site, till.map(Some))?;
                match open.len() {
                    0 => return Err(CommandError::NoShift { site }),
                    1 => open.remove(0),
                    _ => {
                        let found = open.into_iter().map(|row| row.number).collect();
                        return Err(CommandError::SeveralShifts { found });
                    }
                }
            }
        };
        let (_, reading) = self.load(&row)?;
        let Some(Document::CashShift(document)) = reading.document else {
            return Err(CommandError::UnknownShift { found: row.number });
        };
        if reading.newer {
            return Err(CommandError::NewerRules { number: row.number });
        }
        self.site_for(document.head.site.as_ref())?;
        match document.state().closed {
            Some(_) => Err(CommandError::ShiftClosed { number: row.number }),
            None => Ok((row, document)),
        }
    }

    /// The shifts of a site that are open; `till`: only of that drawer.
    fn open_shifts(
        &self,
        site: &SiteId,
        till: Option<Option<&TillId>>,
    ) -> Result<Vec<DocumentRow>, CommandError> {
        let till = till.map(|t| t.map_or("", TillId::as_str));
        let ids: Vec<i64> = {
            let mut statement = self.tx.prepare_cached(
                "SELECT document FROM cash_shift
                 WHERE org = ?1 AND site = ?2 AND until = ?3 AND (?4 IS NULL OR till = ?4) ORDER BY opened, document",
            )?;
            let rows = statement.query_map(params![self.org, site.as_str(), i64::MAX, till], |r| r.get(0))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        Ok(ids.into_iter().map(|id| document_by_id(&self.tx, id)).collect::<Result<_, _>>()?)
    }

    pub(super) fn append_to_shift(
        &mut self,
        row: &DocumentRow,
        mut document: CashShift,
        event: Event<CashEvent>,
    ) -> Result<i64, CommandError> {
        let (mut replayed, _) = self.load(row)?;
        let events = [event];
        let change = replayed
            .append_events(self.writer, self.now, &Events::CashShift(&events))
            .map_err(|e| StoreError::damaged("a shift", e))?;
        self.insert_own_change(row.id, &change, &[], 0)?;
        document.events.extend(events);
        document.events.sort_by_cached_key(Event::rank);
        self.unproject(row.id)?;
        self.project(row.id, &Document::CashShift(document))?;
        Ok(row.id)
    }
}

/// What was counted is nothing or more.
fn counted_amount(counted: Amount) -> Result<(), CommandError> {
    if (Amount::ZERO..=Amount::LIMIT).contains(&counted) {
        return Ok(());
    }
    Err(wrong("counted", &counted.0.to_string(), ">= 0"))
}
