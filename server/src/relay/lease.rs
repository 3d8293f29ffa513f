//! The lease: which HQ process does what must happen once, and the number that fences off the others.
//!
//! A lease ends by time, but a process may stall past its end and wake up. What surprises: time alone
//! therefore protects nothing. Each new holder gets a higher fencing number, and the relay takes no
//! request under a lower one, so that a stalled payer's intent is never acknowledged.

use guicang_domain::time::Moment;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Relay, RelayError};

/// What HQ does once: payouts, and later webhooks and scheduled reports. One lease for all, since the
/// fencing number in a request doesn't say which.
const NAME: &str = "hq";

/// A holder: random, one for each process that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder(pub [u8; 16]);

/// The answer to who asks for the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// It is the caller's.
    Taken {
        /// The number to write under.
        fence: u64,
        /// When it ends unless it is taken again.
        until: Moment,
    },
    /// Another has it.
    Held {
        /// When it ends unless that one takes it again.
        until: Moment,
    },
}

impl Relay {
    /// Takes the lease for `ttl_ms`, or prolongs the holder's own under the same number.
    ///
    /// # Errors
    /// [`RelayError`] of the file.
    pub fn take_lease(&self, holder: Holder, ttl_ms: i64, now: Moment) -> Result<Lease, RelayError> {
        self.write(|tx| {
            let sql = "SELECT holder, fence, until FROM lease WHERE organisation = ? AND name = ?";
            let row = tx.query_row(sql, params![self.number, NAME], |row| {
                Ok((Holder(row.get(0)?), row.get::<_, u64>(1)?, Moment(row.get(2)?)))
            });
            let fence = match row.optional()? {
                None => 1,
                Some((held_by, fence, _)) if held_by == holder => fence,
                Some((_, _, until)) if now < until => return Ok(Lease::Held { until }),
                Some((_, fence, _)) => fence + 1,
            };
            let until = now.plus_ms(ttl_ms);
            let sql = "INSERT INTO lease (organisation, name, holder, fence, until) VALUES (?, ?, ?, ?, ?)
                       ON CONFLICT DO UPDATE SET holder = excluded.holder, fence = excluded.fence,
                                                 until = excluded.until";
            tx.execute(sql, params![self.number, NAME, holder.0, fence, until.0])?;
            Ok(Lease::Taken { fence, until })
        })
    }

    /// Gives the lease back, so that the next need not wait for its end.
    ///
    /// # Errors
    /// [`RelayError`] of the file.
    pub fn release_lease(&self, holder: Holder, now: Moment) -> Result<(), RelayError> {
        self.write(|tx| {
            let sql =
                "UPDATE lease SET until = min(until, ?) WHERE organisation = ? AND name = ? AND holder = ?";
            tx.execute(sql, params![now.0, self.number, NAME, holder.0])?;
            Ok(())
        })
    }
}

/// The current fencing number; 0 while nobody ever took the lease.
pub(super) fn fence(connection: &Connection, organisation: i64) -> Result<u64, RelayError> {
    let sql = "SELECT fence FROM lease WHERE organisation = ? AND name = ?";
    let row = connection.prepare_cached(sql)?.query_row(params![organisation, NAME], |row| row.get(0));
    Ok(row.optional()?.unwrap_or(0))
}
