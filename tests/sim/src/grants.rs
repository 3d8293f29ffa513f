//! The organisation's keys, and the grants that they sign.

use guicang_domain::ids::SiteId;
use guicang_domain::money::Currency;
use guicang_domain::time::{Moment, Recorded, Zone};
use guicang_replica::Founding;
use guicang_sync::grant::{Grant, Issuer, Role, SignedGrant};
use guicang_sync::keys::DeviceKey;

/// Who signs.
pub(crate) struct Organisation {
    pub(crate) key: DeviceKey,
    pub(crate) hq: DeviceKey,
    pub(crate) relay: DeviceKey,
    serial: i64,
    /// The relay's grant as it is now, and how many relays there were before.
    relay_code: String,
    relays: u32,
}

/// A key's seed from a number.
pub(crate) fn key_seed(number: u32) -> [u8; 32] {
    let mut seed = [7; 32];
    seed[..4].copy_from_slice(&number.to_be_bytes());
    seed
}

impl Organisation {
    pub(crate) fn new() -> Self {
        let [key, hq, relay] = [1, 2, 3].map(|n| DeviceKey::from_seed(key_seed(n)));
        Self { key, hq, relay, serial: 10, relay_code: "R".into(), relays: 0 }
    }

    fn grant(&self, key: &DeviceKey, code: &str, role: Role, serial: i64) -> Grant {
        Grant {
            organisation: self.key.organisation(),
            key: key.public(),
            code: code.parse().expect("a code"),
            role,
            from: Moment(0),
            until: None,
            serial: Recorded(serial),
            successor_of: None,
        }
    }

    fn by_organisation(&self, key: &DeviceKey, code: &str, role: Role, serial: i64) -> SignedGrant {
        SignedGrant::sign(&self.key, Issuer::Organisation, &self.grant(key, code, role, serial))
    }

    /// HQ's and the relay's own.
    pub(crate) fn own(&self) -> Vec<SignedGrant> {
        vec![
            self.by_organisation(&self.hq, "HQ", Role::Hq, 1),
            self.by_organisation(&self.relay, &self.relay_code, Role::Relay, 1),
        ]
    }

    /// The seed and the grant of a relay that takes the place of the one there was.
    pub(crate) fn relay_anew(&mut self) -> ([u8; 32], SignedGrant) {
        self.relays += 1;
        let seed = key_seed(3000 + self.relays);
        self.relay = DeviceKey::from_seed(seed);
        self.relay_code = format!("R{}", self.relays + 1);
        (seed, self.by_organisation(&self.relay, &self.relay_code, Role::Relay, 1))
    }

    /// A site's device, by HQ.
    pub(crate) fn device(&mut self, key: &DeviceKey, code: &str, site: &SiteId) -> SignedGrant {
        self.serial += 1;
        let grant = self.grant(key, code, Role::Site(site.clone()), self.serial);
        SignedGrant::sign(&self.hq, Issuer::Device(self.hq.device()), &grant)
    }

    /// One more of HQ's devices.
    pub(crate) fn observer(&mut self, key: &DeviceKey, code: &str) -> SignedGrant {
        self.serial += 1;
        self.by_organisation(key, code, Role::Hq, self.serial)
    }

    /// What a device's file begins with.
    pub(crate) fn founding(&self, key_seed: [u8; 32], own: Option<SignedGrant>) -> Founding {
        let mut grants = self.own();
        grants.extend(own);
        Founding {
            organisation: self.key.public(),
            name: "Orchard".into(),
            key_seed,
            grants,
            zone: Zone::SHANGHAI,
            currency: Currency::CNY,
            relay_url: None,
        }
    }
}
