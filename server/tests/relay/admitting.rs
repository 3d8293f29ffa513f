//! HQ's word on what was set apart, as the relay follows it.

use guicang_domain::ids::ChangeHash;
use guicang_sync::admission::{Admission, SignedAdmission};
use guicang_sync::feed::{Cursor, Feed};
use guicang_sync::grant::Role;
use guicang_sync::keys::DeviceKey;
use guicang_sync::message::SyncRequest;

use crate::support::{Device, Shop, Unsealed, site};

fn hash(change: &Unsealed) -> ChangeHash {
    guicang_sync::change::hash_of(&change.bytes).unwrap()
}

fn admission(shop: &Shop, key: &DeviceKey, changes: &[&Unsealed]) -> SignedAdmission {
    let admission = Admission {
        organisation: shop.organisation.organisation(),
        document: changes[0].document,
        changes: changes.iter().map(|c| hash(c)).collect(),
        decided: shop.now,
        user: "chen".parse().unwrap(),
        note: None,
    };
    SignedAdmission::sign(key, &admission)
}

/// A device that HQ has withdrawn, one that stays, and what the first wrote after that: a document, an event
/// on it that concerns another site too, and a document of which HQ says nothing.
struct Scene {
    shop: Shop,
    bob: Device,
    hq: Device,
    entry: guicang_sync::wire::WireEntry,
    alice: Device,
    first: Unsealed,
    second: Unsealed,
}

fn scene() -> Scene {
    let mut shop = Shop::open();
    let mut alice = shop.device(10, "S01A", "S01");
    let bob = shop.device(11, "S01B", "S01");
    let now = shop.now;
    let revoked = shop.grant(&alice, Role::Site(site("S01")), Some(now));
    shop.relay.add_grants(vec![revoked]).unwrap();
    let first = alice.received("S01");
    let second = alice.event_on(&[&first], &["S02"]);
    let other = alice.received("S01");
    let entry = alice.seal(&[&first, &second, &other]);
    let hq = shop.hq.cloned();
    Scene { shop, bob, hq, entry, alice, first, second }
}

fn feed(scene: &mut Scene, feed: Feed) -> Vec<ChangeHash> {
    let reader = scene.hq.cloned();
    let pulled = scene.shop.pull_all(&reader, feed);
    assert_eq!(pulled.sum, pulled.relays_sum);
    pulled.changes.iter().map(|c| c.hash).collect()
}

fn arrive(scene: &mut Scene) {
    let carried = scene.alice.carried(&scene.entry);
    let hq = scene.hq.cloned();
    scene.shop.push(&hq, vec![carried]);
}

fn admit(scene: &mut Scene, by: &Device, admissions: Vec<SignedAdmission>) {
    let request = SyncRequest { admissions, ..SyncRequest::default() };
    scene.shop.try_send(by, request).unwrap();
}

/// The admission may come after its changes, or, at a relay that is filled again, before them. Either way
/// they stand in the feeds of their document's sites just once, in their order, and all else stays apart.
#[test]
fn what_is_admitted_goes_into_the_feeds_whichever_came_first() {
    let all = [Feed::Site(site("S01")), Feed::Site(site("S02"))];
    let mut seen = Vec::new();
    for admission_first in [false, true] {
        let mut scene = scene();
        let word = admission(&scene.shop, &scene.hq.key, &[&scene.first, &scene.second]);
        let hq = scene.hq.cloned();
        if !admission_first {
            arrive(&mut scene);
            assert_eq!(feed(&mut scene, all[0].clone()), []);
        }
        // Twice, as after an answer that was lost.
        for _ in 0..2 {
            admit(&mut scene, &hq, vec![word.clone()]);
        }
        if admission_first {
            arrive(&mut scene);
        }
        for feed_of in &all {
            let wanted = [hash(&scene.first), hash(&scene.second)];
            assert_eq!(feed(&mut scene, feed_of.clone()), wanted, "{feed_of}, {admission_first}");
        }
        let log = scene.shop.pull_all(&hq, Feed::Log);
        assert_eq!(log.changes.iter().map(|c| c.apart).collect::<Vec<_>>(), [false, false, true]);
        assert_eq!(scene.shop.relay.examine().unwrap(), []);
        scene.shop.restart();
        seen.push((feed(&mut scene, all[0].clone()), feed(&mut scene, all[1].clone())));
    }
    assert_eq!(seen[0], seen[1]);
}

/// What a change builds on has to be admitted with it, and what only waited for another needs no word.
#[test]
fn a_change_waits_for_what_it_builds_on() {
    let mut scene = scene();
    arrive(&mut scene);
    let hq = scene.hq.cloned();
    let of_second = admission(&scene.shop, &scene.hq.key, &[&scene.second]);
    admit(&mut scene, &hq, vec![of_second]);
    assert_eq!(feed(&mut scene, Feed::Site(site("S01"))), [], "its first change isn't admitted");
    let of_first = admission(&scene.shop, &scene.hq.key, &[&scene.first]);
    admit(&mut scene, &hq, vec![of_first]);
    let both = [hash(&scene.first), hash(&scene.second)];
    assert_eq!(feed(&mut scene, Feed::Site(site("S01"))), both);
}

/// Only HQ admits: not a branch's device by its own signature, nor one that carries HQ's forged.
#[test]
fn a_branch_admits_nothing() {
    let mut scene = scene();
    arrive(&mut scene);
    let (bob, hq) = (scene.bob.cloned(), scene.hq.cloned());
    let by_bob = admission(&scene.shop, &bob.key, &[&scene.first]);
    let hqs = admission(&scene.shop, &hq.key, &[&scene.first]);
    let forged = SignedAdmission { issuer: hq.id(), ..by_bob.clone() };
    admit(&mut scene, &bob, vec![by_bob.clone(), hqs, forged.clone()]);
    admit(&mut scene, &hq, vec![by_bob, forged]);
    assert_eq!(feed(&mut scene, Feed::Site(site("S01"))), []);
    let mut cursor = Cursor::start(Feed::Org);
    let before = scene.shop.pull(&bob, &mut cursor);
    assert_eq!(before.sum, before.relays_sum);
}
