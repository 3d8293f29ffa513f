//! A branch, HQ, and one document of each kind, every field of it filled.

use guicang_documents::{Envelope, Prove, Reading, Replayed, Writer};
use guicang_domain::account::Account;
use guicang_domain::adjustment::{Adjustment, AdjustmentEvent, AdjustmentLine, Movement};
use guicang_domain::cash::{CashEvent, CashReason, CashSeen, CashShift, CashWay};
use guicang_domain::count::plan::CountPlan;
use guicang_domain::count::{Count, CountEvent, Scan, Scope, Seen, Spot, Uncounted};
use guicang_domain::document::{Document, Head, ImportMark, Kind};
use guicang_domain::event::{Event, Proof};
use guicang_domain::exception::ExceptionId;
use guicang_domain::ids::{
    ChangeHash, DeviceId, DocumentId, EventId, LineId, ReceiptId, ReceiptLineId, RefundNumber, SiteId, Tender,
};
use guicang_domain::invoice::{Confirmation, RedEvent, RedInvoice, RedLine, RedReason};
use guicang_domain::master::{Level, Product, Settings, SettingsEvent, Site};
use guicang_domain::money::{Amount, Currency, UnitPrice};
use guicang_domain::period::{
    Cut, DeviceCut, FigureKey, Figures, PeriodClose, PeriodEvent, PeriodRecord, Sums,
};
use guicang_domain::policy::condition::{Condition, ConditionRule};
use guicang_domain::policy::version::PolicySet;
use guicang_domain::policy::window::{Window, WindowRule, standard_legal};
use guicang_domain::policy::{Policy, ReasonClass, standard_reasons};
use guicang_domain::quantity::Quantity;
use guicang_domain::resolution::{Action, LossOwner, Resolution, ResolutionEvent, Reversal, SeenClaim};
use guicang_domain::returns::{
    Allowance, Channel, Collected, Cost, CostKind, Deduction, DeductionKind, Disposition, Exchange, Grade,
    InspectedPart, ReceivedPart, RefundShare, Replacement, Return, ReturnEvent, ReturnLine, Rung, SaleLink,
    VerifiedLine,
};
use guicang_domain::sale::{PaidBy, Receipt, SaleBatch, SaleEvent, SaleLine, Sales};
use guicang_domain::supplier::Supplier;
use guicang_domain::time::{Day, Moment, Occurred, Recorded, Zone};
use guicang_domain::user::{StaffRole, User, UserEvent};

use crate::goods::{hold, reservation, supplier_return, transfer};

/// Monday 23 November 2026, 14:00 in Shanghai.
pub const NOW: Moment = Moment(1_795_413_600_000);

/// A branch's device, S01A.
pub const BRANCH: DeviceId = DeviceId([0xb1; 16]);

/// One of HQ's devices, HQ1.
pub const HQ: DeviceId = DeviceId([0x40; 16]);

/// The branch's writer, in the opening of its file that `n` stands for.
pub fn branch(n: u8) -> Writer {
    Writer { actor: [n; 16], device: BRANCH }
}

/// HQ's writer.
pub fn hq() -> Writer {
    Writer { actor: [0xaa; 16], device: HQ }
}

/// What the journal proves of a change of the branch's; `creator` of documents that it made.
pub fn by_branch() -> Envelope {
    Envelope {
        author_code: "S01A".parse().unwrap(),
        author_is_hq: false,
        author_site: Some("S01".parse().unwrap()),
        creator: true,
    }
}

/// What the journal proves of a change of HQ's in a document of HQ's.
pub fn by_hq() -> Envelope {
    Envelope { author_code: "HQ1".parse().unwrap(), author_is_hq: true, author_site: None, creator: true }
}

/// The branch wrote everything, and the relay stamped it a second later.
pub fn stamped(_: &ChangeHash) -> Option<Proof> {
    Some(proof())
}

pub fn proof() -> Proof {
    Proof { device: BRANCH, hq: false, stamped: Some(NOW.plus_ms(1000)) }
}

pub fn document_id() -> DocumentId {
    DocumentId { creator: BRANCH, uuid: "019a1234-5678-7abc-8def-0123456789ab".parse().unwrap() }
}

pub fn read(document: &Replayed) -> Reading {
    read_with(document, &stamped)
}

pub fn read_with(document: &Replayed, prove: &Prove<'_>) -> Reading {
    document.read(document_id(), prove).unwrap()
}

pub fn head(kind: Kind) -> Head {
    Head {
        id: document_id(),
        site: (!kind.is_hq_only()).then(|| "S01".parse().unwrap()),
        number: format!("{}-S01A-000123", kind.prefix()).parse().unwrap(),
        schema: 1,
        rules: 1,
        zone: Zone::SHANGHAI,
        import: None,
    }
}

pub fn event_id(code: &str, ms: i64) -> EventId {
    EventId { recorded: Recorded::new(NOW.plus_ms(ms), 0), device: code.parse().unwrap() }
}

/// The key of [`event_id`]'s event in a document whose first event is the branch's at 1 ms.
pub fn key(code: &str, ms: i64) -> String {
    format!("{code}-{:x}", (ms - 1) << 16)
}

/// The branch's event, `ms` after noon.
pub fn event<B>(ms: i64, body: B) -> Event<B> {
    Event {
        id: event_id("S01A", ms),
        occurred: Occurred { at: NOW.plus_ms(ms), zone: Zone::SHANGHAI },
        seen: NOW.plus_ms(-60_000),
        user: "li".parse().unwrap(),
        policy: "standard/1".into(),
        body,
        proof: proof(),
    }
}

/// HQ's event, `ms` after noon.
pub fn hq_event<B>(ms: i64, body: B) -> Event<B> {
    Event { id: event_id("HQ1", ms), ..event(ms, body) }
}

pub fn receipt() -> ReceiptId {
    ReceiptId::parse("S01/2/536365", None).unwrap()
}

pub fn link() -> SaleLink {
    SaleLink {
        receipt: receipt(),
        line: ReceiptLineId::of_number(1),
        quantity: Quantity::units(2),
        sold: Quantity::units(6),
        paid: Amount(1530),
    }
}

/// A line with all that a line can say.
pub fn full_line() -> ReturnLine {
    ReturnLine {
        sku: "85123A".parse().unwrap(),
        written: Some("85123a".into()),
        quantity: Quantity::units(3),
        reason: "defective".parse().unwrap(),
        note: Some("挂心烛台 does not light".into()),
        links: vec![
            link(),
            SaleLink {
                receipt: ReceiptId::parse("S02/77", None).unwrap(),
                quantity: Quantity(1000),
                ..link()
            },
        ],
        price: Some(UnitPrice(25_500)),
        cost: Some(UnitPrice(11_000)),
        service: true,
        lot: Some("L2026".parse().unwrap()),
        serials: vec!["SN1".into(), "SN2".into()],
        group: Some(1),
        row: Some("3".parse().unwrap()),
    }
}

/// A line with what every line says.
pub fn plain_line() -> ReturnLine {
    ReturnLine {
        sku: "71053".parse().unwrap(),
        written: None,
        quantity: Quantity(486),
        reason: "other".parse().unwrap(),
        note: None,
        links: vec![],
        price: None,
        cost: None,
        service: false,
        lot: None,
        serials: vec![],
        group: None,
        row: None,
    }
}

/// Every event that a return can have, in order.
pub fn return_bodies() -> Vec<ReturnEvent> {
    let refund = RefundNumber::of(document_id(), &Tender::cash(), 0);
    let parts = vec![ReceivedPart {
        part: "1.1".parse().unwrap(),
        line: LineId::nth(1),
        quantity: Quantity::units(3),
        place: "back".into(),
    }];
    let inspected = vec![
        InspectedPart {
            part: "1.2".parse().unwrap(),
            of: "1.1".parse().unwrap(),
            quantity: Quantity::units(1),
            grade: Grade::A,
            disposition: Disposition::Restock,
            reason_found: None,
            missing: vec![],
        },
        InspectedPart {
            part: "1.3".parse().unwrap(),
            of: "1.1".parse().unwrap(),
            quantity: Quantity::units(2),
            grade: Grade::D,
            disposition: Disposition::Repair,
            reason_found: Some("damaged".parse().unwrap()),
            missing: vec!["充电器".into()],
        },
    ];
    let shares =
        vec![RefundShare { refund: refund.clone(), tender: Tender::cash(), amount: Amount(765), attempt: 0 }];
    let lines = vec![VerifiedLine {
        line: LineId::nth(1),
        link: link(),
        cost: Some(UnitPrice(11_000)),
        lot: Some("L2026".parse().unwrap()),
    }];
    vec![
        ReturnEvent::Requested,
        ReturnEvent::NeedsInformation { note: "发票?".into() },
        ReturnEvent::Approved { by: Some("wang".parse().unwrap()), grounds: vec!["value_above".into()] },
        ReturnEvent::Rejected { by: None, grounds: vec![] },
        ReturnEvent::Received { parts },
        ReturnEvent::Inspected { parts: inspected },
        ReturnEvent::RefundRequested { shares },
        ReturnEvent::PayoutIntended { refund: refund.clone(), amount: Amount(765), fence: 7 },
        ReturnEvent::PayoutAccepted { refund: refund.clone(), reference: "rail-1".into() },
        ReturnEvent::Paid {
            refund: refund.clone(),
            tender: Tender::cash(),
            amount: Amount(765),
            reference: Some("till 2".into()),
            by_hand: true,
        },
        ReturnEvent::PayoutFailed { refund, reason: "closed account".into() },
        ReturnEvent::SaleVerified { lines },
        ReturnEvent::Imported,
        ReturnEvent::Cancelled,
        ReturnEvent::Reversed { event: event_id("S01A", 1), by: None },
        ReturnEvent::Closed,
    ]
}

/// Every event that a return can have beyond the straight way, in order. Each is pinned by itself.
pub fn settlement_bodies() -> Vec<ReturnEvent> {
    let part = |name: &str| ReceivedPart {
        part: name.parse().unwrap(),
        line: LineId::nth(1),
        quantity: Quantity::units(1),
        place: String::new(),
    };
    let verified =
        VerifiedLine { line: LineId::nth(1), link: link(), cost: Some(UnitPrice(11_000)), lot: None };
    let collected =
        || Collected { tender: Tender::cash(), amount: Amount(3_000), reference: Some("till 2".into()) };
    let wechat: Tender = "wechat".parse().unwrap();
    let share = RefundShare {
        refund: RefundNumber::of(document_id(), &wechat, 1),
        tender: wechat,
        amount: Amount(500),
        attempt: 1,
    };
    let given = Replacement {
        line: ReceiptLineId::of_number(1),
        sku: "71053".parse().unwrap(),
        quantity: Quantity::units(1),
        paid: Amount(13_000),
        cost: Some(UnitPrice(80_000)),
    };
    let (here, there): (SiteId, SiteId) = ("S01".parse().unwrap(), "S02".parse().unwrap());
    let deduction = Deduction {
        line: LineId::nth(1),
        kind: DeductionKind::MissingPart,
        what: "充电器".into(),
        amount: Amount(2_000),
    };
    vec![
        ReturnEvent::Awaited { address: "上海市南京东路 1".into(), until: Some(NOW) },
        ReturnEvent::ParcelSent { carrier: "顺丰".into(), tracking: "SF1234567890".into() },
        ReturnEvent::ParcelArrived { tracking: "SF1234567890".into() },
        ReturnEvent::Waived { parts: vec![part("1.4")] },
        ReturnEvent::Allowed { lines: vec![Allowance { line: LineId::nth(1), amount: Amount(1_000) }] },
        ReturnEvent::Linked { receipt: receipt(), lines: vec![verified] },
        ReturnEvent::Deducted { items: vec![deduction] },
        ReturnEvent::Exchanged(Exchange {
            given: vec![given.clone()],
            rung: None,
            collected: Some(collected()),
            refunded: None,
            paid: false,
        }),
        ReturnEvent::Exchanged(Exchange {
            given: vec![],
            rung: Some(Rung { receipt: receipt(), value: Amount(10_000) }),
            collected: None,
            refunded: Some(share),
            paid: true,
        }),
        ReturnEvent::CreditShared { from: here.clone(), to: there, amount: Amount(4_000) },
        ReturnEvent::CreditSpent { site: here, amount: Amount(2_500), receipt: Some(receipt()) },
        ReturnEvent::TakenForRepair { parts: vec![part("1.5")] },
        ReturnEvent::RepairReturned {
            parts: vec!["1.5".parse().unwrap()],
            note: "换了电池".into(),
            fee: Some(collected()),
        },
        ReturnEvent::Disputed { note: "不同意".into() },
        ReturnEvent::Drafted,
        ReturnEvent::Cost(Cost {
            kind: CostKind::Carriage,
            amount: Amount(1_200),
            owner: LossOwner::Supplier("义乌一厂".into()),
            note: Some("SF1234567890".into()),
        }),
    ]
}

/// A return with every field and every event.
pub fn full_return() -> Return {
    Return {
        head: head(Kind::Return),
        channel: Channel::Store,
        receipt: Some(receipt()),
        proof: None,
        customer: Some("17850".parse().unwrap()),
        contact: Some(vec![1, 2, 3, 250]),
        currency: Currency::CNY,
        note: Some("顾客很急".into()),
        lines: [(LineId::nth(1), full_line()), (LineId::nth(2), plain_line())].into(),
        events: return_bodies().into_iter().zip(1..).map(|(body, n)| event(n, body)).collect(),
    }
}

/// A return as a counter begins it.
pub fn small_return() -> Return {
    Return {
        customer: None,
        contact: None,
        note: None,
        lines: [(LineId::nth(1), plain_line())].into(),
        events: vec![event(1, ReturnEvent::Requested)],
        ..full_return()
    }
}

/// A return of a sale that the branch doesn't hold, with the signed receipt that proves it.
pub fn proven_return() -> Return {
    Return { proof: Some(vec![0x83, 0x41, 0x00, 0x58, 0x40]), ..small_return() }
}

pub fn sales() -> Sales {
    let line = SaleLine::new(
        ReceiptLineId::of_number(1),
        "85123A".parse().unwrap(),
        Quantity::units(6),
        Amount(1530),
    );
    Sales {
        head: head(Kind::SaleBatch),
        batch: SaleBatch {
            site: "S01".parse().unwrap(),
            zone: Zone::SHANGHAI,
            currency: Currency::CNY,
            historic: false,
            receipts: vec![Receipt {
                till: Some("2".parse().unwrap()),
                number: "536365".parse().unwrap(),
                occurred: NOW,
                customer: None,
                lines: vec![line],
                tenders: vec![PaidBy { tender: Tender::cash(), amount: Amount(1530), reference: None }],
                invoice: None,
                cashier: None,
            }],
        },
        events: vec![
            event(1, SaleEvent::Recorded),
            event(2, SaleEvent::Imported),
            event(3, SaleEvent::Reversed { event: event_id("S01A", 1) }),
        ],
    }
}

pub fn adjustment() -> Adjustment {
    let line = AdjustmentLine {
        sku: "85123A".parse().unwrap(),
        quantity: Quantity::units(5),
        reason: "damaged".parse().unwrap(),
        note: Some("受潮".into()),
        lot: Some("L2026".parse().unwrap()),
        place: "back".into(),
        cost: Some(UnitPrice(11_000)),
        value: None,
        from: None,
        to: None,
        into: None,
        row: Some("4".parse().unwrap()),
    };
    let plain = AdjustmentLine {
        note: None,
        lot: None,
        place: String::new(),
        cost: None,
        value: None,
        row: None,
        ..line.clone()
    };
    Adjustment {
        head: head(Kind::Adjustment),
        movement: Movement::WrittenOff,
        currency: Currency::CNY,
        note: Some("盘点".into()),
        witness: None,
        receipt: Some(receipt()),
        returned: None,
        lines: [(LineId::nth(1), line), (LineId::nth(2), plain)].into(),
        events: vec![
            event(1, AdjustmentEvent::Posted),
            event(2, AdjustmentEvent::Imported),
            event(3, AdjustmentEvent::Reversed { event: event_id("S01A", 1) }),
        ],
    }
}

pub fn resolution() -> Resolution {
    Resolution {
        head: head(Kind::Resolution),
        exception: ExceptionId::from_text("over_return:S01/2/536365:1"),
        action: Action::VoidedDuplicate,
        owner: LossOwner::Site("S02".parse().unwrap()),
        amount: Amount(765),
        currency: Currency::CNY,
        note: Some("同一件商品".into()),
        claims: vec![SeenClaim {
            document: document_id(),
            line: LineId::nth(1),
            valid: Quantity::ZERO,
            excess: Quantity::units(1),
        }],
        seen: None,
        reversals: vec![Reversal {
            document: document_id(),
            part: "1.1".parse().unwrap(),
            site: "S02".parse().unwrap(),
            place: "back".into(),
            sku: "85123A".parse().unwrap(),
            lot: Some("L2026".parse().unwrap()),
            account: Account::ReturnsHold,
            quantity: Quantity::units(1),
        }],
        events: vec![
            hq_event(1, ResolutionEvent::Decided),
            hq_event(2, ResolutionEvent::Reversed { event: event_id("HQ1", 1) }),
        ],
    }
}

/// A decision on what no claim tells of: it notes the evidence's fingerprint.
pub fn resolution_of_evidence() -> Resolution {
    Resolution {
        exception: ExceptionId::from_text("negative_stock:S02/sellable/85123A"),
        action: Action::Recounted,
        claims: Vec::new(),
        seen: Some([7; 16]),
        reversals: Vec::new(),
        ..resolution()
    }
}

pub fn cash_shift() -> CashShift {
    let seen = CashSeen {
        sales: Amount(120_000),
        receipts: 31,
        refunds: Amount(2500),
        payments: [event_id("S01A", 7), event_id("S01B", 9)].into(),
        paid_in: Amount(10_000),
        paid_out: Amount(50_000),
    };
    let moved = |way, amount, reason, note: Option<&str>| CashEvent::Moved {
        way,
        amount: Amount(amount),
        reason,
        note: note.map(Into::into),
    };
    CashShift {
        head: head(Kind::CashShift),
        till: Some("2".parse().unwrap()),
        shift: Some("早班".into()),
        date: "2026-11-23".parse().unwrap(),
        currency: Currency::CNY,
        events: vec![
            event(1, CashEvent::Opened { counted: Amount(50_000) }),
            event(2, moved(CashWay::In, 10_000, CashReason::Change, None)),
            event(3, moved(CashWay::Out, 50_000, CashReason::Deposit, Some("工商银行"))),
            event(4, CashEvent::Closed { counted: Amount(127_400), seen }),
            event(5, CashEvent::Reversed { event: event_id("S01A", 2), reason: None }),
        ],
    }
}

/// A shift with a movement that was taken back, and why.
pub fn reversed_shift() -> CashShift {
    let mut shift = cash_shift();
    let reversed = CashEvent::Reversed { event: event_id("S01A", 2), reason: Some("录重了".into()) };
    shift.events.last_mut().unwrap().body = reversed;
    shift
}

pub fn red_invoice() -> RedInvoice {
    let line = RedLine {
        of: LineId::nth(1),
        sold: ReceiptLineId::of_number(1),
        sku: "85123A".parse().unwrap(),
        name: Some("挂心烛台".into()),
        spec: Some("白色".into()),
        quantity: Quantity::units(2),
        amount: Amount(20_000),
        tax: Amount(2301),
        tax_rate: 1300,
        tax_code: Some("1060000000000000000".into()),
    };
    let plain = RedLine { name: None, spec: None, tax_code: None, ..line.clone() };
    RedInvoice {
        head: head(Kind::RedInvoice),
        returned: document_id(),
        receipt: receipt(),
        blue: "26312000000012345678".into(),
        reason: RedReason::Returned,
        currency: Currency::CNY,
        lines: [(LineId::nth(1), line), (LineId::nth(2), plain)].into(),
        events: vec![
            hq_event(1, RedEvent::Requested),
            hq_event(2, RedEvent::Confirmation { state: Confirmation::Applying, number: None }),
            hq_event(
                3,
                RedEvent::Confirmation { state: Confirmation::Confirmed, number: Some("31000000001".into()) },
            ),
            hq_event(4, RedEvent::Issued { number: "26312000000099999999".into() }),
            hq_event(5, RedEvent::Refused { reason: "blue invoice unknown".into() }),
            hq_event(6, RedEvent::Dropped { reason: "not_valid".into() }),
        ],
    }
}

pub fn period_close() -> PeriodClose {
    let key = |site: Option<&str>, figure: &str| FigureKey {
        site: site.map(|s| s.parse().unwrap()),
        currency: Currency::CNY,
        figure: figure.into(),
    };
    let sums = |quantity, value| Sums { quantity: Quantity(quantity), value: Amount(value) };
    let sold = (key(Some("S01"), "sales"), sums(2000, 20_000));
    let left = (key(Some("S01"), "stock:sellable"), sums(8000, 16_000));
    let lost = (key(None, "money:loss:company"), sums(0, 500));
    PeriodClose {
        head: head(Kind::PeriodClose),
        period: "2026-10".parse().unwrap(),
        recorded: PeriodRecord {
            cut: Cut {
                devices: vec![
                    DeviceCut { device: DeviceId([1; 16]), sequence: 12, leaf: 3, acknowledged: 12 },
                    DeviceCut { device: DeviceId([9; 16]), sequence: 4, leaf: 0, acknowledged: 3 },
                ],
                changes: 40,
                sum: [5; 32],
                log: (38, [6; 32]),
            },
            figures: Figures([sold.clone(), lost.clone()].into()),
            to_date: Figures([sold, left, lost].into()),
            unreported: vec![("S02".parse().unwrap(), Some(NOW)), ("S03".parse().unwrap(), None)],
        },
        events: vec![hq_event(1, PeriodEvent::Closed)],
    }
}

pub fn product() -> Product {
    Product {
        head: head(Kind::Product),
        sku: "85123A".parse().unwrap(),
        name: "挂心烛台".into(),
        spec: Some("白色".into()),
        unit: "件".into(),
        barcodes: vec!["6901234567892".into(), "6909876543210".into()],
        category: Some("home".into()),
        supplier: Some("义乌一厂".into()),
        list_price: Some(UnitPrice(25_500)),
        cost: Some(UnitPrice(11_000)),
        tax_rate: Some(1300),
        tax_code: Some("1060000000000000000".into()),
        service: false,
        tolerance: Some(Quantity(50)),
        attributes: Default::default(),
        units: Default::default(),
        levels: Default::default(),
    }
}

pub fn product_with_levels() -> Product {
    let level = Level { min: Some(Quantity::units(5)), max: Some(Quantity::units(40)) };
    Product {
        attributes: [("颜色".into(), "白".into()), ("尺码".into(), "L".into())].into(),
        units: [("箱".into(), Quantity::units(12))].into(),
        levels: [
            ("S01".parse().unwrap(), level),
            ("S02".parse().unwrap(), Level { min: Some(Quantity::ZERO), max: None }),
        ]
        .into(),
        ..product()
    }
}

fn import_mark() -> Option<ImportMark> {
    let number = "DR-S01A-000007".parse().unwrap();
    Some(ImportMark { number, file: "till.csv".into(), profile: "generic".into() })
}

pub fn imported_adjustment() -> Adjustment {
    let mut adjustment = adjustment();
    adjustment.head.import = import_mark();
    adjustment.movement = Movement::TakenBack;
    adjustment.lines.values_mut().for_each(|line| line.value = Some(Amount(3333)));
    adjustment
}

pub fn imported_sales() -> Sales {
    let mut sales = sales();
    sales.head.import = import_mark();
    let receipt = &mut sales.batch.receipts[0];
    receipt.cashier = Some("王芳".parse().unwrap());
    receipt.lines[0].expiry = Some(Day(20_000));
    sales
}

pub fn site() -> Site {
    Site {
        head: head(Kind::Site),
        code: "S01".parse().unwrap(),
        name: "南京路店".into(),
        address: Some("南京东路 1".into()),
        return_address: None,
        zone: "Asia/Urumqi".parse().unwrap(),
        currency: Currency::CNY,
    }
}

pub fn supplier() -> Supplier {
    Supplier {
        head: head(Kind::Supplier),
        code: "YW1".parse().unwrap(),
        name: "义乌一厂".into(),
        contact: Some("赵工 0579-85000000".into()),
        return_address: Some("义乌 2 号仓".into()),
        claim_days: Some(30),
        currency: Currency::CNY,
        note: Some("周三收退货".into()),
    }
}

/// A manager whose role was withdrawn and given back.
pub fn user() -> User {
    User {
        head: head(Kind::User),
        name: "wang".parse().unwrap(),
        display: "王芳".into(),
        role: StaffRole::Manager,
        sites: ["S01".parse().unwrap(), "S02".parse().unwrap()].into(),
        events: vec![
            hq_event(1, UserEvent::Listed),
            hq_event(2, UserEvent::Withdrawn),
            hq_event(3, UserEvent::Reinstated),
        ],
    }
}

pub fn settings() -> Settings {
    let mut reasons = standard_reasons();
    reasons.retain(|_, reason| reason.class == ReasonClass::Quality);
    Settings {
        head: head(Kind::Settings),
        name: "归仓百货".into(),
        zone: Zone::SHANGHAI,
        currency: Currency::CNY,
        transit_days: None,
        policy: Policy::standard(Currency::CNY),
        reasons,
        calendar: Default::default(),
        legal: Default::default(),
        events: Vec::new(),
    }
}

/// A bucket with all that a bucket can say.
fn spot() -> Spot {
    Spot {
        place: "back".into(),
        sku: "85123A".parse().unwrap(),
        lot: Some("L2026".parse().unwrap()),
        account: Account::ReturnsHold,
    }
}

/// A stocktake with every field and every event.
pub fn count() -> Count {
    let plain =
        Spot { place: String::new(), sku: "71053".parse().unwrap(), lot: None, account: Account::Sellable };
    let scan = |spot: Spot, quantity, cost| Scan { spot, quantity: Quantity(quantity), cost };
    let bodies = vec![
        CountEvent::Opened,
        CountEvent::Scanned {
            scans: vec![scan(spot(), 97_000, Some(UnitPrice(11_000))), scan(plain.clone(), 0, None)],
        },
        CountEvent::Recounted {
            scan: scan(spot(), 98_000, None),
            replaces: vec![event_id("S01A", 2), event_id("S01B", 1)],
        },
        CountEvent::Closed { uncounted: Uncounted::Zero, zero: vec![plain] },
        CountEvent::Closed { uncounted: Uncounted::Leave, zero: vec![] },
        CountEvent::Approved {
            by: "wang".parse().unwrap(),
            seen: vec![Seen { spot: spot(), counted: Quantity(98_000), book: Quantity(-2_000) }],
        },
        CountEvent::Cancelled,
        CountEvent::Reversed { event: event_id("S01A", 6) },
    ];
    Count {
        head: head(Kind::Count),
        scope: scope(),
        blind: true,
        plan: Some(document_id()),
        currency: Currency::CNY,
        note: Some("年终".into()),
        events: bodies.into_iter().zip(1..).map(|(body, n)| event(n, body)).collect(),
    }
}

fn scope() -> Scope {
    Scope {
        places: ["".into(), "back".into()].into(),
        skus: ["71053".parse().unwrap(), "85123A".parse().unwrap()].into(),
        category: Some("home".into()),
        accounts: [Account::Sellable, Account::ReturnsHold].into(),
    }
}

pub fn count_plan() -> CountPlan {
    CountPlan {
        head: head(Kind::CountPlan),
        name: "烟酒".into(),
        site: Some("S01".parse().unwrap()),
        scope: scope(),
        blind: true,
        every_days: 30,
        from: "2026-11-01".parse().unwrap(),
    }
}

/// A version of the policy that says all that one can say.
pub fn policy_set() -> PolicySet {
    let category = || Some("生鲜".to_string());
    let window = WindowRule {
        category: category(),
        site: Some("S02".parse().unwrap()),
        channel: Some(Channel::Online),
        class: Some(ReasonClass::Preference),
        window: Window::Never,
    };
    let shoes = WindowRule {
        category: Some("鞋".into()),
        site: None,
        channel: None,
        class: None,
        window: Window::Days(14),
    };
    let condition = ConditionRule {
        category: category(),
        site: Some("S02".parse().unwrap()),
        class: Some(ReasonClass::Preference),
        condition: Condition::Grade(Grade::B),
    };
    PolicySet {
        policy: Policy {
            version: "2026-winter".into(),
            windows: vec![window, shoes],
            conditions: vec![condition],
            manager_above: Some(Amount(500_000)),
            hq_above: Some(Amount(5_000_000)),
            unverified_branch: Some(Amount(200_000)),
            unverified_day: Some(Amount(100_000)),
            stale_days: Some(3),
            ..Policy::standard(Currency::CNY)
        },
        effective: NOW.plus_ms(86_400_000),
    }
}

/// Settings with the law, a reason that isn't given any more, and a version of the policy.
pub fn full_settings() -> Settings {
    let mut legal = standard_legal(Currency::CNY);
    legal.get_mut("cn_quality").unwrap().categories.insert("home".into());
    let mut settings = Settings { legal, ..settings() };
    settings.reasons.get_mut(&"expired".parse().unwrap()).unwrap().retired = true;
    let set = SettingsEvent::PolicySet(Box::new(policy_set()));
    settings.events = vec![Event { proof: proof(), ..hq_event(1, set) }];
    settings
}

/// One document of each kind, with who writes it.
pub fn one_of_each() -> Vec<(Document, Writer)> {
    vec![
        (Document::Sales(sales()), branch(1)),
        (Document::Return(full_return()), branch(1)),
        (Document::Adjustment(adjustment()), branch(1)),
        (Document::Transfer(transfer()), branch(1)),
        (Document::SupplierReturn(supplier_return()), branch(1)),
        (Document::Reservation(reservation()), branch(1)),
        (Document::Hold(hold()), branch(1)),
        (Document::Count(count()), branch(1)),
        (Document::Product(product()), hq()),
        (Document::Site(site()), hq()),
        (Document::Supplier(supplier()), hq()),
        (Document::User(user()), hq()),
        (Document::Settings(settings()), hq()),
        (Document::CountPlan(count_plan()), hq()),
        (Document::Resolution(resolution()), hq()),
        (Document::CashShift(cash_shift()), branch(1)),
        (Document::RedInvoice(red_invoice()), hq()),
        (Document::PeriodClose(period_close()), hq()),
    ]
}
