//! Decisions on a return, and what ends it: request, approve, reject, needs-info, dispute, cancel, reverse,
//! close.

use clap::Args;
use guicang_domain::ids::EventId;
use guicang_replica::Replica;

use crate::exit::Failure;
use crate::output::Globals;
use crate::verbs::ByArgs;

/// A return, and who does it.
#[derive(Debug, Clone, Args)]
pub struct NamedArgs {
    /// The return's number or identity
    pub number: String,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// A return, and what is said of it.
#[derive(Debug, Clone, Args)]
pub struct NotedArgs {
    /// The return's number or identity
    pub number: String,
    /// What is to be known, or why
    #[arg(long)]
    pub note: String,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// A rejection.
#[derive(Debug, Clone, Args)]
pub struct RejectArgs {
    /// The return's number or identity
    pub number: String,
    /// Why, as a code; may be repeated [default: what the policy says]
    #[arg(long = "ground", value_name = "CODE")]
    pub grounds: Vec<String>,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// A reversal.
#[derive(Debug, Clone, Args)]
pub struct ReverseArgs {
    /// The return's number or identity
    pub number: String,
    /// One event only, as `return show --json` names it [default: all of the return]
    #[arg(long, value_name = "EVENT")]
    pub event: Option<EventId>,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// What is done with a return that only has to be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    Request,
    Approve,
    Cancel,
    Close,
}

impl NamedArgs {
    pub(super) fn run(&self, plain: Plain, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, None)?;
        let outcome = match plain {
            Plain::Request => replica.request_return(&by, &self.number),
            Plain::Approve => replica.approve_return(&by, &self.number),
            Plain::Cancel => replica.cancel_return(&by, &self.number),
            Plain::Close => replica.close_return(&by, &self.number),
        };
        super::show(replica, globals, outcome)
    }
}

impl NotedArgs {
    pub(super) fn run(
        &self,
        disputed: bool,
        replica: &mut Replica,
        globals: &Globals,
    ) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, None)?;
        let outcome = match disputed {
            true => replica.dispute_return(&by, &self.number, &self.note),
            false => replica.ask_information(&by, &self.number, &self.note),
        };
        super::show(replica, globals, outcome)
    }
}

impl RejectArgs {
    /// Rejects the return.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, None)?;
        let outcome = replica.reject_return(&by, &self.number, self.grounds.clone());
        super::show(replica, globals, outcome)
    }
}

impl ReverseArgs {
    /// Reverses the return, or one event of it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, None)?;
        let outcome = replica.reverse_return(&by, &self.number, self.event.as_ref());
        super::show(replica, globals, outcome)
    }
}
