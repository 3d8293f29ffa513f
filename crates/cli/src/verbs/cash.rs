//! `cash`: the cash book by shift and day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use guicang_domain::cash::{CashFlow, CashReason, CashWay};
use guicang_domain::ids::{SiteId, TillId};
use guicang_domain::money::{Amount, Currency};
use guicang_replica::{
    CashFilter, CashMistake, CashMoved, CashOpen, CashShiftRow, CommandError, Replica, WhichShift,
};
use serde::Serialize;

use crate::exit::{Failure, Told};
use crate::format::{Column, Table, minute};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{headings, money};
use crate::verbs::ByArgs;

/// The commands on cash.
#[derive(Debug, Clone, Subcommand)]
pub enum CashVerb {
    /// Open a shift with the cash that was counted
    #[command(
        after_help = "Examples:\n  guicang cash open 500\n  guicang cash open 500 --till 2 --name early"
    )]
    Open(OpenArgs),
    /// Record cash put into the drawer
    #[command(after_help = "Examples:\n  guicang cash in 100 --reason change")]
    In(MoveArgs),
    /// Record cash taken out of the drawer
    #[command(
        after_help = "Examples:\n  guicang cash out 2000 --reason deposit\n  guicang cash out 12.50 --reason expense --note stamps"
    )]
    Out(MoveArgs),
    /// Close a shift with the cash that was counted
    #[command(after_help = "Examples:\n  guicang cash close 812.50\n  guicang cash close 812.50 --till 2")]
    Close(CloseArgs),
    /// Take back a mistaken movement, a close, or a whole shift; it stays on record (红字冲销)
    #[command(
        after_help = "Examples:\n  guicang cash reverse JB-S01A-000001 --move 2 --reason \"typed twice\"\n  guicang cash reverse JB-S01A-000001 --close --reason \"counted without the coins\"\n  guicang cash reverse JB-S01A-000001 --all --reason \"opened at the wrong till\""
    )]
    Reverse(ReverseArgs),
    /// Show a shift: what its close saw, what is so now, what came late
    #[command(after_help = "Examples:\n  guicang cash show JB-S01A-000001")]
    Show(ShowArgs),
    /// List shifts, or days
    #[command(
        after_help = "Examples:\n  guicang cash list --from 2026-11-01\n  guicang cash list --by day --json"
    )]
    List(ListArgs),
}

/// A shift that begins.
#[derive(Debug, Clone, Args)]
pub struct OpenArgs {
    /// What was counted
    pub counted: String,
    /// The till, where the site has several
    #[arg(long)]
    pub till: Option<TillId>,
    /// The shift's name
    #[arg(long)]
    pub name: Option<String>,
    /// The business date, if not the day on which it begins
    #[arg(long)]
    pub date: Option<NaiveDate>,
    /// The site; only HQ has to say
    #[arg(long)]
    pub site: Option<SiteId>,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// Which shift is meant.
#[derive(Debug, Clone, Args)]
pub struct WhichArgs {
    /// The shift's number, where several are open
    #[arg(long)]
    pub shift: Option<String>,
    /// The till, where the site has several
    #[arg(long)]
    pub till: Option<TillId>,
    /// The site; only HQ has to say
    #[arg(long)]
    pub site: Option<SiteId>,
}

/// Cash put in or taken out.
#[derive(Debug, Clone, Args)]
pub struct MoveArgs {
    /// How much
    pub amount: String,
    /// Why: change, deposit, expense or other
    #[arg(long)]
    pub reason: CashReason,
    /// A note; needed with `other`
    #[arg(long)]
    pub note: Option<String>,
    /// Which shift.
    #[command(flatten)]
    pub which: WhichArgs,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// A shift that ends.
#[derive(Debug, Clone, Args)]
pub struct CloseArgs {
    /// What was counted
    pub counted: String,
    /// Which shift.
    #[command(flatten)]
    pub which: WhichArgs,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// What is taken back, and why.
#[derive(Debug, Clone, Args)]
#[group(id = "what", required = true, multiple = false, args = ["movement", "close", "all"])]
pub struct ReverseArgs {
    /// The shift's number or identity
    pub number: String,
    /// The movement: its place in `cash show`, from 1, or its event
    #[arg(long = "move", value_name = "N")]
    pub movement: Option<String>,
    /// The close: the shift is open again
    #[arg(long)]
    pub close: bool,
    /// The shift as a whole
    #[arg(long)]
    pub all: bool,
    /// Why
    #[arg(long)]
    pub reason: String,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// Which shift.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The shift's number or identity
    pub number: String,
}

/// By shift or by day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CashBy {
    /// A row a shift.
    Shift,
    /// A row a site and business date.
    Day,
}

/// Which shifts.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Of this site only
    #[arg(long)]
    pub site: Option<SiteId>,
    /// From this business date on
    #[arg(long)]
    pub from: Option<NaiveDate>,
    /// Up to this business date
    #[arg(long)]
    pub to: Option<NaiveDate>,
    /// A row for each shift, or for each day: shift or day
    #[arg(long, value_enum, default_value_t = CashBy::Shift, hide_possible_values = true)]
    pub by: CashBy,
}

/// What belongs to a shift, as JSON.
#[derive(Debug, Serialize)]
pub struct FlowItem {
    sales: String,
    receipts: u64,
    paid_in: String,
    paid_out: String,
    refunds: String,
    expected: String,
    difference: Option<String>,
}

impl FlowItem {
    fn of(flow: &CashFlow, opening: Amount, counted: Option<Amount>, currency: Currency) -> Self {
        let expected = flow.expected(opening);
        Self {
            sales: currency.format(flow.sales),
            receipts: flow.receipts,
            paid_in: currency.format(flow.paid_in),
            paid_out: currency.format(flow.paid_out),
            refunds: currency.format(flow.refunds),
            expected: currency.format(expected),
            difference: counted.map(|c| currency.format(c - expected)),
        }
    }
}

#[derive(Debug, Serialize)]
struct MoveItem {
    event: String,
    way: String,
    amount: String,
    reason: String,
    note: Option<String>,
    at: String,
    user: String,
}

#[derive(Debug, Serialize)]
struct PaymentItem {
    r#return: String,
    amount: String,
    at: String,
    late: bool,
}

/// A shift, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct CashItem {
    id: String,
    number: String,
    site: String,
    till: Option<String>,
    shift: Option<String>,
    date: String,
    state: &'static str,
    opened_at: String,
    opened_by: String,
    closed_at: Option<String>,
    closed_by: Option<String>,
    opening: String,
    counted: Option<String>,
    now: FlowItem,
    at_close: Option<FlowItem>,
    moves: Vec<MoveItem>,
    payments: Vec<PaymentItem>,
    conflict: bool,
    complete_to: Option<String>,
    currency: String,
}

impl CashItem {
    fn of(row: &CashShiftRow, complete_to: Option<String>) -> Self {
        let currency = row.currency;
        Self {
            id: row.id.to_string(),
            number: row.number.to_string(),
            site: row.site.to_string(),
            till: row.till.as_ref().map(ToString::to_string),
            shift: row.shift.clone(),
            date: row.date.to_string(),
            state: if row.closed.is_some() { "closed" } else { "open" },
            opened_at: row.opened.to_rfc3339(),
            opened_by: row.opened_by.to_string(),
            closed_at: row.closed.as_ref().map(|(at, _)| at.to_rfc3339()),
            closed_by: row.closed.as_ref().map(|(_, user)| user.to_string()),
            opening: currency.format(row.opening),
            counted: row.counted.map(|c| currency.format(c)),
            now: FlowItem::of(&row.now, row.opening, row.counted, currency),
            at_close: row.at_close.map(|f| FlowItem::of(&f, row.opening, row.counted, currency)),
            moves: row
                .moves
                .iter()
                .map(|m| MoveItem {
                    event: m.event.to_string(),
                    way: m.way.to_string(),
                    amount: currency.format(m.amount),
                    reason: m.reason.to_string(),
                    note: m.note.clone(),
                    at: m.occurred.to_rfc3339(),
                    user: m.user.to_string(),
                })
                .collect(),
            payments: row
                .payments
                .iter()
                .map(|p| PaymentItem {
                    r#return: p.number.clone(),
                    amount: currency.format(p.amount),
                    at: p.occurred.to_rfc3339(),
                    late: p.late,
                })
                .collect(),
            conflict: row.conflicts,
            complete_to,
            currency: currency.to_string(),
        }
    }
}

/// A site's day, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct CashDayItem {
    site: String,
    date: String,
    shifts: u64,
    open: u64,
    opening: String,
    now: FlowItem,
    counted: String,
    difference: String,
    difference_at_close: String,
    complete_to: Option<String>,
    currency: String,
}

impl CashVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused or the file failed; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        match self {
            CashVerb::Open(args) => args.run(replica, globals),
            CashVerb::In(args) => args.run(CashWay::In, replica, globals),
            CashVerb::Out(args) => args.run(CashWay::Out, replica, globals),
            CashVerb::Close(args) => args.run(replica, globals),
            CashVerb::Reverse(args) => args.run(replica, globals),
            CashVerb::Show(args) => args.run(replica, globals),
            CashVerb::List(args) => args.run(replica, globals),
        }
    }

    /// Whether it only looks.
    pub fn is_query(&self) -> bool {
        matches!(self, CashVerb::Show(_) | CashVerb::List(_))
    }
}

impl OpenArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, self.site.as_ref())?;
        let open = CashOpen {
            site: self.site.clone(),
            till: self.till.clone(),
            shift: self.name.clone(),
            date: self.date,
            counted: amount(replica, globals, self.site.as_ref(), &self.counted)?,
        };
        let row = replica.cash_open(&by, open).told(globals)?;
        show(replica, globals, std::slice::from_ref(&row))?;
        let l = globals.language;
        globals.say(&money::opened(l, &row.number, &row.currency.format(row.opening), &row.currency))?;
        globals.next(&money::close_next(l, globals.program, row.number.as_str()))
    }
}

impl WhichArgs {
    fn which(&self) -> WhichShift {
        WhichShift { number: self.shift.clone(), site: self.site.clone(), till: self.till.clone() }
    }
}

impl MoveArgs {
    fn run(&self, way: CashWay, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let site = self.which.site.as_ref();
        let by = self.by.by(replica, globals, site)?;
        let amount = amount(replica, globals, site, &self.amount)?;
        let moved = CashMoved { way, amount, reason: self.reason, note: self.note.clone() };
        let row = replica.cash_move(&by, &self.which.which(), moved).told(globals)?;
        show(replica, globals, std::slice::from_ref(&row))?;
        let l = globals.language;
        globals.say(&money::moved(l, &row.number, &row.currency.format(row.expected()), &row.currency))?;
        globals.next(&money::show_shift_next(l, globals.program, &row.number))
    }
}

impl CloseArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let site = self.which.site.as_ref();
        let by = self.by.by(replica, globals, site)?;
        let counted = amount(replica, globals, site, &self.counted)?;
        let row = replica.cash_close(&by, &self.which.which(), counted).told(globals)?;
        show(replica, globals, std::slice::from_ref(&row))?;
        let (l, currency) = (globals.language, row.currency);
        let difference = row.difference().unwrap_or_default();
        let size = currency.format(Amount(difference.0.abs()));
        globals.say(&match difference.0 {
            0 => money::closed_even(l, &row.number),
            1.. => money::closed_over(l, &row.number, &size, &currency),
            _ => money::closed_short(l, &row.number, &size, &currency),
        })?;
        globals.next(&money::show_shift_next(l, globals.program, &row.number))
    }
}

impl ReverseArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let by = self.by.by(replica, globals, None)?;
        let what = match &self.movement {
            Some(movement) => CashMistake::Movement(movement.clone()),
            None if self.close => CashMistake::Close,
            None => CashMistake::All,
        };
        let done = replica.cash_reverse(&by, &self.number, &what, &self.reason).told(globals)?;
        let rows: Vec<CashShiftRow> = done.row.into_iter().collect();
        if !rows.is_empty() || globals.json() {
            show(replica, globals, &rows)?;
        }
        globals.say(&match what {
            CashMistake::Movement(_) => money::move_reversed(l, &done.number),
            CashMistake::Close => money::close_reversed(l, &done.number),
            CashMistake::All => money::shift_reversed(l, &done.number),
        })?;
        match rows.first() {
            Some(row) => globals.next(&money::show_shift_next(l, globals.program, &row.number)),
            None => globals.next(&money::shifts_next(l, globals.program)),
        }
    }
}

impl ShowArgs {
    fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let row = replica.find_shift(&self.number).told(globals)?;
        show(replica, globals, std::slice::from_ref(&row))?;
        let (l, currency) = (globals.language, row.currency);
        for (n, moved) in row.moves.iter().enumerate() {
            let way = money::cash_way(l, moved.way.as_str());
            let why = match &moved.note {
                Some(note) => format!("{} {note}", money::cash_reason(l, moved.reason.as_str())),
                None => money::cash_reason(l, moved.reason.as_str()),
            };
            let at = minute(&moved.occurred.to_rfc3339());
            globals.say(&money::move_line(l, n + 1, &way, &currency.format(moved.amount), &why, &at))?;
        }
        if let (Some(now), Some(then)) = (row.difference(), row.difference_at_close())
            && now != then
        {
            globals.say(&money::addendum(l, &currency.format(then), &currency.format(now), &currency))?;
        }
        for payment in row.payments.iter().filter(|p| p.late) {
            let at = minute(&payment.occurred.to_rfc3339());
            let size = currency.format(Amount(payment.amount.0.abs()));
            let line = if payment.amount < Amount::ZERO { money::late_receipt } else { money::late_payment };
            globals.say(&line(l, &payment.number, &size, &at))?;
        }
        if row.conflicts {
            globals.say(&money::shift_conflict(l, &row.number))?;
        }
        globals.next(&money::shifts_next(l, globals.program))
    }
}

impl ListArgs {
    fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let filter = CashFilter { site: self.site.clone(), from: self.from, to: self.to };
        let rows = replica.cash_shifts(&filter).told(globals)?;
        match self.by {
            CashBy::Shift => show(replica, globals, &rows)?,
            CashBy::Day => {
                let items = days(replica, globals, &rows)?;
                globals.show("cash_day", &items, |items| day_table(globals.language, items))?;
            }
        }
        let l = globals.language;
        match rows.last() {
            Some(row) => globals.next(&money::show_shift_next(l, globals.program, &row.number)),
            None => globals.next(&money::open_next(l, globals.program)),
        }
    }
}

fn amount(
    replica: &Replica,
    globals: &Globals,
    site: Option<&SiteId>,
    text: &str,
) -> Result<Amount, Failure> {
    let site = site.or(replica.identity().site.as_ref());
    let listed = replica.sites().told(globals)?.into_iter().find(|s| Some(&s.code) == site);
    let currency = listed.map_or(replica.identity().currency, |s| s.currency);
    currency.parse_amount(text).told(globals)
}

fn complete_to(replica: &Replica, globals: &Globals, site: &SiteId) -> Result<Option<String>, Failure> {
    let moment = replica.complete_to(site).map_err(CommandError::from).told(globals)?;
    Ok(moment.map(|m| m.to_rfc3339()))
}

fn show(replica: &Replica, globals: &Globals, rows: &[CashShiftRow]) -> Result<(), Failure> {
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(CashItem::of(row, complete_to(replica, globals, &row.site)?));
    }
    globals.show("cash", &items, |items| table(globals.language, items))
}

/// The shifts of each site and business date together. Shifts that are still open have no count, and so
/// no part in counted and difference.
fn days(replica: &Replica, globals: &Globals, rows: &[CashShiftRow]) -> Result<Vec<CashDayItem>, Failure> {
    let mut groups: BTreeMap<(NaiveDate, SiteId, Currency), Vec<&CashShiftRow>> = BTreeMap::new();
    for row in rows {
        groups.entry((row.date, row.site.clone(), row.currency)).or_default().push(row);
    }
    let mut out = Vec::with_capacity(groups.len());
    for ((date, site, currency), rows) in groups {
        let sum = |of: &dyn Fn(&CashShiftRow) -> Amount| rows.iter().map(|r| of(r)).sum::<Amount>();
        let now = CashFlow {
            sales: sum(&|r| r.now.sales),
            receipts: rows.iter().map(|r| r.now.receipts).sum(),
            refunds: sum(&|r| r.now.refunds),
            paid_in: sum(&|r| r.now.paid_in),
            paid_out: sum(&|r| r.now.paid_out),
        };
        let opening = sum(&|r| r.opening);
        out.push(CashDayItem {
            site: site.to_string(),
            date: date.to_string(),
            shifts: rows.len() as u64,
            open: rows.iter().filter(|r| r.closed.is_none()).count() as u64,
            opening: currency.format(opening),
            now: FlowItem::of(&now, opening, None, currency),
            counted: currency.format(sum(&|r| r.counted.unwrap_or_default())),
            difference: currency.format(sum(&|r| r.difference().unwrap_or_default())),
            difference_at_close: currency.format(sum(&|r| r.difference_at_close().unwrap_or_default())),
            complete_to: complete_to(replica, globals, &site)?,
            currency: currency.to_string(),
        });
    }
    Ok(out)
}

fn table(l: Language, items: &[CashItem]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::number(l)),
        Column::Left(headings::site(l)),
        Column::Left(money::shift(l)),
        Column::Left(money::date(l)),
        Column::Left(headings::state(l)),
        Column::Right(money::opening(l)),
        Column::Right(money::cash_sales(l)),
        Column::Right(money::paid_in(l)),
        Column::Right(money::paid_out(l)),
        Column::Right(money::cash_refunds(l)),
        Column::Right(money::expected(l)),
        Column::Right(money::counted(l)),
        Column::Right(money::at_close(l)),
        Column::Right(money::difference(l)),
        Column::Left(headings::currency(l)),
    ]);
    for item in items {
        let site = match &item.till {
            Some(till) => format!("{}/{till}", item.site),
            None => item.site.clone(),
        };
        let then = item.at_close.as_ref().and_then(|f| f.difference.clone());
        table.row([
            item.number.clone(),
            site,
            item.shift.clone().unwrap_or_default(),
            item.date.clone(),
            money::shift_state(l, item.state),
            item.opening.clone(),
            item.now.sales.clone(),
            item.now.paid_in.clone(),
            item.now.paid_out.clone(),
            item.now.refunds.clone(),
            item.now.expected.clone(),
            item.counted.clone().unwrap_or_default(),
            then.unwrap_or_default(),
            item.now.difference.clone().unwrap_or_default(),
            item.currency.clone(),
        ]);
    }
    table
}

fn day_table(l: Language, items: &[CashDayItem]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::site(l)),
        Column::Left(money::date(l)),
        Column::Right(money::shifts(l)),
        Column::Right(money::opening(l)),
        Column::Right(money::cash_sales(l)),
        Column::Right(money::paid_in(l)),
        Column::Right(money::paid_out(l)),
        Column::Right(money::cash_refunds(l)),
        Column::Right(money::counted(l)),
        Column::Right(money::at_close(l)),
        Column::Right(money::difference(l)),
        Column::Left(headings::complete_to(l)),
    ]);
    for item in items {
        table.row([
            item.site.clone(),
            item.date.clone(),
            item.shifts.to_string(),
            item.opening.clone(),
            item.now.sales.clone(),
            item.now.paid_in.clone(),
            item.now.paid_out.clone(),
            item.now.refunds.clone(),
            item.counted.clone(),
            item.difference_at_close.clone(),
            format!("{} {}", item.difference, item.currency),
            item.complete_to.as_deref().map(minute).unwrap_or_default(),
        ]);
    }
    table
}
