//! What is not written because it follows from the rest: it is read as if it stood there, whatever
//! else comes to stand beside it.

use automerge::hydrate::Value;
use automerge::{Automerge, ROOT, ReadDoc};
use guicang_documents::{Events, Replayed, create};
use guicang_domain::document::Document;
use guicang_domain::event::{Event, Proof};
use guicang_domain::ids::{ChangeHash, RefundNumber, Tender};
use guicang_domain::returns::{Return, ReturnEvent};

use crate::fixtures::*;

fn by(user: &str, event: Event<ReturnEvent>) -> Event<ReturnEvent> {
    Event { user: user.parse().unwrap(), ..event }
}

fn events_of(document: &Replayed) -> Vec<Event<ReturnEvent>> {
    let reading = read(document);
    assert_eq!(reading.problems, []);
    let Some(Document::Return(read)) = reading.document else { panic!("a return") };
    read.events
}

/// The maps of a change's events as they stand, by key: the names of their fields.
fn written(document: &[u8]) -> Vec<(String, Vec<String>)> {
    let doc = Automerge::load(document).unwrap();
    let (_, events) = doc.get(ROOT, "events").unwrap().unwrap();
    let Value::Map(map) = ReadDoc::hydrate(&doc, &events, None).unwrap() else { panic!("a map") };
    let fields = |value: &Value| {
        let Value::Map(event) = value else { panic!("a map") };
        let mut names: Vec<String> = event.iter().map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    };
    let mut all: Vec<_> = map.iter().map(|(key, found)| (key.clone(), fields(&found.value))).collect();
    all.sort();
    all
}

/// Of the events of one command, made within a millisecond by one person, each but the first is a type
/// and a payload, and its key is the same in every return.
#[test]
fn a_commands_later_events_say_only_what_is_theirs() {
    let tender = Tender::cash();
    let refund = RefundNumber::of(document_id(), &tender, 0);
    let amount = guicang_domain::money::Amount(765);
    let bodies = [
        ReturnEvent::Requested,
        ReturnEvent::Paid { refund, tender, amount, reference: None, by_hand: true },
        ReturnEvent::Closed,
    ];
    let events = bodies.into_iter().zip(0..).map(|(body, n)| {
        let mut event = event(1, body);
        event.id.recorded.0 += n;
        event
    });
    let document = Return { events: events.collect(), ..small_return() };
    let change = create(&Document::Return(document.clone()), &branch(1), NOW);
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let expected = [
        ("S01A-0".to_owned(), names(&["policy", "seen", "type", "user"])),
        ("S01A-1".to_owned(), names(&["amount", "by_hand", "tender", "type"])),
        ("S01A-2".to_owned(), names(&["type"])),
    ];
    assert_eq!(written(&change.bytes), expected);
    assert_eq!(events_of(&Replayed::new(&[&change.bytes]).unwrap()), document.events);
}

/// What an event leaves out is what the one before it *in its change* says: HQ's event, which comes to
/// stand between the two, is nobody's to follow.
#[test]
fn an_event_that_comes_between_changes_nothing() {
    let first = create(&Document::Return(small_return()), &branch(1), NOW);
    let base = Replayed::new(&[&first.bytes]).unwrap();
    let ours = [by("wang", event(5, ReturnEvent::Cancelled)), by("wang", event(9, ReturnEvent::Closed))];
    let theirs = [by("chen", hq_event(7, ReturnEvent::Imported))];
    let here = base.clone().append_events(&branch(2), NOW, &Events::Return(&ours)).unwrap();
    let there = base.clone().append_events(&hq(), NOW, &Events::Return(&theirs)).unwrap();
    let both = Replayed::new(&[&first.bytes, &here.bytes, &there.bytes]).unwrap();
    let users: Vec<String> = events_of(&both).iter().map(|e| e.user.to_string()).collect();
    assert_eq!(users, ["li", "wang", "chen", "wang"]);
}

/// A clone of the till wrote an event under the key of one of ours, and the relay stamped it first: it
/// stands, and hides ours. Our next event, which left out what the hidden one says, still says that.
#[test]
fn a_hidden_event_still_speaks_for_the_next() {
    let first = create(&Document::Return(small_return()), &branch(1), NOW);
    let base = Replayed::new(&[&first.bytes]).unwrap();
    let ours = [by("wang", event(5, ReturnEvent::Cancelled)), by("wang", event(9, ReturnEvent::Closed))];
    let clones = [by("chen", event(5, ReturnEvent::Imported))];
    let here = base.clone().append_events(&branch(2), NOW, &Events::Return(&ours)).unwrap();
    let there = base.clone().append_events(&branch(3), NOW, &Events::Return(&clones)).unwrap();
    let both = Replayed::new(&[&first.bytes, &here.bytes, &there.bytes]).unwrap();
    let prove = |hash: &ChangeHash| {
        let late = if *hash == there.header.hash { 1000 } else { 2000 };
        Some(Proof { stamped: Some(NOW.plus_ms(late)), ..proof() })
    };
    let Some(Document::Return(read)) = read_with(&both, &prove).document else { panic!("a return") };
    let users: Vec<String> = read.events.iter().map(|e| e.user.to_string()).collect();
    assert_eq!(users, ["li", "chen", "wang"]);
}

/// Two refused changes are written again as one, in which other events stand before each other: every
/// event says there what it said before.
#[test]
fn an_event_that_is_written_again_says_what_it_left_out() {
    let first = create(&Document::Return(small_return()), &branch(1), NOW);
    let mut local = Replayed::new(&[&first.bytes]).unwrap();
    let two = [by("wang", event(4, ReturnEvent::Imported)), by("wang", event(8, ReturnEvent::Closed))];
    let mut one = by("chen", event(6, ReturnEvent::Cancelled));
    one.policy = String::new();
    let second = local.append_events(&branch(2), NOW, &Events::Return(&two)).unwrap();
    let third = local.append_events(&branch(2), NOW, &Events::Return(&[one])).unwrap();
    let expected = events_of(&local);
    let refused = [second.header.hash, third.header.hash];
    let mut accepted = Replayed::new(&[&first.bytes]).unwrap();
    accepted.reissue(&branch(3), NOW, &local, &refused).unwrap().unwrap();
    assert_eq!(events_of(&accepted), expected);

    let all = [first.header.hash, refused[0], refused[1]];
    let mut anew = Replayed::empty();
    anew.reissue(&branch(4), NOW, &local, &all).unwrap().unwrap();
    assert_eq!(events_of(&anew), expected);
}
