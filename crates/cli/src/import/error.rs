//! Why an import stops. Bad rows are no reason: they are left out and in the report.

use super::target::TargetError;

/// Why an import stops.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file can't be opened.
    #[error("{file} can't be opened: {source}")]
    Open {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// It isn't CSV; nothing was written.
    #[error(
        "{file} is no CSV: found {found}, wanted UTF-8 text with headers in its first line, plain or zstd"
    )]
    NotCsv {
        /// The file.
        file: String,
        /// What was found.
        found: String,
    },
    /// Its headers aren't the profile's; nothing was written.
    #[error(
        "{file} isn't a file of the profile {profile}: {}found the headers {}",
        headers_at_fault(missing, repeated),
        found.join(", ")
    )]
    WrongProfile {
        /// The file.
        file: String,
        /// The profile.
        profile: String,
        /// The headers that the profile wants and the file doesn't have.
        missing: Vec<String>,
        /// The headers that the profile wants once and the file has more often.
        repeated: Vec<String>,
        /// The file's headers, the first 40 of them.
        found: Vec<String>,
    },
    /// The profile has no column for the site, and none was named; nothing was written.
    #[error("files of the profile {profile} don't say which site they are of: name it")]
    SiteNotNamed {
        /// The profile.
        profile: String,
    },
    /// The file breaks off or is damaged. What was written before stays; repeat the import once the
    /// file is whole, known rows aren't taken twice.
    #[error("{file} can't be read on from line {line}: {source}")]
    Read {
        /// The file.
        file: String,
        /// The last line that was begun.
        line: u64,
        /// Why.
        source: std::io::Error,
    },
    /// A row never ends, most likely for a quote that is never closed. What was written before stays.
    #[error(
        "{file}: the row that begins on line {line} is longer than {limit} bytes; is a quote never closed?"
    )]
    RowTooLong {
        /// The file.
        file: String,
        /// The line on which it begins.
        line: u64,
        /// The longest row that is read.
        limit: usize,
    },
    /// The temporary file failed, most likely for want of space in the system's temporary folder.
    #[error("the import's temporary file: {0}")]
    Scratch(#[from] rusqlite::Error),
    /// The replica failed. What was written before stays; the import can be repeated.
    #[error("the import stopped after {rows} rows: {source}")]
    Target {
        /// Rows read until then.
        rows: u64,
        /// Why.
        source: TargetError,
    },
    /// A mistake of this program: a row was lost, or counted twice.
    #[error(
        "of {rows} rows {accounted} are accounted for; this is a mistake of the program, please report it"
    )]
    Unaccounted {
        /// Rows read.
        rows: u64,
        /// Rows accounted for.
        accounted: u64,
    },
}

fn headers_at_fault(missing: &[String], repeated: &[String]) -> String {
    let part = |what: &str, list: &[String]| match list {
        [] => String::new(),
        list => format!("{what} {}; ", list.join(", ")),
    };
    part("missing are", missing) + &part("more than once there are", repeated)
}
