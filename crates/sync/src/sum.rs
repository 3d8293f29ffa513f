//! The running sum: what proves that two ends hold the same changes up to a position.
//!
//! It is the sum of the hashes modulo 2^256, so the order in which they were added does not matter.
//! It proves against accident only: against malice stand hashes and signatures.

use std::fmt;

use guicang_domain::ids::{EntryHash, IdError};
use minicbor::{Decode, Encode};

/// The sum of hashes modulo 2^256, as 32 bytes, the most significant first. CBOR: those bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RunningSum(pub [u8; 32]);

impl RunningSum {
    /// The sum of nothing.
    pub const ZERO: RunningSum = RunningSum([0; 32]);

    /// The sum of 32 bytes as a store keeps them.
    ///
    /// # Errors
    /// [`IdError`] when there are not 32.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, IdError> {
        // Borrows another 32-byte name's check, for its error.
        EntryHash::from_slice(bytes).map(|b| Self(b.0)).map_err(|e| IdError { what: "running sum", ..e })
    }

    /// This sum and `hash`.
    #[must_use]
    pub fn with(self, hash: &[u8; 32]) -> Self {
        let mut sum = [0; 32];
        let mut carry = 0;
        for i in (0..32).rev() {
            let digit = u16::from(self.0[i]) + u16::from(hash[i]) + carry;
            sum[i] = digit as u8;
            carry = digit >> 8;
        }
        Self(sum)
    }

    /// This sum without `hash`.
    #[must_use]
    pub fn without(self, hash: &[u8; 32]) -> Self {
        // In two's complement, as in any ring modulo a power of two: minus x is not-x and one.
        let mut one = [0; 32];
        one[31] = 1;
        self.with(&hash.map(|b| !b)).with(&one)
    }
}

impl fmt::Display for RunningSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for RunningSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunningSum({self})")
    }
}

impl<C> Encode<C> for RunningSum {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for RunningSum {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        Self::from_slice(d.bytes()?).map_err(|e| minicbor::decode::Error::custom(e).at(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_sum_carries_and_wraps() {
        let mut one = [0; 32];
        one[31] = 1;
        assert_eq!(RunningSum([0xff; 32]).with(&one), RunningSum::ZERO);
        assert_eq!(RunningSum::ZERO.without(&one), RunningSum([0xff; 32]));
        assert_eq!(RunningSum::ZERO.without(&[0; 32]), RunningSum::ZERO);
    }

    proptest! {
        /// Two ends that added the same hashes in different orders have the same sum.
        #[test]
        fn order_does_not_matter(hashes in prop::collection::vec(any::<[u8; 32]>(), 0..20), turn in 0usize..20) {
            let sum = |hashes: &[[u8; 32]]| hashes.iter().fold(RunningSum::ZERO, |s, h| s.with(h));
            let mut turned = hashes.clone();
            turned.reverse();
            if !turned.is_empty() {
                let by = turn % turned.len();
                turned.rotate_left(by);
            }
            prop_assert_eq!(sum(&hashes), sum(&turned));
        }

        /// What is added and taken away again leaves no trace.
        #[test]
        fn without_undoes_with(start in any::<[u8; 32]>(), hash in any::<[u8; 32]>()) {
            prop_assert_eq!(RunningSum(start).with(&hash).without(&hash), RunningSum(start));
        }
    }
}
