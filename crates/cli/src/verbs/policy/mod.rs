//! `policy`: what may come back, for how long, and on whose word; its versions, and what another one would
//! have said.

mod file;
mod item;
mod preview;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use guicang_domain::time::{Moment, Occurred};
use guicang_replica::{By, PolicyRow, Replica};
use serde::Serialize;

use crate::exit::{Failure, Told};
use crate::format::{Column, Table, minute};
use crate::language::Language;
use crate::output::{Format, Globals};
use crate::texts::{headings, names, policy};

pub use file::PolicyFileError;
pub use item::PolicyItem;
pub use preview::PreviewArgs;

/// The commands on the policy.
#[derive(Debug, Clone, Subcommand)]
pub enum PolicyVerb {
    /// Show the return policy; with --format toml, as a file that `policy set` takes
    #[command(
        after_help = "Examples:\n  guicang policy show\n  guicang policy show --format toml > policy.toml\n  guicang policy show --version standard/1"
    )]
    Show(ShowArgs),
    /// Set a version of the policy from a file; only HQ may
    #[command(
        after_help = "Examples:\n  guicang policy show --format toml > policy.toml\n  guicang policy set policy.toml"
    )]
    Set(SetArgs),
    /// List every version that ever stood
    #[command(after_help = "Examples:\n  guicang policy history --json")]
    History(HistoryArgs),
    /// Show what the last days' returns would have got under a policy
    #[command(after_help = "Examples:\n  guicang policy preview policy.toml --days 30")]
    Preview(PreviewArgs),
}

/// Which version.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// A version other than the one in force
    #[arg(long, value_name = "NAME")]
    pub version: Option<String>,
}

/// The file.
#[derive(Debug, Clone, Args)]
pub struct SetArgs {
    /// The policy as a TOML file
    pub file: PathBuf,
}

/// There is nothing to choose.
#[derive(Debug, Clone, Args)]
pub struct HistoryArgs {}

/// A version, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct VersionItem {
    version: String,
    effective: Option<String>,
    set_by: Option<String>,
    set_at: Option<String>,
    known: Option<String>,
    in_force: bool,
    lost: Vec<String>,
}

impl PolicyVerb {
    /// Whether it may write.
    pub fn writes(&self) -> bool {
        matches!(self, PolicyVerb::Set(_))
    }

    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused or the file failed; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        match self {
            PolicyVerb::Show(args) => args.run(replica, globals),
            PolicyVerb::Set(args) => args.run(replica, globals),
            PolicyVerb::History(args) => args.run(replica, globals),
            PolicyVerb::Preview(args) => args.run(replica, globals),
        }
    }
}

impl ShowArgs {
    /// Shows it.
    ///
    /// # Errors
    /// [`Failure`] when there is no such version, or the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let history = replica.policy_history().told(globals)?;
        let wanted = |row: &&PolicyRow| match &self.version {
            Some(version) => row.policy.version == *version,
            None => row.in_force,
        };
        let Some(row) = history.iter().find(wanted) else {
            let found = self.version.clone().unwrap_or_default();
            let known: Vec<_> = history.iter().map(|row| row.policy.version.as_str()).collect();
            return Err(Failure::new(
                crate::Exit::Refused,
                crate::verbs::value(l, "version", &found, &known.join(", ")),
                policy::next_history(l, globals.program),
            ));
        };
        let (legal, reasons) = (replica.legal().told(globals)?, replica.reasons().told(globals)?);
        let effective = row.effective.map(|at| local(replica, at));
        let currency = replica.identity().currency;
        if globals.format == Format::Toml {
            return globals.line(&file::write(&row.policy, &legal, &reasons, effective, currency));
        }
        let item = PolicyItem::of(row, effective, &legal, &reasons, currency);
        globals.show("policy", &[item], |items| item::table(l, &items[0]))?;
        globals.next(&policy::next_set(l, globals.program))
    }
}

impl SetArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let me = replica.identity();
        let draft = file::read(&self.file, me.currency, me.zone).told(globals)?;
        let by = By::user(globals.user.clone());
        let done = replica.set_policy(&by, draft).told(globals)?;
        let effective =
            done.effective.map_or_else(|| policy::from_the_start(l), |at| minute(&local(replica, at)));
        if done.added {
            globals.say(&policy::set(l, &done.version, &effective))?;
        }
        if done.edited {
            globals.say(&policy::edited(l))?;
        }
        if !done.added && !done.edited {
            globals.say(&policy::unchanged(l))?;
        }
        ShowArgs { version: Some(done.version) }.run(replica, globals)
    }
}

impl HistoryArgs {
    fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let item = |row: PolicyRow| VersionItem {
            version: row.policy.version,
            effective: row.effective.map(|at| local(replica, at)),
            set_by: row.set_by.map(|user| user.to_string()),
            set_at: row.set_at.map(|at| local(replica, at)),
            known: row.known.map(|at| local(replica, at)),
            in_force: row.in_force,
            lost: row.lost.iter().map(ToString::to_string).collect(),
        };
        let items: Vec<VersionItem> = replica.policy_history().told(globals)?.into_iter().map(item).collect();
        globals.show("policy_version", &items, |items| versions(l, items))?;
        globals.next(&policy::next_set(l, globals.program))
    }
}

fn versions(l: Language, items: &[VersionItem]) -> Table {
    let mut table = Table::new([
        Column::Left(policy::version(l)),
        Column::Left(policy::effective(l)),
        Column::Left(policy::set_by(l)),
        Column::Left(headings::occurred(l)),
        Column::Left(policy::known(l)),
        Column::Left(policy::in_force(l)),
    ]);
    let time = |time: &Option<String>| time.as_deref().map(minute).unwrap_or_default();
    for item in items {
        table.row([
            item.version.clone(),
            item.effective.as_deref().map_or_else(|| policy::from_the_start(l), minute),
            item.set_by.clone().unwrap_or_default(),
            time(&item.set_at),
            time(&item.known),
            names::yes(l, if item.in_force { "yes" } else { "no" }),
        ]);
    }
    table
}

/// A time on the organisation's walls.
fn local(replica: &Replica, at: Moment) -> String {
    Occurred { at, zone: replica.identity().zone }.to_rfc3339()
}
