//! `init`: an organisation of one branch, made here. Its key is shown once and not kept.

use clap::Args;
use guicang_cli::texts::{next, results};
use guicang_cli::{Failure, Told};
use guicang_domain::ids::{DeviceCode, SiteId};
use guicang_domain::money::Currency;
use guicang_domain::time::{Recorded, Zone};
use guicang_replica::{Founding, Replica};
use guicang_sync::grant::{Grant, Issuer, Role, SignedGrant};
use guicang_sync::keys::DeviceKey;
use serde::Serialize;

use super::Session;

/// What it is to be called.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The organisation's name
    #[arg(long, default_value = "My shop")]
    pub name: String,
    /// The branch's code
    #[arg(long, default_value = "S01")]
    pub site: SiteId,
    /// This device's short code: it begins the numbers of its documents
    #[arg(long, default_value = "S01A", value_name = "CODE")]
    pub device: DeviceCode,
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
    site: String,
    device: String,
    code: String,
    secret: String,
}

impl InitArgs {
    /// Makes it.
    ///
    /// # Errors
    /// [`Failure`] when there is a file already, or it can't be written.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let path = session.path()?;
        let secret: [u8; 32] = session.random();
        let organisation = DeviceKey::from_seed(secret);
        let key_seed: [u8; 32] = session.random();
        let key = DeviceKey::from_seed(key_seed).public();
        let now = (session.now)();
        let grant = Grant {
            organisation: organisation.organisation(),
            key,
            code: self.device.clone(),
            role: Role::Site(self.site.clone()),
            from: now,
            until: None,
            serial: Recorded::new(now, 0),
            successor_of: None,
        };
        let founding = Founding {
            organisation: organisation.public(),
            name: self.name.clone(),
            key_seed,
            grants: vec![SignedGrant::sign(&organisation, Issuer::Organisation, &grant)],
            zone: self.zone,
            currency: self.currency,
            relay_url: None,
        };
        Replica::create(path, founding, session.ambient()).told(globals)?;
        let item = InitItem {
            organisation: organisation.organisation().to_string(),
            name: self.name.clone(),
            site: self.site.to_string(),
            device: key.device().to_string(),
            code: self.device.to_string(),
            secret: secret.iter().map(|b| format!("{b:02x}")).collect(),
        };
        globals.show("organisation", &[item], |items| {
            let item = &items[0];
            results::founded(l, &item.name, &item.organisation, &item.site, &item.secret)
        })?;
        globals.say(&results::keep_secret(l))?;
        globals.next(&next::first_steps(l, globals.program))
    }
}
