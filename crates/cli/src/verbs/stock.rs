//! `stock`: what is where, and corrections of it.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use guicang_domain::adjustment::Movement;
use guicang_domain::ids::{Lot, ReasonCode, SiteId, Sku};
use guicang_domain::money::UnitPrice;
use guicang_domain::quantity::Quantity;
use guicang_replica::{Adjust, Replica, StockFilter, StockRow};
use serde::Serialize;

use crate::exit::{Failure, Told};
use crate::format::{Column, Table};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{counts, headings, names, next, results};
use crate::verbs::goods::{LostArgs, MarkdownArgs, RepairVerb, ScrapArgs};
use crate::verbs::reservation::{ReleaseArgs, ReservationsArgs, ReserveArgs};
use crate::verbs::{ByArgs, parse};

pub use super::stock_explain::ExplainArgs;

/// The commands on stock.
#[derive(Debug, Clone, Subcommand)]
pub enum StockVerb {
    /// Show what is on hand and what is available
    #[command(
        after_help = "Examples:\n  guicang stock show\n  guicang stock show 85123A --json\n  guicang stock show --site S01"
    )]
    Show(ShowArgs),
    /// Record stock that was found, lost, received or sent back
    #[command(
        after_help = "Examples:\n  guicang stock adjust 85123A --add 50 --reason count --as opening\n  guicang stock adjust 85123A --remove 3 --reason damaged"
    )]
    Adjust(AdjustArgs),
    /// Goods that are away to be repaired
    #[command(subcommand)]
    Repair(RepairVerb),
    /// Scrap goods before a witness, or set them apart for it
    #[command(
        after_help = "Examples:\n  guicang stock scrap 85123A=1 --reason damaged --hold\n  guicang stock scrap 85123A=1 --reason damaged --witness wang"
    )]
    Scrap(ScrapArgs),
    /// Note that goods were lost while they waited to be inspected
    #[command(
        after_help = "Examples:\n  guicang stock lost 85123A=1 --reason unknown\n  guicang stock lost 85123A=1 --reason unknown --return TH-S01A-000001"
    )]
    Lost(LostArgs),
    /// Turn goods into a second, cheaper SKU
    #[command(after_help = "Examples:\n  guicang stock markdown 85123A=2 --into 85123A-B --cost 5")]
    Markdown(MarkdownArgs),
    /// Keep goods for somebody
    #[command(
        after_help = "Examples:\n  guicang stock reserve --item 85123A=5 --until 2026-11-28T18:00 --for \"pick up on Saturday\""
    )]
    Reserve(ReserveArgs),
    /// Release goods that were kept, or note that they were used
    #[command(
        after_help = "Examples:\n  guicang stock release YL-S01A-000001\n  guicang stock release YL-S01A-000001 --item 85123A=2 --used"
    )]
    Release(ReleaseArgs),
    /// List what is kept for whom
    #[command(
        after_help = "Examples:\n  guicang stock reservations\n  guicang stock reservations 85123A --json"
    )]
    Reservations(ReservationsArgs),
    /// Tell an article's story: what happened, step by step, and what was there after it
    #[command(
        after_help = "Examples:\n  guicang stock explain 85123A\n  guicang stock explain 85123A --site S01 --json"
    )]
    Explain(ExplainArgs),
}

impl StockVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused or the file failed; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        match self {
            StockVerb::Show(args) => args.run(replica, globals),
            StockVerb::Adjust(args) => args.run(replica, globals),
            StockVerb::Repair(verb) => verb.run(replica, globals),
            StockVerb::Scrap(args) => args.run(replica, globals),
            StockVerb::Lost(args) => args.run(replica, globals),
            StockVerb::Markdown(args) => args.run(replica, globals),
            StockVerb::Reserve(args) => args.run(replica, globals),
            StockVerb::Release(args) => args.run(replica, globals),
            StockVerb::Reservations(args) => args.run(replica, globals),
            StockVerb::Explain(args) => args.run(replica, globals),
        }
    }
}

/// Which stock.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// Of this article only
    pub sku: Option<String>,
    /// Of this site only; at a branch its own if not said
    #[arg(long)]
    pub site: Option<SiteId>,
}

/// A correction of stock.
#[derive(Debug, Clone, Args)]
#[group(id = "way", required = true, multiple = false, args = ["add", "remove"])]
pub struct AdjustArgs {
    /// The article
    pub sku: String,
    /// How many more there are
    #[arg(long, value_name = "QTY", value_parser = parse::positive)]
    pub add: Option<Quantity>,
    /// How many fewer there are
    #[arg(long, value_name = "QTY", value_parser = parse::positive)]
    pub remove: Option<Quantity>,
    /// Why, as a code: count, damaged, expired, ...
    #[arg(long)]
    pub reason: ReasonCode,
    /// What it is: found or written_off if not said; opening, received, sent_back
    #[arg(long = "as", value_name = "MOVEMENT")]
    pub movement: Option<Movement>,
    /// The lot
    #[arg(long)]
    pub lot: Option<Lot>,
    /// The place within the site
    #[arg(long)]
    pub place: Option<String>,
    /// The cost of one
    #[arg(long)]
    pub cost: Option<UnitPrice>,
    /// A note
    #[arg(long)]
    pub note: Option<String>,
    /// The site; only HQ has to say
    #[arg(long)]
    pub site: Option<SiteId>,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// Stock of an article at a place, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct StockItem {
    site: String,
    place: String,
    sku: String,
    lot: Option<String>,
    on_hand: Option<String>,
    available: Option<String>,
    reserved: Option<String>,
    uncounted: bool,
    /// The blind count that goes on: the figures are `null` meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    being_counted: Option<String>,
    accounts: BTreeMap<String, String>,
}

impl StockItem {
    fn of(row: &StockRow) -> Self {
        let told = |quantity: Quantity| row.being_counted.is_none().then(|| quantity.to_string());
        Self {
            site: row.site.to_string(),
            place: row.place.clone(),
            sku: row.sku.to_string(),
            lot: row.lot.as_ref().map(ToString::to_string),
            on_hand: told(row.on_hand),
            reserved: told(row.reserved),
            available: told(row.available),
            uncounted: row.uncounted,
            being_counted: row.being_counted.clone(),
            accounts: row.accounts.iter().map(|(a, q)| (a.to_string(), q.to_string())).collect(),
        }
    }
}

impl ShowArgs {
    /// Shows it.
    ///
    /// # Errors
    /// [`Failure`] when the SKU is none, or the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let sku = self.sku.as_deref().map(Sku::of).transpose().told(globals)?;
        // Of other sites a branch knows only what concerns it: no stock that anybody could go by.
        let site = self.site.clone().or_else(|| super::here(replica));
        let rows = replica.stock(&StockFilter { site, sku, limit: None }).told(globals)?;
        let items: Vec<StockItem> = rows.iter().map(StockItem::of).collect();
        globals.show("stock", &items, |items| table(l, items))?;
        if items.iter().any(|item| item.uncounted) {
            globals.say(&results::uncounted(l))?;
        }
        globals.next(&next::adjust(l, globals.program))
    }
}

impl AdjustArgs {
    /// Records it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let by = self.by.by(replica, globals, self.site.as_ref())?;
        let (quantity, usual) = match (self.add, self.remove) {
            (Some(quantity), _) => (quantity, Movement::Found),
            (None, Some(quantity)) => (quantity, Movement::WrittenOff),
            (None, None) => (Quantity::ZERO, Movement::Found),
        };
        let movement = self.movement.unwrap_or(usual);
        if movement.removes() != usual.removes() {
            let way = if self.add.is_some() { "--add" } else { "--remove" };
            return Err(Failure::new(
                crate::exit::Exit::Usage,
                crate::texts::failures::wrong_way(l, &names::movement(l, movement.as_str()), way),
                next::correct(l),
            ));
        }
        let adjust = Adjust {
            site: self.site.clone(),
            sku: self.sku.clone(),
            lot: self.lot.clone(),
            place: self.place.clone().unwrap_or_default(),
            movement,
            quantity,
            reason: self.reason.clone(),
            note: self.note.clone(),
            cost: self.cost,
        };
        let outcome = replica.adjust(&by, adjust).told(globals)?;
        let counted = replica.being_counted(&outcome.sku).told(globals)?;
        show_of(replica, globals, &outcome.site, &[outcome.sku])?;
        globals.say(&match counted {
            Some(_) => results::adjusted_alone(l, &outcome.number),
            None => results::adjusted(l, &outcome.number, &outcome.on_hand, &outcome.available),
        })?;
        super::next_after_write(globals)
    }
}

/// Shows a site's stock of articles.
pub(super) fn show_of(
    replica: &Replica,
    globals: &Globals,
    site: &SiteId,
    skus: &[Sku],
) -> Result<(), Failure> {
    let mut items = Vec::new();
    for sku in skus {
        let filter = StockFilter { site: Some(site.clone()), sku: Some(sku.clone()), limit: None };
        items.extend(replica.stock(&filter).told(globals)?.iter().map(StockItem::of));
    }
    globals.show("stock", &items, |items| table(globals.language, items))
}

fn table(l: Language, items: &[StockItem]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::site(l)),
        Column::Left(headings::sku(l)),
        Column::Left(headings::lot(l)),
        Column::Right(headings::on_hand(l)),
        Column::Right(headings::reserved(l)),
        Column::Right(headings::available(l)),
        Column::Left(headings::accounts(l)),
    ]);
    for item in items {
        let site =
            if item.place.is_empty() { item.site.clone() } else { format!("{}/{}", item.site, item.place) };
        let accounts = item.accounts.iter().filter(|(_, quantity)| quantity.as_str() != "0");
        let accounts =
            accounts.map(|(account, quantity)| format!("{} {quantity}", names::account(l, account)));
        let mark = if item.uncounted { "*" } else { "" };
        let shown = |figure: &Option<String>| figure.clone().unwrap_or_default();
        let reserved = shown(&item.reserved);
        table.row([
            site,
            item.sku.clone(),
            item.lot.clone().unwrap_or_default(),
            format!("{}{mark}", shown(&item.on_hand)),
            if reserved == "0" { String::new() } else { reserved },
            shown(&item.available),
            match &item.being_counted {
                Some(count) => counts::being_counted(l, count),
                None => accounts.collect::<Vec<_>>().join(", "),
            },
        ]);
    }
    table
}
