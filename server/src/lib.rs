//! The server: the relay, and HQ's replica that follows it, by default in one process.
//!
//! ```text
//!   branches -- HTTP --> relay (relay.sqlite) -- its log --> hq (hq.sqlite) --> page, commands, payouts
//! ```
//!
//! What surprises: `relay` knows nothing of `hq` or of returns, and `hq` meets the relay only as a
//! device does, through its public functions; either could run elsewhere.

pub mod relay;
