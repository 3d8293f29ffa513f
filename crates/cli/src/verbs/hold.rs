//! `hold`: return rights that HQ keeps for a branch that is online (退货额度预留).

use clap::{Args, Subcommand};
use guicang_domain::hold::Refusal;
use guicang_domain::ids::{ReceiptId, SiteId};
use guicang_replica::{AskHold, HoldFilter, HoldRow, Replica};
use serde::Serialize;

use crate::exit::{Failure, Told};
use crate::format::{Column, Table, minute};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{headings, holds, names};
use crate::verbs::{WhenArgs, here, named, parse};

/// The commands on holds.
#[derive(Debug, Clone, Subcommand)]
pub enum HoldVerb {
    /// Ask HQ to keep a quantity of another branch's sale for this one; then sync, and HQ answers
    #[command(after_help = "Examples:\n  guicang hold ask S01/T2/000871 --item 85123A=1")]
    Ask(AskArgs),
    /// List holds
    #[command(after_help = "Examples:\n  guicang hold list\n  guicang hold list --all --json")]
    List(ListArgs),
    /// Show a hold
    #[command(after_help = "Examples:\n  guicang hold show YD-S02A-000001")]
    Show(ShowArgs),
    /// Give up a hold that isn't needed any more
    #[command(after_help = "Examples:\n  guicang hold release YD-S02A-000001")]
    Release(ReleaseArgs),
}

/// What is to be kept.
#[derive(Debug, Clone, Args)]
pub struct AskArgs {
    /// The receipt of the branch that sold: SITE/[TILL/]NUMBER
    pub receipt: String,
    /// What is to come back: SKU, or SKU=2; may be repeated
    #[arg(long = "item", value_name = "SKU=QTY", required = true)]
    pub items: Vec<parse::Item>,
}

/// Which holds.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Of this site only
    #[arg(long)]
    pub site: Option<SiteId>,
    /// Those that are over, too
    #[arg(long)]
    pub all: bool,
}

/// Which hold.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The hold's number or identity
    pub number: String,
}

/// Which hold.
#[derive(Debug, Clone, Args)]
pub struct ReleaseArgs {
    /// The hold's number or identity
    pub number: String,
}

/// A hold, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct HoldItem {
    id: String,
    number: String,
    site: String,
    receipt: String,
    state: &'static str,
    refusal: Option<&'static str>,
    until: Option<String>,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    line: String,
    sku: String,
    quantity: String,
    left: String,
}

impl HoldItem {
    /// A hold's.
    pub fn of(row: &HoldRow) -> Self {
        let line = |l: &guicang_replica::HoldLineRow| Line {
            line: l.line.to_string(),
            sku: l.sku.to_string(),
            quantity: l.asked.to_string(),
            left: l.left.to_string(),
        };
        Self {
            id: row.id.to_string(),
            number: row.number.to_string(),
            site: row.site.to_string(),
            receipt: row.receipt.to_string(),
            state: row.state,
            refusal: row.refusal.map(Refusal::code),
            until: row.until.map(|u| u.to_rfc3339()),
            lines: row.lines.iter().map(line).collect(),
        }
    }
}

impl HoldVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused, or the file can't be read.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let by = |replica: &Replica| WhenArgs::default().by(replica, globals, None);
        let row = match self {
            HoldVerb::Ask(args) => {
                let receipt = ReceiptId::parse(&args.receipt, here(replica).as_ref()).told(globals)?;
                let ask = AskHold { receipt, items: named(&args.items) };
                let by = by(replica)?;
                replica.ask_hold(&by, &ask).told(globals)?
            }
            HoldVerb::List(args) => {
                let filter = HoldFilter { site: args.site.clone(), all: args.all };
                let rows = replica.holds(&filter).told(globals)?;
                return show(globals, &rows);
            }
            HoldVerb::Show(args) => replica.hold(&args.number).told(globals)?,
            HoldVerb::Release(args) => {
                let by = by(replica)?;
                replica.release_hold(&by, &args.number).told(globals)?
            }
        };
        show(globals, std::slice::from_ref(&row))?;
        match row.state {
            "asked" => globals.next(&holds::then_sync(l)),
            _ => Ok(()),
        }
    }
}

/// Shows holds.
///
/// # Errors
/// [`Failure`] when standard output can't be written.
pub fn show(globals: &Globals, rows: &[HoldRow]) -> Result<(), Failure> {
    let items: Vec<HoldItem> = rows.iter().map(HoldItem::of).collect();
    globals.show("hold", &items, |items| table(globals.language, items))
}

fn table(l: Language, items: &[HoldItem]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::number(l)),
        Column::Left(headings::site(l)),
        Column::Left(headings::receipt(l)),
        Column::Left(headings::sku(l)),
        Column::Right(headings::quantity(l)),
        Column::Right(headings::kept(l)),
        Column::Left(headings::until(l)),
        Column::Left(headings::state(l)),
    ]);
    for item in items {
        let state = names::hold_state(l, item.refusal.unwrap_or(item.state));
        for line in &item.lines {
            table.row([
                item.number.clone(),
                item.site.clone(),
                item.receipt.clone(),
                line.sku.clone(),
                line.quantity.clone(),
                line.left.clone(),
                item.until.as_deref().map(minute).unwrap_or_default(),
                state.clone(),
            ]);
        }
    }
    table
}
