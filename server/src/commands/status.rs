//! `status`: what HQ holds, what it hasn't brought to the relay, and what the chain can lose to returns whose
//! sale a branch doesn't hold.

use clap::Args;
use guicang_cli::texts::{next, proof};
use guicang_cli::{Failure, Told};
use guicang_domain::time::Zone;
use guicang_replica::{Exposure, FeedStatus, Status};
use guicang_sync::grant::{Role, Standing};
use serde::Serialize;

use super::{Headquarters, Session};
use crate::relay::Relay;
use guicang_cli::texts::hq as texts;

/// There is nothing to choose.
#[derive(Debug, Args)]
pub struct StatusArgs {}

/// HQ's state, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct StatusItem {
    organisation: String,
    name: String,
    code: String,
    sites: usize,
    documents: u64,
    changes: u64,
    unsent_changes: u64,
    set_aside: usize,
    policy: String,
    feeds: Vec<FeedItem>,
    /// Devices that weren't proven equal for long, by their codes.
    old_devices: Vec<OldItem>,
    exposure: ExposureItem,
}

/// How HQ's replica compares with the log, as JSON.
#[derive(Debug, Serialize)]
struct FeedItem {
    feed: String,
    position: u64,
    agreed: Option<bool>,
    checked: Option<String>,
    differs: Option<String>,
    relay_lacks: u64,
}

/// A device that wasn't proven equal for long.
#[derive(Debug, Serialize)]
struct OldItem {
    code: String,
    proven: Option<String>,
    last_sync: Option<String>,
    #[serde(skip)]
    text: String,
}

/// A branch that is closed over night is no news; one that is silent for longer is.
const OLD_HOURS: i64 = 24;

/// What the chain can lose, in one currency.
#[derive(Debug, Serialize)]
struct ExposureItem {
    currency: String,
    /// Sale lines that can still come back.
    lines: u64,
    right: String,
    apart: String,
    provisional: String,
    provisional_returns: u64,
    /// What of that rests on signed receipts.
    proven: String,
    proven_returns: u64,
    worst: Option<WorstItem>,
}

/// The sale line that can cost most: right + holds + branches x limit.
#[derive(Debug, Serialize)]
struct WorstItem {
    receipt: String,
    line: String,
    right: String,
    holds: String,
    branches: u32,
    limit: String,
    total: String,
}

impl StatusArgs {
    /// Shows it.
    ///
    /// # Errors
    /// [`Failure`] when the file can't be read.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let Headquarters { replica, relay } = session.open()?;
        let status = replica.status().told(globals)?;
        let exposure = replica.exposure().told(globals)?;
        let item = StatusItem {
            organisation: status.identity.organisation.to_string(),
            name: status.identity.name.clone(),
            code: status.identity.code.to_string(),
            sites: replica.sites().told(globals)?.len(),
            documents: status.documents,
            changes: status.changes,
            unsent_changes: status.unsent_changes,
            set_aside: status.set_aside.len(),
            policy: replica.policy().told(globals)?.version,
            feeds: status.feeds.iter().map(FeedItem::of).collect(),
            old_devices: old_devices(session, &relay, status.identity.zone)?,
            exposure: ExposureItem::of(&exposure),
        };
        globals.show("status", &[item], |items| {
            let head =
                texts::hq_status(l, &items[0].name, items[0].sites, items[0].documents, &items[0].policy);
            let unsent = unsent(l, &status);
            let proof = proof_text(l, &status, &items[0].old_devices);
            format!("{head}\n{unsent}\n{proof}{}", exposure_text(l, &exposure))
        })?;
        globals.next(&next::exceptions(l, globals.program))
    }
}

impl FeedItem {
    fn of(feed: &FeedStatus) -> Self {
        Self {
            feed: feed.feed.clone(),
            position: feed.position,
            agreed: feed.agreed,
            checked: feed.checked.map(|t| t.to_rfc3339()),
            differs: feed.differs.map(|t| t.to_rfc3339()),
            relay_lacks: feed.strays,
        }
    }
}

/// The branches' devices that may come in and weren't proven equal for long.
fn old_devices(session: &Session<'_>, relay: &Relay, zone: Zone) -> Result<Vec<OldItem>, Failure> {
    let globals = session.globals;
    let (l, now) = (globals.language, (session.now)());
    let visits = relay.reports().told(globals)?;
    let book = relay.book().told(globals)?;
    let mut old = Vec::new();
    for device in book.devices() {
        let is_branch = matches!(device.grant.role, Role::Site(_));
        if !is_branch || book.may(device.id, now) != Standing::Valid {
            continue;
        }
        let visit = visits.get(&device.id);
        let proven = visit.and_then(|visit| visit.proven);
        if proven.is_some_and(|at| now.0 - at.0 < OLD_HOURS * 3_600_000) {
            continue;
        }
        let code = &device.grant.code;
        old.push(OldItem {
            code: code.to_string(),
            proven: proven.map(|t| t.to_rfc3339()),
            last_sync: visit.map(|visit| visit.last_sync.to_rfc3339()),
            text: match proven {
                Some(at) => proof::old_device(l, code, &proof::time(zone, at)),
                None => proof::never_proven(l, code),
            },
        });
    }
    Ok(old)
}

fn proof_text(l: guicang_cli::Language, status: &Status, old: &[OldItem]) -> String {
    let mut text = String::new();
    for feed in &status.feeds {
        text += &proof::log(l, &proof::of_feed(l, status.identity.zone, feed));
        text.push('\n');
    }
    if !old.is_empty() {
        let devices: Vec<&str> = old.iter().map(|device| device.text.as_str()).collect();
        text += &proof::old_devices(l, &devices.join(", "), OLD_HOURS);
        text.push('\n');
    }
    text
}

impl ExposureItem {
    fn of(exposure: &Exposure) -> Self {
        let money = |amount| exposure.currency.format(amount);
        let worst = exposure.worst.as_ref().map(|(receipt, line, worst)| WorstItem {
            receipt: receipt.to_string(),
            line: line.to_string(),
            right: money(worst.right),
            holds: money(worst.holds),
            branches: worst.branches,
            limit: money(worst.limit),
            total: money(worst.total()),
        });
        Self {
            currency: exposure.currency.to_string(),
            lines: exposure.lines,
            right: money(exposure.right),
            apart: money(exposure.apart),
            provisional: money(exposure.provisional),
            provisional_returns: exposure.provisional_returns,
            proven: money(exposure.proven),
            proven_returns: exposure.proven_returns,
            worst,
        }
    }
}

fn unsent(l: guicang_cli::Language, status: &Status) -> String {
    texts::hq_unsent(l, status.unsent_changes, status.set_aside.len())
}

/// The exposure in a sentence or two.
pub fn exposure_text(l: guicang_cli::Language, exposure: &Exposure) -> String {
    let money = |amount| exposure.currency.format(amount);
    let provisional = money(exposure.provisional);
    let currency = exposure.currency;
    let mut now = texts::exposure_now(l, &provisional, exposure.provisional_returns, &currency);
    if exposure.proven_returns > 0 {
        let proven = texts::exposure_proven(l, &money(exposure.proven), exposure.proven_returns, &currency);
        now = format!("{now} {proven}");
    }
    match &exposure.worst {
        None => now,
        Some((receipt, line, worst)) => {
            let at_most = texts::exposure_at_most(
                l,
                &money(exposure.right),
                &money(exposure.apart),
                &currency,
                &money(worst.total()),
                &format!("{receipt} #{line}"),
            );
            format!("{now} {at_most}")
        }
    }
}
