//! The days that an organisation sets itself in the calendars of working days; HQ's.

use chrono::NaiveDate;
use guicang_domain::calendar::{Calendar, DayKind};
use guicang_domain::document::{Document, Kind};
use guicang_domain::ids::UserName;
use guicang_domain::master::{Settings, SettingsEvent};
use guicang_domain::policy::Policy;
use guicang_domain::policy::version::PolicySet;
use guicang_domain::time::Zone;

use super::By;
use crate::error::CommandError;
use crate::store::{Replica, Work};

impl Replica {
    /// Sets days of a zone's calendar; `None` takes back what was set of a day. `false` when nothing
    /// differs.
    ///
    /// # Errors
    /// [`CommandError::HqOnly`], or what the file says; nothing is changed then.
    pub fn set_days(
        &mut self,
        zone: Zone,
        days: &[(NaiveDate, Option<DayKind>)],
    ) -> Result<bool, CommandError> {
        self.write(|work| work.set_days(zone, days))
    }
}

impl Work<'_> {
    fn set_days(&mut self, zone: Zone, days: &[(NaiveDate, Option<DayKind>)]) -> Result<bool, CommandError> {
        self.hq_only()?;
        let terms = self.terms()?;
        let held = terms.documents.into_iter().next();
        let mut calendar = held.as_ref().map(|(_, s)| s.calendar.clone()).unwrap_or_default();
        let own = calendar.entry(Calendar::of(zone).name).or_default();
        for (day, kind) in days {
            match kind {
                Some(kind) => own.insert(*day, *kind),
                None => own.remove(day),
            };
        }
        calendar.retain(|_, days| !days.is_empty());
        match held {
            Some((_, settings)) if settings.calendar == calendar => return Ok(false),
            Some((id, settings)) => self.edit_settings(id, Settings { calendar, ..settings }, None)?,
            None if calendar.is_empty() => return Ok(false),
            None => {
                let policy = Policy::standard(self.me.currency);
                // What holds already, written down: the first event makes the map that later ones go into.
                let set = PolicySet { policy: policy.clone(), effective: self.now };
                let by = By::user(UserName::new("HQ").expect("a name of ours"));
                let body = SettingsEvent::PolicySet(Box::new(set));
                let event = self.event(&by, self.me.zone, "", body);
                let settings = Settings {
                    head: self.new_head(Kind::Settings, None, self.me.zone)?,
                    name: self.me.name.clone(),
                    zone: self.me.zone,
                    currency: self.me.currency,
                    policy,
                    transit_days: None,
                    reasons: terms.reasons,
                    calendar,
                    legal: terms.legal,
                    events: vec![event],
                };
                self.create(Document::Settings(settings), &[])?;
            }
        }
        Ok(true)
    }
}
