//! Who does it, when, and where: what every command that writes has in common.

use clap::Args;
use guicang_domain::ids::{IdError, SiteId, UserName};
use guicang_domain::money::MoneyError;
use guicang_domain::quantity::QuantityError;
use guicang_domain::time::{Occurred, TimeError};
use guicang_replica::{By, Replica};

use crate::exit::{Exit, Explain, Failure, Told};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::next;
use crate::verbs::explain::value;

/// Flags of commands that write.
#[derive(Debug, Clone, Default, Args)]
pub struct ByArgs {
    /// When it happened, if not now: 2026-11-23T14:02, or a date
    #[arg(long, value_name = "TIME")]
    pub occurred: Option<String>,
    /// The manager who approves, where the policy wants one
    #[arg(long, value_name = "NAME")]
    pub approved_by: Option<UserName>,
}

/// The flag of commands that write and ask no policy.
#[derive(Debug, Clone, Default, Args)]
pub struct WhenArgs {
    /// When it happened, if not now: 2026-11-23T14:02, or a date
    #[arg(long, value_name = "TIME")]
    pub occurred: Option<String>,
}

impl WhenArgs {
    /// As [`ByArgs::by`].
    ///
    /// # Errors
    /// [`Failure`] when the time can't be read.
    pub fn by(&self, replica: &Replica, globals: &Globals, site: Option<&SiteId>) -> Result<By, Failure> {
        ByArgs { occurred: self.occurred.clone(), approved_by: None }.by(replica, globals, site)
    }
}

impl ByArgs {
    /// Who does it and when, as the replica's commands take it. A time without an offset is what the
    /// walls of `site` (else this device's) show.
    ///
    /// # Errors
    /// [`Failure`] when the time can't be read.
    pub fn by(&self, replica: &Replica, globals: &Globals, site: Option<&SiteId>) -> Result<By, Failure> {
        let occurred = match &self.occurred {
            Some(text) => {
                let site = site.or(replica.identity().site.as_ref());
                let zone = replica.zone_of(site).told(globals)?;
                Some(Occurred::parse(text, zone).told(globals)?)
            }
            None => None,
        };
        Ok(By { user: globals.user.clone(), approved_by: self.approved_by.clone(), occurred })
    }
}

/// The site that the device belongs to; none at HQ.
pub fn here(replica: &Replica) -> Option<SiteId> {
    replica.identity().site.clone()
}

fn usage(language: Language, what: &str, found: &str, wanted: &str) -> Failure {
    Failure::new(Exit::Usage, value(language, what, found, wanted), next::correct(language))
}

impl Explain for IdError {
    fn explain(&self, language: Language, _: &str) -> Failure {
        usage(language, self.what, &self.found, self.wanted)
    }
}

impl Explain for TimeError {
    fn explain(&self, language: Language, _: &str) -> Failure {
        usage(language, "time", &self.found, self.wanted)
    }
}

impl Explain for MoneyError {
    fn explain(&self, language: Language, _: &str) -> Failure {
        usage(language, self.what, &self.found, &self.wanted)
    }
}

impl Explain for QuantityError {
    fn explain(&self, language: Language, _: &str) -> Failure {
        usage(language, "quantity", &self.found, "a number with at most 3 decimals")
    }
}
