//! `serve-peer` and `sync --peer`: two branches on a network of their own, without the relay.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use clap::Args;
use guicang_cli::texts::{failures, next, peer as texts, results};
use guicang_cli::{Exit, Failure, Told};
use guicang_domain::ids::DeviceId;
use guicang_domain::time::Moment;
use guicang_replica::{LinkError as PullError, Replica, StoreError};
use guicang_sync::carried::{Carried, CarriedError};
use guicang_sync::codec::{self, CodecError, DECODED_LIMIT_BYTES, MEDIA_TYPE};
use guicang_sync::message::{ErrorAnswer, error_code};
use guicang_sync::peer::{
    Claim, Exchange, Exchanged, Hello, PEER_EXCHANGE_PATH, PEER_FILE_BYTES, PEER_HELLO_PATH, Welcome,
};
use serde::Serialize;
use serde_json::json;

use super::Session;
use crate::link::{LinkError, Relay};

/// How long a nonce is good, in milliseconds.
const NONCE_TTL_MS: i64 = 60_000;
/// How many are kept: a branch has a handful of peers.
const NONCES_MAX: usize = 1000;

/// Where.
#[derive(Debug, Args)]
pub struct ServePeerArgs {
    /// The address to listen on, such as 0.0.0.0:8630; port 0 takes any
    #[arg(long, value_name = "ADDRESS")]
    pub listen: SocketAddr,
}

/// What was exchanged, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct PeerItem {
    peer: String,
    site: String,
    sent: u64,
    taken: u64,
    held: u64,
    waiting: u64,
    set_apart: u64,
    refused: usize,
}

/// What the handlers share.
struct Peers {
    replica: Mutex<Replica>,
    now: fn() -> Moment,
    fill: fn(&mut [u8]),
    /// What was given to whom to sign, until when.
    nonces: Mutex<HashMap<[u8; 32], (DeviceId, Moment)>>,
}

/// Why a peer isn't served.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("this is no device of a branch of the organisation's, or HQ has withdrawn it")]
    Stranger,
    #[error("the challenge was not answered by the device's key, or too late")]
    Proof,
    #[error("too many peers at once")]
    Busy,
    #[error(transparent)]
    Codec(#[from] CodecError),
    #[error(transparent)]
    File(#[from] CarriedError),
    #[error(transparent)]
    Pull(#[from] PullError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = match &self {
            Refusal::Stranger => (StatusCode::FORBIDDEN, error_code::UNKNOWN_DEVICE),
            Refusal::Proof => (StatusCode::UNAUTHORIZED, error_code::SIGN_IN_FAILED),
            Refusal::Busy => (StatusCode::SERVICE_UNAVAILABLE, error_code::BUSY),
            Refusal::Codec(_)
            | Refusal::File(_)
            | Refusal::Pull(PullError::Entry(_) | PullError::Grant(_)) => {
                (StatusCode::BAD_REQUEST, error_code::UNDECODABLE)
            }
            Refusal::Store(StoreError::Full) | Refusal::Pull(PullError::Store(StoreError::Full)) => {
                (StatusCode::INSUFFICIENT_STORAGE, error_code::DISK_FULL)
            }
            Refusal::Pull(_) | Refusal::Store(_) => (StatusCode::INTERNAL_SERVER_ERROR, error_code::INTERNAL),
        };
        let answer = ErrorAnswer { code: code.into(), detail: self.to_string(), retry_after_ms: None };
        (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], codec::encode(&answer)).into_response()
    }
}

type Answer = Result<Response, Refusal>;

fn answer<T: minicbor::Encode<()>>(message: &T) -> Response {
    ([(header::CONTENT_TYPE, MEDIA_TYPE)], codec::encode(message)).into_response()
}

impl Peers {
    fn nonce(&self, to: DeviceId) -> Result<[u8; 32], Refusal> {
        let mut nonce = [0; 32];
        (self.fill)(&mut nonce);
        let now = (self.now)();
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        nonces.retain(|_, (_, until)| *until > now);
        if nonces.len() >= NONCES_MAX {
            return Err(Refusal::Busy);
        }
        nonces.insert(nonce, (to, now.plus_ms(NONCE_TTL_MS)));
        Ok(nonce)
    }

    /// Whether it was given to the device, and not used yet. From now on it is.
    fn used(&self, nonce: &[u8; 32], by: DeviceId) -> bool {
        let now = (self.now)();
        let given = self.nonces.lock().unwrap_or_else(PoisonError::into_inner).remove(nonce);
        given.is_some_and(|(to, until)| to == by && now < until)
    }

    fn hello(&self, body: &[u8]) -> Answer {
        let hello: Hello = codec::decode(body, DECODED_LIMIT_BYTES)?;
        let mut replica = self.replica.lock().unwrap_or_else(PoisonError::into_inner);
        replica.peer(hello.device, &hello.grants)?.ok_or(Refusal::Stranger)?;
        let organisation = replica.identity().organisation;
        let claim = Claim { organisation, to: hello.device, nonce: hello.nonce, file: &[] };
        Ok(answer(&Welcome {
            device: replica.identity().device,
            nonce: self.nonce(hello.device)?,
            proof: claim.sign(replica.key()),
            grants: replica.own_grants()?,
            held: replica.journal_held(hello.device)?,
        }))
    }

    fn exchange(&self, body: &[u8]) -> Answer {
        let exchange: Exchange = codec::decode(body, DECODED_LIMIT_BYTES)?;
        let mut replica = self.replica.lock().unwrap_or_else(PoisonError::into_inner);
        let site = replica.peer(exchange.device, &[])?.ok_or(Refusal::Stranger)?;
        let (organisation, me) = (replica.identity().organisation, replica.identity().device);
        let claim = Claim { organisation, to: me, nonce: exchange.nonce, file: &exchange.file };
        let key = replica.grants()?.device(exchange.device).map(|d| d.grant.key).ok_or(Refusal::Stranger)?;
        if !self.used(&exchange.nonce, exchange.device) || !claim.check(&key, &exchange.proof) {
            return Err(Refusal::Proof);
        }
        let done = replica.take_carried(Carried::read(&exchange.file)?)?;
        let back = replica.for_peer(&site, exchange.held, PEER_FILE_BYTES)?;
        Ok(answer(&Exchanged {
            file: back.file,
            to: back.to,
            more: back.more,
            taken: done.taken,
            nonce: self.nonce(exchange.device)?,
        }))
    }
}

async fn on_thread(
    peers: Arc<Peers>,
    body: Bytes,
    work: impl FnOnce(&Peers, &[u8]) -> Answer + Send + 'static,
) -> Response {
    let done = tokio::task::spawn_blocking(move || work(&peers, &body)).await;
    done.map_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response(), IntoResponse::into_response)
}

impl ServePeerArgs {
    /// Serves until the process is asked to end. The first line on standard output is the address.
    ///
    /// # Errors
    /// [`Failure`] when the address can't be listened on, or the file can't be opened.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let replica = Mutex::new(session.open()?);
        let peers =
            Arc::new(Peers { replica, now: session.now, fill: session.fill, nonces: Mutex::default() });
        let app = Router::new()
            .route(
                PEER_HELLO_PATH,
                post(|State(peers): State<Arc<Peers>>, body: Bytes| on_thread(peers, body, Peers::hello)),
            )
            .route(
                PEER_EXCHANGE_PATH,
                post(|State(peers): State<Arc<Peers>>, body: Bytes| on_thread(peers, body, Peers::exchange)),
            )
            .layer(DefaultBodyLimit::max(DECODED_LIMIT_BYTES))
            .with_state(peers);
        let failed = |e: std::io::Error| {
            Failure::new(Exit::Other, texts::listen_failed(l, &self.listen, &e), texts::listen_next(l))
        };
        super::sync::runtime(l)?.block_on(async {
            let listener = tokio::net::TcpListener::bind(self.listen).await.map_err(failed)?;
            let address = format!("http://{}", listener.local_addr().map_err(failed)?);
            match globals.json() {
                true => globals.line(&json!({ "listening": address }).to_string())?,
                false => globals.line(&texts::listening(l, &address))?,
            }
            let asked = async {
                // Where no handler can be set, the process ends without grace.
                let _ = tokio::signal::ctrl_c().await;
            };
            axum::serve(listener, app).with_graceful_shutdown(asked).await.map_err(failed)?;
            globals.say(&results::stopped(l))
        })
    }
}

/// Exchanges with another branch what concerns each of both.
///
/// # Errors
/// [`Failure`] when the other isn't reached, isn't who it says, or a file can't be read or written.
pub fn sync(session: &Session<'_>, url: &str) -> Result<(), Failure> {
    let globals = session.globals;
    let l = globals.language;
    let mut replica = session.open()?;
    let peer = Relay::new(url).told(globals)?;
    let item = super::sync::runtime(l)?.block_on(exchange(session, &mut replica, &peer)).told(globals)?;
    let refused = item.refused;
    globals.show("peer", &[item], |items| {
        let item = &items[0];
        texts::done(l, &item.site, item.sent, item.taken, item.waiting)
    })?;
    match refused {
        0 => globals.next(&texts::done_next(l)),
        _ => Err(Failure::new(
            Exit::Refused,
            failures::refused(l, refused as u64),
            next::status(l, globals.program),
        )),
    }
}

async fn exchange(session: &Session<'_>, replica: &mut Replica, peer: &Relay) -> Result<PeerItem, LinkError> {
    let (organisation, me) = (replica.identity().organisation, replica.identity().device);
    let nonce = session.random();
    let hello = Hello { device: me, nonce, grants: replica.own_grants()? };
    let welcome: Welcome = peer.post(PEER_HELLO_PATH, None, &hello).await?;
    let stranger = || LinkError::Stranger { url: peer.url().to_owned(), device: welcome.device };
    let site = replica.peer(welcome.device, &welcome.grants)?.ok_or_else(stranger)?;
    let key = replica.grants()?.device(welcome.device).map(|d| d.grant.key).ok_or_else(stranger)?;
    let claim = Claim { organisation, to: me, nonce, file: &[] };
    if !claim.check(&key, &welcome.proof) {
        return Err(stranger());
    }
    let mut item = PeerItem {
        peer: welcome.device.to_string(),
        site: site.to_string(),
        sent: 0,
        taken: 0,
        held: 0,
        waiting: 0,
        set_apart: 0,
        refused: 0,
    };
    let mut to_sign = welcome.nonce;
    let mut after = welcome.held;
    let mut held = replica.journal_held(welcome.device)?;
    loop {
        let give = replica.for_peer(&site, after, PEER_FILE_BYTES)?;
        let claim = Claim { organisation, to: welcome.device, nonce: to_sign, file: &give.file };
        let proof = claim.sign(replica.key());
        let ask = Exchange { device: me, nonce: to_sign, proof, file: give.file, held };
        let back: Exchanged = peer.post(PEER_EXCHANGE_PATH, None, &ask).await?;
        item.sent += back.taken;
        let file = Carried::read(&back.file)
            .map_err(|e| LinkError::NotARelay { url: peer.url().to_owned(), found: e.to_string() })?;
        let done = replica.take_carried(file)?;
        item.taken += done.taken;
        item.held += done.held;
        item.waiting += done.waiting;
        item.set_apart += done.set_apart;
        item.refused += done.refused.len();
        if !give.more && !back.more {
            return Ok(item);
        }
        // Each round brings one of both on: it ends.
        (after, held, to_sign) = (give.to, back.to.max(held), back.nonce);
    }
}
