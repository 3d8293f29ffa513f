//! Stories of claims on a supplier.

use proptest::prelude::*;

use super::*;
use crate::account::imbalance;
use crate::document::Head;
use crate::event::{Event, Proof};
use crate::ids::{DeviceId, DocumentId};
use crate::money::UnitPrice;
use crate::time::{Recorded, Zone};
use crate::transfer::Portion;

fn units(n: i64) -> Quantity {
    Quantity::units(n)
}

fn event(n: i64, device: &str, body: SupplierReturnEvent) -> Event<SupplierReturnEvent> {
    Event {
        id: EventId { recorded: Recorded::new(Moment(n), 0), device: device.parse().unwrap() },
        occurred: Occurred { at: Moment(n), zone: Zone::SHANGHAI },
        seen: Moment(0),
        user: "li".parse().unwrap(),
        policy: String::new(),
        body,
        proof: Proof { device: DeviceId([1; 16]), hq: false, stamped: None },
    }
}

/// Ten of TEA, which cost 12.00 each, claimed at 20.00 each; raised.
fn ten(mut events: Vec<Event<SupplierReturnEvent>>) -> SupplierReturn {
    events.insert(0, event(1, "S01A", SupplierReturnEvent::Raised));
    let line = SupplierReturnLine {
        sku: "TEA".parse().unwrap(),
        quantity: units(10),
        lot: None,
        place: String::new(),
        from: Account::Defective,
        reason: "defective".parse().unwrap(),
        price: UnitPrice(200_000),
        cost: Some(UnitPrice(120_000)),
    };
    SupplierReturn {
        head: Head {
            id: DocumentId { creator: DeviceId([1; 16]), uuid: uuid::Uuid::nil() },
            site: Some("S01".parse().unwrap()),
            number: "CT-S01A-000001".parse().unwrap(),
            schema: 1,
            rules: 1,
            zone: Zone::SHANGHAI,
            import: None,
        },
        supplier: "义乌一厂".into(),
        currency: Currency::CNY,
        note: None,
        lines: [(LineId::nth(1), line)].into(),
        events,
    }
}

fn shipped(n: i64, quantity: i64) -> Event<SupplierReturnEvent> {
    let parts = vec![Portion { line: LineId::nth(1), quantity: units(quantity) }];
    event(n, "S01A", SupplierReturnEvent::Shipped { parts, carrier: None, tracking: None })
}

fn closed(n: i64, device: &str, quantity: i64, settled: Settled, amount: i64) -> Event<SupplierReturnEvent> {
    let (amount, owner, reference) = (Amount(amount), None, None);
    let parts = vec![ClosedPart {
        line: LineId::nth(1),
        quantity: units(quantity),
        settled,
        amount,
        owner,
        reference,
    }];
    event(n, device, SupplierReturnEvent::Closed { parts })
}

fn stock(state: &SupplierReturnState) -> BTreeMap<Account, i64> {
    let mut stock: BTreeMap<Account, i64> = BTreeMap::new();
    for posting in &state.postings {
        *stock.entry(posting.bucket.account).or_default() += posting.quantity.0 / 1000;
    }
    stock.retain(|_, quantity| *quantity != 0);
    stock
}

fn money(state: &SupplierReturnState) -> Vec<(&str, i64)> {
    state.money.iter().map(|(account, amount)| (account.as_str(), amount.0)).collect()
}

/// Ten at 20.00 go back; eight are credited at 15.00, two are sent back. 200.00 was claimed: 120.00 is
/// credited, 40.00 is lost, the claim on the two is gone, and they lie with the defective goods again.
#[test]
fn ten_claimed_eight_credited_two_sent_back() {
    let mut events = vec![shipped(2, 10)];
    let state = SupplierReturnState::of(&ten(events.clone()));
    assert_eq!(state.names(), ["shipped"]);
    assert_eq!(state.open_value(), Amount(20_000));
    assert_eq!(money(&state), [("claimed_goods", -20_000), ("receivable", 20_000)]);

    events.push(closed(3, "S01A", 8, Settled::Credited, 12_000));
    let state = SupplierReturnState::of(&ten(events.clone()));
    assert_eq!(state.names(), ["part_closed", "credited"]);
    assert_eq!(state.open_value(), Amount(4_000));

    events.push(closed(4, "S01A", 2, Settled::SentBack, 0));
    let state = SupplierReturnState::of(&ten(events));
    assert_eq!(state.names(), ["credited", "sent_back", "closed"]);
    assert_eq!((state.open_value(), state.credited()), (Amount::ZERO, Amount(12_000)));
    let expected = [("claimed_goods", -16_000), ("loss:company", 4_000), ("supplier_credit", 12_000)];
    assert_eq!(money(&state), expected);
    assert_eq!(stock(&state), [(Account::Defective, -8), (Account::Supplier, 8)].into());
    assert_eq!(imbalance(&state.postings), []);
}

/// Two devices close the same ten while apart, one as credited, one as exchanged: what ranks first stands,
/// the other is named, and no goods and no money come of it.
#[test]
fn a_part_closes_once() {
    let events = vec![
        shipped(2, 10),
        closed(3, "S01B", 10, Settled::Exchanged, 0),
        closed(4, "S01A", 10, Settled::Credited, 20_000),
    ];
    let state = SupplierReturnState::of(&ten(events));
    assert_eq!(state.names(), ["exchanged", "closed"]);
    let conflicts: Vec<_> = state.conflicts.iter().map(|c| (c.about, c.loses.device.as_str())).collect();
    assert_eq!(conflicts, [("closed", "S01A")]);
    assert_eq!(money(&state), []);
    assert_eq!(stock(&state), [(Account::Defective, -10), (Account::Sellable, 10)].into());
}

#[test]
fn what_was_not_shipped_goes_back_to_where_it_was() {
    let state =
        SupplierReturnState::of(&ten(vec![shipped(2, 4), event(3, "S01A", SupplierReturnEvent::Cancelled)]));
    assert_eq!(state.names(), ["shipped", "cancelled"]);
    assert_eq!(stock(&state), [(Account::Defective, -4), (Account::Supplier, 4)].into());
    assert_eq!(state.claimed(), Amount(8_000));
}

proptest! {
    /// However a claim is shipped and closed, by however many: stock and money balance, no more is closed
    /// than was shipped, no more shipped than raised, and claim = credited + lost + taken back + open.
    #[test]
    fn a_claim_is_accounted_for(steps in prop::collection::vec((0u8..5, 1i64..8, 0i64..3000), 0..10)) {
        let events = steps.into_iter().zip(2..).map(|((what, quantity, amount), n)| match what {
            0 => shipped(n, quantity),
            1 => closed(n, "S01B", quantity, Settled::Credited, amount),
            2 => closed(n, "S01A", quantity, Settled::Exchanged, 0),
            3 => closed(n, "S01B", quantity, Settled::SentBack, 0),
            _ => closed(n, "S01A", quantity, Settled::WrittenOff, 0),
        });
        let state = SupplierReturnState::of(&ten(events.collect()));
        prop_assert_eq!(imbalance(&state.postings), []);
        prop_assert_eq!(state.money.values().copied().sum::<Amount>(), Amount::ZERO);
        let line = &state.lines[&LineId::nth(1)];
        prop_assert!(line.open() >= Quantity::ZERO && line.shipped <= units(10));
        prop_assert_eq!(line.held + line.shipped, units(10));
        let of = |account: &str| state.money.get(account).copied().unwrap_or_default();
        prop_assert_eq!(of("receivable"), state.open_value());
        prop_assert_eq!(of("supplier_credit"), state.credited());
        prop_assert_eq!(state.claimed(), UnitPrice(200_000).times(line.shipped, Currency::CNY));
    }
}
