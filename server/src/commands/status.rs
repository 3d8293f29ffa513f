//! `status`: what HQ holds, what it hasn't brought to the relay, and what the chain can lose to returns whose
//! sale a branch doesn't hold.

use clap::Args;
use guicang_cli::texts::next;
use guicang_cli::{Failure, Told};
use guicang_replica::{Exposure, Status};
use serde::Serialize;

use super::Session;
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
    exposure: ExposureItem,
}

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
        let replica = session.open()?.replica;
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
            exposure: ExposureItem::of(&exposure),
        };
        globals.show("status", &[item], |items| {
            let head =
                texts::hq_status(l, &items[0].name, items[0].sites, items[0].documents, &items[0].policy);
            format!("{head}\n{}\n{}", unsent(l, &status), exposure_text(l, &exposure))
        })?;
        globals.next(&next::exceptions(l, globals.program))
    }
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
