//! What a row becomes: a line of a receipt, of a return or of an adjustment, or a way it was paid.

use guicang_domain::adjustment::AdjustmentLine;
use guicang_domain::ids::{ReasonCode, ReceiptId, ReceiptNumber, SiteId};
use guicang_domain::money::{Amount, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::{ReturnLine, SaleLink};
use guicang_domain::sale::SaleLine;

use super::batch::{Heading, Taking};
use super::open_lines::TakeError;
use super::profile::Link;
use super::row::{Layout, Row};
use super::rules::Kind;
use super::scratch::key_of;
use super::target::HeldSaleLine;
use super::{Import, ImportError, Named};

impl Import<'_> {
    pub(super) fn take(
        &mut self,
        kind: Kind,
        row: &Row<'_>,
        named: Named<'_>,
        layout: &Layout,
        record: &csv::StringRecord,
    ) -> Result<Taking, ImportError> {
        let reason = || layout.reason(&self.profile.reasons, kind, record);
        match kind.movement(row.facts.quantity) {
            Some(movement) => {
                Ok(Taking::Adjustment(movement, self.adjustment_line(kind, row, named, reason())))
            }
            None if kind == Kind::Return => {
                let reason = reason();
                self.return_line(row, named, reason)
            }
            None => self.sale_line(row, named),
        }
    }

    fn adjustment_line(
        &self,
        kind: Kind,
        row: &Row<'_>,
        named: Named<'_>,
        reason: ReasonCode,
    ) -> AdjustmentLine {
        let goods = named.goods.expect("a row of goods");
        let quantity = row.facts.quantity.abs();
        let currency = self.profile.currency();
        // Only what is bought and sent back is priced at cost; a shelf's finds are at what they'd sell for.
        let is_cost = matches!(kind, Kind::Received | Kind::SentBack);
        let value = row.amount.map(|amount| Amount(amount.0.saturating_abs())).filter(|_| is_cost);
        let price = row.facts.price.filter(|_| is_cost);
        AdjustmentLine {
            sku: goods.sku,
            quantity,
            reason,
            note: text(row.facts.name),
            lot: goods.lot,
            place: String::new(),
            cost: price.or_else(|| value.map(|value| UnitPrice::of(value, quantity, currency))),
            value,
            row: Some(goods.line),
            from: None,
            to: None,
            into: None,
        }
    }

    fn sale_line(&mut self, row: &Row<'_>, named: Named<'_>) -> Result<Taking, ImportError> {
        let Some(goods) = named.goods else {
            let paid_in = named.paid_in.expect("a row of a tender");
            return Ok(Taking::Tender(paid_in, row.amount.unwrap_or_default()));
        };
        let facts = &row.facts;
        let quantity = facts.quantity;
        let of_price = || {
            let full = facts.price.or(row.list_price).unwrap_or_default();
            full.times(quantity, self.profile.currency()) - row.discount.unwrap_or_default()
        };
        let paid = row.amount.unwrap_or_else(of_price);
        let key = self.article_key(&named.heading, row.original, goods.code);
        let mut line = SaleLine::new(goods.line, goods.sku, quantity, paid);
        line.written = (line.sku.as_str() != goods.code).then(|| goods.code.into());
        line.name = text(facts.name);
        line.service = facts.service.then_some(true);
        line.list_price = row.list_price.or_else(|| row.discount.and(facts.price));
        line.tax_rate = row.tax_rate;
        line.lot = goods.lot;
        line.expiry = row.expiry;
        line.serials = Some(goods.serials).filter(|serials| !serials.is_empty());
        line.spec = text(row.spec);
        if let Some(key) = key {
            let open = HeldSaleLine {
                receipt: named.heading.receipt.clone(),
                line: line.line.clone(),
                occurred: row.at,
                sold: quantity,
                paid,
                open: quantity,
            };
            self.open_lines.add(&self.scratch, key, open)?;
        }
        Ok(Taking::Sale(line, named.paid_in))
    }

    fn return_line(
        &mut self,
        row: &Row<'_>,
        named: Named<'_>,
        reason: ReasonCode,
    ) -> Result<Taking, ImportError> {
        let facts = &row.facts;
        let quantity = facts.quantity.abs();
        let goods = named.goods.as_ref().expect("a row of goods");
        let links = match self.article_key(&named.heading, row.original, goods.code) {
            Some(key) => self.link(key, &named.heading, row, goods.code, quantity)?,
            None => Vec::new(),
        };
        let linked: Quantity = links.iter().map(|link| link.quantity).sum();
        let lines = &mut self.report.return_lines;
        match linked {
            Quantity::ZERO => lines.unmatched += 1,
            _ if linked == quantity => lines.matched += 1,
            _ => lines.partly += 1,
        }
        let of_amount = |amount: Amount| {
            UnitPrice::of(Amount(amount.0.saturating_abs()), quantity, self.profile.currency())
        };
        let goods = named.goods.expect("a row of goods");
        Ok(Taking::Return(ReturnLine {
            written: (goods.sku.as_str() != goods.code).then(|| goods.code.into()),
            sku: goods.sku,
            quantity,
            reason,
            note: None,
            links,
            price: row.amount.map(of_amount).or(facts.price),
            cost: None,
            service: facts.service,
            lot: goods.lot,
            serials: goods.serials,
            group: None,
            row: Some(goods.line),
        }))
    }

    fn link(
        &mut self,
        key: u128,
        heading: &Heading,
        row: &Row<'_>,
        code: &str,
        wanted: Quantity,
    ) -> Result<Vec<SaleLink>, ImportError> {
        let Self { target, open_lines, scratch, report, profile, .. } = self;
        let held = || match (profile.link, &heading.customer) {
            (Link::Customer, Some(customer)) => target.sale_lines_of(customer, code),
            (Link::Customer, None) => Ok(Vec::new()),
            (Link::Receipt, _) => match original(heading, row.original) {
                Some((site, number)) => target.sale_lines_on(&site, &number, code),
                None => Ok(Vec::new()),
            },
        };
        open_lines.take(scratch, key, row.at, wanted, held).map_err(|e| match e {
            TakeError::Scratch(e) => ImportError::Scratch(e),
            TakeError::Target(source) => ImportError::Target { rows: report.rows, source },
        })
    }

    /// What a return and its sale have in common: the code as written and, as the profile says, the
    /// customer or the receipt. `None` where the row doesn't say.
    fn article_key(&self, heading: &Heading, named: &str, code: &str) -> Option<u128> {
        match self.profile.link {
            Link::Customer => {
                let customer = heading.customer.as_ref()?;
                Some(key_of(&[customer.as_str().as_bytes(), code.as_bytes()]))
            }
            Link::Receipt => {
                let (site, number) = original(heading, named)?;
                Some(key_of(&[
                    b"receipt",
                    site.as_str().as_bytes(),
                    number.as_str().as_bytes(),
                    code.as_bytes(),
                ]))
            }
        }
    }
}

/// The receipt that a row belongs to or takes back: the one that it names (`[SITE/[TILL/]]NUMBER`), else its
/// own. The till doesn't matter: goods come back at another.
fn original(heading: &Heading, named: &str) -> Option<(SiteId, ReceiptNumber)> {
    if named.is_empty() {
        return Some((heading.receipt.site.clone(), heading.receipt.number.clone()));
    }
    let receipt = ReceiptId::parse(named, Some(&heading.receipt.site)).ok()?;
    Some((receipt.site, receipt.number))
}

fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.into())
}
