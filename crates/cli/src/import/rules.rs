//! Rules: what kind of row a row is, by the first rule that fits.

use guicang_domain::adjustment::Movement;
use guicang_domain::money::UnitPrice;
use guicang_domain::quantity::Quantity;
use regex_lite::Regex;
use serde::Deserialize;

/// The kinds of rows that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Sold.
    Sale,
    /// Came back from a customer.
    Return,
    /// Turned up.
    Found,
    /// Lost, damaged, used.
    WrittenOff,
    /// Came from a supplier.
    Received,
    /// Went back to a supplier; above zero where some of it was brought again.
    SentBack,
    /// Says how more of its receipt was paid; no goods.
    Tender,
}

impl Kind {
    /// Every kind, in the order of reports.
    pub const ALL: [Kind; 7] = [
        Kind::Sale,
        Kind::Return,
        Kind::Found,
        Kind::WrittenOff,
        Kind::Received,
        Kind::SentBack,
        Kind::Tender,
    ];
    pub(super) const WANTED: &str = "sale, return, found, written_off, received, sent_back or tender";

    /// Its name in data.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Sale => "sale",
            Kind::Return => "return",
            Kind::Found => "found",
            Kind::WrittenOff => "written_off",
            Kind::Received => "received",
            Kind::SentBack => "sent_back",
            Kind::Tender => "tender",
        }
    }

    /// The adjustment that a row of such a quantity becomes; `None` for sales, returns and tenders.
    pub fn movement(self, quantity: Quantity) -> Option<Movement> {
        match self {
            Kind::Sale | Kind::Return | Kind::Tender => None,
            Kind::Found => Some(Movement::Found),
            Kind::WrittenOff => Some(Movement::WrittenOff),
            Kind::Received => Some(Movement::Received),
            Kind::SentBack if quantity.is_positive() => Some(Movement::TakenBack),
            Kind::SentBack => Some(Movement::SentBack),
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// A number's sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// Above zero.
    Positive,
    /// Below zero.
    Negative,
    /// Zero.
    Zero,
    /// Not zero.
    Either,
}

impl Sign {
    /// Whether a number has it.
    pub fn fits(self, value: i64) -> bool {
        match self {
            Sign::Positive => value > 0,
            Sign::Negative => value < 0,
            Sign::Zero => value == 0,
            Sign::Either => value != 0,
        }
    }

    /// The sign in words, for an error's `wanted`.
    pub fn wanted(self) -> &'static str {
        match self {
            Sign::Positive => "a number above zero",
            Sign::Negative => "a number below zero",
            Sign::Zero => "zero",
            Sign::Either => "a number that isn't zero",
        }
    }
}

/// The sign that the quantity of each kind of row must have; a row of another sign is left out.
///
/// By default goods that leave us backwards (returns, write-offs, goods sent back) are written
/// below zero and the rest above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signs([Sign; 7]);

impl Default for Signs {
    fn default() -> Self {
        let mut signs = Self([Sign::Positive; 7]);
        for kind in [Kind::Return, Kind::WrittenOff, Kind::SentBack] {
            signs.set(kind, Sign::Negative);
        }
        signs.set(Kind::Tender, Sign::Zero);
        signs
    }
}

impl Signs {
    /// The sign of a kind's quantity.
    pub fn of(&self, kind: Kind) -> Sign {
        self.0[kind as usize]
    }

    pub(super) fn set(&mut self, kind: Kind, sign: Sign) {
        self.0[kind as usize] = sign;
    }
}

/// What a rule says of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is of this kind.
    Take(Kind),
    /// It is left alone, for this reason.
    Skip(String),
}

/// A rule: conditions, all of which must hold, and what follows.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The conditions.
    pub when: When,
    /// What follows.
    pub then: Verdict,
}

/// A rule's conditions; one that isn't given holds.
#[derive(Debug, Clone, Default)]
pub struct When {
    texts: Vec<(Field, TextTest)>,
    quantity: Option<Sign>,
    price: Option<Sign>,
    service: Option<bool>,
}

/// What the rules look at. Texts are as written, outer spaces removed.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The receipt's number.
    pub receipt: &'a str,
    /// The code.
    pub sku: &'a str,
    /// The name; empty without one.
    pub name: &'a str,
    /// The customer; empty without one.
    pub customer: &'a str,
    /// The site; empty without one.
    pub site: &'a str,
    /// The till; empty without one.
    pub till: &'a str,
    /// The signed quantity.
    pub quantity: Quantity,
    /// The price, exact: 0.001 is not zero. `None` where the file has amounts only.
    pub price: Option<UnitPrice>,
    /// The amount where the file has amounts only, in minor units.
    pub amount: i64,
    /// Whether the code is a service's.
    pub service: bool,
}

#[derive(Debug, Clone, Copy)]
enum Field {
    Receipt,
    Sku,
    Name,
    Customer,
    Site,
    Till,
}

#[derive(Debug, Clone, Default)]
struct TextTest {
    one_of: Option<Vec<String>>,
    prefix: Option<Vec<String>>,
    regex: Option<Regex>,
    empty: Option<bool>,
}

impl TextTest {
    fn fits(&self, text: &str) -> bool {
        self.one_of.as_ref().is_none_or(|list| list.iter().any(|t| t == text))
            && self.prefix.as_ref().is_none_or(|list| list.iter().any(|p| text.starts_with(p.as_str())))
            && self.regex.as_ref().is_none_or(|regex| regex.is_match(text))
            && self.empty.is_none_or(|empty| text.is_empty() == empty)
    }
}

impl When {
    /// Whether every condition holds.
    pub fn fits(&self, facts: &Facts<'_>) -> bool {
        let text = |field: Field| match field {
            Field::Receipt => facts.receipt,
            Field::Sku => facts.sku,
            Field::Name => facts.name,
            Field::Customer => facts.customer,
            Field::Site => facts.site,
            Field::Till => facts.till,
        };
        let price = facts.price.map_or(facts.amount, |p| p.0);
        self.texts.iter().all(|(field, test)| test.fits(text(*field)))
            && self.quantity.is_none_or(|sign| sign.fits(facts.quantity.0))
            && self.price.is_none_or(|sign| sign.fits(price))
            && self.service.is_none_or(|service| service == facts.service)
    }

    /// Whether it looks at texts alone.
    pub fn is_textual(&self) -> bool {
        self.quantity.is_none() && self.price.is_none()
    }
}

/// What the first rules say of a row by its texts alone: why it is skipped. So rows that aren't meant to
/// be read, such as a table's sums, needn't be readable.
pub fn skips<'a>(rules: &'a [Rule], texts: &Facts<'_>) -> Option<&'a str> {
    let textual = |rule: &&Rule| rule.when.is_textual() && matches!(rule.then, Verdict::Skip(_));
    let first = rules.iter().take_while(textual).find(|rule| rule.when.fits(texts));
    first.and_then(|rule| match &rule.then {
        Verdict::Skip(reason) => Some(reason.as_str()),
        Verdict::Take(_) => None,
    })
}

/// What the first rule that fits says; `None` when none does.
pub fn judge<'a>(rules: &'a [Rule], facts: &Facts<'_>) -> Option<&'a Verdict> {
    rules.iter().find(|rule| rule.when.fits(facts)).map(|rule| &rule.then)
}

/// A rule as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    #[serde(default)]
    when: RawWhen,
    kind: String,
    reason: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawWhen {
    receipt: Option<RawTextTest>,
    sku: Option<RawTextTest>,
    name: Option<RawTextTest>,
    customer: Option<RawTextTest>,
    site: Option<RawTextTest>,
    till: Option<RawTextTest>,
    quantity: Option<Sign>,
    price: Option<Sign>,
    service: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTextTest {
    one_of: Option<Vec<String>>,
    prefix: Option<Vec<String>>,
    regex: Option<String>,
    empty: Option<bool>,
}

/// What is wrong with a rule: key, found, wanted.
type Wrong = (String, String, String);

impl RawRule {
    pub(super) fn check(self) -> Result<Rule, Wrong> {
        let then = match (self.kind.as_str(), self.reason) {
            ("skip", Some(reason)) if !reason.trim().is_empty() => Verdict::Skip(reason),
            ("skip", _) => {
                return Err(("reason".into(), String::new(), "why such rows are skipped".into()));
            }
            (_, Some(reason)) => {
                return Err(("reason".into(), reason, "none: only kind \"skip\" takes one".into()));
            }
            (kind, None) => Verdict::Take(
                kind.parse()
                    .map_err(|()| ("kind".into(), kind.into(), format!("{} or skip", Kind::WANTED)))?,
            ),
        };
        Ok(Rule { when: self.when.check()?, then })
    }
}

impl RawWhen {
    fn check(self) -> Result<When, Wrong> {
        let tests = [
            (Field::Receipt, "receipt", self.receipt),
            (Field::Sku, "sku", self.sku),
            (Field::Name, "name", self.name),
            (Field::Customer, "customer", self.customer),
            (Field::Site, "site", self.site),
            (Field::Till, "till", self.till),
        ];
        let mut texts = Vec::new();
        for (field, key, test) in tests {
            let Some(test) = test else { continue };
            let regex = match test.regex {
                None => None,
                Some(text) => Some(Regex::new(&text).map_err(|e| {
                    (format!("when.{key}.regex"), text, format!("a regular expression ({e})"))
                })?),
            };
            texts.push((
                field,
                TextTest { one_of: test.one_of, prefix: test.prefix, regex, empty: test.empty },
            ));
        }
        Ok(When { texts, quantity: self.quantity, price: self.price, service: self.service })
    }
}
