//! `return cost`: what a return cost beyond the goods, and who bears it.

use clap::Args;
use guicang_domain::resolution::LossOwner;
use guicang_domain::returns::{Cost, CostKind};
use guicang_replica::Replica;

use crate::exit::Failure;
use crate::output::Globals;
use crate::verbs::ByArgs;

/// A cost, or one that is taken back.
#[derive(Debug, Clone, Args)]
#[group(id = "what", required = true, multiple = false, args = ["kind", "take_back"])]
pub struct CostArgs {
    /// The return's number or identity
    pub number: String,
    /// For what: carriage, handling, repair or fee
    #[arg(long, requires = "amount")]
    pub kind: Option<CostKind>,
    /// How much
    #[arg(long, requires = "kind")]
    pub amount: Option<String>,
    /// Who bears it: company, customer, site:CODE or supplier:NAME; the company if nobody is named
    #[arg(long, requires = "kind")]
    pub owner: Option<LossOwner>,
    /// A note, such as the bill's number
    #[arg(long, requires = "kind")]
    pub note: Option<String>,
    /// Take one back instead: its place in `return show`, from 1, or its event
    #[arg(long, value_name = "N")]
    pub take_back: Option<String>,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

impl CostArgs {
    /// Records it, or takes it back.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, None)?;
        let outcome = match (self.kind, &self.amount, &self.take_back) {
            (Some(kind), Some(amount), _) => {
                let amount = super::amount(replica, globals, &self.number, amount)?;
                let owner = self.owner.clone().unwrap_or(LossOwner::Company);
                let note = self.note.clone().filter(|note| !note.trim().is_empty());
                replica.add_cost(&by, &self.number, Cost { kind, amount, owner, note })
            }
            (_, _, which) => replica.take_cost_back(&by, &self.number, which.as_deref().unwrap_or_default()),
        };
        super::show(replica, globals, outcome)
    }
}
