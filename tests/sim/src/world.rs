//! An organisation on the disk that forgets, and what happens to it step by step.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use guicang_domain::ids::{DeviceId, SiteId};
use guicang_domain::time::Moment;
use guicang_replica::SiteDraft;
use guicang_server::hq::rail::SimulatedRail;
use guicang_server::relay::Relay;
use guicang_server::relay::link::LocalLink;
use guicang_sync::feed::Epoch;
use guicang_sync::keys::DeviceKey;
use rusqlite::Connection;

use crate::chain::START;
use crate::device::{Device, Outside, audit};
use crate::grants::{Organisation, key_seed};
use crate::kept::{Image, Kept};
use crate::random::Random;
use crate::step::{Act, Step, What};
use crate::{Must, Violation, disk, vfs};

/// How large a world is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Branches.
    pub branches: usize,
    /// Steps before it gets calm.
    pub steps: usize,
}

/// What is known outside of the system.
#[derive(Default)]
pub(crate) struct Oracle {
    /// Commands that returned Ok.
    pub(crate) kept: Vec<Kept>,
    /// Receipts that customers have, as they are typed.
    pub(crate) receipts: Vec<String>,
    /// Goods under way with their paper: number, sender, receiver, units.
    pub(crate) under_way: Vec<(String, SiteId, SiteId, i64)>,
    /// How many commands returned Ok.
    pub(crate) commands: u64,
    /// Sessions that said that both ends hold the same.
    pub(crate) proven: u64,
    /// Processes that died, with and without their power.
    pub(crate) deaths: [u64; 2],
}

/// The world.
pub struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) outside: Outside,
    pub(crate) organisation: Organisation,
    relay: Option<Arc<Relay>>,
    relay_auditor: Option<Connection>,
    relay_power_goes: bool,
    /// HQ first, then the branches' devices.
    pub(crate) devices: Vec<Device>,
    pub(crate) rail: SimulatedRail,
    /// Requests that were late: whose, and when they will have been made.
    pub(crate) late: Vec<(DeviceId, Vec<u8>)>,
    /// The last answer that each device's line has brought, and of which of the relay's lives.
    pub(crate) answers: BTreeMap<usize, (Vec<u8>, u32)>,
    pub(crate) oracle: Oracle,
    /// How far the auditor has read each feed at each device, so that it reads only what is newer.
    pub(crate) seen: BTreeMap<(usize, String), u64>,
    /// A copy of the relay's file, to be put back.
    pub(crate) relay_copy: Option<Image>,
    /// How often the relay was put back or made anew.
    pub(crate) relay_life: u32,
    /// Machines that were set up from a branch's image.
    pub(crate) clones: BTreeMap<usize, usize>,
    /// How many machines joined anew.
    pub(crate) joined_anew: u32,
}

impl Drop for World {
    fn drop(&mut self) {
        self.devices.clear();
        (self.relay, self.relay_auditor) = (None, None);
        disk::forget(self.folder.path());
    }
}

/// HQ's place among the devices.
pub(crate) const HQ: usize = 0;

impl World {
    /// An organisation with its sites, a device at each, and two at every fourth.
    ///
    /// # Errors
    /// [`Violation`] if even that fails.
    pub fn new(setting: Setting) -> Result<Self, Violation> {
        vfs::register();
        let folder = tempfile::tempdir().must("a folder")?;
        let outside =
            Outside { clock: Arc::new(AtomicI64::new(START.0)), chance: Arc::new(AtomicU64::new(1)) };
        let organisation = Organisation::new();
        let founding = guicang_server::relay::Founding {
            organisation: organisation.key.public(),
            name: "Orchard".into(),
            epoch: Epoch([9; 16]),
            relay_seed: key_seed(3),
            grants: organisation.own(),
        };
        let relay = Relay::create(&folder.path().join("relay.sqlite"), founding).must("the relay's file")?;
        let founding = organisation.founding(key_seed(2), None);
        let hq = Device::new("HQ".into(), folder.path().join("hq.sqlite"), None, 0, founding, &outside)?;
        let rail = SimulatedRail::open(&folder.path().join("rail.sqlite")).must("the rail's books")?;
        let mut world = Self {
            folder,
            outside,
            organisation,
            relay: Some(Arc::new(relay)),
            relay_auditor: None,
            relay_power_goes: false,
            devices: vec![hq],
            rail,
            late: Vec::new(),
            answers: BTreeMap::new(),
            oracle: Oracle::default(),
            seen: BTreeMap::new(),
            relay_copy: None,
            relay_life: 0,
            clones: BTreeMap::new(),
            joined_anew: 0,
        };
        for branch in 0..setting.branches {
            world.name_site(branch, "Shop")?;
        }
        for branch in 0..setting.branches {
            world.join(branch, branch)?;
        }
        Ok(world)
    }

    /// A branch's device joins. Of each four branches the last is a second device at the third's site.
    fn join(&mut self, branch: usize, number: usize) -> Result<(), Violation> {
        let site = site_of(branch);
        let name = format!("{site}{}", if number % 4 == 3 { "B" } else { "A" });
        let seed = key_seed(100 + number as u32);
        let grant = self.organisation.device(&DeviceKey::from_seed(seed), &name, &site);
        // By HQ's word, which its own file has first.
        self.devices[HQ].replica()?.add_grant(grant.clone()).must("HQ's grant")?;
        self.relay()?.add_grants(vec![grant.clone()]).must("a grant")?;
        let founding = self.organisation.founding(seed, Some(grant));
        let path = self.folder.path().join(format!("{name}.sqlite"));
        // One clock in three is a little off from the beginning.
        let skew_ms = [0, 0, 120_000, 0, -1_200_000, 0][number % 6];
        let device = Device::new(name, path, Some(site), skew_ms, founding, &self.outside)?;
        self.devices.push(device);
        Ok(())
    }

    pub(crate) fn name_site(&mut self, branch: usize, name: &str) -> Result<(), Violation> {
        let draft = SiteDraft {
            code: site_of(branch),
            name: format!("{name} {branch}"),
            address: None,
            return_address: None,
            zone: None,
            currency: None,
        };
        self.command(HQ, &[], move |replica| replica.put_site(draft).map(drop)).map(drop)
    }

    /// The relay, started if it isn't running.
    pub(crate) fn relay(&mut self) -> Result<Arc<Relay>, Violation> {
        if self.relay.is_none() {
            let relay = Relay::open(&self.relay_path()).must("the relay's file does not open")?;
            self.relay = Some(Arc::new(relay));
        }
        Ok(self.relay.clone().expect("opened above"))
    }

    pub(crate) fn relay_path(&self) -> PathBuf {
        self.folder.path().join("relay.sqlite")
    }

    /// The relay's file, as an auditor reads it.
    pub(crate) fn relay_file(&mut self) -> Result<&Connection, Violation> {
        if self.relay_auditor.is_none() {
            self.relay_auditor = Some(audit(&self.relay_path())?);
        }
        Ok(self.relay_auditor.as_ref().expect("opened above"))
    }

    /// Where the relay's process has died, the next request finds another one.
    pub(crate) fn revive_relay(&mut self, random: &mut Random) -> Result<(), Violation> {
        let path = self.relay_path();
        if !disk::is_dead(&path) {
            return Ok(());
        }
        let power = std::mem::take(&mut self.relay_power_goes);
        match power {
            true => drop(disk::lose_power(&path, random)),
            false => disk::kill(&path),
        }
        self.oracle.deaths[usize::from(power)] += 1;
        self.relay_died();
        self.relay_keeps_what_it_acknowledged()
    }

    /// Nobody has the relay's file open any more.
    pub(crate) fn relay_died(&mut self) {
        (self.relay, self.relay_auditor, self.relay_power_goes) = (None, None, false);
    }

    /// A device's link, as the relay has identified it.
    pub(crate) fn link(&mut self, device: DeviceId) -> Result<LocalLink, Violation> {
        Ok(LocalLink::new(self.relay()?, device))
    }

    pub(crate) fn now(&self) -> Moment {
        self.outside.now()
    }

    pub(crate) fn later(&self, ms: i64) {
        self.outside.clock.fetch_add(ms, Ordering::Relaxed);
    }

    /// Does a step, and looks whether all is as it must be.
    ///
    /// # Errors
    /// [`Violation`].
    pub fn step(&mut self, step: &Step) -> Result<(), Violation> {
        self.outside.chance.store(step.salt, Ordering::Relaxed);
        let mut random = Random(step.salt ^ 0xA5A5);
        self.later(1000 + random.below(30_000) as i64);
        let clones = self.clones.clone();
        let clone_s_turn = random.below(2) == 0;
        let device = |branch: usize| match clones.get(&(branch + 1)) {
            Some(clone) if clone_s_turn => *clone,
            _ => branch + 1,
        };
        match &step.what {
            What::Wait(ms) => self.later(*ms),
            What::Act(branch, act) => self.act(device(*branch), *act, &mut random)?,
            What::Go(branch, process, moves, line) => {
                self.go(device(*branch), *process, *moves, *line, &mut random)?;
            }
            What::Sync(branch) => drop(self.sync(device(*branch), &mut random)?),
            What::Arrives(n) => self.arrives(*n, &mut random)?,
            What::Settle => self.settle(&mut random)?,
            What::Edit(site) => self.name_site(*site, &format!("Shop {}", step.salt % 1000))?,
            What::PayOut(lost, stall) => self.pay_out(*lost, *stall, &mut random)?,
            What::Dies(branch, writes, power) => self.arm(device(*branch), *writes, *power),
            What::HqDies(writes, power) => self.arm(HQ, *writes, *power),
            What::RelayDies(writes, power) => {
                self.relay_power_goes = *power;
                disk::dies_after(&self.relay_path(), *writes);
            }
            What::Full(branch, writes) => {
                disk::full_after(&self.devices[device(*branch)].path, Some(*writes));
            }
            What::Clock(branch, ms) => {
                self.devices[device(*branch)].skew.store(*ms, Ordering::Relaxed);
            }
            What::SameChance(branch) => {
                let at = device(*branch);
                self.devices[at].close();
                self.outside.chance.store(0x5A5A, Ordering::Relaxed);
                let opened = self.devices[at].replica().map(drop);
                self.outside.chance.store(step.salt, Ordering::Relaxed);
                // It may die over it, as over anything.
                if !self.revive(at, &mut random)? {
                    opened?;
                }
                self.act(at, Act::Deliver, &mut random)?;
            }
            What::Copy(whose) => self.copy(*whose, &mut random),
            What::Back(whose) => self.put_back(*whose, &mut random)?,
            What::RelayAnew => self.relay_anew(&mut random)?,
            What::Clone(branch) => self.clone_branch(*branch)?,
            What::JoinAnew(branch) => self.join_anew(*branch, &mut random)?,
            What::Cut(branch, ms) => {
                self.devices[device(*branch)].cut_until = self.now().plus_ms(*ms);
            }
        }
        self.revive_relay(&mut random)?;
        self.revive_all(&mut random)
    }

    fn arm(&mut self, device: usize, writes: u32, power: bool) {
        self.devices[device].power_goes = power;
        disk::dies_after(&self.devices[device].path, writes);
    }

    /// Whoever died starts again, and has all that was acknowledged.
    pub(crate) fn revive_all(&mut self, random: &mut Random) -> Result<(), Violation> {
        for at in 0..self.devices.len() {
            self.revive(at, random)?;
        }
        Ok(())
    }

    /// One device; whether it had died.
    pub(crate) fn revive(&mut self, at: usize, random: &mut Random) -> Result<bool, Violation> {
        let power = self.devices[at].power_goes;
        let died = self.devices[at].revive(random)?;
        if died {
            self.oracle.deaths[usize::from(power)] += 1;
            self.keeps_what_it_returned(at)?;
        }
        Ok(died)
    }

    /// No more faults: what was to come doesn't, clocks are right, lines are whole.
    pub(crate) fn no_more_faults(&mut self, random: &mut Random) -> Result<(), Violation> {
        for at in 0..self.devices.len() {
            let device = &mut self.devices[at];
            disk::full_after(&device.path, None);
            disk::spare(&device.path);
            device.skew.store(0, Ordering::Relaxed);
            device.cut_until = Moment(0);
        }
        disk::spare(&self.relay_path());
        self.revive_relay(random)?;
        self.revive_all(random)
    }
}

/// The site of a branch's device. Of each four the last two share one.
pub(crate) fn site_of(branch: usize) -> SiteId {
    let site = if branch % 4 == 3 { branch - 1 } else { branch };
    format!("S{site:03}").parse().expect("a site's code")
}
