//! A record as a clerk brings it to the counter: one command, and the sale it takes back.
//!
//! What a counter's command can't express stands in its note: the record's id, the sale's time, the
//! status, the lots, names and specifications, whether the goods were restocked. A draft becomes a
//! return whose goods are awaited.

use anyhow::Result;
use guicang_domain::ids::ReceiptLineId;
use guicang_domain::money::{Amount, Currency, UnitPrice};
use guicang_domain::policy::standard_reasons;
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::Channel;
use guicang_domain::sale::{PaidBy, Receipt, SaleBatch, SaleLine};
use guicang_domain::time::{Occurred, Zone};
use guicang_replica::{By, Contact, CounterReturn, Graded, Item};

use crate::record::Record;
use crate::returned::{disposition_of, grade_of, moment_of, receipt_of};

/// So many receipts stay below the bytes that a batch may have.
const RECEIPTS_A_BATCH: usize = 80;

/// Who brings it, and what they type.
///
/// # Errors
/// The field that can't be a return's.
pub fn request(record: &Record, sale_is_held: bool) -> Result<(By, CounterReturn)> {
    let here = !matches!(record.status.as_str(), "draft" | "submitted");
    let price = |minor: i64| (!sale_is_held).then_some(UnitPrice(minor * 100));
    let item = |l: &crate::record::RecordLine| Item {
        sku: l.sku.clone(),
        quantity: Quantity::units(l.qty),
        price: price(l.unit_price_minor),
    };
    let mut grades = Vec::new();
    for line in record.lines.iter().filter(|_| here) {
        grades.push(Graded {
            sku: Some(line.sku.clone()),
            grade: grade_of(&record.condition)?,
            quantity: Quantity::units(line.qty),
            disposition: Some(disposition_of(&line.disposition)?),
            reason_found: None,
        });
    }
    let by = By {
        user: record.clerk.parse()?,
        approved_by: Some("manager".parse()?),
        occurred: Some(Occurred { at: moment_of(&record.created_at)?, zone: Zone::SHANGHAI }),
    };
    let given = record.reason.parse()?;
    let known = standard_reasons().contains_key(&given);
    let request = CounterReturn {
        site: None,
        receipt: Some(receipt_of(record)?),
        receipt_code: None,
        channel: Channel::Store,
        customer: None,
        contact: Some(Contact {
            name: Some(record.customer_name.clone()),
            phone: Some(record.phone.clone()),
        }),
        items: record.lines.iter().map(item).collect(),
        reason: if known { given } else { "other".parse()? },
        note: Some(note(record)),
        goods_here: here,
        grades,
        tags: None,
        refund: Some(record.tender.parse()?),
        paid: matches!(record.status.as_str(), "refunded" | "closed"),
    };
    Ok((by, request))
}

fn note(record: &Record) -> String {
    let lines: Vec<String> =
        record.lines.iter().map(|l| format!("{} {} {} {}", l.lot, l.name, l.spec, l.disposition)).collect();
    format!(
        "{}\n{}; {}; {}; {}; {}; {}; {}; {}",
        record.note,
        record.id,
        record.sale_at,
        record.status,
        record.reason,
        record.condition,
        record.tender,
        if record.restocked { "restocked" } else { "-" },
        lines.join("; ")
    )
}

/// The sales that records take back, as the tills of their one site closed them.
///
/// # Errors
/// The field that can't be a sale's.
pub fn sales(records: &[Record]) -> Result<Vec<SaleBatch>> {
    let batch = |part: &[Record]| {
        Ok(SaleBatch {
            site: part[0].store_id.parse()?,
            zone: Zone::SHANGHAI,
            currency: Currency::CNY,
            historic: false,
            receipts: part.iter().map(receipt).collect::<Result<_>>()?,
        })
    };
    records.chunks(RECEIPTS_A_BATCH).map(batch).collect()
}

fn receipt(record: &Record) -> Result<Receipt> {
    let id = receipt_of(record)?;
    let mut lines = Vec::new();
    for (n, line) in record.lines.iter().enumerate() {
        let paid = Amount(line.qty * line.unit_price_minor);
        let sold = SaleLine::new(
            ReceiptLineId::of_number(n as u32 + 1),
            line.sku.parse()?,
            Quantity::units(line.qty),
            paid,
        );
        lines.push(SaleLine {
            name: Some(line.name.clone()),
            spec: Some(line.spec.clone()),
            lot: Some(line.lot.parse()?),
            ..sold
        });
    }
    Ok(Receipt {
        till: id.till,
        number: id.number,
        occurred: moment_of(&record.sale_at)?,
        customer: None,
        lines,
        tenders: vec![PaidBy {
            tender: record.tender.parse()?,
            amount: Amount(record.refund_minor),
            reference: None,
        }],
        invoice: None,
        cashier: None,
    })
}
