//! Cycle counts: what plans ask for, and what is overdue.

use chrono::NaiveDate;
use guicang_domain::count::plan::CountPlan;
use guicang_domain::document::Document;
use guicang_domain::ids::SiteId;
use guicang_domain::time::{Moment, Zone};
use rusqlite::{OptionalExtension, params};

use crate::error::StoreError;
use crate::facts::{document_by_id, standing};
use crate::store::Replica;

/// A count that a plan asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueCount {
    /// The plan's name.
    pub plan: String,
    /// The site.
    pub site: SiteId,
    /// Every so many days.
    pub every_days: u32,
    /// The day by which it is to be done.
    pub due: NaiveDate,
    /// How many days it is late; below zero: days left.
    pub late_days: i64,
    /// The day on which the last one was closed.
    pub last: Option<NaiveDate>,
    /// The number of the one that is going on.
    pub open: Option<String>,
}

impl Replica {
    /// What plans ask for, by the day by which it is to be done; at a branch of its own site.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn due_counts(&mut self) -> Result<Vec<DueCount>, StoreError> {
        let org = self.identity.org;
        let now = (self.ambient.now)();
        let plans: Vec<i64> = self
            .db
            .prepare_cached("SELECT document FROM count_plan WHERE org = ? AND every_days > 0")
            .and_then(|mut s| s.query_map([org], |r| r.get(0))?.collect())
            .map_err(StoreError::of)?;
        let mut sites: Vec<(SiteId, Zone)> = self.sites()?.into_iter().map(|s| (s.code, s.zone)).collect();
        if let Some(here) = &self.identity.site {
            let zone = self.zone_of(Some(here))?;
            sites = vec![(here.clone(), zone)];
        }
        let mut out = Vec::new();
        for id in plans {
            let row = document_by_id(&self.db, id)?;
            let (_, reading) =
                standing(&self.db, org, &self.book, self.identity.device, id)?.read(row.identity)?;
            let Some(Document::CountPlan(plan)) = reading.document else { continue };
            for (site, zone) in sites.iter().filter(|(site, _)| plan.site.as_ref().is_none_or(|s| s == site))
            {
                out.extend(self.due(&plan, site, *zone, now)?);
            }
        }
        out.sort_by(|a, b| (a.due, &a.site, &a.plan).cmp(&(b.due, &b.site, &b.plan)));
        Ok(out)
    }

    fn due(
        &self,
        plan: &CountPlan,
        site: &SiteId,
        zone: Zone,
        now: Moment,
    ) -> Result<Option<DueCount>, StoreError> {
        let key = params![self.identity.org, plan.head.id.to_bytes(), site.as_str()];
        let last: Option<i64> = self
            .db
            .prepare_cached(
                "SELECT max(closed) FROM count_head WHERE org = ? AND plan = ? AND site = ? AND stage IN ('closed', 'approved')",
            )
            .and_then(|mut s| s.query_row(key, |r| r.get(0)))
            .map_err(StoreError::of)?;
        let open: Option<String> = self
            .db
            .prepare_cached(
                "SELECT d.number FROM count_head h JOIN document d ON d.id = h.document
                 WHERE h.org = ? AND h.plan = ? AND h.site = ? AND h.stage = 'open' ORDER BY h.opened, d.identity LIMIT 1",
            )
            .and_then(|mut s| s.query_row(key, |r| r.get(0)).optional())
            .map_err(StoreError::of)?;
        let last = last.map(|at| zone.local(Moment(at)).date_naive());
        let today = zone.local(now).date_naive();
        Ok(plan.due(last).map(|due| DueCount {
            plan: plan.name.clone(),
            site: site.clone(),
            every_days: plan.every_days,
            due,
            late_days: (today - due).num_days(),
            last,
            open,
        }))
    }
}
