//! The cash book by shift: what each close saw, and what is so now.

use chrono::NaiveDate;
use guicang_domain::cash::{CashFlow, CashMove};
use guicang_domain::document::Document;
use guicang_domain::ids::{DocumentId, EventId, Number, SiteId, TillId, UserName};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::time::{Occurred, Zone};
use rusqlite::params;

use super::name;
use crate::error::{CommandError, StoreError};
use crate::facts::{document_by_id, documents_numbered, find_document, standing};
use crate::project::Drawers;
use crate::store::Replica;

/// Which shifts.
#[derive(Debug, Clone, Default)]
pub struct CashFilter {
    /// Only this site's.
    pub site: Option<SiteId>,
    /// Only of this business date and later.
    pub from: Option<NaiveDate>,
    /// Only of this business date and earlier.
    pub to: Option<NaiveDate>,
}

/// A shift.
#[derive(Debug, Clone)]
pub struct CashShiftRow {
    /// The document.
    pub id: DocumentId,
    /// Its number.
    pub number: Number,
    /// The site.
    pub site: SiteId,
    /// The till; `None` for the site's one drawer.
    pub till: Option<TillId>,
    /// Its name.
    pub shift: Option<String>,
    /// The business date.
    pub date: NaiveDate,
    /// When it began.
    pub opened: Occurred,
    /// Who counted then.
    pub opened_by: UserName,
    /// What was in the drawer.
    pub opening: Amount,
    /// When it ended, and who counted; `None` while it is open.
    pub closed: Option<(Occurred, UserName)>,
    /// What was counted at its end.
    pub counted: Option<Amount>,
    /// What belongs to it now.
    pub now: CashFlow,
    /// What its close saw.
    pub at_close: Option<CashFlow>,
    /// Cash put in and taken out.
    pub moves: Vec<CashMove>,
    /// The refunds paid from it, and what customers paid for repairs and exchanges, in order of time.
    pub payments: Vec<CashPayment>,
    /// Whether it conflicts with what was done while apart: opened or closed twice.
    pub conflicts: bool,
    /// The currency.
    pub currency: Currency,
}

/// Cash that moved for a return.
#[derive(Debug, Clone)]
pub struct CashPayment {
    /// The event in the return.
    pub event: EventId,
    /// The return's number.
    pub number: String,
    /// How much was paid out; below zero: how much the customer paid.
    pub amount: Amount,
    /// When.
    pub occurred: Occurred,
    /// Whether the close didn't see it: it is an addendum to the shift.
    pub late: bool,
}

impl CashShiftRow {
    /// What should be, or should have been, in the drawer, as known now.
    pub fn expected(&self) -> Amount {
        self.now.expected(self.opening)
    }

    /// Counted less expected: above zero over, below short. `None` while it is open.
    pub fn difference(&self) -> Option<Amount> {
        Some(self.counted? - self.expected())
    }

    /// The difference as the close saw it.
    pub fn difference_at_close(&self) -> Option<Amount> {
        Some(self.counted? - self.at_close?.expected(self.opening))
    }
}

impl Replica {
    /// The shifts that a filter asks for, by date, site, and when they began.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn cash_shifts(&self, filter: &CashFilter) -> Result<Vec<CashShiftRow>, StoreError> {
        let ids: Vec<i64> = {
            let mut statement = self
                .db
                .prepare_cached(
                    "SELECT document FROM cash_shift WHERE org = ?1 AND (?2 IS NULL OR site = ?2)
                       AND (?3 IS NULL OR date >= ?3) AND (?4 IS NULL OR date <= ?4)
                     ORDER BY date, site, opened, rank",
                )
                .map_err(StoreError::of)?;
            let rows = statement
                .query_map(
                    params![
                        self.identity.org,
                        filter.site.as_ref().map(SiteId::as_str),
                        filter.from.map(|d| d.to_string()),
                        filter.to.map(|d| d.to_string())
                    ],
                    |r| r.get(0),
                )
                .map_err(StoreError::of)?;
            rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
        };
        ids.into_iter().map(|id| self.cash_row(id)).collect()
    }

    /// The shift of a number or an identity.
    ///
    /// # Errors
    /// [`CommandError::UnknownShift`]; [`CommandError::ShiftReversed`]; [`CommandError::Ambiguous`] when a
    /// number names several.
    pub fn find_shift(&self, text: &str) -> Result<CashShiftRow, CommandError> {
        let mut found = match text.parse::<DocumentId>() {
            Ok(identity) => find_document(&self.db, self.identity.org, identity)?.into_iter().collect(),
            Err(_) => documents_numbered(&self.db, self.identity.org, &text.trim().to_uppercase())?,
        };
        found.retain(|d| d.number.starts_with("JB-") && d.state == "read");
        match found.as_slice() {
            [] => Err(CommandError::UnknownShift { found: text.into() }),
            [one] if self.has_shift(one.id)? => Ok(self.cash_row(one.id)?),
            [one] => Err(CommandError::ShiftReversed { number: one.number.clone() }),
            many => Err(CommandError::Ambiguous {
                number: text.into(),
                found: many.iter().map(|d| d.identity.to_string()).collect(),
            }),
        }
    }

    /// Whether a shift is in the cash book: one that was taken back as a whole isn't.
    fn has_shift(&self, id: i64) -> Result<bool, StoreError> {
        self.db
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM cash_shift WHERE org = ? AND document = ?)")
            .and_then(|mut s| s.query_row([self.identity.org, id], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    pub(crate) fn cash_row(&self, id: i64) -> Result<CashShiftRow, StoreError> {
        let org = self.identity.org;
        let row = document_by_id(&self.db, id)?;
        let (_, reading) =
            standing(&self.db, org, &self.book, self.identity.device, id)?.read(row.identity)?;
        let damaged = || StoreError::damaged("a shift", row.identity);
        let Some(Document::CashShift(document)) = reading.document else { return Err(damaged()) };
        let state = document.state();
        let (Some(opened), Some(site)) = (state.opened, document.head.site) else { return Err(damaged()) };
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT sales, receipts, refunds, paid_in, paid_out, opened, until,
                        conflicts IS NOT NULL OR overlap IS NOT NULL, zone
                 FROM cash_shift WHERE org = ? AND document = ?",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query([org, id]).map_err(StoreError::of)?;
        let r = rows.next().map_err(StoreError::of)?.ok_or_else(damaged)?;
        let read = || -> rusqlite::Result<_> {
            let now = CashFlow {
                sales: Amount(r.get(0)?),
                receipts: r.get::<_, i64>(1)? as u64,
                refunds: Amount(r.get(2)?),
                paid_in: Amount(r.get(3)?),
                paid_out: Amount(r.get(4)?),
            };
            Ok((now, r.get(5)?, r.get(6)?, r.get(7)?))
        };
        let (now, from, until, conflicts): (_, i64, i64, bool) = read().map_err(StoreError::of)?;
        let zone: Zone = name(r, 8, "a shift's zone")?;
        let drawers = Drawers::of(&self.db, org, site.as_str(), from, until)?;
        let seen = state.closed.as_ref().map(|c| &c.seen.payments);
        let payments = drawers
            .belongs(&self.db, org, site.as_str(), id)?
            .payments
            .into_iter()
            .map(|(event, document, amount, at)| {
                let number = document_by_id(&self.db, document)?.number;
                let late = seen.is_some_and(|seen| !seen.contains(&event));
                Ok(CashPayment { event, number, amount, occurred: Occurred { at, zone }, late })
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        Ok(CashShiftRow {
            id: document.head.id,
            number: document.head.number,
            site,
            till: document.till,
            shift: document.shift,
            date: document.date,
            opened: opened.occurred,
            opened_by: opened.user,
            opening: opened.counted,
            counted: state.closed.as_ref().map(|c| c.counted),
            at_close: state.closed.as_ref().map(|c| CashFlow::from(&c.seen)),
            closed: state.closed.map(|c| (c.occurred, c.user)),
            now,
            moves: state.moves,
            payments,
            conflicts,
            currency: document.currency,
        })
    }
}
