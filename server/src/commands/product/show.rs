//! `product list` and `product show`.

use clap::Args;
use guicang_cli::format::{Column, Table};
use guicang_cli::texts::headings;
use guicang_cli::verbs::LosingItem;
use guicang_cli::{Exit, Failure, Language, Told};
use guicang_domain::ids::Sku;
use guicang_domain::master::Product;
use guicang_domain::money::UnitPrice;
use guicang_domain::quantity::Quantity;
use guicang_replica::MasterRow;
use serde::Serialize;
use std::collections::BTreeMap;

use super::columns::{percent, table};
use crate::commands::Session;
use guicang_cli::texts::hq as texts;

/// Which.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only those that two people edited while apart
    #[arg(long)]
    pub losing: bool,
}

/// Which.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The article's SKU
    pub sku: String,
}

/// An article, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct ProductItem {
    sku: String,
    name: String,
    spec: Option<String>,
    unit: String,
    barcodes: Vec<String>,
    category: Option<String>,
    supplier: Option<String>,
    list_price: Option<String>,
    cost: Option<String>,
    tax_rate: Option<String>,
    tax_code: Option<String>,
    service: bool,
    tolerance: Option<String>,
    attributes: BTreeMap<String, String>,
    units: BTreeMap<String, String>,
    levels: Vec<LevelItem>,
    losing: Vec<LosingItem>,
}

#[derive(Debug, Serialize)]
struct LevelItem {
    site: String,
    min: Option<String>,
    max: Option<String>,
}

impl ProductItem {
    fn of(row: &MasterRow<Product>) -> Self {
        let p = &row.is;
        let quantity = |quantity: &Option<Quantity>| quantity.map(|quantity| quantity.to_string());
        Self {
            sku: p.sku.to_string(),
            name: p.name.clone(),
            spec: p.spec.clone(),
            unit: p.unit.clone(),
            barcodes: p.barcodes.clone(),
            category: p.category.clone(),
            supplier: p.supplier.clone(),
            list_price: p.list_price.map(|price| price.to_string()),
            cost: p.cost.map(|cost| cost.to_string()),
            tax_rate: p.tax_rate.map(percent),
            tax_code: p.tax_code.clone(),
            service: p.service,
            tolerance: quantity(&p.tolerance),
            attributes: p.attributes.clone(),
            units: p.units.iter().map(|(name, quantity)| (name.clone(), quantity.to_string())).collect(),
            levels: p
                .levels
                .iter()
                .map(|(site, level)| LevelItem {
                    site: site.to_string(),
                    min: quantity(&level.min),
                    max: quantity(&level.max),
                })
                .collect(),
            losing: row.losing.iter().map(|lost| losing(&lost.field, &lost.values)).collect(),
        }
    }
}

/// Values as people write them: the document holds amounts and quantities in whole numbers.
pub(in crate::commands) fn losing(field: &str, values: &[String]) -> LosingItem {
    let first = field.split('.').next().unwrap_or_default();
    let shown = |value: &String| match (first, value.parse::<i64>()) {
        ("list_price" | "cost", Ok(price)) => UnitPrice(price).to_string(),
        ("tolerance" | "units" | "levels", Ok(quantity)) => Quantity(quantity).to_string(),
        ("tax_rate", Ok(rate)) => u32::try_from(rate).map_or_else(|_| value.clone(), percent),
        _ => value.clone(),
    };
    LosingItem { field: field.into(), values: values.iter().map(shown).collect() }
}

impl ListArgs {
    pub(super) fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let mut rows = session.open()?.replica.products().told(globals)?;
        rows.retain(|row| !self.losing || !row.losing.is_empty());
        let items: Vec<ProductItem> = rows.iter().map(ProductItem::of).collect();
        globals.show("product", &items, |items| list(l, items))
    }
}

impl ShowArgs {
    pub(super) fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let unknown =
            || Failure::new(Exit::Refused, texts::unknown_product(l, &self.sku), texts::products_next(l));
        let sku = Sku::of(&self.sku).map_err(|_| unknown())?;
        let row = session.open()?.replica.product(&sku).told(globals)?.ok_or_else(unknown)?;
        let item = ProductItem::of(&row);
        globals.show("product", &[item], |items| {
            let cells = table(std::iter::once(&row.is), l);
            let lines = cells[0].iter().zip(&cells[1]).filter(|(_, value)| !value.is_empty());
            let mut lines: Vec<String> = lines.map(|(name, value)| format!("{name}: {value}")).collect();
            let lost = items[0].losing.iter();
            lines.extend(lost.map(|lost| texts::lost(l, &lost.field, &lost.values.join(" | "))));
            lines.join("\n")
        })
    }
}

fn list(l: Language, items: &[ProductItem]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::sku(l)),
        Column::Left(headings::name(l)),
        Column::Left(texts::category(l)),
        Column::Left(texts::unit(l)),
        Column::Right(texts::list_price(l)),
        Column::Right(texts::cost(l)),
        Column::Left(texts::losing(l)),
    ]);
    for item in items {
        let losing: Vec<&str> = item.losing.iter().map(|lost| lost.field.as_str()).collect();
        table.row([
            item.sku.clone(),
            item.name.clone(),
            item.category.clone().unwrap_or_default(),
            item.unit.clone(),
            item.list_price.clone().unwrap_or_default(),
            item.cost.clone().unwrap_or_default(),
            losing.join(" "),
        ]);
    }
    table
}
