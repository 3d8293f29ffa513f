//! Joining with a code: once, for minutes, and a lost answer does no harm.

use guicang_domain::ids::PublicKey;
use guicang_server::relay::RelayError;
use guicang_server::relay::enrol::CODE_TTL_MS;
use guicang_sync::access::{Enrol, Enrolled};
use guicang_sync::grant::{GrantBook, Role, SignedGrant, Standing};
use guicang_sync::message::SyncRequest;

use crate::support::{Device, Shop, site};

fn join(shop: &mut Shop, device: &Device, code: &str) -> Result<Enrolled, RelayError> {
    let grant: SignedGrant = shop.grant(device, Role::Site(site("S01")), None);
    let ask = Enrol::new(&device.key, code.into());
    shop.relay.enrol(&ask, shop.now, |at, key: PublicKey| {
        assert_eq!((at, key), (&site("S01"), device.key.public()));
        Ok(grant)
    })
}

fn code(shop: &Shop) -> String {
    shop.relay.new_code(&site("S01"), [7, 1, 2, 3, 4, 5, 6], CODE_TTL_MS, shop.now).unwrap()
}

/// A code lets one key in. The same key may ask again, since the answer may be lost; another may not.
#[test]
fn a_code_is_good_for_one_key() {
    let mut shop = Shop::open();
    let code = code(&shop);
    let (alice, mallory) = (Device::new(10, "S01A"), Device::new(11, "S01B"));
    let enrolled = join(&mut shop, &alice, &code).unwrap();
    let again = join(&mut shop, &alice, &code.to_lowercase().replace('-', " ")).unwrap();
    assert_eq!(again.grants, enrolled.grants);
    assert!(matches!(join(&mut shop, &mallory, &code), Err(RelayError::Code)));
    assert!(matches!(shop.try_send(&mallory, SyncRequest::default()), Err(RelayError::UnknownDevice { .. })));
    shop.try_send(&alice, SyncRequest::default()).unwrap();

    // What it was answered proves by itself who it is, and who the relay is.
    let mut book = GrantBook::new(enrolled.organisation);
    for grant in enrolled.grants {
        book.add(grant).unwrap();
    }
    assert_eq!(book.may(alice.id(), shop.now), Standing::Valid);
    assert_eq!(book.device(enrolled.relay).unwrap().grant.role, Role::Relay);
}

#[test]
fn a_code_ends_and_guessing_is_bounded() {
    let mut shop = Shop::open();
    let code = code(&shop);
    let alice = Device::new(10, "S01A");
    shop.now = shop.now.plus_ms(CODE_TTL_MS);
    assert!(matches!(join(&mut shop, &alice, &code), Err(RelayError::Code)));
    for _ in 0..19 {
        assert!(matches!(join(&mut shop, &alice, "AAAAA-AAAAA"), Err(RelayError::Code)));
    }
    assert!(matches!(
        join(&mut shop, &alice, "AAAAA-AAAAA"),
        Err(RelayError::TooManyCodes { retry_after_ms: 60_000 })
    ));
    shop.now = shop.now.plus_ms(60_000);
    assert!(matches!(join(&mut shop, &alice, "AAAAA-AAAAA"), Err(RelayError::Code)));
}

/// A code is worth nothing with another's key: the sender proves that the key is its own.
#[test]
fn the_key_must_be_the_senders() {
    let mut shop = Shop::open();
    let code = code(&shop);
    let (alice, mallory) = (Device::new(10, "S01A"), Device::new(11, "S01B"));
    let mut ask = Enrol::new(&mallory.key, code.clone());
    ask.key = alice.key.public();
    let asked = shop.relay.enrol(&ask, shop.now, |_, _| unreachable!("nothing is issued"));
    assert!(matches!(asked, Err(RelayError::Code)));
    join(&mut shop, &alice, &code).unwrap();
}
