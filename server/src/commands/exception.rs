//! `exception`: what disconnection broke; at HQ also what is decided on it.

use clap::{Args, Subcommand};
use guicang_cli::texts::{names, next};
use guicang_cli::verbs::ByArgs;
use guicang_cli::verbs::exception::{ListArgs, ShowArgs};
use guicang_cli::verbs::exception_kinds::KindsArgs;
use guicang_cli::verbs::supplier;
use guicang_cli::{Failure, Told};
use guicang_domain::exception::ExceptionId;
use guicang_domain::resolution::{Action, LossOwner};
use guicang_replica::Resolve;

use super::Session;
use guicang_cli::texts::hq as texts;

/// The commands on exceptions.
#[derive(Debug, Subcommand)]
pub enum ExceptionVerb {
    /// List exceptions
    #[command(after_help = "Examples:\n  guicang-server exception list --kind over_return --json")]
    List(ListArgs),
    /// Show an exception with its evidence
    #[command(after_help = "Examples:\n  guicang-server exception show over_return:S01/536365:1")]
    Show(ShowArgs),
    /// Print the kinds of exceptions, as Markdown
    #[command(after_help = "Examples:\n  guicang-server exception kinds --format markdown")]
    Kinds(KindsArgs),
    /// Decide on an exception, and who bears the loss
    #[command(
        after_help = "Examples:\n  guicang-server exception resolve over_return:S01/536365:1 --action goodwill --owner company"
    )]
    Resolve(ResolveArgs),
}

/// The decision.
#[derive(Debug, Args)]
pub struct ResolveArgs {
    /// The exception's identity, as the list has it
    pub id: String,
    /// goodwill, recovered, charged_branch, voided_duplicate or recounted
    #[arg(long)]
    pub action: Action,
    /// Who bears the loss: company, customer, site:CODE or supplier:CODE
    #[arg(long)]
    pub owner: LossOwner,
    /// Why
    #[arg(long)]
    pub note: Option<String>,
    #[command(flatten)]
    by: ByArgs,
}

impl ExceptionVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when there is no such exception, it is settled, or a file can't be read or written.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        match self {
            ExceptionVerb::List(args) => args.run(&session.open()?.replica, session.globals),
            ExceptionVerb::Show(args) => args.run(&session.open()?.replica, session.globals),
            ExceptionVerb::Kinds(args) => args.run(session.globals),
            ExceptionVerb::Resolve(args) => args.run(session),
        }
    }
}

impl ResolveArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let mut hq = session.open()?;
        let by = self.by.by(&hq.replica, globals, None)?;
        let resolve = Resolve {
            exception: ExceptionId::from_text(&self.id),
            action: self.action,
            owner: self.owner.clone(),
            note: self.note.clone(),
        };
        let done = hq.replica.resolve(&by, resolve).told(globals)?;
        if let LossOwner::Supplier(owner) = &self.owner {
            supplier::note_unknown(&hq.replica, globals, [owner])?;
        }
        session.settle(&mut hq)?;
        let loss = format!("{} {}", done.currency.format(done.amount), done.currency);
        let owner = names::owner(l, &self.owner.to_string());
        globals.say(&texts::resolved(l, &done.number, &loss, &owner))?;
        let show = ShowArgs { id: self.id.clone() };
        show.run(&hq.replica, globals)?;
        globals.next(&next::exceptions(l, globals.program))
    }
}
