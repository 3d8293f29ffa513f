//! The relay's tables: what is read before a decision, and what is appended after it.
//!
//! Every statement is prepared once per connection and every function runs within its caller's
//! transaction. What surprises: positions of a feed are dense, so a feed's head is read once per
//! transaction, counted up in memory, and written back by [`FeedWriter::finish`]; a transaction that
//! appends and doesn't finish must be rolled back.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::time::Duration;

use guicang_domain::ids::{ChangeHash, DeviceId, DocumentId, EntryHash, PublicKey, SiteId};
use guicang_domain::time::Moment;
use guicang_sync::admit::{ActorHead, ChangeStatus, HeldEntry, Known, KnownChange, KnownDocument, Wanted};
use guicang_sync::change::Actor;
use guicang_sync::entry::{JournalHead, SealedEntry};
use guicang_sync::feed::{Epoch, Feed};
use guicang_sync::grant::SignedGrant;
use guicang_sync::keys::Signature;
use guicang_sync::rule::Rule;
use guicang_sync::stamp::Stamp;
use guicang_sync::sum::RunningSum;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};

use super::{Founding, RelayError};

/// The numbered migrations, in order; `user_version` counts those that were applied.
const MIGRATIONS: &[&str] = &[include_str!("schema/0001.sql")];

/// How long a writer waits for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Statements kept prepared by each connection.
const STATEMENTS: usize = 128;

/// How many pages (32 MiB) the log of writes holds before they are moved into the file: a request writes
/// some thousand, many of them the same as the one before.
const CHECKPOINT_PAGES: i64 = 8_192;

/// Opens the file, durable at each commit, and brings its schema up to this version.
///
/// # Errors
/// [`RelayError::Newer`] when a newer version made it, [`RelayError::Store`] otherwise.
pub fn connect(path: &Path, create: bool) -> Result<Connection, RelayError> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if create {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    #[cfg(feature = "planted")]
    if guicang_sync::planted::is(guicang_sync::planted::Bug::AckBeforeCommit) {
        connection.pragma_update(None, "synchronous", "OFF")?;
    }
    connection.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(()))?;
    connection.pragma_update(None, "foreign_keys", "OFF")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    migrate(&mut connection, path)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), RelayError> {
    let version = |c: &Connection| c.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    let reads = MIGRATIONS.len() as i64;
    let found = version(connection)?;
    if found > reads {
        return Err(RelayError::Newer { path: path.into(), found, reads });
    }
    if found < reads {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have migrated since.
        for sql in &MIGRATIONS[version(&tx)? as usize..] {
            tx.execute_batch(sql)?;
        }
        tx.pragma_update(None, "user_version", reads)?;
        tx.commit()?;
    }
    Ok(())
}

/// The organisation's row.
pub struct OrganisationRow {
    /// Its number in this file.
    pub number: i64,
    /// Its key.
    pub public_key: PublicKey,
    /// Its name.
    pub name: String,
    /// The log's life.
    pub epoch: Epoch,
    /// The seed of the relay's key.
    pub relay_seed: [u8; 32],
}

/// Inserts the organisation; answers its number.
///
/// # Errors
/// [`RelayError::Store`].
pub fn insert_organisation(tx: &Connection, founding: &Founding) -> Result<i64, RelayError> {
    tx.execute(
        "INSERT INTO organisation (public_key, name, epoch, relay_seed) VALUES (?, ?, ?, ?)",
        params![founding.organisation.0, founding.name, founding.epoch.0, founding.relay_seed],
    )?;
    Ok(tx.last_insert_rowid())
}

/// The organisation of this file; none before the first.
///
/// # Errors
/// [`RelayError::Store`].
pub fn organisation(connection: &Connection) -> Result<Option<OrganisationRow>, RelayError> {
    let sql = "SELECT id, public_key, name, epoch, relay_seed FROM organisation ORDER BY id LIMIT 1";
    let row = connection.query_row(sql, [], |row| {
        Ok(OrganisationRow {
            number: row.get(0)?,
            public_key: PublicKey(row.get(1)?),
            name: row.get(2)?,
            epoch: Epoch(row.get(3)?),
            relay_seed: row.get(4)?,
        })
    });
    Ok(row.optional()?)
}

/// Inserts a grant; answers its number.
///
/// # Errors
/// [`RelayError::Store`].
pub fn insert_grant(
    tx: &Connection,
    organisation: i64,
    hash: &[u8; 32],
    signed: &SignedGrant,
) -> Result<i64, RelayError> {
    tx.prepare_cached("INSERT INTO grant_ (organisation, hash, signed) VALUES (?, ?, ?)")?
        .execute(params![organisation, hash, cbor(signed)])?;
    Ok(tx.last_insert_rowid())
}

/// The grants after a number, each with its own.
///
/// # Errors
/// [`RelayError`] of the file.
pub fn grants_after(
    connection: &Connection,
    organisation: i64,
    last: i64,
) -> Result<Vec<(i64, SignedGrant)>, RelayError> {
    // By rowid: the index of the organisation would visit all its grants at each request.
    let sql = "SELECT id, signed FROM grant_ WHERE +organisation = ? AND id > ? ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![organisation, last], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
    })?;
    rows.map(|row| {
        let (id, signed) = row?;
        Ok((id, minicbor::decode(&signed)?))
    })
    .collect()
}

/// Each feed's last position.
///
/// # Errors
/// [`RelayError::Store`].
pub fn heads(tx: &Connection, organisation: i64) -> Result<HashMap<Feed, u64>, RelayError> {
    let mut statement = tx.prepare_cached("SELECT name, head FROM feed WHERE organisation = ?")?;
    let mut rows = statement.query([organisation])?;
    let mut heads = HashMap::new();
    while let Some(row) = rows.next()? {
        heads.insert(row.get::<_, String>(0)?.parse()?, row.get(1)?);
    }
    Ok(heads)
}

/// The last position of a feed; 0 for one without items.
///
/// # Errors
/// [`RelayError::Store`].
pub fn head(connection: &Connection, organisation: i64, feed: &Feed) -> Result<u64, RelayError> {
    Ok(feed_row(connection, organisation, feed)?.map_or(0, |row| row.head))
}

/// A feed as it stands.
pub struct FeedRow {
    /// Its number in this file.
    pub id: i64,
    /// Its last position.
    pub head: u64,
    /// The sum there.
    pub sum: RunningSum,
}

/// A feed as it stands; none for one that never had an item.
///
/// # Errors
/// [`RelayError::Store`].
pub fn feed_row(
    connection: &Connection,
    organisation: i64,
    feed: &Feed,
) -> Result<Option<FeedRow>, RelayError> {
    let sql = "SELECT id, head, sum FROM feed WHERE organisation = ? AND name = ?";
    let row = connection.prepare_cached(sql)?.query_row(params![organisation, feed.to_string()], |row| {
        Ok(FeedRow { id: row.get(0)?, head: row.get(1)?, sum: RunningSum(row.get(2)?) })
    });
    Ok(row.optional()?)
}

/// The sum at a position of a feed by its number; none where it has no such position. At 0 it is zero.
///
/// # Errors
/// [`RelayError::Store`].
pub fn sum_at(
    connection: &Connection,
    organisation: i64,
    feed: i64,
    position: u64,
) -> Result<Option<RunningSum>, RelayError> {
    let sql = "SELECT sum FROM feed_item WHERE organisation = ? AND feed = ? AND position = ?";
    // A position beyond what SQLite counts to is one that the feed hasn't.
    let Ok(at) = i64::try_from(position) else { return Ok(None) };
    if at == 0 {
        return Ok(Some(RunningSum::ZERO));
    }
    let row = connection.prepare_cached(sql)?.query_row(params![organisation, feed, at], |row| row.get(0));
    Ok(row.optional()?.map(RunningSum))
}

/// What stands at a position.
#[derive(Debug, Clone, Copy)]
pub enum Item {
    /// A change, by its number.
    Change(i64),
    /// A grant, by its number.
    Grant(i64),
    /// An admission, by its number.
    Admission(i64),
    /// An arrival, by its number.
    Arrival(i64),
}

/// Appends to feeds within one transaction.
pub struct FeedWriter<'a> {
    tx: &'a Connection,
    organisation: i64,
    open: HashMap<Feed, FeedRow>,
    appended: u64,
}

impl<'a> FeedWriter<'a> {
    /// For this transaction.
    pub fn new(tx: &'a Connection, organisation: i64) -> Self {
        Self { tx, organisation, open: HashMap::new(), appended: 0 }
    }

    /// How many items were appended so far, to all feeds together.
    pub fn appended(&self) -> u64 {
        self.appended
    }

    /// Appends an item, whose hash counts in the sum.
    ///
    /// # Errors
    /// [`RelayError::Store`].
    pub fn append(&mut self, feed: &Feed, item: Item, hash: &[u8; 32]) -> Result<(), RelayError> {
        if !self.open.contains_key(feed) {
            let row = self.begin(feed)?;
            self.open.insert(feed.clone(), row);
        }
        let row = self.open.get_mut(feed).expect("opened above");
        row.head += 1;
        row.sum = row.sum.with(hash);
        self.appended += 1;
        let (change, grant, admission, arrival) = match item {
            Item::Change(id) => (Some(id), None, None, None),
            Item::Grant(id) => (None, Some(id), None, None),
            Item::Admission(id) => (None, None, Some(id), None),
            Item::Arrival(id) => (None, None, None, Some(id)),
        };
        let sql =
            "INSERT INTO feed_item (organisation, feed, position, change, grant_, admission, arrival, sum)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        self.tx.prepare_cached(sql)?.execute(params![
            self.organisation,
            row.id,
            row.head,
            change,
            grant,
            admission,
            arrival,
            row.sum.0
        ])?;
        Ok(())
    }

    fn begin(&self, feed: &Feed) -> Result<FeedRow, RelayError> {
        if let Some(row) = feed_row(self.tx, self.organisation, feed)? {
            return Ok(row);
        }
        let sql = "INSERT INTO feed (organisation, name, head, sum) VALUES (?, ?, 0, ?)";
        self.tx.execute(sql, params![self.organisation, feed.to_string(), RunningSum::ZERO.0])?;
        Ok(FeedRow { id: self.tx.last_insert_rowid(), head: 0, sum: RunningSum::ZERO })
    }

    /// Writes back the heads and sums of all feeds that were appended to.
    ///
    /// # Errors
    /// [`RelayError::Store`].
    pub fn finish(self) -> Result<(), RelayError> {
        let mut update = self.tx.prepare_cached("UPDATE feed SET head = ?, sum = ? WHERE id = ?")?;
        for row in self.open.values() {
            update.execute(params![row.head, row.sum.0, row.id])?;
        }
        Ok(())
    }
}

/// What is held of what an offer makes necessary, and the numbers of the documents and entries in it.
#[derive(Default)]
pub struct Lookup {
    /// For the decision.
    pub known: Known,
    /// Numbers of documents.
    pub documents: HashMap<DocumentId, i64>,
    /// Numbers of entries.
    pub entries: HashMap<EntryHash, i64>,
}

/// Looks up what is wanted.
///
/// # Errors
/// [`RelayError`] of the file.
pub fn look_up(tx: &Connection, organisation: i64, wanted: &Wanted) -> Result<Lookup, RelayError> {
    let mut found = Lookup::default();
    for device in &wanted.journals {
        if let Some(head) = journal(tx, organisation, *device)? {
            found.known.journals.insert(*device, head);
        }
    }
    for (device, sequence) in &wanted.entries {
        for (id, hash, entry) in held_entries(tx, organisation, *device, *sequence)? {
            found.known.entries.insert(hash, entry);
            found.entries.insert(hash, id);
        }
    }
    let mut owner = tx.prepare_cached("SELECT device FROM actor WHERE organisation = ? AND actor = ?")?;
    for actor in &wanted.actors {
        let device = owner.query_row(params![organisation, actor.0], |row| row.get(0)).optional()?;
        if let Some(device) = device {
            found.known.actors.insert(actor.clone(), DeviceId(device));
        }
    }
    for document in &wanted.documents {
        if let Some((id, known)) = known_document(tx, organisation, document)? {
            found.documents.insert(*document, id);
            found.known.documents.insert(*document, known);
        }
    }
    let sql = "SELECT max_op, apart FROM change WHERE organisation = ? AND document = ? AND hash = ?";
    let mut change = tx.prepare_cached(sql)?;
    for (document, hash) in &wanted.changes {
        // A document that isn't held has no change that is.
        let Some(id) = found.documents.get(document) else { continue };
        let row = change.query_row(params![organisation, id, hash.0], |row| {
            Ok((row.get::<_, u64>(0)?, row.get::<_, Option<String>>(1)?))
        });
        if let Some((max_op, apart)) = row.optional()? {
            let status = apart.map_or(Ok(ChangeStatus::Accepted), |r| r.parse().map(ChangeStatus::Apart));
            let status = status.map_err(|e| RelayError::Damaged { detail: e.to_string() })?;
            found.known.changes.insert((*document, *hash), KnownChange { max_op, status });
        }
    }
    for key @ (document, hash) in &wanted.changes {
        if is_admitted(tx, organisation, document, hash)? {
            found.known.admitted.insert(*key);
        }
    }
    Ok(found)
}

/// How far a device's journal is held; none: no entry.
///
/// # Errors
/// [`RelayError::Store`].
pub fn journal(
    connection: &Connection,
    organisation: i64,
    device: DeviceId,
) -> Result<Option<JournalHead>, RelayError> {
    let sql = "SELECT sequence, hash FROM entry WHERE organisation = ? AND device = ? AND NOT beside
               ORDER BY sequence DESC LIMIT 1";
    let row = connection.prepare_cached(sql)?.query_row(params![organisation, device.0], |row| {
        Ok(JournalHead { sequence: row.get(0)?, hash: EntryHash(row.get(1)?) })
    });
    Ok(row.optional()?)
}

/// The entries at a place: one, but where a journal went two ways.
fn held_entries(
    tx: &Connection,
    organisation: i64,
    device: DeviceId,
    sequence: u64,
) -> Result<Vec<(i64, EntryHash, HeldEntry)>, RelayError> {
    let sql = "SELECT id, hash FROM entry WHERE organisation = ? AND device = ? AND sequence = ?";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map(params![organisation, device.0, sequence], |row| {
        Ok((row.get::<_, i64>(0)?, EntryHash(row.get(1)?)))
    })?;
    let mut held = Vec::new();
    for row in rows {
        let (id, hash) = row?;
        held.push((id, hash, HeldEntry { refused: refused_of(tx, organisation, id)? }));
    }
    Ok(held)
}

/// The places of an entry's changes that were refused.
fn refused_of(tx: &Connection, organisation: i64, entry: i64) -> Result<Vec<(u32, Rule)>, RelayError> {
    let sql = "SELECT place, rule FROM refused WHERE organisation = ? AND entry = ? ORDER BY place";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map(params![organisation, entry], |row| {
        Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?))
    })?;
    rows.map(|row| {
        let (place, rule) = row?;
        let rule = rule.parse().map_err(|e| RelayError::Damaged { detail: format!("{e}") })?;
        Ok((place, rule))
    })
    .collect()
}

pub(super) fn known_document(
    tx: &Connection,
    organisation: i64,
    document: &DocumentId,
) -> Result<Option<(i64, KnownDocument)>, RelayError> {
    let sql = "SELECT id, sites, sites_apart FROM document
               WHERE organisation = ? AND creator = ? AND uuid = ?";
    let key = params![organisation, document.creator.0, document.uuid.as_bytes()];
    let row = tx.prepare_cached(sql)?.query_row(key, |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, Vec<u8>>(2)?))
    });
    let Some((id, sites, sites_apart)) = row.optional()? else { return Ok(None) };
    let sql = "SELECT actor, seq, max_op FROM document_actor WHERE organisation = ? AND document = ?";
    let mut statement = tx.prepare_cached(sql)?;
    let actors = statement.query_map(params![organisation, id], |row| {
        Ok((Actor(row.get(0)?), ActorHead { seq: row.get(1)?, max_op: row.get(2)? }))
    })?;
    let known = KnownDocument {
        sites: sites_from(&sites)?,
        sites_apart: sites_from(&sites_apart)?,
        actors: actors.collect::<Result<_, _>>()?,
    };
    Ok(Some((id, known)))
}

/// The places of a device's journal that more than one entry has: a relay before this one took another there.
///
/// # Errors
/// [`RelayError::Store`].
pub fn beside(
    connection: &Connection,
    organisation: i64,
    device: DeviceId,
) -> Result<BTreeSet<u64>, RelayError> {
    let sql = "SELECT sequence FROM entry WHERE organisation = ? AND device = ? AND beside";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![organisation, device.0], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What a document is called, by its number.
///
/// # Errors
/// [`RelayError`] of the file.
pub fn document_identity(connection: &Connection, id: i64) -> Result<DocumentId, RelayError> {
    let sql = "SELECT creator, uuid FROM document WHERE id = ?";
    let (creator, uuid): ([u8; 16], [u8; 16]) =
        connection.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(DocumentId::from_slice([creator, uuid].as_flattened())?)
}

/// Inserts an entry; answers its number. `leaves` are all its leaves in order; `beside` its journal, where
/// another has its place.
///
/// # Errors
/// [`RelayError::Store`].
pub fn insert_entry(
    tx: &Connection,
    organisation: i64,
    sealed: &SealedEntry,
    leaves: &[[u8; 32]],
    stamp: &Stamp,
    beside: bool,
) -> Result<i64, RelayError> {
    let sql = "INSERT INTO entry (organisation, device, sequence, hash, sealed, leaves,
                                  stamp_time, stamp_relay, stamp_signature, beside)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    tx.prepare_cached(sql)?.execute(params![
        organisation,
        sealed.head.device.0,
        sealed.head.sequence,
        stamp.entry.0,
        cbor(sealed),
        leaves.as_flattened(),
        stamp.time.0,
        stamp.relay.0,
        stamp.signature.0,
        beside,
    ])?;
    Ok(tx.last_insert_rowid())
}

/// Keeps a stamp in place of a later one.
///
/// # Errors
/// [`RelayError::Store`].
pub fn keep_earlier_stamp(tx: &Connection, entry: i64, stamp: &Stamp) -> Result<(), RelayError> {
    let sql = "UPDATE entry SET stamp_time = ?1, stamp_relay = ?2, stamp_signature = ?3
               WHERE id = ?4 AND (stamp_time, stamp_relay, stamp_signature) > (?1, ?2, ?3)";
    tx.prepare_cached(sql)?.execute(params![stamp.time.0, stamp.relay.0, stamp.signature.0, entry])?;
    Ok(())
}

/// An entry as it is handed on.
pub struct EntryRow {
    /// Head and signature.
    pub sealed: SealedEntry,
    /// All its leaves.
    pub leaves: Vec<[u8; 32]>,
    /// The earliest stamp.
    pub stamp: Stamp,
}

/// An entry by its number.
///
/// # Errors
/// [`RelayError`] of the file.
pub fn entry(connection: &Connection, id: i64) -> Result<EntryRow, RelayError> {
    let sql = "SELECT sealed, leaves, hash, stamp_time, stamp_relay, stamp_signature
               FROM entry WHERE id = ?";
    let row = connection.prepare_cached(sql)?.query_row([id], |row| {
        let stamp = Stamp {
            entry: EntryHash(row.get(2)?),
            time: Moment(row.get(3)?),
            relay: DeviceId(row.get(4)?),
            signature: Signature(row.get(5)?),
        };
        Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?, stamp))
    })?;
    let (leaves, rest) = row.1.as_chunks::<32>();
    if !rest.is_empty() {
        return Err(RelayError::Damaged { detail: format!("the leaves of entry {id} end early") });
    }
    Ok(EntryRow { sealed: minicbor::decode(&row.0)?, leaves: leaves.to_vec(), stamp: row.2 })
}

/// The stamp of an entry by its number.
///
/// # Errors
/// [`RelayError`] of the file.
pub fn stamp(connection: &Connection, id: i64) -> Result<Stamp, RelayError> {
    let sql = "SELECT hash, stamp_time, stamp_relay, stamp_signature FROM entry WHERE id = ?";
    Ok(connection.prepare_cached(sql)?.query_row([id], |row| {
        Ok(Stamp {
            entry: EntryHash(row.get(0)?),
            time: Moment(row.get(1)?),
            relay: DeviceId(row.get(2)?),
            signature: Signature(row.get(3)?),
        })
    })?)
}

/// Notes that a change was refused.
///
/// # Errors
/// [`RelayError::Store`].
pub fn insert_refused(
    tx: &Connection,
    organisation: i64,
    entry: i64,
    place: u32,
    rule: &str,
) -> Result<(), RelayError> {
    // The same entry may come again, and its changes are then refused again.
    let sql = "INSERT INTO refused (organisation, entry, place, rule) VALUES (?, ?, ?, ?)
               ON CONFLICT DO NOTHING";
    tx.prepare_cached(sql)?.execute(params![organisation, entry, place, rule])?;
    Ok(())
}

/// A change to store.
pub struct NewChange<'a> {
    /// Its document's number.
    pub document: i64,
    /// Its hash.
    pub hash: &'a ChangeHash,
    /// Its entry's number.
    pub entry: i64,
    /// Its place in it.
    pub place: u32,
    /// The counter of its last operation.
    pub max_op: u64,
    /// The rule by which it is set apart.
    pub apart: Option<&'a str>,
    /// The sites that its envelope names.
    pub sites_added: &'a [SiteId],
    /// Its bytes.
    pub raw: &'a [u8],
}

/// Inserts a change; answers its number.
///
/// # Errors
/// [`RelayError::Store`].
pub fn insert_change(tx: &Connection, organisation: i64, change: &NewChange<'_>) -> Result<i64, RelayError> {
    let sql =
        "INSERT INTO change (organisation, document, hash, entry, place, max_op, apart, sites_added, raw)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let sites_added = (!change.sites_added.is_empty()).then(|| cbor(&change.sites_added));
    tx.prepare_cached(sql)?.execute(params![
        organisation,
        change.document,
        change.hash.0,
        change.entry,
        change.place,
        change.max_op,
        change.apart,
        sites_added,
        change.raw,
    ])?;
    Ok(tx.last_insert_rowid())
}

/// Inserts a document with the sites that its accepted changes name, and those set apart; answers its
/// number.
///
/// # Errors
/// [`RelayError::Store`].
pub fn insert_document(
    tx: &Connection,
    organisation: i64,
    document: &DocumentId,
    sites: &BTreeSet<SiteId>,
    sites_apart: &BTreeSet<SiteId>,
) -> Result<i64, RelayError> {
    let sql = "INSERT INTO document (organisation, creator, uuid, sites, sites_apart)
               VALUES (?, ?, ?, ?, ?)";
    tx.prepare_cached(sql)?.execute(params![
        organisation,
        document.creator.0,
        document.uuid.as_bytes(),
        cbor(sites),
        cbor(sites_apart)
    ])?;
    Ok(tx.last_insert_rowid())
}

/// Sets the sites that a document's accepted changes name, or with `apart` those set apart.
///
/// # Errors
/// [`RelayError::Store`].
pub fn set_sites(
    tx: &Connection,
    document: i64,
    sites: &BTreeSet<SiteId>,
    apart: bool,
) -> Result<(), RelayError> {
    let sql = match apart {
        false => "UPDATE document SET sites = ? WHERE id = ?",
        true => "UPDATE document SET sites_apart = ? WHERE id = ?",
    };
    tx.prepare_cached(sql)?.execute(params![cbor(sites), document])?;
    Ok(())
}

/// Notes how far an actor has come in a document.
///
/// # Errors
/// [`RelayError::Store`].
pub fn set_document_actor(
    tx: &Connection,
    organisation: i64,
    document: i64,
    actor: &Actor,
    head: ActorHead,
) -> Result<(), RelayError> {
    let sql = "INSERT INTO document_actor (organisation, document, actor, seq, max_op) VALUES (?, ?, ?, ?, ?)
               ON CONFLICT DO UPDATE SET seq = excluded.seq, max_op = excluded.max_op";
    tx.prepare_cached(sql)?.execute(params![organisation, document, actor.0, head.seq, head.max_op])?;
    Ok(())
}

/// Notes whose an actor is, unless it is noted already.
///
/// # Errors
/// [`RelayError::Store`].
pub fn insert_actor(
    tx: &Connection,
    organisation: i64,
    actor: &Actor,
    device: DeviceId,
) -> Result<(), RelayError> {
    let sql = "INSERT INTO actor (organisation, actor, device) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
    tx.prepare_cached(sql)?.execute(params![organisation, actor.0, device.0])?;
    Ok(())
}

/// A document's accepted changes with their hashes, in order of acceptance.
///
/// # Errors
/// [`RelayError::Store`].
pub fn accepted_changes(
    tx: &Connection,
    organisation: i64,
    document: i64,
) -> Result<Vec<(i64, ChangeHash)>, RelayError> {
    let sql = "SELECT id, hash FROM change
               WHERE organisation = ? AND document = ? AND apart IS NULL ORDER BY id";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement
        .query_map(params![organisation, document], |row| Ok((row.get(0)?, ChangeHash(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// `value` as CBOR. Writing to memory can't fail.
pub fn cbor<T: minicbor::Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("encoding into memory")
}

/// Whether an admission names a change.
///
/// # Errors
/// [`RelayError::Store`].
pub fn is_admitted(
    tx: &Connection,
    organisation: i64,
    document: &DocumentId,
    hash: &ChangeHash,
) -> Result<bool, RelayError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM admitted
               WHERE organisation = ? AND creator = ? AND uuid = ? AND hash = ?)";
    let key = params![organisation, document.creator.0, document.uuid.as_bytes(), hash.0];
    Ok(tx.prepare_cached(sql)?.query_row(key, |row| row.get(0))?)
}

/// Sites in a column's bytes.
pub(super) fn sites_from(bytes: &[u8]) -> Result<BTreeSet<SiteId>, RelayError> {
    Ok(minicbor::decode(bytes)?)
}
