//! `sale_batch`: receipts, as one `body` of bytes (the domain's CBOR), and its events.

use guicang_domain::document::Head;
use guicang_domain::event::Event;
use guicang_domain::sale::{SaleBatch, SaleEvent, Sales};

use crate::event::{self, Body};
use crate::value::{FieldError, Fields, Out};

/// The kind's own fields, all set by the first change alone.
pub(crate) const FIELDS: &[&str] = &["body"];

/// Writes the kind's own fields.
pub(crate) fn write(document: &Sales, out: &mut Out) {
    out.bytes("body", document.batch.body());
    event::write_all(&document.events, document.head.zone, out);
}

/// Reads the kind's own fields.
pub(crate) fn read(
    head: Head,
    fields: &Fields<'_>,
    events: Vec<Event<SaleEvent>>,
) -> Result<Sales, FieldError> {
    let missing = |field: &str, wanted: &str| FieldError {
        field: field.into(),
        found: "nothing".into(),
        wanted: wanted.into(),
    };
    let site = head.site.clone().ok_or_else(|| missing("site", "the selling site"))?;
    let body = fields.opt_bytes("body")?.ok_or_else(|| missing("body", "bytes"))?;
    let batch = SaleBatch::from_body(site, body).map_err(|e| FieldError {
        field: "body".into(),
        found: format!("{} bytes: {e}", body.len()),
        wanted: "a batch of receipts".into(),
    })?;
    Ok(Sales { head, batch, events })
}

impl Body for SaleEvent {
    fn name(&self) -> &str {
        match self {
            SaleEvent::Recorded => "recorded",
            SaleEvent::Imported => "imported",
            SaleEvent::Reversed { .. } => "reversed",
            SaleEvent::Unknown { kind } => kind,
        }
    }

    fn write(&self, out: &mut Out) {
        if let SaleEvent::Reversed { event } = self {
            out.show("event", event);
        }
    }

    fn read(name: &str, fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(match name {
            "recorded" => SaleEvent::Recorded,
            "imported" => SaleEvent::Imported,
            "reversed" => SaleEvent::Reversed { event: fields.parse("event")? },
            other => Self::unknown(other),
        })
    }

    fn unknown(name: &str) -> Self {
        SaleEvent::Unknown { kind: name.into() }
    }
}
