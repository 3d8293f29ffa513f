//! Sessions between devices and a relay in memory, over a line that loses what it likes.

use std::collections::BTreeMap;

use guicang_domain::ids::{ChangeHash, DeviceId};
use guicang_domain::time::Moment;
use guicang_sync::codec;
use guicang_sync::entry::ENTRY_RAW_BYTES;
use guicang_sync::feed::{Cursor, Epoch, Feed};
use guicang_sync::grant::Role;
use guicang_sync::keys::DeviceKey;
use guicang_sync::message::{FeedItem, OutcomeKind, Report, SyncAnswer, SyncRequest};
use guicang_sync::reconcile::{Ask, Point, Probe, Told};
use guicang_sync::rule::Rule;
use guicang_sync::session::{Blocked, Limits, Received, Session, SessionError, Start, Step, Summary};
use guicang_sync::sum::RunningSum;
use guicang_sync::wire::Chain;
use proptest::prelude::*;

use crate::memory_relay::{MemoryRelay, feeds_of};
use crate::world::*;

/// A device's disk.
struct Device {
    journal: Journal,
    acknowledged: u64,
    epoch: Option<Epoch>,
    feeds: BTreeMap<Feed, Vec<[u8; 32]>>,
    /// Held, and not in the relay's feed as far as it is followed.
    strays: BTreeMap<Feed, Vec<[u8; 32]>>,
    limits: Limits,
}

/// What the line does to one request.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Line {
    Carries,
    LosesRequest,
    LosesAnswer,
}

impl Device {
    fn new(key: &DeviceKey, role: &Role) -> Self {
        let feeds = feeds_of(role).into_iter().map(|feed| (feed, vec![])).collect();
        let journal = Journal::new(key);
        Self {
            journal,
            acknowledged: 0,
            epoch: None,
            feeds,
            strays: BTreeMap::new(),
            limits: Limits::default(),
        }
    }

    fn id(&self) -> DeviceId {
        self.journal.device()
    }

    fn cursors(&self) -> Vec<Cursor> {
        let sum = |items: &[[u8; 32]]| items.iter().fold(RunningSum::ZERO, |sum, hash| sum.with(hash));
        let cursor = |(feed, items): (&Feed, &Vec<[u8; 32]>)| Cursor {
            feed: feed.clone(),
            position: items.len() as u64,
            sum: sum(items),
        };
        self.feeds.iter().map(cursor).collect()
    }

    fn session(&self) -> Session {
        Session::new(Start {
            device: self.id(),
            epoch: self.epoch,
            cursors: self.cursors(),
            acknowledged: self.acknowledged,
            admissions: Vec::new(),
            grants: vec![],
            fence: None,
            want_own: false,
            strays: false,
            limits: self.limits,
        })
    }

    /// The sealed entries after one, as many as fit.
    fn give(&self, session: &mut Session, after_sequence: u64, budget_bytes: usize) {
        let mut entries = self.journal.wire(self.id(), after_sequence);
        let all = entries.len();
        let mut sum = 0;
        let fits = |raw: usize| {
            sum += raw;
            sum <= budget_bytes
        };
        let n = entries.iter().map(|e| e.raw_bytes()).map(fits).take_while(|fits| *fits).count();
        entries.truncate(if budget_bytes == 0 { 0 } else { n.max(1) });
        let more = budget_bytes > 0 && entries.len() < all;
        session.entries(entries, more, None).unwrap();
    }

    /// Opens and stores what came.
    fn store(&mut self, world: &World, received: &Received) {
        self.epoch = Some(received.epoch);
        self.acknowledged = received.accepted_to;
        for part in &received.feeds {
            let mut chain = Chain::new(self.journal.device());
            for item in &part.items {
                let hashes: Vec<[u8; 32]> = match item {
                    FeedItem::Grant(grant) => vec![grant.hash()],
                    FeedItem::Admission(admission) => vec![admission.hash()],
                    FeedItem::Arrival(arrival) => vec![arrival.hash()],
                    FeedItem::Own { sequence, runs, .. } => {
                        let (_, changes) = &self.journal.entries[*sequence as usize - 1];
                        let of = |run: &guicang_sync::message::Run| {
                            let at = run.first as usize;
                            changes[at..at + run.count as usize]
                                .iter()
                                .map(|c| c.hash().0)
                                .collect::<Vec<_>>()
                        };
                        runs.iter().flat_map(of).collect()
                    }
                    FeedItem::Entry(entry) => {
                        let opened = entry.clone().open(&mut chain, keys_of(&world.book)).unwrap();
                        assert!(opened.stamp.unwrap().counts(&world.book));
                        opened.changes.iter().map(|c| c.hash.0).collect()
                    }
                };
                if let Some(strays) = self.strays.get_mut(&part.feed) {
                    strays.retain(|hash| !hashes.contains(hash));
                }
                self.feeds.get_mut(&part.feed).unwrap().extend(hashes);
            }
        }
    }

    /// What a replica does; but it brings nobody else's entries.
    fn reconcile(&mut self, ask: Ask) -> Told {
        let sum = |items: &[[u8; 32]]| items.iter().fold(RunningSum::ZERO, |sum, hash| sum.with(hash));
        match ask {
            Ask::Sums(feeds) => {
                let one = |(feed, positions): (Feed, Vec<u64>)| {
                    let items = &self.feeds[&feed];
                    let point = |position: u64| Point { position, sum: sum(&items[..position as usize]) };
                    Probe { points: positions.into_iter().map(point).collect(), feed }
                };
                Told::Sums(feeds.into_iter().map(one).collect())
            }
            Ask::SetBack(feeds) => {
                let mut back = vec![];
                for (feed, to) in feeds {
                    let gone = self.feeds.get_mut(&feed).unwrap().split_off(to as usize);
                    let strays = self.strays.entry(feed.clone()).or_default();
                    strays.extend(gone);
                    let cursor = self.cursors().into_iter().find(|c| c.feed == feed).unwrap();
                    back.push((cursor, self.strays[&feed].len() as u64));
                }
                Told::SetBack(back)
            }
            Ask::Strays => {
                let feeds = self.strays.iter().map(|(feed, items)| (feed.clone(), items.len() as u64));
                Told::Strays { feeds: feeds.collect(), authors: vec![], unsure: 0 }
            }
            Ask::Offer { .. } => {
                Told::Offer { entries: vec![].into(), grants: vec![], arrivals: vec![], next: None }
            }
            Ask::Checks { .. } | Ask::Names { .. } | Ask::Take { .. } | Ask::Settle { .. } => {
                unreachable!("so few items all come again")
            }
        }
    }

    /// One session over a line that carries everything.
    fn sync(&mut self, world: &World, relay: &mut MemoryRelay) -> Summary {
        self.sync_over(world, relay, &mut || Line::Carries).expect("nothing was lost")
    }

    /// One session; `None` when the line lost too much and the device gave up.
    fn sync_over(
        &mut self,
        world: &World,
        relay: &mut MemoryRelay,
        line: &mut dyn FnMut() -> Line,
    ) -> Option<Summary> {
        let mut session = self.session();
        let mut lost = 0;
        for _ in 0..10_000 {
            match session.step() {
                Step::Entries { after_sequence, budget_bytes } => {
                    self.give(&mut session, after_sequence, budget_bytes);
                }
                Step::Send(body) => {
                    let fate = line();
                    let answer =
                        (fate != Line::LosesRequest).then(|| relay.sync(world, self.id(), &body, NOON));
                    match answer.filter(|_| fate == Line::Carries) {
                        Some(answer) => session.answer(&answer).unwrap(),
                        None if lost == 3 => return None,
                        None => {
                            lost += 1;
                            session.failed();
                        }
                    }
                }
                Step::Store(received) => {
                    self.store(world, &received);
                    session.stored(self.cursors()).unwrap();
                }
                Step::Reconcile(ask) => session.reconciled(self.reconcile(ask)).unwrap(),
                Step::Done(summary) => return Some(summary),
            }
        }
        panic!("a session without an end");
    }

    /// A return begun and edited, sealed in an entry.
    fn works(&mut self, n: u8, at: &str) -> ChangeHash {
        let actor = format!("{}-{n}", self.id());
        let begun = Made::new(document(&self.journal.key, n), &[at], first(&actor).bytes());
        let edited = Made::new(begun.document, &[], on(&[begun.hash()], &actor, 2, 4).bytes());
        let last = edited.hash();
        self.journal.seal(vec![begun, edited]);
        last
    }
}

fn fleet(world: &World) -> (Device, Device, Device) {
    (
        Device::new(&world.alice, &Role::Site(site("S01"))),
        Device::new(&world.bob, &Role::Site(site("S02"))),
        Device::new(&world.hq, &Role::Hq),
    )
}

#[test]
fn what_alice_did_offline_reaches_hq_and_not_bob() {
    let world = World::new();
    let mut relay = MemoryRelay::new(&world);
    let (mut alice, mut bob, mut hq) = fleet(&world);
    alice.works(1, "S01");
    alice.works(2, "S01");

    let sent = alice.sync(&world, &mut relay);
    assert_eq!((sent.sent_entries, sent.sent_changes, sent.round_trips), (2, 4, 1));
    assert_eq!((sent.refused, sent.set_apart, sent.fetched_changes), (0, 0, 0));
    assert!(sent.proven);
    let fetched = hq.sync(&world, &mut relay);
    assert_eq!((fetched.fetched_changes, fetched.fetched_grants), (4, 5));
    assert!(fetched.proven);
    let nothing = bob.sync(&world, &mut relay);
    assert_eq!((nothing.fetched_changes, nothing.fetched_grants), (0, 5));
    assert!(nothing.proven);
    assert_eq!(hq.cursors()[0].position, relay.feed(&Feed::Log).0);
}

/// Nothing new costs one round trip and at most 400 bytes, whatever the history.
#[test]
fn nothing_new_costs_one_small_round_trip() {
    let world = World::new();
    let mut relay = MemoryRelay::new(&world);
    let (mut alice, _, mut hq) = fleet(&world);
    for n in 0..200 {
        alice.works(n, "S01");
    }
    for device in [&mut alice, &mut hq] {
        device.sync(&world, &mut relay);
        let idle = device.sync(&world, &mut relay);
        assert_eq!((idle.round_trips, idle.sent_entries, idle.fetched_changes), (1, 0, 0));
        assert!(idle.proven);
        let both_ways = idle.bytes_sent + idle.bytes_received;
        assert!(both_ways <= 400, "{both_ways} bytes");
    }
}

/// One event of one return, alone, of 200 bytes: at most 700 bytes both ways, entry and stamp included.
#[test]
fn one_event_alone_is_small() {
    let world = World::new();
    let mut relay = MemoryRelay::new(&world);
    let (mut alice, ..) = fleet(&world);
    let last = alice.works(1, "S01");
    alice.sync(&world, &mut relay);
    // Not compressible: what is measured is what we add.
    let content =
        (0..80u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[..1].to_vec()).collect();
    let event = Body { content, ..on(&[last], &format!("{}-1", alice.id()), 3, 5) }.bytes();
    assert!((195..=215).contains(&event.len()), "{}", event.len());
    alice.journal.seal(vec![Made::new(document(&world.alice, 1), &[], event)]);
    let one = alice.sync(&world, &mut relay);
    assert_eq!((one.sent_changes, one.round_trips), (1, 1));
    let both_ways = one.bytes_sent + one.bytes_received;
    assert!(both_ways <= 700, "{both_ways} bytes");
}

#[test]
fn a_long_absence_takes_several_requests() {
    let world = World::new();
    let mut relay = MemoryRelay::new(&world);
    let (mut alice, _, mut hq) = fleet(&world);
    for n in 0..40 {
        let actor = format!("a{n}");
        let content = vec![n; ENTRY_RAW_BYTES / 2];
        let made = Made::new(document(&world.alice, n), &["S01"], Body { content, ..first(&actor) }.bytes());
        alice.journal.seal(vec![made]);
    }
    alice.limits.request_bytes = 256 * 1024;
    let sent = alice.sync(&world, &mut relay);
    assert_eq!(sent.sent_changes, 40);
    assert!(sent.round_trips > 4, "{}", sent.round_trips);
    assert!(sent.proven);
    hq.limits.answer_bytes = 100_000;
    let fetched = hq.sync(&world, &mut relay);
    assert_eq!(fetched.fetched_changes, 40);
    assert!(fetched.round_trips > 12, "{}", fetched.round_trips);
    assert!(fetched.proven);
}

/// An answer has room for one feed only: the others come with the next.
#[test]
fn no_feed_starves() {
    let world = World::new();
    let mut relay = MemoryRelay::new(&world);
    let (mut alice, ..) = fleet(&world);
    alice.works(1, "S01");
    alice.sync(&world, &mut relay);
    let mut carol = Device::new(&world.carol, &Role::Site(site("S01")));
    carol.limits.answer_bytes = 1;
    let fetched = carol.sync(&world, &mut relay);
    assert_eq!((fetched.fetched_changes, fetched.fetched_grants), (2, 5));
    assert!(fetched.proven);
}

#[test]
fn a_refused_change_is_named_and_blocks_nothing() {
    let world = World::new();
    let mut relay = MemoryRelay::new(&world);
    let (mut alice, ..) = fleet(&world);
    let foreign = Made::new(document(&world.bob, 9), &["S01"], first("x").bytes());
    alice.journal.seal(vec![foreign]);
    alice.works(1, "S01");
    let sent = alice.sync(&world, &mut relay);
    assert_eq!((sent.sent_entries, sent.sent_changes, sent.refused), (2, 3, 1));
    assert!(sent.proven);
    assert_eq!(sent.blocked, None);
}

/// Alice's file was copied; the copy syncs first. Alice can't push any more, and says so; she still
/// gets what others did.
#[test]
fn a_clone_is_named_and_still_fetches() {
    let world = World::new();
    let mut relay = MemoryRelay::new(&world);
    let (mut alice, ..) = fleet(&world);
    let (mut copy, ..) = fleet(&world);
    copy.works(1, "S01");
    copy.sync(&world, &mut relay);
    alice.works(2, "S01");
    let mut carol = Device::new(&world.carol, &Role::Site(site("S01")));
    carol.works(1, "S01");
    carol.sync(&world, &mut relay);

    // Alice never pulled what her copy did, so its entry isn't hers to look up.
    let mut session = alice.session();
    let Step::Entries { after_sequence, budget_bytes } = session.step() else { panic!() };
    alice.give(&mut session, after_sequence, budget_bytes);
    let Step::Send(body) = session.step() else { panic!() };
    session.answer(&relay.sync(&world, alice.id(), &body, NOON)).unwrap();
    let Step::Store(received) = session.step() else { panic!() };
    assert_ne!(received.journal.unwrap().hash, alice.journal.head.hash);
    let others = received.feeds.iter().flat_map(|f| &f.items).filter(|i| matches!(i, FeedItem::Entry(_)));
    assert_eq!(others.count(), 1, "carol's");
    session.stored(vec![]).unwrap();
    let Step::Done(summary) = session.step() else { panic!() };
    assert_eq!(summary.sent_entries, 1, "number 1 is held, though another's");
    let Some(Blocked::Refused(outcome)) = summary.blocked else { panic!("{:?}", summary.blocked) };
    assert_eq!((outcome.kind, outcome.rule), (OutcomeKind::Refused, Rule::Fork));
    assert!(!summary.proven);
}

/// The relay's disk is lost. Alice fills it again without being told, in the same session; only then
/// do the sums agree again.
#[test]
fn a_relay_that_lost_everything_is_filled_again() {
    let world = World::new();
    let mut relay = MemoryRelay::new(&world);
    let (mut alice, ..) = fleet(&world);
    for n in 0..5 {
        alice.works(n, "S01");
    }
    alice.sync(&world, &mut relay);
    let before = relay.feed(&Feed::Site(site("S01")));
    let mut anew = MemoryRelay::new(&world);
    anew.epoch = Epoch([2; 16]);
    let session = alice.sync(&world, &mut anew);
    assert_eq!(session.sent_entries, 5);
    assert!(session.epoch_changed);
    assert_eq!(session.round_trips, 2);
    assert!(session.proven);
    assert_eq!(anew.feed(&Feed::Site(site("S01"))), before);
}

/// The sums are compared with what is on disk: a change that got lost there comes again, and what stands there
/// in its place is nothing that the relay has. That is not 'proven'.
#[test]
fn a_change_lost_on_disk_is_not_proven() {
    let world = World::new();
    let mut relay = MemoryRelay::new(&world);
    let (mut alice, _, mut hq) = fleet(&world);
    alice.works(1, "S01");
    alice.sync(&world, &mut relay);
    assert!(hq.sync(&world, &mut relay).proven);
    *hq.feeds.get_mut(&Feed::Log).unwrap().last_mut().unwrap() = [0; 32];
    let session = hq.sync(&world, &mut relay);
    assert!(!session.proven);
    assert_eq!((session.feeds[0].agreed, session.feeds[0].strays), (true, 1));
    assert_eq!(session.fetched_changes, 1);
}

#[test]
fn after_each_failure_half_as_much_is_asked_for_down_to_one_entry() {
    let world = World::new();
    let (alice, ..) = fleet(&world);
    let mut session = alice.session();
    let mut budgets = vec![];
    for _ in 0..22 {
        let Step::Entries { budget_bytes, .. } = session.step() else { panic!() };
        budgets.push(budget_bytes);
        session.entries(vec![], false, None).unwrap();
        assert!(matches!(session.step(), Step::Send(_)));
        session.failed();
    }
    assert_eq!(budgets[..3], [1280 * 1024, 640 * 1024, 320 * 1024]);
    assert_eq!(budgets[21], 1);
}

/// An answer to another request, as a confused proxy may give, is no answer.
#[test]
fn an_answer_to_another_request_is_refused() {
    let world = World::new();
    let mut relay = MemoryRelay::new(&world);
    let (mut alice, ..) = fleet(&world);
    let ask = |device: &Device| {
        let mut session = device.session();
        session.entries(vec![], false, Some(Report::default())).unwrap();
        let Step::Send(body) = session.step() else { panic!() };
        (session, body)
    };
    let (_, first_request) = ask(&alice);
    let first_answer = relay.sync(&world, alice.id(), &first_request, NOON);
    alice.sync(&world, &mut relay);
    let (mut session, _) = ask(&alice);
    assert!(matches!(session.answer(&first_answer), Err(SessionError::Stale { .. })));
    assert!(matches!(
        session.answer(b"<html>Please sign in to the Wi-Fi</html>"),
        Err(SessionError::Codec(_))
    ));
    session.failed();
    assert!(matches!(session.step(), Step::Entries { .. }), "and the session goes on");
}

#[test]
fn a_call_out_of_turn_is_named() {
    let world = World::new();
    let (alice, ..) = fleet(&world);
    let mut session = alice.session();
    assert_eq!(session.answer(&[]), Err(SessionError::OutOfTurn { what: "an answer" }));
    assert_eq!(session.stored(vec![]), Err(SessionError::OutOfTurn { what: "cursors" }));
    session.entries(vec![], false, None).unwrap();
    assert_eq!(session.entries(vec![], false, None), Err(SessionError::OutOfTurn { what: "entries" }));
}

/// A relay that asks for patience ends the session, and the caller hears how long to wait.
#[test]
fn a_busy_relay_ends_the_session() {
    let world = World::new();
    let mut relay = MemoryRelay::new(&world);
    let (mut alice, ..) = fleet(&world);
    alice.works(1, "S01");
    let mut session = alice.session();
    alice.give(&mut session, 0, 1);
    let Step::Send(body) = session.step() else { panic!() };
    let answer = relay.sync(&world, alice.id(), &body, NOON);
    let mut answer: SyncAnswer = codec::decode(&answer, codec::DECODED_LIMIT_BYTES).unwrap();
    answer.retry_after_ms = Some(7_000);
    for feed in &mut answer.feeds {
        feed.head = Some(1_000);
    }
    session.answer(&codec::encode(&answer)).unwrap();
    let Step::Store(received) = session.step() else { panic!() };
    alice.store(&world, &received);
    session.stored(alice.cursors()).unwrap();
    let Step::Done(summary) = session.step() else { panic!() };
    assert_eq!(summary.retry_after_ms, Some(7_000));
}

/// A device that has brought as much as it may for now holds the rest back, and still fetches all that
/// it lacks, in that session and the next ones; nothing is blocked or refused, and later it goes on.
#[test]
fn a_device_over_its_quota_goes_on_fetching() {
    let world = World::new();
    let mut relay = MemoryRelay::new(&world);
    let (mut alice, ..) = fleet(&world);
    let mut carol = Device::new(&world.carol, &Role::Site(site("S01")));
    for n in 0..20 {
        carol.works(n, "S01");
    }
    carol.sync(&world, &mut relay);
    alice.works(3, "S01");

    let mut session = alice.session();
    let (mut asked, mut fetched) = (0, 0);
    let summary = loop {
        match session.step() {
            Step::Entries { after_sequence, budget_bytes } => {
                asked += 1;
                assert_eq!(budget_bytes == 0, asked > 1, "nothing more is offered once it is over");
                if budget_bytes > 0 {
                    alice.give(&mut session, after_sequence, 1);
                } else {
                    session.entries(vec![], false, None).unwrap();
                }
            }
            Step::Send(body) => {
                // The relay takes none of it, and answers no more than a few items at once.
                let mut request = codec::decode_request(&body, codec::DECODED_LIMIT_BYTES).unwrap();
                let over = !std::mem::take(&mut request.entries).is_empty();
                request.answer_limit_bytes = 2_000;
                let answer = relay.sync(&world, alice.id(), &codec::encode(&request), NOON);
                let mut answer: SyncAnswer = codec::decode(&answer, codec::DECODED_LIMIT_BYTES).unwrap();
                answer.push_after_ms = over.then_some(60_000);
                session.answer(&codec::encode(&answer)).unwrap();
            }
            Step::Store(received) => {
                fetched += 1;
                alice.store(&world, &received);
                session.stored(alice.cursors()).unwrap();
            }
            Step::Reconcile(ask) => panic!("{ask:?}"),
            Step::Done(summary) => break summary,
        }
    };
    assert_eq!((summary.push_after_ms, &summary.blocked, summary.refused), (Some(60_000), &None, 0));
    assert!(summary.proven && fetched > 1, "{fetched} answers");
    assert_eq!((summary.fetched_changes, summary.sent_entries), (40, 0));

    let mut session = alice.session();
    session.hold_back();
    let Step::Entries { budget_bytes: 0, .. } = session.step() else { panic!() };

    let summary = alice.sync(&world, &mut relay);
    assert!(summary.proven && summary.push_after_ms.is_none());
    assert_eq!(summary.sent_changes, 2);
}

#[derive(Debug, Clone)]
enum Act {
    Work(usize),
    Edit(usize, usize),
    Sync(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0usize..4).prop_map(Act::Work),
        2 => (0usize..4, 0usize..8).prop_map(|(who, which)| Act::Edit(who, which)),
        4 => (0usize..4).prop_map(Act::Sync),
    ]
}

fn line() -> impl Strategy<Value = Vec<Line>> {
    let fate =
        prop_oneof![3 => Just(Line::Carries), 1 => Just(Line::LosesRequest), 1 => Just(Line::LosesAnswer)];
    prop::collection::vec(fate, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is done where, and whatever the line loses on the way: once it is calm, every device
    /// holds just what its feeds have, proven, and each change is in the log once.
    #[test]
    fn all_converge_whatever_is_lost(
        acts in prop::collection::vec(act(), 1..40),
        fates in line(),
        answer_bytes in 1u32..20_000,
        request_bytes in 1usize..2_000,
    ) {
        let world = World::new();
        let mut relay = MemoryRelay::new(&world);
        let (alice, bob, hq) = fleet(&world);
        let carol = Device::new(&world.carol, &Role::Site(site("S01")));
        let mut devices = [alice, bob, carol, hq];
        for device in &mut devices {
            device.limits = Limits { request_bytes, answer_bytes, ..Limits::default() };
        }
        let sites = ["S01", "S02", "S01", "S02"];
        let mut fates = fates.iter().cycle().copied();
        let mut made: Vec<Vec<(u8, ChangeHash, u64)>> = vec![vec![]; 4];
        for (i, act) in acts.iter().enumerate() {
            match act {
                Act::Work(who) => {
                    let last = devices[*who].works(i as u8, sites[*who]);
                    made[*who].push((i as u8, last, 4));
                }
                Act::Edit(who, which) => {
                    let device = &mut devices[*who];
                    let Some((n, last, op)) = made[*who].get(*which).copied() else { continue };
                    let document = document(&device.journal.key, n);
                    // S01's documents come to concern S02, too.
                    let edit = on(&[last], &format!("{}-{n}", device.id()), op - 1, op + 1);
                    let edit = Made::new(document, &["S02"], edit.bytes());
                    made[*who][*which] = (n, edit.hash(), op + 1);
                    device.journal.seal(vec![edit]);
                }
                Act::Sync(who) => {
                    devices[*who].sync_over(&world, &mut relay, &mut || fates.next().unwrap());
                }
            }
        }
        for _ in 0..2 {
            for device in &mut devices {
                let calm = device.sync(&world, &mut relay);
                prop_assert!(calm.proven);
                prop_assert_eq!(calm.blocked, None);
                prop_assert_eq!((calm.refused, calm.set_apart), (0, 0));
            }
        }
        for device in &devices {
            for cursor in device.cursors() {
                prop_assert_eq!(relay.feed(&cursor.feed), (cursor.position, cursor.sum));
            }
            prop_assert_eq!(device.acknowledged, device.journal.head.sequence);
        }
        let changes: usize =
            devices.iter().flat_map(|d| &d.journal.entries).map(|(_, changes)| changes.len()).sum();
        prop_assert_eq!(relay.feed(&Feed::Log).0, 5 + changes as u64);
        let mut log = devices[3].feeds[&Feed::Log].clone();
        log.sort();
        log.dedup();
        prop_assert_eq!(log.len(), 5 + changes);
    }
}

/// A request's own fields arrive as they were given.
#[test]
fn the_report_travels() {
    let world = World::new();
    let (alice, ..) = fleet(&world);
    let mut session = alice.session();
    let report = Report { unsent_changes: 3, oldest_unsent: Some(Moment(5)), ..Report::default() };
    session.entries(vec![], false, Some(report.clone())).unwrap();
    let Step::Send(body) = session.step() else { panic!() };
    let request: SyncRequest = codec::decode_request(&body, codec::DECODED_LIMIT_BYTES).unwrap();
    assert_eq!(request.report, Some(report));
    assert_eq!(request.cursors, alice.cursors());
}
