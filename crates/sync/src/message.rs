//! The one round trip: a request with what the device has, an answer with what it lacks.
//!
//! Maps with small integer keys; what can be told from the context is left out, since a session with
//! nothing new is to cost a few hundred bytes. Fields are only ever added, and a reader skips those
//! that it doesn't know. What surprises: an answer doesn't echo what was accepted. All of a device's
//! changes up to the journal's head are, but for those in `outcomes`.

use guicang_domain::ids::{DeviceId, EntryHash};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::time::Moment;
use minicbor::{Decode, Encode};

use crate::admission::SignedAdmission;
use crate::arrival::Arrival;
use crate::entry::JournalHead;
use crate::feed::{Cursor, Epoch, Feed};
use crate::grant::SignedGrant;
use crate::keys::Signature;
use crate::reconcile::{Agreed, Compare, Compared, Held, Probe};
use crate::rule::Rule;
use crate::stamp::Stamp;
use crate::sum::RunningSum;
use crate::wire::WireEntry;

/// Where a [`SyncRequest`] is posted; answered with [`SyncAnswer`], or [`ErrorAnswer`] when the
/// status isn't 200.
pub const SYNC_PATH: &str = "/v1/sync";

/// What a device has and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub struct SyncRequest {
    /// The relay's epoch that the cursors belong to; none at first.
    #[n(0)]
    pub epoch: Option<Epoch>,
    /// How far the device is, per feed that it follows.
    #[cbor(n(1), skip_if = "Vec::is_empty")]
    pub cursors: Vec<Cursor>,
    /// Sealed entries, in order of sequence per device. Usually the sender's own; anyone may carry
    /// others', for a relay that lost them.
    #[cbor(n(2), skip_if = "Vec::is_empty")]
    pub entries: Vec<WireEntry>,
    /// How many bytes of items the answer is to have at most, unless one item alone has more.
    #[n(3)]
    pub answer_limit_bytes: u32,
    /// What is not sent yet; given when it changed.
    #[n(4)]
    pub report: Option<Report>,
    /// The fencing number under which the sender writes, where it holds the lease: a request under an
    /// older one than the relay's is not taken.
    #[n(5)]
    pub fence: Option<u64>,
    /// Grants that the relay may lack.
    #[cbor(n(6), skip_if = "Vec::is_empty")]
    pub grants: Vec<SignedGrant>,
    /// Whether the device lacks its own entries too (it was restored from a backup): they then come
    /// with their bytes.
    #[cbor(n(7), skip_if = "std::ops::Not::not")]
    pub want_own: bool,
    /// Admissions that the relay may lack; only HQ's devices send them.
    #[cbor(n(18), skip_if = "Vec::is_empty")]
    pub admissions: Vec<SignedAdmission>,
    /// Arrivals that the relay lost; anyone may bring them.
    #[cbor(n(19), skip_if = "Vec::is_empty")]
    pub arrivals: Vec<Arrival>,
    /// At which positions are both equal? Asked where sums differ.
    #[cbor(n(10), skip_if = "Vec::is_empty")]
    pub probes: Vec<Probe>,
    /// How far are these devices' journals held? Asked before others' entries are offered.
    #[cbor(n(11), skip_if = "Vec::is_empty")]
    pub journals: Vec<DeviceId>,
    /// What differs, where there is no common beginning.
    #[n(12)]
    pub compare: Option<Compare>,
}

/// What a device still holds back, for HQ to show.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub struct Report {
    /// How many changes, after this request.
    #[n(0)]
    pub unsent_changes: u64,
    /// What they pay out, per currency.
    #[cbor(n(1), skip_if = "Vec::is_empty")]
    pub unsent_refunds: Vec<(Currency, Amount)>,
    /// When the oldest was made.
    #[n(2)]
    pub oldest_unsent: Option<Moment>,
}

/// What the relay did, and what the device lacks.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SyncAnswer {
    /// The relay's.
    #[n(0)]
    pub epoch: Epoch,
    /// The relay's clock.
    #[n(1)]
    pub time: Moment,
    /// The relay, whose stamps these are; given with stamps.
    #[n(2)]
    pub relay: Option<DeviceId>,
    /// The head of the device's journal at the relay, this request's entries included; none: it
    /// holds no entry.
    #[n(3)]
    pub journal: Option<JournalHead>,
    /// What was not accepted of the request. All else up to the journal's head is.
    #[cbor(n(4), skip_if = "Vec::is_empty")]
    pub outcomes: Vec<Outcome>,
    /// Stamps on the request's entries.
    #[cbor(n(5), skip_if = "Vec::is_empty")]
    pub stamps: Vec<EntryStamp>,
    /// One per cursor of the request, in its order.
    #[cbor(n(6), skip_if = "Vec::is_empty")]
    pub feeds: Vec<FeedPart>,
    /// Nothing of the request was taken: its fencing number is older than the relay's.
    #[cbor(n(7), skip_if = "std::ops::Not::not")]
    pub stale_fence: bool,
    /// Come back no sooner than this many milliseconds from now.
    #[n(8)]
    pub retry_after_ms: Option<u64>,
    /// The entries after the journal's head were neither taken nor refused: the device has brought as
    /// much as it may for now ([`crate::quota`]). Offer them again no sooner than this many
    /// milliseconds from now; what the device lacks comes all the same.
    #[n(9)]
    pub push_after_ms: Option<u64>,
    /// One per probe of the request, in its order.
    #[cbor(n(12), skip_if = "Vec::is_empty")]
    pub agreed: Vec<Agreed>,
    /// One per device asked about, in the request's order.
    #[cbor(n(13), skip_if = "Vec::is_empty")]
    pub journals: Vec<Held>,
    /// What differs; given where it was asked.
    #[n(14)]
    pub compared: Option<Compared>,
}

/// What was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Outcome {
    /// Whose entry; none: the sender's.
    #[n(0)]
    pub device: Option<DeviceId>,
    /// The entry.
    #[n(1)]
    pub sequence: u64,
    /// The change's place in the entry; none: the whole entry.
    #[n(2)]
    pub change: Option<u32>,
    /// What became of it.
    #[n(3)]
    pub kind: OutcomeKind,
    /// By which rule.
    #[n(4)]
    pub rule: Rule,
    /// What was found, in English, for support.
    #[cbor(n(5), skip_if = "String::is_empty")]
    pub detail: String,
}

/// What became of what was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum OutcomeKind {
    /// Not stored.
    #[n(0)]
    Refused,
    /// Stored, in the log for HQ only, until HQ admits it.
    #[n(1)]
    SetApart,
}

/// The relay's stamp on an entry of the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct EntryStamp {
    /// The entry.
    #[n(0)]
    pub sequence: u64,
    /// When it first arrived.
    #[n(1)]
    pub time: Moment,
    /// By the relay's key.
    #[n(2)]
    pub signature: Signature,
}

impl EntryStamp {
    /// The stamp of the sender's entry that has this hash, at the relay that answered.
    pub fn stamp(&self, entry: EntryHash, relay: DeviceId) -> Stamp {
        Stamp { entry, time: self.time, relay, signature: self.signature }
    }
}

/// What comes after a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct FeedPart {
    /// The feed.
    #[n(0)]
    pub feed: Feed,
    /// The position after the items: the cursor's, and one for each change and grant.
    #[n(1)]
    pub to: u64,
    /// The feed's last position; none: the same as `to`.
    #[n(2)]
    pub head: Option<u64>,
    /// The relay's sum at `to`; none: the cursor's own (nothing is new and both agree).
    #[n(3)]
    pub sum: Option<RunningSum>,
    /// Whether the relay's sum at the cursor was another, or it has no such position.
    #[cbor(n(4), skip_if = "std::ops::Not::not")]
    pub disagreed: bool,
    /// The items, in order.
    #[cbor(n(5), skip_if = "Vec::is_empty")]
    pub items: Vec<FeedItem>,
}

/// One or several positions of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum FeedItem {
    /// Changes of an entry that follow one another in the feed: a position each. Their hashes count
    /// in the sum.
    #[n(0)]
    Entry(#[n(0)] WireEntry),
    /// A grant: one position. [`SignedGrant::hash`] counts in the sum.
    #[n(1)]
    Grant(#[n(0)] SignedGrant),
    /// Changes of the receiver's own, which it holds: a position each.
    #[n(2)]
    Own {
        /// The entry.
        #[n(0)]
        sequence: u64,
        /// Which of its changes, in the feed's order.
        #[n(1)]
        runs: Vec<Run>,
        /// When the entry was stamped; none where the receiver was told, or isn't asked to look.
        #[n(2)]
        stamped: Option<Moment>,
    },
    /// An admission: one position. [`SignedAdmission::hash`] counts in the sum.
    #[n(3)]
    Admission(#[n(0)] SignedAdmission),
    /// That a change before it arrived earlier than its entry says: one position. [`Arrival::hash`] counts
    /// in the sum.
    #[n(4)]
    Arrival(#[n(0)] Box<Arrival>),
}

/// Changes that follow one another in their entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Run {
    /// The first's place in the entry.
    #[n(0)]
    pub first: u32,
    /// How many.
    #[n(1)]
    pub count: u32,
}

impl FeedItem {
    /// How many positions it takes.
    pub fn positions(&self) -> u64 {
        match self {
            Self::Entry(entry) => entry.changes.len() as u64,
            Self::Grant(_) | Self::Admission(_) | Self::Arrival(_) => 1,
            Self::Own { runs, .. } => runs.iter().map(|run| u64::from(run.count)).sum(),
        }
    }
}

impl FeedPart {
    /// The feed's last position.
    pub fn head(&self) -> u64 {
        self.head.unwrap_or(self.to)
    }

    /// How many positions the items take.
    pub fn positions(&self) -> u64 {
        self.items.iter().map(FeedItem::positions).fold(0, u64::saturating_add)
    }
}

/// The body of an answer whose status isn't 200.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ErrorAnswer {
    /// What is wrong, as one of [`error_code`]'s texts.
    #[n(0)]
    pub code: String,
    /// The same for support, in English.
    #[n(1)]
    pub detail: String,
    /// Come back no sooner than this many milliseconds from now; none: at will, or not at all.
    #[n(2)]
    pub retry_after_ms: Option<u64>,
}

/// The texts of [`ErrorAnswer::code`]. They never change.
pub mod error_code {
    /// The body can't be read, or is too large.
    pub const UNDECODABLE: &str = "undecodable";
    /// The body has another media type than ours: the relay, or the device, is too old.
    pub const MEDIA_TYPE: &str = "media_type";
    /// No token, or one that expired: sign in again.
    pub const NOT_SIGNED_IN: &str = "not_signed_in";
    /// The challenge was not answered by the device's key, or too late.
    pub const SIGN_IN_FAILED: &str = "sign_in_failed";
    /// The relay knows no such device.
    pub const UNKNOWN_DEVICE: &str = "unknown_device";
    /// HQ has withdrawn the device.
    pub const WITHDRAWN: &str = "withdrawn";
    /// The device gets no successor: it proved too little, is HQ's, was withdrawn, or has too many.
    pub const SUCCESSION: &str = "succession";
    /// The enrolment code is unknown, used, or expired.
    pub const CODE: &str = "code";
    /// The device may not follow a feed that it asked for.
    pub const FOREIGN_FEED: &str = "foreign_feed";
    /// Too much to do: come back later.
    pub const BUSY: &str = "busy";
    /// The relay's disk is full: nothing was taken.
    pub const DISK_FULL: &str = "disk_full";
    /// The relay's own fault.
    pub const INTERNAL: &str = "internal";
}
