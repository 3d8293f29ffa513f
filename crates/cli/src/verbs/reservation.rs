//! `stock reserve`, `stock release`, `stock reservations`: goods kept for somebody.

use clap::Args;
use guicang_domain::ids::{Lot, SiteId, Sku};
use guicang_domain::time::Occurred;
use guicang_replica::{Replica, ReservationFilter, ReservationRow, Reserve, Unreserve};
use serde::Serialize;

use crate::exit::{Failure, Told};
use crate::format::{Column, Table, minute};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{headings, names, next, results};
use crate::verbs::{WhenArgs, here, named, parse};

/// Goods to be kept.
#[derive(Debug, Clone, Args)]
pub struct ReserveArgs {
    /// What is kept: SKU, or SKU=2; may be repeated
    #[arg(long = "item", value_name = "SKU=QTY", required = true)]
    pub items: Vec<parse::Item>,
    /// Until when, such as 2026-11-23T18:00; until it is released if not said
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// For whom or what; no names or phones of customers
    #[arg(long = "for", value_name = "PURPOSE")]
    pub purpose: Option<String>,
    /// The lot
    #[arg(long)]
    pub lot: Option<Lot>,
    /// The place within the site
    #[arg(long)]
    pub place: Option<String>,
    /// The site; only HQ has to say
    #[arg(long)]
    pub site: Option<SiteId>,
    /// When.
    #[command(flatten)]
    pub when: WhenArgs,
}

/// Goods that are kept no longer.
#[derive(Debug, Clone, Args)]
pub struct ReleaseArgs {
    /// The reservation's number or identity
    pub number: String,
    /// What of it: SKU, or SKU=2; all that is still kept if none is named
    #[arg(long = "item", value_name = "SKU=QTY")]
    pub items: Vec<parse::Item>,
    /// It went where it was meant to: sold, or sent
    #[arg(long)]
    pub used: bool,
    /// When.
    #[command(flatten)]
    pub when: WhenArgs,
}

/// Which reservations.
#[derive(Debug, Clone, Args)]
pub struct ReservationsArgs {
    /// Of this article only
    pub sku: Option<String>,
    /// Of this site only
    #[arg(long)]
    pub site: Option<SiteId>,
    /// Those that have ended, too
    #[arg(long)]
    pub all: bool,
}

/// A reservation, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct ReservationItem {
    id: String,
    number: String,
    site: String,
    state: &'static str,
    purpose: Option<String>,
    until: Option<String>,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    line: String,
    sku: String,
    lot: Option<String>,
    place: String,
    quantity: String,
    kept: String,
}

impl ReservationItem {
    fn of(row: &ReservationRow) -> Self {
        let kept = row.lines.iter().any(|l| l.kept.is_positive());
        Self {
            id: row.id.to_string(),
            number: row.number.to_string(),
            site: row.site.to_string(),
            state: match (kept, row.expired) {
                (false, _) => "ended",
                (true, true) => "expired",
                (true, false) => "kept",
            },
            purpose: row.purpose.clone(),
            until: row.until.map(|u| u.to_rfc3339()),
            lines: row
                .lines
                .iter()
                .map(|line| Line {
                    line: line.line.to_string(),
                    sku: line.sku.to_string(),
                    lot: line.lot.as_ref().map(ToString::to_string),
                    place: line.place.clone(),
                    quantity: line.quantity.to_string(),
                    kept: line.kept.to_string(),
                })
                .collect(),
        }
    }
}

impl ReserveArgs {
    /// Records it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.when.by(replica, globals, self.site.as_ref())?;
        let until = match &self.until {
            Some(text) => {
                let site = self.site.clone().or_else(|| here(replica));
                let zone = replica.zone_of(site.as_ref()).told(globals)?;
                Some(Occurred::parse(text, zone).told(globals)?)
            }
            None => None,
        };
        let reserve = Reserve {
            site: self.site.clone(),
            items: named(&self.items),
            lot: self.lot.clone(),
            place: self.place.clone().unwrap_or_default(),
            purpose: self.purpose.clone(),
            until,
        };
        let row = replica.reserve(&by, reserve).told(globals)?;
        show(globals, &row)
    }
}

impl ReleaseArgs {
    /// Records it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.when.by(replica, globals, None)?;
        let unreserve = Unreserve { number: self.number.clone(), items: named(&self.items), used: self.used };
        let row = replica.unreserve(&by, &unreserve).told(globals)?;
        show(globals, &row)
    }
}

impl ReservationsArgs {
    /// Lists them.
    ///
    /// # Errors
    /// [`Failure`] when the SKU is none, or the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let sku = self.sku.as_deref().map(Sku::of).transpose().told(globals)?;
        let filter = ReservationFilter { site: self.site.clone(), sku, all: self.all };
        let rows = replica.reservations(&filter).told(globals)?;
        let items: Vec<ReservationItem> = rows.iter().map(ReservationItem::of).collect();
        globals.show("reservation", &items, |items| table(l, items))?;
        match items.first() {
            Some(item) => globals.next(&next::release(l, globals.program, &item.number)),
            None => globals.next(&next::help(l, globals.program, "stock reserve")),
        }
    }
}

fn show(globals: &Globals, row: &ReservationRow) -> Result<(), Failure> {
    let l = globals.language;
    let item = ReservationItem::of(row);
    let (number, state) = (item.number.clone(), item.state);
    globals.show("reservation", &[item], |items| table(l, items))?;
    globals.say(&results::reservation_done(l, &number, &names::reservation_state(l, state)))?;
    match state {
        "kept" => globals.next(&next::release(l, globals.program, &number)),
        _ => globals.next(&next::stock(l, globals.program)),
    }
}

fn table(l: Language, items: &[ReservationItem]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::number(l)),
        Column::Left(headings::site(l)),
        Column::Left(headings::sku(l)),
        Column::Right(headings::quantity(l)),
        Column::Right(headings::kept(l)),
        Column::Left(headings::until(l)),
        Column::Left(headings::state(l)),
        Column::Left(headings::purpose(l)),
    ]);
    for item in items {
        for line in &item.lines {
            table.row([
                item.number.clone(),
                item.site.clone(),
                line.sku.clone(),
                line.quantity.clone(),
                line.kept.clone(),
                item.until.as_deref().map(minute).unwrap_or_default(),
                names::reservation_state(l, item.state),
                item.purpose.clone().unwrap_or_default(),
            ]);
        }
    }
    table
}
