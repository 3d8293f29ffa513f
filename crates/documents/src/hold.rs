//! `hold`: what a branch asks HQ to keep of a sale's return rights, and what HQ says.

use guicang_domain::document::Head;
use guicang_domain::event::Event;
use guicang_domain::hold::{Grant, Hold, HoldEvent, HoldLine};
use guicang_domain::time::{Moment, Occurred};

use crate::event::{self, Body};
use crate::returns::{read_receipt, read_verified, write_verified};
use crate::transfer::{read_portions, write_portions};
use crate::value::{FieldError, Fields, Out};

/// The kind's own fields, all set by the first change alone.
pub(crate) const FIELDS: &[&str] = &["receipt"];

/// Writes the kind's own fields.
pub(crate) fn write(document: &Hold, out: &mut Out) {
    out.show("receipt", &document.receipt);
    out.map("lines", |out| {
        for (id, line) in &document.lines {
            out.map(id.as_str(), |out| {
                out.text("sku", line.sku.as_str()).int("quantity", line.quantity.0);
            });
        }
    });
    event::write_all(&document.events, document.head.zone, out);
}

/// Reads the kind's own fields.
pub(crate) fn read(
    head: Head,
    fields: &Fields<'_>,
    events: Vec<Event<HoldEvent>>,
    problem: impl FnMut(FieldError),
) -> Result<Hold, FieldError> {
    let line = |fields: &Fields<'_>| {
        Ok(HoldLine { sku: fields.parse("sku")?, quantity: fields.quantity("quantity")? })
    };
    let receipt = read_receipt(fields)?.ok_or_else(|| FieldError {
        field: "receipt".into(),
        found: "nothing".into(),
        wanted: "a receipt".into(),
    })?;
    Ok(Hold { head, receipt, lines: fields.each("lines", line, problem)?, events })
}

impl Body for HoldEvent {
    fn name(&self) -> &str {
        match self {
            HoldEvent::Requested => "requested",
            HoldEvent::Granted(_) => "granted",
            HoldEvent::Refused { .. } => "refused",
            HoldEvent::Released => "released",
            HoldEvent::Unknown { kind } => kind,
        }
    }

    fn write(&self, out: &mut Out) {
        match self {
            HoldEvent::Granted(grant) => {
                out.int("until", grant.until.0)
                    .int("sold_at", grant.sold.at.0)
                    .show("sold_zone", grant.sold.zone)
                    .show("currency", grant.currency)
                    .maps("lines", &grant.lines, write_verified);
            }
            HoldEvent::Refused { why, left } => {
                out.show("why", why);
                write_portions("left", left, out);
            }
            HoldEvent::Requested | HoldEvent::Released | HoldEvent::Unknown { .. } => {}
        }
    }

    fn read(name: &str, fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(match name {
            "requested" => HoldEvent::Requested,
            "granted" => HoldEvent::Granted(Grant {
                until: Moment(fields.int("until")?),
                sold: Occurred { at: Moment(fields.int("sold_at")?), zone: fields.parse("sold_zone")? },
                currency: fields.parse("currency")?,
                lines: fields.maps("lines", read_verified)?,
            }),
            "refused" => {
                HoldEvent::Refused { why: fields.parse("why")?, left: read_portions("left", fields)? }
            }
            "released" => HoldEvent::Released,
            other => Self::unknown(other),
        })
    }

    fn unknown(name: &str) -> Self {
        HoldEvent::Unknown { kind: name.into() }
    }
}
