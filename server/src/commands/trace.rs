//! `trace` at HQ: what HQ's replica holds of a document, and where the relay has it.

use guicang_cli::texts::trace as texts;
use guicang_cli::verbs::trace::{AtRelay, TraceArgs};
use guicang_cli::{Failure, Told};

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
