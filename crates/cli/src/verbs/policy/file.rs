//! The policy as a TOML file: read into a draft, and written so that it is read as the same again.
//!
//! Every mistake names the field, what was found and what was wanted; a field that isn't known is one too,
//! since a misspelt limit would otherwise silently be none.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Write};
use std::path::Path;
use std::str::FromStr;

use guicang_domain::ids::ReasonCode;
use guicang_domain::money::{Amount, Currency};
use guicang_domain::policy::condition::ConditionRule;
use guicang_domain::policy::tolerance::ToleranceRule;
use guicang_domain::policy::window::{LegalMinimum, Window, WindowRule};
use guicang_domain::policy::{Policy, Reason, ReasonClass};
use guicang_domain::quantity::Quantity;
use guicang_domain::time::{Occurred, Zone};
use guicang_replica::PolicyDraft;
use toml::{Table, Value};

use crate::exit::{Exit, Explain, Failure};
use crate::language::Language;
use crate::texts::{failures, next, policy};
use crate::verbs::value;

/// The most days that a window, a limit or a due date may have.
const MOST_DAYS: i64 = 36_500;

/// Why a file is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFileError {
    /// It can't be read.
    #[error("{file}: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// It is no TOML.
    #[error("{file}: {detail}")]
    NotToml {
        /// The file.
        file: String,
        /// Where, and what is wrong.
        detail: String,
    },
    /// A field is wrong.
    #[error("{field}: found {found}, wanted {wanted}")]
    Field {
        /// Its path: `windows.quality`, `window.2.days`.
        field: String,
        /// What was found.
        found: String,
        /// What would be right.
        wanted: String,
    },
}

impl Explain for PolicyFileError {
    fn explain(&self, l: Language, program: &str) -> Failure {
        let (message, next) = match self {
            PolicyFileError::Unreadable { file, reason } => {
                (failures::file_unreadable(l, file, reason), next::correct(l))
            }
            PolicyFileError::NotToml { file, detail } => {
                (policy::not_toml(l, file, detail), policy::see_template(l, program))
            }
            PolicyFileError::Field { field, found, wanted } => {
                (value(l, field, found, wanted), policy::see_template(l, program))
            }
        };
        Failure::new(Exit::Refused, message, next)
    }
}

/// Reads a policy's file. Amounts are in the organisation's currency, times without offset on its walls.
///
/// # Errors
/// [`PolicyFileError`].
pub fn read(path: &Path, currency: Currency, zone: Zone) -> Result<PolicyDraft, PolicyFileError> {
    let text = std::fs::read_to_string(path).map_err(|e| PolicyFileError::Unreadable {
        file: path.display().to_string(),
        reason: e.to_string(),
    })?;
    parse(&text, &path.display().to_string(), currency, zone)
}

/// Reads the text of a policy's file; `file` is its name for errors.
///
/// # Errors
/// [`PolicyFileError`].
pub fn parse(text: &str, file: &str, currency: Currency, zone: Zone) -> Result<PolicyDraft, PolicyFileError> {
    let root: Table = text.parse().map_err(|e: toml::de::Error| {
        let line = e.span().map_or(1, |span| text[..span.start].lines().count().max(1));
        PolicyFileError::NotToml { file: file.into(), detail: format!("{line}: {}", e.message()) }
    })?;
    let at = At::new(&root, String::new(), currency);
    let effective = match at.opt_text("effective")? {
        None => None,
        Some(text) => {
            let time = Occurred::parse(text, zone).map_err(|e| at.wrong("effective", text, e.wanted))?;
            Some(time.at)
        }
    };
    let limits = at.table("limits")?;
    let offline = at.table("offline")?;
    let mut window_days = BTreeMap::new();
    let windows = at.opt_table("windows")?;
    if let Some(windows) = &windows {
        for name in windows.table.keys() {
            let class: ReasonClass = name.parse().map_err(|_| windows.no_such(name))?;
            window_days.insert(class, windows.days(name)?);
        }
    }
    let policy = Policy {
        version: at.text("version")?.to_owned(),
        window_days,
        windows: at.tables("window", read_window)?,
        conditions: at.tables("condition", read_condition)?,
        tolerances: at.tables("tolerance", read_tolerance)?,
        approval_above: limits.amount("clerk")?,
        manager_above: limits.opt_amount("manager")?,
        hq_above: limits.opt_amount("hq")?,
        unverified_above: offline.amount("receipt")?,
        unverified_branch: offline.opt_amount("branch")?,
        unverified_day: offline.opt_amount("day")?,
        refund_days: at.days("refund_days")?,
        verify_days: at.days("verify_days")?,
        stale_days: at.opt_days("stale_days")?,
        legal: BTreeMap::new(),
    };
    let legal = at.named("legal", |name, at| {
        (1..=80)
            .contains(&name.len())
            .then(|| name.to_owned())
            .ok_or("a text of 1 to 80 bytes")
            .map(|name| (name, read_legal(at)))
    })?;
    let reasons = at.named("reasons", |name, at| {
        ReasonCode::new(name).map(|code| (code, read_reason(at))).map_err(|e| e.wanted)
    })?;
    limits.done()?;
    offline.done()?;
    at.done()?;
    Ok(PolicyDraft { policy, effective, legal, reasons })
}

fn read_window(at: &At<'_>) -> Result<WindowRule, PolicyFileError> {
    let window = match at.take("days") {
        Some(Value::String(text)) if text == "never" => Window::Never,
        Some(Value::Integer(_)) => Window::Days(at.days("days")?),
        other => {
            return Err(at.wrong("days", &found(other), "a whole number of days, or \"never\""));
        }
    };
    Ok(WindowRule {
        category: at.opt_text("category")?.map(Into::into),
        site: at.opt_word("site")?,
        channel: at.opt_word("channel")?,
        class: at.opt_word("class")?,
        window,
    })
}

fn read_condition(at: &At<'_>) -> Result<ConditionRule, PolicyFileError> {
    Ok(ConditionRule {
        category: at.opt_text("category")?.map(Into::into),
        site: at.opt_word("site")?,
        class: at.opt_word("class")?,
        condition: at.word("condition")?,
    })
}

fn read_tolerance(at: &At<'_>) -> Result<ToleranceRule, PolicyFileError> {
    let wanted = "a number of zero or more with at most 3 decimals";
    let text = at.text("quantity")?;
    let quantity = text.parse::<Quantity>().ok().filter(|q| *q >= Quantity::ZERO);
    Ok(ToleranceRule {
        category: at.opt_text("category")?.map(Into::into),
        site: at.opt_word("site")?,
        quantity: quantity.ok_or_else(|| at.wrong("quantity", text, wanted))?,
    })
}

fn read_legal(at: &At<'_>) -> Result<LegalMinimum, PolicyFileError> {
    let mut channels = BTreeSet::new();
    for channel in at.texts("channels")? {
        channels.insert(at.parse("channels", &channel)?);
    }
    Ok(LegalMinimum {
        law: at.text("law")?.to_owned(),
        class: at.word("class")?,
        channels,
        categories: at.texts("categories")?,
        except: at.texts("except")?,
        days: at.days("days")?,
    })
}

fn read_reason(at: &At<'_>) -> Result<Reason, PolicyFileError> {
    let one_of = |name: &str, words: &[&str], wanted: &str| -> Result<String, PolicyFileError> {
        let text = at.text(name)?;
        if words.contains(&text) { Ok(text.to_owned()) } else { Err(at.wrong(name, text, wanted)) }
    };
    let blames = ["supplier", "store", "carrier", "customer", "nobody"];
    let routes = ["restock", "quarantine", "supplier", "inspect"];
    Ok(Reason {
        class: at.word("class")?,
        zh: at.text("zh")?.to_owned(),
        en: at.text("en")?.to_owned(),
        blame: one_of("blame", &blames, "supplier, store, carrier, customer or nobody")?,
        route: one_of("route", &routes, "restock, quarantine, supplier or inspect")?,
        retired: at.flag("retired")?,
    })
}

/// A table of the file, and where it is. It remembers what was asked for: the rest isn't known.
struct At<'a> {
    table: &'a Table,
    path: String,
    currency: Currency,
    asked: RefCell<BTreeSet<String>>,
}

impl<'a> At<'a> {
    fn new(table: &'a Table, path: String, currency: Currency) -> Self {
        Self { table, path, currency, asked: RefCell::default() }
    }

    fn name(&self, name: &str) -> String {
        if self.path.is_empty() { name.into() } else { format!("{}.{name}", self.path) }
    }

    fn wrong(&self, name: &str, found: &str, wanted: impl Display) -> PolicyFileError {
        let found = found.chars().take(80).collect();
        PolicyFileError::Field { field: self.name(name), found, wanted: wanted.to_string() }
    }

    fn no_such(&self, name: &str) -> PolicyFileError {
        let value = self.table.get(name);
        self.wrong(name, &found(value), "no such field")
    }

    fn take(&self, name: &str) -> Option<&'a Value> {
        self.asked.borrow_mut().insert(name.into());
        self.table.get(name)
    }

    fn opt_text(&self, name: &str) -> Result<Option<&'a str>, PolicyFileError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) if (1..=80).contains(&text.len()) => Ok(Some(text)),
            Some(Value::String(text)) => Err(self.wrong(name, text, "a text of 1 to 80 bytes")),
            other => Err(self.wrong(name, &found(other), "a text")),
        }
    }

    fn text(&self, name: &str) -> Result<&'a str, PolicyFileError> {
        self.opt_text(name)?.ok_or_else(|| self.wrong(name, &found(None), "a text"))
    }

    fn parse<T: FromStr<Err: Display>>(&self, name: &str, text: &str) -> Result<T, PolicyFileError>
    where
        T::Err: Wanted,
    {
        text.parse().map_err(|e: T::Err| self.wrong(name, text, e.wanted()))
    }

    fn opt_word<T: FromStr>(&self, name: &str) -> Result<Option<T>, PolicyFileError>
    where
        T::Err: Wanted + Display,
    {
        self.opt_text(name)?.map(|text| self.parse(name, text)).transpose()
    }

    fn word<T: FromStr>(&self, name: &str) -> Result<T, PolicyFileError>
    where
        T::Err: Wanted + Display,
    {
        self.parse(name, self.text(name)?)
    }

    fn opt_days(&self, name: &str) -> Result<Option<u32>, PolicyFileError> {
        let wanted = "a whole number of days, 0 to 36500";
        match self.take(name) {
            None => Ok(None),
            Some(Value::Integer(days)) if (0..=MOST_DAYS).contains(days) => Ok(Some(*days as u32)),
            other => Err(self.wrong(name, &found(other), wanted)),
        }
    }

    fn days(&self, name: &str) -> Result<u32, PolicyFileError> {
        let missing = || self.wrong(name, &found(None), "a whole number of days, 0 to 36500");
        self.opt_days(name)?.ok_or_else(missing)
    }

    /// An amount, as a text: a number with a point would be a float.
    fn opt_amount(&self, name: &str) -> Result<Option<Amount>, PolicyFileError> {
        let wanted = || format!("a number with at most {} decimals", self.currency.decimals());
        let text = match self.take(name) {
            None => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Integer(whole)) => whole.to_string(),
            other => return Err(self.wrong(name, &found(other), wanted())),
        };
        let amount = self.currency.parse_amount(&text).map_err(|e| self.wrong(name, &text, e.wanted))?;
        if amount < Amount::ZERO { Err(self.wrong(name, &text, wanted())) } else { Ok(Some(amount)) }
    }

    fn amount(&self, name: &str) -> Result<Amount, PolicyFileError> {
        let wanted = || format!("a number with at most {} decimals", self.currency.decimals());
        self.opt_amount(name)?.ok_or_else(|| self.wrong(name, &found(None), wanted()))
    }

    fn flag(&self, name: &str) -> Result<bool, PolicyFileError> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Boolean(flag)) => Ok(*flag),
            other => Err(self.wrong(name, &found(other), "true or false")),
        }
    }

    fn texts(&self, name: &str) -> Result<BTreeSet<String>, PolicyFileError> {
        let wrong = |value| self.wrong(name, &found(value), "a list of texts");
        match self.take(name) {
            None => Ok(BTreeSet::new()),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned).ok_or_else(|| wrong(Some(item))))
                .collect(),
            other => Err(wrong(other)),
        }
    }

    fn opt_table(&self, name: &str) -> Result<Option<At<'a>>, PolicyFileError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Table(table)) => Ok(Some(At::new(table, self.name(name), self.currency))),
            other => Err(self.wrong(name, &found(other), "a table")),
        }
    }

    fn table(&self, name: &str) -> Result<At<'a>, PolicyFileError> {
        self.opt_table(name)?.ok_or_else(|| self.wrong(name, &found(None), "a table"))
    }

    /// The tables of a list, each without a field that isn't known.
    fn tables<T>(
        &self,
        name: &str,
        read: impl Fn(&At<'a>) -> Result<T, PolicyFileError>,
    ) -> Result<Vec<T>, PolicyFileError> {
        let wrong = |value| self.wrong(name, &found(value), "a list of tables");
        let items = match self.take(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            other => return Err(wrong(other)),
        };
        let one = |(n, item): (usize, &'a Value)| {
            let Value::Table(table) = item else { return Err(wrong(Some(item))) };
            let at = At::new(table, self.name(&format!("{name}.{}", n + 1)), self.currency);
            let made = read(&at)?;
            at.done().map(|()| made)
        };
        items.iter().enumerate().map(one).collect()
    }

    /// The tables under a name, each by its own.
    fn named<K: Ord, T>(
        &self,
        name: &str,
        read: impl Fn(&str, &At<'a>) -> Result<(K, Result<T, PolicyFileError>), &'static str>,
    ) -> Result<BTreeMap<K, T>, PolicyFileError> {
        let mut out = BTreeMap::new();
        let Some(all) = self.opt_table(name)? else { return Ok(out) };
        for key in all.table.keys() {
            let at = all.table(key)?;
            let (code, made) = read(key, &at).map_err(|wanted| all.wrong(key, key, wanted))?;
            out.insert(code, made?);
            at.done()?;
        }
        Ok(out)
    }

    /// Whether every field was asked for.
    fn done(&self) -> Result<(), PolicyFileError> {
        let asked = self.asked.borrow();
        self.table.keys().find(|name| !asked.contains(*name)).map_or(Ok(()), |name| Err(self.no_such(name)))
    }
}

/// What a parser's error says would be right.
trait Wanted {
    fn wanted(&self) -> String;
}

impl Wanted for guicang_domain::ids::IdError {
    fn wanted(&self) -> String {
        self.wanted.into()
    }
}

/// A value as errors show it.
fn found(value: Option<&Value>) -> String {
    match value {
        None => "nothing".into(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Integer(whole)) => whole.to_string(),
        Some(Value::Float(float)) => float.to_string(),
        Some(Value::Boolean(flag)) => flag.to_string(),
        Some(Value::Datetime(time)) => time.to_string(),
        Some(Value::Array(_)) => "[...]".into(),
        Some(Value::Table(_)) => "{...}".into(),
    }
}

/// Writes a policy, the law's table and the reasons as a file that [`parse`] reads as the same.
pub fn write(
    policy: &Policy,
    legal: &BTreeMap<String, LegalMinimum>,
    reasons: &BTreeMap<ReasonCode, Reason>,
    effective: Option<String>,
    currency: Currency,
) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    let amount = |name: &str, amount: Option<Amount>| match amount {
        Some(amount) => format!("{name} = {}", quoted(&currency.format(amount))),
        None => format!("# {name} = {}", quoted(&currency.format(Amount::ZERO))),
    };
    line("# 版本定下后不再改动：要改就换一个 version。 A version never changes: to change it, give it another name.".into());
    line(format!("version = {}", quoted(&policy.version)));
    line(format!("# effective = {}", quoted(effective.as_deref().unwrap_or("2026-12-01"))));
    line(format!("refund_days = {}", policy.refund_days));
    line(format!("verify_days = {}", policy.verify_days));
    match policy.stale_days {
        Some(days) => line(format!("stale_days = {days}")),
        None => line(format!("# stale_days = {}", Policy::STALE_DAYS)),
    }
    line(format!("\n[limits] # {currency}"));
    line(amount("clerk", Some(policy.approval_above)));
    line(amount("manager", policy.manager_above));
    line(amount("hq", policy.hq_above));
    line(format!("\n[offline] # {currency}"));
    line(amount("receipt", Some(policy.unverified_above)));
    line(amount("branch", policy.unverified_branch));
    line(amount("day", policy.unverified_day));
    line("\n[windows] # 天 days".into());
    for (class, days) in &policy.window_days {
        line(format!("{class} = {days}"));
    }
    for rule in &policy.windows {
        line("\n[[window]]".into());
        for (name, value) in who(&rule.category, &rule.site, rule.class) {
            line(format!("{name} = {}", quoted(&value)));
        }
        if let Some(channel) = rule.channel {
            line(format!("channel = {}", quoted(channel.as_str())));
        }
        line(match rule.window {
            Window::Days(days) => format!("days = {days}"),
            Window::Never => "days = \"never\"".into(),
        });
    }
    for rule in &policy.conditions {
        line("\n[[condition]]".into());
        for (name, value) in who(&rule.category, &rule.site, rule.class) {
            line(format!("{name} = {}", quoted(&value)));
        }
        line(format!("condition = {}", quoted(&rule.condition.to_string())));
    }
    for rule in &policy.tolerances {
        line("\n[[tolerance]]".into());
        for (name, value) in who(&rule.category, &rule.site, None) {
            line(format!("{name} = {}", quoted(&value)));
        }
        line(format!("quantity = {}", quoted(&rule.quantity.to_string())));
    }
    for (name, legal) in legal {
        line(format!("\n[legal.{}]", quoted(name)));
        line(format!("law = {}\nclass = {}", quoted(&legal.law), quoted(legal.class.as_str())));
        line(list("channels", legal.channels.iter().map(|c| c.as_str())));
        line(list("categories", legal.categories.iter().map(String::as_str)));
        line(list("except", legal.except.iter().map(String::as_str)));
        line(format!("days = {}", legal.days));
    }
    for (code, reason) in reasons {
        line(format!("\n[reasons.{}]", quoted(code.as_str())));
        line(format!("class = {}", quoted(reason.class.as_str())));
        line(format!("zh = {}\nen = {}", quoted(&reason.zh), quoted(&reason.en)));
        line(format!("blame = {}\nroute = {}", quoted(&reason.blame), quoted(&reason.route)));
        if reason.retired {
            line("retired = true".into());
        }
    }
    out.pop();
    out
}

fn who(
    category: &Option<String>,
    site: &Option<guicang_domain::ids::SiteId>,
    class: Option<ReasonClass>,
) -> Vec<(&'static str, String)> {
    let category = category.clone().map(|c| ("category", c));
    let site = site.as_ref().map(|s| ("site", s.to_string()));
    let class = class.map(|c| ("class", c.to_string()));
    [category, site, class].into_iter().flatten().collect()
}

fn list<'a>(name: &str, items: impl Iterator<Item = &'a str>) -> String {
    format!("{name} = [{}]", items.map(quoted).collect::<Vec<_>>().join(", "))
}

/// A text as TOML's basic strings have it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => write!(out, "\\u{:04X}", u32::from(c)).expect("writing to memory"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use guicang_domain::policy::condition::Condition;
    use guicang_domain::policy::standard_reasons;
    use guicang_domain::policy::window::standard_legal;

    use super::*;

    fn full() -> Policy {
        let rule = WindowRule {
            category: Some("生鲜 \"A\"".into()),
            site: Some("S02".parse().unwrap()),
            channel: Some(guicang_domain::returns::Channel::Online),
            class: Some(ReasonClass::Preference),
            window: Window::Never,
        };
        let condition = ConditionRule {
            category: None,
            site: None,
            class: None,
            condition: Condition::Grade(guicang_domain::returns::Grade::C),
        };
        Policy {
            version: "2026-winter".into(),
            windows: vec![rule.clone(), WindowRule { category: None, window: Window::Days(14), ..rule }],
            conditions: vec![condition],
            tolerances: vec![ToleranceRule {
                category: Some("熟食".into()),
                site: Some("S02".parse().unwrap()),
                quantity: Quantity(20),
            }],
            manager_above: Some(Amount(500_000)),
            unverified_day: Some(Amount(100_050)),
            stale_days: Some(3),
            ..Policy::standard(Currency::CNY)
        }
    }

    fn read(text: &str) -> Result<PolicyDraft, PolicyFileError> {
        parse(text, "policy.toml", Currency::CNY, Zone::SHANGHAI)
    }

    /// What is printed is what is set.
    #[test]
    fn a_printed_policy_is_read_as_the_same() {
        let (legal, reasons) = (standard_legal(Currency::CNY), standard_reasons());
        for policy in [Policy::standard(Currency::CNY), full()] {
            let draft = read(&write(&policy, &legal, &reasons, None, Currency::CNY)).unwrap();
            assert_eq!((&draft.policy, &draft.legal, &draft.reasons), (&policy, &legal, &reasons));
            assert_eq!(draft.effective, None);
        }
    }

    /// Each mistake names its field, what was found, and what would be right.
    #[test]
    fn a_wrong_field_is_named() {
        let good = write(&full(), &standard_legal(Currency::CNY), &standard_reasons(), None, Currency::CNY);
        for (from, to, field, found) in [
            ("quality = 30", "quality = -1", "windows.quality", "-1"),
            ("quality = 30", "qualty = 30", "windows.qualty", "30"),
            ("clerk = \"1000.00\"", "clerk = 1000.5", "limits.clerk", "1000.5"),
            ("clerk = \"1000.00\"", "clerk = \"1000.005\"", "limits.clerk", "1000.005"),
            ("clerk = \"1000.00\"", "clark = \"1000.00\"", "limits.clerk", "nothing"),
            ("days = 14", "days = \"later\"", "window.2.days", "later"),
            ("condition = \"grade C\"", "condition = \"grade F\"", "condition.1.condition", "grade F"),
            ("quantity = \"0.02\"", "quantity = \"-1\"", "tolerance.1.quantity", "-1"),
            ("blame = \"carrier\"", "blame = \"weather\"", "reasons.late.blame", "weather"),
            (
                "[legal.\"cn_quality\"]\n",
                "[legal.\"cn_quality\"]\nlimit = 3\n",
                "legal.cn_quality.limit",
                "3",
            ),
            ("# effective = \"2026-12-01\"", "effective = \"soon\"", "effective", "soon"),
        ] {
            assert!(good.contains(from), "{from}");
            let Err(PolicyFileError::Field { field: named, found: was, .. }) =
                read(&good.replacen(from, to, 1))
            else {
                panic!("{to} was taken")
            };
            assert_eq!((named.as_str(), was.as_str()), (field, found), "{to}");
        }
        let broken = read("version = \"a\"\nlimits = ").unwrap_err();
        assert!(
            matches!(&broken, PolicyFileError::NotToml { detail, .. } if detail.starts_with("2: ")),
            "{broken}"
        );
    }
}
