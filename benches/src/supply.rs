//! What the benchmarks work on: returns, generated or from a file, waiting in branches' files.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use guicang_documents::{Replayed, Writer, create};
use guicang_domain::document::Document;
use guicang_domain::event::Proof;
use guicang_replica::{By, ImportBatch, Replica};
use rusqlite::{Connection, params};

use crate::chain::{self, Chain};
use crate::generate;
use crate::random::Random;
use crate::record::{self, Record};
use crate::request;
use crate::returned::{Clerk, Returned, moment_of, record_of};
use crate::timing;

/// Where returns come from, and how many.
#[derive(Debug)]
pub struct Supply {
    file: Option<PathBuf>,
    /// A tenth of everything.
    pub quick: bool,
    /// What is generated follows from it.
    pub seed: u64,
    input: OnceCell<Input>,
}

/// Returns.
#[derive(Debug)]
pub struct Input {
    /// As JSON lines.
    pub lines: String,
    /// The same, read.
    pub records: Vec<Record>,
}

impl Supply {
    /// From a file, or made up.
    pub fn new(file: Option<PathBuf>, quick: bool, seed: u64) -> Self {
        Self { file, quick, seed, input: OnceCell::new() }
    }

    /// So many, or a tenth.
    pub fn sized(&self, full: usize) -> usize {
        if self.quick { full / 10 } else { full }
    }

    /// Where the returns are from, for a figure's name.
    pub fn label(&self, name: &str) -> String {
        if self.file.is_some() { format!("{name} (records)") } else { name.to_owned() }
    }

    /// Whether they are made up.
    pub fn is_generated(&self) -> bool {
        self.file.is_none()
    }

    /// The returns: 10,000 made up, or all of the file's.
    ///
    /// # Errors
    /// When the file isn't returns.
    pub fn input(&self) -> Result<&Input> {
        if let Some(input) = self.input.get() {
            return Ok(input);
        }
        let input = match &self.file {
            Some(path) => {
                let lines = record::lines_of(path)?;
                let records = record::parse(&lines).with_context(|| path.display().to_string())?;
                Input { lines, records }
            }
            None => {
                let records = generate::records(self.seed, "S001", self.sized(10_000), timing::now());
                let lines: Vec<String> =
                    records.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
                Input { lines: lines.join("\n") + "\n", records }
            }
        };
        Ok(self.input.get_or_init(|| input))
    }

    /// Branches with all of the returns unsent.
    ///
    /// Generated ones are made by a counter's commands, on sales that the branch, the relay and HQ
    /// hold already. A file's are written as whole documents, a branch for each store.
    ///
    /// # Errors
    /// When a return can't be made.
    pub fn unsent(&self, chain: &mut Chain) -> Result<Vec<Replica>> {
        let records = &self.input()?.records;
        if !self.is_generated() {
            return written(chain, records, self.seed);
        }
        let (mut branch, _) = chain.branch("S001", "S001A")?;
        hold_sales(&mut branch, records)?;
        chain::session(&mut branch, &chain.relay)?;
        chain.follow()?;
        for record in records {
            let (by, request) = request::request(record, true)?;
            branch.counter_return(&by, request)?;
        }
        Ok(vec![branch])
    }
}

/// Brings the sales that records take back into their branch.
///
/// # Errors
/// When one can't be a sale.
pub fn hold_sales(branch: &mut Replica, records: &[Record]) -> Result<()> {
    let sales = request::sales(records)?;
    let by = By::user("till".parse()?);
    for sales in sales.chunks(25) {
        branch.import_batch(&by, ImportBatch { sales: sales.to_vec(), ..ImportBatch::default() })?;
    }
    Ok(())
}

/// A branch for each store, with its records written as whole documents, not sent.
///
/// # Errors
/// When a field of a record doesn't survive in its document.
pub fn written(chain: &mut Chain, records: &[Record], seed: u64) -> Result<Vec<Replica>> {
    let mut stores: Vec<&str> = records.iter().map(|r| r.store_id.as_str()).collect();
    stores.sort_unstable();
    stores.dedup();
    let mut branches = Vec::new();
    for (n, store) in stores.into_iter().enumerate() {
        let (branch, path) = chain.branch(store, &format!("D{n:03}A"))?;
        let identity = branch.identity().clone();
        drop(branch);
        let own: Vec<&Record> = records.iter().filter(|r| r.store_id == store).collect();
        let mut random = Random::of(seed + n as u64);
        let writer = Writer { actor: random.bytes(), device: identity.device };
        let times = own.iter().map(|r| moment_of(&r.created_at)).collect::<Result<Vec<_>>>()?;
        let seen = times.iter().min().copied().unwrap_or_default();
        let mut clerk = Clerk::new(identity.device, identity.code.clone(), seen, random);
        let mut returned = Vec::new();
        for record in &own {
            let made = clerk.write(record)?;
            returned.push((made, record));
        }
        put(&path, &returned, &writer)?;
        let mut branch = chain.open(&path)?;
        branch.rebuild(&mut |_, _| {})?;
        branches.push(branch);
    }
    Ok(branches)
}

/// Puts documents into a branch's file as its own changes, not sealed yet; a rebuild projects them.
fn put(path: &Path, returned: &[(Returned, &&Record)], writer: &Writer) -> Result<()> {
    let mut db = Connection::open(path)?;
    let tx = db.transaction()?;
    {
        let mut document = tx.prepare("INSERT INTO document (org, identity, sites) VALUES (1, ?, ?)")?;
        let mut change = tx
            .prepare("INSERT INTO change (org, document, hash, bytes, sites_added) VALUES (1, ?, ?, ?, ?)")?;
        let mut key = tx.prepare("INSERT INTO customer_key (org, customer, key) VALUES (1, ?, ?)")?;
        for (made, record) in returned {
            let body = Document::Return(made.document.clone());
            let new = create(&body, writer, moment_of(&record.created_at)?);
            survives(&new.bytes, made, record, writer)?;
            document.execute(params![made.document.head.id.to_bytes(), record.store_id])?;
            change.execute(params![tx.last_insert_rowid(), new.header.hash.0, new.bytes, record.store_id])?;
            let customer = made.document.customer.as_ref().map(|c| c.as_str());
            key.execute(params![customer, made.key])?;
        }
    }
    tx.commit()?;
    Ok(())
}

/// Reads the document back from its bytes: the record must come out as it went in.
fn survives(bytes: &[u8], made: &Returned, record: &Record, writer: &Writer) -> Result<()> {
    let proof = Proof { device: writer.device, hq: false, stamped: None };
    let reading = Replayed::new(&[bytes])?.read(made.document.head.id, &|_| Some(proof.clone()))?;
    let Some(Document::Return(read)) = reading.document else {
        anyhow::bail!("the document of {} is no return", record.id)
    };
    let back = record_of(&read, &made.key).with_context(|| format!("the return {}", record.id))?;
    ensure!(back == *record, "a field did not survive:\n{record:?}\n{back:?}");
    Ok(())
}
