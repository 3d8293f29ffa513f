//! Changes that don't count: each named, in nobody's way, and what HQ can do about it.

use automerge::transaction::Transactable;
use automerge::{ROOT, ReadDoc};
use guicang_domain::ids::ChangeHash;
use guicang_replica::{By, CommandError, Remedy};
use guicang_server::relay::RelayError;
use guicang_sync::message::OutcomeKind;

use crate::chain::{Chain, Desk, clerk, site};
use crate::hostile::{Device, Unsealed, put_event};

fn hash(change: &Unsealed) -> ChangeHash {
    guicang_sync::change::hash_of(&change.bytes).unwrap()
}

fn hex(change: &Unsealed) -> String {
    hash(change).to_string()
}

fn manager() -> By {
    By::user("chen".parse().unwrap())
}

fn returns(desk: &Desk) -> usize {
    desk.replica.returns(&Default::default()).unwrap().len()
}

/// How many events each return has that is shown.
fn events(desk: &Desk) -> Vec<usize> {
    let all = desk.replica.returns(&Default::default()).unwrap();
    let mut counts: Vec<usize> = all.iter().map(|r| r.events.len()).collect();
    counts.sort();
    counts
}

/// A till goes on writing for a day after HQ has withdrawn it. Nothing of that counts until HQ has looked
/// at it and admits it; then it counts everywhere: at HQ, at the branch's other device, at a device that
/// joins later and so meets the admission in another order. What wasn't admitted stays apart.
#[test]
fn hq_admits_what_a_withdrawn_device_wrote() {
    let mut chain = Chain::open(&["S01"]);
    let mut till = Device::new(&mut chain, 21, "S01A", "S01");
    let mut counter = chain.desk(22, "S01B", "S01", 0);
    let before = till.return_at(1, &site("S01"));
    assert_eq!(till.push(&chain, std::slice::from_ref(&before)), []);
    chain.later(60_000);
    let withdrawal = chain.withdrawal(21, "S01A", "S01");
    chain.relay.add_grants(vec![withdrawal]).unwrap();

    let late = till.return_at(2, &site("S01"));
    let later = till.closed_on(&[&late], 30);
    let on_old = till.closed_on(&[&before], 31);
    let answer = till.try_push(&chain, &[late.clone(), later.clone(), on_old.clone()]);
    assert!(matches!(answer, Err(RelayError::Withdrawn { set_apart: 3, .. })), "{answer:?}");
    chain.settle();
    chain.sync(&mut counter);
    assert_eq!((returns(&chain.hq), returns(&counter)), (1, 1), "only what it wrote while it could");

    // HQ sees what it is, without any of it counting.
    let all = chain.hq.replica.apart_changes().unwrap();
    assert_eq!(all.iter().map(|a| a.change).collect::<Vec<_>>(), [&late, &later, &on_old].map(hash));
    assert!(all.iter().all(|a| a.rule == "withdrawn" && a.remedy == Remedy::Admit), "{all:?}");
    let (_, would) = chain.hq.replica.apart_change(&hex(&late)[..10]).unwrap();
    let would = would.unwrap();
    assert!(would.additions.first && would.number == "TH-S01A-000002", "{would:?}");
    let kinds: Vec<&str> = would.events.iter().map(|e| e.kind.as_str()).collect();
    assert_eq!(kinds, ["requested", "approved", "received"]);
    assert_eq!((returns(&chain.hq), events(&chain.hq)), (1, vec![3]), "looking changed nothing");

    // A branch can't admit, and the second change is admitted with what it builds on.
    let refused = counter.replica.admit(&clerk(), &hex(&late), false, None).unwrap_err();
    assert!(matches!(refused, CommandError::UnknownChange { .. }), "a branch never got it: {refused}");
    let done = chain.hq.replica.admit(&manager(), &hex(&later), false, None).unwrap();
    assert_eq!(done.changes.len(), 2, "with what it builds on");
    assert_eq!(done.left, 0);
    assert!(chain.settle().proven);
    assert!(chain.sync(&mut counter).proven);
    for desk in [&chain.hq, &counter] {
        assert_eq!(events(desk), [3, 4], "the admitted return with its close; the old one without");
    }
    let again = chain.hq.replica.admit(&manager(), &hex(&late), false, None).unwrap_err();
    assert!(matches!(again, CommandError::UnknownChange { .. }), "it counts already: {again}");

    // One who comes later sees the same: a branch's device by its feeds, HQ's by the log.
    let mut new = chain.desk(23, "S01C", "S01", 0);
    assert!(chain.sync(&mut new).proven);
    let mut office = chain.second_hq(24);
    assert!(chain.sync(&mut office).proven);
    assert!(new.digest() == counter.digest() && office.digest() == chain.hq.digest());
    assert_eq!(office.replica.apart_changes().unwrap().len(), 1);

    // The rest of it, and nothing is left apart anywhere; the relay has each change in a feed just once.
    chain.hq.replica.admit(&manager(), &hex(&on_old), true, Some("seen on paper".into())).unwrap();
    assert!(chain.settle().proven);
    for desk in [&mut counter, &mut new, &mut office] {
        assert!(chain.sync(desk).proven);
        assert_eq!(events(desk), [4, 4]);
        assert_eq!(desk.replica.apart_changes().unwrap(), []);
        desk.check();
    }
    chain.hq.check();
    assert_eq!(chain.relay.examine().unwrap(), []);

    // It is the changes that were admitted, not the device.
    let next = till.return_at(3, &site("S01"));
    assert!(till.try_push(&chain, &[next]).is_err());
    chain.settle();
    assert_eq!(chain.hq.replica.apart_changes().unwrap().len(), 1);
}

/// One request with good returns, and poison of each kind between them. Every good one arrives, at HQ and
/// at the branch; sums are equal; each bad one is named by its rule with what can be done, and HQ's word
/// can't make it good.
#[test]
fn poison_of_each_kind_is_in_nobodys_way() {
    let mut chain = Chain::open(&["S01"]);
    let mut till = Device::new(&mut chain, 21, "S01A", "S01");
    let mut counter = chain.desk(22, "S01B", "S01", 0);
    let base: Vec<Unsealed> = (1..=6).map(|n| till.return_at(n, &site("S01"))).collect();
    assert_eq!(till.push(&chain, &base), []);

    let event_of = |tx: &automerge::transaction::Transaction<'_>| {
        let (_, events) = tx.get(ROOT, "events").unwrap().unwrap();
        let key = tx.keys(&events).next().unwrap();
        let (_, event) = tx.get(&events, key.as_str()).unwrap().unwrap();
        (events, key, event)
    };
    let overwritten = till.by_hand(&[&base[0]], |tx| {
        let (_, _, event) = event_of(tx);
        tx.put(&event, "user", "mallory").unwrap();
    });
    let on_overwritten = till.by_hand(&[&base[0], &overwritten], |tx| {
        put_event(tx, &till.event_id(60), "closed");
    });
    let deleted = till.by_hand(&[&base[1]], |tx| {
        let (events, key, _) = event_of(tx);
        tx.delete(&events, key.as_str()).unwrap();
    });
    let renumbered = till.by_hand(&[&base[2]], |tx| {
        tx.put(ROOT, "number", "TH-S01A-999999").unwrap();
    });
    let newer = till.by_hand(&[&base[3]], |tx| {
        tx.put(ROOT, "rules", 99_i64).unwrap();
    });
    let never_sent = till.closed_on(&[&base[4]], 70);
    let on_never_sent = till.by_hand(&[&base[4], &never_sent], |tx| {
        put_event(tx, &till.event_id(71), "closed");
    });
    let good: Vec<Unsealed> = (11..=14).map(|n| till.return_at(n, &site("S01"))).collect();
    let request = [
        &good[0],
        &overwritten,
        &on_overwritten,
        &good[1],
        &deleted,
        &renumbered,
        &good[2],
        &newer,
        &on_never_sent,
        &good[3],
    ];
    let outcomes = till.push(&chain, &request.map(Clone::clone));
    let told: Vec<_> = outcomes.iter().map(|o| (o.kind, o.change, o.rule.as_str())).collect();
    assert_eq!(told, [(OutcomeKind::Refused, Some(8), "missing_dependency")]);
    assert!(chain.settle().proven && chain.sync(&mut counter).proven);

    for desk in [&mut chain.hq, &mut counter] {
        let apart = desk.replica.apart_changes().unwrap();
        let rules: Vec<_> = apart.iter().map(|a| (a.change, a.rule.as_str(), a.remedy)).collect();
        assert_eq!(
            rules,
            [
                // What stood before the newer program's change is not told either.
                (hash(&base[3]), "newer_rules", Remedy::NewerProgram),
                (hash(&overwritten), "overwritten_event", Remedy::RecordAnew),
                (hash(&on_overwritten), "missing_dependency", Remedy::AdmitWhatItBuildsOn),
                (hash(&deleted), "deleted_event", Remedy::RecordAnew),
                (hash(&renumbered), "write_once_field", Remedy::NewerProgram),
                (hash(&newer), "newer_rules", Remedy::NewerProgram),
            ]
        );
        for bad in [&overwritten, &deleted, &on_overwritten] {
            let (told, would) = desk.replica.apart_change(&hex(bad)).unwrap();
            assert!(!told.detail.is_empty() && would.is_ok(), "{told:?}");
        }
        desk.check();
    }
    for bad in [&overwritten, &on_overwritten, &deleted, &renumbered, &newer] {
        let refused = chain.hq.replica.admit(&manager(), &hex(bad), true, None).unwrap_err();
        assert!(matches!(refused, CommandError::NotAdmissible { .. }), "{refused}");
    }
    assert_eq!(chain.hq.digest(), {
        chain.settle();
        chain.hq.digest()
    });
    // What isn't even a change, is said to be another than it is, or is beyond all measure: refused by the relay,
    // by name, in a request whose good change stands. Nobody else ever sees it.
    let more = till.return_at(15, &site("S01"));
    let mut cut = till.return_at(16, &site("S01"));
    cut.bytes.truncate(cut.bytes.len() - 9);
    let mut noise = till.return_at(17, &site("S01"));
    noise.bytes = vec![0xA5; 300];
    let mut false_hash = till.return_at(18, &site("S01"));
    false_hash.bytes[5] ^= 1;
    let mut large = till.return_at(19, &site("S01"));
    large.bytes.resize(guicang_sync::change::MAX_CHANGE_BYTES + 1, 0);
    for (bad, rule) in [(cut, "undecodable"), (noise, "malformed"), (false_hash, "hash")] {
        let outcomes = till.push(&chain, &[bad, more.clone()]);
        let told: Vec<_> = outcomes.iter().map(|o| (o.kind, o.change, o.rule.as_str())).collect();
        assert_eq!(told, [(OutcomeKind::Refused, Some(0), rule)]);
    }
    // One of this size has an entry of its own.
    let outcomes = till.push(&chain, &[large]);
    let told: Vec<_> = outcomes.iter().map(|o| (o.kind, o.change, o.rule.as_str())).collect();
    assert_eq!(told, [(OutcomeKind::Refused, Some(0), "too_large")]);
    chain.settle();
    assert_eq!(chain.relay.examine().unwrap(), []);

    // The good ones of the requests, and those of before, which stand as they were.
    chain.sync(&mut counter);
    assert_eq!(returns(&chain.hq), base.len() + good.len() + 1);
    assert_eq!(returns(&counter), base.len() + good.len() + 1);
}

/// An older program had set a change apart that this one finds good. The file says which program judged it:
/// when a newer one opens the file it judges again, once, and shows what one shows that never had to.
#[test]
fn what_an_older_program_set_apart_is_tried_again() {
    let mut chain = Chain::open(&["S01"]);
    let mut till = Device::new(&mut chain, 21, "S01A", "S01");
    till.push(&chain, &[till.return_at(1, &site("S01"))].map(|c| c));
    chain.settle();
    let good = chain.hq.digest();
    let path = chain.hq.path.clone();
    let older = |sql: &str| {
        let file = rusqlite::Connection::open(&path).unwrap();
        assert!(file.execute(sql, []).unwrap() > 0);
    };
    older(
        "UPDATE change SET status = 3, rule = 'hq_only' WHERE document =
             (SELECT id FROM document WHERE kind = 'return')",
    );
    older("DELETE FROM return_line");
    older("DELETE FROM return_head");
    let told = chain.hq.replica.apart_changes().unwrap();
    assert_eq!((told.len(), told[0].remedy), (1, Remedy::NewerProgram));
    chain.hq.reopen(None, 7);
    assert_ne!(chain.hq.digest(), good, "the same program has nothing to try again");
    older("UPDATE self SET reads = 'rules 0, shape 1, 12 kinds'");
    chain.hq.reopen(None, 8);
    assert_eq!(chain.hq.digest(), good);
    assert_eq!(chain.hq.replica.apart_changes().unwrap(), []);
    chain.hq.check();
}
