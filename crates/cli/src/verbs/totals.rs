//! `totals`: each site's figures, and all sites' together.

use clap::Args;
use guicang_replica::{Flow, Replica, SiteTotals};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::exit::{Failure, Told};
use crate::format::{Column, Table};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{headings, next};

/// There is nothing to choose.
#[derive(Debug, Clone, Args)]
pub struct TotalsArgs {}

/// A site's figures, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct TotalsItem {
    site: Option<String>,
    name: Option<String>,
    complete_to: Option<String>,
    documents: u64,
    sales: FiguresItem,
    services: FiguresItem,
    returns: FiguresItem,
    service_returns: FiguresItem,
    net_value: String,
    movements: Map<String, Value>,
    currency: String,
}

#[derive(Debug, Serialize)]
struct FiguresItem {
    lines: u64,
    quantity: String,
    value: String,
}

impl TotalsItem {
    fn of(row: &SiteTotals) -> Self {
        let figures = |f: &Flow| FiguresItem {
            lines: f.lines,
            quantity: f.quantity.to_string(),
            value: row.currency.format(f.value),
        };
        let movement = |(name, moved): (&String, &Flow)| {
            let value = row.currency.format(moved.value);
            (
                name.clone(),
                json!({ "lines": moved.lines, "quantity": moved.quantity.to_string(), "value": value }),
            )
        };
        Self {
            site: row.site.as_ref().map(ToString::to_string),
            name: row.name.clone(),
            complete_to: row.complete_to.map(|t| t.to_rfc3339()),
            documents: row.documents,
            sales: figures(&row.sales),
            services: figures(&row.services),
            returns: figures(&row.returns),
            service_returns: figures(&row.service_returns),
            net_value: row.currency.format(row.net_value()),
            movements: row.movements.iter().map(movement).collect(),
            currency: row.currency.to_string(),
        }
    }
}

impl TotalsArgs {
    /// Shows them.
    ///
    /// # Errors
    /// [`Failure`] when the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let rows = replica.totals().told(globals)?;
        let items: Vec<TotalsItem> = rows.iter().map(TotalsItem::of).collect();
        globals.show("totals", &items, |items| table(l, items))?;
        globals.next(&next::exceptions(l, globals.program))
    }
}

fn table(l: Language, items: &[TotalsItem]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::site(l)),
        Column::Left(headings::complete_to(l)),
        Column::Right(headings::sales(l)),
        Column::Right(headings::returns(l)),
        Column::Right(headings::found(l)),
        Column::Right(headings::written_off(l)),
        Column::Right(headings::net_value(l)),
        Column::Left(headings::currency(l)),
    ]);
    for item in items {
        let moved = |name: &str| {
            item.movements.get(name).and_then(|m| m["quantity"].as_str()).unwrap_or_default().to_string()
        };
        table.row([
            item.site.clone().unwrap_or_else(|| headings::all_sites(l)),
            item.complete_to.clone().unwrap_or_default(),
            item.sales.quantity.clone(),
            item.returns.quantity.clone(),
            moved("found"),
            moved("written_off"),
            item.net_value.clone(),
            item.currency.clone(),
        ]);
    }
    table
}
