//! `return`: goods that come back, from the counter to the refund.

pub mod counter;
pub mod steps;
pub mod list;
mod item;

use clap::Subcommand;
use guicang_domain::ids::ReasonCode;
use guicang_replica::{Graded, Replica, ReturnDone};

use crate::exit::{Failure, Told};
use crate::output::Globals;
use crate::texts::{names, next, results};
use crate::verbs::parse;

pub use item::ReturnItem;

/// The commands on returns.
#[derive(Debug, Clone, Subcommand)]
pub enum ReturnVerb {
    /// Take goods back at the counter, from request to refund in one command
    #[command(
        after_help = "Examples:\n  guicang return counter --sale 536365 --item 85123A=2 --reason defective --grade A=1,D=1 --refund wechat\n  guicang return counter --item 85123A --price 2.55 --reason changed_mind --grade A=1 --refund cash"
    )]
    Counter(counter::CounterArgs),
    /// Take in goods of an open return
    #[command(after_help = "Examples:\n  guicang return receive TH-S01A-000001 --item 85123A=2")]
    Receive(steps::ReceiveArgs),
    /// Grade goods that were taken in
    #[command(
        after_help = "Examples:\n  guicang return inspect TH-S01A-000001 --grade A=1,E=1\n  guicang return inspect TH-S01A-000001 --sku 85123A --grade C=1:quarantine"
    )]
    Inspect(steps::InspectArgs),
    /// Refund what a return is entitled to
    #[command(
        after_help = "Examples:\n  guicang return refund TH-S01A-000001 --tender cash\n  guicang return refund TH-S01A-000001 --tender wechat --amount 12.50"
    )]
    Refund(steps::RefundArgs),
    /// List returns
    #[command(
        after_help = "Examples:\n  guicang return list --state refund_queued\n  guicang return list --json"
    )]
    List(list::ListArgs),
    /// Show a return
    #[command(after_help = "Examples:\n  guicang return show TH-S01A-000001")]
    Show(list::ShowArgs),
}

impl ReturnVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused or the file failed; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        match self {
            ReturnVerb::Counter(args) => args.run(replica, globals),
            ReturnVerb::Receive(args) => args.run(replica, globals),
            ReturnVerb::Inspect(args) => args.run(replica, globals),
            ReturnVerb::Refund(args) => args.run(replica, globals),
            ReturnVerb::List(args) => args.run(replica, globals),
            ReturnVerb::Show(args) => args.run(replica, globals),
        }
    }
}

/// Shows what a command made of a return, and what can be done next.
fn show_outcome(replica: &Replica, globals: &Globals, outcome: &ReturnDone) -> Result<(), Failure> {
    let l = globals.language;
    let number = outcome.number.to_string();
    let row = replica.find_return(&outcome.id.to_string()).told(globals)?;
    let items: Vec<ReturnItem> = row.iter().map(ReturnItem::of).collect();
    globals.show("return", &items, |items| item::details(l, items))?;
    let states: Vec<String> = outcome.states.iter().map(|s| names::state(l, s)).collect();
    globals.say(&results::return_done(l, &number, &states.join(" / ")))?;
    if !outcome.verified {
        globals.say(&results::return_provisional(l))?;
    }
    let has = |state: &str| outcome.states.iter().any(|s| s == state);
    let text = if has("requested") || has("approved") {
        next::receive(l, globals.program, &number)
    } else if has("received") {
        next::inspect(l, globals.program, &number)
    } else if outcome.entitled > outcome.queued + outcome.paid {
        next::refund(l, globals.program, &number)
    } else {
        return super::next_after_write(globals);
    };
    globals.next(&text)
}

fn graded(graded: &parse::Graded, sku: Option<String>, reason_found: Option<ReasonCode>) -> Graded {
    let parse::Graded { grade, quantity, disposition } = *graded;
    Graded { sku, grade, quantity, disposition, reason_found }
}
