//! Who is shown what, in which order, and how both ends know that they hold the same.

use guicang_sync::feed::{Cursor, Feed};
use guicang_sync::message::{OutcomeKind, SyncRequest};
use guicang_sync::reconcile::{Agreed, Compare, Point, Probe};
use guicang_sync::rule::Rule;
use guicang_sync::sum::RunningSum;

use crate::support::{Shop, site};

/// What one device of a site pushes, the other gets byte for byte, once, with an equal sum; and HQ gets
/// it from the log.
#[test]
fn what_alice_pushes_bob_and_hq_receive() {
    let mut shop = Shop::open();
    let mut alice = shop.device(10, "S01A", "S01");
    let bob = shop.device(11, "S01B", "S01");
    let (one, two) = (alice.received("S01"), alice.received("S01"));
    let more = alice.event_on(&[&one], &[]);
    let first = alice.seal(&[&one, &two]);
    let second = alice.seal(&[&more]);

    let answer = shop.push(&alice, vec![first, second]);
    assert_eq!(answer.outcomes, []);
    assert_eq!(answer.journal.unwrap().sequence, 2);
    assert_eq!(answer.stamps.iter().map(|s| s.sequence).collect::<Vec<_>>(), [1, 2]);

    let feed = Feed::Site(site("S01"));
    let mut cursor = Cursor::start(feed.clone());
    let pulled = shop.pull(&bob, &mut cursor);
    let sent: Vec<_> = [&one, &two, &more].iter().map(|c| c.bytes.clone()).collect();
    assert_eq!(pulled.changes.iter().map(|c| c.bytes.clone().unwrap()).collect::<Vec<_>>(), sent);
    assert_eq!(pulled.sum, pulled.relays_sum);
    assert!(!pulled.disagreed && !pulled.more);

    let again = shop.pull(&bob, &mut cursor);
    assert!(again.changes.is_empty() && !again.disagreed);

    let own = shop.pull_all(&alice, feed);
    assert_eq!(own.own, [(1, 0), (1, 1), (2, 0)]);
    assert!(own.changes.is_empty());

    let hq = shop.hq.cloned();
    let log = shop.pull_all(&hq, Feed::Log);
    assert_eq!(log.hashes(), pulled.hashes());
    assert_eq!(log.sum, log.relays_sum);
}

/// A device that was restored from a backup gets its own changes with their bytes.
#[test]
fn who_lost_its_own_asks_for_them() {
    let mut shop = Shop::open();
    let mut alice = shop.device(10, "S01A", "S01");
    let one = alice.received("S01");
    let entry = alice.seal(&[&one]);
    shop.push(&alice, vec![entry]);
    let request = SyncRequest {
        cursors: vec![Cursor::start(Feed::Site(site("S01")))],
        answer_limit_bytes: 1 << 20,
        want_own: true,
        ..Default::default()
    };
    let answer = shop.try_send(&alice, request).unwrap();
    assert_eq!(answer.feeds[0].items.len(), 1);
    assert_eq!(answer.feeds[0].positions(), 1);
    assert!(matches!(&answer.feeds[0].items[0], guicang_sync::message::FeedItem::Entry(e)
        if e.changes[0].bytes.as_deref() == Some(one.bytes.as_slice())));
}

/// A site that a document comes to concern late gets its earlier changes first, so that no reader meets
/// a change before what it builds on.
#[test]
fn a_site_added_late_gets_the_documents_history_first() {
    let mut shop = Shop::open();
    let mut alice = shop.device(10, "S01A", "S01");
    let bob = shop.device(11, "S02A", "S02");
    let unrelated = alice.received("S01");
    let one = alice.received("S01");
    let two = alice.event_on(&[&one], &[]);
    let entry = alice.seal(&[&unrelated, &one, &two]);
    shop.push(&alice, vec![entry]);
    assert!(shop.pull_all(&bob, Feed::Site(site("S02"))).changes.is_empty());

    let shared = alice.event_on(&[&one, &two], &["S02"]);
    let entry = alice.seal(&[&shared]);
    assert_eq!(shop.push(&alice, vec![entry]).outcomes, []);

    let pulled = shop.pull_all(&bob, Feed::Site(site("S02")));
    let bytes: Vec<_> = pulled.changes.iter().map(|c| c.bytes.clone().unwrap()).collect();
    assert_eq!(bytes, [one.bytes, two.bytes, shared.bytes]);
    assert_eq!(pulled.sum, pulled.relays_sum);

    // Nothing stands twice in the feed of the site that had it.
    assert_eq!(shop.pull_all(&alice, Feed::Site(site("S01"))).own.len(), 4);
}

/// A small limit cuts the answer, never the feed: what follows comes with the next request, one item at
/// least each time.
#[test]
fn a_small_limit_still_gets_through() {
    let mut shop = Shop::open();
    let mut alice = shop.device(10, "S01A", "S01");
    let bob = shop.device(11, "S01B", "S01");
    let mut entries = Vec::new();
    for _ in 0..5 {
        let change = alice.received("S01");
        entries.push(alice.seal(&[&change]));
    }
    shop.push(&alice, entries);
    let mut cursor = Cursor::start(Feed::Site(site("S01")));
    let mut requests = 0;
    while cursor.position < 5 {
        let request =
            SyncRequest { cursors: vec![cursor.clone()], answer_limit_bytes: 1, ..Default::default() };
        let part = shop.try_send(&bob, request).unwrap().feeds.remove(0);
        assert_eq!((part.to, part.head()), (cursor.position + 1, 5));
        cursor = Cursor { position: part.to, sum: part.sum.unwrap(), ..cursor };
        requests += 1;
    }
    assert_eq!(requests, 5);
}

/// Sums are compared at the device's own position: a device that lacks a change it thinks it has is told.
#[test]
fn a_sum_that_differs_is_told() {
    let mut shop = Shop::open();
    let mut alice = shop.device(10, "S01A", "S01");
    let bob = shop.device(11, "S01B", "S01");
    let change = alice.received("S01");
    let entry = alice.seal(&[&change]);
    shop.push(&alice, vec![entry]);
    let feed = Feed::Site(site("S01"));
    let mut wrong = Cursor { feed: feed.clone(), position: 1, sum: RunningSum([5; 32]) };
    assert!(shop.pull(&bob, &mut wrong).disagreed);
    let mut beyond = Cursor { feed, position: 7, sum: RunningSum::ZERO };
    assert!(shop.pull(&bob, &mut beyond).disagreed);
}

/// What is asked about a feed is bound to who may follow it, and no question, however odd, is more than answered.
#[test]
fn questions_about_a_feed_are_answered_to_those_who_may_follow_it() {
    let mut shop = Shop::open();
    let mut alice = shop.device(10, "S01A", "S01");
    let bob = shop.device(11, "S02A", "S02");
    let change = alice.received("S01");
    let entry = alice.seal(&[&change]);
    shop.push(&alice, vec![entry]);
    let feed = Feed::Site(site("S01"));
    let mut cursor = Cursor::start(feed.clone());
    // Its own come without bytes, and aren't added up by the helper.
    cursor.sum = shop.pull(&alice, &mut cursor).relays_sum;
    let point = |position, sum| Point { position, sum };
    let points = vec![
        point(0, RunningSum([1; 32])),
        point(cursor.position, cursor.sum),
        point(2, cursor.sum),
        point(u64::MAX, cursor.sum),
    ];
    let compare = Compare {
        feed: feed.clone(),
        after: 0,
        to: Some(u64::MAX),
        bits: 255,
        checks: vec![],
        buckets: vec![],
    };
    let request = SyncRequest {
        probes: vec![Probe { feed: feed.clone(), points }],
        journals: vec![alice.id(), bob.id()],
        compare: Some(compare.clone()),
        ..Default::default()
    };
    let answer = shop.try_send(&alice, request.clone()).unwrap();
    assert_eq!(answer.agreed, [Agreed { feed: feed.clone(), position: cursor.position }]);
    let held = answer.journals.iter().map(|held| held.sequence);
    assert_eq!(held.collect::<Vec<_>>(), [1, 0]);
    let compared = answer.compared.unwrap();
    assert_eq!((compared.to, compared.sum, compared.differing.len()), (cursor.position, cursor.sum, 1));
    assert!(shop.try_send(&bob, request).is_err(), "not his feed");
    let alone = SyncRequest { compare: Some(compare), ..Default::default() };
    assert!(shop.try_send(&bob, alone).is_err(), "nor this way");
}

/// A refused change takes its dependants along and nothing else, is named by its rule, and stays refused
/// when the entry comes again.
#[test]
fn a_refused_change_takes_only_its_dependants_along() {
    let mut shop = Shop::open();
    let mut alice = shop.device(10, "S01A", "S01");
    let bob = shop.device(11, "S01B", "S01");
    // Made for another site than hers.
    let foreign = alice.received("S02");
    let on_foreign = alice.event_on(&[&foreign], &[]);
    let good = alice.received("S01");
    let entry = alice.seal(&[&foreign, &good, &on_foreign]);
    for _ in 0..2 {
        let answer = shop.push(&alice, vec![entry.clone()]);
        let outcomes: Vec<_> =
            answer.outcomes.iter().map(|o| (o.change.unwrap(), o.kind, o.rule.clone())).collect();
        assert_eq!(outcomes[0], (0, OutcomeKind::Refused, Rule::ForeignSite));
        assert_eq!((outcomes.len(), outcomes[1].0, outcomes[1].1), (2, 2, OutcomeKind::Refused));
        assert_eq!(answer.journal.unwrap().sequence, 1);
    }
    let pulled = shop.pull_all(&bob, Feed::Site(site("S01")));
    assert_eq!(pulled.changes.len(), 1);
    assert_eq!(pulled.changes[0].bytes.as_ref(), Some(&good.bytes));
    assert_eq!(pulled.changes[0].index, 1);
}
