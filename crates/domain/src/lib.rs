//! The business in plain Rust: what a return, a posting, a verdict is, and what follows from what.
//!
//! No I/O, no Automerge, no SQL, and no clock: times are passed in. Everything that is shown
//! anywhere is a pure function of facts in these types, the same whatever order they came in.

pub mod ids;
pub mod money;
pub mod quantity;
pub mod time;
