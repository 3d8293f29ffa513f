//! What settles a return otherwise than by money for goods: goods left with the customer, goods given
//! instead, a sale that was found later.

use guicang_domain::ids::{ReceiptId, ReceiptLineId, RefundNumber, SiteId, Tender};
use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::moves::Move;
use guicang_domain::returns::postings::replacements;
use guicang_domain::returns::state::ReturnState;
use guicang_domain::returns::{Collected, Exchange, RefundShare, Replacement, Return, ReturnEvent, Rung};

use super::By;
use super::plan::price_of;
use super::returns::{Item, Receive, ReturnDone, is_paid_here, wrong};
use super::verify::allocate;
use crate::error::CommandError;
use crate::store::{Replica, Work};

/// What is given instead of money.
#[derive(Debug, Clone)]
pub struct Given {
    /// The goods, each at its price (`None`: as listed); empty where the till rings the exchange.
    pub items: Vec<Item>,
    /// The till's receipt, where the till rings it: goods and difference are on it.
    pub rung: Option<ReceiptId>,
    /// How the difference goes, in either direction.
    pub tender: Option<Tender>,
    /// The reference of what the customer paid.
    pub reference: Option<String>,
    /// Whether what goes back to the customer was handed over.
    pub paid: bool,
}

impl Replica {
    /// Leaves what is still awaited of an approved return with the customer, and refunds it all the same
    /// (仅退款). A manager has to agree.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn waive(&mut self, by: &By, name: &str, goods: &[Receive]) -> Result<ReturnDone, CommandError> {
        self.step(|work| {
            let opened = work.opened(name, Move::Waive)?;
            let site = opened.document.head.site.as_ref();
            let manager = work.manager(by, Some(&opened.document), site, Move::Waive)?;
            let parts = work.received_parts(&opened.document, goods)?;
            if parts.is_empty() {
                return Err(CommandError::Closed { number: opened.row.number, state: "received".into() });
            }
            let agreed = ReturnEvent::Approved { by: Some(manager), grounds: vec![Move::Waive.to_string()] };
            work.add(opened, by, "", vec![agreed, ReturnEvent::Waived { parts }], &[])
        })
    }

    /// Gives other goods for those that came back; the difference, in either direction, goes by one tender.
    /// What was given can come back under the return's own number.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn exchange(&mut self, by: &By, name: &str, given: &Given) -> Result<ReturnDone, CommandError> {
        self.step(|work| {
            let opened = work.opened(name, Move::Exchange)?;
            let due = work.due(&opened)?;
            let site = opened.document.head.site.clone().ok_or(CommandError::SiteNeeded)?;
            let exchange = work.exchange_of(&opened.document, &site, given, due)?;
            work.add(opened, by, "", vec![ReturnEvent::Exchanged(exchange)], &[])
        })
    }

    /// Names the sale of a return that came without it, or with a wrong one: it is judged by that sale from
    /// now on. Where the sale isn't held here, HQ verifies it.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn link_return(
        &mut self,
        by: &By,
        name: &str,
        receipt: &ReceiptId,
    ) -> Result<ReturnDone, CommandError> {
        self.step(|work| work.link_return(by, name, receipt))
    }
}

impl Work<'_> {
    /// What an exchange comes to when so much is owed.
    pub(super) fn exchange_of(
        &self,
        document: &Return,
        site: &SiteId,
        given: &Given,
        due: Amount,
    ) -> Result<Exchange, CommandError> {
        let currency = document.currency;
        if let Some(receipt) = &given.rung {
            if !given.items.is_empty() || due <= Amount::ZERO {
                return Err(wrong("receipt", &receipt.to_string(), "the till's receipt, or goods; not both"));
            }
            let rung = Rung { receipt: receipt.clone(), value: due };
            return Ok(Exchange { rung: Some(rung), ..Exchange::default() });
        }
        let mut exchange =
            Exchange { given: self.replacements(document, site, given)?, ..Exchange::default() };
        let difference = exchange.value() - due.max(Amount::ZERO);
        if difference == Amount::ZERO {
            return Ok(exchange);
        }
        let collect = difference > Amount::ZERO;
        let amount = if collect { difference } else { -difference };
        let tender = given.tender.clone().ok_or(CommandError::TenderNeeded {
            difference: amount,
            collect,
            currency,
        })?;
        if collect {
            exchange.collected = Some(Collected { tender, amount, reference: given.reference.clone() });
        } else {
            let state = ReturnState::of(document);
            let attempt = state.refunds.values().filter(|r| r.tender == tender).count() as u32;
            let refund = RefundNumber::of(document.head.id, &tender, attempt);
            exchange.paid = is_paid_here(&tender, given.paid);
            exchange.refunded = Some(RefundShare { refund, tender, amount, attempt });
        }
        Ok(exchange)
    }

    fn replacements(
        &self,
        document: &Return,
        site: &SiteId,
        given: &Given,
    ) -> Result<Vec<Replacement>, CommandError> {
        if given.items.is_empty() {
            return Err(wrong("item", "nothing", "at least one SKU"));
        }
        let before = replacements(&ReturnState::of(document)).count();
        let mut out = Vec::new();
        for (item, n) in given.items.iter().zip(before + 1..) {
            if !item.quantity.is_positive() || item.quantity > Quantity::LIMIT {
                return Err(wrong("quantity", &item.quantity.to_string(), "> 0"));
            }
            let sku = self.known_sku(&item.sku, false)?;
            let price = price_of(item.price, self.listed_price(&sku)?, &sku)?;
            out.push(Replacement {
                line: ReceiptLineId::of_number(n as u32),
                quantity: item.quantity,
                paid: price.times(item.quantity, document.currency),
                cost: self.shelf_cost(site, &sku)?,
                sku,
            });
        }
        Ok(out)
    }

    fn link_return(&mut self, by: &By, name: &str, receipt: &ReceiptId) -> Result<i64, CommandError> {
        let opened = self.opened(name, Move::Link)?;
        let mut lines = Vec::new();
        if let Some(mut held) = self.held_receipt(receipt)? {
            for (id, line) in &opened.document.lines {
                let on = held.lines.iter().filter(|l| l.sku == line.sku);
                let left: Quantity = on.map(|l| l.open(Quantity::ZERO)).sum();
                if held.lines.iter().all(|l| l.sku != line.sku) {
                    return Err(CommandError::NotOnReceipt {
                        receipt: receipt.clone(),
                        sku: line.sku.clone(),
                        has: held.lines.iter().map(|l| l.sku.clone()).collect(),
                    });
                }
                if left < line.quantity {
                    let (sku, asked) = (line.sku.clone(), line.quantity);
                    return Err(CommandError::MoreThanLeft { sku, asked, left });
                }
                let tolerance = self.tolerance(&line.sku, opened.document.head.site.as_ref())?;
                lines.extend(allocate(id, line.quantity, &line.sku, tolerance, receipt, &mut held));
            }
        }
        let linked = ReturnEvent::Linked { receipt: receipt.clone(), lines };
        self.add(opened, by, "", vec![linked], std::slice::from_ref(&receipt.site))
    }
}
