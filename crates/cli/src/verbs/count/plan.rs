//! `count plan` and `count due`: cycle counts.

use chrono::NaiveDate;
use clap::Args;
use guicang_domain::ids::SiteId;
use guicang_replica::{CountPlanDraft, DueCount, Replica};
use serde::Serialize;

use super::steps::ScopeArgs;
use crate::exit::{Failure, Told};
use crate::format::{Column, Table};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{counts, headings};

/// A plan.
#[derive(Debug, Clone, Args)]
pub struct PlanArgs {
    /// The plan's name; one that is there is changed
    pub name: String,
    /// Every so many days; 0 ends the plan
    #[arg(long, value_name = "DAYS")]
    pub every: u32,
    /// For this site only
    #[arg(long)]
    pub site: Option<SiteId>,
    /// What is counted.
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// Keep the book from the counters until it is approved
    #[arg(long)]
    pub blind: bool,
    /// The first day [default: today]
    #[arg(long, value_name = "DAY")]
    pub from: Option<NaiveDate>,
}

/// Which due counts.
#[derive(Debug, Clone, Args)]
pub struct DueArgs {
    /// Of this site only
    #[arg(long)]
    pub site: Option<SiteId>,
    /// Only those that are late
    #[arg(long)]
    pub overdue: bool,
}

/// A count that a plan asks for, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct DueItem {
    plan: String,
    site: String,
    every_days: u32,
    due: String,
    late_days: i64,
    last: Option<String>,
    open: Option<String>,
}

impl DueItem {
    fn of(due: &DueCount) -> Self {
        Self {
            plan: due.plan.clone(),
            site: due.site.to_string(),
            every_days: due.every_days,
            due: due.due.to_string(),
            late_days: due.late_days,
            last: due.last.map(|day| day.to_string()),
            open: due.open.clone(),
        }
    }
}

impl PlanArgs {
    /// Makes or changes it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let draft = CountPlanDraft {
            name: self.name.clone(),
            site: self.site.clone(),
            scope: self.scope.scope(),
            blind: self.blind,
            every_days: self.every,
            from: self.from,
        };
        let changed = replica.put_count_plan(draft).told(globals)?;
        show_due(replica, globals, |due| due.plan == self.name.trim())?;
        let name = self.name.trim();
        globals.say(&if changed { counts::planned(l, name) } else { counts::plan_same(l, name) })?;
        globals.next(&counts::next_open_plan(l, "guicang", name))
    }
}

impl DueArgs {
    /// Lists them.
    ///
    /// # Errors
    /// [`Failure`] when the file can't be read.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let due = show_due(replica, globals, |due| {
            self.site.as_ref().is_none_or(|site| *site == due.site) && (!self.overdue || due.late_days > 0)
        })?;
        globals.next(&match due.first() {
            Some(due) => counts::next_open_plan(l, globals.program, &due.plan),
            None => counts::next_plan(l),
        })
    }
}

fn show_due(
    replica: &mut Replica,
    globals: &Globals,
    wanted: impl Fn(&DueCount) -> bool,
) -> Result<Vec<DueCount>, Failure> {
    let l = globals.language;
    let mut due = replica.due_counts().told(globals)?;
    due.retain(wanted);
    let items: Vec<DueItem> = due.iter().map(DueItem::of).collect();
    globals.show("count-due", &items, |items| table(l, items))?;
    Ok(due)
}

fn table(l: Language, items: &[DueItem]) -> Table {
    let mut table = Table::new([
        Column::Left(counts::head_plan(l)),
        Column::Left(headings::site(l)),
        Column::Left(counts::head_due(l)),
        Column::Right(counts::head_late(l)),
        Column::Left(counts::head_last(l)),
        Column::Right(counts::head_every(l)),
        Column::Left(counts::head_open(l)),
    ]);
    for item in items {
        table.row([
            item.plan.clone(),
            item.site.clone(),
            item.due.clone(),
            item.late_days.max(0).to_string(),
            item.last.clone().unwrap_or_default(),
            item.every_days.to_string(),
            item.open.clone().unwrap_or_default(),
        ]);
    }
    table
}
