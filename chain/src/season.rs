//! How busy a day is: weekends, Singles' Day, the weeks before the Spring Festival and its quiet days.

use chrono::{Datelike, NaiveDate, Weekday};

/// How much is sold on a day, in hundredths of a usual weekday.
pub fn busy(date: NaiveDate) -> i64 {
    let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    let usual = if weekend { 150 } else { 100 };
    match (date.month(), date.day()) {
        (11, 11) => 320,
        (11, 1..=10) => usual * 120 / 100,
        (11, 12..=14) => usual * 80 / 100,
        _ => usual * festival(date) / 100,
    }
}

/// The Spring Festival's first day.
fn new_year(year: i32) -> Option<NaiveDate> {
    let (month, day) = match year {
        2026 => (2, 17),
        2027 => (2, 6),
        2028 => (1, 26),
        2029 => (2, 13),
        2030 => (2, 3),
        _ => return None,
    };
    NaiveDate::from_ymd_opt(year, month, day)
}

fn festival(date: NaiveDate) -> i64 {
    let Some(first) = new_year(date.year()) else { return 100 };
    match (date - first).num_days() {
        -21..=-2 => 180,
        -1..=2 => 20,
        3..=14 => 70,
        _ => 100,
    }
}
