//! What settles a return otherwise: parcels, goods left with the customer, a sale that was found, store
//! credit, repaired goods handed back.

use clap::Args;
use guicang_domain::ids::{ReceiptId, SiteId, Tender};
use guicang_domain::returns::Collected;
use guicang_replica::{Receive, Replica};

use crate::exit::{Failure, Told};
use crate::output::Globals;
use crate::verbs::{ByArgs, here, parse};

/// Where goods are to be sent.
#[derive(Debug, Clone, Args)]
pub struct AwaitArgs {
    /// The return's number or identity
    pub number: String,
    /// How many days the customer has; no limit if none is named
    #[arg(long)]
    pub days: Option<u32>,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// A parcel.
#[derive(Debug, Clone, Args)]
pub struct ParcelArgs {
    /// The return's number or identity
    pub number: String,
    /// Who carries it
    #[arg(long)]
    pub carrier: String,
    /// Its tracking number
    #[arg(long, value_name = "NUMBER")]
    pub tracking: String,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// Goods that stay with the customer.
#[derive(Debug, Clone, Args)]
pub struct WaiveArgs {
    /// The return's number or identity
    pub number: String,
    /// What stays: SKU, or SKU=2; all that is awaited if none is named
    #[arg(long = "item", value_name = "SKU=QTY")]
    pub items: Vec<parse::Item>,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// A sale that was found.
#[derive(Debug, Clone, Args)]
pub struct LinkArgs {
    /// The return's number or identity
    pub number: String,
    /// The receipt: [SITE/[TILL/]]NUMBER
    #[arg(long, value_name = "RECEIPT")]
    pub sale: String,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// Store credit that is spent.
#[derive(Debug, Clone, Args)]
pub struct SpendArgs {
    /// The number or identity of the return that gave it
    pub number: String,
    /// How much
    #[arg(long)]
    pub amount: String,
    /// What it pays for: [SITE/[TILL/]]NUMBER
    #[arg(long, value_name = "RECEIPT")]
    pub sale: Option<String>,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// Store credit that is left to another branch.
#[derive(Debug, Clone, Args)]
pub struct ShareArgs {
    /// The number or identity of the return that gave it
    pub number: String,
    /// How much
    #[arg(long)]
    pub amount: String,
    /// The branch that may spend it from now on
    #[arg(long, value_name = "SITE")]
    pub to: SiteId,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// Repaired goods.
#[derive(Debug, Clone, Args)]
pub struct HandBackArgs {
    /// The return's number or identity
    pub number: String,
    /// What was done
    #[arg(long)]
    pub note: String,
    /// What the customer paid for it
    #[arg(long, requires = "tender")]
    pub fee: Option<String>,
    /// By what
    #[arg(long, requires = "fee")]
    pub tender: Option<Tender>,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

impl AwaitArgs {
    /// Tells the customer where to send the goods.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, None)?;
        let outcome = replica.await_goods(&by, &self.number, self.days);
        super::show(replica, globals, outcome)
    }
}

impl ParcelArgs {
    /// Notes the parcel.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, None)?;
        let outcome = replica.parcel_sent(&by, &self.number, &self.carrier, &self.tracking);
        super::show(replica, globals, outcome)
    }
}

impl WaiveArgs {
    /// Leaves the goods with the customer.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, None)?;
        let goods: Vec<Receive> = self
            .items
            .iter()
            .map(|i| Receive { sku: Some(i.sku.clone()), quantity: Some(i.quantity), place: String::new() })
            .collect();
        let outcome = replica.waive(&by, &self.number, &goods);
        super::show(replica, globals, outcome)
    }
}

impl LinkArgs {
    /// Names the sale.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, None)?;
        let receipt = ReceiptId::parse(&self.sale, here(replica).as_ref()).told(globals)?;
        let outcome = replica.link_return(&by, &self.number, &receipt);
        super::show(replica, globals, outcome)
    }
}

impl SpendArgs {
    /// Spends store credit.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, None)?;
        let amount = super::amount(replica, globals, &self.number, &self.amount)?;
        let receipt = match &self.sale {
            Some(text) => Some(ReceiptId::parse(text, here(replica).as_ref()).told(globals)?),
            None => None,
        };
        let outcome = replica.spend_credit(&by, &self.number, amount, receipt);
        super::show(replica, globals, outcome)
    }
}

impl ShareArgs {
    /// Leaves a share to another branch.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, None)?;
        let amount = super::amount(replica, globals, &self.number, &self.amount)?;
        let outcome = replica.share_credit(&by, &self.number, &self.to, amount);
        super::show(replica, globals, outcome)
    }
}

impl HandBackArgs {
    /// Hands the goods back.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, None)?;
        let fee = match (&self.fee, &self.tender) {
            (Some(text), Some(tender)) => {
                let amount = super::amount(replica, globals, &self.number, text)?;
                Some(Collected { tender: tender.clone(), amount, reference: None })
            }
            _ => None,
        };
        let outcome = replica.hand_back(&by, &self.number, &self.note, fee);
        super::show(replica, globals, outcome)
    }
}
