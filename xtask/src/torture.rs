//! `cargo xtask torture`: the programs as real processes, killed at moments of chance under load. The work is a story
//! of `tests/stories`; here it gets its numbers.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::places;

#[derive(Args)]
pub struct TortureArgs {
    /// How many processes are killed
    #[arg(long, default_value_t = 500)]
    kills: u64,
    /// What is killed when follows from it, and from how fast the machine is
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Success only if nothing was lost, every file opens, and no refund was paid twice.
pub fn run(args: &TortureArgs) -> Result<ExitCode> {
    let programs =
        places::cargo().args(["build", "-p", "guicang-client", "-p", "guicang-server"]).status()?;
    if !programs.success() {
        return Ok(ExitCode::FAILURE);
    }
    let status = places::cargo()
        .args(["test", "--quiet", "-p", "guicang-tests", "--test", "stories", "--"])
        .args(["--nocapture", "torture::", "torn::"])
        .env("GUICANG_TORTURE_KILLS", args.kills.to_string())
        .env("GUICANG_TORTURE_SEED", args.seed.to_string())
        .status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
