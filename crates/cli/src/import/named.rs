//! A row's names parsed and its numbers checked: what it is called everywhere after.

use guicang_domain::ids::{IdError, ReceiptId, ReceiptLineId, SiteId, Sku, Tender};

use super::batch::{About, Heading, PaidIn};
use super::columns::Role;
use super::row::{Layout, Row, left_out};
use super::rules::Kind;
use super::scratch::key_of;
use super::target::SiteAnswer;
use super::{Goods, INVOICE_BYTES, Import, ImportError, NAME_BYTES, Named, NotTaken, lenient};

impl Import<'_> {
    /// Parses a row's names and checks its numbers, in the order in which a person would.
    pub(super) fn name<'r>(
        &mut self,
        row: &Row<'r>,
        kind: Kind,
        layout: &Layout,
        record: &'r csv::StringRecord,
        line: u64,
    ) -> Result<Named<'r>, NotTaken> {
        let facts = &row.facts;
        let out = |reason, role, found: &str, wanted: &str| {
            NotTaken::LeftOut(left_out(line, reason, layout.header(role), found, wanted))
        };
        let bad = |reason, role, found: &str, e: IdError| out(reason, role, found, e.wanted);
        let site = match (facts.site, &self.options.site) {
            ("", Some(site)) => site.clone(),
            (site, _) => SiteId::new(site).map_err(|e| bad("bad_site", Role::Site, site, e))?,
        };
        if self.site(&site)? == SiteAnswer::Skip {
            return Err(NotTaken::Skipped("other_site"));
        }
        let sign = self.profile.signs.of(kind);
        if !sign.fits(facts.quantity.0) {
            let wanted = format!("{} in a row of kind {}", sign.wanted(), kind.as_str());
            return Err(out("bad_quantity", Role::Quantity, &facts.quantity.to_string(), &wanted));
        }
        if let Some(price) = facts.price.filter(|price| price.0 < 0) {
            return Err(out("bad_price", Role::Price, &price.to_string(), "zero or more"));
        }
        // What returns and goods sent back come to is below zero in some files and above in others.
        if let Some(amount) = row.amount.filter(|amount| kind == Kind::Sale && amount.0 < 0) {
            let found = self.profile.currency().format(amount);
            return Err(out("bad_amount", Role::Amount, &found, "zero or more in a sale"));
        }
        let till = match facts.till {
            "" => None,
            till => Some(till.parse().map_err(|e| bad("bad_till", Role::Till, till, e))?),
        };
        if self.profile.lenient {
            for role in Role::ALL.iter().filter(|role| role.is_code()) {
                let code = layout.text(record, *role);
                if lenient::is_mangled(code) {
                    let wanted = "the whole code: give the column the format Text before the file is saved";
                    return Err(out("cut_code", *role, code, wanted));
                }
            }
        }
        let number =
            facts.receipt.parse().map_err(|e| bad("bad_receipt", Role::Receipt, facts.receipt, e))?;
        let customer = match facts.customer {
            "" => None,
            id => Some(id.parse().map_err(|e| bad("bad_customer", Role::Customer, id, e))?),
        };
        for (role, text) in [(Role::Name, facts.name), (Role::Serials, row.serials), (Role::Spec, row.spec)] {
            if text.len() > NAME_BYTES {
                return Err(out("bad_name", role, text, "at most 1,000 bytes"));
            }
        }
        let paid_in = match row.tender {
            "" if kind == Kind::Tender => {
                return Err(out("bad_tender", Role::Tender, "", "how it was paid, or an article's code"));
            }
            "" => None,
            text => Some(PaidIn {
                tender: self.tender(text).map_err(|e| bad("bad_tender", Role::Tender, text, e))?,
                reference: Some(row.reference).filter(|r| !r.is_empty()).map(Into::into),
            }),
        };
        if kind == Kind::Tender && row.amount.is_none() {
            return Err(out("bad_amount", Role::Amount, "", "how much was paid so"));
        }
        // Nobody records by what a return of long ago was paid back.
        if kind == Kind::Tender && row.amount.is_some_and(|amount| amount.0 <= 0) {
            return Err(NotTaken::Skipped("tender_of_return"));
        }
        let cashier = match row.cashier {
            "" => None,
            name => Some(name.parse().map_err(|e| bad("bad_cashier", Role::Cashier, name, e))?),
        };
        let invoice = match row.invoice {
            "" => None,
            number if number.len() > INVOICE_BYTES || number.chars().any(char::is_control) => {
                return Err(out(
                    "bad_invoice",
                    Role::Invoice,
                    number,
                    "an invoice's number, at most 64 bytes",
                ));
            }
            number => Some(number.to_owned()),
        };
        let about = About { cashier, invoice };
        let heading = Heading { receipt: ReceiptId { site, till, number }, customer, at: row.at };
        if kind == Kind::Tender {
            return Ok(Named { heading, about, goods: None, paid_in });
        }
        let sku = match layout.text(record, Role::Sku) {
            "" if layout.has(Role::Barcode) => self.article(facts.sku)?,
            _ => None,
        };
        let role = if layout.has(Role::Sku) { Role::Sku } else { Role::Barcode };
        let sku = match sku {
            Some(sku) => sku,
            None => Sku::of(facts.sku).map_err(|e| bad("bad_code", role, facts.sku, e))?,
        };
        let lot = match row.lot {
            "" => None,
            lot => Some(lot.parse().map_err(|e| bad("bad_lot", Role::Lot, lot, e))?),
        };
        let serials = row.serials.split([';', '；', '、', ',', '|']).map(str::trim);
        let serials = serials.filter(|serial| !serial.is_empty()).map(Into::into).collect();
        let line = self.row_id(&heading.receipt, row, kind, layout, record, line)?;
        let goods = Goods { sku, code: facts.sku, line, lot, serials };
        Ok(Named { heading, about, goods: Some(goods), paid_in })
    }

    /// What the row is known by among its receipt's rows.
    fn row_id(
        &mut self,
        receipt: &ReceiptId,
        row: &Row<'_>,
        kind: Kind,
        layout: &Layout,
        record: &csv::StringRecord,
        line: u64,
    ) -> Result<ReceiptLineId, NotTaken> {
        let out = |reason, wanted| {
            let header = layout.header(Role::Line);
            NotTaken::LeftOut(left_out(line, reason, header, row.line_number, wanted))
        };
        if !layout.has(Role::Line) {
            let content = layout.identity(record);
            let times = self.occurrences.next(&self.scratch, key_of(&content)).map_err(ImportError::from)?;
            return Ok(ReceiptLineId::of_content(&content, times));
        }
        let wanted = "a whole number above zero";
        let n: u32 =
            row.line_number.parse().ok().filter(|n| *n > 0).ok_or_else(|| out("bad_line", wanted))?;
        let (receipt, number) = (receipt.to_string(), n.to_be_bytes());
        if kind == Kind::Return {
            // Many programs write a return under the number of the line that it takes back, each time it
            // is taken back; so the number alone doesn't tell such rows apart.
            let (at, quantity) = (row.at.0.to_be_bytes(), row.facts.quantity.0.to_be_bytes());
            let content: [&[u8]; 5] = [b"return", receipt.as_bytes(), &number, &at, &quantity];
            let times = self.occurrences.next(&self.scratch, key_of(&content)).map_err(ImportError::from)?;
            return Ok(ReceiptLineId::of_content(&content, times));
        }
        let key = key_of(&[receipt.as_bytes(), &number]);
        if self.occurrences.next(&self.scratch, key).map_err(ImportError::from)? > 1 {
            return Err(out("repeated_line", "each line of a receipt once"));
        }
        Ok(ReceiptLineId::of_number(n))
    }

    fn tender(&self, text: &str) -> Result<Tender, IdError> {
        match self.profile.tenders.get(text) {
            Some(tender) => Ok(tender.clone()),
            None => text.parse(),
        }
    }
}
