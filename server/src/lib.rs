//! The server: the relay, and HQ's replica that follows it, by default in one process; and the command
//! line `guicang-server`.
//!
//! ```text
//!   branches -- HTTP --> relay (relay.sqlite) -- its log --> hq (hq.sqlite) --> page, commands, payouts
//! ```
//!
//! What surprises: `relay` knows nothing of `hq` or of returns, and `hq` meets the relay only as a
//! device does, through its public functions; either could run elsewhere.

pub mod relay;
pub mod hq;
pub mod data;
pub mod backup;
pub mod recover;
pub mod commands;
mod help_zh;

use std::path::PathBuf;

use clap::{CommandFactory, Parser};
use guicang_cli::world::{self, Outside};
use guicang_cli::{GlobalArgs, Language, help};

pub use guicang_cli::world::{Environment, World};

use commands::{Commands, Session};

/// The program's name.
pub const PROGRAM: &str = "guicang-server";

/// The relay and headquarters of a chain's returns and stock
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  guicang-server init --name Orchard\n  guicang-server site add S01 --name \"East Gate\"\n  guicang-server device enrol --site S01\n  guicang-server serve"
)]
struct Cli {
    /// The data folder [default: $XDG_DATA_HOME/guicang-server]
    #[arg(long, global = true, env = "GUICANG_DATA", value_name = "FOLDER", hide_env_values = true)]
    data: Option<PathBuf>,
    #[command(flatten)]
    globals: GlobalArgs,
    #[command(subcommand)]
    command: Commands,
}

/// The command line with its help in a language, as parsed and as completions see it.
pub fn command(language: Language) -> clap::Command {
    help::localise(Cli::command(), language, &[help_zh::SERVER, help::SHARED, help::RETURN])
}

/// Runs a command line; the result is the exit code.
pub fn run(world: World) -> u8 {
    world::run(
        world,
        PROGRAM,
        command,
        |cli: &Cli| &cli.globals,
        |cli, outside| {
            let Outside { globals, config, env, now, fill, machine } = outside;
            let folder = cli.data.or(config.data.clone()).or_else(|| usual_folder(env));
            cli.command.run(&Session { globals, folder, config, now, fill, machine })
        },
    )
}

/// Where the data is when nobody says: `$XDG_DATA_HOME/guicang-server`, by default under
/// `~/.local/share`.
fn usual_folder(env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let set = |name| env(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let home = set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local/share")));
    home.map(|home| home.join(PROGRAM))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text of the server's own help has its Chinese.
    #[test]
    fn help_is_whole_in_chinese() {
        let command = Cli::command();
        let missing = help::untranslated(&command, &[help_zh::SERVER, help::SHARED, help::RETURN]);
        assert_eq!(missing, Vec::<String>::new());
    }
}
