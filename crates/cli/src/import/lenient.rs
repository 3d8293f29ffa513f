//! Text as tills and spreadsheets write it: full-width digits and punctuation, separators, currency
//! signs, codes dressed up so that a spreadsheet leaves them alone.

use std::borrow::Cow;

use guicang_domain::money::UnitPrice;

/// Full-width letters, digits and punctuation (`Ａ１，－`) and the wide space as their usual forms.
pub fn half_width(text: &str) -> Cow<'_, str> {
    let wide =
        |c: char| matches!(c, '\u{ff01}'..='\u{ff5e}' | '\u{3000}' | '\u{2212}' | '\u{ffe5}' | '\u{a0}');
    if !text.contains(wide) {
        return Cow::Borrowed(text);
    }
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{2212}' => '-',
        '\u{ffe5}' => '¥',
        c => c,
    };
    Cow::Owned(text.chars().map(narrow).collect())
}

/// A number without the separators of thousands and the currency sign that people read it with.
/// What isn't one stays as it is, and is refused where it is parsed.
pub fn number(text: &str) -> Cow<'_, str> {
    let text = half_width_of(text);
    if text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'%')) {
        return text;
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest.trim_start()),
        None => ("", text.as_ref()),
    };
    let digits = digits.trim_start_matches(['¥', '￥', '$', '£', '€']).trim_start();
    let (inner, digits) = match digits.strip_prefix('-') {
        Some(rest) if sign.is_empty() => ("-", rest),
        _ => (sign, digits),
    };
    let digits = digits.trim_end_matches('元').trim_end();
    let whole = digits.split('.').next().unwrap_or_default();
    let grouped = whole.contains(',')
        && whole.split(',').enumerate().all(|(n, group)| {
            let long = if n == 0 { (1..=3).contains(&group.len()) } else { group.len() == 3 };
            long && group.bytes().all(|b| b.is_ascii_digit())
        });
    if grouped {
        return Cow::Owned(format!("{inner}{}", digits.replace(',', "")));
    }
    Cow::Owned(format!("{inner}{digits}"))
}

/// A code without what keeps a spreadsheet from taking it for a number: `'00123`, `="00123"`.
pub fn code(text: &str) -> Cow<'_, str> {
    let text = half_width_of(text);
    let bare = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    match bare.or_else(|| text.strip_prefix('\'')) {
        Some(bare) => Cow::Owned(bare.trim().to_owned()),
        None => text,
    }
}

/// Whether a spreadsheet has turned a code into a number and cut it: `6.9E+12`.
pub fn is_mangled(code: &str) -> bool {
    let Some((head, exponent)) = code.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number = match head.split_once('.') {
        Some((whole, part)) => digits(whole) && digits(part),
        None => digits(head),
    };
    number && exponent.strip_prefix('+').is_some_and(digits)
}

/// A tax rate in basis points: `13%`, `13` and `0.13` are the same. A bare number up to 0.3 is a share,
/// above it a percentage: there is a rate of 0.5 %, and none of 50 %.
pub fn tax_rate(text: &str) -> Option<u32> {
    if matches!(text, "免税" | "不征税" | "零税率") {
        return Some(0);
    }
    let (number, percent) = match text.strip_suffix('%') {
        Some(number) => (number.trim_end(), true),
        None => (text, false),
    };
    let value = number.parse::<UnitPrice>().ok()?.0;
    let rate = if percent || value > 3_000 { value / 100 } else { value };
    u32::try_from(rate).ok().filter(|rate| *rate <= 10_000)
}

fn half_width_of(text: &str) -> Cow<'_, str> {
    match half_width(text) {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (written, meant) in [
            ("１２．５", "12.5"),
            ("－３", "-3"),
            ("￥1,234.50", "1234.50"),
            ("-¥12.00", "-12.00"),
            ("¥-12.00", "-12.00"),
            ("12.5元", "12.5"),
            ("１３％", "13%"),
            ("−2", "-2"),
        ] {
            assert_eq!(number(written), meant, "{written}");
        }
        // Not a separator of thousands: refused where it is parsed.
        assert_eq!(number("1,5"), "1,5");
        assert_eq!(number("两件"), "两件");
    }

    #[test]
    fn tax_rates_are_read_as_they_are_written() {
        for (text, rate) in [("13%", 1300), ("13", 1300), ("0.13", 1300), ("1%", 100), ("0.5%", 50), ("0", 0)]
        {
            assert_eq!(tax_rate(text), Some(rate), "{text}");
        }
        assert_eq!(tax_rate("免税"), Some(0));
        assert!(tax_rate("-3").is_none() && tax_rate("x").is_none() && tax_rate("200").is_none());
    }

    #[test]
    fn codes_stay_text() {
        assert_eq!(code("=\"00123\""), "00123");
        assert_eq!(code("'00123"), "00123");
        assert_eq!(code("ＡＢ１"), "AB1");
        assert!(is_mangled("6.9E+12") && is_mangled("6.90123E+12") && is_mangled("1e+10"));
        assert!(!is_mangled("85123E") && !is_mangled("E+1") && !is_mangled("1E5") && !is_mangled("6.9E+"));
    }
}
