//! The part of a session in which both ends find each other again: which question comes after which.
//!
//! ```text
//!   a feed's sums differ: Sums -> (probe) -> ... -> SetBack
//!     -> many strays:     Checks -> (compare) -> Names -> (compare) -> Take ... -> Settle
//!     -> the usual round trips, to the feeds' ends
//!   at rest:              Strays -> (journals) -> Offer -> (usual, with these entries) ... -> at rest
//! ```
//! In brackets what is sent. What surprises: a pass over the strays is made again as long as it brought the
//! relay something, since one feed's entries may have waited for another's; a session ends all the same
//! when nothing moves any more, and the next begins with what is left.

use std::collections::BTreeSet;

use super::{Request, Session, SessionError, State};
use crate::codec;
use crate::feed::{Cursor, Feed};
use crate::message::{Outcome, SyncAnswer, SyncRequest};
use crate::packed::Packed;
use crate::reconcile::{Ask, BUCKETS_AT_ONCE, Compare, Compared, Held, Pass, Probe, Search, Told, bits_for};
use crate::rule::Rule;
use crate::sum::RunningSum;

/// How often a session sets cursors back.
const SEARCHES_MAX: u32 = 3;
/// How often it offers what is stray.
const PASSES_MAX: u32 = 16;
/// For each so many buckets the relay reads the feed once. Where more differ than it is worth to read it
/// for, all comes again.
const DIFFERING_MAX: usize = 32 * BUCKETS_AT_ONCE;

/// What a request was for.
#[derive(Debug, Clone)]
pub(super) enum Purpose {
    /// Own entries, and what comes after the cursors.
    Usual,
    /// The same with strays in place of own entries.
    Offer {
        at: Pass,
        next: Option<Pass>,
    },
    Probe,
    /// The authors' journals, where there were so many strays.
    Journals {
        strays: u64,
    },
    /// Of ranges; made by this question to the replica.
    Compare {
        ask: Ask,
    },
}

impl Purpose {
    /// Whether the answer brings nothing to be stored.
    pub(super) fn only_asks(&self) -> bool {
        matches!(self, Self::Probe | Self::Journals { .. } | Self::Compare { .. })
    }
}

/// How far that is.
#[derive(Debug, Clone)]
pub(super) struct Reconciling {
    /// Whether there may be strays.
    strays: bool,
    again_items: u64,
    searches: Vec<Search>,
    searched: u32,
    /// Feeds whose ranges are still to be compared, with the number of their strays.
    to_compare: Vec<(Feed, u64)>,
    ranges: Option<Ranges>,
    passes: u32,
    /// How many strays there were when the last pass began.
    before: u64,
    /// Where the pass goes on, while one is under way.
    pass: Option<Pass>,
    offered: bool,
}

/// Ranges of one feed's hashes, as far as they were compared.
#[derive(Debug, Clone)]
struct Ranges {
    feed: Feed,
    after: u64,
    bits: u8,
    to: Option<(u64, RunningSum)>,
    /// Those that differ and weren't looked into yet; the first ones are being looked into.
    differing: Vec<u32>,
    more: bool,
    /// What the relay lacks, of the buckets looked into, and of those being looked into.
    lacks: BTreeSet<u64>,
    lacks_here: Vec<u64>,
}

impl Ranges {
    fn names(&self) -> Ask {
        let buckets = self.differing.iter().take(BUCKETS_AT_ONCE).copied().collect();
        Ask::Names { feed: self.feed.clone(), bits: self.bits, buckets }
    }

    /// The buckets being looked into are done with.
    fn next(&mut self) {
        self.lacks.extend(self.lacks_here.drain(..));
        self.differing.drain(..self.differing.len().min(BUCKETS_AT_ONCE));
    }
}

impl Reconciling {
    pub(super) fn new(strays: bool, again_items: u64) -> Self {
        Self {
            strays,
            again_items,
            searches: Vec::new(),
            searched: 0,
            to_compare: Vec::new(),
            ranges: None,
            passes: 0,
            before: 0,
            pass: None,
            offered: false,
        }
    }

    /// Whether the device may hold what the relay lacks.
    pub(super) fn is_open(&self) -> bool {
        self.strays
    }

    /// The relay's sum at the cursor is another.
    pub(super) fn differs(&mut self, cursor: &Cursor, head: u64) {
        if self.searched < SEARCHES_MAX && !self.searches.iter().any(|s| s.feed == cursor.feed) {
            self.searches.push(Search::new(cursor, head));
        }
    }

    /// Takes in what the answer to a usual request or to an offer means for the strays.
    pub(super) fn answered(&mut self, purpose: &Purpose, outcomes: &[Outcome]) {
        if let Purpose::Offer { next, .. } = purpose {
            self.pass.clone_from(next);
        }
        self.strays |= outcomes.iter().any(|o| o.rule == Rule::MissingDependency);
    }

    fn search(&self) -> State {
        let open: Vec<(Feed, Vec<u64>)> = self
            .searches
            .iter()
            .map(|s| (s.feed.clone(), s.points()))
            .filter(|(_, p)| !p.is_empty())
            .collect();
        match open.is_empty() {
            false => State::Asking(Ask::Sums(open)),
            true => {
                let found = self.searches.iter().map(|s| (s.feed.clone(), s.agreed));
                State::Asking(Ask::SetBack(found.collect()))
            }
        }
    }
}

impl Session {
    /// What the last answer calls for before the session goes on as usual.
    pub(super) fn reconcile_next(&mut self) -> Option<State> {
        if !self.reconciling.searches.is_empty() {
            self.reconciling.searched += 1;
            return Some(self.reconciling.search());
        }
        let pass = self.reconciling.pass.take().filter(|_| !self.holds_back)?;
        Some(State::Asking(Ask::Offer { pass, budget_bytes: 0 }))
    }

    /// Where a session goes that has nothing more to fetch or send.
    pub(super) fn at_rest(&self) -> State {
        match self.reconciling.strays {
            true => State::Asking(Ask::Strays),
            false => State::Done,
        }
    }

    pub(super) fn with_budget(&self, ask: Ask) -> Ask {
        match ask {
            Ask::Offer { pass, .. } => Ask::Offer { pass, budget_bytes: self.request_bytes },
            other => other,
        }
    }

    /// What a request that was lost is made from again.
    pub(super) fn again(&self, purpose: &Purpose) -> State {
        match purpose {
            Purpose::Usual => State::WantsEntries,
            Purpose::Offer { at, .. } => State::Asking(Ask::Offer { pass: at.clone(), budget_bytes: 0 }),
            Purpose::Probe => self.reconciling.search(),
            Purpose::Journals { .. } => State::Asking(Ask::Strays),
            Purpose::Compare { ask } => State::Asking(ask.clone()),
        }
    }

    /// Answers [`super::Step::Reconcile`].
    ///
    /// # Errors
    /// [`SessionError::OutOfTurn`] when it answers another question.
    pub fn reconciled(&mut self, told: Told) -> Result<(), SessionError> {
        let State::Asking(ask) = &self.state else {
            return Err(SessionError::OutOfTurn { what: "what was found" });
        };
        let ask = ask.clone();
        self.state = match (&ask, told) {
            (Ask::Sums(_), Told::Sums(probes)) => self.probe(probes),
            (Ask::SetBack(_), Told::SetBack(cursors)) => self.set_back(cursors),
            (Ask::Checks { feed, bits }, Told::Checks(checks)) => {
                let compare = self.compare(feed, *bits);
                self.send_compare(Compare { checks, ..compare }, ask)
            }
            (Ask::Names { feed, bits, .. }, Told::Names(buckets)) => {
                let compare = self.compare(feed, *bits);
                self.send_compare(Compare { buckets, ..compare }, ask)
            }
            (Ask::Take { .. }, Told::Take) => self.next_range(),
            (Ask::Settle { .. }, Told::Settle(cursor)) => {
                self.reconciling.ranges = None;
                self.moved(cursor);
                self.next_compare()
            }
            (Ask::Strays, Told::Strays { feeds, authors, unsure }) => {
                for state in &mut self.feeds {
                    let found = feeds.iter().find(|(feed, _)| *feed == state.cursor.feed);
                    state.strays = found.map_or(0, |(_, strays)| *strays);
                }
                self.offer_strays(authors, unsure)
            }
            (Ask::Offer { pass, .. }, Told::Offer { entries, grants, arrivals, next }) => {
                let nothing = entries.is_empty() && grants.is_empty() && arrivals.is_empty();
                match (nothing, next) {
                    (true, Some(pass)) => State::Asking(Ask::Offer { pass, budget_bytes: 0 }),
                    (true, None) if self.reconciling.offered => State::WantsEntries,
                    (true, None) => State::Done,
                    (false, next) => {
                        self.reconciling.offered = true;
                        let request = SyncRequest { grants, arrivals, ..self.request() };
                        self.send(&request, &entries, Purpose::Offer { at: pass.clone(), next })
                    }
                }
            }
            _ => return Err(SessionError::OutOfTurn { what: "what was found" }),
        };
        Ok(())
    }

    fn send(&self, request: &SyncRequest, entries: &Packed, purpose: Purpose) -> State {
        let request_kept =
            Request { purpose, after_sequence: self.at_relay, entries: Vec::new(), more: false };
        State::Sending(request_kept, codec::encode_request(request, entries))
    }

    /// Asks the relay a question that brings nothing else along.
    fn ask_relay(&self, request: SyncRequest, purpose: Purpose) -> State {
        let request = SyncRequest { cursors: Vec::new(), ..request };
        self.send(&request, &Packed::default(), purpose)
    }

    fn probe(&mut self, mut probes: Vec<Probe>) -> State {
        probes.retain(|probe| !probe.points.is_empty());
        if probes.is_empty() {
            // Nothing is known of these positions: as if none agreed.
            self.reconciling.searches.iter_mut().for_each(|search| search.answered(0));
            return self.reconciling.search();
        }
        self.ask_relay(SyncRequest { probes, ..self.request() }, Purpose::Probe)
    }

    fn moved(&mut self, cursor: Cursor) {
        if let Some(state) = self.feeds.iter_mut().find(|f| f.cursor.feed == cursor.feed) {
            state.cursor = cursor;
        }
    }

    fn set_back(&mut self, cursors: Vec<(Cursor, u64)>) -> State {
        let again_items = self.reconciling.again_items;
        self.reconciling.searches.clear();
        self.reconciling.strays = true;
        for (cursor, strays) in cursors {
            if strays > again_items {
                self.reconciling.to_compare.push((cursor.feed.clone(), strays));
            }
            self.moved(cursor);
        }
        self.next_compare()
    }

    fn next_compare(&mut self) -> State {
        let Some((feed, strays)) = self.reconciling.to_compare.pop() else { return State::WantsEntries };
        let after = self.feeds.iter().find(|f| f.cursor.feed == feed).map_or(0, |f| f.cursor.position);
        let bits = bits_for(strays);
        self.reconciling.ranges = Some(Ranges {
            feed: feed.clone(),
            after,
            bits,
            to: None,
            differing: Vec::new(),
            more: false,
            lacks: BTreeSet::new(),
            lacks_here: Vec::new(),
        });
        State::Asking(Ask::Checks { feed, bits })
    }

    fn compare(&self, feed: &Feed, bits: u8) -> Compare {
        let ranges = self.reconciling.ranges.as_ref();
        Compare {
            feed: feed.clone(),
            after: ranges.map_or(0, |r| r.after),
            to: ranges.and_then(|r| r.to).map(|(to, _)| to),
            bits,
            checks: Vec::new(),
            buckets: Vec::new(),
        }
    }

    fn send_compare(&self, compare: Compare, ask: Ask) -> State {
        self.ask_relay(SyncRequest { compare: Some(compare), ..self.request() }, Purpose::Compare { ask })
    }

    /// After the buckets that were looked into: those again of which more is to come, others, or the end.
    fn next_range(&mut self) -> State {
        let Some(ranges) = &mut self.reconciling.ranges else { return self.next_compare() };
        if !ranges.more {
            ranges.next();
        }
        match (ranges.differing.is_empty(), ranges.to) {
            (false, _) => State::Asking(ranges.names()),
            (true, Some((position, sum))) => {
                let to = Cursor { feed: ranges.feed.clone(), position, sum };
                State::Asking(Ask::Settle { to, lacks: ranges.lacks.clone() })
            }
            (true, None) => self.next_compare(),
        }
    }

    fn offer_strays(&mut self, authors: Vec<guicang_domain::ids::DeviceId>, unsure: u64) -> State {
        let strays: u64 = self.feeds.iter().map(|f| f.strays).sum::<u64>() + unsure;
        self.reconciling.strays = strays > 0;
        let Reconciling { passes, before, .. } = self.reconciling;
        let again = passes == 0 || (passes < PASSES_MAX && strays < before);
        if strays == 0 || !again || self.holds_back || self.summary.blocked.is_some() {
            return State::Done;
        }
        let request = SyncRequest { journals: authors, ..self.request() };
        self.ask_relay(request, Purpose::Journals { strays })
    }

    /// Takes in an answer that brings nothing to be stored.
    pub(super) fn found(&mut self, request: Request, answer: SyncAnswer) -> Result<(), SessionError> {
        self.state = match request.purpose {
            Purpose::Probe => {
                for search in &mut self.reconciling.searches {
                    let agreed = answer.agreed.iter().find(|a| a.feed == search.feed);
                    search.answered(agreed.map_or(0, |a| a.position));
                }
                self.reconciling.search()
            }
            Purpose::Journals { strays } => {
                self.reconciling.passes += 1;
                self.reconciling.before = strays;
                self.reconciling.offered = false;
                let heads = answer.journals.iter().map(|Held { device, sequence }| (*device, *sequence));
                let pass = Pass { heads: heads.collect(), ..Pass::default() };
                State::Asking(Ask::Offer { pass, budget_bytes: 0 })
            }
            Purpose::Compare { ask } => self.compared(&ask, answer.compared),
            Purpose::Usual | Purpose::Offer { .. } => State::WantsEntries,
        };
        Ok(())
    }

    fn compared(&mut self, ask: &Ask, compared: Option<Compared>) -> State {
        let (Some(ranges), Some(compared)) = (&mut self.reconciling.ranges, compared) else {
            // A relay that can't compare: all comes again.
            self.reconciling.to_compare.clear();
            return self.next_compare();
        };
        if let Ask::Checks { .. } = ask {
            if compared.differing.len() > DIFFERING_MAX {
                return self.next_compare();
            }
            ranges.to = Some((compared.to, compared.sum));
            ranges.differing = compared.differing;
            ranges.more = true;
            return self.next_range();
        }
        ranges.lacks_here = compared.lacks;
        ranges.more = compared.more && !compared.items.is_empty();
        if compared.items.is_empty() {
            return self.next_range();
        }
        let take = Ask::Take { feed: ranges.feed.clone(), items: compared.items };
        State::Asking(take)
    }
}
