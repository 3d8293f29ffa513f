//! Making anew what was lost of the data folder, by the organisation's secret.
//!
//! HQ's replica is another device of HQ's, which follows the whole log; the relay is another relay, with a log of
//! its own life, which HQ and the branches fill again. What surprises: nobody's right ends by it. What the lost
//! ones signed stands, and is needed to prove the past.

use guicang_domain::ids::{DeviceCode, PublicKey, base32};
use guicang_domain::time::Moment;
use guicang_replica::{Ambient, Replica, on_own_disk};
use guicang_sync::feed::Epoch;
use guicang_sync::grant::{GrantBook, Role, SignedGrant};
use guicang_sync::keys::{DeviceKey, OrganisationKey};

use crate::data::{Data, DataError, NewOrganisation, grant};
use crate::relay::{self, Relay};

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// HQ's replica.
    pub hq: bool,
    /// The relay.
    pub relay: bool,
}

impl Data {
    /// Makes HQ's file, the relay's, or both, where they are missing. `new` says what nothing that is left says.
    ///
    /// # Errors
    /// [`DataError::Founded`] when nothing is missing, [`DataError::Secret`] when the secret is another
    /// organisation's; others of the files.
    pub fn recover(
        &self,
        secret: [u8; 32],
        new: &NewOrganisation,
        now: Moment,
        mut ambient: Ambient,
    ) -> Result<Recovered, DataError> {
        let missing = Recovered { hq: !self.hq_file().exists(), relay: !self.relay_file().exists() };
        if !missing.hq && !missing.relay {
            return Err(DataError::Founded { folder: self.folder().into() });
        }
        on_own_disk(self.folder())?;
        let io = |source| DataError::Folder { folder: self.folder().into(), source };
        std::fs::create_dir_all(self.folder()).map_err(io)?;
        let organisation = OrganisationKey::from_seed(secret);
        let mut seed = || {
            let mut seed = [0; 32];
            (ambient.fill)(&mut seed);
            seed
        };
        let (hq_seed, relay_seed, epoch, letters) = (seed(), seed(), seed(), seed());
        let issue = |seed, code: DeviceCode, role| {
            grant(&organisation, DeviceKey::from_seed(seed).public(), code.as_str(), role, now)
        };
        let checked = |found: PublicKey| match found == organisation.public() {
            true => Ok(()),
            false => Err(DataError::Secret { folder: self.folder().into() }),
        };
        if missing.relay {
            let mut name = new.name.clone();
            let mut grants = Vec::new();
            let mut replica = None;
            if !missing.hq {
                let mut held = Replica::open(&self.hq_file(), ambient)?;
                checked(held.identity().organisation_key)?;
                name = held.identity().name.clone();
                grants = held
                    .grants()
                    .map_err(guicang_replica::OpenError::from)?
                    .grants()
                    .map(|(_, g)| g.clone())
                    .collect();
                replica = Some(held);
                ambient = Ambient { now: Box::new(move || now), fill: Box::new(|_| ()), machine: None };
            }
            let own = issue(relay_seed, code("R", &letters, &book(&organisation, &grants)), Role::Relay);
            if let Some(replica) = &mut replica {
                replica.add_grant(own.clone())?;
            }
            grants.push(own);
            let epoch = Epoch(epoch[..16].try_into().expect("16 of 32 bytes"));
            let organisation = organisation.public();
            let founding = relay::Founding { organisation, name, epoch, relay_seed, grants };
            drop(Relay::create(&self.relay_file(), founding)?);
        }
        if missing.hq {
            let relay = Relay::open(&self.relay_file())?;
            checked(relay.organisation_key())?;
            let known = relay.book()?;
            let own = issue(hq_seed, code("HQ", &letters, &known), Role::Hq);
            let mut grants = vec![own.clone()];
            grants.extend(known.device(relay.device()).map(|d| d.signed.clone()));
            relay.add_grants(vec![own])?;
            let founding = guicang_replica::Founding {
                organisation: organisation.public(),
                name: relay.name().to_owned(),
                key_seed: hq_seed,
                grants,
                zone: new.zone,
                currency: new.currency,
                relay_url: None,
            };
            drop(Replica::create(&self.hq_file(), founding, ambient)?);
        }
        Ok(missing)
    }
}

fn book(organisation: &OrganisationKey, grants: &[SignedGrant]) -> GrantBook {
    let mut book = GrantBook::new(organisation.public());
    for grant in grants {
        // One that isn't in order gives nobody a code.
        let _ = book.add(grant.clone());
    }
    book
}

/// A short code that nobody known ever had: some may be known to branches alone, so chance has a part in it.
fn code(stem: &str, letters: &[u8; 32], known: &GrantBook) -> DeviceCode {
    let letters = base32(letters).to_uppercase();
    (0..letters.len() - 4)
        .filter_map(|n| DeviceCode::new(&format!("{stem}{}", &letters[n..n + 4])).ok())
        .find(|code| known.by_code(code).is_none())
        .expect("one of some forty is free")
}
