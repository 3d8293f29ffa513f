//! `settings`: the organisation's name, its return policy in all its versions, its list of reasons, the
//! law's minimum windows; master data.
//!
//! The first policy, the reasons and the law are nested maps, so that two people at HQ who change two fields
//! while apart both get their way. A version of the policy is an event: it is there for good, and who set it
//! when is proven. A window or reason of a class that this program doesn't know is told as a problem and
//! left out; it stays in the document.

use guicang_domain::calendar::OwnDays;
use guicang_domain::document::Head;
use guicang_domain::event::Event;
use guicang_domain::master::{Settings, SettingsEvent};
use guicang_domain::money::Amount;
use guicang_domain::policy::condition::ConditionRule;
use guicang_domain::policy::tolerance::ToleranceRule;
use guicang_domain::policy::version::PolicySet;
use guicang_domain::policy::window::{LegalMinimum, Window, WindowRule};
use guicang_domain::policy::{Policy, Reason};
use guicang_domain::time::Moment;

use crate::event::{self, Body};
use crate::value::{FieldError, Fields, Out, parse};

/// Writes the kind's own fields.
pub(crate) fn write(document: &Settings, out: &mut Out) {
    out.text("name", &document.name).show("time_zone", document.zone).show("currency", document.currency);
    out.opt_int("transit_days", document.transit_days);
    out.map("policy", |out| write_policy(&document.policy, out));
    out.map("reasons", |out| {
        for (code, reason) in &document.reasons {
            out.map(code.as_str(), |out| {
                out.show("class", reason.class)
                    .text("zh", &reason.zh)
                    .text("en", &reason.en)
                    .text("blame", &reason.blame)
                    .text("route", &reason.route)
                    .flag("retired", reason.retired);
            });
        }
    });
    // Absent while there are none: a document of before there were calendars says the same.
    if !document.calendar.is_empty() {
        out.map("calendar", |out| {
            for (name, days) in &document.calendar {
                out.map(name, |out| {
                    for (date, kind) in days {
                        out.show(&date.to_string(), kind);
                    }
                });
            }
        });
    }
    if !document.legal.is_empty() {
        out.map("legal", |out| {
            for (name, legal) in &document.legal {
                out.map(name, |out| write_legal(legal, out));
            }
        });
    }
    if !document.events.is_empty() {
        event::write_all(&document.events, document.head.zone, out);
    }
}

fn write_policy(policy: &Policy, out: &mut Out) {
    out.text("version", &policy.version)
        .int("approval_above", policy.approval_above.0)
        .opt_int("manager_above", policy.manager_above.map(|a| a.0))
        .opt_int("hq_above", policy.hq_above.map(|a| a.0))
        .int("unverified_above", policy.unverified_above.0)
        .opt_int("unverified_branch", policy.unverified_branch.map(|a| a.0))
        .opt_int("unverified_day", policy.unverified_day.map(|a| a.0))
        .int("refund_days", policy.refund_days.into())
        .int("verify_days", policy.verify_days.into())
        .opt_int("stale_days", policy.stale_days);
    out.map("window_days", |out| {
        for (class, days) in &policy.window_days {
            out.int(class.as_str(), (*days).into());
        }
    });
    if !policy.windows.is_empty() {
        out.maps("windows", &policy.windows, |rule, out| {
            out.opt_show("category", rule.category.as_ref())
                .opt_show("site", rule.site.as_ref())
                .opt_show("channel", rule.channel)
                .opt_show("class", rule.class);
            if let Window::Days(days) = rule.window {
                out.int("days", days.into());
            }
        });
    }
    if !policy.conditions.is_empty() {
        out.maps("conditions", &policy.conditions, |rule, out| {
            out.opt_show("category", rule.category.as_ref())
                .opt_show("site", rule.site.as_ref())
                .opt_show("class", rule.class)
                .show("condition", rule.condition);
        });
    }
    if !policy.tolerances.is_empty() {
        out.maps("tolerances", &policy.tolerances, |rule, out| {
            out.opt_show("category", rule.category.as_ref())
                .opt_show("site", rule.site.as_ref())
                .int("quantity", rule.quantity.0);
        });
    }
}

fn write_legal(legal: &LegalMinimum, out: &mut Out) {
    let list = |words: &std::collections::BTreeSet<String>| words.iter().cloned().collect::<Vec<_>>();
    let channels: Vec<String> = legal.channels.iter().map(ToString::to_string).collect();
    out.text("law", &legal.law)
        .show("class", legal.class)
        .opt_texts("channels", &channels)
        .opt_texts("categories", &list(&legal.categories))
        .opt_texts("except", &list(&legal.except))
        .int("days", legal.days.into());
}

impl Body for SettingsEvent {
    fn name(&self) -> &str {
        match self {
            SettingsEvent::PolicySet(_) => "policy_set",
            SettingsEvent::Unknown { kind } => kind,
        }
    }

    fn write(&self, out: &mut Out) {
        if let SettingsEvent::PolicySet(set) = self {
            // Not `policy`: in every event that names the version it was judged by.
            out.int("effective", set.effective.0).map("terms", |out| write_policy(&set.policy, out));
        }
    }

    fn read(name: &str, fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(match name {
            "policy_set" => {
                // A version with a rule that isn't understood would judge otherwise than HQ meant.
                let mut wrong = None;
                let policy = read_policy(&needed(fields, "terms")?, &mut |e| wrong = Some(e));
                let policy = policy.and_then(|policy| wrong.map_or(Ok(policy), Err));
                SettingsEvent::PolicySet(Box::new(PolicySet {
                    policy: policy.map_err(|e| e.under("terms"))?,
                    effective: Moment(fields.int("effective")?),
                }))
            }
            other => Self::unknown(other),
        })
    }

    fn unknown(name: &str) -> Self {
        SettingsEvent::Unknown { kind: name.into() }
    }
}

/// Reads the kind's own fields.
pub(crate) fn read(
    head: Head,
    fields: &Fields<'_>,
    events: Vec<Event<SettingsEvent>>,
    mut problem: impl FnMut(FieldError),
) -> Result<Settings, FieldError> {
    let policy = read_policy(&needed(fields, "policy")?, &mut |e| problem(e.under("policy")));
    Ok(Settings {
        head,
        name: fields.text("name")?.into(),
        zone: fields.parse("time_zone")?,
        currency: fields.parse("currency")?,
        transit_days: fields.opt_narrow("transit_days")?,
        calendar: read_calendar(fields, &mut problem)?,
        policy: policy.map_err(|e| e.under("policy"))?,
        reasons: fields.each("reasons", read_reason, &mut problem)?,
        legal: fields.each("legal", read_legal, problem)?,
        events,
    })
}

fn needed<'a>(fields: &Fields<'a>, name: &str) -> Result<Fields<'a>, FieldError> {
    fields.opt_map(name)?.ok_or_else(|| FieldError {
        field: name.into(),
        found: "nothing".into(),
        wanted: "a map".into(),
    })
}

fn read_policy(fields: &Fields<'_>, problem: &mut dyn FnMut(FieldError)) -> Result<Policy, FieldError> {
    let mut window_days = std::collections::BTreeMap::new();
    if let Some(windows) = fields.opt_map("window_days")? {
        for (class, _) in windows.iter() {
            match parse(class, class).and_then(|known| Ok((known, windows.narrow(class)?))) {
                Ok((class, days)) => _ = window_days.insert(class, days),
                Err(e) => problem(e.under("window_days")),
            }
        }
    }
    let opt_amount = |name: &str| -> Result<Option<Amount>, FieldError> {
        fields.opt_int(name)?.map(|_| fields.amount(name)).transpose()
    };
    Ok(Policy {
        version: fields.text("version")?.into(),
        window_days,
        windows: fields.maps("windows", read_window)?,
        conditions: fields.maps("conditions", read_condition)?,
        tolerances: fields.maps("tolerances", read_tolerance)?,
        approval_above: fields.amount("approval_above")?,
        manager_above: opt_amount("manager_above")?,
        hq_above: opt_amount("hq_above")?,
        unverified_above: fields.amount("unverified_above")?,
        unverified_branch: opt_amount("unverified_branch")?,
        unverified_day: opt_amount("unverified_day")?,
        refund_days: fields.narrow("refund_days")?,
        verify_days: fields.narrow("verify_days")?,
        stale_days: fields.opt_narrow("stale_days")?,
        legal: Default::default(),
    })
}

fn read_window(fields: &Fields<'_>) -> Result<WindowRule, FieldError> {
    Ok(WindowRule {
        category: fields.opt_text("category")?.map(Into::into),
        site: fields.opt_parse("site")?,
        channel: fields.opt_parse("channel")?,
        class: fields.opt_parse("class")?,
        window: fields.opt_narrow("days")?.map_or(Window::Never, Window::Days),
    })
}

fn read_condition(fields: &Fields<'_>) -> Result<ConditionRule, FieldError> {
    Ok(ConditionRule {
        category: fields.opt_text("category")?.map(Into::into),
        site: fields.opt_parse("site")?,
        class: fields.opt_parse("class")?,
        condition: fields.parse("condition")?,
    })
}

fn read_tolerance(fields: &Fields<'_>) -> Result<ToleranceRule, FieldError> {
    Ok(ToleranceRule {
        category: fields.opt_text("category")?.map(Into::into),
        site: fields.opt_parse("site")?,
        quantity: fields.amount_of_goods("quantity")?,
    })
}

fn read_legal(fields: &Fields<'_>) -> Result<LegalMinimum, FieldError> {
    let mut channels = std::collections::BTreeSet::new();
    for channel in fields.texts("channels")? {
        channels.insert(parse("channels", &channel)?);
    }
    Ok(LegalMinimum {
        law: fields.text("law")?.into(),
        class: fields.parse("class")?,
        channels,
        categories: fields.texts("categories")?.into_iter().collect(),
        except: fields.texts("except")?.into_iter().collect(),
        days: fields.narrow("days")?,
    })
}

/// A day that can't be read is told as a problem and left out, as a reason is.
fn read_calendar(fields: &Fields<'_>, problem: &mut impl FnMut(FieldError)) -> Result<OwnDays, FieldError> {
    let mut calendar = OwnDays::new();
    let Some(all) = fields.opt_map("calendar")? else { return Ok(calendar) };
    for (name, _) in all.iter() {
        let Some(days) = all.opt_map(name).map_err(|e| e.under("calendar"))? else { continue };
        for (date, _) in days.iter() {
            match parse(date, date).and_then(|day| Ok((day, days.parse(date)?))) {
                Ok((day, kind)) => _ = calendar.entry(name.to_owned()).or_default().insert(day, kind),
                Err(e) => problem(e.under(&format!("calendar.{name}"))),
            }
        }
    }
    Ok(calendar)
}

fn read_reason(fields: &Fields<'_>) -> Result<Reason, FieldError> {
    Ok(Reason {
        class: fields.parse("class")?,
        zh: fields.text("zh")?.into(),
        en: fields.text("en")?.into(),
        blame: fields.text("blame")?.into(),
        route: fields.text("route")?.into(),
        retired: fields.flag("retired")?,
    })
}
