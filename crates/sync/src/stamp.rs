//! Stamps: a relay's signed word on when it first saw an entry.
//!
//! A stamp travels with its entry and is offered again to a relay that lost it, so 'came first'
//! outlives the relay. Several relays, or one that was restored, may stamp an entry; the earliest
//! valid stamp counts.

use guicang_domain::ids::{DeviceId, EntryHash, PublicKey};
use guicang_domain::time::Moment;
use minicbor::{Decode, Encode};

use crate::digest;
use crate::grant::{GrantBook, Role, Standing};
use crate::keys::{DeviceKey, Signature, verify};

const STAMP: &[u8] = b"guicang/stamp/1";

/// A relay's stamp on an entry. It signs `[entry, time, relay]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Stamp {
    /// The entry.
    #[n(0)]
    pub entry: EntryHash,
    /// When it arrived, by the relay's clock.
    #[n(1)]
    pub time: Moment,
    /// The relay.
    #[n(2)]
    pub relay: DeviceId,
    /// By the relay's key.
    #[n(3)]
    pub signature: Signature,
}

impl Stamp {
    /// Stamps an entry with the relay's `key`.
    pub fn sign(key: &DeviceKey, entry: EntryHash, time: Moment) -> Self {
        let relay = key.device();
        let signature = key.sign(STAMP, &digest::cbor(&(entry, time, relay)));
        Self { entry, time, relay, signature }
    }

    /// Whether `key` is the relay's own, and signed this.
    pub fn check(&self, key: &PublicKey) -> bool {
        let message = digest::cbor(&(self.entry, self.time, self.relay));
        key.device() == self.relay && verify(key, STAMP, &message, &self.signature)
    }

    /// Whether it counts: signed by a relay of the organisation, at a time when it was one.
    pub fn counts(&self, book: &GrantBook) -> bool {
        let Some(device) = book.device(self.relay) else { return false };
        device.grant.role == Role::Relay
            && book.may(self.relay, self.time) == Standing::Valid
            && self.check(&device.grant.key)
    }
}

/// The earliest of an entry's stamps; the relay's identity breaks a tie. Give it those that
/// [`Stamp::counts`].
pub fn earliest<'a>(stamps: impl IntoIterator<Item = &'a Stamp>) -> Option<&'a Stamp> {
    stamps.into_iter().min_by_key(|stamp| (stamp.time, stamp.relay, stamp.signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_proves_its_entry_time_and_relay() {
        let relay = DeviceKey::from_seed([9; 32]);
        let stamp = Stamp::sign(&relay, EntryHash([1; 32]), Moment(77));
        assert!(stamp.check(&relay.public()));
        assert!(!Stamp { time: Moment(76), ..stamp }.check(&relay.public()));
        assert!(!Stamp { entry: EntryHash([2; 32]), ..stamp }.check(&relay.public()));
        assert!(!stamp.check(&DeviceKey::from_seed([8; 32]).public()));
    }

    #[test]
    fn the_earliest_counts_whatever_the_order() {
        let relay = DeviceKey::from_seed([9; 32]);
        let at = |t| Stamp::sign(&relay, EntryHash([1; 32]), Moment(t));
        let (a, b, c) = (at(30), at(10), at(20));
        assert_eq!(earliest([&a, &b, &c]), Some(&b));
        assert_eq!(earliest([&c, &a, &b]), Some(&b));
        assert_eq!(earliest([]), None);
    }
}
