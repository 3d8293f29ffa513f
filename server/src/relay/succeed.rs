//! Succession: a device whose journal went two ways gets a grant to a new key ([`guicang_sync::succeed`]).
//!
//! What surprises: nothing is remembered of who asked. The grants say who succeeds whom, so the same key
//! gets the same grant again, here and at a relay that was made anew.

use guicang_domain::ids::{PublicKey, SiteId};
use guicang_domain::time::Moment;
use guicang_sync::grant::{GrantBook, Issuer, Role, SignedGrant, Standing};
use guicang_sync::succeed::{SUCCESSORS_MAX, Succeed, Succeeded};

use super::{Relay, RelayError};

impl Relay {
    /// Gives a device's successor its grant; `issue` makes it, which needs HQ's key.
    ///
    /// # Errors
    /// [`RelayError::UnknownDevice`], [`RelayError::Succession`], and `issue`'s own.
    pub fn succeed(
        &self,
        ask: &Succeed,
        now: Moment,
        issue: impl FnOnce(&SiteId, PublicKey) -> Result<SignedGrant, RelayError>,
    ) -> Result<Succeeded, RelayError> {
        let book = self.book()?;
        let old = book.device(ask.old).ok_or(RelayError::UnknownDevice { device: ask.old })?;
        let refused = |why| RelayError::Succession { device: ask.old, why };
        if !ask.check(&old.grant.key, self.organisation(), self.device()) {
            return Err(refused("it didn't prove both keys"));
        }
        if let Some(held) = book.device(ask.key.device()) {
            return match held.grant.successor_of == Some(ask.old) {
                true => Ok(granted(&book, ask.key, now)),
                false => Err(refused("the new key is another device's")),
            };
        }
        let Role::Site(site) = &old.grant.role else { return Err(refused("it is no device of a site")) };
        if book.may(ask.old, now) != Standing::Valid {
            return Err(refused("it may not write any more"));
        }
        let writes = |id| book.may(id, now) == Standing::Valid;
        let successors =
            book.devices().filter(|d| d.grant.successor_of == Some(ask.old) && writes(d.id)).count();
        if successors >= SUCCESSORS_MAX {
            return Err(refused("it has too many already"));
        }
        self.add_grants(vec![issue(site, ask.key)?])?;
        let book = self.book()?;
        Ok(granted(&book, ask.key, now))
    }
}

/// The grant of a key's device, and its issuer's.
fn granted(book: &GrantBook, key: PublicKey, now: Moment) -> Succeeded {
    let mut grants = Vec::new();
    if let Some(device) = book.device(key.device()) {
        if let Issuer::Device(issuer) = device.signed.issuer {
            grants.extend(book.device(issuer).map(|d| d.signed.clone()));
        }
        grants.push(device.signed.clone());
    }
    Succeeded { grants, time: now }
}
