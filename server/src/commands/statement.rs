//! `statement reconcile`: our electronic refunds against a payment provider's statement.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use guicang_cli::format::{Column, Table};
use guicang_cli::statement::StatementProfile;
use guicang_cli::texts::headings;
use guicang_cli::{Exit, Failure, Language, Told};
use guicang_domain::money::Currency;
use guicang_domain::statement::{Match, OurRefund, Reconciled, reconcile};
use guicang_domain::time::Occurred;
use guicang_replica::ElectronicRefund;
use serde::Serialize;

use super::Session;
use guicang_cli::texts::hq_money as texts;

/// The commands on statements.
#[derive(Debug, Subcommand)]
pub enum StatementVerb {
    /// Compare our refunds with a provider's statement; nothing is changed
    #[command(
        after_help = "Examples:\n  guicang-server statement reconcile --profile wechat bill.csv\n  guicang-server statement reconcile --profile ./bank.toml bill.csv --from 2026-11-01 --to 2026-11-30 --json"
    )]
    Reconcile(ReconcileArgs),
}

/// Which statement.
#[derive(Debug, Args)]
pub struct ReconcileArgs {
    /// The file: CSV, in UTF-8 or GB18030
    pub file: PathBuf,
    /// What its columns mean: wechat, alipay, generic, or a TOML file
    #[arg(long)]
    pub profile: String,
    /// The first day that it covers, if not that of its first row
    #[arg(long, requires = "to")]
    pub from: Option<NaiveDate>,
    /// The last day that it covers, if not that of its last row
    #[arg(long, requires = "from")]
    pub to: Option<NaiveDate>,
    /// Show what agrees, too
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Serialize)]
struct SumItem {
    refunds: u64,
    ours: String,
    theirs: String,
}

#[derive(Debug, Serialize)]
struct FindingItem {
    refund: String,
    found: String,
    r#return: Option<String>,
    site: Option<String>,
    state: Option<String>,
    ours: String,
    theirs: String,
    lines: Vec<u64>,
}

/// A comparison, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct StatementItem {
    profile: String,
    from: String,
    to: String,
    settled: bool,
    ours: String,
    theirs: String,
    difference: String,
    currency: String,
    sums: BTreeMap<String, SumItem>,
    findings: Vec<FindingItem>,
}

impl StatementVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when the statement or a file can't be read, and when the two don't agree.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let StatementVerb::Reconcile(args) = self;
        args.run(session)
    }
}

impl ReconcileArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let (globals, l) = (session.globals, session.globals.language);
        let profile = StatementProfile::load(&self.profile).told(globals)?;
        let theirs = profile.read(&self.file).told(globals)?;
        let books = session.open()?.replica.electronic_refunds(profile.tender.as_ref()).told(globals)?;
        let books: BTreeMap<&str, &ElectronicRefund> =
            books.iter().filter(|r| r.currency == profile.currency).map(|r| (r.refund.as_str(), r)).collect();
        // A day is the provider's: its statement ends at midnight where it keeps its books.
        let day = |at: Occurred| Occurred { zone: profile.zone, ..at }.date();
        let ours: Vec<OurRefund> = books
            .values()
            .map(|r| OurRefund { refund: r.refund.clone(), amount: r.amount, paid_on: r.paid.map(day) })
            .collect();
        let days = self.from.zip(self.to);
        let done = reconcile(&ours, &theirs, days).ok_or_else(|| {
            let message = texts::statement_empty(l, &self.file.display());
            Failure::new(Exit::Refused, message, texts::statement_days_next(l))
        })?;
        let mut shown = item_of(&profile.name, &done, profile.currency, &books);
        shown.findings.retain(|f| self.all || f.found != Match::Matched.as_str());
        if globals.json() {
            globals.show("statement", std::slice::from_ref(&shown), |_| String::new())?;
        } else if !shown.findings.is_empty() {
            globals.line(&table(l, &shown).to_string())?;
        }
        for found in Match::ALL {
            let (n, ours, theirs) = done.sum(*found);
            if n > 0 {
                let (ours, theirs) = (profile.currency.format(ours), profile.currency.format(theirs));
                globals.say(&texts::statement_sum(
                    l,
                    &texts::finding(l, found.as_str()),
                    n,
                    &ours,
                    &theirs,
                ))?;
            }
        }
        let line = texts::statement_total(l, &shown.ours, &shown.theirs, &shown.difference, &shown.currency);
        if !done.is_settled() {
            return Err(Failure::new(Exit::Refused, line, texts::statement_next(l)));
        }
        globals.say(&line)?;
        globals.next(&texts::statement_settled_next(l))
    }
}

fn item_of(
    profile: &str,
    done: &Reconciled,
    currency: Currency,
    books: &BTreeMap<&str, &ElectronicRefund>,
) -> StatementItem {
    let (ours, theirs) = done.totals();
    StatementItem {
        profile: profile.into(),
        from: done.days.0.to_string(),
        to: done.days.1.to_string(),
        settled: done.is_settled(),
        ours: currency.format(ours),
        theirs: currency.format(theirs),
        difference: currency.format(theirs - ours),
        currency: currency.to_string(),
        sums: Match::ALL
            .iter()
            .map(|found| {
                let (refunds, ours, theirs) = done.sum(*found);
                let item = SumItem { refunds, ours: currency.format(ours), theirs: currency.format(theirs) };
                (found.to_string(), item)
            })
            .collect(),
        findings: done
            .findings
            .iter()
            .map(|f| {
                let held = books.get(f.refund.as_str());
                FindingItem {
                    refund: f.refund.clone(),
                    found: f.found.to_string(),
                    r#return: held.map(|h| h.number.clone()),
                    site: held.map(|h| h.site.clone()),
                    state: held.map(|h| h.state.clone()),
                    ours: currency.format(f.ours),
                    theirs: currency.format(f.theirs),
                    lines: f.lines.clone(),
                }
            })
            .collect(),
    }
}

fn table(l: Language, item: &StatementItem) -> Table {
    let mut table = Table::new([
        Column::Left(texts::refund_heading(l)),
        Column::Left(texts::finding_heading(l)),
        Column::Left(texts::return_heading(l)),
        Column::Left(headings::site(l)),
        Column::Right(texts::ours_heading(l)),
        Column::Right(texts::theirs_heading(l)),
        Column::Left(headings::rows(l)),
    ]);
    for finding in &item.findings {
        table.row([
            finding.refund.clone(),
            texts::finding(l, &finding.found),
            finding.r#return.clone().unwrap_or_default(),
            finding.site.clone().unwrap_or_default(),
            finding.ours.clone(),
            finding.theirs.clone(),
            finding.lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        ]);
    }
    table
}
