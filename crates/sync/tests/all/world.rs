//! An organisation with its keys, and devices that make and seal changes.

use guicang_domain::ids::{ChangeHash, DeviceId, DocumentId, PublicKey, SiteId};
use guicang_domain::time::{Moment, Recorded};
use guicang_sync::change::{Actor, ChangeHeader, hash_of};
use guicang_sync::entry::{EntryHead, JournalHead, SealedEntry, leaf, root, seal};
use guicang_sync::grant::{Grant, GrantBook, Issuer, Role, SignedGrant};
use guicang_sync::keys::DeviceKey;
use guicang_sync::wire::{Chain, WireChange, WireEntry};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

pub const NOON: Moment = Moment(1_700_000_000_000);

pub fn key(seed: u8) -> DeviceKey {
    DeviceKey::from_seed([seed; 32])
}

pub fn site(code: &str) -> SiteId {
    code.parse().unwrap()
}

/// A grant that holds from the beginning, for good.
pub fn grant(organisation: &DeviceKey, device: &DeviceKey, code: &str, role: Role) -> Grant {
    Grant {
        organisation: organisation.organisation(),
        key: device.public(),
        code: code.parse().unwrap(),
        role,
        from: Moment(0),
        until: None,
        serial: Recorded::new(Moment(1_000), 0),
        successor_of: None,
    }
}

/// One organisation: HQ, a relay, alice's and carol's devices at S01, bob's at S02.
pub struct World {
    pub organisation: DeviceKey,
    pub hq: DeviceKey,
    pub relay: DeviceKey,
    pub alice: DeviceKey,
    pub bob: DeviceKey,
    pub carol: DeviceKey,
    pub book: GrantBook,
}

impl World {
    pub fn new() -> Self {
        let organisation = key(100);
        let (hq, relay, alice, bob, carol) = (key(1), key(2), key(3), key(4), key(5));
        let mut book = GrantBook::new(organisation.public());
        let mut add = |device: &DeviceKey, code: &str, role: Role| {
            let (signer, issuer) = match role {
                Role::Site(_) => (&hq, Issuer::Device(hq.device())),
                _ => (&organisation, Issuer::Organisation),
            };
            let grant = grant(&organisation, device, code, role);
            book.add(SignedGrant::sign(signer, issuer, &grant)).unwrap();
        };
        add(&hq, "HQ1", Role::Hq);
        add(&relay, "R1", Role::Relay);
        add(&alice, "S01A", Role::Site(site("S01")));
        add(&carol, "S01B", Role::Site(site("S01")));
        add(&bob, "S02A", Role::Site(site("S02")));
        Self { organisation, hq, relay, alice, bob, carol, book }
    }

    /// Ends a site device's grant.
    pub fn withdraw(&mut self, device: &DeviceKey, until: Moment) {
        let standing = self.book.device(device.device()).unwrap().grant.clone();
        let grant = Grant { until: Some(until), serial: Recorded::new(Moment(2_000), 0), ..standing };
        self.book.add(SignedGrant::sign(&self.hq, Issuer::Device(self.hq.device()), &grant)).unwrap();
    }
}

pub fn document(creator: &DeviceKey, n: u8) -> DocumentId {
    DocumentId::from_slice(&[creator.device().0, [n; 16]].concat()).unwrap()
}

/// What our changes carry in place of Automerge's columns.
#[derive(Clone, Encode, Decode)]
#[cbor(array)]
pub struct Body {
    #[n(0)]
    pub deps: Vec<ChangeHash>,
    #[n(1)]
    pub actor: Vec<u8>,
    #[n(2)]
    pub others: Vec<Vec<u8>>,
    #[n(3)]
    pub seq: u64,
    #[n(4)]
    pub start_op: u64,
    #[n(5)]
    pub max_op: u64,
    /// What makes two changes differ that are otherwise alike, and large.
    #[cbor(n(6), with = "minicbor::bytes")]
    pub content: Vec<u8>,
}

/// The first change of a document, of three operations.
pub fn first(actor: &str) -> Body {
    Body {
        deps: vec![],
        actor: actor.into(),
        others: vec![],
        seq: 1,
        start_op: 1,
        max_op: 3,
        content: vec![],
    }
}

/// A change on top of others.
pub fn on(deps: &[ChangeHash], actor: &str, seq: u64, start_op: u64) -> Body {
    Body { deps: deps.to_vec(), seq, start_op, max_op: start_op, ..first(actor) }
}

/// A chunk of `kind` around `body`, framed as Automerge does.
pub fn framed(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut content = vec![kind];
    let mut length = body.len();
    while length >= 0x80 {
        content.push(length as u8 | 0x80);
        length >>= 7;
    }
    content.push(length as u8);
    content.extend(body);
    let hash = Sha256::digest(&content);
    [&[0x85, 0x6f, 0x4a, 0x83], &hash[..4], &content].concat()
}

impl Body {
    pub fn bytes(&self) -> Vec<u8> {
        framed(1, &minicbor::to_vec(self).unwrap())
    }
}

pub fn header(bytes: &[u8]) -> Result<ChangeHeader, String> {
    let hash = hash_of(bytes).map_err(|e| e.to_string())?;
    let length_bytes = bytes[9..].iter().take_while(|b| **b >= 0x80).count() + 1;
    let body: Body = minicbor::decode(&bytes[9 + length_bytes..]).map_err(|e| e.to_string())?;
    Ok(ChangeHeader {
        hash,
        deps: body.deps,
        actor: Actor(body.actor),
        other_actors: body.others.into_iter().map(Actor).collect(),
        seq: body.seq,
        start_op: body.start_op,
        max_op: body.max_op,
        size_bytes: bytes.len(),
    })
}

/// A change with what its envelope says.
#[derive(Clone)]
pub struct Made {
    pub document: DocumentId,
    pub sites_added: Vec<SiteId>,
    pub bytes: Vec<u8>,
}

impl Made {
    pub fn new(document: DocumentId, sites: &[&str], bytes: Vec<u8>) -> Self {
        Self { document, sites_added: sites.iter().map(|s| site(s)).collect(), bytes }
    }

    /// The hash that its leaf is made of: its own, if it is a change at all.
    pub fn hash(&self) -> ChangeHash {
        let end = self.bytes.get(8..).unwrap_or_default();
        ChangeHash(Sha256::digest(end).into())
    }

    pub fn leaf(&self) -> [u8; 32] {
        leaf(self.document, &self.sites_added, &self.hash())
    }
}

/// A device's journal.
pub struct Journal {
    pub key: DeviceKey,
    pub head: JournalHead,
    pub entries: Vec<(SealedEntry, Vec<Made>)>,
}

impl Journal {
    pub fn new(key: &DeviceKey) -> Self {
        Self { key: key.clone(), head: JournalHead::EMPTY, entries: vec![] }
    }

    pub fn device(&self) -> DeviceId {
        self.key.device()
    }

    /// Seals changes in the next entry.
    pub fn seal(&mut self, changes: Vec<Made>) -> &mut Self {
        let leaves: Vec<_> = changes.iter().map(Made::leaf).collect();
        let head = EntryHead {
            device: self.device(),
            sequence: self.head.sequence + 1,
            previous: self.head.hash,
            root: root(&leaves),
            time: NOON,
        };
        self.head = JournalHead { sequence: head.sequence, hash: head.hash() };
        self.entries.push((seal(&self.key, head), changes));
        self
    }

    /// Entries as they go into a request of `sender`, those after `after_sequence`.
    pub fn wire(&self, sender: DeviceId, after_sequence: u64) -> Vec<WireEntry> {
        let mut chain = Chain::new(sender);
        self.entries
            .iter()
            .filter(|(sealed, _)| sealed.head.sequence > after_sequence)
            .map(|(sealed, changes)| {
                WireEntry::new(sealed, &mut chain, self.wire_changes(changes), vec![], None)
            })
            .collect()
    }

    pub fn wire_changes(&self, changes: &[Made]) -> Vec<WireChange> {
        let wire =
            |c: &Made| WireChange::new(self.device(), c.document, c.sites_added.clone(), c.bytes.clone());
        changes.iter().map(wire).collect()
    }
}

pub fn keys_of(book: &GrantBook) -> impl Fn(DeviceId) -> Option<PublicKey> + '_ {
    |device| book.device(device).map(|d| d.grant.key)
}
