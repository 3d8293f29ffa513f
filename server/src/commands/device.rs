//! `device`: letting the branches' devices in, and out.

use clap::{Args, Subcommand};
use guicang_cli::format::{Column, Table, minute};
use guicang_cli::texts::headings;
use guicang_cli::{Exit, Failure, Globals, Told};
use guicang_domain::ids::{DeviceCode, SiteId};
use guicang_domain::time::Occurred;
use guicang_sync::grant::{Role, Standing};
use serde::Serialize;

use super::{Headquarters, Session};
use crate::hq::devices;
use crate::relay::enrol::CODE_TTL_MS;
use guicang_cli::texts::{clones, hq as texts};

/// The commands on devices.
#[derive(Debug, Subcommand)]
pub enum DeviceVerb {
    /// Give out a code with which a device joins: good once, and for minutes
    #[command(after_help = "Examples:\n  guicang-server device enrol --site S01")]
    Enrol(EnrolArgs),
    /// List the devices, what they report and whether they may come in
    #[command(after_help = "Examples:\n  guicang-server device list --json")]
    List(ListArgs),
    /// Withdraw a device, at once
    #[command(after_help = "Examples:\n  guicang-server device revoke S01A")]
    Revoke(RevokeArgs),
}

/// For which site.
#[derive(Debug, Args)]
pub struct EnrolArgs {
    /// The site that the device writes for
    #[arg(long)]
    pub site: SiteId,
}

/// Nothing to say.
#[derive(Debug, Args)]
pub struct ListArgs {}

/// Which device.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// The device's short code, as in the numbers of its documents
    pub code: DeviceCode,
}

/// A code, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct CodeItem {
    code: String,
    site: String,
    until: String,
}

/// A device, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct DeviceItem {
    code: String,
    device: String,
    role: &'static str,
    site: Option<String>,
    standing: &'static str,
    /// The short code of the device in whose place it came, whose file went two ways.
    #[serde(skip_serializing_if = "Option::is_none")]
    successor_of: Option<String>,
    last_sync: Option<String>,
    unsent_changes: Option<u64>,
    unsent_refunds: Vec<MoneyItem>,
}

#[derive(Debug, Serialize)]
struct MoneyItem {
    amount: String,
    currency: String,
}

impl DeviceVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when there is no such site or device, or a file can't be read or written.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        match self {
            DeviceVerb::Enrol(args) => args.run(session),
            DeviceVerb::List(_) => list(session, &session.open()?),
            DeviceVerb::Revoke(args) => args.run(session),
        }
    }
}

impl EnrolArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let hq = session.open()?;
        if !hq.replica.sites().told(globals)?.iter().any(|site| site.code == self.site) {
            let message = texts::unknown_site(l, &self.site);
            return Err(Failure::new(Exit::Refused, message, texts::unknown_site_next(l)));
        }
        let now = (session.now)();
        let code = hq.relay.new_code(&self.site, session.random(), CODE_TTL_MS, now).told(globals)?;
        let until = now.plus_ms(CODE_TTL_MS).to_rfc3339();
        let item = CodeItem { code, site: self.site.to_string(), until };
        globals.show("code", &[item], |items| texts::code(l, &items[0].code, &items[0].until))?;
        globals.next(&texts::join_next(l, "CODE"))
    }
}

impl RevokeArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let mut hq = session.open()?;
        let grant = devices::withdraw(&mut hq.replica, &self.code, (session.now)()).told(globals)?;
        hq.relay.add_grants(vec![grant]).told(globals)?;
        session.settle(&mut hq)?;
        globals.say(&texts::revoked(l, &self.code))?;
        globals.next(&texts::devices_next(l))
    }
}

fn list(session: &Session<'_>, hq: &Headquarters) -> Result<(), Failure> {
    let globals = session.globals;
    let book = hq.relay.book().told(globals)?;
    let visits = hq.relay.reports().told(globals)?;
    let (now, zone) = ((session.now)(), hq.replica.identity().zone);
    let items: Vec<DeviceItem> = book
        .devices()
        .map(|device| {
            let (role, site) = match &device.grant.role {
                Role::Hq => ("hq", None),
                Role::Relay => ("relay", None),
                Role::Site(site) => ("site", Some(site.to_string())),
            };
            let visit = visits.get(&device.id);
            let report = visit.and_then(|visit| visit.report.as_ref());
            let refunds = report.map(|report| report.unsent_refunds.as_slice()).unwrap_or_default();
            DeviceItem {
                code: device.grant.code.to_string(),
                device: device.id.to_string(),
                role,
                site,
                standing: match book.may(device.id, now) {
                    Standing::Valid => "valid",
                    Standing::Withdrawn { .. } => "withdrawn",
                    Standing::NotYet | Standing::Unknown => "not_yet",
                },
                successor_of: device.grant.successor_of.map(|old| {
                    book.device(old).map_or_else(|| old.to_string(), |d| d.grant.code.to_string())
                }),
                last_sync: visit.map(|visit| Occurred { at: visit.last_sync, zone }.to_rfc3339()),
                unsent_changes: report.map(|report| report.unsent_changes),
                unsent_refunds: refunds
                    .iter()
                    .map(|(currency, amount)| MoneyItem {
                        amount: currency.format(*amount),
                        currency: currency.to_string(),
                    })
                    .collect(),
            }
        })
        .collect();
    globals.show("device", &items, |items| table(globals, items))
}

fn table(globals: &Globals, items: &[DeviceItem]) -> Table {
    let l = globals.language;
    let mut table = Table::new([
        Column::Left(texts::code_heading(l)),
        Column::Left(headings::site(l)),
        Column::Left(headings::state(l)),
        Column::Left(texts::last_sync(l)),
        Column::Right(texts::unsent(l)),
        Column::Right(texts::unsent_refunds(l)),
    ]);
    for item in items {
        let at = match (item.role, &item.site) {
            (_, Some(site)) => site.clone(),
            ("relay", _) => texts::role_relay(l),
            _ => texts::role_hq(l),
        };
        let standing = match item.standing {
            "valid" => texts::valid(l),
            "withdrawn" => texts::withdrawn(l),
            _ => texts::not_yet(l),
        };
        let refunds: Vec<String> =
            item.unsent_refunds.iter().map(|m| format!("{} {}", m.amount, m.currency)).collect();
        table.row([
            match &item.successor_of {
                Some(old) => clones::in_place_of(l, &item.code, old),
                None => item.code.clone(),
            },
            at,
            standing,
            item.last_sync.as_deref().map_or_else(|| texts::never(l), minute),
            item.unsent_changes.map(|n| n.to_string()).unwrap_or_default(),
            refunds.join(" "),
        ]);
    }
    table
}
