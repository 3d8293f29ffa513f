//! A branch in a temporary folder, with a clock and chance of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use guicang_domain::adjustment::Movement;
use guicang_domain::ids::{ReceiptId, ReceiptLineId, SiteId, Tender};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::{Channel, Grade};
use guicang_domain::sale::{PaidBy, Receipt, SaleBatch, SaleLine};
use guicang_domain::time::{Moment, Recorded, Zone};
use guicang_replica::{Adjust, Ambient, By, CounterReturn, Founding, Graded, ImportBatch, Item, Replica};
use guicang_sync::grant::{Grant, Issuer, Role, SignedGrant};
use guicang_sync::keys::DeviceKey;

/// A branch S01 of an organisation of its own.
pub struct Shop {
    pub replica: Replica,
    clock: Arc<AtomicI64>,
    /// The site that commands name; at the branch itself none.
    pub site: Option<SiteId>,
    pub _folder: tempfile::TempDir,
}

/// The clerk.
pub fn clerk() -> By {
    By::user("li".parse().unwrap())
}

/// An article that comes back.
pub fn item(sku: &str, units: i64) -> Item {
    Item { sku: sku.into(), quantity: Quantity::units(units), price: None }
}

/// How goods look.
pub fn grade(grade: Grade, units: i64) -> Graded {
    Graded { sku: None, grade, quantity: Quantity::units(units), disposition: None, reason_found: None }
}

/// A clock that is moved by hand, and chance from a seed.
pub fn ambient(clock: &Arc<AtomicI64>, seed: u64) -> Ambient {
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

impl Shop {
    pub fn open() -> Self {
        Self::with_role(Role::Site("S01".parse().unwrap()))
    }

    pub fn with_role(role: Role) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(1_790_000_000_000));
        let organisation = DeviceKey::from_seed([1; 32]);
        let device = DeviceKey::from_seed([2; 32]);
        let grant = Grant {
            organisation: organisation.organisation(),
            key: device.public(),
            code: "S01A".parse().unwrap(),
            role,
            from: Moment(0),
            until: None,
            serial: Recorded(1),
            successor_of: None,
        };
        let founding = Founding {
            organisation: organisation.public(),
            name: "Tea and more".into(),
            key_seed: [2; 32],
            grants: vec![SignedGrant::sign(&organisation, Issuer::Organisation, &grant)],
            zone: Zone::SHANGHAI,
            currency: Currency::CNY,
            relay_url: None,
        };
        let path = folder.path().join("branch.sqlite");
        let replica = Replica::create(&path, founding, ambient(&clock, 7)).unwrap();
        Self { replica, clock, site: None, _folder: folder }
    }

    pub fn later(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    fn now(&self) -> Moment {
        Moment(self.clock.load(Ordering::SeqCst))
    }

    pub fn stock(&mut self, sku: &str, movement: Movement, units: i64) {
        let adjust = Adjust {
            site: self.site.clone(),
            sku: sku.into(),
            lot: None,
            place: String::new(),
            movement,
            quantity: Quantity::units(units),
            reason: "unknown".parse().unwrap(),
            note: None,
            cost: None,
        };
        self.replica.adjust(&clerk(), adjust).unwrap();
    }

    pub fn sell(&mut self, number: &str, lines: &[(&str, i64, i64)]) {
        let line = |(n, (sku, units, paid)): (usize, &(&str, i64, i64))| {
            let line = ReceiptLineId::of_number(n as u32 + 1);
            SaleLine::new(line, sku.parse().unwrap(), Quantity::units(*units), Amount(*paid))
        };
        self.ring_up(number, lines.iter().enumerate().map(line).collect(), &[]);
    }

    /// A receipt with all that a till knows of it: its lines, and what was paid by which means.
    pub fn ring_up(&mut self, number: &str, lines: Vec<SaleLine>, tenders: &[(&str, i64)]) {
        let paid = |(tender, amount): &(&str, i64)| PaidBy {
            tender: tender.parse().unwrap(),
            amount: Amount(*amount),
            reference: Some(format!("{tender}-{number}")),
        };
        let receipt = Receipt {
            till: None,
            number: number.parse().unwrap(),
            occurred: self.now(),
            customer: None,
            lines,
            tenders: tenders.iter().map(paid).collect(),
            invoice: None,
            cashier: None,
        };
        let batch = SaleBatch {
            site: "S01".parse().unwrap(),
            zone: Zone::SHANGHAI,
            currency: Currency::CNY,
            historic: false,
            receipts: vec![receipt],
        };
        self.later(60_000);
        let batch = ImportBatch { sales: vec![batch], ..ImportBatch::default() };
        self.replica.import_batch(&clerk(), batch).unwrap();
    }

    pub fn request(&self, receipt: &str, items: Vec<Item>, reason: &str) -> CounterReturn {
        let here = SiteId::new("S01").unwrap();
        let total = items.iter().map(|i| i.quantity.0 / 1000).sum();
        CounterReturn {
            site: self.site.clone(),
            receipt: Some(ReceiptId::parse(receipt, Some(&here)).unwrap()),
            receipt_code: None,
            channel: Channel::Store,
            customer: None,
            contact: None,
            items,
            reason: reason.parse().unwrap(),
            note: None,
            goods_here: true,
            grades: vec![grade(Grade::A, total)],
            tags: None,
            refund: Some(Tender::new("wechat").unwrap()),
            paid: false,
        }
    }

    /// What must hold after every story: the doctor finds nothing, and a rebuild changes nothing.
    pub fn check(&mut self) {
        let findings = self.replica.doctor(&mut |_, _| {}).unwrap();
        assert_eq!(findings, []);
        let rebuilt = self.replica.rebuild(&mut |_, _| {}).unwrap();
        assert_eq!(rebuilt.before, rebuilt.after);
    }
}
