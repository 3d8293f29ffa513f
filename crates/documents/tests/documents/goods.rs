//! Documents of goods that are sent, sent back, kept and marked down, every field of them filled.

use guicang_domain::account::Account;
use guicang_domain::adjustment::{Adjustment, AdjustmentEvent, Movement};
use guicang_domain::document::{Document, Kind};
use guicang_domain::hold::{Grant, HOLD_MS, Hold, HoldEvent, HoldLine, Refusal};
use guicang_domain::ids::{LineId, ReceiptId, ReceiptLineId};
use guicang_domain::money::{Amount, Currency, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::reservation::{Reservation, ReservationEvent, ReservationLine};
use guicang_domain::resolution::LossOwner;
use guicang_domain::returns::{SaleLink, VerifiedLine};
use guicang_domain::supplier_return::{
    ClosedPart, Settled, SupplierReturn, SupplierReturnEvent, SupplierReturnLine,
};
use guicang_domain::time::{Occurred, Zone};
use guicang_domain::transfer::{Arrival, Missing, Outcome, Portion, Transfer, TransferEvent, TransferLine};

use crate::fixtures::*;

fn one() -> Vec<Portion> {
    vec![Portion { line: LineId::nth(1), quantity: Quantity::units(10) }]
}

pub fn transfer() -> Transfer {
    let line = TransferLine {
        sku: "85123A".parse().unwrap(),
        quantity: Quantity::units(10),
        lot: Some("L2026".parse().unwrap()),
        place: "back".into(),
        cost: Some(UnitPrice(11_000)),
    };
    let plain = TransferLine { lot: None, place: String::new(), cost: None, ..line.clone() };
    let arrival = Arrival {
        sku: line.sku.clone(),
        lot: line.lot.clone(),
        quantity: Quantity::units(9),
        over: Quantity::units(1),
        place: "floor".into(),
    };
    let unexpected = Arrival { lot: None, quantity: Quantity::ZERO, place: String::new(), ..arrival.clone() };
    let missing = |outcome, owner| Missing {
        sku: line.sku.clone(),
        lot: line.lot.clone(),
        quantity: Quantity::units(1),
        outcome,
        owner,
        place: String::new(),
    };
    let goods = vec![
        missing(Outcome::Late, None),
        missing(Outcome::NeverLeft, None),
        Missing {
            place: "back".into(),
            ..missing(Outcome::Lost, Some(LossOwner::Site("S01".parse().unwrap())))
        },
    ];
    Transfer {
        head: head(Kind::Transfer),
        from: "S01".parse().unwrap(),
        to: "S02".parse().unwrap(),
        currency: Currency::CNY,
        papers: Some("DB-S01A-000007".parse().unwrap()),
        note: Some("急".into()),
        lines: [(LineId::nth(1), line.clone()), (LineId::nth(2), plain)].into(),
        events: vec![
            event(1, TransferEvent::Dispatched { parts: one() }),
            event(2, TransferEvent::Received { goods: vec![arrival, unexpected], complete: true }),
            event(3, TransferEvent::Closed { goods }),
            event(4, TransferEvent::Reversed { event: event_id("S01A", 3) }),
        ],
    }
}

pub fn supplier_return() -> SupplierReturn {
    let line = SupplierReturnLine {
        sku: "85123A".parse().unwrap(),
        quantity: Quantity::units(10),
        lot: Some("L2026".parse().unwrap()),
        place: "back".into(),
        from: Account::Defective,
        reason: "defective".parse().unwrap(),
        price: UnitPrice(200_000),
        cost: Some(UnitPrice(110_000)),
    };
    let plain = SupplierReturnLine {
        lot: None,
        place: String::new(),
        from: Account::SupplierHold,
        cost: None,
        ..line.clone()
    };
    let credited = ClosedPart {
        line: LineId::nth(1),
        quantity: Quantity::units(8),
        settled: Settled::Credited,
        amount: Amount(12_000),
        owner: Some(LossOwner::Supplier("义乌一厂".into())),
        reference: Some("CN-77".into()),
    };
    let sent_back = ClosedPart {
        quantity: Quantity::units(2),
        settled: Settled::SentBack,
        amount: Amount::ZERO,
        owner: None,
        reference: None,
        ..credited.clone()
    };
    SupplierReturn {
        head: head(Kind::SupplierReturn),
        supplier: "义乌一厂".into(),
        currency: Currency::CNY,
        note: Some("一季度退货".into()),
        lines: [(LineId::nth(1), line), (LineId::nth(2), plain)].into(),
        events: vec![
            event(1, SupplierReturnEvent::Raised),
            event(
                2,
                SupplierReturnEvent::Shipped {
                    parts: one(),
                    carrier: Some("顺丰".into()),
                    tracking: Some("SF1".into()),
                },
            ),
            event(3, SupplierReturnEvent::Shipped { parts: one(), carrier: None, tracking: None }),
            event(4, SupplierReturnEvent::Closed { parts: vec![credited, sent_back] }),
            event(5, SupplierReturnEvent::Cancelled),
            event(6, SupplierReturnEvent::Reversed { event: event_id("S01A", 5) }),
        ],
    }
}

pub fn reservation() -> Reservation {
    let line = ReservationLine {
        sku: "85123A".parse().unwrap(),
        quantity: Quantity::units(10),
        lot: Some("L2026".parse().unwrap()),
        place: "floor".into(),
    };
    let plain = ReservationLine { lot: None, place: String::new(), ..line.clone() };
    Reservation {
        head: head(Kind::Reservation),
        purpose: Some("周六取".into()),
        until: Some(NOW.plus_ms(86_400_000)),
        lines: [(LineId::nth(1), line), (LineId::nth(2), plain)].into(),
        events: vec![
            event(1, ReservationEvent::Reserved),
            event(2, ReservationEvent::Released { parts: one() }),
            event(3, ReservationEvent::Consumed { parts: one() }),
            event(4, ReservationEvent::Reversed { event: event_id("S01A", 3) }),
        ],
    }
}

pub fn hold() -> Hold {
    let receipt = ReceiptId::parse("S02/T1/536365", None).unwrap();
    let line = |line, cost: Option<&str>, lot: Option<&str>| VerifiedLine {
        line: LineId::nth(line),
        link: SaleLink {
            receipt: receipt.clone(),
            line: ReceiptLineId::of_number(2),
            quantity: Quantity::units(1),
            sold: Quantity::units(3),
            paid: Amount(10_000),
        },
        cost: cost.map(|c| c.parse().unwrap()),
        lot: lot.map(|l| l.parse().unwrap()),
    };
    let grant = Grant {
        until: NOW.plus_ms(HOLD_MS),
        sold: Occurred { at: NOW.plus_ms(-86_400_000), zone: Zone::SHANGHAI },
        currency: Currency::CNY,
        lines: vec![line(1, Some("20.5"), Some("L2026")), line(2, None, None)],
    };
    let asked = |quantity| HoldLine { sku: "85123A".parse().unwrap(), quantity: Quantity::units(quantity) };
    Hold {
        head: head(Kind::Hold),
        receipt: receipt.clone(),
        lines: [(LineId::nth(1), asked(1)), (LineId::nth(2), asked(2))].into(),
        events: vec![
            event(1, HoldEvent::Requested),
            event(2, HoldEvent::Granted(grant)),
            event(3, HoldEvent::Refused { why: Refusal::TooLittleLeft, left: one() }),
            event(4, HoldEvent::Refused { why: Refusal::SaleNotHeld, left: Vec::new() }),
            event(5, HoldEvent::Released),
        ],
    }
}

/// An adjustment with what only repair, scrap and mark-down say.
pub fn marked_down() -> Document {
    let plain = adjustment();
    let mut line = plain.lines[&LineId::nth(2)].clone();
    line.from = Some(Account::Quarantine);
    line.to = Some(Account::Sellable);
    line.into = Some("85123A-B".parse().unwrap());
    Document::Adjustment(Adjustment {
        movement: Movement::MarkedDown,
        witness: Some("wang".parse().unwrap()),
        receipt: None,
        returned: None,
        lines: [(LineId::nth(1), line)].into(),
        events: vec![event(1, AdjustmentEvent::Posted)],
        ..plain
    })
}
