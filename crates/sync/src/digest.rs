//! SHA-256 under a domain tag, so that bytes hashed for one purpose never pass for another's.

use minicbor::Encode;
use sha2::{Digest, Sha256};

/// SHA-256 of `domain`, then `message`.
pub(crate) fn tagged(domain: &[u8], message: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(domain).chain_update(message).finalize().into()
}

/// SHA-256 of `message`.
pub(crate) fn plain(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}

/// `value` as CBOR. Writing to memory can't fail, and no type of this crate refuses to be encoded.
pub(crate) fn cbor<T: Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("encoding into memory")
}
