//! Inputs made of others, from a seed: the same seed makes the same inputs.

use guicang_sync::change::{ChangeError, hash_of};

use crate::seeds::INPUT_BYTES;

/// Numbers at which readers tend to stumble, as CBOR, LEB128 and lengths have them.
const EDGES: &[&[u8]] = &[
    &[0x00],
    &[0x7f],
    &[0x80],
    &[0xff],
    &[0xff, 0xff, 0xff, 0xff],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x9b, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff],
    &[0x9f],
    &[0xf6],
    b"-9223372036854775808",
    b"\"",
    b"\r\n",
];

/// Makes inputs; SplitMix64 (Steele and others, 2014) is its chance.
#[derive(Debug, Clone)]
pub struct Mutator(u64);

impl Mutator {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// The next input: one of the seeds, changed in one to four places.
    pub fn input(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let first = self.below(seeds.len());
        let mut bytes = seeds.get(first).cloned().unwrap_or_default();
        for _ in 0..=self.below(4) {
            self.change(&mut bytes, seeds);
        }
        bytes.truncate(INPUT_BYTES);
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let at = self.below(bytes.len() + 1);
        match self.below(8) {
            0 | 1 => {
                let bit = self.below(8);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            2 => {
                let value = self.next() as u8;
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            3 => bytes.truncate(at),
            4 => {
                let end = (at + 1 + self.below(16)).min(bytes.len());
                bytes.drain(at.min(end)..end);
            }
            5 => {
                let edge = EDGES[self.below(EDGES.len())];
                let end = (at + edge.len() * self.below(2)).min(bytes.len());
                bytes.splice(at..end.max(at), edge.iter().copied());
            }
            6 => {
                // A piece said twice.
                let end = (at + 1 + self.below(64)).min(bytes.len());
                let piece = bytes[at.min(end)..end].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                // The rest of another.
                let other = &seeds[self.below(seeds.len())];
                let from = self.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
        }
    }
}

/// Makes the length and the checksum of an Automerge change right again, where the bytes begin like one:
/// without them, a reader looks no further than its frame.
pub fn reframe(bytes: &mut Vec<u8>) {
    const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
    if bytes.len() < 10 || bytes[..4] != MAGIC {
        return;
    }
    let length = bytes[9..].iter().take(5).position(|byte| byte & 0x80 == 0).map_or(1, |n| n + 1);
    let mut content = bytes.len() - 9 - length;
    let mut leb = Vec::new();
    while content >= 0x80 {
        leb.push(content as u8 | 0x80);
        content >>= 7;
    }
    leb.push(content as u8);
    bytes.splice(9..9 + length, leb);
    if let Err(ChangeError::Checksum { computed, .. }) = hash_of(bytes) {
        bytes[4..8].copy_from_slice(&computed);
    }
}
