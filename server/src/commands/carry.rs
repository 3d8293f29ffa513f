//! `import-changes`: a stick brings what a branch wrote, as if its device had come.

use std::path::PathBuf;

use clap::Args;
use guicang_cli::texts::carry as texts;
use guicang_cli::verbs::carry::read;
use guicang_cli::{Exit, Failure, Told};
use guicang_sync::message::{OutcomeKind, SyncRequest};
use serde::Serialize;

use super::Session;
use crate::relay::RelayError;

/// From where.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file that a branch wrote
    pub file: PathBuf,
}

/// What was taken in, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct ImportItem {
    device: String,
    made: String,
    changes: u64,
    held: u64,
    refused: Vec<RefusedItem>,
}

#[derive(Debug, Serialize)]
struct RefusedItem {
    sequence: u64,
    change: Option<u32>,
    set_apart: bool,
    rule: String,
    detail: String,
}

impl ImportArgs {
    /// Gives the file's entries to the relay, and what is new to HQ.
    ///
    /// # Errors
    /// [`Failure`] when the file can't be read, or with [`Exit::Refused`] when something was refused; the
    /// rest is taken.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let carried = read(&self.file, l)?;
        let mut hq = session.open()?;
        if carried.head.organisation != hq.relay.organisation() {
            return Err(Failure::new(Exit::Refused, texts::other_organisation(l), texts::export_again(l)));
        }
        let device = carried.head.device;
        let before = hq.relay.journal(device).told(globals)?.map_or(0, |head| head.sequence);
        let mut item = ImportItem {
            device: device.to_string(),
            made: carried.head.made.to_rfc3339(),
            changes: 0,
            held: 0,
            refused: Vec::new(),
        };
        let mut grants = carried.head.grants;
        let mut later_ms = None;
        for entries in carried.lists {
            for entry in &entries {
                item.changes += entry.changes.len() as u64;
                if entry.sequence <= before {
                    item.held += entry.changes.len() as u64;
                }
            }
            let request =
                SyncRequest { entries, grants: std::mem::take(&mut grants), ..SyncRequest::default() };
            let answer = match hq.relay.sync(device, request, (session.now)()) {
                Ok(answer) => answer,
                Err(RelayError::Withdrawn { set_apart, .. }) => {
                    session.settle(&mut hq)?;
                    return Err(Failure::new(
                        Exit::Withdrawn,
                        texts::withdrawn(l, set_apart),
                        texts::export_again(l),
                    ));
                }
                Err(error) => return Err(error).told(globals),
            };
            item.refused.extend(answer.outcomes.into_iter().map(|outcome| RefusedItem {
                sequence: outcome.sequence,
                change: outcome.change,
                set_apart: outcome.kind == OutcomeKind::SetApart,
                rule: outcome.rule.to_string(),
                detail: outcome.detail,
            }));
            later_ms = answer.push_after_ms;
            if later_ms.is_some() {
                break;
            }
        }
        session.settle(&mut hq)?;
        let mut rules: Vec<String> = item.refused.iter().map(|r| r.rule.clone()).collect();
        globals.show("carried", &[item], |items| texts::taken_at_hq(l, items[0].changes, items[0].held))?;
        if let Some(ms) = later_ms {
            let message = texts::push_later(l, ms.div_ceil(60_000));
            return Err(Failure::new(Exit::Unreachable, message, texts::push_later_next(l)));
        }
        match rules.len() {
            0 => Ok(()),
            count => {
                rules.sort_unstable();
                rules.dedup();
                let message = texts::refused(l, count, &rules.join(", "));
                Err(Failure::new(Exit::Refused, message, texts::export_again(l)))
            }
        }
    }
}
