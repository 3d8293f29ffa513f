//! `export-changes` and `import-changes`: what a stick carries where there is no line.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use guicang_cli::texts::carry as texts;
use guicang_cli::verbs::carry::read;
use guicang_cli::{Exit, Explain, Failure, Told};
use guicang_replica::{CarryFrom, LinkError};
use serde::Serialize;

use super::Session;

/// Which changes, and where to.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The file to write; one that is there already isn't overwritten
    pub file: PathBuf,
    /// All of this device's changes, not only those that HQ hasn't acknowledged
    #[arg(long, conflicts_with = "hours")]
    pub all: bool,
    /// What was sealed in the last so many hours, whether HQ has it or not
    #[arg(long, value_name = "HOURS")]
    pub hours: Option<u32>,
}

/// From where.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file that another branch wrote
    pub file: PathBuf,
}

/// A file with changes, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct ExportItem {
    file: String,
    entries: u64,
    bytes: usize,
}

/// What was taken in, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct ImportItem {
    device: String,
    made: String,
    taken: u64,
    held: u64,
    waiting: u64,
    foreign: u64,
    set_apart: u64,
    refused: Vec<RefusedItem>,
}

#[derive(Debug, Serialize)]
struct RefusedItem {
    device: String,
    sequence: u64,
    rule: String,
}

impl ExportArgs {
    /// Writes the file: whole and on disk, or not at all.
    ///
    /// # Errors
    /// [`Failure`] when a file can't be read or written.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let from = match (self.all, self.hours) {
            (true, _) => CarryFrom::All,
            (false, Some(hours)) => CarryFrom::Since((session.now)().plus_ms(-3_600_000 * i64::from(hours))),
            (false, None) => CarryFrom::Unacknowledged,
        };
        let (bytes, entries) = session.open()?.export_changes(from).told(globals)?;
        let path = self.file.display();
        write(&self.file, &bytes).map_err(|e| {
            let message = match e.kind() {
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                    texts::stick_full(l, &path)
                }
                _ => texts::unwritable(l, &path, &e),
            };
            Failure::new(Exit::Other, message, texts::another_file(l))
        })?;
        let item = ExportItem { file: path.to_string(), entries, bytes: bytes.len() };
        globals.show("changes", &[item], |items| {
            texts::written(l, &items[0].file, items[0].entries, items[0].bytes)
        })?;
        globals.next(&texts::written_next(l))
    }
}

/// A stick is pulled out as soon as the command has returned.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create_new(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a file is none; where it can't be removed, the reader says that it has no end.
        let _ = std::fs::remove_file(path);
    }
    written
}

impl ImportArgs {
    /// Takes the file in.
    ///
    /// # Errors
    /// [`Failure`] when the file can't be read, or with [`Exit::Refused`] when something of it was
    /// refused; the rest is taken.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let carried = read(&self.file, l)?;
        let done = session.open()?.take_carried(carried).map_err(|e| match e {
            LinkError::Store(error) => error.explain(l, globals.program),
            LinkError::OtherOrganisation { .. } => {
                Failure::new(Exit::Refused, texts::other_organisation(l), texts::export_again(l))
            }
            error => Failure::new(
                Exit::Refused,
                texts::unreadable(l, &self.file.display(), &error),
                texts::export_again(l),
            ),
        })?;
        let item = ImportItem {
            device: done.device.to_string(),
            made: done.made.to_rfc3339(),
            taken: done.taken,
            held: done.held,
            waiting: done.waiting,
            foreign: done.foreign,
            set_apart: done.set_apart,
            refused: done
                .refused
                .iter()
                .map(|(device, sequence, rule)| RefusedItem {
                    device: device.to_string(),
                    sequence: *sequence,
                    rule: rule.clone(),
                })
                .collect(),
        };
        globals.show("carried", &[item], |items| {
            let item = &items[0];
            let mut text = texts::taken(l, item.taken, item.held, item.waiting, item.foreign);
            if item.set_apart > 0 {
                text.push('\n');
                text.push_str(&texts::set_apart(l, item.set_apart));
            }
            text
        })?;
        match done.refused.is_empty() {
            true => Ok(()),
            false => {
                let mut rules: Vec<&str> = done.refused.iter().map(|(_, _, rule)| rule.as_str()).collect();
                rules.sort_unstable();
                rules.dedup();
                let message = texts::refused(l, done.refused.len(), &rules.join(", "));
                Err(Failure::new(Exit::Refused, message, texts::export_again(l)))
            }
        }
    }
}
