//! What a device may do, at each request anew.

use guicang_domain::ids::EntryHash;
use guicang_server::relay::RelayError;
use guicang_server::relay::lease::{Holder, Lease};
use guicang_sync::feed::{Cursor, Feed};
use guicang_sync::grant::Role;
use guicang_sync::message::{OutcomeKind, SyncRequest};
use guicang_sync::rule::Rule;

use crate::support::{Device, Shop, site};

#[test]
fn a_branch_follows_its_own_feed_and_that_of_all() {
    let mut shop = Shop::open();
    let alice = shop.device(10, "S01A", "S01");
    for (feed, allowed) in [
        (Feed::Org, true),
        (Feed::Site(site("S01")), true),
        (Feed::Site(site("S02")), false),
        (Feed::Log, false),
    ] {
        let request = SyncRequest { cursors: vec![Cursor::start(feed.clone())], ..Default::default() };
        match shop.try_send(&alice, request) {
            Ok(_) => assert!(allowed, "{feed}"),
            Err(RelayError::ForeignFeed { feed: named, .. }) => assert!(!allowed && named == feed),
            Err(other) => panic!("{other}"),
        }
    }
    let stranger = Device::new(20, "X");
    let asked = shop.try_send(&stranger, SyncRequest::default());
    assert!(matches!(asked, Err(RelayError::UnknownDevice { .. })));
}

/// Once its grant is withdrawn a device is shown nothing, at once. What it still held back is authentic:
/// it is kept for HQ to decide on, and in nobody else's feed.
#[test]
fn a_revoked_device_is_out_and_what_it_held_back_is_kept_apart() {
    let mut shop = Shop::open();
    let mut alice = shop.device(10, "S01A", "S01");
    let bob = shop.device(11, "S01B", "S01");
    let before = alice.received("S01");
    let entry = alice.seal(&[&before]);
    shop.push(&alice, vec![entry]);

    let now = shop.now;
    let revoked = shop.grant(&alice, Role::Site(site("S01")), Some(now));
    shop.relay.add_grants(vec![revoked]).unwrap();
    assert!(matches!(
        shop.try_send(&alice, SyncRequest::default()),
        Err(RelayError::Withdrawn { set_apart: 0, .. })
    ));

    let held_back = alice.received("S01");
    let on_it = alice.event_on(&[&held_back], &[]);
    let entry = alice.seal(&[&held_back, &on_it]);
    let request = SyncRequest { entries: vec![entry.clone()], ..Default::default() };
    assert!(matches!(shop.try_send(&alice, request), Err(RelayError::Withdrawn { set_apart: 2, .. })));

    assert_eq!(shop.pull_all(&bob, Feed::Site(site("S01"))).changes.len(), 1);
    let hq = shop.hq.cloned();
    let log = shop.pull_all(&hq, Feed::Log);
    assert_eq!(log.changes.iter().map(|c| c.apart).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(log.sum, log.relays_sum);

    // Carried by HQ it is the same: what counts is whose entry it is.
    let answer = shop.push(&hq, vec![alice.carried(&entry)]);
    assert!(answer.outcomes.iter().all(|o| o.kind == OutcomeKind::SetApart));
}

/// Of two copies of one file that both go on, the first keeps the journal; the other's entries are
/// refused by name, and nothing of the first's is lost.
#[test]
fn a_fork_is_refused_by_name() {
    let mut shop = Shop::open();
    let mut alice = shop.device(10, "S01A", "S01");
    let mut copy = alice.cloned();
    let (hers, its) = (alice.received("S01"), copy.received("S01"));
    let other = copy.event_on(&[&its], &[]);
    let entry = alice.seal(&[&hers]);
    shop.push(&alice, vec![entry]);

    let fork = copy.seal(&[&its, &other]);
    let answer = shop.push(&copy, vec![fork]);
    assert_eq!(answer.outcomes.len(), 1);
    assert_eq!((answer.outcomes[0].change, &answer.outcomes[0].rule), (None, &Rule::Fork));
    let head = answer.journal.unwrap();
    assert_eq!(head.sequence, 1);
    assert_ne!(head.hash, EntryHash([0; 32]));
    let hq = shop.hq.cloned();
    assert_eq!(shop.pull_all(&hq, Feed::Log).changes[0].bytes, Some(hers.bytes));
}

/// Whoever's lease was taken over writes nothing any more, however late it wakes up.
#[test]
fn a_stalled_holder_of_the_lease_is_fenced_off() {
    let mut shop = Shop::open();
    let (first, second) = (Holder([1; 16]), Holder([2; 16]));
    let mut hq = shop.hq.cloned();
    let now = shop.now;
    let taken = shop.relay.take_lease(first, 1000, now).unwrap();
    assert_eq!(taken, Lease::Taken { fence: 1, until: now.plus_ms(1000) });
    assert_eq!(
        shop.relay.take_lease(second, 1000, now.plus_ms(999)).unwrap(),
        Lease::Held { until: now.plus_ms(1000) }
    );
    assert_eq!(
        shop.relay.take_lease(second, 1000, now.plus_ms(1000)).unwrap(),
        Lease::Taken { fence: 2, until: now.plus_ms(2000) }
    );

    let intent = hq.received("S01");
    let entry = hq.seal(&[&intent]);
    let under =
        |fence| SyncRequest { entries: vec![entry.clone()], fence: Some(fence), ..Default::default() };
    let stale = shop.try_send(&hq, under(1)).unwrap();
    assert!(stale.stale_fence && stale.journal.is_none());
    assert!(shop.pull_all(&hq, Feed::Log).own.is_empty());
    let taken = shop.try_send(&hq, under(2)).unwrap();
    assert!(!taken.stale_fence && taken.journal.is_some());
}
