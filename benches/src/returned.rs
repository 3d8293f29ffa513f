//! A record as a whole return document, and back: every one of its 18 fields survives.
//!
//! | of the record | in the document |
//! | --- | --- |
//! | `id` | the document's identity, byte for byte |
//! | `store_id`; `store_id`, `till`, `sale_no` | `site`; `receipt` |
//! | `status` | the events it takes to get there: requested (a draft also needs information), approved, received, inspected, refund requested and paid, closed |
//! | `created_at`, `clerk` | each event's times and user |
//! | `customer_name`, `phone` | `contact`, sealed by the customer's key |
//! | `currency`, `reason` | the same |
//! | `lines` | `lines`: SKU, quantity, price, lot; name and specification in the line's note; the disposition in the inspection |
//! | `condition` | the inspection's grade |
//! | `tender`, `refund_minor` | the refund's share |
//! | `note` | the first lines of `note` |
//! | `sale_at`, `restocked`, and what no event tells yet | the last line of `note` |
//!
//! What surprises: this is not how a clerk makes a return (that is [`crate::request`]); a command has
//! no lots and no drafts, and this way nothing is lost. [`record_of`] proves it, for each.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use chrono::{DateTime, SecondsFormat};
use guicang_domain::document::{Head, RULES};
use guicang_domain::event::{Event, Proof};
use guicang_domain::ids::{
    CustomerId, DeviceCode, DeviceId, DocumentId, EventId, LineId, PartId, ReceiptId, RefundNumber,
};
use guicang_domain::money::{Amount, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::{
    Channel, Disposition, Grade, InspectedPart, ReceivedPart, RefundShare, Return, ReturnEvent, ReturnLine,
};
use guicang_domain::time::{HybridClock, Moment, Occurred, Recorded, Zone};
use guicang_replica::Contact;
use sha2::{Digest, Sha256};

use crate::random::Random;
use crate::record::{Record, RecordLine};
use crate::ulid;

/// Unit prices have two decimals more than amounts of a currency with two.
const PRICE_OF_MINOR: i64 = 100;

/// A branch's device that writes returns down.
#[derive(Debug)]
pub struct Clerk {
    device: DeviceId,
    code: DeviceCode,
    clock: HybridClock,
    /// What the device last heard of the relay's time.
    seen: Moment,
    random: Random,
    count: usize,
}

/// A return and the key that its contact is sealed by.
#[derive(Debug)]
pub struct Returned {
    /// The document.
    pub document: Return,
    /// Of its customer.
    pub key: [u8; 32],
}

impl Clerk {
    /// A device that last heard of the relay at `seen`.
    pub fn new(device: DeviceId, code: DeviceCode, seen: Moment, random: Random) -> Self {
        Self { device, code, clock: HybridClock::from_last(Recorded(0)), seen, random, count: 0 }
    }

    /// Writes a record down.
    ///
    /// # Errors
    /// The field that can't be a return's.
    pub fn write(&mut self, record: &Record) -> Result<Returned> {
        self.returned(record).with_context(|| format!("the return {}", record.id))
    }

    fn returned(&mut self, record: &Record) -> Result<Returned> {
        self.count += 1;
        let uuid = ulid::bytes_of(&record.id).context("its id is no ULID")?;
        let id = DocumentId { creator: self.device, uuid: uuid::Uuid::from_bytes(uuid) };
        let contact = Contact { name: Some(record.customer_name.clone()), phone: Some(record.phone.clone()) };
        let key = self.random.bytes();
        let customer = CustomerId::of(id);
        let mut document = Return {
            head: Head {
                id,
                site: Some(record.store_id.parse()?),
                number: format!("TH-{}-{:06}", self.code, self.count).parse()?,
                schema: guicang_documents::SCHEMA,
                rules: RULES,
                zone: Zone::SHANGHAI,
                import: None,
            },
            channel: Channel::Store,
            receipt: Some(receipt_of(record)?),
            proof: None,
            customer: Some(customer),
            contact: Some(seal(&key, id, &contact)?),
            currency: record.currency.parse()?,
            note: Some(note_of(record)),
            lines: BTreeMap::new(),
            events: Vec::new(),
        };
        for (n, line) in record.lines.iter().enumerate() {
            document.lines.insert(LineId::nth(n + 1), line_of(record, line)?);
        }
        let at = moment_of(&record.created_at)?;
        for body in bodies(record, id)? {
            document.events.push(Event {
                id: EventId { recorded: self.clock.tick(at), device: self.code.clone() },
                occurred: Occurred { at, zone: Zone::SHANGHAI },
                seen: self.seen,
                user: record.clerk.parse()?,
                policy: String::new(),
                body,
                proof: Proof { device: self.device, hq: false, stamped: None },
            });
        }
        Ok(Returned { document, key })
    }
}

/// The receipt that a record names.
pub fn receipt_of(record: &Record) -> Result<ReceiptId> {
    Ok(ReceiptId {
        site: record.store_id.parse()?,
        till: Some(record.till.parse()?),
        number: record.sale_no.parse()?,
    })
}

/// A time of a record.
pub fn moment_of(text: &str) -> Result<Moment> {
    let time = DateTime::parse_from_rfc3339(text).with_context(|| format!("{text:?} is no time"))?;
    Ok(Moment(time.timestamp_millis()))
}

/// The grade that a condition is.
pub fn grade_of(condition: &str) -> Result<Grade> {
    let known = CONDITIONS.iter().find(|(word, _)| *word == condition);
    known.map(|(_, grade)| *grade).with_context(|| format!("the condition {condition:?} is unknown"))
}

/// Where a disposition sends goods.
pub fn disposition_of(word: &str) -> Result<Disposition> {
    let known = DISPOSITIONS.iter().find(|(known, _)| *known == word);
    known.map(|(_, to)| *to).with_context(|| format!("the disposition {word:?} is unknown"))
}

const CONDITIONS: &[(&str, Grade)] =
    &[("sealed", Grade::A), ("opened", Grade::B), ("damaged", Grade::D), ("leaking", Grade::E)];

const DISPOSITIONS: &[(&str, Disposition)] = &[
    ("restock", Disposition::Restock),
    ("scrap", Disposition::Scrap),
    ("quarantine", Disposition::Quarantine),
    ("vendor_return", Disposition::Supplier),
];

/// How far a record has come.
fn stage_of(status: &str) -> Result<usize> {
    let stages = ["draft", "submitted", "inspected", "refunded", "closed"];
    stages.iter().position(|s| *s == status).with_context(|| format!("the status {status:?} is unknown"))
}

fn is_inspected(record: &Record) -> bool {
    matches!(record.status.as_str(), "inspected" | "refunded" | "closed")
}

fn is_refunded(record: &Record) -> bool {
    matches!(record.status.as_str(), "refunded" | "closed")
}

/// The clerk's note, and in its last line what the document has no better place for.
fn note_of(record: &Record) -> String {
    let mut last = vec![record.sale_at.clone()];
    last.push(if record.restocked { "restocked" } else { "-" }.into());
    if !is_refunded(record) {
        last.push(format!("{} {}", record.tender, record.refund_minor));
    }
    if !is_inspected(record) {
        last.push(record.condition.clone());
        last.extend(record.lines.iter().map(|l| l.disposition.clone()));
    }
    format!("{}\n{}", record.note, last.join("; "))
}

fn line_of(record: &Record, line: &RecordLine) -> Result<ReturnLine> {
    Ok(ReturnLine {
        sku: line.sku.parse()?,
        written: None,
        quantity: Quantity::units(line.qty),
        reason: record.reason.parse()?,
        note: Some(format!("{} / {}", line.name, line.spec)),
        links: Vec::new(),
        price: Some(UnitPrice(line.unit_price_minor * PRICE_OF_MINOR)),
        cost: None,
        service: false,
        lot: Some(line.lot.parse()?),
        serials: Vec::new(),
        group: None,
        row: None,
    })
}

fn bodies(record: &Record, id: DocumentId) -> Result<Vec<ReturnEvent>> {
    let stage = stage_of(&record.status)?;
    let mut bodies = vec![ReturnEvent::Requested];
    if stage == 0 {
        bodies.push(ReturnEvent::NeedsInformation { note: "draft".into() });
    }
    if stage >= 2 {
        let part = |n: usize, m: usize| PartId::new(&format!("{n}.{m}"));
        let (mut received, mut inspected) = (Vec::new(), Vec::new());
        for (n, line) in record.lines.iter().enumerate() {
            let quantity = Quantity::units(line.qty);
            received.push(ReceivedPart {
                part: part(n + 1, 1)?,
                line: LineId::nth(n + 1),
                quantity,
                place: String::new(),
            });
            inspected.push(InspectedPart {
                part: part(n + 1, 2)?,
                of: part(n + 1, 1)?,
                quantity,
                grade: grade_of(&record.condition)?,
                disposition: disposition_of(&line.disposition)?,
                reason_found: None,
                missing: Vec::new(),
            });
        }
        bodies.push(ReturnEvent::Approved { by: None, grounds: Vec::new() });
        bodies.push(ReturnEvent::Received { parts: received });
        bodies.push(ReturnEvent::Inspected { parts: inspected });
    }
    if stage >= 3 {
        let tender: guicang_domain::ids::Tender = record.tender.parse()?;
        let amount = Amount(record.refund_minor);
        let refund = RefundNumber::of(id, &tender, 0);
        let share = RefundShare { refund: refund.clone(), tender: tender.clone(), amount, attempt: 0 };
        bodies.push(ReturnEvent::RefundRequested { shares: vec![share] });
        bodies.push(ReturnEvent::Paid { refund, tender, amount, reference: None, by_hand: true });
    }
    if stage >= 4 {
        bodies.push(ReturnEvent::Closed);
    }
    Ok(bodies)
}

fn nonce(document: DocumentId) -> XNonce {
    let digest: [u8; 32] =
        Sha256::new().chain_update(b"guicang/contact/1").chain_update(document.to_bytes()).finalize().into();
    let mut nonce = [0; 24];
    nonce.copy_from_slice(&digest[..24]);
    nonce.into()
}

/// As a replica seals it.
fn seal(key: &[u8; 32], document: DocumentId, contact: &Contact) -> Result<Vec<u8>> {
    let plain = minicbor::to_vec(contact).context("the contact can't be encoded")?;
    let sealed = XChaCha20Poly1305::new(&(*key).into()).encrypt(&nonce(document), plain.as_slice());
    sealed.map_err(|_| anyhow::anyhow!("the contact can't be sealed"))
}

/// The record that a document was made of.
///
/// # Errors
/// The field that did not survive.
pub fn record_of(document: &Return, key: &[u8; 32]) -> Result<Record> {
    let sealed = document.contact.as_deref().context("no contact")?;
    let plain = XChaCha20Poly1305::new(&(*key).into())
        .decrypt(&nonce(document.head.id), sealed)
        .map_err(|_| anyhow::anyhow!("the contact can't be opened"))?;
    let contact: Contact = minicbor::decode(&plain)?;
    let receipt = document.receipt.as_ref().context("no receipt")?;
    let first = document.events.first().context("no event")?;
    let (note, last) =
        document.note.as_deref().and_then(|n| n.rsplit_once('\n')).context("no note of two lines")?;
    let mut last = last.split("; ");
    let mut next = || last.next().context("the note's last line is too short");
    let sale_at = next()?.to_owned();
    let restocked = next()? == "restocked";
    let has = |found: fn(&ReturnEvent) -> bool| document.events.iter().any(|e| found(&e.body));
    let status = match () {
        () if has(|b| matches!(b, ReturnEvent::Closed)) => "closed",
        () if has(|b| matches!(b, ReturnEvent::Paid { .. })) => "refunded",
        () if has(|b| matches!(b, ReturnEvent::Inspected { .. })) => "inspected",
        () if has(|b| matches!(b, ReturnEvent::NeedsInformation { .. })) => "draft",
        () => "submitted",
    };
    let share = document.events.iter().find_map(|e| match &e.body {
        ReturnEvent::RefundRequested { shares } => shares.first(),
        _ => None,
    });
    let (tender, refund_minor) = match share {
        Some(share) => (share.tender.to_string(), share.amount.0),
        None => {
            let (tender, amount) = next()?.split_once(' ').context("no refund in the note")?;
            (tender.to_owned(), amount.parse()?)
        }
    };
    let parts = document.events.iter().find_map(|e| match &e.body {
        ReturnEvent::Inspected { parts } => Some(parts.as_slice()),
        _ => None,
    });
    let condition = match parts {
        Some(parts) => word_of(CONDITIONS, parts.first().context("nothing inspected")?.grade)?,
        None => next()?.to_owned(),
    };
    let mut lines = Vec::new();
    for (n, line) in document.lines.values().enumerate() {
        let disposition = match parts {
            Some(parts) => word_of(DISPOSITIONS, parts.get(n).context("a part is missing")?.disposition)?,
            None => next()?.to_owned(),
        };
        let (name, spec) =
            line.note.as_deref().and_then(|n| n.split_once(" / ")).context("a line without its note")?;
        let price = line.price.context("a line without price")?;
        ensure!(line.quantity.0 % 1000 == 0 && price.0 % PRICE_OF_MINOR == 0, "a part of a unit");
        lines.push(RecordLine {
            sku: line.sku.to_string(),
            name: name.into(),
            spec: spec.into(),
            lot: line.lot.as_ref().context("a line without lot")?.to_string(),
            qty: line.quantity.0 / 1000,
            unit_price_minor: price.0 / PRICE_OF_MINOR,
            disposition,
        });
    }
    let Some(created) = DateTime::from_timestamp_millis(first.occurred.at.0) else {
        bail!("the time {:?}", first.occurred.at)
    };
    Ok(Record {
        id: ulid::of_bytes(*document.head.id.uuid.as_bytes()),
        store_id: document.head.site.as_ref().context("no site")?.to_string(),
        till: receipt.till.as_ref().context("no till")?.to_string(),
        sale_no: receipt.number.to_string(),
        sale_at,
        status: status.into(),
        reason: document.lines.values().next().context("no line")?.reason.to_string(),
        condition,
        created_at: created.to_rfc3339_opts(SecondsFormat::Millis, true),
        clerk: first.user.to_string(),
        customer_name: contact.name.context("no name")?,
        phone: contact.phone.context("no phone")?,
        tender,
        currency: document.currency.to_string(),
        refund_minor,
        restocked,
        note: note.into(),
        lines,
    })
}

fn word_of<T: PartialEq>(words: &[(&str, T)], meant: T) -> Result<String> {
    let word = words.iter().find(|(_, known)| *known == meant).map(|(word, _)| *word);
    word.map(str::to_owned).context("a word that no record has")
}

#[cfg(test)]
mod tests {
    use guicang_documents::{Replayed, Writer, create};
    use guicang_domain::document::Document;

    use super::*;
    use crate::generate;

    /// Whatever a record says, and however far it has come, its document's bytes say all of it.
    #[test]
    fn every_field_survives_in_the_documents_bytes() {
        let device = DeviceId([1; 16]);
        let until = Moment(1_790_000_000_000);
        let mut clerk = Clerk::new(device, "S001A".parse().unwrap(), Moment(0), Random::of(2));
        for record in generate::records(1, "S001", 100, until) {
            let made = clerk.write(&record).unwrap();
            let writer = Writer { actor: [3; 16], device };
            let change = create(&Document::Return(made.document.clone()), &writer, until);
            let proof = Proof { device, hq: false, stamped: None };
            let replayed = Replayed::new(&[&change.bytes]).unwrap();
            let reading = replayed.read(made.document.head.id, &|_| Some(proof.clone())).unwrap();
            let Some(Document::Return(read)) = reading.document else { panic!("{:?}", reading.problems) };
            assert_eq!(record_of(&read, &made.key).unwrap(), record);
        }
    }

    /// A word that the mapping doesn't know is an error that names it, not a field that is lost.
    #[test]
    fn an_unknown_word_is_named() {
        let mut clerk = Clerk::new(DeviceId([1; 16]), "S001A".parse().unwrap(), Moment(0), Random::of(2));
        let mut record = generate::records(1, "S001", 1, Moment(1_790_000_000_000)).remove(0);
        record.status = "lost".into();
        let error = format!("{:#}", clerk.write(&record).unwrap_err());
        assert!(error.contains("\"lost\"") && error.contains(&record.id), "{error}");
    }
}
