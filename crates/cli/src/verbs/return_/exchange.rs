//! `return exchange`: other goods for those that came back, and one tender for the difference.

use clap::Args;
use guicang_domain::ids::{ReceiptId, Tender};
use guicang_domain::money::UnitPrice;
use guicang_replica::{Given, Replica};

use super::request::priced;
use crate::exit::{Failure, Told};
use crate::output::Globals;
use crate::verbs::{ByArgs, here, parse};

/// Goods for goods.
#[derive(Debug, Clone, Args)]
pub struct ExchangeArgs {
    /// The return's number or identity
    pub number: String,
    /// What is given.
    #[command(flatten)]
    pub given: GivenArgs,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

/// What is given, and how the difference goes.
#[derive(Debug, Clone, Args)]
pub struct GivenArgs {
    /// What is given: SKU, or SKU=2; may be repeated
    #[arg(long = "give", value_name = "SKU=QTY", required_unless_present = "till_receipt")]
    pub give: Vec<parse::Item>,
    /// The price of one of what is given, if not as listed; one for all, or one for each
    #[arg(long = "price", value_name = "PRICE", requires = "give")]
    pub prices: Vec<UnitPrice>,
    /// The till's receipt, where the till rings up the exchange
    #[arg(long, value_name = "RECEIPT", conflicts_with = "give")]
    pub till_receipt: Option<String>,
    /// How the difference goes, in either direction
    #[arg(long, value_name = "TENDER")]
    pub tender: Option<Tender>,
    /// The reference of what the customer paid
    #[arg(long)]
    pub reference: Option<String>,
    /// The difference was already paid out here
    #[arg(long, requires = "tender")]
    pub paid: bool,
}

impl GivenArgs {
    pub(super) fn given(&self, replica: &Replica, globals: &Globals) -> Result<Given, Failure> {
        let rung = match &self.till_receipt {
            Some(text) => Some(ReceiptId::parse(text, here(replica).as_ref()).told(globals)?),
            None => None,
        };
        Ok(Given {
            items: priced(&self.give, &self.prices).told(globals)?,
            rung,
            tender: self.tender.clone(),
            reference: self.reference.clone(),
            paid: self.paid || self.tender.as_ref() == Some(&Tender::cash()),
        })
    }
}

impl ExchangeArgs {
    /// Records the exchange.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, None)?;
        let given = self.given.given(replica, globals)?;
        let outcome = replica.exchange(&by, &self.number, &given);
        super::show(replica, globals, outcome)
    }
}
