//! Grants: who a device is, what it may do, since when and until when.
//!
//! A grant is signed by the organisation's key, or, for a device of a site, by an HQ device whose
//! own grant the organisation signed. Enrolment, revocation and a device's successor are grants.
//! What surprises: nothing is ever withdrawn by deleting; a later grant for the same key takes the
//! place of the earlier one. What stands is a pure function of the *set* of grants ([`GrantBook`]).

use guicang_domain::ids::{DeviceCode, DeviceId, OrganisationId, PublicKey, SiteId};
use guicang_domain::time::{Moment, Recorded};
use minicbor::{Decode, Encode};

use crate::digest;
use crate::keys::{DeviceKey, Signature, verify};

mod book;

pub use book::{Added, Device, GrantBook, GrantError, Standing, Stranded};

const GRANT: &[u8] = b"guicang/grant/1";
const SIGNED: &[u8] = b"guicang/signed-grant/1";

/// What a device is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(flat)]
pub enum Role {
    /// A device of a branch or warehouse: it writes documents of this site.
    #[n(0)]
    Site(#[n(0)] SiteId),
    /// A device of headquarters: it writes anywhere, and alone writes master data.
    #[n(1)]
    Hq,
    /// A relay: it stamps, and writes nothing.
    #[n(2)]
    Relay,
}

/// What is granted to a key.
///
/// The bytes that were signed are kept as they are, so a later version may add fields: an earlier
/// one skips them, and the signature still holds.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Grant {
    /// The organisation.
    #[n(0)]
    pub organisation: OrganisationId,
    /// The device's key; its identity follows from it.
    #[n(1)]
    pub key: PublicKey,
    /// The device's short code, unique in the organisation.
    #[n(2)]
    pub code: DeviceCode,
    /// What it is.
    #[n(3)]
    pub role: Role,
    /// From when, inclusive.
    #[n(4)]
    pub from: Moment,
    /// Until when, exclusive; none: for good. In the past of a revoked device.
    #[n(5)]
    pub until: Option<Moment>,
    /// The issuer's clock: of several grants for a key, the one with the highest stands.
    #[n(6)]
    pub serial: Recorded,
    /// The device in whose place this one comes, having lost its journal to a clone.
    #[n(7)]
    pub successor_of: Option<DeviceId>,
}

/// Who signed a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(flat)]
pub enum Issuer {
    /// The organisation's key.
    #[n(0)]
    Organisation,
    /// An HQ device.
    #[n(1)]
    Device(#[n(0)] DeviceId),
}

/// A grant as it is stored and sent.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SignedGrant {
    /// The CBOR of a [`Grant`], as it was signed.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub body: Vec<u8>,
    /// Who signed it.
    #[n(1)]
    pub issuer: Issuer,
    /// Of the body.
    #[n(2)]
    pub signature: Signature,
}

impl SignedGrant {
    /// Signs a grant with the organisation's key, or as an HQ device with its own.
    pub fn sign(key: &DeviceKey, issuer: Issuer, grant: &Grant) -> Self {
        let body = digest::cbor(grant);
        let signature = key.sign(GRANT, &body);
        Self { body, issuer, signature }
    }

    /// The grant's hash, over body, issuer and signature: what feeds and sums count it by.
    pub fn hash(&self) -> [u8; 32] {
        digest::tagged(SIGNED, &digest::cbor(self))
    }

    /// What is granted. Says nothing of whether it is valid.
    ///
    /// # Errors
    /// [`GrantError::Undecodable`].
    pub fn grant(&self) -> Result<Grant, GrantError> {
        let undecodable = |detail: String| GrantError::Undecodable { detail };
        if self.body.len() > MAX_BODY_BYTES {
            return Err(undecodable(format!("{} bytes, at most {MAX_BODY_BYTES}", self.body.len())));
        }
        crate::codec::exactly(&self.body).map_err(|e| undecodable(e.to_string()))
    }

    /// Whether `key` signed the body.
    pub fn check(&self, key: &PublicKey) -> bool {
        verify(key, GRANT, &self.body, &self.signature)
    }
}

/// The most bytes that a grant's body may have.
const MAX_BODY_BYTES: usize = 4096;
