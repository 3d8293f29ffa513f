//! What the columns of a file stand for, and under which headers they are found.
//!
//! What surprises: headers are compared loosely: letter case, width (`ＳＫＵ`), spaces and underscores, and
//! what stands in brackets behind (`数量(退货为负)`) don't matter. Of several headers that a column may
//! have, the first in the profile's list that the file has is taken.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::lenient::half_width;

/// What a column stands for.
macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What a column stands for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Role { $($(#[$doc])* $name,)* }

        impl Role {
            /// Every role, in the order in which missing columns are named.
            pub const ALL: &[Role] = &[$(Role::$name),*];

            /// Its key in a profile.
            pub fn as_str(self) -> &'static str {
                match self { $(Role::$name => $text,)* }
            }
        }
    };
}

roles! {
    /// The receipt's number.
    Receipt = "receipt";
    /// The article's code.
    Sku = "sku";
    /// How much.
    Quantity = "quantity";
    /// When; or the time of day, where `date` is a column of its own.
    Time = "time";
    /// The price of one, after discounts that the till has taken off already.
    Price = "price";
    /// What the row came to; stands before price x quantity.
    Amount = "amount";
    /// The article's name, or a remark.
    Name = "name";
    /// The customer's number.
    Customer = "customer";
    /// The site; without it the whole file is of one site, named at the import.
    Site = "site";
    /// The till.
    Till = "till";
    /// The row's number within its receipt.
    Line = "line";
    /// How it was paid.
    Tender = "tender";
    /// The day, where `time` is the time of day.
    Date = "date";
    /// The barcode; stands for the article where the row has no code.
    Barcode = "barcode";
    /// The specification (规格).
    Spec = "spec";
    /// The list price of one.
    ListPrice = "list_price";
    /// What was taken off the row: an amount.
    Discount = "discount";
    /// The tax rate: `13%`, `0.13` or `13`.
    TaxRate = "tax_rate";
    /// The lot.
    Lot = "lot";
    /// The last day on which it is good.
    Expiry = "expiry";
    /// Serial numbers, separated by `;` or `、`.
    Serials = "serials";
    /// The payment provider's reference.
    TenderReference = "tender_reference";
    /// Who sat at the till.
    Cashier = "cashier";
    /// The receipt that a return takes back.
    Original = "original";
    /// The number of the invoice made out for the receipt (发票号码); the first that its rows say.
    Invoice = "invoice";
}

impl Role {
    /// Whether the column holds a number, an amount or a rate.
    pub fn is_number(self) -> bool {
        use Role::{Amount, Discount, Line, ListPrice, Price, Quantity, TaxRate};
        matches!(self, Quantity | Price | Amount | ListPrice | Discount | TaxRate | Line)
    }

    /// Whether the column holds a code, which a spreadsheet may have taken for a number.
    pub fn is_code(self) -> bool {
        use Role::{Barcode, Customer, Invoice, Lot, Original, Receipt, Serials, Sku, TenderReference};
        matches!(
            self,
            Receipt | Sku | Barcode | Customer | Lot | Serials | TenderReference | Original | Invoice
        )
    }

    /// Whether the column holds words, which stay as they are written.
    pub fn is_words(self) -> bool {
        matches!(self, Role::Name | Role::Spec | Role::Cashier)
    }
}

/// The headers under which a column is found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "RawHeader")]
pub struct Header {
    /// The headers, the usual one first.
    pub names: Vec<String>,
    /// Whether files may lack it.
    pub optional: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawHeader {
    One(String),
    Any(Vec<String>),
    Full(FullHeader),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FullHeader {
    any: Vec<String>,
    #[serde(default)]
    optional: bool,
}

impl From<RawHeader> for Header {
    fn from(raw: RawHeader) -> Self {
        match raw {
            RawHeader::One(name) => Self { names: vec![name], optional: false },
            RawHeader::Any(names) => Self { names, optional: false },
            RawHeader::Full(FullHeader { any, optional }) => Self { names: any, optional },
        }
    }
}

impl Header {
    /// The header by which people are told of the column.
    pub fn usual(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    /// The place of the column among a file's headers (as [`key`] gives them); or how often they have
    /// it, when that isn't once.
    pub fn find(&self, keys: &[String]) -> Result<usize, usize> {
        for name in &self.names {
            let wanted = key(name);
            let mut found = keys.iter().enumerate().filter(|(_, key)| **key == wanted);
            match (found.next(), found.count()) {
                (None, _) => {}
                (Some((place, _)), 0) => return Ok(place),
                (Some(_), more) => return Err(1 + more),
            }
        }
        Err(0)
    }
}

/// The columns of a profile.
pub type Columns = BTreeMap<Role, Header>;

/// A header as it is compared.
pub fn key(header: &str) -> String {
    let text = half_width(header.trim_start_matches('\u{feff}')).to_lowercase();
    let kept = |text: &str| -> String {
        text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '*' | '"')).collect()
    };
    // Brackets at the end explain; a header that is nothing but brackets stays.
    match text.find(['(', '[', '【']) {
        Some(at) if !kept(&text[..at]).is_empty() => kept(&text[..at]),
        _ => kept(&text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_compared_loosely() {
        for (written, meant) in [
            ("数量（退货为负）", "数量"),
            ("ＳＫＵ", "sku"),
            ("Unit_Price", "unit price"),
            ("*商品编码", "商品编码"),
            ("\u{feff}订单号 ", "订单号"),
        ] {
            assert_eq!(key(written), key(meant), "{written}");
        }
        assert_ne!(key("商品编码"), key("商品名称"));
    }

    #[test]
    fn the_first_header_of_the_list_that_is_there_once_is_taken() {
        let header: Header =
            toml::from_str::<BTreeMap<String, Header>>("h = ['货号', '条码']").unwrap()["h"].clone();
        let keys = |text: &str| text.split(',').map(key).collect::<Vec<_>>();
        assert_eq!(header.find(&keys("条码,货号")), Ok(1));
        assert_eq!(header.find(&keys("条码,数量")), Ok(0));
        assert_eq!(header.find(&keys("数量")), Err(0));
        assert_eq!(header.find(&keys("货号,货号")), Err(2));
    }
}
