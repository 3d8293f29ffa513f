//! The steps of a return that is not settled at once: receive, inspect, refund.

use clap::Args;
use guicang_domain::ids::{ReasonCode, Tender};
use guicang_replica::{CommandError, Graded, Receive, Replica};

use crate::exit::{Failure, Told};
use crate::output::Globals;
use crate::verbs::{ByArgs, parse};

/// Goods that arrive.
#[derive(Debug, Clone, Args)]
pub struct ReceiveArgs {
    /// The return's number or identity
    pub number: String,
    /// What arrives: SKU, or SKU=2; all that is awaited if none is named
    #[arg(long = "item", value_name = "SKU=QTY")]
    pub items: Vec<parse::Item>,
    /// The place where they are put
    #[arg(long)]
    pub place: Option<String>,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// Goods that were looked at.
#[derive(Debug, Clone, Args)]
pub struct InspectArgs {
    /// The return's number or identity
    pub number: String,
    /// Which article, where the return has several
    #[arg(long)]
    pub sku: Option<String>,
    /// How it looks: A=1,D=1, or A=1:quarantine to say where it goes
    #[arg(long = "grade", value_name = "GRADE=QTY", value_delimiter = ',', required = true)]
    pub grades: Vec<parse::Graded>,
    /// The reason found, where it isn't the reason given
    #[arg(long, value_name = "REASON")]
    pub reason_found: Option<ReasonCode>,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// Money that goes back.
#[derive(Debug, Clone, Args)]
pub struct RefundArgs {
    /// The return's number or identity
    pub number: String,
    /// How the money goes back: cash (paid at once), wechat, alipay, card, ...
    #[arg(long)]
    pub tender: Tender,
    /// How much, if not all that is still owed
    #[arg(long)]
    pub amount: Option<String>,
    /// The money was already paid out here
    #[arg(long)]
    pub paid: bool,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

impl ReceiveArgs {
    /// Records that the goods are here.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, None)?;
        let place = self.place.clone().unwrap_or_default();
        let receive = |sku, quantity| Receive { sku, quantity, place: place.clone() };
        let goods: Vec<Receive> = match self.items.as_slice() {
            [] => vec![receive(None, None)],
            items => items.iter().map(|i| receive(Some(i.sku.clone()), Some(i.quantity))).collect(),
        };
        let outcome = replica.receive(&by, &self.number, &goods).told(globals)?;
        super::show_outcome(replica, globals, &outcome)
    }
}

impl InspectArgs {
    /// Records how the goods look and where they go.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, None)?;
        let graded: Vec<Graded> = self
            .grades
            .iter()
            .map(|g| super::graded(g, self.sku.clone(), self.reason_found.clone()))
            .collect();
        let outcome = replica.inspect(&by, &self.number, &graded).told(globals)?;
        super::show_outcome(replica, globals, &outcome)
    }
}

impl RefundArgs {
    /// Queues the refund, or records that it was paid here.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, None)?;
        let unknown = || CommandError::UnknownReturn { found: self.number.clone() };
        let amount = match &self.amount {
            Some(text) => {
                let row = replica.find_return(&self.number).told(globals)?;
                let currency = row.ok_or_else(unknown).told(globals)?.currency;
                Some(currency.parse_amount(text).told(globals)?)
            }
            None => None,
        };
        let paid = self.paid || self.tender == Tender::cash();
        let outcome = replica.refund(&by, &self.number, self.tender.clone(), amount, paid).told(globals)?;
        super::show_outcome(replica, globals, &outcome)
    }
}
