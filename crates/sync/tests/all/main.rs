//! The protocol as stories: what a relay refuses and why, what a session brings home, and the bytes
//! that outlive a release.
//!
//! Changes here are real frames with real hashes around a header of our own, since this crate never
//! looks inside; `world::header` reads it as the crate `documents` reads Automerge's.

mod admission;
mod delivery;
mod golden;
mod grants;
mod hostile;
mod memory_relay;
mod session;
mod shop;
mod wire;
mod world;
