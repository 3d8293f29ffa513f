//! `import`: sales, returns and stock that another program wrote, by profile.

mod explain;
mod list;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use guicang_domain::ids::SiteId;
use guicang_replica::{By, Replica};

use crate::exit::{Exit, Failure, Told};
use crate::format::{Column, Table};
use crate::import::profile::Profile;
use crate::import::report::Report;
use crate::import::rules::Kind;
use crate::import::target::Into;
use crate::import::{Options, Source, import};
use crate::language::Language;
use crate::output::Globals;
use crate::progress::Progress;
use crate::texts::{failures, headings, names, next, results};

/// Rows left out that are told one by one; JSON has more.
const TOLD: usize = 10;

/// What to import; or what to do with what was.
#[derive(Debug, Clone, Args)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub struct ImportArgs {
    #[command(subcommand)]
    verb: Option<ImportVerb>,
    /// The file: CSV, plain or zstd
    #[arg(required = true)]
    pub file: Option<PathBuf>,
    /// What its columns mean: generic, another profile's name, or a TOML file
    #[arg(long, default_value = "generic")]
    pub profile: String,
    /// The site of the rows that don't say theirs
    #[arg(long)]
    pub site: Option<SiteId>,
    /// Do everything but write
    #[arg(long)]
    pub dry_run: bool,
}

/// What to do with what was imported.
#[derive(Debug, Clone, Subcommand)]
pub enum ImportVerb {
    /// List what was imported: when, by whom, from which file, and whether it stands
    #[command(after_help = "Examples:\n  guicang import list\n  guicang import list --json")]
    List(list::ListArgs),
    /// Take an import back; both stay on record, and the right file can be imported after it
    #[command(after_help = "Examples:\n  guicang import undo DR-S01A-000001")]
    Undo(list::UndoArgs),
}

impl ImportArgs {
    /// Whether nothing is written by it.
    pub fn is_query(&self) -> bool {
        matches!(self.verb, Some(ImportVerb::List(_)))
    }

    /// Does it.
    ///
    /// # Errors
    /// [`Failure`]: see [`Self::import`]; or when there is no such import, or it can't be undone.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        match (&self.verb, &self.file) {
            (Some(ImportVerb::List(args)), _) => args.run(replica, globals),
            (Some(ImportVerb::Undo(args)), _) => args.run(replica, globals),
            (None, Some(file)) => self.import(file, replica, globals),
            (None, None) => {
                let l = globals.language;
                Err(Failure::new(
                    Exit::Usage,
                    failures::no_import_file(l),
                    next::help(l, globals.program, "import"),
                ))
            }
        }
    }

    /// Imports. Rows that can't be read are left out and named; the rest is taken.
    ///
    /// # Errors
    /// [`Failure`] when the file is none of the profile's, or it or the replica fails; what was
    /// written before stays, and the import can be repeated.
    pub fn import(&self, file: &Path, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let site = self.site.clone().or_else(|| replica.identity().site.clone());
        let zone = replica.zone_of(site.as_ref()).told(globals)?;
        let listed =
            replica.sites().told(globals)?.into_iter().find(|listed| Some(&listed.code) == site.as_ref());
        let currency = listed.map_or(replica.identity().currency, |listed| listed.currency);
        let profile = Profile::load(&self.profile).told(globals)?.at_home(currency, zone);
        let source = Source::open(file).told(globals)?;
        let options = Options { dry_run: self.dry_run, site, ..Options::default() };
        let by = By::user(globals.user.clone());
        let progress = Progress::bytes(globals, results::importing(l));
        let mut target = Into::new(replica, by, file, &profile.name);
        let outcome = import(&mut target, source, &profile, &options, &mut |at| {
            progress.at(at.bytes_read, at.bytes_total.unwrap_or(at.bytes_read));
        });
        progress.done();
        let number = target.mark.take().map(|mark| mark.number.to_string());
        let report = [Report { import: number, ..outcome.told(globals)? }];
        globals.show("import", &report, |reports| table(l, &reports[0]))?;
        let [report] = report;
        for row in report.left_out.iter().take(TOLD) {
            let reason = names::skipped(l, &row.reason);
            globals.say(&results::left_out(l, row.line, &reason, &row.column, &row.found))?;
        }
        let left_out = report.left_out.len() as u64 + report.left_out_more;
        let untold = left_out.saturating_sub(TOLD as u64);
        if untold > 0 {
            globals.say(&results::left_out_more(l, untold))?;
        }
        if report.tenders_differ > 0 {
            globals.say(&results::tenders_differ(l, report.tenders_differ))?;
        }
        if self.dry_run {
            globals.say(&results::dry_run(l))?;
        }
        if left_out > 0 && left_out == report.rows {
            return Err(Failure::new(Exit::Refused, failures::nothing_readable(l), next::correct(l)));
        }
        globals.next(&match (&report.import, globals.program) {
            (Some(number), program) => next::after_import(l, program, number),
            (None, "guicang") => next::stock(l, globals.program),
            (None, program) => next::sites(l, program),
        })
    }
}

fn table(l: Language, report: &Report) -> Table {
    let mut table = Table::new([Column::Left(headings::rows(l)), Column::Right(headings::count(l))]);
    let mut row = |name: String, count: u64| table.row([name, count.to_string()]);
    for kind in Kind::ALL {
        match report.taken.of(kind) {
            0 => {}
            count => row(names::taken(l, kind.as_str()), count),
        }
    }
    for (reason, count) in &report.skipped {
        row(results::skipped(l, &names::skipped(l, reason)), *count);
    }
    row(results::known(l), report.already_known);
    row(results::all_rows(l), report.rows);
    let lines = report.return_lines;
    row(results::returns_matched(l), lines.matched);
    row(results::returns_partly(l), lines.partly);
    row(results::returns_unmatched(l), lines.unmatched);
    table
}
