//! A run from its steps to the calm, and what it came to.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::step::{Step, script};
use crate::world::{Setting, World};

/// What runs did, added up.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Runs.
    pub seeds: u64,
    /// Steps.
    pub steps: u64,
    /// Commands that returned Ok.
    pub commands: u64,
    /// Sessions that said that both ends hold the same, each compared.
    pub proven: u64,
    /// Processes killed; with their power.
    pub deaths: [u64; 2],
    /// Steps that are faults, by name.
    pub faults: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Adds another's.
    pub fn add(&mut self, other: &Tally) {
        self.seeds += other.seeds;
        self.steps += other.steps;
        self.commands += other.commands;
        self.proven += other.proven;
        for (mine, theirs) in self.deaths.iter_mut().zip(other.deaths) {
            *mine += theirs;
        }
        for (fault, count) in &other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
    }
}

/// How a run failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// After which step; none: once it was calm.
    pub at: Option<usize>,
    /// What was wrong.
    pub what: String,
}

/// Runs a seed.
///
/// # Errors
/// [`Failure`] where something was as it must never be.
pub fn seed(seed: u64, setting: Setting) -> Result<Tally, Failure> {
    steps(seed, setting, &script(seed, setting.branches, setting.steps), &mut |_, _| {})
}

/// Runs steps; `told` hears of each before it is done.
///
/// # Errors
/// [`Failure`] where something was as it must never be.
pub fn steps(
    seed: u64,
    setting: Setting,
    steps: &[Step],
    told: &mut dyn FnMut(usize, &Step),
) -> Result<Tally, Failure> {
    let mut at = None;
    let run = AssertUnwindSafe(|| {
        let mut world = World::new(setting)?;
        let mut tally = Tally { seeds: 1, steps: steps.len() as u64, ..Tally::default() };
        for (n, step) in steps.iter().enumerate() {
            at = Some(n);
            told(n, step);
            world.step(step)?;
            if let Some(fault) = step.what.fault() {
                *tally.faults.entry(fault).or_default() += 1;
            }
        }
        at = None;
        world.calm(seed)?;
        tally.commands = world.oracle.commands;
        tally.proven = world.oracle.proven;
        tally.deaths = world.oracle.deaths;
        Ok::<_, crate::Violation>(tally)
    });
    let what = match catch_unwind(run) {
        Ok(Ok(tally)) => return Ok(tally),
        Ok(Err(violation)) => violation.0,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            format!("a panic: {}", text.unwrap_or_default())
        }
    };
    Err(Failure { at, what })
}
