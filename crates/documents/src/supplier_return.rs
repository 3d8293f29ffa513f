//! `supplier_return`: the supplier, what goes back at what price, what was shipped and how it was closed.

use guicang_domain::document::Head;
use guicang_domain::event::Event;
use guicang_domain::money::Amount;
use guicang_domain::supplier_return::{ClosedPart, SupplierReturn, SupplierReturnEvent, SupplierReturnLine};

use crate::event::{self, Body};
use crate::transfer::{read_portions, write_portions};
use crate::value::{FieldError, Fields, Out};

/// The kind's own fields, all set by the first change alone.
pub(crate) const FIELDS: &[&str] = &["supplier", "currency", "note"];

/// Writes the kind's own fields.
pub(crate) fn write(document: &SupplierReturn, out: &mut Out) {
    out.text("supplier", &document.supplier)
        .show("currency", document.currency)
        .opt_show("note", document.note.as_ref());
    out.map("lines", |out| {
        for (id, line) in &document.lines {
            out.map(id.as_str(), |out| write_line(line, out));
        }
    });
    event::write_all(&document.events, document.head.zone, out);
}

fn write_line(line: &SupplierReturnLine, out: &mut Out) {
    out.text("sku", line.sku.as_str())
        .int("quantity", line.quantity.0)
        .opt_show("lot", line.lot.as_ref())
        .opt_text("place", &line.place)
        .show("from", line.from)
        .text("reason", line.reason.as_str())
        .int("price", line.price.0)
        .opt_int("cost", line.cost.map(|c| c.0));
}

/// Reads the kind's own fields.
pub(crate) fn read(
    head: Head,
    fields: &Fields<'_>,
    events: Vec<Event<SupplierReturnEvent>>,
    problem: impl FnMut(FieldError),
) -> Result<SupplierReturn, FieldError> {
    Ok(SupplierReturn {
        head,
        supplier: fields.text("supplier")?.into(),
        currency: fields.parse("currency")?,
        note: fields.opt_text("note")?.map(Into::into),
        lines: fields.each("lines", read_line, problem)?,
        events,
    })
}

fn read_line(fields: &Fields<'_>) -> Result<SupplierReturnLine, FieldError> {
    Ok(SupplierReturnLine {
        sku: fields.parse("sku")?,
        quantity: fields.quantity("quantity")?,
        lot: fields.opt_parse("lot")?,
        place: fields.opt_text("place")?.unwrap_or_default().into(),
        from: fields.parse("from")?,
        reason: fields.parse("reason")?,
        price: fields.int("price").and_then(|_| fields.opt_price("price"))?.unwrap_or_default(),
        cost: fields.opt_price("cost")?,
    })
}

impl Body for SupplierReturnEvent {
    fn name(&self) -> &str {
        match self {
            SupplierReturnEvent::Raised => "raised",
            SupplierReturnEvent::Shipped { .. } => "shipped",
            SupplierReturnEvent::Closed { .. } => "closed",
            SupplierReturnEvent::Cancelled => "cancelled",
            SupplierReturnEvent::Reversed { .. } => "reversed",
            SupplierReturnEvent::Unknown { kind } => kind,
        }
    }

    fn write(&self, out: &mut Out) {
        match self {
            SupplierReturnEvent::Shipped { parts, carrier, tracking } => {
                write_portions("parts", parts, out);
                out.opt_show("carrier", carrier.as_ref()).opt_show("tracking", tracking.as_ref());
            }
            SupplierReturnEvent::Closed { parts } => {
                out.maps("parts", parts, |part, out| {
                    out.text("line", part.line.as_str())
                        .int("quantity", part.quantity.0)
                        .show("settled", part.settled)
                        .opt_int("amount", (part.amount != Amount::ZERO).then_some(part.amount.0))
                        .opt_show("owner", part.owner.as_ref())
                        .opt_show("reference", part.reference.as_ref());
                });
            }
            SupplierReturnEvent::Reversed { event } => _ = out.show("event", event),
            SupplierReturnEvent::Raised
            | SupplierReturnEvent::Cancelled
            | SupplierReturnEvent::Unknown { .. } => {}
        }
    }

    fn read(name: &str, fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(match name {
            "raised" => SupplierReturnEvent::Raised,
            "shipped" => SupplierReturnEvent::Shipped {
                parts: read_portions("parts", fields)?,
                carrier: fields.opt_text("carrier")?.map(Into::into),
                tracking: fields.opt_text("tracking")?.map(Into::into),
            },
            "closed" => SupplierReturnEvent::Closed { parts: fields.maps("parts", read_closed)? },
            "cancelled" => SupplierReturnEvent::Cancelled,
            "reversed" => SupplierReturnEvent::Reversed { event: fields.parse("event")? },
            other => Self::unknown(other),
        })
    }

    fn unknown(name: &str) -> Self {
        SupplierReturnEvent::Unknown { kind: name.into() }
    }
}

fn read_closed(fields: &Fields<'_>) -> Result<ClosedPart, FieldError> {
    Ok(ClosedPart {
        line: fields.parse("line")?,
        quantity: fields.quantity("quantity")?,
        settled: fields.parse("settled")?,
        amount: fields.opt_int("amount")?.map(|_| fields.amount("amount")).transpose()?.unwrap_or_default(),
        owner: fields.opt_parse("owner")?,
        reference: fields.opt_text("reference")?.map(Into::into),
    })
}
