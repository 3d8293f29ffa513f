//! Automerge actors: under whose name this opening of the file writes.
//!
//! An actor must never be another device's, nor one that wrote something else before: the relay refuses
//! such a change, and what is written again under the same actor is refused again. What surprises: chance
//! alone does not do it. A machine that was set up from another's image may begin with the image's chance,
//! so the device and the time go in as well.

use guicang_domain::ids::DeviceId;
use sha2::{Digest, Sha256};

use crate::ambient::Ambient;

/// An actor that nobody has: of a device, the time and chance. Drawn at each opening, and for whatever was
/// refused, since its actor may be why.
pub(crate) fn draw(ambient: &mut Ambient, device: DeviceId) -> [u8; 16] {
    let chance: [u8; 16] = ambient.bytes();
    let now_ms = (ambient.now)().0;
    let whole = Sha256::new()
        .chain_update(b"guicang/actor/1")
        .chain_update(device.0)
        .chain_update(now_ms.to_be_bytes())
        .chain_update(chance)
        .finalize();
    whole.first_chunk().copied().expect("a hash has 32 bytes")
}
