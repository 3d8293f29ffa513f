//! `user`: the people who work here, as HQ lists them, and what they may grant.

use clap::{Args, Subcommand};
use guicang_domain::ids::{SiteId, UserName};
use guicang_domain::user::{StaffRole, User};
use guicang_replica::{CommandError, MasterRow, Replica};
use serde::Serialize;

use super::LosingItem;
use crate::exit::{Failure, Told};
use crate::format::{Column, Table};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{headings, master};

/// What a branch can ask of users.
#[derive(Debug, Clone, Subcommand)]
pub enum UserVerb {
    /// List the people who work here, and what they may grant
    #[command(after_help = "Examples:\n  guicang user list\n  guicang user list --site S01 --json")]
    List(ListArgs),
}

/// Which.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Only those whose role holds at this site
    #[arg(long)]
    pub site: Option<SiteId>,
    /// Only those that two people edited while apart
    #[arg(long)]
    pub losing: bool,
}

/// Who.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The name as it is typed at the counter
    pub name: UserName,
}

/// A user, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct UserItem {
    user: String,
    name: String,
    role: String,
    sites: Vec<String>,
    state: &'static str,
    withdrawn_since: Option<String>,
    losing: Vec<LosingItem>,
}

impl UserItem {
    fn of(row: &MasterRow<User>) -> Self {
        let is = &row.is;
        let open = is.absences().last().copied().filter(|absence| absence.until.is_none());
        Self {
            user: is.name.to_string(),
            name: is.display.clone(),
            role: is.role.to_string(),
            sites: is.sites.iter().map(ToString::to_string).collect(),
            state: if open.is_none() { "active" } else { "withdrawn" },
            withdrawn_since: open.map(|absence| absence.since.to_rfc3339()),
            losing: LosingItem::all(&row.losing),
        }
    }
}

impl UserVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let UserVerb::List(args) = self;
        args.run(replica, globals)
    }
}

impl ListArgs {
    /// Lists them.
    ///
    /// # Errors
    /// [`Failure`] when the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let mut rows = replica.users().told(globals)?;
        let at = |user: &User, site: &SiteId| user.role == StaffRole::Hq || user.sites.contains(site);
        rows.retain(|row| self.site.as_ref().is_none_or(|site| at(&row.is, site)));
        rows.retain(|row| !self.losing || !row.losing.is_empty());
        let items: Vec<UserItem> = rows.iter().map(UserItem::of).collect();
        globals.show("user", &items, |items| table(l, items))
    }
}

impl ShowArgs {
    /// Shows them.
    ///
    /// # Errors
    /// [`Failure`] when HQ lists nobody of that name, or the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let unknown = || CommandError::UnknownUser { found: self.name.to_string() };
        let row = replica.user(&self.name).told(globals)?.ok_or_else(unknown).told(globals)?;
        globals.show("user", &[UserItem::of(&row)], |items| {
            let lost = items[0].losing.iter();
            let lost = lost.map(|lost| master::lost(l, &lost.field, &lost.values.join(" | ")));
            let lines: Vec<String> = std::iter::once(table(l, items).to_string()).chain(lost).collect();
            lines.join("\n")
        })
    }
}

fn table(l: Language, items: &[UserItem]) -> Table {
    let mut table = Table::new([
        Column::Left(master::user(l)),
        Column::Left(master::display(l)),
        Column::Left(master::role_heading(l)),
        Column::Left(headings::sites(l)),
        Column::Left(headings::state(l)),
        Column::Left(master::losing(l)),
    ]);
    for item in items {
        let losing: Vec<&str> = item.losing.iter().map(|lost| lost.field.as_str()).collect();
        table.row([
            item.user.clone(),
            item.name.clone(),
            master::role(l, &item.role),
            item.sites.join(" "),
            master::standing(l, item.state),
            losing.join(" "),
        ]);
    }
    table
}
