//! `cargo xtask test`: everything that CI checks, step by step, each with its time. The first step that
//! fails ends it, with what to do about it.
//!
//! What surprises: the last line is always `N passed, N failed`, the sum over all test programs; a step
//! that isn't a test program and fails counts as one failure.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, ExitCode, Stdio};

use anyhow::Context;
use clap::Args;

use crate::clock::Watch;
use crate::places;

/// What to leave out.
#[derive(Args)]
pub struct TestArgs {
    /// Leave out the demo
    #[arg(long)]
    quick: bool,
}

/// A check of its own.
struct Step {
    name: &'static str,
    command: Command,
    /// What to do when it fails.
    advice: &'static str,
}

/// Tests that passed and failed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
}

/// Runs the steps in order.
pub fn run(args: &TestArgs) -> anyhow::Result<ExitCode> {
    let whole = Watch::start();
    let mut tally = Tally::default();
    for mut step in steps(args)? {
        println!("==> {}: {}", step.name, shown(&step.command));
        let watch = Watch::start();
        let counted = run_counting(&mut step.command, &mut tally)
            .with_context(|| format!("step {}: can't run {}", step.name, shown(&step.command)))?;
        println!("    {} took {}", step.name, watch.taken());
        if !counted.success {
            if counted.tests_failed == 0 {
                tally.failed += 1;
            }
            println!("{} failed. {}", step.name, step.advice);
            println!("{} passed, {} failed", tally.passed, tally.failed);
            return Ok(ExitCode::FAILURE);
        }
    }
    println!("All steps passed in {}.", whole.taken());
    for skipped in skipped(args) {
        println!("Skipped: {skipped}");
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    Ok(ExitCode::SUCCESS)
}

fn steps(args: &TestArgs) -> anyhow::Result<Vec<Step>> {
    let cargo = |words: &[&str]| {
        let mut command = places::cargo();
        command.args(words);
        command
    };
    let mut rustdoc = cargo(&["doc", "--workspace", "--no-deps", "--locked", "--quiet"]);
    rustdoc.env("RUSTDOCFLAGS", "-D warnings");
    let mut steps = vec![
        Step { name: "format", command: cargo(&["fmt", "--all", "--check"]), advice: "Run: cargo fmt --all" },
        Step {
            name: "clippy",
            command: cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--locked",
                "--quiet",
                "--",
                "-D",
                "warnings",
            ]),
            advice: "Correct what is named above; --fix mends some of it: cargo clippy --fix --workspace --all-targets",
        },
        Step {
            name: "programs",
            command: cargo(&["build", "--workspace", "--bins", "--locked", "--quiet"]),
            advice: "Correct what the compiler names above.",
        },
        Step {
            name: "tests",
            command: cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]),
            advice: "Run a failed test alone: cargo test -p CRATE NAME",
        },
        Step { name: "rustdoc", command: rustdoc, advice: "Correct the doc comments named above." },
    ];
    if !args.quick {
        let mut command = Command::new(std::env::current_exe()?);
        command.current_dir(places::root()).args(["demo", "--headless", "--lang", "en"]);
        steps.push(Step {
            name: "demo",
            command,
            advice: "The figures that don't tie out are named above. See it: cargo xtask demo",
        });
    }
    Ok(steps)
}

fn skipped(args: &TestArgs) -> Vec<String> {
    let mut skipped = Vec::new();
    if args.quick {
        skipped.push("the demo, because of --quick".into());
    }
    if !places::shared_data().is_dir() {
        skipped.push(
            "the tests on the whole of the real transactions: ../shared/data isn't there (the excerpt was used)"
                .into(),
        );
    }
    skipped
}

/// How a step ended.
struct Counted {
    success: bool,
    tests_failed: u64,
}

/// Runs a command, passes its standard output on and adds the tests that it reports.
fn run_counting(command: &mut Command, tally: &mut Tally) -> anyhow::Result<Counted> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let out = child.stdout.take().context("a piped standard output")?;
    let before = tally.failed;
    for line in BufReader::new(out).split(b'\n') {
        let line = line?;
        let text = String::from_utf8_lossy(&line);
        println!("{text}");
        std::io::stdout().flush()?;
        if let Some(more) = summary(&text) {
            tally.passed += more.passed;
            tally.failed += more.failed;
        }
    }
    let success = child.wait()?.success();
    Ok(Counted { success, tests_failed: tally.failed - before })
}

/// What a line of a test program reports: `test result: ok. 12 passed; 0 failed; ...`.
fn summary(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |word: &str| {
        let part = counts.split(';').find_map(|part| part.trim().strip_suffix(word))?;
        part.trim().parse::<u64>().ok()
    };
    Some(Tally { passed: count(" passed")?, failed: count(" failed")? })
}

/// A command as one would type it.
fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
    std::iter::once(name).chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_programs_are_summed_by_their_last_line() {
        let line =
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(summary(line), Some(Tally { passed: 12, failed: 0 }));
        let line = "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(summary(line), Some(Tally { passed: 3, failed: 2 }));
        for other in ["running 3 tests", "test a ... ok", "test result: odd"] {
            assert_eq!(summary(other), None, "{other}");
        }
    }

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("/somewhere/bin/cargo");
        command.args(["fmt", "--check"]);
        assert_eq!(shown(&command), "cargo fmt --check");
    }
}
