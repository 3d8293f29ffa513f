//! What a program's world is, and how its command line runs in it: the same for both programs.
//!
//! What surprises: nothing here reads a clock or makes chance. Each program's `main` brings both, and a test
//! brings its own.

use std::ffi::OsString;
use std::io::Write;

use clap::FromArgMatches;
use guicang_domain::time::Moment;
use guicang_replica::Machine;

use crate::config::Config;
use crate::exit::{Exit, Explain, Failure};
use crate::language::Language;
use crate::output::{GlobalArgs, Globals, Streams};
use crate::texts::next;
use crate::usage::{self, Parsed};

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

/// What a command has of the world.
pub struct Outside<'a> {
    /// Language, form, streams, who is working.
    pub globals: &'a Globals,
    /// What flags and the environment leave open.
    pub config: &'a Config,
    /// The environment.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// The clock.
    pub now: fn() -> Moment,
    /// Fills bytes at random.
    pub fill: fn(&mut [u8]),
    /// The machine, where it is known.
    pub machine: Option<Machine>,
}

/// Runs a program's command line, as its parser `command` reads it; the result is the exit code.
pub fn run<C: FromArgMatches>(
    world: World,
    program: &'static str,
    command: impl Fn(Language) -> clap::Command,
    globals_of: impl Fn(&C) -> &GlobalArgs,
    work: impl FnOnce(C, Outside<'_>) -> Result<(), Failure>,
) -> u8 {
    let World { args, env, now, fill, machine, mut streams } = world;
    let raw: Vec<String> = args.iter().map(|a| a.to_string_lossy().into_owned()).collect();
    let loaded = Config::load(&*env);
    let said = loaded.as_ref().ok().and_then(|c| c.lang.clone());
    let language = Language::choose(&raw, &*env, said.as_deref());
    let parsed = loaded
        .map_err(|e| e.explain(language, program))
        .and_then(|config| Ok((config, usage::parse(command(language), language, program, args)?)));
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
    let cli = match C::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => {
            let failure = Failure::new(Exit::Usage, error.to_string(), next::help_of(language, program));
            return fail(&mut streams.err, language, &failure);
        }
    };
    let system_user = env("USER").or_else(|| env("USERNAME"));
    let globals = match Globals::new(program, language, globals_of(&cli), &config, system_user, streams) {
        Ok(globals) => globals,
        Err(failure) => return fail(&mut std::io::stderr(), language, &failure),
    };
    let outside = Outside { globals: &globals, config: &config, env: &*env, now, fill, machine };
    match work(cli, outside) {
        Ok(()) => 0,
        Err(failure) => globals.fail(&failure),
    }
}

fn fail(err: &mut dyn Write, language: Language, failure: &Failure) -> u8 {
    // Where standard error can't be written, the exit code is all that can be said.
    let _ = writeln!(err, "{}", failure.text(language));
    failure.exit as u8
}
