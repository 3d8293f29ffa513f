//! What a count's events come to: its stage, and what it asserts of each bucket.
//!
//! What surprises: scans that arrive after the approval still count. Two rooms of a bucket add up
//! whenever the second comes in; leaving it out would assert half of what is there. The approval
//! keeps what it saw, and what came since shows.

use std::collections::{BTreeMap, BTreeSet};

use super::{Count, CountEvent, Spot};
use crate::event::{Event, Rank};
use crate::ids::{DeviceId, EventId, UserName};
use crate::money::UnitPrice;
use crate::quantity::Quantity;
use crate::time::{Moment, Occurred};
use crate::words::words;

words! {
    /// How far a count is.
    Stage, "stage of a count" {
        /// Being counted.
        Open = "open",
        /// Counted; waits for approval.
        Closed = "closed",
        /// The ledger follows it.
        Approved = "approved",
        /// Dropped.
        Cancelled = "cancelled",
    }
}

/// What a count says of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// How much is there: the scans that stand, added up.
    pub counted: Quantity,
    /// When the first of them was made; for what nobody scanned, when the count began.
    pub first: Moment,
    /// When the last of them was made: the assertion holds at this time.
    pub last: Moment,
    /// The devices that made them.
    pub devices: BTreeSet<DeviceId>,
    /// The events that say so: what a recount has to name.
    pub by: Vec<EventId>,
    /// The cost of one by the list of articles, as the last scan that knew one says.
    pub cost: Option<UnitPrice>,
    /// Nobody scanned it, and the close says that there is none.
    pub unscanned: bool,
    /// A scan stands beside a later recount that doesn't name it: whether it was meant to is for a
    /// person to say, by counting again.
    pub unclear: bool,
}

/// A decision on the count: who, when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The event.
    pub event: EventId,
    /// Who decided.
    pub user: UserName,
    /// When.
    pub occurred: Occurred,
}

/// Why somebody may not approve a count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{user} alone counted it")]
pub struct NotApprover {
    /// Who.
    pub user: UserName,
}

/// A count as its events make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountState {
    /// How far it is.
    pub stage: Stage,
    /// What it asserts, by bucket.
    pub assertions: BTreeMap<Spot, Assertion>,
    /// The close that stands; the first.
    pub closed: Option<Decision>,
    /// The approval that stands; the last.
    pub approved: Option<Decision>,
    /// The variances that it saw, by bucket; those of zero are left out.
    pub seen: BTreeMap<Spot, Quantity>,
    /// Those who counted.
    pub counters: BTreeSet<UserName>,
    /// Decisions and recounts made while apart that don't stand: (event, what it was).
    pub losers: Vec<(EventId, &'static str)>,
}

/// A word on a bucket that hasn't been replaced.
struct Word<'a> {
    event: &'a Event<CountEvent>,
    quantity: Quantity,
    cost: Option<UnitPrice>,
    replaces: &'a [EventId],
    recount: bool,
}

impl CountState {
    /// Folds a count's events.
    pub fn of(count: &Count) -> Self {
        let reversed: BTreeSet<&EventId> = count
            .events
            .iter()
            .filter_map(|e| match &e.body {
                CountEvent::Reversed { event } => Some(event),
                _ => None,
            })
            .collect();
        let standing: Vec<&Event<CountEvent>> =
            count.events.iter().filter(|e| !reversed.contains(&e.id)).collect();
        let mut state = Self {
            stage: Stage::Open,
            assertions: BTreeMap::new(),
            closed: None,
            approved: None,
            seen: BTreeMap::new(),
            counters: BTreeSet::new(),
            losers: Vec::new(),
        };
        state.count(&standing);
        state.close(count, &standing);
        state.decide(&standing);
        state
    }

    /// Whether the ledger follows it.
    pub fn holds(&self) -> bool {
        self.stage == Stage::Approved
    }

    /// Whether somebody may approve: not one who alone has counted.
    ///
    /// # Errors
    /// [`NotApprover`] when it is so.
    pub fn may_approve(&self, user: &UserName) -> Result<(), NotApprover> {
        let alone = self.counters.len() == 1 && self.counters.contains(user);
        if alone { Err(NotApprover { user: user.clone() }) } else { Ok(()) }
    }

    fn count(&mut self, events: &[&Event<CountEvent>]) {
        let mut words: BTreeMap<&Spot, Vec<Word<'_>>> = BTreeMap::new();
        for event in events {
            let mut say = |scan: &'_ super::Scan, spot, replaces, recount| {
                let word = Word { event, quantity: scan.quantity, cost: scan.cost, replaces, recount };
                words.entry(spot).or_default().push(word);
            };
            match &event.body {
                CountEvent::Scanned { scans } => {
                    scans.iter().for_each(|s| say(s, &s.spot, &[][..], false));
                }
                CountEvent::Recounted { scan, replaces } => say(scan, &scan.spot, replaces, true),
                _ => continue,
            }
            self.counters.insert(event.user.clone());
        }
        for (spot, words) in words {
            let (assertion, losers) = assertion(words);
            self.losers.extend(losers.into_iter().map(|id| (id, "recounted")));
            self.assertions.insert(spot.clone(), assertion);
        }
    }

    /// What nobody scanned is zero where a close says so; a scan that came since prevails.
    fn close(&mut self, count: &Count, events: &[&Event<CountEvent>]) {
        let began = count.events.iter().map(|e| e.occurred.at).min().unwrap_or_default();
        for event in events {
            let CountEvent::Closed { zero, .. } = &event.body else { continue };
            if self.closed.is_none() {
                self.closed = Some(decision(event, &event.user));
                self.stage = Stage::Closed;
            }
            if !zero.is_empty() {
                self.counters.insert(event.user.clone());
            }
            for spot in zero {
                self.assertions.entry(spot.clone()).or_insert_with(|| Assertion {
                    counted: Quantity::ZERO,
                    first: began.min(event.occurred.at),
                    last: event.occurred.at,
                    devices: [event.proof.device].into(),
                    by: vec![event.id.clone()],
                    cost: None,
                    unscanned: true,
                    unclear: false,
                });
            }
        }
    }

    /// The first decision stands: an approval that comes after a cancellation, or the other way round,
    /// was made apart. Approvals after the first have seen more.
    fn decide(&mut self, events: &[&Event<CountEvent>]) {
        for event in events {
            match (&event.body, self.stage) {
                (CountEvent::Approved { .. }, Stage::Cancelled) => {
                    self.losers.push((event.id.clone(), "approved"));
                }
                (CountEvent::Approved { by, seen }, _) => {
                    self.stage = Stage::Approved;
                    self.approved = Some(decision(event, by));
                    self.seen = seen.iter().map(|s| (s.spot.clone(), s.variance())).collect();
                }
                (CountEvent::Cancelled, Stage::Approved) => {
                    self.losers.push((event.id.clone(), "cancelled"));
                }
                (CountEvent::Cancelled, _) => self.stage = Stage::Cancelled,
                _ => {}
            }
        }
    }
}

fn decision(event: &Event<CountEvent>, user: &UserName) -> Decision {
    Decision { event: event.id.clone(), user: user.clone(), occurred: event.occurred }
}

/// What the words on a bucket come to, and the recounts that lost against another of the same scans.
fn assertion(mut words: Vec<Word<'_>>) -> (Assertion, Vec<EventId>) {
    let ranks: BTreeMap<&EventId, Rank> = words.iter().map(|w| (&w.event.id, w.event.rank())).collect();
    let mut replaced: BTreeSet<&EventId> = BTreeSet::new();
    for word in &words {
        let rank = &ranks[&word.event.id];
        replaced.extend(word.replaces.iter().filter(|id| ranks.get(id).is_some_and(|r| r < rank)));
    }
    words.retain(|w| !replaced.contains(&w.event.id));
    let mut losers: Vec<EventId> = Vec::new();
    let order = |w: &Word<'_>| (w.event.occurred.at, w.event.id.clone());
    // Two people counted the same again while apart: the later count stands.
    for one in words.iter().filter(|w| w.recount) {
        let rival = words.iter().any(|other| {
            other.recount
                && order(other) > order(one)
                && other.replaces.iter().any(|id| one.replaces.contains(id))
        });
        if rival {
            losers.push(one.event.id.clone());
        }
    }
    words.retain(|w| !losers.contains(&w.event.id));
    words.sort_by_key(order);
    let recounted = words.iter().filter(|w| w.recount).map(|w| w.event.occurred.at).max();
    let unclear = words.iter().any(|w| !w.recount && recounted.is_some_and(|at| w.event.occurred.at <= at));
    let at = |word: Option<&Word<'_>>| word.map_or(Moment::default(), |w| w.event.occurred.at);
    let assertion = Assertion {
        counted: words.iter().map(|w| w.quantity).sum(),
        first: at(words.first()),
        last: at(words.last()),
        devices: words.iter().map(|w| w.event.proof.device).collect(),
        by: words.iter().map(|w| w.event.id.clone()).collect(),
        cost: words.iter().rev().find_map(|w| w.cost),
        unscanned: false,
        unclear,
    };
    (assertion, losers)
}

#[cfg(test)]
mod tests {
    use super::super::{Scan, Scope, Uncounted};
    use super::*;
    use crate::account::Account;
    use crate::document::Head;
    use crate::event::Proof;
    use crate::money::Currency;
    use crate::time::{Recorded, Zone};

    fn spot(sku: &str) -> Spot {
        Spot { place: String::new(), sku: sku.parse().unwrap(), lot: None, account: Account::Sellable }
    }

    fn scan(sku: &str, units: i64) -> Scan {
        Scan { spot: spot(sku), quantity: Quantity::units(units), cost: None }
    }

    fn scanned(sku: &str, units: i64) -> CountEvent {
        CountEvent::Scanned { scans: vec![scan(sku, units)] }
    }

    fn id(device: &str, ms: i64) -> EventId {
        EventId { recorded: Recorded::new(Moment(ms), 0), device: device.parse().unwrap() }
    }

    fn fold(events: Vec<(&str, i64, CountEvent)>) -> CountState {
        let event = |(device, ms, body): (&str, i64, CountEvent)| Event {
            id: id(device, ms),
            occurred: Occurred { at: Moment(ms), zone: Zone::SHANGHAI },
            seen: Moment(0),
            user: format!("user of {device}").parse().unwrap(),
            policy: String::new(),
            body,
            proof: Proof { device: DeviceId([device.as_bytes()[0]; 16]), hq: false, stamped: None },
        };
        let mut events: Vec<_> = events.into_iter().map(event).collect();
        events.sort_by_key(Event::rank);
        CountState::of(&Count {
            head: Head {
                import: None,
                id: "019a1234-5678-7abc-8def-0123456789ab.b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1".parse().unwrap(),
                site: Some("S01".parse().unwrap()),
                number: "PD-A-000001".parse().unwrap(),
                schema: 1,
                rules: 1,
                zone: Zone::SHANGHAI,
            },
            scope: Scope::full(),
            blind: false,
            plan: None,
            currency: Currency::CNY,
            note: None,
            events,
        })
    }

    fn approved() -> CountEvent {
        CountEvent::Approved { by: "wang".parse().unwrap(), seen: Vec::new() }
    }

    /// Front and back room, two devices: they add up, and the count holds at the last of them.
    #[test]
    fn scans_of_a_bucket_add_up() {
        let state = fold(vec![("A", 10, scanned("TEA", 50)), ("B", 20, scanned("TEA", 47))]);
        let tea = &state.assertions[&spot("TEA")];
        assert_eq!((tea.counted, tea.first, tea.last), (Quantity::units(97), Moment(10), Moment(20)));
        assert_eq!(tea.devices.len(), 2);
        assert_eq!(state.stage, Stage::Open);
    }

    /// A recount replaces what it names, of its own bucket alone; taken back, the scans are there again.
    #[test]
    fn a_recount_replaces_what_it_names() {
        let both = CountEvent::Scanned { scans: vec![scan("TEA", 50), scan("CUP", 8)] };
        let recount = CountEvent::Recounted { scan: scan("TEA", 49), replaces: vec![id("A", 10)] };
        let mut events = vec![("A", 10, both), ("A", 30, recount)];
        let state = fold(events.clone());
        assert_eq!(state.assertions[&spot("TEA")].counted, Quantity::units(49));
        assert_eq!(state.assertions[&spot("TEA")].first, Moment(30));
        assert_eq!(state.assertions[&spot("CUP")].counted, Quantity::units(8));
        events.push(("A", 40, CountEvent::Reversed { event: id("A", 30) }));
        assert_eq!(fold(events).assertions[&spot("TEA")].counted, Quantity::units(50));
    }

    /// Two devices count the same scans again while apart: the later stands, and the other is named.
    #[test]
    fn of_two_recounts_of_the_same_the_later_stands() {
        let again = |units| CountEvent::Recounted { scan: scan("TEA", units), replaces: vec![id("A", 10)] };
        let state = fold(vec![("A", 10, scanned("TEA", 50)), ("B", 30, again(48)), ("A", 31, again(49))]);
        assert_eq!(state.assertions[&spot("TEA")].counted, Quantity::units(49));
        assert_eq!(state.losers, [(id("B", 30), "recounted")]);
    }

    /// A scan made elsewhere before a recount that doesn't know of it: nobody can tell whether the
    /// recount was to include it.
    #[test]
    fn a_scan_that_a_recount_has_not_seen_is_unclear() {
        let again = CountEvent::Recounted { scan: scan("TEA", 97), replaces: vec![id("A", 10)] };
        let state =
            fold(vec![("A", 10, scanned("TEA", 50)), ("B", 20, scanned("TEA", 47)), ("A", 30, again)]);
        let tea = &state.assertions[&spot("TEA")];
        assert_eq!((tea.counted, tea.unclear), (Quantity::units(144), true));
    }

    #[test]
    fn what_nobody_scanned_is_zero_only_where_a_close_says_so() {
        let close = CountEvent::Closed { uncounted: Uncounted::Zero, zero: vec![spot("CUP"), spot("TEA")] };
        let state = fold(vec![("A", 5, CountEvent::Opened), ("A", 20, close), ("B", 15, scanned("TEA", 4))]);
        let cup = &state.assertions[&spot("CUP")];
        assert_eq!((cup.counted, cup.first, cup.last), (Quantity::ZERO, Moment(5), Moment(20)));
        assert!(cup.unscanned);
        // The other device had scanned it, which the close didn't know.
        assert_eq!(state.assertions[&spot("TEA")].counted, Quantity::units(4));
    }

    /// Approved here and cancelled there while apart: the first stands, the other is named; taken back,
    /// the count waits again.
    #[test]
    fn the_first_decision_stands() {
        let counted = ("A", 10, scanned("TEA", 1));
        let state = fold(vec![counted.clone(), ("B", 30, CountEvent::Cancelled), ("C", 31, approved())]);
        assert_eq!(state.stage, Stage::Cancelled);
        assert_eq!(state.losers, [(id("C", 31), "approved")]);
        let mut events = vec![counted, ("C", 29, approved()), ("B", 30, CountEvent::Cancelled)];
        let state = fold(events.clone());
        assert_eq!(state.stage, Stage::Approved);
        assert_eq!(state.losers, [(id("B", 30), "cancelled")]);
        events.retain(|(device, ..)| *device != "B");
        events.push(("C", 40, CountEvent::Reversed { event: id("C", 29) }));
        assert_eq!(fold(events).stage, Stage::Open);
    }

    #[test]
    fn who_counted_alone_does_not_approve() {
        let alone = fold(vec![("A", 10, scanned("TEA", 1))]);
        assert!(alone.may_approve(&"user of A".parse().unwrap()).is_err());
        assert!(alone.may_approve(&"wang".parse().unwrap()).is_ok());
        let two = fold(vec![("A", 10, scanned("TEA", 1)), ("B", 11, scanned("TEA", 1))]);
        assert!(two.may_approve(&"user of A".parse().unwrap()).is_ok());
    }
}
