//! What one device may add: its account in the file, read and written in the transaction that appends.
//!
//! What surprises: HQ's own devices have none. They bring imports and all that a lost relay is refilled
//! with, and whoever has HQ's key could grant itself any number of devices anyway.

use guicang_domain::ids::DeviceId;
use guicang_domain::time::Moment;
use guicang_sync::grant::{GrantBook, Role, Standing};
use guicang_sync::quota::{Account, Cost, Quota};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Relay, RelayError, lock};

impl Relay {
    /// Sets what each device of a site may add, from now on. What it brought before stays charged as it
    /// was, so that whoever waits does so for up to an hour still.
    pub fn set_quota(&self, quota: Quota) {
        *lock(&self.quota) = quota;
    }

    pub(super) fn quota(&self) -> Quota {
        *lock(&self.quota)
    }
}

/// Counts what a request's entries take, and says when it is enough.
pub(super) struct Meter {
    sender: DeviceId,
    /// None: the sender may bring what it likes.
    metered: Option<(Quota, Account)>,
    /// Whether the sender has no right, and what it brings of its own is set apart.
    apart: bool,
    now: Moment,
    charged: bool,
}

impl Meter {
    pub(super) fn read(
        tx: &Connection,
        organisation: i64,
        sender: DeviceId,
        book: &GrantBook,
        quota: Quota,
        now: Moment,
    ) -> Result<Self, RelayError> {
        let is_hq = book.device(sender).is_some_and(|device| device.grant.role == Role::Hq);
        let apart = book.may(sender, now) != Standing::Valid;
        let metered = match is_hq && !apart {
            true => None,
            false => Some((quota, account(tx, organisation, sender)?)),
        };
        Ok(Self { sender, metered, apart, now, charged: false })
    }

    /// How many milliseconds are to pass before anything more is stored of the sender; none: go on.
    pub(super) fn wait_ms(&self) -> Option<u64> {
        let (quota, account) = self.metered.as_ref()?;
        account.wait_ms(quota, self.apart, self.now)
    }

    /// Enters what an entry took. `apart_bytes` of it were set apart.
    pub(super) fn charge(&mut self, cost: Cost, apart_bytes: u64) {
        let Some((quota, account)) = &mut self.metered else { return };
        if cost != Cost::default() {
            account.charge(quota, cost, if self.apart { apart_bytes } else { 0 }, self.now);
            self.charged = true;
        }
    }

    pub(super) fn write(&self, tx: &Connection, organisation: i64) -> Result<(), RelayError> {
        let Some((_, account)) = self.metered.as_ref().filter(|_| self.charged) else { return Ok(()) };
        let sql = "INSERT INTO device_quota (organisation, device, paid_until_us, apart_bytes)
                   VALUES (?, ?, ?, ?)
                   ON CONFLICT DO UPDATE SET paid_until_us = excluded.paid_until_us,
                                             apart_bytes = excluded.apart_bytes";
        let key = params![organisation, self.sender.0, account.paid_until_us, account.apart_bytes];
        tx.prepare_cached(sql)?.execute(key)?;
        Ok(())
    }
}

fn account(tx: &Connection, organisation: i64, device: DeviceId) -> Result<Account, RelayError> {
    let sql = "SELECT paid_until_us, apart_bytes FROM device_quota WHERE organisation = ? AND device = ?";
    let row = tx.prepare_cached(sql)?.query_row(params![organisation, device.0], |row| {
        Ok(Account { paid_until_us: row.get(0)?, apart_bytes: row.get(1)? })
    });
    Ok(row.optional()?.unwrap_or_default())
}
