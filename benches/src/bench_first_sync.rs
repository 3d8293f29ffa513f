//! `first-sync`: a new device at a branch with a long history, until it is usable; and what the history
//! takes on its disk.
//!
//! The documents are returns with their whole life, each step a command and a change of its own, and the
//! sales that they take back. The limit loads the same documents with Automerge, each once with all of its
//! changes, and hydrates them, on all cores. What surprises: the steps of many returns are recorded in
//! turns, as in a shop, so that a document's changes lie far apart in the feed.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use automerge::Automerge;
use guicang_domain::ids::DocumentId;
use guicang_replica::{CounterReturn, Receive, Replica};
use rusqlite::Connection;

use crate::chain::{self, Chain};
use crate::figure::Figure;
use crate::record::Record;
use crate::request;
use crate::supply::{Supply, hold_sales};
use crate::timing::{Took, timed};

/// How many returns are under way at a branch at once.
const AT_ONCE: usize = 200;

/// Measures both.
///
/// # Errors
/// When the new device doesn't end with all of it.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let mut chain = Chain::found(supply.seed)?;
    let records = &supply.input()?.records;
    let store = records.first().context("no returns")?.store_id.clone();
    let own: Vec<Record> = records.iter().filter(|r| r.store_id == store).cloned().collect();
    let (mut branch, path) = chain.branch(&store, "S001A")?;
    hold_sales(&mut branch, &own)?;
    for part in own.chunks(AT_ONCE) {
        live(&mut branch, part)?;
        chain::session(&mut branch, &chain.relay)?;
    }
    let documents = branch.status()?.documents;
    let changes = held(&path)?;
    drop(branch);
    let (mut new, new_path) = chain.branch(&store, "S001B")?;
    let (took, summary) = timed(|| chain::session(&mut new, &chain.relay));
    let summary = summary?;
    ensure!(new.status()?.documents >= documents, "the new device holds {}", new.status()?.documents);
    drop(new);
    let (limit, loaded) = timed(|| load_all(&changes));
    loaded?;
    let per_second = |took: Took| documents as f64 / took.wall;
    let bytes = |n: u64| n as f64 / documents as f64;
    let name = format!(
        "first-sync of {documents} documents, {} changes",
        changes.values().map(Vec::len).sum::<usize>()
    );
    Ok(vec![
        Figure::rate(&name, per_second(took), "documents/s", per_second(limit)).at_least(8_000.0),
        Figure::cores(&name, took, limit),
        Figure::told("first-sync bytes that travel", bytes(summary.bytes_received), "B/document"),
        Figure::told("disk at the new device", bytes(size(&new_path)?), "B/document"),
    ])
}

/// Returns from the request to the refund, all of them a step at a time.
fn live(branch: &mut Replica, records: &[Record]) -> Result<()> {
    let mut open = Vec::new();
    for record in records {
        let (by, whole) = request::request(record, true)?;
        let grades = whole.grades.clone();
        let asked =
            CounterReturn { goods_here: false, grades: Vec::new(), refund: None, paid: false, ..whole };
        let number = branch.counter_return(&by, asked)?.number.to_string();
        open.push((by, number, grades));
    }
    for (by, number, _) in &open {
        let all = Receive { sku: None, quantity: None, place: String::new() };
        branch.receive(by, number, &[all])?;
    }
    for (by, number, grades) in open.iter().filter(|(.., grades)| !grades.is_empty()) {
        branch.inspect(by, number, grades)?;
    }
    for (by, number, _) in open.iter().filter(|(.., grades)| !grades.is_empty()) {
        branch.refund(by, number, "cash".parse()?, None, true)?;
    }
    Ok(())
}

/// The changes that a device holds, by document.
fn held(path: &std::path::Path) -> Result<BTreeMap<DocumentId, Vec<Vec<u8>>>> {
    let file = Connection::open(path)?;
    let mut statement = file.prepare(
        "SELECT d.identity, c.bytes FROM change c JOIN document d ON d.id = c.document ORDER BY c.id",
    )?;
    let mut rows = statement.query([])?;
    let mut held: BTreeMap<DocumentId, Vec<Vec<u8>>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let identity: [u8; 32] = row.get(0)?;
        held.entry(DocumentId::from_slice(&identity)?).or_default().push(row.get(1)?);
    }
    Ok(held)
}

/// A file's bytes, once all is in it.
fn size(path: &std::path::Path) -> Result<u64> {
    Connection::open(path)?.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(std::fs::metadata(path)?.len())
}

fn load_all(documents: &BTreeMap<DocumentId, Vec<Vec<u8>>>) -> Result<()> {
    let all: Vec<&Vec<Vec<u8>>> = documents.values().collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = all.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = all.chunks(share).map(|part| scope.spawn(|| load(part))).collect();
        workers.into_iter().try_for_each(|w| w.join().unwrap_or_else(|_| anyhow::bail!("Automerge panicked")))
    })
}

fn load(documents: &[&Vec<Vec<u8>>]) -> Result<()> {
    for changes in documents {
        std::hint::black_box(Automerge::load(&changes.concat())?.hydrate(None));
    }
    Ok(())
}
