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
mod bench_decide;
mod bench_bytes_one;
mod bench_to_hq;
mod bench_storm;
mod bench_polls;
mod bench_start;
mod bench_rebuild;
mod bench_growth;
mod bench_automerge;
mod picture;
mod bench_proof;
mod bench_disk;
mod bench_streams;

use std::path::PathBuf;

use anyhow::{Context, Result};
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
    /// What a picture is drawn from: JSON lines of this program
    #[arg(value_name = "FILE")]
    lines: Option<PathBuf>,
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
    /// The steps of one return, each a command
    Decide,
    /// Bytes of one event, sent alone
    BytesOne,
    /// From a command until HQ shows it
    ToHq,
    /// Many branches that reconnect at once
    Storm,
    /// Idle sessions a second, of 10,000 devices
    Polls,
    /// A question to a cold program
    Start,
    /// All projections made anew
    Rebuild,
    /// Record and start, from 1,000 documents to 1,000,000
    Growth,
    /// The same returns by Automerge's own protocol, one document at a time
    AutomergeSync,
    /// Draw growth from a run's JSON lines (FILE), in one picture
    Picture,
    /// A relay that was rolled back, and those who come back to it
    Proof,
    /// Bytes of a return at its branch in the end
    Disk,
    /// 10,000 event streams at once
    Streams,
    /// The relay of `streams`, in a process of its own (FILE)
    #[value(hide = true)]
    StreamsRelay,
}

/// What `all` measures, in this order.
const EVERYTHING: &[Name] = &[
    Name::Record,
    Name::Decide,
    Name::Push,
    Name::Merge,
    Name::BytesBatch,
    Name::BytesOne,
    Name::Disk,
    Name::Idle,
    Name::ToHq,
    Name::Storm,
    Name::Polls,
    Name::Streams,
    Name::Start,
    Name::Rebuild,
    Name::Growth,
    Name::AutomergeSync,
    Name::Import,
    Name::Proof,
];

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.name == Name::Picture {
        let lines = arguments.lines.context("picture needs a FILE of JSON lines, as --json prints them")?;
        print!("{}", picture::draw(&std::fs::read_to_string(lines)?)?);
        return Ok(());
    }
    if arguments.name == Name::StreamsRelay {
        return bench_streams::relay(&arguments.lines.context("streams-relay needs the relay's FILE")?);
    }
    let supply = Supply::new(arguments.records.clone(), arguments.quick, arguments.seed);
    let names = match arguments.name {
        Name::All => EVERYTHING.to_vec(),
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
            Name::Decide => bench_decide::run(&supply)?,
            Name::BytesOne => bench_bytes_one::run(&supply)?,
            Name::ToHq => bench_to_hq::run(&supply)?,
            Name::Storm => bench_storm::run(&supply)?,
            Name::Polls => bench_polls::run(&supply)?,
            Name::Start => bench_start::run(&supply)?,
            Name::Rebuild => bench_rebuild::run(&supply)?,
            Name::Growth => bench_growth::run(&supply)?,
            Name::AutomergeSync => bench_automerge::run(&supply)?,
            Name::Proof => bench_proof::run(&supply)?,
            Name::Disk => bench_disk::run(&supply)?,
            Name::Streams => bench_streams::run(&supply)?,
            Name::All | Name::Picture | Name::StreamsRelay => Vec::new(),
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
