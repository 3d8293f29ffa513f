//! `return counter`: request, verdict, receipt, inspection and refund in one command and a minute.

use clap::Args;
use guicang_domain::money::UnitPrice;
use guicang_replica::Replica;

use super::exchange::GivenArgs;
use super::request::{MoneyArgs, RequestArgs};
use crate::exit::Failure;
use crate::output::Globals;
use crate::verbs::parse;

/// What the clerk knows.
#[derive(Debug, Clone, Args)]
pub struct CounterArgs {
    /// What comes back, and why.
    #[command(flatten)]
    pub request: RequestArgs,
    /// How it looks: A=1,D=1, or A=1:quarantine to say where it goes
    #[arg(long = "grade", value_name = "GRADE=QTY", value_delimiter = ',')]
    pub grades: Vec<parse::Graded>,
    /// Whether the tags are on the goods: on or off
    #[arg(long, value_name = "on|off")]
    pub tags: Option<parse::Tags>,
    /// The goods are not here yet
    #[arg(long, conflicts_with = "grades")]
    pub awaited: bool,
    /// How the money goes back.
    #[command(flatten)]
    pub money: MoneyArgs,
    /// What is given instead of money: SKU, or SKU=2; may be repeated
    #[arg(long = "give", value_name = "SKU=QTY", conflicts_with_all = ["refund", "awaited"])]
    pub give: Vec<parse::Item>,
    /// The price of one of what is given, if not as listed; one for all, or one for each
    #[arg(long = "give-price", value_name = "PRICE", requires = "give")]
    pub give_prices: Vec<UnitPrice>,
    /// How the difference goes, in either direction
    #[arg(long, value_name = "TENDER", requires = "give")]
    pub difference: Option<guicang_domain::ids::Tender>,
}

impl CounterArgs {
    /// Records the return.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.request.by(replica, globals)?;
        let mut request = self.request.request(replica, globals)?;
        request.goods_here = !self.awaited;
        request.tags = self.tags.map(|tags| tags == parse::Tags::On);
        request.grades = self.grades.iter().map(|g| super::graded(g, None, None)).collect();
        let outcome = if self.give.is_empty() {
            self.money.apply(&mut request);
            replica.counter_return(&by, request)
        } else {
            let given = GivenArgs {
                give: self.give.clone(),
                prices: self.give_prices.clone(),
                till_receipt: None,
                tender: self.difference.clone(),
                reference: None,
                paid: false,
            };
            let given = given.given(replica, globals)?;
            replica.counter_exchange(&by, request, given)
        };
        super::show(replica, globals, outcome)
    }
}
