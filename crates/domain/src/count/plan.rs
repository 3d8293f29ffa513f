//! Plans of cycle counts (循环盘点): what is to be counted how often, and what is overdue.

use chrono::NaiveDate;

use super::Scope;
use crate::document::Head;
use crate::ids::SiteId;

/// A plan: master data, written by HQ's devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountPlan {
    /// Identity, number, versions.
    pub head: Head,
    /// Its name, unique among plans.
    pub name: String,
    /// The site it is for; `None` for every site.
    pub site: Option<SiteId>,
    /// What is to be counted.
    pub scope: Scope,
    /// Whether the book is kept from the counters.
    pub blind: bool,
    /// A count is due so many days after the last; 0 when the plan has ended.
    pub every_days: u32,
    /// The first day on which one is due.
    pub from: NaiveDate,
}

impl CountPlan {
    /// The day on which the next count is due, after the last that was closed on `last`; `None` when
    /// the plan has ended.
    pub fn due(&self, last: Option<NaiveDate>) -> Option<NaiveDate> {
        if self.every_days == 0 {
            return None;
        }
        let next = |day: NaiveDate| day.checked_add_days(chrono::Days::new(self.every_days.into()));
        Some(match last {
            Some(day) => next(day).unwrap_or(NaiveDate::MAX).max(self.from),
            None => self.from,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Zone;

    #[test]
    fn a_count_is_due_so_many_days_after_the_last() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let plan = CountPlan {
            head: Head {
                import: None,
                id: "019a1234-5678-7abc-8def-0123456789ab.b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1".parse().unwrap(),
                site: None,
                number: "JH-HQ1-000001".parse().unwrap(),
                schema: 1,
                rules: 1,
                zone: Zone::SHANGHAI,
            },
            name: "烟酒".into(),
            site: None,
            scope: Scope::full(),
            blind: true,
            every_days: 30,
            from: day("2026-11-01"),
        };
        assert_eq!(plan.due(None), Some(day("2026-11-01")));
        assert_eq!(plan.due(Some(day("2026-11-03"))), Some(day("2026-12-03")));
        assert_eq!(plan.due(Some(day("2026-01-03"))), Some(day("2026-11-01")));
        assert_eq!(CountPlan { every_days: 0, ..plan }.due(None), None);
    }
}
