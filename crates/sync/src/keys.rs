//! Ed25519 keys of devices and of the organisation, and signatures made with them.
//!
//! A signature always covers a domain tag before the message, so that what was signed as a stamp is
//! never valid as an entry. Seeds are passed in: the binaries own the randomness.

use std::fmt;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use guicang_domain::ids::{DeviceId, OrganisationId, PublicKey};
use minicbor::{Decode, Encode};

/// A secret key. It is wiped from memory when dropped, and never printed.
#[derive(Clone)]
pub struct DeviceKey(SigningKey);

/// The organisation's own key: made with the organisation, shown once, kept off the machine.
pub type OrganisationKey = DeviceKey;

/// An Ed25519 signature. CBOR: 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature(pub [u8; 64]);

impl DeviceKey {
    /// The key of 32 random bytes; the caller keeps these where secrets are kept.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// The device that has this key.
    pub fn device(&self) -> DeviceId {
        self.public().device()
    }

    /// The organisation that has this key.
    pub fn organisation(&self) -> OrganisationId {
        self.public().organisation()
    }

    /// Signs `message` under `domain`, a tag such as `guicang/entry/1`.
    ///
    /// No tag may be the beginning of another.
    pub fn sign(&self, domain: &[u8], message: &[u8]) -> Signature {
        Signature(self.0.sign(&[domain, message].concat()).to_bytes())
    }
}

/// Whether `signature` over `message` under `domain` was made with the secret half of `key`.
///
/// Strict: weak keys and signatures that can be varied by others are refused, so that all replicas
/// judge alike whatever library they were built with.
pub fn verify(key: &PublicKey, domain: &[u8], message: &[u8], signature: &Signature) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(&key.0) else { return false };
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    key.verify_strict(&[domain, message].concat(), &signature).is_ok()
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceKey({})", self.device())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl<C> Encode<C> for Signature {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Signature {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let bytes = d.bytes()?.try_into();
        bytes.map(Self).map_err(|_| minicbor::decode::Error::message("a signature has 64 bytes").at(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_key_domain_and_message_only() {
        let (alice, bob) = (DeviceKey::from_seed([1; 32]), DeviceKey::from_seed([2; 32]));
        let signature = alice.sign(b"a/1", b"hello");
        assert!(verify(&alice.public(), b"a/1", b"hello", &signature));
        assert!(!verify(&bob.public(), b"a/1", b"hello", &signature));
        assert!(!verify(&alice.public(), b"b/1", b"hello", &signature));
        assert!(!verify(&alice.public(), b"a/1", b"hallo", &signature));
    }

    #[test]
    fn a_key_of_small_order_signs_nothing() {
        // The neutral element as key, and R = identity, S = 0: a lax check accepts it for any message.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&neutral);
        assert!(!verify(&PublicKey(neutral), b"a/1", b"anything", &Signature(signature)));
    }

    #[test]
    fn the_secret_is_not_printed() {
        let key = DeviceKey::from_seed([7; 32]);
        assert_eq!(format!("{key:?}"), format!("DeviceKey({})", key.device()));
    }
}
