//! `start`: a question to the branch's program, as a process that begins and ends with it, against 100,000
//! documents.
//!
//! What surprises: the program isn't part of this one. It is the `guicang` beside it, so it has to be built
//! with it: `cargo build --release -p guicang-client`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use guicang_replica::Replica;

use crate::bench_record::bring_history;
use crate::chain::Chain;
use crate::figure::Figure;
use crate::record::Record;
use crate::request;
use crate::supply::{Supply, hold_sales};
use crate::timing::Times;

/// So often each question is asked.
const TIMES: usize = 40;

/// Measures it.
///
/// # Errors
/// When the program isn't there, or doesn't answer.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let history = supply.sized(100_000);
    let mut chain = Chain::found(supply.seed)?;
    let record = supply.input()?.records.first().context("no returns")?.clone();
    let (mut branch, path) = chain.branch(&record.store_id, "S001A")?;
    bring_history(&mut branch, supply.seed + 1, &record.store_id, history)?;
    let asked = Asked::new(&mut branch, &path, &record)?;
    drop(branch);
    let mut figures = Vec::new();
    for (name, question) in asked.questions() {
        let us = asked.time(&question)?;
        let name = format!("start: {name}, {history} documents");
        figures.push(Figure::told(name, us / 1e3, "ms").at_most(30.0));
    }
    Ok(figures)
}

/// A branch's file, and what is asked of it.
pub struct Asked {
    program: PathBuf,
    file: PathBuf,
    number: String,
    sku: String,
}

impl Asked {
    /// Records a return to ask for.
    ///
    /// # Errors
    /// When there is no program, or the return can't be recorded.
    pub fn new(branch: &mut Replica, file: &Path, record: &Record) -> Result<Self> {
        let program = std::env::current_exe()?.with_file_name("guicang");
        ensure!(
            program.exists(),
            "{} isn't there: build it first, cargo build --release -p guicang-client",
            program.display()
        );
        hold_sales(branch, std::slice::from_ref(record))?;
        let (by, request) = request::request(record, true)?;
        let number = branch.counter_return(&by, request)?.number.to_string();
        let sku = record.lines.first().context("a return without lines")?.sku.clone();
        Ok(Self { program, file: file.into(), number, sku })
    }

    /// What is asked.
    pub fn questions(&self) -> [(&'static str, Vec<String>); 2] {
        let question = |words: [&str; 3]| words.map(str::to_owned).to_vec();
        [
            ("return show", question(["return", "show", &self.number])),
            ("stock show", question(["stock", "show", &self.sku])),
        ]
    }

    /// The median of so many processes, from before they begin until they have ended, in microseconds.
    ///
    /// # Errors
    /// When one fails.
    pub fn time(&self, question: &[String]) -> Result<f64> {
        let mut times = Times::default();
        for _ in 0..TIMES {
            let mut command = Command::new(&self.program);
            command.arg("--db").arg(&self.file).args(question).stdout(Stdio::null());
            let status = times.run(|| command.status())?;
            ensure!(status.success(), "{} ended with {status}", question.join(" "));
        }
        Ok(times.percentile_us(0.5))
    }
}
