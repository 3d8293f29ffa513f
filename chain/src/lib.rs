//! A year at a chain, from a seed: real commands on real replica files, real sessions with a real relay,
//! under a clock that is moved by hand.
//!
//! What surprises: the chain keeps books of its own ([`books`]), outside the system: what lies on each
//! shelf, what cash left the till. At the end HQ has to show the same, or the run has failed.
//!
//! ```text
//!   every day:  happenings ([`happen`]) at each branch -> a session where the line is up -> HQ settles, pays
//!   at the end: everything synced -> audit ([`audit`]) -> sums, planted.json
//! ```

pub mod random;
pub mod clock;
pub mod office;
pub mod branch;
pub mod catalogue;
pub mod season;
pub mod books;
pub mod planted;
pub mod world;
pub mod happen;
pub mod audit;

use std::path::PathBuf;

use anyhow::Result;

/// What is to be made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many branches; 1 to 999.
    pub branches: usize,
    /// How many days; 1 and more.
    pub days: usize,
    /// Everything follows from it.
    pub seed: u64,
    /// The folder, not there yet or empty.
    pub out: PathBuf,
}

/// Makes a chain and lives its days; what came of it, audited. `progress` is told the days that are done.
///
/// # Errors
/// What a file or a command says; nothing that the audit finds, which is in the report.
pub fn live(plan: Plan, progress: &mut dyn FnMut(usize)) -> Result<audit::Report> {
    let mut world = world::World::found(plan)?;
    for day in 0..world.plan.days {
        world.live(day)?;
        progress(day + 1);
    }
    world.end()?;
    audit::audit(&mut world)
}
