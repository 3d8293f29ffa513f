//! Headings of tables.
