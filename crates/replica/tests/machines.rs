//! One machine at a time: what a second one gets, and what becomes of a file that is moved.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use guicang_domain::adjustment::Movement;
use guicang_domain::money::Currency;
use guicang_domain::quantity::Quantity;
use guicang_domain::time::{Moment, Recorded, Zone};
use guicang_replica::{
    Adjust, Ambient, By, CommandError, Founding, Machine, OpenError, Replica, StockFilter, StoreError,
};
use guicang_sync::grant::{Grant, Issuer, Role, SignedGrant};
use guicang_sync::keys::DeviceKey;

/// A branch's file, and the time.
struct Till {
    path: PathBuf,
    clock: Arc<AtomicI64>,
    chance: Arc<AtomicU64>,
    _folder: tempfile::TempDir,
}

impl Till {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let till = Self {
            path: folder.path().join("branch.sqlite"),
            clock: Arc::new(AtomicI64::new(1_790_000_000_000)),
            chance: Arc::default(),
            _folder: folder,
        };
        let (organisation, device) = (DeviceKey::from_seed([1; 32]), DeviceKey::from_seed([2; 32]));
        let grant = Grant {
            organisation: organisation.organisation(),
            key: device.public(),
            code: "S01A".parse().unwrap(),
            role: Role::Site("S01".parse().unwrap()),
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
        Replica::create(&till.path, founding, till.ambient(None)).unwrap();
        till
    }

    fn ambient(&self, machine: Option<Machine>) -> Ambient {
        let (clock, chance) = (self.clock.clone(), self.chance.clone());
        Ambient {
            now: Box::new(move || Moment(clock.load(Ordering::SeqCst))),
            fill: Box::new(move |bytes| {
                for byte in bytes {
                    // SplitMix64 (Steele and others, 2014).
                    let mut z = chance.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
                    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                    *byte = (z ^ (z >> 31)) as u8;
                }
            }),
            machine,
        }
    }

    fn later(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    fn open(&self, machine: Machine) -> Result<Replica, OpenError> {
        Replica::open(&self.path, self.ambient(Some(machine)))
    }

    /// The name of the machine by which another is refused.
    fn refused(&self, machine: Machine) -> String {
        match self.open(machine) {
            Err(OpenError::Store(StoreError::OtherMachine { name, .. })) => name,
            other => panic!("{other:?}"),
        }
    }
}

fn machine(name: &str) -> Machine {
    Machine { boot: format!("boot of {name}"), id: format!("id of {name}"), name: name.into() }
}

fn receive(replica: &mut Replica, units: i64) -> Result<(), CommandError> {
    let adjust = Adjust {
        site: None,
        sku: "TEA".into(),
        lot: None,
        place: String::new(),
        movement: Movement::Received,
        quantity: Quantity::units(units),
        reason: "unknown".parse().unwrap(),
        note: None,
        cost: None,
    };
    replica.adjust(&By::user("li".parse().unwrap()), adjust).map(|_| ())
}

fn on_hand(replica: &Replica) -> Quantity {
    replica.stock(&StockFilter::default()).unwrap()[0].on_hand
}

/// While the till writes, the office is refused by the till's name, and nothing is touched. The till's
/// other programs, its containers, and the till after it was started again are the same machine.
#[test]
fn another_machine_is_refused_by_name() {
    let till = Till::new();
    let mut here = till.open(machine("till")).unwrap();
    receive(&mut here, 5).unwrap();
    let digest = here.digest().unwrap();
    assert_eq!(till.refused(machine("office")), "till");
    assert_eq!(here.digest().unwrap(), digest);
    receive(&mut here, 1).unwrap();

    let again = Machine { boot: "next boot".into(), ..machine("till") };
    let container = Machine { id: "another".into(), ..machine("till") };
    for same in [machine("till"), again, container] {
        assert_eq!(on_hand(&till.open(same).unwrap()), Quantity::units(6));
    }
}

/// A file that was moved, or restored from a backup of a machine that is gone, opens two minutes after
/// the last writing there. The old machine, where it is still open, writes no more.
#[test]
fn a_file_that_was_moved_opens() {
    let till = Till::new();
    let mut here = till.open(machine("till")).unwrap();
    receive(&mut here, 5).unwrap();
    till.later(119_000);
    assert_eq!(till.refused(machine("office")), "till");
    till.later(1_000);
    let mut office = till.open(machine("office")).unwrap();
    receive(&mut office, 1).unwrap();

    let refused = receive(&mut here, 7).unwrap_err();
    assert!(
        matches!(&refused, CommandError::Store(StoreError::OtherMachine { name, .. }) if name == "office"),
        "{refused}"
    );
    assert_eq!(on_hand(&office), Quantity::units(6), "nothing of it was written");
    assert_eq!(office.doctor(&mut |_, _| {}).unwrap(), []);
}

/// A clock that was years ahead doesn't keep the file from everybody until then.
#[test]
fn a_wrong_clock_holds_nothing_for_years() {
    const TEN_YEARS_MS: i64 = 10 * 365 * 86_400_000;
    let till = Till::new();
    till.later(TEN_YEARS_MS);
    receive(&mut till.open(machine("till")).unwrap(), 5).unwrap();
    till.later(-TEN_YEARS_MS);
    let mut office = till.open(machine("office")).unwrap();
    receive(&mut office, 1).unwrap();
    assert_eq!(on_hand(&office), Quantity::units(6));
}

/// A program that goes on writing keeps the file: each session of `sync --every 60s` writes.
#[test]
fn who_goes_on_writing_keeps_it() {
    let till = Till::new();
    let mut here = till.open(machine("till")).unwrap();
    for _ in 0..10 {
        receive(&mut here, 1).unwrap();
        till.later(66_000);
        assert_eq!(till.refused(machine("office")), "till");
    }
}

/// Where a machine isn't known, nothing is noted and nobody is refused.
#[test]
fn an_unknown_machine_is_nobody() {
    let till = Till::new();
    let mut unknown = Replica::open(&till.path, till.ambient(None)).unwrap();
    receive(&mut unknown, 5).unwrap();
    let mut office = till.open(machine("office")).unwrap();
    receive(&mut office, 1).unwrap();
    receive(&mut unknown, 1).unwrap();
    assert_eq!(on_hand(&office), Quantity::units(7));
}
