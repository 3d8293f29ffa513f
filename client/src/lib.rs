//! The branch: the command line `guicang`, and the link to the relay.
//!
//! What surprises: it is a library, so that tests and benchmarks run a branch within their process,
//! with a clock and chance of their own ([`World`]). `async` begins and ends in [`link`].

pub mod commands;
pub mod link;
mod help_zh;

use std::path::PathBuf;

use clap::{CommandFactory, Parser};
use guicang_cli::world::{self, Outside};
use guicang_cli::{GlobalArgs, Language, help};

pub use guicang_cli::world::{Environment, World};

use commands::{Commands, Session};

/// The program's name.
pub const PROGRAM: &str = "guicang";

/// Take goods back and keep stock, with or without a line to HQ
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    subcommand_required = true,
    after_help = "Examples:\n  guicang init --db shop.guicang\n  guicang --db shop.guicang return counter --sale 536365 --item 85123A --reason damaged --grade E=1 --refund cash\n  guicang --db shop.guicang sync --every 60s"
)]
struct Cli {
    /// The branch's file
    #[arg(
        long,
        global = true,
        display_order = 900,
        env = "GUICANG_DB",
        value_name = "FILE",
        hide_env_values = true
    )]
    db: Option<PathBuf>,
    #[command(flatten)]
    globals: GlobalArgs,
    #[command(subcommand)]
    command: Commands,
}

/// The command line with its help in a language, as parsed and as completions see it.
pub fn command(language: Language) -> clap::Command {
    help::localise(Cli::command(), language, &[help::SHARED, help::RETURN, help_zh::CLIENT])
}

/// Help texts without their Chinese, by key; a test wants none.
pub fn untranslated_help() -> Vec<String> {
    help::untranslated(&Cli::command(), &[help::SHARED, help::RETURN, help_zh::CLIENT])
}

/// Runs a command line; the result is the exit code.
pub fn run(world: World) -> u8 {
    world::run(
        world,
        PROGRAM,
        command,
        |cli: &Cli| &cli.globals,
        |cli, outside| {
            let Outside { globals, config, now, fill, machine, .. } = outside;
            let db = cli.db.or(config.db.clone());
            cli.command.run(&Session { globals, db, now, fill, machine })
        },
    )
}
