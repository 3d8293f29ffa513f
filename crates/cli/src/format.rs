//! Tables for people: one row a line, numbers to the right, Chinese at its true width.

use std::fmt;

use comfy_table::{Cell, CellAlignment};
use guicang_domain::time::{Moment, Zone};

/// A table for standard output.
pub struct Table {
    inner: comfy_table::Table,
    right: Vec<bool>,
}

/// A column's heading, and which side its values stand on.
pub enum Column {
    /// Words.
    Left(String),
    /// Numbers.
    Right(String),
}

impl Table {
    /// An empty table.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        let mut inner = comfy_table::Table::new();
        inner.load_style(comfy_table::presets::NOTHING);
        let columns: Vec<Column> = columns.into_iter().collect();
        let right = columns.iter().map(|c| matches!(c, Column::Right(_))).collect();
        inner.set_header(columns.into_iter().map(|column| match column {
            Column::Left(text) => Cell::new(text),
            Column::Right(text) => Cell::new(text).set_alignment(CellAlignment::Right),
        }));
        Self { inner, right }
    }

    /// Adds a row.
    pub fn row(&mut self, values: impl IntoIterator<Item = String>) {
        let cells = values.into_iter().zip(&self.right).map(|(value, right)| {
            let cell = Cell::new(value);
            if *right { cell.set_alignment(CellAlignment::Right) } else { cell }
        });
        self.inner.add_row(cells.collect::<Vec<_>>());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.trim_fmt())
    }
}

/// A moment as a clock on the zone's walls shows it, with seconds: what a log's line begins with.
pub fn clock(zone: Zone, moment: Moment) -> String {
    zone.local(moment).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A time without seconds, as people read it.
pub fn minute(rfc3339: &str) -> String {
    rfc3339.get(..16).unwrap_or(rfc3339).replace('T', " ")
}
