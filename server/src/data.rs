//! The data folder: `relay.sqlite` (the log), `hq.sqlite` (HQ's replica), `rail.sqlite` and
//! `invoices.sqlite` (the books of the simulated payment rail and invoicing service).
//!
//! What surprises: founding makes both files in a folder beside, which takes its place in one step, so
//! that there is never a relay without the HQ whose key its grants name. The organisation's own secret
//! is handed to the caller to be shown, and is nowhere in the files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use guicang_domain::ids::PublicKey;
use guicang_domain::money::Currency;
use guicang_domain::time::{Moment, Recorded, Zone};
use guicang_replica::{Ambient, BackupError, LinkError, OpenError, Replica, on_own_disk};
use guicang_sync::feed::Epoch;
use guicang_sync::grant::{Grant, Issuer, Role, SignedGrant};
use guicang_sync::keys::{DeviceKey, OrganisationKey};

use crate::relay::{self, Relay, RelayError};

/// The data folder.
#[derive(Debug, Clone)]
pub struct Data {
    folder: PathBuf,
}

/// What an organisation begins with.
#[derive(Debug, Clone)]
pub struct NewOrganisation {
    /// Its name, for people.
    pub name: String,
    /// Its zone.
    pub zone: Zone,
    /// Its currency.
    pub currency: Currency,
}

impl Default for NewOrganisation {
    /// What a command that writes founds when there is nothing yet.
    fn default() -> Self {
        Self { name: "My chain".into(), zone: Zone::SHANGHAI, currency: Currency::CNY }
    }
}

/// The organisation's secret: 32 bytes in hexadecimal. Shown once.
pub struct Secret(pub String);

/// Why the folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// There is an organisation already.
    #[error("there is an organisation in {folder} already")]
    Founded {
        /// The folder.
        folder: PathBuf,
    },
    /// There is none yet.
    #[error("there is no organisation in {folder}")]
    NotFounded {
        /// The folder.
        folder: PathBuf,
    },
    /// The file system refuses.
    #[error("{folder}: {source}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The secret is another organisation's.
    #[error("the secret isn't that of the organisation in {folder}")]
    Secret {
        /// The folder.
        folder: PathBuf,
    },
    /// A backup.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// A grant.
    #[error(transparent)]
    Grant(#[from] LinkError),
    /// The relay's file.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// HQ's file.
    #[error(transparent)]
    Replica(#[from] OpenError),
}

impl Data {
    /// A folder, there or not.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Its path.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The relay's file.
    pub fn relay_file(&self) -> PathBuf {
        self.folder.join("relay.sqlite")
    }

    /// HQ's replica's file.
    pub fn hq_file(&self) -> PathBuf {
        self.folder.join("hq.sqlite")
    }

    /// The simulated rail's file.
    pub fn rail_file(&self) -> PathBuf {
        self.folder.join("rail.sqlite")
    }

    /// The simulated invoicing service's file.
    pub fn invoices_file(&self) -> PathBuf {
        self.folder.join("invoices.sqlite")
    }

    /// Whether an organisation was founded here.
    pub fn is_founded(&self) -> bool {
        self.hq_file().exists() && self.relay_file().exists()
    }

    /// Opens the relay.
    ///
    /// # Errors
    /// [`DataError::NotFounded`], or what the file says.
    pub fn relay(&self) -> Result<Arc<Relay>, DataError> {
        self.founded()?;
        Ok(Arc::new(Relay::open(&self.relay_file())?))
    }

    /// Opens HQ's replica.
    ///
    /// # Errors
    /// [`DataError::NotFounded`], or what the file says.
    pub fn replica(&self, ambient: Ambient) -> Result<Replica, DataError> {
        self.founded()?;
        Ok(Replica::open(&self.hq_file(), ambient)?)
    }

    /// Founds an organisation: its key, HQ's device, the relay.
    ///
    /// # Errors
    /// [`DataError::Founded`], or what the file system says; nothing is left behind then but, after a
    /// crash, a folder beside whose name ends in `.new`.
    pub fn found(
        &self,
        new: &NewOrganisation,
        now: Moment,
        mut ambient: Ambient,
    ) -> Result<Secret, DataError> {
        if self.is_founded() {
            return Err(DataError::Founded { folder: self.folder.clone() });
        }
        on_own_disk(&self.folder)?;
        let io = |source| DataError::Folder { folder: self.folder.clone(), source };
        let beside = Data::new(self.folder.with_extension("new"));
        if beside.folder.exists() {
            std::fs::remove_dir_all(&beside.folder).map_err(io)?;
        }
        std::fs::create_dir_all(&beside.folder).map_err(io)?;

        let mut seed = || {
            let mut seed = [0; 32];
            (ambient.fill)(&mut seed);
            seed
        };
        let (secret, hq_seed, relay_seed, epoch) = (seed(), seed(), seed(), seed());
        let organisation = OrganisationKey::from_seed(secret);
        let grants = vec![
            grant(&organisation, DeviceKey::from_seed(hq_seed).public(), "HQ", Role::Hq, now),
            grant(&organisation, DeviceKey::from_seed(relay_seed).public(), "RELAY", Role::Relay, now),
        ];
        let epoch = Epoch(epoch[..16].try_into().expect("16 of 32 bytes"));
        let founding = relay::Founding {
            organisation: organisation.public(),
            name: new.name.clone(),
            epoch,
            relay_seed,
            grants: grants.clone(),
        };
        drop(Relay::create(&beside.relay_file(), founding)?);
        let founding = guicang_replica::Founding {
            organisation: organisation.public(),
            name: new.name.clone(),
            key_seed: hq_seed,
            grants,
            zone: new.zone,
            currency: new.currency,
            relay_url: None,
        };
        drop(Replica::create(&beside.hq_file(), founding, ambient)?);

        if self.folder.exists() {
            // Only an empty one is ours to replace: the error names what is in the way.
            std::fs::remove_dir(&self.folder).map_err(io)?;
        }
        std::fs::rename(&beside.folder, &self.folder).map_err(io)?;
        Ok(Secret(PublicKey(secret).to_string()))
    }

    fn founded(&self) -> Result<(), DataError> {
        match self.is_founded() {
            true => Ok(on_own_disk(&self.folder)?),
            false => Err(DataError::NotFounded { folder: self.folder.clone() }),
        }
    }
}

/// A grant by the organisation itself.
pub(crate) fn grant(
    organisation: &OrganisationKey,
    key: PublicKey,
    code: &str,
    role: Role,
    now: Moment,
) -> SignedGrant {
    let grant = Grant {
        organisation: organisation.organisation(),
        key,
        code: code.parse().expect("a code of ours"),
        role,
        from: now,
        until: None,
        serial: Recorded::new(now, 0),
        successor_of: None,
    };
    SignedGrant::sign(organisation, Issuer::Organisation, &grant)
}
