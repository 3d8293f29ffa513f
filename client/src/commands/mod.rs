//! The commands of `guicang`: a file each for those that only a branch has; the others are the
//! shared verbs of crates/cli.

pub mod init;
pub mod join;
pub mod sync;
pub mod status;
pub mod carry;
pub mod peer;
pub mod completions;
pub mod backup;
pub mod horizon;
pub mod relay;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use guicang_cli::texts::failures;
use guicang_cli::verbs::bundle::BundleArgs;
use guicang_cli::verbs::cash::CashVerb;
use guicang_cli::verbs::count::CountVerb;
use guicang_cli::verbs::doctor::DoctorArgs;
use guicang_cli::verbs::exception::ExceptionVerb;
use guicang_cli::verbs::hold::HoldVerb;
use guicang_cli::verbs::import::ImportArgs;
use guicang_cli::verbs::loss::LossVerb;
use guicang_cli::verbs::policy::PolicyVerb;
use guicang_cli::verbs::rebuild::RebuildArgs;
use guicang_cli::verbs::receipt::ReceiptVerb;
use guicang_cli::verbs::refund::RefundVerb;
use guicang_cli::verbs::return_::ReturnVerb;
use guicang_cli::verbs::sale::SaleVerb;
use guicang_cli::verbs::stock::StockVerb;
use guicang_cli::verbs::supplier::SupplierVerb;
use guicang_cli::verbs::supplier_return::SupplierReturnVerb;
use guicang_cli::verbs::trace::TraceArgs;
use guicang_cli::verbs::transfer::TransferVerb;
use guicang_cli::verbs::user::UserVerb;
use guicang_cli::{Exit, Failure, Globals, Told};
use guicang_domain::time::Moment;
use guicang_replica::{Ambient, Machine, Replica};

/// What a command has to work with.
pub struct Session<'a> {
    /// Language, form, streams, who is working.
    pub globals: &'a Globals,
    /// The branch's file, where one was named.
    pub db: Option<PathBuf>,
    /// The clock.
    pub now: fn() -> Moment,
    /// Fills bytes at random.
    pub fill: fn(&mut [u8]),
    /// The machine, where it is known.
    pub machine: Option<Machine>,
}

impl Session<'_> {
    /// The branch's file.
    ///
    /// # Errors
    /// [`Failure`] when none was named.
    pub fn path(&self) -> Result<&Path, Failure> {
        let l = self.globals.language;
        let none = || Failure::new(Exit::Usage, failures::no_file(l), failures::no_file_next(l));
        self.db.as_deref().ok_or_else(none)
    }

    /// Opens the branch's file.
    ///
    /// # Errors
    /// [`Failure`] when none was named, or it can't be opened.
    pub fn open(&self) -> Result<Replica, Failure> {
        Replica::open(self.path()?, self.ambient()).told(self.globals)
    }

    /// Clock, chance and machine for a replica.
    pub fn ambient(&self) -> Ambient {
        Ambient { now: Box::new(self.now), fill: Box::new(self.fill), machine: self.machine.clone() }
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.fill)(&mut bytes);
        bytes
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Commands {
    /// Join an organisation with a code from HQ
    #[command(
        after_help = "Examples:\n  guicang --db shop.guicang join http://hq.example.com:8080 --code 7KQ2-M4XD"
    )]
    Join(join::JoinArgs),
    /// Make an organisation of one branch, to try it alone
    #[command(
        after_help = "Examples:\n  guicang --db try.guicang init\n  guicang --db try.guicang init --site \"United Kingdom\" --zone Europe/London --currency GBP"
    )]
    Init(init::InitArgs),
    /// Bring in sales, returns and stock that another program wrote
    #[command(
        after_help = "Examples:\n  guicang import sales.csv --dry-run\n  guicang import --profile ./till.toml today.csv"
    )]
    Import(ImportArgs),
    /// Sales as the till closed them
    #[command(subcommand)]
    Sale(SaleVerb),
    /// Signed receipts, for a QR code
    #[command(subcommand)]
    Receipt(ReceiptVerb),
    /// Return rights on other branches' sales, kept by HQ
    #[command(subcommand)]
    Hold(HoldVerb),
    /// Goods that come back
    #[command(subcommand)]
    Return(ReturnVerb),
    /// What is where
    #[command(subcommand)]
    Stock(StockVerb),
    /// Goods from a site to a site
    #[command(subcommand)]
    Transfer(TransferVerb),
    /// Goods back to their supplier
    #[command(subcommand)]
    SupplierReturn(SupplierReturnVerb),
    /// Suppliers, as HQ lists them
    #[command(subcommand)]
    Supplier(SupplierVerb),
    /// The people who work here, as HQ lists them
    #[command(subcommand)]
    User(UserVerb),
    /// Stocktakes
    #[command(subcommand)]
    Count(CountVerb),
    /// What disconnection broke
    #[command(subcommand)]
    Exception(ExceptionVerb),
    /// The cash book: shifts, counts, differences
    #[command(subcommand)]
    Cash(CashVerb),
    /// What is owed to customers, and what is late
    #[command(subcommand)]
    Refund(RefundVerb),
    /// What was paid beyond what was owed, and who bears it
    #[command(subcommand)]
    Loss(LossVerb),
    /// The return policy: what may come back, for how long, on whose word
    #[command(subcommand)]
    Policy(PolicyVerb),
    /// Exchange what is missing with HQ
    #[command(
        after_help = "Examples:\n  guicang sync\n  guicang sync --every 60s\n  guicang sync --peer http://192.168.1.20:8630"
    )]
    Sync(sync::SyncArgs),
    /// Where HQ's relay is
    #[command(subcommand)]
    Relay(relay::RelayVerb),
    /// Let other branches sync with this one, without HQ
    #[command(after_help = "Examples:\n  guicang serve-peer --listen 0.0.0.0:8630")]
    ServePeer(peer::ServePeerArgs),
    /// Write changes to a file, for a stick: to HQ or to another branch, where there is no line
    #[command(
        after_help = "Examples:\n  guicang export-changes /media/stick/a.changes\n  guicang export-changes --all a.changes"
    )]
    ExportChanges(carry::ExportArgs),
    /// Take in what another branch wrote to a file, as far as it concerns this site
    #[command(after_help = "Examples:\n  guicang import-changes /media/stick/a.changes")]
    ImportChanges(carry::ImportArgs),
    /// Why isn't it here? Where each change of a document is, and what it waits for
    #[command(
        after_help = "Examples:\n  guicang trace TH-S01A-000001\n  guicang trace TH-S01A-000001 --json"
    )]
    Trace(TraceArgs),
    /// Write what support needs to know: versions, state, integrity; no keys, no customers, no documents
    #[command(after_help = "Examples:\n  guicang support-bundle support.json")]
    SupportBundle(BundleArgs),
    /// Show this branch: what is unsent, what was refused, up to when it agrees with HQ
    #[command(after_help = "Examples:\n  guicang status\n  guicang status --json")]
    Status(status::StatusArgs),
    /// Examine the file
    #[command(after_help = "Examples:\n  guicang doctor")]
    Doctor(DoctorArgs),
    /// Copy this branch's file while it is in use, and examine the copy
    #[command(
        after_help = "Examples:\n  guicang --db shop.guicang backup /mnt/usb/shop-0922.guicang\n  guicang backup shop.bak --json"
    )]
    Backup(backup::BackupArgs),
    /// Put a backup in the place of this branch's file, which is kept beside
    #[command(
        after_help = "Examples:\n  guicang --db shop.guicang restore /mnt/usb/shop-0922.guicang\n  guicang --db shop.guicang restore shop.bak --force"
    )]
    Restore(backup::RestoreArgs),
    /// How long the details of what is closed stay in this file; what is older is at HQ
    #[command(subcommand)]
    Horizon(horizon::HorizonVerb),
    /// Make everything shown anew from the facts
    #[command(after_help = "Examples:\n  guicang rebuild")]
    Rebuild(RebuildArgs),
    /// Print completions for a shell
    #[command(
        after_help = "Examples:\n  guicang completions bash > /etc/bash_completion.d/guicang\n  guicang completions zsh > ~/.zfunc/_guicang"
    )]
    Completions(completions::CompletionsArgs),
}

impl Commands {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        match self {
            // What it reads from a pipe can't be read twice.
            Commands::Import(_) => self.run_once(session),
            _ => horizon::again_with_documents(session, || self.run_once(session)),
        }
    }

    fn run_once(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        match self {
            Commands::Join(args) => args.run(session),
            Commands::Init(args) => args.run(session),
            Commands::Import(args) => args.run(&mut session.open()?, globals),
            Commands::Sale(verb) => verb.run(&session.open()?, globals),
            Commands::Receipt(verb) => verb.run(&mut session.open()?, globals),
            Commands::Hold(verb) => verb.run(&mut session.open()?, globals),
            // The table of moves is the program's, not a file's.
            Commands::Return(ReturnVerb::States(args)) => args.run(globals),
            Commands::Return(verb) => verb.run(&mut session.open()?, globals),
            Commands::Stock(verb) => verb.run(&mut session.open()?, globals),
            Commands::Transfer(verb) => verb.run(&mut session.open()?, globals),
            Commands::SupplierReturn(verb) => verb.run(&mut session.open()?, globals),
            Commands::Supplier(verb) => verb.run(&session.open()?, globals),
            Commands::User(verb) => verb.run(&session.open()?, globals),
            Commands::Count(verb) => verb.run(&mut session.open()?, globals),
            Commands::Exception(ExceptionVerb::Kinds(args)) => args.run(globals),
            Commands::Exception(verb) => verb.run(&session.open()?, globals),
            Commands::Cash(verb) => verb.run(&mut session.open()?, globals),
            Commands::Refund(verb) => verb.run(&mut session.open()?, globals),
            Commands::Loss(verb) => verb.run(&session.open()?, globals),
            Commands::Policy(verb) => verb.run(&mut session.open()?, globals),
            Commands::Sync(args) => args.run(session),
            Commands::Relay(verb) => verb.run(session),
            Commands::ServePeer(args) => args.run(session),
            Commands::ExportChanges(args) => args.run(session),
            Commands::ImportChanges(args) => args.run(session),
            Commands::Trace(args) => args.run(&session.open()?, globals, &|_| Ok(Vec::new())),
            Commands::SupportBundle(args) => args.run(&mut session.open()?, globals, serde_json::Value::Null),
            Commands::Status(args) => args.run(session),
            Commands::Doctor(args) => args.run(&mut session.open()?, globals),
            Commands::Backup(args) => args.run(session),
            Commands::Restore(args) => args.run(session),
            Commands::Horizon(verb) => verb.run(session),
            Commands::Rebuild(args) => args.run(&mut session.open()?, globals),
            Commands::Completions(args) => args.run(globals),
        }
    }
}
