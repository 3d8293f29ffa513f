//! The world outside, as the binaries pass it in: the clock, chance, the machine.
//!
//! Nothing in this crate reads a clock, makes up a number or asks where it runs by itself, so that a
//! simulation with the same seed does the same again.

use guicang_domain::time::Moment;

use crate::machine::Machine;

/// Fills bytes at random.
pub type Fill = Box<dyn FnMut(&mut [u8]) + Send>;

/// The clock, chance, the machine.
pub struct Ambient {
    /// The wall's time now.
    pub now: Box<dyn FnMut() -> Moment + Send>,
    /// Fills bytes at random.
    pub fill: Fill,
    /// The machine; none: unknown, and the file is neither noted as its own nor refused as another's.
    pub machine: Option<Machine>,
}

impl Ambient {
    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.fill)(&mut bytes);
        bytes
    }

    /// A UUIDv7 (RFC 9562) of the time now.
    pub(crate) fn uuid(&mut self) -> uuid::Uuid {
        let ms = (self.now)().0.max(0) as u64;
        let random: [u8; 10] = self.bytes();
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&ms.to_be_bytes()[2..]);
        bytes[6..].copy_from_slice(&random);
        bytes[6] = bytes[6] & 0x0f | 0x70;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        uuid::Uuid::from_bytes(bytes)
    }
}

impl std::fmt::Debug for Ambient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ambient")
    }
}
