//! The file: opening, making, and the one transaction that each command is.
//!
//! What surprises: several processes use one file at once (CLI, web app, sync loop), so everything
//! a command decides on is read inside its own IMMEDIATE transaction, and nothing that another
//! process may change is kept in memory but grants, which are read anew when `data_version` says
//! that another process wrote.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use guicang_documents::Writer;
use guicang_domain::account::Bucket;
use guicang_domain::event::Proof;
use guicang_domain::ids::{DeviceCode, DeviceId, OrganisationId, PublicKey, SiteId};
use guicang_domain::money::Currency;
use guicang_domain::time::{HybridClock, Moment, Recorded, Zone};
use guicang_sync::grant::{GrantBook, Role, SignedGrant};
use guicang_sync::keys::DeviceKey;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::ambient::Ambient;
use crate::error::{OpenError, StoreError};
use crate::machine::{Holder, Machine, on_own_disk};
use crate::project::{Batches, Touched};
use crate::statistics;

/// `application_id` of a replica's file: `GCrp`.
const APPLICATION: i64 = 0x4743_7270;
const MIGRATIONS: &[&str] = &[include_str!("schema/0001.sql")];
/// How long a process waits for another's transaction.
const BUSY: Duration = Duration::from_secs(10);

/// Statements kept prepared: a return with its folds takes some two hundred, and preparing one takes
/// longer than running it.
const STATEMENTS: usize = 512;

/// How many pages (32 MiB) the log of writes holds before they are moved into the file: the same few
/// pages are written by each command, and are moved once. A crash costs reading so much again.
const CHECKPOINT_PAGES: i64 = 8_192;

/// A replica: one SQLite file with facts and their projections.
#[derive(Debug)]
pub struct Replica {
    pub(crate) db: Connection,
    pub(crate) identity: Identity,
    pub(crate) key: DeviceKey,
    pub(crate) writer: Writer,
    pub(crate) book: GrantBook,
    book_version: i64,
    pub(crate) ambient: Ambient,
}

/// Who this replica is.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The organisation's row in this file; first in every key.
    pub(crate) org: i64,
    /// The organisation.
    pub organisation: OrganisationId,
    /// The organisation's public key.
    pub organisation_key: PublicKey,
    /// Its name.
    pub name: String,
    /// Its zone.
    pub zone: Zone,
    /// Its currency.
    pub currency: Currency,
    /// This device.
    pub device: DeviceId,
    /// This device's short code.
    pub code: DeviceCode,
    /// What this device is.
    pub role: Role,
    /// The site that it writes for; `None` at HQ.
    pub site: Option<SiteId>,
    /// Where its relay is.
    pub relay_url: Option<String>,
}

/// What a new replica is made from.
#[derive(Debug)]
pub struct Founding {
    /// The organisation's public key.
    pub organisation: PublicKey,
    /// Its name.
    pub name: String,
    /// The seed of this device's key.
    pub key_seed: [u8; 32],
    /// The grants that prove this device, up to the organisation's key.
    pub grants: Vec<SignedGrant>,
    /// The organisation's zone.
    pub zone: Zone,
    /// The organisation's currency.
    pub currency: Currency,
    /// Where its relay is.
    pub relay_url: Option<String>,
}

impl Replica {
    /// Says where the relay is from now on. What answers there proves itself as always.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written.
    pub fn set_relay_url(&mut self, url: &str) -> Result<(), StoreError> {
        self.write(|work| {
            work.tx
                .prepare_cached("UPDATE organisation SET relay_url = ? WHERE org = ?")
                .and_then(|mut s| s.execute(params![url, work.org]))
                .map_err(StoreError::of)
        })?;
        self.identity.relay_url = Some(url.to_owned());
        Ok(())
    }

    /// Makes a replica in a new file.
    ///
    /// # Errors
    /// [`OpenError::Exists`], [`OpenError::NetworkFileSystem`], [`OpenError::Grant`] when the grants don't prove the device, or what
    /// the file system says. The file is then not left behind.
    pub fn create(path: &Path, founding: Founding, ambient: Ambient) -> Result<Self, OpenError> {
        if path.exists() {
            return Err(OpenError::Exists { path: path.display().to_string() });
        }
        on_own_disk(path)?;
        let made = Self::found(path, founding, ambient);
        if made.is_err() {
            // The file is ours and holds nothing yet; what can't be removed was never made.
            let _ = std::fs::remove_file(path);
        }
        made
    }

    fn found(path: &Path, founding: Founding, ambient: Ambient) -> Result<Self, OpenError> {
        let key = DeviceKey::from_seed(founding.key_seed);
        let mut book = GrantBook::new(founding.organisation);
        for grant in &founding.grants {
            book.add(grant.clone()).map_err(|e| OpenError::Grant(e.to_string()))?;
        }
        if book.device(key.device()).is_none() {
            return Err(OpenError::Grant(format!("no grant names device {}", key.device())));
        }
        let store = |e: rusqlite::Error| OpenError::Store(StoreError::of(e));
        let mut db = lay_out(path).map_err(store)?;
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store)?;
        tx.execute(
            "INSERT INTO organisation (org, id, public_key, name, zone, currency, relay_url) VALUES (1,?,?,?,?,?,?)",
            params![
                founding.organisation.organisation().0,
                founding.organisation.0,
                founding.name,
                founding.zone.to_string(),
                founding.currency.code(),
                founding.relay_url
            ],
        )
        .map_err(store)?;
        tx.execute(
            "INSERT INTO self (org, device, seed, reads) VALUES (1,?,?,?)",
            params![key.device().0, founding.key_seed, crate::link::reads()],
        )
        .map_err(store)?;
        for grant in &founding.grants {
            insert_grant(&tx, 1, grant).map_err(store)?;
        }
        tx.commit().map_err(store)?;
        drop(db);
        Self::open(path, ambient)
    }

    /// Opens a replica's file.
    ///
    /// # Errors
    /// [`OpenError`] when there is none, it is something else, a newer program made it, or another
    /// machine has it.
    pub fn open(path: &Path, mut ambient: Ambient) -> Result<Self, OpenError> {
        let name = path.display().to_string();
        if !path.exists() {
            return Err(OpenError::NotFound { path: name });
        }
        on_own_disk(path)?;
        let store = |e: rusqlite::Error| match e.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => OpenError::NotAReplica { path: name.clone() },
            Some(rusqlite::ErrorCode::ReadOnly) => OpenError::ReadOnly { path: name.clone() },
            _ => OpenError::Store(StoreError::of(e)),
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = Connection::open_with_flags(path, flags).map_err(store)?;
        let application: i64 = db.pragma_query_value(None, "application_id", |r| r.get(0)).map_err(store)?;
        if application != APPLICATION {
            return Err(OpenError::NotAReplica { path: name });
        }
        prepare(&db).map_err(store)?;
        let version: i64 = db.pragma_query_value(None, "user_version", |r| r.get(0)).map_err(store)?;
        if version > MIGRATIONS.len() as i64 {
            return Err(OpenError::Newer { path: name, found: version, reads: MIGRATIONS.len() as i64 });
        }
        if let Some(me) = &ambient.machine {
            holder(&db).map_err(store)?.admits(me, (ambient.now)())?;
        }
        if version < MIGRATIONS.len() as i64 {
            let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store)?;
            migrate(&tx, version as usize).map_err(store)?;
            tx.commit().map_err(store)?;
        }
        let (identity, key, book, book_version) = identify(&db)?;
        // A fresh actor for each opening: a pinned one is how a cloned file's documents get stuck.
        let writer = Writer { actor: ambient.bytes(), device: identity.device };
        let mut opened = Self { db, identity, key, writer, book, book_version, ambient };
        opened.try_again_if_newer()?;
        Ok(opened)
    }

    /// Reads anew who this replica is, when another process has made it a device's successor since.
    pub(crate) fn refresh_identity(&mut self) -> Result<(), StoreError> {
        let device: [u8; 16] = self
            .db
            .prepare_cached("SELECT device FROM self WHERE org = ?")
            .and_then(|mut s| s.query_row([self.identity.org], |r| r.get(0)))
            .map_err(StoreError::of)?;
        if DeviceId(device) == self.identity.device {
            return Ok(());
        }
        let (identity, key, book, book_version) = identify(&self.db)?;
        self.writer = Writer { actor: self.ambient.bytes(), device: identity.device };
        (self.identity, self.key, self.book, self.book_version) = (identity, key, book, book_version);
        Ok(())
    }

    /// Who this replica is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// This device's key, to sign in and to seal with.
    pub fn key(&self) -> &DeviceKey {
        &self.key
    }

    /// What the grants held here say of devices.
    pub fn grants(&mut self) -> Result<&GrantBook, StoreError> {
        self.refresh_grants()?;
        Ok(&self.book)
    }

    /// Reads the grants anew when another process has written to the file since.
    pub(crate) fn refresh_grants(&mut self) -> Result<(), StoreError> {
        let Self { db, identity, book, book_version, .. } = self;
        keep_up(db, identity, book, book_version)
    }

    /// One command or one slice of a pull: an IMMEDIATE transaction, durable when this returns. What
    /// `f` decides on, it reads inside.
    pub(crate) fn write<T, E: From<StoreError>>(
        &mut self,
        f: impl FnOnce(&mut Work<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        // Who reads it a moment before another process makes the device its own successor is told so below.
        self.refresh_identity().map_err(E::from)?;
        let now = (self.ambient.now)();
        let tx = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|e| E::from(StoreError::of(e)))?;
        // Inside: another process may have stored a withdrawal a moment ago.
        keep_up(&tx, &self.identity, &mut self.book, &mut self.book_version)?;
        let (clock, proven, holder, device): (i64, i64, Holder, [u8; 16]) = tx
            .prepare_cached(
                "SELECT clock, proven, holder_boot, holder_id, holder_name, held_until, device
                 FROM self JOIN organisation USING (org) WHERE org = ?",
            )
            .and_then(|mut s| {
                s.query_row([self.identity.org], |r| {
                    Ok((r.get(0)?, r.get(1)?, Holder::read(r, 2)?, r.get(6)?))
                })
            })
            .map_err(|e| E::from(StoreError::of(e)))?;
        if device != self.identity.device.0 {
            return Err(E::from(StoreError::damaged("this device's key", "it was just replaced; try again")));
        }
        // Another machine may have come to the file while nothing was written here.
        if let Some(me) = &self.ambient.machine {
            holder.admits(me, now)?;
            if let Some(until) = holder.renewed(me, now) {
                note_holder(&tx, self.identity.org, me, until).map_err(|e| E::from(StoreError::of(e)))?;
            }
        }
        let mut work = Work {
            tx,
            org: self.identity.org,
            me: &self.identity,
            key: &self.key,
            writer: &self.writer,
            book: &mut self.book,
            ambient: &mut self.ambient,
            now,
            proven: Moment(proven),
            clock: HybridClock::from_last(Recorded(clock)),
            clock_before: Recorded(clock),
            touched: Touched::default(),
            buckets: HashMap::new(),
            batches: Batches::default(),
        };
        let done = f(&mut work);
        let done = match done {
            Ok(done) => work.finish().map(|()| done).map_err(E::from),
            Err(error) => {
                drop(work);
                Err(error)
            }
        };
        if done.is_err() {
            // The grants in memory may hold what was just rolled back.
            self.book = GrantBook::new(self.identity.organisation_key);
            self.book_version = -1;
            // What only reads needs them at once; where that fails, the next command reads them.
            let _ = self.refresh_grants();
        }
        done
    }
}

/// A transaction at work.
pub(crate) struct Work<'a> {
    pub(crate) tx: Transaction<'a>,
    pub(crate) org: i64,
    pub(crate) me: &'a Identity,
    pub(crate) key: &'a DeviceKey,
    pub(crate) writer: &'a Writer,
    pub(crate) book: &'a mut GrantBook,
    pub(crate) ambient: &'a mut Ambient,
    /// The wall's time when it began.
    pub(crate) now: Moment,
    /// Newest relay time proven here: what events carry as `seen`.
    pub(crate) proven: Moment,
    pub(crate) clock: HybridClock,
    clock_before: Recorded,
    /// What has to be folded again before it ends.
    pub(crate) touched: Touched,
    /// The rows of buckets that this transaction has looked up.
    pub(crate) buckets: HashMap<Bucket, i64>,
    /// Batches of sales that this transaction has read.
    pub(crate) batches: Batches,
}

impl Work<'_> {
    /// Folds what was touched, and commits: the commit point of every change.
    fn finish(mut self) -> Result<(), StoreError> {
        self.fold_touched()?;
        if self.clock.last() != self.clock_before {
            self.tx
                .prepare_cached("UPDATE self SET clock = ? WHERE org = ?")
                .and_then(|mut s| s.execute(params![self.clock.last().0, self.org]))
                .map_err(StoreError::of)?;
        }
        self.tx.commit().map_err(StoreError::of)
    }

    /// What an event that this device writes now is proven by: not yet acknowledged.
    pub(crate) fn own_proof(&self) -> Proof {
        Proof { device: self.me.device, hq: self.me.role == Role::Hq, stamped: None }
    }
}

/// Makes a file with a replica's tables, and nothing in them.
pub(crate) fn lay_out(path: &Path) -> rusqlite::Result<Connection> {
    let mut db = Connection::open(path)?;
    prepare(&db)?;
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.pragma_update(None, "application_id", APPLICATION)?;
    migrate(&tx, 0)?;
    tx.commit()?;
    Ok(db)
}

fn prepare(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(BUSY)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    // Otherwise a statement whose parameter meets a partial index is planned anew at each execution.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(()))?;
    db.pragma_update(None, "temp_store", "FILE")?;
    db.pragma_update(None, "cache_size", -65_536)
}

fn migrate(tx: &Transaction<'_>, from: usize) -> rusqlite::Result<()> {
    for script in &MIGRATIONS[from..] {
        tx.execute_batch(script)?;
    }
    statistics::describe(tx)?;
    tx.pragma_update(None, "user_version", MIGRATIONS.len() as i64)
}

fn holder(db: &Connection) -> rusqlite::Result<Holder> {
    db.query_row("SELECT holder_boot, holder_id, holder_name, held_until FROM self", [], |r| {
        Holder::read(r, 0)
    })
}

fn note_holder(tx: &Transaction<'_>, org: i64, me: &Machine, until: Moment) -> rusqlite::Result<usize> {
    tx.prepare_cached(
        "UPDATE self SET holder_boot = ?, holder_id = ?, holder_name = ?, held_until = ? WHERE org = ?",
    )?
    .execute(params![me.boot, me.id, me.name, until.0, org])
}

pub(crate) fn data_version(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "data_version", |r| r.get(0))
}

fn read_identity(db: &Connection) -> Result<(Identity, [u8; 32]), StoreError> {
    let row = db
        .query_row(
            "SELECT o.org, o.public_key, o.name, o.zone, o.currency, o.relay_url, s.device, s.seed
             FROM organisation o JOIN self s USING (org)",
            [],
            |r| {
                Ok((
                    r.get::<_, i64>(0)?,
                    r.get::<_, [u8; 32]>(1)?,
                    r.get::<_, String>(2)?,
                    r.get::<_, String>(3)?,
                    r.get::<_, String>(4)?,
                    r.get::<_, Option<String>>(5)?,
                    r.get::<_, [u8; 16]>(6)?,
                    r.get::<_, [u8; 32]>(7)?,
                ))
            },
        )
        .optional()
        .map_err(StoreError::of)?
        .ok_or_else(|| StoreError::damaged("the identity", "missing"))?;
    let (org, key, name, zone, currency, relay_url, device, seed) = row;
    let organisation_key = PublicKey(key);
    let identity = Identity {
        org,
        organisation: organisation_key.organisation(),
        organisation_key,
        name,
        zone: zone.parse().map_err(|e| StoreError::damaged("the zone", e))?,
        currency: currency.parse().map_err(|e| StoreError::damaged("the currency", e))?,
        device: DeviceId(device),
        // Both follow from the grant, which the caller reads next.
        code: DeviceCode::new("X").expect("a code"),
        role: Role::Relay,
        site: None,
        relay_url,
    };
    Ok((identity, seed))
}

/// Who the file says that it is, with its key and the grants that it holds.
fn identify(db: &Connection) -> Result<(Identity, DeviceKey, GrantBook, i64), StoreError> {
    let (mut identity, seed) = read_identity(db)?;
    let mut book = GrantBook::new(identity.organisation_key);
    let mut book_version = -1;
    keep_up(db, &identity, &mut book, &mut book_version)?;
    let device = book
        .device(identity.device)
        .ok_or_else(|| StoreError::damaged("the grant of this device", "missing"))?;
    identity.code = device.grant.code.clone();
    identity.role = device.grant.role.clone();
    if let Role::Site(site) = &identity.role {
        identity.site = Some(site.clone());
    }
    Ok((identity, DeviceKey::from_seed(seed), book, book_version))
}

/// Adds the grants that another process has stored since. Those in the book aren't checked again: a
/// grant never changes, and none is taken away.
fn keep_up(
    db: &Connection,
    identity: &Identity,
    book: &mut GrantBook,
    version: &mut i64,
) -> Result<(), StoreError> {
    let found = data_version(db).map_err(StoreError::of)?;
    if found == *version {
        return Ok(());
    }
    let mut statement =
        db.prepare_cached("SELECT wire FROM grant_fact WHERE org = ?").map_err(StoreError::of)?;
    let rows = statement.query_map([identity.org], |r| r.get::<_, Vec<u8>>(0)).map_err(StoreError::of)?;
    for wire in rows {
        let wire = wire.map_err(StoreError::of)?;
        let grant: SignedGrant = minicbor::decode(&wire).map_err(|e| StoreError::damaged("a grant", e))?;
        book.add(grant).map_err(|e| StoreError::damaged("a grant", e))?;
    }
    *version = found;
    Ok(())
}

/// Stores a grant; `false` when it was there.
pub(crate) fn insert_grant(tx: &Transaction<'_>, org: i64, grant: &SignedGrant) -> rusqlite::Result<bool> {
    let wire = minicbor::to_vec(grant).expect("writing to memory");
    let done = tx
        .prepare_cached("INSERT OR IGNORE INTO grant_fact (org, hash, wire) VALUES (?,?,?)")?
        .execute(params![org, grant.hash(), wire])?;
    Ok(done == 1)
}
