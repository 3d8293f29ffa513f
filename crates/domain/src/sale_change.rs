//! What two documents say differently of one and the same sale.
//!
//! What surprises: only what both tell and tell differently counts. A file without lots doesn't contradict
//! one that has them; and how an article is written or called on the paper isn't what was sold.

use crate::money::{Amount, Currency, UnitPrice};
use crate::sale::{PaidBy, Receipt, SaleLine};
use crate::time::Day;

/// A field that two documents tell differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its name in data, such as `paid`.
    pub field: &'static str,
    /// What the document says that stands.
    pub stands: String,
    /// What the other says.
    pub other: String,
}

/// What `other` says differently of a row than `stands`; amounts in this currency.
pub fn line_differences(stands: &SaleLine, other: &SaleLine, currency: Currency) -> Vec<Difference> {
    let money = |a: Amount| Some(currency.format(a));
    let price = |p: Option<UnitPrice>| p.map(|p| p.to_string());
    [
        differs("sku", Some(stands.sku.to_string()), Some(other.sku.to_string())),
        differs("quantity", Some(stands.quantity.to_string()), Some(other.quantity.to_string())),
        differs("paid", money(stands.paid), money(other.paid)),
        differs("service", Some(stands.is_service().to_string()), Some(other.is_service().to_string())),
        differs("list_price", price(stands.list_price), price(other.list_price)),
        differs("cost", price(stands.cost), price(other.cost)),
        differs("tax_rate", stands.tax_rate.map(|t| t.to_string()), other.tax_rate.map(|t| t.to_string())),
        differs("tax_code", stands.tax_code.clone(), other.tax_code.clone()),
        differs("lot", shown(stands.lot.as_ref()), shown(other.lot.as_ref())),
        differs("serials", serials(stands), serials(other)),
        differs("group", shown(stands.group.as_ref()), shown(other.group.as_ref())),
        differs("expiry", day(stands.expiry), day(other.expiry)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What `other` says differently of a receipt as a whole: when, whose, what was paid by which means.
pub fn head_differences(stands: &Receipt, other: &Receipt, currency: Currency) -> Vec<Difference> {
    [
        differs("occurred", Some(stands.occurred.to_rfc3339()), Some(other.occurred.to_rfc3339())),
        differs("customer", shown(stands.customer.as_ref()), shown(other.customer.as_ref())),
        differs("tenders", tenders(&stands.tenders, currency), tenders(&other.tenders, currency)),
        differs("invoice", stands.invoice.clone(), other.invoice.clone()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn differs(field: &'static str, stands: Option<String>, other: Option<String>) -> Option<Difference> {
    let (stands, other) = (stands?, other?);
    (stands != other).then_some(Difference { field, stands, other })
}

fn shown<T: std::fmt::Display>(value: Option<&T>) -> Option<String> {
    value.map(ToString::to_string)
}

fn day(day: Option<Day>) -> Option<String> {
    day.map(|d| d.date().map_or_else(|| d.0.to_string(), |date| date.to_string()))
}

fn serials(line: &SaleLine) -> Option<String> {
    line.serials.as_ref().map(|numbers| {
        let mut sorted = numbers.clone();
        sorted.sort();
        sorted.join(" ")
    })
}

/// The means by their names; `None` where nobody recorded them. References are left out: many files have none.
fn tenders(paid: &[PaidBy], currency: Currency) -> Option<String> {
    let mut told: Vec<String> =
        paid.iter().map(|p| format!("{} {}", p.tender, currency.format(p.amount))).collect();
    told.sort();
    (!told.is_empty()).then(|| told.join(" + "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ReceiptLineId;
    use crate::quantity::Quantity;

    fn line(units: i64, paid: i64) -> SaleLine {
        let row = ReceiptLineId::of_number(1);
        SaleLine::new(row, "TEA".parse().unwrap(), Quantity::units(units), Amount(paid))
    }

    fn fields(stands: &SaleLine, other: &SaleLine) -> Vec<&'static str> {
        line_differences(stands, other, Currency::CNY).iter().map(|d| d.field).collect()
    }

    #[test]
    fn what_one_alone_tells_contradicts_nobody() {
        let bare = line(1, 1000);
        let mut rich = line(1, 1000);
        rich.name = Some("绿茶".into());
        rich.lot = Some("L1".parse().unwrap());
        rich.cost = Some("6.5".parse().unwrap());
        assert_eq!(fields(&bare, &rich), Vec::<&str>::new());
        let mut other = rich.clone();
        other.name = Some("Green tea".into());
        other.lot = Some("L2".parse().unwrap());
        assert_eq!(fields(&rich, &other), ["lot"]);
        assert_eq!(fields(&rich, &line(2, 1900)), ["quantity", "paid"]);
    }
}
