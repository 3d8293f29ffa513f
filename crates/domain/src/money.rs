//! Money: amounts in a currency's minor unit, unit prices in ten-thousandths of its major unit.
//!
//! There are no floats, and rounding happens once, at the line: half away from zero. What is paid
//! for several things is spread over them by largest remainder, so that the parts always add up.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use minicbor::{Decode, Encode};

use crate::quantity::{Quantity, decimal, parse_decimal};

/// A currency by its ISO 4217 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Why a text is no currency, amount or price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: found {found:?}, wanted {wanted}")]
pub struct MoneyError {
    /// Which of the three.
    pub what: &'static str,
    /// What was found.
    pub found: String,
    /// What would be right.
    pub wanted: String,
}

impl Currency {
    /// The renminbi: the default of a new organisation.
    pub const CNY: Currency = Currency(*b"CNY");

    /// The code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("three ASCII letters")
    }

    /// Decimals of the minor unit (ISO 4217): 2 for most, 0 for the yen, 3 for some dinars.
    pub fn decimals(&self) -> u32 {
        match self.code() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND"
            | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            _ => 2,
        }
    }

    /// `amount` as decimal text with the currency's decimals: `-12.50`.
    pub fn format(&self, amount: Amount) -> String {
        decimal(amount.0, self.decimals(), false)
    }

    /// Reads decimal text with at most the currency's decimals.
    ///
    /// # Errors
    /// [`MoneyError`] when it isn't such a text.
    pub fn parse_amount(&self, text: &str) -> Result<Amount, MoneyError> {
        let amount = parse_decimal(text, self.decimals()).map(Amount);
        amount.filter(|a| a.0.abs() <= Amount::LIMIT.0).ok_or_else(|| MoneyError {
            what: "amount",
            found: text.into(),
            wanted: format!("a number with at most {} decimals", self.decimals()),
        })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(MoneyError {
                what: "currency",
                found: text.into(),
                wanted: "three capital letters of ISO 4217, such as CNY".into(),
            }),
        }
    }
}

impl<C> Encode<C> for Currency {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(self.code())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Currency {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        d.str()?.parse().map_err(minicbor::decode::Error::custom)
    }
}

/// An amount in the currency's minor unit (fen, pence). Additions saturate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Amount(#[n(0)] pub i64);

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);

    /// The most that one line, event or posting may say: ten thousand million of the major unit, at two
    /// decimals. More than this is a number in the wrong field.
    pub const LIMIT: Amount = Amount(1_000_000_000_000);

    /// `floor(self x part / whole)` for amounts of zero and more: what falls to a part of a line.
    ///
    /// Nothing when `whole` is zero.
    pub fn share(self, part: Quantity, whole: Quantity) -> Self {
        if whole.0 <= 0 {
            return Self::ZERO;
        }
        let value = (i128::from(self.0) * i128::from(part.0)).div_euclid(i128::from(whole.0));
        Self(value.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }

    /// Spreads this amount over `weights` in proportion, by largest remainder (ties: the earlier).
    ///
    /// The parts add up to the amount exactly; where all weights are zero the first gets it all.
    /// Weights below zero count as zero.
    pub fn spread(self, weights: &[i64]) -> Vec<Amount> {
        let total: i128 = weights.iter().map(|w| i128::from((*w).max(0))).sum();
        if weights.is_empty() {
            return Vec::new();
        }
        if total == 0 {
            let mut parts = vec![Amount::ZERO; weights.len()];
            parts[0] = self;
            return parts;
        }
        let exact = |w: &i64| i128::from(self.0) * i128::from((*w).max(0));
        let mut parts: Vec<Amount> =
            weights.iter().map(|w| Amount(exact(w).div_euclid(total) as i64)).collect();
        let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
        by_remainder.sort_by_key(|i| (-(exact(&weights[*i]).rem_euclid(total)), *i));
        let missing = self.0 - parts.iter().map(|a| a.0).sum::<i64>();
        for i in by_remainder.into_iter().take(missing.max(0) as usize) {
            parts[i].0 += 1;
        }
        parts
    }
}

/// A price of one unit, in ten-thousandths of the currency's major unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct UnitPrice(#[n(0)] pub i64);

impl UnitPrice {
    /// The highest price of one: ten million of the major unit.
    pub const LIMIT: UnitPrice = UnitPrice(100_000_000_000);

    /// What `quantity` of it comes to, rounded half away from zero to the minor unit; at most
    /// [`Amount::LIMIT`].
    pub fn times(self, quantity: Quantity, currency: Currency) -> Amount {
        // Ten-thousandths x thousandths: seven decimals, of which the currency keeps its own.
        let divisor = 10i128.pow(7 - currency.decimals());
        let exact = i128::from(self.0) * i128::from(quantity.0);
        let half = divisor / 2 * exact.signum();
        let limit = i128::from(Amount::LIMIT.0);
        Amount(((exact + half) / divisor).clamp(-limit, limit) as i64)
    }

    /// The price of one when `quantity` came to `amount`; rounded half away from zero.
    pub fn of(amount: Amount, quantity: Quantity, currency: Currency) -> Self {
        if quantity.0 == 0 {
            return Self(0);
        }
        let exact = i128::from(amount.0) * 10i128.pow(7 - currency.decimals());
        let divisor = i128::from(quantity.0);
        let half = divisor.abs() / 2 * exact.signum() * divisor.signum();
        Self(((exact + half * divisor.signum()) / divisor) as i64)
    }
}

impl fmt::Display for UnitPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&decimal(self.0, 4, true))
    }
}

impl FromStr for UnitPrice {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let price = parse_decimal(text, 4).map(Self);
        price.filter(|p| p.0.abs() <= Self::LIMIT.0).ok_or_else(|| MoneyError {
            what: "price",
            found: text.into(),
            wanted: "a number with at most 4 decimals".into(),
        })
    }
}

macro_rules! arithmetic {
    ($name:ident) => {
        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }
        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(self.0.saturating_neg())
            }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }
        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                *self = *self - other;
            }
        }
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
                iter.fold(Self(0), Add::add)
            }
        }
    };
}
arithmetic!(Amount);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GBP: &str = "GBP";

    #[test]
    fn a_line_is_rounded_once_half_away_from_zero() {
        let gbp: Currency = GBP.parse().unwrap();
        let price: UnitPrice = "0.125".parse().unwrap();
        assert_eq!(price.times(Quantity::units(1), gbp), Amount(13));
        assert_eq!(price.times(Quantity::units(-1), gbp), Amount(-13));
        assert_eq!("12.80".parse::<UnitPrice>().unwrap().times(Quantity(486), Currency::CNY), Amount(622));
        assert_eq!(
            "100".parse::<UnitPrice>().unwrap().times(Quantity::units(2), "JPY".parse().unwrap()),
            Amount(200)
        );
    }

    #[test]
    fn money_is_read_and_written_with_its_currencys_decimals() {
        assert_eq!(Currency::CNY.format(Amount(-1250)), "-12.50");
        assert_eq!(Currency::CNY.parse_amount("12.5"), Ok(Amount(1250)));
        assert!(Currency::CNY.parse_amount("12.505").is_err());
        assert!("cny".parse::<Currency>().is_err());
        assert_eq!(UnitPrice::of(Amount(1000), Quantity::units(3), Currency::CNY).to_string(), "3.3333");
    }

    proptest! {
        /// However an amount is spread, the parts add up to it, and none differs from its exact
        /// share by a whole minor unit.
        #[test]
        fn spreading_loses_nothing(amount in 0i64..1_000_000_000, weights in prop::collection::vec(0i64..1_000_000, 1..12)) {
            let parts = Amount(amount).spread(&weights);
            prop_assert_eq!(parts.iter().map(|a| a.0).sum::<i64>(), amount);
            let total: i64 = weights.iter().sum();
            if total > 0 {
                for (part, weight) in parts.iter().zip(&weights) {
                    let exact = amount as f64 * *weight as f64 / total as f64;
                    prop_assert!((part.0 as f64 - exact).abs() < 1.0 + 1e-6);
                }
            }
        }
    }
}
