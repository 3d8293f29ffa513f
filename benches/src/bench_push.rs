//! `push`: branches with unsent returns reconnect over HTTP, HQ's replica not running; until all are
//! acknowledged, on disk at the relay.
//!
//! The limit does what can't be avoided with the same bytes: the hash of each change, the signature of
//! each entry, and one insert a change, a durable commit for as much as a request carries.

use anyhow::{Result, ensure};
use guicang_domain::ids::PublicKey;
use guicang_replica::Replica;
use guicang_sync::change::hash_of;
use guicang_sync::codec::REQUEST_LIMIT_BYTES;
use guicang_sync::entry::SealedEntry;
use guicang_sync::session::{Limits, Summary};
use guicang_sync::wire::Chain as Hashes;
use rusqlite::{Connection, params};

use crate::chain::Chain;
use crate::figure::Figure;
use crate::loopback::Loopback;
use crate::supply::Supply;
use crate::timing::{Took, timed};

/// What a push came to.
pub struct Pushed {
    /// Until all was acknowledged.
    pub took: Took,
    /// Changes.
    pub changes: u64,
    /// Of each branch's session.
    pub sessions: Vec<Summary>,
}

/// Measures it.
///
/// # Errors
/// When the push doesn't come to its end.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let mut chain = Chain::found(supply.seed)?;
    let mut branches = supply.unsent(&mut chain)?;
    // The sales that went before aren't part of it.
    let start = |b: &mut Replica| Ok(b.session_start(Limits::default())?.acknowledged);
    let before = branches.iter_mut().map(start).collect::<Result<Vec<u64>>>()?;
    let pushed = push(&chain, &mut branches, supply.input()?.records.len())?;
    let limit = limit(&chain, &mut branches, &before)?;
    let name = supply.label("push");
    let per_second = |took: Took| pushed.changes as f64 / took.wall;
    Ok(vec![
        Figure::rate(&name, per_second(pushed.took), "changes/s", per_second(limit))
            .at_least(20_000.0)
            .within(4.0),
        Figure::cores(&name, pushed.took, limit),
    ])
}

/// Reconnects the branches, one after another.
///
/// # Errors
/// When not exactly so many changes were sent.
pub fn push(chain: &Chain, branches: &mut [Replica], changes: usize) -> Result<Pushed> {
    let loopback = Loopback::serve(chain.relay.clone())?;
    let mut pushed = Pushed { took: Took::default(), changes: 0, sessions: Vec::new() };
    for branch in branches {
        let mut link = loopback.link()?;
        let (took, summary) = timed(|| loopback.session(&mut link, branch));
        let summary = summary?;
        pushed.took += took;
        pushed.changes += summary.sent_changes;
        pushed.sessions.push(summary);
    }
    ensure!(pushed.changes == changes as u64, "{} of {changes} changes were sent", pushed.changes);
    Ok(pushed)
}

/// An entry with its changes' bytes.
struct Entry {
    sealed: SealedEntry,
    key: PublicKey,
    changes: Vec<Vec<u8>>,
}

fn limit(chain: &Chain, branches: &mut [Replica], before: &[u64]) -> Result<Took> {
    let mut entries = Vec::new();
    for (branch, before) in branches.iter_mut().zip(before) {
        let device = branch.identity().device;
        let key = branch.key().public();
        let mut hashes = Hashes::new(device);
        for wire in branch.wire_entries(*before, usize::MAX)?.0 {
            let opened = wire.open(&mut hashes, |_| Some(key))?;
            let changes = opened.changes.into_iter().filter_map(|c| c.bytes).collect();
            entries.push(Entry { sealed: opened.sealed, key, changes });
        }
    }
    let db = Connection::open(chain.path("limit.sqlite"))?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.execute_batch("CREATE TABLE change (id INTEGER PRIMARY KEY, hash BLOB, bytes BLOB) STRICT")?;
    let (took, done) = timed(|| store(&db, &entries));
    done?;
    Ok(took)
}

fn store(db: &Connection, entries: &[Entry]) -> Result<()> {
    let mut insert = db.prepare("INSERT INTO change (hash, bytes) VALUES (?, ?)")?;
    let mut waiting = 0;
    db.execute_batch("BEGIN IMMEDIATE")?;
    for entry in entries {
        ensure!(entry.sealed.check(&entry.key), "a signature of ours doesn't fit");
        for bytes in &entry.changes {
            insert.execute(params![hash_of(bytes)?.0, bytes])?;
            waiting += bytes.len();
        }
        if waiting >= REQUEST_LIMIT_BYTES {
            db.execute_batch("COMMIT; BEGIN IMMEDIATE")?;
            waiting = 0;
        }
    }
    db.execute_batch("COMMIT")?;
    Ok(())
}
