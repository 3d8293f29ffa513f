//! `return`: goods that come back, from the counter to the refund.

pub mod request;
pub mod counter;
pub mod begin;
pub mod decide;
pub mod steps;
pub mod exchange;
pub mod settle;
pub mod cost;
pub mod list;
pub mod states;
mod item;

use clap::Subcommand;
use guicang_domain::ids::ReasonCode;
use guicang_domain::money::Amount;
use guicang_replica::{CommandError, Graded, Replica, ReturnDone};

use crate::exit::{Failure, Told};
use crate::output::Globals;
use crate::texts::{moves, names, next, results, signed};
use crate::verbs::parse;

pub use item::ReturnItem;

/// The commands on returns.
#[derive(Debug, Clone, Subcommand)]
pub enum ReturnVerb {
    /// Take goods back at the counter, from request to refund in one command
    #[command(
        after_help = "Examples:\n  guicang return counter --sale 536365 --item 85123A=2 --reason defective --grade A=1,D=1 --refund wechat\n  guicang return counter --receipt-code - --item 85123A --reason defective --grade A=1 < code.txt\n  guicang return counter --item 85123A --price 2.55 --reason changed_mind --grade A=1 --refund credit\n  guicang return counter --sale 536365 --item 85123A --reason too_small --grade A=1 --give 85123B --difference cash"
    )]
    Counter(counter::CounterArgs),
    /// Open a return that is decided and settled later
    #[command(
        after_help = "Examples:\n  guicang return open --sale 536365 --item 85123A=2 --reason changed_mind --channel phone\n  guicang return open --sale 536365 --item 85123A --reason defective --draft"
    )]
    Open(begin::OpenArgs),
    /// Ask for a return that was a draft, or was sent back for more information
    #[command(after_help = "Examples:\n  guicang return request TH-S01A-000001")]
    Request(decide::NamedArgs),
    /// Approve a return
    #[command(after_help = "Examples:\n  guicang return approve TH-S01A-000001 --approved-by wang")]
    Approve(decide::NamedArgs),
    /// Reject a return
    #[command(
        after_help = "Examples:\n  guicang return reject TH-S01A-000001 --ground worn --approved-by wang"
    )]
    Reject(decide::RejectArgs),
    /// Send a return back for more information
    #[command(after_help = "Examples:\n  guicang return needs-info TH-S01A-000001 --note \"a photo\"")]
    NeedsInfo(decide::NotedArgs),
    /// Tell where the goods are to be sent, and until when
    #[command(after_help = "Examples:\n  guicang return await TH-S01A-000001 --days 14")]
    Await(settle::AwaitArgs),
    /// Note a parcel that the customer sent
    #[command(
        after_help = "Examples:\n  guicang return parcel TH-S01A-000001 --carrier SF --tracking SF1234567890"
    )]
    Parcel(settle::ParcelArgs),
    /// Take in goods of an open return
    #[command(
        after_help = "Examples:\n  guicang return receive TH-S01A-000001 --item 85123A=2\n  guicang return receive TH-S01A-000001 --tracking SF1234567890"
    )]
    Receive(steps::ReceiveArgs),
    /// Grade goods that were taken in
    #[command(
        after_help = "Examples:\n  guicang return inspect TH-S01A-000001 --grade A=1,E=1\n  guicang return inspect TH-S01A-000001 --sku 85123A --grade C=1:quarantine\n  guicang return inspect TH-S01A-000001 --grade B=1 --missing charger=20.00"
    )]
    Inspect(steps::InspectArgs),
    /// Refund what a return is entitled to
    #[command(
        after_help = "Examples:\n  guicang return refund TH-S01A-000001 --tender cash\n  guicang return refund TH-S01A-000001 --tender wechat --amount 12.50\n  guicang return refund TH-S01A-000001"
    )]
    Refund(steps::RefundArgs),
    /// Give other goods, and settle the difference
    #[command(
        after_help = "Examples:\n  guicang return exchange TH-S01A-000001 --give 85123B --tender cash\n  guicang return exchange TH-S01A-000001 --till-receipt 2/000872"
    )]
    Exchange(exchange::ExchangeArgs),
    /// Refund without the goods
    #[command(
        after_help = "Examples:\n  guicang return refund-only --sale 536365 --item 85123A --reason damaged --approved-by wang"
    )]
    RefundOnly(begin::RefundOnlyArgs),
    /// Leave what an approved return still awaits with the customer, and refund it
    #[command(after_help = "Examples:\n  guicang return waive TH-S01A-000001 --approved-by wang")]
    Waive(settle::WaiveArgs),
    /// Take money off without goods coming back
    #[command(
        after_help = "Examples:\n  guicang return allow --sale 536365 --item 85123A=2 --amount 5.00 --reason stained --refund cash --approved-by wang"
    )]
    Allow(begin::AllowArgs),
    /// Name the sale of a return that came without it
    #[command(after_help = "Examples:\n  guicang return link TH-S01A-000001 --sale S01/536365")]
    Link(settle::LinkArgs),
    /// Spend store credit that a return gave
    #[command(after_help = "Examples:\n  guicang return spend TH-S01A-000001 --amount 25.00 --sale 2/000873")]
    Spend(settle::SpendArgs),
    /// Leave a share of the store credit that a return gave to another branch
    #[command(after_help = "Examples:\n  guicang return share TH-S01A-000001 --amount 25.00 --to S02")]
    Share(settle::ShareArgs),
    /// Take in a customer's own goods to repair them
    #[command(after_help = "Examples:\n  guicang return repair --item RADIO --reason defective")]
    Repair(begin::RepairArgs),
    /// Hand back goods that were repaired
    #[command(
        after_help = "Examples:\n  guicang return hand-back TH-S01A-000001 --note \"new capacitor\" --fee 35.00 --tender cash"
    )]
    HandBack(settle::HandBackArgs),
    /// Record what a return cost, and who bears it; or take such a record back
    #[command(
        after_help = "Examples:\n  guicang return cost TH-S01A-000001 --kind carriage --amount 12.00\n  guicang return cost TH-S01A-000001 --kind repair --amount 80.00 --owner supplier:Factory --note \"bill 17\"\n  guicang return cost TH-S01A-000001 --take-back 1 --approved-by wang"
    )]
    Cost(cost::CostArgs),
    /// Note that the customer disputes the decision
    #[command(after_help = "Examples:\n  guicang return dispute TH-S01A-000001 --note \"never worn\"")]
    Dispute(decide::NotedArgs),
    /// Cancel a return before goods came or money went
    #[command(after_help = "Examples:\n  guicang return cancel TH-S01A-000001")]
    Cancel(decide::NamedArgs),
    /// Take a return back by reversing entries
    #[command(after_help = "Examples:\n  guicang return reverse TH-S01A-000001 --approved-by wang")]
    Reverse(decide::ReverseArgs),
    /// Say that nothing more is to come
    #[command(after_help = "Examples:\n  guicang return close TH-S01A-000001")]
    Close(decide::NamedArgs),
    /// Print the states of a return and what may be done in each, as Markdown
    #[command(
        after_help = "Examples:\n  guicang return states --format markdown\n  guicang return states --json"
    )]
    States(states::StatesArgs),
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
        use decide::Plain;
        match self {
            ReturnVerb::Counter(args) => args.run(replica, globals),
            ReturnVerb::Open(args) => args.run(replica, globals),
            ReturnVerb::Request(args) => args.run(Plain::Request, replica, globals),
            ReturnVerb::Approve(args) => args.run(Plain::Approve, replica, globals),
            ReturnVerb::Reject(args) => args.run(replica, globals),
            ReturnVerb::NeedsInfo(args) => args.run(false, replica, globals),
            ReturnVerb::Await(args) => args.run(replica, globals),
            ReturnVerb::Parcel(args) => args.run(replica, globals),
            ReturnVerb::Receive(args) => args.run(replica, globals),
            ReturnVerb::Inspect(args) => args.run(replica, globals),
            ReturnVerb::Refund(args) => args.run(replica, globals),
            ReturnVerb::Exchange(args) => args.run(replica, globals),
            ReturnVerb::RefundOnly(args) => args.run(replica, globals),
            ReturnVerb::Waive(args) => args.run(replica, globals),
            ReturnVerb::Allow(args) => args.run(replica, globals),
            ReturnVerb::Link(args) => args.run(replica, globals),
            ReturnVerb::Spend(args) => args.run(replica, globals),
            ReturnVerb::Share(args) => args.run(replica, globals),
            ReturnVerb::Repair(args) => args.run(replica, globals),
            ReturnVerb::HandBack(args) => args.run(replica, globals),
            ReturnVerb::Cost(args) => args.run(replica, globals),
            ReturnVerb::Dispute(args) => args.run(true, replica, globals),
            ReturnVerb::Cancel(args) => args.run(Plain::Cancel, replica, globals),
            ReturnVerb::Reverse(args) => args.run(replica, globals),
            ReturnVerb::Close(args) => args.run(Plain::Close, replica, globals),
            ReturnVerb::States(args) => args.run(globals),
            ReturnVerb::List(args) => args.run(replica, globals),
            ReturnVerb::Show(args) => args.run(replica, globals),
        }
    }
}

/// An amount in the currency of a return.
fn amount(replica: &Replica, globals: &Globals, number: &str, text: &str) -> Result<Amount, Failure> {
    let unknown = || CommandError::UnknownReturn { found: number.to_owned() };
    let row = replica.find_return(number).told(globals)?;
    let currency = row.ok_or_else(unknown).told(globals)?.currency;
    currency.parse_amount(text).told(globals)
}

/// Shows what a command made of a return, and what can be done next.
fn show(
    replica: &Replica,
    globals: &Globals,
    outcome: Result<ReturnDone, CommandError>,
) -> Result<(), Failure> {
    let outcome = outcome.told(globals)?;
    let l = globals.language;
    let number = outcome.number.to_string();
    let row = replica.find_return(&outcome.id.to_string()).told(globals)?;
    let proven = row.as_ref().is_some_and(|row| row.proven);
    let mut items: Vec<ReturnItem> = row.iter().map(ReturnItem::of).collect();
    items.iter_mut().for_each(|item| item.receipt_code = outcome.receipt_code.clone());
    globals.show("return", &items, |items| item::details(l, items))?;
    let states: Vec<String> = outcome.states.iter().map(|s| names::state(l, s)).collect();
    globals.say(&results::return_done(l, &number, &states.join(" / ")))?;
    if !outcome.verified {
        globals.say(&results::return_provisional(l))?;
    } else if proven {
        globals.say(&signed::return_proven(l))?;
    }
    let owes = outcome.entitled > outcome.queued + outcome.paid;
    match next_step(globals, &number, &outcome.states, owes) {
        Some(text) => globals.next(&text),
        None => super::next_after_write(globals),
    }
}

/// What a return in these states waits for.
fn next_step(globals: &Globals, number: &str, states: &[String], owes: bool) -> Option<String> {
    let (l, program) = (globals.language, globals.program);
    let has = |state: &str| states.iter().any(|s| s == state);
    let text = match () {
        () if has("draft") || has("needs_information") => moves::request(l, program, number),
        () if has("requested") || has("disputed") => moves::approve(l, program, number),
        () if has("approved") || has("awaiting_goods") => next::receive(l, program, number),
        () if has("received") => next::inspect(l, program, number),
        () if has("in_repair") => moves::hand_back(l, program, number),
        () if owes => next::refund(l, program, number),
        () => return None,
    };
    Some(text)
}

fn graded(graded: &parse::Graded, sku: Option<String>, reason_found: Option<ReasonCode>) -> Graded {
    let parse::Graded { grade, quantity, disposition } = *graded;
    Graded { sku, grade, quantity, disposition, reason_found }
}
