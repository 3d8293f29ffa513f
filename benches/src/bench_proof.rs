//! `proof`: what it costs that a relay which was rolled back and a branch find each other again, where 10
//! changes differ of very many; and how fast branches come back to such a relay.
//!
//! What surprises: what is held is put into the files directly, as for `idle` (see `bench_idle`). The ten that
//! differ are real: the relay's file is copied, the branch records them and is proven equal, and the copy
//! takes the relay's place. For the case without a common beginning the copy's feed is put in another order.

use std::path::Path;

use anyhow::{Result, ensure};
use guicang_replica::Replica;
use guicang_server::relay::Relay;
use guicang_sync::sum::RunningSum;
use rusqlite::{Connection, params};

use crate::bench_idle::Filling;
use crate::chain::{Chain, session};
use crate::figure::Figure;
use crate::generate;
use crate::random::Random;
use crate::request::request;
use crate::supply::Supply;
use crate::timing::{now, timed};

const DIFFERING: usize = 10;
const BRANCHES: usize = 500;
const FEED: &str = "site/S001";

/// Measures it.
///
/// # Errors
/// When the two ends aren't proven equal in the end.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let mut figures = found_again(supply)?;
    figures.extend(storm(supply)?);
    Ok(figures)
}

fn found_again(supply: &Supply) -> Result<Vec<Figure>> {
    let size = if supply.quick { 20_000 } else { 1_000_000 };
    let mut chain = Chain::found(supply.seed)?;
    let (mut branch, path) = chain.branch("S001", "S001A")?;
    let (other, _) = chain.branch("S001", "S001B")?;
    session(&mut branch, &chain.relay)?;
    chain.follow()?;
    Filling::new(&chain, &path, other.identity().device, supply.seed)?.up_to(size)?;
    let item_bytes = count(&path)? as f64 / size as f64;
    let (back, shuffled) = (chain.path("back.sqlite"), chain.path("shuffled.sqlite"));
    for copy in [&back, &shuffled] {
        std::fs::copy(chain.relay_path(), copy)?;
    }
    put_in_another_order(&shuffled, supply.seed)?;
    record(&mut branch, "S001", DIFFERING, supply.seed)?;
    session(&mut branch, &chain.relay)?;
    let mut figures =
        vec![Figure::told(format!("proof, {size} changes: what stands where, per change"), item_bytes, "B")];
    for (name, file) in [("a common beginning", back), ("none", shuffled)] {
        let relay = std::sync::Arc::new(Relay::open(&file)?);
        let (took, summary) = timed(|| session(&mut branch, &relay));
        let summary = summary?;
        ensure!(summary.sent_changes >= DIFFERING as u64, "the relay had them: {summary:?}");
        let name = format!("proof, {DIFFERING} of {size} differ, {name}");
        let bytes = (summary.bytes_sent + summary.bytes_received) as f64;
        figures.push(Figure::told(format!("{name}: bodies"), bytes, "B"));
        figures.push(Figure::told(format!("{name}: round trips"), f64::from(summary.round_trips), ""));
        figures.push(Figure::told(format!("{name}: time"), took.wall, "s"));
    }
    Ok(figures)
}

/// Branches with something the relay lost come back to it one after another.
fn storm(supply: &Supply) -> Result<Vec<Figure>> {
    let count = supply.sized(BRANCHES);
    let mut chain = Chain::found(supply.seed)?;
    let mut branches = Vec::new();
    for n in 0..count {
        let site = format!("S{n:03}");
        let (mut branch, _) = chain.branch(&site, &format!("{site}A"))?;
        record(&mut branch, &site, 2, supply.seed + n as u64)?;
        session(&mut branch, &chain.relay)?;
        branches.push((site, branch));
    }
    let back = chain.path("back.sqlite");
    Connection::open(chain.relay_path())?.execute("VACUUM INTO ?", [back.to_string_lossy()])?;
    for (n, (site, branch)) in branches.iter_mut().enumerate() {
        record(branch, site, 4, supply.seed + (BRANCHES + n) as u64)?;
        session(branch, &chain.relay)?;
    }
    let relay = std::sync::Arc::new(Relay::open(&back)?);
    let (took, done) =
        timed(|| branches.iter_mut().try_for_each(|(_, branch)| session(branch, &relay).map(drop)));
    done?;
    let name = format!("proof, {count} branches after a relay's restore, until each is proven");
    Ok(vec![Figure::told(name, count as f64 / took.wall, "branches/s")])
}

/// Returns recorded at a site's branch, as a clerk does.
fn record(branch: &mut Replica, site: &str, count: usize, seed: u64) -> Result<()> {
    for record in generate::records(seed, site, count, now()) {
        let (by, asked) = request(&record, false)?;
        branch.counter_return(&by, asked)?;
    }
    Ok(())
}

/// Writes down what stands where in the branch's feed, as a pull leaves it. How many bytes that takes.
fn count(branch: &Path) -> Result<u64> {
    let mut db = Connection::open(branch)?;
    db.pragma_update(None, "synchronous", "OFF")?;
    let tx = db.transaction()?;
    {
        let mut rows = tx.prepare(
            "SELECT c.id, c.hash FROM change c JOIN document d ON d.id = c.document
             WHERE d.kind = 'return' AND c.org = 1 ORDER BY c.id",
        )?;
        let mut rows = rows.query([])?;
        let mut insert = tx.prepare(
            "INSERT INTO feed_item (org, feed, position, count, first, sum) VALUES (1, ?, ?, 1, ?, ?)",
        )?;
        let mut grow =
            tx.prepare("UPDATE feed_item SET count = ? WHERE org = 1 AND feed = ? AND position = ?")?;
        let (mut position, mut sum) = (0u64, RunningSum::ZERO);
        while let Some(row) = rows.next()? {
            let (id, hash): (i64, [u8; 32]) = (row.get(0)?, row.get(1)?);
            match position % 64 {
                0 => insert.execute(params![FEED, position + 1, id, sum.0])?,
                within => grow.execute(params![within + 1, FEED, position - within + 1])?,
            };
            position += 1;
            sum = sum.with(&hash);
        }
    }
    tx.commit()?;
    let sql = "SELECT coalesce(sum(length(feed) + length(sum) + 20), 0) FROM feed_item WHERE feed = ?";
    Ok(db.query_row(sql, [FEED], |r| r.get(0))?)
}

/// Puts the site's feed of a relay's file in another order.
fn put_in_another_order(relay: &Path, seed: u64) -> Result<()> {
    let mut db = Connection::open(relay)?;
    db.pragma_update(None, "synchronous", "OFF")?;
    let tx = db.transaction()?;
    {
        let feed: i64 = tx.query_row("SELECT id FROM feed WHERE name = ?", [FEED], |r| r.get(0))?;
        let mut all: Vec<(i64, [u8; 32])> = tx
            .prepare(
                "SELECT c.id, c.hash FROM feed_item f JOIN change c ON c.id = f.change
                 WHERE f.organisation = 1 AND f.feed = ? ORDER BY f.position",
            )?
            .query_map([feed], |r| Ok((r.get(0)?, r.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut random = Random::of(seed);
        for at in (1..all.len()).rev() {
            all.swap(at, (random.next() % (at as u64 + 1)) as usize);
        }
        let mut update = tx.prepare(
            "UPDATE feed_item SET change = ?, sum = ? WHERE organisation = 1 AND feed = ? AND position = ?",
        )?;
        let mut sum = RunningSum::ZERO;
        for (position, (change, hash)) in (1u64..).zip(&all) {
            sum = sum.with(hash);
            update.execute(params![change, sum.0, feed, position])?;
        }
    }
    tx.commit()?;
    Ok(())
}
