//! `supplier-return`: goods that go back to their supplier, and what becomes of the claim.

use clap::{Args, Subcommand};
use guicang_domain::account::Account;
use guicang_domain::document::Kind;
use guicang_domain::ids::{Lot, ReasonCode, SiteId};
use guicang_domain::money::UnitPrice;
use guicang_domain::resolution::LossOwner;
use guicang_domain::supplier_return::Settled;
use guicang_replica::{
    CloseClaim, CommandError, OpenClaims, RaiseClaim, Replica, ShipClaim, SupplierReturnFilter,
    SupplierReturnRow,
};
use serde::Serialize;

use crate::exit::{Failure, Told};
use crate::format::{Column, Table, minute};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{headings, names, next, results};
use crate::verbs::{WhenArgs, named, parse, supplier};

/// The commands on supplier returns.
#[derive(Debug, Clone, Subcommand)]
pub enum SupplierReturnVerb {
    /// Set goods apart for their supplier
    #[command(
        after_help = "Examples:\n  guicang supplier-return raise --supplier YW1 --item 85123A=10 --price 20 --reason defective\n  guicang supplier-return raise --supplier YW1 --item 85123A=10 --from sellable --reason other"
    )]
    Raise(RaiseArgs),
    /// Ship goods that were set apart: the claim opens
    #[command(
        after_help = "Examples:\n  guicang supplier-return ship CT-S01A-000001\n  guicang supplier-return ship CT-S01A-000001 --item 85123A=4 --carrier SF --tracking SF123"
    )]
    Ship(ShipArgs),
    /// Close a part of a claim
    #[command(
        after_help = "Examples:\n  guicang supplier-return close CT-S01A-000001 --as credited --item 85123A=8 --price 15\n  guicang supplier-return close CT-S01A-000001 --as sent_back"
    )]
    Close(CloseArgs),
    /// Let what was not shipped go back to where it was
    #[command(after_help = "Examples:\n  guicang supplier-return cancel CT-S01A-000001")]
    Cancel(CancelArgs),
    /// List supplier returns
    #[command(
        after_help = "Examples:\n  guicang supplier-return list\n  guicang supplier-return list --open --json"
    )]
    List(ListArgs),
    /// Show a supplier return
    #[command(after_help = "Examples:\n  guicang supplier-return show CT-S01A-000001")]
    Show(ShowArgs),
    /// Show what is open, by supplier
    #[command(after_help = "Examples:\n  guicang supplier-return open --json")]
    Open(OpenArgs),
}

impl SupplierReturnVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused or the file failed; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        match self {
            SupplierReturnVerb::Raise(args) => args.run(replica, globals),
            SupplierReturnVerb::Ship(args) => args.run(replica, globals),
            SupplierReturnVerb::Close(args) => args.run(replica, globals),
            SupplierReturnVerb::Cancel(args) => args.run(replica, globals),
            SupplierReturnVerb::List(args) => args.run(replica, globals),
            SupplierReturnVerb::Show(args) => args.run(replica, globals),
            SupplierReturnVerb::Open(args) => args.run(replica, globals),
        }
    }
}

/// Goods for a supplier.
#[derive(Debug, Clone, Args)]
pub struct RaiseArgs {
    /// The supplier's code
    #[arg(long, value_name = "CODE")]
    pub supplier: String,
    /// What goes back: SKU, or SKU=2; may be repeated
    #[arg(long = "item", value_name = "SKU=QTY", required = true)]
    pub items: Vec<parse::Item>,
    /// Where it is: defective, sellable, or supplier_hold when an inspection set it apart
    #[arg(long, value_name = "ACCOUNT", default_value = "defective")]
    pub from: Account,
    /// Why, as a code of the organisation's list
    #[arg(long)]
    pub reason: ReasonCode,
    /// What is claimed for one; what it cost if not said
    #[arg(long)]
    pub price: Option<UnitPrice>,
    /// The lot
    #[arg(long)]
    pub lot: Option<Lot>,
    /// The place within the site
    #[arg(long)]
    pub place: Option<String>,
    /// A note
    #[arg(long)]
    pub note: Option<String>,
    /// The site; only HQ has to say
    #[arg(long)]
    pub site: Option<SiteId>,
    /// When.
    #[command(flatten)]
    pub when: WhenArgs,
}

/// Goods that leave.
#[derive(Debug, Clone, Args)]
pub struct ShipArgs {
    /// The supplier return's number or identity
    pub number: String,
    /// What leaves: SKU, or SKU=2; all that was set apart if none is named
    #[arg(long = "item", value_name = "SKU=QTY")]
    pub items: Vec<parse::Item>,
    /// The carrier
    #[arg(long)]
    pub carrier: Option<String>,
    /// The carrier's number
    #[arg(long)]
    pub tracking: Option<String>,
    /// When.
    #[command(flatten)]
    pub when: WhenArgs,
}

/// How a part of a claim ends.
#[derive(Debug, Clone, Args)]
pub struct CloseArgs {
    /// The supplier return's number or identity
    pub number: String,
    /// How it ends: credited, exchanged, sent_back, written_off
    #[arg(long = "as", value_name = "SETTLEMENT")]
    pub settled: Settled,
    /// What of it: SKU, or SKU=2; all that is open if none is named
    #[arg(long = "item", value_name = "SKU=QTY")]
    pub items: Vec<parse::Item>,
    /// What was credited for one
    #[arg(long)]
    pub price: Option<UnitPrice>,
    /// Who bears what was claimed and not credited; the company if not said
    #[arg(long)]
    pub owner: Option<LossOwner>,
    /// The supplier's reference, such as a credit note's number
    #[arg(long)]
    pub reference: Option<String>,
    /// When.
    #[command(flatten)]
    pub when: WhenArgs,
}

/// What is called off.
#[derive(Debug, Clone, Args)]
pub struct CancelArgs {
    /// The supplier return's number or identity
    pub number: String,
    /// When.
    #[command(flatten)]
    pub when: WhenArgs,
}

/// Which supplier returns.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Of this site only
    #[arg(long)]
    pub site: Option<SiteId>,
    /// Of this supplier only
    #[arg(long, value_name = "NAME")]
    pub supplier: Option<String>,
    /// Only those of whose claim something is open
    #[arg(long)]
    pub open: bool,
    /// At most so many, the newest first
    #[arg(long, default_value_t = 100)]
    pub limit: u32,
}

/// Which supplier return.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The supplier return's number or identity
    pub number: String,
}

/// What is open.
#[derive(Debug, Clone, Args)]
pub struct OpenArgs {
    /// Of this site only
    #[arg(long)]
    pub site: Option<SiteId>,
}

/// A supplier return, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct SupplierReturnItem {
    id: String,
    number: String,
    site: String,
    supplier: String,
    raised: Option<String>,
    shipped: Option<String>,
    states: Vec<String>,
    lines: Vec<Line>,
    claimed: String,
    credited: String,
    open: String,
    lost: String,
    currency: String,
    note: Option<String>,
}

#[derive(Debug, Serialize)]
struct Line {
    line: String,
    sku: String,
    lot: Option<String>,
    quantity: String,
    from: String,
    reason: String,
    price: String,
    held: String,
    shipped: String,
    credited: String,
    exchanged: String,
    sent_back: String,
    written_off: String,
    open: String,
}

/// What is open with a supplier, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct OpenItem {
    supplier: String,
    claims: u64,
    quantity: String,
    value: String,
    currency: String,
    oldest: String,
}

impl SupplierReturnItem {
    /// The replica's row as its item.
    pub fn of(row: &SupplierReturnRow) -> Self {
        let money = |amount| row.currency.format(amount);
        let line = |line: &guicang_replica::ClaimLineRow| Line {
            line: line.line.to_string(),
            sku: line.sku.to_string(),
            lot: line.lot.as_ref().map(ToString::to_string),
            quantity: line.quantity.to_string(),
            from: line.from.to_string(),
            reason: line.reason.to_string(),
            price: line.price.to_string(),
            held: line.claim.held.to_string(),
            shipped: line.claim.shipped.to_string(),
            credited: line.ended(Settled::Credited).to_string(),
            exchanged: line.ended(Settled::Exchanged).to_string(),
            sent_back: line.ended(Settled::SentBack).to_string(),
            written_off: line.ended(Settled::WrittenOff).to_string(),
            open: line.claim.open().to_string(),
        };
        Self {
            id: row.id.to_string(),
            number: row.number.to_string(),
            site: row.site.to_string(),
            supplier: row.supplier.clone(),
            raised: row.raised.map(|r| r.to_rfc3339()),
            shipped: row.shipped.map(|s| s.to_rfc3339()),
            states: row.states.clone(),
            lines: row.lines.iter().map(line).collect(),
            claimed: money(row.claimed),
            credited: money(row.credited),
            open: money(row.open_value),
            lost: money(row.lost),
            currency: row.currency.to_string(),
            note: row.note.clone(),
        }
    }

    fn state_names(&self, l: Language) -> String {
        self.states.iter().map(|s| names::claim_state(l, s)).collect::<Vec<_>>().join(" / ")
    }
}

impl OpenItem {
    fn of(open: &OpenClaims) -> Self {
        Self {
            supplier: open.supplier.clone(),
            claims: open.claims,
            quantity: open.quantity.to_string(),
            value: open.currency.format(open.value),
            currency: open.currency.to_string(),
            oldest: open.oldest.to_rfc3339(),
        }
    }
}

impl RaiseArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.when.by(replica, globals, self.site.as_ref())?;
        let raise = RaiseClaim {
            site: self.site.clone(),
            supplier: self.supplier.clone(),
            items: named(&self.items),
            from: self.from,
            reason: self.reason.clone(),
            price: self.price,
            lot: self.lot.clone(),
            place: self.place.clone().unwrap_or_default(),
            note: self.note.clone(),
        };
        let row = replica.raise_claim(&by, raise).told(globals)?;
        supplier::note_unknown(replica, globals, [&row.supplier])?;
        show_outcome(globals, &row)
    }
}

impl ShipArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.when.by(replica, globals, None)?;
        let ship = ShipClaim {
            number: self.number.clone(),
            items: named(&self.items),
            carrier: self.carrier.clone(),
            tracking: self.tracking.clone(),
        };
        let row = replica.ship_claim(&by, ship).told(globals)?;
        show_outcome(globals, &row)
    }
}

impl CloseArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.when.by(replica, globals, None)?;
        let close = CloseClaim {
            number: self.number.clone(),
            items: named(&self.items),
            settled: self.settled,
            price: self.price,
            owner: self.owner.clone(),
            reference: self.reference.clone(),
        };
        let row = replica.close_claim(&by, close).told(globals)?;
        if let Some(LossOwner::Supplier(owner)) = &self.owner {
            supplier::note_unknown(replica, globals, [owner])?;
        }
        show_outcome(globals, &row)
    }
}

impl CancelArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.when.by(replica, globals, None)?;
        let row = replica.cancel_claim(&by, &self.number).told(globals)?;
        show_outcome(globals, &row)
    }
}

impl ListArgs {
    fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let filter = SupplierReturnFilter {
            site: self.site.clone(),
            supplier: self.supplier.clone(),
            open: self.open,
            limit: Some(self.limit),
        };
        let rows = replica.supplier_returns(&filter).told(globals)?;
        let items: Vec<SupplierReturnItem> = rows.iter().map(SupplierReturnItem::of).collect();
        globals.show("supplier-return", &items, |items| table(l, items))?;
        match items.first() {
            Some(item) => globals.next(&next::show_supplier_return(l, globals.program, &item.number)),
            None => globals.next(&next::help(l, globals.program, "supplier-return raise")),
        }
    }
}

impl ShowArgs {
    fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let kind = Kind::SupplierReturn;
        let unknown = || CommandError::UnknownDocument { kind, found: self.number.clone() };
        let found = replica.find_supplier_return(&self.number).told(globals)?;
        let row = found.ok_or_else(unknown).told(globals)?;
        let l = globals.language;
        globals.show("supplier-return", &[SupplierReturnItem::of(&row)], |items| details(l, items))?;
        globals.next(&what_next(globals, &row))
    }
}

impl OpenArgs {
    fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let open = replica.open_claims(self.site.as_ref()).told(globals)?;
        let items: Vec<OpenItem> = open.iter().map(OpenItem::of).collect();
        globals.show("supplier-return-open", &items, |items| {
            let mut table = Table::new([
                Column::Left(headings::supplier(l)),
                Column::Right(headings::count(l)),
                Column::Right(headings::quantity(l)),
                Column::Right(headings::claimed(l)),
                Column::Left(headings::currency(l)),
                Column::Left(headings::oldest(l)),
            ]);
            for item in items {
                table.row([
                    item.supplier.clone(),
                    item.claims.to_string(),
                    item.quantity.clone(),
                    item.value.clone(),
                    item.currency.clone(),
                    minute(&item.oldest),
                ]);
            }
            table
        })?;
        globals.next(&next::supplier_returns(l, globals.program))
    }
}

fn show_outcome(globals: &Globals, row: &SupplierReturnRow) -> Result<(), Failure> {
    let l = globals.language;
    let item = SupplierReturnItem::of(row);
    let states = item.state_names(l);
    globals.show("supplier-return", &[item], |items| details(l, items))?;
    globals.say(&results::supplier_return_done(l, &row.number, &states))?;
    globals.next(&what_next(globals, row))
}

fn what_next(globals: &Globals, row: &SupplierReturnRow) -> String {
    let (l, program, number) = (globals.language, globals.program, row.number.to_string());
    let has = |state: &str| row.states.iter().any(|s| s == state);
    if has("raised") {
        next::ship_claim(l, program, &number)
    } else if has("shipped") || has("part_closed") {
        next::close_claim(l, program, &number)
    } else {
        next::supplier_returns(l, program)
    }
}

fn table(l: Language, items: &[SupplierReturnItem]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::number(l)),
        Column::Left(headings::site(l)),
        Column::Left(headings::supplier(l)),
        Column::Left(headings::occurred(l)),
        Column::Left(headings::goods(l)),
        Column::Left(headings::state(l)),
        Column::Right(headings::claimed(l)),
        Column::Right(headings::credited(l)),
        Column::Right(headings::open(l)),
    ]);
    for item in items {
        let goods = item.lines.iter().map(|line| format!("{}={}", line.sku, line.quantity));
        table.row([
            item.number.clone(),
            item.site.clone(),
            item.supplier.clone(),
            item.raised.as_deref().map(minute).unwrap_or_default(),
            goods.collect::<Vec<_>>().join(" "),
            item.state_names(l),
            item.claimed.clone(),
            item.credited.clone(),
            item.open.clone(),
        ]);
    }
    table
}

/// Supplier returns, each in full.
fn details(l: Language, items: &[SupplierReturnItem]) -> String {
    items.iter().map(|item| one(l, item)).collect::<Vec<_>>().join("\n\n")
}

fn one(l: Language, item: &SupplierReturnItem) -> String {
    let mut table = Table::new([
        Column::Left(headings::sku(l)),
        Column::Right(headings::quantity(l)),
        Column::Right(headings::price(l)),
        Column::Right(headings::held(l)),
        Column::Right(headings::shipped(l)),
        Column::Left(headings::settled(l)),
        Column::Right(headings::open(l)),
    ]);
    for line in &item.lines {
        let ended = [
            ("credited", &line.credited),
            ("exchanged", &line.exchanged),
            ("sent_back", &line.sent_back),
            ("written_off", &line.written_off),
        ];
        let ended = ended.iter().filter(|(_, quantity)| *quantity != "0");
        let ended = ended.map(|(how, quantity)| format!("{} {quantity}", names::claim_state(l, how)));
        table.row([
            line.sku.clone(),
            line.quantity.clone(),
            line.price.clone(),
            line.held.clone(),
            line.shipped.clone(),
            ended.collect::<Vec<_>>().join(", "),
            line.open.clone(),
        ]);
    }
    let raised = item.raised.as_deref().map(minute).unwrap_or_default();
    let claim = results::claim_line(l, &item.claimed, &item.credited, &item.lost, &item.open, &item.currency);
    format!(
        "{}  {}  {}  {raised}  {}\n{table}\n{claim}",
        item.number,
        item.site,
        item.supplier,
        item.state_names(l)
    )
}
