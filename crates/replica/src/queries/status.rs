//! Status: what this replica holds, what it still has to send, what was refused or set apart, and
//! whether it is proven equal with the relay.

use guicang_domain::ids::{ChangeHash, DocumentId, SiteId};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::time::{Moment, Zone};
use rusqlite::params;

use super::name;
use crate::error::StoreError;
use crate::store::{Identity, Replica};

/// A replica's status.
#[derive(Debug, Clone)]
pub struct Status {
    /// Who it is.
    pub identity: Identity,
    /// How many documents it holds.
    pub documents: u64,
    /// How many changes.
    pub changes: u64,
    /// How many changes the relay hasn't acknowledged.
    pub unsent_changes: u64,
    /// What those changes' refunds come to, by currency.
    pub unsent_refunds: Vec<(Currency, Amount)>,
    /// When the oldest of them was made.
    pub oldest_unsent: Option<Moment>,
    /// What was refused or set apart.
    pub set_aside: Vec<SetAside>,
    /// The feeds that it follows.
    pub feeds: Vec<FeedStatus>,
    /// When it last finished a session.
    pub last_sync: Option<Moment>,
    /// Why it can't sync until somebody acts: `fork`, `withdrawn`.
    pub fault: Option<String>,
}

/// A change that was refused or set apart.
#[derive(Debug, Clone)]
pub struct SetAside {
    /// The change.
    pub change: ChangeHash,
    /// Its document.
    pub document: DocumentId,
    /// The document's number, where it could be read.
    pub number: String,
    /// `refused`, `set_apart_by_relay` or `set_apart_here`.
    pub how: &'static str,
    /// The rule that caught it.
    pub rule: String,
    /// What it found.
    pub detail: String,
    /// Whether its events and lines were written again and stand.
    pub reissued: bool,
}

/// How far a feed is followed.
#[derive(Debug, Clone)]
pub struct FeedStatus {
    /// The feed.
    pub feed: String,
    /// The position.
    pub position: u64,
    /// Whether the relay had the same sum there; `None` while that was never compared.
    pub agreed: Option<bool>,
    /// When that was compared.
    pub checked: Option<Moment>,
    /// Since when they aren't equal; `None` while they are.
    pub differs: Option<Moment>,
    /// How many changes and grants are held here that the relay's feed lacks.
    pub strays: u64,
}

/// A site of the organisation.
#[derive(Debug, Clone)]
pub struct SiteRow {
    /// Its code.
    pub code: SiteId,
    /// Its name.
    pub name: String,
    /// Its zone.
    pub zone: Zone,
    /// Its currency.
    pub currency: Currency,
}

impl Replica {
    /// The sites of the organisation, by code.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn sites(&self) -> Result<Vec<SiteRow>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT code, name, zone, currency FROM site WHERE org = ? ORDER BY code")
            .map_err(StoreError::of)?;
        let mut rows = statement.query([self.identity.org]).map_err(StoreError::of)?;
        let mut out = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            out.push(SiteRow {
                code: name(r, 0, "a site")?,
                name: r.get(1).map_err(StoreError::of)?,
                zone: name(r, 2, "a site's zone")?,
                currency: name(r, 3, "a site's currency")?,
            });
        }
        Ok(out)
    }

    /// What this replica holds and what waits.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn status(&self) -> Result<Status, StoreError> {
        let org = self.identity.org;
        let count = |sql: &str| -> Result<u64, StoreError> {
            self.db
                .prepare_cached(sql)
                .and_then(|mut s| s.query_row([org], |r| r.get(0)))
                .map_err(StoreError::of)
        };
        let (last_sync, fault): (Option<i64>, Option<String>) = self
            .db
            .prepare_cached("SELECT last_sync, fault FROM self WHERE org = ?")
            .and_then(|mut s| s.query_row([org], |r| Ok((r.get(0)?, r.get(1)?))))
            .map_err(StoreError::of)?;
        let unsent = self.unsent()?;
        Ok(Status {
            identity: self.identity.clone(),
            documents: count("SELECT count(*) FROM document WHERE org = ?")?,
            changes: count("SELECT count(*) FROM change WHERE org = ? AND status = 0")?,
            unsent_changes: unsent.changes,
            unsent_refunds: unsent.refunds,
            oldest_unsent: unsent.oldest,
            set_aside: self.set_aside()?,
            feeds: self.feed_status()?,
            last_sync: last_sync.map(Moment),
            fault,
        })
    }

    /// How far each feed is followed, and whether it was proven equal.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn feed_status(&self) -> Result<Vec<FeedStatus>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT feed, position, agreed, checked, differs,
                     (SELECT count(*) FROM stray s WHERE s.org = c.org AND s.feed = c.feed)
                 FROM cursor c WHERE org = ? ORDER BY feed",
            )
            .map_err(StoreError::of)?;
        let rows = statement
            .query_map([self.identity.org], |r| {
                Ok(FeedStatus {
                    feed: r.get(0)?,
                    position: r.get(1)?,
                    agreed: r.get(2)?,
                    checked: r.get::<_, Option<i64>>(3)?.map(Moment),
                    differs: r.get::<_, Option<i64>>(4)?.map(Moment),
                    strays: r.get(5)?,
                })
            })
            .map_err(StoreError::of)?;
        rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)
    }

    fn set_aside(&self) -> Result<Vec<SetAside>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT c.hash, d.identity, d.number, c.status, coalesce(c.rule, ''), coalesce(c.detail, ''), c.reissued
                 FROM change c JOIN document d ON d.id = c.document WHERE c.org = ? AND c.status <> 0 ORDER BY c.id",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query(params![self.identity.org]).map_err(StoreError::of)?;
        let mut out = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                Ok((
                    (r.get::<_, [u8; 32]>(0)?, r.get::<_, [u8; 32]>(1)?, r.get::<_, i64>(3)?),
                    (r.get(2)?, r.get(4)?, r.get(5)?, r.get::<_, bool>(6)?),
                ))
            };
            let ((hash, identity, status), (number, rule, detail, reissued)) =
                read().map_err(StoreError::of)?;
            out.push(SetAside {
                change: ChangeHash(hash),
                document: DocumentId::from_slice(&identity)
                    .map_err(|e| StoreError::damaged("a document's identity", e))?,
                number,
                how: match status {
                    1 => "refused",
                    2 => "set_apart_by_relay",
                    _ => "set_apart_here",
                },
                rule,
                detail,
                reissued,
            });
        }
        Ok(out)
    }
}
