//! The chain as it lives: HQ, branches, the days.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use guicang_domain::ids::SiteId;
use guicang_domain::quantity::Quantity;
use guicang_replica::SiteDraft;

use crate::Plan;
use crate::books::Books;
use crate::branch::{Branch, Wish, outages};
use crate::catalogue::Catalogue;
use crate::clock::Clock;
use crate::happen;
use crate::office::Office;
use crate::planted::{Counts, Planted};
use crate::random::Random;

/// Until all that waited is done: late tills, claims, trucks.
const CALM_DAYS: usize = 40;
/// How fast the wrong clock is.
const FAST_MINUTES: i64 = 180;

/// The chain.
pub struct World {
    /// What was asked for.
    pub plan: Plan,
    /// Chance.
    pub random: Random,
    /// The true time.
    pub clock: Clock,
    /// HQ.
    pub office: Office,
    /// The branches.
    pub branches: Vec<Branch>,
    /// What is sold.
    pub catalogue: Catalogue,
    /// The chain's own books.
    pub books: Books,
    /// What is wrong on purpose.
    pub planted: Planted,
    /// What customers will bring back, by day and branch.
    pub wishes: BTreeMap<(usize, usize), Vec<Wish>>,
    /// Goods between branches.
    pub trucks: Vec<happen::transfers::Truck>,
    /// Dispatches of which something is missing.
    pub missing: Vec<happen::transfers::Missing>,
    /// Receipts of the day at hand, per till: numbers start anew.
    pub receipts: u64,
}

impl World {
    /// An organisation with its branches, articles and opening stock.
    ///
    /// # Errors
    /// When the folder isn't empty, or what the files say.
    pub fn found(plan: Plan) -> Result<Self> {
        ensure!((1..=999).contains(&plan.branches), "--branches: found {}, wanted 1 to 999", plan.branches);
        ensure!((1..=3650).contains(&plan.days), "--days: found {}, wanted 1 to 3650", plan.days);
        let there = std::fs::read_dir(&plan.out).map(|mut files| files.next().is_some()).unwrap_or(false);
        ensure!(!there, "--out: {} isn't empty; give another folder", plan.out.display());
        let folder = plan.out.join("branches");
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let (clock, mut random) = (Clock::default(), Random::of(plan.seed));
        let mut office = Office::found(&plan.out.join("hq"), &clock, &mut random)?;
        let catalogue = Catalogue::of(plan.branches, &mut random);
        catalogue.list(&mut office.hq)?;
        let sites: Vec<SiteId> =
            (1..=plan.branches).map(|n| format!("S{n:02}").parse().expect("a site of ours")).collect();
        for (n, code) in sites.iter().enumerate() {
            let name = format!("{}店 Shop {}", n + 1, n + 1);
            let draft = SiteDraft {
                code: code.clone(),
                name,
                address: None,
                return_address: None,
                zone: None,
                currency: None,
            };
            office.hq.put_site(draft)?;
        }
        office.settle_and_pay()?;
        let planted = plant(&plan, &catalogue, &mut random);
        let mut branches = Vec::with_capacity(plan.branches);
        for (n, site) in sites.into_iter().enumerate() {
            let path = folder.join(format!("{site}.guicang"));
            let device = office.device(&site, &path, 0, &mut random)?;
            let fast = match n == planted.fast_branch {
                true => {
                    let path = folder.join(format!("{site}-till.guicang"));
                    let skew_ms = FAST_MINUTES * 60_000;
                    Some((office.device(&site, &path, skew_ms, &mut random)?, skew_ms))
                }
                false => None,
            };
            branches.push(Branch {
                site,
                size: random.between(50, 200),
                device,
                fast,
                late_days: if n % 4 == 1 { random.between(2, 6) as usize } else { 0 },
                outages: outages(plan.days, &mut random),
                inspections: Vec::new(),
                late: Vec::new(),
                claims: Vec::new(),
            });
        }
        let mut world = Self {
            plan,
            random,
            clock,
            office,
            branches,
            catalogue,
            books: Books::default(),
            planted,
            wishes: BTreeMap::new(),
            trucks: Vec::new(),
            missing: Vec::new(),
            receipts: 0,
        };
        for branch in 0..world.branches.len() {
            world.sync(branch)?;
            happen::deliveries::opening(&mut world, branch)?;
        }
        Ok(world)
    }

    /// A day: what happens at each branch, then HQ's evening.
    ///
    /// # Errors
    /// What a file or a command says.
    pub fn live(&mut self, day: usize) -> Result<()> {
        for happening in happen::ALL {
            self.clock.until(day, happening.minute);
            for branch in 0..self.branches.len() {
                self.clock.tick();
                (happening.happen)(self, branch, day).with_context(|| {
                    format!("{} at {} on day {day}", happening.name, self.branches[branch].site)
                })?;
            }
        }
        for branch in 0..self.branches.len() {
            if self.branches[branch].online(day) {
                self.sync(branch)?;
            }
        }
        happen::hq::evening(self, day)
    }

    /// The chain comes to rest: all that waits is done, all lines are up, all is settled.
    ///
    /// # Errors
    /// What a file or a command says.
    pub fn end(&mut self) -> Result<()> {
        let last = self.plan.days;
        for round in 0..4 {
            // Far enough on for whatever waits for days.
            let day = last + CALM_DAYS * (round + 1);
            self.clock.until(day, 600);
            for branch in 0..self.branches.len() {
                self.clock.tick();
                happen::sales::late_tills(self, branch, day)?;
                happen::inspections::happen(self, branch, day)?;
                happen::transfers::arrive(self, branch, day)?;
                happen::claims::end(self, branch, day)?;
                self.sync(branch)?;
            }
            happen::hq::weekly(self)?;
            for branch in 0..self.branches.len() {
                self.sync(branch)?;
            }
        }
        Ok(())
    }

    /// A branch's devices and the relay exchange what they have.
    ///
    /// # Errors
    /// Where the session doesn't end with both proven equal.
    pub fn sync(&mut self, branch: usize) -> Result<()> {
        self.clock.tick();
        let branch = &mut self.branches[branch];
        self.office.sync(&mut branch.device)?;
        if let Some((till, _)) = &mut branch.fast {
            self.office.sync(till)?;
        }
        Ok(())
    }

    /// Another branch than this one; `None` when there is none.
    pub fn another(&mut self, branch: usize) -> Option<usize> {
        let others = self.branches.len().checked_sub(1).filter(|others| *others > 0)?;
        Some((branch + 1 + self.random.below(others as u64) as usize) % self.branches.len())
    }
}

fn plant(plan: &Plan, catalogue: &Catalogue, random: &mut Random) -> Planted {
    let (days, branches) = (plan.days, plan.branches);
    let sized: Vec<usize> = catalogue.articles.iter().filter(|a| a.sized).map(|a| a.family).collect();
    let electric = catalogue.articles.iter().filter(|a| a.sku.as_str().starts_with("EL"));
    let suppliers: Vec<&str> = electric.map(|a| a.supplier.as_str()).collect();
    Planted {
        supplier: (*random.of_list(&suppliers)).to_owned(),
        bad: (days * 3 / 10, days * 5 / 10),
        family: *random.of_list(&sized),
        chart_since: days * 4 / 10,
        fraud_branch: random.below(branches as u64) as usize,
        returner_branch: random.below(branches as u64) as usize,
        fast_branch: random.below(branches as u64) as usize,
        fast_minutes: FAST_MINUTES,
        counts: Counts::default(),
    }
}

/// So many pieces.
pub fn units(n: i64) -> Quantity {
    Quantity::units(n)
}
