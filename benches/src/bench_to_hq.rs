//! `to-hq`: from the end of a command at an online branch until HQ's replica shows it, the relay and HQ in
//! one process.
//!
//! What surprises: nobody is poked here. The branch's session begins as soon as the command is done, and HQ
//! follows as soon as that has ended, which is what pokes come to when nothing else waits.

use anyhow::{Context, Result, ensure};

use crate::chain::Chain;
use crate::figure::Figure;
use crate::loopback::Loopback;
use crate::record::Record;
use crate::request;
use crate::supply::{Supply, hold_sales};
use crate::timing::Times;

/// How many returns.
const RETURNS: usize = 500;

/// Measures it.
///
/// # Errors
/// When HQ doesn't end with each of them.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let mut chain = Chain::found(supply.seed)?;
    let records = &supply.input()?.records;
    let store = records.first().context("no returns")?.store_id.clone();
    let own: Vec<Record> =
        records.iter().filter(|r| r.store_id == store).take(supply.sized(RETURNS)).cloned().collect();
    let (mut branch, _) = chain.branch(&store, "S001A")?;
    hold_sales(&mut branch, &own)?;
    let loopback = Loopback::serve(chain.relay.clone())?;
    let mut link = loopback.link()?;
    loopback.session(&mut link, &mut branch)?;
    chain.follow()?;
    let mut times = Times::default();
    for record in &own {
        let (by, request) = request::request(record, true)?;
        branch.counter_return(&by, request)?;
        let followed = times.run(|| {
            loopback.session(&mut link, &mut branch)?;
            chain.follow()
        })?;
        ensure!(followed.fetched_changes == 1, "HQ took {}", followed.fetched_changes);
    }
    let told = |name: &str, share: f64| {
        Figure::told(supply.label(&format!("to-hq {name}")), times.percentile_us(share) / 1e3, "ms")
    };
    Ok(vec![told("p50", 0.5).at_most(20.0), told("p99", 0.99).at_most(100.0)])
}
