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
pub mod texts;
pub mod texts_money;
pub mod texts_period;
pub mod commands;
mod help_zh;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches, Parser};
use guicang_cli::config::Config;
use guicang_cli::output::Streams;
use guicang_cli::texts::next;
use guicang_cli::usage::{self, Parsed};
use guicang_cli::{Exit, Explain, Failure, GlobalArgs, Globals, Language, help};
use guicang_domain::time::Moment;
use guicang_replica::Machine;

use commands::{Commands, Session};

/// The program's name.
pub const PROGRAM: &str = "guicang-server";

/// Looks up a variable of the environment.
pub type Environment = Box<dyn Fn(&str) -> Option<String>>;

/// The world outside.
pub struct World {
    /// The command line, the program's name first.
    pub args: Vec<OsString>,
    /// The environment.
    pub env: Environment,
    /// The clock.
    pub now: fn() -> Moment,
    /// Fills bytes at random.
    pub fill: fn(&mut [u8]),
    /// The machine, where it is known.
    pub machine: Option<Machine>,
    /// Where data and messages go.
    pub streams: Streams,
}

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
    let World { args, env, now, fill, machine, mut streams } = world;
    let raw: Vec<String> = args.iter().map(|a| a.to_string_lossy().into_owned()).collect();
    let loaded = Config::load(&*env);
    let said = loaded.as_ref().ok().and_then(|c| c.lang.clone());
    let language = Language::choose(&raw, &*env, said.as_deref());
    let parsed = loaded
        .map_err(|e| e.explain(language, PROGRAM))
        .and_then(|config| Ok((config, usage::parse(command(language), language, PROGRAM, args)?)));
    let (config, matches) = match parsed {
        Ok((config, Parsed::Command(matches))) => (config, matches),
        // A reader that goes away while help is printed is nobody's fault.
        Ok((_, Parsed::Asked(text))) => {
            let _ = write!(streams.out, "{text}");
            return 0;
        }
        Ok((_, Parsed::Shown(text))) => {
            let _ = write!(streams.err, "{text}");
            return Exit::Usage as u8;
        }
        Err(failure) => return fail(&mut streams.err, language, &failure),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => {
            let failure = Failure::new(Exit::Usage, error.to_string(), next::help_of(language, PROGRAM));
            return fail(&mut streams.err, language, &failure);
        }
    };
    let folder = cli.data.or(config.data.clone()).or_else(|| usual_folder(&*env));
    let system_user = env("USER").or_else(|| env("USERNAME"));
    let globals = match Globals::new(PROGRAM, language, &cli.globals, &config, system_user, streams) {
        Ok(globals) => globals,
        Err(failure) => return fail(&mut std::io::stderr(), language, &failure),
    };
    let session = Session { globals: &globals, folder, config: &config, now, fill, machine };
    match cli.command.run(&session) {
        Ok(()) => 0,
        Err(failure) => globals.fail(&failure),
    }
}

/// Where the data is when nobody says: `$XDG_DATA_HOME/guicang-server`, by default under
/// `~/.local/share`.
fn usual_folder(env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let set = |name| env(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let home = set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local/share")));
    home.map(|home| home.join(PROGRAM))
}

fn fail(err: &mut dyn Write, language: Language, failure: &Failure) -> u8 {
    // Where standard error can't be written, the exit code is all that can be said.
    let _ = writeln!(err, "{}", failure.text(language));
    failure.exit as u8
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
