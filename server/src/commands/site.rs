//! `site`: branches and warehouses, as HQ names them.

use clap::{Args, Subcommand};
use guicang_cli::format::{Column, Table};
use guicang_cli::texts::headings;
use guicang_cli::{Failure, Told};
use guicang_domain::ids::SiteId;
use guicang_domain::money::Currency;
use guicang_domain::time::Zone;
use guicang_replica::{Replica, SiteDraft};
use serde::Serialize;

use super::Session;
use crate::texts;

/// The commands on sites.
#[derive(Debug, Subcommand)]
pub enum SiteVerb {
    /// Add a site, or change what is said of it
    #[command(
        after_help = "Examples:\n  guicang-server site add S01 --name \"East Gate\"\n  guicang-server site add W1 --name Warehouse --zone Europe/London --currency GBP"
    )]
    Add(AddArgs),
    /// List the sites
    #[command(after_help = "Examples:\n  guicang-server site list --json")]
    List(ListArgs),
}

/// A site.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The site's code
    pub code: SiteId,
    /// Its name [default: its code]
    #[arg(long)]
    pub name: Option<String>,
    /// Its address
    #[arg(long)]
    pub address: Option<String>,
    /// Where goods that customers send back go [default: its address]
    #[arg(long, value_name = "ADDRESS")]
    pub return_address: Option<String>,
    /// Its time zone [default: the organisation's]
    #[arg(long)]
    pub zone: Option<Zone>,
    /// Its currency [default: the organisation's]
    #[arg(long)]
    pub currency: Option<Currency>,
}

/// Nothing to say.
#[derive(Debug, Args)]
pub struct ListArgs {}

/// A site, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct SiteItem {
    site: String,
    name: String,
    zone: String,
    currency: String,
}

impl SiteVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when a file can't be read or written.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        match self {
            SiteVerb::Add(args) => args.run(session),
            SiteVerb::List(_) => list(session, &session.open()?.replica, None),
        }
    }
}

impl AddArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let mut hq = session.open_or_found()?;
        let draft = SiteDraft {
            code: self.code.clone(),
            name: self.name.clone().unwrap_or_else(|| self.code.to_string()),
            address: self.address.clone(),
            return_address: self.return_address.clone(),
            zone: self.zone,
            currency: self.currency,
        };
        let changed = hq.replica.put_site(draft).told(globals)?;
        globals.say(&if changed { texts::site_put(l, &self.code) } else { texts::unchanged(l) })?;
        session.settle(&mut hq)?;
        list(session, &hq.replica, Some(&self.code))?;
        globals.next(&texts::enrol_next(l, &self.code))
    }
}

fn list(session: &Session<'_>, replica: &Replica, only: Option<&SiteId>) -> Result<(), Failure> {
    let globals = session.globals;
    let l = globals.language;
    let sites = replica.sites().told(globals)?;
    let items: Vec<SiteItem> = sites
        .into_iter()
        .filter(|site| only.is_none_or(|code| site.code == *code))
        .map(|site| SiteItem {
            site: site.code.to_string(),
            name: site.name,
            zone: site.zone.to_string(),
            currency: site.currency.to_string(),
        })
        .collect();
    globals.show("site", &items, |items| {
        let mut table = Table::new([
            Column::Left(headings::site(l)),
            Column::Left(texts::name(l)),
            Column::Left(texts::zone(l)),
            Column::Left(headings::currency(l)),
        ]);
        for item in items {
            let SiteItem { site, name, zone, currency } = item;
            table.row([site.clone(), name.clone(), zone.clone(), currency.clone()]);
        }
        table
    })
}
