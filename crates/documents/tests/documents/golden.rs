//! The bytes of each kind's first change, and of an appended one, for a fixed actor and time. They
//! lie in every branch's file: a difference here is a change of format. GUICANG_WRITE_GOLDEN=1 writes the
//! files of a kind that is new.

use std::fmt::Write;
use std::path::PathBuf;

use guicang_documents::{Events, Replayed, create};
use guicang_domain::document::Document;
use guicang_domain::returns::ReturnEvent;

use crate::fixtures::*;
use crate::goods::marked_down;

fn check(name: &str, bytes: &[u8]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.hex"));
    let mut hex = String::new();
    for line in bytes.chunks(48) {
        line.iter().for_each(|b| write!(hex, "{b:02x}").unwrap());
        hex.push('\n');
    }
    let pinned = std::fs::read_to_string(&path).unwrap_or_default();
    if pinned.is_empty() && std::env::var_os("GUICANG_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, hex).unwrap();
        return;
    }
    assert_eq!(pinned, hex, "{} is written otherwise than it was pinned", path.display());
}

#[test]
fn first_changes_are_pinned() {
    for (document, writer) in one_of_each() {
        check(document.kind().as_str(), &create(&document, &writer, NOW).bytes);
    }
}

/// What a kind can say in one document but not in the one above.
#[test]
fn variants_are_pinned_and_read() {
    let first = create(&marked_down(), &branch(1), NOW);
    check("adjustment_marked_down", &first.bytes);
    let reading = read(&Replayed::new(&[&first.bytes]).unwrap());
    assert_eq!((reading.problems, reading.document), (vec![], Some(marked_down())));

    let proven = Document::Return(proven_return());
    let first = create(&proven, &branch(1), NOW);
    check("return_proven", &first.bytes);
    let reading = read(&Replayed::new(&[&first.bytes]).unwrap());
    assert_eq!((reading.problems, reading.document), (vec![], Some(proven)));
}

#[test]
fn settings_with_versions_of_the_policy_are_pinned() {
    let first = create(&Document::Settings(full_settings()), &hq(), NOW);
    check("settings_versions", &first.bytes);
    assert_eq!(
        read(&Replayed::new(&[&first.bytes]).unwrap()).document,
        Some(Document::Settings(full_settings()))
    );
}

#[test]
fn an_appended_event_is_pinned() {
    let first = create(&Document::Return(small_return()), &branch(1), NOW);
    let mut document = Replayed::new(&[&first.bytes]).unwrap();
    let events = [event(2, ReturnEvent::Approved { by: None, grounds: vec![] })];
    let same_opening = document.clone().append_events(&branch(1), NOW, &Events::Return(&events)).unwrap();
    check("return_append_same_actor", &same_opening.bytes);
    let next_opening = document.append_events(&branch(2), NOW, &Events::Return(&events)).unwrap();
    check("return_append_new_actor", &next_opening.bytes);
}

/// Each event beyond the straight way, appended alone; read back as it was.
#[test]
fn settlements_are_pinned_and_read() {
    let first = create(&Document::Return(small_return()), &branch(1), NOW);
    for (n, body) in settlement_bodies().into_iter().enumerate() {
        let mut document = Replayed::new(&[&first.bytes]).unwrap();
        let events = [event(2, body.clone())];
        let change = document.append_events(&branch(1), NOW, &Events::Return(&events)).unwrap();
        check(&format!("return_settlement_{:02}", n + 1), &change.bytes);
        let reading = read(&Replayed::new(&[&first.bytes, &change.bytes]).unwrap());
        assert_eq!(reading.problems, []);
        let Some(Document::Return(found)) = reading.document else { panic!("a return") };
        assert_eq!(found.events[1].body, body);
    }
}

/// Fields that came after a kind was pinned.
#[test]
fn fields_that_came_later_are_pinned_and_read() {
    let documents = [
        ("product_levels", Document::Product(product_with_levels()), hq()),
        ("adjustment_imported", Document::Adjustment(imported_adjustment()), branch(1)),
        ("resolution_seen", Document::Resolution(resolution_of_evidence()), hq()),
        ("sale_batch_imported", Document::Sales(imported_sales()), branch(1)),
        ("cash_shift_reversed", Document::CashShift(reversed_shift()), branch(1)),
    ];
    for (name, document, writer) in documents {
        let bytes = create(&document, &writer, NOW).bytes;
        check(name, &bytes);
        let reading = read(&Replayed::new(&[&bytes]).unwrap());
        assert_eq!((reading.problems, reading.document), (vec![], Some(document)));
    }
}

/// What was pinned is still read, whatever becomes of the writer.
#[test]
fn pinned_changes_are_read() {
    for (document, _) in one_of_each() {
        let path = format!("{}/tests/golden/{}.hex", env!("CARGO_MANIFEST_DIR"), document.kind());
        let hex = std::fs::read_to_string(path).unwrap().replace('\n', "");
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect();
        let reading = read(&Replayed::new(&[&bytes]).unwrap());
        assert_eq!(reading.problems, []);
        assert_eq!(reading.document, Some(document));
    }
}
