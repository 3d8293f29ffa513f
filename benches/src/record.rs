//! A return as a line of JSON: what other systems of this kind were measured on.
//!
//! What surprises: nothing in it is believed to fit the business. A draft has dispositions, goods that
//! were restocked were scrapped; [`crate::returned`] keeps all of it regardless.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

/// A return of 18 fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// A ULID.
    pub id: String,
    /// The branch.
    pub store_id: String,
    /// The till of the sale.
    pub till: String,
    /// The receipt's number.
    pub sale_no: String,
    /// When it was sold: RFC 3339, milliseconds, UTC.
    pub sale_at: String,
    /// `draft`, `submitted`, `inspected`, `refunded` or `closed`.
    pub status: String,
    /// A reason's code.
    pub reason: String,
    /// `sealed`, `opened`, `damaged` or `leaking`.
    pub condition: String,
    /// When it was recorded: as `sale_at`.
    pub created_at: String,
    /// Who recorded it.
    pub clerk: String,
    /// The customer's name.
    pub customer_name: String,
    /// The customer's phone.
    pub phone: String,
    /// By what it is refunded.
    pub tender: String,
    /// The currency's code.
    pub currency: String,
    /// What is refunded, in minor units.
    pub refund_minor: i64,
    /// Whether the goods went back on sale.
    pub restocked: bool,
    /// A note.
    pub note: String,
    /// What came back.
    pub lines: Vec<RecordLine>,
}

/// A line of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordLine {
    /// The article.
    pub sku: String,
    /// Its name.
    pub name: String,
    /// Its specification.
    pub spec: String,
    /// Its lot.
    pub lot: String,
    /// How many.
    pub qty: i64,
    /// What one cost, in minor units.
    pub unit_price_minor: i64,
    /// `restock`, `scrap`, `quarantine` or `vendor_return`.
    pub disposition: String,
}

/// The lines of a file, plain or zstd, as they are.
///
/// # Errors
/// When the file can't be read, or is empty.
pub fn lines_of(path: &Path) -> Result<String> {
    const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
    let name = path.display();
    let mut reader = BufReader::new(File::open(path).with_context(|| format!("{name} can't be opened"))?);
    let packed = reader.fill_buf()?.starts_with(&ZSTD);
    let mut text = String::new();
    match packed {
        true => zstd::Decoder::with_buffer(reader)?.read_to_string(&mut text),
        false => reader.read_to_string(&mut text),
    }
    .with_context(|| format!("{name} is no text"))?;
    if text.trim().is_empty() {
        bail!("{name} is empty: one return a line is wanted");
    }
    Ok(text)
}

/// The records of lines.
///
/// # Errors
/// The line that isn't one.
pub fn parse(lines: &str) -> Result<Vec<Record>> {
    let numbered = lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    numbered
        .map(|(n, line)| serde_json::from_str(line).with_context(|| format!("line {} is no return", n + 1)))
        .collect()
}
