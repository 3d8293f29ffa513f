//! `settings`: what holds for the whole organisation beside its return policy and its calendar.

use clap::{Args, Subcommand};
use guicang_cli::format::{Column, Table};
use guicang_cli::texts::{headings, master};
use guicang_cli::{Failure, Language, Told};
use guicang_domain::master::Settings;
use guicang_replica::Replica;
use serde::Serialize;

use super::Session;
use guicang_cli::texts::hq as texts;

/// The commands on settings.
#[derive(Debug, Subcommand)]
pub enum SettingsVerb {
    /// Show the organisation's settings
    #[command(after_help = "Examples:\n  guicang-server settings show --json")]
    Show(ShowArgs),
    /// Change the organisation's settings
    #[command(
        after_help = "Examples:\n  guicang-server settings set --transit-days 5\n  guicang-server settings set --usual-transit-days"
    )]
    Set(SetArgs),
}

/// Nothing to say.
#[derive(Debug, Args)]
pub struct ShowArgs {}

/// What is to hold.
#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = false, args = ["transit_days", "usual_transit_days"])]
pub struct SetArgs {
    /// After so many days goods in transit are late
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(0..=36_500))]
    pub transit_days: Option<u32>,
    /// Goods in transit are late as where nothing was said: after 3 days
    #[arg(long)]
    pub usual_transit_days: bool,
}

/// The settings, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct SettingsItem {
    name: String,
    zone: String,
    currency: String,
    transit_days: u32,
    usual_transit_days: u32,
}

impl SettingsVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused, or a file can't be read or written.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        match self {
            SettingsVerb::Show(_) => show(session, &session.open()?.replica),
            SettingsVerb::Set(args) => args.run(session),
        }
    }
}

impl SetArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let (globals, l) = (session.globals, session.globals.language);
        let mut hq = session.open()?;
        let changed = hq.replica.set_transit_days(self.transit_days).told(globals)?;
        session.settle(&mut hq)?;
        globals.say(&if changed { master::settings_put(l) } else { texts::unchanged(l) })?;
        show(session, &hq.replica)
    }
}

fn show(session: &Session<'_>, replica: &Replica) -> Result<(), Failure> {
    let globals = session.globals;
    let l = globals.language;
    let identity = replica.identity();
    let item = SettingsItem {
        name: identity.name.clone(),
        zone: identity.zone.to_string(),
        currency: identity.currency.to_string(),
        transit_days: replica.transit_days().told(globals)?,
        usual_transit_days: Settings::TRANSIT_DAYS,
    };
    globals.show("settings", &[item], |items| table(l, &items[0]))?;
    globals.next(&master::settings_next(l))
}

fn table(l: Language, item: &SettingsItem) -> Table {
    let mut table = Table::new([
        Column::Left(master::name(l)),
        Column::Left(texts::zone(l)),
        Column::Left(headings::currency(l)),
        Column::Right(master::transit_days(l)),
    ]);
    table.row([item.name.clone(), item.zone.clone(), item.currency.clone(), item.transit_days.to_string()]);
    table
}
