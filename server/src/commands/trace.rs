//! `trace` and `support-bundle` at HQ: what HQ's replica holds, and what the relay has.

use guicang_cli::texts::trace as texts;
use guicang_cli::verbs::bundle::BundleArgs;
use guicang_cli::verbs::trace::{AtRelay, TraceArgs};
use guicang_cli::{Failure, Told};

use serde_json::{Value, json};

use super::Session;

/// Shows it. Where nothing is held, says what is known of the device that the number names.
///
/// # Errors
/// [`Failure`] when nothing of that number is held, or a file can't be read.
pub fn run(args: &TraceArgs, session: &Session<'_>) -> Result<(), Failure> {
    let globals = session.globals;
    let l = globals.language;
    let mut hq = session.open()?;
    if hq.replica.trace(&args.number).told(globals)?.is_empty() {
        let visits = hq.relay.reports().told(globals)?;
        let named = |code: &str| args.number.split('-').any(|part| part == code);
        let devices = hq.replica.grants().told(globals)?.devices();
        let writer = devices.filter(|device| named(&device.grant.code.to_string())).last();
        if let Some(writer) = writer {
            let visit = visits.get(&writer.id);
            let last = visit.map(|visit| visit.last_sync.to_rfc3339());
            let unsent =
                visit.and_then(|v| v.report.as_ref()).map(|report| report.unsent_changes.to_string());
            globals.say(&texts::writer(
                l,
                &writer.grant.code.to_string(),
                last.as_deref().unwrap_or("-"),
                unsent.as_deref().unwrap_or("-"),
            ))?;
        }
    }
    args.run(&hq.replica, globals, &|document| {
        let logged = hq.relay.logged(document.id).told(globals)?;
        Ok(logged
            .into_iter()
            .map(|change| {
                let at = AtRelay { feeds: change.feeds, stamped: Some(change.stamped), apart: change.apart };
                (change.change, at)
            })
            .collect())
    })
}

/// Writes it: of HQ's replica, and of the relay its feeds, its devices' last visits and what is wrong.
///
/// # Errors
/// [`Failure`] when a file can't be read or written.
pub fn bundle(args: &BundleArgs, session: &Session<'_>) -> Result<(), Failure> {
    let globals = session.globals;
    let mut hq = session.open()?;
    let found = hq.relay.examine().told(globals)?;
    let heads = hq.relay.heads().told(globals)?;
    let visits = hq.relay.reports().told(globals)?;
    let mut feeds: Vec<(String, u64)> =
        heads.into_iter().map(|(feed, head)| (feed.to_string(), head)).collect();
    feeds.sort();
    let devices: Vec<Value> = visits
        .iter()
        .map(|(device, visit)| {
            json!({
                "device": device.to_string(),
                "last_sync": visit.last_sync.to_rfc3339(),
                "unsent_changes": visit.report.as_ref().map(|report| report.unsent_changes),
            })
        })
        .collect();
    let codes: Vec<&str> = found.iter().map(|finding| finding.code).collect();
    let more = json!({ "relay": { "feeds": feeds, "devices": devices, "findings": codes } });
    args.run(&mut hq.replica, globals, more)
}
