//! A relay with one return in it, and what it takes to push to it.

use guicang_domain::ids::DocumentId;
use guicang_domain::time::Moment;
use guicang_sync::codec;
use guicang_sync::keys::DeviceKey;
use guicang_sync::message::{SyncAnswer, SyncRequest};
use guicang_sync::rule::Rule;
use guicang_sync::wire::WireEntry;

use crate::memory_relay::MemoryRelay;
use crate::world::*;

/// A relay that holds one return of alice's: document 1, its first change by actor a.
pub struct Shop {
    pub world: World,
    pub relay: MemoryRelay,
    pub alice: Journal,
    pub bob: Journal,
    pub carol: Journal,
    pub hq: Journal,
    pub document: DocumentId,
    pub first: Made,
}

impl Shop {
    pub fn new() -> Self {
        let world = World::new();
        let mut relay = MemoryRelay::new(&world);
        let journal = Journal::new;
        let (mut alice, bob, carol, hq) =
            (journal(&world.alice), journal(&world.bob), journal(&world.carol), journal(&world.hq));
        let document = document(&world.alice, 1);
        let first = Made::new(document, &["S01"], first("a").bytes());
        alice.seal(vec![first.clone()]);
        let answer = push(&world, &mut relay, &alice.wire(alice.device(), 0), &world.alice, NOON);
        assert_eq!(answer.outcomes, []);
        Self { world, relay, alice, bob, carol, hq, document, first }
    }

    /// What becomes of one more change by alice.
    pub fn alice_makes(&mut self, change: Made) -> Option<Rule> {
        self.alice_makes_all(vec![change]).pop().unwrap()
    }

    pub fn alice_makes_all(&mut self, changes: Vec<Made>) -> Vec<Option<Rule>> {
        let journal = &mut self.alice;
        makes(&self.world, &mut self.relay, journal, changes)
    }

    pub fn bob_makes(&mut self, change: Made) -> Option<Rule> {
        makes(&self.world, &mut self.relay, &mut self.bob, vec![change]).pop().unwrap()
    }

    pub fn carol_makes(&mut self, change: Made) -> Option<Rule> {
        makes(&self.world, &mut self.relay, &mut self.carol, vec![change]).pop().unwrap()
    }

    pub fn hq_makes(&mut self, change: Made) -> Option<Rule> {
        makes(&self.world, &mut self.relay, &mut self.hq, vec![change]).pop().unwrap()
    }

    /// A change of document 1 on its first.
    pub fn next(&self, body: Body) -> Made {
        Made::new(self.document, &[], body.bytes())
    }
}

pub fn push(
    world: &World,
    relay: &mut MemoryRelay,
    entries: &[WireEntry],
    sender: &DeviceKey,
    now: Moment,
) -> SyncAnswer {
    let request = SyncRequest { entries: entries.to_vec(), ..SyncRequest::default() };
    let body = relay.sync(world, sender.device(), &codec::encode(&request), now);
    codec::decode(&body, codec::DECODED_LIMIT_BYTES).unwrap()
}

/// Seals and pushes changes: per change, the rule by which it was not accepted.
pub fn makes(
    world: &World,
    relay: &mut MemoryRelay,
    journal: &mut Journal,
    changes: Vec<Made>,
) -> Vec<Option<Rule>> {
    let n = changes.len();
    let before = journal.head.sequence;
    journal.seal(changes);
    let wire = journal.wire(journal.device(), before);
    let answer = push(world, relay, &wire, &journal.key, NOON);
    assert_eq!(answer.journal, Some(journal.head), "the entry itself is held");
    let rule = |i| {
        let of = answer.outcomes.iter().find(|o| o.change == Some(i as u32));
        of.map(|o| o.rule.clone())
    };
    (0..n).map(rule).collect()
}

/// The rule by which a whole entry was refused.
pub fn entry_rule(shop: &mut Shop, entry: WireEntry) -> Option<Rule> {
    let alice = shop.world.alice.clone();
    let answer = push(&shop.world, &mut shop.relay, &[entry], &alice, NOON);
    answer.outcomes.into_iter().find(|o| o.change.is_none()).map(|o| o.rule)
}
