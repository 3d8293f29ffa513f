//! `cargo xtask simulate`: the whole system in one thread under every fault, seed by seed. The simulation
//! is a program of its own, since it links our libraries; here it is built optimised and run.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::places;

#[derive(Args)]
pub struct SimulateArgs {
    /// How many seeds
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// This seed alone, made short where it fails
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
    /// Put in each of ten faults in turn, and say at which seed it is found
    #[arg(long)]
    planted: bool,
}

/// Success only if no seed fails; with `--planted`, only if each fault is found.
pub fn run(args: &SimulateArgs) -> Result<ExitCode> {
    let mut command = places::cargo();
    command.args(["run", "--release", "--quiet", "-p", "guicang-sim"]);
    if args.planted {
        command.args(["--features", "planted"]);
    }
    command.args(["--", "--seeds", &args.seeds.to_string(), "--from", &args.from.to_string()]);
    command.args(["--branches", &args.branches.to_string()]);
    let numbers = [
        ("--seed", args.seed.map(|n| n.to_string())),
        ("--steps", args.steps.map(|n| n.to_string())),
        ("--minutes", args.minutes.map(|n| n.to_string())),
    ];
    for (name, number) in numbers {
        command.args(number.iter().flat_map(|number| [name, number]));
    }
    let switches = [("--trace", args.trace), ("--planted", args.planted)];
    command.args(switches.iter().filter(|(_, on)| *on).map(|(name, _)| name));
    Ok(if command.status()?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
