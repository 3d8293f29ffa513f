//! Runs a target for a while on mutations of what is kept and golden, on a stable toolchain.
//!
//! What surprises: an input is kept only if it makes a panic: it stays in `fuzz/corpus`, and an ordinary test
//! fails until it is mended and passes ever after.

#![expect(clippy::disallowed_methods, reason = "a run is bounded by the wall's clock")]

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use guicang_fuzz::mutate::{Mutator, reframe};
use guicang_fuzz::{TARGETS, seeds, survives};

/// Feed a reader bytes that nobody meant
#[derive(Debug, Parser)]
struct Arguments {
    /// codec, entries, changes, documents, imports, receipts, or all
    target: String,
    /// For how long, each
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// What the inputs follow from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let chosen: Vec<_> =
        TARGETS.iter().filter(|(name, _)| arguments.target == "all" || arguments.target == *name).collect();
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    ensure!(!chosen.is_empty(), "no target {}; there are: {}, all", arguments.target, names.join(", "));
    // Automerge's panics are caught by our crates, thousands of them, and no news.
    std::panic::set_hook(Box::new(|_| {}));
    let mut crashers = 0;
    for (name, target) in chosen {
        let until = Instant::now() + Duration::from_secs_f64(arguments.minutes * 60.0);
        let seeds = seeds::of(name);
        let mut mutator = Mutator::new(arguments.seed);
        let mut inputs = 0_u64;
        let mut reasons: Vec<String> = Vec::new();
        while Instant::now() < until {
            let mut input = mutator.input(&seeds);
            reframe(&mut input);
            inputs += 1;
            if let Err(reason) = survives(*target, &input)
                && !reasons.contains(&reason)
            {
                let folder = seeds::corpus(name);
                std::fs::create_dir_all(&folder)?;
                let file = folder.join(format!("panic-{}-{inputs}", arguments.seed));
                std::fs::write(&file, &input).with_context(|| file.display().to_string())?;
                eprintln!("{name}: {reason}\n    kept as {}", file.display());
                reasons.push(reason);
            }
        }
        println!("{name}: {inputs} inputs, {} panics", reasons.len());
        crashers += reasons.len();
    }
    ensure!(crashers == 0, "{crashers} panics; the inputs are kept in fuzz/corpus");
    Ok(())
}
