//! `return counter`: request, verdict, receipt, inspection and refund in one command and a minute.

use clap::Args;
use guicang_domain::ids::{CustomerId, IdError, ReasonCode, ReceiptId, SiteId, Tender};
use guicang_domain::money::UnitPrice;
use guicang_domain::returns::Channel;
use guicang_replica::{Contact, CounterReturn, Item, Replica};

use crate::exit::{Failure, Told};
use crate::output::Globals;
use crate::verbs::{ByArgs, here, parse};

/// What the clerk knows.
#[derive(Debug, Clone, Args)]
pub struct CounterArgs {
    /// The receipt that the customer has: [SITE/[TILL/]]NUMBER
    #[arg(long, value_name = "RECEIPT")]
    pub sale: Option<String>,
    /// What comes back: SKU, or SKU=2; may be repeated
    #[arg(long = "item", value_name = "SKU=QTY", required = true)]
    pub items: Vec<parse::Item>,
    /// Why, as a code of the organisation's list
    #[arg(long)]
    pub reason: ReasonCode,
    /// How it looks: A=1,D=1, or A=1:quarantine to say where it goes
    #[arg(long = "grade", value_name = "GRADE=QTY", value_delimiter = ',')]
    pub grades: Vec<parse::Graded>,
    /// The goods are not here yet
    #[arg(long, conflicts_with = "grades")]
    pub awaited: bool,
    /// How the money goes back: cash (paid at once), wechat, alipay, card, ...
    #[arg(long, value_name = "TENDER")]
    pub refund: Option<Tender>,
    /// The money was already paid out here
    #[arg(long, requires = "refund")]
    pub paid: bool,
    /// The price paid for one, where the sale is not held here; one for all items, or one for each
    #[arg(long = "price", value_name = "PRICE")]
    pub prices: Vec<UnitPrice>,
    /// The member's number
    #[arg(long, value_name = "MEMBER")]
    pub customer: Option<CustomerId>,
    /// The customer's name; kept sealed
    #[arg(long)]
    pub name: Option<String>,
    /// The customer's phone; kept sealed
    #[arg(long)]
    pub phone: Option<String>,
    /// A note
    #[arg(long)]
    pub note: Option<String>,
    /// Where the request came in
    #[arg(long, value_name = "store|online|phone", default_value = "store")]
    pub channel: Channel,
    /// The site that takes the goods; only HQ has to say
    #[arg(long)]
    pub site: Option<SiteId>,
    /// Who and when.
    #[command(flatten)]
    pub by: ByArgs,
}

impl CounterArgs {
    /// Records the return.
    ///
    /// # Errors
    /// [`Failure`] when it was refused; nothing is changed then.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let by = self.by.by(replica, globals, self.site.as_ref())?;
        let site = self.site.clone().or_else(|| here(replica));
        let receipt = match &self.sale {
            Some(text) => Some(ReceiptId::parse(text, site.as_ref()).told(globals)?),
            None => None,
        };
        let contact = (self.name.is_some() || self.phone.is_some())
            .then(|| Contact { name: self.name.clone(), phone: self.phone.clone() });
        let paid = self.paid || self.refund.as_ref() == Some(&Tender::cash());
        let counter = CounterReturn {
            receipt,
            site: self.site.clone(),
            channel: self.channel,
            customer: self.customer.clone(),
            contact,
            items: self.priced().told(globals)?,
            reason: self.reason.clone(),
            note: self.note.clone(),
            goods_here: !self.awaited,
            grades: self.grades.iter().map(|g| super::graded(g, None, None)).collect(),
            refund: self.refund.clone(),
            paid,
        };
        let outcome = replica.counter_return(&by, counter).told(globals)?;
        super::show_outcome(replica, globals, &outcome)
    }

    fn priced(&self) -> Result<Vec<Item>, IdError> {
        let price_of = |n: usize| match self.prices.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            prices if prices.len() == self.items.len() => Ok(Some(prices[n])),
            prices => Err(IdError {
                what: "price",
                found: prices.iter().map(UnitPrice::to_string).collect::<Vec<_>>().join(" "),
                wanted: "one price for all items, or one for each",
            }),
        };
        let item = |(n, item): (usize, &parse::Item)| {
            Ok(Item { sku: item.sku.clone(), quantity: item.quantity, price: price_of(n)? })
        };
        self.items.iter().enumerate().map(item).collect()
    }
}
