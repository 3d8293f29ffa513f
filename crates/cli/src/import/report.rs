//! What an import did, row by row accounted for.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::rules::Kind;

/// So many rows left out are listed one by one; the rest are only counted.
pub const LISTED: usize = 1000;

/// What an import did. As JSON it is the item of `guicang.import/1`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The import's number; none where nothing was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<String>,
    /// Rows of the file, its headers apart.
    pub rows: u64,
    /// Rows newly taken, by kind.
    pub taken: Taken,
    /// Rows not taken, by reason, most rows first: by a rule, of another site, or unreadable.
    #[serde(serialize_with = "as_list")]
    pub skipped: BTreeMap<String, u64>,
    /// What became of the return rows taken.
    pub return_lines: ReturnLines,
    /// Rows that the replica held before.
    pub already_known: u64,
    /// Receipts whose tenders don't come to what was paid for their lines.
    #[serde(skip_serializing_if = "is_zero")]
    pub tenders_differ: u64,
    /// Rows that can't be read or make no sense, the first [`LISTED`] of them; they are in `skipped`
    /// by reason too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// How many more were left out than `left_out` lists.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out_more: u64,
}

/// Rows taken, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken([u64; 7]);

impl Taken {
    /// Rows of one kind.
    pub fn of(&self, kind: Kind) -> u64 {
        self.0[kind as usize]
    }

    /// Rows of all kinds.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    pub(super) fn add(&mut self, kind: Kind) {
        self.0[kind as usize] += 1;
    }
}

impl Serialize for Taken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Kind::ALL.len()))?;
        for kind in Kind::ALL {
            map.serialize_entry(kind.as_str(), &self.of(kind))?;
        }
        map.end()
    }
}

/// Return rows by how much of them was sold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ReturnLines {
    /// All that came back is linked to sale lines.
    pub matched: u64,
    /// Some of it.
    pub partly: u64,
    /// None of it.
    pub unmatched: u64,
}

/// A row that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The line in the file on which it begins; the headers are line 1.
    pub line: u64,
    /// The column; empty when it is the row as a whole.
    pub column: String,
    /// What was found, cut at 80 characters.
    pub found: String,
    /// What would be right.
    pub wanted: String,
    /// The reason that it is counted under in `skipped`.
    pub reason: String,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Rows read.
    pub rows: u64,
    /// Bytes of the file read.
    pub bytes_read: u64,
    /// Bytes of the file, where known.
    pub bytes_total: Option<u64>,
}

impl Report {
    pub(super) fn skip(&mut self, reason: &str) {
        match self.skipped.get_mut(reason) {
            Some(rows) => *rows += 1,
            None => {
                self.skipped.insert(reason.into(), 1);
            }
        }
    }

    pub(super) fn leave_out(&mut self, row: LeftOut) {
        self.skip(&row.reason);
        if self.left_out.len() < LISTED {
            self.left_out.push(row);
        } else {
            self.left_out_more += 1;
        }
    }

    /// Rows accounted for: taken, skipped or known; equal to `rows` unless the program is wrong.
    pub fn accounted(&self) -> u64 {
        self.taken.total() + self.skipped.values().sum::<u64>() + self.already_known
    }
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

fn as_list<S: Serializer>(skipped: &BTreeMap<String, u64>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Skipped<'a> {
        reason: &'a str,
        rows: u64,
    }
    let mut list: Vec<_> = skipped.iter().map(|(reason, rows)| Skipped { reason, rows: *rows }).collect();
    list.sort_by_key(|skipped| std::cmp::Reverse(skipped.rows));
    serializer.collect_seq(list)
}
