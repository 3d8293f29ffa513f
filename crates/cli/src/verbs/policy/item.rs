//! A policy as JSON and as a table.

use std::collections::BTreeMap;

use guicang_domain::ids::ReasonCode;
use guicang_domain::money::{Amount, Currency};
use guicang_domain::policy::window::{LegalMinimum, Window};
use guicang_domain::policy::{Policy, Reason};
use guicang_replica::PolicyRow;
use serde::Serialize;
use serde_json::{Value, json};

use crate::format::{Column, Table, minute};
use crate::language::Language;
use crate::texts::{names, policy};

/// A policy with what stands beside it, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct PolicyItem {
    version: String,
    effective: Option<String>,
    in_force: bool,
    /// Days by class of reason.
    windows: BTreeMap<String, u32>,
    special_windows: Vec<RuleItem>,
    conditions: Vec<RuleItem>,
    tolerances: Vec<RuleItem>,
    limits: Value,
    offline: Value,
    currency: String,
    refund_days: u32,
    verify_days: u32,
    stale_days: u32,
    legal: Vec<LegalItem>,
    reasons: Vec<ReasonItem>,
}

#[derive(Debug, Serialize)]
struct RuleItem {
    category: Option<String>,
    site: Option<String>,
    channel: Option<String>,
    class: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<String>,
    /// Days, or `null` for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<Option<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<String>,
}

#[derive(Debug, Serialize)]
struct LegalItem {
    name: String,
    law: String,
    class: String,
    channels: Vec<String>,
    categories: Vec<String>,
    except: Vec<String>,
    days: u32,
}

#[derive(Debug, Serialize)]
struct ReasonItem {
    code: String,
    class: String,
    zh: String,
    en: String,
    blame: String,
    route: String,
    retired: bool,
}

impl PolicyItem {
    /// A version as its item, with the law and the reasons as they are now.
    pub fn of(
        row: &PolicyRow,
        effective: Option<String>,
        legal: &BTreeMap<String, LegalMinimum>,
        reasons: &BTreeMap<ReasonCode, Reason>,
        currency: Currency,
    ) -> Self {
        let p = &row.policy;
        let money = |amount: Option<Amount>| amount.map(|a| currency.format(a));
        let special = p.windows.iter().map(|rule| RuleItem {
            category: rule.category.clone(),
            site: rule.site.as_ref().map(ToString::to_string),
            channel: rule.channel.map(|c| c.to_string()),
            class: rule.class.map(|c| c.to_string()),
            condition: None,
            days: Some(match rule.window {
                Window::Days(days) => Some(days),
                Window::Never => None,
            }),
            quantity: None,
        });
        let conditions = p.conditions.iter().map(|rule| RuleItem {
            category: rule.category.clone(),
            site: rule.site.as_ref().map(ToString::to_string),
            channel: None,
            class: rule.class.map(|c| c.to_string()),
            condition: Some(rule.condition.to_string()),
            days: None,
            quantity: None,
        });
        let tolerances = p.tolerances.iter().map(|rule| RuleItem {
            category: rule.category.clone(),
            site: rule.site.as_ref().map(ToString::to_string),
            channel: None,
            class: None,
            condition: None,
            days: None,
            quantity: Some(rule.quantity.to_string()),
        });
        let law = |(name, legal): (&String, &LegalMinimum)| LegalItem {
            name: name.clone(),
            law: legal.law.clone(),
            class: legal.class.to_string(),
            channels: legal.channels.iter().map(ToString::to_string).collect(),
            categories: legal.categories.iter().cloned().collect(),
            except: legal.except.iter().cloned().collect(),
            days: legal.days,
        };
        let reason = |(code, reason): (&ReasonCode, &Reason)| ReasonItem {
            code: code.to_string(),
            class: reason.class.to_string(),
            zh: reason.zh.clone(),
            en: reason.en.clone(),
            blame: reason.blame.clone(),
            route: reason.route.clone(),
            retired: reason.retired,
        };
        Self {
            version: p.version.clone(),
            effective,
            in_force: row.in_force,
            windows: p.window_days.iter().map(|(class, days)| (class.to_string(), *days)).collect(),
            special_windows: special.collect(),
            conditions: conditions.collect(),
            tolerances: tolerances.collect(),
            limits: json!({
                "clerk": money(Some(p.approval_above)),
                "manager": money(p.manager_above),
                "hq": money(p.hq_above),
            }),
            offline: json!({
                "receipt": money(Some(p.unverified_above)),
                "branch": money(p.unverified_branch),
                "day": money(p.unverified_day),
            }),
            currency: currency.to_string(),
            refund_days: p.refund_days,
            verify_days: p.verify_days,
            stale_days: p.stale_days.unwrap_or(Policy::STALE_DAYS),
            legal: legal.iter().map(law).collect(),
            reasons: reasons.iter().map(reason).collect(),
        }
    }
}

/// A policy for people: a field a row.
pub(super) fn table(l: Language, item: &PolicyItem) -> Table {
    let mut table = Table::new([Column::Left(policy::field(l)), Column::Left(policy::value(l))]);
    let mut row = |name: &str, detail: &str, value: String| {
        let name = policy::field_name(l, name);
        table.row([if detail.is_empty() { name } else { format!("{name} {detail}") }, value]);
    };
    row("version", "", item.version.clone());
    let from = item.effective.as_deref().map_or_else(|| policy::from_the_start(l), minute);
    row("effective", "", from);
    for (class, days) in &item.windows {
        row("windows", &policy::class(l, class), policy::days(l, *days));
    }
    for rule in &item.special_windows {
        let days = rule.days.flatten().map_or_else(|| policy::never(l), |days| policy::days(l, days));
        row("window", &rule.who(l), days);
    }
    for rule in &item.conditions {
        row("condition", &rule.who(l), rule.condition.clone().unwrap_or_default());
    }
    for rule in &item.tolerances {
        row("tolerance", &rule.who(l), rule.quantity.clone().unwrap_or_default());
    }
    for (group, limits) in [("limits", &item.limits), ("offline", &item.offline)] {
        for (name, limit) in limits.as_object().into_iter().flatten() {
            let limit = limit.as_str().map_or_else(|| "-".into(), |a| format!("{a} {}", item.currency));
            row(&format!("{group}.{name}"), "", limit);
        }
    }
    row("refund_days", "", policy::working_days(l, item.refund_days));
    row("verify_days", "", policy::days(l, item.verify_days));
    row("stale_days", "", policy::days(l, item.stale_days));
    for legal in &item.legal {
        let what = format!("{} {}", policy::class(l, &legal.class), legal.channels.join(" "));
        row("legal", what.trim(), format!("{} {}", policy::days(l, legal.days), legal.law));
    }
    for reason in item.reasons.iter().filter(|r| !r.retired) {
        let name = if l == Language::Zh { &reason.zh } else { &reason.en };
        row("reasons", &reason.code, format!("{name} ({})", policy::class(l, &reason.class)));
    }
    table
}

impl RuleItem {
    fn who(&self, l: Language) -> String {
        let class = self.class.as_ref().map(|class| policy::class(l, class));
        let named = [&self.category, &self.site, &self.channel, &class];
        named.into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")
    }
}

/// Grounds in words.
pub(super) fn grounds<'a>(l: Language, codes: impl IntoIterator<Item = &'a String>) -> String {
    codes.into_iter().map(|code| names::ground(l, code)).collect::<Vec<_>>().join(", ")
}
