//! HQ's promises as stories: it follows the log, and pays each refund once, whenever it is killed.

mod chain;
mod following;
mod lists;
mod paying;
