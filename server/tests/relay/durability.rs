//! What is acknowledged is on disk; what comes twice counts once; what comes in pieces is an error.

use std::sync::Arc;

use guicang_server::relay::link::{LinkError, LocalLink};
use guicang_server::relay::{Relay, RelayError};
use guicang_sync::codec;
use guicang_sync::feed::Feed;
use guicang_sync::message::{Report, SyncAnswer, SyncRequest};

use crate::support::Shop;

/// The answer to a push may be lost: the same entries again are held already, and stamped with the time of
/// their first arrival.
#[test]
fn the_same_entries_again_change_nothing() {
    let mut shop = Shop::open();
    let mut alice = shop.device(10, "S01A", "S01");
    let changes: Vec<_> = (0..3).map(|_| alice.received("S01")).collect();
    let entries = vec![alice.seal(&[&changes[0]]), alice.seal(&[&changes[1], &changes[2]])];
    let first = shop.push(&alice, entries.clone());
    let hq = shop.hq.cloned();
    let before = shop.pull_all(&hq, Feed::Log);
    for sent in [entries.clone(), entries[1..].to_vec(), entries[..1].to_vec()] {
        let again = shop.push(&alice, sent.clone());
        assert_eq!(again.journal, first.journal);
        assert_eq!(again.outcomes, []);
        assert!(again.stamps.iter().all(|stamp| first.stamps.contains(stamp)));
        assert_eq!(again.stamps.len(), sent.len());
    }
    let after = shop.pull_all(&hq, Feed::Log);
    assert_eq!(after.hashes(), before.hashes());
    assert_eq!(after.sum, before.sum);
}

/// A process that ends and one that begins on the same file show the same log, and go on where it ended.
#[test]
fn what_was_acknowledged_survives_the_process() {
    let mut shop = Shop::open();
    let mut alice = shop.device(10, "S01A", "S01");
    let hq = shop.hq.cloned();
    let mut entries = Vec::new();
    for _ in 0..4 {
        let change = alice.received("S01");
        entries.push(alice.seal(&[&change]));
    }
    let mut acknowledged = Vec::new();
    for entry in &entries {
        shop.push(&alice, vec![entry.clone()]);
        shop.restart();
        let log = shop.pull_all(&hq, Feed::Log);
        assert_eq!(log.changes.len(), acknowledged.len() + 1);
        assert_eq!(log.hashes()[..acknowledged.len()], acknowledged);
        assert_eq!(log.sum, log.relays_sum);
        acknowledged = log.hashes();
    }
}

/// Two processes on one file (a command beside `serve`) see each other's grants and changes.
#[test]
fn two_processes_share_the_file() {
    let mut shop = Shop::open();
    let other = Arc::new(Relay::open(&shop.path).unwrap());
    let mut alice = shop.device(10, "S01A", "S01");
    let change = alice.received("S01");
    let entry = alice.seal(&[&change]);
    let request = SyncRequest { entries: vec![entry], ..Default::default() };
    let answer = other.sync(alice.id(), request, shop.now).unwrap();
    assert_eq!(answer.journal.unwrap().sequence, 1);
    let hq = shop.hq.cloned();
    assert_eq!(shop.pull_all(&hq, Feed::Log).changes.len(), 1);
}

/// A body cut anywhere is an error, stores nothing, and the whole one is then taken.
#[test]
fn a_request_cut_anywhere_is_no_request() {
    let mut shop = Shop::open();
    let mut alice = shop.device(10, "S01A", "S01");
    let changes: Vec<_> = (0..3).map(|_| alice.received("S01")).collect();
    let entry = alice.seal(&changes.iter().collect::<Vec<_>>());
    let request = SyncRequest { entries: vec![entry], answer_limit_bytes: 1 << 16, ..Default::default() };
    let body = codec::encode(&request);
    let link = LocalLink::new(shop.relay.clone(), alice.id());
    for cut in 0..body.len() {
        assert!(matches!(link.sync(&body[..cut], shop.now), Err(LinkError::Codec(_))), "cut at {cut}");
    }
    assert_eq!(shop.relay.journal(alice.id()).unwrap(), None);
    let answer: SyncAnswer = codec::decode(&link.sync(&body, shop.now).unwrap(), 1 << 20).unwrap();
    assert_eq!(answer.journal.unwrap().sequence, 1);
    shop.now = shop.now.plus_ms(1);
}

/// A newer version's file is left alone.
#[test]
fn a_newer_file_is_not_opened() {
    let shop = Shop::open();
    let connection = rusqlite::Connection::open(&shop.path).unwrap();
    connection.pragma_update(None, "user_version", 999).unwrap();
    assert!(matches!(Relay::open(&shop.path), Err(RelayError::Newer { found: 999, .. })));
}

/// What a device says it still holds back is kept as it last said it.
#[test]
fn reports_are_kept() {
    let mut shop = Shop::open();
    let alice = shop.device(10, "S01A", "S01");
    let report = Report { unsent_changes: 7, unsent_refunds: Vec::new(), oldest_unsent: Some(shop.now) };
    let request = SyncRequest { report: Some(report.clone()), ..Default::default() };
    shop.try_send(&alice, request).unwrap();
    let said = shop.now;
    shop.now = shop.now.plus_ms(60_000);
    shop.try_send(&alice, SyncRequest::default()).unwrap();
    let visit = shop.relay.reports().unwrap().remove(&alice.id()).unwrap();
    assert_eq!((visit.report, visit.reported, visit.last_sync), (Some(report), Some(said), shop.now));
}
