//! `import list` and `import undo`.

use clap::Args;
use guicang_domain::time::Occurred;
use guicang_replica::{By, ImportRow, Replica};
use serde::Serialize;

use crate::exit::{Failure, Told};
use crate::format::{Column, Table, minute};
use crate::language::Language;
use crate::output::Globals;
use crate::progress::Progress;
use crate::texts::{headings, names, next, results};

/// Nothing to choose.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {}

/// Which.
#[derive(Debug, Clone, Args)]
pub struct UndoArgs {
    /// The import's number, as in import list
    pub number: String,
}

/// An import, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct ImportItem {
    number: String,
    state: &'static str,
    file: String,
    profile: String,
    user: String,
    device: String,
    at: String,
    sites: Vec<String>,
    documents: u64,
    rows: u64,
    reversed_documents: u64,
}

impl ListArgs {
    /// Lists the imports, latest first.
    ///
    /// # Errors
    /// [`Failure`] when the file can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let items = items(replica, &replica.imports().told(globals)?);
        globals.show("imports", &items, |items| table(globals.language, items))
    }
}

impl UndoArgs {
    /// Takes an import back.
    ///
    /// # Errors
    /// [`Failure`] when there is no such import, nothing of it stands, or it isn't this device's to undo.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let progress = Progress::new(globals, results::undoing(l));
        let by = By::user(globals.user.clone());
        let undone = replica.undo_import(&by, &self.number, &mut |done, total| progress.at(done, total));
        progress.done();
        let (import, documents) = undone.told(globals)?;
        globals.say(&results::undone(l, import.number.as_str(), &import.file, documents))?;
        let rows = replica.imports().told(globals)?;
        let rows: Vec<ImportRow> = rows.into_iter().filter(|row| row.number == import.number).collect();
        globals.show("imports", &items(replica, &rows), |items| table(l, items))?;
        globals.next(&next::after_undo(l, globals.program))
    }
}

fn items(replica: &Replica, rows: &[ImportRow]) -> Vec<ImportItem> {
    let zone = replica.identity().zone;
    let item = |row: &ImportRow| ImportItem {
        number: row.number.to_string(),
        state: match row.reversed {
            0 => "stands",
            reversed if reversed == row.documents => "reversed",
            _ => "partly_reversed",
        },
        file: row.file.clone(),
        profile: row.profile.clone(),
        user: row.user.to_string(),
        device: row.device.to_string(),
        at: Occurred { at: row.at, zone }.to_rfc3339(),
        sites: row.sites.iter().map(ToString::to_string).collect(),
        documents: row.documents,
        rows: row.rows,
        reversed_documents: row.reversed,
    };
    rows.iter().map(item).collect()
}

fn table(l: Language, items: &[ImportItem]) -> Table {
    let mut table = Table::new([
        Column::Left(headings::import(l)),
        Column::Left(headings::occurred(l)),
        Column::Left(headings::user(l)),
        Column::Left(headings::file(l)),
        Column::Left(headings::profile(l)),
        Column::Right(headings::rows(l)),
        Column::Right(headings::documents(l)),
        Column::Left(headings::state(l)),
    ]);
    for item in items {
        table.row([
            item.number.clone(),
            minute(&item.at),
            item.user.clone(),
            item.file.clone(),
            item.profile.clone(),
            item.rows.to_string(),
            item.documents.to_string(),
            names::import_state(l, item.state),
        ]);
    }
    table
}
