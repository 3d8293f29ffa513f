//! A profile as somebody wrote it, and whether it can be used: every mistake is named with its key.

use std::collections::BTreeMap;

use guicang_domain::ids::{ReasonCode, Tender};
use regex_lite::Regex;
use serde::Deserialize;

use super::super::columns::{Columns, Role};
use super::super::encoding::Written;
use super::super::rules::{Kind, Sign, Signs};
use super::{EXCEL, Identity, Link, Profile, ProfileError, ReasonPattern, Services};

/// A profile as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProfile {
    name: String,
    #[serde(default)]
    about: String,
    currency: Option<String>,
    zone: Option<String>,
    time_format: OneOrMore,
    #[serde(default)]
    encoding: Written,
    delimiter: Option<String>,
    #[serde(default)]
    lenient: bool,
    columns: Columns,
    #[serde(default)]
    identity: Vec<String>,
    #[serde(default)]
    link: Link,
    #[serde(default)]
    gather: bool,
    #[serde(default)]
    services: Services,
    #[serde(default)]
    signs: BTreeMap<String, Sign>,
    #[serde(default, rename = "rule")]
    rules: Vec<super::super::rules::RawRule>,
    #[serde(default, rename = "reason")]
    reasons: Vec<RawReason>,
    #[serde(default)]
    tenders: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReason {
    #[serde(default)]
    kinds: Vec<String>,
    column: String,
    pattern: String,
    code: String,
}

impl RawProfile {
    /// The profile that it is; or what in it can't be.
    pub(super) fn check(self, called: &str) -> Result<Profile, ProfileError> {
        let wrong = |key: &str, found: &str, wanted: &str| ProfileError::Value {
            name: called.into(),
            key: key.into(),
            found: found.into(),
            wanted: wanted.into(),
        };
        for role in [Role::Receipt, Role::Sku, Role::Quantity] {
            if !self.columns.contains_key(&role) {
                let key = format!("columns.{}", role.as_str());
                return Err(wrong(&key, "", "the header of that column"));
            }
        }
        let has = |role| self.columns.contains_key(&role);
        let always = |role| self.columns.get(&role).is_some_and(|header| !header.optional);
        if !has(Role::Time) && !has(Role::Date) {
            return Err(wrong("columns.time", "", "a column for the time, or the date"));
        }
        if !always(Role::Line) && self.identity.is_empty() {
            return Err(wrong(
                "identity",
                "",
                "the columns that say what a row is, since columns.line isn't given",
            ));
        }
        if !has(Role::Price) && !has(Role::Amount) {
            return Err(wrong("columns.price", "", "a column for price or for amount"));
        }
        if let Some((role, _)) = self.columns.iter().find(|(_, header)| header.names.is_empty()) {
            return Err(wrong(&format!("columns.{}", role.as_str()), "", "at least one header"));
        }
        let mut identity = Vec::new();
        for name in &self.identity {
            identity.push(match name.strip_prefix(':') {
                None => Identity::Header(name.clone()),
                Some(role) => Role::ALL
                    .iter()
                    .find(|r| r.as_str() == role && has(**r))
                    .map(|role| Identity::Role(*role))
                    .ok_or_else(|| wrong("identity", name, "a header, or a colon and a key of columns"))?,
            });
        }
        if self.rules.is_empty() {
            return Err(wrong("rule", "", "at least one [[rule]]; one without `when` fits every row"));
        }
        let delimiter = match self.delimiter.as_deref() {
            None => Some(b','),
            Some("auto") => None,
            Some(text) => match text.as_bytes() {
                [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Some(*byte),
                _ => return Err(wrong("delimiter", text, "one ASCII character, not a quote; or auto")),
            },
        };
        let currency = match &self.currency {
            None => None,
            Some(code) => Some(code.parse().map_err(|_| wrong("currency", code, "an ISO 4217 code"))?),
        };
        let zone = match &self.zone {
            None => None,
            Some(zone) => {
                Some(zone.parse().map_err(|_| wrong("zone", zone, "a time zone such as Europe/London"))?)
            }
        };
        let time_formats = match self.time_format {
            OneOrMore::One(format) => vec![format],
            OneOrMore::More(formats) => formats,
        };
        let is_wrong = |format: &&String| {
            *format != EXCEL
                && chrono::format::StrftimeItems::new(format)
                    .any(|item| matches!(item, chrono::format::Item::Error))
        };
        if time_formats.is_empty() || time_formats.iter().any(|format| is_wrong(&format)) {
            let found = time_formats.iter().find(is_wrong).map_or("", String::as_str);
            return Err(wrong("time_format", found, "a format such as %Y-%m-%dT%H:%M:%S"));
        }
        let mut signs = Signs::default();
        for (kind, sign) in &self.signs {
            let key = format!("signs.{kind}");
            signs.set(kind.parse().map_err(|_| wrong(&key, kind, Kind::WANTED))?, *sign);
        }
        let mut rules = Vec::with_capacity(self.rules.len());
        for (n, rule) in self.rules.into_iter().enumerate() {
            let checked = rule
                .check()
                .map_err(|(key, found, wanted)| wrong(&format!("rule[{}].{key}", n + 1), &found, &wanted))?;
            rules.push(checked);
        }
        let mut reasons = Vec::with_capacity(self.reasons.len());
        for (n, reason) in self.reasons.into_iter().enumerate() {
            let key = |part: &str| format!("reason[{}].{part}", n + 1);
            let mut kinds = Vec::new();
            for kind in &reason.kinds {
                kinds.push(kind.parse().map_err(|_| wrong(&key("kinds"), kind, Kind::WANTED))?);
            }
            let pattern = Regex::new(&reason.pattern).map_err(|e| {
                wrong(&key("pattern"), &reason.pattern, &format!("a regular expression ({e})"))
            })?;
            let code =
                ReasonCode::new(&reason.code).map_err(|e| wrong(&key("code"), &reason.code, e.wanted))?;
            reasons.push(ReasonPattern { kinds, column: reason.column, pattern, code });
        }
        let mut tenders = BTreeMap::new();
        for (text, tender) in self.tenders {
            let parsed =
                Tender::new(&tender).map_err(|e| wrong(&format!("tenders.{text}"), &tender, e.wanted))?;
            tenders.insert(text, parsed);
        }
        Ok(Profile {
            name: self.name,
            about: self.about,
            currency,
            zone,
            time_formats,
            encoding: self.encoding,
            delimiter,
            lenient: self.lenient,
            columns: self.columns,
            identity,
            link: self.link,
            gather: self.gather,
            services: self.services,
            signs,
            rules,
            reasons,
            tenders,
        })
    }
}
