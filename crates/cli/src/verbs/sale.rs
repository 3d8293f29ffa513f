//! `sale show`: a receipt, and what of it can still come back.

use clap::{Args, Subcommand};
use guicang_domain::ids::{ReceiptId, ReceiptNumber};
use guicang_replica::{ReceiptView, Replica};
use serde::Serialize;

use crate::exit::{Exit, Failure, Told};
use crate::format::minute;
use crate::format::{Column, Table};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{failures, headings, next, results};
use crate::verbs::here;

/// The commands on sales.
#[derive(Debug, Clone, Subcommand)]
pub enum SaleVerb {
    /// Show a receipt: sold, returned, left, net
    #[command(after_help = "Examples:\n  guicang sale show 536365\n  guicang sale show S01/T2/000871 --json")]
    Show(ShowArgs),
}

impl SaleVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when there is no such receipt, or the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        match self {
            SaleVerb::Show(args) => args.run(replica, globals),
        }
    }
}

/// Which receipt.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The receipt: [SITE/[TILL/]]NUMBER
    pub receipt: String,
}

/// A receipt, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct SaleItem {
    receipt: String,
    occurred: String,
    customer: Option<String>,
    lines: Vec<SaleLineItem>,
    net: String,
    currency: String,
}

#[derive(Debug, Serialize)]
struct SaleLineItem {
    line: String,
    sku: String,
    name: Option<String>,
    service: bool,
    sold: String,
    returned: String,
    left: String,
    excess: String,
    paid: String,
    refunded: String,
    currency: String,
}

impl SaleItem {
    fn of(view: &ReceiptView) -> Self {
        let money = |amount| view.currency.format(amount);
        let line = |line: &guicang_replica::ReceiptLineView| SaleLineItem {
            line: line.line.to_string(),
            sku: line.sku.to_string(),
            name: line.name.clone(),
            service: line.service,
            sold: line.sold.to_string(),
            returned: line.returned.to_string(),
            left: line.left().to_string(),
            excess: line.excess.to_string(),
            paid: money(line.paid),
            refunded: money(line.refunded),
            currency: view.currency.to_string(),
        };
        Self {
            receipt: view.receipt.to_string(),
            occurred: view.occurred.to_rfc3339(),
            customer: view.customer.as_ref().map(ToString::to_string),
            lines: view.lines.iter().map(line).collect(),
            net: money(view.net()),
            currency: view.currency.to_string(),
        }
    }
}

impl ShowArgs {
    /// Shows it. A bare number may be of any till here, and at HQ of any site.
    ///
    /// # Errors
    /// [`Failure`] when there is no such receipt, or the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let views: Vec<ReceiptView> = if self.receipt.contains('/') {
            let receipt = ReceiptId::parse(&self.receipt, here(replica).as_ref()).told(globals)?;
            replica.receipt(&receipt).told(globals)?.into_iter().collect()
        } else {
            let number = ReceiptNumber::new(&self.receipt).told(globals)?;
            replica.receipts_numbered(number.as_str()).told(globals)?
        };
        let Some(first) = views.first() else {
            return Err(Failure::new(
                Exit::Refused,
                failures::unknown_receipt(l, &self.receipt),
                next::receipt_elsewhere(l, globals.program),
            ));
        };
        let receipt = first.receipt.to_string();
        let items: Vec<SaleItem> = views.iter().map(SaleItem::of).collect();
        globals.show("sale", &items, |items| {
            items.iter().map(|item| details(l, item)).collect::<Vec<_>>().join("\n\n")
        })?;
        globals.next(&next::take_back(l, globals.program, &receipt))
    }
}

fn details(l: Language, item: &SaleItem) -> String {
    let mut table = Table::new([
        Column::Left(headings::line(l)),
        Column::Left(headings::sku(l)),
        Column::Left(headings::name(l)),
        Column::Right(headings::sold(l)),
        Column::Right(headings::returned(l)),
        Column::Right(headings::left(l)),
        Column::Right(headings::paid(l)),
        Column::Right(headings::refunded(l)),
    ]);
    for line in &item.lines {
        table.row([
            line.line.clone(),
            line.sku.clone(),
            line.name.clone().unwrap_or_default(),
            line.sold.clone(),
            line.returned.clone(),
            line.left.clone(),
            line.paid.clone(),
            line.refunded.clone(),
        ]);
    }
    let customer = item.customer.as_deref().unwrap_or_default();
    format!(
        "{}  {}  {customer}\n{table}\n{}",
        item.receipt,
        minute(&item.occurred),
        results::net(l, &item.net, &item.currency)
    )
}
