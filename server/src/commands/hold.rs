//! `hold`: what both programs have, and `hold run`, by which HQ answers who asks.

use clap::{Args, Subcommand};
use guicang_cli::texts::holds as texts;
use guicang_cli::verbs::hold::{HoldVerb as Shared, show};
use guicang_cli::{Failure, Told};

use super::Session;
use crate::hq::{follow, holds};
use crate::relay::link::LocalLink;

/// The commands on holds.
#[derive(Debug, Subcommand)]
pub enum HoldVerb {
    /// What both programs have.
    #[command(flatten)]
    Shared(Shared),
    /// Answer the branches that ask; `serve` does so by itself
    #[command(after_help = "Examples:\n  guicang-server hold run")]
    Run(RunArgs),
}

/// Nothing to say.
#[derive(Debug, Args)]
pub struct RunArgs {}

impl HoldVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused, or a file can't be read or written.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let mut hq = session.open_or_found()?;
        match self {
            HoldVerb::Shared(verb) => {
                verb.run(&mut hq.replica, globals)?;
                session.settle(&mut hq)
            }
            HoldVerb::Run(_) => {
                let link = LocalLink::new(hq.relay.clone(), hq.replica.identity().device);
                follow::session(&mut hq.replica, &link, &session.now, None).told(globals)?;
                hq.replica.verify_sales().told(globals)?;
                let answered = holds::answer(&mut hq.replica, &link, &session.now).told(globals)?;
                let (fence, rows) = answered.map_or((None, Vec::new()), |a| (Some(a.fence), a.holds));
                follow::session(&mut hq.replica, &link, &session.now, fence).told(globals)?;
                if fence.is_some() {
                    holds::done(&hq.replica, &link, &session.now).told(globals)?;
                }
                show(globals, &rows)?;
                globals.say(&texts::answered(globals.language, rows.len()))
            }
        }
    }
}
