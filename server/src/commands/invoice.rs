//! `invoice`: red invoices on goods that came back of invoiced sales. HQ is the one issuer.

use clap::{Args, Subcommand};
use guicang_cli::format::{Column, Table, minute};
use guicang_cli::texts::headings;
use guicang_cli::verbs::ByArgs;
use guicang_cli::{Exit, Failure, Globals, Language, Told};
use guicang_domain::invoice::RedState;
use guicang_replica::{RedDue, RedInvoiceRow};
use serde::Serialize;

use super::Session;
use crate::hq::invoicing::{self, SimulatedInvoices};
use crate::relay::lease::Holder;
use crate::relay::link::LocalLink;
use guicang_cli::texts::hq_money as texts;

/// The commands on red invoices.
#[derive(Debug, Subcommand)]
pub enum InvoiceVerb {
    /// List red invoices, or what is to be asked for
    #[command(
        after_help = "Examples:\n  guicang-server invoice list\n  guicang-server invoice list --open --json\n  guicang-server invoice list --due"
    )]
    List(ListArgs),
    /// Show a red invoice with its lines
    #[command(after_help = "Examples:\n  guicang-server invoice show HZ-HQ-000001")]
    Show(ShowArgs),
    /// Ask for the red invoices of one return
    #[command(after_help = "Examples:\n  guicang-server invoice request TH-S01A-000001")]
    Request(RequestArgs),
    /// Ask for all that are due, and issue what may be issued. May be run again at any time
    #[command(after_help = "Examples:\n  guicang-server invoice run\n  guicang-server invoice run --json")]
    Run(RunArgs),
}

/// Which red invoices.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only those that may still come
    #[arg(long)]
    pub open: bool,
    /// What came back and is not asked for yet, instead
    #[arg(long, conflicts_with = "open")]
    pub due: bool,
}

/// Which red invoice.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Its document's number or identity
    pub number: String,
}

/// Which return.
#[derive(Debug, Args)]
pub struct RequestArgs {
    /// The return's number or identity
    pub r#return: String,
    #[command(flatten)]
    by: ByArgs,
}

/// Nothing to say.
#[derive(Debug, Args)]
pub struct RunArgs {}

#[derive(Debug, Serialize)]
struct LineItem {
    sku: String,
    name: Option<String>,
    spec: Option<String>,
    quantity: String,
    amount: String,
    tax: String,
    /// A decimal: `0.13`.
    tax_rate: String,
    tax_code: Option<String>,
}

/// A red invoice, as JSON; amounts are positive. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct RedItem {
    id: String,
    number: String,
    r#return: String,
    receipt: String,
    blue: String,
    reason: String,
    state: String,
    confirmation: Option<String>,
    red: Option<String>,
    amount: String,
    tax: String,
    currency: String,
    requested_at: Option<String>,
    expires_at: Option<String>,
    lines: Vec<LineItem>,
}

impl RedItem {
    fn of(row: &RedInvoiceRow) -> Self {
        let d = &row.document;
        let (amount, tax) = d.total();
        Self {
            id: d.head.id.to_string(),
            number: d.head.number.to_string(),
            r#return: row.returned.clone(),
            receipt: d.receipt.to_string(),
            blue: d.blue.clone(),
            reason: d.reason.to_string(),
            state: row.state.as_str().into(),
            confirmation: d.confirmation().map(Into::into),
            red: match &row.state {
                RedState::Issued { number } => Some(number.clone()),
                _ => None,
            },
            amount: d.currency.format(amount),
            tax: d.currency.format(tax),
            currency: d.currency.to_string(),
            requested_at: row.requested.map(|o| o.to_rfc3339()),
            expires_at: row.expires.map(|m| m.to_rfc3339()),
            lines: d
                .lines
                .values()
                .map(|line| LineItem {
                    sku: line.sku.to_string(),
                    name: line.name.clone(),
                    spec: line.spec.clone(),
                    quantity: line.quantity.to_string(),
                    amount: d.currency.format(line.amount),
                    tax: d.currency.format(line.tax),
                    tax_rate: format!("{}.{:04}", line.tax_rate / 10_000, line.tax_rate % 10_000),
                    tax_code: line.tax_code.clone(),
                })
                .collect(),
        }
    }
}

/// What is to be asked for, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct DueItem {
    r#return: String,
    line: String,
    receipt: String,
    receipt_line: String,
    blue: String,
    quantity: String,
}

impl DueItem {
    fn of(due: &RedDue) -> Self {
        Self {
            r#return: due.number.clone(),
            line: due.of.to_string(),
            receipt: due.receipt.to_string(),
            receipt_line: due.sold.to_string(),
            blue: due.blue.clone(),
            quantity: due.quantity.to_string(),
        }
    }
}

impl InvoiceVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when there is nothing to ask for, another process runs, the service gives no answer, or
    /// a file can't be read or written.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        match self {
            InvoiceVerb::List(args) => args.run(session),
            InvoiceVerb::Show(args) => args.run(session),
            InvoiceVerb::Request(args) => args.run(session),
            InvoiceVerb::Run(args) => args.run(session),
        }
    }
}

impl ListArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let replica = session.open()?.replica;
        if self.due {
            let items: Vec<DueItem> = replica.red_due().told(globals)?.iter().map(DueItem::of).collect();
            globals.show("red_due", &items, |items| due_table(globals.language, items))?;
        } else {
            show(globals, &replica.red_invoices(self.open).told(globals)?)?;
        }
        globals.next(&texts::invoice_run_next(globals.language))
    }
}

impl ShowArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let (globals, l) = (session.globals, session.globals.language);
        let row = session.open()?.replica.find_red_invoice(&self.number).told(globals)?;
        let row = row.ok_or_else(|| {
            Failure::new(Exit::Refused, texts::unknown_red(l, &self.number), texts::invoice_list_next(l))
        })?;
        let items = [RedItem::of(&row)];
        globals.show("red_invoice", &items, |items| lines_table(l, &items[0]))?;
        let item = &items[0];
        globals.say(&texts::red_line(
            l,
            &item.number,
            &texts::red_state(l, &item.state),
            &item.amount,
            &item.tax,
        ))?;
        globals.next(&texts::invoice_list_next(l))
    }
}

impl RequestArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let (globals, l) = (session.globals, session.globals.language);
        let mut hq = session.open()?;
        let by = self.by.by(&hq.replica, globals, None)?;
        let done = hq.replica.request_red(&by, Some(&self.r#return)).told(globals)?;
        session.settle(&mut hq)?;
        let rows = hq.replica.red_invoices(true).told(globals)?;
        let made: Vec<RedInvoiceRow> =
            rows.into_iter().filter(|r| done.made.contains(&r.document.head.number)).collect();
        show(globals, &made)?;
        globals.next(&texts::invoice_run_next(l))
    }
}

impl RunArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let (globals, l) = (session.globals, session.globals.language);
        let mut hq = session.open()?;
        let service = SimulatedInvoices::open(&session.data()?.invoices_file()).told(globals)?;
        let link = LocalLink::new(hq.relay.clone(), hq.replica.identity().device);
        let holder = Holder(session.random());
        let run = invoicing::run(&mut hq.replica, &link, &service, holder, &session.now).told(globals)?;
        let touched: Vec<&String> = std::iter::empty()
            .chain(&run.requested)
            .chain(&run.issued)
            .chain(&run.waiting)
            .chain(&run.held)
            .chain(&run.over)
            .chain(run.unanswered.iter().map(|(number, _)| number))
            .collect();
        let mut rows = hq.replica.red_invoices(false).told(globals)?;
        rows.retain(|r| touched.iter().any(|t| *t == r.document.head.number.as_str()));
        show(globals, &rows)?;
        for (number, receipt, line) in &run.tax_unknown {
            globals.say(&texts::red_tax_unknown(l, number, receipt, line))?;
        }
        for number in &run.held {
            globals.say(&texts::red_held(l, number))?;
        }
        let line = texts::red_run_line(
            l,
            run.requested.len(),
            run.issued.len(),
            run.waiting.len(),
            run.over.len(),
            run.unanswered.len(),
        );
        if let Some((_, detail)) = run.unanswered.first() {
            return Err(Failure::new(Exit::Other, format!("{line} {detail}"), texts::invoice_run_next(l)));
        }
        globals.say(&line)?;
        globals.next(&texts::invoice_list_next(l))
    }
}

fn show(globals: &Globals, rows: &[RedInvoiceRow]) -> Result<(), Failure> {
    let items: Vec<RedItem> = rows.iter().map(RedItem::of).collect();
    globals.show("red_invoice", &items, |items| table(globals.language, items))
}

fn table(l: Language, items: &[RedItem]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::number(l)),
        Column::Left(texts::return_heading(l)),
        Column::Left(texts::blue_heading(l)),
        Column::Right(texts::amount_heading(l)),
        Column::Right(texts::tax_heading(l)),
        Column::Left(headings::state(l)),
        Column::Left(texts::red_heading(l)),
        Column::Left(texts::expires_heading(l)),
    ]);
    for item in items {
        table.row([
            item.number.clone(),
            item.r#return.clone(),
            item.blue.clone(),
            // As on the paper: red is negative.
            format!("-{} {}", item.amount, item.currency),
            format!("-{}", item.tax),
            texts::red_state(l, &item.state),
            item.red.clone().unwrap_or_default(),
            item.expires_at.as_deref().map(minute).unwrap_or_default(),
        ]);
    }
    table
}

fn lines_table(l: Language, item: &RedItem) -> Table {
    let mut table = Table::new([
        Column::Left(headings::sku(l)),
        Column::Left(headings::name(l)),
        Column::Right(headings::quantity(l)),
        Column::Right(texts::amount_heading(l)),
        Column::Right(texts::rate_heading(l)),
        Column::Right(texts::tax_heading(l)),
        Column::Left(texts::code_heading(l)),
    ]);
    for line in &item.lines {
        let name = [line.name.as_deref(), line.spec.as_deref()].into_iter().flatten().collect::<Vec<_>>();
        table.row([
            line.sku.clone(),
            name.join(" "),
            format!("-{}", line.quantity),
            format!("-{}", line.amount),
            line.tax_rate.clone(),
            format!("-{}", line.tax),
            line.tax_code.clone().unwrap_or_default(),
        ]);
    }
    table
}

fn due_table(l: Language, items: &[DueItem]) -> Table {
    let mut table = Table::new([
        Column::Left(texts::return_heading(l)),
        Column::Left(headings::receipt(l)),
        Column::Left(headings::line(l)),
        Column::Left(texts::blue_heading(l)),
        Column::Right(headings::quantity(l)),
    ]);
    for item in items {
        table.row([
            item.r#return.clone(),
            item.receipt.clone(),
            item.receipt_line.clone(),
            item.blue.clone(),
            item.quantity.clone(),
        ]);
    }
    table
}
