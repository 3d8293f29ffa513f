//! `red_invoice`: HQ's request for a red invoice, how far it came, and the number it was issued under.

use guicang_domain::document::Head;
use guicang_domain::event::Event;
use guicang_domain::invoice::{RedEvent, RedInvoice, RedLine};

use crate::event::{self, Body};
use crate::value::{FieldError, Fields, Out};

/// The kind's own fields, all set by the first change alone.
pub(crate) const FIELDS: &[&str] = &["returned", "receipt", "blue", "reason", "currency"];

/// Writes the kind's own fields.
pub(crate) fn write(document: &RedInvoice, out: &mut Out) {
    out.show("returned", document.returned)
        .show("receipt", &document.receipt)
        .text("blue", &document.blue)
        .show("reason", document.reason)
        .show("currency", document.currency);
    out.map("lines", |out| {
        for (id, line) in &document.lines {
            out.map(id.as_str(), |out| write_line(line, out));
        }
    });
    event::write_all(&document.events, document.head.zone, out);
}

fn write_line(line: &RedLine, out: &mut Out) {
    out.text("of", line.of.as_str())
        .text("sold", line.sold.as_str())
        .text("sku", line.sku.as_str())
        .opt_show("name", line.name.as_ref())
        .opt_show("spec", line.spec.as_ref())
        .int("quantity", line.quantity.0)
        .int("amount", line.amount.0)
        .int("tax", line.tax.0)
        .int("tax_rate", line.tax_rate.into())
        .opt_show("tax_code", line.tax_code.as_ref());
}

/// Reads the kind's own fields.
pub(crate) fn read(
    head: Head,
    fields: &Fields<'_>,
    events: Vec<Event<RedEvent>>,
    problem: impl FnMut(FieldError),
) -> Result<RedInvoice, FieldError> {
    Ok(RedInvoice {
        head,
        returned: fields.parse("returned")?,
        receipt: crate::returns::read_receipt(fields)?.ok_or_else(|| FieldError {
            field: "receipt".into(),
            found: "nothing".into(),
            wanted: "a receipt".into(),
        })?,
        blue: fields.text("blue")?.into(),
        reason: fields.parse("reason")?,
        currency: fields.parse("currency")?,
        lines: fields.each("lines", read_line, problem)?,
        events,
    })
}

fn read_line(fields: &Fields<'_>) -> Result<RedLine, FieldError> {
    Ok(RedLine {
        of: fields.parse("of")?,
        sold: fields.parse("sold")?,
        sku: fields.parse("sku")?,
        name: fields.opt_text("name")?.map(Into::into),
        spec: fields.opt_text("spec")?.map(Into::into),
        quantity: fields.quantity("quantity")?,
        amount: fields.amount("amount")?,
        tax: fields.amount("tax")?,
        tax_rate: fields.narrow("tax_rate")?,
        tax_code: fields.opt_text("tax_code")?.map(Into::into),
    })
}

impl Body for RedEvent {
    fn name(&self) -> &str {
        match self {
            RedEvent::Requested => "requested",
            RedEvent::Confirmation { .. } => "confirmation",
            RedEvent::Issued { .. } => "issued",
            RedEvent::Refused { .. } => "refused",
            RedEvent::Dropped { .. } => "dropped",
            RedEvent::Unknown { kind } => kind,
        }
    }

    fn write(&self, out: &mut Out) {
        match self {
            RedEvent::Confirmation { state, number } => {
                out.show("state", state).opt_show("number", number.as_ref());
            }
            RedEvent::Issued { number } => {
                out.text("number", number);
            }
            RedEvent::Refused { reason } | RedEvent::Dropped { reason } => {
                out.text("reason", reason);
            }
            RedEvent::Requested | RedEvent::Unknown { .. } => {}
        }
    }

    fn read(name: &str, fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(match name {
            "requested" => RedEvent::Requested,
            "confirmation" => RedEvent::Confirmation {
                state: fields.parse("state")?,
                number: fields.opt_text("number")?.map(Into::into),
            },
            "issued" => RedEvent::Issued { number: fields.text("number")?.into() },
            "refused" => RedEvent::Refused { reason: fields.text("reason")?.into() },
            "dropped" => RedEvent::Dropped { reason: fields.text("reason")?.into() },
            other => Self::unknown(other),
        })
    }

    fn unknown(name: &str) -> Self {
        RedEvent::Unknown { kind: name.into() }
    }
}
