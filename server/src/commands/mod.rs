//! The commands of `guicang-server`: a file each for those that only HQ has; the others are the shared
//! verbs of crates/cli, on HQ's replica.
//!
//! What surprises: a command that writes goes on to bring what it wrote to the relay, whether `serve`
//! runs or not: both work on the same files.

pub mod serve;
pub mod init;
pub mod site;
pub mod device;
pub mod product;
pub mod supplier;
pub mod user;
mod sheet;
pub mod exception;
pub mod change;
pub mod payout;
pub mod hold;
pub mod invoice;
pub mod period;
pub mod statement;
pub mod calendar;
pub mod settings;
pub mod status;
pub mod carry;
pub mod trace;
pub mod doctor;
pub mod backup;
pub mod completions;
mod explain;

use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use guicang_cli::config::Config;
use guicang_cli::verbs::bundle::BundleArgs;
use guicang_cli::verbs::cash::CashVerb;
use guicang_cli::verbs::count::CountVerb;
use guicang_cli::verbs::import::ImportArgs;
use guicang_cli::verbs::loss::LossVerb;
use guicang_cli::verbs::policy::PolicyVerb;
use guicang_cli::verbs::rebuild::RebuildArgs;
use guicang_cli::verbs::receipt::ReceiptVerb;
use guicang_cli::verbs::refund::RefundVerb;
use guicang_cli::verbs::return_::ReturnVerb;
use guicang_cli::verbs::sale::SaleVerb;
use guicang_cli::verbs::stock::StockVerb;
use guicang_cli::verbs::supplier_return::SupplierReturnVerb;
use guicang_cli::verbs::totals::TotalsArgs;
use guicang_cli::verbs::trace::TraceArgs;
use guicang_cli::verbs::transfer::TransferVerb;
use guicang_cli::{Exit, Failure, Globals, Told};
use guicang_domain::time::Moment;
use guicang_replica::{Ambient, Machine, Replica};

use crate::data::{Data, NewOrganisation};
use crate::hq::follow;
use crate::relay::Relay;
use crate::relay::link::LocalLink;
use guicang_cli::texts::hq as texts;

/// What a command has to work with.
pub struct Session<'a> {
    /// Language, form, streams, who is working.
    pub globals: &'a Globals,
    /// The data folder, where one is known.
    pub folder: Option<PathBuf>,
    /// What flags and the environment leave open.
    pub config: &'a Config,
    /// The clock.
    pub now: fn() -> Moment,
    /// Fills bytes at random.
    pub fill: fn(&mut [u8]),
    /// The machine, where it is known.
    pub machine: Option<Machine>,
}

/// HQ at work: its replica, and the relay beside it.
pub struct Headquarters {
    /// HQ's replica.
    pub replica: Replica,
    /// The relay.
    pub relay: Arc<Relay>,
}

impl Session<'_> {
    /// The data folder.
    ///
    /// # Errors
    /// [`Failure`] when none is known.
    pub fn data(&self) -> Result<Data, Failure> {
        let l = self.globals.language;
        let none = || Failure::new(Exit::Usage, texts::no_folder(l), texts::no_folder_next(l));
        Ok(Data::new(self.folder.clone().ok_or_else(none)?))
    }

    /// Opens what is there.
    ///
    /// # Errors
    /// [`Failure`] when nothing was founded yet, or a file can't be opened.
    pub fn open(&self) -> Result<Headquarters, Failure> {
        let data = self.data()?;
        // It says whether another machine has the folder: the relay's file isn't touched before.
        let replica = data.replica(self.ambient()).told(self.globals)?;
        let relay = data.relay().told(self.globals)?;
        Ok(Headquarters { replica, relay })
    }

    /// Opens what is there, or founds an organisation first, and says so.
    ///
    /// # Errors
    /// [`Failure`] when the files can't be made or opened.
    pub fn open_or_found(&self) -> Result<Headquarters, Failure> {
        if !self.data()?.is_founded() {
            self.found(&NewOrganisation::default())?;
        }
        self.open()
    }

    /// Founds an organisation and shows its secret, once, on standard error.
    ///
    /// # Errors
    /// [`Failure`] when there is one already, or the files can't be made.
    pub fn found(&self, new: &NewOrganisation) -> Result<(), Failure> {
        let (data, l) = (self.data()?, self.globals.language);
        let secret = data.found(new, (self.now)(), self.ambient()).told(self.globals)?;
        self.globals.say(&texts::founded(l, &new.name, &data.folder().display()))?;
        self.globals.say(&texts::secret(l, &secret.0))
    }

    /// Brings what was written to the relay, and what is there to HQ.
    ///
    /// # Errors
    /// [`Failure`] when a file can't be read or written. What was written before is on disk.
    pub fn settle(&self, hq: &mut Headquarters) -> Result<(), Failure> {
        let link = LocalLink::new(hq.relay.clone(), hq.replica.identity().device);
        follow::settle(&mut hq.replica, &link, &self.now).told(self.globals)?;
        Ok(())
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
    /// Serve branches, and HQ's page
    #[command(
        after_help = "Examples:\n  guicang-server serve\n  guicang-server serve --listen 0.0.0.0:8620\n  guicang-server serve --listen 127.0.0.1:0 --json"
    )]
    Serve(serve::ServeArgs),
    /// Make an organisation: its key, HQ, the relay
    #[command(
        after_help = "Examples:\n  guicang-server init --name Orchard\n  guicang-server init --name Orchard --zone Europe/London --currency GBP"
    )]
    Init(init::InitArgs),
    /// Branches and warehouses
    #[command(subcommand)]
    Site(site::SiteVerb),
    /// The branches' devices
    #[command(subcommand)]
    Device(device::DeviceVerb),
    /// Articles
    #[command(subcommand)]
    Product(product::ProductVerb),
    /// Suppliers
    #[command(subcommand)]
    Supplier(supplier::SupplierVerb),
    /// The people who work here, and what they may grant
    #[command(subcommand)]
    User(user::UserVerb),
    /// Bring in sales, returns and stock that another program wrote
    #[command(
        after_help = "Examples:\n  guicang-server import sales.csv --dry-run\n  guicang-server import --profile ./till.toml today.csv"
    )]
    Import(ImportArgs),
    /// Sales as the tills closed them
    #[command(subcommand)]
    Sale(SaleVerb),
    /// Signed receipts, for a QR code
    #[command(subcommand)]
    Receipt(ReceiptVerb),
    /// Return rights on other branches' sales, kept by HQ
    #[command(subcommand)]
    Hold(hold::HoldVerb),
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
    /// Stocktakes
    #[command(subcommand)]
    Count(CountVerb),
    /// What disconnection broke, and what is decided on it
    #[command(subcommand)]
    Exception(exception::ExceptionVerb),
    /// What is set apart, and what HQ admits of it
    #[command(subcommand)]
    Change(change::ChangeVerb),
    /// What was sold and came back, by site and in all
    #[command(after_help = "Examples:\n  guicang-server totals\n  guicang-server totals --json")]
    Totals(TotalsArgs),
    /// The return policy: what may come back, for how long, on whose word
    #[command(subcommand)]
    Policy(PolicyVerb),
    /// Electronic refunds
    #[command(subcommand)]
    Payout(payout::PayoutVerb),
    /// The cash book: shifts, counts, differences
    #[command(subcommand)]
    Cash(CashVerb),
    /// What is owed to customers, and what is late
    #[command(subcommand)]
    Refund(RefundVerb),
    /// What was paid beyond what was owed, and who bears it
    #[command(subcommand)]
    Loss(LossVerb),
    /// Red invoices
    #[command(subcommand)]
    Invoice(invoice::InvoiceVerb),
    /// Months: closing them, and what was closed
    #[command(subcommand)]
    Period(period::PeriodVerb),
    /// Payment providers' statements
    #[command(subcommand)]
    Statement(statement::StatementVerb),
    /// Working days and holidays
    #[command(subcommand)]
    Calendar(calendar::CalendarVerb),
    /// What holds for the whole organisation
    #[command(subcommand)]
    Settings(settings::SettingsVerb),
    /// Take in what a branch wrote to a file, as if its device had come
    #[command(after_help = "Examples:\n  guicang-server import-changes /media/stick/a.changes")]
    ImportChanges(carry::ImportArgs),
    /// Why isn't it here? Where each change of a document is, and what it waits for
    #[command(
        after_help = "Examples:\n  guicang-server trace TH-S01A-000001\n  guicang-server trace TH-S01A-000001 --json"
    )]
    Trace(TraceArgs),
    /// Write what support needs to know: versions, state, integrity; no keys, no customers, no documents
    #[command(after_help = "Examples:\n  guicang-server support-bundle support.json")]
    SupportBundle(BundleArgs),
    /// Show HQ: what it holds, and what unverified refunds can cost
    #[command(after_help = "Examples:\n  guicang-server status\n  guicang-server status --json")]
    Status(status::StatusArgs),
    /// Examine HQ's file and the relay's
    #[command(after_help = "Examples:\n  guicang-server doctor")]
    Doctor(doctor::DoctorArgs),
    /// Copy HQ's file and the relay's while they are in use, and examine the copies
    #[command(
        after_help = "Examples:\n  guicang-server backup /mnt/backup/0922\n  guicang-server backup /mnt/backup/0922 --json"
    )]
    Backup(backup::BackupArgs),
    /// Put a backup in the place of HQ's file and the relay's, which are kept beside
    #[command(
        after_help = "Examples:\n  guicang-server restore /mnt/backup/0922\n  guicang-server restore /mnt/backup/0922 --force"
    )]
    Restore(backup::RestoreArgs),
    /// Make HQ's file or the relay's anew, by the organisation's secret
    #[command(after_help = "Examples:\n  guicang-server recover --secret-file /media/safe/secret.txt")]
    Recover(backup::RecoverArgs),
    /// Make everything shown anew from the facts
    #[command(after_help = "Examples:\n  guicang-server rebuild")]
    Rebuild(RebuildArgs),
    /// Print completions for a shell
    #[command(
        after_help = "Examples:\n  guicang-server completions bash > /etc/bash_completion.d/guicang-server"
    )]
    Completions(completions::CompletionsArgs),
}

impl Commands {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        match self {
            Commands::Serve(args) => args.run(session),
            Commands::Init(args) => args.run(session),
            Commands::Site(verb) => verb.run(session),
            Commands::Device(verb) => verb.run(session),
            Commands::Product(verb) => verb.run(session),
            Commands::Supplier(verb) => verb.run(session),
            Commands::User(verb) => verb.run(session),
            Commands::Import(args) if args.is_query() => args.run(&mut session.open()?.replica, globals),
            Commands::Import(args) => writing(session, |hq| args.run(&mut hq.replica, globals)),
            Commands::Sale(verb) => verb.run(&session.open()?.replica, globals),
            Commands::Receipt(verb) => verb.run(&mut session.open()?.replica, globals),
            // The table of moves is the program's, not a file's.
            Commands::Return(ReturnVerb::States(args)) => args.run(globals),
            Commands::Return(verb) => writing(session, |hq| verb.run(&mut hq.replica, globals)),
            Commands::Stock(StockVerb::Show(args)) => args.run(&session.open()?.replica, globals),
            Commands::Stock(StockVerb::Explain(args)) => args.run(&session.open()?.replica, globals),
            Commands::Stock(verb) => writing(session, |hq| verb.run(&mut hq.replica, globals)),
            Commands::Transfer(verb) => writing(session, |hq| verb.run(&mut hq.replica, globals)),
            Commands::SupplierReturn(verb) => writing(session, |hq| verb.run(&mut hq.replica, globals)),
            Commands::Count(verb) if verb.writes() => {
                writing(session, |hq| verb.run(&mut hq.replica, globals))
            }
            Commands::Count(verb) => verb.run(&mut session.open()?.replica, globals),
            Commands::Exception(verb) => verb.run(session),
            Commands::Change(verb) => verb.run(session),
            Commands::Totals(args) => args.run(&session.open()?.replica, globals),
            Commands::Policy(verb) if verb.writes() => {
                writing(session, |hq| verb.run(&mut hq.replica, globals))
            }
            Commands::Policy(verb) => verb.run(&mut session.open()?.replica, globals),
            Commands::Payout(verb) => verb.run(session),
            Commands::Hold(verb) => verb.run(session),
            Commands::Cash(verb) if verb.is_query() => verb.run(&mut session.open()?.replica, globals),
            Commands::Cash(verb) => writing(session, |hq| verb.run(&mut hq.replica, globals)),
            Commands::Refund(verb) => verb.run(&mut session.open()?.replica, globals),
            Commands::Loss(verb) => verb.run(&session.open()?.replica, globals),
            Commands::Invoice(verb) => verb.run(session),
            Commands::Period(verb) => verb.run(session),
            Commands::Statement(verb) => verb.run(session),
            Commands::Calendar(verb) => verb.run(session),
            Commands::Settings(verb) => verb.run(session),
            Commands::ImportChanges(args) => args.run(session),
            Commands::Trace(args) => trace::run(args, session),
            Commands::SupportBundle(args) => trace::bundle(args, session),
            Commands::Status(args) => args.run(session),
            Commands::Doctor(args) => args.run(session),
            Commands::Backup(args) => args.run(session),
            Commands::Restore(args) => args.run(session),
            Commands::Recover(args) => args.run(session),
            Commands::Rebuild(args) => args.run(&mut session.open()?.replica, globals),
            Commands::Completions(args) => args.run(globals),
        }
    }
}

/// Runs a command that may write, then brings what it wrote to the relay.
fn writing(
    session: &Session<'_>,
    run: impl FnOnce(&mut Headquarters) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut hq = session.open_or_found()?;
    run(&mut hq)?;
    session.settle(&mut hq)
}
