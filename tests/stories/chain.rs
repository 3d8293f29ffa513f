//! An organisation within the test's process: HQ, the relay, and devices of branches.
//!
//! Replicas and relay are the real ones, on files in a temporary folder; requests and answers pass as
//! the bytes that would travel. Only the clock, which is moved by hand, and chance are the test's.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use guicang_domain::adjustment::Movement;
use guicang_domain::ids::{DocumentId, ReceiptId, SiteId, Tender};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::{Channel, Grade, ReturnLine, SaleLink};
use guicang_domain::sale::{Receipt, SaleBatch, SaleLine};
use guicang_domain::time::{Moment, Recorded, Zone};
use guicang_replica::{
    Adjust, Ambient, By, CommandError, CounterReturn, Founding, Graded, ImportBatch, ImportedReturn, Item,
    LinkError, Mend, Replica, SiteDraft, StoreError,
};
use guicang_server::hq::devices;
use guicang_server::relay::link::LocalLink;
use guicang_server::relay::{Relay, RelayError};
use guicang_sync::codec;
use guicang_sync::documents::{DocumentsAnswer, DocumentsRequest};
use guicang_sync::feed::Epoch;
use guicang_sync::grant::{Grant, Issuer, Role, SignedGrant};
use guicang_sync::keys::DeviceKey;
use guicang_sync::session::{Limits, Session, Step, Summary};
use guicang_sync::succeed::{Succeed, Succeeded};

use crate::random::Random;

/// Tuesday 22 September 2026, 02:13 in Shanghai.
pub const START: Moment = Moment(1_790_000_000_000);

/// The organisation, its relay and HQ.
pub struct Chain {
    /// The relay.
    pub relay: Arc<Relay>,
    /// HQ's replica.
    pub hq: Desk,
    /// The relay's key.
    pub relay_key: DeviceKey,
    /// How much travels at once.
    pub limits: Limits,
    organisation: DeviceKey,
    hq_key: DeviceKey,
    clock: Arc<AtomicI64>,
    serial: i64,
    folder: tempfile::TempDir,
}

/// A device with its replica.
pub struct Desk {
    /// Its replica.
    pub replica: Replica,
    /// Its file.
    pub path: PathBuf,
    clock: Arc<AtomicI64>,
    skew_ms: i64,
}

/// The clerk.
pub fn clerk() -> By {
    By::user("li".parse().unwrap())
}

/// A site's code.
pub fn site(code: &str) -> SiteId {
    code.parse().unwrap()
}

/// An article that comes back, with what it cost where the sale isn't held.
pub fn item(sku: &str, units: i64, price: Option<&str>) -> Item {
    Item { sku: sku.into(), quantity: Quantity::units(units), price: price.map(|p| p.parse().unwrap()) }
}

/// How goods look.
pub fn graded(grade: Grade, units: i64) -> Graded {
    Graded { sku: None, grade, quantity: Quantity::units(units), disposition: None, reason_found: None }
}

/// A return of one article, to be refunded by a tender; not inspected yet.
pub fn request(receipt: &str, sku: &str, units: i64, tender: &str) -> CounterReturn {
    CounterReturn {
        site: None,
        receipt: Some(ReceiptId::parse(receipt, None).unwrap()),
        receipt_code: None,
        channel: Channel::Store,
        customer: None,
        contact: None,
        items: vec![item(sku, units, Some("20"))],
        reason: "defective".parse().unwrap(),
        note: None,
        goods_here: true,
        grades: Vec::new(),
        tags: None,
        refund: Some(Tender::new(tender).unwrap()),
        paid: tender == "cash",
    }
}

/// A receipt of lines (SKU, units, paid in minor units).
pub fn receipt(number: &str, at: Moment, lines: &[(&str, i64, i64)]) -> Receipt {
    let line = |(n, (sku, units, paid)): (usize, &(&str, i64, i64))| {
        let line = guicang_domain::ids::ReceiptLineId::of_number(n as u32 + 1);
        SaleLine::new(line, sku.parse().unwrap(), Quantity::units(*units), Amount(*paid))
    };
    Receipt {
        till: None,
        number: number.parse().unwrap(),
        occurred: at,
        customer: None,
        lines: lines.iter().enumerate().map(line).collect(),
        tenders: Vec::new(),
        invoice: None,
        cashier: None,
    }
}

/// A return of long ago that a till file tells of: one TEA of a receipt's first line, at 20.00.
pub fn imported_return(number: &str, of: &str, at: Moment) -> ImportedReturn {
    let row = guicang_domain::ids::ReceiptLineId::of_number(1);
    let link = SaleLink {
        receipt: ReceiptId::parse(&format!("S01/{of}"), None).unwrap(),
        line: row.clone(),
        quantity: Quantity::units(1),
        sold: Quantity::units(1),
        paid: Amount(2000),
    };
    let line = ReturnLine {
        sku: "TEA".parse().unwrap(),
        written: None,
        quantity: Quantity::units(1),
        reason: "unknown".parse().unwrap(),
        note: None,
        links: vec![link],
        price: Some("20".parse().unwrap()),
        cost: None,
        service: false,
        lot: None,
        serials: Vec::new(),
        group: None,
        row: Some(row),
    };
    ImportedReturn {
        site: site("S01"),
        zone: Zone::SHANGHAI,
        currency: Currency::CNY,
        receipt: ReceiptId::parse(&format!("S01/{number}"), None).unwrap(),
        customer: None,
        occurred: at,
        lines: vec![line],
    }
}

fn ambient(clock: &Arc<AtomicI64>, skew_ms: i64, seed: u64) -> Ambient {
    let (clock, mut random) = (clock.clone(), Random(seed));
    Ambient {
        now: Box::new(move || Moment(clock.load(Ordering::SeqCst) + skew_ms)),
        fill: Box::new(move |bytes| {
            for byte in bytes {
                *byte = random.draw() as u8;
            }
        }),
        machine: None,
    }
}

impl Chain {
    /// An organisation with its HQ and its relay, and sites.
    pub fn open(sites: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(START.0));
        let [organisation, hq_key, relay_key] = [1, 2, 3].map(|n| DeviceKey::from_seed([n; 32]));
        let by_organisation = |key: &DeviceKey, code: &str, role| {
            let grant = grant(&organisation, key, code, role, 1);
            SignedGrant::sign(&organisation, Issuer::Organisation, &grant)
        };
        let grants =
            vec![by_organisation(&hq_key, "HQ", Role::Hq), by_organisation(&relay_key, "R", Role::Relay)];
        let relay = guicang_server::relay::Founding {
            organisation: organisation.public(),
            name: "Orchard".into(),
            epoch: Epoch([9; 16]),
            relay_seed: [3; 32],
            grants: grants.clone(),
        };
        let relay = Arc::new(Relay::create(&folder.path().join("relay.sqlite"), relay).unwrap());
        let founding = founding(&organisation, [2; 32], grants);
        let hq = Desk::create(folder.path(), "hq", founding, &clock, 0, 2);
        let mut chain = Self {
            relay,
            hq,
            relay_key,
            limits: Limits::default(),
            organisation,
            hq_key,
            clock,
            serial: 10,
            folder,
        };
        for code in sites {
            let draft = SiteDraft {
                code: site(code),
                name: format!("Shop {code}"),
                address: None,
                return_address: None,
                zone: None,
                currency: None,
            };
            assert!(chain.hq.replica.put_site(draft).unwrap());
        }
        chain.settle();
        chain
    }

    /// A grant by HQ for a key.
    pub fn grant(&mut self, key: &DeviceKey, code: &str, role: Role) -> SignedGrant {
        self.serial += 1;
        let grant = grant(&self.organisation, key, code, role, self.serial);
        SignedGrant::sign(&self.hq_key, Issuer::Device(self.hq_key.device()), &grant)
    }

    /// HQ's word, of now, that a device of a site may write no more. Nobody has heard it yet.
    pub fn withdrawal(&mut self, seed: u8, code: &str, at: &str) -> SignedGrant {
        self.serial += 1;
        let key = DeviceKey::from_seed([seed; 32]);
        let role = Role::Site(site(at));
        let grant = grant(&self.organisation, &key, code, role, self.serial);
        let grant = Grant { until: Some(self.now()), ..grant };
        SignedGrant::sign(&self.hq_key, Issuer::Device(self.hq_key.device()), &grant)
    }

    /// A device of a site, whose clock is wrong by so much.
    pub fn desk(&mut self, seed: u8, code: &str, at: &str, skew_ms: i64) -> Desk {
        let key = DeviceKey::from_seed([seed; 32]);
        let own = self.grant(&key, code, Role::Site(site(at)));
        self.relay.add_grants(vec![own.clone()]).unwrap();
        let mut grants = self.own_grants();
        grants.push(own);
        let founding = founding(&self.organisation, [seed; 32], grants);
        Desk::create(self.folder.path(), code, founding, &self.clock, skew_ms, u64::from(seed))
    }

    /// One more of HQ's devices, which holds nothing yet and never writes.
    pub fn observer(&mut self, seed: u8) -> Desk {
        let key = DeviceKey::from_seed([seed; 32]);
        let code = format!("OBS{seed}");
        self.serial += 1;
        let own = grant(&self.organisation, &key, &code, Role::Hq, self.serial);
        let own = SignedGrant::sign(&self.organisation, Issuer::Organisation, &own);
        let mut grants = self.own_grants();
        grants.push(own);
        let founding = founding(&self.organisation, [seed; 32], grants);
        Desk::create(self.folder.path(), &code, founding, &self.clock, 0, u64::from(seed))
    }

    /// One more of HQ's devices, which the relay knows and which writes as the other does.
    pub fn second_hq(&mut self, seed: u8) -> Desk {
        let desk = self.observer(seed);
        let key = DeviceKey::from_seed([seed; 32]);
        let own = grant(&self.organisation, &key, &format!("OBS{seed}"), Role::Hq, self.serial);
        let own = SignedGrant::sign(&self.organisation, Issuer::Organisation, &own);
        self.relay.add_grants(vec![own]).unwrap();
        desk
    }

    fn own_grants(&self) -> Vec<SignedGrant> {
        let by_organisation = |key: &DeviceKey, code: &str, role| {
            let grant = grant(&self.organisation, key, code, role, 1);
            SignedGrant::sign(&self.organisation, Issuer::Organisation, &grant)
        };
        vec![
            by_organisation(&self.hq_key, "HQ", Role::Hq),
            by_organisation(&self.relay_key, "R", Role::Relay),
        ]
    }

    /// The true time.
    pub fn now(&self) -> Moment {
        Moment(self.clock.load(Ordering::SeqCst))
    }

    /// Time passes.
    pub fn later(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    /// Fetches documents that a device let go; how many are whole again.
    pub fn fetch(&self, desk: &mut Desk, documents: &[DocumentId]) -> u64 {
        fetch(&self.relay, desk, documents, self.now())
    }

    /// A session of a device with the relay, a minute after whatever was before.
    pub fn sync(&self, desk: &mut Desk) -> Summary {
        self.later(60_000);
        session(&self.relay, desk, self.limits, || self.now(), None)
    }

    /// A copy of the relay's file, as a snapshot of its file system is.
    pub fn copy_relay(&self) -> PathBuf {
        let copy = self.folder.path().join("relay-copy.sqlite");
        let file = rusqlite::Connection::open(self.folder.path().join("relay.sqlite")).unwrap();
        file.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
        copy
    }

    /// The relay goes on from such a copy.
    pub fn roll_back(&mut self, copy: &Path) {
        let path = self.folder.path().join("relay-back.sqlite");
        std::fs::copy(copy, &path).unwrap();
        self.relay = Arc::new(Relay::open(&path).unwrap());
    }

    /// The relay's file is lost. Another is made, with a key and a life of its own, that knows HQ's device.
    pub fn relay_anew(&mut self) {
        let path = self.folder.path().join("relay-anew.sqlite");
        self.relay_key = DeviceKey::from_seed([33; 32]);
        self.serial += 1;
        let own = grant(&self.organisation, &self.relay_key, "R2", Role::Relay, self.serial);
        let own = SignedGrant::sign(&self.organisation, Issuer::Organisation, &own);
        let founding = guicang_server::relay::Founding {
            organisation: self.organisation.public(),
            name: "Orchard".into(),
            epoch: Epoch([10; 16]),
            relay_seed: [33; 32],
            grants: vec![own, self.own_grants().remove(0)],
        };
        self.relay = Arc::new(Relay::create(&path, founding).unwrap());
    }

    /// Sessions of a device whose file was restored or cloned, until its journal is whole again: as its program's
    /// link does it. How often HQ let a successor in.
    pub fn mend(&mut self, desk: &mut Desk) -> u32 {
        let mut successors = 0;
        for _ in 0..10 {
            self.sync(desk);
            match desk.replica.mend(self.relay.device()).unwrap() {
                Mend::Whole => {
                    self.sync(desk);
                    return successors;
                }
                Mend::Fetch => {}
                Mend::Succeed(ask) => {
                    let granted = self.let_in(&ask);
                    desk.replica.succeed(&granted).unwrap();
                    successors += 1;
                }
            }
        }
        panic!("its journal never becomes whole");
    }

    /// The relay and HQ let a device's successor in.
    pub fn let_in(&mut self, ask: &Succeed) -> Succeeded {
        let now = self.now();
        let hq = &mut self.hq.replica;
        let issue = |site: &SiteId, key| {
            devices::admit(hq, site, key, Some(ask.old), now)
                .map_err(|e| RelayError::Issue { detail: e.to_string() })
        };
        self.relay.succeed(ask, now, issue).unwrap()
    }

    /// HQ's sessions until it has nothing to add.
    pub fn settle(&mut self) -> Summary {
        loop {
            self.later(60_000);
            let summary = session(
                &self.relay,
                &mut self.hq,
                self.limits,
                || Moment(self.clock.load(Ordering::SeqCst)),
                None,
            );
            let verified = self.hq.replica.verify_sales().unwrap();
            if verified == 0 && self.hq.replica.answer_holds().unwrap().is_empty() {
                return summary;
            }
        }
    }

    /// One session of HQ's, which verifies nothing.
    pub fn sync_hq(&mut self) -> Summary {
        self.later(60_000);
        session(&self.relay, &mut self.hq, self.limits, || Moment(self.clock.load(Ordering::SeqCst)), None)
    }

    /// HQ's session under a payer's fencing number.
    pub fn settle_under(&mut self, fence: u64) -> Summary {
        self.later(1000);
        session(
            &self.relay,
            &mut self.hq,
            self.limits,
            || Moment(self.clock.load(Ordering::SeqCst)),
            Some(fence),
        )
    }
}

/// A session, as a program's link holds it: what was let go and is needed is fetched, and it is held again.
fn session(
    relay: &Arc<Relay>,
    desk: &mut Desk,
    limits: Limits,
    now: impl Fn() -> Moment,
    fence: Option<u64>,
) -> Summary {
    loop {
        match one_session(relay, desk, limits, &now, fence) {
            Ok(summary) => return summary,
            Err(StoreError::LetGo { documents, .. }) => {
                assert!(fetch(relay, desk, &documents, now()) > 0, "{documents:?}");
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Fetches documents that were let go; how many are whole again.
fn fetch(relay: &Arc<Relay>, desk: &mut Desk, documents: &[DocumentId], now: Moment) -> u64 {
    let link = LocalLink::new(relay.clone(), desk.replica.identity().device);
    let ask = DocumentsRequest { documents: documents.to_vec(), answer_limit_bytes: 1 << 20 };
    let answer = link.documents(&codec::encode(&ask), now).unwrap();
    let answer: DocumentsAnswer = codec::decode(&answer, codec::DECODED_LIMIT_BYTES).unwrap();
    desk.replica.take_back(&answer.documents).unwrap()
}

fn one_session(
    relay: &Arc<Relay>,
    desk: &mut Desk,
    limits: Limits,
    now: &impl Fn() -> Moment,
    fence: Option<u64>,
) -> Result<Summary, StoreError> {
    let store = |error| match error {
        LinkError::Store(error) => error,
        other => panic!("{other}"),
    };
    let replica = &mut desk.replica;
    let link = LocalLink::new(relay.clone(), replica.identity().device);
    guicang_server::hq::follow::meet(replica, &link).unwrap();
    let mut start = replica.session_start(limits)?;
    start.fence = fence;
    let mut session = Session::new(start);
    loop {
        match session.step() {
            Step::Entries { after_sequence, budget_bytes } => {
                let (entries, more) = replica.wire_entries(after_sequence, budget_bytes)?;
                session.entries(entries, more, None).unwrap();
            }
            Step::Send(body) => session.answer(&link.sync(&body, now()).unwrap()).unwrap(),
            Step::Store(received) => {
                let mut pull = replica.begin_pull(&received).map_err(store)?;
                while replica.apply_slice(&mut pull, 16)? {}
                session.stored(replica.cursors().unwrap()).unwrap();
            }
            Step::Reconcile(ask) => session.reconciled(replica.reconcile(ask).map_err(store)?).unwrap(),
            Step::Done(summary) => {
                replica.session_done(&summary).unwrap();
                return Ok(summary);
            }
        }
    }
}

fn grant(organisation: &DeviceKey, key: &DeviceKey, code: &str, role: Role, serial: i64) -> Grant {
    Grant {
        organisation: organisation.organisation(),
        key: key.public(),
        code: code.parse().unwrap(),
        role,
        from: Moment(0),
        until: None,
        serial: Recorded(serial),
        successor_of: None,
    }
}

fn founding(organisation: &DeviceKey, key_seed: [u8; 32], grants: Vec<SignedGrant>) -> Founding {
    Founding {
        organisation: organisation.public(),
        name: "Orchard".into(),
        key_seed,
        grants,
        zone: Zone::SHANGHAI,
        currency: Currency::CNY,
        relay_url: None,
    }
}

impl Desk {
    fn create(
        folder: &Path,
        name: &str,
        founding: Founding,
        clock: &Arc<AtomicI64>,
        skew_ms: i64,
        seed: u64,
    ) -> Self {
        let path = folder.join(format!("{name}.sqlite"));
        let replica = Replica::create(&path, founding, ambient(clock, skew_ms, seed)).unwrap();
        Self { replica, path, clock: clock.clone(), skew_ms }
    }

    /// The process ends and another one opens the file.
    pub fn reopen(&mut self, seed: u64) {
        let ambient = ambient(&self.clock, self.skew_ms, seed);
        self.replica = Replica::open(&self.path, ambient).unwrap();
    }

    /// Its file is copied, as a machine's image is, and the copy is used beside it.
    pub fn clone_file(&self, name: &str, seed: u64) -> Desk {
        let path = self.path.with_file_name(format!("{name}.sqlite"));
        let file = rusqlite::Connection::open(&self.path).unwrap();
        file.execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
        let replica = Replica::open(&path, ambient(&self.clock, self.skew_ms, seed)).unwrap();
        Desk { replica, path, clock: self.clock.clone(), skew_ms: self.skew_ms }
    }

    /// How many entries its journal has.
    pub fn entries(&self) -> u64 {
        let device = self.replica.identity().device.0;
        let sql = "SELECT max(sequence) FROM entry WHERE device = ?";
        self.file().query_row(sql, [device], |r| r.get(0)).unwrap()
    }

    /// Its file, as an auditor reads it: past the program.
    pub fn file(&self) -> rusqlite::Connection {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        rusqlite::Connection::open_with_flags(&self.path, flags).unwrap()
    }

    fn now(&self) -> Moment {
        Moment(self.clock.load(Ordering::SeqCst) + self.skew_ms)
    }

    /// Stock that was there when the books began.
    pub fn opening(&mut self, sku: &str, units: i64) {
        let adjust = Adjust {
            site: None,
            sku: sku.into(),
            lot: None,
            place: String::new(),
            movement: Movement::Opening,
            quantity: Quantity::units(units),
            reason: "unknown".parse().unwrap(),
            note: None,
            cost: None,
        };
        self.replica.adjust(&clerk(), adjust).unwrap();
    }

    /// Brings in receipts of this device's site, and returns of long ago.
    pub fn import(&mut self, receipts: Vec<Receipt>, returns: Vec<ImportedReturn>, historic: bool) {
        let site = self.replica.identity().site.clone().unwrap();
        let batch = SaleBatch { site, zone: Zone::SHANGHAI, currency: Currency::CNY, historic, receipts };
        let mark = historic.then(|| self.replica.begin_import("till.csv", "generic").unwrap());
        let batch = ImportBatch { mark, sales: vec![batch], returns, ..ImportBatch::default() };
        self.replica.import_batch(&clerk(), batch).unwrap();
    }

    /// Brings in receipts of this device's site that were live.
    pub fn try_import(&mut self, receipts: Vec<Receipt>) -> Result<(), CommandError> {
        let site = self.replica.identity().site.clone().unwrap();
        let sales =
            SaleBatch { site, zone: Zone::SHANGHAI, currency: Currency::CNY, historic: false, receipts };
        let batch = ImportBatch { sales: vec![sales], ..ImportBatch::default() };
        self.replica.import_batch(&clerk(), batch).map(drop)
    }

    /// A sale of now.
    pub fn sell(&mut self, number: &str, lines: &[(&str, i64, i64)]) {
        let receipt = receipt(number, self.now(), lines);
        self.import(vec![receipt], Vec::new(), false);
    }

    /// A return at the counter; its number.
    pub fn take_back(&mut self, request: CounterReturn) -> Result<String, CommandError> {
        self.replica.counter_return(&clerk(), request).map(|done| done.number.to_string())
    }

    /// What must hold after every story: the doctor finds nothing, and a rebuild changes nothing.
    pub fn check(&mut self) {
        assert_eq!(self.replica.doctor(&mut |_, _| {}).unwrap(), [], "{}", self.path.display());
    }

    /// The digest of all that is shown.
    pub fn digest(&self) -> [u8; 32] {
        self.replica.digest().unwrap()
    }
}
