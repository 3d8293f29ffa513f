//! `growth`: a return recorded, and questions to a cold program, at a branch that holds 1,000 documents, then
//! ten times as many, again and again. The picture is drawn from it.

use anyhow::{Context, Result};
use guicang_replica::Replica;
use rusqlite::Connection;

use crate::bench_record::bring_history;
use crate::bench_start::Asked;
use crate::chain::Chain;
use crate::figure::Figure;
use crate::record::Record;
use crate::request;
use crate::supply::{Supply, hold_sales};
use crate::timing::Times;

/// So many returns are recorded at each size.
const RETURNS: usize = 200;

/// Measures it.
///
/// # Errors
/// When a return can't be recorded, or the program isn't there.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let all: &[usize] = &[1_000, 10_000, 100_000, 1_000_000];
    let sizes = if supply.quick { &all[..2] } else { all };
    let mut chain = Chain::found(supply.seed)?;
    let input = &supply.input()?.records;
    let store = input.first().context("no returns")?.store_id.clone();
    let own: Vec<Record> = input.iter().filter(|r| r.store_id == store).cloned().collect();
    let (mut branch, path) = chain.branch(&store, "S001A")?;
    let (asked_for, timed) = own.split_first().context("no returns")?;
    let asked = Asked::new(&mut branch, &path, asked_for)?;
    let mut held = 0;
    let mut figures = Vec::new();
    for (n, (size, part)) in sizes.iter().zip(timed.chunks(RETURNS)).enumerate() {
        hold_sales(&mut branch, part)?;
        bring_history(&mut branch, supply.seed + 1 + n as u64, &store, size - held)?;
        held = *size;
        Connection::open(&path)?.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        figures.push(Figure::told(
            format!("growth: record, {size} documents"),
            record(&mut branch, part)?,
            "us",
        ));
        for (name, question) in asked.questions() {
            let us = asked.time(&question)?;
            figures.push(Figure::told(format!("growth: {name}, {size} documents"), us, "us"));
        }
    }
    Ok(figures)
}

fn record(branch: &mut Replica, records: &[Record]) -> Result<f64> {
    let mut times = Times::default();
    for record in records {
        let (by, request) = request::request(record, true)?;
        times.run(|| branch.counter_return(&by, request))?;
    }
    Ok(times.percentile_us(0.5))
}
