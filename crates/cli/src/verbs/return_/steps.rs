//! The steps of a return that is not settled at once: receive, inspect, refund.

use clap::Args;
use guicang_domain::ids::{ReasonCode, Tender};
use guicang_replica::{Graded, Missing, Receive, Replica};

use crate::exit::Failure;
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
    /// The tracking number of the parcel that they came in
    #[arg(long, value_name = "NUMBER")]
    pub tracking: Option<String>,
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
    /// What is missing, and what is taken off for it: charger, or charger=20.00; may be repeated
    #[arg(long = "missing", value_name = "WHAT=PRICE")]
    pub missing: Vec<String>,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// Money that goes back.
#[derive(Debug, Clone, Args)]
pub struct RefundArgs {
    /// The return's number or identity
    pub number: String,
    /// How the money goes back: cash (paid at once), wechat, alipay, card, ... [default: as it was paid]
    #[arg(long)]
    pub tender: Option<Tender>,
    /// How much, if not all that is still owed
    #[arg(long, requires = "tender")]
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
        let outcome = match &self.tracking {
            Some(tracking) => replica.receive_parcel(&by, &self.number, &goods, tracking),
            None => replica.receive(&by, &self.number, &goods),
        };
        super::show(replica, globals, outcome)
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
        let mut missing = Vec::new();
        for text in &self.missing {
            let (what, price) = match text.rsplit_once('=') {
                Some((what, price)) => (what, Some(super::amount(replica, globals, &self.number, price)?)),
                None => (text.as_str(), None),
            };
            missing.push(Missing { what: what.trim().to_owned(), price });
        }
        let outcome = replica.inspect_missing(&by, &self.number, &graded, &missing);
        super::show(replica, globals, outcome)
    }
}

impl RefundArgs {
    /// Queues the refund, or records that it was paid here.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, None)?;
        let Some(tender) = self.tender.clone() else {
            let outcome = replica.refund_as_paid(&by, &self.number, self.paid);
            return super::show(replica, globals, outcome);
        };
        let amount = match &self.amount {
            Some(text) => Some(super::amount(replica, globals, &self.number, text)?),
            None => None,
        };
        let paid = self.paid || tender == Tender::cash();
        let outcome = replica.refund(&by, &self.number, tender, amount, paid);
        super::show(replica, globals, outcome)
    }
}
