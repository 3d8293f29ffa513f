//! The bytes of a signed receipt: CBOR arrays, and what of them can't be.
//!
//! What surprises: fields are only ever added at the end of an array, and what is absent there takes no byte;
//! what came back is written by the number of its line, and only where something did. An older program skips
//! what a newer one added, and the signature still holds, as it covers the bytes.

use minicbor::{Decode, Encode};

use super::{Printing, ReceiptCodeError, ReceiptFacts, ReceiptFactsLine, damaged};
use crate::ids::{DeviceId, Lot, ReceiptId, ReceiptLineId, Sku, Tender};
use crate::money::{Amount, Currency, UnitPrice};
use crate::quantity::Quantity;
use crate::time::{Moment, Occurred};

#[derive(Encode, Decode)]
#[cbor(array)]
struct Body {
    #[cbor(n(0), with = "minicbor::bytes")]
    organisation: [u8; 4],
    #[n(1)]
    signer: DeviceId,
    #[n(2)]
    receipt: ReceiptId,
    #[n(3)]
    occurred: Moment,
    #[n(4)]
    zone: String,
    #[n(5)]
    currency: Currency,
    #[n(6)]
    policy: String,
    #[n(7)]
    lines: Vec<Line>,
    #[n(8)]
    tenders: Vec<Paid>,
    #[n(9)]
    came_back: Option<CameBack>,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Line {
    #[n(0)]
    line: ReceiptLineId,
    #[n(1)]
    sku: Sku,
    #[n(2)]
    quantity: Quantity,
    #[n(3)]
    paid: Amount,
    #[n(4)]
    service: Option<bool>,
    #[n(5)]
    list_price: Option<UnitPrice>,
    #[n(6)]
    lot: Option<Lot>,
    #[n(7)]
    group: Option<u32>,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Paid {
    #[n(0)]
    tender: Tender,
    #[n(1)]
    amount: Amount,
}

/// What came back, where anything did.
#[derive(Encode, Decode)]
#[cbor(array)]
struct CameBack {
    #[n(0)]
    printing: u32,
    #[n(1)]
    lines: Vec<LineBack>,
    #[n(2)]
    tenders: Vec<TenderBack>,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct LineBack {
    #[n(0)]
    nth: u32,
    #[n(1)]
    quantity: Quantity,
    #[n(2)]
    amount: Amount,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct TenderBack {
    #[n(0)]
    nth: u32,
    #[n(1)]
    amount: Amount,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct ReprintBody {
    #[n(0)]
    signer: DeviceId,
    #[n(1)]
    came_back: CameBack,
}

/// The seller's part and its signature, and what was countersigned.
pub(super) struct Envelope {
    pub(super) body: Vec<u8>,
    pub(super) signature: [u8; 64],
    pub(super) reprint: Option<Signed>,
}

#[derive(Encode, Decode)]
#[cbor(array)]
pub(super) struct Signed {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(super) body: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(super) signature: [u8; 64],
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Whole {
    #[cbor(n(0), with = "minicbor::bytes")]
    body: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    signature: [u8; 64],
    #[n(2)]
    reprint: Option<Signed>,
}

pub(super) fn write_envelope(
    body: &[u8],
    signature: &[u8; 64],
    reprint: Option<(&[u8], &[u8; 64])>,
) -> Vec<u8> {
    let reprint = reprint.map(|(body, signature)| Signed { body: body.to_vec(), signature: *signature });
    cbor(&Whole { body: body.to_vec(), signature: *signature, reprint })
}

pub(super) fn read_envelope(bytes: &[u8]) -> Result<Envelope, ReceiptCodeError> {
    let Whole { body, signature, reprint } = exactly(bytes)?;
    Ok(Envelope { body, signature, reprint })
}

pub(super) fn write(facts: &ReceiptFacts) -> Vec<u8> {
    let line = |l: &ReceiptFactsLine| Line {
        line: l.line.clone(),
        sku: l.sku.clone(),
        quantity: l.quantity,
        paid: l.paid,
        service: l.service.then_some(true),
        list_price: l.list_price,
        lot: l.lot.clone(),
        group: l.group,
    };
    let printing = &facts.printing;
    cbor(&Body {
        organisation: facts.organisation,
        signer: facts.signer,
        receipt: facts.receipt.clone(),
        occurred: facts.occurred.at,
        zone: facts.occurred.zone.to_string(),
        currency: facts.currency,
        policy: facts.policy.clone(),
        lines: facts.lines.iter().map(line).collect(),
        tenders: facts.tenders.iter().map(|(t, a)| Paid { tender: t.clone(), amount: *a }).collect(),
        came_back: (printing.number != 1 || !printing.is_whole()).then(|| came_back(printing)),
    })
}

pub(super) fn write_reprint(signer: DeviceId, printing: &Printing) -> Vec<u8> {
    cbor(&ReprintBody { signer, came_back: came_back(printing) })
}

fn came_back(printing: &Printing) -> CameBack {
    let lines = (0u32..).zip(&printing.returned);
    let tenders = (0u32..).zip(&printing.refunded);
    CameBack {
        printing: printing.number,
        lines: lines
            .filter(|(_, (quantity, amount))| *quantity != Quantity::ZERO || *amount != Amount::ZERO)
            .map(|(nth, (quantity, amount))| LineBack { nth, quantity: *quantity, amount: *amount })
            .collect(),
        tenders: tenders
            .filter(|(_, amount)| **amount != Amount::ZERO)
            .map(|(nth, amount)| TenderBack { nth, amount: *amount })
            .collect(),
    }
}

/// Reads the seller's part, and holds it against what can be.
pub(super) fn read(bytes: &[u8]) -> Result<ReceiptFacts, ReceiptCodeError> {
    let body: Body = exactly(bytes)?;
    let zone = body.zone.parse().map_err(damaged)?;
    if body.lines.is_empty() {
        return Err(damaged("it has no lines"));
    }
    if body.policy.len() > 40 {
        return Err(damaged("the policy's name is longer than 40 bytes"));
    }
    let mut lines: Vec<ReceiptFactsLine> = Vec::with_capacity(body.lines.len());
    for line in body.lines {
        let paid = -Amount::LIMIT..=Amount::LIMIT;
        if !(Quantity(1)..=Quantity::LIMIT).contains(&line.quantity) || !paid.contains(&line.paid) {
            return Err(damaged(format!("line {} has a quantity or an amount out of range", line.line)));
        }
        if lines.iter().any(|l| l.line == line.line) {
            return Err(damaged(format!("line {} stands there twice", line.line)));
        }
        lines.push(ReceiptFactsLine {
            line: line.line,
            sku: line.sku,
            quantity: line.quantity,
            paid: line.paid,
            service: line.service == Some(true),
            list_price: line.list_price.filter(|p| (0..=Amount::LIMIT.0).contains(&p.0)),
            lot: line.lot,
            group: line.group,
        });
    }
    let mut tenders: Vec<(Tender, Amount)> = Vec::with_capacity(body.tenders.len());
    for Paid { tender, amount } in body.tenders {
        if !(-Amount::LIMIT..=Amount::LIMIT).contains(&amount) || tenders.iter().any(|(t, _)| *t == tender) {
            return Err(damaged(format!("tender {tender} stands there twice, or is out of range")));
        }
        tenders.push((tender, amount));
    }
    // Four digits of the year, as every calendar here writes it.
    if !(0..=253_402_300_799_999).contains(&body.occurred.0) {
        return Err(damaged("its time is before 1970 or after 9999"));
    }
    let printing = match body.came_back {
        Some(back) => printing(back, &lines, tenders.len())?,
        None => Printing::first(lines.len(), tenders.len()),
    };
    Ok(ReceiptFacts {
        organisation: body.organisation,
        signer: body.signer,
        receipt: body.receipt,
        occurred: Occurred { at: body.occurred, zone },
        currency: body.currency,
        policy: body.policy,
        lines,
        tenders,
        printing,
    })
}

pub(super) fn read_reprint(
    bytes: &[u8],
    facts: &ReceiptFacts,
) -> Result<(DeviceId, Printing), ReceiptCodeError> {
    let body: ReprintBody = exactly(bytes)?;
    Ok((body.signer, printing(body.came_back, &facts.lines, facts.tenders.len())?))
}

fn printing(
    back: CameBack,
    lines: &[ReceiptFactsLine],
    tenders: usize,
) -> Result<Printing, ReceiptCodeError> {
    let mut out = Printing { number: back.printing, ..Printing::first(lines.len(), tenders) };
    let amounts = Amount::ZERO..=Amount::LIMIT;
    if out.number == 0 {
        return Err(damaged("its printings are counted from 1"));
    }
    for LineBack { nth, quantity, amount } in back.lines {
        let at = nth as usize;
        let in_range = lines.get(at).is_some_and(|l| (Quantity::ZERO..=l.quantity).contains(&quantity));
        if !in_range || !amounts.contains(&amount) {
            return Err(damaged(format!("what came back of line {nth} (from 0) is out of range")));
        }
        out.returned[at] = (quantity, amount);
    }
    for TenderBack { nth, amount } in back.tenders {
        match out.refunded.get_mut(nth as usize) {
            Some(refunded) if amounts.contains(&amount) => *refunded = amount,
            _ => return Err(damaged(format!("what was refunded by tender {nth} (from 0) is out of range"))),
        }
    }
    Ok(out)
}

fn cbor<T: Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("writing to memory")
}

/// Decodes all of the bytes: what follows the value would be signed by nobody.
fn exactly<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, ReceiptCodeError> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let value = decoder.decode().map_err(damaged)?;
    if decoder.position() != bytes.len() {
        return Err(damaged("something follows its end"));
    }
    Ok(value)
}
