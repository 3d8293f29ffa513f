//! `calendar`: working days, holidays, and the weekend days worked in their place.

use chrono::{Datelike, NaiveDate};
use clap::{Args, Subcommand};
use guicang_cli::format::{Column, Table};
use guicang_cli::{Failure, Language, Told};
use guicang_domain::calendar::DayKind;
use guicang_domain::ids::IdError;
use guicang_domain::time::{Occurred, Zone};
use serde::Serialize;

use super::Session;
use guicang_cli::texts::hq_money as texts;

/// The commands on calendars.
#[derive(Debug, Subcommand)]
pub enum CalendarVerb {
    /// List the days of a year that differ from what their weekday says
    #[command(
        after_help = "Examples:\n  guicang-server calendar list\n  guicang-server calendar list --year 2026 --json"
    )]
    List(ListArgs),
    /// Set days: holiday, working, or usual again
    #[command(
        after_help = "Examples:\n  guicang-server calendar set holiday 2027-01-01 2027-01-02\n  guicang-server calendar set working 2027-01-03\n  guicang-server calendar set holiday 2026-12-25 --zone Europe/London"
    )]
    Set(SetArgs),
}

/// Which days.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// The year [default: this one]
    #[arg(long)]
    pub year: Option<i32>,
    /// The zone whose calendar it is [default: the organisation's]
    #[arg(long)]
    pub zone: Option<Zone>,
}

/// What a day is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayAs(Option<DayKind>);

impl std::str::FromStr for DayAs {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        if text == "usual" { Ok(Self(None)) } else { text.parse().map(|kind| Self(Some(kind))) }
    }
}

/// Days to set.
#[derive(Debug, Args)]
pub struct SetArgs {
    /// holiday, working, or usual: as the shipped table and the weekday have it
    pub kind: DayAs,
    /// The days
    #[arg(required = true)]
    pub days: Vec<NaiveDate>,
    /// The zone whose calendar it is [default: the organisation's]
    #[arg(long)]
    pub zone: Option<Zone>,
}

/// A day, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct DayItem {
    calendar: String,
    date: String,
    kind: String,
}

impl CalendarVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when a file can't be read or written.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        match self {
            CalendarVerb::List(args) => args.run(session),
            CalendarVerb::Set(args) => args.run(session),
        }
    }
}

impl ListArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let (globals, l) = (session.globals, session.globals.language);
        let replica = session.open()?.replica;
        let zone = self.zone.unwrap_or(replica.identity().zone);
        let today = Occurred { at: (session.now)(), zone }.date();
        let year = self.year.unwrap_or(today.year());
        let calendar = replica.calendar(zone).told(globals)?;
        let items: Vec<DayItem> = calendar
            .days_of(year)
            .map(|(date, kind)| DayItem {
                calendar: calendar.name.clone(),
                date: date.to_string(),
                kind: kind.to_string(),
            })
            .collect();
        globals.show("calendar", &items, |items| table(l, items))?;
        if !NaiveDate::from_ymd_opt(year, 1, 1).is_none_or(|day| calendar.knows(day)) {
            globals.say(&texts::year_unknown(l, year))?;
        }
        globals.next(&texts::calendar_next(l))
    }
}

impl SetArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let (globals, l) = (session.globals, session.globals.language);
        let mut hq = session.open()?;
        let zone = self.zone.unwrap_or(hq.replica.identity().zone);
        let days: Vec<_> = self.days.iter().map(|day| (*day, self.kind.0)).collect();
        let changed = hq.replica.set_days(zone, &days).told(globals)?;
        session.settle(&mut hq)?;
        globals.say(&if changed { texts::days_set(l, days.len()) } else { texts::days_same(l) })?;
        globals.next(&texts::calendar_list_next(l))
    }
}

fn table(l: Language, items: &[DayItem]) -> Table {
    let mut table = Table::new([Column::Left(texts::date_heading(l)), Column::Left(texts::day_heading(l))]);
    for item in items {
        table.row([item.date.clone(), texts::day_kind(l, &item.kind)]);
    }
    table
}
