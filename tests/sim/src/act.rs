//! What people at a branch do, by the real commands, and what lies on the shelves for it.

use guicang_domain::adjustment::Movement;
use guicang_domain::ids::SiteId;
use guicang_domain::money::{Amount, Currency};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::Grade;
use guicang_domain::sale::SaleBatch;
use guicang_domain::time::Zone;
use guicang_replica::{
    Adjust, CashOpen, CommandError, ImportBatch, Named, ReceiveTransfer, Replica, ReturnFilter, SendTransfer,
    StoreError, WhichShift,
};
use rusqlite::params;

use crate::chain::{clerk, graded, receipt, request};
use crate::disk;
use crate::kept::{Kept, said};
use crate::random::Random;
use crate::step::Act;
use crate::world::World;
use crate::{Must, Violation};

const SKU: &str = "TEA";

impl World {
    /// A branch does something. What the rules refuse changes nothing.
    pub(crate) fn act(&mut self, at: usize, act: Act, random: &mut Random) -> Result<(), Violation> {
        match act {
            Act::Sell => self.sell(at, random),
            Act::TakeBack => self.take_back(at, random),
            Act::Inspect => self.inspect(at, random),
            Act::Send => self.send(at, random),
            Act::Receive => self.receive(at),
            Act::Deliver => self.deliver(at, random),
            Act::Cash => self.cash(at, random),
        }
    }

    /// Runs a command, and keeps that it returned. Units that it put on shelves, of such an article, are
    /// kept, too: where the process died meanwhile, if what it recorded is on the disk. Whether it stands.
    pub(crate) fn command<T>(
        &mut self,
        at: usize,
        units: &[i64],
        f: impl FnOnce(&mut Replica) -> Result<T, CommandError>,
    ) -> Result<Option<T>, Violation> {
        let last: i64 = self.newest(at)?;
        let done = f(self.devices[at].replica()?);
        let path = self.devices[at].path.clone();
        let dead = disk::is_dead(&path);
        let done = match done {
            Ok(done) => Some(done),
            Err(error) if dead => {
                let _ = error;
                None
            }
            Err(CommandError::Store(StoreError::Full | StoreError::Busy)) => {
                // Somebody makes room.
                disk::full_after(&path, None);
                None
            }
            Err(CommandError::Store(error)) => {
                return Err(Violation(format!("{}: a command failed: {error}", self.devices[at].name)));
            }
            Err(_) => None,
        };
        if dead {
            let mut random = Random(last as u64 ^ 0xDEAD);
            // The clerk has the answer or hasn't; what is on the disk stands in any case.
            if done.is_some() {
                self.devices[at].power_goes = false;
            }
            self.revive(at, &mut random)?;
        }
        let new = self.changes_after(at, last)?;
        if done.is_some() {
            self.oracle.commands += 1;
        }
        let moved = units.first().map(|units| {
            let site = self.devices[at].site.clone().expect("a branch's");
            (site, *units)
        });
        self.keep(at, new, moved)?;
        Ok(done)
    }

    /// Keeps what a command wrote.
    pub(crate) fn keep(
        &mut self,
        by: usize,
        new: Vec<[u8; 32]>,
        moved: Option<(SiteId, i64)>,
    ) -> Result<(), Violation> {
        if new.is_empty() {
            return Ok(());
        }
        let file = self.devices[by].file()?;
        let said = new.into_iter().map(|hash| said(file, hash)).collect::<Result<_, _>>()?;
        self.oracle.kept.push(Kept { by, said, moved, in_file: true, gone: false });
        Ok(())
    }

    pub(crate) fn newest(&mut self, at: usize) -> Result<i64, Violation> {
        let file = self.devices[at].file()?;
        file.prepare_cached("SELECT coalesce(max(id), 0) FROM change")
            .and_then(|mut s| s.query_row([], |r| r.get(0)))
            .must("the auditor reads")
    }

    pub(crate) fn changes_after(&mut self, at: usize, last: i64) -> Result<Vec<[u8; 32]>, Violation> {
        let file = self.devices[at].file()?;
        let mut statement =
            file.prepare_cached("SELECT hash FROM change WHERE id > ?").must("the auditor")?;
        let rows = statement.query_map(params![last], |r| r.get(0)).must("the auditor reads")?;
        rows.collect::<Result<_, _>>().must("the auditor reads")
    }

    fn sell(&mut self, at: usize, random: &mut Random) -> Result<(), Violation> {
        let units = 1 + random.below(3) as i64;
        let number = format!("{}", random.draw());
        let device = &self.devices[at];
        let site = device.site.clone().expect("a branch's");
        let occurred = device.outside.now();
        let code = format!("{site}/{number}");
        let receipts = vec![receipt(&number, occurred, &[(SKU, units, 2000 * units)])];
        let batch =
            SaleBatch { site, zone: Zone::SHANGHAI, currency: Currency::CNY, historic: false, receipts };
        let batch = ImportBatch { sales: vec![batch], ..ImportBatch::default() };
        let sold = self.command(at, &[-units], |replica| replica.import_batch(&clerk(), batch))?;
        if sold.is_some() {
            self.oracle.receipts.push(code);
        }
        Ok(())
    }

    fn take_back(&mut self, at: usize, random: &mut Random) -> Result<(), Violation> {
        if self.oracle.receipts.is_empty() {
            return Ok(());
        }
        // People come back soon, mostly.
        let recent = self.oracle.receipts.len().saturating_sub(12);
        let from = if random.below(4) == 0 { 0 } else { recent };
        let sale = random.pick(&self.oracle.receipts[from..]).clone();
        let tender = *random.pick(&["wechat", "wechat", "cash"]);
        let asked = request(&sale, SKU, 1, tender);
        self.command(at, &[1], |replica| replica.counter_return(&clerk(), asked)).map(drop)
    }

    fn inspect(&mut self, at: usize, random: &mut Random) -> Result<(), Violation> {
        let site = self.devices[at].site.clone();
        let mut returns =
            self.devices[at].replica()?.returns(&ReturnFilter::default()).must("the list of returns")?;
        returns.retain(|row| Some(&row.site) == site.as_ref());
        if returns.is_empty() {
            return Ok(());
        }
        let number = random.pick(&returns).number.to_string();
        let grade = *random.pick(&[Grade::A, Grade::C]);
        self.command(at, &[], |replica| replica.inspect(&clerk(), &number, &[graded(grade, 1)])).map(drop)
    }

    fn send(&mut self, at: usize, random: &mut Random) -> Result<(), Violation> {
        let from = self.devices[at].site.clone().expect("a branch's");
        let to = self.devices[1 + random.below(self.devices.len() - 1)].site.clone().expect("a branch's");
        if from == to {
            return Ok(());
        }
        let units = 1 + random.below(4) as i64;
        let items = vec![Named { sku: SKU.into(), quantity: Quantity::units(units) }];
        let send =
            SendTransfer { from: None, to: to.clone(), items, lot: None, place: String::new(), note: None };
        let sent = self.command(at, &[-units], |replica| replica.send_transfer(&clerk(), send))?;
        if let Some(row) = sent {
            self.oracle.under_way.push((row.number.to_string(), from, to, units));
        }
        Ok(())
    }

    /// What came with its paper, whether the dispatch is known here or not.
    fn receive(&mut self, at: usize) -> Result<(), Violation> {
        let site = self.devices[at].site.clone().expect("a branch's");
        let Some(n) = self.oracle.under_way.iter().position(|(_, _, to, _)| *to == site) else {
            return Ok(());
        };
        let (number, from, _, units) = self.oracle.under_way.remove(n);
        let receive = ReceiveTransfer {
            number,
            at: None,
            from: Some(from),
            items: vec![Named { sku: SKU.into(), quantity: Quantity::units(units) }],
            place: String::new(),
            over: false,
            complete: false,
        };
        self.command(at, &[units], |replica| replica.receive_transfer(&clerk(), receive)).map(drop)
    }

    fn deliver(&mut self, at: usize, random: &mut Random) -> Result<(), Violation> {
        let units = 1 + random.below(20) as i64;
        let delivered = Adjust {
            site: None,
            sku: SKU.into(),
            lot: None,
            place: String::new(),
            movement: Movement::Received,
            quantity: Quantity::units(units),
            reason: "unknown".parse().must("a reason")?,
            note: None,
            cost: Some("12.5".parse().must("a price")?),
        };
        self.command(at, &[units], |replica| replica.adjust(&clerk(), delivered)).map(drop)
    }

    fn cash(&mut self, at: usize, random: &mut Random) -> Result<(), Violation> {
        let counted = Amount(10_000);
        let opens = random.below(2) == 0;
        self.command(at, &[], |replica| match opens {
            true => {
                let open = CashOpen { site: None, till: None, shift: None, date: None, counted };
                replica.cash_open(&clerk(), open).map(drop)
            }
            false => replica.cash_close(&clerk(), &WhichShift::default(), counted).map(drop),
        })
        .map(drop)
    }
}
