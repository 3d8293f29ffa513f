//! `trace`: why isn't it here? Where each change of a document is, on its way from a till to HQ.

use clap::Args;
use guicang_domain::ids::ChangeHash;
use guicang_domain::time::Moment;
use guicang_replica::{Replica, TracedChange, TracedDocument};
use serde::Serialize;

use crate::exit::{Exit, Failure, Told};
use crate::format::{Column, Table, minute};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{headings, trace as texts};

/// Which document.
#[derive(Debug, Clone, Args)]
pub struct TraceArgs {
    /// The document's number
    pub number: String,
}

/// Where the relay has a change.
#[derive(Debug, Clone, Default)]
pub struct AtRelay {
    /// Its positions by feed, the log among them.
    pub feeds: Vec<(String, u64)>,
    /// When it came.
    pub stamped: Option<Moment>,
    /// The rule by which it is set apart there.
    pub apart: Option<String>,
}

/// Asks the relay where it has a document's changes.
pub type LookUp<'a> = &'a dyn Fn(&TracedDocument) -> Result<Vec<(ChangeHash, AtRelay)>, Failure>;

/// A change, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct TraceItem {
    document: String,
    sites: Vec<String>,
    document_state: String,
    change: String,
    device: String,
    code: Option<String>,
    entry: Option<u64>,
    sealed: Option<String>,
    stamped: Option<String>,
    state: &'static str,
    rule: String,
    detail: String,
    feeds: Vec<Position>,
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct Position {
    feed: String,
    position: u64,
}

impl TraceItem {
    fn of(l: Language, document: &TracedDocument, change: &TracedChange, relay: AtRelay) -> Self {
        let state = change.step.as_str();
        let next = texts::step_next(l, state);
        let rule = relay.apart.filter(|_| change.rule.is_empty()).unwrap_or_else(|| change.rule.clone());
        Self {
            document: document.id.to_string(),
            sites: document.sites.iter().map(ToString::to_string).collect(),
            document_state: document.state.clone(),
            change: change.change.to_string(),
            device: change.device.to_string(),
            code: change.code.as_ref().map(ToString::to_string),
            entry: change.sealed.map(|(sequence, _)| sequence),
            sealed: change.sealed.map(|(_, at)| at.to_rfc3339()),
            stamped: change.stamped.or(relay.stamped).map(|at| at.to_rfc3339()),
            state,
            rule,
            detail: change.detail.clone(),
            feeds: relay.feeds.into_iter().map(|(feed, position)| Position { feed, position }).collect(),
            // A name that isn't listed stands for itself: there is nothing to do.
            next: (next != state).then_some(next),
        }
    }
}

impl TraceArgs {
    /// Shows it. `relay` says where the relay has a document's changes, for who can look.
    ///
    /// # Errors
    /// [`Failure`] with [`Exit::Refused`] when nothing of that number is held here, or the file can't be
    /// read.
    pub fn run(&self, replica: &Replica, globals: &Globals, relay: LookUp<'_>) -> Result<(), Failure> {
        let l = globals.language;
        let documents = replica.trace(&self.number).told(globals)?;
        if documents.is_empty() {
            let message = texts::nothing(l, &self.number);
            return Err(Failure::new(Exit::Refused, message, texts::nothing_next(l)));
        }
        let mut items = Vec::new();
        for document in &documents {
            let mut at_relay = relay(document)?;
            for change in &document.changes {
                let found = at_relay.iter_mut().find(|(hash, _)| *hash == change.change);
                let found = found.map(|(_, at)| std::mem::take(at)).unwrap_or_default();
                items.push(TraceItem::of(l, document, change, found));
            }
        }
        globals.show("trace", &items, |items| table(l, items))?;
        let mut said: Vec<&String> = Vec::new();
        for next in items.iter().filter_map(|item| item.next.as_ref()) {
            if !said.contains(&next) {
                globals.next(next)?;
                said.push(next);
            }
        }
        Ok(())
    }
}

fn table(l: Language, items: &[TraceItem]) -> Table {
    let mut table = Table::new([
        Column::Left(texts::change(l)),
        Column::Left(texts::device(l)),
        Column::Right(texts::entry(l)),
        Column::Left(texts::sealed(l)),
        Column::Left(texts::stamped(l)),
        Column::Left(headings::state(l)),
        Column::Left(texts::rule(l)),
        Column::Left(texts::feeds(l)),
    ]);
    for item in items {
        let feeds: Vec<String> = item.feeds.iter().map(|f| format!("{} {}", f.feed, f.position)).collect();
        table.row([
            item.change.chars().take(12).collect(),
            item.code.clone().unwrap_or_else(|| item.device.clone()),
            item.entry.map(|entry| entry.to_string()).unwrap_or_default(),
            item.sealed.as_deref().map(minute).unwrap_or_default(),
            item.stamped.as_deref().map(minute).unwrap_or_default(),
            texts::step(l, item.state),
            item.rule.clone(),
            feeds.join(", "),
        ]);
    }
    table
}
