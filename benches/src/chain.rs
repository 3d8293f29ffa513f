//! A retail chain in a folder: an organisation, its relay, HQ's replica, branches.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use guicang_domain::ids::SiteId;
use guicang_domain::money::Currency;
use guicang_domain::time::{Moment, Recorded, Zone};
use guicang_replica::{Ambient, Founding, Replica};
use guicang_server::relay;
use guicang_server::relay::Relay;
use guicang_server::relay::link::LocalLink;
use guicang_sync::feed::Epoch;
use guicang_sync::grant::{Grant, Issuer, Role, SignedGrant};
use guicang_sync::keys::DeviceKey;
use guicang_sync::session::{Limits, Session, Step, Summary};

use crate::random::Random;
use crate::timing;

/// How many positions HQ applies in a transaction. It has its file to itself but for questions.
const SLICE: usize = 1024;

/// The chain.
pub struct Chain {
    folder: tempfile::TempDir,
    organisation: DeviceKey,
    hq_key: DeviceKey,
    random: Random,
    serial: i64,
    founders: Vec<SignedGrant>,
    /// Its relay.
    pub relay: Arc<Relay>,
    /// HQ's replica.
    pub hq: Replica,
}

impl Chain {
    /// A chain without branches.
    pub fn found(seed: u64) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut random = Random::of(seed);
        let organisation = DeviceKey::from_seed(random.bytes());
        let (hq_seed, relay_seed) = (random.bytes(), random.bytes());
        let (hq_key, relay_key) = (DeviceKey::from_seed(hq_seed), DeviceKey::from_seed(relay_seed));
        let founders =
            [(&hq_key, "HQ", Role::Hq), (&relay_key, "R", Role::Relay)].map(|(key, code, role)| {
                let grant = grant(&organisation, key, code, role, 1)?;
                Ok(SignedGrant::sign(&organisation, Issuer::Organisation, &grant))
            });
        let founders = founders.into_iter().collect::<Result<Vec<_>>>()?;
        let relay = Relay::create(
            &folder.path().join("relay.sqlite"),
            relay::Founding {
                organisation: organisation.public(),
                name: "Farm shops".into(),
                epoch: Epoch(random.bytes()),
                relay_seed,
                grants: founders.clone(),
            },
        )?;
        let path = folder.path().join("hq.sqlite");
        let founding = founding(&organisation, hq_seed, founders.clone());
        let hq = Replica::create(&path, founding, ambient(random.next()))?;
        Ok(Self { folder, organisation, hq_key, random, serial: 1, founders, relay: Arc::new(relay), hq })
    }

    /// The relay's file.
    pub fn relay_path(&self) -> PathBuf {
        self.folder.path().join("relay.sqlite")
    }

    /// HQ's file.
    pub fn hq_path(&self) -> PathBuf {
        self.folder.path().join("hq.sqlite")
    }

    /// Where a file of that name may be put.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A device at a site, enrolled at the relay; its file is this.
    pub fn branch(&mut self, site: &str, code: &str) -> Result<(Replica, PathBuf)> {
        let seed = self.random.bytes();
        let mut grants = self.founders.clone();
        grants.push(self.enrol(&DeviceKey::from_seed(seed), site, code)?);
        let path = self.path(&format!("{code}.sqlite"));
        let ambient = ambient(self.random.next());
        let replica = Replica::create(&path, founding(&self.organisation, seed, grants), ambient)?;
        Ok((replica, path))
    }

    /// Opens a device's file again, as another process would.
    pub fn open(&mut self, path: &Path) -> Result<Replica> {
        Ok(Replica::open(path, ambient(self.random.next()))?)
    }

    /// Devices at so many further sites, each with its grant at the relay, and nothing more.
    pub fn further_sites(&mut self, count: usize) -> Result<()> {
        for n in 0..count {
            let key = DeviceKey::from_seed(self.random.bytes());
            self.enrol(&key, &format!("F{n:04}"), &format!("F{n:04}A"))?;
        }
        Ok(())
    }

    /// Devices at so many further sites with their keys, granted all at once.
    ///
    /// # Errors
    /// When a grant isn't taken.
    pub fn further_devices(&mut self, count: usize) -> Result<Vec<(DeviceKey, SiteId)>> {
        let mut devices = Vec::new();
        let mut grants = Vec::new();
        for n in 0..count {
            let key = DeviceKey::from_seed(self.random.bytes());
            let site = SiteId::new(&format!("P{n:05}"))?;
            self.serial += 1;
            let code = format!("P{n:05}A");
            let grant = grant(&self.organisation, &key, &code, Role::Site(site.clone()), self.serial)?;
            grants.push(SignedGrant::sign(&self.hq_key, Issuer::Device(self.hq_key.device()), &grant));
            devices.push((key, site));
        }
        self.relay.add_grants(grants)?;
        Ok(devices)
    }

    fn enrol(&mut self, key: &DeviceKey, site: &str, code: &str) -> Result<SignedGrant> {
        self.serial += 1;
        let role = Role::Site(SiteId::new(site)?);
        let grant = grant(&self.organisation, key, code, role, self.serial)?;
        let signed = SignedGrant::sign(&self.hq_key, Issuer::Device(self.hq_key.device()), &grant);
        self.relay.add_grants(vec![signed.clone()])?;
        Ok(signed)
    }

    /// HQ follows the log until it has all of it.
    pub fn follow(&mut self) -> Result<Summary> {
        session(&mut self.hq, &self.relay)
    }
}

fn grant(organisation: &DeviceKey, key: &DeviceKey, code: &str, role: Role, serial: i64) -> Result<Grant> {
    Ok(Grant {
        organisation: organisation.organisation(),
        key: key.public(),
        code: code.parse()?,
        role,
        from: Moment(0),
        until: None,
        serial: Recorded(serial),
        successor_of: None,
    })
}

fn founding(organisation: &DeviceKey, key_seed: [u8; 32], grants: Vec<SignedGrant>) -> Founding {
    Founding {
        organisation: organisation.public(),
        name: "Farm shops".into(),
        key_seed,
        grants,
        zone: Zone::SHANGHAI,
        currency: Currency::CNY,
        relay_url: None,
    }
}

fn ambient(seed: u64) -> Ambient {
    let mut random = Random::of(seed);
    Ambient { now: Box::new(timing::now), fill: Box::new(move |bytes| random.fill(bytes)), machine: None }
}

/// One session in this process: the bytes that would travel, without a line.
pub fn session(replica: &mut Replica, relay: &Arc<Relay>) -> Result<Summary> {
    let link = LocalLink::new(relay.clone(), replica.identity().device);
    let mut session = Session::new(replica.session_start(Limits::default())?);
    loop {
        match session.step() {
            Step::Entries { after_sequence, budget_bytes } => {
                let (entries, more) = replica.wire_entries(after_sequence, budget_bytes)?;
                session.entries(entries, more, None)?;
            }
            Step::Send(body) => session.answer(&link.sync(&body, timing::now())?)?,
            Step::Store(received) => {
                let mut pull = replica.begin_pull(&received)?;
                while replica.apply_slice(&mut pull, SLICE)? {}
                session.stored(replica.cursors()?)?;
            }
            Step::Reconcile(ask) => session.reconciled(replica.reconcile(ask)?)?,
            Step::Done(summary) => {
                replica.session_done(&summary)?;
                check(&summary).context("the session")?;
                return Ok(summary);
            }
        }
    }
}

/// A figure counts only if the session did what it is to do.
///
/// # Errors
/// When something was refused or set apart, or the ends aren't proven equal.
pub fn check(summary: &Summary) -> Result<()> {
    ensure!(
        summary.proven && summary.refused == 0 && summary.set_apart == 0,
        "it did not end as it should: {summary:?}"
    );
    Ok(())
}
