//! HQ: a replica like any branch's that follows the whole log, and what only HQ does.
//!
//! What surprises: HQ has no other way to the relay than a branch has. It is one of its devices, and
//! pushes and pulls over a link without a socket ([`crate::relay::link`]).

pub mod follow;
pub mod devices;
pub mod rail;
pub mod payout;
pub mod holds;
pub mod invoicing;
pub mod page;
