//! `disk`: the bytes that a return takes at its branch in the end: six events, each its own command and change,
//! their entries and stamps, and all projections; after a session, with the file as small as SQLite makes it.
//!
//! What surprises: the sales that the returns go back on are there before, and aren't counted.

use std::path::Path;

use anyhow::{Context, Result};
use guicang_domain::returns::Grade;
use guicang_replica::{By, Graded};
use rusqlite::Connection;

use crate::chain::{self, Chain};
use crate::figure::Figure;
use crate::record::Record;
use crate::request;
use crate::supply::{Supply, hold_sales};

/// So many returns.
const RETURNS: usize = 2_000;

/// Measures it.
///
/// # Errors
/// When a step can't be taken.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let mut chain = Chain::found(supply.seed)?;
    let input = &supply.input()?.records;
    let store = input.first().context("no returns")?.store_id.clone();
    let own: Vec<Record> =
        input.iter().filter(|r| r.store_id == store).take(supply.sized(RETURNS)).cloned().collect();
    let (mut branch, path) = chain.branch(&store, "S001A")?;
    hold_sales(&mut branch, &own)?;
    chain::session(&mut branch, &chain.relay)?;
    let before = compacted(&path)?;
    for record in &own {
        let (by, mut request) = request::request(record, true)?;
        request.goods_here = false;
        request.grades = Vec::new();
        request.reason = "other".parse()?;
        let done = branch.open_return(&by, request, false)?;
        let name = done.number.to_string();
        let by = By { occurred: None, ..by };
        if !done.states.iter().any(|s| s == "approved") {
            branch.approve_return(&by, &name)?;
        }
        branch.receive(&by, &name, &[])?;
        let graded = |line: &crate::record::RecordLine| Graded {
            sku: Some(line.sku.clone()),
            grade: Grade::A,
            quantity: guicang_domain::quantity::Quantity::units(line.qty),
            disposition: None,
            reason_found: None,
        };
        branch.inspect(&by, &name, &record.lines.iter().map(graded).collect::<Vec<_>>())?;
        branch.refund(&by, &name, "cash".parse()?, None, true).map_err(anyhow::Error::from)?;
    }
    chain::session(&mut branch, &chain.relay)?;
    drop(branch);
    let took = (compacted(&path)? - before) as f64 / own.len() as f64;
    let json: usize = own.iter().map(|r| serde_json::to_string(r).map_or(0, |line| line.len() + 1)).sum();
    let name = supply.label("disk of a return");
    let mut figures =
        vec![Figure::cost(&name, took, "B", json as f64 / own.len() as f64).at_most(3.5 * 1024.0)];
    figures.extend(largest(&path, own.len())?);
    Ok(figures)
}

/// The file's size once nothing in it is empty.
fn compacted(path: &Path) -> Result<i64> {
    let file = Connection::open(path)?;
    file.execute_batch("VACUUM")?;
    Ok(file.query_row("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", [], |r| {
        r.get(0)
    })?)
}

/// What takes most of it, with the sales in it, per return.
fn largest(path: &Path, returns: usize) -> Result<Vec<Figure>> {
    let file = Connection::open(path)?;
    let mut statement = file.prepare(
        "SELECT name, sum(pgsize) FROM dbstat WHERE aggregate = TRUE GROUP BY name ORDER BY 2 DESC LIMIT 12",
    )?;
    let rows = statement.query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, i64>(1)?)))?;
    rows.map(|row| {
        let (name, bytes) = row?;
        Ok(Figure::told(format!("disk: {name}, sales included"), bytes as f64 / returns as f64, "B"))
    })
    .collect()
}
