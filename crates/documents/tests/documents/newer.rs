//! What a newer program wrote: kept, shown as far as it can be, and never added to.

use automerge::hydrate::Map;
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Automerge, ObjType, ROOT, ReadDoc};
use guicang_documents::{Events, ReadProblem, Replayed, WriteError, create};
use guicang_domain::document::Document;
use guicang_domain::returns::ReturnEvent;

use crate::fixtures::*;

/// A change that a newer program makes with Automerge's own means, on top of a document's changes.
pub fn by_hand(
    changes: &[&[u8]],
    actor: u8,
    work: impl FnOnce(&mut automerge::transaction::Transaction<'_>),
) -> Vec<u8> {
    let mut doc = Automerge::new();
    doc.apply_changes(changes.iter().map(|c| automerge::Change::try_from(*c).unwrap()).collect::<Vec<_>>())
        .unwrap();
    doc.set_actor(ActorId::from([actor; 16]));
    let mut tx = doc.transaction();
    work(&mut tx);
    tx.commit_with(CommitOptions::default().with_time(0));
    doc.get_last_local_change().expect("a change").raw_bytes().to_vec()
}

/// A first change with some of a return's root replaced.
fn altered_return(work: impl FnOnce(&mut automerge::transaction::Transaction<'_>)) -> Vec<u8> {
    let mut doc = Automerge::new();
    let first = create(&Document::Return(small_return()), &branch(1), NOW);
    doc.apply_changes([automerge::Change::try_from(first.bytes.as_slice()).unwrap()]).unwrap();
    doc.set_actor(ActorId::from([9; 16]));
    let mut tx = doc.transaction();
    work(&mut tx);
    tx.commit();
    let automerge::hydrate::Value::Map(root) = doc.hydrate(None) else { panic!("a map") };
    first_change(&root)
}

/// A first change of any root.
pub fn first_change(root: &Map) -> Vec<u8> {
    let mut doc = Automerge::new();
    doc.set_actor(ActorId::from([1; 16]));
    let mut tx = doc.transaction();
    tx.init_root_from_hydrate(root).unwrap();
    tx.commit_with(CommitOptions::default().with_time(0));
    doc.get_last_local_change().unwrap().raw_bytes().to_vec()
}

/// A field, an event and a part of an event that this program doesn't know stay in the document
/// while it adds its own.
#[test]
fn unknown_fields_and_events_survive_an_append() {
    let id = key("S01A", 7);
    let first = altered_return(|tx| {
        tx.put(ROOT, "carbon_grams", 12).unwrap();
        let (_, events) = tx.get(ROOT, "events").unwrap().unwrap();
        let event = tx.put_object(&events, id.as_str(), ObjType::Map).unwrap();
        for (name, value) in [("type", "photographed"), ("user", "li"), ("camera", "M11")] {
            tx.put(&event, name, value).unwrap();
        }
        tx.put(&event, "at", NOW.0).unwrap();
        tx.put(&event, "seen", NOW.0).unwrap();
    });
    let mut document = Replayed::empty();
    document.check(&first, &by_branch()).unwrap();
    document.apply(&first).unwrap();
    let second =
        document.append_events(&branch(2), NOW, &Events::Return(&[event(9, ReturnEvent::Closed)])).unwrap();

    let reading = read(&document);
    assert_eq!(reading.problems, []);
    let Some(Document::Return(read)) = reading.document else { panic!() };
    let bodies: Vec<_> = read.events.into_iter().map(|e| e.body).collect();
    let photographed = ReturnEvent::Unknown { kind: "photographed".into() };
    assert_eq!(bodies, [ReturnEvent::Requested, photographed, ReturnEvent::Closed]);

    let mut doc = Automerge::new();
    doc.apply_changes([&first, &second.bytes].map(|b| automerge::Change::try_from(b.as_slice()).unwrap()))
        .unwrap();
    assert_eq!(doc.get(ROOT, "carbon_grams").unwrap().unwrap().0.as_i64(), Some(12));
    let (_, events) = doc.get(ROOT, "events").unwrap().unwrap();
    let (_, event) = doc.get(&events, id.as_str()).unwrap().unwrap();
    assert_eq!(doc.get(&event, "camera").unwrap().unwrap().0.as_str(), Some("M11"));
}

/// An event whose payload this program can't read stands as unknown; the others aren't harmed.
#[test]
fn an_unreadable_payload_is_told_and_the_rest_stands() {
    let id = key("S01A", 7);
    let first = altered_return(|tx| {
        let (_, events) = tx.get(ROOT, "events").unwrap().unwrap();
        let event = tx.put_object(&events, id.as_str(), ObjType::Map).unwrap();
        tx.put(&event, "type", "needs_information").unwrap();
        tx.put(&event, "note", 5).unwrap();
        tx.put(&event, "user", "li").unwrap();
        tx.put(&event, "at", NOW.0).unwrap();
        tx.put(&event, "seen", NOW.0).unwrap();
        let (_, lines) = tx.get(ROOT, "lines").unwrap().unwrap();
        tx.put_object(&lines, "2", ObjType::Map).unwrap();
    });
    let reading = read(&Replayed::new(&[&first]).unwrap());
    let told: Vec<String> = reading.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            format!("events.{id}.note: found Int(5), wanted a text"),
            "lines.2.sku: found nothing, wanted a text".into()
        ]
    );
    let Some(Document::Return(document)) = reading.document else { panic!() };
    assert_eq!(document.lines.len(), 1);
    assert_eq!(document.events[1].body, ReturnEvent::Unknown { kind: "needs_information".into() });
}

#[test]
fn a_kind_of_document_that_is_not_known_is_kept_and_told() {
    let first = altered_return(|tx| tx.put(ROOT, "kind", "franchise_settlement").unwrap());
    let mut document = Replayed::empty();
    document.check(&first, &by_branch()).unwrap();
    document.apply(&first).unwrap();
    let reading = read(&document);
    assert_eq!(reading.kind, "franchise_settlement");
    assert_eq!(reading.document, None);
    assert_eq!(reading.head.number, Some("TH-S01A-000123".parse().unwrap()));
    assert_eq!(reading.problems, []);
}

/// Two programs raised `rules` while apart; the greater counts, whichever Automerge would show.
#[test]
fn the_greatest_of_conflicting_versions_counts() {
    let first = create(&Document::Return(small_return()), &branch(1), NOW);
    for (low, high) in [(1, 2), (2, 1)] {
        let raise =
            |actor, rules: i64| by_hand(&[&first.bytes], actor, |tx| tx.put(ROOT, "rules", rules).unwrap());
        let changes = [raise(low, 3), raise(high, 5)];
        let mut document = Replayed::new(&[&first.bytes]).unwrap();
        for change in &changes {
            document.check(change, &by_branch()).unwrap();
            document.apply(change).unwrap();
        }
        let reading = read(&document);
        assert_eq!((reading.head.rules, reading.newer), (5, true));
        assert!(reading.document.is_some());
        let added =
            document.append_events(&branch(3), NOW, &Events::Return(&[event(9, ReturnEvent::Closed)]));
        assert_eq!(added, Err(WriteError::Newer { found: 5, known: 1 }));
    }
}

#[test]
fn a_newer_body_of_a_sale_batch_says_so() {
    let first = create(&Document::Sales(sales()), &branch(1), NOW);
    let mut doc = Automerge::new();
    doc.apply_changes([automerge::Change::try_from(first.bytes.as_slice()).unwrap()]).unwrap();
    let mut tx = doc.transaction();
    tx.put(ROOT, "body", vec![0x81, 0x09]).unwrap();
    tx.commit();
    let automerge::hydrate::Value::Map(root) = doc.hydrate(None) else { panic!("a map") };
    let reading = read(&Replayed::new(&[&first_change(&root)]).unwrap());
    assert_eq!(reading.document, None);
    assert!(matches!(&reading.problems[..], [ReadProblem::Field { field, .. }] if field == "body"));
}
