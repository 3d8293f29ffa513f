//! Master data: fields are set one by one, and the last writer's stands.

use guicang_documents::{Envelope, Events, Replayed, Violation, WriteError, Writer, create};
use guicang_domain::calendar::{CHINA_NAME, DayKind, OwnDays};
use guicang_domain::document::Document;
use guicang_domain::master::{Product, Settings, SettingsEvent};
use guicang_domain::money::UnitPrice;
use guicang_domain::policy::ReasonClass;
use guicang_domain::quantity::Quantity;

use crate::fixtures::*;
use crate::newer::by_hand;
use automerge::transaction::Transactable;
use automerge::{ROOT, ReadDoc};

fn second() -> Writer {
    Writer { actor: [0xbb; 16], ..hq() }
}

#[test]
fn only_what_differs_is_written() {
    let first = create(&Document::Product(product()), &hq(), NOW);
    let mut document = Replayed::new(&[&first.bytes]).unwrap();
    assert_eq!(document.set_fields(&second(), NOW, &Document::Product(product())), Ok(None));
    let edited = Document::Product(Product {
        name: "挂心烛台 (新)".into(),
        cost: None,
        barcodes: vec!["6901234567892".into()],
        tolerance: Some(Quantity(60)),
        ..product()
    });
    let change = document.set_fields(&second(), NOW, &edited).unwrap().unwrap();
    assert_eq!(read(&document).document, Some(edited));
    let mut other = Replayed::new(&[&first.bytes]).unwrap();
    assert_eq!(other.check(&change.bytes, &by_hq()), Ok(change.header.clone()));
    // Name, cost deleted, a list of one, tolerance.
    assert_eq!(change.header.max_op - change.header.start_op + 1, 5);
}

/// Two people at HQ change two fields of the policy while apart: both get their way.
#[test]
fn edits_of_two_fields_made_apart_are_both_kept() {
    let first = create(&Document::Settings(settings()), &hq(), NOW);
    let base = Replayed::new(&[&first.bytes]).unwrap();
    let edit = |writer: Writer, work: &dyn Fn(&mut Settings)| {
        let mut edited = settings();
        work(&mut edited);
        base.clone().set_fields(&writer, NOW, &Document::Settings(edited)).unwrap().unwrap()
    };
    let days = edit(hq(), &|s| _ = s.policy.window_days.insert(ReasonClass::Preference, 14));
    let limits = edit(second(), &|s| {
        s.policy.refund_days = 3;
        s.reasons.remove(&"expired".parse().unwrap());
    });
    let mut merged = base.clone();
    for change in [&days, &limits] {
        merged.check(&change.bytes, &by_hq()).unwrap();
        merged.apply(&change.bytes).unwrap();
    }
    let mut expected = settings();
    expected.policy.window_days.insert(ReasonClass::Preference, 14);
    expected.policy.refund_days = 3;
    expected.reasons.remove(&"expired".parse().unwrap());
    assert_eq!(read(&merged).document, Some(Document::Settings(expected)));
}

/// Two of HQ's devices set a version each while apart: both are there for good, and an edit of a reason
/// touches neither.
#[test]
fn versions_of_the_policy_are_added_and_stay() {
    let first = create(&Document::Settings(full_settings()), &hq(), NOW);
    let base = Replayed::new(&[&first.bytes]).unwrap();
    let add = |version: &str, ms: i64, writer: &Writer| {
        let mut set = policy_set();
        set.policy.version = version.into();
        let event = hq_event(ms, SettingsEvent::PolicySet(Box::new(set)));
        base.clone().append_events(writer, NOW, &Events::Settings(&[event])).unwrap()
    };
    let mut merged = base.clone();
    for change in [add("spring", 5, &hq()), add("summer", 6, &second())] {
        merged.check(&change.bytes, &by_hq()).unwrap();
        merged.apply(&change.bytes).unwrap();
    }
    let Some(Document::Settings(mut settings)) = read(&merged).document else { panic!() };
    settings.reasons.get_mut(&"damaged".parse().unwrap()).unwrap().en = "Broken".into();
    let edit = merged.set_fields(&hq(), NOW, &Document::Settings(settings.clone())).unwrap().unwrap();
    assert_eq!(edit.header.max_op, edit.header.start_op, "one field");
    assert_eq!(read(&merged).document, Some(Document::Settings(settings)));
    let Some(Document::Settings(settings)) = read(&merged).document else { panic!() };
    let names = settings.events.iter().filter_map(|e| match &e.body {
        SettingsEvent::PolicySet(set) => Some(set.policy.version.as_str()),
        SettingsEvent::Unknown { .. } => None,
    });
    assert_eq!(names.collect::<Vec<_>>(), ["2026-winter", "spring", "summer"]);
    // A branch that sets one is not heard.
    let by_a_branch = Envelope { author_is_hq: false, creator: false, ..by_hq() };
    let change = add("forged", 9, &hq());
    let judged = base.clone().check(&change.bytes, &by_a_branch);
    assert!(matches!(judged, Err(Violation::HqOnly { .. })), "{judged:?}");
}

#[test]
fn a_field_that_is_not_known_stays_through_an_edit() {
    let first = create(&Document::Product(product()), &hq(), NOW);
    let newer = by_hand(&[&first.bytes], 7, |tx| tx.put(ROOT, "shelf_life_days", 90).unwrap());
    let mut document = Replayed::new(&[&first.bytes, &newer]).unwrap();
    let edited = Document::Product(Product { list_price: Some(UnitPrice(30_000)), ..product() });
    let edit = document.set_fields(&second(), NOW, &edited).unwrap().unwrap();
    let mut doc = automerge::Automerge::new();
    let changes = [&first.bytes, &newer, &edit.bytes];
    doc.apply_changes(changes.map(|b| automerge::Change::try_from(b.as_slice()).unwrap())).unwrap();
    assert_eq!(doc.get(ROOT, "shelf_life_days").unwrap().unwrap().0.as_i64(), Some(90));
    assert_eq!(doc.get(ROOT, "list_price").unwrap().unwrap().0.as_i64(), Some(30_000));
}

/// What has happened isn't edited.
#[test]
fn a_return_has_no_fields_to_set() {
    let first = create(&Document::Return(small_return()), &branch(1), NOW);
    let mut document = Replayed::new(&[&first.bytes]).unwrap();
    let set = document.set_fields(&branch(1), NOW, &Document::Return(small_return()));
    assert_eq!(set, Err(WriteError::WrongKind { found: "return".into(), wanted: "master data".into() }));
}

/// Days that the organisation sets in its calendar are read back, and set one by one.
#[test]
fn the_calendars_own_days_are_settings() {
    let own = |days: &[(&str, DayKind)]| -> OwnDays {
        [(CHINA_NAME.into(), days.iter().map(|(day, kind)| (day.parse().unwrap(), *kind)).collect())].into()
    };
    let calendar = own(&[("2027-01-01", DayKind::Holiday), ("2027-02-06", DayKind::Working)]);
    let with = Settings { calendar, ..settings() };
    let first = create(&Document::Settings(with.clone()), &hq(), NOW);
    let mut document = Replayed::new(&[&first.bytes]).unwrap();
    assert_eq!(read(&document).document, Some(Document::Settings(with.clone())));
    let fewer = Settings { calendar: own(&[("2027-01-01", DayKind::Holiday)]), ..with };
    let change = document.set_fields(&second(), NOW, &Document::Settings(fewer.clone())).unwrap().unwrap();
    // One day is taken away, and nothing else is written.
    assert_eq!(change.header.max_op, change.header.start_op);
    assert_eq!(read(&document).document, Some(Document::Settings(fewer)));
}

/// Two people at HQ rename one article, and set what one site is to have at least, while apart. One value of
/// each is shown, the same everywhere; the other is kept, and told until somebody decides.
#[test]
fn the_value_that_lost_is_kept_and_told() {
    let first = create(&Document::Product(product_with_levels()), &hq(), NOW);
    let base = Replayed::new(&[&first.bytes]).unwrap();
    let edit = |writer: Writer, name: &str, min: i64| {
        let mut edited = Product { name: name.into(), ..product_with_levels() };
        edited.levels.get_mut(&"S01".parse().unwrap()).unwrap().min = Some(Quantity(min));
        base.clone().set_fields(&writer, NOW, &Document::Product(edited)).unwrap().unwrap()
    };
    let (one, other) = (edit(hq(), "蜡烛", 7_000), edit(second(), "烛台", 9_000));
    let merge = |order: [&[u8]; 2]| {
        let mut merged = base.clone();
        order.iter().for_each(|bytes| merged.apply(bytes).unwrap());
        merged
    };
    let merged = merge([&one.bytes, &other.bytes]);
    let Some(Document::Product(shown)) = read(&merged).document else { panic!("a product") };
    let lost = merged.losing_values().unwrap();
    let told: Vec<_> = lost.iter().map(|l| (l.field.as_str(), l.values.join("|"))).collect();
    let (name, min) = match shown.name.as_str() {
        "蜡烛" => ("烛台", "9000"),
        _ => ("蜡烛", "7000"),
    };
    assert_eq!(told, [("levels.S01.min", min.to_owned()), ("name", name.to_owned())]);
    assert_eq!(merge([&other.bytes, &one.bytes]).losing_values(), Ok(lost));

    let mut decided = merged;
    let edited = Product { name: "蜡烛台".into(), ..shown };
    decided.set_fields(&hq(), NOW, &Document::Product(edited)).unwrap().unwrap();
    let fields: Vec<_> = decided.losing_values().unwrap().into_iter().map(|l| l.field).collect();
    assert_eq!(fields, ["levels.S01.min"]);
}
