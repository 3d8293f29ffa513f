//! `merge`: HQ's replica takes what branches pushed, until its pages show it.
//!
//! The limit loads the same changes with Automerge and hydrates them, on all cores: nothing is checked,
//! stored or projected.

use anyhow::{Result, ensure};
use automerge::Automerge;

use crate::chain::{self, Chain};
use crate::figure::Figure;
use crate::supply::Supply;
use crate::timing::{Took, timed};

/// Measures it.
///
/// # Errors
/// When HQ doesn't end with all of it.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let mut chain = Chain::found(supply.seed)?;
    let mut branches = supply.unsent(&mut chain)?;
    let mut changes: Vec<Vec<u8>> = Vec::new();
    for branch in &mut branches {
        let after = branch.session_start(Default::default())?.acknowledged;
        for wire in branch.wire_entries(after, usize::MAX)?.0 {
            changes.extend(wire.changes.into_iter().filter_map(|c| c.bytes));
        }
        chain::session(branch, &chain.relay)?;
    }
    let count = supply.input()?.records.len();
    ensure!(changes.len() == count, "{} of {count} changes are there to be merged", changes.len());
    let (took, summary) = timed(|| chain.follow());
    let summary = summary?;
    ensure!(summary.fetched_changes == count as u64, "HQ took {}", summary.fetched_changes);
    let (limit, loaded) = timed(|| load_all(&changes));
    loaded?;
    let per_second = |took: Took| count as f64 / took.wall;
    let name = supply.label("merge");
    Ok(vec![
        Figure::rate(&name, per_second(took), "returns/s", per_second(limit)).at_least(8_000.0).within(2.0),
        Figure::cores(&name, took, limit),
    ])
}

/// Loads and hydrates each, on all cores.
///
/// # Errors
/// When one can't be loaded.
pub fn load_all(changes: &[Vec<u8>]) -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = changes.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = changes.chunks(share).map(|part| scope.spawn(|| load(part))).collect();
        workers.into_iter().try_for_each(|w| w.join().unwrap_or_else(|_| anyhow::bail!("Automerge panicked")))
    })
}

fn load(changes: &[Vec<u8>]) -> Result<()> {
    for change in changes {
        std::hint::black_box(Automerge::load(change)?.hydrate(None));
    }
    Ok(())
}
