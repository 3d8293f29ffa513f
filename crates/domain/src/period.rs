//! A period's close: what a month's figures were when HQ closed it, and which facts these come from (结账).
//!
//! Figures are sums of facts by the business date, each at its site and in its zone. What surprises: a close
//! blocks nothing. What arrives later with a date in a closed month keeps its date, and is told in the month
//! that is open: the open month is the fold of everything up to its end, less what was recorded for the closed
//! ones. So all months together always come to the fold of all facts.
//!
//! ```text
//!   cut      per device: the last journal entry held, the last change of it, how far it was acknowledged
//!   figures  per site and currency: sales, returns, money:ACCOUNT, stock:ACCOUNT; in the month, and to date
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, NaiveTime};
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};

use crate::document::Head;
use crate::event::{Event, Rank};
use crate::ids::{DeviceId, IdError, SiteId};
use crate::money::{Amount, Currency};
use crate::quantity::Quantity;
use crate::time::{Moment, Zone};

/// A month of business dates, as `2026-10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    year: i32,
    month: u32,
}

impl Period {
    /// The month that a date is in.
    pub fn of(date: NaiveDate) -> Self {
        Self { year: date.year(), month: date.month() }
    }

    /// The month after it.
    pub fn next(self) -> Self {
        match self.month {
            12 => Self { year: self.year + 1, month: 1 },
            month => Self { month: month + 1, ..self },
        }
    }

    /// Its first day.
    pub fn first(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.year, self.month, 1).expect("a month of the calendar")
    }

    /// When it begins on a zone's walls.
    pub fn begins(self, zone: Zone) -> Moment {
        zone.at(self.first().and_time(NaiveTime::MIN))
    }

    /// When it is over on a zone's walls: the first moment that isn't in it.
    pub fn ends(self, zone: Zone) -> Moment {
        self.next().begins(zone)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Period {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError {
            what: "period",
            found: text.chars().take(80).collect(),
            wanted: "a month such as 2026-10",
        };
        let (year, month) = text.trim().split_once('-').ok_or_else(wrong)?;
        let digits = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(wrong());
        }
        let (year, month): (i32, u32) =
            (year.parse().map_err(|_| wrong())?, month.parse().map_err(|_| wrong())?);
        if year < 1900 || !(1..=12).contains(&month) {
            return Err(wrong());
        }
        Ok(Self { year, month })
    }
}

/// What a figure is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FigureKey {
    /// The site; `None` for what is the organisation's own, as a decision on who bears a loss.
    pub site: Option<SiteId>,
    /// The currency of its value.
    pub currency: Currency,
    /// `sales`, `services`, `returns`, `service_returns`, `cash_sales`, `cash_refunds`, `money:ACCOUNT`,
    /// `stock:ACCOUNT`.
    pub figure: String,
}

/// A quantity and a value; either is zero where it has no meaning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// How much of goods.
    pub quantity: Quantity,
    /// What it comes to.
    pub value: Amount,
}

impl Sums {
    /// Whether both are zero.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

/// Figures by what they are of; one that isn't there is zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures(pub BTreeMap<FigureKey, Sums>);

impl Figures {
    /// Adds to a figure; one that comes to zero is left out.
    pub fn add(&mut self, key: FigureKey, sums: Sums) {
        let entry = self.0.entry(key.clone()).or_default();
        entry.quantity += sums.quantity;
        entry.value += sums.value;
        if entry.is_zero() {
            self.0.remove(&key);
        }
    }

    /// These and others.
    #[must_use]
    pub fn plus(mut self, other: &Figures) -> Self {
        for (key, sums) in &other.0 {
            self.add(key.clone(), *sums);
        }
        self
    }

    /// These without others.
    #[must_use]
    pub fn less(mut self, other: &Figures) -> Self {
        for (key, sums) in &other.0 {
            self.add(key.clone(), Sums { quantity: -sums.quantity, value: -sums.value });
        }
        self
    }

    /// One figure of all sites together, in a currency.
    pub fn total(&self, figure: &str, currency: Currency) -> Sums {
        let mut out = Sums::default();
        for (key, sums) in &self.0 {
            if key.figure == figure && key.currency == currency {
                out.quantity += sums.quantity;
                out.value += sums.value;
            }
        }
        out
    }
}

/// How far a device's journal is among the facts that were closed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct DeviceCut {
    /// The device.
    #[n(0)]
    pub device: DeviceId,
    /// Its last journal entry that was held.
    #[n(1)]
    pub sequence: u64,
    /// The last change of that entry that was held: an entry may arrive in parts.
    #[n(2)]
    pub leaf: u64,
    /// Its last journal entry that the relay was known to have acknowledged; 0 for none.
    #[n(3)]
    pub acknowledged: u64,
}

/// The facts that were closed on, and what proves them to be the same when they are counted again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cut {
    /// Each device's journal, by device.
    pub devices: Vec<DeviceCut>,
    /// How many changes stood.
    pub changes: u64,
    /// The sum of their hashes modulo 2^256.
    pub sum: [u8; 32],
    /// How far the relay's log was followed: its position, and its sum there.
    pub log: (u64, [u8; 32]),
}

/// What was recorded at the close.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeriodRecord {
    /// The facts.
    pub cut: Cut,
    /// What was told in the month: everything up to its end, less what the closes before it had recorded.
    pub figures: Figures,
    /// Everything up to its end, since the books began. Of stock: what there was at its end.
    pub to_date: Figures,
    /// The sites that had not reported up to the month's end, and up to when they had; `None`: never.
    pub unreported: Vec<(SiteId, Option<Moment>)>,
}

/// A period's close, as read from its document. Its site is `None`: it is the organisation's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodClose {
    /// Identity, number, versions.
    pub head: Head,
    /// The month.
    pub period: Period,
    /// What was recorded.
    pub recorded: PeriodRecord,
    /// What happened, in order of rank.
    pub events: Vec<Event<PeriodEvent>>,
}

/// What can happen to a period's close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeriodEvent {
    /// It was closed.
    Closed,
    /// Something that a newer program recorded; kept, not folded.
    Unknown {
        /// Its name.
        kind: String,
    },
}

impl PeriodClose {
    /// The event by which it is closed.
    pub fn closed(&self) -> Option<&Event<PeriodEvent>> {
        self.events.iter().find(|e| e.body == PeriodEvent::Closed)
    }

    /// Where it stands among closes of the same month, which two devices made while apart: the lowest stands.
    pub fn rank(&self) -> Option<Rank> {
        self.closed().map(Event::rank)
    }
}

/// What was recorded, as it is encoded: an array, version first. A row is (site, currency, the figure's place
/// among the names, in the month: quantity and value, to date: quantity and value).
#[derive(Encode, Decode)]
#[cbor(array)]
struct Body {
    #[n(0)]
    version: u8,
    #[n(1)]
    devices: Vec<DeviceCut>,
    #[n(2)]
    changes: u64,
    #[n(3)]
    sum: ByteArray<32>,
    #[n(4)]
    log: u64,
    #[n(5)]
    log_sum: ByteArray<32>,
    #[n(6)]
    names: Vec<String>,
    #[n(7)]
    rows: Vec<Row>,
    #[n(8)]
    unreported: Vec<(SiteId, Option<Moment>)>,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Row {
    #[n(0)]
    site: Option<SiteId>,
    #[n(1)]
    currency: Currency,
    #[n(2)]
    name: usize,
    #[n(3)]
    within: (i64, i64),
    #[n(4)]
    to_date: (i64, i64),
}

const BODY_VERSION: u8 = 1;

/// Why what was recorded can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It isn't the CBOR of a body.
    #[error("the figures can't be decoded: {0}")]
    Malformed(String),
    /// A newer version wrote it.
    #[error("the figures have version {found}; this program reads version {reads}")]
    Newer {
        /// The body's version.
        found: u8,
        /// The newest that this program reads.
        reads: u8,
    },
}

impl PeriodRecord {
    /// The bytes that the document keeps.
    pub fn body(&self) -> Vec<u8> {
        let mut names: Vec<String> = self.to_date.0.keys().map(|k| k.figure.clone()).collect();
        names.extend(self.figures.0.keys().map(|k| k.figure.clone()));
        names.sort();
        names.dedup();
        let mut keys: Vec<&FigureKey> = self.to_date.0.keys().chain(self.figures.0.keys()).collect();
        keys.sort();
        keys.dedup();
        let sums = |figures: &Figures, key| {
            let sums: Sums = figures.0.get(key).copied().unwrap_or_default();
            (sums.quantity.0, sums.value.0)
        };
        let rows = keys.into_iter().map(|key| Row {
            site: key.site.clone(),
            currency: key.currency,
            name: names.binary_search(&key.figure).expect("its name is among them"),
            within: sums(&self.figures, key),
            to_date: sums(&self.to_date, key),
        });
        let body = Body {
            version: BODY_VERSION,
            devices: self.cut.devices.clone(),
            changes: self.cut.changes,
            sum: self.cut.sum.into(),
            log: self.cut.log.0,
            log_sum: self.cut.log.1.into(),
            rows: rows.collect(),
            unreported: self.unreported.clone(),
            names,
        };
        minicbor::to_vec(body).expect("writing to memory")
    }

    /// What a document's bytes say.
    ///
    /// # Errors
    /// [`BodyError`] when they aren't such, or a newer program wrote them.
    pub fn from_body(bytes: &[u8]) -> Result<Self, BodyError> {
        let malformed = |e: &dyn fmt::Display| BodyError::Malformed(e.to_string());
        let mut decoder = minicbor::Decoder::new(bytes);
        let version = decoder.array().and_then(|_| decoder.u8()).map_err(|e| malformed(&e))?;
        if version > BODY_VERSION {
            return Err(BodyError::Newer { found: version, reads: BODY_VERSION });
        }
        let body: Body = minicbor::decode(bytes).map_err(|e| malformed(&e))?;
        let (mut figures, mut to_date) = (Figures::default(), Figures::default());
        for row in body.rows {
            let figure = body.names.get(row.name).ok_or_else(|| malformed(&"a figure without a name"))?;
            let key = FigureKey { site: row.site, currency: row.currency, figure: figure.clone() };
            let sums = |(quantity, value)| Sums { quantity: Quantity(quantity), value: Amount(value) };
            for (to, from) in [(&mut figures, row.within), (&mut to_date, row.to_date)] {
                if from != (0, 0) {
                    to.0.insert(key.clone(), sums(from));
                }
            }
        }
        Ok(Self {
            cut: Cut {
                devices: body.devices,
                changes: body.changes,
                sum: body.sum.into(),
                log: (body.log, body.log_sum.into()),
            },
            figures,
            to_date,
            unreported: body.unreported,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(figure: &str) -> FigureKey {
        FigureKey { site: Some("S01".parse().unwrap()), currency: Currency::CNY, figure: figure.into() }
    }

    fn sums(quantity: i64, value: i64) -> Sums {
        Sums { quantity: Quantity(quantity), value: Amount(value) }
    }

    fn recorded() -> PeriodRecord {
        PeriodRecord {
            cut: Cut {
                devices: vec![DeviceCut { device: DeviceId([7; 16]), sequence: 3, leaf: 1, acknowledged: 2 }],
                changes: 9,
                sum: [1; 32],
                log: (12, [2; 32]),
            },
            figures: Figures([(key("sales"), sums(2000, 5000))].into()),
            to_date: Figures(
                [(key("sales"), sums(2000, 5000)), (key("stock:sellable"), sums(8000, 1600))].into(),
            ),
            unreported: vec![("S02".parse().unwrap(), None), ("S03".parse().unwrap(), Some(Moment(1_000)))],
        }
    }

    #[test]
    fn months_are_read_and_follow_each_other() {
        let december: Period = "2026-12".parse().unwrap();
        assert_eq!(december.next().to_string(), "2027-01");
        assert_eq!(december.begins(Zone::SHANGHAI).to_rfc3339(), "2026-11-30T16:00:00.000Z");
        assert_eq!(december.ends(Zone::SHANGHAI), december.next().begins(Zone::SHANGHAI));
        for wrong in ["2026", "2026-13", "2026-00", "26-10", "2026-1", "+026-10", "2026-10-01", "十月"] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_recorded_reads_back_and_what_is_broken_says_so() {
        let body = recorded().body();
        assert_eq!(PeriodRecord::from_body(&body), Ok(recorded()));
        for cut in 0..body.len() {
            assert!(PeriodRecord::from_body(&body[..cut]).is_err(), "{cut} bytes");
        }
        assert_eq!(PeriodRecord::from_body(&[0x81, 0x09]), Err(BodyError::Newer { found: 9, reads: 1 }));
    }

    #[test]
    fn figures_that_come_to_nothing_are_not_there() {
        let one = Figures([(key("sales"), sums(2000, 5000))].into());
        assert_eq!(one.clone().less(&one), Figures::default());
        assert_eq!(one.clone().plus(&one).total("sales", Currency::CNY), sums(4000, 10_000));
    }
}
