//! Settings that HQ sets field by field: the days of its own in the calendars of working days, and after how
//! many days goods in transit are late.

use chrono::NaiveDate;
use guicang_domain::calendar::{Calendar, DayKind};
use guicang_domain::document::{Document, Kind};
use guicang_domain::ids::UserName;
use guicang_domain::master::{Settings, SettingsEvent};
use guicang_domain::policy::Policy;
use guicang_domain::policy::version::PolicySet;
use guicang_domain::time::Zone;

use super::By;
use super::returns::wrong;
use crate::error::CommandError;
use crate::store::{Replica, Work};

/// A hundred years.
const LONGEST_DAYS: u32 = 36_500;

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

    /// Sets after how many days goods in transit are late; `None`: as where nothing was said. `false` when
    /// nothing differs.
    ///
    /// # Errors
    /// [`CommandError::HqOnly`]; [`CommandError::Value`] beyond a hundred years; or what the file says. Nothing
    /// is changed then.
    pub fn set_transit_days(&mut self, days: Option<u32>) -> Result<bool, CommandError> {
        self.write(|work| {
            work.hq_only()?;
            if let Some(days) = days.filter(|days| *days > LONGEST_DAYS) {
                return Err(wrong("transit_days", &days.to_string(), "a whole number of days, 0 to 36500"));
            }
            work.change_settings(|settings| settings.transit_days = days)
        })
    }
}

impl Work<'_> {
    fn set_days(&mut self, zone: Zone, days: &[(NaiveDate, Option<DayKind>)]) -> Result<bool, CommandError> {
        self.hq_only()?;
        self.change_settings(|settings| {
            let own = settings.calendar.entry(Calendar::of(zone).name).or_default();
            for (day, kind) in days {
                match kind {
                    Some(kind) => own.insert(*day, *kind),
                    None => own.remove(day),
                };
            }
            settings.calendar.retain(|_, days| !days.is_empty());
        })
    }

    /// Sets fields of the settings; `false` when nothing differs. Where there is no document yet, one is made
    /// that says what holds already.
    fn change_settings(&mut self, change: impl FnOnce(&mut Settings)) -> Result<bool, CommandError> {
        let terms = self.terms()?;
        if let Some((id, settings)) = terms.documents.into_iter().next() {
            let mut changed = settings.clone();
            change(&mut changed);
            if changed == settings {
                return Ok(false);
            }
            self.edit_settings(id, changed, None)?;
            return Ok(true);
        }
        let policy = Policy::standard(self.me.currency);
        let mut settings = Settings {
            head: self.new_head(Kind::Settings, None, self.me.zone)?,
            name: self.me.name.clone(),
            zone: self.me.zone,
            currency: self.me.currency,
            policy: policy.clone(),
            transit_days: None,
            reasons: terms.reasons,
            calendar: Default::default(),
            legal: terms.legal,
            events: Vec::new(),
        };
        let before = settings.clone();
        change(&mut settings);
        if settings == before {
            return Ok(false);
        }
        // What holds already, written down: the first event makes the map that later ones go into.
        let set = PolicySet { policy, effective: self.now };
        let by = By::user(UserName::new("HQ").expect("a name of ours"));
        let body = SettingsEvent::PolicySet(Box::new(set));
        settings.events = vec![self.event(&by, self.me.zone, "", body)];
        self.create(Document::Settings(settings), &[])?;
        Ok(true)
    }
}
