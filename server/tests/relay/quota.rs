//! What one device may add, and what becomes of what is beyond: it waits, and nothing else does.

use std::num::NonZeroU64;

use guicang_server::relay::RelayError;
use guicang_sync::feed::{Cursor, Feed};
use guicang_sync::grant::Role;
use guicang_sync::message::SyncRequest;
use guicang_sync::quota::Quota;
use guicang_sync::wire::WireEntry;

use crate::support::{Device, Shop, site};

fn changes(an_hour: u64) -> Quota {
    Quota { changes: NonZeroU64::new(an_hour).unwrap(), ..Quota::default() }
}

/// Entries of two changes each.
fn entries(device: &mut Device, at: &str, count: usize) -> Vec<WireEntry> {
    let mut entry = |_| {
        let two = [device.received(at), device.received(at)];
        device.seal(&[&two[0], &two[1]])
    };
    (0..count).map(&mut entry).collect()
}

/// A device that sends more than it may is asked to wait with the rest: none of it is refused or set
/// apart, it is told what others wrote all the same, others send as ever, and after waiting it gets on.
#[test]
fn a_device_over_its_quota_waits_alone() {
    let mut shop = Shop::open();
    let (mut alice, mut bob) = (shop.device(10, "S01A", "S01"), shop.device(11, "S01B", "S01"));
    shop.relay.set_quota(changes(60));
    let bobs = entries(&mut bob, "S01", 2);
    shop.push(&bob, bobs);

    let all = entries(&mut alice, "S01", 40);
    let request = SyncRequest {
        entries: all.clone(),
        cursors: vec![Cursor::start(Feed::Site(site("S01")))],
        answer_limit_bytes: 1 << 20,
        ..Default::default()
    };
    let answer = shop.try_send(&alice, request).unwrap();
    let held = answer.journal.unwrap().sequence;
    assert_eq!(held, 30, "60 changes in entries of two");
    assert_eq!((answer.outcomes.len(), answer.stamps.len(), answer.retry_after_ms), (0, 30, None));
    let wait_ms = answer.push_after_ms.unwrap();
    assert_eq!(answer.feeds[0].to, 4 + 60, "what bob wrote, and her own");

    // The same again is known, and costs nothing. Of what is new one entry goes, since a second has
    // passed; the rest waits.
    let again = shop.push(&alice, all[..30].to_vec());
    assert_eq!((again.push_after_ms, again.stamps.len()), (None, 30));
    let early = shop.push(&alice, all[30..].to_vec());
    assert_eq!((early.journal.unwrap().sequence, early.outcomes.len()), (31, 0));
    assert!(early.push_after_ms.unwrap() > wait_ms);

    let bobs = entries(&mut bob, "S01", 5);
    assert_eq!(shop.push(&bob, bobs).push_after_ms, None);

    // The relay's process may end meanwhile: the account is in the file.
    shop.restart();
    shop.relay.set_quota(changes(60));
    let answer = shop.push(&alice, all[31..].to_vec());
    let wait_ms = answer.push_after_ms.unwrap();
    assert_eq!(answer.journal.unwrap().sequence, 31);
    let mut rounds = 0;
    let mut sequence = 31;
    while sequence < 40 {
        shop.now = shop.now.plus_ms(wait_ms as i64);
        let answer = shop.push(&alice, all[sequence as usize..].to_vec());
        let next = answer.journal.unwrap().sequence;
        assert!(next > sequence, "who waited as long as asked gets on");
        assert_eq!(answer.outcomes, []);
        (sequence, rounds) = (next, rounds + 1);
    }
    assert!(rounds > 1, "and no faster than it may");
    assert_eq!(shop.relay.examine().unwrap(), []);
}

/// One entry that is more than all that an hour allows gets through, by itself.
#[test]
fn an_entry_larger_than_the_quota_gets_through() {
    let mut shop = Shop::open();
    let mut alice = shop.device(10, "S01A", "S01");
    let one = NonZeroU64::new(1).unwrap();
    shop.relay.set_quota(Quota { bytes: one, changes: one, positions: one, apart_bytes: one });
    let both = entries(&mut alice, "S01", 2);
    let answer = shop.push(&alice, both.clone());
    assert_eq!(answer.journal.unwrap().sequence, 1);
    let wait_ms = answer.push_after_ms.unwrap();
    assert!(wait_ms <= 2 * 3_600_000, "{wait_ms}");
    shop.now = shop.now.plus_ms(wait_ms as i64);
    assert_eq!(shop.push(&alice, both[1..].to_vec()).journal.unwrap().sequence, 2);
}

/// A site that comes to a document takes a place in its feed for each earlier change: that counts.
#[test]
fn a_site_added_takes_a_place_for_each_earlier_change() {
    let mut shop = Shop::open();
    let mut alice = shop.device(10, "S01A", "S01");
    // Each change takes two places, in the log and at S01: ten in all.
    shop.relay.set_quota(Quota { positions: NonZeroU64::new(16).unwrap(), ..Quota::default() });
    let mut history = vec![alice.received("S01")];
    for _ in 0..4 {
        let before: Vec<_> = history.iter().collect();
        let next = alice.event_on(&before, &[]);
        history.push(next);
    }
    let entry = alice.seal(&history.iter().collect::<Vec<_>>());
    assert_eq!(shop.push(&alice, vec![entry]).push_after_ms, None);
    // Three for itself, five for the earlier ones: the quota is used up.
    let further = alice.event_on(&history.iter().collect::<Vec<_>>(), &["S02"]);
    let entry = alice.seal(&[&further]);
    assert_eq!(shop.push(&alice, vec![entry]).push_after_ms, None);
    history.push(further);
    let last = alice.event_on(&history.iter().collect::<Vec<_>>(), &[]);
    let entry = alice.seal(&[&last]);
    assert!(shop.push(&alice, vec![entry]).push_after_ms.is_some());
}

/// A device that was withdrawn may be in anybody's hands. What it holds is kept for HQ, so much and no
/// more, however long it goes on; readmitted, it sends the rest.
#[test]
fn what_a_withdrawn_device_can_fill_is_bounded() {
    let mut shop = Shop::open();
    let mut alice = shop.device(10, "S01A", "S01");
    let quota = Quota { apart_bytes: NonZeroU64::new(1).unwrap(), ..Quota::default() };
    shop.relay.set_quota(quota);
    let withdrawal = shop.grant(&alice, Role::Site(site("S01")), Some(shop.now));
    shop.relay.add_grants(vec![withdrawal]).unwrap();
    let all = entries(&mut alice, "S01", 3);
    let send = |shop: &mut Shop, alice: &Device| {
        let request = SyncRequest { entries: all.clone(), ..Default::default() };
        match shop.try_send(alice, request) {
            Err(RelayError::Withdrawn { set_apart, .. }) => set_apart,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(send(&mut shop, &alice), 2, "one entry");
    shop.now = shop.now.plus_ms(30 * 86_400_000);
    assert_eq!(send(&mut shop, &alice), 0);
    assert_eq!(shop.relay.journal(alice.id()).unwrap().unwrap().sequence, 1);

    let readmission = shop.grant(&alice, Role::Site(site("S01")), None);
    shop.relay.add_grants(vec![readmission]).unwrap();
    let answer = shop.push(&alice, all[1..].to_vec());
    assert_eq!((answer.journal.unwrap().sequence, answer.push_after_ms), (3, None));
}

/// HQ brings imports, and refills a lost relay: it never waits.
#[test]
fn hq_has_no_quota() {
    let mut shop = Shop::open();
    let mut hq = shop.hq.cloned();
    shop.relay.set_quota(changes(1));
    let all = entries(&mut hq, "S01", 5);
    let answer = shop.push(&hq, all);
    assert_eq!((answer.journal.unwrap().sequence, answer.push_after_ms), (5, None));
}
