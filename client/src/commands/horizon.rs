//! `horizon`: how long the details of closed documents stay in the branch's file, and getting them back.

use clap::{Args, Subcommand};
use guicang_cli::texts::{horizon as texts, next};
use guicang_cli::{Exit, Explain, Failure, Globals, Told};
use guicang_domain::ids::DocumentId;
use guicang_replica::{Horizon, LET_GO_AT_ONCE, LetGo, Replica};
use serde::Serialize;

use super::Session;
use super::sync::runtime;
use crate::link::{Link, LinkError, Relay};

/// What is done about the horizon.
#[derive(Debug, Subcommand)]
pub enum HorizonVerb {
    /// Show the horizon, and what is beyond it
    #[command(after_help = "Examples:\n  guicang horizon show\n  guicang horizon show --json")]
    Show(ShowArgs),
    /// Set after how many days the details of what is closed leave this file
    #[command(after_help = "Examples:\n  guicang horizon set 400\n  guicang horizon set 0")]
    Set(SetArgs),
    /// Let go what is beyond the horizon now; each sync does some of it
    #[command(after_help = "Examples:\n  guicang horizon drop --dry-run\n  guicang horizon drop --shrink")]
    Drop(DropArgs),
    /// Bring a document's details back from HQ
    #[command(after_help = "Examples:\n  guicang horizon fetch TH-S01A-000001")]
    Fetch(FetchArgs),
}

/// There is nothing to choose.
#[derive(Debug, Args)]
pub struct ShowArgs {}

/// How long.
#[derive(Debug, Args)]
pub struct SetArgs {
    /// Days without an event, 30 or more; 0 keeps everything
    pub days: u32,
}

/// How.
#[derive(Debug, Args)]
pub struct DropArgs {
    /// Only say what would go
    #[arg(long)]
    pub dry_run: bool,
    /// Give the space back to the disk; no other program may use the file meanwhile
    #[arg(long, conflicts_with = "dry_run")]
    pub shrink: bool,
}

/// Which.
#[derive(Debug, Args)]
pub struct FetchArgs {
    /// Its number
    pub number: String,
}

/// The horizon, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct HorizonItem {
    days: u32,
    documents_let_go: u64,
    change_bytes: u64,
    file_bytes: u64,
    free_bytes: u64,
    lost_changes: u64,
}

/// What was let go, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct LetGoItem {
    documents: u64,
    bytes: u64,
    dry_run: bool,
}

/// What came back, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct FetchedItem {
    number: String,
    documents: u64,
}

impl HorizonVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when the horizon can't be so, the relay isn't reached, or the file fails.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let mut replica = session.open()?;
        match self {
            HorizonVerb::Show(_) => {
                show(globals, &replica.horizon().told(globals)?)?;
                globals.next(&texts::drop_next(l, globals.program))
            }
            HorizonVerb::Set(args) => {
                replica.set_horizon(args.days).told(globals)?;
                show(globals, &replica.horizon().told(globals)?)?;
                globals.next(&texts::drop_next(l, globals.program))
            }
            HorizonVerb::Drop(args) => args.run(&mut replica, globals),
            HorizonVerb::Fetch(args) => {
                let documents = replica.let_go_named(&args.number).told(globals)?;
                let whole = match documents.is_empty() {
                    true => 0,
                    false => fetch(session, &mut replica, &args.number, &documents)?,
                };
                let item = FetchedItem { number: args.number.clone(), documents: whole };
                globals.show("horizon-fetch", &[item], |items| match items[0].documents {
                    0 => texts::nothing_to_fetch(l, &items[0].number),
                    whole => texts::fetched(l, whole),
                })
            }
        }
    }
}

impl DropArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let done = match self.dry_run {
            true => replica.would_let_go().told(globals)?,
            false => all(replica).told(globals)?,
        };
        if self.shrink {
            replica.shrink().told(globals)?;
        }
        let item = LetGoItem { documents: done.documents, bytes: done.bytes, dry_run: self.dry_run };
        globals.show("horizon-drop", &[item], |items| {
            let bytes = mebibytes(items[0].bytes);
            match items[0].dry_run {
                true => texts::would_drop(l, items[0].documents, &bytes),
                false => texts::dropped(l, items[0].documents, &bytes),
            }
        })?;
        globals.next(&next::status(l, globals.program))
    }
}

/// Lets everything go that is beyond the horizon, a transaction for some of it at a time.
fn all(replica: &mut Replica) -> Result<LetGo, guicang_replica::StoreError> {
    let mut all = LetGo::default();
    loop {
        let some = replica.let_go(LET_GO_AT_ONCE)?;
        all.documents += some.documents;
        all.bytes += some.bytes;
        if !some.more {
            return Ok(all);
        }
    }
}

fn show(globals: &Globals, horizon: &Horizon) -> Result<(), Failure> {
    let l = globals.language;
    let item = HorizonItem {
        days: horizon.days,
        documents_let_go: horizon.documents,
        change_bytes: horizon.change_bytes,
        file_bytes: horizon.file_bytes,
        free_bytes: horizon.free_bytes,
        lost_changes: horizon.lost,
    };
    globals.show("horizon", &[item], |items| {
        let item = &items[0];
        let mut lines = vec![match item.days {
            0 => texts::none(l),
            days => texts::days(l, days),
        }];
        let [changes, file, free] = [item.change_bytes, item.file_bytes, item.free_bytes].map(mebibytes);
        lines.push(texts::sizes(l, item.documents_let_go, &changes, &file, &free));
        if item.lost_changes > 0 {
            lines.push(texts::lost(l, item.lost_changes));
        }
        lines.join("\n")
    })
}

fn mebibytes(bytes: u64) -> String {
    let tenths = bytes * 10 / (1024 * 1024);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

/// Asks HQ's relay for documents; `number` is what somebody asked for.
fn fetch(
    session: &Session<'_>,
    replica: &mut Replica,
    number: &str,
    documents: &[DocumentId],
) -> Result<u64, Failure> {
    let globals = session.globals;
    let l = globals.language;
    let told = |error: LinkError| {
        let why = error.explain(l, globals.program);
        Failure { message: texts::not_fetched(l, number, &why.message), ..why }
    };
    let url = replica.identity().relay_url.clone().ok_or(LinkError::Alone).map_err(told)?;
    let mut link = Link::new(Relay::new(&url).map_err(told)?, session.fill);
    let whole = runtime(l)?.block_on(link.fetch_documents(replica, documents)).map_err(told)?;
    if whole == 0 {
        let why = texts::relay_lacks_it(l);
        let message = texts::not_fetched(l, number, &why);
        return Err(Failure::new(Exit::Unreachable, message, next::status(l, globals.program)));
    }
    Ok(whole)
}

/// Does a command; where it needs documents that were let go, they are fetched and it is done again. What stopped had done
/// nothing. Each round brings a document back, or ends it.
///
/// # Errors
/// [`Failure`] of the command, or why the documents can't be fetched.
pub fn again_with_documents(
    session: &Session<'_>,
    command: impl Fn() -> Result<(), Failure>,
) -> Result<(), Failure> {
    loop {
        match command() {
            Err(Failure { lacks: Some(lacks), .. }) => {
                let globals = session.globals;
                globals.say(&texts::asking(globals.language, lacks.documents.len()))?;
                fetch(session, &mut session.open()?, &lacks.number, &lacks.documents)?;
            }
            other => return other,
        }
    }
}
