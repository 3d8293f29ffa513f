//! What every command that begins a return is told: receipt, goods, reason, customer, channel.

use clap::Args;
use guicang_domain::ids::{CustomerId, IdError, ReasonCode, ReceiptId, SiteId, Tender};
use guicang_domain::money::{Currency, UnitPrice};
use guicang_domain::returns::Channel;
use guicang_replica::{By, Contact, CounterReturn, Item, Replica};

use crate::exit::{Failure, Told};
use crate::output::Globals;
use crate::verbs::receipt::code_text;
use crate::verbs::{ByArgs, here, parse};

/// What the clerk knows.
#[derive(Debug, Clone, Args)]
pub struct RequestArgs {
    /// The receipt that the customer has: [SITE/[TILL/]]NUMBER; of goods given in exchange, the return's number
    #[arg(long, value_name = "RECEIPT")]
    pub sale: Option<String>,
    /// The customer's signed receipt, as it was scanned; - for standard input
    #[arg(long, value_name = "CODE", conflicts_with_all = ["sale", "prices"])]
    pub receipt_code: Option<String>,
    /// What comes back: SKU, or SKU=2; may be repeated
    #[arg(long = "item", value_name = "SKU=QTY", required = true)]
    pub items: Vec<parse::Item>,
    /// Why, as a code of the organisation's list
    #[arg(long)]
    pub reason: ReasonCode,
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

/// How the money goes back.
#[derive(Debug, Clone, Args)]
pub struct MoneyArgs {
    /// How the money goes back: cash (paid at once), wechat, alipay, card, ... [default: as it was paid]
    #[arg(long, value_name = "TENDER")]
    pub refund: Option<Tender>,
    /// The money was already paid out here
    #[arg(long, requires = "refund")]
    pub paid: bool,
}

impl RequestArgs {
    /// Who asks, and when.
    pub(super) fn by(&self, replica: &Replica, globals: &Globals) -> Result<By, Failure> {
        self.by.by(replica, globals, self.site.as_ref())
    }

    /// The request, its goods not here and nothing to be paid.
    pub(super) fn request(&self, replica: &Replica, globals: &Globals) -> Result<CounterReturn, Failure> {
        let site = self.site.clone().or_else(|| here(replica));
        let receipt = match &self.sale {
            Some(text) => Some(ReceiptId::parse(text, site.as_ref()).told(globals)?),
            None => None,
        };
        let contact = (self.name.is_some() || self.phone.is_some())
            .then(|| Contact { name: self.name.clone(), phone: self.phone.clone() });
        Ok(CounterReturn {
            receipt,
            site: self.site.clone(),
            receipt_code: match &self.receipt_code {
                Some(typed) => Some(code_text(typed, globals)?),
                None => None,
            },
            channel: self.channel,
            customer: self.customer.clone(),
            contact,
            items: priced(&self.items, &self.prices).told(globals)?,
            reason: self.reason.clone(),
            note: self.note.clone(),
            goods_here: false,
            grades: Vec::new(),
            tags: None,
            refund: None,
            paid: false,
        })
    }

    /// The currency in which amounts are typed: that of the site which takes the goods.
    pub(super) fn currency(&self, replica: &Replica, globals: &Globals) -> Result<Currency, Failure> {
        let site = self.site.clone().or_else(|| here(replica));
        let sites = replica.sites().told(globals)?;
        let listed = sites.into_iter().find(|s| Some(&s.code) == site.as_ref());
        Ok(listed.map_or(replica.identity().currency, |s| s.currency))
    }
}

impl MoneyArgs {
    /// Tells the request how to refund.
    pub(super) fn apply(&self, request: &mut CounterReturn) {
        request.refund = self.refund.clone();
        request.paid = self.paid || self.refund.as_ref() == Some(&Tender::cash());
    }
}

/// Items with their prices: one for all, or one for each.
pub(super) fn priced(items: &[parse::Item], prices: &[UnitPrice]) -> Result<Vec<Item>, IdError> {
    let price_of = |n: usize| match prices {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        prices if prices.len() == items.len() => Ok(Some(prices[n])),
        prices => Err(IdError {
            what: "price",
            found: prices.iter().map(UnitPrice::to_string).collect::<Vec<_>>().join(" "),
            wanted: "one price for all items, or one for each",
        }),
    };
    let item = |(n, item): (usize, &parse::Item)| {
        Ok(Item { sku: item.sku.clone(), quantity: item.quantity, price: price_of(n)? })
    };
    items.iter().enumerate().map(item).collect()
}
