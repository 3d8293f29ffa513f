//! `init`: makes an organisation. Its key is shown once and not kept.

use clap::Args;
use guicang_cli::Failure;
use guicang_domain::money::Currency;
use guicang_domain::time::Zone;
use serde::Serialize;

use super::Session;
use crate::data::NewOrganisation;
use guicang_cli::texts::hq as texts;

/// What it is to be called.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The organisation's name
    #[arg(long)]
    pub name: String,
    /// The time zone
    #[arg(long, default_value = "Asia/Shanghai")]
    pub zone: Zone,
    /// The currency
    #[arg(long, default_value = "CNY")]
    pub currency: Currency,
}

/// The organisation made, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct InitItem {
    organisation: String,
    name: String,
    device: String,
    code: String,
    relay: String,
    data: String,
}

impl InitArgs {
    /// Makes it.
    ///
    /// # Errors
    /// [`Failure`] when there is one already, or the files can't be made.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let new = NewOrganisation { name: self.name.clone(), zone: self.zone, currency: self.currency };
        session.found(&new)?;
        let mut hq = session.open()?;
        session.settle(&mut hq)?;
        let me = hq.replica.identity();
        let item = InitItem {
            organisation: me.organisation.to_string(),
            name: me.name.clone(),
            device: me.device.to_string(),
            code: me.code.to_string(),
            relay: hq.relay.device().to_string(),
            data: session.data().map(|d| d.folder().display().to_string())?,
        };
        if globals.json() {
            globals.show("organisation", &[item], |_| "")?;
        }
        globals.next(&texts::after_init(globals.language))
    }
}
