//! `join`: this device becomes one of an organisation's, with a code that HQ gave out.
//!
//! The code is good once: whatever can be found wrong here is found before it is used.

use clap::Args;
use guicang_cli::texts::{next, results};
use guicang_cli::{Explain, Failure, Told};
use guicang_domain::money::Currency;
use guicang_domain::time::Zone;
use guicang_replica::{Founding, OpenError, Replica, on_own_disk};
use guicang_sync::access::{ENROL_PATH, Enrol, Enrolled};
use guicang_sync::keys::DeviceKey;
use serde::Serialize;

use super::Session;
use crate::link::Relay;

/// Where, and by what right.
#[derive(Debug, Args)]
pub struct JoinArgs {
    /// The relay's address: http://HOST:PORT
    pub url: String,
    /// The code that HQ gave out; good once, and for minutes
    #[arg(long)]
    pub code: String,
    /// The time zone until HQ's settings come
    #[arg(long, default_value = "Asia/Shanghai")]
    pub zone: Zone,
    /// The currency until HQ's settings come
    #[arg(long, default_value = "CNY")]
    pub currency: Currency,
}

/// The device that joined, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct JoinItem {
    organisation: String,
    name: String,
    site: Option<String>,
    device: String,
    code: String,
    relay: String,
}

impl JoinArgs {
    /// Joins.
    ///
    /// # Errors
    /// [`Failure`] when the file can't be made, the relay isn't reached, or it refuses the code.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let path = session.path()?;
        probe(path).told(globals)?;
        let relay = Relay::new(&self.url).told(globals)?;
        let key_seed: [u8; 32] = session.random();
        let request = Enrol::new(&DeviceKey::from_seed(key_seed), self.code.trim().to_uppercase());
        let enrolled: Enrolled = super::sync::runtime(l)?
            .block_on(relay.post(ENROL_PATH, None, &request))
            .map_err(|e| e.explain(l, globals.program))?;
        let founding = Founding {
            organisation: enrolled.organisation,
            name: enrolled.name,
            key_seed,
            grants: enrolled.grants,
            zone: self.zone,
            currency: self.currency,
            relay_url: Some(relay.url().to_owned()),
        };
        let replica = Replica::create(path, founding, session.ambient()).told(globals)?;
        let me = replica.identity();
        let item = JoinItem {
            organisation: me.organisation.to_string(),
            name: me.name.clone(),
            site: me.site.as_ref().map(ToString::to_string),
            device: me.device.to_string(),
            code: me.code.to_string(),
            relay: relay.url().to_owned(),
        };
        globals.show("device", &[item], |items| {
            let item = &items[0];
            results::joined(l, &item.name, item.site.as_deref().unwrap_or("-"), &item.code)
        })?;
        globals.next(&next::sync(l, globals.program))
    }
}

/// Whether the file can be made: it isn't there, and its folder is on this machine and can be written.
fn probe(path: &std::path::Path) -> Result<(), OpenError> {
    use std::io::ErrorKind::{AlreadyExists, NotFound};
    let shown = path.display().to_string();
    on_own_disk(path)?;
    match std::fs::File::create_new(path) {
        Ok(_) => std::fs::remove_file(path).map_err(|_| OpenError::ReadOnly { path: shown }),
        Err(e) if e.kind() == AlreadyExists => Err(OpenError::Exists { path: shown }),
        Err(e) if e.kind() == NotFound => Err(OpenError::NotFound { path: shown }),
        Err(_) => Err(OpenError::ReadOnly { path: shown }),
    }
}
