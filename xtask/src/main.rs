//! `cargo xtask`: the project's own commands. `test` checks everything that CI checks; `demo` runs a
//! day of several branches with the real programs; `chain` makes a chain's year from a seed; `simulate` runs the whole
//! system under faults, seed by seed; `torture` kills real processes; `fuzz` looks for bytes that make a reader panic.
//!
//! What surprises: none of our libraries is used here. The demo does what a user would do, through the
//! programs' command lines, and works its figures out for itself.

mod clock;
mod places;
mod test;
mod demo;
mod chain;
mod simulate;
mod fuzz;
mod torture;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The project's own commands")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a day of three branches without a line, then reconnect and settle
    Demo(demo::DemoArgs),
    /// Check everything that CI checks
    Test(test::TestArgs),
    /// Make a chain's year in a folder, from a seed, and check that everything ties out
    Chain(chain::ChainArgs),
    /// Run the whole system in one thread under every fault, seed by seed
    Simulate(simulate::SimulateArgs),
    /// Kill real processes under load, and see what is left
    Torture(torture::TortureArgs),
    /// Feed what reads from outside with bytes that nobody meant
    Fuzz(fuzz::FuzzArgs),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Chain(args) => chain::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Torture(args) => torture::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
