//! Succession: a device whose journal went two ways becomes another device.
//!
//! A file that was cloned, or restored from a backup and worked on, has two lives under one key, and a relay
//! takes only one journal of it. The other asks for a grant to a new key, proving that it has both. What
//! surprises: it may ask again with the same key and gets the same grant, since the answer may have been
//! lost; the grant, not the answer, is what makes the successor.

use guicang_domain::ids::{DeviceId, OrganisationId, PublicKey};
use guicang_domain::time::Moment;
use minicbor::{Decode, Encode};

use crate::digest;
use crate::grant::SignedGrant;
use crate::keys::{DeviceKey, Signature, verify};

/// Where a [`Succeed`] is posted; answered with [`Succeeded`].
pub const SUCCEED_PATH: &str = "/v1/succeed";

/// How many successors that may still write one device has at most. Whoever has a device's key could
/// otherwise have any number of devices made.
pub const SUCCESSORS_MAX: usize = 8;

const SUCCEED_OLD: &[u8] = b"guicang/succeed/old/1";
const SUCCEED_NEW: &[u8] = b"guicang/succeed/new/1";

/// A device asks for another's place: its own of until now.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Succeed {
    /// The device whose journal went two ways.
    #[n(0)]
    pub old: DeviceId,
    /// The new key.
    #[n(1)]
    pub key: PublicKey,
    /// By the old device's key, over `[organisation, relay, old, key]`.
    #[n(2)]
    pub old_proof: Signature,
    /// By the new key, over the same.
    #[n(3)]
    pub new_proof: Signature,
}

impl Succeed {
    /// Asks a relay that `new` come in the place of `old`.
    pub fn new(old: &DeviceKey, new: &DeviceKey, organisation: OrganisationId, relay: DeviceId) -> Self {
        let (device, key) = (old.device(), new.public());
        let message = message(organisation, relay, device, key);
        Self {
            old: device,
            key,
            old_proof: old.sign(SUCCEED_OLD, &message),
            new_proof: new.sign(SUCCEED_NEW, &message),
        }
    }

    /// Whether the sender has the secret halves of both keys, and meant this relay; `old_key` is the key of
    /// the device `old`.
    pub fn check(&self, old_key: &PublicKey, organisation: OrganisationId, relay: DeviceId) -> bool {
        let message = message(organisation, relay, self.old, self.key);
        old_key.device() == self.old
            && self.key.device() != self.old
            && verify(old_key, SUCCEED_OLD, &message, &self.old_proof)
            && verify(&self.key, SUCCEED_NEW, &message, &self.new_proof)
    }
}

fn message(organisation: OrganisationId, relay: DeviceId, old: DeviceId, key: PublicKey) -> Vec<u8> {
    digest::cbor(&(organisation, relay, old, key))
}

/// The new key is a device's.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Succeeded {
    /// The successor's grant and its issuer's.
    #[n(0)]
    pub grants: Vec<SignedGrant>,
    /// The relay's clock.
    #[n(1)]
    pub time: Moment,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only who has both keys gets a successor, of that device, at that relay.
    #[test]
    fn both_keys_are_proven() {
        let [old, new, other] = [1, 2, 3].map(|n| DeviceKey::from_seed([n; 32]));
        let (organisation, relay) = (OrganisationId([7; 16]), DeviceId([8; 16]));
        let ask = Succeed::new(&old, &new, organisation, relay);
        assert!(ask.check(&old.public(), organisation, relay));
        assert!(!ask.check(&old.public(), organisation, DeviceId([9; 16])), "another relay");
        assert!(!ask.check(&old.public(), OrganisationId([9; 16]), relay), "another organisation");
        assert!(!ask.check(&other.public(), organisation, relay), "another's key");
        let stolen = Succeed { key: other.public(), ..ask.clone() };
        assert!(!stolen.check(&old.public(), organisation, relay), "a key that nobody proved");
        let forged = Succeed { old_proof: ask.new_proof, ..ask };
        assert!(!forged.check(&old.public(), organisation, relay), "the old key said nothing");
        let itself = Succeed::new(&old, &old, organisation, relay);
        assert!(!itself.check(&old.public(), organisation, relay), "nobody succeeds itself");
    }
}
