//! Reading a file with changes, told alike at a branch and at HQ.

use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use guicang_replica::carried::{Carried, CarriedError, FILE_LIMIT_BYTES};

use crate::exit::{Exit, Failure};
use crate::language::Language;
use crate::texts::carry as texts;

/// Reads a file with changes.
///
/// # Errors
/// [`Failure`] when it can't be read, or isn't one.
pub fn read(path: &Path, l: Language) -> Result<Carried, Failure> {
    let wrong = |reason: &dyn Display, next: String| {
        Failure::new(Exit::Refused, texts::unreadable(l, &path.display(), reason), next)
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_LIMIT_BYTES).read_to_end(&mut bytes))
        .map_err(|e| wrong(&e, texts::another_to_read(l)))?;
    Carried::read(&bytes).map_err(|e| wrong(&why(l, &e), texts::export_again(l)))
}

fn why(l: Language, error: &CarriedError) -> String {
    match error {
        CarriedError::NotChanges => texts::not_changes(l),
        CarriedError::Cut { at, entries } => texts::cut(l, *at, *entries),
        CarriedError::Block { at, source } => texts::damaged(l, *at, source),
    }
}
