//! A change was refused; what it recorded did happen all the same.

use guicang_documents::{Additions, Events, Replayed, WriteError, create};
use guicang_domain::document::Document;
use guicang_domain::ids::LineId;
use guicang_domain::returns::ReturnEvent;

use crate::fixtures::*;
use crate::newer::by_hand;
use automerge::transaction::Transactable;
use automerge::{ObjType, ROOT, ReadDoc};

/// The branch's second and third change were refused, HQ's came in between. On the accepted heads
/// the branch's events and lines stand again, a field that nobody here knows among them.
#[test]
fn events_and_lines_of_refused_changes_are_written_again_unaltered() {
    let first = create(&Document::Return(small_return()), &branch(1), NOW);
    let mut local = Replayed::new(&[&first.bytes]).unwrap();
    let newer = by_hand(&[&first.bytes], 2, |tx| {
        let (_, lines) = tx.get(ROOT, "lines").unwrap().unwrap();
        let line = tx.put_object(&lines, "2", ObjType::Map).unwrap();
        tx.put(&line, "sku", "71053").unwrap();
        tx.put(&line, "quantity", 486).unwrap();
        tx.put(&line, "reason", "other").unwrap();
        tx.put(&line, "weather", "rain").unwrap();
    });
    local.apply(&newer).unwrap();
    let bodies = return_bodies();
    let events = [event(5, bodies[4].clone()), event(6, bodies[5].clone())];
    let third = local.append_events(&branch(3), NOW, &Events::Return(&events)).unwrap();
    let refused = [guicang_documents::header(&newer).unwrap().hash, third.header.hash];
    assert_eq!(
        local.additions(&refused[0]),
        Ok(Additions { first: false, lines: vec![LineId::nth(2)], events: vec![] })
    );
    let ids = vec![event_id("S01A", 5), event_id("S01A", 6)];
    assert_eq!(local.additions(&refused[1]), Ok(Additions { first: false, lines: vec![], events: ids }));

    let mut accepted = Replayed::new(&[&first.bytes]).unwrap();
    let from_hq = [hq_event(4, bodies[11].clone())];
    let verified = accepted.append_events(&hq(), NOW, &Events::Return(&from_hq)).unwrap();
    let again = accepted.reissue(&branch(4), NOW, &local, &refused).unwrap().unwrap();
    assert_eq!(again.header.deps, [verified.header.hash]);

    let mut elsewhere = Replayed::new(&[&first.bytes, &verified.bytes]).unwrap();
    elsewhere.check(&again.bytes, &by_branch()).unwrap();
    elsewhere.apply(&again.bytes).unwrap();
    let Some(Document::Return(document)) = read(&elsewhere).document else { panic!() };
    assert_eq!(document.lines[&LineId::nth(2)], plain_line());
    let expected =
        [event(1, ReturnEvent::Requested), from_hq[0].clone(), events[0].clone(), events[1].clone()];
    assert_eq!(document.events, expected);
    let change = automerge::Change::try_from(again.bytes.as_slice()).unwrap();
    assert!(format!("{:?}", change.decode().operations).contains("rain"));

    assert_eq!(accepted.reissue(&branch(4), NOW, &local, &refused), Ok(None), "there is nothing left");
}

#[test]
fn a_document_that_was_refused_whole_is_made_again() {
    let mut document = full_return();
    document.events.truncate(7);
    let first = create(&Document::Return(document), &branch(1), NOW);
    let mut local = Replayed::new(&[&first.bytes]).unwrap();
    let second =
        local.append_events(&branch(1), NOW, &Events::Return(&[event(90, ReturnEvent::Closed)])).unwrap();
    let expected = read(&local);
    let refused = [first.header.hash, second.header.hash];
    assert!(local.additions(&refused[0]).unwrap().first);
    let mut again = Replayed::empty();
    let change = again.reissue(&branch(2), NOW, &local, &refused).unwrap().unwrap();
    assert_eq!(change.header.deps, []);
    assert_eq!(Replayed::empty().check(&change.bytes, &by_branch()), Ok(change.header.clone()));
    assert_eq!(read(&again), expected);
}

#[test]
fn what_is_not_there_cannot_be_written_again() {
    let first = create(&Document::Return(small_return()), &branch(1), NOW);
    let local = Replayed::new(&[&first.bytes]).unwrap();
    let unknown = guicang_domain::ids::ChangeHash([9; 32]);
    let again = Replayed::empty().reissue(&branch(2), NOW, &local, &[unknown]);
    assert!(matches!(again, Err(WriteError::Unreadable(_))), "{again:?}");
    let again = local.clone().reissue(&branch(2), NOW, &local, &[unknown]);
    assert!(matches!(again, Err(WriteError::Unreadable(_))), "{again:?}");
}
