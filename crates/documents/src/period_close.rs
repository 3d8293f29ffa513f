//! `period_close`: the month, what was recorded as one `body` of bytes (the domain's CBOR), and its event.
//!
//! A body and not lines, as a batch of receipts is: it is written once and never added to.

use guicang_domain::document::Head;
use guicang_domain::event::Event;
use guicang_domain::period::{PeriodClose, PeriodEvent, PeriodRecord};

use crate::event::{self, Body};
use crate::value::{FieldError, Fields, Out};

/// The kind's own fields, all set by the first change alone.
pub(crate) const FIELDS: &[&str] = &["period", "body"];

/// Writes the kind's own fields.
pub(crate) fn write(document: &PeriodClose, out: &mut Out) {
    out.show("period", document.period).bytes("body", document.recorded.body());
    event::write_all(&document.events, document.head.zone, out);
}

/// Reads the kind's own fields.
pub(crate) fn read(
    head: Head,
    fields: &Fields<'_>,
    events: Vec<Event<PeriodEvent>>,
) -> Result<PeriodClose, FieldError> {
    let wrong = |found: String| FieldError {
        field: "body".into(),
        found,
        wanted: "the figures of a period's close".into(),
    };
    let body = fields.opt_bytes("body")?.ok_or_else(|| wrong("nothing".into()))?;
    let recorded = PeriodRecord::from_body(body).map_err(|e| wrong(format!("{} bytes: {e}", body.len())))?;
    Ok(PeriodClose { head, period: fields.parse("period")?, recorded, events })
}

impl Body for PeriodEvent {
    fn name(&self) -> &str {
        match self {
            PeriodEvent::Closed => "closed",
            PeriodEvent::Unknown { kind } => kind,
        }
    }

    fn write(&self, _: &mut Out) {}

    fn read(name: &str, _: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(match name {
            "closed" => PeriodEvent::Closed,
            other => Self::unknown(other),
        })
    }

    fn unknown(name: &str) -> Self {
        PeriodEvent::Unknown { kind: name.into() }
    }
}
