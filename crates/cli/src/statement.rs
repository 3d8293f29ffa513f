//! A payment provider's statement: its refunds, read by a profile that names the columns.
//!
//! What surprises: a statement is taken whole or not at all. One row that can't be read would leave a
//! refund out, and what is left out here looks like money that never went out.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, NaiveDateTime};
use guicang_domain::ids::Tender;
use guicang_domain::money::{Amount, Currency};
use guicang_domain::statement::TheirRefund;
use guicang_domain::time::Zone;
use serde::Deserialize;

use crate::exit::{Exit, Explain, Failure};
use crate::import::encoding::{Transcoder, Written};
use crate::language::Language;
use crate::texts::{money, next};

const OWN: &[(&str, &str)] = &[
    ("wechat", include_str!("../profiles/statement/wechat.toml")),
    ("alipay", include_str!("../profiles/statement/alipay.toml")),
    ("generic", include_str!("../profiles/statement/generic.toml")),
];

/// How a provider writes its statements.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementProfile {
    /// Its name.
    pub name: String,
    /// The tender that it is a statement of; `None`: of all electronic ones.
    #[serde(default, deserialize_with = "opt_parsed")]
    pub tender: Option<Tender>,
    /// The currency of its amounts.
    #[serde(deserialize_with = "parsed")]
    pub currency: Currency,
    /// The zone of its times.
    #[serde(deserialize_with = "parsed")]
    pub zone: Zone,
    /// What stands before each field and is no part of it.
    #[serde(default)]
    strip: String,
    /// What a line begins with that is no row.
    comment: Option<char>,
    /// What the first field of the first line after the rows says.
    end: Option<String>,
    /// How times are written; the first that fits is taken.
    time_formats: Vec<String>,
    /// The columns, each by the names that it may have.
    columns: Columns,
    /// What a row that is a payment says: by column, one of these.
    #[serde(default)]
    paid: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Columns {
    refund: Vec<String>,
    amount: Vec<String>,
    time: Vec<String>,
}

fn parsed<'de, D: serde::Deserializer<'de>, T: std::str::FromStr<Err: std::fmt::Display>>(
    d: D,
) -> Result<T, D::Error> {
    String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
}

fn opt_parsed<'de, D: serde::Deserializer<'de>, T: std::str::FromStr<Err: std::fmt::Display>>(
    d: D,
) -> Result<Option<T>, D::Error> {
    parsed(d).map(Some)
}

/// Why a statement can't be read.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// There is no such profile, or it is wrong.
    #[error("the profile {name}: {detail}")]
    Profile {
        /// Its name or path.
        name: String,
        /// What is wrong.
        detail: String,
        /// The profiles that come with the program.
        known: String,
    },
    /// The file can't be opened or read.
    #[error("{file}: {detail}")]
    File {
        /// Its path.
        file: PathBuf,
        /// Why.
        detail: String,
    },
    /// It has no such column.
    #[error("{file} has no column {wanted}; it has {found}")]
    Column {
        /// Its path.
        file: PathBuf,
        /// The names that would do.
        wanted: String,
        /// What it has.
        found: String,
    },
    /// A row can't be read.
    #[error("{file} line {line}, {column}: found {found:?}")]
    Row {
        /// Its path.
        file: PathBuf,
        /// The line.
        line: u64,
        /// The column.
        column: String,
        /// What was found.
        found: String,
    },
}

impl StatementProfile {
    /// The profile of a name that comes with the program, or of a TOML file.
    ///
    /// # Errors
    /// [`StatementError::Profile`].
    pub fn load(name: &str) -> Result<Self, StatementError> {
        let wrong = |detail: String| StatementError::Profile {
            name: name.into(),
            detail,
            known: OWN.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
        };
        let own = OWN.iter().find(|(own, _)| *own == name).map(|(_, text)| (*text).to_owned());
        let text = match own {
            Some(text) => text,
            None => std::fs::read_to_string(name).map_err(|e| wrong(e.to_string()))?,
        };
        toml::from_str(&text).map_err(|e| wrong(e.to_string()))
    }

    /// The payments of a statement, in the file's order.
    ///
    /// # Errors
    /// [`StatementError`], naming line and column; nothing of the file is taken then.
    pub fn read(&self, file: &Path) -> Result<Vec<TheirRefund>, StatementError> {
        let unreadable = |detail: &dyn std::fmt::Display| StatementError::File {
            file: file.into(),
            detail: detail.to_string(),
        };
        let bytes = std::fs::read(file).map_err(|e| unreadable(&e))?;
        // As imports are read: UTF-8, GB18030 as Alipay writes it, or UTF-16 with its mark.
        let mut transcoder = Transcoder::new(bytes.as_slice(), Written::Auto);
        let decoding = transcoder.is_decoding();
        let mut text = Vec::new();
        transcoder.read_to_end(&mut text).map_err(|e| unreadable(&e))?;
        let text = String::from_utf8(text).map_err(|e| {
            let at = e.utf8_error().valid_up_to();
            unreadable(&format_args!("neither UTF-8 nor GB18030 from byte {at} on"))
        })?;
        if let Some(at) = text.find('\u{fffd}').filter(|_| decoding.get()) {
            let line = text[..at].matches('\n').count() + 1;
            return Err(unreadable(&format_args!("line {line} is neither UTF-8 nor GB18030")));
        }
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .comment(self.comment.and_then(|c| u8::try_from(c).ok()))
            .from_reader(text.as_bytes());
        let mut header: Option<Header<'_>> = None;
        let mut out = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| unreadable(&e))?;
            let line = record.position().map_or(0, csv::Position::line);
            let fields: Vec<&str> =
                record.iter().map(|f| f.trim().strip_prefix(&self.strip).unwrap_or(f).trim()).collect();
            if fields.iter().all(|f| f.is_empty()) {
                continue;
            }
            let Some(header) = &header else {
                header = Some(self.header(file, &fields)?);
                continue;
            };
            if self.end.as_deref() == fields.first().copied() {
                break;
            }
            if let Some(row) = self.row(file, line, header, &fields)? {
                out.push(row);
            }
        }
        if header.is_none() {
            return Err(unreadable(&"empty"));
        }
        Ok(out)
    }

    fn header(&self, file: &Path, fields: &[&str]) -> Result<Header<'_>, StatementError> {
        let find = |names: &[String]| {
            let at = names.iter().find_map(|n| fields.iter().position(|f| f == n));
            at.ok_or_else(|| StatementError::Column {
                file: file.into(),
                wanted: names.join(" / "),
                found: fields.iter().take(40).copied().collect::<Vec<_>>().join(", "),
            })
        };
        Ok(Header {
            refund: find(&self.columns.refund)?,
            amount: find(&self.columns.amount)?,
            time: find(&self.columns.time)?,
            paid: self
                .paid
                .iter()
                .map(|(name, values)| Ok((find(std::slice::from_ref(name))?, values.as_slice())))
                .collect::<Result<_, _>>()?,
        })
    }

    /// A row as a payment; `None` when it is something else.
    fn row(
        &self,
        file: &Path,
        line: u64,
        header: &Header<'_>,
        fields: &[&str],
    ) -> Result<Option<TheirRefund>, StatementError> {
        let field = |n: usize| fields.get(n).copied().unwrap_or_default();
        if header.paid.iter().any(|(column, values)| !values.iter().any(|v| v == field(*column))) {
            return Ok(None);
        }
        let wrong = |column: &[String], found: &str| StatementError::Row {
            file: file.into(),
            line,
            column: column.join(" / "),
            found: found.chars().take(80).collect(),
        };
        let refund = field(header.refund);
        if refund.is_empty() {
            return Err(wrong(&self.columns.refund, refund));
        }
        let written = field(header.amount);
        let plain: String = written.chars().filter(|c| !matches!(c, ',' | '¥' | '￥')).collect();
        let amount = self.currency.parse_amount(&plain).map_err(|_| wrong(&self.columns.amount, written))?;
        if amount == Amount::ZERO {
            return Err(wrong(&self.columns.amount, written));
        }
        let on = self.day(field(header.time)).ok_or_else(|| wrong(&self.columns.time, field(header.time)))?;
        // Some write what they paid out with a minus, others without.
        Ok(Some(TheirRefund { line, refund: refund.to_owned(), amount: Amount(amount.0.abs()), on }))
    }

    fn day(&self, text: &str) -> Option<NaiveDate> {
        let time = |f: &String| NaiveDateTime::parse_from_str(text, f).ok().map(|t| t.date());
        self.time_formats.iter().find_map(time).or_else(|| text.parse().ok())
    }
}

/// Where the columns are.
struct Header<'a> {
    refund: usize,
    amount: usize,
    time: usize,
    paid: Vec<(usize, &'a [String])>,
}

impl Explain for StatementError {
    fn explain(&self, l: Language, _: &str) -> Failure {
        let message = match self {
            StatementError::Profile { name, detail, known } => {
                money::statement_profile(l, name, detail, known)
            }
            StatementError::File { file, detail } => money::statement_file(l, &file.display(), detail),
            StatementError::Column { file, wanted, found } => {
                money::statement_column(l, &file.display(), wanted, found)
            }
            StatementError::Row { file, line, column, found } => {
                money::statement_row(l, &file.display(), *line, column, found)
            }
        };
        Failure::new(Exit::Refused, message, next::correct(l))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(profile: &str, text: &str) -> Result<Vec<(u64, String, i64, String)>, StatementError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("statement.csv");
        std::fs::write(&file, text).unwrap();
        let rows = StatementProfile::load(profile).unwrap().read(&file)?;
        Ok(rows.into_iter().map(|r| (r.line, r.refund, r.amount.0, r.on.to_string())).collect())
    }

    /// Sales, and refunds that were not paid, are no payments; the two lines of sums at the end are no
    /// rows.
    #[test]
    fn wechats_statement_is_read_as_it_is_downloaded() {
        let text = "\u{feff}交易时间,微信订单号,商户订单号,交易状态,微信退款单号,商户退款单号,退款金额,退款状态\n\
            `2026-11-22 10:00:00,`42,`S01-1,`SUCCESS,`0,`0,`0.00,`\n\
            `2026-11-22 11:00:00,`42,`S01-1,`REFUND,`50,`R1,`240.00,`SUCCESS\n\
            `2026-11-22 12:00:00,`43,`S01-2,`REFUND,`51,`R2,`1,`PROCESSING\n\
            总交易单数,应结订单总金额,退款总金额\n\
            `3,`300.00,`240.00\n";
        let rows = read("wechat", text).unwrap();
        assert_eq!(rows, [(3, "R1".into(), 24_000, "2026-11-22".into())]);
    }

    #[test]
    fn alipays_statement_is_read_as_it_is_downloaded() {
        let text = "#支付宝业务明细查询\n#账号：[20880000]\n\
            支付宝交易号,商户订单号,业务类型,完成时间,订单金额（元）,退款批次号/请求号\n\
            2026\t,S01-1\t,交易\t,2026-11-22 10:00:00,\"1,300.00\",\t\n\
            2026\t,S01-1\t,退款\t,2026-11-23 09:30:00,\"-1,240.00\",R1\t\n\
            #-----------业务明细列表结束-----------\n";
        let rows = read("alipay", text).unwrap();
        assert_eq!(rows, [(5, "R1".into(), 124_000, "2026-11-23".into())]);
    }

    /// Alipay's download is in GB18030, and may have been saved anew with a mark, or in UTF-16: it is the same
    /// statement. A byte that is no text is named by its line.
    #[test]
    fn a_statement_is_read_in_whatever_it_is_written() {
        let text = "#支付宝业务明细查询\n\
            支付宝交易号,商户订单号,业务类型,完成时间,订单金额（元）,退款批次号/请求号\n\
            2026\t,S01-1\t,退款\t,2026-11-23 09:30:00,\"-1,240.00\",R1\t\n";
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bill.csv");
        let read = |bytes: &[u8]| {
            std::fs::write(&file, bytes).unwrap();
            let rows = StatementProfile::load("alipay").unwrap().read(&file)?;
            Ok::<_, StatementError>(
                rows.into_iter().map(|r| (r.line, r.refund, r.amount.0)).collect::<Vec<_>>(),
            )
        };
        let wanted = vec![(3, "R1".to_owned(), 124_000)];
        let gb18030 = encoding_rs::GB18030.encode(text).0;
        let utf16: Vec<u8> =
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        for bytes in [text.as_bytes(), &gb18030, format!("\u{feff}{text}").as_bytes(), &utf16] {
            assert_eq!(read(bytes).unwrap(), wanted);
        }
        let mut torn = gb18030.into_owned();
        torn.extend_from_slice(b"\xff\xff,x\n");
        let error = read(&torn).unwrap_err();
        assert!(
            matches!(&error, StatementError::File { detail, .. } if detail.contains("GB18030")),
            "{error}"
        );
    }

    /// A row that can't be read is named, and the file is not taken in part.
    #[test]
    fn a_row_that_cannot_be_read_stops_the_whole() {
        let text = "refund,amount,time\nR1,1.00,2026-11-22\nR2,one,2026-11-22\n";
        let error = read("generic", text).unwrap_err();
        assert!(matches!(&error, StatementError::Row { line: 3, found, .. } if found == "one"), "{error}");
        let error = read("generic", "refund,time\nR1,2026-11-22\n").unwrap_err();
        assert!(matches!(&error, StatementError::Column { .. }), "{error}");
        let error = read("generic", "refund,amount,time\n,1.00,2026-11-22\n").unwrap_err();
        assert!(matches!(&error, StatementError::Row { line: 2, .. }), "{error}");
        assert!(matches!(read("generic", "").unwrap_err(), StatementError::File { .. }));
        assert!(matches!(StatementProfile::load("no-such"), Err(StatementError::Profile { .. })));
    }
}
