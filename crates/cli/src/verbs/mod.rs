//! The verbs that both binaries share: for each, its arguments and what it does.
//!
//! Each is a struct of arguments and `run(&mut Replica, &Globals, …)`. Data of a command is what the
//! query of the same thing shows (`return counter` shows what `return show` does): one schema a thing.

pub mod parse;
mod explain;
mod by;

pub mod import;
pub mod sale;
pub mod receipt;
pub mod return_;
pub mod stock;
pub mod goods;
pub mod reservation;
pub mod hold;
pub mod trace;
pub mod bundle;
pub mod backup;
pub mod carry;
pub mod transfer;
pub mod supplier_return;
pub mod supplier;
pub mod user;
mod losing;
mod stock_explain;
pub mod count;
pub mod exception;
pub mod exception_kinds;
pub mod policy;
pub mod totals;
pub mod cash;
pub mod refund;
pub mod loss;
pub mod doctor;
pub mod rebuild;

pub use by::{ByArgs, WhenArgs, here};
pub use explain::value;
pub use losing::LosingItem;

use guicang_replica::Named;

use crate::exit::Failure;
use crate::output::Globals;
use crate::texts::next;

/// What can be done after something was written: look at the stock, and at a branch, sync.
fn next_after_write(globals: &Globals) -> Result<(), Failure> {
    globals.next(&match globals.program {
        "guicang" => next::after_write(globals.language, globals.program),
        program => next::stock(globals.language, program),
    })
}

/// Articles and quantities as the replica's commands take them.
fn named(items: &[parse::Item]) -> Vec<Named> {
    items.iter().map(|i| Named { sku: i.sku.clone(), quantity: i.quantity }).collect()
}
