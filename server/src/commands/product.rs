//! `product`: the list of articles, in and out as CSV, and one by one with what lost against another's edit.

mod columns;
mod show;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use guicang_cli::verbs::supplier;
use guicang_cli::{Failure, Told};
use guicang_replica::{ProductDraft, ProductField};

use super::sheet::{ExportArgs, List};
use super::{Session, sheet};
use columns::Columns;
use guicang_cli::texts::hq as texts;
pub(super) use show::losing;

/// The commands on articles.
#[derive(Debug, Subcommand)]
pub enum ProductVerb {
    /// List articles from a CSV file, or change what is said of them: all of the file, or nothing
    #[command(
        after_help = "Examples:\n  guicang-server product import products.csv --dry-run\n  guicang-server product import products.csv"
    )]
    Import(ImportArgs),
    /// Write the list of articles as CSV, to be edited and imported again
    #[command(
        after_help = "Examples:\n  guicang-server product export products.csv\n  guicang-server product export --format csv-bom > products.csv"
    )]
    Export(ExportArgs),
    /// List the articles
    #[command(
        after_help = "Examples:\n  guicang-server product list --losing\n  guicang-server product list --json"
    )]
    List(show::ListArgs),
    /// Show all that is said of an article, and what lost against another's edit
    #[command(after_help = "Examples:\n  guicang-server product show 85123A")]
    Show(show::ShowArgs),
}

/// From where.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// CSV with headers in Chinese or English: sku, and any of name, spec, unit, barcodes, category, supplier, list_price, cost, tax_rate, tax_code, service, tolerance, attribute:NAME, unit:NAME, min:SITE, max:SITE
    pub file: PathBuf,
    /// Do everything but write
    #[arg(long)]
    pub dry_run: bool,
}

impl ProductVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when a file can't be read or written, or a row is wrong: nothing is changed then.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        match self {
            ProductVerb::Import(args) => args.run(session),
            ProductVerb::Export(args) => {
                let globals = session.globals;
                let rows = session.open()?.replica.products().told(globals)?;
                let table = columns::table(rows.iter().map(|row| &row.is), globals.language);
                sheet::write(args.file.as_deref(), &table, globals)
            }
            ProductVerb::List(args) => args.run(session),
            ProductVerb::Show(args) => args.run(session),
        }
    }
}

impl ImportArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let (columns, drafts) = sheet::read(&self.file, globals, Columns::of, Columns::draft)?;
        let suppliers: BTreeSet<String> = drafts.iter().flat_map(suppliers_of).collect();
        let list = List {
            schema: "product-import",
            key: |draft: &ProductDraft| draft.sku.to_string(),
            told: |l, rows, changed| match changed {
                Some(changed) => texts::products(l, rows, changed),
                None => texts::products_dry(l, rows),
            },
            next: texts::products_next(globals.language),
        };
        sheet::import(session, &list, (columns.unread, drafts), self.dry_run, |hq, drafts| {
            let changed = hq.replica.put_products(drafts).told(globals)?;
            supplier::note_unknown(&hq.replica, globals, &suppliers)?;
            Ok(changed)
        })
    }
}

/// The supplier that a row names.
fn suppliers_of(draft: &ProductDraft) -> Option<String> {
    draft.fields.iter().find_map(|field| match field {
        ProductField::Supplier(supplier) => supplier.clone(),
        _ => None,
    })
}
