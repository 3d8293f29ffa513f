//! The relay: an organisation's log of changes, and what it shows to whom.
//!
//! It stores each accepted change once, in order of acceptance, and hands it on in feeds. What
//! surprises: it knows nothing of returns, stock or money, and never opens a document; of a change it
//! reads the header. So it is small, and takes what a newer version writes. It uses nothing of `hq`,
//! of the replica, or of the domain but names, amounts and times.
//!
//! ```text
//!   SyncRequest -> [`handle`] -- guicang_sync::admit decides --> [`store`]: entry, change, feeds
//!                                                                 | commit: from here it is acknowledged
//!   SyncAnswer  <- [`answer`] <-- what stands after the cursors ---'
//! ```
//!
//! A [`Relay`] is shared by threads. One connection writes, since SQLite has one writer anyway; others
//! read meanwhile. Times and randomness are passed in.

pub mod store;
pub mod headers;
pub mod handle;
pub mod admission;
pub mod answer;
pub mod arrival;
pub mod prove;
pub mod enrol;
pub mod succeed;
mod backup;
pub mod lease;
mod quota;
pub mod report;
pub mod examine;
pub mod link;
pub mod tokens;
pub mod http;
pub mod events;
pub mod trace;
pub mod documents;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guicang_domain::ids::{ChangeHash, DeviceId, DocumentId, IdError, OrganisationId, PublicKey};
use guicang_domain::time::Moment;
use guicang_sync::entry::JournalHead;
use guicang_sync::feed::{Epoch, Feed};
use guicang_sync::grant::{Added, GrantBook, GrantError, Issuer, SignedGrant, Standing};
use guicang_sync::keys::DeviceKey;
use guicang_sync::quota::Quota;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::watch;

/// What the relay begins with.
pub struct Founding {
    /// The organisation's key.
    pub organisation: PublicKey,
    /// Its name, for people.
    pub name: String,
    /// Random: of this log's life.
    pub epoch: Epoch,
    /// Random: of the key that this relay stamps with. Kept in the file.
    pub relay_seed: [u8; 32],
    /// The relay's own grant and those of HQ's devices.
    pub grants: Vec<SignedGrant>,
}

/// An organisation's relay on its SQLite file.
pub struct Relay {
    path: PathBuf,
    /// The organisation's number in the file.
    number: i64,
    organisation: PublicKey,
    name: String,
    epoch: Epoch,
    key: DeviceKey,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    book: Mutex<KeptBook>,
    wrong_codes: Mutex<enrol::WrongCodes>,
    quota: Mutex<Quota>,
    log_head: watch::Sender<u64>,
}

/// The grants as they were last read, and the number of the last one.
struct KeptBook {
    last: i64,
    book: Arc<GrantBook>,
}

/// Why the relay did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The file can't be made: it is there already.
    #[error("{path} exists already; open it, or give another folder")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// There is no such file.
    #[error("there is no relay at {path}; make one with `guicang-server init`")]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// The file is of a newer version.
    #[error("{path} has schema {found}, this version reads up to {reads}; install the newer version")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema's number.
        found: i64,
        /// The highest that is known here.
        reads: i64,
    },
    /// No grant stands for the device.
    #[error("device {device} is not known here; enrol it with a code from HQ")]
    UnknownDevice {
        /// Which.
        device: DeviceId,
    },
    /// The device's grant doesn't cover this moment. What it sent is kept, set apart.
    #[error("device {device} is withdrawn; {set_apart} changes of this request are kept apart for HQ")]
    Withdrawn {
        /// Which.
        device: DeviceId,
        /// How many changes were newly set apart.
        set_apart: usize,
    },
    /// The device may not follow the feed.
    #[error("device {device} may not follow {feed}")]
    ForeignFeed {
        /// Which device.
        device: DeviceId,
        /// Which feed.
        feed: Feed,
    },
    /// The enrolment code is unknown, used or out of time, or the proof isn't the key's.
    #[error("the code is unknown, used or expired; ask HQ for a new one")]
    Code,
    /// A device gets no successor.
    #[error("device {device} gets no successor: {why}; ask HQ for a code and join anew")]
    Succession {
        /// Which.
        device: DeviceId,
        /// Why.
        why: &'static str,
    },
    /// Too many wrong codes were tried.
    #[error("too many wrong codes; try again in {retry_after_ms} ms")]
    TooManyCodes {
        /// When another is looked at.
        retry_after_ms: u64,
    },
    /// A grant is not in order.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// What made the grant for a new device failed.
    #[error("HQ could not issue the grant: {detail}")]
    Issue {
        /// Why.
        detail: String,
    },
    /// The file holds what this program never writes.
    #[error("the relay's file is damaged: {detail}; run `guicang-server doctor`")]
    Damaged {
        /// What was found.
        detail: String,
    },
    /// SQLite refused.
    #[error("the relay's file: {0}")]
    Store(#[from] rusqlite::Error),
}

impl From<IdError> for RelayError {
    fn from(error: IdError) -> Self {
        Self::Damaged { detail: error.to_string() }
    }
}

impl From<minicbor::decode::Error> for RelayError {
    fn from(error: minicbor::decode::Error) -> Self {
        Self::Damaged { detail: error.to_string() }
    }
}

impl Relay {
    /// Makes the relay's file.
    ///
    /// # Errors
    /// [`RelayError::Exists`]; [`RelayError::Grant`] when a grant is not the organisation's; others of
    /// the file.
    pub fn create(path: &Path, founding: Founding) -> Result<Self, RelayError> {
        if path.exists() {
            return Err(RelayError::Exists { path: path.into() });
        }
        let mut connection = store::connect(path, true)?;
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let number = store::insert_organisation(&tx, &founding)?;
        tx.commit()?;
        drop(connection);
        let relay = Self::open(path)?;
        debug_assert_eq!(relay.number, number);
        relay.add_grants(founding.grants)?;
        Ok(relay)
    }

    /// Opens the relay's file, migrating it where it is older.
    ///
    /// # Errors
    /// [`RelayError::NotFound`], [`RelayError::Newer`], others of the file.
    pub fn open(path: &Path) -> Result<Self, RelayError> {
        if !path.exists() {
            return Err(RelayError::NotFound { path: path.into() });
        }
        let connection = store::connect(path, false)?;
        let row =
            store::organisation(&connection)?.ok_or_else(|| RelayError::NotFound { path: path.into() })?;
        let log_head = store::head(&connection, row.number, &Feed::Log)?;
        let relay = Self {
            path: path.into(),
            number: row.number,
            organisation: row.public_key,
            name: row.name,
            epoch: row.epoch,
            key: DeviceKey::from_seed(row.relay_seed),
            writer: Mutex::new(connection),
            readers: Mutex::new(Vec::new()),
            book: Mutex::new(KeptBook { last: 0, book: Arc::new(GrantBook::new(row.public_key)) }),
            wrong_codes: Mutex::default(),
            quota: Mutex::default(),
            log_head: watch::Sender::new(log_head),
        };
        relay.book()?;
        Ok(relay)
    }

    /// The organisation's key.
    pub fn organisation_key(&self) -> PublicKey {
        self.organisation
    }

    /// The organisation.
    pub fn organisation(&self) -> OrganisationId {
        self.organisation.organisation()
    }

    /// The organisation's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The life of this log.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The relay as a device: it signs stamps.
    pub fn device(&self) -> DeviceId {
        self.key.device()
    }

    /// The log's last position, as it changes by this process's writing. Another process's isn't seen.
    pub fn watch_log(&self) -> watch::Receiver<u64> {
        self.log_head.subscribe()
    }

    /// All grants as they stand now.
    ///
    /// # Errors
    /// [`RelayError`] of the file.
    pub fn book(&self) -> Result<Arc<GrantBook>, RelayError> {
        self.read(|connection| self.refresh_book(connection))
    }

    /// What the device's grant says of `now`.
    ///
    /// # Errors
    /// [`RelayError`] of the file.
    pub fn standing(&self, device: DeviceId, now: Moment) -> Result<Standing, RelayError> {
        Ok(self.book()?.may(device, now))
    }

    /// How far a device's journal is held; none: it holds no entry.
    ///
    /// # Errors
    /// [`RelayError`] of the file.
    pub fn journal(&self, device: DeviceId) -> Result<Option<JournalHead>, RelayError> {
        self.read(|connection| store::journal(connection, self.number, device))
    }

    /// Stores grants that are new, in the log and the feed `org`. Says how many were.
    ///
    /// # Errors
    /// [`RelayError::Grant`] when one is not in order: then none is stored.
    pub fn add_grants(&self, grants: Vec<SignedGrant>) -> Result<usize, RelayError> {
        self.write(|tx| {
            let mut feeds = store::FeedWriter::new(tx, self.number);
            let (added, _) = self.insert_grants(tx, &mut feeds, grants, Err)?;
            feeds.finish()?;
            Ok(added)
        })
    }

    /// The rule by which a change is set apart here; `None` where it is in the feeds, or not held.
    ///
    /// # Errors
    /// [`RelayError`] of the file.
    pub fn set_apart(
        &self,
        document: &DocumentId,
        change: &ChangeHash,
    ) -> Result<Option<admission::Apart>, RelayError> {
        self.read(|connection| admission::apart(connection, self.number, document, change))
    }

    /// Takes the grants by which somebody shows who they are: this relay was made anew, and knows nobody yet.
    /// What isn't in order is left out. Says how many were new.
    ///
    /// # Errors
    /// [`RelayError`] of the file.
    pub fn introduce(&self, mut grants: Vec<SignedGrant>) -> Result<usize, RelayError> {
        grants.truncate(INTRODUCTION_MAX);
        if grants.is_empty() {
            return Ok(0);
        }
        self.write(|tx| {
            let mut feeds = store::FeedWriter::new(tx, self.number);
            let (added, _) = self.insert_grants(tx, &mut feeds, grants, |_| Ok(()))?;
            feeds.finish()?;
            Ok(added)
        })
    }

    /// This relay's own grant: by it a device that knew another relay comes to know this one.
    ///
    /// # Errors
    /// [`RelayError`] of the file.
    pub fn own_grant(&self) -> Result<Option<SignedGrant>, RelayError> {
        Ok(self.book()?.device(self.device()).map(|device| device.signed.clone()))
    }

    /// Inserts grants within a transaction: how many were new, and the book with them. What is not in
    /// order goes to `wrong`, which ends it all or skips that grant.
    ///
    /// The kept book is left as it is: it reads the new rows once they are committed.
    fn insert_grants(
        &self,
        tx: &Connection,
        feeds: &mut store::FeedWriter<'_>,
        mut grants: Vec<SignedGrant>,
        wrong: impl Fn(GrantError) -> Result<(), GrantError>,
    ) -> Result<(usize, Arc<GrantBook>), RelayError> {
        let kept = self.refresh_book(tx)?;
        if grants.is_empty() {
            return Ok((0, kept));
        }
        let mut book = (*kept).clone();
        let mut added = 0;
        // Who issues before those for whom it issued.
        grants.sort_by_key(|grant| grant.issuer != Issuer::Organisation);
        for signed in grants {
            match book.add(signed.clone()) {
                Ok(Added::New(_)) => {}
                // One whose issuer isn't known may be anybody's invention, and would fill the log.
                Ok(Added::Known | Added::Pending(_)) => continue,
                Err(error) => {
                    wrong(error)?;
                    continue;
                }
            }
            let hash = signed.hash();
            let id = store::insert_grant(tx, self.number, &hash, &signed)?;
            feeds.append(&Feed::Log, store::Item::Grant(id), &hash)?;
            feeds.append(&Feed::Org, store::Item::Grant(id), &hash)?;
            added += 1;
        }
        Ok((added, Arc::new(book)))
    }

    /// The book with what `connection` sees. Never call it with rows that may yet be rolled back.
    fn refresh_book(&self, connection: &Connection) -> Result<Arc<GrantBook>, RelayError> {
        let mut kept = lock(&self.book);
        let new = store::grants_after(connection, self.number, kept.last)?;
        if !new.is_empty() {
            let KeptBook { last, book } = &mut *kept;
            let book = Arc::make_mut(book);
            for (id, signed) in new {
                // What doesn't fit was refused before it was stored; a later version's rules may
                // differ, and one grant never stands in the others' way.
                let _ = book.add(signed);
                *last = id;
            }
        }
        Ok(kept.book.clone())
    }

    /// Runs `f` in one IMMEDIATE transaction. When it returns `Ok` the commit is on disk.
    fn write<T>(&self, f: impl FnOnce(&Connection) -> Result<T, RelayError>) -> Result<T, RelayError> {
        let mut writer = lock(&self.writer);
        let tx = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = f(&tx)?;
        let head = store::head(&tx, self.number, &Feed::Log)?;
        // The commit point: from here on it is acknowledged.
        tx.commit()?;
        drop(writer);
        self.log_head.send_if_modified(|seen| std::mem::replace(seen, head) != head);
        Ok(value)
    }

    /// Runs `f` on one consistent view of the file.
    fn read<T>(&self, f: impl FnOnce(&Connection) -> Result<T, RelayError>) -> Result<T, RelayError> {
        let kept = lock(&self.readers).pop();
        let mut connection = match kept {
            Some(connection) => connection,
            None => store::connect(&self.path, false)?,
        };
        let tx = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        let value = f(&tx);
        tx.finish()?;
        let mut readers = lock(&self.readers);
        if readers.len() < KEPT_READERS {
            readers.push(connection);
        }
        value
    }
}

/// Whether the disk, or what this user may have of it, is full. Where there is no room for the file beside that its
/// processes share as memory, SQLite speaks of an input/output error.
pub(crate) fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
        || error.sqlite_error().is_some_and(|e| e.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}

/// The most grants that are looked at of somebody who isn't known yet. A device needs two: its own and its
/// issuer's.
const INTRODUCTION_MAX: usize = 8;

/// How many connections for reading are kept open.
const KEPT_READERS: usize = 8;

/// A lock whose holder panicked guards a connection whose transaction was rolled back, or a cache:
/// both are as good as before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
