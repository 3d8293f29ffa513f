//! The device's end of a sync as a state machine: it says what to do next, and is told how it went.
//!
//! One session is one or more round trips, until neither side has more. Each is durable by itself, so
//! a session can end after any of them and the next goes on from there. What surprises: the session
//! does not add up the running sums. The replica does, of what it has on disk, and hands them back with
//! [`Session::stored`]; only then do equal sums prove anything.
//!
//! ```text
//!   Entries -> entries() -> Send -> answer() -> Store -> stored() -> Entries | Reconcile | Done
//!                            |
//!                            +----> failed() -> the same again, with a smaller budget
//!   Reconcile -> reconciled() -> Send -> ...
//! ```
//! `Reconcile` comes only where the sums differ, or did in a session before ([`crate::reconcile`]).

mod reconciling;

use guicang_domain::ids::DeviceId;
use guicang_domain::time::Moment;

use crate::admission::SignedAdmission;
use crate::codec::{self, CodecError, DECODED_LIMIT_BYTES, REQUEST_LIMIT_BYTES};
use crate::entry::JournalHead;
use crate::feed::{Cursor, Epoch, Feed};
use crate::grant::SignedGrant;
use crate::message::{EntryStamp, FeedItem, FeedPart, Outcome, OutcomeKind, Report, SyncAnswer, SyncRequest};
use crate::packed::Packed;
use crate::reconcile::Ask;
use crate::rule::Rule;
use crate::sum::RunningSum;
use reconciling::{Purpose, Reconciling};

/// The least that is asked of an answer after failures, in bytes.
const ANSWER_LIMIT_MIN_BYTES: u32 = 4 * 1024;

/// What a session begins with.
#[derive(Debug, Clone)]
pub struct Start {
    /// Which device.
    pub device: DeviceId,
    /// The epoch that the cursors belong to; none before the first sync.
    pub epoch: Option<Epoch>,
    /// How far the device is in each feed that it follows.
    pub cursors: Vec<Cursor>,
    /// The last of its entries that the relay acknowledged; 0 before the first.
    pub acknowledged: u64,
    /// Grants that the relay may lack.
    pub grants: Vec<SignedGrant>,
    /// Admissions that the relay may lack.
    pub admissions: Vec<SignedAdmission>,
    /// The fencing number under which the device writes, where it holds the lease.
    pub fence: Option<u64>,
    /// Whether the device lacks entries of its own.
    pub want_own: bool,
    /// Whether the device holds what the relay's feeds lacked when it was there last.
    pub strays: bool,
    /// How much travels at once.
    pub limits: Limits,
}

/// How much travels at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Raw changes in a request, in bytes.
    pub request_bytes: usize,
    /// Items in an answer, in bytes.
    pub answer_bytes: u32,
    /// Of so many items that a cursor counts no more, all come again; of more, only those that differ.
    pub again_items: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { request_bytes: REQUEST_LIMIT_BYTES, answer_bytes: 1024 * 1024, again_items: 1_000 }
    }
}

/// What the caller is to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Seal what is unsealed, read sealed entries, and give them to [`Session::entries`].
    Entries {
        /// Those that come after this one of the device's own.
        after_sequence: u64,
        /// As many as fit in this many bytes of raw changes, but one at least if there is one. 0:
        /// give none, the relay takes none.
        budget_bytes: usize,
    },
    /// Post this body to [`crate::message::SYNC_PATH`]; then [`Session::answer`] or
    /// [`Session::failed`].
    Send(Vec<u8>),
    /// Store this, in one transaction or several; then [`Session::stored`].
    Store(Received),
    /// Do this, so that both ends find each other again; then [`Session::reconciled`].
    Reconcile(Ask),
    /// There is nothing more to do.
    Done(Summary),
}

/// What an answer brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The last of the device's own entries that the relay holds. What isn't in `outcomes` of those
    /// up to here is accepted. Lower than what was acknowledged before: the relay lost some.
    pub accepted_to: u64,
    /// The same with its hash. Where the device has another entry of that number, it was cloned;
    /// where it has none, restored from a backup.
    pub journal: Option<JournalHead>,
    /// What was not accepted of what was sent.
    pub outcomes: Vec<Outcome>,
    /// Stamps on the device's own entries.
    pub stamps: Vec<EntryStamp>,
    /// Who stamped; given with stamps.
    pub relay: Option<DeviceId>,
    /// Per cursor, in their order.
    pub feeds: Vec<ReceivedFeed>,
    /// The relay's.
    pub epoch: Epoch,
    /// Whether that is another than the one remembered: the relay was made anew, or restored.
    pub epoch_changed: bool,
    /// The relay's clock.
    pub time: Moment,
    /// Nothing was taken: another replica holds the lease.
    pub stale_fence: bool,
}

/// What an answer brought of a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedFeed {
    /// Which.
    pub feed: Feed,
    /// The position that the items follow.
    pub from: u64,
    /// The position after them.
    pub to: u64,
    /// The relay's sum at `to`.
    pub sum: RunningSum,
    /// The feed's last position.
    pub head: u64,
    /// Whether the relay's sum at `from` was the cursor's.
    pub agreed: bool,
    /// The items, not opened: [`crate::wire::WireEntry::open`] each, in order, with one chain for
    /// the feed. One that can't be opened is set apart by name, and counts in the sum if its changes'
    /// hashes do.
    pub items: Vec<FeedItem>,
}

/// How a session went.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Requests that were answered.
    pub round_trips: u32,
    /// Bodies, those of failed requests included.
    pub bytes_sent: u64,
    /// Bodies.
    pub bytes_received: u64,
    /// The device's own entries that were acknowledged.
    pub sent_entries: u64,
    /// The changes in them, refused ones included.
    pub sent_changes: u64,
    /// Changes of others that came.
    pub fetched_changes: u64,
    /// Grants that came.
    pub fetched_grants: u64,
    /// Changes, or whole entries, that were refused.
    pub refused: u64,
    /// Changes that were set apart.
    pub set_apart: u64,
    /// Whether both ends hold the same in every feed, up to its last position: by equal sums.
    pub proven: bool,
    /// Per feed.
    pub feeds: Vec<FeedSummary>,
    /// Why the relay takes no more entries of this device, where it doesn't.
    pub blocked: Option<Blocked>,
    /// Whether the relay's epoch was another than the one remembered.
    pub epoch_changed: bool,
    /// Whether another replica holds the lease.
    pub stale_fence: bool,
    /// Come back no sooner than this many milliseconds from the end.
    pub retry_after_ms: Option<u64>,
    /// The relay takes more entries no sooner than this many milliseconds after it said so. Sessions
    /// that only fetch ([`Session::hold_back`]) are welcome meanwhile.
    pub push_after_ms: Option<u64>,
}

impl Summary {
    /// How many changes and grants the device holds that the relay lacks, where that is all that the ends
    /// differ in: what came by stick or from another branch, and the relay takes from its author alone.
    pub fn relay_lacks(&self) -> Option<u64> {
        let level = self.feeds.iter().all(|f| f.agreed && f.position == f.head);
        let strays = self.feeds.iter().map(|f| f.strays).sum();
        (self.round_trips > 0 && level && strays > 0).then_some(strays)
    }
}

/// How far a session came in a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedSummary {
    /// Which.
    pub feed: Feed,
    /// The position that the device is at.
    pub position: u64,
    /// The feed's last position.
    pub head: u64,
    /// Whether the sums are equal, at the cursor and after what came.
    pub agreed: bool,
    /// How many changes and grants the device holds that the relay's feed lacks.
    pub strays: u64,
}

/// Why the relay takes no more entries of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blocked {
    /// It refused an entry.
    Refused(Outcome),
    /// It neither took nor refused the entry after this one of its own.
    After {
        /// The last that it holds.
        sequence: u64,
    },
}

/// Why an answer can't be taken. The session goes on with [`Session::failed`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// The body is no answer.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// It answers another request: its feeds aren't those asked for, or don't follow the cursors.
    #[error("the answer is to another request: {feed} goes on to {to}, with {items} items after {from}")]
    Stale {
        /// The feed asked for.
        feed: Feed,
        /// The cursor's position.
        from: u64,
        /// Where the answer ends; 0 where the feed is missing.
        to: u64,
        /// How many positions its items take.
        items: u64,
    },
    /// The session was not waiting for this.
    #[error("the session was not waiting for {what}")]
    OutOfTurn {
        /// What it was given.
        what: &'static str,
    },
}

/// The device's end of one sync.
#[derive(Debug, Clone)]
pub struct Session {
    device: DeviceId,
    state: State,
    epoch: Option<Epoch>,
    feeds: Vec<FeedState>,
    /// The last own entry that the relay is known to hold.
    at_relay: u64,
    /// The last own entry that exists, as far as the session saw.
    own: u64,
    /// Whether the last answer gives reason to send on.
    more_to_send: bool,
    grants: Vec<SignedGrant>,
    admissions: Vec<SignedAdmission>,
    fence: Option<u64>,
    want_own: bool,
    /// Whether entries wait for a later session.
    holds_back: bool,
    request_bytes: usize,
    answer_bytes: u32,
    reconciling: Reconciling,
    summary: Summary,
}

#[derive(Debug, Clone)]
enum State {
    WantsEntries,
    Sending(Request, Vec<u8>),
    HasAnswer(Box<Received>),
    Asking(Ask),
    Done,
}

/// What is remembered of a request until it is answered.
#[derive(Debug, Clone)]
struct Request {
    purpose: Purpose,
    after_sequence: u64,
    /// Sequence and number of changes, of the device's own.
    entries: Vec<(u64, u64)>,
    /// Whether the caller has more entries than it gave.
    more: bool,
}

#[derive(Debug, Clone)]
struct FeedState {
    cursor: Cursor,
    head: u64,
    agreed: bool,
    strays: u64,
}

impl Session {
    /// A session that hasn't sent anything yet.
    pub fn new(start: Start) -> Self {
        let feed = |cursor| FeedState { cursor, head: 0, agreed: false, strays: 0 };
        Self {
            device: start.device,
            state: State::WantsEntries,
            epoch: start.epoch,
            feeds: start.cursors.into_iter().map(feed).collect(),
            at_relay: start.acknowledged,
            own: start.acknowledged,
            more_to_send: false,
            grants: start.grants,
            admissions: start.admissions,
            fence: start.fence,
            want_own: start.want_own,
            holds_back: false,
            request_bytes: start.limits.request_bytes,
            answer_bytes: start.limits.answer_bytes,
            reconciling: Reconciling::new(start.strays, start.limits.again_items),
            summary: Summary::default(),
        }
    }

    /// Only fetches: the relay asked to wait with more entries, and the time isn't over.
    pub fn hold_back(&mut self) {
        self.holds_back = true;
    }

    /// What to do next. Asking again without doing it gives the same again.
    pub fn step(&mut self) -> Step {
        match &self.state {
            State::WantsEntries => Step::Entries {
                after_sequence: self.at_relay,
                budget_bytes: match self.holds_back || self.summary.blocked.is_some() {
                    true => 0,
                    false => self.request_bytes,
                },
            },
            State::Sending(_, body) => {
                self.summary.bytes_sent += body.len() as u64;
                Step::Send(body.clone())
            }
            State::HasAnswer(received) => Step::Store((**received).clone()),
            State::Asking(ask) => Step::Reconcile(self.with_budget(ask.clone())),
            State::Done => Step::Done(self.summarised()),
        }
    }

    /// Answers [`Step::Entries`]: entries in order of sequence, whether there are more, and what is
    /// unsent besides, where that changed since the last session.
    ///
    /// # Errors
    /// [`SessionError::OutOfTurn`].
    pub fn entries(
        &mut self,
        entries: impl Into<Packed>,
        more: bool,
        report: Option<Report>,
    ) -> Result<(), SessionError> {
        let State::WantsEntries = self.state else {
            return Err(SessionError::OutOfTurn { what: "entries" });
        };
        let entries = entries.into();
        let own = entries.entries.iter().filter(|(device, ..)| device.is_none_or(|d| d == self.device));
        let sent: Vec<(u64, u64)> = own.map(|(_, sequence, changes)| (*sequence, *changes)).collect();
        let request = SyncRequest {
            report,
            grants: self.grants.clone(),
            admissions: self.admissions.clone(),
            ..self.request()
        };
        self.own = sent.iter().map(|(sequence, _)| *sequence).fold(self.own, u64::max);
        let purpose = Purpose::Usual;
        let sent = Request { purpose, after_sequence: self.at_relay, entries: sent, more };
        self.state = State::Sending(sent, codec::encode_request(&request, &entries));
        Ok(())
    }

    /// A request that asks what comes after the cursors.
    fn request(&self) -> SyncRequest {
        SyncRequest {
            epoch: self.epoch,
            cursors: self.feeds.iter().map(|feed| feed.cursor.clone()).collect(),
            answer_limit_bytes: self.answer_bytes,
            fence: self.fence,
            want_own: self.want_own,
            ..SyncRequest::default()
        }
    }

    /// Answers [`Step::Send`] with the body that came.
    ///
    /// # Errors
    /// [`SessionError`]; the request is then still under way, and [`Session::failed`] gives it up.
    pub fn answer(&mut self, body: &[u8]) -> Result<(), SessionError> {
        let State::Sending(request, _) = &self.state else {
            return Err(SessionError::OutOfTurn { what: "an answer" });
        };
        let request = request.clone();
        self.more_to_send = false;
        self.summary.bytes_received += body.len() as u64;
        let answer: SyncAnswer = codec::decode(body, DECODED_LIMIT_BYTES)?;
        if request.purpose.only_asks() {
            self.summary.round_trips += 1;
            return self.found(request, answer);
        }
        // Who was fenced off is shown nothing.
        let feeds = match answer.stale_fence {
            true => Vec::new(),
            false => self.received_feeds(answer.feeds)?,
        };
        self.summary.round_trips += 1;
        if let Purpose::Usual = request.purpose {
            self.grants.clear();
            self.admissions.clear();
        }
        let accepted_to = answer.journal.map_or(0, |journal| journal.sequence);
        // Before counting: what waits for its turn is neither lost nor blocked.
        self.holds_back |= answer.push_after_ms.is_some();
        self.summary.push_after_ms = answer.push_after_ms.or(self.summary.push_after_ms);
        if !answer.stale_fence {
            self.count_sent(&request, accepted_to, &answer.outcomes);
        }
        self.reconciling.answered(&request.purpose, &answer.outcomes);
        self.count_fetched(&feeds);
        let epoch_changed = self.epoch.is_some_and(|epoch| epoch != answer.epoch);
        self.epoch = Some(answer.epoch);
        self.summary.epoch_changed |= epoch_changed;
        self.summary.stale_fence |= answer.stale_fence;
        self.summary.retry_after_ms = answer.retry_after_ms;
        self.state = State::HasAnswer(Box::new(Received {
            accepted_to,
            journal: answer.journal,
            outcomes: answer.outcomes,
            stamps: answer.stamps,
            relay: answer.relay,
            feeds,
            epoch: answer.epoch,
            epoch_changed,
            time: answer.time,
            stale_fence: answer.stale_fence,
        }));
        Ok(())
    }

    /// The request or its answer was lost. The next carries half as much, down to one entry: on a
    /// line that drops every few seconds, only a small one gets through.
    ///
    /// Whether and when to try again is the caller's choice ([`crate::backoff`]). What was sent may
    /// have arrived: it is sent again, and a relay takes it once.
    pub fn failed(&mut self) {
        if let State::Sending(request, _) = &self.state {
            let again = self.again(&request.purpose);
            self.request_bytes = (self.request_bytes / 2).max(1);
            let least = ANSWER_LIMIT_MIN_BYTES.min(self.answer_bytes);
            self.answer_bytes = (self.answer_bytes / 2).max(least);
            self.state = again;
        }
    }

    /// Answers [`Step::Store`] with the cursors that are now on disk, their sums added up from what
    /// is on disk. A cursor left out is where it was.
    ///
    /// # Errors
    /// [`SessionError::OutOfTurn`].
    pub fn stored(&mut self, cursors: Vec<Cursor>) -> Result<(), SessionError> {
        let State::HasAnswer(received) = &self.state else {
            return Err(SessionError::OutOfTurn { what: "cursors" });
        };
        let mut moved = self.more_to_send;
        for (state, feed) in self.feeds.iter_mut().zip(&received.feeds) {
            let stored = cursors.iter().find(|c| c.feed == feed.feed).unwrap_or(&state.cursor).clone();
            let equal = stored.position == feed.to && stored.sum == feed.sum;
            moved |= stored.position > state.cursor.position;
            state.agreed = feed.agreed && equal;
            state.head = feed.head;
            state.cursor = stored;
            if !feed.agreed {
                self.reconciling.differs(&state.cursor, state.head);
            }
        }
        let behind = self.feeds.iter().any(|f| f.head > f.cursor.position);
        let sent_away = self.summary.stale_fence || self.summary.retry_after_ms.is_some();
        // A round that brought neither side on would not the next time either.
        let done = !(self.more_to_send || (behind && moved));
        self.state = match sent_away {
            true => State::Done,
            false => self.reconcile_next().unwrap_or(if done { self.at_rest() } else { State::WantsEntries }),
        };
        Ok(())
    }

    /// What the session did so far: for a caller that gives up before it is done.
    pub fn summarised(&self) -> Summary {
        let feeds: Vec<FeedSummary> = self.feeds.iter().map(FeedState::summarised).collect();
        let whole = self.summary.round_trips > 0 && matches!(self.state, State::Done);
        let proven = whole
            && feeds.iter().all(|f| f.agreed && f.position == f.head && f.strays == 0)
            && !self.reconciling.is_open();
        Summary { proven, feeds, ..self.summary.clone() }
    }

    fn received_feeds(&self, parts: Vec<FeedPart>) -> Result<Vec<ReceivedFeed>, SessionError> {
        // Who wrote what stands in the other feeds is told by `org`: until both ends agree on that, the rest may
        // be of devices that are not known here, and comes again.
        let unknown = parts.iter().any(|part| part.feed == Feed::Org && part.disagreed);
        let mut parts = parts.into_iter();
        let one = |state: &FeedState| {
            let from = state.cursor.position;
            let stale = |to, items| SessionError::Stale { feed: state.cursor.feed.clone(), from, to, items };
            let part = parts.next().ok_or_else(|| stale(0, 0))?;
            let items = part.positions();
            let follows = part.feed == state.cursor.feed && from.checked_add(items) == Some(part.to);
            // A sum may be left out only where there is nothing to compare.
            let summed = part.sum.is_some() || (items == 0 && !part.disagreed);
            if !follows || !summed {
                return Err(stale(part.to, items));
            }
            let (sum, head) = (part.sum.unwrap_or(state.cursor.sum), part.head());
            let FeedPart { feed, to, disagreed, items, .. } = part;
            if unknown && !disagreed {
                let sum = state.cursor.sum;
                return Ok(ReceivedFeed { feed, from, to: from, sum, head, agreed: true, items: Vec::new() });
            }
            // What comes after a cursor that isn't the relay's would be counted onto a wrong sum.
            Ok(match disagreed {
                true => ReceivedFeed { feed, from, to: from, sum, head, agreed: false, items: Vec::new() },
                false => ReceivedFeed { feed, from, to, sum, head, agreed: true, items },
            })
        };
        self.feeds.iter().map(one).collect()
    }

    fn count_sent(&mut self, request: &Request, accepted_to: u64, outcomes: &[Outcome]) {
        let acknowledged = request.entries.iter().filter(|(sequence, _)| *sequence <= accepted_to);
        for (_, changes) in acknowledged {
            self.summary.sent_entries += 1;
            self.summary.sent_changes += changes;
        }
        for outcome in outcomes {
            match outcome.kind {
                // The relay lost what it builds on, or others hold it back: it is offered again.
                OutcomeKind::Refused if outcome.rule == Rule::MissingDependency => {}
                // A gap is the relay's own loss as well.
                OutcomeKind::Refused if outcome.change.is_none() && outcome.rule == Rule::SequenceGap => {}
                OutcomeKind::Refused => self.summary.refused += 1,
                OutcomeKind::SetApart => self.summary.set_apart += 1,
            }
        }
        // A gap is no dead end: the relay lost entries, and gets them again from its head on.
        let refused = outcomes.iter().find(|o| {
            o.device.is_none()
                && o.change.is_none()
                && o.kind == OutcomeKind::Refused
                && o.rule != Rule::SequenceGap
        });
        if let Some(outcome) = refused {
            self.summary.blocked = Some(Blocked::Refused(outcome.clone()));
        } else if !request.entries.is_empty() && accepted_to == request.after_sequence && !self.holds_back {
            self.summary.blocked = Some(Blocked::After { sequence: accepted_to });
        }
        let gave_some = !request.entries.is_empty();
        let lost = accepted_to < request.after_sequence;
        self.more_to_send = self.summary.blocked.is_none()
            && !self.holds_back
            && (lost || (gave_some && (request.more || accepted_to < self.own)));
        self.at_relay = accepted_to;
    }

    fn count_fetched(&mut self, feeds: &[ReceivedFeed]) {
        for item in feeds.iter().flat_map(|feed| &feed.items) {
            match item {
                FeedItem::Entry(_) => self.summary.fetched_changes += item.positions(),
                FeedItem::Grant(_) => self.summary.fetched_grants += 1,
                FeedItem::Own { .. } | FeedItem::Admission(_) | FeedItem::Arrival(_) => {}
            }
        }
    }
}

impl FeedState {
    fn summarised(&self) -> FeedSummary {
        let Self { cursor, head, agreed, strays } = self;
        let (feed, position) = (cursor.feed.clone(), cursor.position);
        FeedSummary { feed, position, head: *head, agreed: *agreed, strays: *strays }
    }
}
