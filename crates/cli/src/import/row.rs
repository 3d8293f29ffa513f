//! One row, read: its texts as written, its numbers and its time parsed.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use csv::StringRecord;
use guicang_domain::ids::ReasonCode;
use guicang_domain::money::{Amount, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::time::Moment;

use super::profile::{Profile, ReasonPattern};
use super::reader::Rows;
use super::report::LeftOut;
use super::rules::{Facts, Kind};

/// A row. Texts are without outer spaces and empty where there is no such column.
pub(super) struct Row<'r> {
    pub facts: Facts<'r>,
    pub line_number: &'r str,
    pub tender: &'r str,
    pub amount: Option<Amount>,
    pub at: Moment,
}

/// Where in a file's rows the profile's columns are.
pub(super) struct Layout {
    receipt: usize,
    sku: usize,
    quantity: usize,
    time: usize,
    price: Option<usize>,
    amount: Option<usize>,
    name: Option<usize>,
    customer: Option<usize>,
    site: Option<usize>,
    till: Option<usize>,
    line: Option<usize>,
    tender: Option<usize>,
    identity: Vec<usize>,
    reasons: Vec<usize>,
    /// The time text last read: neighbours mostly share theirs, and parsing is slow.
    last_time: Option<(String, Moment)>,
}

impl Layout {
    pub fn new(profile: &Profile, rows: &Rows) -> Self {
        let c = &profile.columns;
        let place = |column: &Option<String>| column.as_ref().map(|column| rows.place(column));
        Self {
            receipt: rows.place(&c.receipt),
            sku: rows.place(&c.sku),
            quantity: rows.place(&c.quantity),
            time: rows.place(&c.time),
            price: place(&c.price),
            amount: place(&c.amount),
            name: place(&c.name),
            customer: place(&c.customer),
            site: place(&c.site),
            till: place(&c.till),
            line: place(&c.line),
            tender: place(&c.tender),
            identity: profile.identity.iter().map(|column| rows.place(column)).collect(),
            reasons: profile.reasons.iter().map(|reason| rows.place(&reason.column)).collect(),
            last_time: None,
        }
    }

    /// Whether rows carry their number within the receipt.
    pub fn has_line_numbers(&self) -> bool {
        self.line.is_some()
    }

    /// The texts that say what the row is, for rows without a number.
    pub fn identity<'r>(&self, record: &'r StringRecord) -> Vec<&'r [u8]> {
        self.identity.iter().map(|place| record[*place].trim().as_bytes()).collect()
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

    /// Reads a row, or says what in it can't be read.
    pub fn read<'r>(
        &mut self,
        profile: &Profile,
        record: &'r StringRecord,
        line: u64,
    ) -> Result<Row<'r>, LeftOut> {
        let text = |place: usize| record[place].trim();
        let optional = |place: Option<usize>| place.map_or("", text);
        let quantity: Quantity = text(self.quantity).parse().map_err(|_| {
            left_out(
                line,
                "bad_quantity",
                &profile.columns.quantity,
                text(self.quantity),
                "a number with at most 3 decimals",
            )
        })?;
        let price = match self.price {
            None => None,
            Some(place) => Some(text(place).parse::<UnitPrice>().map_err(|e| {
                left_out(line, "bad_price", column(&profile.columns.price), text(place), &e.wanted)
            })?),
        };
        let amount = match self.amount {
            None => None,
            Some(place) => Some(profile.currency.parse_amount(text(place)).map_err(|e| {
                left_out(line, "bad_amount", column(&profile.columns.amount), text(place), &e.wanted)
            })?),
        };
        let time = text(self.time);
        let at = match &self.last_time {
            Some((last, at)) if last == time => *at,
            _ => {
                let at = parse_time(profile, time).ok_or_else(|| {
                    let wanted = format!("a time as {}", profile.time_format);
                    left_out(line, "bad_time", &profile.columns.time, time, &wanted)
                })?;
                self.last_time = Some((time.into(), at));
                at
            }
        };
        let sku = text(self.sku);
        let facts = Facts {
            receipt: text(self.receipt),
            sku,
            name: optional(self.name),
            customer: optional(self.customer),
            site: optional(self.site),
            till: optional(self.till),
            quantity,
            price,
            amount: amount.unwrap_or_default().0,
            service: profile.services.contains(sku),
        };
        Ok(Row { facts, line_number: optional(self.line), tender: optional(self.tender), amount, at })
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

/// A column's header; empty where there is no such column.
pub(super) fn column(header: &Option<String>) -> &str {
    header.as_deref().unwrap_or_default()
}

fn parse_time(profile: &Profile, text: &str) -> Option<Moment> {
    let local = NaiveDateTime::parse_from_str(text, &profile.time_format).or_else(|_| {
        NaiveDate::parse_from_str(text, &profile.time_format).map(|date| date.and_time(NaiveTime::MIN))
    });
    local.ok().map(|local| profile.zone.at(local))
}
