//! `count`: a stocktake, with its scans, its close and its approval as events.
//!
//! What surprises: what a close or an approval says of thousands of buckets is one `bytes` of the
//! domain's CBOR, as a field each would cost more than all the rest of the document.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use guicang_domain::account::Account;
use guicang_domain::count::{
    Count, CountEvent, Scan, Scope, Spot, seen_from_bytes, seen_to_bytes, spots_from_bytes, spots_to_bytes,
};
use guicang_domain::document::Head;
use guicang_domain::event::Event;

use crate::event::{self, Body};
use crate::value::{FieldError, Fields, Out, parse};

/// The kind's own fields, all set by the first change alone.
pub(crate) const FIELDS: &[&str] =
    &["places", "skus", "category", "accounts", "blind", "plan", "currency", "note"];

/// Writes the kind's own fields.
pub(crate) fn write(document: &Count, out: &mut Out) {
    write_scope(&document.scope, out);
    out.flag("blind", document.blind)
        .opt_show("plan", document.plan)
        .show("currency", document.currency)
        .opt_show("note", document.note.as_ref());
    event::write_all(&document.events, document.head.zone, out);
}

/// Writes what is to be counted.
pub(crate) fn write_scope(scope: &Scope, out: &mut Out) {
    let places: Vec<String> = scope.places.iter().cloned().collect();
    out.opt_texts("places", &places)
        .opt_texts("skus", &texts(&scope.skus))
        .opt_show("category", scope.category.as_ref())
        .opt_texts("accounts", &texts(&scope.accounts));
}

/// Reads the kind's own fields.
pub(crate) fn read(
    head: Head,
    fields: &Fields<'_>,
    events: Vec<Event<CountEvent>>,
) -> Result<Count, FieldError> {
    Ok(Count {
        head,
        scope: read_scope(fields)?,
        blind: fields.flag("blind")?,
        plan: fields.opt_parse("plan")?,
        currency: fields.parse("currency")?,
        note: fields.opt_text("note")?.map(Into::into),
        events,
    })
}

/// Reads what is to be counted.
pub(crate) fn read_scope(fields: &Fields<'_>) -> Result<Scope, FieldError> {
    Ok(Scope {
        places: fields.texts("places")?.into_iter().collect(),
        skus: all(fields, "skus")?,
        category: fields.opt_text("category")?.map(Into::into),
        accounts: all(fields, "accounts")?,
    })
}

fn texts<T: Display>(items: &BTreeSet<T>) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

fn all<T: FromStr<Err: Display> + Ord>(fields: &Fields<'_>, name: &str) -> Result<BTreeSet<T>, FieldError> {
    fields.texts(name)?.iter().map(|text| parse(name, text)).collect()
}

fn write_scan(scan: &Scan, out: &mut Out) {
    let account = Some(scan.spot.account).filter(|a| *a != Account::Sellable);
    out.text("sku", scan.spot.sku.as_str())
        .opt_text("place", &scan.spot.place)
        .opt_show("lot", scan.spot.lot.as_ref())
        .opt_show("account", account)
        .int("quantity", scan.quantity.0)
        .opt_int("cost", scan.cost.map(|c| c.0));
}

fn read_scan(fields: &Fields<'_>) -> Result<Scan, FieldError> {
    let account: Account = fields.opt_parse("account")?.unwrap_or(Account::Sellable);
    if !account.is_on_hand() {
        return Err(FieldError {
            field: "account".into(),
            found: account.to_string(),
            wanted: "an account on hand".into(),
        });
    }
    Ok(Scan {
        spot: Spot {
            place: fields.opt_text("place")?.unwrap_or_default().into(),
            sku: fields.parse("sku")?,
            lot: fields.opt_parse("lot")?,
            account,
        },
        quantity: fields.amount_of_goods("quantity")?,
        cost: fields.opt_price("cost")?,
    })
}

/// Items that an event holds as bytes; none when the field is absent.
fn packed<T, E: Display>(
    fields: &Fields<'_>,
    name: &str,
    read: impl Fn(&[u8]) -> Result<Vec<T>, E>,
) -> Result<Vec<T>, FieldError> {
    let Some(bytes) = fields.opt_bytes(name)? else { return Ok(Vec::new()) };
    read(bytes).map_err(|e| FieldError {
        field: name.into(),
        found: format!("{} bytes: {e}", bytes.len()),
        wanted: "buckets".into(),
    })
}

impl Body for CountEvent {
    fn name(&self) -> &str {
        match self {
            CountEvent::Opened => "opened",
            CountEvent::Scanned { .. } => "scanned",
            CountEvent::Recounted { .. } => "recounted",
            CountEvent::Closed { .. } => "closed",
            CountEvent::Approved { .. } => "approved",
            CountEvent::Cancelled => "cancelled",
            CountEvent::Reversed { .. } => "reversed",
            CountEvent::Unknown { kind } => kind,
        }
    }

    fn write(&self, out: &mut Out) {
        match self {
            CountEvent::Scanned { scans } => _ = out.maps("scans", scans, write_scan),
            CountEvent::Recounted { scan, replaces } => {
                write_scan(scan, out);
                let replaces: Vec<String> = replaces.iter().map(ToString::to_string).collect();
                out.opt_texts("replaces", &replaces);
            }
            CountEvent::Closed { uncounted, zero } => {
                out.show("uncounted", *uncounted);
                if !zero.is_empty() {
                    out.bytes("zero", spots_to_bytes(zero));
                }
            }
            CountEvent::Approved { by, seen } => {
                out.show("by", by);
                if !seen.is_empty() {
                    out.bytes("variances", seen_to_bytes(seen));
                }
            }
            CountEvent::Reversed { event } => _ = out.show("event", event),
            CountEvent::Opened | CountEvent::Cancelled | CountEvent::Unknown { .. } => {}
        }
    }

    fn read(name: &str, fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(match name {
            "opened" => CountEvent::Opened,
            "scanned" => CountEvent::Scanned { scans: fields.maps("scans", read_scan)? },
            "recounted" => CountEvent::Recounted {
                scan: read_scan(fields)?,
                replaces: fields
                    .texts("replaces")?
                    .iter()
                    .map(|id| parse("replaces", id))
                    .collect::<Result<_, _>>()?,
            },
            "closed" => CountEvent::Closed {
                uncounted: fields.parse("uncounted")?,
                zero: packed(fields, "zero", spots_from_bytes)?,
            },
            "approved" => CountEvent::Approved {
                by: fields.parse("by")?,
                seen: packed(fields, "variances", seen_from_bytes)?,
            },
            "cancelled" => CountEvent::Cancelled,
            "reversed" => CountEvent::Reversed { event: fields.parse("event")? },
            other => Self::unknown(other),
        })
    }

    fn unknown(name: &str) -> Self {
        CountEvent::Unknown { kind: name.into() }
    }
}
