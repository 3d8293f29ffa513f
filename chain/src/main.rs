//! `cargo xtask chain`: makes a year at a chain in a folder, and says whether everything ties out.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use guicang_chain::{Plan, live};

/// Make a chain's year in a folder, from a seed
#[derive(Debug, Parser)]
struct Cli {
    /// How many branches
    #[arg(long, default_value_t = 30)]
    branches: usize,
    /// How many days
    #[arg(long, default_value_t = 365)]
    days: usize,
    /// Everything follows from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The folder: HQ's data goes to hq/, each branch's file to branches/
    #[arg(long)]
    out: PathBuf,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("chain: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<bool> {
    let plan = Plan { branches: cli.branches, days: cli.days, seed: cli.seed, out: cli.out.clone() };
    let days = plan.days;
    let report = live(plan, &mut |day| {
        if day % 10 == 0 || day == days {
            eprintln!("day {day} of {days}");
        }
    })?;
    let path = cli.out.join("planted.json");
    std::fs::write(&path, format!("{:#}\n", report.planted))?;
    println!("{}", report.story);
    println!("{:#}", report.sums);
    println!("digest of HQ: {}", report.digest);
    for wrong in report.wrong.iter().take(50) {
        eprintln!("doesn't tie out: {wrong}");
    }
    if report.wrong.is_empty() {
        println!("Everything ties out. See for yourself:");
        println!("  guicang-server --data {} serve", cli.out.join("hq").display());
        println!("  guicang --db {} stock show", cli.out.join("branches/S01.guicang").display());
    } else {
        eprintln!("{} figures don't tie out", report.wrong.len());
    }
    Ok(report.wrong.is_empty())
}
