//! Values of arguments that are made of several: `SKU=2`, `A=1:quarantine`.

use std::str::FromStr;

use guicang_domain::ids::IdError;
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::{Disposition, Grade};

/// An article and how many: `SKU=2`, or `SKU` for one. The quantity is above zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The SKU as typed.
    pub sku: String,
    /// How many.
    pub quantity: Quantity,
}

impl FromStr for Item {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || wrong("item", text, "SKU or SKU=QUANTITY");
        let (sku, quantity) = match text.rsplit_once('=') {
            Some((sku, quantity)) => (sku, positive(quantity)?),
            None => (text, Quantity::units(1)),
        };
        if sku.trim().is_empty() {
            return Err(wrong());
        }
        Ok(Self { sku: sku.trim().into(), quantity })
    }
}

/// How many look how, and where they go if not where the grade usually goes: `A=1`,
/// `C=2:quarantine`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Graded {
    /// The grade.
    pub grade: Grade,
    /// How many; above zero.
    pub quantity: Quantity,
    /// Where they go.
    pub disposition: Option<Disposition>,
}

impl FromStr for Graded {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || wrong("grade", text, "GRADE=QUANTITY or GRADE=QUANTITY:DISPOSITION");
        let (grade, rest) = text.split_once('=').ok_or_else(wrong)?;
        let (quantity, disposition) = match rest.split_once(':') {
            Some((quantity, disposition)) => (quantity, Some(disposition.trim().parse()?)),
            None => (rest, None),
        };
        Ok(Self { grade: grade.trim().to_uppercase().parse()?, quantity: positive(quantity)?, disposition })
    }
}

/// Whether the tags are on goods: `on`, `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tags {
    /// They are.
    On,
    /// They aren't.
    Off,
}

impl FromStr for Tags {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        match text {
            "on" => Ok(Tags::On),
            "off" => Ok(Tags::Off),
            _ => Err(wrong("tags", text, "on or off")),
        }
    }
}

/// A quantity above zero.
///
/// # Errors
/// [`IdError`] when it isn't one.
pub fn positive(text: &str) -> Result<Quantity, IdError> {
    let wrong = || wrong("quantity", text, "a number above zero with at most 3 decimals");
    text.parse().ok().filter(|q: &Quantity| q.is_positive()).ok_or_else(wrong)
}

/// A length of time in milliseconds: `60s`, `5m`, `1h`; a bare number is seconds.
///
/// # Errors
/// [`IdError`] when it isn't one, or none at all.
pub fn period_ms(text: &str) -> Result<u64, IdError> {
    let wrong = || wrong("duration", text, "a length of time such as 60s, 5m, 1h");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit_ms = match &text[digits.len()..] {
        "ms" => 1,
        "s" | "" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(unit_ms).filter(|ms| *ms > 0).ok_or_else(wrong)
}

fn wrong(what: &'static str, found: &str, wanted: &'static str) -> IdError {
    IdError { what, found: found.chars().take(80).collect(), wanted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_a_sku_and_how_many() {
        let item = |text: &str| text.parse::<Item>().map(|i| (i.sku, i.quantity.to_string()));
        assert_eq!(item("85123A=2"), Ok(("85123A".into(), "2".into())));
        assert_eq!(item("85123A"), Ok(("85123A".into(), "1".into())));
        assert_eq!(item("A=B=0.5"), Ok(("A=B".into(), "0.5".into())));
        for bad in ["", "=2", "85123A=", "85123A=0", "85123A=-1", "85123A=1.0001"] {
            assert!(item(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_grade_may_name_where_it_goes() {
        let graded = |text: &str| text.parse::<Graded>();
        assert_eq!(
            graded("A=1").unwrap(),
            Graded { grade: Grade::A, quantity: Quantity::units(1), disposition: None }
        );
        assert_eq!(graded("d=2:quarantine").unwrap().disposition, Some(Disposition::Quarantine));
        for bad in ["A", "F=1", "A=0", "A=1:nowhere", "A=x"] {
            assert!(graded(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn periods_have_units() {
        assert_eq!(period_ms("60s"), Ok(60_000));
        assert_eq!(period_ms("5"), Ok(5_000));
        assert_eq!(period_ms("5m"), Ok(300_000));
        for bad in ["", "0", "s", "-1s", "1d", "99999999999999999999h"] {
            assert!(period_ms(bad).is_err(), "{bad}");
        }
    }
}
