//! Periods: what was recorded at each close, what is so now by date, and what came late.
//!
//! What surprises: two views of one month. *Told*: what was recorded at its close; for the month that is open,
//! everything up to its end less all that was recorded before, so that what came late is told there. *By
//! date*: what is so now, each fact at its own date. Over all months together the two are equal.

use std::collections::{BTreeMap, BTreeSet};

use guicang_domain::document::Document;
use guicang_domain::document::Kind;
use guicang_domain::ids::{DeviceId, DocumentId, EventId, Number};
use guicang_domain::period::{Cut, DeviceCut, Figures, Period, PeriodClose};
use guicang_domain::time::{Moment, Occurred};
use guicang_sync::grant::GrantBook;
use rusqlite::{Connection, params};

use super::figures::{Whose, figures, terms};
use super::name;
use crate::error::StoreError;
use crate::facts::{document_by_id, standing};
use crate::store::Replica;

/// A period, closed or not.
#[derive(Debug, Clone)]
pub struct PeriodView {
    /// The period.
    pub period: Period,
    /// Its close; `None` while it is open.
    pub close: Option<PeriodClose>,
    /// What is told in it.
    pub told: Figures,
    /// What was told up to its end, since the books began. Of stock: what there was.
    pub told_to_date: Figures,
    /// What is so now, by date.
    pub by_date: Figures,
    /// What came after the close, and has a date in it.
    pub late: Vec<LateDocument>,
    /// The closes of the same period that don't stand.
    pub losers: Vec<Number>,
}

/// A document that came, or was added to, after a period was closed, with a date in it.
#[derive(Debug, Clone)]
pub struct LateDocument {
    /// The document.
    pub id: DocumentId,
    /// Its number.
    pub number: String,
    /// Its kind.
    pub kind: String,
    /// The earliest date in the period of what came late.
    pub occurred: Occurred,
    /// Whether none of it was there at the close.
    pub whole: bool,
    /// What all of it comes to now, as far as its dates are in the period.
    pub figures: Figures,
}

impl Replica {
    /// The closes that stand, by period.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn periods(&self) -> Result<Vec<PeriodClose>, StoreError> {
        standing_closes(&self.db, self.identity.org, &self.book, self.identity.device)
    }

    /// A period in both views.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn period(&self, period: Period) -> Result<PeriodView, StoreError> {
        let closes = self.periods()?;
        let up_to = |before| figures(&self.db, &self.identity, Some(before), Whose::All);
        let now = up_to(period.next())?;
        let by_date = now.clone().less(&up_to(period)?);
        let position = closes.iter().position(|c| c.period == period);
        let (told, told_to_date) = match (position, closes.last()) {
            (Some(n), _) => (closes[n].recorded.figures.clone(), all_recorded(&closes[..=n])),
            (None, Some(last)) if last.period.next() == period => {
                (now.clone().less(&all_recorded(&closes)), now)
            }
            // Long before the first close, or beyond the month that is open: by date.
            _ => (by_date.clone(), now),
        };
        let late = match position {
            Some(n) => self.late(&closes[n], n == 0)?,
            None => Vec::new(),
        };
        let losers = self.closes_of(period)?.into_iter().skip(1).collect();
        let close = position.map(|n| closes[n].clone());
        Ok(PeriodView { period, close, told, told_to_date, by_date, late, losers })
    }

    /// The fold of all facts, whatever their date: what all periods together come to.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn all_figures(&self) -> Result<Figures, StoreError> {
        figures(&self.db, &self.identity, None, Whose::All)
    }

    /// The numbers of a period's closes, the one that stands first.
    fn closes_of(&self, period: Period) -> Result<Vec<Number>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT d.number FROM period_close p JOIN document d ON d.id = p.document
                 WHERE p.org = ? AND p.period = ? ORDER BY p.rank",
            )
            .map_err(StoreError::of)?;
        let mut rows =
            statement.query(params![self.identity.org, period.to_string()]).map_err(StoreError::of)?;
        let mut out = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            out.push(name(r, 0, "a close's number")?);
        }
        Ok(out)
    }

    /// What came after a close with a date in its period; of the first close also what is older.
    fn late(&self, close: &PeriodClose, first: bool) -> Result<Vec<LateDocument>, StoreError> {
        let org = self.identity.org;
        let zones = terms(&self.db, org)?;
        let mut out = Vec::new();
        for id in self.changed_since(&close.recorded.cut)? {
            let row = document_by_id(&self.db, id)?;
            let held = standing(&self.db, org, &self.book, self.identity.device, id)?;
            let Ok((_, reading)) = held.read(row.identity) else { continue };
            let Some(document) = reading.document else { continue };
            if document.kind().is_hq_only() && document.kind() != Kind::Resolution {
                continue;
            }
            let site = document.head().site.as_ref().map_or("", |s| s.as_str());
            let zone = zones.get(site).map_or(self.identity.zone, |(zone, _)| *zone);
            let (begins, ends) = (close.period.begins(zone), close.period.ends(zone));
            let within = |at: Moment| at < ends && (first || at >= begins);
            let known = self.events_at(id, &close.recorded.cut)?;
            let of_document = |before| figures(&self.db, &self.identity, Some(before), Whose::Document(id));
            let mut dated = of_document(close.period.next())?;
            if !first {
                dated = dated.less(&of_document(close.period)?);
            }
            let events = events_of(&document);
            let new = events.iter().filter(|(event, ..)| !known.contains(event));
            let whole = known.is_empty();
            // A receipt's time is in its body: a whole document is late by what it comes to.
            let earliest = new.clone().map(|(_, at, _)| *at).filter(|at| within(*at)).min();
            let takes_back = new.clone().any(|(_, _, reverses)| *reverses);
            let is_late = if whole { dated != Figures::default() } else { earliest.is_some() || takes_back };
            if !is_late {
                continue;
            }
            let at = match earliest {
                Some(at) => at,
                None => {
                    self.first_dated(id, if first { Moment(i64::MIN) } else { begins })?.unwrap_or(begins)
                }
            };
            out.push(LateDocument {
                id: row.identity,
                number: row.number,
                kind: document.kind().to_string(),
                occurred: Occurred { at, zone },
                whole,
                figures: dated,
            });
        }
        out.sort_by(|a, b| (a.occurred.at, &a.number, a.id).cmp(&(b.occurred.at, &b.number, b.id)));
        Ok(out)
    }

    /// The earliest business time of a document's rows from a time on.
    fn first_dated(&self, document: i64, from: Moment) -> Result<Option<Moment>, StoreError> {
        let at: Option<i64> = self
            .db
            .prepare_cached(
                "SELECT min(at) FROM (
                     SELECT min(occurred) at FROM posting WHERE org = ?1 AND document = ?2 AND occurred >= ?3
                     UNION ALL SELECT min(occurred) FROM money WHERE org = ?1 AND document = ?2 AND occurred >= ?3
                     UNION ALL SELECT settled FROM return_head WHERE org = ?1 AND document = ?2 AND settled >= ?3)",
            )
            .and_then(|mut s| s.query_row(params![self.identity.org, document, from.0], |r| r.get(0)))
            .map_err(StoreError::of)?;
        Ok(at.map(Moment))
    }

    /// The documents that hold changes beyond a cut.
    fn changed_since(&self, cut: &Cut) -> Result<BTreeSet<i64>, StoreError> {
        let org = self.identity.org;
        let of = cut_by_device(cut);
        let mut out = BTreeSet::new();
        let mut statement = self
            .db
            .prepare_cached("SELECT DISTINCT device FROM entry WHERE org = ?")
            .map_err(StoreError::of)?;
        let devices = statement
            .query_map([org], |r| r.get::<_, [u8; 16]>(0))
            .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
            .map_err(StoreError::of)?;
        for device in devices {
            let (sequence, leaf) = of.get(&DeviceId(device)).map_or((0, 0), |c| (c.sequence, c.leaf));
            let mut statement = self
                .db
                .prepare_cached(
                    "SELECT c.document FROM entry e JOIN change c ON c.org = e.org AND c.entry = e.id
                     WHERE e.org = ?1 AND e.device = ?2 AND e.sequence >= ?3
                       AND (e.sequence > ?3 OR c.leaf > ?4) AND c.status = 0",
                )
                .map_err(StoreError::of)?;
            let mut rows = statement.query(params![org, device, sequence, leaf]).map_err(StoreError::of)?;
            while let Some(r) = rows.next().map_err(StoreError::of)? {
                out.insert(r.get(0).map_err(StoreError::of)?);
            }
        }
        let mut statement = self
            .db
            .prepare_cached("SELECT document FROM change WHERE org = ? AND entry IS NULL AND status = 0")
            .map_err(StoreError::of)?;
        let mut rows = statement.query([org]).map_err(StoreError::of)?;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            out.insert(r.get(0).map_err(StoreError::of)?);
        }
        Ok(out)
    }

    /// The events of a document among a cut's facts; none when nothing of it is.
    fn events_at(&self, document: i64, cut: &Cut) -> Result<BTreeSet<EventId>, StoreError> {
        let of = cut_by_device(cut);
        let mut held = standing(&self.db, self.identity.org, &self.book, self.identity.device, document)?;
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT e.device, e.sequence, c.leaf, c.bytes, e.stamp_time FROM change c JOIN entry e ON e.id = c.entry
                 WHERE c.org = ? AND c.document = ? AND c.status = 0 ORDER BY c.id",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query(params![self.identity.org, document]).map_err(StoreError::of)?;
        held.changes.clear();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read =
                || -> rusqlite::Result<_> { Ok((DeviceId(r.get(0)?), r.get(1)?, r.get(2)?, r.get(3)?)) };
            let (device, sequence, leaf, bytes): (_, u64, u64, Vec<u8>) = read().map_err(StoreError::of)?;
            if of.get(&device).is_some_and(|c| (sequence, leaf) <= (c.sequence, c.leaf)) {
                held.changes.push(bytes);
            }
        }
        if held.changes.is_empty() {
            return Ok(BTreeSet::new());
        }
        let (_, reading) = held.read(document_by_id(&self.db, document)?.identity)?;
        let events = reading.document.as_ref().map(events_of).unwrap_or_default();
        Ok(events.into_iter().map(|(event, ..)| event).collect())
    }
}

fn cut_by_device(cut: &Cut) -> BTreeMap<DeviceId, DeviceCut> {
    cut.devices.iter().map(|c| (c.device, *c)).collect()
}

/// A document's events: which, when it happened, whether it takes another back.
fn events_of(document: &Document) -> Vec<(EventId, Moment, bool)> {
    use guicang_domain::adjustment::AdjustmentEvent;
    use guicang_domain::cash::CashEvent;
    use guicang_domain::event::Event;
    use guicang_domain::returns::ReturnEvent;
    use guicang_domain::sale::SaleEvent;
    fn of<B>(events: &[Event<B>], reverses: impl Fn(&B) -> bool) -> Vec<(EventId, Moment, bool)> {
        events.iter().map(|e| (e.id.clone(), e.occurred.at, reverses(&e.body))).collect()
    }
    match document {
        Document::Sales(d) => of(&d.events, |b| matches!(b, SaleEvent::Reversed { .. })),
        Document::Return(d) => of(&d.events, |b| matches!(b, ReturnEvent::Reversed { .. })),
        Document::Adjustment(d) => of(&d.events, |b| matches!(b, AdjustmentEvent::Reversed { .. })),
        Document::CashShift(d) => of(&d.events, |b| matches!(b, CashEvent::Reversed { .. })),
        Document::Transfer(d) => of(&d.events, |_| false),
        Document::SupplierReturn(d) => of(&d.events, |_| false),
        Document::Reservation(d) => of(&d.events, |_| false),
        Document::Hold(d) => of(&d.events, |_| false),
        Document::Count(d) => of(&d.events, |_| false),
        Document::Resolution(d) => of(&d.events, |_| false),
        Document::RedInvoice(d) => of(&d.events, |_| false),
        Document::PeriodClose(d) => of(&d.events, |_| false),
        Document::Product(_)
        | Document::Site(_)
        | Document::Supplier(_)
        | Document::User(_)
        | Document::Settings(_)
        | Document::CountPlan(_) => Vec::new(),
    }
}

/// The closes that stand, by period: of several of one period the lowest rank.
pub(crate) fn standing_closes(
    db: &Connection,
    org: i64,
    book: &GrantBook,
    me: DeviceId,
) -> Result<Vec<PeriodClose>, StoreError> {
    let ids: Vec<i64> = {
        let mut statement = db
            .prepare_cached(
                "SELECT document FROM period_close p WHERE org = ?1 AND NOT EXISTS (
                     SELECT 1 FROM period_close o WHERE o.org = ?1 AND o.period = p.period AND o.rank < p.rank)
                 ORDER BY period",
            )
            .map_err(StoreError::of)?;
        let rows = statement.query_map([org], |r| r.get(0)).map_err(StoreError::of)?;
        rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
    };
    let mut out = Vec::new();
    for id in ids {
        let row = document_by_id(db, id)?;
        let (_, reading) = standing(db, org, book, me, id)?.read(row.identity)?;
        match reading.document {
            Some(Document::PeriodClose(close)) => out.push(close),
            _ => return Err(StoreError::damaged("a period's close", row.number)),
        }
    }
    Ok(out)
}

/// What closes recorded, all together, with what was before the first of them.
pub(crate) fn all_recorded(closes: &[PeriodClose]) -> Figures {
    let Some(first) = closes.first() else { return Figures::default() };
    let before = first.recorded.to_date.clone().less(&first.recorded.figures);
    closes.iter().fold(before, |sum, close| sum.plus(&close.recorded.figures))
}
