//! `decide`: a return that was asked for is approved, received, inspected and refunded, each by its own
//! command, at a branch that holds much history.
//!
//! The limit is record's: the bytes of each command's change, committed durably, right after it.

use anyhow::{Context, Result};
use guicang_domain::returns::Grade;
use guicang_replica::{By, Graded};
use rusqlite::{Connection, params};

use crate::bench_record::bring_history;
use crate::chain::Chain;
use crate::figure::Figure;
use crate::record::Record;
use crate::request;
use crate::supply::{Supply, hold_sales};
use crate::timing::Times;

/// How many returns are decided on.
const TIMED: usize = 1_000;

/// Measures it.
///
/// # Errors
/// When a step can't be taken.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let history = supply.sized(100_000);
    let mut chain = Chain::found(supply.seed)?;
    let input = &supply.input()?.records;
    let store = input.first().context("no returns")?.store_id.clone();
    let own: Vec<Record> =
        input.iter().filter(|r| r.store_id == store).take(supply.sized(TIMED)).cloned().collect();
    let (mut branch, path) = chain.branch(&store, "S001A")?;
    hold_sales(&mut branch, &own)?;
    bring_history(&mut branch, supply.seed + 1, &store, history)?;
    let limit_file = Connection::open(chain.path("limit.sqlite"))?;
    limit_file.pragma_update(None, "journal_mode", "WAL")?;
    limit_file.pragma_update(None, "synchronous", "FULL")?;
    limit_file.execute_batch("CREATE TABLE change (id INTEGER PRIMARY KEY, bytes BLOB) STRICT")?;
    let mut insert = limit_file.prepare("INSERT INTO change (bytes) VALUES (?)")?;
    let file = Connection::open(&path)?;
    let mut last = file.prepare("SELECT bytes FROM change ORDER BY id DESC LIMIT 1")?;
    let (mut ours, mut limit) = (Times::default(), Times::default());
    let mut commit = || -> Result<()> {
        let bytes: Vec<u8> = last.query_row([], |r| r.get(0))?;
        limit.run(|| insert.execute(params![bytes]))?;
        Ok(())
    };
    for record in &own {
        let (by, mut request) = request::request(record, true)?;
        request.goods_here = false;
        request.grades = Vec::new();
        request.reason = "other".parse()?;
        let done = branch.open_return(&by, request, false)?;
        let name = done.number.to_string();
        let by = By { occurred: None, ..by };
        if !done.states.iter().any(|s| s == "approved") {
            ours.run(|| branch.approve_return(&by, &name))?;
            commit()?;
        }
        ours.run(|| branch.receive(&by, &name, &[]))?;
        commit()?;
        let graded: Vec<Graded> = record
            .lines
            .iter()
            .map(|line| Graded {
                sku: Some(line.sku.clone()),
                grade: Grade::A,
                quantity: guicang_domain::quantity::Quantity::units(line.qty),
                disposition: None,
                reason_found: None,
            })
            .collect();
        ours.run(|| branch.inspect(&by, &name, &graded))?;
        commit()?;
        ours.run(|| branch.refund(&by, &name, "cash".parse()?, None, true).map_err(anyhow::Error::from))?;
        commit()?;
    }
    let cost = |name: &str, share: f64| {
        let name = supply.label(&format!("decide {name} of {history} documents"));
        Figure::cost(name, ours.percentile_us(share), "us", limit.percentile_us(share))
    };
    Ok(vec![cost("p50", 0.5).within(3.0), cost("p99", 0.99)])
}
