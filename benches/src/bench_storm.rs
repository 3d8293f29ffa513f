//! `storm`: 500 branches with 200 returns each, a week apart, all reconnect at once; then HQ follows.
//!
//! What surprises: the limit is ours. A tenth of the branches reconnect first, one after another, and HQ
//! follows these: what a push and a merge come to when nobody is in the way. Branches, relay and HQ share one
//! process, so the memory is that of all of them.

use std::sync::Barrier;

use anyhow::{Context, Result, ensure};
use guicang_replica::Replica;

use crate::chain::Chain;
use crate::figure::Figure;
use crate::generate;
use crate::loopback::Loopback;
use crate::request;
use crate::supply::Supply;
use crate::timing::{Took, now, timed};

const BRANCHES: usize = 500;
const RETURNS: usize = 200;

/// Measures it.
///
/// # Errors
/// When a branch doesn't get through.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let mut chain = Chain::found(supply.seed)?;
    let count = supply.sized(BRANCHES);
    let returns = supply.sized(RETURNS);
    let mut branches = Vec::new();
    for n in 0..count {
        let site = format!("B{n:03}");
        let (mut branch, _) = chain.branch(&site, &format!("{site}A"))?;
        // A day's hundredth apart, so that not all have the same times.
        let until = now().plus_ms(-864_000 * n as i64);
        for record in generate::records(supply.seed + n as u64, &site, returns, until) {
            let (by, request) = request::request(&record, false)?;
            branch.counter_return(&by, request)?;
        }
        branches.push(branch);
    }
    let loopback = Loopback::serve(chain.relay.clone())?;
    let at_once = branches.split_off(count / 10);
    let (alone, sent) = timed(|| one_by_one(&loopback, &mut branches));
    let alone_changes = sent?;
    let (alone_merged, followed) = timed(|| chain.follow());
    followed?;
    let before_kib = resident_kib();
    let (storm, done) = timed(|| together(&loopback, at_once));
    let (changes, mut ended) = done?;
    let grown_mib = resident_kib().saturating_sub(before_kib) as f64 / 1024.0;
    let (merged, followed) = timed(|| chain.follow());
    let followed = followed?;
    ensure!(followed.fetched_changes == changes, "HQ took {} of {changes}", followed.fetched_changes);
    ended.sort_by(f64::total_cmp);
    let mean = ended.iter().sum::<f64>() / ended.len() as f64;
    let last = ended.last().copied().context("no branches")?;
    let rate = |changes: u64, took: Took| changes as f64 / took.wall;
    let name = format!("storm of {count} branches");
    // 70 % of a rate is 1 / 0.7 times its time.
    Ok(vec![
        Figure::rate(
            format!("{name}: acknowledged"),
            rate(changes, storm),
            "changes/s",
            rate(alone_changes, alone),
        )
        .within(1.43),
        Figure::rate(
            format!("{name}: shown"),
            rate(changes, merged),
            "changes/s",
            rate(alone_changes, alone_merged),
        )
        .within(1.43),
        Figure::cost(format!("{name}: the last branch, against the mean"), last, "s", mean).within(2.0),
        Figure::told(format!("{name}: memory that was added, all ends"), grown_mib, "MiB").at_most(400.0),
    ])
}

fn one_by_one(loopback: &Loopback, branches: &mut [Replica]) -> Result<u64> {
    let mut changes = 0;
    for branch in branches {
        changes += loopback.session(&mut loopback.link()?, branch)?.sent_changes;
    }
    Ok(changes)
}

/// How many changes were sent, and after how many seconds each branch had ended.
fn together(loopback: &Loopback, branches: Vec<Replica>) -> Result<(u64, Vec<f64>)> {
    let barrier = Barrier::new(branches.len());
    let ended = std::thread::scope(|scope| {
        let running: Vec<_> = branches
            .into_iter()
            .map(|mut branch| {
                let barrier = &barrier;
                scope.spawn(move || -> Result<(u64, f64)> {
                    let mut link = loopback.link()?;
                    barrier.wait();
                    let (took, summary) = timed(|| loopback.session(&mut link, &mut branch));
                    Ok((summary?.sent_changes, took.wall))
                })
            })
            .collect();
        running
            .into_iter()
            .map(|branch| branch.join().unwrap_or_else(|_| anyhow::bail!("a branch panicked")))
            .collect::<Result<Vec<_>>>()
    })?;
    Ok((ended.iter().map(|(changes, _)| changes).sum(), ended.iter().map(|(_, s)| *s).collect()))
}

/// This process's resident memory, as Linux tells it; 0 elsewhere.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|kib| kib.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
