//! `relay`: where HQ's relay is, and where it has moved to.
//!
//! What surprises: nothing is proven by an address. Whoever answers there has to be a relay that the organisation
//! knows, and the next session compares what both hold.

use clap::{Args, Subcommand};
use guicang_cli::texts::{next, results};
use guicang_cli::{Failure, Told};
use serde::Serialize;

use super::Session;
use crate::link;

/// The commands on the relay's address.
#[derive(Debug, Subcommand)]
pub enum RelayVerb {
    /// Show where HQ's relay is
    #[command(after_help = "Examples:\n  guicang relay show")]
    Show,
    /// Say where HQ's relay is now
    #[command(after_help = "Examples:\n  guicang relay set http://hq.example.com:8080")]
    Set(SetArgs),
}

/// Where it is.
#[derive(Debug, Args)]
pub struct SetArgs {
    /// The relay's address: http://HOST:PORT
    pub url: String,
}

/// The address, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct RelayItem {
    relay: Option<String>,
}

impl RelayVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when it is no address, or the file can't be read or written.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let mut replica = session.open()?;
        if let RelayVerb::Set(args) = self {
            let relay = link::Relay::new(&args.url).told(globals)?;
            replica.set_relay_url(relay.url()).told(globals)?;
        }
        let item = RelayItem { relay: replica.identity().relay_url.clone() };
        globals
            .show("relay", &[item], |items| results::relay_at(l, items[0].relay.as_deref().unwrap_or("-")))?;
        globals.next(&next::sync(l, globals.program))
    }
}
