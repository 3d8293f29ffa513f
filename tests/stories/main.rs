//! The whole system as stories, in one binary.
//!
//! `chain` makes an organisation within the test's process: real replicas and the real relay, with a
//! clock and chance of the test's own.

mod chain;
mod random;

mod boundaries;
mod permute;
mod hostile;
mod refused;
