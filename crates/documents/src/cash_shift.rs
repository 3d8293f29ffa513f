//! `cash_shift`: a shift of the cash book, with what its close saw of other documents.

use std::collections::BTreeSet;

use guicang_domain::cash::{CashEvent, CashSeen, CashShift};
use guicang_domain::document::Head;
use guicang_domain::event::Event;

use crate::event::{self, Body};
use crate::value::{FieldError, Fields, Out, parse};

/// The kind's own fields, all set by the first change alone.
pub(crate) const FIELDS: &[&str] = &["till", "shift", "date", "currency"];

/// Writes the kind's own fields.
pub(crate) fn write(document: &CashShift, out: &mut Out) {
    out.opt_show("till", document.till.as_ref())
        .opt_show("shift", document.shift.as_ref())
        .show("date", document.date)
        .show("currency", document.currency);
    event::write_all(&document.events, document.head.zone, out);
}

/// Reads the kind's own fields.
pub(crate) fn read(
    head: Head,
    fields: &Fields<'_>,
    events: Vec<Event<CashEvent>>,
) -> Result<CashShift, FieldError> {
    Ok(CashShift {
        head,
        till: fields.opt_parse("till")?,
        shift: fields.opt_text("shift")?.map(Into::into),
        date: fields.parse("date")?,
        currency: fields.parse("currency")?,
        events,
    })
}

fn write_seen(seen: &CashSeen, out: &mut Out) {
    let payments: Vec<String> = seen.payments.iter().map(ToString::to_string).collect();
    out.int("sales", seen.sales.0)
        .count("receipts", seen.receipts)
        .int("refunds", seen.refunds.0)
        .opt_texts("payments", &payments)
        .int("paid_in", seen.paid_in.0)
        .int("paid_out", seen.paid_out.0);
}

fn read_seen(fields: &Fields<'_>) -> Result<CashSeen, FieldError> {
    let payments = fields.texts("payments")?;
    Ok(CashSeen {
        sales: fields.amount("sales")?,
        receipts: fields.narrow("receipts")?,
        refunds: fields.amount("refunds")?,
        payments: payments.iter().map(|p| parse("payments", p)).collect::<Result<BTreeSet<_>, _>>()?,
        paid_in: fields.amount("paid_in")?,
        paid_out: fields.amount("paid_out")?,
    })
}

impl Body for CashEvent {
    fn name(&self) -> &str {
        match self {
            CashEvent::Opened { .. } => "opened",
            CashEvent::Moved { .. } => "moved",
            CashEvent::Closed { .. } => "closed",
            CashEvent::Reversed { .. } => "reversed",
            CashEvent::Unknown { kind } => kind,
        }
    }

    fn write(&self, out: &mut Out) {
        match self {
            CashEvent::Opened { counted } => {
                out.int("counted", counted.0);
            }
            CashEvent::Moved { way, amount, reason, note } => {
                out.show("way", way)
                    .int("amount", amount.0)
                    .show("reason", reason)
                    .opt_show("note", note.as_ref());
            }
            CashEvent::Closed { counted, seen } => {
                out.int("counted", counted.0).map("seen_cash", |out| write_seen(seen, out));
            }
            CashEvent::Reversed { event, reason } => {
                out.show("event", event).opt_show("reason", reason.as_ref());
            }
            CashEvent::Unknown { .. } => {}
        }
    }

    fn read(name: &str, fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(match name {
            "opened" => CashEvent::Opened { counted: fields.amount("counted")? },
            "moved" => CashEvent::Moved {
                way: fields.parse("way")?,
                amount: fields.amount("amount")?,
                reason: fields.parse("reason")?,
                note: fields.opt_text("note")?.map(Into::into),
            },
            "closed" => CashEvent::Closed {
                counted: fields.amount("counted")?,
                seen: match fields.opt_map("seen_cash")? {
                    Some(seen) => read_seen(&seen).map_err(|e| e.under("seen_cash"))?,
                    None => CashSeen::default(),
                },
            },
            "reversed" => CashEvent::Reversed {
                event: fields.parse("event")?,
                reason: fields.opt_text("reason")?.map(Into::into),
            },
            other => Self::unknown(other),
        })
    }

    fn unknown(name: &str) -> Self {
        CashEvent::Unknown { kind: name.into() }
    }
}
