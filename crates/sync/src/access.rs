//! Joining and signing in: what travels before the first sync.
//!
//! A device joins once, with a code that HQ gave out, by the public half of a key that it made. Then
//! it signs in by signing the relay's challenge, and gets a token that goes with each request. What
//! surprises: signing in answers with the head of the device's journal as the relay holds it. If that
//! extends what the device has, the device was restored from a backup; if it contradicts it, the
//! device was cloned.

use guicang_domain::ids::{DeviceId, OrganisationId, PublicKey};
use guicang_domain::time::Moment;
use minicbor::{Decode, Encode};

use crate::digest;
use crate::entry::JournalHead;
use crate::feed::Epoch;
use crate::grant::SignedGrant;
use crate::keys::{DeviceKey, Signature, verify};

/// Where an [`Enrol`] is posted; answered with [`Enrolled`].
pub const ENROL_PATH: &str = "/v1/enrol";
/// Where a [`ChallengeRequest`] is posted; answered with [`Challenge`].
pub const CHALLENGE_PATH: &str = "/v1/challenge";
/// Where a [`SignIn`] is posted; answered with [`SignedIn`].
pub const SIGN_IN_PATH: &str = "/v1/sign-in";

const ENROL: &[u8] = b"guicang/enrol/1";
const SIGN_IN: &[u8] = b"guicang/sign-in/1";

/// A new device asks to join.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Enrol {
    /// The code that HQ gave out: good once, and for minutes.
    #[n(0)]
    pub code: String,
    /// The device's key.
    #[n(1)]
    pub key: PublicKey,
    /// By that key, over `[code, key]`: that it is the sender's.
    #[n(2)]
    pub proof: Signature,
}

impl Enrol {
    /// Asks to join with `code`, for the device that has `key`.
    pub fn new(key: &DeviceKey, code: String) -> Self {
        let public = key.public();
        let proof = key.sign(ENROL, &digest::cbor(&(&code, public)));
        Self { code, key: public, proof }
    }

    /// Whether the sender has the secret half of the key.
    pub fn check(&self) -> bool {
        verify(&self.key, ENROL, &digest::cbor(&(&self.code, self.key)), &self.proof)
    }
}

/// The device has joined.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Enrolled {
    /// The organisation's key.
    #[n(0)]
    pub organisation: PublicKey,
    /// The organisation's name, for people.
    #[n(1)]
    pub name: String,
    /// The device's grant and those that it stands on: its issuer's and the relay's.
    #[n(2)]
    pub grants: Vec<SignedGrant>,
    /// The relay.
    #[n(3)]
    pub relay: DeviceId,
    /// The relay's clock.
    #[n(4)]
    pub time: Moment,
}

/// A device asks for a challenge.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ChallengeRequest {
    /// Which.
    #[n(0)]
    pub device: DeviceId,
    /// Grants by which a relay that was made anew comes to know the device: its own and its issuer's. What
    /// they are worth, their signatures say.
    #[cbor(n(6), skip_if = "Vec::is_empty")]
    pub grants: Vec<SignedGrant>,
    /// Whether the device doesn't know the relay, and asks for its grant.
    #[cbor(n(7), skip_if = "std::ops::Not::not")]
    pub introduce: bool,
}

impl ChallengeRequest {
    /// Of a device that the relay knows, and that knows the relay.
    pub fn of(device: DeviceId) -> Self {
        Self { device, grants: Vec::new(), introduce: false }
    }
}

/// A challenge, good once and for a minute or so.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Challenge {
    /// Random.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub nonce: [u8; 32],
    /// The relay; it is signed too, so that one relay can't pass on another's challenge.
    #[n(1)]
    pub relay: DeviceId,
    /// The relay's clock.
    #[n(2)]
    pub time: Moment,
    /// The relay's own grant, where it was asked for.
    #[n(6)]
    pub grant: Option<SignedGrant>,
}

/// The device's answer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SignIn {
    /// Which.
    #[n(0)]
    pub device: DeviceId,
    /// The challenge's.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub nonce: [u8; 32],
    /// By the device's key, over `[organisation, relay, nonce]`.
    #[n(2)]
    pub signature: Signature,
}

impl SignIn {
    /// Answers a challenge.
    ///
    /// The device knows its relay since it joined; it must not sign for another that the challenge
    /// names, and so gives the one it knows.
    pub fn new(key: &DeviceKey, organisation: OrganisationId, relay: DeviceId, nonce: [u8; 32]) -> Self {
        let signature = key.sign(SIGN_IN, &sign_in_message(organisation, relay, nonce));
        Self { device: key.device(), nonce, signature }
    }

    /// Whether `key` is the device's, and answered this relay's challenge. That the nonce is one the
    /// relay gave out, and not used yet, is the relay's to know.
    pub fn check(&self, key: &PublicKey, organisation: OrganisationId, relay: DeviceId) -> bool {
        let message = sign_in_message(organisation, relay, self.nonce);
        key.device() == self.device && verify(key, SIGN_IN, &message, &self.signature)
    }
}

fn sign_in_message(organisation: OrganisationId, relay: DeviceId, nonce: [u8; 32]) -> Vec<u8> {
    digest::cbor(&(organisation, relay, minicbor::bytes::ByteArray::from(nonce)))
}

/// The device is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SignedIn {
    /// Goes with each request until it expires. Opaque.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub token: Vec<u8>,
    /// When it does, by the relay's clock.
    #[n(1)]
    pub expires: Moment,
    /// The relay's.
    #[n(2)]
    pub epoch: Epoch,
    /// The relay's clock.
    #[n(3)]
    pub time: Moment,
    /// The head of the device's journal as the relay holds it; none: it holds no entry.
    #[n(4)]
    pub journal: Option<JournalHead>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining_proves_the_key() {
        let alice = DeviceKey::from_seed([1; 32]);
        let ask = Enrol::new(&alice, "K7QX-22".into());
        assert!(ask.check());
        let stolen = Enrol { code: "K7QX-23".into(), ..ask.clone() };
        assert!(!stolen.check());
        let other = Enrol { key: DeviceKey::from_seed([2; 32]).public(), ..ask };
        assert!(!other.check());
    }

    #[test]
    fn a_challenge_answered_for_one_relay_is_worth_nothing_at_another() {
        let alice = DeviceKey::from_seed([1; 32]);
        let organisation = DeviceKey::from_seed([3; 32]).organisation();
        let (ours, theirs) = (DeviceId([1; 16]), DeviceId([2; 16]));
        let answer = SignIn::new(&alice, organisation, ours, [5; 32]);
        assert!(answer.check(&alice.public(), organisation, ours));
        assert!(!answer.check(&alice.public(), organisation, theirs));
        assert!(!SignIn { nonce: [6; 32], ..answer }.check(&alice.public(), organisation, ours));
    }
}
