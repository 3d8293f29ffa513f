//! A chain in a temporary folder: HQ with its relay, and branches that joined by a code; with a clock
//! and chance of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use guicang_domain::ids::{ReceiptId, ReceiptLineId, SiteId};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::{Channel, Grade};
use guicang_domain::sale::{PaidBy, Receipt, SaleBatch, SaleLine};
use guicang_domain::time::{Moment, Zone};
use guicang_replica::{
    Ambient, By, CounterReturn, Founding, Graded, ImportBatch, Item, Replica, ReturnRow, SiteDraft,
};
use guicang_server::data::{Data, NewOrganisation};
use guicang_server::hq::{devices, follow};
use guicang_server::relay::enrol::CODE_TTL_MS;
use guicang_server::relay::link::LocalLink;
use guicang_server::relay::{Relay, RelayError};
use guicang_sync::access::Enrol;
use guicang_sync::keys::DeviceKey;
use guicang_sync::session::Summary;

pub struct Chain {
    pub data: Data,
    pub relay: Arc<Relay>,
    pub hq: Replica,
    pub clock: Arc<AtomicI64>,
    seed: u64,
    folder: tempfile::TempDir,
}

pub fn clerk() -> By {
    By::user("li".parse().unwrap())
}

fn ambient(clock: &Arc<AtomicI64>, seed: u64) -> Ambient {
    let (clock, state) = (clock.clone(), AtomicU64::new(seed));
    Ambient {
        now: Box::new(move || Moment(clock.load(Ordering::SeqCst))),
        fill: Box::new(move |bytes| {
            for byte in bytes {
                // SplitMix64 (Steele and others, 2014).
                let mut z = state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                *byte = (z ^ (z >> 31)) as u8;
            }
        }),
        machine: None,
    }
}

impl Chain {
    /// An organisation with two sites.
    pub fn found() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(1_790_000_000_000));
        let data = Data::new(folder.path().join("hq"));
        let now = Moment(clock.load(Ordering::SeqCst));
        data.found(&NewOrganisation::default(), now, ambient(&clock, 1)).unwrap();
        let relay = data.relay().unwrap();
        let hq = data.replica(ambient(&clock, 2)).unwrap();
        let mut chain = Self { data, relay, hq, clock, seed: 3, folder };
        for code in ["S01", "S02"] {
            let draft = SiteDraft {
                code: code.parse().unwrap(),
                name: code.into(),
                address: None,
                return_address: None,
                zone: None,
                currency: None,
            };
            chain.hq.put_site(draft).unwrap();
        }
        chain.settle();
        chain
    }

    pub fn now(&self) -> Moment {
        Moment(self.clock.load(Ordering::SeqCst))
    }

    pub fn later(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    pub fn clock_fn(&self) -> impl Fn() -> Moment + use<> {
        let clock = self.clock.clone();
        move || Moment(clock.load(Ordering::SeqCst))
    }

    /// The server's process ends, however, and another begins on the same files.
    pub fn restart(&mut self) {
        self.seed += 1;
        self.relay = self.data.relay().unwrap();
        self.hq = self.data.replica(ambient(&self.clock, self.seed)).unwrap();
    }

    pub fn link(&self, replica: &Replica) -> LocalLink {
        LocalLink::new(self.relay.clone(), replica.identity().device)
    }

    pub fn settle(&mut self) -> Summary {
        let link = self.link(&self.hq);
        let clock = self.clock_fn();
        follow::settle(&mut self.hq, &link, &clock).unwrap()
    }

    /// A branch's device that joins with a code.
    pub fn join(&mut self, at: &str) -> Replica {
        self.seed += 1;
        let site: SiteId = at.parse().unwrap();
        let random = [self.seed as u8; 7];
        let code = self.relay.new_code(&site, random, CODE_TTL_MS, self.now()).unwrap();
        let key_seed = [100 + self.seed as u8; 32];
        let ask = Enrol::new(&DeviceKey::from_seed(key_seed), code);
        let (now, hq) = (self.now(), &mut self.hq);
        let issue = |site: &SiteId, key| {
            devices::admit(hq, site, key, None, now).map_err(|e| RelayError::Issue { detail: e.to_string() })
        };
        let enrolled = self.relay.enrol(&ask, now, issue).unwrap();
        let founding = Founding {
            organisation: enrolled.organisation,
            name: enrolled.name,
            key_seed,
            grants: enrolled.grants,
            zone: Zone::SHANGHAI,
            currency: Currency::CNY,
            relay_url: None,
        };
        let path = self.folder.path().join(format!("branch{}.sqlite", self.seed));
        Replica::create(&path, founding, ambient(&self.clock, self.seed)).unwrap()
    }

    pub fn sync(&self, branch: &mut Replica) -> Summary {
        let link = self.link(branch);
        follow::session(branch, &link, &self.clock_fn(), None).unwrap()
    }

    /// A receipt of one line, rung up at the branch.
    pub fn sell(&self, branch: &mut Replica, number: &str, units: i64, paid: i64) {
        self.sell_by(branch, number, units, paid, Vec::new());
    }

    /// The same, paid by WeChat: the rail pays back on that payment.
    pub fn sell_by_wechat(&self, branch: &mut Replica, number: &str, units: i64, paid: i64) {
        let reference = Some(format!("4200{number}"));
        let tender = PaidBy { tender: "wechat".parse().unwrap(), amount: Amount(paid), reference };
        self.sell_by(branch, number, units, paid, vec![tender]);
    }

    fn sell_by(&self, branch: &mut Replica, number: &str, units: i64, paid: i64, tenders: Vec<PaidBy>) {
        let site = branch.identity().site.clone().unwrap();
        let line = ReceiptLineId::of_number(1);
        let receipt = Receipt {
            till: None,
            number: number.parse().unwrap(),
            occurred: self.now(),
            customer: None,
            lines: vec![SaleLine::new(line, "TEA".parse().unwrap(), Quantity::units(units), Amount(paid))],
            tenders,
            invoice: None,
            cashier: None,
        };
        let batch = SaleBatch {
            site,
            zone: Zone::SHANGHAI,
            currency: Currency::CNY,
            historic: false,
            receipts: vec![receipt],
        };
        self.later(60_000);
        branch.import_batch(&clerk(), ImportBatch { sales: vec![batch], ..ImportBatch::default() }).unwrap();
    }

    /// One of it comes back, to be refunded by WeChat.
    pub fn take_back(&self, branch: &mut Replica, receipt: &str) {
        self.take_back_by(&clerk(), branch, receipt);
    }

    pub fn take_back_by(&self, by: &By, branch: &mut Replica, receipt: &str) {
        self.later(60_000);
        let graded = Graded {
            sku: None,
            grade: Grade::A,
            quantity: Quantity::units(1),
            disposition: None,
            reason_found: None,
        };
        let price = Some("15.00".parse().unwrap());
        let request = CounterReturn {
            site: None,
            receipt: Some(ReceiptId::parse(receipt, None).unwrap()),
            receipt_code: None,
            channel: Channel::Store,
            customer: None,
            contact: None,
            items: vec![Item { sku: "TEA".into(), quantity: Quantity::units(1), price }],
            reason: "defective".parse().unwrap(),
            note: None,
            goods_here: true,
            grades: vec![graded],
            tags: None,
            refund: Some("wechat".parse().unwrap()),
            paid: false,
        };
        branch.counter_return(by, request).unwrap();
    }

    pub fn returns_at_hq(&self) -> Vec<ReturnRow> {
        self.hq.returns(&Default::default()).unwrap()
    }
}
