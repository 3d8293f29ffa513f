//! Bytes as letters that a QR code holds in its compact mode.
//!
//! What surprises: it is the arithmetic of Base45 (RFC 9285), two bytes in three letters and a last one in
//! two, but over 41 of those letters: 41 x 41 x 41 is enough for 65,536. What is left out are the space, which
//! gets lost when a text is copied, and `$`, `%` and `*`, which a shell takes for its own.

const LETTERS: &[u8; 41] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+-./:";

/// The letters of some bytes: three for two bytes, two for a last one.
pub(super) fn to_letters(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 3 / 2 + 1);
    for pair in bytes.chunks(2) {
        let mut rest = pair.iter().fold(0usize, |n, byte| n << 8 | usize::from(*byte));
        for _ in 0..=pair.len() {
            out.push(char::from(LETTERS[rest % LETTERS.len()]));
            rest /= LETTERS.len();
        }
    }
    out
}

/// What a text of [`to_letters`] can't be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotLetters {
    /// A letter that is none of the alphabet's.
    Letter(char),
    /// Letters that stand for no bytes: something is missing, or was changed.
    Group,
}

/// The bytes of letters. Small letters count as large ones, and what is blank is passed over: a paper breaks
/// its lines where it likes.
pub(super) fn from_letters(text: &str) -> Result<Vec<u8>, NotLetters> {
    let value = |c: char| {
        let found = LETTERS.iter().position(|l| char::from(*l) == c.to_ascii_uppercase());
        found.ok_or(NotLetters::Letter(c))
    };
    let values: Vec<usize> =
        text.chars().filter(|c| !c.is_whitespace()).map(value).collect::<Result<_, _>>()?;
    let mut out = Vec::with_capacity(values.len() * 2 / 3);
    for group in values.chunks(3) {
        let n = group.iter().rev().fold(0, |n, v| n * LETTERS.len() + v);
        match group.len() {
            3 => out.extend(u16::try_from(n).map_err(|_| NotLetters::Group)?.to_be_bytes()),
            2 => out.push(u8::try_from(n).map_err(|_| NotLetters::Group)?),
            _ => return Err(NotLetters::Group),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letters_are_pinned() {
        assert_eq!(to_letters(&[0, 0]), "000");
        assert_eq!(to_letters(&[255, 255]), "H:.", "65535 = 17 + 40 x 41 + 38 x 1681, least first");
        assert_eq!(to_letters(&[255]), "96");
        assert_eq!(from_letters("h:\n ."), Ok(vec![255, 255]));
        assert_eq!(from_letters("0$0"), Err(NotLetters::Letter('$')));
        assert_eq!(from_letters(":::"), Err(NotLetters::Group), "more than two bytes hold");
        assert_eq!(from_letters("000A"), Err(NotLetters::Group), "one letter alone");
    }

    proptest! {
        /// Whatever the bytes, their letters give them back.
        #[test]
        fn bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert_eq!(from_letters(&to_letters(&bytes)), Ok(bytes));
        }
    }
}
