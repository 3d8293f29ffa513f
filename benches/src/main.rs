//! The figures of speed and size that the project holds itself to, each with its limit beside it.
//!
//! `cargo run --release -p guicang-benches -- all`, or one by name. What surprises: a figure is
//! judged by its ratio to a *limit* that the same run measures on the same machine, by doing only the
//! work that can't be avoided; so a ratio holds anywhere, and an absolute figure tells the order of
//! magnitude. Nothing here is a test: a missed target is printed, and the exit code stays 0.
//!
//! ```text
//!   generated | --records FILE --> Record --> a branch's real commands, or a document's first change
//!                                               --> record | push | merge | bytes-batch
//! ```

mod figure;
mod timing;
mod random;
mod record;
mod ulid;
mod returned;
mod request;
mod generate;
mod chain;
mod loopback;
mod supply;
mod bench_record;
mod bench_push;
mod bench_merge;
mod bench_bytes;
mod bench_idle;
mod bench_import;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, ValueEnum};

use figure::Figure;
use supply::Supply;

/// Measure Guicang, each figure beside what the machine allows
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// What to measure
    #[arg(value_enum)]
    name: Name,
    /// Print a line of JSON for each figure
    #[arg(long)]
    json: bool,
    /// Take returns from a file of JSON lines, plain or zstd (record, push, merge, bytes-batch)
    #[arg(long, value_name = "FILE")]
    records: Option<PathBuf>,
    /// A tenth of the work, without the largest sizes: to see that it runs
    #[arg(long)]
    quick: bool,
    /// What generated inputs follow from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Everything
    All,
    /// One return at a branch's counter
    Record,
    /// A branch's unsent returns, until they are acknowledged
    Push,
    /// The same at HQ, until its pages show them
    Merge,
    /// Bytes of a return in a batch
    BytesBatch,
    /// A session with nothing new
    Idle,
    /// Half a million real rows
    Import,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let supply = Supply::new(arguments.records.clone(), arguments.quick, arguments.seed);
    let names = match arguments.name {
        Name::All => vec![Name::Record, Name::Push, Name::Merge, Name::BytesBatch, Name::Idle, Name::Import],
        one => vec![one],
    };
    let mut all: Vec<Figure> = Vec::new();
    for name in names {
        eprintln!("measuring {name:?} ...");
        let figures = match name {
            Name::Record => bench_record::run(&supply)?,
            Name::Push => bench_push::run(&supply)?,
            Name::Merge => bench_merge::run(&supply)?,
            Name::BytesBatch => bench_bytes::run(&supply)?,
            Name::Idle => bench_idle::run(&supply)?,
            Name::Import => bench_import::run(&supply)?,
            Name::All => Vec::new(),
        };
        if arguments.json {
            for figure in &figures {
                println!("{}", serde_json::to_string(figure)?);
            }
        }
        all.extend(figures);
    }
    if !arguments.json {
        println!("{}", figure::table(&all));
    }
    Ok(())
}
