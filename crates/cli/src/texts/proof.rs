//! The texts about what was proven equal, and what wasn't; in both languages side by side, as in [`super`].

use std::fmt::Display;

use guicang_domain::time::{Moment, Occurred, Zone};
use guicang_replica::FeedStatus;

use crate::format::minute;
use crate::language::Language;

texts! {
    /// Both ends hold the same.
    equal(at: &str, changes: u64) {
        zh: "{at} 与总部中继一致：{changes} 项变更",
        en: "equal with HQ's relay at {at}; changes: {changes}",
    }
    /// The relay lacks something.
    lacking(since: &str, strays: u64) {
        zh: "自 {since} 起总部中继缺 {strays} 项变更：同步时补回，别的设备写的等它们同步",
        en: "differs since {since}: HQ's relay lacks {strays} of the changes, brought back with each sync, or by the devices that wrote them",
    }
    /// The sums differ.
    differs(since: &str) {
        zh: "自 {since} 起不一致，同步时查找差异并补齐",
        en: "differs since {since}; with each sync, what differs is looked for and made up",
    }
    /// Nothing was compared so far.
    not_compared() { zh: "尚未比对", en: "not compared yet" }
    /// HQ's own replica against the log.
    log(proof: &str) { zh: "总部账本：{proof}", en: "HQ's replica: {proof}" }
    /// Devices that weren't heard of for long.
    old_devices(devices: &str, hours: i64) {
        zh: "超过 {hours} 小时没有证明一致的设备：{devices}",
        en: "not proven equal for more than {hours} hours: {devices}",
    }
    /// One of them.
    old_device(code: &dyn Display, at: &str) { zh: "{code}（上次 {at}）", en: "{code} (last {at})" }
    /// One that never was.
    never_proven(code: &dyn Display) { zh: "{code}（从未）", en: "{code} (never)" }
}

/// What is known of a feed, in a sentence.
pub fn of_feed(language: Language, zone: Zone, feed: &FeedStatus) -> String {
    let at = |moment: Option<Moment>| moment.map_or_else(|| "-".into(), |moment| time(zone, moment));
    match (feed.agreed, feed.strays) {
        (None, _) => not_compared(language),
        (Some(true), 0) => equal(language, &at(feed.checked), feed.position),
        (_, 0) => differs(language, &at(feed.differs)),
        (_, strays) => lacking(language, &at(feed.differs), strays),
    }
}

/// A moment in a zone, without seconds.
pub fn time(zone: Zone, moment: Moment) -> String {
    minute(&Occurred { at: moment, zone }.to_rfc3339())
}
