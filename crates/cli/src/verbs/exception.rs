//! `exception`: what disconnection broke, with what shows it.

use clap::{Args, Subcommand};
use guicang_domain::exception::{
    Change, ClaimSeen, Evidence, Exception, ExceptionId, ExceptionKind, Said, Twin,
};
use guicang_domain::money::Currency;
use guicang_replica::{CommandError, ExceptionFilter, Replica};
use serde::Serialize;
use serde_json::{Value, json};

use super::exception_kinds::KindsArgs;
use crate::exit::{Failure, Told};
use crate::format::{Column, Table};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{headings, names, next, results};

/// The commands on exceptions that every replica has. (To resolve is HQ's.)
#[derive(Debug, Clone, Subcommand)]
pub enum ExceptionVerb {
    /// List exceptions
    #[command(
        after_help = "Examples:\n  guicang exception list\n  guicang exception list --kind over_return --all --json"
    )]
    List(ListArgs),
    /// Show an exception with its evidence
    #[command(after_help = "Examples:\n  guicang exception show over_return:S01/536365:1")]
    Show(ShowArgs),
    /// Print the kinds of exceptions, as Markdown
    #[command(
        after_help = "Examples:\n  guicang exception kinds --format markdown\n  guicang exception kinds --json"
    )]
    Kinds(KindsArgs),
}

impl ExceptionVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when there is no such exception, or the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        match self {
            ExceptionVerb::List(args) => args.run(replica, globals),
            ExceptionVerb::Show(args) => args.run(replica, globals),
            ExceptionVerb::Kinds(args) => args.run(globals),
        }
    }
}

/// Which exceptions.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Settled ones too
    #[arg(long)]
    pub all: bool,
    /// Those of imported history, which are listed apart
    #[arg(long)]
    pub historic: bool,
    /// Of this kind only, such as over_return
    #[arg(long)]
    pub kind: Option<ExceptionKind>,
}

/// Which exception.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The exception's identity, as the list has it
    pub id: String,
}

/// An exception, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct ExceptionItem {
    id: String,
    kind: String,
    state: &'static str,
    historic: bool,
    sites: Vec<String>,
    documents: Vec<String>,
    evidence: Value,
    loss: String,
    currency: String,
    loss_owner: Option<String>,
}

impl ExceptionItem {
    /// The exception as its item.
    pub fn of(exception: &Exception) -> Self {
        let currency = exception.currency;
        Self {
            id: exception.id.to_string(),
            kind: exception.kind.to_string(),
            state: if exception.settled { "settled" } else { "open" },
            historic: exception.historic,
            sites: exception.sites.iter().map(ToString::to_string).collect(),
            documents: exception.documents.iter().map(ToString::to_string).collect(),
            evidence: evidence(&exception.evidence, currency),
            loss: currency.format(exception.loss),
            currency: currency.to_string(),
            loss_owner: exception.owner.as_ref().map(ToString::to_string),
        }
    }
}

fn evidence(evidence: &Evidence, currency: Currency) -> Value {
    match evidence {
        Evidence::Line { receipt, line, sold, claims } => json!({
            "receipt": receipt.to_string(),
            "line": line.to_string(),
            "sold": sold.to_string(),
            "claims": claims.iter().map(|c| claim(c, currency)).collect::<Vec<_>>(),
        }),
        Evidence::Twice { twins } => json!({
            "lines": twins.iter().map(|t| twin(t, currency)).collect::<Vec<_>>(),
        }),
        Evidence::Refund { entitled, paid } => json!({
            "entitled": currency.format(*entitled),
            "paid": currency.format(*paid),
            "currency": currency.to_string(),
        }),
        Evidence::Sale { receipt } => json!({ "receipt": receipt.as_ref().map(ToString::to_string) }),
        Evidence::Changed { receipt, changes } => json!({
            "receipt": receipt.to_string(),
            "changes": changes.iter().map(change).collect::<Vec<_>>(),
        }),
        Evidence::Facts(facts) => facts.iter().map(|(k, v)| (k.clone(), Value::from(v.as_str()))).collect(),
    }
}

fn claim(claim: &ClaimSeen, currency: Currency) -> Value {
    json!({
        "document": claim.document.to_string(),
        "number": claim.number,
        "site": claim.site.as_ref().map(ToString::to_string),
        "line": claim.line.to_string(),
        "valid": claim.valid.to_string(),
        "excess": claim.excess.to_string(),
        "pinned": claim.pinned,
        "time": claim.time.to_rfc3339(),
        "paid": currency.format(claim.paid),
        "currency": currency.to_string(),
        "looks_like": claim.looks_like,
    })
}

fn twin(twin: &Twin, currency: Currency) -> Value {
    json!({
        "receipt": twin.receipt.to_string(),
        "line": twin.line.to_string(),
        "sold": twin.sold.to_string(),
        "first": claim(&twin.first, currency),
        "second": claim(&twin.second, currency),
    })
}

fn change(change: &Change) -> Value {
    json!({
        "line": change.line.as_ref().map(ToString::to_string),
        "field": change.field,
        "stands": { "number": change.stands.number, "value": change.stands.value },
        "other": { "number": change.other.number, "value": change.other.value },
    })
}

impl ListArgs {
    /// Lists them.
    ///
    /// # Errors
    /// [`Failure`] when the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let filter = ExceptionFilter { historic: Some(self.historic), open_only: !self.all, kind: self.kind };
        let exceptions = replica.exceptions(&filter).told(globals)?;
        let items: Vec<ExceptionItem> = exceptions.iter().map(ExceptionItem::of).collect();
        globals.show("exception", &items, |items| table(l, items))?;
        match items.first() {
            Some(item) => globals.next(&next::show_exception(l, globals.program, &item.id)),
            None => globals.next(&next::returns(l, globals.program)),
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
        let id = ExceptionId::from_text(&self.id);
        let filter = ExceptionFilter { historic: None, open_only: false, kind: None };
        let exceptions = replica.exceptions(&filter).told(globals)?;
        let unknown = || CommandError::UnknownException { found: self.id.clone() };
        let exception = exceptions.iter().find(|e| e.id == id).ok_or_else(unknown).told(globals)?;
        let item = ExceptionItem::of(exception);
        globals.show("exception", &[item], |items| details(l, &items[0], exception))?;
        match exception.settled {
            true => globals.next(&next::exceptions(l, globals.program)),
            false => globals.next(&next::resolve(l, &self.id)),
        }
    }
}

fn table(l: Language, items: &[ExceptionItem]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::exception(l)),
        Column::Left(headings::kind(l)),
        Column::Left(headings::state(l)),
        Column::Left(headings::sites(l)),
        Column::Right(headings::loss(l)),
        Column::Left(headings::owner(l)),
    ]);
    for item in items {
        table.row([
            item.id.clone(),
            names::exception(l, &item.kind),
            names::settlement(l, item.state),
            item.sites.join(" "),
            format!("{} {}", item.loss, item.currency),
            item.loss_owner.as_deref().map(|o| names::owner(l, o)).unwrap_or_default(),
        ]);
    }
    table
}

fn details(l: Language, item: &ExceptionItem, exception: &Exception) -> String {
    let head = table(l, std::slice::from_ref(item));
    let currency = exception.currency;
    let evidence = match &exception.evidence {
        Evidence::Line { receipt, line, sold, claims } => {
            let table = claims_table(l, claims, currency);
            format!("{}\n{table}", results::sold_on(l, receipt, line, sold))
        }
        Evidence::Twice { twins } => {
            let told = twins.iter().map(|t| {
                let table = claims_table(l, &[t.first.clone(), t.second.clone()], currency);
                format!("{}\n{table}", results::sold_on(l, &t.receipt, &t.line, &t.sold))
            });
            told.collect::<Vec<_>>().join("\n\n")
        }
        Evidence::Refund { entitled, paid } => {
            results::owed_and_paid(l, &currency.format(*entitled), &currency.format(*paid), &currency)
        }
        Evidence::Sale { receipt: Some(receipt) } => results::sale_unseen(l, receipt),
        Evidence::Sale { receipt: None } => results::no_receipt(l),
        Evidence::Changed { receipt, changes } => {
            let mut table = Table::new([
                Column::Left(headings::line(l)),
                Column::Left(headings::field(l)),
                Column::Left(headings::stands(l)),
                Column::Left(headings::other(l)),
            ]);
            for change in changes {
                let said = |said: &Said| format!("{} ({})", said.value, said.number);
                table.row([
                    change.line.as_ref().map(ToString::to_string).unwrap_or_default(),
                    change.field.clone(),
                    said(&change.stands),
                    said(&change.other),
                ]);
            }
            format!("{}\n{table}", results::told_twice(l, receipt))
        }
        Evidence::Facts(facts) => {
            facts.iter().map(|(key, value)| format!("{key}: {value}")).collect::<Vec<_>>().join("\n")
        }
    };
    format!("{head}\n\n{evidence}")
}

fn claims_table(l: Language, claims: &[ClaimSeen], currency: Currency) -> Table {
    let mut table = Table::new([
        Column::Left(headings::number(l)),
        Column::Left(headings::site(l)),
        Column::Left(headings::occurred(l)),
        Column::Right(headings::valid(l)),
        Column::Right(headings::excess(l)),
        Column::Right(headings::paid(l)),
        Column::Left(headings::pinned(l)),
        Column::Left(headings::looks_like(l)),
    ]);
    for claim in claims {
        table.row([
            claim.number.clone(),
            claim.site.as_ref().map(ToString::to_string).unwrap_or_default(),
            claim.time.to_rfc3339(),
            claim.valid.to_string(),
            claim.excess.to_string(),
            currency.format(claim.paid),
            names::yes(l, if claim.pinned { "yes" } else { "no" }),
            claim.looks_like.clone().unwrap_or_default(),
        ]);
    }
    table
}
