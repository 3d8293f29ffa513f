//! `cargo xtask simulate`: seeds, one after another on each core, with a summary; a failing one is printed,
//! and made short.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Parser;
use guicang_sim::Setting;
use guicang_sim::run::{self, Failure, Tally};
use guicang_sim::shrink::shrink;
use guicang_sim::step::{NOT_YET, script};

/// Runs the whole system in one thread under every fault, seed by seed
#[derive(Parser)]
struct Cli {
    /// How many seeds
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// This seed alone
    #[arg(long)]
    seed: Option<u64>,
    /// The first of the seeds
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// How many branches
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    branches: u32,
    /// Steps of a run; by default 20 a branch
    #[arg(long)]
    steps: Option<usize>,
    /// End after so many minutes, whatever is left
    #[arg(long)]
    minutes: Option<u64>,
    /// Print each step
    #[arg(long)]
    trace: bool,
    /// Runs made to shorten a failing one
    #[arg(long, default_value_t = 200)]
    tries: usize,
    /// Put in each fault in turn, and say at which seed it is found
    #[cfg(feature = "planted")]
    #[arg(long)]
    planted: bool,
}

#[allow(clippy::disallowed_methods, reason = "how long it takes, for the summary and the budget")]
fn instant() -> Instant {
    Instant::now()
}

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    let branches = cli.branches as usize;
    let setting = Setting { branches, steps: cli.steps.unwrap_or(branches * 20) };
    // A run that fails says so itself; a panic's own words would be lost among others'.
    std::panic::set_hook(Box::new(|_| {}));
    #[cfg(feature = "planted")]
    if cli.planted {
        return planted(&cli, setting);
    }
    if let Some(seed) = cli.seed {
        return Ok(one(seed, setting, &cli));
    }
    let begun = instant();
    let end = cli.minutes.map(|minutes| begun + Duration::from_secs(60 * minutes));
    let (tally, failures) = many(&cli, setting, end);
    summary(&tally, &failures, begun.elapsed());
    for (seed, _) in failures.iter().take(3) {
        one(*seed, setting, &cli);
    }
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All seeds, on all cores.
fn many(cli: &Cli, setting: Setting, end: Option<Instant>) -> (Tally, BTreeMap<u64, Failure>) {
    let next = AtomicU64::new(cli.from);
    let found = Mutex::new((Tally::default(), BTreeMap::new()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= cli.from + cli.seeds || end.is_some_and(|end| instant() > end) {
                return;
            }
            let done = run::seed(seed, setting);
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            match done {
                Ok(tally) => found.0.add(&tally),
                Err(failure) => {
                    println!("seed {seed}: {}", failure.what);
                    found.1.insert(seed, failure);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, |n| n.get()) {
            scope.spawn(work);
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn summary(tally: &Tally, failures: &BTreeMap<u64, Failure>, took: Duration) {
    let seeds = tally.seeds + failures.len() as u64;
    let a_minute = seeds as f64 * 60.0 / took.as_secs_f64();
    println!("{seeds} seeds in {} s ({a_minute:.0} a minute)", took.as_secs());
    println!("of those that went well:");
    println!("  {:>9} steps", tally.steps);
    println!("  {:>9} commands that returned, each found where it belongs", tally.commands);
    println!("  {:>9} sessions that proved both ends equal, each compared", tally.proven);
    println!("  {:>9} processes killed, {} with their power", tally.deaths[0], tally.deaths[1]);
    for (fault, count) in &tally.faults {
        println!("  {count:>9} {fault}");
    }
    for fault in NOT_YET {
        println!("  not among the faults yet: {fault}");
    }
    println!("{} failed: {:?}", failures.len(), failures.keys().collect::<Vec<_>>());
}

/// One seed; where it fails, its short story.
fn one(seed: u64, setting: Setting, cli: &Cli) -> ExitCode {
    let steps = script(seed, setting.branches, setting.steps);
    let done = run::steps(seed, setting, &steps, &mut |n, step| {
        if cli.trace {
            println!("{n:>5} {step}");
        }
    });
    match done {
        Ok(tally) => {
            println!("seed {seed}: all is well; {} steps, {} commands", tally.steps, tally.commands);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            println!("seed {seed} fails: {}", failure.what);
            let (short, how) = shrink(seed, setting, &steps, failure, cli.tries);
            println!("the same in {} steps:", short.len());
            for step in &short {
                println!("  {step}");
            }
            println!("  -> {}", how.what);
            println!(
                "again: cargo xtask simulate --seed {seed} --branches {} --steps {} --trace",
                setting.branches, setting.steps
            );
            ExitCode::FAILURE
        }
    }
}

#[cfg(feature = "planted")]
fn planted(cli: &Cli, setting: Setting) -> Result<ExitCode> {
    let mut missed = 0;
    for bug in guicang_sync::planted::ALL {
        let found = (cli.from..cli.from + cli.seeds).find_map(|seed| {
            guicang_sync::planted::plant(Some(*bug));
            let failed = run::seed(seed, setting).err();
            guicang_sync::planted::plant(None);
            // A seed that fails without it as well has found something else.
            failed.filter(|_| run::seed(seed, setting).is_ok()).map(|failure| (seed, failure))
        });
        match found {
            Some((seed, failure)) => println!("{bug:?}: found at seed {seed}: {}", failure.what),
            None => {
                missed += 1;
                println!("{bug:?}: not found in {} seeds", cli.seeds);
            }
        }
    }
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
