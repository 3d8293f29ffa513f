//! Stories of goods on their way, and that the order of arrival shows nowhere.

use proptest::prelude::*;

use super::*;
use crate::account::imbalance;
use crate::document::Head;
use crate::event::Proof;
use crate::ids::DeviceId;
use crate::time::{Recorded, Zone};
use crate::transfer::{Portion, TransferLine};

fn units(n: i64) -> Quantity {
    Quantity::units(n)
}

fn event(n: i64, device: &str, body: TransferEvent) -> Event<TransferEvent> {
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

fn document(n: u8, site: &str, papers: Option<&str>, events: Vec<Event<TransferEvent>>) -> Transfer {
    Transfer {
        head: Head {
            id: DocumentId { creator: DeviceId([n; 16]), uuid: uuid::Uuid::from_bytes([n; 16]) },
            site: Some(site.parse().unwrap()),
            number: format!("DB-{site}A-{n:06}").parse().unwrap(),
            schema: 1,
            rules: 1,
            zone: Zone::SHANGHAI,
            import: None,
        },
        from: "S01".parse().unwrap(),
        to: "S02".parse().unwrap(),
        currency: Currency::CNY,
        papers: papers.map(|p| p.parse().unwrap()),
        note: None,
        lines: BTreeMap::new(),
        events,
    }
}

/// Ten of TEA, at 5.00, sent from S01 to S02.
fn dispatch(mut events: Vec<Event<TransferEvent>>) -> Transfer {
    let parts = vec![Portion { line: LineId::nth(1), quantity: units(10) }];
    events.insert(0, event(1, "S01A", TransferEvent::Dispatched { parts }));
    let line = TransferLine {
        sku: "TEA".parse().unwrap(),
        quantity: units(10),
        lot: None,
        place: "back".into(),
        cost: Some(UnitPrice(50_000)),
    };
    Transfer { lines: [(LineId::nth(1), line)].into(), ..document(1, "S01", None, events) }
}

fn delivery(n: u8, events: Vec<Event<TransferEvent>>) -> Transfer {
    document(n, "S02", Some("DB-S01A-000001"), events)
}

fn arrived(quantity: i64, over: i64, complete: bool) -> TransferEvent {
    let (sku, place) = ("TEA".parse().unwrap(), String::new());
    let goods = vec![Arrival { sku, lot: None, quantity: units(quantity), over: units(over), place }];
    TransferEvent::Received { goods, complete }
}

fn missing(quantity: i64, outcome: Outcome) -> TransferEvent {
    let owner = (outcome == Outcome::Lost).then(|| LossOwner::Site("S01".parse().unwrap()));
    let (sku, place) = ("TEA".parse().unwrap(), String::new());
    let goods = vec![Missing { sku, lot: None, quantity: units(quantity), outcome, owner, place }];
    TransferEvent::Closed { goods }
}

/// Stock by site and account, of all documents together; what is nothing is left out.
fn stock(state: &TransferState) -> BTreeMap<(String, Account), i64> {
    let mut stock: BTreeMap<(String, Account), i64> = BTreeMap::new();
    for posting in state.postings.values().flatten() {
        let key = (posting.bucket.site.to_string(), posting.bucket.account);
        *stock.entry(key).or_default() += posting.quantity.0 / 1000;
    }
    stock.retain(|_, quantity| *quantity != 0);
    stock
}

fn balanced(state: &TransferState) {
    for postings in state.postings.values() {
        assert_eq!(imbalance(postings), []);
        assert_eq!(postings.iter().map(|p| p.value).sum::<Amount>(), Amount::ZERO);
    }
}

fn at(site: &str, account: Account, quantity: i64) -> ((String, Account), i64) {
    ((site.into(), account), quantity)
}

/// Ten are sent, nine arrive, and the receiver says that this is all. The tenth turns up: everything is at
/// the receiver, nothing is under way, and nobody bears anything.
#[test]
fn the_tenth_turns_up() {
    let mut transfer = dispatch(vec![event(2, "S02A", arrived(9, 0, true))]);
    let state = TransferState::of(Some(&transfer), &[]);
    assert_eq!(state.names(), ["missing"]);
    assert_eq!(state.short(), units(1));
    let (sent, there) = (at("S01", Account::Sellable, -10), at("S02", Account::Sellable, 9));
    assert_eq!(stock(&state), [sent.clone(), at("S01", Account::InTransit, 1), there].into());

    transfer.events.push(event(3, "S02A", missing(1, Outcome::Late)));
    let state = TransferState::of(Some(&transfer), &[]);
    assert_eq!(state.names(), ["received"]);
    assert_eq!(stock(&state), [sent, at("S02", Account::Sellable, 10)].into());
    assert_eq!(state.short(), Quantity::ZERO);
    balanced(&state);
}

#[test]
fn what_never_left_is_back_at_the_sender_and_what_is_lost_has_an_owner() {
    let transfer = dispatch(vec![
        event(2, "S02A", arrived(7, 0, true)),
        event(3, "S01A", missing(2, Outcome::NeverLeft)),
        event(4, "S01A", missing(1, Outcome::Lost)),
    ]);
    let state = TransferState::of(Some(&transfer), &[]);
    assert_eq!(state.names(), ["received", "never_left", "lost"]);
    assert_eq!(state.losses, [(LossOwner::Site("S01".parse().unwrap()), Amount(500))]);
    let here = at("S01", Account::Sellable, -8);
    let expected = [here, at("S01", Account::Variance, 1), at("S02", Account::Sellable, 7)];
    assert_eq!(stock(&state), expected.into());
    balanced(&state);
}

/// Given up as lost by the sender, found by the receiver who hadn't heard of that: it is there, and
/// nobody bears it. That it had never left is another matter: both can't be.
#[test]
fn what_is_there_is_there_whatever_was_said_of_it() {
    for (outcome, conflicts) in [(Outcome::Lost, 0), (Outcome::NeverLeft, 1)] {
        let transfer =
            dispatch(vec![event(2, "S01A", missing(10, outcome)), event(3, "S02A", arrived(10, 0, true))]);
        let state = TransferState::of(Some(&transfer), &[]);
        assert_eq!(state.names(), ["received"]);
        assert_eq!(state.losses, []);
        assert_eq!(state.conflicts.len(), conflicts, "{outcome}");
    }
}

#[test]
fn over_delivery_draws_on_the_sender() {
    let transfer = dispatch(vec![event(2, "S02A", arrived(10, 2, true))]);
    let state = TransferState::of(Some(&transfer), &[]);
    assert_eq!(state.names(), ["received", "over"]);
    assert_eq!(stock(&state), [at("S01", Account::Sellable, -12), at("S02", Account::Sellable, 12)].into());
    balanced(&state);
}

/// Two devices of the receiver unload the same ten into their books while apart: ten came, and the later
/// entry is named.
#[test]
fn the_same_goods_received_twice_count_once() {
    let (first, second) = (event(2, "S02A", arrived(10, 0, true)), event(3, "S02B", arrived(10, 0, true)));
    let transfer = dispatch(vec![first.clone(), second.clone()]);
    let in_one = TransferState::of(Some(&transfer), &[]);
    let (alone, blind) = (dispatch(vec![second]), delivery(2, vec![first]));
    let in_two = TransferState::of(Some(&alone), &[&blind]);
    for state in [in_one, in_two] {
        assert_eq!(
            stock(&state),
            [at("S01", Account::Sellable, -10), at("S02", Account::Sellable, 10)].into()
        );
        let conflicts: Vec<_> = state.conflicts.iter().map(|c| (c.about, c.loses.device.as_str())).collect();
        assert_eq!(conflicts, [("received", "S02B")]);
        balanced(&state);
    }
}

/// Nine arrive before anybody here knows of their dispatch. They are on the shelf at once; once the
/// dispatch is known, they are nine of its ten, and one is under way.
#[test]
fn a_delivery_before_its_dispatch_is_joined_and_counts_once() {
    let blind = delivery(2, vec![event(2, "S02A", arrived(9, 0, false))]);
    let state = TransferState::of(None, &[&blind]);
    assert_eq!(state.names(), ["awaiting_dispatch"]);
    assert_eq!(stock(&state), [at("S01", Account::InTransit, -9), at("S02", Account::Sellable, 9)].into());
    balanced(&state);

    let known = dispatch(vec![]);
    let state = TransferState::of(Some(&known), &[&blind]);
    assert_eq!(state.names(), ["part_received"]);
    let under_way = at("S01", Account::InTransit, 1);
    assert_eq!(
        stock(&state),
        [at("S01", Account::Sellable, -10), under_way, at("S02", Account::Sellable, 9)].into()
    );
    let value: Amount = state.postings[&blind.head.id].iter().map(|p| p.value).filter(|v| v.0 > 0).sum();
    assert_eq!(value, Amount(4500), "it comes in at the cost it left at");
    balanced(&state);
}

#[test]
fn a_dispatch_that_is_taken_back_moves_nothing() {
    let mut transfer = dispatch(vec![]);
    let sent = transfer.events[0].id.clone();
    transfer.events.push(event(2, "S01A", TransferEvent::Reversed { event: sent }));
    let state = TransferState::of(Some(&transfer), &[]);
    assert_eq!(state.names(), ["reversed"]);
    assert_eq!(stock(&state), BTreeMap::new());
}

proptest! {
    /// Whatever is said of ten goods under way, by whom and when: each document balances; no more arrives
    /// of them than left, but for what came on top; nothing is left under way below zero; and the order in
    /// which the documents are given doesn't matter.
    #[test]
    fn goods_are_neither_made_nor_lost(
        said in prop::collection::vec((0u8..4, 1i64..12, 0i64..3, 0u8..3), 0..7),
    ) {
        let mut own = Vec::new();
        let mut deliveries = Vec::new();
        for (n, (what, quantity, over, by)) in said.into_iter().enumerate() {
            let device = ["S01A", "S02A", "S02B"][usize::from(by)];
            let at = n as i64 + 2;
            match what {
                0 => own.push(event(at, device, arrived(quantity, over, over == 0))),
                1 => deliveries.push(delivery(n as u8 + 2, vec![event(at, device, arrived(quantity, 0, false))])),
                2 => own.push(event(at, device, missing(quantity, Outcome::Lost))),
                _ => own.push(event(at, device, missing(quantity, Outcome::NeverLeft))),
            }
        }
        let transfer = dispatch(own);
        let mut given: Vec<&Transfer> = deliveries.iter().collect();
        let state = TransferState::of(Some(&transfer), &given);
        given.reverse();
        prop_assert_eq!(&TransferState::of(Some(&transfer), &given), &state);
        balanced(&state);
        let goods = &state.goods[&("TEA".parse().unwrap(), None)];
        prop_assert!(goods.open() >= Quantity::ZERO && goods.arrived <= goods.sent);
        let stock = stock(&state);
        let of = |site: &str, account| stock.get(&(site.to_string(), account)).copied().unwrap_or(0);
        prop_assert_eq!(of("S02", Account::Sellable) * 1000, (goods.arrived + goods.over).0);
        prop_assert_eq!(of("S01", Account::InTransit) * 1000, goods.open().0);
        prop_assert_eq!(of("S01", Account::Variance) * 1000, goods.lost.0);
    }
}
