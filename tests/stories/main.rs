//! The whole system as stories, in one binary.
//!
//! `chain` makes an organisation within the test's process: real replicas and the real relay, with a
//! clock and chance of the test's own.

mod chain;
mod random;
mod programs;
mod proxy;

mod history;

mod boundaries;
mod full;
mod goods;
mod permute;
mod invariants;
mod apart;
mod rollback;
mod exceptions;
mod newer;
mod hostile;
mod poison;
mod refused;
mod case;
mod counts;
mod processes;
mod quota;
mod payer;
mod money;
mod periods;
mod policy;
mod users;
mod receipts;
mod holds;
mod clones;
mod bad_input;
mod live;
mod stick;
mod torn;
mod torture;
mod trust;
mod peer;
mod links;
mod bundle;
mod horizon;
