//! `idle`: a session on a live token with nothing new, a branch's over HTTP and HQ's in its process,
//! however much the relay and they hold.
//!
//! What surprises: a million documents are not pushed for this, which would take minutes. Their rows
//! are put into the tables of the relay, of the branch and of HQ directly, as a push and a pull leave
//! them: documents, changes, entries, feeds with their sums, cursors. The bytes of the changes are real
//! ones, the same few over and over; hashes, identities and signatures are random; projections, which a
//! session never reads, stay empty.
//!
//! A branch notes durably that it was proven equal, HQ doesn't. A disk that was just filled commits more
//! slowly, so one small durable commit is measured beside each session, and 'flat' is: what the first
//! size took, with the commit as it is now.

use anyhow::{Context, Result, ensure};
use guicang_documents::{Writer, create};
use guicang_domain::document::Document;
use guicang_domain::ids::{DeviceId, DocumentId, SiteId};
use guicang_sync::feed::{Cursor, Feed};
use guicang_sync::session::Summary;
use guicang_sync::sum::RunningSum;
use rusqlite::{Connection, params};

use crate::chain::Chain;
use crate::figure::Figure;
use crate::generate;
use crate::loopback::Loopback;
use crate::random::Random;
use crate::returned::Clerk;
use crate::supply::Supply;
use crate::timing::{Times, now};

const SITES: usize = 1_000;
const SESSIONS: usize = 300;
/// Of their times, the one that a tenth stays below: others use the machine too, and may not look like
/// growth.
const SHARE: f64 = 0.1;
const CHANGES_AN_ENTRY: usize = 80;
/// So many real changes are put in over and over.
const REAL: usize = 100;

/// Measures it.
///
/// # Errors
/// When a session isn't idle.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let mut chain = Chain::found(supply.seed)?;
    chain.further_sites(SITES - 1)?;
    let (mut branch, branch_path) = chain.branch("S001", "S001A")?;
    // A second device of the site wrote all that is to be held.
    let (other, _) = chain.branch("S001", "S001B")?;
    let loopback = Loopback::serve(chain.relay.clone())?;
    let mut link = loopback.link()?;
    loopback.session(&mut link, &mut branch)?;
    chain.follow()?;
    let mut filling = Filling::new(&chain, &branch_path, other.identity().device, supply.seed)?;
    let sizes: &[usize] = if supply.quick { &[1_000, 100_000] } else { &[1_000, 100_000, 1_000_000] };
    let commit = Connection::open(chain.path("limit.sqlite"))?;
    commit.pragma_update(None, "journal_mode", "WAL")?;
    commit.pragma_update(None, "synchronous", "FULL")?;
    commit.execute_batch(
        "CREATE TABLE noted (id INTEGER PRIMARY KEY, at INTEGER) STRICT; INSERT INTO noted VALUES (1, 0)",
    )?;
    let mut figures = Vec::new();
    let mut first = None;
    for size in sizes {
        filling.up_to(*size)?;
        let (branch_us, branch_bytes, commit_us) =
            sessions(Some(&commit), || loopback.session(&mut link, &mut branch))?;
        let (hq_us, hq_bytes, _) = sessions(None, || chain.follow())?;
        let (branch_first, commit_first, hq_first) = *first.get_or_insert((branch_us, commit_us, hq_us));
        let flat = branch_first - commit_first + commit_us;
        for (who, us, bytes, flat) in
            [("a branch's", branch_us, branch_bytes, flat), ("HQ's", hq_us, hq_bytes, hq_first)]
        {
            let name = format!("idle, {who}, {size} documents");
            figures.push(Figure::told(format!("{name}: body"), bytes, "B").at_most(400.0));
            let time = Figure::cost(format!("{name}: time"), us, "us", flat);
            figures.push(if *size == sizes[0] { time } else { time.within(1.2) });
        }
        figures.push(Figure::told(format!("idle, {size} documents: a durable commit"), commit_us, "us"));
    }
    Ok(figures)
}

/// The time of idle sessions in microseconds, their bytes both ways, and the time of a durable commit after
/// each.
fn sessions(
    commit: Option<&Connection>,
    mut session: impl FnMut() -> Result<Summary>,
) -> Result<(f64, f64, f64)> {
    // The first tells what is unsent, opens connections and fills caches.
    for _ in 0..5 {
        session()?;
    }
    let (mut times, mut commits) = (Times::default(), Times::default());
    let mut bytes = 0;
    for _ in 0..SESSIONS {
        let summary = times.run(&mut session)?;
        ensure!(
            summary.round_trips == 1 && summary.fetched_changes == 0 && summary.sent_changes == 0,
            "not idle: {summary:?}"
        );
        bytes = summary.bytes_sent + summary.bytes_received;
        if let Some(db) = commit {
            commits.run(|| db.execute("UPDATE noted SET at = at + 1 WHERE id = 1", []))?;
        }
    }
    Ok((times.percentile_us(SHARE), bytes as f64, commits.percentile_us(SHARE)))
}

/// Puts documents of the site `S001` into the three files at once.
pub(crate) struct Filling {
    relay: Connection,
    branch: Connection,
    hq: Connection,
    writer: DeviceId,
    real: Vec<Vec<u8>>,
    random: Random,
    held: usize,
    sequence: i64,
    log: At,
    site: At,
}

/// Where a feed stands at the relay.
struct At {
    row: i64,
    cursor: Cursor,
}

impl Filling {
    pub(crate) fn new(chain: &Chain, branch: &std::path::Path, writer: DeviceId, seed: u64) -> Result<Self> {
        let open = |path: &std::path::Path| -> Result<Connection> {
            let db = Connection::open(path)?;
            // It needn't outlive this run.
            db.pragma_update(None, "synchronous", "OFF")?;
            db.pragma_update(None, "cache_size", -131_072)?;
            Ok(db)
        };
        let mut random = Random::of(seed);
        let mut clerk = Clerk::new(writer, "S001B".parse()?, now(), random.clone());
        let actor = Writer { actor: random.bytes(), device: writer };
        let mut real = Vec::new();
        for record in generate::records(seed, "S001", REAL, now()) {
            let document = Document::Return(clerk.write(&record)?.document);
            real.push(create(&document, &actor, now()).bytes);
        }
        let relay = open(&chain.relay_path())?;
        let site = Feed::Site(SiteId::new("S001")?);
        relay.execute(
            "INSERT INTO feed (organisation, name, head, sum) VALUES (1, ?, 0, ?)",
            params![site.to_string(), RunningSum::ZERO.0],
        )?;
        Ok(Self {
            log: at(&relay, Feed::Log)?,
            site: at(&relay, site)?,
            relay,
            branch: open(branch)?,
            hq: open(&chain.hq_path())?,
            writer,
            real,
            random,
            held: 0,
            sequence: 0,
        })
    }

    pub(crate) fn up_to(&mut self, size: usize) -> Result<()> {
        for db in [&self.relay, &self.branch, &self.hq] {
            db.execute_batch("BEGIN IMMEDIATE")?;
        }
        while self.held < size {
            let count = CHANGES_AN_ENTRY.min(size - self.held);
            self.entry(count)?;
        }
        for at in [&self.log, &self.site] {
            self.relay.execute(
                "UPDATE feed SET head = ?, sum = ? WHERE id = ?",
                params![at.cursor.position, at.cursor.sum.0, at.row],
            )?;
        }
        for (db, at) in [(&self.branch, &self.site), (&self.hq, &self.log)] {
            db.execute(
                "INSERT INTO cursor (org, feed, position, sum) VALUES (1, ?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET position = ?2, sum = ?3",
                params![at.cursor.feed.to_string(), at.cursor.position, at.cursor.sum.0],
            )?;
        }
        for db in [&self.relay, &self.branch, &self.hq] {
            db.execute_batch("COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)")?;
            // What the filling left to be written would be written while sessions commit, and be measured.
            let path = db.path().context("a database with a file")?;
            std::fs::File::open(path)?.sync_all()?;
        }
        Ok(())
    }

    fn entry(&mut self, count: usize) -> Result<()> {
        self.sequence += 1;
        let sequence = self.sequence;
        let hash: [u8; 32] = self.random.bytes();
        let signature = [self.random.bytes::<32>(), self.random.bytes()].concat();
        let at_relay = {
            let sql = "INSERT INTO entry (organisation, device, sequence, hash, sealed, leaves, stamp_time,
                                          stamp_relay, stamp_signature) VALUES (1,?,?,?,?,?,?,?,?)";
            let leaves: Vec<u8> = (0..count).flat_map(|_| self.random.bytes::<32>()).collect();
            let stamp =
                params![self.writer.0, sequence, hash, signature, leaves, now().0, [0u8; 16], signature];
            self.relay.prepare_cached(sql)?.execute(stamp)?;
            self.relay.last_insert_rowid()
        };
        let mut at_replica = Vec::new();
        for db in [&self.branch, &self.hq] {
            let sql = "INSERT INTO entry (org, device, sequence, hash, previous, root, time, signature,
                                          stamp_time, stamp_relay, stamp) VALUES (1,?,?,?,?,?,?,?,?,?,?)";
            db.prepare_cached(sql)?.execute(params![
                self.writer.0,
                sequence,
                hash,
                hash,
                hash,
                now().0,
                signature,
                now().0,
                [0u8; 16],
                signature
            ])?;
            at_replica.push(db.last_insert_rowid());
        }
        for place in 0..count {
            self.change(at_relay, &at_replica, place)?;
        }
        Ok(())
    }

    fn change(&mut self, at_relay: i64, at_replica: &[i64], place: usize) -> Result<()> {
        let mut uuid: [u8; 16] = self.random.bytes();
        uuid[..6].copy_from_slice(&(1_700_000_000_000 + self.held as u64).to_be_bytes()[2..]);
        let identity = DocumentId { creator: self.writer, uuid: uuid::Uuid::from_bytes(uuid) };
        let hash: [u8; 32] = self.random.bytes();
        let raw = &self.real[self.held % self.real.len()];
        let relay = &self.relay;
        // CBOR of the array ["S001"].
        let sites = [0x81, 0x64, b'S', b'0', b'0', b'1'];
        let sql = "INSERT INTO document (organisation, creator, uuid, sites, sites_apart)
                   VALUES (1, ?, ?, ?, x'80')";
        relay.prepare_cached(sql)?.execute(params![self.writer.0, uuid, sites])?;
        let document = relay.last_insert_rowid();
        let sql = "INSERT INTO change (organisation, document, hash, entry, place, max_op, sites_added, raw)
                   VALUES (1, ?, ?, ?, ?, 60, ?, ?)";
        relay.prepare_cached(sql)?.execute(params![document, hash, at_relay, place as i64, sites, raw])?;
        let change = relay.last_insert_rowid();
        let sql = "INSERT INTO document_actor (organisation, document, actor, seq, max_op)
                   VALUES (1, ?, ?, 1, 60)";
        relay.prepare_cached(sql)?.execute(params![document, self.writer.0])?;
        for at in [&mut self.log, &mut self.site] {
            at.cursor.position += 1;
            at.cursor.sum = at.cursor.sum.with(&hash);
            let sql =
                "INSERT INTO feed_item (organisation, feed, position, change, sum) VALUES (1, ?, ?, ?, ?)";
            let item = params![at.row, at.cursor.position, change, at.cursor.sum.0];
            relay.prepare_cached(sql)?.execute(item)?;
        }
        let number = format!("TH-S001B-{:06}", self.held);
        for (db, entry) in [&self.branch, &self.hq].into_iter().zip(at_replica) {
            let sql = "INSERT INTO document (org, identity, kind, site, number, sites, state, recorded)
                       VALUES (1, ?, 'return', 'S001', ?, 'S001', 'read', 1)";
            db.prepare_cached(sql)?.execute(params![identity.to_bytes(), number])?;
            let document = db.last_insert_rowid();
            let sql = "INSERT INTO change (org, document, hash, bytes, entry, leaf, sites_added)
                       VALUES (1, ?, ?, ?, ?, ?, 'S001')";
            db.prepare_cached(sql)?.execute(params![document, hash, raw, entry, place as i64])?;
        }
        self.held += 1;
        Ok(())
    }
}

fn at(relay: &Connection, feed: Feed) -> Result<At> {
    let row = relay.query_row("SELECT id, head, sum FROM feed WHERE name = ?", [feed.to_string()], |r| {
        Ok((r.get(0)?, r.get(1)?, r.get(2)?))
    });
    let (row, position, sum) = row.with_context(|| format!("the relay's feed {feed}"))?;
    Ok(At { row, cursor: Cursor { feed, position, sum: RunningSum(sum) } })
}
