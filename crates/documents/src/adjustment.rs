//! `adjustment`: stock opening, received, sent back, found, written off, repaired, scrapped, marked down.

use guicang_domain::adjustment::{Adjustment, AdjustmentEvent, AdjustmentLine};
use guicang_domain::document::Head;
use guicang_domain::event::Event;

use crate::event::{self, Body};
use crate::returns::read_receipt;
use crate::value::{FieldError, Fields, Out};

/// The kind's own fields, all set by the first change alone.
pub(crate) const FIELDS: &[&str] = &["movement", "currency", "note", "witness", "receipt", "return"];

/// Writes the kind's own fields.
pub(crate) fn write(document: &Adjustment, out: &mut Out) {
    out.show("movement", document.movement)
        .show("currency", document.currency)
        .opt_show("note", document.note.as_ref())
        .opt_show("witness", document.witness.as_ref())
        .opt_show("receipt", document.receipt.as_ref())
        .opt_show("return", document.returned);
    out.map("lines", |out| {
        for (id, line) in &document.lines {
            out.map(id.as_str(), |out| write_line(line, out));
        }
    });
    event::write_all(&document.events, document.head.zone, out);
}

fn write_line(line: &AdjustmentLine, out: &mut Out) {
    out.text("sku", line.sku.as_str())
        .int("quantity", line.quantity.0)
        .text("reason", line.reason.as_str())
        .opt_show("note", line.note.as_ref())
        .opt_show("lot", line.lot.as_ref())
        .opt_text("place", &line.place)
        .opt_int("cost", line.cost.map(|c| c.0))
        .opt_int("value", line.value.map(|v| v.0))
        .opt_show("from", line.from)
        .opt_show("to", line.to)
        .opt_show("into", line.into.as_ref())
        .opt_show("row", line.row.as_ref());
}

/// Reads the kind's own fields.
pub(crate) fn read(
    head: Head,
    fields: &Fields<'_>,
    events: Vec<Event<AdjustmentEvent>>,
    problem: impl FnMut(FieldError),
) -> Result<Adjustment, FieldError> {
    Ok(Adjustment {
        head,
        movement: fields.parse("movement")?,
        currency: fields.parse("currency")?,
        note: fields.opt_text("note")?.map(Into::into),
        witness: fields.opt_parse("witness")?,
        receipt: read_receipt(fields)?,
        returned: fields.opt_parse("return")?,
        lines: fields.each("lines", read_line, problem)?,
        events,
    })
}

fn read_line(fields: &Fields<'_>) -> Result<AdjustmentLine, FieldError> {
    Ok(AdjustmentLine {
        sku: fields.parse("sku")?,
        quantity: fields.quantity("quantity")?,
        reason: fields.parse("reason")?,
        note: fields.opt_text("note")?.map(Into::into),
        lot: fields.opt_parse("lot")?,
        place: fields.opt_text("place")?.unwrap_or_default().into(),
        cost: fields.opt_price("cost")?,
        value: fields.opt_amount("value")?,
        from: fields.opt_parse("from")?,
        to: fields.opt_parse("to")?,
        into: fields.opt_parse("into")?,
        row: fields.opt_parse("row")?,
    })
}

impl Body for AdjustmentEvent {
    fn name(&self) -> &str {
        match self {
            AdjustmentEvent::Posted => "posted",
            AdjustmentEvent::Imported => "imported",
            AdjustmentEvent::Reversed { .. } => "reversed",
            AdjustmentEvent::Unknown { kind } => kind,
        }
    }

    fn write(&self, out: &mut Out) {
        if let AdjustmentEvent::Reversed { event } = self {
            out.show("event", event);
        }
    }

    fn read(name: &str, fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(match name {
            "posted" => AdjustmentEvent::Posted,
            "imported" => AdjustmentEvent::Imported,
            "reversed" => AdjustmentEvent::Reversed { event: fields.parse("event")? },
            other => Self::unknown(other),
        })
    }

    fn unknown(name: &str) -> Self {
        AdjustmentEvent::Unknown { kind: name.into() }
    }
}
