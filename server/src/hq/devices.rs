//! Devices by HQ's word: letting one in, and withdrawing one.
//!
//! Both are grants that HQ's device signs; nothing is ever deleted. What surprises: a short code is
//! never given out twice, not even after its device was withdrawn, since numbers on paper carry it.

use guicang_domain::ids::{DeviceCode, DeviceId, PublicKey, SiteId};
use guicang_domain::time::{Moment, Recorded};
use guicang_replica::{LinkError, Replica};
use guicang_sync::grant::{Grant, GrantBook, Issuer, Role, SignedGrant};

use super::follow::{self, FollowError};
use crate::relay::link::LocalLink;

/// A withdrawn device's code is not a device's.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    /// No device of a site has this code.
    #[error("no device of a site has the code {code}")]
    Unknown {
        /// As asked for.
        code: DeviceCode,
    },
    /// The replica.
    #[error(transparent)]
    Replica(#[from] LinkError),
}

/// Lets a device in as [`admit`] does, once HQ's replica has followed the log: one that was put back to a backup
/// has forgotten who was let in since, and would give a short code twice.
///
/// # Errors
/// [`FollowError`]; nobody was let in then.
pub fn let_in(
    replica: &mut Replica,
    link: &LocalLink,
    site: &SiteId,
    key: PublicKey,
    successor_of: Option<DeviceId>,
    now: &dyn Fn() -> Moment,
) -> Result<SignedGrant, FollowError> {
    follow::session(replica, link, now, None)?;
    Ok(admit(replica, site, key, successor_of, now())?)
}

/// Signs and stores the grant of a new device of `site`, with a short code that nobody ever had; in the
/// place of `successor_of`, where that is a device whose journal went two ways.
///
/// # Errors
/// [`LinkError`] of the file.
pub fn admit(
    replica: &mut Replica,
    site: &SiteId,
    key: PublicKey,
    successor_of: Option<DeviceId>,
    now: Moment,
) -> Result<SignedGrant, LinkError> {
    let book = replica.grants()?;
    // Who comes back with the same key keeps its code.
    let code = match book.device(key.device()) {
        Some(device) => device.grant.code.clone(),
        None => free_code(book, site),
    };
    let grant = Grant {
        organisation: replica.identity().organisation,
        key,
        code,
        role: Role::Site(site.clone()),
        from: now,
        until: None,
        serial: Recorded::new(now, 0),
        successor_of,
    };
    issue(replica, &grant)
}

/// Signs and stores the grant that ends a device's right, now.
///
/// # Errors
/// [`WithdrawError`].
pub fn withdraw(replica: &mut Replica, code: &DeviceCode, now: Moment) -> Result<SignedGrant, WithdrawError> {
    let book = replica.grants().map_err(LinkError::from)?;
    let device = book.by_code(code).filter(|device| matches!(device.grant.role, Role::Site(_)));
    let held = device.ok_or_else(|| WithdrawError::Unknown { code: code.clone() })?.grant.clone();
    let later = Recorded(held.serial.0 + 1);
    let grant = Grant { until: Some(now), serial: Recorded::new(now, 0).max(later), ..held };
    Ok(issue(replica, &grant)?)
}

fn issue(replica: &mut Replica, grant: &Grant) -> Result<SignedGrant, LinkError> {
    let issuer = Issuer::Device(replica.identity().device);
    let signed = SignedGrant::sign(replica.key(), issuer, grant);
    replica.add_grant(signed.clone())?;
    Ok(signed)
}

/// The site's letters and one or more of A to Z: `S01A`, `S01B`, ..., `S01AA`.
fn free_code(book: &GrantBook, site: &SiteId) -> DeviceCode {
    let letters: String =
        site.as_str().chars().filter(char::is_ascii_alphanumeric).take(5).collect::<String>().to_uppercase();
    let stem = if letters.is_empty() { "D".to_owned() } else { letters };
    (0u32..)
        .map(|n| format!("{stem}{}", suffix(n)))
        .filter_map(|text| DeviceCode::new(&text).ok())
        .find(|code| book.by_code(code).is_none())
        .expect("26 + 26² + 26³ codes are more than a site has devices")
}

/// A to Z, then AA to ZZ, and so on.
fn suffix(mut n: u32) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push((b'A' + (n % 26) as u8) as char);
        n /= 26;
        if n == 0 {
            break;
        }
        n -= 1;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_go_on_beyond_z() {
        let all: Vec<_> = [0, 1, 25, 26, 27, 701, 702].into_iter().map(suffix).collect();
        assert_eq!(all, ["A", "B", "Z", "AA", "AB", "ZZ", "AAA"]);
    }
}
