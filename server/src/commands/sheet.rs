//! Lists of master data as files: all of a file or nothing, and every row that is wrong named at once.

use std::path::Path;

use guicang_cli::import::lenient;
use guicang_cli::import::sheet::{Sheet, SheetRow};
use guicang_cli::texts::{failures, names};
use guicang_cli::{Exit, Failure, Format, Globals, Told};

use guicang_cli::texts::hq as texts;

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
