//! What the policy says to one return, and which of its versions does.

use super::condition::Condition;
use super::version::{PolicySet, Timeline};
use super::window::{BelowLegal, standard_legal};
use super::*;
use crate::event::{Event, Proof};
use crate::ids::{DeviceId, EventId};
use crate::master::SettingsEvent;
use crate::time::{Moment, Occurred, Recorded, Zone};

const DAY: i64 = 86_400_000;

fn case(class: ReasonClass, days: i64, value: i64) -> Case {
    let sold = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
    Case::new(class, Some(sold), sold + chrono::Duration::days(days), Amount(value))
}

fn rule(
    category: Option<&str>,
    site: Option<&str>,
    class: Option<ReasonClass>,
    window: Window,
) -> WindowRule {
    WindowRule {
        category: category.map(Into::into),
        site: site.map(|s| s.parse().unwrap()),
        channel: None,
        class,
        window,
    }
}

fn of(category: &str, case: Case) -> Case {
    Case { goods: vec![Goods { category: Some(category.into()), ..Goods::default() }], ..case }
}

fn late(age_days: i64, window_days: u32) -> Verdict {
    Verdict::NeedsManager(vec![Ground::OutOfWindow { age_days, window_days }])
}

#[test]
fn each_class_of_reasons_has_its_own_window() {
    let policy = Policy::standard(Currency::CNY);
    assert_eq!(policy.judge(&case(ReasonClass::Quality, 30, 1000)), Verdict::Approve);
    assert_eq!(policy.judge(&case(ReasonClass::Preference, 7, 1000)), Verdict::Approve);
    assert_eq!(policy.judge(&case(ReasonClass::Preference, 8, 1000)), late(8, 7));
    assert_eq!(policy.judge(&case(ReasonClass::Recall, 4000, 1000)), Verdict::Approve);
}

/// Of the windows that fit, the most specific wins, be it longer or shorter: category before site before
/// class.
#[test]
fn a_category_beats_a_site_and_a_site_beats_a_class() {
    let preference = Some(ReasonClass::Preference);
    let policy = Policy {
        windows: vec![
            rule(Some("shoes"), None, None, Window::Days(14)),
            rule(Some("fresh"), None, preference, Window::Never),
            rule(None, Some("S02"), preference, Window::Days(10)),
            rule(Some("shoes"), Some("S02"), None, Window::Days(3)),
        ],
        ..Policy::standard(Currency::CNY)
    };
    let asked = |days| case(ReasonClass::Preference, days, 1000);
    let at = |site: &str, case: Case| Case { site: Some(site.parse().unwrap()), ..case };
    assert_eq!(policy.judge(&of("shoes", asked(14))), Verdict::Approve);
    assert_eq!(policy.judge(&of("shoes", asked(15))), late(15, 14));
    assert_eq!(policy.judge(&at("S02", asked(10))), Verdict::Approve);
    assert_eq!(policy.judge(&at("S01", asked(10))), late(10, 7));
    assert_eq!(policy.judge(&at("S02", of("shoes", asked(4)))), late(4, 3));
    assert_eq!(
        policy.judge(&at("S02", of("fresh", asked(0)))),
        Verdict::NeedsManager(vec![Ground::NotReturnable])
    );
    // For another reason fresh goods follow the class.
    assert_eq!(policy.judge(&of("fresh", case(ReasonClass::Quality, 30, 1000))), Verdict::Approve);
}

/// A policy may not promise less than the law: what is too short is named, field and law. And where the law
/// became stricter since, the verdict follows the law.
#[test]
fn no_window_falls_below_the_law() {
    let legal = standard_legal(Currency::CNY);
    let mut policy = Policy { legal, ..Policy::standard(Currency::CNY) };
    assert_eq!(policy.check_legal(), Ok(()));

    policy.window_days.insert(ReasonClass::Quality, 5);
    let below = |field: &str, found| BelowLegal {
        field: field.into(),
        found,
        name: "cn_quality".into(),
        law: "消费者权益保护法 第二十四条".into(),
        days: 7,
    };
    assert_eq!(policy.check_legal(), Err(below("windows.quality", Window::Days(5))));
    assert_eq!(policy.judge(&case(ReasonClass::Quality, 7, 1000)), Verdict::Approve, "the law's seven days");
    assert_eq!(policy.judge(&case(ReasonClass::Quality, 8, 1000)), late(8, 7));

    policy.window_days.insert(ReasonClass::Quality, 30);
    policy.windows = vec![rule(Some("toys"), None, None, Window::Never)];
    assert_eq!(policy.check_legal().unwrap_err().field, "window.1.days");
    // Shadowed by a longer one wherever the law is about it: nobody ever gets less.
    policy.windows.push(rule(Some("toys"), None, Some(ReasonClass::Quality), Window::Days(7)));
    policy.windows.push(rule(Some("toys"), None, Some(ReasonClass::Preference), Window::Days(7)));
    assert_eq!(policy.check_legal(), Ok(()));
}

/// Seven days without a reason are for what was bought at a distance, but for goods that the law leaves out.
#[test]
fn the_law_tells_channels_and_categories_apart() {
    let mut policy = Policy { legal: standard_legal(Currency::CNY), ..Policy::standard(Currency::CNY) };
    policy.windows = vec![
        WindowRule {
            channel: Some(Channel::Store),
            ..rule(None, None, Some(ReasonClass::Preference), Window::Days(3))
        },
        rule(Some("鲜活易腐"), None, Some(ReasonClass::Preference), Window::Never),
    ];
    assert_eq!(policy.check_legal(), Ok(()));
    let online = |case: Case| Case { channel: Channel::Online, ..case };
    assert_eq!(policy.judge(&case(ReasonClass::Preference, 4, 1000)), late(4, 3));
    assert_eq!(policy.judge(&online(case(ReasonClass::Preference, 4, 1000))), Verdict::Approve);
    policy.windows[0].channel = None;
    let refused = policy.check_legal().unwrap_err();
    assert_eq!((refused.field.as_str(), refused.name.as_str()), ("window.1.days", "cn_distance"));
}

/// Conditions add up; what nobody has looked at yet fails none.
#[test]
fn goods_are_taken_back_on_conditions() {
    let on = |condition, class| ConditionRule { category: None, site: None, class, condition };
    let policy = Policy {
        conditions: vec![
            on(Condition::Unopened, Some(ReasonClass::Preference)),
            on(Condition::Tags, Some(ReasonClass::Preference)),
            on(Condition::Grade(Grade::C), None),
            on(Condition::Receipt, None),
        ],
        ..Policy::standard(Currency::CNY)
    };
    let looked_at = |class, grade, tags| {
        let goods = vec![Goods { category: None, grade, tags }];
        policy.judge(&Case { goods, ..case(class, 1, 1000) })
    };
    assert_eq!(looked_at(ReasonClass::Preference, None, None), Verdict::Approve);
    assert_eq!(looked_at(ReasonClass::Preference, Some(Grade::A), Some(true)), Verdict::Approve);
    assert_eq!(looked_at(ReasonClass::Quality, Some(Grade::C), None), Verdict::Approve);
    assert_eq!(
        looked_at(ReasonClass::Preference, Some(Grade::D), Some(false)),
        Verdict::NeedsManager(vec![
            Ground::Opened,
            Ground::TagsMissing,
            Ground::GradeBelow { least: Grade::C }
        ])
    );
    let without = Case { receipt: false, ..case(ReasonClass::Quality, 1, 1000) };
    assert_eq!(policy.judge(&without), Verdict::NeedsManager(vec![Ground::ReceiptMissing]));
}

#[test]
fn more_money_asks_for_a_higher_word() {
    let policy = Policy {
        manager_above: Some(Amount(500_000)),
        hq_above: Some(Amount(5_000_000)),
        ..Policy::standard(Currency::CNY)
    };
    let asked = |value| policy.judge(&case(ReasonClass::Quality, 1, value));
    assert_eq!(asked(100_000), Verdict::Approve);
    assert_eq!(asked(100_001), Verdict::NeedsManager(vec![Ground::ValueAbove { limit: Amount(100_000) }]));
    assert_eq!(asked(500_000).code(), "needs_manager");
    assert_eq!(asked(500_001).code(), "needs_hq");
    assert_eq!(asked(5_000_001).code(), "refuse");
    let codes: Vec<_> = asked(5_000_001).codes().into_iter().collect();
    assert_eq!(codes, ["hq_above", "manager_above", "value_above"]);
}

/// Where nobody has seen the sale, what was granted before counts: on the receipt, at the branch, on the day.
#[test]
fn less_proof_needs_a_manager_sooner() {
    let policy = Policy {
        unverified_branch: Some(Amount(100_000)),
        unverified_day: Some(Amount(50_000)),
        ..Policy::standard(Currency::CNY)
    };
    let asked = |value, on_receipt, at_branch, on_day| {
        let [on_receipt, at_branch, on_day] = [on_receipt, at_branch, on_day].map(Amount);
        let provisional = Some(Provisional { on_receipt, at_branch, on_day });
        policy.judge(&Case { sold_on: None, provisional, ..case(ReasonClass::Quality, 1, value) })
    };
    assert_eq!(asked(30_000, 0, 70_000, 20_000), Verdict::Approve);
    let receipt = Ground::UnverifiedAbove { limit: Amount(30_000) };
    assert_eq!(asked(30_001, 0, 0, 0), Verdict::NeedsManager(vec![receipt.clone()]));
    assert_eq!(asked(10_000, 20_001, 20_001, 0), Verdict::NeedsManager(vec![receipt]));
    let branch = Ground::UnverifiedAtBranch { limit: Amount(100_000), used: Amount(70_001) };
    assert_eq!(asked(30_000, 0, 70_001, 0), Verdict::NeedsManager(vec![branch]));
    let day = Ground::UnverifiedOnDay { limit: Amount(50_000), used: Amount(20_001) };
    assert_eq!(asked(30_000, 0, 20_001, 20_001), Verdict::NeedsManager(vec![day]));
}

#[test]
fn a_refund_is_due_in_working_days() {
    let policy = Policy::standard(Currency::CNY);
    let monday = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
    assert_eq!(policy.refund_due(monday, &Calendar::china()).to_string(), "2026-12-02");
    let before_the_holiday = NaiveDate::from_ymd_opt(2026, 9, 28).unwrap();
    assert_eq!(policy.refund_due(before_the_holiday, &Calendar::china()).to_string(), "2026-10-13");
}

fn set(
    version: &str,
    effective: i64,
    recorded: i64,
    stamped: Option<i64>,
    device: &str,
) -> Event<SettingsEvent> {
    let policy = Policy { version: version.into(), ..Policy::standard(Currency::CNY) };
    Event {
        id: EventId { recorded: Recorded::new(Moment(recorded), 0), device: device.parse().unwrap() },
        occurred: Occurred { at: Moment(recorded), zone: Zone::SHANGHAI },
        seen: Moment(0),
        user: "chen".parse().unwrap(),
        policy: String::new(),
        body: SettingsEvent::PolicySet(Box::new(PolicySet { policy, effective: Moment(effective) })),
        proof: Proof { device: DeviceId([1; 16]), hq: true, stamped: stamped.map(Moment) },
    }
}

fn timeline(events: &[Event<SettingsEvent>]) -> Timeline {
    Timeline::new(Policy::standard(Currency::CNY), events)
}

/// The newest version effective when the return occurred holds, in whatever order the versions came.
#[test]
fn the_newest_version_effective_holds() {
    let mut events = vec![
        set("spring", 100 * DAY, 90 * DAY, None, "HQ1"),
        set("summer", 200 * DAY, 80 * DAY, None, "HQ1"),
        set("spring again", 100 * DAY, 95 * DAY, None, "HQ1"),
    ];
    for _ in 0..3 {
        events.rotate_left(1);
        let timeline = timeline(&events);
        let at = |day: i64| timeline.at(Moment(day * DAY)).policy.version.clone();
        assert_eq!(
            [at(99), at(100), at(199), at(200)],
            ["standard/1", "spring again", "spring again", "summer"]
        );
    }
}

/// Two versions of one name, set while two of HQ's devices were apart: the first by rank stands, the other is
/// named.
#[test]
fn a_name_means_one_version() {
    let events =
        [set("spring", 50 * DAY, 20 * DAY, None, "HQ2"), set("spring", 40 * DAY, 10 * DAY, None, "HQ1")];
    let timeline = timeline(&events);
    assert_eq!(timeline.named("spring").unwrap().effective, Some(Moment(40 * DAY)));
    assert_eq!(timeline.conflicts.len(), 1);
    assert_eq!(timeline.conflicts[0].loses, events[0].id);
}

/// A branch that is apart may use the old version for seven days after it could have known the new one;
/// what occurred before the new one holds is the old one's for good.
#[test]
fn an_old_version_is_good_for_a_while() {
    // Set on day 10, on the relay since day 12, effective from day 11.
    let one = [set("spring", 11 * DAY, 10 * DAY, Some(12 * DAY), "HQ1")];
    let timeline = timeline(&one);
    let stale = |occurred: i64, judged: i64| {
        timeline
            .stale("standard/1", Moment(occurred * DAY), Moment(judged * DAY))
            .map(|s| (s.by, s.since.0 / DAY))
    };
    assert_eq!(stale(19, 19), None);
    assert_eq!(stale(20, 20), Some(("spring".into(), 12)));
    assert_eq!(stale(10, 30), None, "typed in late, of a day when the old one held");
    assert_eq!(timeline.stale("spring", Moment(90 * DAY), Moment(90 * DAY)), None);
    assert_eq!(timeline.stale("of another chain", Moment(90 * DAY), Moment(90 * DAY)), None);
    // What no relay has stamped, no branch can have known.
    let unsent = [set("spring", 11 * DAY, 10 * DAY, None, "HQ1")];
    let timeline = Timeline::new(Policy::standard(Currency::CNY), &unsent);
    assert_eq!(timeline.stale("standard/1", Moment(90 * DAY), Moment(90 * DAY)), None);
}
