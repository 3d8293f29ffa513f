//! Closing a period (结账): HQ names the facts that it holds, and writes down what they come to.
//!
//! What surprises: what this device has written itself is sealed first, in the same transaction, so that the
//! facts can be named by journal entries. Nothing is blocked, before or after.

use guicang_domain::document::{Document, Kind};
use guicang_domain::ids::{DeviceId, Number, SiteId};
use guicang_domain::period::{Cut, DeviceCut, Period, PeriodClose, PeriodEvent, PeriodRecord};
use guicang_domain::time::Moment;
use guicang_sync::sum::RunningSum;
use rusqlite::{OptionalExtension, params};

use super::By;
use crate::error::{CommandError, StoreError};
use crate::queries::figures::{Whose, figures, terms};
use crate::queries::periods::{all_recorded, standing_closes};
use crate::store::{Replica, Work};

/// The name in a close's envelope. Its feed is followed by nobody, so that a branch doesn't hold the whole
/// chain's figures; HQ has them from the log.
const FOR_HQ: &str = "HQ";

/// A period that was closed, or would be.
#[derive(Debug, Clone)]
pub struct PeriodClosed {
    /// The document's number; `None` where it was only looked at.
    pub number: Option<Number>,
    /// The period.
    pub period: Period,
    /// What was recorded.
    pub recorded: PeriodRecord,
}

impl Replica {
    /// Closes a period. With `dry_run`: computes what would be recorded, and changes nothing.
    ///
    /// # Errors
    /// [`CommandError::HqOnly`]; [`CommandError::PeriodNotOver`] by proven time; [`CommandError::PeriodClosed`];
    /// [`CommandError::PeriodOrder`] when another is to be closed before. Nothing is changed then.
    pub fn close_period(
        &mut self,
        by: &By,
        period: Period,
        dry_run: bool,
    ) -> Result<PeriodClosed, CommandError> {
        self.write(|work| work.close_period(by, period, dry_run))
    }
}

impl Work<'_> {
    fn close_period(&mut self, by: &By, period: Period, dry_run: bool) -> Result<PeriodClosed, CommandError> {
        self.hq_only()?;
        let closes = standing_closes(&self.tx, self.org, self.book, self.me.device)?;
        if let Some(close) = closes.iter().find(|c| c.period == period) {
            return Err(CommandError::PeriodClosed { period, number: close.head.number.to_string() });
        }
        if let Some(next) = closes.last().map(|c| c.period.next()).filter(|next| *next != period) {
            return Err(CommandError::PeriodOrder { period, next });
        }
        let until = self.is_over_at(period)?;
        // Without a relay there is nobody to prove a time: the clock's word must do.
        let alone = self.me.relay_url.is_none() && self.proven == Moment::default();
        let proven = if alone { self.now } else { self.proven };
        if proven < until {
            return Err(CommandError::PeriodNotOver { period, until, proven });
        }
        if !dry_run {
            while self.seal()? {}
        }
        let to_date = figures(&self.tx, self.me, Some(period.next()), Whose::All)?;
        let before = match closes.is_empty() {
            // The first one begins where it begins: what was before is in none.
            true => figures(&self.tx, self.me, Some(period), Whose::All)?,
            false => all_recorded(&closes),
        };
        let recorded = PeriodRecord {
            cut: self.cut()?,
            figures: to_date.clone().less(&before),
            to_date,
            unreported: self.unreported(period)?,
        };
        if dry_run {
            return Ok(PeriodClosed { number: None, period, recorded });
        }
        let head = self.new_head(Kind::PeriodClose, None, self.me.zone)?;
        let number = Some(head.number.clone());
        let events = vec![self.event(by, self.me.zone, "", PeriodEvent::Closed)];
        let close = PeriodClose { head, period, recorded: recorded.clone(), events };
        let sites = [SiteId::new(FOR_HQ).expect("a site's name")];
        self.create(Document::PeriodClose(close), &sites)?;
        Ok(PeriodClosed { number, period, recorded })
    }

    /// When a period is over for the organisation and at every site.
    fn is_over_at(&self, period: Period) -> Result<Moment, StoreError> {
        let zones = terms(&self.tx, self.org)?.into_values().map(|(zone, _)| zone);
        Ok(zones.map(|zone| period.ends(zone)).fold(period.ends(self.me.zone), Moment::max))
    }

    /// The facts that are held: everything that is sealed and stands.
    fn cut(&self) -> Result<Cut, StoreError> {
        let devices = {
            let mut statement = self
                .tx
                .prepare_cached(
                    "SELECT e.device, max(e.sequence), max(CASE WHEN e.stamp_time IS NOT NULL THEN e.sequence ELSE 0 END)
                     FROM entry e WHERE e.org = ? AND e.sequence > 0 GROUP BY e.device ORDER BY e.device",
                )
                .map_err(StoreError::of)?;
            let rows = statement
                .query_map([self.org], |r| {
                    Ok((DeviceId(r.get(0)?), r.get::<_, u64>(1)?, r.get::<_, u64>(2)?))
                })
                .map_err(StoreError::of)?;
            rows.collect::<rusqlite::Result<Vec<_>>>().map_err(StoreError::of)?
        };
        let mut cut = Cut::default();
        for (device, sequence, acknowledged) in devices {
            let leaf: Option<u64> = self
                .tx
                .prepare_cached(
                    "SELECT max(c.leaf) FROM entry e JOIN change c ON c.org = e.org AND c.entry = e.id
                     WHERE e.org = ? AND e.device = ? AND e.sequence = ?",
                )
                .and_then(|mut s| s.query_row(params![self.org, device.0, sequence], |r| r.get(0)))
                .map_err(StoreError::of)?;
            cut.devices.push(DeviceCut { device, sequence, leaf: leaf.unwrap_or(0), acknowledged });
        }
        let mut sum = RunningSum::ZERO;
        let mut statement = self
            .tx
            .prepare_cached("SELECT hash FROM change WHERE org = ? AND status = 0 AND entry IS NOT NULL")
            .map_err(StoreError::of)?;
        let mut rows = statement.query([self.org]).map_err(StoreError::of)?;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            sum = sum.with(&r.get(0).map_err(StoreError::of)?);
            cut.changes += 1;
        }
        cut.sum = sum.0;
        cut.log = self
            .tx
            .prepare_cached("SELECT position, sum FROM cursor WHERE org = ? AND feed = 'log'")
            .and_then(|mut s| s.query_row([self.org], |r| Ok((r.get(0)?, r.get(1)?))).optional())
            .map_err(StoreError::of)?
            .unwrap_or_default();
        Ok(cut)
    }

    /// The sites with devices of their own that had not sealed anything since the period's end: what they did
    /// in it may still come.
    fn unreported(&self, period: Period) -> Result<Vec<(SiteId, Option<Moment>)>, StoreError> {
        use guicang_sync::grant::Role;
        let terms = terms(&self.tx, self.org)?;
        let mut complete: std::collections::BTreeMap<SiteId, Option<Moment>> = Default::default();
        for device in self.book.devices() {
            let Role::Site(site) = &device.grant.role else { continue };
            if device.grant.until.is_some() {
                continue;
            }
            let newest: Option<i64> = self
                .tx
                .prepare_cached("SELECT max(time) FROM entry WHERE org = ? AND device = ?")
                .and_then(|mut s| s.query_row(params![self.org, device.grant.key.device().0], |r| r.get(0)))
                .map_err(StoreError::of)?;
            let newest = newest.map(Moment);
            let held = complete.entry(site.clone()).or_insert(newest);
            *held = (*held).min(newest);
        }
        let zone = |site: &SiteId| terms.get(site.as_str()).map_or(self.me.zone, |(zone, _)| *zone);
        complete.retain(|site, newest| newest.is_none_or(|at| at < period.ends(zone(site))));
        Ok(complete.into_iter().collect())
    }
}
