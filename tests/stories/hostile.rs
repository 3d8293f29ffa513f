//! Changes that no honest program writes, from a device that has a grant.
//!
//! Each is a real Automerge change with a valid hash, sealed and signed by a device of S02, and reaches
//! the relay in one request with honest ones. What the relay's rules don't catch, since it knows
//! nothing of contents, HQ's replica sets apart. Each is named by its rule, the request's other changes
//! stand, and HQ shows what an HQ shows that never saw it.

use std::num::NonZeroU64;

use automerge::legacy::{ObjectId, OpId};
use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{ActorId, Automerge, Change, ExpandedChange, ObjId, ObjType, ROOT, ReadDoc};
use guicang_documents::{Events, Replayed, Writer, create};
use guicang_domain::document::{Document, Head, Kind};
use guicang_domain::event::{Event, Proof};
use guicang_domain::exception::ExceptionKind;
use guicang_domain::ids::{ChangeHash, DeviceId, DocumentId, EntryHash, EventId, LineId, SiteId};
use guicang_domain::master::Product;
use guicang_domain::money::Currency;
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::{Channel, ReceivedPart, Return, ReturnEvent, ReturnLine};
use guicang_domain::time::{Moment, Occurred, Recorded, Zone};
use guicang_replica::ExceptionFilter;
use guicang_server::relay::RelayError;
use guicang_sync::entry::{ChangeRef, EntryHead, NO_ENTRY, root, seal};
use guicang_sync::grant::Role;
use guicang_sync::keys::DeviceKey;
use guicang_sync::message::{Outcome, OutcomeKind, SyncRequest};
use guicang_sync::rule::Rule;
use guicang_sync::wire::{Chain as Links, WireChange, WireEntry};

use crate::chain::{Chain, START, site};

/// A device without a replica: what it writes is made by hand.
pub struct Device {
    key: DeviceKey,
    code: &'static str,
    site: SiteId,
    seed: u8,
    sequence: u64,
    previous: EntryHash,
}

/// A change with its envelope, not sealed yet.
#[derive(Clone)]
pub struct Unsealed {
    pub document: DocumentId,
    pub sites_added: Vec<SiteId>,
    pub bytes: Vec<u8>,
}

impl Device {
    pub fn new(chain: &mut Chain, seed: u8, code: &'static str, at: &str) -> Self {
        let key = DeviceKey::from_seed([seed; 32]);
        let grant = chain.grant(&key, code, Role::Site(site(at)));
        chain.relay.add_grants(vec![grant]).unwrap();
        Self { key, code, site: site(at), seed, sequence: 0, previous: NO_ENTRY }
    }

    fn id(&self) -> DeviceId {
        self.key.device()
    }

    fn writer(&self) -> Writer {
        Writer { actor: [self.seed; 16], device: self.id() }
    }

    pub fn document(&self, n: u8) -> DocumentId {
        let mut uuid = [self.seed; 16];
        uuid[15] = n;
        DocumentId { creator: self.id(), uuid: uuid::Uuid::from_bytes(uuid) }
    }

    pub fn event_id(&self, n: u16) -> EventId {
        EventId { recorded: Recorded::new(START, n), device: self.code.parse().unwrap() }
    }

    fn event(&self, n: u16, body: ReturnEvent) -> Event<ReturnEvent> {
        Event {
            id: self.event_id(n),
            occurred: Occurred { at: START, zone: Zone::SHANGHAI },
            seen: Moment(0),
            user: "li".parse().unwrap(),
            policy: String::new(),
            body,
            proof: Proof { device: self.id(), hq: false, stamped: None },
        }
    }

    /// A return of two units without a receipt, taken in.
    pub fn return_at(&self, n: u8, at: &SiteId) -> Unsealed {
        let line = ReturnLine {
            sku: "TEA".parse().unwrap(),
            written: None,
            quantity: Quantity::units(2),
            reason: "other".parse().unwrap(),
            note: None,
            links: Vec::new(),
            price: Some("20".parse().unwrap()),
            cost: None,
            service: false,
            lot: None,
            serials: Vec::new(),
            group: None,
            row: None,
        };
        let part = ReceivedPart {
            part: "1.1".parse().unwrap(),
            line: LineId::nth(1),
            quantity: Quantity::units(2),
            place: String::new(),
        };
        let bodies = [
            ReturnEvent::Requested,
            ReturnEvent::Approved { by: None, grounds: Vec::new() },
            ReturnEvent::Received { parts: vec![part] },
        ];
        let id = self.document(n);
        let document = Return {
            head: head(id, Kind::Return, Some(at), &format!("TH-{}-{n:06}", self.code)),
            channel: Channel::Store,
            receipt: None,
            proof: None,
            customer: None,
            contact: None,
            currency: Currency::CNY,
            note: None,
            lines: [(LineId::nth(1), line)].into(),
            events: bodies.into_iter().zip(1..).map(|(body, n)| self.event(n, body)).collect(),
        };
        let made = create(&Document::Return(document), &self.writer(), START);
        Unsealed { document: id, sites_added: vec![self.site.clone()], bytes: made.bytes }
    }

    /// One more event, as an honest program writes it.
    pub fn closed_on(&self, history: &[&Unsealed], n: u16) -> Unsealed {
        let raw: Vec<&[u8]> = history.iter().map(|c| c.bytes.as_slice()).collect();
        let events = [self.event(n, ReturnEvent::Closed)];
        let mut replayed = Replayed::new(&raw).unwrap();
        let made = replayed.append_events(&self.writer(), START, &Events::Return(&events)).unwrap();
        Unsealed { document: history[0].document, sites_added: Vec::new(), bytes: made.bytes }
    }

    /// What somebody writes on a document with Automerge's own means.
    pub fn by_hand(&self, history: &[&Unsealed], work: impl FnOnce(&mut Transaction<'_>)) -> Unsealed {
        let mut doc = Automerge::new();
        let changes = history.iter().map(|c| Change::try_from(c.bytes.as_slice()).unwrap());
        doc.apply_changes(changes.collect::<Vec<_>>()).unwrap();
        doc.set_actor(ActorId::from([self.seed; 16]));
        let mut tx = doc.transaction();
        work(&mut tx);
        tx.commit_with(CommitOptions::default().with_time(0));
        let bytes = doc.get_last_local_change().unwrap().raw_bytes().to_vec();
        Unsealed { document: history[0].document, sites_added: Vec::new(), bytes }
    }

    /// An article of its own invention.
    fn product(&self, sites_added: Vec<SiteId>) -> Unsealed {
        let id = self.document(90);
        let product = Product {
            head: head(id, Kind::Product, None, "SP-S02A-000001"),
            sku: "GOLD".parse().unwrap(),
            name: "Gold".into(),
            spec: None,
            unit: "piece".into(),
            barcodes: Vec::new(),
            category: None,
            supplier: None,
            list_price: None,
            cost: None,
            tax_rate: None,
            tax_code: None,
            service: false,
            tolerance: None,
            attributes: Default::default(),
            units: Default::default(),
            levels: Default::default(),
        };
        let made = create(&Document::Product(product), &self.writer(), START);
        Unsealed { document: id, sites_added, bytes: made.bytes }
    }

    fn seal(&mut self, changes: &[Unsealed]) -> WireEntry {
        let hash = |c: &Unsealed| guicang_sync::change::claimed_hash(&c.bytes);
        let leaf = |c: &Unsealed| {
            ChangeRef { document: c.document, sites_added: c.sites_added.clone(), hash: hash(c) }.leaf()
        };
        let leaves: Vec<_> = changes.iter().map(leaf).collect();
        self.sequence += 1;
        let (device, sequence, previous) = (self.id(), self.sequence, self.previous);
        let head = EntryHead { device, sequence, previous, root: root(&leaves), time: START };
        let sealed = seal(&self.key, head);
        let mut links = Links::new(self.id());
        let wire = changes
            .iter()
            .map(|c| WireChange::new(self.id(), c.document, c.sites_added.clone(), c.bytes.clone()))
            .collect();
        let mut entry = WireEntry::new(&sealed, &mut links, wire, Vec::new(), None);
        entry.previous = Some(self.previous).filter(|p| *p != NO_ENTRY);
        self.previous = head.hash();
        entry
    }

    pub fn push(&mut self, chain: &Chain, changes: &[Unsealed]) -> Vec<Outcome> {
        self.try_push(chain, changes).unwrap()
    }

    /// What the relay answers, which hears a withdrawn device and tells it nothing.
    pub fn try_push(&mut self, chain: &Chain, changes: &[Unsealed]) -> Result<Vec<Outcome>, RelayError> {
        let entries = vec![self.seal(changes)];
        chain.later(60_000);
        let request = SyncRequest { entries, answer_limit_bytes: 1 << 20, ..Default::default() };
        Ok(chain.relay.sync(self.id(), request, chain.now())?.outcomes)
    }
}

fn head(id: DocumentId, kind: Kind, at: Option<&SiteId>, number: &str) -> Head {
    assert!(number.starts_with(kind.prefix()));
    let number = number.parse().unwrap();
    Head { id, site: at.cloned(), number, schema: 1, rules: 1, zone: Zone::SHANGHAI, import: None }
}

/// What there is before the attack: the mallory's own document, a victim's, both honest so far.
struct Scene {
    mallory: Device,
    victim: Device,
    /// Mallory's document: its first change and one after it.
    base: Unsealed,
    next: Unsealed,
    /// A document of S01 that doesn't concern S02.
    foreign: Unsealed,
}

/// Who caught what.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Caught {
    /// The relay refused these.
    ByRelay(Vec<Rule>),
    /// HQ's replica set these apart.
    ByReplica(Vec<String>),
}

/// The scene, then one request with two honest changes and, between them, those of the attack.
fn play(attack: impl FnOnce(&Scene) -> Vec<Unsealed>) -> (Caught, [u8; 32]) {
    let mut chain = Chain::open(&["S01", "S02"]);
    let mut victim = Device::new(&mut chain, 21, "S01A", "S01");
    let mut mallory = Device::new(&mut chain, 22, "S02A", "S02");
    let foreign = victim.return_at(1, &site("S01"));
    assert_eq!(victim.push(&chain, std::slice::from_ref(&foreign)), []);
    let base = mallory.return_at(1, &site("S02"));
    let next = mallory.closed_on(&[&base], 10);
    assert_eq!(mallory.push(&chain, &[base.clone(), next.clone()]), []);
    let mut scene = Scene { mallory, victim, base, next, foreign };

    let bad = attack(&scene);
    let mut request = vec![scene.mallory.return_at(2, &site("S02"))];
    request.extend(bad.iter().cloned());
    request.push(scene.mallory.return_at(3, &site("S02")));
    let outcomes = scene.mallory.push(&chain, &request);
    for (outcome, index) in outcomes.iter().zip(1..) {
        assert_eq!((outcome.kind, outcome.change), (OutcomeKind::Refused, Some(index)), "{outcome:?}");
    }
    assert!(chain.settle().proven);
    chain.hq.check();
    let status = chain.hq.replica.status().unwrap();
    let hashes: Vec<ChangeHash> =
        bad.iter().map(|c| guicang_sync::change::hash_of(&c.bytes).unwrap()).collect();
    assert!(status.set_aside.iter().all(|s| hashes.contains(&s.change)), "{:?}", status.set_aside);
    let filter = ExceptionFilter { kind: Some(ExceptionKind::ForgedEnvelope), ..Default::default() };
    let told = chain.hq.replica.exceptions(&filter).unwrap();
    assert_eq!(told.is_empty(), status.set_aside.is_empty(), "what is set apart is an exception: {told:?}");
    let standing = chain.hq.replica.returns(&Default::default()).unwrap();
    assert_eq!(standing.len(), 4, "the honest changes of the request stand");
    let caught = if outcomes.is_empty() {
        Caught::ByReplica(status.set_aside.into_iter().map(|s| s.rule).collect())
    } else {
        assert_eq!(status.set_aside.len(), 0, "what the relay refused nobody sees");
        Caught::ByRelay(outcomes.into_iter().map(|o| o.rule).collect())
    };
    (caught, chain.hq.digest())
}

/// An attack is caught by just these rules, and HQ is as if it had never been.
fn check(attack: impl FnOnce(&Scene) -> Vec<Unsealed>, expected: Caught) {
    let (caught, digest) = play(attack);
    assert_eq!(caught, expected);
    let (nothing, untouched) = play(|_| Vec::new());
    assert_eq!(nothing, Caught::ByReplica(Vec::new()));
    assert_eq!(digest, untouched, "HQ shows something of {expected:?}");
}

fn relay(attack: impl FnOnce(&Scene) -> Unsealed, rule: Rule) {
    check(|scene| vec![attack(scene)], Caught::ByRelay(vec![rule]));
}

fn replica(attack: impl FnOnce(&Scene) -> Unsealed, rule: &str) {
    check(|scene| vec![attack(scene)], Caught::ByReplica(vec![rule.to_owned()]));
}

/// A change with something altered in it, and a hash that is right again.
fn forged(change: &Unsealed, alter: impl FnOnce(&mut ExpandedChange)) -> Unsealed {
    let mut expanded = Change::try_from(change.bytes.as_slice()).unwrap().decode();
    alter(&mut expanded);
    Unsealed { bytes: Change::from(expanded).raw_bytes().to_vec(), ..change.clone() }
}

/// Mallory's honest third change, to be forged.
fn third(scene: &Scene) -> Unsealed {
    scene.mallory.closed_on(&[&scene.base, &scene.next], 20)
}

/// A change of mallory's by hand on mallory's own document.
fn by_hand(scene: &Scene, work: impl FnOnce(&mut Transaction<'_>)) -> Unsealed {
    scene.mallory.by_hand(&[&scene.base, &scene.next], work)
}

fn object(tx: &Transaction<'_>, path: &[&str]) -> ObjId {
    path.iter().fold(ROOT, |object, name| tx.get(&object, *name).unwrap().unwrap().1)
}

/// The key of an event in a document: its time is told from the document's own moment.
fn key_of(tx: &Transaction<'_>, id: &EventId) -> String {
    match tx.get(ROOT, "made").unwrap() {
        Some((made, _)) => {
            let made = Recorded::new(Moment(made.as_i64().unwrap()), 0);
            format!("{}-{:x}", id.device, id.recorded.0 - made.0)
        }
        None => id.to_string(),
    }
}

pub fn put_event(tx: &mut Transaction<'_>, id: &EventId, kind: &str) {
    let events = object(tx, &["events"]);
    let event = tx.put_object(&events, key_of(tx, id), ObjType::Map).unwrap();
    tx.put(&event, "type", kind).unwrap();
}

/// Forging by itself alters nothing: what is refused below is refused for what was altered.
#[test]
fn an_honest_change_that_went_through_the_forge_stands() {
    let (caught, _) = play(|scene| vec![forged(&third(scene), |_| {})]);
    assert_eq!(caught, Caught::ByReplica(Vec::new()));
}

#[test]
fn a_foreign_actor() {
    let actor_of_victim = |scene: &Scene| {
        let actor = ActorId::from([scene.victim.seed; 16]);
        forged(&third(scene), |c| (c.actor_id, c.seq) = (actor, 1))
    };
    relay(actor_of_victim, Rule::ForeignActor);
    let names_a_stranger = |scene: &Scene| {
        let stranger = OpId(4, ActorId::from([0x66; 16]));
        forged(&third(scene), |c| c.operations[0].obj = ObjectId::Id(stranger))
    };
    relay(names_a_stranger, Rule::UnknownActor);
}

#[test]
fn a_false_start_op() {
    let at = |start_op: u64| {
        move |scene: &Scene| forged(&third(scene), |c| c.start_op = NonZeroU64::new(start_op).unwrap())
    };
    // Below what it builds on the relay sees; above, it takes a document's changes to tell.
    relay(at(1), Rule::StartOp);
    relay(at(u64::from(u32::MAX)), Rule::StartOp);
    replica(at(4000), "false_start_op");
}

#[test]
fn a_gap_in_the_sequence() {
    relay(|scene| forged(&third(scene), |c| c.seq = 5), Rule::SeqGap);
}

#[test]
fn the_same_actor_and_sequence_twice() {
    relay(|scene| forged(&scene.next, |c| c.time += 1), Rule::DuplicateSeq);
}

#[test]
fn a_second_first_change() {
    let again = |scene: &Scene| {
        let first = scene.mallory.return_at(1, &site("S02"));
        forged(&first, |c| c.actor_id = ActorId::from([0x77; 16]))
    };
    relay(again, Rule::SecondFirstChange);
}

#[test]
fn a_document_in_anothers_name() {
    let occupied = |scene: &Scene| {
        let document = scene.victim.document(2);
        Unsealed { document, ..scene.mallory.return_at(4, &site("S02")) }
    };
    relay(occupied, Rule::ForeignDocument);
}

#[test]
fn a_document_of_a_foreign_site() {
    let closed = |scene: &Scene| {
        let id = scene.mallory.event_id(30);
        scene.mallory.by_hand(&[&scene.foreign], |tx| put_event(tx, &id, "closed"))
    };
    relay(closed, Rule::ForeignSite);
    let invited_itself = |scene: &Scene| Unsealed { sites_added: vec![site("S02")], ..closed(scene) };
    relay(invited_itself, Rule::Sites);
    let for_another = |scene: &Scene| Unsealed {
        sites_added: vec![site("S01")],
        ..scene.mallory.return_at(4, &site("S01"))
    };
    relay(for_another, Rule::ForeignSite);
}

#[test]
fn master_data_from_a_branch() {
    relay(|scene| scene.mallory.product(Vec::new()), Rule::MasterData);
    // With a site it looks like any document to the relay.
    replica(|scene| scene.mallory.product(vec![site("S02")]), "hq_only");
}

#[test]
fn deleted_events_and_lines() {
    let event = |scene: &Scene| {
        let id = scene.mallory.event_id(1);
        by_hand(scene, |tx| tx.delete(object(tx, &["events"]), key_of(tx, &id)).unwrap())
    };
    replica(event, "deleted_event");
    let line = |scene: &Scene| by_hand(scene, |tx| tx.delete(object(tx, &["lines"]), "1").unwrap());
    replica(line, "deleted_line");
}

#[test]
fn overwritten_events_lines_and_heads() {
    let event = |scene: &Scene| {
        let id = scene.mallory.event_id(1);
        by_hand(scene, |tx| {
            tx.put(object(tx, &["events", &key_of(tx, &id)]), "type", "cancelled").unwrap();
        })
    };
    replica(event, "overwritten_event");
    let line =
        |scene: &Scene| by_hand(scene, |tx| tx.put(object(tx, &["lines", "1"]), "quantity", 9000).unwrap());
    replica(line, "overwritten_line");
    for field in ["kind", "site", "number"] {
        replica(|scene| by_hand(scene, |tx| tx.put(ROOT, field, "S01").unwrap()), "write_once_field");
    }
}

#[test]
fn an_event_in_another_devices_name() {
    let forged = |scene: &Scene| {
        let id = scene.victim.event_id(30);
        by_hand(scene, |tx| put_event(tx, &id, "closed"))
    };
    replica(forged, "foreign_event");
}

#[test]
fn events_that_only_hq_writes() {
    for kind in ["payout_intended", "sale_verified"] {
        let as_hq = |scene: &Scene| {
            let id = scene.mallory.event_id(30);
            by_hand(scene, |tx| put_event(tx, &id, kind))
        };
        replica(as_hq, "hq_only");
    }
}

#[test]
fn an_operation_on_an_object_that_is_not_there() {
    let nowhere = |scene: &Scene| {
        let nowhere = OpId(99_000, ActorId::from([scene.mallory.seed; 16]));
        forged(&third(scene), |c| c.operations[0].obj = ObjectId::Id(nowhere))
    };
    replica(nowhere, "does_not_apply");
}

/// A return's content says whose stock it moves; its envelope, who gets to see it. Both have to be the
/// writer's.
#[test]
fn a_return_into_another_sites_stock() {
    replica(|scene| scene.mallory.return_at(4, &site("S01")), "foreign_site");
    let and_more = |scene: &Scene| {
        let first = scene.mallory.return_at(4, &site("S01"));
        let upon = scene.mallory.closed_on(&[&first], 40);
        vec![first, upon]
    };
    let rules = ["foreign_site", "missing_dependency"].map(str::to_owned);
    check(and_more, Caught::ByReplica(rules.into()));
}

/// What was made upon a bad change goes with it, and is named.
#[test]
fn dependants_of_a_bad_change() {
    let deleted = |scene: &Scene| {
        let id = scene.mallory.event_id(1);
        let bad = by_hand(scene, |tx| tx.delete(object(tx, &["events"]), key_of(tx, &id)).unwrap());
        let id = scene.mallory.event_id(30);
        let upon =
            scene.mallory.by_hand(&[&scene.base, &scene.next, &bad], |tx| put_event(tx, &id, "closed"));
        vec![bad, upon]
    };
    let rules = ["deleted_event", "missing_dependency"].map(str::to_owned);
    check(deleted, Caught::ByReplica(rules.into()));
    let gap = |scene: &Scene| {
        let third = third(scene);
        let upon = scene.mallory.closed_on(&[&scene.base, &scene.next, &third], 40);
        let bad = forged(&third, |c| c.seq = 5);
        let hash = automerge::ChangeHash(guicang_sync::change::hash_of(&bad.bytes).unwrap().0);
        vec![bad, forged(&upon, |c| c.deps = vec![hash])]
    };
    check(gap, Caught::ByRelay(vec![Rule::SeqGap, Rule::DependsOnRefused]));
    let unheard =
        |scene: &Scene| vec![scene.mallory.closed_on(&[&scene.base, &scene.next, &third(scene)], 40)];
    check(unheard, Caught::ByRelay(vec![Rule::MissingDependency]));
}

/// An entry in another's name, or altered after it was sealed, is refused whole; the journal it claims
/// to be of is unharmed.
#[test]
fn a_forged_entry() {
    let mut chain = Chain::open(&["S01", "S02"]);
    let mut victim = Device::new(&mut chain, 21, "S01A", "S01");
    let mut mallory = Device::new(&mut chain, 22, "S02A", "S02");
    let mut forged = mallory.seal(&[victim.return_at(7, &site("S01"))]);
    forged.device = Some(victim.id());
    let mut altered = victim.seal(&[victim.return_at(1, &site("S01"))]);
    let honest = altered.clone();
    altered.changes[0].sites_added.push(site("S02"));
    altered.device = Some(victim.id());
    for entry in [forged, altered] {
        let request = SyncRequest { entries: vec![entry], answer_limit_bytes: 1 << 20, ..Default::default() };
        let answer = chain.relay.sync(mallory.id(), request, chain.now()).unwrap();
        let [outcome] = answer.outcomes.as_slice() else { panic!("{:?}", answer.outcomes) };
        assert_eq!((outcome.device, &outcome.rule), (Some(victim.id()), &Rule::Signature));
    }
    let request = SyncRequest { entries: vec![honest], answer_limit_bytes: 1 << 20, ..Default::default() };
    assert_eq!(chain.relay.sync(victim.id(), request, chain.now()).unwrap().outcomes, []);
    chain.settle();
    assert_eq!(chain.hq.replica.returns(&Default::default()).unwrap().len(), 1);
    chain.hq.check();
}
