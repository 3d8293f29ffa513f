//! Events of a `return` beyond the straight way: parcels, money without goods, exchanges, store credit,
//! repairs. They are read and written as [`crate::returns`] does its own.

use guicang_domain::ids::PartId;
use guicang_domain::money::Amount;
use guicang_domain::returns::{
    Allowance, Collected, Cost, Deduction, Exchange, ReceivedPart, RefundShare, Replacement, ReturnEvent,
    Rung,
};
use guicang_domain::time::Moment;

use crate::returns::{
    needed_receipt, read_receipt, read_received, read_share, read_verified, write_verified,
};
use crate::value::{FieldError, Fields, Out, parse};

/// Writes the fields of an event of these.
pub(crate) fn write(event: &ReturnEvent, out: &mut Out) {
    match event {
        ReturnEvent::Disputed { note } => _ = out.text("note", note),
        ReturnEvent::Waived { parts } | ReturnEvent::TakenForRepair { parts } => {
            out.maps("parts", parts, write_part);
        }
        ReturnEvent::Linked { receipt, lines } => {
            out.show("receipt", receipt);
            if !lines.is_empty() {
                out.maps("lines", lines, write_verified);
            }
        }
        ReturnEvent::Awaited { address, until } => {
            out.text("address", address).opt_int("until", until.map(|m| m.0));
        }
        ReturnEvent::ParcelSent { carrier, tracking } => {
            out.text("carrier", carrier).text("tracking", tracking);
        }
        ReturnEvent::ParcelArrived { tracking } => _ = out.text("tracking", tracking),
        ReturnEvent::Allowed { lines } => {
            out.maps("lines", lines, |allowance, out| {
                out.text("line", allowance.line.as_str()).int("amount", allowance.amount.0);
            });
        }
        ReturnEvent::Deducted { items } => {
            out.maps("items", items, |item, out| {
                out.text("line", item.line.as_str())
                    .show("kind", item.kind)
                    .text("what", &item.what)
                    .int("amount", item.amount.0);
            });
        }
        ReturnEvent::Exchanged(exchange) => write_exchange(exchange, out),
        ReturnEvent::CreditShared { from, to, amount } => {
            out.show("from", from).show("to", to).int("amount", amount.0);
        }
        ReturnEvent::CreditSpent { site, amount, receipt } => {
            out.show("site", site).int("amount", amount.0).opt_show("receipt", receipt.as_ref());
        }
        ReturnEvent::Cost(cost) => {
            out.show("kind", cost.kind)
                .int("amount", cost.amount.0)
                .show("owner", &cost.owner)
                .opt_show("note", cost.note.as_ref());
        }
        ReturnEvent::RepairReturned { parts, note, fee } => {
            let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
            out.opt_texts("parts", &parts).text("note", note);
            if let Some(fee) = fee {
                out.map("fee", |out| write_collected(fee, out));
            }
        }
        _ => {}
    }
}

/// Reads an event of these; `None` for any other.
pub(crate) fn read(name: &str, fields: &Fields<'_>) -> Result<Option<ReturnEvent>, FieldError> {
    Ok(Some(match name {
        "drafted" => ReturnEvent::Drafted,
        "awaited" => ReturnEvent::Awaited {
            address: fields.text("address")?.into(),
            until: fields.opt_int("until")?.map(Moment),
        },
        "parcel_sent" => ReturnEvent::ParcelSent {
            carrier: fields.text("carrier")?.into(),
            tracking: fields.text("tracking")?.into(),
        },
        "parcel_arrived" => ReturnEvent::ParcelArrived { tracking: fields.text("tracking")?.into() },
        "waived" => ReturnEvent::Waived { parts: fields.nth_maps("parts", read_received)? },
        "allowed" => ReturnEvent::Allowed { lines: fields.maps("lines", read_allowance)? },
        "linked" => ReturnEvent::Linked {
            receipt: needed_receipt(fields, None)?,
            lines: fields.maps("lines", read_verified)?,
        },
        "deducted" => ReturnEvent::Deducted { items: fields.maps("items", read_deduction)? },
        "exchanged" => ReturnEvent::Exchanged(read_exchange(fields)?),
        "credit_shared" => ReturnEvent::CreditShared {
            from: fields.parse("from")?,
            to: fields.parse("to")?,
            amount: above_zero(fields, "amount")?,
        },
        "credit_spent" => ReturnEvent::CreditSpent {
            site: fields.parse("site")?,
            amount: above_zero(fields, "amount")?,
            receipt: read_receipt(fields)?,
        },
        "taken_for_repair" => ReturnEvent::TakenForRepair { parts: fields.nth_maps("parts", read_received)? },
        "repair_returned" => ReturnEvent::RepairReturned {
            parts: part_names(fields)?,
            note: fields.text("note")?.into(),
            fee: read_collected(fields, "fee")?,
        },
        "cost" => ReturnEvent::Cost(Cost {
            kind: fields.parse("kind")?,
            amount: above_zero(fields, "amount")?,
            owner: fields.parse("owner")?,
            note: fields.opt_text("note")?.map(Into::into),
        }),
        "disputed" => ReturnEvent::Disputed { note: fields.text("note")?.into() },
        _ => return Ok(None),
    }))
}

fn write_part(part: &ReceivedPart, out: &mut Out) {
    out.text("part", part.part.as_str())
        .text("line", part.line.as_str())
        .int("quantity", part.quantity.0)
        .opt_text("place", &part.place);
}

fn write_share(share: &RefundShare, out: &mut Out) {
    out.text("refund", share.refund.as_str())
        .text("tender", share.tender.as_str())
        .int("amount", share.amount.0)
        .int("attempt", share.attempt.into());
}

fn read_allowance(fields: &Fields<'_>) -> Result<Allowance, FieldError> {
    Ok(Allowance { line: fields.parse("line")?, amount: above_zero(fields, "amount")? })
}

fn read_deduction(fields: &Fields<'_>) -> Result<Deduction, FieldError> {
    Ok(Deduction {
        line: fields.parse("line")?,
        kind: fields.parse("kind")?,
        what: fields.text("what")?.into(),
        amount: above_zero(fields, "amount")?,
    })
}

fn write_collected(collected: &Collected, out: &mut Out) {
    out.text("tender", collected.tender.as_str())
        .int("amount", collected.amount.0)
        .opt_show("reference", collected.reference.as_ref());
}

fn read_collected(fields: &Fields<'_>, field: &str) -> Result<Option<Collected>, FieldError> {
    let Some(fields) = fields.opt_map(field)? else { return Ok(None) };
    let read = || {
        Ok(Collected {
            tender: fields.parse("tender")?,
            amount: above_zero(&fields, "amount")?,
            reference: fields.opt_text("reference")?.map(Into::into),
        })
    };
    read().map(Some).map_err(|e: FieldError| e.under(field))
}

fn write_exchange(exchange: &Exchange, out: &mut Out) {
    if !exchange.given.is_empty() {
        out.maps("given", &exchange.given, |given, out| {
            out.text("line", given.line.as_str())
                .text("sku", given.sku.as_str())
                .int("quantity", given.quantity.0)
                .int("paid", given.paid.0)
                .opt_int("cost", given.cost.map(|c| c.0));
        });
    }
    if let Some(rung) = &exchange.rung {
        out.map("rung", |out| _ = out.show("receipt", &rung.receipt).int("value", rung.value.0));
    }
    if let Some(collected) = &exchange.collected {
        out.map("collected", |out| write_collected(collected, out));
    }
    if let Some(refunded) = &exchange.refunded {
        out.map("refunded", |out| write_share(refunded, out)).flag("paid", exchange.paid);
    }
}

fn read_exchange(fields: &Fields<'_>) -> Result<Exchange, FieldError> {
    let given = fields.maps("given", |f| {
        Ok(Replacement {
            line: f.parse("line")?,
            sku: f.parse("sku")?,
            quantity: f.quantity("quantity")?,
            paid: f.amount("paid")?,
            cost: f.opt_price("cost")?,
        })
    })?;
    let rung =
        |f: Fields<'_>| Ok(Rung { receipt: needed_receipt(&f, None)?, value: above_zero(&f, "value")? });
    let rung = fields.opt_map("rung")?.map(rung).transpose().map_err(|e: FieldError| e.under("rung"))?;
    let refunded = fields.opt_map("refunded")?.map(|f| read_share(&f)).transpose();
    Ok(Exchange {
        given,
        rung,
        collected: read_collected(fields, "collected")?,
        refunded: refunded.map_err(|e| e.under("refunded"))?,
        paid: fields.flag("paid")?,
    })
}

fn part_names(fields: &Fields<'_>) -> Result<Vec<PartId>, FieldError> {
    fields.texts("parts")?.iter().map(|text| parse("parts", text)).collect()
}

/// An amount above zero: what takes money off, or pays some, never turns its direction round.
fn above_zero(fields: &Fields<'_>, field: &str) -> Result<Amount, FieldError> {
    let amount = fields.amount(field)?;
    if amount > Amount::ZERO {
        return Ok(amount);
    }
    Err(FieldError { field: field.into(), found: amount.0.to_string(), wanted: "a number above zero".into() })
}
