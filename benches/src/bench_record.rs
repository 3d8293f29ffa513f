//! `record`: one return at a counter, durable and projected, at a branch that holds much history.
//!
//! The limit commits the same bytes durably to a table of SQLite's. It is measured beside each return,
//! so that both meet the same disk.

use anyhow::{Context, Result};
use guicang_domain::ids::ReceiptLineId;
use guicang_domain::money::{Currency, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::ReturnLine;
use guicang_domain::time::Zone;
use guicang_replica::{By, ImportBatch, ImportedReturn, Replica};
use rusqlite::{Connection, params};

use crate::chain::Chain;
use crate::figure::Figure;
use crate::generate;
use crate::record::Record;
use crate::request;
use crate::returned::{moment_of, receipt_of};
use crate::supply::{Supply, hold_sales};
use crate::timing::{Times, now};

/// How many returns are timed.
const TIMED: usize = 2_000;
/// So many documents are brought in by one transaction of the history.
const HISTORY_A_BATCH: usize = 1_000;

/// Measures it, at a branch with hardly any history and at one with much.
///
/// # Errors
/// When a return can't be recorded.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let history = supply.sized(100_000);
    let mut chain = Chain::found(supply.seed)?;
    let input = &supply.input()?.records;
    let store = input.first().context("no returns")?.store_id.clone();
    let own: Vec<Record> = input.iter().filter(|r| r.store_id == store).cloned().collect();
    let (mut branch, path) = chain.branch(&store, "S001A")?;
    let held = supply.is_generated();
    if held {
        hold_sales(&mut branch, &own)?;
    }
    let half = (own.len() / 2).min(supply.sized(TIMED));
    let commit = Connection::open(chain.path("limit.sqlite"))?;
    commit.pragma_update(None, "journal_mode", "WAL")?;
    commit.pragma_update(None, "synchronous", "FULL")?;
    commit.execute_batch("CREATE TABLE change (id INTEGER PRIMARY KEY, bytes BLOB) STRICT")?;

    let (young, young_limit) = time(&mut branch, &path, &own[..half], held, &commit)?;
    bring_history(&mut branch, supply.seed + 1, &store, history)?;
    // What the history left in the log would be paid for by the first returns after it.
    Connection::open(&path)?.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let (old, limit) = time(&mut branch, &path, &own[half..2 * half], held, &commit)?;
    let name = |what: &str| supply.label(&format!("record {what} of {history} documents"));
    let cost = |share: f64| (old.percentile_us(share), limit.percentile_us(share));
    let (p50, p50_limit) = cost(0.5);
    let (p99, p99_limit) = cost(0.99);
    Ok(vec![
        Figure::cost(name("p50"), p50, "us", p50_limit).within(2.5),
        Figure::cost(name("p99"), p99, "us", p99_limit).within(6.0),
        // Each beside its own limit: the disk isn't as quick after so much was written.
        Figure::cost(
            supply.label("record p50 / limit, against few documents"),
            p50 / p50_limit,
            "x",
            young.percentile_us(0.5) / young_limit.percentile_us(0.5),
        )
        .within(1.2),
    ])
}

/// Times each return, and a commit of its bytes.
fn time(
    branch: &mut Replica,
    path: &std::path::Path,
    records: &[Record],
    held: bool,
    commit: &Connection,
) -> Result<(Times, Times)> {
    let (mut ours, mut limit) = (Times::default(), Times::default());
    let file = Connection::open(path)?;
    let mut last = file.prepare("SELECT bytes FROM change ORDER BY id DESC LIMIT 1")?;
    let mut insert = commit.prepare("INSERT INTO change (bytes) VALUES (?)")?;
    for record in records {
        let (by, request) = request::request(record, held)?;
        ours.run(|| branch.counter_return(&by, request))?;
        let bytes: Vec<u8> = last.query_row([], |r| r.get(0))?;
        limit.run(|| insert.execute(params![bytes]))?;
    }
    Ok((ours, limit))
}

/// So many returns of long ago, by the import's own command.
pub fn bring_history(branch: &mut Replica, seed: u64, store: &str, count: usize) -> Result<()> {
    let by = By::user("import".parse()?);
    let records = generate::records(seed, store, count, now().plus_ms(-30 * 86_400_000));
    for part in records.chunks(HISTORY_A_BATCH) {
        let returns = part.iter().map(imported).collect::<Result<_>>()?;
        branch.import_batch(&by, ImportBatch { returns, ..ImportBatch::default() })?;
    }
    Ok(())
}

fn imported(record: &Record) -> Result<ImportedReturn> {
    let mut receipt = receipt_of(record)?;
    // A return's own receipt, apart from the sales'.
    receipt.number = format!("H{}", receipt.number).parse()?;
    let mut lines = Vec::new();
    for (n, line) in record.lines.iter().enumerate() {
        lines.push(ReturnLine {
            sku: line.sku.parse()?,
            written: None,
            quantity: Quantity::units(line.qty),
            reason: record.reason.parse()?,
            note: None,
            links: Vec::new(),
            price: Some(UnitPrice(line.unit_price_minor * 100)),
            cost: None,
            service: false,
            lot: Some(line.lot.parse()?),
            serials: Vec::new(),
            group: None,
            row: Some(ReceiptLineId::of_number(n as u32 + 1)),
        });
    }
    Ok(ImportedReturn {
        site: record.store_id.parse()?,
        zone: Zone::SHANGHAI,
        currency: Currency::CNY,
        receipt,
        customer: None,
        occurred: moment_of(&record.created_at)?,
        lines,
    })
}
