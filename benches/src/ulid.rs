//! ULIDs: 26 letters for the 16 bytes that a document's identity has too.

const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The text of a time (ms since 1970) and ten random bytes.
pub fn text(ms: u64, random: [u8; 10]) -> String {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&ms.to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&random);
    of_bytes(bytes)
}

/// The text of 16 bytes.
pub fn of_bytes(bytes: [u8; 16]) -> String {
    let number = u128::from_be_bytes(bytes);
    (0..26).rev().map(|n| char::from(LETTERS[(number >> (5 * n)) as usize & 31])).collect()
}

/// The 16 bytes of a text; none when it isn't a ULID.
pub fn bytes_of(text: &str) -> Option<[u8; 16]> {
    let first = text.bytes().next()?;
    if text.len() != 26 || first > b'7' {
        return None;
    }
    let number = text.bytes().try_fold(0u128, |number, letter| {
        let digit = LETTERS.iter().position(|l| *l == letter)?;
        Some(number << 5 | digit as u128)
    })?;
    Some(number.to_be_bytes())
}
