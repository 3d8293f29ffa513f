//! Versions of the policy: every one that ever stood, which of them holds when, and which judgement came
//! from one that had long been replaced.
//!
//! What surprises: a version is honoured as long as the branch couldn't know better, and for the version's
//! own days more ([`Policy::stale_ms`]). Only what was judged by it later than that is flagged, and even
//! that stands. Whether a branch could know is proven by the relay's stamp on the change that set the next
//! version, never by HQ's clock.

use super::Policy;
use crate::event::{Event, Rank};
use crate::ids::{EventId, UserName};
use crate::master::SettingsEvent;
use crate::time::Moment;

/// A version of the policy, as HQ set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySet {
    /// What it says; the law's minimum windows are no part of it.
    pub policy: Policy,
    /// From when on returns are judged by it: those that occurred then or later.
    pub effective: Moment,
}

/// A version among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// What it says.
    pub policy: Policy,
    /// From when on; `None` for the one that holds while HQ has set none.
    pub effective: Option<Moment>,
    /// Who set it, and where that event ranks; `None` likewise.
    pub set: Option<Set>,
}

/// How a version was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// The event's rank.
    pub rank: Rank,
    /// The person.
    pub by: UserName,
    /// The earliest stamp on it: before that no branch could know. `None` while no relay has it.
    pub known: Option<Moment>,
}

/// Two versions of one name, set at two of HQ's devices while apart: the one that ranks first stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameTwice {
    /// The name.
    pub version: String,
    /// The event that stands.
    pub stands: EventId,
    /// The event that doesn't.
    pub loses: EventId,
}

/// All versions, in the order in which they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    versions: Vec<Version>,
    /// Events that lost against another of the same name.
    pub conflicts: Vec<NameTwice>,
}

/// What shows that a return was judged by a version that had long been replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// The version that should have been used.
    pub by: String,
    /// Since when a branch could know it, and it held.
    pub since: Moment,
    /// How many days more the old one was good for.
    pub stale_days: u32,
}

impl Timeline {
    /// The versions: the one that holds while none was set, and those that events set. Equal for every
    /// order of the events.
    pub fn new<'a>(base: Policy, events: impl IntoIterator<Item = &'a Event<SettingsEvent>>) -> Self {
        let mut events: Vec<_> = events.into_iter().collect();
        events.sort_by_cached_key(|event| event.rank());
        let mut versions = vec![Version { policy: base, effective: None, set: None }];
        let mut conflicts = Vec::new();
        for event in events {
            let SettingsEvent::PolicySet(set) = &event.body else { continue };
            if let Some(first) = versions.iter().find(|v| v.policy.version == set.policy.version) {
                let other = first.policy != set.policy || first.effective != Some(set.effective);
                if let (Some(stands), true) = (&first.set, other) {
                    conflicts.push(NameTwice {
                        version: set.policy.version.clone(),
                        stands: stands.rank.event.clone(),
                        loses: event.id.clone(),
                    });
                }
                continue;
            }
            let proven = Set { rank: event.rank(), by: event.user.clone(), known: event.proof.stamped };
            versions.push(Version {
                policy: set.policy.clone(),
                effective: Some(set.effective),
                set: Some(proven),
            });
        }
        // Of two that hold from one moment on, the one that was set later.
        versions.sort_by_cached_key(|v| (v.effective, v.set.as_ref().map(|s| s.rank.clone())));
        Self { versions, conflicts }
    }

    /// The versions in the order in which they hold, the one that was there first at the front.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The version of a name.
    pub fn named(&self, version: &str) -> Option<&Version> {
        self.versions.iter().find(|v| v.policy.version == version)
    }

    /// The version that holds for what occurred at a moment: the newest effective then.
    pub fn at(&self, occurred: Moment) -> &Version {
        let holds = |v: &&Version| v.effective.is_none_or(|from| from <= occurred);
        self.versions.iter().rev().find(holds).unwrap_or(&self.versions[0])
    }

    /// Whether a return that occurred at a moment was judged by a version that had been replaced for longer
    /// than the version allows. `judged` is the time of the decision's rank: held within what stamps prove.
    ///
    /// Nothing is known of a version that isn't among these, so nothing is said of it.
    pub fn stale(&self, version: &str, occurred: Moment, judged: Moment) -> Option<Stale> {
        let place = self.versions.iter().position(|v| v.policy.version == version)?;
        let old = &self.versions[place].policy;
        let mut replaced: Vec<(Moment, &Version)> = self.versions[place + 1..]
            .iter()
            .filter(|v| v.effective.is_some_and(|from| from <= occurred))
            .filter_map(|v| Some((v.set.as_ref()?.known?.max(v.effective?), v)))
            .collect();
        replaced.sort_by_key(|(since, _)| *since);
        let (since, _) = *replaced.first()?;
        (judged > since.plus_ms(old.stale_ms())).then(|| Stale {
            by: self.at(occurred).policy.version.clone(),
            since,
            stale_days: old.stale_days.unwrap_or(Policy::STALE_DAYS),
        })
    }
}
