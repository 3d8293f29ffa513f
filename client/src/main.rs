//! The branch's program, `guicang`: here the world outside (clock, chance, machine, environment,
//! streams) is taken in; all else is in the library, which tests run with a world of their own.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use guicang_cli::machine::machine;
use guicang_cli::output::Streams;
use guicang_client::World;
use guicang_domain::time::Moment;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::builder()
                .with_default_directive(tracing::Level::WARN.into())
                .with_env_var("GUICANG_LOG")
                .from_env_lossy(),
        )
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let env = |name: &str| std::env::var(name).ok();
    let world = World {
        args: std::env::args_os().collect(),
        env: Box::new(env),
        now,
        fill,
        machine: machine(&|path| std::fs::read_to_string(path).ok(), &env),
        streams: Streams {
            out: Box::new(std::io::stdout()),
            err: Box::new(std::io::stderr()),
            terminal: std::io::stderr().is_terminal(),
        },
    };
    ExitCode::from(guicang_client::run(world))
}

// The one place of this program that reads the clock.
#[allow(clippy::disallowed_methods)]
fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(since.as_millis() as i64)
}

/// # Panics
/// When the system gives no randomness: without it no key and no name is safe.
fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system's randomness");
}
