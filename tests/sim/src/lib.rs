//! The whole system in one thread: a relay, HQ and branches, with every fault that we can think of.
//!
//! Replicas, the relay, HQ's following and payouts are the real ones, on SQLite files that lie on a disk
//! in memory which forgets what was not synced. Time and chance come from a seed. A run is a list of
//! steps (`step`), each of which carries its own chance: so a run replays exactly, and steps can be
//! dropped from one that fails until a short story is left.
//!
//! ```text
//!   seed -> script (steps) -> World::run -- after each step: what must hold while it runs (check)
//!                                |
//!                                +-- at the end: faults off, until calm: what must hold then (calm)
//! ```
//!
//! What surprises: the oracle believes nothing that a replica says of itself. It keeps what commands
//! returned, what was put on a shelf, what the payment rail paid; and reads the files past the programs.

#[path = "../../stories/random.rs"]
pub mod random;
#[path = "../../stories/chain.rs"]
pub mod chain;

pub mod disk;
mod vfs;

mod device;
mod grants;
pub mod step;
mod world;
mod act;
mod exchange;
mod kept;
mod losses;
mod pay;
mod check;
mod calm;
pub mod run;
pub mod shrink;

pub use vfs::register;
pub use world::{Setting, World};

/// What must never be, and was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Violation(pub String);

/// The harness's own calls, that fail only if something is wrong with what is tested.
pub(crate) trait Must<T> {
    /// Its value, or that it failed, with what it was for.
    fn must(self, what: &str) -> Result<T, Violation>;
}

impl<T, E: std::fmt::Display> Must<T> for Result<T, E> {
    fn must(self, what: &str) -> Result<T, Violation> {
        self.map_err(|error| Violation(format!("{what}: {error}")))
    }
}
