//! A table in a file, row by row: for lists of articles and sites. CSV, plain or zstd, in whatever encoding
//! and with whatever separator it comes.

use std::path::Path;

use super::ImportError;
use super::columns::key;
use super::encoding::Written;
use super::reader::{Next, Rows, Source};
use super::report::LeftOut;

/// A table.
pub struct Sheet {
    rows: Rows,
}

impl Sheet {
    /// Opens a file and reads its headers.
    ///
    /// # Errors
    /// [`ImportError::Open`] and [`ImportError::NotCsv`].
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        Ok(Self { rows: Rows::open_any(Source::open(path)?, Written::Auto, None)? })
    }

    /// Its headers.
    pub fn headers(&self) -> &[String] {
        self.rows.headers()
    }

    /// The next row with the line on which it begins; what isn't text of as many fields as there are headers is
    /// an error of its own. `None` at the end.
    ///
    /// # Errors
    /// [`ImportError::Read`], [`ImportError::RowTooLong`].
    pub fn next_row(&mut self) -> Result<Option<(u64, Result<Vec<String>, LeftOut>)>, ImportError> {
        Ok(match self.rows.next()? {
            Next::End => None,
            Next::LeftOut(fault) => Some((fault.line, Err(fault))),
            Next::Row => {
                let cells = self.rows.record().iter().map(|cell| cell.trim().to_owned());
                Some((self.rows.line(), Ok(cells.collect())))
            }
        })
    }
}

/// Whether a header is one of these names, compared as an import compares headers.
pub fn is_called(header: &str, names: &[&str]) -> bool {
    let header = key(header);
    names.iter().any(|name| key(name) == header)
}
