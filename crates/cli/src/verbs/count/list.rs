//! `count list` and `count show`.

use clap::Args;
use guicang_domain::count::Stage;
use guicang_domain::document::Kind;
use guicang_domain::ids::SiteId;
use guicang_domain::quantity::Quantity;
use guicang_replica::{CommandError, CountFilter, CountRow, Replica};

use super::item::{CountItem, details, table};
use crate::exit::{Failure, Told};
use crate::output::Globals;
use crate::texts::counts;

/// Which counts.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Of this site only
    #[arg(long)]
    pub site: Option<SiteId>,
    /// At this stage only: open, closed, approved, cancelled
    #[arg(long)]
    pub stage: Option<Stage>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    pub limit: usize,
}

/// Which count, and what of it.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The count's number or identity
    pub number: String,
    /// Only what should be counted again
    #[arg(long)]
    pub recount: bool,
    /// Only what differs from the book
    #[arg(long)]
    pub variances: bool,
}

impl ListArgs {
    /// Lists them.
    ///
    /// # Errors
    /// [`Failure`] when the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let filter = CountFilter { site: self.site.clone(), stage: self.stage, limit: Some(self.limit) };
        let rows = replica.counts(&filter).told(globals)?;
        let items: Vec<CountItem> = rows.iter().map(|row| CountItem::of(row, None)).collect();
        globals.show("count", &items, |items| table(l, items))?;
        globals.next(&match rows.first() {
            Some(row) => counts::next_show(l, globals.program, &row.number),
            None => counts::next_open(l, globals.program),
        })
    }
}

impl ShowArgs {
    /// Shows it.
    ///
    /// # Errors
    /// [`Failure`] when there is none, or the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let unknown = || CommandError::UnknownDocument { kind: Kind::Count, found: self.number.clone() };
        let found = replica.find_count(&self.number, false).told(globals)?;
        let (row, mut lines) = found.ok_or_else(unknown).told(globals)?;
        if self.recount {
            lines.retain(|line| !line.recount.is_empty());
        }
        if self.variances {
            lines.retain(|line| line.against.is_some_and(|a| a.variance != Quantity::ZERO));
        }
        let item = CountItem::of(&row, Some(&lines));
        globals.show("count", &[item], |items| details(l, &items[0]))?;
        remarks(globals, &row)?;
        globals.next(&next(globals, &row))
    }
}

/// What has to be said of a count beside its figures.
pub(super) fn remarks(globals: &Globals, row: &CountRow) -> Result<(), Failure> {
    let l = globals.language;
    if row.found.is_none() {
        globals.say(&counts::blind(l))?;
    }
    if row.recounts > 0 && row.stage != Stage::Cancelled {
        globals.say(&counts::recounts(l, row.recounts))?;
    }
    match row.found {
        Some(found) if found.re_explained > 0 => globals.say(&counts::re_explained(l, found.re_explained)),
        _ => Ok(()),
    }
}

/// What can be done next about a count.
pub(super) fn next(globals: &Globals, row: &CountRow) -> String {
    let (l, program, number) = (globals.language, globals.program, row.number.as_str());
    match row.stage {
        Stage::Cancelled => counts::next_open(l, program),
        _ if row.recounts > 0 => counts::next_recount(l, program, number),
        Stage::Open => counts::next_scan(l, program, number),
        Stage::Closed => counts::next_approve(l, program, number),
        Stage::Approved if row.found.is_some_and(|f| f.re_explained > 0) => {
            counts::next_approve_again(l, program, number)
        }
        Stage::Approved => crate::texts::next::stock(l, program),
    }
}
