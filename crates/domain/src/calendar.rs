//! Working days: weekends, public holidays, and the weekend days that are worked in their place (调休).
//!
//! What surprises: in China a holiday moves working days to weekends, and which ones is decided each
//! autumn for the year to come. So the days are a table, not a rule; what the table doesn't know yet
//! counts by weekends alone, and [`Calendar::knows`] says so.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, Weekday};

use crate::time::Zone;
use crate::words::words;

words! {
    /// How a day differs from what its weekday says.
    DayKind, "kind of day" {
        /// A public holiday: not worked (放假).
        Holiday = "holiday",
        /// Worked, though it is a Saturday or Sunday (调休上班).
        Working = "working",
    }
}

/// The first and last days of China's public holidays, month and day both inclusive, and the weekend
/// days worked in their place; by year.
///
/// Source: the State Council's notices 国办发明电〔2023〕7号, 〔2024〕12号, 〔2025〕7号.
type Year = (i32, &'static [(u32, u32, u32, u32)], &'static [(u32, u32)]);
const CHINA: &[Year] = &[
    (
        2024,
        &[
            (1, 1, 1, 1),
            (2, 10, 2, 17),
            (4, 4, 4, 6),
            (5, 1, 5, 5),
            (6, 10, 6, 10),
            (9, 15, 9, 17),
            (10, 1, 10, 7),
        ],
        &[(2, 4), (2, 18), (4, 7), (4, 28), (5, 11), (9, 14), (9, 29), (10, 12)],
    ),
    (
        2025,
        &[(1, 1, 1, 1), (1, 28, 2, 4), (4, 4, 4, 6), (5, 1, 5, 5), (5, 31, 6, 2), (10, 1, 10, 8)],
        &[(1, 26), (2, 8), (4, 27), (9, 28), (10, 11)],
    ),
    (
        2026,
        &[
            (1, 1, 1, 3),
            (2, 15, 2, 23),
            (4, 4, 4, 6),
            (5, 1, 5, 5),
            (6, 19, 6, 21),
            (9, 25, 9, 27),
            (10, 1, 10, 7),
        ],
        &[(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)],
    ),
];

/// The name of China's table, as the settings keep an organisation's own days of it.
pub const CHINA_NAME: &str = "Asia/Shanghai";

/// The days that an organisation has set itself, by the calendar's name and by date.
pub type OwnDays = BTreeMap<String, BTreeMap<NaiveDate, DayKind>>;

/// Which days are worked at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Its name: China's zones share one, any other zone has its own.
    pub name: String,
    /// Days that differ from what their weekday says.
    days: BTreeMap<NaiveDate, DayKind>,
    /// The years whose days are known, in order; `None` where weekends are all there is to know.
    years: Option<Vec<i32>>,
}

impl Calendar {
    /// The calendar of a zone: China's in its zones, weekends alone elsewhere.
    pub fn of(zone: Zone) -> Self {
        let zone = zone.to_string();
        let china =
            ["Asia/Shanghai", "Asia/Chongqing", "Asia/Chungking", "Asia/Harbin", "Asia/Urumqi", "PRC"];
        if china.contains(&zone.as_str()) { Self::china() } else { Self::weekends(zone) }
    }

    /// China's, as its notices have it.
    pub fn china() -> Self {
        let mut days = BTreeMap::new();
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).expect("a day of the table");
        for (year, holidays, working) in CHINA {
            for (from_month, from, to_month, to) in *holidays {
                let last = day(*year, *to_month, *to);
                days.extend(
                    day(*year, *from_month, *from)
                        .iter_days()
                        .take_while(|d| *d <= last)
                        .map(|d| (d, DayKind::Holiday)),
                );
            }
            days.extend(working.iter().map(|(month, of)| (day(*year, *month, *of), DayKind::Working)));
        }
        Self { name: CHINA_NAME.into(), days, years: Some(CHINA.iter().map(|(year, ..)| *year).collect()) }
    }

    /// Saturdays and Sundays off, and no holidays.
    pub fn weekends(name: String) -> Self {
        Self { name, days: BTreeMap::new(), years: None }
    }

    /// This calendar with what the organisation has set itself of it.
    #[must_use]
    pub fn with(mut self, own: &OwnDays) -> Self {
        for (date, kind) in own.get(&self.name).into_iter().flatten() {
            self.days.insert(*date, *kind);
            if let Some(years) = &mut self.years
                && !years.contains(&date.year())
            {
                years.push(date.year());
            }
        }
        self
    }

    /// Whether the day is worked.
    pub fn is_working(&self, day: NaiveDate) -> bool {
        match self.days.get(&day) {
            Some(kind) => *kind == DayKind::Working,
            None => !matches!(day.weekday(), Weekday::Sat | Weekday::Sun),
        }
    }

    /// Whether the holidays of the day's year are known here.
    pub fn knows(&self, day: NaiveDate) -> bool {
        self.years.as_ref().is_none_or(|years| years.contains(&day.year()))
    }

    /// The days of a year that differ from what their weekday says, in order.
    pub fn days_of(&self, year: i32) -> impl Iterator<Item = (NaiveDate, DayKind)> {
        self.days.iter().filter(move |(day, _)| day.year() == year).map(|(day, kind)| (*day, *kind))
    }

    /// The day that is `working_days` worked days after `from`; `from` itself doesn't count.
    pub fn after(&self, from: NaiveDate, working_days: u32) -> NaiveDate {
        let mut day = from;
        let mut left = working_days;
        while left > 0 {
            let Some(next) = day.succ_opt() else { return day };
            day = next;
            left -= u32::from(self.is_working(day));
        }
        day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Goods that came on Monday 28 September 2026: seven working days are 29 and 30 September, then,
    /// after the seven days of the National holiday, 8 and 9 October, Saturday the 10th (worked in the
    /// holiday's place), Monday the 12th and Tuesday the 13th. By weekends alone it would be the 7th.
    #[test]
    fn a_holiday_moves_working_days() {
        assert_eq!(Calendar::china().after(day("2026-09-28"), 7), day("2026-10-13"));
        assert_eq!(Calendar::weekends("Europe/London".into()).after(day("2026-09-28"), 7), day("2026-10-07"));
    }

    /// Each notice gives as many weekend days to work as it takes weekdays beyond the statutory ones; a
    /// slip in the table would show as a working day that is a weekday, or a year without any.
    #[test]
    fn every_day_worked_in_a_holidays_place_is_a_weekend_day() {
        let china = Calendar::china();
        for year in 2024..=2026 {
            let worked: Vec<NaiveDate> =
                china.days_of(year).filter(|(_, k)| *k == DayKind::Working).map(|(d, _)| d).collect();
            assert!(worked.len() >= 5, "{year}: {worked:?}");
            assert!(worked.iter().all(|d| matches!(d.weekday(), Weekday::Sat | Weekday::Sun)), "{worked:?}");
        }
        // As the notice for 2025 counts them: 1 + 8 + 3 + 5 + 3 + 8.
        let off = china.days_of(2025).filter(|(_, k)| *k == DayKind::Holiday).count();
        assert_eq!(off, 28);
    }

    #[test]
    fn a_year_whose_notice_has_not_come_counts_by_weekends_and_says_so() {
        let china = Calendar::china();
        assert!(china.knows(day("2026-12-31")) && !china.knows(day("2027-01-01")));
        assert!(china.is_working(day("2027-01-01")));
        let own: OwnDays = [(CHINA_NAME.to_owned(), [(day("2027-01-01"), DayKind::Holiday)].into())].into();
        let china = china.with(&own);
        assert!(china.knows(day("2027-06-01")) && !china.is_working(day("2027-01-01")));
        assert_eq!(Calendar::of("Asia/Urumqi".parse().unwrap()).name, CHINA_NAME);
    }
}
