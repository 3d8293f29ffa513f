//! What a newer program writes passes through an older one unharmed: unknown kinds, fields and events
//! travel on, are in nobody's way, and what asks for newer rules is shown and not added to.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Automerge, ObjType, ROOT};
use guicang_domain::quantity::Quantity;
use guicang_replica::{CommandError, StockFilter};

use crate::chain::{Chain, Desk, clerk, site};
use crate::hostile::{Device, Unsealed, put_event};

/// A document of a kind that this program has never heard of.
fn warranty(device: &Device) -> Unsealed {
    let mut doc = Automerge::new();
    doc.set_actor(ActorId::from([77; 16]));
    let mut tx = doc.transaction();
    tx.put(ROOT, "kind", "warranty").unwrap();
    tx.put(ROOT, "schema", 3).unwrap();
    tx.put(ROOT, "rules", 1).unwrap();
    tx.put(ROOT, "site", "S01").unwrap();
    tx.put(ROOT, "number", "BX-S01N-000001").unwrap();
    tx.put(ROOT, "zone", "Asia/Shanghai").unwrap();
    tx.put(ROOT, "months", 24).unwrap();
    tx.put_object(ROOT, "events", ObjType::Map).unwrap();
    put_event(&mut tx, &device.event_id(1), "extended");
    tx.commit_with(CommitOptions::default().with_time(0));
    let bytes = doc.get_last_local_change().unwrap().raw_bytes().to_vec();
    Unsealed { document: device.document(9), sites_added: vec![site("S01")], bytes }
}

fn in_hold(desk: &Desk) -> Quantity {
    let rows = desk.replica.stock(&StockFilter::default()).unwrap();
    rows.iter().map(|r| r.on_hand).sum()
}

/// A till with a newer program works beside one with this program, at one branch.
#[test]
fn what_a_newer_program_wrote_travels_on() {
    let mut chain = Chain::open(&["S01"]);
    let mut newer = Device::new(&mut chain, 31, "S01N", "S01");
    let mut desk = chain.desk(21, "S01A", "S01", 0);
    let known = newer.return_at(1, &site("S01"));
    let more = newer.by_hand(&[&known], |tx| {
        tx.put(ROOT, "mood", "calm").unwrap();
        put_event(tx, &newer.event_id(40), "loyalty_checked");
    });
    let later = newer.return_at(2, &site("S01"));
    let bound = newer.by_hand(&[&later], |tx| tx.put(ROOT, "rules", 9).unwrap());
    let outcomes = newer.push(&chain, &[warranty(&newer), known, more, later, bound]);
    assert_eq!(outcomes, []);

    chain.settle();
    let summary = chain.sync(&mut desk);
    assert!(summary.proven);
    for desk in [&mut desk, &mut chain.hq] {
        let status = desk.replica.status().unwrap();
        assert!(status.set_aside.is_empty(), "{:?}", status.set_aside);
        // The two returns of two units each count, whatever else their documents say.
        assert_eq!(in_hold(desk), Quantity::units(4));
        desk.check();
    }

    // This program adds to the first as ever, beside what it doesn't know; the second it only shows.
    let numbers: Vec<String> = {
        let rows = desk.replica.returns(&Default::default()).unwrap();
        rows.iter().map(|r| r.id.to_string()).collect()
    };
    let inspect = |desk: &mut Desk, id: &str| {
        let graded = [crate::chain::graded(guicang_domain::returns::Grade::A, 1)];
        desk.replica.inspect(&clerk(), id, &graded)
    };
    let refused: Vec<bool> = numbers
        .iter()
        .map(|id| match inspect(&mut desk, id) {
            Ok(_) => false,
            Err(CommandError::NewerRules { .. }) => true,
            Err(other) => panic!("{other}"),
        })
        .collect();
    assert_eq!((refused.len(), refused.iter().filter(|r| **r).count()), (2, 1));
    chain.sync(&mut desk);
    chain.settle();
    assert!(chain.sync(&mut desk).proven);
    // All of the chain is one branch: it holds what HQ holds.
    assert_eq!(desk.digest(), chain.hq.digest());
    // Those three, and what HQ says of the site.
    assert_eq!(desk.replica.status().unwrap().documents, 4);
}
