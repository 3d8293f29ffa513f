//! What is written is what is read.

use automerge::hydrate::Value;
use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{ActorId, Author, Automerge, ROOT, ReadDoc};
use guicang_documents::{Events, ReadError, ReadProblem, Replayed, Writer, create};
use guicang_domain::document::{Document, Kind};
use guicang_domain::event::Event;
use guicang_domain::ids::{CustomerId, LineId, PartId};
use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::{
    Disposition, Grade, InspectedPart, ReceivedPart, Return, ReturnEvent, ReturnLine,
};
use guicang_domain::time::{Occurred, Zone};
use proptest::prelude::*;

use crate::fixtures::*;

#[test]
fn every_kind_reads_back_as_it_was_written() {
    for (document, writer) in one_of_each() {
        let change = create(&document, &writer, NOW);
        assert_eq!(change.header.author, Some(writer.device));
        assert_eq!(change.header.actor, writer.actor);
        let tells_its_own = !matches!(
            document.kind(),
            Kind::Product | Kind::Site | Kind::Supplier | Kind::Settings | Kind::CountPlan
        );
        assert_eq!(change.header.timestamp, if tells_its_own { 0 } else { NOW.0 / 1000 });
        let replayed = Replayed::new(&[&change.bytes]).unwrap();
        assert_eq!(replayed.heads(), [change.header.hash]);
        let reading = read(&replayed);
        assert_eq!(reading.problems, []);
        assert_eq!(reading.kind, document.kind().as_str());
        assert_eq!(reading.head.site, document.head().site);
        assert!(!reading.newer);
        assert_eq!(reading.document, Some(document));
    }
}

/// Nobody is told who wrote an event by the event itself: without a proof there is no event.
#[test]
fn an_event_that_nobody_proves_is_left_out_and_named() {
    let change = create(&Document::Return(small_return()), &branch(1), NOW);
    let reading = read_with(&Replayed::new(&[&change.bytes]).unwrap(), &|_| None);
    let Some(Document::Return(document)) = reading.document else { panic!("{:?}", reading.problems) };
    assert_eq!(document.events, []);
    let event = event_id("S01A", 1).to_string();
    assert_eq!(reading.problems, [ReadProblem::Unproven { event, change: change.header.hash }]);
}

#[test]
fn a_document_of_no_changes_has_nothing_to_read() {
    let reading = Replayed::empty().read(document_id(), &stamped);
    assert_eq!(reading, Err(ReadError::Empty));
}

/// The change that Automerge makes of a transaction.
fn by_automerge(
    mut doc: Automerge,
    writer: &Writer,
    time: i64,
    work: impl FnOnce(&mut Transaction<'_>),
) -> Vec<u8> {
    doc.set_author(Some(Author::from(writer.device.0.to_vec())));
    doc.set_actor(ActorId::from(writer.actor));
    let mut tx = doc.transaction();
    work(&mut tx);
    tx.commit_with(CommitOptions::default().with_time(time));
    doc.get_last_local_change().unwrap().raw_bytes().to_vec()
}

fn line() -> impl Strategy<Value = ReturnLine> {
    let texts = proptest::collection::vec("[a-z0-9 件]{0,6}", 0..3);
    (
        any::<bool>(),
        prop_oneof![part_quantity(), 1i64..=1_000_000_000_000],
        proptest::option::of(any::<u32>()),
        texts,
        proptest::option::of(".{0,20}"),
    )
        .prop_map(|(full, quantity, group, serials, note)| {
            let line = if full { full_line() } else { plain_line() };
            ReturnLine { quantity: Quantity(quantity), group, serials, note, ..line }
        })
}

/// Names of parts, those that are left out where they follow from their place among them.
fn part() -> impl Strategy<Value = PartId> {
    proptest::sample::select(vec!["1", "2", "1.1", "1.2", "2.1", "2.2", "3.1", "1.2@S02A", "x"])
        .prop_map(|name| name.parse().unwrap())
}

/// That of the plain line's or the full one's, or another.
fn part_quantity() -> impl Strategy<Value = i64> {
    prop_oneof![Just(3000), Just(486), 1i64..5000]
}

fn received(parts: Vec<(PartId, PartId, i64)>) -> ReturnEvent {
    let part = |(part, line, quantity): (PartId, PartId, i64)| ReceivedPart {
        part,
        line: line.as_str().parse().unwrap(),
        quantity: Quantity(quantity),
        place: String::new(),
    };
    ReturnEvent::Received { parts: parts.into_iter().map(part).collect() }
}

fn inspected(parts: Vec<(PartId, PartId, i64)>) -> ReturnEvent {
    let part = |(part, of, quantity): (PartId, PartId, i64)| InspectedPart {
        part,
        of,
        quantity: Quantity(quantity),
        grade: Grade::A,
        disposition: Disposition::Restock,
        reason_found: None,
        missing: Vec::new(),
    };
    ReturnEvent::Inspected { parts: parts.into_iter().map(part).collect() }
}

fn body() -> impl Strategy<Value = ReturnEvent> {
    let bodies = return_bodies();
    prop_oneof![
        4 => proptest::sample::select(bodies),
        2 => proptest::collection::vec((part(), part(), part_quantity()), 0..4).prop_map(received),
        2 => proptest::collection::vec((part(), part(), part_quantity()), 0..4).prop_map(inspected),
        1 => ".{0,30}".prop_map(|note| ReturnEvent::NeedsInformation { note }),
        1 => (-1_000_000_000_000i64..=1_000_000_000_000).prop_map(|amount| match return_bodies().remove(9) {
            ReturnEvent::Paid { refund, tender, .. } => {
                ReturnEvent::Paid { refund, tender, amount: Amount(amount), reference: None, by_hand: false }
            }
            other => other,
        }),
    ]
}

/// Returns as no person would write them.
pub fn any_return() -> impl Strategy<Value = Return> {
    let zones = prop_oneof![Just(Zone::SHANGHAI), Just("Europe/London".parse::<Zone>().unwrap())];
    // Few enough of each that an event often says what the one before it says.
    let ms = prop_oneof![Just(0i64), Just(1), -9_000_000i64..9_000_000];
    let users = proptest::sample::select(vec!["li", "wang"]);
    let policies = proptest::sample::select(vec!["", "standard/1"]);
    let parts = (body(), ms.clone(), ms, zones, policies, users, any::<bool>());
    let events = proptest::collection::vec(parts, 0..8);
    let customers =
        prop_oneof![Just(None), Just(Some(CustomerId::of(document_id()))), Just(full_return().customer)];
    let lines = proptest::collection::vec(line(), 0..5);
    let contact = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40));
    let proof = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40));
    (any::<bool>(), lines, events, contact, customers, proof).prop_map(
        |(known, lines, events, contact, customer, proof)| {
            let mut events: Vec<Event<ReturnEvent>> = events
                .into_iter()
                .zip(0..)
                .map(|((body, at, seen, zone, policy, user, from_hq), n)| {
                    let event = if from_hq { hq_event(n, body) } else { event(n, body) };
                    let occurred = Occurred { at: event.occurred.at.plus_ms(at), zone };
                    let seen = event.seen.plus_ms(seen);
                    Event { policy: policy.into(), user: user.parse().unwrap(), occurred, seen, ..event }
                })
                .collect();
            events.sort_by_key(Event::rank);
            Return {
                receipt: known.then(receipt),
                proof,
                contact,
                customer,
                lines: lines.into_iter().zip(1..).map(|(line, n)| (LineId::nth(n), line)).collect(),
                events,
                ..full_return()
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any return that can be written is read as it was, its events in order of rank.
    #[test]
    fn any_return_reads_back_as_it_was_written(document in any_return()) {
        let document = Document::Return(document);
        let change = create(&document, &branch(1), NOW);
        let reading = read(&Replayed::new(&[&change.bytes]).unwrap());
        prop_assert_eq!(reading.problems, vec![]);
        prop_assert_eq!(reading.document, Some(document));
    }

    /// Changes are built without a document; their bytes are the ones that Automerge itself makes of
    /// the same values in one batch, and gives back of a document that has them.
    #[test]
    fn a_change_has_the_bytes_that_automerge_makes(document in any_return(), body in body(), actor in 1u8..3) {
        let first = create(&Document::Return(document), &branch(1), NOW);
        let doc = Automerge::load(&first.bytes).unwrap();
        let Value::Map(root) = doc.hydrate(None) else { panic!("a map") };
        let time = first.header.timestamp;
        let made = by_automerge(Automerge::new(), &branch(1), time, |tx| tx.init_root_from_hydrate(&root).unwrap());
        prop_assert_eq!(&made, &first.bytes);

        let mut replayed = Replayed::new(&[&first.bytes]).unwrap();
        let events = [event(90, body.clone()), event(91, body)];
        let second = replayed.append_events(&branch(actor), NOW, &Events::Return(&events)).unwrap();
        let mut after = doc.clone();
        after.load_incremental(&second.bytes).unwrap();
        let (_, map) = after.get(ROOT, "events").unwrap().unwrap();
        let new = after.keys(&map).filter(|key| doc.get(&map, key.as_str()).unwrap().is_none());
        let values: Vec<_> = new.map(|key| {
            let (_, object) = after.get(&map, &key).unwrap().unwrap();
            let value = ReadDoc::hydrate(&after, &object, None).unwrap();
            (key, value)
        }).collect();
        prop_assert_eq!(values.len(), 2);
        let made = by_automerge(doc, &branch(actor), NOW.0 / 1000, |tx| {
            for (key, value) in &values {
                tx.batch_create_object(&map, key.as_str(), value, false).unwrap();
            }
        });
        prop_assert_eq!(&made, &second.bytes);
        let kept = after.get_change_by_hash(&automerge::ChangeHash(second.header.hash.0)).unwrap();
        prop_assert_eq!(kept.raw_bytes(), &second.bytes[..]);
    }

    /// The same return makes the same bytes, and a change that passes its own check.
    #[test]
    fn writing_is_a_function_of_what_is_written(document in any_return()) {
        let document = Document::Return(document);
        let change = create(&document, &branch(1), NOW);
        prop_assert_eq!(&create(&document, &branch(1), NOW), &change);
        prop_assert_eq!(guicang_documents::header(&change.bytes), Ok(change.header));
    }
}
