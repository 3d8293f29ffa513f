//! `return`: channel, receipt, customer, lines with their links to sale lines, and its events.
//!
//! What surprises: what follows from the rest isn't written. A line's link leaves out `receipt` where
//! it is the document's own; `customer` is left out beside a `contact` where it is the number that
//! follows from the document ([`CustomerId::of`]; an empty text: none); an event leaves out `refund`
//! where it is its tender's first ([`RefundNumber::of`]). The `n`th of an event's parts leaves out its
//! `line` where that is the `n`th, `of` where that is the `n`th line's first part, `part` where it is the
//! line's first (received) or second (inspected), and in a document's first change `quantity` where it is
//! the whole line's. A reader takes either form.

use guicang_domain::document::Head;
use guicang_domain::event::Event;
use guicang_domain::ids::{CustomerId, LineId, PartId, ReceiptId, RefundNumber, Tender};
use guicang_domain::returns::{
    InspectedPart, ReceivedPart, RefundShare, Return, ReturnEvent, ReturnLine, SaleLink, VerifiedLine,
};

use crate::event::{self, Body};
use crate::settlement;
use crate::value::{FieldError, Fields, Out, parse};

/// The kind's own fields, all set by the first change alone.
pub(crate) const FIELDS: &[&str] =
    &["channel", "receipt", "customer", "contact", "currency", "note", "proof"];

/// Writes the kind's own fields.
pub(crate) fn write(document: &Return, out: &mut Out) {
    out.show("channel", document.channel)
        .opt_show("receipt", document.receipt.as_ref())
        .show("currency", document.currency)
        .opt_show("note", document.note.as_ref());
    match (&document.contact, &document.customer) {
        (Some(_), Some(customer)) if *customer == CustomerId::of(document.head.id) => {}
        (Some(_), None) => _ = out.text("customer", ""),
        (_, customer) => _ = out.opt_show("customer", customer.as_ref()),
    }
    if let Some(contact) = &document.contact {
        out.bytes("contact", contact.clone());
    }
    if let Some(proof) = &document.proof {
        out.bytes("proof", proof.clone());
    }
    out.map("lines", |out| {
        for (id, line) in &document.lines {
            out.map(id.as_str(), |out| write_line(line, document.receipt.as_ref(), out));
        }
    });
    event::write_all(&document.events, document.head.zone, out);
}

fn write_line(line: &ReturnLine, receipt: Option<&ReceiptId>, out: &mut Out) {
    out.text("sku", line.sku.as_str())
        .opt_show("written", line.written.as_ref())
        .int("quantity", line.quantity.0)
        .text("reason", line.reason.as_str())
        .opt_show("note", line.note.as_ref())
        .opt_int("price", line.price.map(|p| p.0))
        .opt_int("cost", line.cost.map(|c| c.0))
        .flag("service", line.service)
        .opt_show("lot", line.lot.as_ref())
        .opt_texts("serials", &line.serials)
        .opt_int("group", line.group)
        .opt_show("row", line.row.as_ref());
    if !line.links.is_empty() {
        out.maps("links", &line.links, |link, out| write_link(link, receipt, out));
    }
}

fn write_link(link: &SaleLink, home: Option<&ReceiptId>, out: &mut Out) {
    if home != Some(&link.receipt) {
        out.show("receipt", &link.receipt);
    }
    out.text("line", link.line.as_str())
        .int("quantity", link.quantity.0)
        .int("sold", link.sold.0)
        .int("paid", link.paid.0);
}

/// Reads the kind's own fields.
pub(crate) fn read(
    head: Head,
    fields: &Fields<'_>,
    events: Vec<Event<ReturnEvent>>,
    problem: impl FnMut(FieldError),
) -> Result<Return, FieldError> {
    let receipt = read_receipt(fields)?;
    Ok(Return {
        channel: fields.parse("channel")?,
        customer: match (fields.opt_text("customer")?, fields.opt_bytes("contact")?) {
            (None, Some(_)) => Some(CustomerId::of(head.id)),
            (Some(""), _) => None,
            _ => fields.opt_parse("customer")?,
        },
        contact: fields.opt_bytes("contact")?.map(<[u8]>::to_vec),
        proof: fields.opt_bytes("proof")?.map(<[u8]>::to_vec),
        currency: fields.parse("currency")?,
        note: fields.opt_text("note")?.map(Into::into),
        lines: fields.each("lines", |f| read_line(f, receipt.as_ref()), problem)?,
        receipt,
        head,
        events,
    })
}

/// The field `receipt`.
pub(crate) fn read_receipt(fields: &Fields<'_>) -> Result<Option<ReceiptId>, FieldError> {
    let Some(text) = fields.opt_text("receipt")? else { return Ok(None) };
    ReceiptId::parse(text, None).map(Some).map_err(|e| FieldError {
        field: "receipt".into(),
        found: e.found,
        wanted: e.wanted.into(),
    })
}

fn read_line(fields: &Fields<'_>, receipt: Option<&ReceiptId>) -> Result<ReturnLine, FieldError> {
    Ok(ReturnLine {
        sku: fields.parse("sku")?,
        written: fields.opt_text("written")?.map(Into::into),
        quantity: fields.quantity("quantity")?,
        reason: fields.parse("reason")?,
        note: fields.opt_text("note")?.map(Into::into),
        links: fields.maps("links", |f| read_link(f, receipt))?,
        price: fields.opt_price("price")?,
        cost: fields.opt_price("cost")?,
        service: fields.flag("service")?,
        lot: fields.opt_parse("lot")?,
        serials: fields.texts("serials")?,
        group: fields.opt_narrow("group")?,
        row: fields.opt_parse("row")?,
    })
}

fn read_link(fields: &Fields<'_>, home: Option<&ReceiptId>) -> Result<SaleLink, FieldError> {
    Ok(SaleLink {
        receipt: needed_receipt(fields, home)?,
        line: fields.parse("line")?,
        quantity: fields.quantity("quantity")?,
        sold: fields.quantity("sold")?,
        paid: fields.amount("paid")?,
    })
}

/// A receipt that has to be there, in the field or as the document's own.
pub(crate) fn needed_receipt(fields: &Fields<'_>, home: Option<&ReceiptId>) -> Result<ReceiptId, FieldError> {
    read_receipt(fields)?.or_else(|| home.cloned()).ok_or_else(|| FieldError {
        field: "receipt".into(),
        found: "nothing".into(),
        wanted: "SITE/[TILL/]NUMBER, as the document names no receipt either".into(),
    })
}

impl Body for ReturnEvent {
    fn name(&self) -> &str {
        ReturnEvent::name(self)
    }

    fn write(&self, out: &mut Out) {
        match self {
            ReturnEvent::NeedsInformation { note } => _ = out.text("note", note),
            ReturnEvent::Approved { by, grounds } | ReturnEvent::Rejected { by, grounds } => {
                out.opt_show("by", by.as_ref()).opt_texts("grounds", grounds);
            }
            ReturnEvent::Received { parts } => {
                out.nth_maps("parts", parts, |n, part, out| {
                    out.text_unless("line", part.line.as_str(), LineId::nth(n + 1).as_str())
                        .text_unless("part", part.part.as_str(), &nth_part(part.line.as_str(), 1))
                        .part_quantity(part.line.as_str(), part.quantity)
                        .opt_text("place", &part.place);
                });
            }
            ReturnEvent::Inspected { parts } => {
                out.nth_maps("parts", parts, |n, part, out| {
                    out.text_unless("of", part.of.as_str(), &nth_part(LineId::nth(n + 1).as_str(), 1))
                        .text_unless("part", part.part.as_str(), &nth_part(line_of(&part.of), 2))
                        .part_quantity(line_of(&part.of), part.quantity)
                        .show("grade", part.grade)
                        .show("disposition", part.disposition)
                        .opt_show("reason_found", part.reason_found.as_ref())
                        .opt_texts("missing", &part.missing);
                });
            }
            ReturnEvent::RefundRequested { shares } => {
                out.maps("shares", shares, |share, out| {
                    write_refund(&share.refund, &share.tender, share.attempt, out);
                    out.text("tender", share.tender.as_str()).int("amount", share.amount.0);
                    if share.attempt != 0 {
                        out.int("attempt", share.attempt.into());
                    }
                });
            }
            ReturnEvent::PayoutIntended { refund, amount, fence } => {
                out.text("refund", refund.as_str()).int("amount", amount.0).count("fence", *fence);
            }
            ReturnEvent::PayoutAccepted { refund, reference } => {
                out.text("refund", refund.as_str()).text("reference", reference);
            }
            ReturnEvent::Paid { refund, tender, amount, reference, by_hand } => {
                write_refund(refund, tender, 0, out);
                out.text("tender", tender.as_str())
                    .int("amount", amount.0)
                    .opt_show("reference", reference.as_ref())
                    .flag("by_hand", *by_hand);
            }
            ReturnEvent::PayoutFailed { refund, reason } => {
                out.text("refund", refund.as_str()).text("reason", reason);
            }
            ReturnEvent::SaleVerified { lines } => {
                out.maps("lines", lines, write_verified);
            }
            ReturnEvent::Reversed { event, by } => _ = out.show("event", event).opt_show("by", by.as_ref()),
            ReturnEvent::Requested
            | ReturnEvent::Imported
            | ReturnEvent::Cancelled
            | ReturnEvent::Closed
            | ReturnEvent::Unknown { .. } => {}
            other => settlement::write(other, out),
        }
    }

    fn read(name: &str, fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(match name {
            "requested" => ReturnEvent::Requested,
            "needs_information" => ReturnEvent::NeedsInformation { note: fields.text("note")?.into() },
            "approved" => {
                ReturnEvent::Approved { by: fields.opt_parse("by")?, grounds: fields.texts("grounds")? }
            }
            "rejected" => {
                ReturnEvent::Rejected { by: fields.opt_parse("by")?, grounds: fields.texts("grounds")? }
            }
            "received" => ReturnEvent::Received { parts: fields.nth_maps("parts", read_received)? },
            "inspected" => ReturnEvent::Inspected { parts: fields.nth_maps("parts", read_inspected)? },
            "refund_requested" => ReturnEvent::RefundRequested { shares: fields.maps("shares", read_share)? },
            "payout_intended" => ReturnEvent::PayoutIntended {
                refund: fields.parse("refund")?,
                amount: fields.amount("amount")?,
                fence: fields.narrow("fence")?,
            },
            "payout_accepted" => ReturnEvent::PayoutAccepted {
                refund: fields.parse("refund")?,
                reference: fields.text("reference")?.into(),
            },
            "paid" => ReturnEvent::Paid {
                refund: read_refund(fields, 0)?,
                tender: fields.parse("tender")?,
                amount: fields.amount("amount")?,
                reference: fields.opt_text("reference")?.map(Into::into),
                by_hand: fields.flag("by_hand")?,
            },
            "payout_failed" => ReturnEvent::PayoutFailed {
                refund: fields.parse("refund")?,
                reason: fields.text("reason")?.into(),
            },
            "sale_verified" => ReturnEvent::SaleVerified { lines: fields.maps("lines", read_verified)? },
            "imported" => ReturnEvent::Imported,
            "cancelled" => ReturnEvent::Cancelled,
            "reversed" => {
                ReturnEvent::Reversed { event: fields.parse("event")?, by: fields.opt_parse("by")? }
            }
            "closed" => ReturnEvent::Closed,
            other => settlement::read(other, fields)?.unwrap_or_else(|| Self::unknown(other)),
        })
    }

    fn unknown(name: &str) -> Self {
        ReturnEvent::Unknown { kind: name.into() }
    }
}

/// The name of a line's `n`th part, where the document's creator gives it.
fn nth_part(line: &str, n: usize) -> String {
    format!("{line}.{n}")
}

/// The line of a part, told from its name.
fn line_of(part: &PartId) -> &str {
    part.as_str().split_once('.').map_or(part.as_str(), |(line, _)| line)
}

fn write_refund(refund: &RefundNumber, tender: &Tender, attempt: u32, out: &mut Out) {
    if out.document().is_none_or(|document| *refund != RefundNumber::of(document, tender, attempt)) {
        out.text("refund", refund.as_str());
    }
}

fn read_refund(fields: &Fields<'_>, attempt: u32) -> Result<RefundNumber, FieldError> {
    match fields.opt_parse("refund")? {
        Some(refund) => Ok(refund),
        None => Ok(RefundNumber::of(fields.document(), &fields.parse("tender")?, attempt)),
    }
}

pub(crate) fn read_received(n: usize, fields: &Fields<'_>) -> Result<ReceivedPart, FieldError> {
    let line = fields.opt_parse("line")?.unwrap_or_else(|| LineId::nth(n + 1));
    Ok(ReceivedPart {
        part: match fields.opt_text("part")? {
            Some(part) => parse("part", part)?,
            None => parse("part", &nth_part(line.as_str(), 1))?,
        },
        quantity: fields.part_quantity(line.as_str())?,
        line,
        place: fields.opt_text("place")?.unwrap_or_default().into(),
    })
}

fn read_inspected(n: usize, fields: &Fields<'_>) -> Result<InspectedPart, FieldError> {
    let of: PartId = match fields.opt_text("of")? {
        Some(of) => parse("of", of)?,
        None => parse("of", &nth_part(LineId::nth(n + 1).as_str(), 1))?,
    };
    Ok(InspectedPart {
        part: match fields.opt_text("part")? {
            Some(part) => parse("part", part)?,
            None => parse("part", &nth_part(line_of(&of), 2))?,
        },
        quantity: fields.part_quantity(line_of(&of))?,
        of,
        grade: fields.parse("grade")?,
        disposition: fields.parse("disposition")?,
        reason_found: fields.opt_parse("reason_found")?,
        missing: fields.texts("missing")?,
    })
}

pub(crate) fn read_share(fields: &Fields<'_>) -> Result<RefundShare, FieldError> {
    let attempt = fields.opt_narrow("attempt")?.unwrap_or_default();
    Ok(RefundShare {
        refund: read_refund(fields, attempt)?,
        tender: fields.parse("tender")?,
        amount: fields.amount("amount")?,
        attempt,
    })
}

pub(crate) fn read_verified(fields: &Fields<'_>) -> Result<VerifiedLine, FieldError> {
    let link = fields.opt_map("link")?.ok_or_else(|| FieldError {
        field: "link".into(),
        found: "nothing".into(),
        wanted: "a map".into(),
    })?;
    Ok(VerifiedLine {
        line: fields.parse("line")?,
        link: read_link(&link, None).map_err(|e| e.under("link"))?,
        cost: fields.opt_price("cost")?,
        lot: fields.opt_parse("lot")?,
    })
}

pub(crate) fn write_verified(line: &VerifiedLine, out: &mut Out) {
    out.text("line", line.line.as_str())
        .map("link", |out| write_link(&line.link, None, out))
        .opt_int("cost", line.cost.map(|c| c.0))
        .opt_show("lot", line.lot.as_ref());
}
