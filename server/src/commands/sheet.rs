//! Lists of master data as files: all of a file or nothing, and every row that is wrong named at once.
//!
//! A new list is its columns and what a row of them says; reading, refusing, telling and writing are here.

use std::path::{Path, PathBuf};

use clap::Args;
use guicang_cli::import::lenient;
use guicang_cli::import::sheet::{Sheet, SheetRow, is_called};
use guicang_cli::texts::hq as texts;
use guicang_cli::texts::{failures, names};
use guicang_cli::{Exit, Failure, Format, Globals, Language, Told};
use serde::Serialize;

use super::{Headquarters, Session};

/// So many wrong rows are told.
const TOLD: usize = 10;

/// What is wrong with a cell.
#[derive(Debug)]
pub(super) struct Fault {
    /// The column's header.
    pub header: String,
    /// What was found.
    pub found: String,
    /// What would be right.
    pub wanted: String,
}

impl Fault {
    /// A cell that isn't what it should be.
    pub fn of(header: &str, found: &str, wanted: impl Into<String>) -> Self {
        let found = found.chars().take(80).collect();
        Self { header: header.into(), found, wanted: wanted.into() }
    }
}

/// A code that a spreadsheet didn't cut.
pub(super) fn code(header: &str, text: &str) -> Result<String, Fault> {
    let code = lenient::code(text).into_owned();
    if lenient::is_mangled(&code) {
        let wanted = "the whole code: give the column the format Text before the file is saved";
        return Err(Fault::of(header, &code, wanted));
    }
    Ok(code)
}

/// Whereto.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The file; standard output if not said
    pub file: Option<PathBuf>,
}

/// What came of a list, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct ListItem {
    rows: usize,
    changed: Option<usize>,
    unread_columns: Vec<String>,
}

/// Where a file has each of a list's columns, by the header that it gives it, and the headers that mean nothing
/// here.
#[derive(Debug)]
pub(super) struct Places<const N: usize> {
    /// The place and header of each column, in the list's order.
    pub at: [Option<(usize, String)>; N],
    /// What isn't read.
    pub unread: Vec<String>,
}

impl<const N: usize> Places<N> {
    /// Finds columns by the names that each goes by. Without the first there is no list: `needed` is missing.
    pub fn of(
        headers: &[String],
        columns: [&[&str]; N],
        needed: &'static str,
    ) -> Result<Self, Vec<&'static str>> {
        let at = columns.map(|names| {
            headers.iter().position(|header| is_called(header, names)).map(|at| (at, headers[at].clone()))
        });
        if at[0].is_none() {
            return Err(vec![needed]);
        }
        let read = |place: usize| at.iter().flatten().any(|(at, _)| *at == place);
        let unread = headers.iter().enumerate().filter(|(place, _)| !read(*place));
        let unread = unread.map(|(_, header)| header.clone()).collect();
        Ok(Self { at, unread })
    }
}

/// The headers of columns in a language: of each one's names the first is English, the second Chinese.
pub(super) fn headers<const N: usize>(columns: [&[&str]; N], l: Language) -> Vec<String> {
    let names = match l {
        Language::En => columns.map(|names| names[0]),
        Language::Zh => columns.map(|names| names[1]),
    };
    names.map(str::to_owned).into()
}

/// What tells one list from another.
pub(super) struct List<'a, T> {
    /// Its name in JSON: `supplier-import`.
    pub schema: &'a str,
    /// What no two of its rows may say something about.
    pub key: fn(&T) -> String,
    /// Tells how many rows were read, and how many of them changed something; `None` when it was only tried.
    pub told: fn(Language, usize, Option<usize>) -> String,
    /// What can be done next.
    pub next: String,
}

/// Takes a list's rows, all or none, and tells what came of it. `put` gives how many changed something; it isn't
/// called in a dry run.
pub(super) fn import<T>(
    session: &Session<'_>,
    list: &List<'_, T>,
    (unread_columns, drafts): (Vec<String>, Vec<T>),
    dry_run: bool,
    put: impl FnOnce(&mut Headquarters, Vec<T>) -> Result<usize, Failure>,
) -> Result<(), Failure> {
    let globals = session.globals;
    let l = globals.language;
    let mut seen = std::collections::HashSet::new();
    if let Some(twice) = drafts.iter().map(list.key).find(|key| !seen.insert(key.clone())) {
        return Err(Failure::new(Exit::Refused, texts::listed_twice(l, &twice), texts::rows_wrong_next(l)));
    }
    let rows = drafts.len();
    let changed = if dry_run {
        None
    } else {
        let mut hq = session.open_or_found()?;
        let changed = put(&mut hq, drafts)?;
        session.settle(&mut hq)?;
        Some(changed)
    };
    let unread = unread_columns.join(", ");
    let item = ListItem { rows, changed, unread_columns };
    globals.show(list.schema, &[item], |items| (list.told)(l, items[0].rows, items[0].changed))?;
    if !unread.is_empty() {
        globals.say(&texts::columns_unread(l, &unread))?;
    }
    globals.next(&list.next)
}

/// A file's rows: `columns` says what to make of the headers, `row` what a row is with those.
pub(super) fn read<C, T>(
    file: &Path,
    globals: &Globals,
    columns: impl FnOnce(&[String]) -> Result<C, Vec<&'static str>>,
    row: impl Fn(&C, &[String]) -> Result<T, Fault>,
) -> Result<(C, Vec<T>), Failure> {
    let l = globals.language;
    let mut sheet = Sheet::open(file).told(globals)?;
    let columns = columns(sheet.headers()).map_err(|missing| {
        let message = texts::columns_missing(l, &file.display(), &missing.join(", "));
        Failure::new(Exit::Refused, message, texts::columns_missing_next(l))
    })?;
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    while let Some(SheetRow { line, cells }) = sheet.next_row().told(globals)? {
        let cells = cells.map_err(|fault| Fault::of(&fault.column, &fault.found, fault.wanted));
        match cells.and_then(|cells| row(&columns, &cells)) {
            Ok(row) => rows.push(row),
            Err(fault) => {
                let Fault { header, found, wanted } = fault;
                let wanted = names::wanted(l, &wanted);
                wrong.push(texts::row_wrong(l, line, &failures::value(l, &header, &found, &wanted)));
            }
        }
    }
    if wrong.is_empty() {
        return Ok((columns, rows));
    }
    let told = wrong.len().min(TOLD);
    let message = texts::rows_wrong(l, wrong.len(), &wrong[..told].join("\n"));
    Err(Failure::new(Exit::Refused, message, texts::rows_wrong_next(l)))
}

/// Writes a table as CSV to a file, or to standard output. With `--format csv-bom` a byte order mark stands
/// before it.
pub(super) fn write(file: Option<&Path>, table: &[Vec<String>], globals: &Globals) -> Result<(), Failure> {
    let l = globals.language;
    let mut text = Vec::new();
    if globals.format == Format::CsvBom {
        text.extend("\u{feff}".as_bytes());
    }
    let mut writer = csv::Writer::from_writer(&mut text);
    let written =
        table.iter().try_for_each(|row| writer.write_record(row)).and_then(|()| Ok(writer.flush()?));
    written.expect("writing to memory");
    drop(writer);
    let text = String::from_utf8(text).expect("it was text before");
    let Some(file) = file else { return globals.line(text.trim_end_matches('\n')) };
    std::fs::write(file, text).map_err(|e| {
        Failure::new(
            Exit::Other,
            texts::file_unwritable(l, &file.display(), &e),
            texts::file_unwritable_next(l),
        )
    })?;
    globals.say(&texts::exported(l, table.len().saturating_sub(1), &file.display()))
}
