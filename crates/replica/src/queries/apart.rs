//! What is set apart, and what can't be read: change by change, with what would come of it.
//!
//! What surprises: a change that makes a decoder give up is looked at all the same. It is put into a copy
//! of its document that is thrown away, together with what it builds on alone, and whatever happens there
//! ends in a text.

use std::collections::{BTreeMap, BTreeSet};

use guicang_documents::{AddedEvent, Additions, Replayed, header};
use guicang_domain::ids::{ChangeHash, DeviceCode, DeviceId, DocumentId, SiteId};
use guicang_domain::time::Moment;

use crate::error::{CommandError, StoreError};
use crate::facts::split_sites;
use crate::store::Replica;

/// A change that doesn't count here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApartChange {
    /// The change.
    pub change: ChangeHash,
    /// Its document.
    pub document: DocumentId,
    /// The document's number, where it could be read.
    pub number: String,
    /// The sites of the document.
    pub sites: Vec<SiteId>,
    /// The device that wrote it, as the entry proves.
    pub device: DeviceId,
    /// That device's short code, where a grant says it.
    pub code: Option<DeviceCode>,
    /// When its device sealed it, by that device's clock; `None` while it hasn't.
    pub sealed: Option<Moment>,
    /// When a relay first had it; `None` where no stamp says so.
    pub arrived: Option<Moment>,
    /// `refused`, `set_apart_by_relay`, `set_apart_here`, or `unread`: it stands in a document that this
    /// program can't read.
    pub how: &'static str,
    /// The rule's name; of an unread one `unknown_kind`, `newer_rules` or `unreadable`.
    pub rule: String,
    /// What was found, in English, for support.
    pub detail: String,
    /// What can be done.
    pub remedy: Remedy,
}

/// What can be done about a change that doesn't count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// HQ may admit it: it is in order, and only its device lacked a right.
    Admit,
    /// It follows what it builds on.
    AdmitWhatItBuildsOn,
    /// A newer program may read it, and tries by itself.
    NewerProgram,
    /// Nothing: it breaks a rule that every replica keeps. What it meant to say is recorded anew.
    RecordAnew,
    /// Nothing is to be done: its device has recorded it anew, or does when it next syncs.
    ByItsDevice,
}

impl Remedy {
    /// Its name in data; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Remedy::Admit => "admit",
            Remedy::AdmitWhatItBuildsOn => "admit_what_it_builds_on",
            Remedy::NewerProgram => "newer_program",
            Remedy::RecordAnew => "record_anew",
            Remedy::ByItsDevice => "by_its_device",
        }
    }

    fn of(how: &str, rule: &str) -> Self {
        match (how, rule) {
            ("refused", _) => Remedy::ByItsDevice,
            ("unread", "unreadable") => Remedy::RecordAnew,
            ("unread", _) => Remedy::NewerProgram,
            (_, "withdrawn" | "not_yet") => Remedy::Admit,
            (_, "depends_on_apart" | "missing_dependency") => Remedy::AdmitWhatItBuildsOn,
            // An older program may know less of these than the one that wrote them.
            (_, "hq_only" | "too_complex" | "write_once_field") => Remedy::NewerProgram,
            _ => Remedy::RecordAnew,
        }
    }
}

/// What a change that doesn't count would add to its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WouldAdd {
    /// Whether it makes the document, and its lines and events by their ids.
    pub additions: Additions,
    /// The events, with what they are.
    pub events: Vec<AddedEvent>,
    /// The document's kind and number, as it reads with the change.
    pub kind: String,
    /// The number, empty where it can't be read.
    pub number: String,
    /// What can't be read of it.
    pub problems: Vec<String>,
}

impl Replica {
    /// What doesn't count here and why: by when the relay first had it, then in its device's order.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn apart_changes(&self) -> Result<Vec<ApartChange>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "WITH aside AS (
                     SELECT c.id FROM change c WHERE c.org = ?1 AND c.status <> 0
                     UNION SELECT c.id FROM document d JOIN change c ON c.org = d.org AND c.document = d.id
                     WHERE d.org = ?1 AND d.state <> 'read' AND c.status = 0)
                 SELECT c.hash, d.identity, d.number, d.sites, e.device, e.time,
                        min(coalesce(c.arrived, e.stamp_time), coalesce(e.stamp_time, c.arrived)) stamped,
                        c.status, c.reissued,
                        coalesce(c.rule, ''), coalesce(c.detail, ''), d.state, coalesce(d.detail, '')
                 FROM aside a JOIN change c ON c.id = a.id JOIN document d ON d.id = c.document
                 LEFT JOIN entry e ON e.id = c.entry
                 ORDER BY stamped IS NULL, stamped, e.device, e.sequence, c.leaf, c.hash",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query([self.identity.org]).map_err(StoreError::of)?;
        let mut out = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                Ok((
                    (ChangeHash(r.get(0)?), r.get::<_, [u8; 32]>(1)?, r.get(2)?, r.get::<_, String>(3)?),
                    (
                        r.get::<_, Option<[u8; 16]>>(4)?,
                        r.get::<_, Option<i64>>(5)?,
                        r.get::<_, Option<i64>>(6)?,
                    ),
                    (r.get::<_, i64>(7)?, r.get::<_, String>(9)?, r.get::<_, String>(10)?),
                    (r.get::<_, String>(11)?, r.get::<_, String>(12)?),
                ))
            };
            let (
                (change, identity, number, sites),
                (device, sealed, arrived),
                (status, rule, detail),
                document,
            ) = read().map_err(StoreError::of)?;
            let (how, rule, detail) = match (status, document.0.as_str()) {
                (0, "unknown") => ("unread", "unknown_kind".into(), document.1),
                (0, "newer") => ("unread", "newer_rules".into(), document.1),
                (0, _) => ("unread", "unreadable".into(), document.1),
                (1, _) => ("refused", rule, detail),
                (2, _) => ("set_apart_by_relay", rule, detail),
                _ => ("set_apart_here", rule, detail),
            };
            let device = device.map_or(self.identity.device, DeviceId);
            out.push(ApartChange {
                change,
                document: DocumentId::from_slice(&identity)
                    .map_err(|e| StoreError::damaged("a document's identity", e))?,
                number,
                sites: split_sites(&sites)?,
                device,
                code: self.book.device(device).map(|d| d.grant.code.clone()),
                sealed: sealed.map(Moment),
                arrived: arrived.map(Moment),
                remedy: Remedy::of(how, &rule),
                how,
                rule,
                detail,
            });
        }
        Ok(out)
    }

    /// The change that doesn't count whose hash begins so, with what it would add; the text says why it
    /// can't even be looked at, where that is so.
    ///
    /// # Errors
    /// [`CommandError::UnknownChange`], [`CommandError::AmbiguousChange`], or what reading the file gives.
    pub fn apart_change(&self, hash: &str) -> Result<(ApartChange, Result<WouldAdd, String>), CommandError> {
        let found = one_of(self.apart_changes()?, hash)?;
        let would = self.would_add(&found)?;
        Ok((found, would))
    }

    fn would_add(&self, of: &ApartChange) -> Result<Result<WouldAdd, String>, StoreError> {
        let held = self.bytes_of(of.document)?;
        let mut with = BTreeMap::new();
        let mut open = vec![of.change];
        while let Some(hash) = open.pop() {
            let Some(bytes) = held.get(&hash) else {
                return Ok(Err(format!("change {hash} isn't here")));
            };
            if with.contains_key(&hash) {
                continue;
            }
            match header(bytes) {
                Ok(header) => open.extend(header.deps),
                Err(e) => return Ok(Err(e.to_string())),
            }
            with.insert(hash, bytes.as_slice());
        }
        Ok(look(of, &with.into_values().collect::<Vec<_>>()))
    }

    fn bytes_of(&self, document: DocumentId) -> Result<BTreeMap<ChangeHash, Vec<u8>>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT c.hash, c.bytes FROM document d JOIN change c ON c.org = d.org AND c.document = d.id
                 WHERE d.org = ? AND d.identity = ? AND c.bytes IS NOT NULL",
            )
            .map_err(StoreError::of)?;
        let key = rusqlite::params![self.identity.org, document.to_bytes()];
        let rows =
            statement.query_map(key, |r| Ok((ChangeHash(r.get(0)?), r.get(1)?))).map_err(StoreError::of)?;
        rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)
    }
}

/// Reads the change in a copy that is thrown away.
fn look(of: &ApartChange, changes: &[&[u8]]) -> Result<WouldAdd, String> {
    let replayed = Replayed::new(changes).map_err(|e| e.to_string())?;
    let additions = replayed.additions(&of.change).map_err(|e| e.to_string())?;
    let events = replayed.added_events(&of.change).map_err(|e| e.to_string())?;
    // Whoever wrote it: what counts isn't asked here.
    let anybody = guicang_domain::event::Proof { device: of.device, hq: false, stamped: of.arrived };
    let reading = replayed.read(of.document, &|_| Some(anybody.clone())).map_err(|e| e.to_string())?;
    Ok(WouldAdd {
        additions,
        events,
        kind: reading.kind,
        number: reading.head.number.map(|n| n.to_string()).unwrap_or_default(),
        problems: reading.problems.iter().map(ToString::to_string).collect(),
    })
}

/// The change whose hash begins so.
pub(crate) fn one_of(all: Vec<ApartChange>, hash: &str) -> Result<ApartChange, CommandError> {
    let wanted = hash.trim().to_ascii_lowercase();
    let found: Vec<ApartChange> = match wanted.is_empty() {
        true => Vec::new(),
        false => all.into_iter().filter(|a| a.change.to_string().starts_with(&wanted)).collect(),
    };
    let distinct: BTreeSet<ChangeHash> = found.iter().map(|a| a.change).collect();
    match distinct.len() {
        0 => Err(CommandError::UnknownChange { found: hash.into() }),
        1 => Ok(found.into_iter().next().expect("one")),
        _ => Err(CommandError::AmbiguousChange {
            found: hash.into(),
            changes: distinct.iter().map(ToString::to_string).collect(),
        }),
    }
}
