//! Changes with valid hashes that do what no honest program does. Each is made with the real
//! Automerge, and each is named by the rule that catches it.

use std::num::NonZeroU64;

use automerge::legacy::{Key, ObjectId, Op, OpId, OpType};
use automerge::transaction::{Transactable, Transaction};
use automerge::{ActorId, Change, ExpandedChange, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};
use guicang_documents::{Envelope, Events, NewChange, Replayed, Violation, create};
use guicang_domain::document::Document;
use guicang_domain::returns::ReturnEvent;

use crate::fixtures::*;
use crate::goods::{hold, supplier_return, transfer};
use crate::headers::mend;
use crate::newer::{by_hand, first_change};

fn begun() -> NewChange {
    create(&Document::Return(small_return()), &branch(1), NOW)
}

fn code(changes: &[&[u8]], change: &[u8], envelope: &Envelope) -> Result<(), &'static str> {
    let mut document = if changes.is_empty() { Replayed::empty() } else { Replayed::new(changes).unwrap() };
    let before = document.heads();
    let checked = document.check(change, envelope);
    assert_eq!(document.heads(), before, "a check changes nothing");
    checked.map(drop).map_err(|v: Violation| v.code())
}

/// Checks a change that a device of the branch made by hand on a return with one line and one event.
fn attack(work: impl FnOnce(&mut Transaction<'_>)) -> Result<(), &'static str> {
    let first = begun();
    code(&[&first.bytes], &by_hand(&[&first.bytes], 2, work), &by_branch())
}

fn object(tx: &Transaction<'_>, path: &[&str]) -> ObjId {
    path.iter().fold(ROOT, |object, name| tx.get(&object, *name).unwrap().unwrap().1)
}

fn old_event() -> String {
    key("S01A", 1)
}

fn new_event() -> String {
    key("S01A", 2)
}

/// Puts an event as an honest program would.
fn put_event(tx: &mut Transaction<'_>, id: &str, kind: &str) -> ObjId {
    let events = object(tx, &["events"]);
    let event = tx.put_object(&events, id, ObjType::Map).unwrap();
    tx.put(&event, "type", kind).unwrap();
    event
}

#[test]
fn an_honest_change_passes() {
    assert_eq!(attack(|tx| _ = put_event(tx, &new_event(), "closed")), Ok(()));
}

#[test]
fn lines_and_events_are_not_deleted() {
    assert_eq!(attack(|tx| tx.delete(object(tx, &["events"]), old_event()).unwrap()), Err("deleted_event"));
    assert_eq!(attack(|tx| tx.delete(object(tx, &["lines"]), "1").unwrap()), Err("deleted_line"));
    assert_eq!(attack(|tx| tx.delete(ROOT, "events").unwrap()), Err("write_once_field"));
}

/// A state compared before and after shows nothing here; the operations do.
#[test]
fn an_event_that_is_deleted_and_put_back_was_deleted() {
    let back = attack(|tx| {
        let events = object(tx, &["events"]);
        tx.delete(&events, old_event()).unwrap();
        put_event(tx, &old_event(), "requested");
    });
    assert_eq!(back, Err("deleted_event"));
}

#[test]
fn lines_and_events_are_not_overwritten() {
    let put_again = attack(|tx| _ = put_event(tx, &old_event(), "cancelled"));
    assert_eq!(put_again, Err("overwritten_event"));
    let altered = attack(|tx| tx.put(object(tx, &["events", &old_event()]), "type", "cancelled").unwrap());
    assert_eq!(altered, Err("overwritten_event"));
    let grown = attack(|tx| tx.put(object(tx, &["events", &old_event()]), "place", "back").unwrap());
    assert_eq!(grown, Err("overwritten_event"));
    let line = attack(|tx| tx.put(object(tx, &["lines", "1"]), "quantity", 9000).unwrap());
    assert_eq!(line, Err("overwritten_line"));
    let within = attack(|tx| {
        let event = put_event(tx, &new_event(), "closed");
        tx.put(&event, "type", "cancelled").unwrap();
    });
    assert_eq!(within, Err("overwritten_event"), "not even by the change that wrote it");
}

#[test]
fn parts_of_an_event_are_not_added_to_later() {
    let mut document = small_return();
    document.events.push(event(2, return_bodies()[4].clone()));
    let first = create(&Document::Return(document), &branch(1), NOW);
    let change = by_hand(&[&first.bytes], 2, |tx| {
        let parts = object(tx, &["events", &new_event(), "parts"]);
        tx.insert_object(&parts, 1, ObjType::Map).unwrap();
    });
    assert_eq!(code(&[&first.bytes], &change, &by_branch()), Err("overwritten_event"));
}

/// Two first changes would be two documents under one name.
#[test]
fn a_document_has_one_first_change() {
    let other = create(&Document::Return(full_return()), &branch(2), NOW);
    assert_eq!(code(&[&begun().bytes], &other.bytes, &by_branch()), Err("second_first_change"));
    let stranger = Envelope { creator: false, ..by_branch() };
    assert_eq!(code(&[], &begun().bytes, &stranger), Err("not_creator"));
}

#[test]
fn what_makes_a_document_what_it_is_never_changes() {
    for field in ["kind", "site", "number", "zone", "lines", "events", "receipt", "currency", "channel"] {
        assert_eq!(attack(|tx| tx.put(ROOT, field, "x").unwrap()), Err("write_once_field"), "{field}");
    }
    // Absent so far, and still not for later changes to set.
    assert_eq!(attack(|tx| tx.put(ROOT, "customer", "x").unwrap()), Err("write_once_field"));
    assert_eq!(attack(|tx| tx.put(ROOT, "carbon_grams", 12).unwrap()), Ok(()), "a newer program's field");
    let batch = create(&Document::Sales(sales()), &branch(1), NOW);
    let body = by_hand(&[&batch.bytes], 2, |tx| tx.put(ROOT, "body", vec![0]).unwrap());
    assert_eq!(code(&[&batch.bytes], &body, &by_branch()), Err("write_once_field"));
    let product = create(&Document::Product(product()), &hq(), NOW);
    let sku = |field| by_hand(&[&product.bytes], 2, move |tx| tx.put(ROOT, field, "x").unwrap());
    assert_eq!(code(&[&product.bytes], &sku("number"), &by_hq()), Err("write_once_field"));
    assert_eq!(
        code(&[&product.bytes], &sku("name"), &by_hq()),
        Ok(()),
        "master data's own fields are edited"
    );
}

/// A field that a newer program once added is written once as well.
#[test]
fn an_unknown_field_is_not_overwritten() {
    let first = begun();
    let added = by_hand(&[&first.bytes], 2, |tx| tx.put(ROOT, "carbon_grams", 12).unwrap());
    let changes: [&[u8]; 2] = [&first.bytes, &added];
    let again = by_hand(&changes, 3, |tx| tx.put(ROOT, "carbon_grams", 0).unwrap());
    assert_eq!(code(&changes, &again, &by_branch()), Err("write_once_field"));
}

#[test]
fn versions_are_only_raised() {
    assert_eq!(attack(|tx| tx.put(ROOT, "rules", 2).unwrap()), Ok(()));
    assert_eq!(attack(|tx| tx.put(ROOT, "rules", 0).unwrap()), Err("lowered_version"));
    assert_eq!(attack(|tx| tx.put(ROOT, "schema", "one").unwrap()), Err("lowered_version"));
    assert_eq!(attack(|tx| tx.delete(ROOT, "schema").unwrap()), Err("lowered_version"));
}

#[test]
fn an_event_is_in_its_authors_name() {
    let foreign = key("S02A", 2);
    assert_eq!(attack(|tx| _ = put_event(tx, &foreign, "closed")), Err("foreign_event"));
    assert_eq!(attack(|tx| _ = put_event(tx, "first", "closed")), Err("bad_event_id"));
    assert_eq!(attack(|tx| tx.put(object(tx, &["events"]), new_event(), 5).unwrap()), Err("malformed"));
}

#[test]
fn master_data_and_decisions_come_from_hq() {
    for (document, writer) in one_of_each() {
        let first = create(&document, &writer, NOW);
        let mut envelope = by_branch();
        let expected = if document.kind().is_hq_only() { Err("hq_only") } else { Ok(()) };
        if matches!(document.kind().as_str(), "return" | "transfer" | "hold") {
            continue; // These hold every event, HQ's own or another site's among them.
        }
        assert_eq!(code(&[], &first.bytes, &envelope), expected, "{}", document.kind());
        envelope = by_hq();
        if document.kind().is_hq_only() {
            assert_eq!(code(&[], &first.bytes, &envelope), Ok(()), "{}", document.kind());
        }
    }
}

#[test]
fn payouts_and_verified_sales_come_from_hq() {
    for kind in ["payout_intended", "payout_accepted", "payout_failed", "sale_verified", "paid"] {
        assert_eq!(attack(|tx| _ = put_event(tx, &new_event(), kind)), Err("hq_only"), "{kind}");
    }
    let by_hand = attack(|tx| {
        let event = put_event(tx, &new_event(), "paid");
        tx.put(&event, "by_hand", true).unwrap();
    });
    assert_eq!(by_hand, Ok(()));
    let first = begun();
    let mut document = Replayed::new(&[&first.bytes]).unwrap();
    let events = [hq_event(4, return_bodies()[7].clone())];
    let change = document.append_events(&hq(), NOW, &Events::Return(&events)).unwrap();
    let envelope = Envelope { creator: false, ..by_hq() };
    assert_eq!(code(&[&first.bytes], &change.bytes, &envelope), Ok(()));
}

/// What a branch may take back of another's sale is HQ's word alone; that it isn't needed any more is the word of
/// the branch that asked, not of the one that sold.
#[test]
fn holds_are_granted_by_hq_and_released_by_who_asked() {
    let mut asked = hold();
    asked.events.truncate(1);
    let first = create(&Document::Hold(asked), &branch(1), NOW);
    let of = |site: &str| Envelope { author_site: Some(site.parse().unwrap()), ..by_branch() };
    assert_eq!(code(&[], &first.bytes, &of("S01")), Ok(()));
    let hq = Envelope { author_is_hq: true, author_site: None, ..by_branch() };
    for (kind, by_who_asked, by_who_sold) in [
        ("granted", Err("hq_only"), Err("hq_only")),
        ("refused", Err("hq_only"), Err("hq_only")),
        ("released", Ok(()), Err("other_site")),
        ("requested", Ok(()), Err("other_site")),
    ] {
        let change = by_hand(&[&first.bytes], 2, |tx| _ = put_event(tx, &new_event(), kind));
        assert_eq!(code(&[&first.bytes], &change, &of("S01")), by_who_asked, "{kind}");
        assert_eq!(code(&[&first.bytes], &change, &of("S02")), by_who_sold, "{kind}");
        assert_eq!(code(&[&first.bytes], &change, &hq), Ok(()), "{kind} by HQ");
    }
    // Asked for and granted in one change: a branch can't begin with HQ's word either.
    let begun = create(&Document::Hold(hold()), &branch(1), NOW);
    assert_eq!(code(&[], &begun.bytes, &of("S01")), Err("hq_only"));
}

/// What left is the sender's word, what arrived the receiver's; what goes back to a supplier, or comes from a
/// customer, is the word of the site where it is. Another site's device may not say it, though the document
/// is its, too; HQ's may.
#[test]
fn goods_are_the_word_of_the_site_where_they_are() {
    let of = |site: &str| Envelope { author_site: Some(site.parse().unwrap()), ..by_branch() };
    // A dispatch from S01 to S02, sent by S01.
    let mut sent = transfer();
    sent.papers = None;
    sent.events.truncate(1);
    let first = create(&Document::Transfer(sent), &branch(1), NOW);
    assert_eq!(code(&[], &first.bytes, &of("S01")), Ok(()));
    let says = |kind: &str, outcome: Option<&str>, reverses: Option<String>| {
        by_hand(&[&first.bytes], 2, |tx| {
            let event = put_event(tx, &new_event(), kind);
            if let Some(outcome) = outcome {
                let goods = tx.put_object(&event, "goods", ObjType::List).unwrap();
                let part = tx.insert_object(&goods, 0, ObjType::Map).unwrap();
                tx.put(&part, "outcome", outcome).unwrap();
            }
            if let Some(reverses) = reverses {
                tx.put(&event, "event", reverses).unwrap();
            }
        })
    };
    let dispatched = event_id("S01A", 1).to_string();
    for (kind, outcome, reverses, may, may_not) in [
        ("dispatched", None, None, Some("S01"), Some("S02")),
        ("received", None, None, Some("S02"), Some("S01")),
        ("closed", Some("late"), None, Some("S02"), Some("S01")),
        ("closed", Some("never_left"), None, Some("S01"), Some("S02")),
        ("closed", Some("lost"), None, Some("S01"), None),
        ("reversed", None, Some(dispatched), Some("S01"), Some("S02")),
    ] {
        let change = says(kind, outcome, reverses);
        let judged = |site: Option<&str>| site.map(|site| code(&[&first.bytes], &change, &of(site)));
        assert_eq!(judged(may), Some(Ok(())), "{kind} {outcome:?}");
        assert_eq!(judged(may_not), may_not.map(|_| Err("other_site")), "{kind} {outcome:?}");
        let hq = Envelope { author_is_hq: true, author_site: None, ..by_branch() };
        assert_eq!(code(&[&first.bytes], &change, &hq), Ok(()), "{kind} by HQ");
    }
    // A return that S01 took in, told by the site that sold the goods.
    let first = begun();
    for (kind, judged) in
        [("received", Err("other_site")), ("inspected", Err("other_site")), ("closed", Ok(()))]
    {
        let change = by_hand(&[&first.bytes], 2, |tx| _ = put_event(tx, &new_event(), kind));
        assert_eq!(code(&[&first.bytes], &change, &of("S02")), judged, "{kind}");
        assert_eq!(code(&[&first.bytes], &change, &of("S01")), Ok(()), "{kind}");
    }
    let mut raised = supplier_return();
    raised.events.truncate(1);
    let first = create(&Document::SupplierReturn(raised), &branch(1), NOW);
    for kind in ["shipped", "closed", "cancelled", "reversed"] {
        let change = by_hand(&[&first.bytes], 2, |tx| _ = put_event(tx, &new_event(), kind));
        assert_eq!(code(&[&first.bytes], &change, &of("S02")), Err("other_site"), "{kind}");
        assert_eq!(code(&[&first.bytes], &change, &of("S01")), Ok(()), "{kind}");
    }
    // A dispatch from S01 that S02 begins as a document of its own.
    let mut stolen = transfer();
    stolen.papers = None;
    stolen.head.site = Some("S02".parse().unwrap());
    stolen.events.truncate(1);
    let first = create(&Document::Transfer(stolen), &branch(1), NOW);
    assert_eq!(code(&[], &first.bytes, &of("S02")), Err("other_site"));
}

/// The rules on lines and events hold for kinds that nobody here knows.
#[test]
fn an_unknown_kinds_events_only_grow_too() {
    let mut doc = automerge::Automerge::new();
    doc.apply_changes([Change::try_from(begun().bytes.as_slice()).unwrap()]).unwrap();
    let automerge::hydrate::Value::Map(mut root) = doc.hydrate(None) else { panic!("a map") };
    *root.get_mut("kind").unwrap() = "franchise_settlement".into();
    let first = first_change(&root);
    let by =
        |work: &dyn Fn(&mut Transaction<'_>)| code(&[&first], &by_hand(&[&first], 2, work), &by_branch());
    assert_eq!(by(&|tx| tx.put(ROOT, "note", "x").unwrap()), Ok(()));
    assert_eq!(by(&|tx| tx.delete(object(tx, &["events"]), old_event()).unwrap()), Err("deleted_event"));
    assert_eq!(by(&|tx| tx.put(ROOT, "kind", "return").unwrap()), Err("write_once_field"));
}

#[test]
fn objects_do_not_nest_without_end() {
    let deep = attack(|tx| {
        let mut at = put_event(tx, &new_event(), "closed");
        for _ in 0..20 {
            at = tx.put_object(&at, "in", ObjType::Map).unwrap();
        }
    });
    assert_eq!(deep, Err("too_complex"));
}

/// The first change again, with what `alter` does to it, and a valid hash.
fn forged(bytes: &[u8], alter: impl FnOnce(&mut ExpandedChange)) -> Vec<u8> {
    let mut expanded = Change::try_from(bytes).unwrap().decode();
    alter(&mut expanded);
    Change::from(expanded).raw_bytes().to_vec()
}

/// An honest second change of the branch's, from the same opening of its file as the first.
fn second(first: &NewChange) -> NewChange {
    let mut document = Replayed::new(&[&first.bytes]).unwrap();
    document.append_events(&branch(1), NOW, &Events::Return(&[event(2, ReturnEvent::Closed)])).unwrap()
}

#[test]
fn a_change_stands_where_it_says() {
    let first = begun();
    let second = second(&first);
    let check = |change: &[u8]| code(&[&first.bytes], change, &by_branch());
    assert_eq!(check(&second.bytes), Ok(()));
    assert_eq!(check(&forged(&second.bytes, |_| {})), Ok(()), "forging alone alters nothing");
    assert_eq!(check(&forged(&second.bytes, |c| c.seq = 3)), Err("seq_gap"));
    assert_eq!(check(&forged(&second.bytes, |c| c.seq = 1)), Err("duplicate_seq"));
    for start_op in [1, 5, 4_000_000_000] {
        let moved = forged(&second.bytes, |c| c.start_op = NonZeroU64::new(start_op).unwrap());
        assert_eq!(check(&moved), Err("false_start_op"), "{start_op}");
    }
    let foreign = forged(&second.bytes, |c| {
        c.operations[0].obj = ObjectId::Id(OpId(4, ActorId::from([0x66; 16])));
    });
    assert_eq!(check(&foreign), Err("foreign_actor"));
    assert_eq!(code(&[], &second.bytes, &by_branch()), Err("missing_dependency"));
    let twice = forged(&second.bytes, |c| c.time += 1);
    assert_eq!(code(&[&first.bytes, &second.bytes], &twice, &by_branch()), Err("duplicate_seq"));
}

#[test]
fn an_operation_on_nothing_does_not_apply() {
    let first = begun();
    let nothing = forged(&second(&first).bytes, |c| {
        c.operations[0].obj = ObjectId::Id(OpId(99_000, ActorId::from([1; 16])));
    });
    assert_eq!(code(&[&first.bytes], &nothing, &by_branch()), Err("does_not_apply"));
}

/// Two values for one key in one change: Automerge would show one of them and hide the other.
#[test]
fn one_change_does_not_say_two_things_at_once() {
    let first = begun();
    let twice = |object: ObjectId, key: &str, action: OpType| {
        let op =
            Op { action, obj: object, key: Key::Map(key.into()), pred: Vec::new().into(), insert: false };
        forged(&first.bytes, |c| c.operations.push(op))
    };
    let put = || OpType::Put(ScalarValue::Str("x".into()));
    let kind = twice(ObjectId::Root, "kind", put());
    assert_eq!(code(&[], &kind, &by_branch()), Err("write_once_field"));
    let events = twice(ObjectId::Root, "events", OpType::Make(ObjType::Map));
    assert_eq!(code(&[], &events, &by_branch()), Err("write_once_field"));
    let change = Change::try_from(first.bytes.as_slice()).unwrap().decode();
    let events_at = change.operations.iter().position(|op| op.key == Key::Map("events".into())).unwrap();
    let id = ObjectId::Id(OpId(1 + events_at as u64, ActorId::from([1; 16])));
    let event = twice(id, &old_event(), OpType::Make(ObjType::Map));
    assert_eq!(code(&[], &event, &by_branch()), Err("overwritten_event"));
}

/// Events that were a list, or a number, could be neither read nor added to by anybody.
#[test]
fn the_first_change_has_the_shape_that_all_have() {
    let first = begun();
    let reshaped = |field: &str, action: OpType| {
        forged(&first.bytes, |c| {
            c.operations.retain(|op| op.obj == ObjectId::Root);
            let op = c.operations.iter_mut().find(|op| op.key == Key::Map(field.into())).unwrap();
            op.action = action;
        })
    };
    let list = reshaped("events", OpType::Make(ObjType::List));
    assert_eq!(code(&[], &list, &by_branch()), Err("malformed"));
    let number = reshaped("lines", OpType::Put(ScalarValue::Int(1)));
    assert_eq!(code(&[], &number, &by_branch()), Err("malformed"));
    let kind = reshaped("kind", OpType::Put(ScalarValue::Int(1)));
    assert_eq!(code(&[], &kind, &by_branch()), Err("malformed"));
}

#[test]
fn bytes_that_are_no_change_are_undecodable() {
    let first = begun();
    assert_eq!(code(&[], &first.bytes[..40], &by_branch()), Err("undecodable"));
    let mut deflated = Change::try_from(first.bytes.as_slice()).unwrap();
    assert_eq!(code(&[], &deflated.bytes(), &by_branch()), Err("undecodable"));
}

/// A column that Automerge doesn't know, and drops: what it would pass on has another hash.
#[test]
fn a_change_that_comes_back_with_other_bytes_is_not_canonical() {
    let bytes = begun().bytes;
    let data_at = bytes[9..].iter().position(|b| b & 0x80 == 0).unwrap() + 10;
    // No dependencies, the actor, seq, start_op, no time, no message, no other actors.
    let columns_at = data_at + 1 + 17 + 1 + 1 + 1 + 1 + 1;
    let columns_end = {
        let mut at = columns_at + 1;
        for _ in 0..2 * bytes[columns_at] {
            at += bytes[at..].iter().position(|b| b & 0x80 == 0).unwrap() + 1;
        }
        at
    };
    let mut data = bytes[data_at..].to_vec();
    data[columns_at - data_at] += 1;
    let unknown_empty_column = [0xb2, 0x01, 0x00];
    data.splice(columns_end - data_at..columns_end - data_at, unknown_empty_column);
    let mut odd = bytes[..9].to_vec();
    odd.extend([data.len() as u8 & 0x7f | 0x80, (data.len() >> 7) as u8]);
    odd.extend(data);
    mend(&mut odd);
    assert_eq!(code(&[], &odd, &by_branch()), Err("not_canonical"));
}

/// A verdict is the same whatever else has come: a change is judged against its own past.
#[test]
fn what_came_beside_it_does_not_change_a_verdict() {
    let first = begun();
    let honest = by_hand(&[&first.bytes], 2, |tx| _ = put_event(tx, &new_event(), "closed"));
    let hostile = by_hand(&[&first.bytes], 3, |tx| tx.delete(object(tx, &["events"]), old_event()).unwrap());
    let beside = by_hand(&[&first.bytes], 4, |tx| {
        let later = key("S01A", 9);
        put_event(tx, &later, "closed");
    });
    for changes in [vec![first.bytes.as_slice()], vec![first.bytes.as_slice(), beside.as_slice()]] {
        assert_eq!(code(&changes, &honest, &by_branch()), Ok(()));
        assert_eq!(code(&changes, &hostile, &by_branch()), Err("deleted_event"));
    }
}
