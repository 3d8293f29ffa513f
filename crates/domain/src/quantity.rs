//! Quantities: thousandths of an article's base unit, so that weighed goods are exact too.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use minicbor::{Decode, Encode};

/// A quantity in thousandths of the article's base unit (piece, kilogram, metre).
///
/// Additions saturate at the range of `i64`: nine quadrillion units, which no shop holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Quantity(#[n(0)] pub i64);

/// Why a text is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("quantity: found {found:?}, wanted a number with at most 3 decimals, up to 1,000,000,000")]
pub struct QuantityError {
    /// What was found.
    pub found: String,
}

impl Quantity {
    /// Nothing.
    pub const ZERO: Quantity = Quantity(0);

    /// The most that one line, event or posting may say: a thousand million units. Nine million of
    /// these add up without overflow; more than this is a number in the wrong field.
    pub const LIMIT: Quantity = Quantity(1_000_000_000_000);

    /// A whole number of units.
    pub const fn units(n: i64) -> Self {
        Self(n * 1000)
    }

    /// Whether it is above zero.
    pub fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// The same without its sign.
    pub fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&decimal(self.0, 3, true))
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        parse_decimal(text, 3)
            .map(Self)
            .filter(|q| q.abs() <= Self::LIMIT)
            .ok_or_else(|| QuantityError { found: text.into() })
    }
}

impl Add for Quantity {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Quantity {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Quantity {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Quantity {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// `value` as decimal text with `places` decimals; `trim` drops the zeros at its end.
pub(crate) fn decimal(value: i64, places: u32, trim: bool) -> String {
    let scale = 10u64.pow(places);
    let magnitude = value.unsigned_abs();
    let sign = if value < 0 { "-" } else { "" };
    let (whole, part) = (magnitude / scale, magnitude % scale);
    if places == 0 || (trim && part == 0) {
        return format!("{sign}{whole}");
    }
    let mut text = format!("{sign}{whole}.{part:0width$}", width = places as usize);
    if trim {
        text.truncate(text.trim_end_matches('0').len());
    }
    text
}

/// Reads decimal text with at most `places` decimals, exactly: no float is involved.
pub(crate) fn parse_decimal(text: &str, places: u32) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || !all_digits(whole) || !all_digits(part) {
        return None;
    }
    let part = part.trim_end_matches('0');
    if part.len() > places as usize {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction: i64 = if part.is_empty() { 0 } else { part.parse().ok()? };
    let fraction = fraction * 10i64.pow(places - part.len() as u32);
    let value = whole.checked_mul(10i64.pow(places))?.checked_add(fraction)?;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantities_read_as_people_write_them() {
        assert_eq!("5".parse(), Ok(Quantity::units(5)));
        assert_eq!("0.486".parse(), Ok(Quantity(486)));
        assert_eq!("-2.5".parse(), Ok(Quantity(-2500)));
        assert_eq!("+3".parse(), Ok(Quantity::units(3)));
        for wrong in ["", "1.2345", "1e3", "--1", ".", "9999999999999999999"] {
            assert!(wrong.parse::<Quantity>().is_err(), "{wrong}");
        }
        assert_eq!(Quantity(-2500).to_string(), "-2.5");
    }

    proptest! {
        /// What is printed is read back as the same quantity.
        #[test]
        fn text_round_trips(value in -1_000_000_000_000i64..=1_000_000_000_000) {
            prop_assert_eq!(Quantity(value).to_string().parse(), Ok(Quantity(value)));
        }
    }
}
