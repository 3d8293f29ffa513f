//! `cargo xtask chain`: a year at a chain in a folder, from a seed. The generator is a program of its own,
//! since it links our libraries; here it is built optimised and run.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::places;

#[derive(Args)]
pub struct ChainArgs {
    /// How many branches
    #[arg(long, default_value_t = 30)]
    branches: usize,
    /// How many days
    #[arg(long, default_value_t = 365)]
    days: usize,
    /// Everything follows from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The folder to make it in
    #[arg(long)]
    out: PathBuf,
}

/// Success only if every figure ties out.
pub fn run(args: &ChainArgs) -> Result<ExitCode> {
    // Cargo runs at the workspace's root, wherever the user is.
    let out = std::path::absolute(&args.out)?;
    let status = places::cargo()
        .args(["run", "--release", "--quiet", "-p", "guicang-chain", "--"])
        .args(["--branches", &args.branches.to_string(), "--days", &args.days.to_string()])
        .args(["--seed", &args.seed.to_string(), "--out"])
        .arg(out)
        .status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
