//! `transfer`: both sites, the lines that are to go, and what left, arrived and lacks.

use guicang_domain::document::Head;
use guicang_domain::event::Event;
use guicang_domain::transfer::{Arrival, Missing, Portion, Transfer, TransferEvent, TransferLine};

use crate::event::{self, Body};
use crate::value::{FieldError, Fields, Out};

/// The kind's own fields, all set by the first change alone.
pub(crate) const FIELDS: &[&str] = &["from", "to", "currency", "papers", "note"];

/// Writes the kind's own fields.
pub(crate) fn write(document: &Transfer, out: &mut Out) {
    out.show("from", &document.from)
        .show("to", &document.to)
        .show("currency", document.currency)
        .opt_show("papers", document.papers.as_ref())
        .opt_show("note", document.note.as_ref());
    out.map("lines", |out| {
        for (id, line) in &document.lines {
            out.map(id.as_str(), |out| write_line(line, out));
        }
    });
    event::write_all(&document.events, document.head.zone, out);
}

fn write_line(line: &TransferLine, out: &mut Out) {
    out.text("sku", line.sku.as_str())
        .int("quantity", line.quantity.0)
        .opt_show("lot", line.lot.as_ref())
        .opt_text("place", &line.place)
        .opt_int("cost", line.cost.map(|c| c.0));
}

/// Reads the kind's own fields.
pub(crate) fn read(
    head: Head,
    fields: &Fields<'_>,
    events: Vec<Event<TransferEvent>>,
    problem: impl FnMut(FieldError),
) -> Result<Transfer, FieldError> {
    Ok(Transfer {
        head,
        from: fields.parse("from")?,
        to: fields.parse("to")?,
        currency: fields.parse("currency")?,
        papers: fields.opt_parse("papers")?,
        note: fields.opt_text("note")?.map(Into::into),
        lines: fields.each("lines", read_line, problem)?,
        events,
    })
}

fn read_line(fields: &Fields<'_>) -> Result<TransferLine, FieldError> {
    Ok(TransferLine {
        sku: fields.parse("sku")?,
        quantity: fields.quantity("quantity")?,
        lot: fields.opt_parse("lot")?,
        place: fields.opt_text("place")?.unwrap_or_default().into(),
        cost: fields.opt_price("cost")?,
    })
}

impl Body for TransferEvent {
    fn name(&self) -> &str {
        match self {
            TransferEvent::Dispatched { .. } => "dispatched",
            TransferEvent::Received { .. } => "received",
            TransferEvent::Closed { .. } => "closed",
            TransferEvent::Reversed { .. } => "reversed",
            TransferEvent::Unknown { kind } => kind,
        }
    }

    fn write(&self, out: &mut Out) {
        match self {
            TransferEvent::Dispatched { parts } => write_portions("parts", parts, out),
            TransferEvent::Received { goods, complete } => {
                out.maps("goods", goods, |arrival, out| {
                    out.text("sku", arrival.sku.as_str())
                        .opt_show("lot", arrival.lot.as_ref())
                        .int("quantity", arrival.quantity.0)
                        .opt_int("over", arrival.over.is_positive().then_some(arrival.over.0))
                        .opt_text("place", &arrival.place);
                })
                .flag("complete", *complete);
            }
            TransferEvent::Closed { goods } => {
                out.maps("goods", goods, |missing, out| {
                    out.text("sku", missing.sku.as_str())
                        .opt_show("lot", missing.lot.as_ref())
                        .int("quantity", missing.quantity.0)
                        .show("outcome", missing.outcome)
                        .opt_show("owner", missing.owner.as_ref())
                        .opt_text("place", &missing.place);
                });
            }
            TransferEvent::Reversed { event } => _ = out.show("event", event),
            TransferEvent::Unknown { .. } => {}
        }
    }

    fn read(name: &str, fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(match name {
            "dispatched" => TransferEvent::Dispatched { parts: read_portions("parts", fields)? },
            "received" => TransferEvent::Received {
                goods: fields.maps("goods", read_arrival)?,
                complete: fields.flag("complete")?,
            },
            "closed" => TransferEvent::Closed { goods: fields.maps("goods", read_missing)? },
            "reversed" => TransferEvent::Reversed { event: fields.parse("event")? },
            other => Self::unknown(other),
        })
    }

    fn unknown(name: &str) -> Self {
        TransferEvent::Unknown { kind: name.into() }
    }
}

fn read_arrival(fields: &Fields<'_>) -> Result<Arrival, FieldError> {
    let arrival = Arrival {
        sku: fields.parse("sku")?,
        lot: fields.opt_parse("lot")?,
        quantity: fields.amount_of_goods("quantity")?,
        over: fields.opt_goods("over")?.unwrap_or_default(),
        place: fields.opt_text("place")?.unwrap_or_default().into(),
    };
    match (arrival.quantity + arrival.over).is_positive() {
        true => Ok(arrival),
        // Nothing arrived at all: the quantity says what was to be above zero.
        false => fields.quantity("quantity").map(|_| arrival),
    }
}

fn read_missing(fields: &Fields<'_>) -> Result<Missing, FieldError> {
    Ok(Missing {
        sku: fields.parse("sku")?,
        lot: fields.opt_parse("lot")?,
        quantity: fields.quantity("quantity")?,
        outcome: fields.parse("outcome")?,
        owner: fields.opt_parse("owner")?,
        place: fields.opt_text("place")?.unwrap_or_default().into(),
    })
}

/// Writes what of which line.
pub(crate) fn write_portions(name: &str, parts: &[Portion], out: &mut Out) {
    out.maps(name, parts, |part, out| {
        out.text("line", part.line.as_str()).int("quantity", part.quantity.0);
    });
}

/// Reads what of which line.
pub(crate) fn read_portions(name: &str, fields: &Fields<'_>) -> Result<Vec<Portion>, FieldError> {
    let portion = |fields: &Fields<'_>| {
        Ok(Portion { line: fields.parse("line")?, quantity: fields.quantity("quantity")? })
    };
    fields.maps(name, portion)
}
