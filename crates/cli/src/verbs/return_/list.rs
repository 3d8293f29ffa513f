//! `return list` and `return show`.

use clap::Args;
use guicang_domain::ids::SiteId;
use guicang_replica::{CommandError, Replica, ReturnFilter};

use super::item::{ReturnItem, details, table};
use crate::exit::{Failure, Told};
use crate::output::Globals;
use crate::texts::next;

/// Which returns.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Of this site only
    #[arg(long)]
    pub site: Option<SiteId>,
    /// In this state only, such as refund_queued
    #[arg(long)]
    pub state: Option<String>,
    /// Only those whose goods should have come by now
    #[arg(long)]
    pub overdue: bool,
    /// Imported history instead
    #[arg(long)]
    pub historic: bool,
    /// At most so many, the newest first
    #[arg(long, default_value_t = 100)]
    pub limit: u32,
}

/// Which return.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The return's number or identity
    pub number: String,
}

impl ListArgs {
    /// Lists them.
    ///
    /// # Errors
    /// [`Failure`] when the file can't be read.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let now = replica.now();
        let filter = ReturnFilter {
            site: self.site.clone(),
            state: self.overdue.then(|| "awaiting_goods".into()).or_else(|| self.state.clone()),
            historic: self.historic,
            limit: Some(self.limit),
        };
        let mut rows = replica.returns(&filter).told(globals)?;
        rows.retain(|row| !self.overdue || row.is_overdue(now));
        let items: Vec<ReturnItem> = rows.iter().map(ReturnItem::of).collect();
        globals.show("return", &items, |items| table(globals.language, items))?;
        match rows.first() {
            Some(row) => {
                globals.next(&next::show_return(globals.language, globals.program, &row.number.to_string()))
            }
            None => globals.next(&next::help(globals.language, globals.program, "return counter")),
        }
    }
}

impl ShowArgs {
    /// Shows it.
    ///
    /// # Errors
    /// [`Failure`] when there is none, or the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let unknown = || CommandError::UnknownReturn { found: self.number.clone() };
        let row = replica.find_return(&self.number).told(globals)?.ok_or_else(unknown).told(globals)?;
        globals.show("return", &[ReturnItem::of(&row)], |items| details(l, items))?;
        let owes = row.entitled > row.queued + row.paid;
        let step = super::next_step(globals, &row.number.to_string(), &row.states, owes);
        globals.next(&step.unwrap_or_else(|| next::returns(l, globals.program)))
    }
}
