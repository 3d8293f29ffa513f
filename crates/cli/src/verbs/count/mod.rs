//! `count`: stocktakes, from opening to approval, and the plans of cycle counts.

mod item;
mod list;
mod plan;
mod refusal;
mod scans;
mod steps;

use clap::Subcommand;
use guicang_replica::Replica;

pub(crate) use item::{at_site, signed};

use crate::exit::Failure;
use crate::output::Globals;

/// The commands on counts.
#[derive(Debug, Clone, Subcommand)]
pub enum CountVerb {
    /// Begin a count: of the whole site, of places, of articles, by a plan
    #[command(
        after_help = "Examples:\n  guicang count open\n  guicang count open --place back --blind\n  guicang count open --sku 85123A,71053\n  guicang count open --plan monthly"
    )]
    Open(steps::OpenArgs),
    /// Add what was seen; scans of an article add up
    #[command(
        after_help = "Examples:\n  guicang count scan PD-S01A-000001 85123A=12 71053=4\n  guicang count scan PD-S01A-000001 85123A=2 --account returns_hold\n  guicang count scan PD-S01A-000001 --file scans.txt"
    )]
    Scan(scans::ScanArgs),
    /// Count an article again: replaces what the count says of it so far
    #[command(after_help = "Examples:\n  guicang count recount PD-S01A-000001 85123A=97")]
    Recount(scans::RecountArgs),
    /// End the counting
    #[command(
        after_help = "Examples:\n  guicang count close PD-S01A-000001\n  guicang count close PD-S01A-000001 --uncounted zero"
    )]
    Close(steps::CloseArgs),
    /// Approve a closed count: the stock follows it from then on
    #[command(
        after_help = "Examples:\n  guicang count approve PD-S01A-000001 --dry-run\n  guicang count approve PD-S01A-000001 --approved-by wang"
    )]
    Approve(steps::ApproveArgs),
    /// Drop a count that isn't approved
    #[command(after_help = "Examples:\n  guicang count cancel PD-S01A-000001")]
    Cancel(steps::NumberArgs),
    /// Take an approval back: the stock is as if nobody had counted
    #[command(after_help = "Examples:\n  guicang count reverse PD-S01A-000001")]
    Reverse(steps::NumberArgs),
    /// List counts, the latest first
    #[command(after_help = "Examples:\n  guicang count list\n  guicang count list --stage closed --json")]
    List(list::ListArgs),
    /// Show a count with what it says of each article
    #[command(
        after_help = "Examples:\n  guicang count show PD-S01A-000001\n  guicang count show PD-S01A-000001 --recount"
    )]
    Show(list::ShowArgs),
    /// List the counts that plans ask for, the overdue first
    #[command(after_help = "Examples:\n  guicang count due\n  guicang count due --overdue --json")]
    Due(plan::DueArgs),
    /// Make or change a plan of cycle counts (HQ)
    #[command(
        after_help = "Examples:\n  guicang-server count plan monthly --every 30 --category spirits --blind\n  guicang-server count plan monthly --every 0"
    )]
    Plan(plan::PlanArgs),
}

impl CountVerb {
    /// Whether it writes: HQ brings what was written to its relay.
    pub fn writes(&self) -> bool {
        !matches!(self, CountVerb::List(_) | CountVerb::Show(_) | CountVerb::Due(_))
    }

    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused or the file failed; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        match self {
            CountVerb::Open(args) => args.run(replica, globals),
            CountVerb::Scan(args) => args.run(replica, globals),
            CountVerb::Recount(args) => args.run(replica, globals),
            CountVerb::Close(args) => args.run(replica, globals),
            CountVerb::Approve(args) => args.run(replica, globals),
            CountVerb::Cancel(args) => args.cancel(replica, globals),
            CountVerb::Reverse(args) => args.reverse(replica, globals),
            CountVerb::List(args) => args.run(replica, globals),
            CountVerb::Show(args) => args.run(replica, globals),
            CountVerb::Due(args) => args.run(replica, globals),
            CountVerb::Plan(args) => args.run(replica, globals),
        }
    }
}
