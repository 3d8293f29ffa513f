//! The days that an organisation sets itself in the calendars of working days; HQ's.

use chrono::NaiveDate;
use guicang_domain::calendar::{Calendar, DayKind};
use guicang_domain::document::{Document, Kind};
use guicang_domain::master::Settings;
use guicang_domain::policy::{Policy, standard_reasons};
use guicang_domain::time::Zone;

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
        let held = crate::queries::settings::settings_row(&self.tx, self.org)?;
        let current = crate::queries::settings::settings(&self.tx, self.org, self.book, self.me)?;
        let mut settings = match current {
            Some(settings) => settings,
            None => Settings {
                head: self.new_head(Kind::Settings, None, self.me.zone)?,
                name: self.me.name.clone(),
                zone: self.me.zone,
                currency: self.me.currency,
                policy: Policy::standard(self.me.currency),
                reasons: standard_reasons(),
                calendar: Default::default(),
                transit_days: None,
            },
        };
        let own = settings.calendar.entry(Calendar::of(zone).name).or_default();
        for (day, kind) in days {
            match kind {
                Some(kind) => own.insert(*day, *kind),
                None => own.remove(day),
            };
        }
        settings.calendar.retain(|_, days| !days.is_empty());
        self.put_master(held, Document::Settings(settings))
    }
}
