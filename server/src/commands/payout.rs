//! `payout run`: pays the electronic refunds that are due, each once.

use clap::{Args, Subcommand};
use guicang_cli::format::{Column, Table};
use guicang_cli::texts::{headings, names};
use guicang_cli::{Exit, Failure, Language, Told};
use serde::Serialize;

use super::Session;
use crate::hq::payout::{self, Settled};
use crate::hq::rail::SimulatedRail;
use crate::relay::lease::Holder;
use crate::relay::link::LocalLink;
use guicang_cli::texts::hq as texts;

/// The commands on payouts.
#[derive(Debug, Subcommand)]
pub enum PayoutVerb {
    /// Pay what is due. May be run again at any time: nothing is paid twice
    #[command(after_help = "Examples:\n  guicang-server payout run\n  guicang-server payout run --json")]
    Run(RunArgs),
}

/// Nothing to say.
#[derive(Debug, Args)]
pub struct RunArgs {}

/// A refund of the run, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct PayoutItem {
    number: String,
    refund: String,
    tender: String,
    amount: String,
    currency: String,
    state: &'static str,
    detail: Option<String>,
}

impl PayoutItem {
    fn of(settled: &Settled, state: &'static str, detail: Option<&String>) -> Self {
        Self {
            number: settled.number.clone(),
            refund: settled.refund.to_string(),
            tender: settled.tender.clone(),
            amount: settled.currency.format(settled.amount),
            currency: settled.currency.to_string(),
            state,
            detail: detail.cloned(),
        }
    }
}

impl PayoutVerb {
    /// Pays.
    ///
    /// # Errors
    /// [`Failure`] when another process is paying, a file can't be read or written, or the rail gave no
    /// answer to some. What was done before stands.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let mut hq = session.open()?;
        let rail = SimulatedRail::open(&session.data()?.rail_file()).told(globals)?;
        let link = LocalLink::new(hq.relay.clone(), hq.replica.identity().device);
        let holder = Holder(session.random());
        let run = payout::run(&mut hq.replica, &link, &rail, holder, &session.now).told(globals)?;
        let items: Vec<PayoutItem> = std::iter::empty()
            .chain(run.paid.iter().map(|s| PayoutItem::of(s, "paid", None)))
            .chain(run.failed.iter().map(|(s, why)| PayoutItem::of(s, "failed", Some(why))))
            .chain(run.pending.iter().map(|s| PayoutItem::of(s, "pending", None)))
            .chain(run.unanswered.iter().map(|(s, why)| PayoutItem::of(s, "unanswered", Some(why))))
            .collect();
        globals.show("payout", &items, |items| table(l, items))?;
        let counts = (run.paid.len(), run.failed.len(), run.pending.len(), run.unanswered.len());
        let line = texts::payout_line(l, counts.0, counts.1, counts.2, counts.3);
        if counts.3 > 0 {
            return Err(Failure::new(Exit::Other, line, texts::payout_again(l)));
        }
        globals.say(&line)?;
        globals.next(&texts::returns_next(l))
    }
}

fn table(l: Language, items: &[PayoutItem]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::number(l)),
        Column::Left(headings::kind(l)),
        Column::Right(headings::paid(l)),
        Column::Left(headings::state(l)),
        Column::Left(headings::detail(l)),
    ]);
    for item in items {
        table.row([
            item.number.clone(),
            names::tender(l, &item.tender),
            format!("{} {}", item.amount, item.currency),
            names::state(l, item.state),
            item.detail.clone().unwrap_or_default(),
        ]);
    }
    table
}
