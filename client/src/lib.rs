//! The branch: the command line `guicang`, and the link to the relay.
//!
//! What surprises: it is a library, so that tests and benchmarks run a branch within their process,
//! with a clock and chance of their own ([`World`]). `async` begins and ends in [`link`].

pub mod commands;
pub mod link;
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
pub const PROGRAM: &str = "guicang";

/// A variable of the environment by its name.
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
    let db = cli.db.or(config.db.clone());
    let system_user = env("USER").or_else(|| env("USERNAME"));
    let globals = match Globals::new(PROGRAM, language, &cli.globals, &config, system_user, streams) {
        Ok(globals) => globals,
        Err(failure) => return fail(&mut std::io::stderr(), language, &failure),
    };
    let session = Session { globals: &globals, db, now, fill, machine };
    match cli.command.run(&session) {
        Ok(()) => 0,
        Err(failure) => globals.fail(&failure),
    }
}

fn fail(err: &mut dyn Write, language: Language, failure: &Failure) -> u8 {
    // Where standard error can't be written, the exit code is all that can be said.
    let _ = writeln!(err, "{}", failure.text(language));
    failure.exit as u8
}
