//! The people who work for the chain (员工): master data, written by HQ's devices; and whose word is enough
//! for what the policy doesn't grant by itself.
//!
//! What surprises: a name is taken at its word, its role isn't. A name that HQ doesn't list has the least
//! role. While HQ lists nobody at all, every name is taken as before there were lists. Nothing that was
//! recorded is judged anew when a user changes: a role is what the device knew when it asked. Only a
//! withdrawal is looked at afterwards, and even then the event stays ([`Absence::covers`]).

use std::collections::BTreeSet;

use crate::document::Head;
use crate::event::Event;
use crate::ids::{SiteId, UserName};
use crate::time::Moment;
use crate::words::words;

words! {
    /// What a person may grant; each role also what those before it may.
    StaffRole, "role" {
        /// Up to the clerk's limit (店员).
        Clerk = "clerk",
        /// Up to the manager's limit, at the sites that are named (经理).
        Manager = "manager",
        /// Up to HQ's limit, at every site (总部).
        Hq = "hq",
    }
}

/// A person who works for the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Identity, number, versions.
    pub head: Head,
    /// The name as it is typed at the counter.
    pub name: UserName,
    /// The name in full, for people to read.
    pub display: String,
    /// What they may grant.
    pub role: StaffRole,
    /// Where they work: a clerk's or manager's role holds here and nowhere else.
    pub sites: BTreeSet<SiteId>,
    /// What happened, in order of rank.
    pub events: Vec<Event<UserEvent>>,
}

/// What can happen to a user beside edits of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserEvent {
    /// HQ listed them.
    Listed,
    /// HQ withdrew their role (停用).
    Withdrawn,
    /// HQ gave it back.
    Reinstated,
    /// Something that a newer program recorded; kept, not folded.
    Unknown {
        /// Its name.
        kind: String,
    },
}

/// A time in which a person's role was withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absence {
    /// From when on, within what stamps prove.
    pub since: Moment,
    /// Until when; `None` while it lasts.
    pub until: Option<Moment>,
}

impl Absence {
    /// Whether something that was recorded at a moment falls into it.
    pub fn covers(&self, recorded: Moment) -> bool {
        self.since <= recorded && self.until.is_none_or(|until| recorded < until)
    }
}

/// Why somebody's word isn't enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacks {
    /// HQ lists nobody of that name.
    NotListed,
    /// HQ has withdrawn their role.
    Withdrawn,
    /// Their role may not grant it.
    Role(StaffRole),
    /// They work at other sites.
    Elsewhere,
}

impl User {
    /// The times in which the role was withdrawn, oldest first; the last may go on.
    pub fn absences(&self) -> Vec<Absence> {
        let mut absences: Vec<Absence> = Vec::new();
        for event in &self.events {
            let at = event.rank().time.moment();
            let open = absences.last_mut().filter(|absence| absence.until.is_none());
            match (&event.body, open) {
                (UserEvent::Withdrawn, None) => absences.push(Absence { since: at, until: None }),
                (UserEvent::Reinstated, Some(open)) => open.until = Some(at),
                _ => {}
            }
        }
        absences
    }

    /// Whether the role stands.
    pub fn is_active(&self) -> bool {
        self.absences().last().is_none_or(|absence| absence.until.is_some())
    }
}

/// A person as the limits see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// The name as it is typed at the counter.
    pub name: UserName,
    /// What they may grant.
    pub role: StaffRole,
    /// Where they work.
    pub sites: BTreeSet<SiteId>,
    /// Whether the role stands.
    pub active: bool,
}

impl Staff {
    /// Whether their word is enough at a site for what a role may grant; else why not.
    pub fn may_grant(&self, wanted: StaffRole, site: Option<&SiteId>) -> Result<(), Lacks> {
        if !self.active {
            return Err(Lacks::Withdrawn);
        }
        if self.role < wanted {
            return Err(Lacks::Role(self.role));
        }
        let there = self.role == StaffRole::Hq || site.is_none_or(|site| self.sites.contains(site));
        if there { Ok(()) } else { Err(Lacks::Elsewhere) }
    }
}

/// Whether a person's word is enough at a site for what a role may grant, of all whom HQ lists; else why not.
pub fn may_grant(
    staff: &[Staff],
    name: &UserName,
    wanted: StaffRole,
    site: Option<&SiteId>,
) -> Result<(), Lacks> {
    if staff.is_empty() {
        return Ok(());
    }
    staff.iter().find(|s| s.name == *name).ok_or(Lacks::NotListed)?.may_grant(wanted, site)
}

/// Those whose word would be enough, the one who asks apart; by name.
pub fn who_could(
    staff: &[Staff],
    asking: &UserName,
    wanted: StaffRole,
    site: Option<&SiteId>,
) -> Vec<UserName> {
    let mut could: Vec<UserName> = staff
        .iter()
        .filter(|s| s.name != *asking && s.may_grant(wanted, site).is_ok())
        .map(|s| s.name.clone())
        .collect();
    could.sort();
    could
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staff(name: &str, role: StaffRole, sites: &[&str], active: bool) -> Staff {
        let sites = sites.iter().map(|s| s.parse().unwrap()).collect();
        Staff { name: name.parse().unwrap(), role, sites, active }
    }

    /// A role holds where its bearer works, HQ's everywhere; nobody listed, everybody may.
    #[test]
    fn a_word_counts_by_role_and_site() {
        let all = [
            staff("li", StaffRole::Clerk, &["S01"], true),
            staff("wang", StaffRole::Manager, &["S01", "S02"], true),
            staff("zhao", StaffRole::Manager, &["S01"], false),
            staff("qian", StaffRole::Hq, &[], true),
        ];
        let (s01, s03): (SiteId, SiteId) = ("S01".parse().unwrap(), "S03".parse().unwrap());
        let says = |name: &str, wanted, site| may_grant(&all, &name.parse().unwrap(), wanted, Some(site));
        assert_eq!(says("wang", StaffRole::Manager, &s01), Ok(()));
        assert_eq!(says("wang", StaffRole::Manager, &s03), Err(Lacks::Elsewhere));
        assert_eq!(says("wang", StaffRole::Hq, &s01), Err(Lacks::Role(StaffRole::Manager)));
        assert_eq!(says("li", StaffRole::Manager, &s01), Err(Lacks::Role(StaffRole::Clerk)));
        assert_eq!(says("zhao", StaffRole::Manager, &s01), Err(Lacks::Withdrawn));
        assert_eq!(says("sun", StaffRole::Manager, &s01), Err(Lacks::NotListed));
        assert_eq!(says("qian", StaffRole::Hq, &s03), Ok(()));
        assert_eq!(may_grant(&[], &"sun".parse().unwrap(), StaffRole::Hq, Some(&s01)), Ok(()));
        let could = |asking: &str| {
            let could = who_could(&all, &asking.parse().unwrap(), StaffRole::Manager, Some(&s01));
            could.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(could("li"), "qian wang");
        assert_eq!(could("wang"), "qian");
    }
}
