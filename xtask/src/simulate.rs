//! `cargo xtask simulate`: the whole system in one thread under every fault, seed by seed. The simulation
//! is a program of its own, since it links our libraries; here it is built optimised and run with what
//! was asked for. Its options are its own: `cargo xtask simulate --help` prints them.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::places;

/// What is passed on.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub struct SimulateArgs {
    /// The simulation's own options
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

/// Success only if no seed fails; with `--planted`, only if each fault is found.
pub fn run(args: &SimulateArgs) -> Result<ExitCode> {
    let mut command = places::cargo();
    command.args(["run", "--release", "--quiet", "-p", "guicang-sim"]);
    // The faults that are put in on purpose are in a build for that alone.
    if args.options.iter().any(|option| option == "--planted") {
        command.args(["--features", "planted"]);
    }
    command.arg("--").args(&args.options);
    Ok(if command.status()?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
