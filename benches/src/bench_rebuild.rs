//! `rebuild`: all projections of a replica are dropped and folded again.
//!
//! The limit is merge's: Automerge loads the same changes and hydrates them, on all cores.

use anyhow::{Context, Result, ensure};
use rusqlite::Connection;

use crate::bench_merge::load_all;
use crate::bench_record::bring_history;
use crate::chain::Chain;
use crate::figure::Figure;
use crate::supply::Supply;
use crate::timing::{Took, timed};

/// Measures it.
///
/// # Errors
/// When the file can't be read.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let count = supply.sized(1_000_000);
    let mut chain = Chain::found(supply.seed)?;
    let store = supply.input()?.records.first().context("no returns")?.store_id.clone();
    let (mut branch, path) = chain.branch(&store, "S001A")?;
    bring_history(&mut branch, supply.seed, &store, count)?;
    let (took, rebuilt) = timed(|| branch.rebuild(&mut |_, _| {}));
    rebuilt?;
    let file = Connection::open(&path)?;
    let mut select = file.prepare("SELECT bytes FROM change")?;
    let changes: Vec<Vec<u8>> = select.query_map([], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?;
    ensure!(changes.len() == count, "{} of {count} documents are there", changes.len());
    let (limit, loaded) = timed(|| load_all(&changes));
    loaded?;
    let per_second = |took: Took| count as f64 / took.wall;
    let name = format!("rebuild of {count} documents");
    Ok(vec![
        Figure::rate(&name, per_second(took), "documents/s", per_second(limit)).within(1.5),
        Figure::cores(&name, took, limit),
    ])
}
