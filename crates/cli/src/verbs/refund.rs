//! `refund`: what is still owed to customers, by when, and what is late.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use guicang_domain::ids::SiteId;
use guicang_domain::money::{Amount, Currency};
use guicang_replica::{RefundDue, Replica};
use serde::Serialize;

use crate::exit::{Failure, Told};
use crate::format::{Column, Table, minute};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{headings, money, next};

/// The commands on refunds.
#[derive(Debug, Clone, Subcommand)]
pub enum RefundVerb {
    /// List what is owed on goods that came back, by the day it is due
    #[command(after_help = "Examples:\n  guicang refund due\n  guicang refund due --site S01 --json")]
    Due(DueArgs),
    /// List what should have been paid by now
    #[command(after_help = "Examples:\n  guicang refund late\n  guicang refund late --on 2026-10-12")]
    Late(DueArgs),
}

/// Which refunds.
#[derive(Debug, Clone, Args)]
pub struct DueArgs {
    /// Of this site only
    #[arg(long)]
    pub site: Option<SiteId>,
    /// As of this day, if not today
    #[arg(long, value_name = "DATE")]
    pub on: Option<NaiveDate>,
}

/// A refund that is due, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct RefundDueItem {
    id: String,
    number: String,
    site: String,
    arrived: String,
    due_by: String,
    calendar_known: bool,
    overdue_days: i64,
    owed: String,
    queued: String,
    currency: String,
    complete_to: Option<String>,
}

impl RefundVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when the file can't be read.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        match self {
            RefundVerb::Due(args) => args.run(replica, globals, false),
            RefundVerb::Late(args) => args.run(replica, globals, true),
        }
    }
}

impl DueArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals, late_only: bool) -> Result<(), Failure> {
        let l = globals.language;
        let mut rows = replica.refunds_due(self.on).told(globals)?;
        rows.retain(|r| {
            self.site.as_ref().is_none_or(|s| *s == r.site) && (!late_only || r.overdue_days > 0)
        });
        let mut complete: BTreeMap<&SiteId, Option<String>> = BTreeMap::new();
        for row in &rows {
            if !complete.contains_key(&row.site) {
                let moment = replica.complete_to(&row.site).told(globals)?;
                complete.insert(&row.site, moment.map(|m| m.to_rfc3339()));
            }
        }
        let items: Vec<RefundDueItem> = rows
            .iter()
            .map(|r| RefundDueItem {
                id: r.id.to_string(),
                number: r.number.clone(),
                site: r.site.to_string(),
                arrived: r.arrived.to_string(),
                due_by: r.due_by.to_string(),
                calendar_known: r.calendar_known,
                overdue_days: r.overdue_days,
                owed: r.currency.format(r.owed),
                queued: r.currency.format(r.queued),
                currency: r.currency.to_string(),
                complete_to: complete[&r.site].clone(),
            })
            .collect();
        globals.show("refund_due", &items, |items| table(l, items))?;
        if rows.iter().any(|r| !r.calendar_known) {
            globals.say(&money::calendar_unknown(l))?;
        }
        let late: Vec<&RefundDue> = rows.iter().filter(|r| r.overdue_days > 0).collect();
        if !late.is_empty() {
            globals.say(&money::late_line(l, late.len(), &sums(&late)))?;
        }
        match rows.first() {
            Some(row) => globals.next(&next::refund(l, globals.program, &row.number)),
            None => globals.next(&next::returns(l, globals.program)),
        }
    }
}

/// What is owed, by currency: amounts of several don't add up.
fn sums(rows: &[&RefundDue]) -> String {
    let mut by: BTreeMap<Currency, Amount> = BTreeMap::new();
    for row in rows {
        *by.entry(row.currency).or_default() += row.owed;
    }
    let texts: Vec<String> = by.iter().map(|(c, a)| format!("{} {c}", c.format(*a))).collect();
    texts.join(" + ")
}

fn table(l: Language, items: &[RefundDueItem]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::number(l)),
        Column::Left(headings::site(l)),
        Column::Left(money::arrived(l)),
        Column::Left(headings::due(l)),
        Column::Right(money::overdue(l)),
        Column::Right(money::owed(l)),
        Column::Right(headings::queued(l)),
        Column::Left(headings::currency(l)),
        Column::Left(headings::complete_to(l)),
    ]);
    for item in items {
        let mark = if item.calendar_known { "" } else { "*" };
        table.row([
            item.number.clone(),
            item.site.clone(),
            item.arrived.clone(),
            format!("{}{mark}", item.due_by),
            item.overdue_days.to_string(),
            item.owed.clone(),
            item.queued.clone(),
            item.currency.clone(),
            item.complete_to.as_deref().map(minute).unwrap_or_default(),
        ]);
    }
    table
}
