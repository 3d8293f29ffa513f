//! Profiles: what a file's columns mean, as TOML.
//!
//! A profile is data that a shop writes itself, so every mistake in it is refused with a sentence
//! that names the place; unknown keys too, since a misspelt key would otherwise silently do
//! nothing. What surprises: codes are compared as written (letter case counts), while SKUs are in
//! upper case.

mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use guicang_domain::ids::{ReasonCode, Tender};
use guicang_domain::money::Currency;
use guicang_domain::time::Zone;
use regex_lite::Regex;
use serde::Deserialize;

use super::columns::{Columns, Header, Role};
use super::encoding::Written;
use super::rules::{Kind, Rule, Signs};
use written::RawProfile;

/// The profiles that the program brings along: name and text.
const EMBEDDED: &[(&str, &str)] = &[
    ("generic", include_str!("../../profiles/generic.toml")),
    ("iowa-orders", include_str!("../../profiles/iowa-orders.toml")),
    ("uci-online-retail", include_str!("../../profiles/uci-online-retail.toml")),
];

/// The codes for goods found, lost or written off that the profiles here use; an organisation may
/// add its own.
pub const ADJUSTMENT_REASONS: &[&str] =
    &["damaged", "lost", "expired", "theft", "found", "count", "sample", "entry_error", "unknown"];

/// What a file's columns mean.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// One sentence on where such files come from.
    pub about: String,
    /// The currency of every price and amount; `None` for that of whoever imports.
    pub currency: Option<Currency>,
    /// The zone of the times; `None` for that of whoever imports.
    pub zone: Option<Zone>,
    /// The formats of the times, as chrono has them (`%Y-%m-%dT%H:%M:%S`), in the order in which they
    /// are tried; a date alone is its midnight. [`EXCEL`] stands for a spreadsheet's day numbers.
    pub time_formats: Vec<String>,
    /// How files are written.
    pub encoding: Written,
    /// What separates the columns; `None` for whichever of `,` `;` tab the first line has most of.
    pub delimiter: Option<u8>,
    /// Whether full-width letters and digits, separators of thousands, currency signs and quoted codes
    /// are read as what they mean.
    pub lenient: bool,
    /// The columns' headers, by what they stand for.
    pub columns: Columns,
    /// The columns that together say what a row is, where rows carry no line number.
    pub identity: Vec<Identity>,
    /// What a return is linked to its sale by.
    pub link: Link,
    /// Whether rows of one receipt are one document though others stand between them.
    pub gather: bool,
    /// Which codes are services.
    pub services: Services,
    /// The sign that the quantity of each kind of row must have.
    pub signs: Signs,
    /// What kind of row it is: the first rule that fits.
    pub rules: Vec<Rule>,
    /// Why: the first pattern that fits, else `unknown`.
    pub reasons: Vec<ReasonPattern>,
    /// What the tender column's texts mean; a text that isn't listed is taken as it is.
    pub tenders: BTreeMap<String, Tender>,
}

/// Stands among the time formats for a spreadsheet's day numbers: 45123.5 is the noon of 2023-07-16.
pub const EXCEL: &str = "excel";

/// A column that says, with others, what a row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// One of the profile's columns; where a file lacks it, nothing stands for it.
    Role(Role),
    /// The column of this header.
    Header(String),
}

/// What a return is linked to its sale by, beside the article's code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// The customer.
    #[default]
    Customer,
    /// The receipt that it names; else the one of its own number.
    Receipt,
}

/// Which codes are services, as written: letter case counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Services {
    /// These.
    pub codes: Vec<String>,
    /// And all that begin like this.
    pub prefixes: Vec<String>,
}

impl Services {
    /// Whether the code is a service's.
    pub fn contains(&self, code: &str) -> bool {
        self.codes.iter().any(|c| c == code) || self.prefixes.iter().any(|p| code.starts_with(p.as_str()))
    }
}

/// A pattern that gives a row its reason.
#[derive(Debug, Clone)]
pub struct ReasonPattern {
    /// The kinds of rows it is for; empty for all.
    pub kinds: Vec<Kind>,
    /// The column it looks at.
    pub column: String,
    /// What it looks for; anywhere in the text unless it says otherwise.
    pub pattern: Regex,
    /// The reason.
    pub code: ReasonCode,
}

/// Why a profile can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Neither a profile of ours nor a file.
    #[error("there is no profile {name:?}; name one of {} or a file", known.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Those that the program brings along.
        known: Vec<&'static str>,
    },
    /// The file can't be read.
    #[error("the profile {} can't be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It isn't TOML, or has keys that aren't known, or lacks some.
    #[error("the profile {name}: {message}")]
    Toml {
        /// The profile's name or path.
        name: String,
        /// What is wrong and where.
        message: String,
    },
    /// A value doesn't do.
    #[error("the profile {name}: {key}: found {found:?}, wanted {wanted}")]
    Value {
        /// The profile's name or path.
        name: String,
        /// The key, such as `rule[3].reason`.
        key: String,
        /// What was found.
        found: String,
        /// What would be right.
        wanted: String,
    },
}

impl Profile {
    /// The names of the profiles that the program brings along.
    pub fn names() -> Vec<&'static str> {
        EMBEDDED.iter().map(|(name, _)| *name).collect()
    }

    /// The profile of this name, or of the file at this path.
    ///
    /// # Errors
    /// [`ProfileError`] when there is none, or it can't be used.
    pub fn load(name_or_path: &str) -> Result<Self, ProfileError> {
        if let Some((name, text)) = EMBEDDED.iter().find(|(name, _)| *name == name_or_path) {
            return Self::parse(name, text);
        }
        let path = Path::new(name_or_path);
        if !path.is_file() {
            return Err(ProfileError::Unknown { name: name_or_path.into(), known: Self::names() });
        }
        let text = std::fs::read_to_string(path)
            .map_err(|source| ProfileError::Read { path: path.into(), source })?;
        Self::parse(name_or_path, &text)
    }

    /// The profile of a text; `called` names it in errors.
    ///
    /// # Errors
    /// [`ProfileError::Toml`] and [`ProfileError::Value`].
    pub fn parse(called: &str, text: &str) -> Result<Self, ProfileError> {
        let raw: RawProfile = toml::from_str(text)
            .map_err(|e| ProfileError::Toml { name: called.into(), message: e.to_string() })?;
        raw.check(called)
    }

    /// Takes currency and zone of whoever imports where the profile doesn't say.
    pub fn at_home(mut self, currency: Currency, zone: Zone) -> Self {
        self.currency.get_or_insert(currency);
        self.zone.get_or_insert(zone);
        self
    }

    /// The currency of every price and amount; yuan where nobody said.
    pub fn currency(&self) -> Currency {
        self.currency.unwrap_or(Currency::CNY)
    }

    /// The zone of the times; Shanghai's where nobody said.
    pub fn zone(&self) -> Zone {
        self.zone.unwrap_or(Zone::SHANGHAI)
    }

    /// The header by which people are told of a column; empty where the profile has none.
    pub fn usual(&self, role: Role) -> &str {
        self.columns.get(&role).map_or("", Header::usual)
    }

    /// Whether files may say which site a row is of.
    pub fn names_sites(&self) -> bool {
        self.columns.contains_key(&Role::Site)
    }

    /// The headers that a file must have, in the order of the profile.
    pub fn wanted_columns(&self) -> Vec<Header> {
        let required = self.columns.values().filter(|header| !header.optional).cloned();
        let named = self.identity.iter().filter_map(|identity| match identity {
            Identity::Header(name) => Some(name),
            Identity::Role(_) => None,
        });
        let more = named.chain(self.reasons.iter().map(|reason| &reason.column));
        let more = more.map(|name| Header { names: vec![name.clone()], optional: false });
        let mut wanted: Vec<Header> = Vec::new();
        for header in required.chain(more) {
            if !wanted.iter().any(|other| other.names == header.names) {
                wanted.push(header);
            }
        }
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
        name = "small"
        currency = "CNY"
        zone = "Asia/Shanghai"
        time_format = "%Y-%m-%d"
        [columns]
        receipt = "no"
        sku = "code"
        quantity = "qty"
        time = "day"
        price = "price"
        line = "row"
        [[rule]]
        kind = "sale"
    "#;

    fn refused(text: &str) -> String {
        Profile::parse("small", text).unwrap_err().to_string()
    }

    #[test]
    fn the_profiles_brought_along_can_be_used_and_give_known_reasons() {
        let returns = guicang_domain::policy::standard_reasons();
        for name in Profile::names() {
            let profile = Profile::load(name).unwrap();
            assert_eq!(profile.name, name);
            for reason in &profile.reasons {
                let code = reason.code.as_str();
                assert!(
                    ADJUSTMENT_REASONS.contains(&code) || returns.contains_key(&reason.code),
                    "{name}: {code}"
                );
            }
        }
    }

    #[test]
    fn a_small_profile_is_enough() {
        let profile = Profile::parse("small", SMALL).unwrap();
        let wanted: Vec<String> = profile.wanted_columns().iter().map(|h| h.usual().to_owned()).collect();
        assert_eq!(wanted, ["no", "code", "qty", "day", "price", "row"]);
    }

    /// A mistake is named with its place: a misspelt key would otherwise silently do nothing.
    #[test]
    fn mistakes_are_named() {
        assert!(refused(&SMALL.replace("price =", "prise =")).contains("prise"));
        assert!(refused(&SMALL.replace("\"sale\"", "\"sold\"")).contains("rule[1].kind: found \"sold\""));
        assert!(refused(&SMALL.replace("CNY", "yuan")).contains("currency: found \"yuan\""));
        assert!(refused(&SMALL.replace("Asia/Shanghai", "Beijing")).contains("zone: found \"Beijing\""));
        assert!(refused(&SMALL.replace("line = \"row\"", "")).contains("identity"));
        assert!(refused(&SMALL.replace("%Y-%m-%d", "%Q")).contains("time_format"));
        assert!(refused(&SMALL.replace("sku = \"code\"", "")).contains("columns.sku"));
        assert!(refused(&SMALL.replace("name =", "identity = [\":till\"]\nname =")).contains("identity"));
        let skip = SMALL.replace("\"sale\"", "\"skip\"");
        assert!(refused(&skip).contains("rule[1].reason"));
        let pattern = format!("{SMALL}\n[[reason]]\ncolumn = \"code\"\npattern = \"(\"\ncode = \"x\"");
        assert!(refused(&pattern).contains("reason[1].pattern"));
        let unknown = Profile::load("uci").unwrap_err().to_string();
        assert_eq!(
            unknown,
            "there is no profile \"uci\"; name one of generic, iowa-orders, uci-online-retail or a file"
        );
    }
}
