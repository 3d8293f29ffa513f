//! `settings`: the organisation's name, its return policy, its list of reasons; master data.
//!
//! Policy and reasons are nested maps, so that two people at HQ who change two fields while apart
//! both get their way. A window or reason of a class that this program doesn't know is told as a
//! problem and left out; it stays in the document.

use guicang_domain::document::Head;
use guicang_domain::master::Settings;
use guicang_domain::policy::{Policy, Reason};

use crate::value::{FieldError, Fields, Out, parse};

/// Writes the kind's own fields.
pub(crate) fn write(document: &Settings, out: &mut Out) {
    out.text("name", &document.name).show("time_zone", document.zone).show("currency", document.currency);
    out.opt_int("transit_days", document.transit_days);
    let policy = &document.policy;
    out.map("policy", |out| {
        out.text("version", &policy.version)
            .int("approval_above", policy.approval_above.0)
            .int("unverified_above", policy.unverified_above.0)
            .int("refund_days", policy.refund_days.into())
            .int("verify_days", policy.verify_days.into());
        out.map("window_days", |out| {
            for (class, days) in &policy.window_days {
                out.int(class.as_str(), (*days).into());
            }
        });
    });
    out.map("reasons", |out| {
        for (code, reason) in &document.reasons {
            out.map(code.as_str(), |out| {
                out.show("class", reason.class)
                    .text("zh", &reason.zh)
                    .text("en", &reason.en)
                    .text("blame", &reason.blame)
                    .text("route", &reason.route);
            });
        }
    });
}

/// Reads the kind's own fields.
pub(crate) fn read(
    head: Head,
    fields: &Fields<'_>,
    mut problem: impl FnMut(FieldError),
) -> Result<Settings, FieldError> {
    let policy = fields.opt_map("policy")?.ok_or_else(|| FieldError {
        field: "policy".into(),
        found: "nothing".into(),
        wanted: "a map".into(),
    })?;
    Ok(Settings {
        head,
        name: fields.text("name")?.into(),
        zone: fields.parse("time_zone")?,
        currency: fields.parse("currency")?,
        transit_days: fields.opt_narrow("transit_days")?,
        policy: read_policy(&policy, &mut problem).map_err(|e| e.under("policy"))?,
        reasons: fields.each("reasons", read_reason, problem)?,
    })
}

fn read_policy(fields: &Fields<'_>, problem: &mut impl FnMut(FieldError)) -> Result<Policy, FieldError> {
    let mut window_days = std::collections::BTreeMap::new();
    if let Some(windows) = fields.opt_map("window_days")? {
        for (class, _) in windows.iter() {
            match parse(class, class).and_then(|known| Ok((known, windows.narrow(class)?))) {
                Ok((class, days)) => _ = window_days.insert(class, days),
                Err(e) => problem(e.under("policy.window_days")),
            }
        }
    }
    Ok(Policy {
        version: fields.text("version")?.into(),
        window_days,
        approval_above: fields.amount("approval_above")?,
        unverified_above: fields.amount("unverified_above")?,
        refund_days: fields.narrow("refund_days")?,
        verify_days: fields.narrow("verify_days")?,
    })
}

fn read_reason(fields: &Fields<'_>) -> Result<Reason, FieldError> {
    Ok(Reason {
        class: fields.parse("class")?,
        zh: fields.text("zh")?.into(),
        en: fields.text("en")?.into(),
        blame: fields.text("blame")?.into(),
        route: fields.text("route")?.into(),
    })
}
