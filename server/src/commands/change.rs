//! `change`: what is set apart or can't be read, and what HQ admits of it.

use clap::{Args, Subcommand};
use guicang_cli::format::{Column, Table, minute};
use guicang_cli::texts::{apart as texts, headings};
use guicang_cli::{Failure, Globals, Language, Told};
use guicang_replica::{ApartChange, By, WouldAdd};
use serde::Serialize;

use super::Session;

/// The commands on changes that don't count.
#[derive(Debug, Subcommand)]
pub enum ChangeVerb {
    /// List what is set apart or cannot be read
    #[command(after_help = "Examples:\n  guicang-server change list\n  guicang-server change list --json")]
    List(ListArgs),
    /// Show what a change that is set apart would add
    #[command(after_help = "Examples:\n  guicang-server change show 3f9a02c1")]
    Show(ShowArgs),
    /// Admit what a device wrote without a right, with what it builds on
    #[command(
        after_help = "Examples:\n  guicang-server change admit 3f9a02c1 --document --note \"the till was honest\""
    )]
    Admit(AdmitArgs),
}

/// Nothing to say.
#[derive(Debug, Args)]
pub struct ListArgs {}

/// Which change.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The change's hash, or its beginning
    pub hash: String,
}

/// Which change, and on whose word.
#[derive(Debug, Args)]
pub struct AdmitArgs {
    /// The change's hash, or its beginning
    pub hash: String,
    /// All of its document that may be admitted
    #[arg(long)]
    pub document: bool,
    /// Why
    #[arg(long)]
    pub note: Option<String>,
}

/// A change, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct ChangeItem {
    change: String,
    document: String,
    number: String,
    sites: Vec<String>,
    device: String,
    code: Option<String>,
    sealed: Option<String>,
    arrived: Option<String>,
    how: &'static str,
    rule: String,
    detail: String,
    remedy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    adds: Option<Adds>,
}

#[derive(Debug, Serialize)]
struct Adds {
    kind: String,
    number: String,
    begins: bool,
    lines: Vec<String>,
    events: Vec<EventItem>,
    problems: Vec<String>,
    unreadable: Option<String>,
}

#[derive(Debug, Serialize)]
struct EventItem {
    event: String,
    kind: String,
    user: Option<String>,
}

impl ChangeItem {
    fn of(change: &ApartChange) -> Self {
        Self {
            change: change.change.to_string(),
            document: change.document.to_string(),
            number: change.number.clone(),
            sites: change.sites.iter().map(ToString::to_string).collect(),
            device: change.device.to_string(),
            code: change.code.as_ref().map(ToString::to_string),
            sealed: change.sealed.map(|m| m.to_rfc3339()),
            arrived: change.arrived.map(|m| m.to_rfc3339()),
            how: change.how,
            rule: change.rule.clone(),
            detail: change.detail.clone(),
            remedy: change.remedy.code(),
            adds: None,
        }
    }
}

impl Adds {
    fn of(would: &Result<WouldAdd, String>) -> Self {
        match would {
            Ok(would) => Self {
                kind: would.kind.clone(),
                number: would.number.clone(),
                begins: would.additions.first,
                lines: would.additions.lines.iter().map(ToString::to_string).collect(),
                events: would
                    .events
                    .iter()
                    .map(|e| EventItem {
                        event: e.id.to_string(),
                        kind: e.kind.clone(),
                        user: e.user.clone(),
                    })
                    .collect(),
                problems: would.problems.clone(),
                unreadable: None,
            },
            Err(why) => Self {
                kind: String::new(),
                number: String::new(),
                begins: false,
                lines: Vec::new(),
                events: Vec::new(),
                problems: Vec::new(),
                unreadable: Some(why.clone()),
            },
        }
    }

    fn words(&self, l: Language) -> Vec<String> {
        if let Some(why) = &self.unreadable {
            return vec![texts::cannot_look(l, why)];
        }
        let one = |e: &EventItem| match &e.user {
            Some(user) => format!("{} ({user})", e.kind),
            None => e.kind.clone(),
        };
        let events: Vec<String> = self.events.iter().map(one).collect();
        let events = if events.is_empty() { texts::no_events(l) } else { events.join(", ") };
        let mut words = vec![texts::would_add(l, self.lines.len(), &events)];
        if self.begins {
            words.insert(0, texts::would_begin(l, &self.kind, &self.number));
        }
        words.extend(self.problems.iter().cloned());
        words
    }
}

impl ChangeVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when there is no such change, it can't be admitted, or a file can't be read or written.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        match self {
            ChangeVerb::List(_) => {
                let all = session.open()?.replica.apart_changes().told(globals)?;
                show(globals, &all.iter().map(ChangeItem::of).collect::<Vec<_>>())
            }
            ChangeVerb::Show(args) => {
                let (change, would) = session.open()?.replica.apart_change(&args.hash).told(globals)?;
                let item = ChangeItem { adds: Some(Adds::of(&would)), ..ChangeItem::of(&change) };
                show(globals, &[item])
            }
            ChangeVerb::Admit(args) => args.run(session),
        }
    }
}

impl AdmitArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let mut hq = session.open()?;
        let by = By::user(globals.user.clone());
        let done = hq.replica.admit(&by, &self.hash, self.document, self.note.clone()).told(globals)?;
        session.settle(&mut hq)?;
        show(globals, &done.changes.iter().map(ChangeItem::of).collect::<Vec<_>>())?;
        let number = done.changes.first().map(|c| c.number.clone()).unwrap_or_default();
        globals.say(&texts::admitted(globals.language, done.changes.len(), &number, done.left))
    }
}

fn show(globals: &Globals, items: &[ChangeItem]) -> Result<(), Failure> {
    let l = globals.language;
    globals.show("change", items, |items| {
        let mut table = Table::new([
            Column::Left(texts::change(l)),
            Column::Left(headings::number(l)),
            Column::Left(texts::device(l)),
            Column::Left(texts::arrived(l)),
            Column::Left(texts::rule(l)),
            Column::Left(texts::remedy(l)),
        ]);
        for item in items {
            table.row([
                item.change.chars().take(12).collect(),
                item.number.clone(),
                item.code.clone().unwrap_or_else(|| item.device.chars().take(8).collect()),
                item.arrived.as_deref().map(minute).unwrap_or_default(),
                texts::rules(l, &item.rule),
                texts::remedies(l, item.remedy),
            ]);
        }
        let more: Vec<String> =
            items.iter().filter_map(|i| i.adds.as_ref()).flat_map(|a| a.words(l)).collect();
        [vec![table.to_string()], more].concat().join("\n")
    })
}
