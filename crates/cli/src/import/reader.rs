//! Reading a file of transactions: CSV, plain or zstd, row by row.
//!
//! Whether it is zstd is told by its first bytes, not by its name. Nothing is held but one row, and
//! a row is at most [`ROW_BYTES`] long: a file that isn't CSV (one quote that is never closed) must
//! not end up in memory as one row.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::rc::Rc;

use csv::{ByteRecord, StringRecord};

use super::ImportError;
use super::columns::{Header, Role, key};
use super::encoding::{Transcoder, Written};
use super::profile::Profile;
use super::report::LeftOut;

/// The longest row that is read: 1 MiB, far above what a till writes.
pub const ROW_BYTES: usize = 1 << 20;

const BUFFER_BYTES: usize = 1 << 16;
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// A file to import.
pub struct Source {
    name: String,
    bytes_total: Option<u64>,
    reader: Box<dyn Read>,
}

impl Source {
    /// The file at a path.
    ///
    /// # Errors
    /// [`ImportError::Open`] when it can't be opened.
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let open = || -> io::Result<(File, u64)> {
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            if metadata.is_dir() {
                return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
            }
            Ok((file, metadata.len()))
        };
        let name = path.display().to_string();
        let (file, bytes) = open().map_err(|source| ImportError::Open { file: name.clone(), source })?;
        // A pipe has no length to show progress against.
        Ok(Self { name, bytes_total: (bytes > 0).then_some(bytes), reader: Box::new(file) })
    }

    /// Anything that can be read; `name` stands for it in errors.
    pub fn from_reader(name: &str, reader: impl Read + 'static) -> Self {
        Self { name: name.into(), bytes_total: None, reader: Box::new(reader) }
    }
}

/// The rows of a file, one at a time.
pub(super) struct Rows {
    file: String,
    csv: csv::Reader<Guard<Box<dyn Read>>>,
    record: StringRecord,
    line: u64,
    bytes_read: Rc<Cell<u64>>,
    bytes_total: Option<u64>,
    row_budget: Rc<Cell<usize>>,
    headers: Vec<String>,
    /// The headers as they are compared.
    keys: Vec<String>,
    /// Whether the file turned out to be in another encoding than UTF-8.
    is_decoded: Rc<Cell<bool>>,
}

/// What comes next in a file.
pub(super) enum Next {
    /// A row; it is in [`Rows::record`].
    Row,
    /// A row that isn't text of as many fields as there are headers.
    LeftOut(LeftOut),
    /// Nothing.
    End,
}

impl Rows {
    /// Opens the file and reads its headers.
    ///
    /// # Errors
    /// [`ImportError::NotCsv`] and [`ImportError::WrongProfile`].
    pub fn open(source: Source, profile: &Profile) -> Result<Self, ImportError> {
        let rows = Self::open_any(source, profile.encoding, profile.delimiter)?;
        rows.check(profile)?;
        Ok(rows)
    }

    /// Opens a file of whatever headers. Without a separator named, it is told from the first line.
    ///
    /// # Errors
    /// [`ImportError::NotCsv`].
    pub fn open_any(source: Source, written: Written, delimiter: Option<u8>) -> Result<Self, ImportError> {
        let file = source.name;
        let not_csv = |found: &str| ImportError::NotCsv { file: file.clone(), found: found.into() };
        let bytes_read = Rc::new(Cell::new(0));
        let mut counted = Counted { inner: source.reader, bytes_read: bytes_read.clone() };
        let mut magic = Vec::with_capacity(4);
        let failed = |source| ImportError::Read { file: file.clone(), line: 1, source };
        (&mut counted).take(4).read_to_end(&mut magic).map_err(failed)?;
        let packed = magic == ZSTD_MAGIC;
        if magic.is_empty() {
            return Err(not_csv("an empty file"));
        }
        let whole = Cursor::new(magic).chain(counted);
        let plain: Box<dyn Read> = match packed {
            true => Box::new(zstd::stream::read::Decoder::new(whole).map_err(failed)?),
            false => Box::new(whole),
        };
        let transcoder = Transcoder::new(plain, written);
        let is_decoded = transcoder.is_decoding();
        let mut plain: Box<dyn Read> = Box::new(transcoder);
        let delimiter = match delimiter {
            Some(delimiter) => delimiter,
            None => {
                let first = first_line_of(&mut plain).map_err(|e| not_csv(&unpackable(&e)))?;
                let delimiter = most_frequent(&first);
                plain = Box::new(Cursor::new(first).chain(plain));
                delimiter
            }
        };
        let row_budget = Rc::new(Cell::new(ROW_BYTES + 2 * BUFFER_BYTES));
        let guard = Guard { inner: plain, budget: row_budget.clone(), last: b'\n' };
        let mut csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            // With the usual one, which takes CRLF too, the csv crate counts lines one short there;
            // outer spaces go everywhere, and CR with them.
            .terminator(csv::Terminator::Any(b'\n'))
            .delimiter(delimiter)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(guard);

        let mut record = StringRecord::new();
        match csv.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Err(not_csv("an empty file")),
            Err(e) => {
                return Err(match e.kind() {
                    csv::ErrorKind::Utf8 { .. } => not_csv("a first line that isn't UTF-8 text"),
                    csv::ErrorKind::Io(e) if is_too_long(e) => not_csv("a first line over 1 MiB"),
                    csv::ErrorKind::Io(e) => not_csv(&unpackable(e)),
                    _ => not_csv(&e.to_string()),
                });
            }
        }
        let headers: Vec<String> =
            record.iter().map(|h| h.trim_start_matches('\u{feff}').trim().to_owned()).collect();
        if headers.iter().any(|h| h.chars().any(char::is_control)) {
            return Err(not_csv("a first line with control characters"));
        }
        let keys: Vec<String> = headers.iter().map(|h| key(h)).collect();
        Ok(Self {
            file,
            csv,
            record,
            line: 1,
            bytes_read,
            bytes_total: source.bytes_total,
            row_budget,
            headers,
            keys,
            is_decoded,
        })
    }

    /// Whether the headers are those of a profile.
    fn check(&self, profile: &Profile) -> Result<(), ImportError> {
        let (mut missing, mut repeated) = (Vec::new(), Vec::new());
        for header in profile.wanted_columns() {
            match header.find(&self.keys) {
                Ok(_) => {}
                Err(0) => missing.push(header.usual().to_owned()),
                Err(_) => repeated.push(header.usual().to_owned()),
            }
        }
        for (one, other) in
            [(Role::Sku, Role::Barcode), (Role::Price, Role::Amount), (Role::Time, Role::Date)]
        {
            let headers: Vec<&Header> =
                [one, other].iter().filter_map(|role| profile.columns.get(role)).collect();
            if headers.iter().all(|h| h.optional && h.find(&self.keys) == Err(0)) {
                missing.push(headers.iter().map(|h| h.usual()).collect::<Vec<_>>().join("/"));
            }
        }
        let optional = profile.columns.values().filter(|header| header.optional);
        repeated.extend(
            optional
                .filter(|h| matches!(h.find(&self.keys), Err(1..)))
                .map(|header| header.usual().to_owned()),
        );
        if !missing.is_empty() || !repeated.is_empty() {
            return Err(ImportError::WrongProfile {
                file: self.file.clone(),
                profile: profile.name.clone(),
                missing,
                repeated,
                found: self.headers.iter().take(40).map(|h| h.chars().take(40).collect()).collect(),
            });
        }
        Ok(())
    }

    /// Reads the next row; empty lines are none.
    ///
    /// # Errors
    /// [`ImportError::Read`] when the file can't be read on, [`ImportError::RowTooLong`].
    pub fn next(&mut self) -> Result<Next, ImportError> {
        // The allocation of the last row serves for this one.
        let mut bytes = std::mem::take(&mut self.record).into_byte_record();
        loop {
            self.row_budget.set(ROW_BYTES + BUFFER_BYTES);
            let more = self.csv.read_byte_record(&mut bytes).map_err(|e| self.failed(e))?;
            if !more {
                return Ok(Next::End);
            }
            if self.headers.len() == 1
                || bytes.len() > 1
                || bytes.get(0).is_some_and(|field| !field.trim_ascii().is_empty())
            {
                break;
            }
        }
        self.line = first_line(&self.csv, &bytes);
        match StringRecord::from_byte_record(bytes) {
            Ok(record) => self.record = record,
            Err(e) => {
                let error = e.utf8_error();
                return Ok(Next::LeftOut(LeftOut {
                    line: self.line,
                    column: self.headers.get(error.field()).cloned().unwrap_or_default(),
                    found: format!("a byte at position {} that isn't UTF-8", error.valid_up_to()),
                    wanted: "UTF-8 text".into(),
                    reason: "not_utf8".into(),
                }));
            }
        }
        // Where the file is in another encoding, this stands for what isn't text in it.
        let unread = |record: &StringRecord| record.iter().position(|field| field.contains('\u{fffd}'));
        if let Some(place) = self.is_decoded.get().then(|| unread(&self.record)).flatten() {
            return Ok(Next::LeftOut(LeftOut {
                line: self.line,
                column: self.headers.get(place).cloned().unwrap_or_default(),
                found: self.record[place].chars().take(80).collect(),
                wanted: "text in the encoding of the file".into(),
                reason: "not_text".into(),
            }));
        }
        if self.record.len() != self.headers.len() {
            return Ok(Next::LeftOut(LeftOut {
                line: self.line,
                column: String::new(),
                found: format!("{} fields", self.record.len()),
                wanted: format!("{} fields, as in the first line", self.headers.len()),
                reason: "wrong_number_of_fields".into(),
            }));
        }
        Ok(Next::Row)
    }

    fn failed(&self, error: csv::Error) -> ImportError {
        let (file, line) = (self.file.clone(), self.csv.position().line());
        match error.into_kind() {
            csv::ErrorKind::Io(e) if is_too_long(&e) => {
                ImportError::RowTooLong { file, line, limit: ROW_BYTES }
            }
            csv::ErrorKind::Io(source) => ImportError::Read { file, line, source },
            other => ImportError::Read { file, line, source: io::Error::other(format!("{other:?}")) },
        }
    }

    /// The row last read.
    pub fn record(&self) -> &StringRecord {
        &self.record
    }

    /// The line in the file on which the row last read begins, counted from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Bytes of the file read so far, packed where it is packed.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.get()
    }

    /// Bytes of the file; `None` when unknown.
    pub fn bytes_total(&self) -> Option<u64> {
        self.bytes_total
    }

    /// The file's headers.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// The place of a column; `None` where the file has none.
    pub fn place(&self, header: &Header) -> Option<usize> {
        header.find(&self.keys).ok()
    }
}

fn unpackable(error: &io::Error) -> String {
    format!("bytes that can't be unpacked ({error})")
}

/// What is read up to the end of the first line, and somewhat beyond; at most [`ROW_BYTES`].
fn first_line_of(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut first = Vec::new();
    let mut chunk = vec![0; BUFFER_BYTES];
    while !first.contains(&b'\n') && first.len() < ROW_BYTES {
        match reader.read(&mut chunk)? {
            0 => break,
            n => first.extend_from_slice(&chunk[..n]),
        }
    }
    Ok(first)
}

/// The separator that the first line has most of; a comma when none is ahead.
fn most_frequent(text: &[u8]) -> u8 {
    let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| line.iter().filter(|b| **b == wanted).count();
    let mut best = b',';
    for other in [b'\t', b';', b'|'] {
        if count(other) > count(best) {
            best = other;
        }
    }
    best
}

/// The line on which a row that was just read begins. The csv crate's own answer is that of the
/// empty lines before it.
fn first_line<R: Read>(csv: &csv::Reader<R>, record: &ByteRecord) -> u64 {
    let within = record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
    csv.position().line().saturating_sub(1 + within)
}

/// Counts what is read of the file itself.
struct Counted<R> {
    inner: R,
    bytes_read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.bytes_read.set(self.bytes_read.get() + n as u64);
        Ok(n)
    }
}

/// Refuses to hand out more than a budget, which is renewed with each row; and ends the last line
/// where the file doesn't.
struct Guard<R> {
    inner: R,
    /// The last byte handed out.
    last: u8,
    budget: Rc<Cell<usize>>,
}

#[derive(Debug, thiserror::Error)]
#[error("a row over {ROW_BYTES} bytes")]
struct TooLong;

fn is_too_long(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|e| e.is::<TooLong>())
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let budget = self.budget.get();
        if budget == 0 {
            return Err(io::Error::other(TooLong));
        }
        let most = buffer.len().min(budget);
        let n = self.inner.read(&mut buffer[..most])?;
        if n == 0 && self.last != b'\n' && !buffer.is_empty() {
            buffer[0] = b'\n';
            self.last = b'\n';
            return Ok(1);
        }
        if n > 0 {
            self.last = buffer[n - 1];
        }
        self.budget.set(budget - n);
        Ok(n)
    }
}
