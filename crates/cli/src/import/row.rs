//! One row, read: its texts as written, its numbers and its times parsed.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use csv::StringRecord;
use guicang_domain::ids::ReasonCode;
use guicang_domain::money::{Amount, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::time::{Day, Moment};

use super::columns::{Header, Role};
use super::lenient;
use super::profile::{EXCEL, Identity, Profile, ReasonPattern};
use super::reader::Rows;
use super::report::LeftOut;
use super::rules::{Facts, Kind};

/// A row. Texts are without outer spaces and empty where there is no such column.
pub(super) struct Row<'r> {
    pub facts: Facts<'r>,
    pub line_number: &'r str,
    pub tender: &'r str,
    pub reference: &'r str,
    pub amount: Option<Amount>,
    pub at: Moment,
    pub list_price: Option<UnitPrice>,
    pub discount: Option<Amount>,
    /// Basis points.
    pub tax_rate: Option<u32>,
    pub lot: &'r str,
    pub expiry: Option<Day>,
    pub serials: &'r str,
    pub spec: &'r str,
    pub cashier: &'r str,
    pub original: &'r str,
    pub invoice: &'r str,
}

/// Where in a file's rows the profile's columns are.
pub(super) struct Layout {
    places: [Option<usize>; Role::ALL.len()],
    /// The file's headers.
    headers: Vec<String>,
    identity: Vec<Option<usize>>,
    reasons: Vec<usize>,
    /// The time text last read: neighbours mostly share theirs, and parsing is slow.
    last_time: Option<(String, Moment)>,
}

impl Layout {
    pub fn new(profile: &Profile, rows: &Rows) -> Self {
        let mut places = [None; Role::ALL.len()];
        for (role, header) in &profile.columns {
            places[*role as usize] = rows.place(header);
        }
        let named = |name: &String| rows.place(&Header { names: vec![name.clone()], optional: false });
        let identity = profile.identity.iter().map(|identity| match identity {
            Identity::Role(role) => places[*role as usize],
            Identity::Header(name) => named(name),
        });
        let wanted = "checked when the file was opened";
        Self {
            identity: identity.collect(),
            reasons: profile.reasons.iter().map(|reason| named(&reason.column).expect(wanted)).collect(),
            places,
            headers: rows.headers().to_vec(),
            last_time: None,
        }
    }

    /// Whether the file has such a column.
    pub fn has(&self, role: Role) -> bool {
        self.places[role as usize].is_some()
    }

    /// The file's header of a column; empty where it has none.
    pub fn header(&self, role: Role) -> &str {
        self.places[role as usize].map_or("", |place| &self.headers[place])
    }

    /// A column's text.
    pub fn text<'r>(&self, record: &'r StringRecord, role: Role) -> &'r str {
        self.places[role as usize].map_or("", |place| record[place].trim())
    }

    /// The row with its numbers and codes as they are meant, where the profile says so.
    pub fn meant<'r>(&self, profile: &Profile, record: &'r StringRecord) -> Cow<'r, StringRecord> {
        if !profile.lenient {
            return Cow::Borrowed(record);
        }
        let mut meant: Vec<Cow<'r, str>> = record.iter().map(Cow::Borrowed).collect();
        for role in Role::ALL {
            let Some(place) = self.places[*role as usize] else { continue };
            let text = &record[place];
            meant[place] = match role {
                role if role.is_words() => continue,
                role if role.is_number() => lenient::number(text),
                role if role.is_code() => lenient::code(text),
                _ => lenient::half_width(text),
            };
        }
        match meant.iter().all(|text| matches!(text, Cow::Borrowed(_))) {
            true => Cow::Borrowed(record),
            false => Cow::Owned(meant.iter().map(Cow::as_ref).collect::<Vec<&str>>().into()),
        }
    }

    /// The texts that say what the row is, for rows without a number.
    pub fn identity<'r>(&self, record: &'r StringRecord) -> Vec<&'r [u8]> {
        self.identity.iter().map(|place| place.map_or("", |place| record[place].trim()).as_bytes()).collect()
    }

    /// The reason of a row of a kind: the first pattern that fits, else `unknown`.
    pub fn reason(&self, patterns: &[ReasonPattern], kind: Kind, record: &StringRecord) -> ReasonCode {
        patterns
            .iter()
            .zip(&self.reasons)
            .filter(|(reason, _)| reason.kinds.is_empty() || reason.kinds.contains(&kind))
            .find(|(reason, place)| reason.pattern.is_match(record[**place].trim()))
            .map_or_else(
                || ReasonCode::new("unknown").expect("a code of ours"),
                |(reason, _)| reason.code.clone(),
            )
    }

    /// What the rules that look at texts alone see of a row.
    pub fn texts<'r>(&self, profile: &Profile, record: &'r StringRecord) -> Facts<'r> {
        let text = |role| self.text(record, role);
        let sku = match text(Role::Sku) {
            "" => text(Role::Barcode),
            sku => sku,
        };
        Facts {
            receipt: text(Role::Receipt),
            sku,
            name: text(Role::Name),
            customer: text(Role::Customer),
            site: text(Role::Site),
            till: text(Role::Till),
            quantity: Quantity::ZERO,
            price: None,
            amount: 0,
            service: profile.services.contains(sku),
        }
    }

    /// Reads a row, or says what in it can't be read.
    pub fn read<'r>(
        &mut self,
        profile: &Profile,
        record: &'r StringRecord,
        line: u64,
    ) -> Result<Row<'r>, LeftOut> {
        let mut facts = self.texts(profile, record);
        let text = |role| self.text(record, role);
        let bad = |reason, role, wanted: &str| left_out(line, reason, self.header(role), text(role), wanted);
        let currency = profile.currency();
        // A row that only says how more of its receipt was paid has neither goods nor a number of them.
        let is_tender = facts.sku.is_empty() && text(Role::Quantity).is_empty();
        facts.quantity = match text(Role::Quantity) {
            "" if is_tender => Quantity::ZERO,
            quantity => quantity
                .parse()
                .map_err(|_| bad("bad_quantity", Role::Quantity, "a number with at most 3 decimals"))?,
        };
        let either = self.has(Role::Price) && self.has(Role::Amount);
        let price = |role, or_none: bool| match text(role) {
            _ if !self.has(role) => Ok(None),
            "" if or_none => Ok(None),
            price => match price.parse::<UnitPrice>() {
                Ok(price) => Ok(Some(price)),
                Err(e) => Err(bad("bad_price", role, &e.wanted)),
            },
        };
        let amount = |reason, role, or_none: bool| match text(role) {
            _ if !self.has(role) => Ok(None),
            "" if or_none => Ok(None),
            amount => match currency.parse_amount(amount) {
                Ok(amount) => Ok(Some(amount)),
                Err(e) => Err(bad(reason, role, &e.wanted)),
            },
        };
        facts.price = price(Role::Price, is_tender || (either && !text(Role::Amount).is_empty()))?;
        let paid = amount("bad_amount", Role::Amount, either && facts.price.is_some())?;
        let list_price = price(Role::ListPrice, true)?;
        let discount = amount("bad_discount", Role::Discount, true)?;
        facts.amount = paid.unwrap_or_default().0;
        let tax_rate = match text(Role::TaxRate) {
            "" => None,
            rate => Some(
                lenient::tax_rate(rate)
                    .ok_or_else(|| bad("bad_tax_rate", Role::TaxRate, "a rate such as 13%"))?,
            ),
        };
        let expiry = match text(Role::Expiry) {
            "" => None,
            day => {
                let wanted = "a date such as 2026-11-23";
                let day = parse_local(&DATES, day).ok_or_else(|| bad("bad_expiry", Role::Expiry, wanted))?;
                Some(Day::of(day.date()))
            }
        };
        let time = match (text(Role::Date), text(Role::Time)) {
            ("", time) => Cow::Borrowed(time),
            (date, "") => Cow::Borrowed(date),
            // Where both say the day, the time's stands.
            (_, time) if time.len() > 8 => Cow::Borrowed(time),
            (date, time) => Cow::Owned(format!("{date} {time}")),
        };
        let at = match &self.last_time {
            Some((last, at)) if *last == time => *at,
            _ => {
                let formats = profile.time_formats.iter().map(String::as_str);
                let local = parse_local(&formats.collect::<Vec<_>>(), &time).ok_or_else(|| {
                    let role = if self.has(Role::Time) { Role::Time } else { Role::Date };
                    let wanted = format!("a time as {}", profile.time_formats[0]);
                    left_out(line, "bad_time", self.header(role), &time, &wanted)
                })?;
                let at = profile.zone().at(local);
                self.last_time = Some((time.into_owned(), at));
                at
            }
        };
        let text = |role| self.text(record, role);
        Ok(Row {
            facts,
            line_number: text(Role::Line),
            tender: text(Role::Tender),
            reference: text(Role::TenderReference),
            amount: paid,
            at,
            list_price,
            discount,
            tax_rate,
            lot: text(Role::Lot),
            expiry,
            serials: text(Role::Serials),
            spec: text(Role::Spec),
            cashier: text(Role::Cashier),
            original: text(Role::Original),
            invoice: text(Role::Invoice),
        })
    }
}

/// A row left out because of one of its columns.
pub(super) fn left_out(line: u64, reason: &'static str, column: &str, found: &str, wanted: &str) -> LeftOut {
    LeftOut {
        line,
        column: column.into(),
        found: found.chars().take(80).collect(),
        wanted: wanted.into(),
        reason: reason.into(),
    }
}

/// How dates without a time are written.
const DATES: [&str; 6] = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日", EXCEL];

fn parse_local(formats: &[&str], text: &str) -> Option<NaiveDateTime> {
    formats.iter().find_map(|format| match *format {
        EXCEL => of_day_number(text),
        format => NaiveDateTime::parse_from_str(text, format)
            .or_else(|_| NaiveDate::parse_from_str(text, format).map(|date| date.and_time(NaiveTime::MIN)))
            .ok(),
    })
}

/// A spreadsheet's day number: days since 1899-12-30, the time as a part of the day, to the second. Only
/// from 1950 to 2100: other numbers are no dates.
fn of_day_number(text: &str) -> Option<NaiveDateTime> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit());
    let days: i64 = whole.parse().ok().filter(|days| (18_264..73_415).contains(days))?;
    if !is_number(whole) || !is_number(part) {
        return None;
    }
    let scale = 10i128.pow(part.len() as u32);
    let seconds = (part.parse::<i128>().unwrap_or(0) * 86_400 * 2 + scale) / (2 * scale);
    let start = NaiveDate::from_ymd_opt(1899, 12, 30)?.and_time(NaiveTime::MIN);
    start.checked_add_signed(TimeDelta::days(days) + TimeDelta::seconds(seconds as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_numbers_are_days() {
        let says = |text| of_day_number(text).map(|t| t.to_string());
        assert_eq!(says("45123.5").as_deref(), Some("2023-07-16 12:00:00"));
        assert_eq!(says("45123").as_deref(), Some("2023-07-16 00:00:00"));
        assert_eq!(says("45123.604166666666").as_deref(), Some("2023-07-16 14:30:00"));
        assert_eq!((says("20230716"), says("12"), says("45123.x")), (None, None, None));
    }
}
