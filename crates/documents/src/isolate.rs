//! Keeps a panic of Automerge's, on hostile input, from reaching a caller.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Automerge panicked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Automerge gave up: {0}")]
pub struct Panicked(pub String);

/// What `work` answers, or the panic that ended it. What `work` was changing is to be dropped then.
pub(crate) fn isolated<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| Panicked(message(panic.as_ref())))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given").into()
}
