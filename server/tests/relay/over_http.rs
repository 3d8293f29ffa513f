//! The relay behind real HTTP on loopback: signing in, and what wrong requests get.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use guicang_server::relay::http::{Outside, Service, router};
use guicang_server::relay::{Relay, RelayError};
use guicang_sync::access::{CHALLENGE_PATH, Challenge, ChallengeRequest, SIGN_IN_PATH, SignIn, SignedIn};
use guicang_sync::codec::{self, MEDIA_TYPE};
use guicang_sync::feed::{Cursor, Feed};
use guicang_sync::grant::{Issuer, Role, SignedGrant};
use guicang_sync::message::{ErrorAnswer, SYNC_PATH, SyncAnswer, SyncRequest, error_code};

use crate::support::{Device, START, Shop};

/// Serves the relay until the test ends.
fn serve(relay: Arc<Relay>) -> (SocketAddr, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let count = AtomicU8::new(0);
    let outside = Outside {
        now: Box::new(|| START),
        fill: Box::new(move |bytes| bytes.fill(count.fetch_add(1, Ordering::SeqCst))),
    };
    let nobody = Box::new(|_: &_, _, _| Err(RelayError::Code));
    let app = router(Arc::new(Service::new(relay, nobody, outside).unwrap()));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move { axum::serve(listener, app).await });
    (address, runtime)
}

/// Posts a body; answers the status and the answer's body.
fn post(at: SocketAddr, path: &str, headers: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(at).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
    (status, answer.split_off(end + 4))
}

fn typed() -> String {
    format!("Content-Type: {MEDIA_TYPE}\r\n")
}

fn error((status, body): (u16, Vec<u8>)) -> (u16, String) {
    (status, codec::decode::<ErrorAnswer>(&body, 1 << 16).unwrap().code)
}

/// A device answers a challenge, gets a token, and syncs with it; the same answer a second time is worth
/// nothing.
#[test]
fn a_device_signs_in_and_syncs() {
    let mut shop = Shop::open();
    let alice = shop.device(10, "S01A", "S01");
    let (at, _runtime) = serve(shop.relay.clone());
    let ask = codec::encode(&ChallengeRequest::of(alice.id()));
    let (status, body) = post(at, CHALLENGE_PATH, &typed(), &ask);
    assert_eq!(status, 200);
    let challenge: Challenge = codec::decode(&body, 1 << 16).unwrap();
    let organisation = shop.organisation.organisation();
    let answer = SignIn::new(&alice.key, organisation, challenge.relay, challenge.nonce);
    let answer = codec::encode(&answer);
    let (status, body) = post(at, SIGN_IN_PATH, &typed(), &answer);
    assert_eq!(status, 200);
    let signed_in: SignedIn = codec::decode(&body, 1 << 16).unwrap();
    let again = error(post(at, SIGN_IN_PATH, &typed(), &answer));
    assert_eq!(again, (401, error_code::SIGN_IN_FAILED.into()));

    let token: String = signed_in.token.iter().map(|b| format!("{b:02x}")).collect();
    let headers = format!("{}Authorization: Bearer {token}\r\n", typed());
    let request = SyncRequest {
        cursors: vec![Cursor::start(Feed::Org)],
        answer_limit_bytes: 9_000,
        ..Default::default()
    };
    let (status, body) = post(at, SYNC_PATH, &headers, &codec::encode(&request));
    assert_eq!(status, 200);
    let answer: SyncAnswer = codec::decode(&body, 1 << 16).unwrap();
    assert_eq!(answer.feeds[0].to, 3, "the grants of HQ, the relay and the device");

    let log = SyncRequest { cursors: vec![Cursor::start(Feed::Log)], ..Default::default() };
    let refused = error(post(at, SYNC_PATH, &headers, &codec::encode(&log)));
    assert_eq!(refused, (403, error_code::FOREIGN_FEED.into()));
}

/// A session with nothing new costs one round trip of a few hundred bytes, both ways together.
#[test]
fn an_idle_round_trip_is_small() {
    let mut shop = Shop::open();
    let alice = shop.device(10, "S01A", "S01");
    let feed = Feed::Org;
    let mut cursor = Cursor::start(feed);
    shop.pull(&alice, &mut cursor);
    let other = Cursor::start(Feed::Site("S01".parse().unwrap()));
    let request = SyncRequest {
        epoch: Some(shop.relay.epoch()),
        cursors: vec![cursor, other],
        answer_limit_bytes: 1 << 20,
        ..Default::default()
    };
    let sent = codec::encode(&request).len();
    let answer = shop.try_send(&alice, request).unwrap();
    assert!(answer.feeds.iter().all(|part| part.items.is_empty() && !part.disagreed));
    assert!(sent + codec::encode(&answer).len() <= 400);
}

#[test]
fn wrong_requests_are_told_what_is_wrong() {
    let shop = Shop::open();
    let (at, _runtime) = serve(shop.relay.clone());
    let stranger = codec::encode(&ChallengeRequest::of(Device::new(20, "X").id()));
    for (path, headers, body, wanted) in [
        (SYNC_PATH, "Content-Type: text/html\r\n".into(), &b"<html>"[..], (415, error_code::MEDIA_TYPE)),
        (SYNC_PATH, typed(), &b"\x00"[..], (401, error_code::NOT_SIGNED_IN)),
        (
            SYNC_PATH,
            format!("{}Authorization: Bearer {}\r\n", typed(), "00".repeat(32)),
            &b"\x00"[..],
            (401, error_code::NOT_SIGNED_IN),
        ),
        (CHALLENGE_PATH, typed(), &b"\x01nonsense"[..], (400, error_code::UNDECODABLE)),
        (CHALLENGE_PATH, typed(), &stranger[..], (403, error_code::UNKNOWN_DEVICE)),
    ] {
        assert_eq!(error(post(at, path, &headers, body)), (wanted.0, wanted.1.to_owned()), "{path}");
    }
}

/// A relay that was made anew knows nobody. A device that shows its grant is let in, and is told the relay's
/// own where it asks; a grant that nobody entitled has signed opens nothing.
#[test]
fn a_relay_made_anew_comes_to_know_a_device_by_its_grant() {
    let mut shop = Shop::open();
    let (alice, mallory) = (Device::new(10, "S01A"), Device::new(20, "S01M"));
    let own = shop.grant(&alice, Role::Site("S01".parse().unwrap()), None);
    let grant = guicang_sync::grant::Grant { key: mallory.key.public(), ..own.grant().unwrap() };
    let forged = SignedGrant::sign(&mallory.key, Issuer::Device(shop.hq.id()), &grant);
    let (at, _runtime) = serve(shop.relay.clone());
    let ask = |device: &Device, grants: Vec<SignedGrant>| {
        let ask = ChallengeRequest { grants, introduce: true, ..ChallengeRequest::of(device.id()) };
        post(at, CHALLENGE_PATH, &typed(), &codec::encode(&ask))
    };
    let unknown = (403, error_code::UNKNOWN_DEVICE.to_owned());
    assert_eq!(error(ask(&alice, vec![])), unknown);
    assert_eq!(error(ask(&mallory, vec![forged])), unknown);
    let (status, body) = ask(&alice, vec![own]);
    assert_eq!(status, 200);
    let challenge: Challenge = codec::decode(&body, 1 << 16).unwrap();
    let shown = challenge.grant.unwrap().grant().unwrap();
    assert_eq!((shown.key.device(), shown.role), (challenge.relay, Role::Relay));
}
