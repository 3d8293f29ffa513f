//! When each device was last here, and what it said it still holds back: for people at HQ.
//!
//! What surprises: the time of a visit that brought nothing is written only now and then, or 10,000
//! idle devices would make as many durable writes a minute.

use std::collections::BTreeMap;

use guicang_domain::ids::DeviceId;
use guicang_domain::time::Moment;
use guicang_sync::message::Report;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Relay, RelayError, store};

/// A visit that brought nothing is noted when the one noted last is this much older.
pub(super) const NOTED_EVERY_MS: i64 = 10_000;

/// A device's last visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// By the relay's clock; up to ten seconds before the last one when that brought nothing.
    pub last_sync: Moment,
    /// What it held back; none: it never said.
    pub report: Option<Report>,
    /// When it said so.
    pub reported: Option<Moment>,
    /// When it was last proven equal with the relay in all that it follows; none: it never was.
    pub proven: Option<Moment>,
}

impl Relay {
    /// The last visits of all devices that ever came.
    ///
    /// # Errors
    /// [`RelayError`] of the file.
    pub fn reports(&self) -> Result<BTreeMap<DeviceId, Visit>, RelayError> {
        self.read(|connection| {
            let sql = "SELECT device, last_sync, report, reported, proven FROM device_report WHERE organisation = ?";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([self.number], |row| {
                let report = row.get::<_, Option<Vec<u8>>>(2)?;
                let visit = (row.get(1)?, report, row.get::<_, Option<i64>>(3)?, row.get::<_, Option<i64>>(4)?);
                Ok((DeviceId(row.get(0)?), visit))
            })?;
            rows.map(|row| {
                let (device, (last_sync, report, reported, proven)) = row?;
                let report = report.map(|bytes| minicbor::decode(&bytes)).transpose()?;
                let (reported, proven) = (reported.map(Moment), proven.map(Moment));
                let visit = Visit { last_sync: Moment(last_sync), report, reported, proven };
                Ok((device, visit))
            })
            .collect()
        })
    }
}

/// When a device was here, as last noted.
pub(super) fn last_sync(
    connection: &Connection,
    organisation: i64,
    device: DeviceId,
) -> Result<Option<Moment>, RelayError> {
    let sql = "SELECT last_sync FROM device_report WHERE organisation = ? AND device = ?";
    let row = connection.prepare_cached(sql)?.query_row(params![organisation, device.0], |row| row.get(0));
    Ok(row.optional()?.map(Moment))
}

/// When a device was proven equal, as last noted.
pub(super) fn last_proof(
    connection: &Connection,
    organisation: i64,
    device: DeviceId,
) -> Result<Option<Moment>, RelayError> {
    let sql = "SELECT proven FROM device_report WHERE organisation = ? AND device = ?";
    let row = connection.prepare_cached(sql)?.query_row(params![organisation, device.0], |row| row.get(0));
    Ok(row.optional()?.flatten().map(Moment))
}

/// Notes that a device was proven equal.
pub(super) fn note_proof(
    tx: &Connection,
    organisation: i64,
    device: DeviceId,
    now: Moment,
) -> Result<(), RelayError> {
    let sql = "UPDATE device_report SET proven = ? WHERE organisation = ? AND device = ?";
    tx.prepare_cached(sql)?.execute(params![now.0, organisation, device.0])?;
    Ok(())
}

/// Notes a visit, and what the device said; without that, what it said before stays.
pub(super) fn note(
    tx: &Connection,
    organisation: i64,
    device: DeviceId,
    report: Option<&Report>,
    now: Moment,
) -> Result<(), RelayError> {
    let sql = "INSERT INTO device_report (organisation, device, last_sync, report, reported)
               VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT DO UPDATE SET last_sync = max(last_sync, excluded.last_sync),
                                         report = ifnull(excluded.report, report),
                                         reported = ifnull(excluded.reported, reported)";
    let (report, reported) = (report.map(store::cbor), report.map(|_| now.0));
    tx.prepare_cached(sql)?.execute(params![organisation, device.0, now.0, report, reported])?;
    Ok(())
}
