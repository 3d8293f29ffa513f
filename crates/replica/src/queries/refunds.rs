//! Refunds: which are due and which are late, and the electronic ones for a provider's statement.

use chrono::NaiveDate;
use guicang_domain::ids::{DocumentId, RefundNumber, SiteId, Tender};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::time::{Moment, Occurred, Zone};
use rusqlite::params;

use super::exceptions::identity;
use super::name;
use crate::error::StoreError;
use crate::store::Replica;

/// A return whose refund isn't all paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundDue {
    /// The return.
    pub id: DocumentId,
    /// Its number.
    pub number: String,
    /// The site that took the goods.
    pub site: SiteId,
    /// The business date on which they came.
    pub arrived: NaiveDate,
    /// The day by which the refund is due.
    pub due_by: NaiveDate,
    /// Whether the holidays up to that day are known; else weekends alone were counted.
    pub calendar_known: bool,
    /// Days past the due day, as the calendar on the wall has them; zero when it isn't late.
    pub overdue_days: i64,
    /// Owed and neither paid nor counted as paid.
    pub owed: Amount,
    /// Asked for and not yet paid.
    pub queued: Amount,
    /// The currency.
    pub currency: Currency,
}

/// An electronic refund as our books have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElectronicRefund {
    /// The return's number.
    pub number: String,
    /// The site.
    pub site: String,
    /// The refund's number.
    pub refund: RefundNumber,
    /// By what.
    pub tender: Tender,
    /// What was paid; while the rail's word is awaited, what was ordered.
    pub amount: Amount,
    /// When the rail said that it had paid; `None` while that is awaited.
    pub paid: Option<Occurred>,
    /// `queued`, `intended`, `accepted`, `failed`, `paid`.
    pub state: String,
    /// The currency.
    pub currency: Currency,
}

impl Replica {
    /// The returns whose goods came and whose refund isn't all paid, the longest due first. `on`: the day
    /// by which they are late or not; `None`: today at each site.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn refunds_due(&mut self, on: Option<NaiveDate>) -> Result<Vec<RefundDue>, StoreError> {
        let now = self.now();
        let policy = self.policy()?;
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT d.identity, h.site, h.zone, h.arrived, h.currency, d.number, h.entitled - h.committed, h.queued
                 FROM return_head h JOIN document d ON d.id = h.document
                 WHERE h.org = ? AND h.accepted AND NOT h.historic AND h.arrived IS NOT NULL
                   AND h.committed < h.entitled",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query([self.identity.org]).map_err(StoreError::of)?;
        let mut out = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let zone: Zone = name(r, 2, "a return's zone")?;
            let arrived: NaiveDate = name(r, 3, "a return's arrival")?;
            let calendar = self.calendar(zone)?;
            let due_by = policy.refund_due(arrived, &calendar);
            let today = on.unwrap_or_else(|| Occurred { at: now, zone }.date());
            let (number, owed, queued) =
                (|| Ok((r.get(5)?, r.get(6)?, r.get(7)?)))().map_err(StoreError::of)?;
            out.push(RefundDue {
                id: identity(r, 0)?,
                number,
                site: name(r, 1, "a return's site")?,
                arrived,
                due_by,
                calendar_known: calendar.knows(arrived) && calendar.knows(due_by),
                overdue_days: (today - due_by).num_days().max(0),
                owed: Amount(owed),
                queued: Amount(queued),
                currency: name(r, 4, "a currency")?,
            });
        }
        out.sort_by(|a, b| (a.due_by, &a.number, a.id).cmp(&(b.due_by, &b.number, b.id)));
        Ok(out)
    }

    /// Every electronic refund that was ever asked for, by number. `tender`: only by this one.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn electronic_refunds(&self, tender: Option<&Tender>) -> Result<Vec<ElectronicRefund>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT d.number, h.site, h.zone, h.currency, f.refund, f.tender, f.requested, f.paid, f.paid_at, f.state
                 FROM refund f JOIN return_head h ON h.org = f.org AND h.document = f.document
                 JOIN document d ON d.id = f.document
                 WHERE f.org = ?1 AND f.electronic AND (?2 IS NULL OR f.tender = ?2) ORDER BY f.refund, d.identity",
            )
            .map_err(StoreError::of)?;
        let tender = tender.map(Tender::as_str);
        let mut rows = statement.query(params![self.identity.org, tender]).map_err(StoreError::of)?;
        let mut out = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let zone: Zone = name(r, 2, "a return's zone")?;
            let read = || -> rusqlite::Result<_> {
                Ok((
                    r.get(0)?,
                    r.get(1)?,
                    Amount(r.get(6)?),
                    Amount(r.get(7)?),
                    r.get::<_, Option<i64>>(8)?,
                    r.get(9)?,
                ))
            };
            let (number, site, requested, paid, paid_at, state) = read().map_err(StoreError::of)?;
            out.push(ElectronicRefund {
                number,
                site,
                refund: name(r, 4, "a refund's number")?,
                tender: name(r, 5, "a tender")?,
                amount: if paid_at.is_some() { paid } else { requested },
                paid: paid_at.map(|at| Occurred { at: Moment(at), zone }),
                state,
                currency: name(r, 3, "a currency")?,
            });
        }
        Ok(out)
    }
}
