//! Two branches without the relay: each proves to the other who it is, then gives what concerns its site.
//!
//! ```text
//!   Hello (a nonce) ->            <- Welcome (signed over a's nonce; a nonce; how far b is in a's journal)
//!   Exchange (signed over b's nonce and the file) ->      <- its answer: a file, signed over a's nonce
//! ```
//! What surprises: neither believes the other more than a stick. A file is one of [`crate::carried`], and what
//! it brings is proven by its entries' own signatures. The challenge only decides who is shown anything.
//! No stamp comes of it, and no cursor moves.

use guicang_domain::ids::{DeviceId, OrganisationId, PublicKey};
use minicbor::{Decode, Encode};

use crate::digest;
use crate::grant::SignedGrant;
use crate::keys::{DeviceKey, Signature, verify};

/// Where a [`Hello`] is posted; answered with [`Welcome`].
pub const PEER_HELLO_PATH: &str = "/v1/peer/hello";

/// Where an [`Exchange`] is posted; answered with [`Exchanged`].
pub const PEER_EXCHANGE_PATH: &str = "/v1/peer/exchange";

/// How many bytes of raw changes a file has between peers, unless a change alone has more.
pub const PEER_FILE_BYTES: usize = 1024 * 1024;

const PROOF: &[u8] = b"guicang/peer/1";

/// A device comes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Hello {
    /// Which.
    #[n(0)]
    pub device: DeviceId,
    /// Random: what the other has to sign.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub nonce: [u8; 32],
    /// Its own grant and its issuer's: the other may never have heard of it.
    #[cbor(n(2), skip_if = "Vec::is_empty")]
    pub grants: Vec<SignedGrant>,
}

/// The other says who it is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Welcome {
    /// Which.
    #[n(0)]
    pub device: DeviceId,
    /// Random: what the one that comes has to sign.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub nonce: [u8; 32],
    /// Over the nonce of [`Hello`], and no file.
    #[n(2)]
    pub proof: Signature,
    /// Its own grant and its issuer's.
    #[cbor(n(3), skip_if = "Vec::is_empty")]
    pub grants: Vec<SignedGrant>,
    /// The last entry of the one that comes that the relay has brought it; 0: none.
    #[n(4)]
    pub held: u64,
}

/// A file goes to the other.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Exchange {
    /// Whose.
    #[n(0)]
    pub device: DeviceId,
    /// Of [`Welcome`].
    #[cbor(n(1), with = "minicbor::bytes")]
    pub nonce: [u8; 32],
    /// Over the nonce and the file.
    #[n(2)]
    pub proof: Signature,
    /// What concerns the other's site.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub file: Vec<u8>,
    /// The other's entries after this one are wanted.
    #[n(4)]
    pub held: u64,
}

/// A file comes back.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Exchanged {
    /// What concerns the site of the one that came.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub file: Vec<u8>,
    /// The last entry of the journal that was looked at for it.
    #[n(1)]
    pub to: u64,
    /// Whether there is more after that.
    #[cbor(n(2), skip_if = "std::ops::Not::not")]
    pub more: bool,
    /// How many changes were taken of what the other brought.
    #[n(3)]
    pub taken: u64,
    /// Random: what the next [`Exchange`] has to sign.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub nonce: [u8; 32],
}

/// What one end of an exchange proves itself by.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// Both are of this organisation.
    pub organisation: OrganisationId,
    /// To whom: what is signed for one is worth nothing at another.
    pub to: DeviceId,
    /// The other's.
    pub nonce: [u8; 32],
    /// What is handed over; empty for none.
    pub file: &'a [u8],
}

impl Claim<'_> {
    /// Signs it.
    pub fn sign(&self, key: &DeviceKey) -> Signature {
        key.sign(PROOF, &self.message(key.device()))
    }

    /// Whether the device that has `key` signed it.
    pub fn check(&self, key: &PublicKey, proof: &Signature) -> bool {
        verify(key, PROOF, &self.message(key.device()), proof)
    }

    fn message(&self, from: DeviceId) -> Vec<u8> {
        let nonce = minicbor::bytes::ByteArray::from(self.nonce);
        let file: &minicbor::bytes::ByteSlice = self.file.into();
        digest::cbor(&(self.organisation, from, self.to, nonce, file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A proof is worth something for one receiver, one nonce, one file.
    #[test]
    fn a_proof_fits_one_claim() {
        let (alice, bob) = (DeviceKey::from_seed([1; 32]), DeviceKey::from_seed([2; 32]));
        let organisation = DeviceKey::from_seed([3; 32]).organisation();
        let claim = Claim { organisation, to: bob.device(), nonce: [5; 32], file: b"file" };
        let proof = claim.sign(&alice);
        assert!(claim.check(&alice.public(), &proof));
        assert!(!claim.check(&bob.public(), &proof));
        for other in [
            Claim { to: alice.device(), ..claim },
            Claim { nonce: [6; 32], ..claim },
            Claim { file: b"other", ..claim },
        ] {
            assert!(!other.check(&alice.public(), &proof));
        }
    }
}
