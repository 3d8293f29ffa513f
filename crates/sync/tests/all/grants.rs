//! Who a device is: the book of grants, in every order of arrival.

use guicang_domain::ids::DeviceId;
use guicang_domain::time::{Moment, Recorded};
use guicang_sync::grant::{
    Added, Grant, GrantBook, GrantError, Issuer, Role, SignedGrant, Standing, Stranded,
};
use guicang_sync::keys::DeviceKey;
use proptest::prelude::*;

use crate::world::*;

/// What the organisation's key signs.
fn by_organisation(grant: &Grant) -> SignedGrant {
    SignedGrant::sign(&key(100), Issuer::Organisation, grant)
}

/// What an HQ device signs.
fn by(hq: &DeviceKey, grant: &Grant) -> SignedGrant {
    SignedGrant::sign(hq, Issuer::Device(hq.device()), grant)
}

fn hq_grant(hq: &DeviceKey, code: &str) -> SignedGrant {
    by_organisation(&grant(&key(100), hq, code, Role::Hq))
}

fn shop_grant(device: &DeviceKey, code: &str, serial: i64) -> Grant {
    let grant = grant(&key(100), device, code, Role::Site(site("S01")));
    Grant { serial: Recorded::new(Moment(serial), 0), ..grant }
}

fn book(grants: &[SignedGrant]) -> GrantBook {
    let mut book = GrantBook::new(key(100).public());
    for grant in grants {
        book.add(grant.clone()).unwrap();
    }
    book
}

#[test]
fn a_device_is_what_its_highest_grant_says() {
    let (hq, alice) = (key(1), key(3));
    let first = by(&hq, &shop_grant(&alice, "S01A", 10));
    let until = Some(Moment(500));
    let withdrawn = by(&hq, &Grant { until, from: Moment(100), ..shop_grant(&alice, "S01A", 20) });
    let book = book(&[hq_grant(&hq, "HQ1"), withdrawn, first]);
    let may = |at| book.may(alice.device(), Moment(at));
    assert_eq!(may(99), Standing::NotYet);
    assert_eq!(may(100), Standing::Valid);
    assert_eq!(may(499), Standing::Valid);
    assert_eq!(may(500), Standing::Withdrawn { since: Moment(500) });
    assert_eq!(book.may(DeviceId([0; 16]), Moment(0)), Standing::Unknown);
    assert_eq!(book.by_code(&"S01A".parse().unwrap()).unwrap().id, alice.device());
}

#[test]
fn a_grant_waits_for_its_issuers() {
    let (hq, alice) = (key(1), key(3));
    let mut book = GrantBook::new(key(100).public());
    let grant = by(&hq, &shop_grant(&alice, "S01A", 10));
    assert_eq!(book.add(grant.clone()), Ok(Added::Pending(alice.device())));
    assert!(book.device(alice.device()).is_none());
    let stranded = Stranded::Issuer { device: alice.device(), issuer: hq.device() };
    assert_eq!(book.stranded(), [stranded]);
    assert_eq!(book.add(hq_grant(&hq, "HQ1")), Ok(Added::New(hq.device())));
    assert!(book.device(alice.device()).is_some());
    assert_eq!(book.stranded(), []);
    assert_eq!(book.add(grant), Ok(Added::Known));
}

#[test]
fn a_forged_grant_that_waited_is_dropped() {
    let (hq, bob, alice) = (key(1), key(4), key(3));
    let mut forged = by(&bob, &shop_grant(&alice, "S01A", 10));
    forged.issuer = Issuer::Device(hq.device());
    let mut book = GrantBook::new(key(100).public());
    assert_eq!(book.add(forged.clone()), Ok(Added::Pending(alice.device())));
    book.add(hq_grant(&hq, "HQ1")).unwrap();
    assert!(book.device(alice.device()).is_none());
    assert_eq!(book.add(forged), Err(GrantError::Signature { device: alice.device() }));
}

#[test]
fn only_the_organisation_makes_hq_and_relays() {
    let (hq, alice) = (key(1), key(3));
    let mut book = book(&[hq_grant(&hq, "HQ1")]);
    let not_entitled = GrantError::NotEntitled { issuer: hq.device(), device: alice.device() };
    for role in [Role::Hq, Role::Relay] {
        let grant = by(&hq, &grant(&key(100), &alice, "X1", role));
        assert_eq!(book.add(grant), Err(not_entitled.clone()));
    }
    let selfmade = by(&alice, &shop_grant(&alice, "X2", 10));
    book.add(selfmade).unwrap();
    assert!(book.device(alice.device()).is_none(), "alice is no HQ device");
}

#[test]
fn an_hq_device_cannot_unmake_another() {
    let (hq, other) = (key(1), key(2));
    let demotion = by(&hq, &shop_grant(&other, "HQ2", 1_000_000));
    let book = book(&[hq_grant(&hq, "HQ1"), hq_grant(&other, "HQ2"), demotion]);
    assert_eq!(book.device(other.device()).unwrap().grant.role, Role::Hq);
}

/// What a withdrawn HQ device granted before stands; what it grants after doesn't.
#[test]
fn a_withdrawn_hq_device_grants_no_more() {
    let (hq, alice, bob) = (key(1), key(3), key(4));
    let until = Some(Moment(1_000));
    let ended =
        Grant { until, serial: Recorded::new(Moment(900), 0), ..grant(&key(100), &hq, "HQ1", Role::Hq) };
    let before = by(&hq, &shop_grant(&alice, "S01A", 999));
    let after = by(&hq, &shop_grant(&bob, "S01B", 1_000));
    let book = book(&[before, after, by_organisation(&ended)]);
    assert!(book.device(alice.device()).is_some());
    assert!(book.device(bob.device()).is_none());
}

#[test]
fn wrong_grants_are_named() {
    let (hq, alice) = (key(1), key(3));
    let mut book = book(&[hq_grant(&hq, "HQ1")]);
    let elsewhere = Grant { organisation: key(55).organisation(), ..shop_grant(&alice, "S01A", 10) };
    let wrong =
        GrantError::WrongOrganisation { found: key(55).organisation(), wanted: key(100).organisation() };
    assert_eq!(book.add(by(&hq, &elsewhere)), Err(wrong));
    let mut altered = by(&hq, &shop_grant(&alice, "S01A", 10));
    altered.body = by(&hq, &shop_grant(&alice, "S09A", 10)).body;
    assert_eq!(book.add(altered), Err(GrantError::Signature { device: alice.device() }));
    let nonsense = SignedGrant { body: vec![0x80, 1], ..by(&hq, &shop_grant(&alice, "S01A", 10)) };
    assert!(matches!(book.add(nonsense), Err(GrantError::Undecodable { .. })));
    let large = SignedGrant { body: vec![0; 5_000], ..by(&hq, &shop_grant(&alice, "S01A", 10)) };
    assert!(matches!(book.add(large), Err(GrantError::Undecodable { .. })));
}

/// Two HQ devices gave out one code while apart. The earlier keeps it, and the other device is named
/// until it is given another.
#[test]
fn a_code_belongs_to_one_device() {
    let (hq, alice, bob) = (key(1), key(3), key(4));
    let to_bob = by(&hq, &shop_grant(&bob, "S01A", 10));
    let to_alice = by(&hq, &shop_grant(&alice, "S01A", 11));
    let code: guicang_domain::ids::DeviceCode = "S01A".parse().unwrap();
    let mut book = book(&[hq_grant(&hq, "HQ1"), to_alice, to_bob]);
    assert_eq!(book.by_code(&code).unwrap().id, bob.device());
    assert!(book.device(alice.device()).is_none());
    let taken = Stranded::CodeTaken { code, holder: bob.device(), device: alice.device() };
    assert_eq!(book.stranded(), [taken]);
    assert!(book.stranded()[0].to_string().contains("another code"));
    book.add(by(&hq, &shop_grant(&alice, "S01C", 12))).unwrap();
    assert_eq!(book.device(alice.device()).unwrap().grant.code.as_str(), "S01C");
    assert_eq!(book.stranded(), []);
}

proptest! {
    /// Grants arrive by the relay, by carriers, from backups: in every order the book says the same.
    #[test]
    fn the_order_of_arrival_does_not_matter(
        shops in prop::collection::vec((1u8..3, 3u8..7, 0usize..3, 1i64..30, prop::option::of(20i64..40)), 0..12),
        hqs in prop::collection::vec((1u8..3, 1i64..30, prop::option::of(1i64..30)), 0..4),
        seed in any::<u64>(),
    ) {
        let codes = ["A", "B", "C"];
        let mut grants = vec![];
        for (hq, serial, until) in hqs {
            let grant = Grant {
                until: until.map(Moment),
                serial: Recorded::new(Moment(serial), 0),
                ..grant(&key(100), &key(hq), &format!("HQ{hq}"), Role::Hq)
            };
            grants.push(by_organisation(&grant));
        }
        for (hq, device, code, serial, until) in shops {
            let grant = Grant { until: until.map(Moment), ..shop_grant(&key(device), codes[code], serial) };
            grants.push(by(&key(hq), &grant));
        }
        let mut shuffled = grants.clone();
        shuffled.sort_by_key(|g| g.hash().iter().fold(seed, |h, b| h.wrapping_mul(31) ^ u64::from(*b)));
        let says = |book: &GrantBook| {
            let devices: Vec<_> = book.devices().map(|d| (d.id, d.grant.clone(), d.signed.hash())).collect();
            let mut stranded: Vec<String> = book.stranded().iter().map(ToString::to_string).collect();
            stranded.sort();
            (devices, stranded)
        };
        prop_assert_eq!(says(&book(&grants)), says(&book(&shuffled)));
    }
}
