//! Whole files are lost, put back to a copy, or go on twice.
//!
//! What surprises: a copy is taken as a file system takes it, with the log and whatever wasn't synced, while
//! the programs go on.

use guicang_domain::ids::DeviceId;
use guicang_server::hq::devices;
use guicang_server::relay::link::LocalLink;
use guicang_server::relay::{Founding, Relay};
use guicang_sync::feed::Epoch;
use guicang_sync::keys::DeviceKey;

use crate::device::Device;
use crate::grants::key_seed;
use crate::kept::Image;
use crate::random::Random;
use crate::step::Whose;
use crate::world::{HQ, World};
use crate::{Must, Violation, disk};

impl World {
    /// The files of a branch: its own, and of the machine that was cloned from it.
    pub(crate) fn one_of(&self, branch: usize, random: &mut Random) -> usize {
        match self.clones.get(&(branch + 1)) {
            Some(clone) if random.below(2) == 0 => *clone,
            _ => branch + 1,
        }
    }

    /// A copy is taken, to be put back some day.
    pub(crate) fn copy(&mut self, whose: Whose, random: &mut Random) {
        match whose {
            Whose::Relay => self.relay_copy = Some(Image::of(&self.relay_path())),
            Whose::Hq => self.copy_of(HQ),
            Whose::Branch(branch) => self.copy_of(self.one_of(branch, random)),
        }
    }

    fn copy_of(&mut self, at: usize) {
        self.devices[at].copy = Some(Image::of(&self.devices[at].path));
    }

    /// The last copy is put back.
    pub(crate) fn put_back(&mut self, whose: Whose, random: &mut Random) -> Result<(), Violation> {
        match whose {
            Whose::Relay => self.relay_back(),
            Whose::Hq => {
                if self.device_back(HQ)? {
                    // As its program does when it starts.
                    self.settle(random)?;
                }
                Ok(())
            }
            Whose::Branch(branch) => self.device_back(self.one_of(branch, random)).map(drop),
        }
    }

    fn relay_back(&mut self) -> Result<(), Violation> {
        let Some(copy) = self.relay_copy.clone() else { return Ok(()) };
        copy.put(&self.relay_path());
        self.relay_is_another()
    }

    /// What was known of the relay holds no longer.
    fn relay_is_another(&mut self) -> Result<(), Violation> {
        self.relay_died();
        self.seen.clear();
        self.relay_life += 1;
        self.devices.iter_mut().for_each(|device| device.accepted_to = 0);
        self.what_is_gone()
    }

    /// The relay's file is gone; another is made with the organisation's secret, by HQ's file.
    pub(crate) fn relay_anew(&mut self, random: &mut Random) -> Result<(), Violation> {
        let path = self.relay_path();
        disk::remove(&path);
        self.relay_died();
        self.relay_copy = None;
        let (seed, own) = self.organisation.relay_anew();
        let hq = self.devices[HQ].replica()?;
        let taken = hq.add_grant(own.clone());
        if disk::is_dead(&self.devices[HQ].path) {
            self.revive(HQ, random)?;
            let again = self.devices[HQ].replica()?.add_grant(own.clone());
            again.must("HQ takes the relay's grant")?;
        } else {
            taken.must("HQ takes the relay's grant")?;
        }
        let hq = self.devices[HQ].replica()?;
        let mut grants: Vec<_> = hq.grants().must("HQ's grants")?.grants().map(|(_, g)| g.clone()).collect();
        grants.push(own);
        let founding = Founding {
            organisation: self.organisation.key.public(),
            name: "Orchard".into(),
            epoch: Epoch(seed[..16].try_into().expect("16 of 32 bytes")),
            relay_seed: seed,
            grants,
        };
        drop(Relay::create(&path, founding).must("the relay's file")?);
        self.relay_is_another()
    }

    fn device_back(&mut self, at: usize) -> Result<bool, Violation> {
        let Some(copy) = self.devices[at].copy.clone() else { return Ok(false) };
        copy.put(&self.devices[at].path);
        self.file_is_another(at)?;
        Ok(true)
    }

    /// What was known of a device's file holds no longer.
    fn file_is_another(&mut self, at: usize) -> Result<(), Violation> {
        let device = &mut self.devices[at];
        device.close();
        (device.power_goes, device.accepted_to) = (false, 0);
        self.seen.retain(|(device, _), _| *device != at);
        self.devices[at].process(0)?;
        for n in 0..self.oracle.kept.len() {
            if self.oracle.kept[n].by != at || !self.oracle.kept[n].in_file {
                continue;
            }
            let hashes: Vec<[u8; 32]> = self.oracle.kept[n].said.iter().map(|said| said.hash).collect();
            self.oracle.kept[n].in_file = self.devices[at].has_rows(&hashes)?;
        }
        self.what_is_gone()
    }

    /// A machine is set up from the image of a branch's, and both go on.
    pub(crate) fn clone_branch(&mut self, branch: usize) -> Result<(), Violation> {
        let at = branch + 1;
        if self.clones.contains_key(&at) {
            return Ok(());
        }
        let image = Image::of(&self.devices[at].path);
        let path = self.folder.path().join(format!("{}-clone.sqlite", self.devices[at].name));
        image.put(&path);
        let clone = self.devices[at].cloned(path)?;
        self.devices.push(clone);
        self.clones.insert(at, self.devices.len() - 1);
        Ok(())
    }

    /// A branch's file is deleted, and its machine joins as a new one.
    pub(crate) fn join_anew(&mut self, branch: usize, random: &mut Random) -> Result<(), Violation> {
        let at = self.one_of(branch, random);
        let seed = key_seed(5000 + self.joined_anew);
        let site = self.devices[at].site.clone().expect("a branch's");
        let key = DeviceKey::from_seed(seed).public();
        let now = self.now();
        let link = self.link(self.devices[HQ].id)?;
        let admitted = devices::let_in(self.devices[HQ].replica()?, &link, &site, key, None, &|| now);
        if disk::is_dead(&self.relay_path()) {
            return self.revive_relay(random);
        }
        if disk::is_dead(&self.devices[HQ].path) {
            // HQ's process died over it: whoever asked asks another day.
            return self.revive(HQ, random).map(drop);
        }
        let grant = admitted.must("HQ lets a device in")?;
        if self.relay()?.add_grants(vec![grant.clone()]).is_err() {
            return self.revive_relay(random);
        }
        self.joined_anew += 1;
        let path = self.folder.path().join(format!("anew{}.sqlite", self.joined_anew));
        let founding = self.organisation.founding(seed, Some(grant));
        let name = format!("{}, joined anew", self.devices[at].name);
        let outside = self.outside.clone();
        let skew_ms = self.devices[at].skew.load(std::sync::atomic::Ordering::Relaxed);
        let device = Device::new(name, path, Some(site), skew_ms, founding, &outside)?;
        let old = std::mem::replace(&mut self.devices[at], device);
        disk::remove(&old.path);
        drop(old);
        self.file_is_another(at)
    }

    /// What a device's program does after a session about a journal that went two ways: whether another session
    /// is called for.
    pub(crate) fn mend(&mut self, at: usize, process: usize) -> Result<bool, Violation> {
        use guicang_replica::{LinkError, Mend};
        use guicang_server::relay::RelayError;
        let relay = self.relay()?;
        let path = self.devices[at].path.clone();
        let name = self.devices[at].name.clone();
        let store = |error| crate::exchange::store_failed(&name, &path, error).map(|_| false);
        let ask = match self.devices[at].process(process)?.replica.mend(relay.device()) {
            Ok(Mend::Whole) => return Ok(false),
            Ok(Mend::Fetch) => return Ok(true),
            Ok(Mend::Succeed(ask)) => ask,
            Err(error) => return store(error),
        };
        let now = self.now();
        let link = LocalLink::new(relay.clone(), self.devices[HQ].id);
        let hq_path = self.devices[HQ].path.clone();
        let hq = match self.devices[HQ].replica() {
            Ok(hq) => hq,
            Err(_) if disk::is_dead(&hq_path) => return Ok(false),
            Err(error) => return Err(error),
        };
        let issue = |site: &_, key| {
            devices::let_in(hq, &link, site, key, Some(ask.old), &|| now)
                .map_err(|e| RelayError::Issue { detail: e.to_string() })
        };
        // Whatever keeps HQ from letting it in: the next session asks again.
        let Ok(granted) = relay.succeed(&ask, now, issue) else { return Ok(false) };
        let done = self.devices[at].process(process)?.replica.succeed(&granted);
        self.devices[at].is_who(process)?;
        match done {
            Ok(()) => Ok(true),
            Err(LinkError::Store(error)) => store(error),
            Err(error) => Err(Violation(format!("{name}: what it was granted was not taken: {error}"))),
        }
    }
}

impl Device {
    /// The device that the first process's file is now.
    pub(crate) fn is_who(&mut self, process: usize) -> Result<DeviceId, Violation> {
        let id = self.process(process)?.replica.identity().device;
        if self.id != id {
            (self.id, self.accepted_to) = (id, 0);
        }
        Ok(id)
    }
}
