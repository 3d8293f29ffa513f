//! Goods between sites and back to suppliers, as a chain lives them: apart, late, short, twice.

use guicang_domain::account::Account;
use guicang_domain::adjustment::Movement;
use guicang_domain::exception::{Evidence, ExceptionKind};
use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;
use guicang_domain::resolution::{Action, LossOwner};
use guicang_domain::supplier_return::Settled;
use guicang_domain::transfer::Outcome;
use guicang_replica::{
    Adjust, CloseClaim, CloseTransfer, CommandError, ExceptionFilter, Named, RaiseClaim, ReceiveTransfer,
    Replica, Resolve, SendTransfer, ShipClaim, StockFilter, TransferFilter, TransferRow,
};

use crate::chain::{Chain, Desk, clerk, request, site};
use crate::programs::{Headquarters, words};

/// Articles and units.
pub fn named(sku: &str, units: i64) -> Vec<Named> {
    vec![Named { sku: sku.into(), quantity: Quantity::units(units) }]
}

/// Goods that leave for a site.
pub fn send(to: &str, sku: &str, units: i64) -> SendTransfer {
    let (items, place) = (named(sku, units), String::new());
    SendTransfer { from: None, to: site(to), items, lot: None, place, note: None }
}

/// Goods that arrive; all that is under way where no units are said.
pub fn receive(number: &str, units: Option<i64>) -> ReceiveTransfer {
    ReceiveTransfer {
        number: number.into(),
        at: None,
        from: None,
        items: units.map_or_else(Vec::new, |n| named("TEA", n)),
        place: String::new(),
        over: false,
        complete: false,
    }
}

/// What became of missing goods, all of them.
pub fn close(number: &str, outcome: Outcome) -> CloseTransfer {
    let (items, place) = (Vec::new(), String::new());
    CloseTransfer { number: number.into(), items, outcome, owner: None, place }
}

/// Units of TEA in an account of a site.
fn units(replica: &Replica, at: &str, account: Account) -> i64 {
    let filter = StockFilter { site: Some(site(at)), sku: Some("TEA".parse().unwrap()), limit: None };
    let rows = replica.stock(&filter).unwrap();
    rows.iter().filter_map(|r| r.accounts.get(&account)).map(|q| q.0 / 1000).sum()
}

fn kinds(replica: &Replica) -> Vec<ExceptionKind> {
    let open = ExceptionFilter { open_only: true, ..ExceptionFilter::default() };
    replica.exceptions(&open).unwrap().into_iter().map(|e| e.kind).collect()
}

fn shown(replica: &Replica) -> TransferRow {
    let mut all = replica.transfers(&TransferFilter::default()).unwrap();
    assert_eq!(all.len(), 1, "a joined delivery is in its dispatch's row");
    all.remove(0)
}

/// S01 with fifty of TEA that cost 12.00, S02 with none; both know each other.
fn shops() -> (Chain, Desk, Desk) {
    let mut chain = Chain::open(&["S01", "S02"]);
    let mut alice = chain.desk(11, "S01A", "S01", 0);
    let mut bob = chain.desk(12, "S02A", "S02", 0);
    let fifty = Adjust {
        site: None,
        sku: "TEA".into(),
        lot: None,
        place: String::new(),
        movement: Movement::Opening,
        quantity: Quantity::units(50),
        reason: "unknown".parse().unwrap(),
        note: None,
        cost: Some("12".parse().unwrap()),
    };
    chain.sync(&mut alice);
    chain.sync(&mut bob);
    alice.replica.adjust(&clerk(), fifty).unwrap();
    (chain, alice, bob)
}

/// Ten are sent, nine arrive, and S02 says that this is all: HQ sees that one is short. The tenth turns up
/// behind the boxes; everything is at S02, at what it cost S01, and no case is left.
#[test]
fn ten_sent_nine_arrive_the_tenth_turns_up() {
    let (mut chain, mut alice, mut bob) = shops();
    let sent = alice.replica.send_transfer(&clerk(), send("S02", "TEA", 10)).unwrap();
    assert_eq!(sent.states, ["in_transit"]);
    let number = sent.number.to_string();
    for desk in [&mut alice, &mut bob] {
        chain.sync(desk);
    }
    let more = bob.replica.receive_transfer(&clerk(), receive(&number, Some(11)));
    assert!(
        matches!(more, Err(CommandError::MoreThanSent { open, .. }) if open == Quantity::units(10)),
        "{more:?}"
    );
    let elsewhere = alice.replica.receive_transfer(&clerk(), receive(&number, None));
    assert!(matches!(elsewhere, Err(CommandError::NotHere { .. })), "{elsewhere:?}");
    let all = ReceiveTransfer { complete: true, ..receive(&number, Some(9)) };
    bob.replica.receive_transfer(&clerk(), all).unwrap();
    chain.sync(&mut bob);
    chain.settle();
    let hq = &chain.hq.replica;
    assert_eq!(kinds(hq), [ExceptionKind::TransferShort]);
    let stock = |r: &Replica| {
        let sellable = |at| units(r, at, Account::Sellable);
        (sellable("S01"), units(r, "S01", Account::InTransit), sellable("S02"))
    };
    assert_eq!(stock(hq), (40, 1, 9));

    bob.replica.close_transfer(&clerk(), close(&number, Outcome::Late)).unwrap();
    chain.sync(&mut bob);
    chain.sync(&mut alice);
    chain.settle();
    assert_eq!(kinds(&chain.hq.replica), []);
    for replica in [&chain.hq.replica, &alice.replica] {
        assert_eq!(stock(replica), (40, 0, 10));
        assert_eq!(shown(replica).states, ["received"]);
    }
    let cost = chain.hq.replica.average_cost(&site("S02"), &"TEA".parse().unwrap()).unwrap();
    assert_eq!(cost, Some("12".parse().unwrap()), "the cost travels with the goods");
    let again = bob.replica.receive_transfer(&clerk(), receive(&number, None));
    assert!(matches!(again, Err(CommandError::Closed { .. })), "{again:?}");
    for desk in [&mut alice, &mut bob, &mut chain.hq] {
        desk.check();
    }
}

/// The truck is faster than the line: S02 unloads nine before anybody but S01 knows of the dispatch. They
/// are sold from at once. When the dispatch comes, the nine are nine of its ten, whoever heard of it first.
#[test]
fn goods_arrive_before_their_dispatch_is_known() {
    let (mut chain, mut alice, mut bob) = shops();
    let number = alice.replica.send_transfer(&clerk(), send("S02", "TEA", 10)).unwrap().number.to_string();
    let unknown = bob.replica.receive_transfer(&clerk(), receive(&number, Some(9)));
    assert!(matches!(unknown, Err(CommandError::UnknownDocument { .. })), "{unknown:?}");
    let by_papers = ReceiveTransfer { from: Some(site("S01")), ..receive(&number, Some(6)) };
    let delivery = bob.replica.receive_transfer(&clerk(), by_papers.clone()).unwrap();
    assert_eq!(delivery.states, ["awaiting_dispatch"]);
    // The other three: no second document for the same papers.
    let rest = ReceiveTransfer { items: named("TEA", 3), ..by_papers };
    assert_eq!(bob.replica.receive_transfer(&clerk(), rest).unwrap().id, delivery.id);
    assert_eq!(units(&bob.replica, "S02", Account::Sellable), 9);
    chain.sync(&mut bob);
    chain.settle();
    assert_eq!(shown(&chain.hq.replica).states, ["awaiting_dispatch"]);
    assert_eq!(units(&chain.hq.replica, "S01", Account::InTransit), -9);

    chain.sync(&mut alice);
    chain.settle();
    chain.sync(&mut bob);
    for replica in [&chain.hq.replica, &alice.replica, &bob.replica] {
        let row = shown(replica);
        assert_eq!(
            (row.number.as_str(), row.states.as_slice()),
            (number.as_str(), &["part_received".into()][..])
        );
        assert_eq!(row.deliveries, std::slice::from_ref(&delivery.number));
        assert_eq!(units(replica, "S01", Account::InTransit), 1);
        assert_eq!(units(replica, "S02", Account::Sellable), 9);
    }
    bob.replica.receive_transfer(&clerk(), receive(&number, None)).unwrap();
    assert_eq!(shown(&bob.replica).states, ["received"]);
    for desk in [&mut alice, &mut bob, &mut chain.hq] {
        desk.check();
    }
}

/// Nobody at S02 unloads the truck: after the settings' days HQ lists it as late, with its age. S01 gives
/// it up as lost and bears it; then it turns up after all, and nobody bears anything.
#[test]
fn late_then_lost_then_found() {
    let (mut chain, mut alice, mut bob) = shops();
    let number = alice.replica.send_transfer(&clerk(), send("S02", "TEA", 10)).unwrap().number.to_string();
    chain.sync(&mut alice);
    chain.sync(&mut bob);
    chain.settle();
    assert_eq!(kinds(&chain.hq.replica), []);
    chain.later(4 * 86_400_000);
    // Time is what the relay stamps: somebody has to have said something.
    alice.opening("POT", 1);
    chain.sync(&mut alice);
    chain.settle();
    assert_eq!(kinds(&chain.hq.replica), [ExceptionKind::LateInTransit]);
    let in_transit = TransferFilter { in_transit: true, ..TransferFilter::default() };
    assert_eq!(chain.hq.replica.transfers(&in_transit).unwrap()[0].days, Some(4));

    let owner = Some(LossOwner::Site(site("S01")));
    let lost = CloseTransfer { owner: owner.clone(), ..close(&number, Outcome::Lost) };
    let row = alice.replica.close_transfer(&clerk(), lost).unwrap();
    assert_eq!(row.losses, [(LossOwner::Site(site("S01")), Amount(12_000))]);
    chain.sync(&mut alice);
    chain.settle();
    assert_eq!(kinds(&chain.hq.replica), []);
    // S02 hasn't heard of it, and unloads the truck.
    bob.replica.receive_transfer(&clerk(), receive(&number, None)).unwrap();
    chain.sync(&mut bob);
    chain.settle();
    let row = shown(&chain.hq.replica);
    assert_eq!((row.states.as_slice(), row.losses.len()), (&["received".into()][..], 0));
    assert_eq!(kinds(&chain.hq.replica), []);
    chain.hq.check();
}

/// Two more than were sent: S02 says that this is meant, they draw on S01, and HQ decides on the case.
#[test]
fn more_arrives_than_was_sent() {
    let (mut chain, mut alice, mut bob) = shops();
    let number = alice.replica.send_transfer(&clerk(), send("S02", "TEA", 10)).unwrap().number.to_string();
    chain.sync(&mut alice);
    chain.sync(&mut bob);
    let twelve = ReceiveTransfer { over: true, ..receive(&number, Some(12)) };
    bob.replica.receive_transfer(&clerk(), twelve).unwrap();
    chain.sync(&mut bob);
    chain.settle();
    let hq = &mut chain.hq.replica;
    assert_eq!((units(hq, "S01", Account::Sellable), units(hq, "S02", Account::Sellable)), (38, 12));
    assert_eq!(kinds(hq), [ExceptionKind::TransferOver]);
    let exception = hq.exceptions(&ExceptionFilter::default()).unwrap().remove(0).id;
    let (action, owner) = (Action::Recounted, LossOwner::Company);
    hq.resolve(&clerk(), Resolve { exception, action, owner, note: None }).unwrap();
    assert_eq!(kinds(hq), []);
    chain.hq.check();
}

/// Two devices of the receiving branch unload the same truck into their books while apart: ten came, not
/// twenty, and the case names the entry that doesn't stand. Its clerk takes it back.
#[test]
fn one_truck_unloaded_into_two_books() {
    let (mut chain, mut alice, mut bob) = shops();
    let mut carol = chain.desk(13, "S02B", "S02", 0);
    let number = alice.replica.send_transfer(&clerk(), send("S02", "TEA", 10)).unwrap().number.to_string();
    for desk in [&mut alice, &mut bob, &mut carol] {
        chain.sync(desk);
    }
    bob.replica.receive_transfer(&clerk(), receive(&number, None)).unwrap();
    chain.later(60_000);
    carol.replica.receive_transfer(&clerk(), receive(&number, None)).unwrap();
    // The later entry comes first.
    chain.sync(&mut carol);
    chain.sync(&mut bob);
    chain.settle();
    assert_eq!(units(&chain.hq.replica, "S02", Account::Sellable), 10);
    let found = chain.hq.replica.exceptions(&ExceptionFilter::default()).unwrap();
    let [case] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(case.kind, ExceptionKind::ConflictingDecision);
    let Evidence::Facts(facts) = &case.evidence else { panic!("{case:?}") };
    let [(about, events)] = facts.as_slice() else { panic!("{facts:?}") };
    let (stands, loses) = events.split_once(' ').unwrap();
    assert_eq!(about, "received");
    assert!(stands.starts_with("S02A-") && loses.starts_with("S02B-"), "{events}");

    chain.sync(&mut carol);
    carol.replica.reverse_transfer(&clerk(), &number).unwrap();
    chain.sync(&mut carol);
    chain.settle();
    assert_eq!(kinds(&chain.hq.replica), []);
    assert_eq!(units(&chain.hq.replica, "S02", Account::Sellable), 10);
    chain.hq.check();
}

/// Sold at S01 where it cost 12.00, brought back to S02 where it costs 30.00: once HQ has told S02 of the
/// sale, it lies there at what it left at.
#[test]
fn a_return_at_another_branch_comes_back_at_what_it_left_at() {
    let (mut chain, mut alice, mut bob) = shops();
    alice.sell("1", &[("TEA", 1, 2000)]);
    let dear = Adjust {
        site: None,
        sku: "TEA".into(),
        lot: None,
        place: String::new(),
        movement: Movement::Received,
        quantity: Quantity::units(1),
        reason: "unknown".parse().unwrap(),
        note: None,
        cost: Some("30".parse().unwrap()),
    };
    bob.replica.adjust(&clerk(), dear).unwrap();
    bob.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
    let average = |bob: &Desk| {
        bob.replica.average_cost(&site("S02"), &"TEA".parse().unwrap()).unwrap().map(|c| c.to_string())
    };
    assert_eq!(average(&bob).as_deref(), Some("30"), "nobody here knows better");
    for desk in [&mut alice, &mut bob] {
        chain.sync(desk);
    }
    chain.settle();
    chain.sync(&mut bob);
    assert_eq!(average(&bob).as_deref(), Some("21"));
    bob.check();
    chain.hq.check();
}

/// Two devices close the same part of a claim while apart, one as credited, one as exchanged: what ranks
/// first stands, the other is a case, and goods and money say the same at every replica.
#[test]
fn a_claim_closed_twice_while_apart() {
    let (mut chain, mut alice, _) = shops();
    let mut dave = chain.desk(14, "S01B", "S01", 0);
    let raise = RaiseClaim {
        site: None,
        supplier: "义乌一厂".into(),
        items: named("TEA", 10),
        from: Account::Sellable,
        reason: "defective".parse().unwrap(),
        price: Some("20".parse().unwrap()),
        lot: None,
        place: String::new(),
        note: None,
    };
    let number = alice.replica.raise_claim(&clerk(), raise).unwrap().number.to_string();
    let ship = ShipClaim { number: number.clone(), items: Vec::new(), carrier: None, tracking: None };
    alice.replica.ship_claim(&clerk(), ship).unwrap();
    chain.sync(&mut alice);
    chain.sync(&mut dave);
    let exchanged = CloseClaim {
        number: number.clone(),
        items: Vec::new(),
        settled: Settled::Exchanged,
        price: None,
        owner: None,
        reference: None,
    };
    let credited =
        CloseClaim { settled: Settled::Credited, price: Some("20".parse().unwrap()), ..exchanged.clone() };
    dave.replica.close_claim(&clerk(), credited).unwrap();
    chain.later(60_000);
    alice.replica.close_claim(&clerk(), exchanged).unwrap();
    for _ in 0..2 {
        chain.sync(&mut alice);
        chain.sync(&mut dave);
        chain.settle();
    }
    assert_eq!(kinds(&chain.hq.replica), [ExceptionKind::ConflictingDecision]);
    for replica in [&chain.hq.replica, &alice.replica, &dave.replica] {
        let row = replica.find_supplier_return(&number).unwrap().unwrap();
        assert_eq!(row.states, ["credited", "closed"]);
        assert_eq!((row.credited, row.open_value), (Amount(20_000), Amount::ZERO));
        assert_eq!(units(replica, "S01", Account::Sellable), 40);
    }
    assert_eq!(alice.digest(), dave.digest());
    for desk in [&mut alice, &mut dave, &mut chain.hq] {
        desk.check();
    }
}

/// The same with the programs, as two clerks and HQ meet it. The keys of a transfer are an interface.
#[test]
fn ten_sent_nine_arrive_through_the_programs() {
    let hq = Headquarters::open(&["A", "B"]);
    let [a, b] = ["A", "B"].map(|at| hq.branch(at, &hq.address));
    a.sync();
    a.run(&words("stock adjust TEA --add 50 --as received --reason other --cost 12")).ok();
    let sent = a.items(&words("transfer send --to B --item TEA=10 --note urgent")).remove(0);
    let number = sent["number"].as_str().unwrap().to_owned();
    let unknown = b.run(&["transfer", "receive", &number]);
    assert_eq!(unknown.code, Some(65));
    assert!(unknown.said.contains("--from"), "{}", unknown.said);
    for branch in [&a, &b] {
        branch.sync();
    }
    let received = ["transfer", "receive", &number, "--item", "TEA=9", "--complete"];
    let done = b.run(&received).ok();
    assert!(done.said.contains(&format!("transfer close {number}")), "{}", done.said);
    b.sync();
    let short = hq.items(&words("exception list --kind transfer_short"));
    assert_eq!(short[0]["evidence"]["short"], "1");
    b.run(&["transfer", "close", &number, "--as", "late"]).ok();
    b.sync();
    assert_eq!(hq.items(&words("exception list")), [] as [serde_json::Value; 0]);
    let mut item = hq.items(&["transfer", "show", &number]).remove(0);
    assert!(item["id"].take().is_string() && item["since"].take().is_string());
    assert_eq!(
        item,
        serde_json::json!({
            "id": null, "number": number, "from": "A", "to": "B", "papers": null, "deliveries": [], "since": null,
            "days": null, "states": ["received"],
            "goods": [{
                "sku": "TEA", "lot": null, "sent": "10", "arrived": "10", "over": "0", "never_left": "0",
                "lost": "0", "open": "0",
            }],
            "losses": [], "currency": "CNY", "note": "urgent",
        })
    );
    let stock = |branch: &str| hq.items(&["stock", "show", "TEA", "--site", branch])[0]["on_hand"].clone();
    assert_eq!((stock("A"), stock("B")), ("40".into(), "10".into()));
    b.run(&["doctor"]).ok();
}
