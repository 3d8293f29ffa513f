//! `product import`: the list of articles, from a CSV file. All of it or nothing.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use guicang_cli::texts::next;
use guicang_cli::{Exit, Failure, Language, Told};
use guicang_domain::ids::Sku;
use guicang_replica::ProductDraft;
use serde::{Deserialize, Serialize};

use super::Session;
use crate::texts;

/// The commands on articles.
#[derive(Debug, Subcommand)]
pub enum ProductVerb {
    /// List articles from a CSV file, or change what is said of them
    #[command(after_help = "Examples:\n  guicang-server product import products.csv")]
    Import(ImportArgs),
}

/// From where.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// CSV in UTF-8 with a heading: sku,name and any of spec,unit,barcodes,category,supplier,list_price,cost,service,tolerance
    pub file: PathBuf,
}

/// A row. An empty field is one that isn't known.
#[derive(Debug, Deserialize)]
struct Row {
    sku: String,
    name: String,
    spec: Option<String>,
    unit: Option<String>,
    /// Several are separated by spaces.
    barcodes: Option<String>,
    category: Option<String>,
    supplier: Option<String>,
    list_price: Option<String>,
    cost: Option<String>,
    service: Option<String>,
    /// How much less of weighed goods may come back and still close their sale line.
    tolerance: Option<String>,
}

/// What came of it, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct ProductsItem {
    rows: usize,
    changed: usize,
}

impl ProductVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when the file can't be read or a row is wrong: nothing is changed then.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let ProductVerb::Import(args) = self;
        let globals = session.globals;
        let l = globals.language;
        let drafts = read(&args.file, l)?;
        let rows = drafts.len();
        let mut hq = session.open_or_found()?;
        let changed = hq.replica.put_products(drafts).told(globals)?;
        session.settle(&mut hq)?;
        globals.show("product-import", &[ProductsItem { rows, changed }], |items| {
            texts::products(l, items[0].rows, items[0].changed)
        })?;
        globals.next(&next::stock(l, globals.program))
    }
}

fn read(file: &Path, l: Language) -> Result<Vec<ProductDraft>, Failure> {
    let bad = |message: String| Failure::new(Exit::Refused, message, texts::product_next(l));
    let unreadable = |e: csv::Error| bad(texts::product_file(l, &file.display(), &e));
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(file).map_err(unreadable)?;
    let headers = reader.headers().map_err(unreadable)?.clone();
    let mut drafts = Vec::new();
    for (record, line) in reader.records().zip(2u64..) {
        let wrong = |detail: &dyn std::fmt::Display| bad(texts::product_row(l, line, detail));
        let record = record.map_err(|e| wrong(&e))?;
        let row: Row = record.deserialize(Some(&headers)).map_err(|e| wrong(&e))?;
        drafts.push(draft(row).map_err(|e| wrong(&e))?);
    }
    Ok(drafts)
}

fn draft(row: Row) -> Result<ProductDraft, String> {
    let text = |field: Option<String>| field.filter(|text| !text.is_empty());
    let price = |field: Option<String>| {
        text(field).map(|price| price.parse().map_err(|e| format!("{e}"))).transpose()
    };
    if row.name.is_empty() {
        return Err("name: found nothing, wanted a name".into());
    }
    let service = match text(row.service).as_deref() {
        None | Some("0" | "no" | "false" | "否") => false,
        Some("1" | "yes" | "true" | "是") => true,
        Some(other) => return Err(format!("service: found {other:?}, wanted yes or no")),
    };
    Ok(ProductDraft {
        sku: Sku::of(&row.sku).map_err(|e| e.to_string())?,
        name: row.name,
        spec: text(row.spec),
        unit: text(row.unit).unwrap_or_else(|| "piece".into()),
        barcodes: text(row.barcodes).iter().flat_map(|b| b.split_whitespace()).map(str::to_owned).collect(),
        category: text(row.category),
        supplier: text(row.supplier),
        list_price: price(row.list_price)?,
        cost: price(row.cost)?,
        service,
        tolerance: text(row.tolerance)
            .map(|q| q.parse().map_err(|e| format!("tolerance: {e}")))
            .transpose()?,
    })
}
