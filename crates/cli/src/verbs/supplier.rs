//! `supplier`: who goods come from and go back to, as HQ lists them.

use clap::{Args, Subcommand};
use guicang_domain::ids::SupplierCode;
use guicang_domain::supplier::Supplier;
use guicang_replica::{CommandError, MasterRow, Replica};
use serde::Serialize;

use super::LosingItem;
use crate::exit::{Failure, Told};
use crate::format::{Column, Table};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{headings, master};

/// What a branch can ask of suppliers.
#[derive(Debug, Clone, Subcommand)]
pub enum SupplierVerb {
    /// List the suppliers
    #[command(after_help = "Examples:\n  guicang supplier list\n  guicang supplier list --losing --json")]
    List(ListArgs),
    /// Show all that is said of a supplier
    #[command(after_help = "Examples:\n  guicang supplier show YW1")]
    Show(ShowArgs),
}

/// Which.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Only those that two people edited while apart
    #[arg(long)]
    pub losing: bool,
}

/// Which.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The supplier's code
    pub code: SupplierCode,
}

/// A supplier, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct SupplierItem {
    supplier: String,
    name: String,
    contact: Option<String>,
    return_address: Option<String>,
    claim_days: Option<u32>,
    currency: String,
    note: Option<String>,
    losing: Vec<LosingItem>,
}

impl SupplierItem {
    fn of(row: &MasterRow<Supplier>) -> Self {
        let is = &row.is;
        Self {
            supplier: is.code.to_string(),
            name: is.name.clone(),
            contact: is.contact.clone(),
            return_address: is.return_address.clone(),
            claim_days: is.claim_days,
            currency: is.currency.to_string(),
            note: is.note.clone(),
            losing: LosingItem::all(&row.losing),
        }
    }
}

impl SupplierVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when there is no such supplier, or the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        match self {
            SupplierVerb::List(args) => args.run(replica, globals),
            SupplierVerb::Show(args) => args.run(replica, globals),
        }
    }
}

impl ListArgs {
    /// Lists them.
    ///
    /// # Errors
    /// [`Failure`] when the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let mut rows = replica.suppliers().told(globals)?;
        rows.retain(|row| !self.losing || !row.losing.is_empty());
        let items: Vec<SupplierItem> = rows.iter().map(SupplierItem::of).collect();
        globals.show("supplier", &items, |items| table(l, items))
    }
}

impl ShowArgs {
    /// Shows it.
    ///
    /// # Errors
    /// [`Failure`] when there is none of that code, or the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let unknown = || CommandError::UnknownSupplier { found: self.code.to_string() };
        let row = replica.supplier(&self.code).told(globals)?.ok_or_else(unknown).told(globals)?;
        globals.show("supplier", &[SupplierItem::of(&row)], |items| details(l, &items[0]))
    }
}

/// So many suppliers that aren't listed are named.
const TOLD: usize = 20;

/// Tells where suppliers that were named aren't listed; they are recorded all the same, as a branch may lack the
/// newest.
///
/// # Errors
/// [`Failure`] when the file can't be read.
pub fn note_unknown<'a>(
    replica: &Replica,
    globals: &Globals,
    named: impl IntoIterator<Item = &'a String>,
) -> Result<(), Failure> {
    let (mut unknown, mut known) = (Vec::new(), Vec::new());
    for supplier in named {
        if let Some(codes) = replica.instead_of_supplier(supplier).told(globals)? {
            unknown.push(supplier.as_str());
            known = codes;
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    unknown.truncate(TOLD);
    globals.say(&master::unknown_supplier(globals.language, &unknown.join(", "), &known.join(", ")))
}

fn details(l: Language, item: &SupplierItem) -> String {
    let days = item.claim_days.map(|days| days.to_string());
    let rows = [
        (master::code(l), Some(&item.supplier)),
        (master::name(l), Some(&item.name)),
        (master::contact(l), item.contact.as_ref()),
        (master::return_address(l), item.return_address.as_ref()),
        (master::claim_days(l), days.as_ref()),
        (headings::currency(l), Some(&item.currency)),
        (master::note(l), item.note.as_ref()),
    ];
    let mut lines: Vec<String> =
        rows.into_iter().filter_map(|(name, value)| Some(format!("{name}: {}", value?))).collect();
    let lost = item.losing.iter();
    lines.extend(lost.map(|lost| master::lost(l, &lost.field, &lost.values.join(" | "))));
    lines.join("\n")
}

fn table(l: Language, items: &[SupplierItem]) -> Table {
    let mut table = Table::new([
        Column::Left(master::code(l)),
        Column::Left(master::name(l)),
        Column::Left(master::contact(l)),
        Column::Right(master::claim_days(l)),
        Column::Left(headings::currency(l)),
        Column::Left(master::losing(l)),
    ]);
    for item in items {
        let losing: Vec<&str> = item.losing.iter().map(|lost| lost.field.as_str()).collect();
        table.row([
            item.supplier.clone(),
            item.name.clone(),
            item.contact.clone().unwrap_or_default(),
            item.claim_days.map(|days| days.to_string()).unwrap_or_default(),
            item.currency.clone(),
            losing.join(" "),
        ]);
    }
    table
}
