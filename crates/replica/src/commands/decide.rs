//! Decisions on a return, and what ends it: asked, approved, rejected, disputed, cancelled, reversed, closed.
//!
//! What surprises: a reversal (红字冲销) deletes nothing. It is an event that names another; stock and money
//! follow because the fold no longer counts what was named.

use guicang_documents::Replayed;
use guicang_domain::document::Kind;
use guicang_domain::event::Event;
use guicang_domain::ids::{EventId, SiteId, UserName};
use guicang_domain::money::Amount;
use guicang_domain::policy::{Case, Policy, Verdict};
use guicang_domain::returns::moves::Move;
use guicang_domain::returns::state::ReturnState;
use guicang_domain::returns::{Return, ReturnEvent};
use guicang_domain::time::Occurred;
use guicang_domain::user::StaffRole;
use rusqlite::params;

use super::By;
use super::policy::Asked;
use super::returns::{ReturnDone, wrong};
use crate::error::CommandError;
use crate::facts::DocumentRow;
use crate::store::{Replica, Work};

/// A return that is about to be added to.
pub(super) struct Opened {
    pub(super) row: DocumentRow,
    replayed: Replayed,
    pub(super) document: Return,
    pub(super) state: ReturnState,
}

impl Replica {
    /// Asks for a return that was a draft, or was sent back for more information.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn request_return(&mut self, by: &By, name: &str) -> Result<ReturnDone, CommandError> {
        self.step(|work| work.simply(by, name, Move::Request, ReturnEvent::Requested))
    }

    /// Approves a return: the policy by itself, else a manager who isn't the one that asked for it.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn approve_return(&mut self, by: &By, name: &str) -> Result<ReturnDone, CommandError> {
        self.step(|work| work.approve_return(by, name))
    }

    /// Rejects a return; a manager who isn't the one that asked for it does. `grounds` are codes; none: what
    /// the policy says.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn reject_return(
        &mut self,
        by: &By,
        name: &str,
        grounds: Vec<String>,
    ) -> Result<ReturnDone, CommandError> {
        self.step(|work| work.reject_return(by, name, grounds))
    }

    /// Sends a return back for more information.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn ask_information(&mut self, by: &By, name: &str, note: &str) -> Result<ReturnDone, CommandError> {
        let note = note.to_owned();
        self.step(|work| work.simply(by, name, Move::AskInformation, ReturnEvent::NeedsInformation { note }))
    }

    /// Notes that the customer doesn't accept what was decided; it is decided again then.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn dispute_return(&mut self, by: &By, name: &str, note: &str) -> Result<ReturnDone, CommandError> {
        let note = note.to_owned();
        self.step(|work| work.simply(by, name, Move::Dispute, ReturnEvent::Disputed { note }))
    }

    /// Cancels a return before goods came or money went.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn cancel_return(&mut self, by: &By, name: &str) -> Result<ReturnDone, CommandError> {
        self.step(|work| work.simply(by, name, Move::Cancel, ReturnEvent::Cancelled))
    }

    /// Closes a return on which nothing waits and nothing is owed.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then.
    pub fn close_return(&mut self, by: &By, name: &str) -> Result<ReturnDone, CommandError> {
        self.step(|work| work.close_return(by, name))
    }

    /// Takes a return back, or one event of it: what it did to stock and money is undone by a reversing entry.
    /// A manager has to agree.
    ///
    /// # Errors
    /// [`CommandError`]; nothing is changed then. What a rail was paid or ordered to pay isn't taken back.
    pub fn reverse_return(
        &mut self,
        by: &By,
        name: &str,
        event: Option<&EventId>,
    ) -> Result<ReturnDone, CommandError> {
        self.step(|work| work.reverse_return(by, name, event))
    }

    /// One transaction on one return.
    pub(super) fn step(
        &mut self,
        work: impl FnOnce(&mut Work<'_>) -> Result<i64, CommandError>,
    ) -> Result<ReturnDone, CommandError> {
        let id = self.write(work)?;
        self.return_done(id)
    }
}

impl Work<'_> {
    /// The return of a name, when a move is legal on it.
    pub(super) fn opened(&self, name: &str, what: Move) -> Result<Opened, CommandError> {
        let row = self.named(name, Kind::Return)?;
        let (replayed, document) = self.open_return(&row)?;
        let state = ReturnState::of(&document);
        state
            .check(&document, what)
            .map_err(|illegal| CommandError::IllegalMove { number: row.number.clone(), illegal })?;
        Ok(Opened { row, replayed, document, state })
    }

    /// Adds events to a return, and the sites that are to have it from now on.
    pub(super) fn add(
        &mut self,
        opened: Opened,
        by: &By,
        policy: &str,
        bodies: Vec<ReturnEvent>,
        sites: &[SiteId],
    ) -> Result<i64, CommandError> {
        let zone = opened.document.head.zone;
        let events: Vec<Event<ReturnEvent>> =
            bodies.into_iter().map(|body| self.event(by, zone, policy, body)).collect();
        self.append_with_sites(&opened.row, opened.replayed, opened.document, events, sites)?;
        Ok(opened.row.id)
    }

    fn simply(&mut self, by: &By, name: &str, what: Move, body: ReturnEvent) -> Result<i64, CommandError> {
        let opened = self.opened(name, what)?;
        self.add(opened, by, "", vec![body], &[])
    }

    fn approve_return(&mut self, by: &By, name: &str) -> Result<i64, CommandError> {
        let opened = self.opened(name, Move::Approve)?;
        let (policy, case) = self.case_of(by, &opened)?;
        let by_itself = policy.judge(&case) == Verdict::Approve && !opened.state.disputed;
        let decision = if by_itself && by.approved_by.is_none() {
            ReturnEvent::Approved { by: None, grounds: Vec::new() }
        } else {
            let by = self.reviewing(by, &opened.document);
            self.approve(&by, &policy, &case, &[], opened.document.currency)?
        };
        self.add(opened, by, &policy.version, vec![decision], &[])
    }

    fn reject_return(&mut self, by: &By, name: &str, grounds: Vec<String>) -> Result<i64, CommandError> {
        let opened = self.opened(name, Move::Reject)?;
        let (policy, case) = self.case_of(by, &opened)?;
        let grounds = match grounds.is_empty() {
            true => {
                let verdict = policy.judge(&case);
                verdict.grounds().iter().map(|g| g.code().to_owned()).collect()
            }
            false => grounds,
        };
        let site = opened.document.head.site.as_ref();
        let manager = self.manager(by, Some(&opened.document), site, Move::Reject)?;
        let decision = ReturnEvent::Rejected { by: Some(manager), grounds };
        self.add(opened, by, &policy.version, vec![decision], &[])
    }

    fn close_return(&mut self, by: &By, name: &str) -> Result<i64, CommandError> {
        let opened = self.opened(name, Move::Close)?;
        let due = self.due(&opened)?;
        if due > Amount::ZERO {
            return Err(CommandError::StillOwed {
                number: opened.row.number,
                due,
                currency: opened.document.currency,
            });
        }
        self.add(opened, by, "", vec![ReturnEvent::Closed], &[])
    }

    fn reverse_return(&mut self, by: &By, name: &str, event: Option<&EventId>) -> Result<i64, CommandError> {
        let opened = self.opened(name, Move::Reverse)?;
        let manager = self.manager(by, None, opened.document.head.site.as_ref(), Move::Reverse)?;
        let standing = opened.document.standing().filter(|e| e.body.is_reversible());
        let reversed: Vec<EventId> = match event {
            None => standing.map(|e| e.id.clone()).collect(),
            Some(one) => {
                let begins = |e: &Event<ReturnEvent>| {
                    matches!(e.body, ReturnEvent::Requested | ReturnEvent::Drafted | ReturnEvent::Imported)
                };
                let found = standing.filter(|e| !begins(e)).find(|e| e.id == *one);
                let missing = || wrong("event", &one.to_string(), "an event of the return that stands");
                vec![found.ok_or_else(missing)?.id.clone()]
            }
        };
        let reverse = |event| ReturnEvent::Reversed { event, by: Some(manager.clone()) };
        let bodies = reversed.into_iter().map(reverse).collect();
        self.add(opened, by, "", bodies, &[])
    }

    /// What is owed on a return and neither paid nor asked for yet.
    pub(super) fn due(&self, opened: &Opened) -> Result<Amount, CommandError> {
        let entitled: i64 = self
            .tx
            .prepare_cached("SELECT entitled FROM return_head WHERE org = ? AND document = ?")?
            .query_row(params![self.org, opened.row.id], |r| r.get(0))?;
        Ok(Amount(entitled) - opened.state.queued() - opened.state.paid())
    }

    /// The policy of the day it was asked, and what it looks at, of a return that was opened before.
    fn case_of(&self, by: &By, opened: &Opened) -> Result<(Policy, Case), CommandError> {
        let document = &opened.document;
        let (held, proven) = self.sale_of(document)?;
        let reason = match document.lines.values().next() {
            Some(line) => self.reason(&line.reason)?,
            None => return Err(wrong("item", "nothing", "at least one SKU")),
        };
        let value = |(id, line): (&guicang_domain::ids::LineId, &guicang_domain::returns::ReturnLine)| {
            let links = document.links_of(id);
            match links.is_empty() {
                true => line.price.map_or(Amount::ZERO, |p| p.times(line.quantity, document.currency)),
                false => links.iter().map(|l| l.paid.share(l.quantity, l.sold)).sum(),
            }
        };
        let now = Occurred { at: self.now, zone: document.head.zone };
        // The day it was asked: waiting for us costs the customer no window.
        let asked = document.events.first().map_or(by.occurred.unwrap_or(now), |e| e.occurred);
        let value = document.lines.iter().map(value).sum();
        let look = |(id, line): (&guicang_domain::ids::LineId, &guicang_domain::returns::ReturnLine)| {
            let parts = opened.state.parts.values().filter(|p| p.line == *id);
            (line.sku.clone(), parts.filter_map(|p| p.inspected.map(|(grade, _)| grade)).max())
        };
        let case = Case::new(reason.class, held.map(|h| h.occurred.date()), asked.date(), value);
        let Some(site) = &document.head.site else { return Ok((self.policy_at(asked.at)?, case)) };
        let about = Asked {
            site,
            channel: document.channel,
            receipt: document.sale(),
            goods: document.lines.iter().map(look).collect(),
            tags: None,
            proven,
            document: Some(opened.row.id),
        };
        Ok((self.policy_at(asked.at)?, self.complete(case, &about)?))
    }

    /// The reviewer of a return: whoever is named, else the one at the keyboard when they didn't ask for it.
    fn reviewing(&self, by: &By, document: &Return) -> By {
        let other = requester(document).filter(|r| **r != by.user).is_some();
        let approved_by = by.approved_by.clone().or_else(|| other.then(|| by.user.clone()));
        let user = requester(document).cloned().unwrap_or_else(|| by.user.clone());
        By { user, approved_by, occurred: by.occurred }
    }

    /// The manager who agrees to what only a manager does: who is named, else the one at the keyboard when
    /// they didn't ask for the return themselves. Where HQ lists users, a manager of the site.
    pub(super) fn manager(
        &self,
        by: &By,
        document: Option<&Return>,
        site: Option<&SiteId>,
        what: Move,
    ) -> Result<UserName, CommandError> {
        let asked_by = document.and_then(requester);
        let own = || asked_by.is_some_and(|r| *r != by.user).then(|| by.user.clone());
        let requester = asked_by.unwrap_or(&by.user);
        let Some(manager) = by.approved_by.clone().or_else(own) else {
            let could = self.who_could(requester, StaffRole::Manager, site)?;
            return Err(CommandError::ManagerOnly { what, could });
        };
        if manager == *requester {
            return Err(CommandError::ApproverIsRequester { user: manager.to_string() });
        }
        self.takes_word_of(&manager, requester, StaffRole::Manager, site)?;
        Ok(manager)
    }

    /// The manager's word on something that only a manager does, as a decision.
    pub(super) fn manager_agrees(
        &self,
        by: &By,
        site: &SiteId,
        what: Move,
    ) -> Result<ReturnEvent, CommandError> {
        let manager = self.manager(by, None, Some(site), what)?;
        Ok(ReturnEvent::Approved { by: Some(manager), grounds: vec![what.to_string()] })
    }
}

/// Who asked for a return.
fn requester(document: &Return) -> Option<&UserName> {
    let asked = |e: &&Event<ReturnEvent>| matches!(e.body, ReturnEvent::Requested | ReturnEvent::Drafted);
    document.events.iter().find(asked).map(|e| &e.user)
}
