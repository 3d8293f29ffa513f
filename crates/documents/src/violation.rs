//! The rules that a change can break, each with the code by which it is named in data.

use guicang_domain::ids::ChangeHash;

use crate::header::HeaderError;

/// Which of two grow-only maps a change did wrong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grow {
    /// The document's lines.
    Lines,
    /// The document's events.
    Events,
}

impl Grow {
    /// The root's field.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Grow::Lines => "lines",
            Grow::Events => "events",
        }
    }

    fn one(self) -> &'static str {
        match self {
            Grow::Lines => "line",
            Grow::Events => "event",
        }
    }
}

/// Why a change may not go into its document. It is set apart with its dependants, and named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Its bytes are no change.
    #[error("{0}")]
    Undecodable(HeaderError),
    /// Changes are missing that it was made upon.
    #[error("it was made upon change {missing}, which isn't there")]
    MissingDependency {
        /// The first that is missing.
        missing: ChangeHash,
    },
    /// The document has its first change already.
    #[error("it is a second first change: it names no change that it was made upon")]
    SecondFirstChange,
    /// A first change that the document's creator didn't write.
    #[error("only the device that a document is named by may write its first change")]
    NotCreator,
    /// The same actor wrote another change in its place.
    #[error("another change of the same actor has number {seq}")]
    DuplicateSeq {
        /// Its place among its actor's changes.
        seq: u64,
    },
    /// It doesn't follow on its actor's last change.
    #[error("it is number {seq} of its actor, and was made upon {known}")]
    SeqGap {
        /// Its place among its actor's changes.
        seq: u64,
        /// How many of its actor's changes it was made upon.
        known: u64,
    },
    /// Its operations don't count on from what it was made upon.
    #[error("its operations count from {found}; what it was made upon ends before {wanted}")]
    FalseStartOp {
        /// Where they begin.
        found: u64,
        /// Where they should.
        wanted: u64,
    },
    /// It names an actor that wrote nothing of what it was made upon.
    #[error("it names an actor that the document doesn't know")]
    ForeignActor,
    /// It nests objects deeper, or writes longer names, than any document needs.
    #[error("it has {what} beyond {max}")]
    TooComplex {
        /// What there is too much of.
        what: &'static str,
        /// How much is taken.
        max: usize,
    },
    /// A field is of another shape than every document's is.
    #[error("{field} has to be {wanted}")]
    Malformed {
        /// Which.
        field: String,
        /// What it has to be.
        wanted: &'static str,
    },
    /// It deletes a line or an event.
    #[error("it deletes {} {key}", map.one())]
    Deleted {
        /// Of which map.
        map: Grow,
        /// Which, as far as it can be told.
        key: String,
    },
    /// It overwrites or alters a line or an event.
    #[error("it overwrites {} {key}", map.one())]
    Overwritten {
        /// Of which map.
        map: Grow,
        /// Which, as far as it can be told.
        key: String,
    },
    /// It sets a field that only the first change may set.
    #[error("{field} may only be set by the first change")]
    WriteOnceField {
        /// Which.
        field: String,
    },
    /// It lowers the schema or rules version.
    #[error("{field} may only be raised, from {known}")]
    LoweredVersion {
        /// Which of the two.
        field: String,
        /// What it was.
        known: u64,
    },
    /// An event's key is no event's id.
    #[error("{key:?} is no event's id")]
    BadEventId {
        /// The key.
        key: String,
    },
    /// An event in another device's name.
    #[error("event {event} is in the name of another device than the change's author, {author}")]
    ForeignEvent {
        /// Its key.
        event: String,
        /// The author's code.
        author: String,
    },
    /// A kind of document, or an event, that only HQ's devices may write.
    #[error("only HQ's devices may write {what}")]
    HqOnly {
        /// What.
        what: String,
    },
    /// An event that only the devices of another site, or HQ's, may write.
    #[error("{what} is the word of {site}, not of {author}")]
    OtherSite {
        /// Which event, of which kind of document.
        what: String,
        /// Whose devices may write it.
        site: String,
        /// The site of the change's author; empty where it has none.
        author: String,
    },
    /// Automerge doesn't take it.
    #[error("it can't be applied: {0}")]
    DoesNotApply(String),
    /// Automerge takes it, and gives back other bytes.
    #[error("once applied, its bytes differ")]
    NotCanonical,
}

impl Violation {
    /// Its name in data; it never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Violation::Undecodable(HeaderError::NotCanonical) | Violation::NotCanonical => "not_canonical",
            Violation::Undecodable(_) => "undecodable",
            Violation::MissingDependency { .. } => "missing_dependency",
            Violation::SecondFirstChange => "second_first_change",
            Violation::NotCreator => "not_creator",
            Violation::DuplicateSeq { .. } => "duplicate_seq",
            Violation::SeqGap { .. } => "seq_gap",
            Violation::FalseStartOp { .. } => "false_start_op",
            Violation::ForeignActor => "foreign_actor",
            Violation::TooComplex { .. } => "too_complex",
            Violation::Malformed { .. } => "malformed",
            Violation::Deleted { map: Grow::Events, .. } => "deleted_event",
            Violation::Deleted { map: Grow::Lines, .. } => "deleted_line",
            Violation::Overwritten { map: Grow::Events, .. } => "overwritten_event",
            Violation::Overwritten { map: Grow::Lines, .. } => "overwritten_line",
            Violation::WriteOnceField { .. } => "write_once_field",
            Violation::LoweredVersion { .. } => "lowered_version",
            Violation::BadEventId { .. } => "bad_event_id",
            Violation::ForeignEvent { .. } => "foreign_event",
            Violation::HqOnly { .. } => "hq_only",
            Violation::OtherSite { .. } => "other_site",
            Violation::DoesNotApply(_) => "does_not_apply",
        }
    }
}
