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

/// A row of a table.
pub struct SheetRow {
    /// The line in the file on which it begins; the headers are line 1.
    pub line: u64,
    /// Its cells without outer spaces, as many as there are headers; or why it isn't such text.
    pub cells: Result<Vec<String>, LeftOut>,
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

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// [`ImportError::Read`], [`ImportError::RowTooLong`].
    pub fn next_row(&mut self) -> Result<Option<SheetRow>, ImportError> {
        Ok(match self.rows.next()? {
            Next::End => None,
            Next::LeftOut(fault) => Some(SheetRow { line: fault.line, cells: Err(fault) }),
            Next::Row => {
                let cells = self.rows.record().iter().map(|cell| cell.trim().to_owned());
                Some(SheetRow { line: self.rows.line(), cells: Ok(cells.collect()) })
            }
        })
    }
}

/// Whether a header is one of these names, compared as an import compares headers.
pub fn is_called(header: &str, names: &[&str]) -> bool {
    let header = key(header);
    names.iter().any(|name| key(name) == header)
}
