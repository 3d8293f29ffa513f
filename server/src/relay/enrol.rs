//! Enrolment codes: how a new device comes to be known.
//!
//! HQ gives a code out for a site; it is good once and for minutes, and only its hash is kept. What
//! surprises: the same key may use its code again while it lasts, since the answer may have been lost
//! on the way; another key may not.

use std::collections::VecDeque;

use guicang_domain::ids::{PublicKey, SiteId, base32};
use guicang_domain::time::Moment;
use guicang_sync::access::{Enrol, Enrolled};
use guicang_sync::grant::{Issuer, SignedGrant};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::{Relay, RelayError, lock};

/// How long a code is good by default: 15 minutes.
pub const CODE_TTL_MS: i64 = 15 * 60 * 1000;

/// How many wrong codes are looked at in [`WRONG_WINDOW_MS`], whoever brings them. A code has 50 bits.
const WRONG_MAX: usize = 20;
const WRONG_WINDOW_MS: i64 = 60_000;

/// When wrong codes came, lately.
#[derive(Default)]
pub(super) struct WrongCodes(VecDeque<Moment>);

impl WrongCodes {
    /// How long no further code is looked at; none: one is.
    fn wait_ms(&mut self, now: Moment) -> Option<u64> {
        while self.0.front().is_some_and(|first| now.0 - first.0 >= WRONG_WINDOW_MS) {
            self.0.pop_front();
        }
        let first = self.0.front().filter(|_| self.0.len() >= WRONG_MAX)?;
        Some((WRONG_WINDOW_MS - (now.0 - first.0)).max(1) as u64)
    }
}

impl Relay {
    /// Makes a code for a device of `site`, good until `now + ttl_ms`. `random` must be just that.
    ///
    /// # Errors
    /// [`RelayError`] of the file.
    pub fn new_code(
        &self,
        site: &SiteId,
        random: [u8; 7],
        ttl_ms: i64,
        now: Moment,
    ) -> Result<String, RelayError> {
        let letters = base32(&random).to_uppercase();
        let code = format!("{}-{}", &letters[..5], &letters[5..10]);
        let until = now.plus_ms(ttl_ms);
        self.write(|tx| {
            tx.execute(
                "DELETE FROM enrolment_code WHERE organisation = ? AND until < ?",
                params![self.number, now.0],
            )?;
            let sql = "INSERT INTO enrolment_code (organisation, hash, site, until) VALUES (?, ?, ?, ?)";
            tx.execute(sql, params![self.number, hash(&code), site.as_str(), until.0])?;
            Ok(())
        })?;
        Ok(code)
    }

    /// Lets a device in that brings a good code. `issue` makes its grant, which needs HQ's key.
    ///
    /// The code is claimed for the key first, in a transaction of its own: `issue` writes another file,
    /// and must not wait for that while this one is locked. A device that got no answer asks again.
    ///
    /// # Errors
    /// [`RelayError::Code`], [`RelayError::TooManyCodes`], [`RelayError::Grant`], and `issue`'s own.
    pub fn enrol(
        &self,
        ask: &Enrol,
        now: Moment,
        issue: impl FnOnce(&SiteId, PublicKey) -> Result<SignedGrant, RelayError>,
    ) -> Result<Enrolled, RelayError> {
        if let Some(retry_after_ms) = lock(&self.wrong_codes).wait_ms(now) {
            return Err(RelayError::TooManyCodes { retry_after_ms });
        }
        let claim = match self.write(|tx| self.claim(tx, ask, now)) {
            Err(RelayError::Code) => {
                lock(&self.wrong_codes).0.push_back(now);
                return Err(RelayError::Code);
            }
            other => other?,
        };
        if claim.is_new || self.book()?.device(ask.key.device()).is_none() {
            self.add_grants(vec![issue(&claim.site, ask.key)?])?;
        }
        self.enrolled(ask.key, now)
    }

    fn claim(&self, tx: &Connection, ask: &Enrol, now: Moment) -> Result<Claim, RelayError> {
        if !ask.check() {
            return Err(RelayError::Code);
        }
        let sql = "SELECT site, used_by FROM enrolment_code
                   WHERE organisation = ? AND hash = ? AND until > ?";
        let row = tx.query_row(sql, params![self.number, hash(&ask.code), now.0], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Option<[u8; 32]>>(1)?))
        });
        let (site, used_by) = row.optional()?.ok_or(RelayError::Code)?;
        let site = site.parse()?;
        match used_by {
            Some(key) if key == ask.key.0 => return Ok(Claim { site, is_new: false }),
            Some(_) => return Err(RelayError::Code),
            None => {}
        }
        let sql = "UPDATE enrolment_code SET used_by = ? WHERE organisation = ? AND hash = ?";
        tx.execute(sql, params![ask.key.0, self.number, hash(&ask.code)])?;
        Ok(Claim { site, is_new: true })
    }

    fn enrolled(&self, key: PublicKey, now: Moment) -> Result<Enrolled, RelayError> {
        let book = self.book()?;
        let mut grants = Vec::new();
        if let Some(device) = book.device(key.device()) {
            if let Issuer::Device(issuer) = device.signed.issuer {
                grants.extend(book.device(issuer).map(|d| d.signed.clone()));
            }
            grants.push(device.signed.clone());
        }
        grants.extend(book.device(self.device()).map(|d| d.signed.clone()));
        Ok(Enrolled {
            organisation: self.organisation,
            name: self.name.clone(),
            grants,
            relay: self.device(),
            time: now,
        })
    }
}

/// A code that is now its key's.
struct Claim {
    site: SiteId,
    /// Whether it was not claimed before.
    is_new: bool,
}

/// What is kept of a code, however it was typed.
fn hash(code: &str) -> [u8; 32] {
    let letters: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    // Letters that base 32 leaves out because people take them for others.
    let read = letters.to_ascii_uppercase().replace('O', "0").replace(['I', 'L'], "1");
    Sha256::new().chain_update(b"guicang/enrolment-code/1").chain_update(read).finalize().into()
}
