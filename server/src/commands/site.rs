//! `site`: branches and warehouses, as HQ names them.

mod list;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use guicang_cli::{Failure, Told};
use guicang_domain::ids::SiteId;
use guicang_domain::money::Currency;
use guicang_domain::time::Zone;
use guicang_replica::SiteDraft;

use super::sheet::{ExportArgs, List};
use super::{Session, sheet};
use guicang_cli::texts::hq as texts;

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
    /// Add sites from a CSV file, or change what is said of them: all of the file, or nothing
    #[command(
        after_help = "Examples:\n  guicang-server site import stores.csv --zone America/Chicago --currency USD"
    )]
    Import(ImportArgs),
    /// Write the list of sites as CSV, to be edited and imported again
    #[command(after_help = "Examples:\n  guicang-server site export stores.csv")]
    Export(ExportArgs),
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

/// From where.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// CSV with headers in Chinese or English: code, and any of name, address (one column or more), zone, currency
    pub file: PathBuf,
    /// The time zone of the rows that don't say theirs
    #[arg(long)]
    pub zone: Option<Zone>,
    /// The currency of the rows that don't say theirs
    #[arg(long)]
    pub currency: Option<Currency>,
    /// Do everything but write
    #[arg(long)]
    pub dry_run: bool,
}

impl SiteVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when a file can't be read or written, or a row is wrong: nothing is changed then.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        match self {
            SiteVerb::Add(args) => args.run(session),
            SiteVerb::List(_) => list::show(session, &session.open()?.replica, None),
            SiteVerb::Import(args) => args.run(session),
            SiteVerb::Export(args) => {
                let globals = session.globals;
                let rows = session.open()?.replica.listed_sites().told(globals)?;
                let sites: Vec<_> = rows.into_iter().map(|row| row.is).collect();
                sheet::write(args.file.as_deref(), &list::table(&sites, globals.language), globals)
            }
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
        list::show(session, &hq.replica, Some(&self.code))?;
        globals.next(&texts::enrol_next(l, &self.code))
    }
}

impl ImportArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let (columns, mut drafts) =
            sheet::read(&self.file, globals, list::Columns::of, list::Columns::draft)?;
        for draft in &mut drafts {
            draft.zone = draft.zone.or(self.zone);
            draft.currency = draft.currency.or(self.currency);
        }
        let list = List {
            schema: "site-import",
            key: |draft: &SiteDraft| draft.code.to_string(),
            told: |l, rows, changed| match changed {
                Some(changed) => texts::sites(l, rows, changed),
                None => texts::sites_dry(l, rows),
            },
            next: texts::sites_next(globals.language),
        };
        sheet::import(session, &list, (columns.unread, drafts), self.dry_run, |hq, drafts| {
            hq.replica.put_sites(drafts).told(globals)
        })
    }
}
