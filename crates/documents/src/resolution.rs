//! `resolution`: HQ's decision on an exception, with the claims that it saw.

use guicang_domain::document::Head;
use guicang_domain::event::Event;
use guicang_domain::exception::ExceptionId;
use guicang_domain::resolution::{Resolution, ResolutionEvent, Reversal, SeenClaim};

use crate::event::{self, Body};
use crate::value::{FieldError, Fields, Out};

/// The kind's own fields, all set by the first change alone.
pub(crate) const FIELDS: &[&str] =
    &["exception", "action", "owner", "amount", "currency", "note", "claims", "reversals", "seen"];

/// Writes the kind's own fields.
pub(crate) fn write(document: &Resolution, out: &mut Out) {
    out.text("exception", document.exception.as_str())
        .show("action", document.action)
        .show("owner", &document.owner)
        .int("amount", document.amount.0)
        .show("currency", document.currency)
        .opt_show("note", document.note.as_ref());
    if !document.claims.is_empty() {
        out.maps("claims", &document.claims, |claim, out| {
            out.show("document", claim.document)
                .text("line", claim.line.as_str())
                .int("valid", claim.valid.0)
                .int("excess", claim.excess.0);
        });
    }
    if !document.reversals.is_empty() {
        out.maps("reversals", &document.reversals, |reversal, out| {
            out.show("document", reversal.document)
                .text("part", reversal.part.as_str())
                .text("site", reversal.site.as_str())
                .opt_text("place", &reversal.place)
                .text("sku", reversal.sku.as_str())
                .opt_show("lot", reversal.lot.as_ref())
                .text("account", reversal.account.as_str())
                .int("quantity", reversal.quantity.0);
        });
    }
    if let Some(seen) = document.seen {
        out.bytes("seen", seen.into());
    }
    event::write_all(&document.events, document.head.zone, out);
}

/// Reads the kind's own fields.
pub(crate) fn read(
    head: Head,
    fields: &Fields<'_>,
    events: Vec<Event<ResolutionEvent>>,
) -> Result<Resolution, FieldError> {
    Ok(Resolution {
        head,
        exception: ExceptionId::from_text(fields.text("exception")?),
        action: fields.parse("action")?,
        owner: fields.parse("owner")?,
        amount: fields.amount("amount")?,
        currency: fields.parse("currency")?,
        note: fields.opt_text("note")?.map(Into::into),
        claims: fields.maps("claims", |f| {
            Ok(SeenClaim {
                document: f.parse("document")?,
                line: f.parse("line")?,
                valid: f.amount_of_goods("valid")?,
                excess: f.amount_of_goods("excess")?,
            })
        })?,
        seen: match fields.opt_bytes("seen")? {
            Some(bytes) => Some(
                bytes
                    .try_into()
                    .map_err(|_| FieldError::new("seen", format!("{} bytes", bytes.len()), "16 bytes"))?,
            ),
            None => None,
        },
        reversals: fields.maps("reversals", |f| {
            Ok(Reversal {
                document: f.parse("document")?,
                part: f.parse("part")?,
                site: f.parse("site")?,
                place: f.opt_text("place")?.unwrap_or_default().into(),
                sku: f.parse("sku")?,
                lot: f.opt_parse("lot")?,
                account: f.parse("account")?,
                quantity: f.quantity("quantity")?,
            })
        })?,
        events,
    })
}

impl Body for ResolutionEvent {
    fn name(&self) -> &str {
        match self {
            ResolutionEvent::Decided => "decided",
            ResolutionEvent::Reversed { .. } => "reversed",
            ResolutionEvent::Unknown { kind } => kind,
        }
    }

    fn write(&self, out: &mut Out) {
        if let ResolutionEvent::Reversed { event } = self {
            out.show("event", event);
        }
    }

    fn read(name: &str, fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(match name {
            "decided" => ResolutionEvent::Decided,
            "reversed" => ResolutionEvent::Reversed { event: fields.parse("event")? },
            other => Self::unknown(other),
        })
    }

    fn unknown(name: &str) -> Self {
        ResolutionEvent::Unknown { kind: name.into() }
    }
}
