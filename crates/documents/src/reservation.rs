//! `reservation`: what is kept for somebody, until when, and what of it was released or used.

use guicang_domain::document::Head;
use guicang_domain::event::Event;
use guicang_domain::reservation::{Reservation, ReservationEvent, ReservationLine};
use guicang_domain::time::Moment;

use crate::event::{self, Body};
use crate::transfer::{read_portions, write_portions};
use crate::value::{FieldError, Fields, Out};

/// The kind's own fields, all set by the first change alone.
pub(crate) const FIELDS: &[&str] = &["purpose", "until"];

/// Writes the kind's own fields.
pub(crate) fn write(document: &Reservation, out: &mut Out) {
    out.opt_show("purpose", document.purpose.as_ref()).opt_int("until", document.until.map(|u| u.0));
    out.map("lines", |out| {
        for (id, line) in &document.lines {
            out.map(id.as_str(), |out| {
                out.text("sku", line.sku.as_str())
                    .int("quantity", line.quantity.0)
                    .opt_show("lot", line.lot.as_ref())
                    .opt_text("place", &line.place);
            });
        }
    });
    event::write_all(&document.events, document.head.zone, out);
}

/// Reads the kind's own fields.
pub(crate) fn read(
    head: Head,
    fields: &Fields<'_>,
    events: Vec<Event<ReservationEvent>>,
    problem: impl FnMut(FieldError),
) -> Result<Reservation, FieldError> {
    Ok(Reservation {
        head,
        purpose: fields.opt_text("purpose")?.map(Into::into),
        until: fields.opt_int("until")?.map(Moment),
        lines: fields.each("lines", read_line, problem)?,
        events,
    })
}

fn read_line(fields: &Fields<'_>) -> Result<ReservationLine, FieldError> {
    Ok(ReservationLine {
        sku: fields.parse("sku")?,
        quantity: fields.quantity("quantity")?,
        lot: fields.opt_parse("lot")?,
        place: fields.opt_text("place")?.unwrap_or_default().into(),
    })
}

impl Body for ReservationEvent {
    fn name(&self) -> &str {
        match self {
            ReservationEvent::Reserved => "reserved",
            ReservationEvent::Released { .. } => "released",
            ReservationEvent::Consumed { .. } => "consumed",
            ReservationEvent::Reversed { .. } => "reversed",
            ReservationEvent::Unknown { kind } => kind,
        }
    }

    fn write(&self, out: &mut Out) {
        match self {
            ReservationEvent::Released { parts } | ReservationEvent::Consumed { parts } => {
                write_portions("parts", parts, out);
            }
            ReservationEvent::Reversed { event } => _ = out.show("event", event),
            ReservationEvent::Reserved | ReservationEvent::Unknown { .. } => {}
        }
    }

    fn read(name: &str, fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(match name {
            "reserved" => ReservationEvent::Reserved,
            "released" => ReservationEvent::Released { parts: read_portions("parts", fields)? },
            "consumed" => ReservationEvent::Consumed { parts: read_portions("parts", fields)? },
            "reversed" => ReservationEvent::Reversed { event: fields.parse("event")? },
            other => Self::unknown(other),
        })
    }

    fn unknown(name: &str) -> Self {
        ReservationEvent::Unknown { kind: name.into() }
    }
}
