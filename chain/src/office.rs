//! HQ's office in a folder, as `guicang-server --data` has it: relay, HQ's replica, the simulated rail;
//! and the sessions of replicas with that relay within the process.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use guicang_domain::ids::SiteId;
use guicang_domain::money::Currency;
use guicang_domain::time::{Moment, Zone};
use guicang_replica::{Ambient, Founding, Replica};
use guicang_server::data::{Data, NewOrganisation};
use guicang_server::hq::rail::SimulatedRail;
use guicang_server::hq::{devices, follow, payout};
use guicang_server::relay::lease::Holder;
use guicang_server::relay::link::LocalLink;
use guicang_server::relay::{Relay, RelayError};
use guicang_sync::access::Enrol;
use guicang_sync::keys::DeviceKey;
use guicang_sync::session::{Limits, Session, Step, Summary};

use crate::clock::Clock;
use crate::random::Random;

/// How many positions a branch applies in a transaction: nobody else has its file.
const SLICE: usize = 256;
const HOLDER: Holder = Holder([7; 16]);
const CODE_MS: i64 = 600_000;

/// HQ.
pub struct Office {
    /// HQ's replica.
    pub hq: Replica,
    /// The relay.
    pub relay: Arc<Relay>,
    /// The payment rail's books.
    pub rail: SimulatedRail,
    /// Where the three files are.
    pub data: Data,
    clock: Clock,
}

/// The outside world of a replica whose clock is wrong by so much.
pub fn ambient(clock: &Clock, skew_ms: i64, seed: u64) -> Ambient {
    let (clock, mut random) = (clock.clone(), Random::of(seed));
    Ambient {
        now: Box::new(move || clock.now().plus_ms(skew_ms)),
        fill: Box::new(move |bytes| random.fill(bytes)),
        machine: None,
    }
}

impl Office {
    /// Founds an organisation in a folder.
    ///
    /// # Errors
    /// What the folder says.
    pub fn found(folder: &Path, clock: &Clock, random: &mut Random) -> Result<Self> {
        let data = Data::new(folder.to_owned());
        let new =
            NewOrganisation { name: "归仓百货".into(), zone: Zone::SHANGHAI, currency: Currency::CNY };
        data.found(&new, clock.now(), ambient(clock, 0, random.number()))?;
        let relay = data.relay()?;
        let hq = data.replica(ambient(clock, 0, random.number()))?;
        let rail = SimulatedRail::open(&data.rail_file())?;
        Ok(Self { hq, relay, rail, data, clock: clock.clone() })
    }

    /// Lets a new device of a site in; its replica is a new file.
    ///
    /// # Errors
    /// What the files say.
    pub fn device(
        &mut self,
        site: &SiteId,
        path: &Path,
        skew_ms: i64,
        random: &mut Random,
    ) -> Result<Replica> {
        let (key_seed, now) = (random.bytes(), self.clock.now());
        let key = DeviceKey::from_seed(key_seed);
        let code = self.relay.new_code(site, random.bytes(), CODE_MS, now)?;
        let hq = &mut self.hq;
        let enrolled = self.relay.enrol(&Enrol::new(&key, code), now, |site, key| {
            devices::admit(hq, site, key, None, now).map_err(|e| RelayError::Issue { detail: e.to_string() })
        })?;
        let founding = Founding {
            organisation: enrolled.organisation,
            name: enrolled.name,
            key_seed,
            grants: enrolled.grants,
            zone: Zone::SHANGHAI,
            currency: Currency::CNY,
            relay_url: None,
        };
        Ok(Replica::create(path, founding, ambient(&self.clock, skew_ms, random.number()))?)
    }

    /// A session of a branch's replica.
    ///
    /// # Errors
    /// Where the session doesn't end with both proven equal.
    pub fn sync(&self, replica: &mut Replica) -> Result<()> {
        session(replica, &self.relay, &|| self.clock.now(), SLICE).map(drop)
    }

    /// HQ takes what came, tells what it knows of sales, and pays what is due.
    ///
    /// # Errors
    /// What the files say, or a refund that the rail didn't pay.
    pub fn settle_and_pay(&mut self) -> Result<()> {
        let clock = self.clock.clone();
        let link = LocalLink::new(self.relay.clone(), self.hq.identity().device);
        let run = payout::run(&mut self.hq, &link, &self.rail, HOLDER, &|| clock.now())?;
        ensure!(run.failed.is_empty() && run.unanswered.is_empty(), "payouts went wrong: {run:?}");
        follow::settle(&mut self.hq, &link, &|| clock.now())?;
        Ok(())
    }
}

/// One session in this process: the bytes that would travel, without a line.
///
/// # Errors
/// When something was refused or set apart, or the ends aren't proven equal.
pub fn session(
    replica: &mut Replica,
    relay: &Arc<Relay>,
    now: &dyn Fn() -> Moment,
    slice: usize,
) -> Result<Summary> {
    let link = LocalLink::new(relay.clone(), replica.identity().device);
    let mut session = Session::new(replica.session_start(Limits::default())?);
    loop {
        match session.step() {
            Step::Entries { after_sequence, budget_bytes } => {
                let (entries, more) = replica.wire_entries(after_sequence, budget_bytes)?;
                let report = replica.report()?;
                session.entries(entries, more, Some(report))?;
            }
            Step::Send(body) => session.answer(&link.sync(&body, now())?)?,
            Step::Store(received) => {
                let mut pull = replica.begin_pull(&received)?;
                while replica.apply_slice(&mut pull, slice)? {}
                session.stored(replica.cursors()?)?;
            }
            Step::Reconcile(ask) => session.reconciled(replica.reconcile(ask)?)?,
            Step::Done(summary) => {
                replica.session_done(&summary)?;
                check(&summary).context("the session")?;
                return Ok(summary);
            }
        }
    }
}

/// A session counts only if it did what it is to do.
///
/// # Errors
/// When something was refused or set apart, or the ends aren't proven equal.
pub fn check(summary: &Summary) -> Result<()> {
    ensure!(
        summary.proven && summary.refused == 0 && summary.set_apart == 0,
        "it did not end as it should: {summary:?}"
    );
    Ok(())
}
