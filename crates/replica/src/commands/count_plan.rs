//! Plans of cycle counts: HQ says what is to be counted how often.

use chrono::NaiveDate;
use guicang_domain::count::plan::CountPlan;
use guicang_domain::document::{Document, Kind};
use guicang_domain::ids::SiteId;
use rusqlite::{OptionalExtension, params};

use super::CountScope;
use crate::error::{CommandError, CountRefusal};
use crate::facts::document_by_id;
use crate::store::{Replica, Work};

/// A plan as HQ makes it.
#[derive(Debug, Clone)]
pub struct CountPlanDraft {
    /// Its name: one that is there is changed.
    pub name: String,
    /// The site; `None` for every site.
    pub site: Option<SiteId>,
    /// What is to be counted.
    pub scope: CountScope,
    /// Whether the book is kept from the counters.
    pub blind: bool,
    /// Every so many days; 0 ends the plan.
    pub every_days: u32,
    /// The first day; `None`: today.
    pub from: Option<NaiveDate>,
}

impl Replica {
    /// Makes a plan, or changes the one of that name. `false` when nothing differs.
    ///
    /// # Errors
    /// [`CommandError::HqOnly`], or what is wrong with it; nothing is changed then.
    pub fn put_count_plan(&mut self, draft: CountPlanDraft) -> Result<bool, CommandError> {
        self.write(|work| work.put_count_plan(draft))
    }
}

impl Work<'_> {
    fn put_count_plan(&mut self, draft: CountPlanDraft) -> Result<bool, CommandError> {
        self.hq_only()?;
        let name = draft.name.trim().to_owned();
        if name.is_empty() || name.chars().any(char::is_control) {
            let wanted = "a name".to_owned();
            return Err(CommandError::Value { field: "name", found: draft.name, wanted });
        }
        if let Some(site) = draft.site.as_ref().filter(|_| draft.every_days > 0) {
            self.site_for(Some(site))?;
        }
        let held = self.plan_document(&name)?;
        let from = match (draft.from, held) {
            (Some(day), _) => day,
            (None, Some(id)) => self.count_plan(id)?.from,
            (None, None) => self.me.zone.local(self.now).date_naive(),
        };
        let scope = self.scope_of(&draft.scope)?;
        let head = self.new_head(Kind::CountPlan, None, self.me.zone)?;
        let plan = CountPlan {
            head,
            name,
            site: draft.site,
            scope,
            blind: draft.blind,
            every_days: draft.every_days,
            from,
        };
        self.put_master(held, Document::CountPlan(plan))
    }

    /// The document of the plan of that name; of two made apart, the one that was made first.
    fn plan_document(&self, name: &str) -> Result<Option<i64>, CommandError> {
        Ok(self
            .tx
            .prepare_cached(
                "SELECT p.document FROM count_plan p JOIN document d ON d.id = p.document
                 WHERE p.org = ? AND p.name = ? ORDER BY d.identity LIMIT 1",
            )?
            .query_row(params![self.org, name], |r| r.get(0))
            .optional()?)
    }

    fn count_plan(&self, id: i64) -> Result<CountPlan, CommandError> {
        let row = document_by_id(&self.tx, id)?;
        match self.load(&row)?.1.document {
            Some(Document::CountPlan(plan)) => Ok(plan),
            _ => Err(CountRefusal::UnknownPlan { found: row.number, known: Vec::new() }.into()),
        }
    }

    /// The plan of that name, if it is for the site.
    pub(super) fn plan_named(&self, name: &str, site: &SiteId) -> Result<CountPlan, CommandError> {
        if let Some(id) = self.plan_document(name.trim())? {
            let plan = self.count_plan(id)?;
            if plan.every_days > 0 && plan.site.as_ref().is_none_or(|s| s == site) {
                return Ok(plan);
            }
        }
        let mut statement = self.tx.prepare_cached(
            "SELECT DISTINCT name FROM count_plan
             WHERE org = ? AND every_days > 0 AND (site IS NULL OR site = ?) ORDER BY name",
        )?;
        let known = statement
            .query_map(params![self.org, site.as_str()], |r| r.get(0))?
            .collect::<rusqlite::Result<Vec<String>>>()?;
        Err(CountRefusal::UnknownPlan { found: name.to_owned(), known }.into())
    }
}
