//! Faults put in on purpose, to see that the simulation finds them. Only with the feature `planted`,
//! which no program that is shipped has.
//!
//! What surprises: one at a time, for the whole process, since a replica works in threads of its own.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Bug {
    /// A relay answers before it has committed.
    AckBeforeCommit = 1,
    /// A branch's cursor goes on over what it could not apply.
    CursorSkipsGap,
    /// A relay hands on a change without what it was made upon.
    LostDependency,
    /// A site that is added to a document gets only what comes after.
    LateSiteMissesHistory,
    /// A device doesn't keep the stamps that a relay sends.
    LostStamp,
    /// What was sealed, and not acknowledged yet, is sealed once more.
    SealedTwice,
    /// A relay takes what a payer sends that was fenced off.
    StalledPayerPays,
    /// Of two claims on a sale line that one counts which arrived first.
    FoldByArrival,
    /// A change that a relay refused, or set apart, goes on standing.
    RefusedStands,
    /// A cursor moves without its sum.
    SumNotMoved,
}

/// All of them.
pub const ALL: &[Bug] = &[
    Bug::AckBeforeCommit,
    Bug::CursorSkipsGap,
    Bug::LostDependency,
    Bug::LateSiteMissesHistory,
    Bug::LostStamp,
    Bug::SealedTwice,
    Bug::StalledPayerPays,
    Bug::FoldByArrival,
    Bug::RefusedStands,
    Bug::SumNotMoved,
];

static PLANTED: AtomicUsize = AtomicUsize::new(0);

/// From here on, this one is in; none: none is.
pub fn plant(bug: Option<Bug>) {
    PLANTED.store(bug.map_or(0, |bug| bug as usize), Ordering::Relaxed);
}

/// Whether it is.
pub fn is(bug: Bug) -> bool {
    PLANTED.load(Ordering::Relaxed) == bug as usize
}
