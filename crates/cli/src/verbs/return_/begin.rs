//! What begins a return otherwise than at the counter: opened for later, refunded without the goods, money
//! off, goods to repair.

use clap::Args;
use guicang_replica::Replica;

use super::request::{MoneyArgs, RequestArgs};
use crate::exit::{Failure, Told};
use crate::output::Globals;

/// A return that is decided and settled later.
#[derive(Debug, Clone, Args)]
pub struct OpenArgs {
    /// What comes back, and why.
    #[command(flatten)]
    pub request: RequestArgs,
    /// Begin it only; it isn't asked for yet
    #[arg(long)]
    pub draft: bool,
}

/// A refund without the goods.
#[derive(Debug, Clone, Args)]
pub struct RefundOnlyArgs {
    /// What stays with the customer, and why.
    #[command(flatten)]
    pub request: RequestArgs,
    /// How the money goes back.
    #[command(flatten)]
    pub money: MoneyArgs,
}

/// Money off.
#[derive(Debug, Clone, Args)]
pub struct AllowArgs {
    /// What it is taken off, and why.
    #[command(flatten)]
    pub request: RequestArgs,
    /// How much is taken off
    #[arg(long)]
    pub amount: String,
    /// How the money goes back.
    #[command(flatten)]
    pub money: MoneyArgs,
}

/// A customer's own goods.
#[derive(Debug, Clone, Args)]
pub struct RepairArgs {
    /// What is to be repaired, and why.
    #[command(flatten)]
    pub request: RequestArgs,
}

impl OpenArgs {
    /// Opens the return.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.request.by(replica, globals)?;
        let request = self.request.request(replica, globals)?;
        let outcome = replica.open_return(&by, request, self.draft);
        super::show(replica, globals, outcome)
    }
}

impl RefundOnlyArgs {
    /// Records the refund.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.request.by(replica, globals)?;
        let mut request = self.request.request(replica, globals)?;
        self.money.apply(&mut request);
        let outcome = replica.waived_return(&by, request);
        super::show(replica, globals, outcome)
    }
}

impl AllowArgs {
    /// Records the allowance.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.request.by(replica, globals)?;
        let mut request = self.request.request(replica, globals)?;
        self.money.apply(&mut request);
        let currency = self.request.currency(replica, globals)?;
        let amount = currency.parse_amount(&self.amount).told(globals)?;
        let outcome = replica.allowance(&by, request, amount);
        super::show(replica, globals, outcome)
    }
}

impl RepairArgs {
    /// Takes the goods in.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.request.by(replica, globals)?;
        let request = self.request.request(replica, globals)?;
        let outcome = replica.take_for_repair(&by, request);
        super::show(replica, globals, outcome)
    }
}
