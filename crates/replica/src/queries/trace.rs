//! Trace: where each change of a document is, on its way from a till to HQ.

use guicang_domain::ids::{ChangeHash, DeviceCode, DeviceId, DocumentId, SiteId};
use guicang_domain::time::Moment;
use rusqlite::params;

use crate::error::StoreError;
use crate::facts::documents_numbered;
use crate::store::Replica;

/// A document, as it is held here.
#[derive(Debug, Clone)]
pub struct TracedDocument {
    /// Its identity.
    pub id: DocumentId,
    /// Who gets it; none: everybody.
    pub sites: Vec<SiteId>,
    /// `read`, `unknown`, `newer` or `unreadable`.
    pub state: String,
    /// Its changes, as they came to this file.
    pub changes: Vec<TracedChange>,
}

/// A change, as it is held here.
#[derive(Debug, Clone)]
pub struct TracedChange {
    /// Its hash.
    pub change: ChangeHash,
    /// Whose.
    pub device: DeviceId,
    /// The device's code, where its grant is held.
    pub code: Option<DeviceCode>,
    /// The journal entry that carries it, and when its device sealed that, by its clock.
    pub sealed: Option<(u64, Moment)>,
    /// When a relay first had it.
    pub stamped: Option<Moment>,
    /// Where it stands.
    pub step: TraceStep,
    /// The rule that refused it or set it apart; empty for the rest.
    pub rule: String,
    /// What the rule found.
    pub detail: String,
}

/// Where a change stands, as far as this file knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceStep {
    /// Written here, not sealed yet: the next sync does.
    Written,
    /// Sealed here, and the relay hasn't acknowledged it.
    Sealed,
    /// This device's, and at the relay.
    Acknowledged,
    /// Another's, by the relay.
    Came,
    /// Another's, by a stick: nothing says yet that the relay has it.
    Carried,
    /// The relay refused it.
    Refused,
    /// The relay refused it, and what it said was written again and stands.
    Reissued,
    /// The relay set it apart.
    ApartAtRelay,
    /// A check here set it apart.
    ApartHere,
}

impl TraceStep {
    /// A stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            TraceStep::Written => "written",
            TraceStep::Sealed => "sealed",
            TraceStep::Acknowledged => "acknowledged",
            TraceStep::Came => "came",
            TraceStep::Carried => "carried",
            TraceStep::Refused => "refused",
            TraceStep::Reissued => "reissued",
            TraceStep::ApartAtRelay => "set_apart_by_relay",
            TraceStep::ApartHere => "set_apart_here",
        }
    }
}

impl Replica {
    /// The documents of a number, and where each of their changes is. Empty: none is held here.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn trace(&self, number: &str) -> Result<Vec<TracedDocument>, StoreError> {
        let acknowledged: u64 = self
            .db
            .query_row("SELECT acknowledged FROM self WHERE org = ?", [self.identity.org], |r| r.get(0))
            .map_err(StoreError::of)?;
        let mut documents = documents_numbered(&self.db, self.identity.org, number)?;
        documents.sort_by_key(|row| row.identity.to_bytes());
        documents
            .into_iter()
            .map(|row| {
                Ok(TracedDocument {
                    id: row.identity,
                    changes: self.trace_changes(row.id, acknowledged)?,
                    sites: row.sites,
                    state: row.state,
                })
            })
            .collect()
    }

    fn trace_changes(&self, document: i64, acknowledged: u64) -> Result<Vec<TracedChange>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT c.hash, c.status, coalesce(c.rule, ''), coalesce(c.detail, ''), c.reissued,
                        e.device, e.sequence, e.time,
                        min(coalesce(c.arrived, e.stamp_time), coalesce(e.stamp_time, c.arrived))
                 FROM change c LEFT JOIN entry e ON e.id = c.entry
                 WHERE c.org = ? AND c.document = ? ORDER BY c.id",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query(params![self.identity.org, document]).map_err(StoreError::of)?;
        let mut out = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                let status: i64 = r.get(1)?;
                let device = r.get::<_, Option<[u8; 16]>>(5)?.map(DeviceId);
                let sealed = match r.get::<_, Option<i64>>(6)? {
                    Some(sequence @ 1..) => Some((sequence as u64, Moment(r.get(7)?))),
                    _ => None,
                };
                let stamped = r.get::<_, Option<i64>>(8)?.map(Moment);
                let own = device.is_none_or(|device| device == self.identity.device);
                let step = match (status, sealed) {
                    (1, _) if r.get::<_, bool>(4)? => TraceStep::Reissued,
                    (1, _) => TraceStep::Refused,
                    (2, _) => TraceStep::ApartAtRelay,
                    (3, _) => TraceStep::ApartHere,
                    (_, None) => TraceStep::Written,
                    (_, Some((sequence, _))) if own && sequence > acknowledged => TraceStep::Sealed,
                    _ if own => TraceStep::Acknowledged,
                    _ if stamped.is_none() => TraceStep::Carried,
                    _ => TraceStep::Came,
                };
                let device = device.unwrap_or(self.identity.device);
                Ok(TracedChange {
                    change: ChangeHash(r.get(0)?),
                    device,
                    code: self.book.device(device).map(|d| d.grant.code.clone()),
                    sealed,
                    stamped,
                    step,
                    rule: r.get(2)?,
                    detail: r.get(3)?,
                })
            };
            out.push(read().map_err(StoreError::of)?);
        }
        Ok(out)
    }
}
