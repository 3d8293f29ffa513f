//! The link: what a session of the sync protocol asks of a replica, and what it brings.
//!
//! ```text
//!   seal -> wire_entries -> (relay) -> begin: outcomes, stamps -> apply_slice ... -> cursors
//! ```
//! Sockets are elsewhere: a driver in the client or the server moves the bytes between
//! [`guicang_sync::session::Session`] and these functions.

mod admission;
mod again;
mod apply;
mod arrival;
mod carry;
mod horizon;
mod mend;
mod offer;
mod outcome;
mod peer;
mod positions;
mod prepare;
mod reconcile;
mod rights;
mod seal;

use guicang_domain::money::{Amount, Currency};
use guicang_domain::time::Moment;
use guicang_sync::feed::{Cursor, Epoch, Feed};
use guicang_sync::grant::{Issuer, Role, SignedGrant};
use guicang_sync::message::Report;
use guicang_sync::session::{Limits, Start};
use guicang_sync::sum::RunningSum;
use rusqlite::{OptionalExtension, params};

pub(crate) use again::reads;
pub use apply::Pull;
pub use carry::{CarriedIn, CarryFrom};
pub use horizon::{HORIZON_LEAST_DAYS, Horizon, LET_GO_AT_ONCE, LetGo};
pub use mend::Mend;
pub use peer::ForPeer;
pub(crate) use rights::WITHDRAWN;

use crate::error::StoreError;
use crate::queries::name;
use crate::store::Replica;

/// Why what a relay sent was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// An entry that isn't what its signature says.
    #[error("the relay sent an entry that can't be opened: {0}")]
    Entry(#[from] guicang_sync::wire::EntryError),
    /// A grant that nobody entitled has signed.
    #[error("the relay sent a grant that can't stand: {0}")]
    Grant(String),
    /// The relay counts a change among this device's that isn't.
    #[error("the relay says that entry {sequence} of this device has a change {index}; it has none")]
    Own {
        /// The entry.
        sequence: u64,
        /// The change's place in it.
        index: u32,
    },
    /// A file of another organisation's.
    #[error("it is organisation {found}'s")]
    OtherOrganisation {
        /// Whose.
        found: guicang_domain::ids::OrganisationId,
    },
    /// The file could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What this device has not had acknowledged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unsent {
    pub(crate) changes: u64,
    pub(crate) refunds: Vec<(Currency, Amount)>,
    pub(crate) oldest: Option<Moment>,
}

impl Replica {
    /// Where a session begins: who this is, what it follows and how far.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn session_start(&mut self, limits: Limits) -> Result<Start, StoreError> {
        self.refresh_identity()?;
        self.refresh_grants()?;
        self.write_again()?;
        let (epoch, acknowledged): (Option<Vec<u8>>, u64) = self
            .db
            .prepare_cached(
                "SELECT epoch, acknowledged FROM organisation JOIN self USING (org) WHERE org = ?",
            )
            .and_then(|mut s| s.query_row([self.identity.org], |r| Ok((r.get(0)?, r.get(1)?))))
            .map_err(StoreError::of)?;
        let epoch = match epoch {
            Some(bytes) => Some(Epoch(
                bytes.try_into().map_err(|_| StoreError::damaged("the relay's epoch", "not 16 bytes"))?,
            )),
            None => None,
        };
        let grants = match self.identity.role {
            Role::Hq => self.grants_to_bring()?,
            _ => Vec::new(),
        };
        Ok(Start {
            device: self.identity.device,
            epoch,
            cursors: self.cursors()?,
            acknowledged,
            grants,
            admissions: match self.identity.role {
                Role::Hq => self.admissions_to_bring()?,
                _ => Vec::new(),
            },
            fence: None,
            want_own: self.is_mending()? || self.wants_own()?,
            strays: self.has_strays()? || self.unsure()? > 0,
            limits,
        })
    }

    /// The grants by which a relay that was made anew comes to know this device: its issuer's and its own.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn introduction(&mut self) -> Result<Vec<SignedGrant>, StoreError> {
        self.refresh_grants()?;
        let Some(own) = self.book.device(self.identity.device) else { return Ok(Vec::new()) };
        let issuer = match own.signed.issuer {
            Issuer::Device(issuer) => self.book.device(issuer).map(|device| device.signed.clone()),
            Issuer::Organisation => None,
        };
        Ok(issuer.into_iter().chain([own.signed.clone()]).collect())
    }

    /// The grants that the relay may lack: those that never came in its log, or all of them where the
    /// log turned out to be another than the one followed.
    fn grants_to_bring(&self) -> Result<Vec<SignedGrant>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT wire FROM grant_fact WHERE org = ?1 AND logged = 0
                 UNION ALL SELECT wire FROM grant_fact WHERE org = ?1 AND logged = 1
                     AND EXISTS (SELECT 1 FROM cursor WHERE org = ?1 AND agreed = 0)",
            )
            .map_err(StoreError::of)?;
        let rows =
            statement.query_map([self.identity.org], |r| r.get::<_, Vec<u8>>(0)).map_err(StoreError::of)?;
        rows.map(|wire| {
            minicbor::decode(&wire.map_err(StoreError::of)?).map_err(|e| StoreError::damaged("a grant", e))
        })
        .collect()
    }

    /// The feeds that this device follows, and how far it is in each.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn cursors(&self) -> Result<Vec<Cursor>, StoreError> {
        let feeds = match &self.identity.role {
            Role::Hq => vec![Feed::Log],
            Role::Site(site) => vec![Feed::Org, Feed::Site(site.clone())],
            Role::Relay => Vec::new(),
        };
        feeds.into_iter().map(|feed| self.cursor(feed)).collect()
    }

    fn cursor(&self, feed: Feed) -> Result<Cursor, StoreError> {
        let row: Option<(u64, [u8; 32])> = self
            .db
            .prepare_cached("SELECT position, sum FROM cursor WHERE org = ? AND feed = ?")
            .and_then(|mut s| {
                s.query_row(params![self.identity.org, feed.to_string()], |r| Ok((r.get(0)?, r.get(1)?)))
                    .optional()
            })
            .map_err(StoreError::of)?;
        Ok(match row {
            Some((position, sum)) => Cursor { feed, position, sum: RunningSum(sum) },
            None => Cursor::start(feed),
        })
    }

    /// Notes how a session ended: which feeds were proven equal, and when.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written.
    pub fn session_done(&mut self, summary: &guicang_sync::session::Summary) -> Result<(), StoreError> {
        self.write(|work| {
            for feed in &summary.feeds {
                work.tx
                    .prepare_cached(
                        "INSERT INTO cursor (org, feed, position, sum, agreed, checked, differs)
                         VALUES (?1,?2,0,zeroblob(32),?3,?4,?5)
                         ON CONFLICT DO UPDATE SET agreed = ?3, checked = ?4,
                             differs = CASE WHEN ?5 IS NULL THEN NULL ELSE coalesce(differs, ?5) END",
                    )
                    .and_then(|mut s| {
                        let differs = (!feed.agreed || feed.strays > 0).then_some(work.now.0);
                        let name = feed.feed.to_string();
                        s.execute(params![work.org, name, feed.agreed, work.now.0, differs])
                    })
                    .map_err(StoreError::of)?;
            }
            if summary.proven {
                work.own_is_fetched()?;
                work.wants_own(false)?;
            }
            work.tx
                .execute("UPDATE self SET last_sync = ? WHERE org = ?", params![work.now.0, work.org])
                .map_err(StoreError::of)?;
            Ok(())
        })
    }

    /// A number that changes with each write of another process to the file, and never with this one's.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn version(&self) -> Result<i64, StoreError> {
        crate::store::data_version(&self.db).map_err(StoreError::of)
    }

    /// Whether anything of this device's waits to be acknowledged.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn has_unsent(&self) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM change WHERE org = ?1 AND entry IS NULL AND status = 0)
             OR EXISTS (SELECT 1 FROM entry WHERE org = ?1 AND device = ?2 AND NOT pulled
                 AND sequence > (SELECT acknowledged FROM self WHERE org = ?1))";
        self.db
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row(params![self.identity.org, self.identity.device.0], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// What waits to be acknowledged, for HQ to show.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn report(&self) -> Result<Report, StoreError> {
        let unsent = self.unsent()?;
        Ok(Report {
            unsent_changes: unsent.changes,
            unsent_refunds: unsent.refunds,
            oldest_unsent: unsent.oldest,
        })
    }

    pub(crate) fn unsent(&self) -> Result<Unsent, StoreError> {
        // By their own indexes: over all changes it would cost as much as there is history.
        const UNSENT: &str = "FROM change c WHERE c.status = 0 AND c.id IN (
             SELECT u.id FROM change u WHERE u.org = ?1 AND u.entry IS NULL
             UNION ALL SELECT s.id FROM entry e JOIN change s ON s.org = e.org AND s.entry = e.id
             WHERE e.org = ?1 AND e.device = ?2 AND NOT e.pulled
               AND e.sequence > (SELECT acknowledged FROM self WHERE org = ?1)
               AND NOT (SELECT mending FROM self WHERE org = ?1)
             UNION ALL SELECT a.id FROM entry e JOIN change a ON a.org = e.org AND a.entry = e.id
             WHERE e.org = ?1 AND e.sequence = -1)";
        let key = params![self.identity.org, self.identity.device.0];
        let changes: u64 = self
            .db
            .prepare_cached(&format!("SELECT count(*) {UNSENT}"))
            .and_then(|mut s| s.query_row(key, |r| r.get(0)))
            .map_err(StoreError::of)?;
        if changes == 0 {
            return Ok(Unsent::default());
        }
        let oldest: Option<i64> = self
            .db
            .prepare_cached(&format!(
                "SELECT min(d.recorded) FROM document d WHERE d.recorded > 0 AND d.id IN (SELECT c.document {UNSENT})"
            ))
            .and_then(|mut s| s.query_row(key, |r| r.get(0)))
            .map_err(StoreError::of)?;
        let mut statement = self
            .db
            .prepare_cached(&format!(
                "SELECT h.currency, sum(h.queued + h.paid) FROM return_head h
                 WHERE h.org = ?1 AND h.historic = 0 AND h.document IN (SELECT c.document {UNSENT}) GROUP BY h.currency"
            ))
            .map_err(StoreError::of)?;
        let mut rows = statement.query(key).map_err(StoreError::of)?;
        let mut refunds = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            refunds.push((name(r, 0, "a currency")?, Amount(r.get(1).map_err(StoreError::of)?)));
        }
        let oldest = oldest.map(|o| guicang_domain::time::Recorded(o).moment());
        Ok(Unsent { changes, refunds, oldest })
    }

    /// Stores a grant, here at HQ made or anywhere received. `false` when it was held already.
    ///
    /// # Errors
    /// [`LinkError::Grant`] when nobody entitled has signed it.
    pub fn add_grant(&mut self, grant: SignedGrant) -> Result<bool, LinkError> {
        self.write(|work| work.take_grant(&grant))
    }
}
