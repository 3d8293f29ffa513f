//! `cargo xtask fuzz`: a target, or all, on mutations of what is kept and golden. The runner is a program of
//! its own, since it links our libraries; here it is built optimised and run.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::places;

#[derive(Args)]
pub struct FuzzArgs {
    /// codec, entries, changes, documents, imports, receipts, or all
    target: String,
    /// For how long, each
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// What the inputs follow from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Success only if nothing panicked.
pub fn run(args: &FuzzArgs) -> Result<ExitCode> {
    let status = places::cargo()
        .args(["run", "--release", "--quiet", "-p", "guicang-fuzz", "--", &args.target])
        .args(["--minutes", &args.minutes.to_string(), "--seed", &args.seed.to_string()])
        .status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
