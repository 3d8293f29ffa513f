//! Two devices add to a document while apart.

use guicang_documents::{Events, NewChange, ReplayError, Replayed, WriteError, create};
use guicang_domain::document::Document;
use guicang_domain::event::{Event, Proof};
use guicang_domain::ids::ChangeHash;
use guicang_domain::returns::ReturnEvent;
use guicang_domain::sale::SaleEvent;
use proptest::prelude::*;

use crate::fixtures::*;

fn begun() -> NewChange {
    create(&Document::Return(small_return()), &branch(1), NOW)
}

fn approved() -> ReturnEvent {
    ReturnEvent::Approved { by: None, grounds: vec![] }
}

fn events_of(document: &Replayed) -> Vec<Event<ReturnEvent>> {
    match read(document).document {
        Some(Document::Return(document)) => document.events,
        other => panic!("{other:?}"),
    }
}

/// A decision here and another there both survive, in the same order whoever merges.
#[test]
fn decisions_made_apart_are_both_kept() {
    let first = begun();
    let mut here = Replayed::new(&[&first.bytes]).unwrap();
    let mut there = here.clone();
    let no = ReturnEvent::Rejected { by: None, grounds: vec!["out_of_window".into()] };
    let yes = here.append_events(&branch(2), NOW, &Events::Return(&[event(5, approved())])).unwrap();
    let no = there.append_events(&hq(), NOW, &Events::Return(&[hq_event(4, no)])).unwrap();
    here.check(&no.bytes, &by_hq()).unwrap();
    here.apply(&no.bytes).unwrap();
    there.check(&yes.bytes, &by_branch()).unwrap();
    there.apply(&yes.bytes).unwrap();
    assert_eq!(read(&here), read(&there));
    let order: Vec<String> = events_of(&here).iter().map(|e| e.id.to_string()).collect();
    assert_eq!(order, [("S01A", 1), ("HQ1", 4), ("S01A", 5)].map(|(c, ms)| event_id(c, ms).to_string()));
}

/// An event's proof is that of the change that made it, not of the document's newest.
#[test]
fn each_event_is_proven_by_its_own_change() {
    let first = begun();
    let mut document = Replayed::new(&[&first.bytes]).unwrap();
    let paid = hq_event(5, return_bodies().remove(7));
    let second = document.append_events(&hq(), NOW, &Events::Return(&[paid])).unwrap();
    let prove = |hash: &ChangeHash| match *hash {
        hash if hash == first.header.hash => Some(proof()),
        hash if hash == second.header.hash => Some(Proof { device: HQ, hq: true, stamped: None }),
        _ => None,
    };
    let Some(Document::Return(document)) = read_with(&document, &prove).document else { panic!() };
    let authors: Vec<_> = document.events.iter().map(|e| (e.proof.device, e.is_acknowledged())).collect();
    assert_eq!(authors, [(BRANCH, true), (HQ, false)]);
}

#[test]
fn an_event_is_written_once() {
    let mut document = Replayed::new(&[&begun().bytes]).unwrap();
    let before = document.heads();
    let again = document.append_events(&branch(2), NOW, &Events::Return(&[event(1, approved())]));
    assert_eq!(again, Err(WriteError::EventExists { event: event_id("S01A", 1) }));
    let twice = [event(2, approved()), event(2, ReturnEvent::Closed)];
    let twice = document.append_events(&branch(2), NOW, &Events::Return(&twice));
    assert_eq!(twice, Err(WriteError::EventExists { event: event_id("S01A", 2) }));
    assert_eq!(document.heads(), before);
}

#[test]
fn a_returns_document_takes_no_events_of_sales() {
    let mut document = Replayed::new(&[&begun().bytes]).unwrap();
    let wrong = document.append_events(&branch(1), NOW, &Events::Sales(&[event(2, SaleEvent::Recorded)]));
    assert_eq!(wrong, Err(WriteError::WrongKind { found: "return".into(), wanted: "sale_batch".into() }));
}

#[test]
fn a_change_without_what_it_was_made_upon_makes_no_document() {
    let first = begun();
    let mut document = Replayed::new(&[&first.bytes]).unwrap();
    let second = document.append_events(&branch(1), NOW, &Events::Return(&[event(2, approved())])).unwrap();
    let missing = ReplayError::MissingDependency { missing: vec![first.header.hash] };
    assert_eq!(Replayed::new(&[&second.bytes]).err(), Some(missing.clone()));
    assert_eq!(Replayed::empty().apply(&second.bytes), Err(missing));
}

/// A cloned device wrote two events under one id. The later doesn't hide the earlier: the one that
/// the relay stamped first stands, wherever it is read, and the reading says so.
#[test]
fn of_two_events_under_one_id_the_first_stamped_stands() {
    let first = begun();
    let base = Replayed::new(&[&first.bytes]).unwrap();
    for stamped_first in [0, 1] {
        let bodies = [approved(), ReturnEvent::Cancelled];
        let changes = bodies.clone().map(|body| {
            let actor = if body == ReturnEvent::Cancelled { 3 } else { 2 };
            base.clone().append_events(&branch(actor), NOW, &Events::Return(&[event(2, body)])).unwrap()
        });
        let hash = changes[stamped_first].header.hash;
        let prove = |h: &ChangeHash| {
            let ms = if *h == hash { 1000 } else { 2000 };
            Some(Proof { stamped: Some(NOW.plus_ms(ms)), ..proof() })
        };
        for order in [[0, 1], [1, 0]] {
            let mut document = base.clone();
            for n in order {
                document.check(&changes[n].bytes, &by_branch()).unwrap();
                document.apply(&changes[n].bytes).unwrap();
            }
            let reading = read_with(&document, &prove);
            assert_eq!(reading.problems.len(), 1, "{:?}", reading.problems);
            let Some(Document::Return(document)) = reading.document else { panic!() };
            assert_eq!(document.events[1].body, bodies[stamped_first]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever order the changes of two writers come in, checked and applied one by one or all at
    /// once, the reading is the same.
    #[test]
    fn the_order_of_arrival_does_not_matter(
        turns in proptest::collection::vec((any::<bool>(), any::<bool>()), 1..7),
        keys in proptest::collection::vec(any::<u32>(), 8),
    ) {
        let first = begun();
        let mut ends = [Replayed::new(&[&first.bytes]).unwrap(), Replayed::new(&[&first.bytes]).unwrap()];
        let mut changes = vec![(first, by_branch())];
        for (n, (hq_writes, meets)) in turns.into_iter().enumerate() {
            let ms = 10 + n as i64;
            let (event, writer) =
                if hq_writes { (hq_event(ms, approved()), hq()) } else { (event(ms, approved()), branch(2)) };
            let change = ends[usize::from(hq_writes)].append_events(&writer, NOW, &Events::Return(&[event])).unwrap();
            changes.push((change, if hq_writes { by_hq() } else { by_branch() }));
            if meets {
                for end in &mut ends {
                    changes.iter().for_each(|(change, _)| end.apply(&change.bytes).unwrap());
                }
            }
        }
        let bytes: Vec<&[u8]> = changes.iter().map(|(change, _)| change.bytes.as_slice()).collect();
        let expected = read(&Replayed::new(&bytes).unwrap());
        prop_assert_eq!(&expected.problems, &vec![]);

        // Any order in which nothing comes before what it was made upon.
        let mut document = Replayed::empty();
        let mut left: Vec<_> = changes.iter().zip(keys.iter().cycle()).collect();
        left.sort_by_key(|(_, key)| **key);
        while !left.is_empty() {
            let ready = left.iter().position(|((c, _), _)| c.header.deps.iter().all(|d| document.contains(d)));
            let ((change, envelope), _) = left.remove(ready.expect("some change is ready"));
            prop_assert_eq!(document.check(&change.bytes, envelope), Ok(change.header.clone()));
            document.apply(&change.bytes).unwrap();
        }
        prop_assert_eq!(read(&document), expected);
    }
}
