//! Decimal numbers as the programs print them, exactly: whole numbers of a smallest unit.

use anyhow::{Context, bail};

/// Thousandths of a quantity: `"3"` is 3000.
pub fn quantity(text: &str) -> anyhow::Result<i64> {
    scaled(text, 3)
}

/// Pence of an amount: `"8.50"` is 850.
pub fn pence(text: &str) -> anyhow::Result<i64> {
    scaled(text, 2)
}

/// An amount in pence for people.
pub fn pounds(pence: i64) -> String {
    let sign = if pence < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", pence.abs() / 100, pence.abs() % 100)
}

/// A quantity in thousandths for people.
pub fn units(thousandths: i64) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    let (whole, rest) = (thousandths.abs() / 1000, thousandths.abs() % 1000);
    match rest {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{}", format!("{rest:03}").trim_end_matches('0')),
    }
}

fn scaled(text: &str, decimals: usize) -> anyhow::Result<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(rest) || rest.len() > decimals {
        bail!("{text:?} is no decimal number with at most {decimals} decimals");
    }
    let padded = format!("{whole}{rest:0<decimals$}");
    let number: i64 = padded.parse().with_context(|| format!("{text:?} is too large"))?;
    Ok(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_and_written_exactly() {
        for (text, expected) in [("8.50", 850), ("8.5", 850), ("-0.05", -5), ("1000", 100_000)] {
            assert_eq!(pence(text).unwrap(), expected, "{text}");
        }
        assert_eq!(quantity("-2.125").unwrap(), -2125);
        assert_eq!((pounds(-5), pounds(3285)), ("-0.05".into(), "32.85".into()));
        assert_eq!((units(-2125), units(1500), units(3000)), ("-2.125".into(), "1.5".into(), "3".into()));
        for bad in ["", "-", "1.005", "1,5", "x", ".5", "+1"] {
            assert!(pence(bad).is_err(), "{bad}");
        }
    }
}
