//! A small chain on a real relay: HQ, and devices that write real Automerge documents.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use guicang_documents::{Events, NewChange, Replayed, Writer, create};
use guicang_domain::adjustment::{Adjustment, AdjustmentEvent, AdjustmentLine, Movement};
use guicang_domain::document::{Document, Head};
use guicang_domain::event::{Event, Proof};
use guicang_domain::ids::{DeviceId, DocumentId, EntryHash, EventId, LineId, SiteId};
use guicang_domain::quantity::Quantity;
use guicang_domain::time::{Moment, Occurred, Recorded, Zone};
use guicang_server::relay::{Founding, Relay, RelayError};
use guicang_sync::entry::{ChangeRef, EntryHead, NO_ENTRY, root, seal};
use guicang_sync::feed::{Cursor, Epoch, Feed};
use guicang_sync::grant::{Grant, Issuer, Role, SignedGrant};
use guicang_sync::keys::DeviceKey;
use guicang_sync::message::{FeedItem, FeedPart, SyncAnswer, SyncRequest};
use guicang_sync::sum::RunningSum;
use guicang_sync::wire::{Chain, OpenedChange, WireChange, WireEntry};

pub const START: Moment = Moment(1_790_000_000_000);

pub struct Shop {
    pub relay: Arc<Relay>,
    pub path: PathBuf,
    pub organisation: DeviceKey,
    pub hq: Device,
    pub now: Moment,
    serial: i64,
    _folder: tempfile::TempDir,
}

pub fn site(name: &str) -> SiteId {
    name.parse().unwrap()
}

impl Shop {
    pub fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("relay.sqlite");
        let organisation = DeviceKey::from_seed([1; 32]);
        let hq = Device::new(2, "HQ");
        let relay_seed = [3; 32];
        let mut shop_grants = Vec::new();
        for (key, code, role) in
            [(hq.key.public(), "HQ", Role::Hq), (DeviceKey::from_seed(relay_seed).public(), "R", Role::Relay)]
        {
            let grant = Grant {
                organisation: organisation.organisation(),
                key,
                code: code.parse().unwrap(),
                role,
                from: Moment(0),
                until: None,
                serial: Recorded(1),
                successor_of: None,
            };
            shop_grants.push(SignedGrant::sign(&organisation, Issuer::Organisation, &grant));
        }
        let founding = Founding {
            organisation: organisation.public(),
            name: "Orchard".into(),
            epoch: Epoch([9; 16]),
            relay_seed,
            grants: shop_grants,
        };
        let relay = Arc::new(Relay::create(&path, founding).unwrap());
        Self { relay, path, organisation, hq, now: START, serial: 10, _folder: folder }
    }

    /// The relay's process ends and another begins on the same file.
    pub fn restart(&mut self) {
        self.relay = Arc::new(Relay::open(&self.path).unwrap());
    }

    pub fn grant(&mut self, device: &Device, role: Role, until: Option<Moment>) -> SignedGrant {
        self.serial += 1;
        let grant = Grant {
            organisation: self.organisation.organisation(),
            key: device.key.public(),
            code: device.code.parse().unwrap(),
            role,
            from: Moment(0),
            until,
            serial: Recorded(self.serial),
            successor_of: None,
        };
        SignedGrant::sign(&self.hq.key, Issuer::Device(self.hq.id()), &grant)
    }

    /// A device of a site, known to the relay.
    pub fn device(&mut self, seed: u8, code: &'static str, at: &str) -> Device {
        let device = Device::new(seed, code);
        let grant = self.grant(&device, Role::Site(site(at)), None);
        self.relay.add_grants(vec![grant]).unwrap();
        device
    }

    pub fn try_send(&mut self, by: &Device, request: SyncRequest) -> Result<SyncAnswer, RelayError> {
        self.now = self.now.plus_ms(1000);
        self.relay.sync(by.id(), request, self.now)
    }

    pub fn push(&mut self, by: &Device, entries: Vec<WireEntry>) -> SyncAnswer {
        self.try_send(by, SyncRequest { entries, answer_limit_bytes: 1 << 20, ..Default::default() }).unwrap()
    }

    /// What stands in a feed after the reader's cursor; moves it.
    pub fn pull(&mut self, by: &Device, cursor: &mut Cursor) -> Pulled {
        let request =
            SyncRequest { cursors: vec![cursor.clone()], answer_limit_bytes: 1 << 20, ..Default::default() };
        let answer = self.try_send(by, request).unwrap();
        let part = answer.feeds.into_iter().next().unwrap();
        let pulled = open(&part, by.id(), cursor.sum);
        *cursor = Cursor { feed: part.feed.clone(), position: part.to, sum: pulled.sum };
        pulled
    }

    pub fn pull_all(&mut self, by: &Device, feed: Feed) -> Pulled {
        self.pull(by, &mut Cursor::start(feed))
    }
}

/// A part of an answer, opened and checked as a device does.
pub struct Pulled {
    pub changes: Vec<OpenedChange>,
    /// The receiver's own, which came without bytes: (entry, place).
    pub own: Vec<(u64, u32)>,
    pub grants: usize,
    /// Of the cursor's sum and all that came with bytes or as grants.
    pub sum: RunningSum,
    /// The relay's sum at the end.
    pub relays_sum: RunningSum,
    pub more: bool,
    pub disagreed: bool,
}

impl Pulled {
    pub fn hashes(&self) -> Vec<guicang_domain::ids::ChangeHash> {
        self.changes.iter().map(|c| c.hash).collect()
    }
}

fn open(part: &FeedPart, receiver: DeviceId, mut sum: RunningSum) -> Pulled {
    let mut chain = Chain::new(receiver);
    let mut pulled = Pulled {
        changes: Vec::new(),
        own: Vec::new(),
        grants: 0,
        sum,
        relays_sum: part.sum.unwrap_or(sum),
        more: part.head() > part.to,
        disagreed: part.disagreed,
    };
    for item in &part.items {
        match item {
            FeedItem::Entry(wire) => {
                let keys: BTreeMap<_, _> = (1..30)
                    .map(|seed| DeviceKey::from_seed([seed; 32]))
                    .map(|k| (k.device(), k.public()))
                    .collect();
                // The signature proves that head, leaves and changes came as they were sealed.
                let opened = wire.clone().open(&mut chain, |id| keys.get(&id).copied()).unwrap();
                for change in opened.changes {
                    sum = sum.with(&change.hash.0);
                    pulled.changes.push(change);
                }
            }
            FeedItem::Grant(grant) => {
                sum = sum.with(&grant.hash());
                pulled.grants += 1;
            }
            FeedItem::Admission(admission) => sum = sum.with(&admission.hash()),
            FeedItem::Arrival(arrival) => sum = sum.with(&arrival.hash()),
            FeedItem::Own { sequence, runs, .. } => {
                for run in runs {
                    pulled.own.extend((run.first..run.first + run.count).map(|place| (*sequence, place)));
                }
            }
        }
    }
    pulled.sum = sum;
    pulled
}

/// A device with its journal.
pub struct Device {
    pub key: DeviceKey,
    pub code: &'static str,
    seed: u8,
    sequence: u64,
    previous: EntryHash,
    documents: u64,
    tick: i64,
}

/// A change and its envelope, not sealed yet.
#[derive(Clone)]
pub struct Unsealed {
    pub document: DocumentId,
    pub sites_added: Vec<SiteId>,
    pub bytes: Vec<u8>,
}

impl Device {
    pub fn new(seed: u8, code: &'static str) -> Self {
        let key = DeviceKey::from_seed([seed; 32]);
        Self { key, code, seed, sequence: 0, previous: NO_ENTRY, documents: 0, tick: 0 }
    }

    /// The same device as it was, of a file that was copied.
    pub fn cloned(&self) -> Self {
        Self { key: self.key.clone(), ..*self }
    }

    pub fn id(&self) -> DeviceId {
        self.key.device()
    }

    fn writer(&self) -> Writer {
        Writer { actor: [self.seed; 16], device: self.id() }
    }

    fn event(&mut self) -> Event<AdjustmentEvent> {
        self.tick += 1;
        Event {
            id: EventId {
                recorded: Recorded::new(START, self.tick as u16),
                device: self.code.parse().unwrap(),
            },
            occurred: Occurred { at: START, zone: Zone::SHANGHAI },
            seen: Moment(0),
            user: "li".parse().unwrap(),
            policy: String::new(),
            body: AdjustmentEvent::Posted,
            proof: Proof { device: self.id(), hq: false, stamped: None },
        }
    }

    /// Goods received at a site: a new document.
    pub fn received(&mut self, at: &str) -> Unsealed {
        let mut uuid = [self.seed; 16];
        uuid[8..].copy_from_slice(&self.documents.to_be_bytes());
        self.documents += 1;
        let id = DocumentId { creator: self.id(), uuid: uuid::Uuid::from_bytes(uuid) };
        let line = AdjustmentLine {
            sku: "85123A".parse().unwrap(),
            quantity: Quantity(2_000),
            reason: "delivery".parse().unwrap(),
            note: None,
            lot: None,
            place: String::new(),
            cost: None,
            value: None,
            row: None,
            from: None,
            to: None,
            into: None,
        };
        let adjustment = Adjustment {
            witness: None,
            head: Head {
                id,
                site: Some(site(at)),
                number: format!("TZ-{}-{:06}", self.code, self.documents).parse().unwrap(),
                schema: 1,
                rules: 1,
                zone: Zone::SHANGHAI,
                import: None,
            },
            movement: Movement::Received,
            currency: "CNY".parse().unwrap(),
            note: None,
            receipt: None,
            returned: None,
            lines: BTreeMap::from([(LineId::nth(1), line)]),
            events: vec![self.event()],
        };
        let made: NewChange = create(&Document::Adjustment(adjustment), &self.writer(), START);
        Unsealed { document: id, sites_added: vec![site(at)], bytes: made.bytes }
    }

    /// One more event on a document of these changes.
    pub fn event_on(&mut self, history: &[&Unsealed], sites_added: &[&str]) -> Unsealed {
        let raw: Vec<&[u8]> = history.iter().map(|c| c.bytes.as_slice()).collect();
        let mut replayed = Replayed::new(&raw).unwrap();
        let writer = self.writer();
        let event = self.event();
        let made = replayed.append_events(&writer, START, &Events::Adjustment(&[event])).unwrap();
        Unsealed {
            document: history[0].document,
            sites_added: sites_added.iter().map(|s| site(s)).collect(),
            bytes: made.bytes,
        }
    }

    /// Seals changes as the next entry of the journal.
    pub fn seal(&mut self, changes: &[&Unsealed]) -> WireEntry {
        let hash = |c: &Unsealed| {
            guicang_sync::change::hash_of(&c.bytes).unwrap_or(guicang_domain::ids::ChangeHash([0; 32]))
        };
        let leaves: Vec<_> = changes
            .iter()
            .map(|c| {
                let sites_added = c.sites_added.clone();
                ChangeRef { document: c.document, sites_added, hash: hash(c) }.leaf()
            })
            .collect();
        self.sequence += 1;
        let head = EntryHead {
            device: self.id(),
            sequence: self.sequence,
            previous: self.previous,
            root: root(&leaves),
            time: START,
        };
        self.previous = head.hash();
        let wire = changes
            .iter()
            .map(|c| WireChange::new(self.id(), c.document, c.sites_added.clone(), c.bytes.clone()))
            .collect();
        WireEntry::new(&seal(&self.key, head), &mut Chain::new(self.id()), wire, Vec::new(), None)
    }

    /// An entry of this device's as another one carries it.
    pub fn carried(&self, entry: &WireEntry) -> WireEntry {
        WireEntry { device: Some(self.id()), ..entry.clone() }
    }
}
