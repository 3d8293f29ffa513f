//! `loss`: what was paid beyond what was owed, and who bears it.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use guicang_domain::money::{Amount, Currency};
use guicang_replica::{LossRow, Replica};
use serde::Serialize;

use crate::exit::{Failure, Told};
use crate::format::{Column, Table};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{headings, money};

/// The commands on losses.
#[derive(Debug, Clone, Subcommand)]
pub enum LossVerb {
    /// List losses by who bears them, with the documents they come from
    #[command(
        after_help = "Examples:\n  guicang loss list\n  guicang loss list --owner undecided --json\n  guicang loss list --owner site:S01"
    )]
    List(ListArgs),
}

/// Which losses.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Only those borne by: undecided, company, customer, site:CODE, supplier:CODE
    #[arg(long)]
    pub owner: Option<String>,
}

#[derive(Debug, Serialize)]
struct LossDocument {
    id: String,
    number: String,
    kind: String,
    amount: String,
    exception: Option<String>,
}

/// What an owner bears, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct LossItem {
    owner: String,
    amount: String,
    currency: String,
    documents: Vec<LossDocument>,
}

impl LossVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let LossVerb::List(args) = self;
        let l = globals.language;
        let rows = replica.losses(args.owner.as_deref()).told(globals)?;
        let mut groups: BTreeMap<(&str, Currency), Vec<&LossRow>> = BTreeMap::new();
        for row in &rows {
            groups.entry((&row.owner, row.currency)).or_default().push(row);
        }
        let items: Vec<LossItem> = groups
            .iter()
            .map(|((owner, currency), rows)| LossItem {
                owner: (*owner).to_owned(),
                amount: currency.format(rows.iter().map(|r| r.amount).sum::<Amount>()),
                currency: currency.to_string(),
                documents: rows
                    .iter()
                    .map(|r| LossDocument {
                        id: r.document.to_string(),
                        number: r.number.clone(),
                        kind: r.kind.clone(),
                        amount: currency.format(r.amount),
                        exception: r.exception.clone(),
                    })
                    .collect(),
            })
            .collect();
        globals.show("loss", &items, |items| table(l, items))?;
        for item in &items {
            globals.say(&money::loss_sum(
                l,
                &money::loss_owner(l, &item.owner),
                &item.amount,
                &item.currency,
            ))?;
        }
        globals.next(&money::losses_next(l, globals.program))
    }
}

fn table(l: Language, items: &[LossItem]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::owner(l)),
        Column::Left(money::document(l)),
        Column::Left(headings::kind(l)),
        Column::Right(money::amount(l)),
        Column::Left(headings::currency(l)),
        Column::Left(headings::exception(l)),
    ]);
    for item in items {
        for document in &item.documents {
            table.row([
                money::loss_owner(l, &item.owner),
                document.number.clone(),
                money::document_kind(l, &document.kind),
                document.amount.clone(),
                item.currency.clone(),
                document.exception.clone().unwrap_or_default(),
            ]);
        }
    }
    table
}
