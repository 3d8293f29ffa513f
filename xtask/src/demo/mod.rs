//! `cargo xtask demo`: three branches work a day without a line, reconnect, and HQ settles what that broke;
//! told as a story. Then every figure is compared with books of the demo's own.
//!
//! ```text
//!   open_books -> enrol -> (the relay is cut off) -> a day of deeds -> reconnect -> settle -> audit
//! ```
//!
//! What surprises: the files stay under `target/demo` while HQ's page is shown, so that one can go on with
//! the programs by hand; the next demo clears them away.

pub mod tongue;
mod decimal;
mod programs;
mod day;
mod books;
mod act;
mod audit;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::clock::Watch;
use crate::places;
use act::Act;
use tongue::{Tongue, say};

/// On what, and how.
#[derive(Args)]
pub struct DemoArgs {
    /// A file of the form of UCI Online Retail, plain or zstd, instead of the excerpt. It has to hold the
    /// excerpt's receipts
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// End when the story does, with exit code 0 only if every figure ties out
    #[arg(long)]
    headless: bool,
    /// The story's language
    #[arg(long, value_enum)]
    lang: Option<Tongue>,
}

/// The file that a run keeps locked in its folder.
const LOCK: &str = "lock";

/// Runs the demo.
pub fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let l = args.lang.unwrap_or_else(Tongue::of_environment);
    let watch = Watch::start();
    let file = match &args.data {
        Some(file) => std::path::absolute(file)?,
        None => places::root().join("crates/cli/testdata/uci-excerpt.csv"),
    };
    println!("{}", l.of("正在编译两个程序……", "Building the two programs..."));
    let programs = programs::Programs::build()?;
    let folder = Folder::fresh()?;
    let shown = folder.path.display();

    let mut act = Act::new(&programs, folder.path.clone(), l);
    let (audited, serving) = play(&mut act, &file).with_context(|| {
        say!(l, "演示中断；文件在 {shown}", "the demo broke off; its files are in {shown}")
    })?;
    print!("\n{}", audited.table(l));
    let tied_out = audited.mismatches.is_empty();
    for mismatch in &audited.mismatches {
        println!("  ! {mismatch}");
    }
    let (right, taken) = (audited.compared - audited.mismatches.len(), watch.taken());
    let compared = audited.compared;
    println!(
        "{}",
        say!(
            l,
            "核对了 {compared} 个数字，{right} 个对得上；用时 {taken}。",
            "{compared} figures compared with the demo's own books, {right} tie out; it took {taken}."
        )
    );
    if args.headless {
        drop(serving);
        if tied_out {
            std::fs::remove_dir_all(&folder.path)?;
            return Ok(ExitCode::SUCCESS);
        }
        println!("{}", say!(l, "文件在 {shown}", "The files are in {shown}"));
        return Ok(ExitCode::FAILURE);
    }
    let address = &serving.address;
    println!(
        "{}",
        say!(
            l,
            "\n总部页面：{address}/  （按 Ctrl-C 结束；文件留在 {shown}）",
            "\nHQ's page: {address}/?lang=en  (Ctrl-C ends it; the files stay in {shown})"
        )
    );
    serving.wait()?;
    Ok(if tied_out { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn play(act: &mut Act<'_>, file: &Path) -> anyhow::Result<(audit::Audited, programs::Serving)> {
    act.open_books(file)?;
    let serving = act.enrol()?;
    let before = audit::Before::of(act)?;
    act.cut_off(serving)?;
    act.work_the_day()?;
    let serving = act.reconnect()?;
    let settled = act.settle()?;
    let audited = audit::audit(act, &before, &settled)?;
    Ok((audited, serving))
}

/// A folder of this run's own, with a lock that lasts as long as the run.
struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes it. What earlier runs left is cleared away, unless they still run.
    fn fresh() -> anyhow::Result<Self> {
        let programs = places::programs()?;
        let all = programs.parent().context("the target folder")?.join("demo");
        std::fs::create_dir_all(&all)?;
        for left in std::fs::read_dir(&all)? {
            let left = left?.path();
            let ended = match File::open(left.join(LOCK)) {
                Ok(lock) => lock.try_lock().is_ok(),
                Err(_) => false,
            };
            if ended {
                std::fs::remove_dir_all(&left)?;
            }
        }
        let path = all.join(std::process::id().to_string());
        std::fs::create_dir_all(&path)?;
        let lock = File::create(path.join(LOCK))?;
        lock.lock()?;
        Ok(Self { path, _lock: lock })
    }
}
