//! How long after a sale goods may come back: the policy's windows, and the law's below which none falls.
//!
//! The rule: of the windows that fit, the most specific wins: one that names a category beats one that
//! doesn't, then a site, then a channel, then a class ([`WindowRule::weight`]); a class' own window comes last. Of the law's minimum windows that fit the longest
//! counts, and where it is longer than the policy's it stands instead.

use std::collections::{BTreeMap, BTreeSet};

use super::{Case, Goods, Policy, ReasonClass};
use crate::ids::SiteId;
use crate::money::{Amount, Currency};
use crate::returns::Channel;

/// How long goods may come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Window {
    /// They aren't taken back unless a manager says so.
    Never,
    /// So many days from the sale; 0: on the day itself.
    Days(u32),
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Window::Never => f.write_str("never"),
            Window::Days(days) => write!(f, "{days}"),
        }
    }
}

/// A window of some goods at some sites, through some channel, for some reasons.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WindowRule {
    /// The goods' category; `None`: any.
    pub category: Option<String>,
    /// The site that takes them back; `None`: any.
    pub site: Option<SiteId>,
    /// Where the request came in; `None`: anywhere.
    pub channel: Option<Channel>,
    /// The class of the reason; `None`: any.
    pub class: Option<ReasonClass>,
    /// The window.
    pub window: Window,
}

impl WindowRule {
    /// How specific it is: of two rules that fit, the greater wins. No two rules of a policy that fit one
    /// case weigh alike, since no two name the same.
    pub fn weight(&self) -> (bool, bool, bool, bool) {
        (self.category.is_some(), self.site.is_some(), self.channel.is_some(), self.class.is_some())
    }

    /// Whether it says the same of whom as another: a policy may have only one of them.
    pub fn names_the_same(&self, other: &WindowRule) -> bool {
        (&self.category, &self.site, self.channel, self.class)
            == (&other.category, &other.site, other.channel, other.class)
    }

    fn fits(&self, case: &Case, goods: &Goods) -> bool {
        self.category.as_ref().is_none_or(|c| goods.category.as_ref() == Some(c))
            && self.site.as_ref().is_none_or(|s| case.site.as_ref() == Some(s))
            && self.channel.is_none_or(|channel| channel == case.channel)
            && self.class.is_none_or(|class| class == case.class)
    }
}

/// A window that the law grants, whatever the policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalMinimum {
    /// The law and its article, for people.
    pub law: String,
    /// The class of reasons that it is about.
    pub class: ReasonClass,
    /// Only what was asked for by these channels; empty: by any.
    pub channels: BTreeSet<Channel>,
    /// Only goods of these categories; empty: any.
    pub categories: BTreeSet<String>,
    /// Not goods of these categories.
    pub except: BTreeSet<String>,
    /// Days from the sale; 0 takes the entry out of force.
    pub days: u32,
}

impl LegalMinimum {
    fn fits(&self, case: &Case, goods: &Goods) -> bool {
        let category = goods.category.as_ref();
        self.days > 0
            && self.class == case.class
            && (self.channels.is_empty() || self.channels.contains(&case.channel))
            && (self.categories.is_empty() || category.is_some_and(|c| self.categories.contains(c)))
            && !category.is_some_and(|c| self.except.contains(c))
    }
}

/// A window that is shorter than the law grants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: found {found}, and {law} ({name}) grants {days} days")]
pub struct BelowLegal {
    /// The field of the policy: `windows.preference`, `window.2.days`.
    pub field: String,
    /// The window it has.
    pub found: Window,
    /// The entry of the table of the law's minimum windows.
    pub name: String,
    /// The law, for people.
    pub law: String,
    /// The days that it grants.
    pub days: u32,
}

impl Policy {
    /// The window that holds for goods of a case; `None`: they may come back at any time.
    pub fn window(&self, case: &Case, goods: &Goods) -> Option<Window> {
        let (own, _) = self.own_window(case, goods)?;
        let legal = self.legal.values().filter(|l| l.fits(case, goods)).map(|l| Window::Days(l.days));
        Some(legal.fold(own, Window::max))
    }

    /// The policy's own window, and the place in [`Policy::windows`] that it stands in.
    fn own_window(&self, case: &Case, goods: &Goods) -> Option<(Window, Option<usize>)> {
        let fitting = self.windows.iter().enumerate().filter(|(_, rule)| rule.fits(case, goods));
        match fitting.max_by_key(|(_, rule)| rule.weight()) {
            Some((n, rule)) => Some((rule.window, Some(n))),
            None => Some((Window::Days(*self.window_days.get(&case.class)?), None)),
        }
    }

    /// Whether every window that the policy says is at least as long as the law's.
    ///
    /// Asked of every kind of case that policy and law tell apart: each category, site and channel that
    /// either names, and any other.
    ///
    /// # Errors
    /// [`BelowLegal`]: the first window that is shorter.
    pub fn check_legal(&self) -> Result<(), BelowLegal> {
        let of_rules = self.windows.iter().filter_map(|r| r.category.clone());
        let of_law = self.legal.values().flat_map(|l| l.categories.iter().chain(&l.except).cloned());
        let categories: BTreeSet<Option<String>> = of_rules.chain(of_law).map(Some).chain([None]).collect();
        let sites: BTreeSet<Option<SiteId>> =
            self.windows.iter().filter_map(|r| r.site.clone()).map(Some).chain([None]).collect();
        let day = chrono::NaiveDate::default();
        for (name, legal) in &self.legal {
            for category in &categories {
                let goods = Goods { category: category.clone(), ..Goods::default() };
                for (site, channel) in sites.iter().flat_map(|s| Channel::ALL.iter().map(move |c| (s, *c))) {
                    let case = Case {
                        site: site.clone(),
                        channel,
                        ..Case::new(legal.class, Some(day), day, Amount::ZERO)
                    };
                    let Some((found, rule)) = self.own_window(&case, &goods) else { continue };
                    if legal.fits(&case, &goods) && found < Window::Days(legal.days) {
                        let field = match rule {
                            Some(n) => format!("window.{}.days", n + 1),
                            None => format!("windows.{}", legal.class),
                        };
                        let (name, law, days) = (name.clone(), legal.law.clone(), legal.days);
                        return Err(BelowLegal { field, found, name, law, days });
                    }
                }
            }
        }
        Ok(())
    }
}

/// The law's minimum windows for an organisation that has set none: China's for the renminbi
/// (消费者权益保护法, articles 24 and 25; in force since 2014-03-15), and none for others.
pub fn standard_legal(currency: Currency) -> BTreeMap<String, LegalMinimum> {
    if currency != Currency::CNY {
        return BTreeMap::new();
    }
    let quality = LegalMinimum {
        law: "消费者权益保护法 第二十四条".into(),
        class: ReasonClass::Quality,
        channels: BTreeSet::new(),
        categories: BTreeSet::new(),
        except: BTreeSet::new(),
        days: 7,
    };
    let distance = LegalMinimum {
        law: "消费者权益保护法 第二十五条".into(),
        class: ReasonClass::Preference,
        channels: [Channel::Online, Channel::Phone].into(),
        // Made to order, perishable, opened or downloaded media, newspapers (第二十五条 第一款).
        except: ["定制", "鲜活易腐", "数字化商品", "报纸期刊"].map(Into::into).into(),
        ..quality.clone()
    };
    [("cn_quality".into(), quality), ("cn_distance".into(), distance)].into()
}
