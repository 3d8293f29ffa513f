//! The sync protocol: the facts that prove who wrote what and when, the messages that carry them,
//! and both ends as state machines.
//!
//! There is no I/O, clock or randomness here: bytes and times come in, bytes and requests go out.
//! What surprises: nothing in this crate knows Automerge or returns. It sees of a change its raw
//! bytes, and of its header what the crate `documents` read from them.
//!
//! ```text
//!   change --leaf--> entry (sealed, chained) --stamp--> relay's log and feeds
//!      grant: who a device is               cursor + running sum: what both ends hold
//! ```
//!
//! Everything encoded here outlives a release: the golden tests pin it. Facts (grants, entries,
//! leaves, stamps) are CBOR arrays under a domain tag and never change; messages are CBOR maps whose
//! keys are only ever added.

mod digest;
mod content;

pub mod keys;

pub mod change;
pub mod entry;
pub mod feed;
pub mod grant;
pub mod admission;
pub mod stamp;
pub mod sum;

pub mod access;
pub mod arrival;
pub mod carried;
pub mod documents;
pub mod succeed;
pub mod codec;
pub mod live;
pub mod message;
pub mod packed;
pub mod peer;
pub mod rule;
pub mod wire;

pub mod admit;
pub mod quota;
pub mod relay;

pub mod backoff;
pub mod reconcile;
pub mod session;
pub mod slices;

#[cfg(feature = "planted")]
pub mod planted;
