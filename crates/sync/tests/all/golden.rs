//! The bytes that outlive a release. A test here that fails means that old devices, relays, files and
//! signatures would no longer be understood: the encoding is wrong, not the golden file.
//!
//! `GUICANG_BLESS=1` writes the file of a *new* encoding; a reviewer sees it in the change.

use std::fmt::Write;
use std::path::PathBuf;

use guicang_domain::ids::{ChangeHash, DeviceId, EntryHash};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::time::{Moment, Recorded};
use guicang_sync::access::{Challenge, ChallengeRequest, Enrol, Enrolled, SignIn, SignedIn};
use guicang_sync::admission::{Admission, SignedAdmission};
use guicang_sync::carried::{Carried, CarriedHead, CarriedWriter};
use guicang_sync::codec::{MEDIA_TYPE, encode};
use guicang_sync::documents::{DocumentChanges, DocumentsAnswer, DocumentsRequest};
use guicang_sync::entry::{EntryHead, JournalHead, NO_ENTRY, SealedEntry, leaf, root, seal};
use guicang_sync::feed::{Cursor, Epoch, Feed};
use guicang_sync::grant::{Grant, Issuer, Role, SignedGrant};
use guicang_sync::message::{
    EntryStamp, ErrorAnswer, FeedItem, FeedPart, Outcome, OutcomeKind, Report, Run, SyncAnswer, SyncRequest,
    error_code,
};
use guicang_sync::peer::{Claim, Exchange, Exchanged, Hello, Welcome};
use guicang_sync::reconcile::{Agreed, Bucket, Compare, Compared, Held, Point, Probe};
use guicang_sync::rule::Rule;
use guicang_sync::stamp::Stamp;
use guicang_sync::succeed::{Succeed, Succeeded};
use guicang_sync::sum::RunningSum;
use guicang_sync::wire::{AbsentLeaf, Chain, WireChange, WireEntry};
use minicbor::{Decode, Encode};

use crate::world::*;

/// Checks `bytes` against `tests/golden/NAME.hex`.
fn check_bytes(name: &str, bytes: &[u8]) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.hex"));
    let mut hex = String::new();
    for line in bytes.chunks(48) {
        line.iter().for_each(|b| write!(hex, "{b:02x}").unwrap());
        hex.push('\n');
    }
    if !file.exists() && std::env::var_os("GUICANG_BLESS").is_some() {
        std::fs::write(&file, &hex).unwrap();
    }
    let pinned = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    assert_eq!(hex, pinned, "the encoding of {name} changed");
}

/// Checks a value's CBOR, and that it reads back as the same.
fn check<T>(name: &str, value: &T)
where
    T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + std::fmt::Debug,
{
    let bytes = minicbor::to_vec(value).unwrap();
    check_bytes(name, &bytes);
    assert_eq!(minicbor::decode::<T>(&bytes).as_ref().ok(), Some(value), "{name} reads back");
}

fn sealed_sample() -> (SealedEntry, Vec<Made>) {
    let mut alice = Journal::new(&key(3));
    let begun = Made::new(document(&key(3), 1), &["S01"], first("a").bytes());
    let edited = Made::new(document(&key(4), 2), &[], on(&[begun.hash()], "a", 2, 4).bytes());
    alice.seal(vec![begun, edited]);
    alice.entries.remove(0)
}

fn sample_grant() -> SignedGrant {
    let (organisation, hq, device) = (key(100), key(1), key(3));
    let grant = Grant {
        organisation: organisation.organisation(),
        key: device.public(),
        code: "S01A".parse().unwrap(),
        role: Role::Site(site("S01")),
        from: NOON,
        until: Some(Moment(NOON.0 + 1)),
        serial: Recorded::new(NOON, 7),
        successor_of: Some(DeviceId([9; 16])),
    };
    SignedGrant::sign(&hq, Issuer::Device(hq.device()), &grant)
}

fn sample_entry() -> WireEntry {
    let (sealed, made) = sealed_sample();
    let stamp = Stamp::sign(&key(2), sealed.head.hash(), NOON);
    let wire =
        |m: &Made| WireChange::new(key(3).device(), m.document, m.sites_added.clone(), m.bytes.clone());
    let changes = made.iter().map(wire).collect();
    WireEntry::new(&sealed, &mut Chain::new(key(3).device()), changes, vec![], Some(&stamp))
}

/// Every field given.
pub fn sample_request() -> SyncRequest {
    SyncRequest {
        epoch: Some(Epoch([1; 16])),
        cursors: vec![
            Cursor { feed: Feed::Org, position: 3, sum: RunningSum([2; 32]) },
            Cursor { feed: Feed::Site(site("S01")), position: 70_000, sum: RunningSum([3; 32]) },
        ],
        entries: vec![sample_entry()],
        answer_limit_bytes: 1_048_576,
        report: Some(Report {
            unsent_changes: 12,
            unsent_refunds: vec![(Currency::CNY, Amount(12_800))],
            oldest_unsent: Some(NOON),
        }),
        fence: Some(4),
        grants: vec![sample_grant()],
        want_own: true,
        ..SyncRequest::default()
    }
}

/// With a note, on one change.
pub fn sample_admission() -> SignedAdmission {
    let admission = Admission {
        organisation: key(100).organisation(),
        document: document(&key(3), 1),
        changes: vec![ChangeHash([7; 32])],
        decided: NOON,
        user: "chen".parse().unwrap(),
        note: Some("the till was honest".into()),
    };
    SignedAdmission::sign(&key(1), &admission)
}

#[test]
fn an_admission_and_how_it_travels() {
    check("admission", &sample_admission());
    check("feed-admission", &FeedItem::Admission(sample_admission()));
    check_bytes("admission-hash", &sample_admission().hash());
    let request = SyncRequest { admissions: vec![sample_admission()], ..SyncRequest::default() };
    check("request-admission", &request);
}

/// Every field given.
pub fn sample_answer() -> SyncAnswer {
    let others = {
        let (sealed, made) = sealed_sample();
        let mut apart = WireChange::new(key(3).device(), made[1].document, vec![], made[1].bytes.clone());
        apart.apart = true;
        let absent = vec![AbsentLeaf { index: 0, leaf: made[0].leaf() }];
        WireEntry::new(&sealed, &mut Chain::new(key(4).device()), vec![apart], absent, None)
    };
    let outcome = |change, kind, rule| Outcome {
        device: None,
        sequence: 2,
        change,
        kind,
        rule,
        detail: "what was found".into(),
    };
    SyncAnswer {
        epoch: Epoch([1; 16]),
        time: NOON,
        relay: Some(key(2).device()),
        journal: Some(JournalHead { sequence: 2, hash: EntryHash([5; 32]) }),
        outcomes: vec![
            outcome(Some(1), OutcomeKind::SetApart, Rule::Withdrawn),
            Outcome { device: Some(key(4).device()), ..outcome(None, OutcomeKind::Refused, Rule::Fork) },
        ],
        stamps: vec![EntryStamp {
            sequence: 2,
            time: NOON,
            signature: Stamp::sign(&key(2), EntryHash([5; 32]), NOON).signature,
        }],
        feeds: vec![
            FeedPart {
                feed: Feed::Org,
                to: 4,
                head: None,
                sum: Some(RunningSum([4; 32])),
                disagreed: false,
                items: vec![FeedItem::Grant(sample_grant())],
            },
            FeedPart {
                feed: Feed::Site(site("S01")),
                to: 70_003,
                head: Some(70_010),
                sum: Some(RunningSum([6; 32])),
                disagreed: true,
                items: vec![
                    FeedItem::Entry(others),
                    FeedItem::Own { sequence: 2, runs: vec![Run { first: 0, count: 2 }], stamped: None },
                ],
            },
        ],
        stale_fence: true,
        retry_after_ms: Some(5_000),
        push_after_ms: None,
        agreed: vec![],
        journals: vec![],
        compared: None,
    }
}

/// What is hashed and signed: one bit otherwise, and no old signature holds.
#[test]
fn facts_are_pinned() {
    let (sealed, made) = sealed_sample();
    check("entry", &sealed);
    check_bytes("entry-hash", &sealed.head.hash().0);
    check_bytes("leaf", &made[0].leaf());
    check_bytes("leaf-without-sites", &leaf(made[0].document, &[], &ChangeHash([1; 32])));
    check_bytes("root", &root(&[[1; 32], [2; 32]]));
    check_bytes("root-of-none", &root(&[]));
    let empty =
        EntryHead { sequence: 1, previous: NO_ENTRY, root: root(&[]), time: Moment(-1), ..sealed.head };
    check("entry-empty", &seal(&key(3), empty));
    let grant = sample_grant();
    check("grant", &grant);
    check_bytes("grant-hash", &grant.hash());
    let hq = Grant { role: Role::Hq, until: None, successor_of: None, ..grant.grant().unwrap() };
    check("grant-hq", &SignedGrant::sign(&key(100), Issuer::Organisation, &hq));
    check(
        "grant-relay",
        &SignedGrant::sign(&key(100), Issuer::Organisation, &Grant { role: Role::Relay, ..hq }),
    );
    check("stamp", &Stamp::sign(&key(2), sealed.head.hash(), NOON));
    let sum = RunningSum::ZERO.with(&[0xff; 32]).with(&[2; 32]);
    check("sum", &sum);
    assert_eq!(sum.to_string(), format!("{}01", "02".repeat(31)));
}

#[test]
fn messages_are_pinned() {
    check("sync-request", &sample_request());
    check("sync-request-empty", &SyncRequest::default());
    let feed = Feed::Site(site("S01"));
    let point = Point { position: 7, sum: RunningSum([4; 32]) };
    let compare = Compare {
        feed: feed.clone(),
        after: 7,
        to: Some(9),
        bits: 1,
        checks: vec![5, u64::MAX],
        buckets: vec![Bucket { bucket: 1, names: vec![3, 4] }],
    };
    let asking = SyncRequest {
        probes: vec![Probe { feed: feed.clone(), points: vec![point] }],
        journals: vec![key(3).device()],
        compare: Some(compare),
        ..SyncRequest::default()
    };
    check("sync-request-asking", &asking);
    check("sync-answer", &sample_answer());
    let quiet = SyncAnswer {
        relay: None,
        journal: None,
        outcomes: vec![],
        stamps: vec![],
        feeds: vec![FeedPart {
            feed: Feed::Log,
            to: 9,
            head: None,
            sum: None,
            disagreed: false,
            items: vec![],
        }],
        stale_fence: false,
        retry_after_ms: None,
        ..sample_answer()
    };
    check("sync-answer-quiet", &quiet);
    check("sync-answer-push-later", &SyncAnswer { push_after_ms: Some(60_000), ..quiet.clone() });
    let compared = Compared {
        to: 9,
        sum: RunningSum([4; 32]),
        differing: vec![1],
        lacks: vec![3],
        items: vec![FeedItem::Grant(sample_grant())],
        more: true,
    };
    let found = SyncAnswer {
        agreed: vec![Agreed { feed, position: 7 }],
        journals: vec![Held { device: key(3).device(), sequence: 2 }],
        compared: Some(compared),
        ..quiet
    };
    check("sync-answer-found", &found);
    let mut dropped = sample_entry();
    (dropped.changes[0].bytes, dropped.changes[0].hash) = (None, Some(ChangeHash([8; 32])));
    check("wire-entry-dropped", &dropped);
    check("enrol", &Enrol::new(&key(3), "K7QX-22".into()));
    check(
        "enrolled",
        &Enrolled {
            organisation: key(100).public(),
            name: "归仓 Ltd".into(),
            grants: vec![sample_grant()],
            relay: key(2).device(),
            time: NOON,
        },
    );
    let documents = vec![document(&key(3), 1), document(&key(4), 2)];
    let changes = vec![first("a").bytes(), first("b").bytes()];
    let found = vec![DocumentChanges { document: documents[0], changes }];
    check("documents-request", &DocumentsRequest { documents, answer_limit_bytes: 1024 });
    check("documents-answer", &DocumentsAnswer { documents: found, answered: 2 });
    check("documents-answer-none", &DocumentsAnswer { documents: Vec::new(), answered: 1 });
    check("succeed", &Succeed::new(&key(3), &key(4), key(100).organisation(), key(2).device()));
    check("succeeded", &Succeeded { grants: vec![sample_grant()], time: NOON });
    check("challenge-request", &ChallengeRequest::of(key(3).device()));
    check("challenge", &Challenge { nonce: [7; 32], relay: key(2).device(), time: NOON, grant: None });
    check("sign-in", &SignIn::new(&key(3), key(100).organisation(), key(2).device(), [7; 32]));
    check(
        "signed-in",
        &SignedIn {
            token: vec![1, 2, 3],
            expires: Moment(NOON.0 + 3_600_000),
            epoch: Epoch([1; 16]),
            time: NOON,
            journal: Some(JournalHead { sequence: 2, hash: EntryHash([5; 32]) }),
        },
    );
    let busy = ErrorAnswer {
        code: error_code::BUSY.into(),
        detail: "too many requests".into(),
        retry_after_ms: Some(1_500),
    };
    check("error-answer", &busy);
}

/// A file on a stick: the pinned bytes read as what was written, whatever a later program writes.
#[test]
fn a_file_with_changes_is_pinned() {
    let head = CarriedHead {
        organisation: key(100).organisation(),
        device: key(3).device(),
        made: NOON,
        grants: vec![sample_grant()],
    };
    let mut writer = CarriedWriter::new(head.clone());
    writer.entries(vec![sample_entry()]);
    let (bytes, entries) = writer.finish();
    assert_eq!(entries, 1);
    check_bytes("carried", &bytes);
    assert_eq!(Carried::read(&bytes), Ok(Carried { head, lists: vec![vec![sample_entry()]] }));
}

/// Two branches without HQ.
#[test]
fn what_peers_say_is_pinned() {
    let claim = Claim {
        organisation: key(100).organisation(),
        to: key(4).device(),
        nonce: [7; 32],
        file: b"what is handed over",
    };
    let (proof, file) = (claim.sign(&key(3)), claim.file.to_vec());
    assert!(claim.check(&key(3).public(), &proof));
    let device = key(3).device();
    check("peer-hello", &Hello { device, nonce: [1; 32], grants: vec![sample_grant()] });
    check("peer-welcome", &Welcome { device, nonce: [2; 32], proof, grants: vec![], held: 70_000 });
    check("peer-exchange", &Exchange { device, nonce: [2; 32], proof, file: file.clone(), held: 3 });
    check("peer-exchanged", &Exchanged { file, to: 9, more: true, taken: 2, nonce: [3; 32] });
}

/// A body says by its first byte whether zstd is on.
#[test]
fn bodies_are_pinned() {
    check_bytes("body-plain", &encode(&SyncRequest::default()));
    assert_eq!(encode(&vec![7u64; 500])[..5], [1, 0x28, 0xb5, 0x2f, 0xfd]);
    assert_eq!(MEDIA_TYPE, "application/vnd.guicang.sync.v1");
}
