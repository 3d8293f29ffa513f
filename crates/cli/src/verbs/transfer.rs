//! `transfer`: goods sent to another site, received there, and what is missing accounted for.

use clap::{Args, Subcommand};
use guicang_domain::ids::{Lot, SiteId};
use guicang_domain::quantity::Quantity;
use guicang_domain::resolution::LossOwner;
use guicang_domain::transfer::Outcome;
use guicang_replica::{
    CloseTransfer, CommandError, PassageRow, ReceiveTransfer, Replica, SendTransfer, TransferFilter,
    TransferRow,
};
use serde::Serialize;

use crate::exit::{Failure, Told};
use crate::format::{Column, Table, minute};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{headings, names, next, results};
use crate::verbs::{WhenArgs, named, parse};

/// The commands on transfers.
#[derive(Debug, Clone, Subcommand)]
pub enum TransferVerb {
    /// Send goods to another site
    #[command(after_help = "Examples:\n  guicang transfer send --to S02 --item 85123A=10 --item 71053=2")]
    Send(SendArgs),
    /// Receive goods from another site, all or a part
    #[command(
        after_help = "Examples:\n  guicang transfer receive DB-S01A-000001\n  guicang transfer receive DB-S01A-000001 --item 85123A=9 --complete\n  guicang transfer receive DB-S01A-000001 --from S01 --item 85123A=9"
    )]
    Receive(ReceiveArgs),
    /// Say what became of goods that are missing
    #[command(
        after_help = "Examples:\n  guicang transfer close DB-S01A-000001 --as late\n  guicang transfer close DB-S01A-000001 --as lost --item 85123A=1 --owner site:S01"
    )]
    Close(CloseArgs),
    /// Take back the latest entry on a transfer; both stay
    #[command(after_help = "Examples:\n  guicang transfer reverse DB-S01A-000001")]
    Reverse(ReverseArgs),
    /// List transfers
    #[command(after_help = "Examples:\n  guicang transfer list\n  guicang transfer list --in-transit --json")]
    List(ListArgs),
    /// Show a transfer
    #[command(after_help = "Examples:\n  guicang transfer show DB-S01A-000001")]
    Show(ShowArgs),
}

impl TransferVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused or the file failed; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        match self {
            TransferVerb::Send(args) => args.run(replica, globals),
            TransferVerb::Receive(args) => args.run(replica, globals),
            TransferVerb::Close(args) => args.run(replica, globals),
            TransferVerb::Reverse(args) => args.run(replica, globals),
            TransferVerb::List(args) => args.run(replica, globals),
            TransferVerb::Show(args) => args.run(replica, globals),
        }
    }
}

/// Goods that leave.
#[derive(Debug, Clone, Args)]
pub struct SendArgs {
    /// The site that they go to
    #[arg(long, value_name = "SITE")]
    pub to: SiteId,
    /// What leaves: SKU, or SKU=2; may be repeated
    #[arg(long = "item", value_name = "SKU=QTY", required = true)]
    pub items: Vec<parse::Item>,
    /// The lot
    #[arg(long)]
    pub lot: Option<Lot>,
    /// The place that they leave from
    #[arg(long)]
    pub place: Option<String>,
    /// A note
    #[arg(long)]
    pub note: Option<String>,
    /// The site that sends; only HQ has to say
    #[arg(long)]
    pub site: Option<SiteId>,
    /// When.
    #[command(flatten)]
    pub when: WhenArgs,
}

/// Goods that arrive.
#[derive(Debug, Clone, Args)]
pub struct ReceiveArgs {
    /// The transfer's number, as the papers say
    pub number: String,
    /// What arrived: SKU, or SKU=2; all that is under way if none is named
    #[arg(long = "item", value_name = "SKU=QTY")]
    pub items: Vec<parse::Item>,
    /// The site that sent them, where the transfer may not be known here yet
    #[arg(long, value_name = "SITE")]
    pub from: Option<SiteId>,
    /// The place where they are put
    #[arg(long)]
    pub place: Option<String>,
    /// More than was sent is meant
    #[arg(long)]
    pub over: bool,
    /// Nothing more comes: what lacks is missing
    #[arg(long)]
    pub complete: bool,
    /// The site that receives; only HQ has to say
    #[arg(long)]
    pub site: Option<SiteId>,
    /// When.
    #[command(flatten)]
    pub when: WhenArgs,
}

/// What became of missing goods.
#[derive(Debug, Clone, Args)]
pub struct CloseArgs {
    /// The transfer's number or identity
    pub number: String,
    /// What became of it: late (it turned up), never_left, lost
    #[arg(long = "as", value_name = "OUTCOME")]
    pub outcome: Outcome,
    /// What of it: SKU, or SKU=2; all that is missing if none is named
    #[arg(long = "item", value_name = "SKU=QTY")]
    pub items: Vec<parse::Item>,
    /// Who bears what is lost: company, site:CODE, supplier:CODE; the company if not said
    #[arg(long)]
    pub owner: Option<LossOwner>,
    /// The place where it was put
    #[arg(long)]
    pub place: Option<String>,
    /// When.
    #[command(flatten)]
    pub when: WhenArgs,
}

/// What is taken back.
#[derive(Debug, Clone, Args)]
pub struct ReverseArgs {
    /// The transfer's number or identity
    pub number: String,
    /// When.
    #[command(flatten)]
    pub when: WhenArgs,
}

/// Which transfers.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Sent or received by this site only
    #[arg(long)]
    pub site: Option<SiteId>,
    /// Only what is under way or awaits its dispatch, the oldest first
    #[arg(long)]
    pub in_transit: bool,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    pub limit: u32,
}

/// Which transfer.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The transfer's number or identity
    pub number: String,
}

/// A transfer, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct TransferItem {
    id: String,
    number: String,
    from: String,
    to: String,
    papers: Option<String>,
    deliveries: Vec<String>,
    since: Option<String>,
    days: Option<i64>,
    states: Vec<String>,
    goods: Vec<Goods>,
    losses: Vec<Loss>,
    currency: String,
    note: Option<String>,
}

#[derive(Debug, Serialize)]
struct Goods {
    sku: String,
    lot: Option<String>,
    sent: String,
    arrived: String,
    over: String,
    never_left: String,
    lost: String,
    open: String,
}

#[derive(Debug, Serialize)]
struct Loss {
    owner: String,
    amount: String,
}

impl TransferItem {
    /// The replica's row as its item.
    pub fn of(row: &TransferRow) -> Self {
        let loss = |(owner, amount): &(LossOwner, _)| Loss {
            owner: owner.to_string(),
            amount: row.currency.format(*amount),
        };
        Self {
            id: row.id.to_string(),
            number: row.number.to_string(),
            from: row.from.to_string(),
            to: row.to.to_string(),
            papers: row.papers.as_ref().map(ToString::to_string),
            deliveries: row.deliveries.iter().map(ToString::to_string).collect(),
            since: row.since.map(|s| s.to_rfc3339()),
            days: row.days,
            states: row.states.clone(),
            goods: row.goods.iter().map(Goods::of).collect(),
            losses: row.losses.iter().map(loss).collect(),
            currency: row.currency.to_string(),
            note: row.note.clone(),
        }
    }

    fn state_names(&self, l: Language) -> String {
        self.states.iter().map(|s| names::transfer_state(l, s)).collect::<Vec<_>>().join(" / ")
    }
}

impl Goods {
    fn of(row: &PassageRow) -> Self {
        let passage = &row.passage;
        Self {
            sku: row.sku.to_string(),
            lot: row.lot.as_ref().map(ToString::to_string),
            sent: passage.sent.to_string(),
            arrived: passage.arrived.to_string(),
            over: passage.over.to_string(),
            never_left: passage.never_left.to_string(),
            lost: passage.lost.to_string(),
            open: passage.open().max(Quantity::ZERO).to_string(),
        }
    }
}

impl SendArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.when.by(replica, globals, self.site.as_ref())?;
        let send = SendTransfer {
            from: self.site.clone(),
            to: self.to.clone(),
            items: named(&self.items),
            lot: self.lot.clone(),
            place: self.place.clone().unwrap_or_default(),
            note: self.note.clone(),
        };
        let row = replica.send_transfer(&by, send).told(globals)?;
        show_outcome(globals, &row)
    }
}

impl ReceiveArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.when.by(replica, globals, self.site.as_ref())?;
        let receive = ReceiveTransfer {
            number: self.number.clone(),
            at: self.site.clone(),
            from: self.from.clone(),
            items: named(&self.items),
            place: self.place.clone().unwrap_or_default(),
            over: self.over,
            complete: self.complete,
        };
        let row = replica.receive_transfer(&by, receive).told(globals)?;
        show_outcome(globals, &row)
    }
}

impl CloseArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.when.by(replica, globals, None)?;
        let close = CloseTransfer {
            number: self.number.clone(),
            items: named(&self.items),
            outcome: self.outcome,
            owner: self.owner.clone(),
            place: self.place.clone().unwrap_or_default(),
        };
        let row = replica.close_transfer(&by, close).told(globals)?;
        show_outcome(globals, &row)
    }
}

impl ReverseArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.when.by(replica, globals, None)?;
        let row = replica.reverse_transfer(&by, &self.number).told(globals)?;
        show_outcome(globals, &row)
    }
}

impl ListArgs {
    fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let (site, limit) = (self.site.clone(), Some(self.limit));
        let filter = TransferFilter { site, in_transit: self.in_transit, limit };
        let rows = replica.transfers(&filter).told(globals)?;
        let items: Vec<TransferItem> = rows.iter().map(TransferItem::of).collect();
        globals.show("transfer", &items, |items| table(l, items))?;
        match items.first() {
            Some(item) => globals.next(&next::show_transfer(l, globals.program, &item.number)),
            None => globals.next(&next::help(l, globals.program, "transfer send")),
        }
    }
}

impl ShowArgs {
    fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let kind = guicang_domain::document::Kind::Transfer;
        let unknown = || CommandError::UnknownDocument { kind, found: self.number.clone() };
        let row = replica.find_transfer(&self.number).told(globals)?.ok_or_else(unknown).told(globals)?;
        let l = globals.language;
        globals.show("transfer", &[TransferItem::of(&row)], |items| details(l, items))?;
        globals.next(&what_next(globals, &row))
    }
}

fn show_outcome(globals: &Globals, row: &TransferRow) -> Result<(), Failure> {
    let l = globals.language;
    let item = TransferItem::of(row);
    let states = item.state_names(l);
    globals.show("transfer", &[item], |items| details(l, items))?;
    globals.say(&results::transfer_done(l, &row.number, &states))?;
    globals.next(&what_next(globals, row))
}

fn what_next(globals: &Globals, row: &TransferRow) -> String {
    let (l, program, number) = (globals.language, globals.program, row.number.to_string());
    let has = |state: &str| row.states.iter().any(|s| s == state);
    if has("missing") {
        next::close_transfer(l, program, &number)
    } else if has("in_transit") || has("part_received") {
        next::receive_transfer(l, program, &number, &row.to)
    } else {
        next::transfers(l, program)
    }
}

fn table(l: Language, items: &[TransferItem]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::number(l)),
        Column::Left(headings::from(l)),
        Column::Left(headings::to(l)),
        Column::Left(headings::occurred(l)),
        Column::Right(headings::days(l)),
        Column::Left(headings::goods(l)),
        Column::Left(headings::state(l)),
    ]);
    for item in items {
        let goods = item.goods.iter().map(|g| match g.sent.as_str() {
            "0" => format!("{}+{}", g.sku, if g.over == "0" { &g.arrived } else { &g.over }),
            sent => format!("{}={sent}", g.sku),
        });
        table.row([
            item.number.clone(),
            item.from.clone(),
            item.to.clone(),
            item.since.as_deref().map(minute).unwrap_or_default(),
            item.days.map(|d| d.to_string()).unwrap_or_default(),
            goods.collect::<Vec<_>>().join(" "),
            item.state_names(l),
        ]);
    }
    table
}

/// Transfers, each in full.
fn details(l: Language, items: &[TransferItem]) -> String {
    items.iter().map(|item| one(l, item)).collect::<Vec<_>>().join("\n\n")
}

fn one(l: Language, item: &TransferItem) -> String {
    let mut table = Table::new([
        Column::Left(headings::sku(l)),
        Column::Left(headings::lot(l)),
        Column::Right(headings::sent(l)),
        Column::Right(headings::arrived(l)),
        Column::Right(headings::over(l)),
        Column::Right(headings::never_left(l)),
        Column::Right(headings::lost(l)),
        Column::Right(headings::open(l)),
    ]);
    let blank = |text: &str| if text == "0" { String::new() } else { text.to_owned() };
    for goods in &item.goods {
        table.row([
            goods.sku.clone(),
            goods.lot.clone().unwrap_or_default(),
            goods.sent.clone(),
            goods.arrived.clone(),
            blank(&goods.over),
            blank(&goods.never_left),
            blank(&goods.lost),
            blank(&goods.open),
        ]);
    }
    let since = item.since.as_deref().map(minute).unwrap_or_default();
    let head = format!("{}  {} -> {}  {since}  {}", item.number, item.from, item.to, item.state_names(l));
    let mut text = format!("{head}\n{table}");
    if let Some(papers) = &item.papers {
        text.push_str(&format!("\n{}", results::names_dispatch(l, papers)));
    }
    for delivery in &item.deliveries {
        text.push_str(&format!("\n{}", results::joined_delivery(l, delivery)));
    }
    for loss in &item.losses {
        let owner = names::owner(l, &loss.owner);
        text.push_str(&format!("\n{}", results::borne_by(l, &loss.amount, &item.currency, &owner)));
    }
    text
}
