//! The relay behind HTTP: requests, each a body in and a body out, and a stream of events.
//!
//! SQLite works on threads of its own, of which only as many run as make sense; a bounded number of
//! requests waits for them, and further ones are told to come back. What surprises: ten thousand
//! branches whose lines come back at the same moment are served in their turn, not all at once.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use guicang_domain::ids::{DeviceId, PublicKey, SiteId};
use guicang_domain::time::Moment;
use guicang_sync::access::{
    CHALLENGE_PATH, Challenge, ChallengeRequest, ENROL_PATH, Enrol, SIGN_IN_PATH, SignIn, SignedIn,
};
use guicang_sync::codec::{self, CodecError, DECODED_LIMIT_BYTES, MEDIA_TYPE};
use guicang_sync::documents::{DOCUMENTS_PATH, DocumentsRequest};
use guicang_sync::grant::SignedGrant;
use guicang_sync::live::EVENTS_PATH;
use guicang_sync::message::{ErrorAnswer, SYNC_PATH, SyncRequest, error_code};
use guicang_sync::succeed::{SUCCEED_PATH, Succeed};
use tokio::sync::Semaphore;

use super::events::{Closed, Events};
use super::tokens::{Full, Tokens};
use super::{Relay, RelayError, is_full};

/// How many requests wait for their turn; each holds its body in memory.
const WAITING_MAX: usize = 1024;

/// What is told to those that find the queue full.
const BUSY_RETRY_MS: u64 = 2_000;

/// What is told while the relay's disk is full: somebody has to make room first.
const FULL_RETRY_MS: u64 = 30_000;

/// Makes the grant of a new device, in the place of another where one is named; it needs HQ's key.
pub type Issue =
    Box<dyn Fn(&SiteId, PublicKey, Option<DeviceId>) -> Result<SignedGrant, RelayError> + Send + Sync>;

/// A clock.
pub type Clock = Box<dyn Fn() -> Moment + Send + Sync>;

/// Fills bytes with randomness fit for secrets.
pub type Fill = Box<dyn Fn(&mut [u8]) + Send + Sync>;

/// The clock and randomness of the process.
pub struct Outside {
    /// The time.
    pub now: Clock,
    /// Its randomness.
    pub fill: Fill,
}

impl Outside {
    /// So many random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.fill)(&mut bytes);
        bytes
    }
}

/// What the handlers share.
pub struct Service {
    relay: Arc<Relay>,
    tokens: Tokens,
    issue: Issue,
    outside: Outside,
    /// Those that wait and those that run.
    queue: Arc<Semaphore>,
    running: Arc<Semaphore>,
    events: Arc<Events>,
}

impl Service {
    /// A service over a relay.
    ///
    /// # Errors
    /// [`RelayError`] of the file.
    pub fn new(relay: Arc<Relay>, issue: Issue, outside: Outside) -> Result<Self, RelayError> {
        // One writes, so more than a few only take turns at the same lock.
        let cores = std::thread::available_parallelism().map_or(2, |n| n.get());
        let events = Arc::new(Events::new(relay.clone())?);
        Ok(Self {
            relay,
            tokens: Tokens::default(),
            issue,
            outside,
            queue: Arc::new(Semaphore::new(WAITING_MAX)),
            running: Arc::new(Semaphore::new(2 * cores)),
            events,
        })
    }

    /// The devices' event streams.
    pub fn events(&self) -> &Arc<Events> {
        &self.events
    }
}

/// The relay's routes.
pub fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route(ENROL_PATH, post(enrol))
        .route(SUCCEED_PATH, post(succeed))
        .route(CHALLENGE_PATH, post(challenge))
        .route(SIGN_IN_PATH, post(sign_in))
        .route(SYNC_PATH, post(sync))
        .route(DOCUMENTS_PATH, post(documents))
        .route(EVENTS_PATH, get(events))
        .route("/health", get(health))
        .layer(DefaultBodyLimit::max(DECODED_LIMIT_BYTES))
        .with_state(service)
}

/// Why a request isn't answered with 200.
#[derive(Debug)]
struct Failure {
    status: StatusCode,
    code: &'static str,
    detail: String,
    retry_after_ms: Option<u64>,
}

type Answer = Result<Response, Failure>;

async fn enrol(State(service): State<Arc<Service>>, headers: HeaderMap, body: Body) -> Answer {
    let body = read_body(&headers, body)?;
    run(service, move |service| {
        let ask: Enrol = codec::decode(&body, DECODED_LIMIT_BYTES)?;
        let now = (service.outside.now)();
        Ok(codec::encode(&service.relay.enrol(&ask, now, |site, key| (service.issue)(site, key, None))?))
    })
    .await
}

async fn succeed(State(service): State<Arc<Service>>, headers: HeaderMap, body: Body) -> Answer {
    let body = read_body(&headers, body)?;
    run(service, move |service| {
        let ask: Succeed = codec::decode(&body, DECODED_LIMIT_BYTES)?;
        let now = (service.outside.now)();
        let issue = |site: &SiteId, key| (service.issue)(site, key, Some(ask.old));
        Ok(codec::encode(&service.relay.succeed(&ask, now, issue)?))
    })
    .await
}

async fn challenge(State(service): State<Arc<Service>>, headers: HeaderMap, body: Body) -> Answer {
    let body = read_body(&headers, body)?;
    run(service, move |service| {
        let ask: ChallengeRequest = codec::decode(&body, DECODED_LIMIT_BYTES)?;
        let now = (service.outside.now)();
        if service.relay.book()?.device(ask.device).is_none() {
            service.relay.introduce(ask.grants)?;
        }
        if service.relay.book()?.device(ask.device).is_none() {
            return Err(RelayError::UnknownDevice { device: ask.device }.into());
        }
        let nonce = service.outside.random();
        service.tokens.challenge(ask.device, nonce, now)?;
        let grant = if ask.introduce { service.relay.own_grant()? } else { None };
        Ok(codec::encode(&Challenge { nonce, relay: service.relay.device(), time: now, grant }))
    })
    .await
}

async fn sign_in(State(service): State<Arc<Service>>, headers: HeaderMap, body: Body) -> Answer {
    let body = read_body(&headers, body)?;
    run(service, move |service| {
        let answer: SignIn = codec::decode(&body, DECODED_LIMIT_BYTES)?;
        let now = (service.outside.now)();
        let relay = &service.relay;
        let book = relay.book()?;
        let unknown = RelayError::UnknownDevice { device: answer.device };
        let device = book.device(answer.device).ok_or(unknown)?;
        let given = service.tokens.answered(answer.device, &answer.nonce, now);
        if !given || !answer.check(&device.grant.key, relay.organisation(), relay.device()) {
            return Err(Failure {
                status: StatusCode::UNAUTHORIZED,
                code: error_code::SIGN_IN_FAILED,
                detail: "the challenge was not answered by the device's key, or too late".into(),
                retry_after_ms: None,
            });
        }
        // A withdrawn device signs in too: what it still holds is taken and set apart for HQ.
        let token: [u8; 32] = service.outside.random();
        let expires = service.tokens.issue(answer.device, token, now)?;
        Ok(codec::encode(&SignedIn {
            token: token.to_vec(),
            expires,
            epoch: relay.epoch(),
            time: now,
            journal: relay.journal(answer.device)?,
        }))
    })
    .await
}

async fn sync(State(service): State<Arc<Service>>, headers: HeaderMap, body: Body) -> Answer {
    let body = read_body(&headers, body)?;
    let sender = signed_in(&service, &headers)?;
    run(service, move |service| {
        let request: SyncRequest = codec::decode_request(&body, DECODED_LIMIT_BYTES)?;
        let now = (service.outside.now)();
        Ok(codec::encode(&service.relay.sync(sender, request, now)?))
    })
    .await
}

async fn documents(State(service): State<Arc<Service>>, headers: HeaderMap, body: Body) -> Answer {
    let body = read_body(&headers, body)?;
    let sender = signed_in(&service, &headers)?;
    run(service, move |service| {
        let request: DocumentsRequest = codec::decode(&body, DECODED_LIMIT_BYTES)?;
        let now = (service.outside.now)();
        Ok(codec::encode(&service.relay.documents(sender, &request, now)?))
    })
    .await
}

async fn events(State(service): State<Arc<Service>>, headers: HeaderMap) -> Answer {
    let (device, until) = token(&service, &headers)?;
    let now = (service.outside.now)();
    service.events.clone().open(device, now, until).map_err(|closed| match closed {
        Closed::Full => Failure::from(Full),
        Closed::Relay(error) => error.into(),
    })
}

async fn health(State(service): State<Arc<Service>>) -> Answer {
    run(service, |service| {
        service.relay.book()?;
        Ok(Vec::new())
    })
    .await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], "{\"status\":\"ok\"}\n").into_response())
}

type Body = Result<Bytes, BytesRejection>;

fn read_body(headers: &HeaderMap, body: Body) -> Result<Bytes, Failure> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if media_type != Some(MEDIA_TYPE) {
        return Err(Failure {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            code: error_code::MEDIA_TYPE,
            detail: format!("the body is {}, wanted {MEDIA_TYPE}", media_type.unwrap_or("of no type")),
            retry_after_ms: None,
        });
    }
    body.map_err(|rejection| Failure {
        status: rejection.status(),
        code: error_code::UNDECODABLE,
        detail: rejection.body_text(),
        retry_after_ms: None,
    })
}

fn signed_in(service: &Service, headers: &HeaderMap) -> Result<DeviceId, Failure> {
    token(service, headers).map(|(device, _)| device)
}

/// Whose the request's token is, and until when.
fn token(service: &Service, headers: &HeaderMap) -> Result<(DeviceId, Moment), Failure> {
    let not_signed_in = || Failure {
        status: StatusCode::UNAUTHORIZED,
        code: error_code::NOT_SIGNED_IN,
        detail: "no token, or one that expired; sign in".into(),
        retry_after_ms: None,
    };
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let hex = value.and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(not_signed_in)?;
    // A public key's text has the same form: 32 bytes in hexadecimal.
    let token: PublicKey = hex.parse().map_err(|_| not_signed_in())?;
    service.tokens.holder(&token.0, (service.outside.now)()).ok_or_else(not_signed_in)
}

/// Runs `work` on a thread for blocking work, in its turn.
async fn run(
    service: Arc<Service>,
    work: impl FnOnce(&Service) -> Result<Vec<u8>, Failure> + Send + 'static,
) -> Answer {
    let busy = || Failure::from(Full);
    let place = service.queue.clone().try_acquire_owned().map_err(|_| busy())?;
    let turn = service.running.clone().acquire_owned().await.map_err(|_| busy())?;
    let work = move || {
        let done = work(&service);
        drop((place, turn));
        done
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(body) => Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], body?).into_response()),
        Err(panicked) => Err(Failure::internal(panicked.to_string())),
    }
}

impl Failure {
    fn internal(detail: String) -> Self {
        tracing::error!(detail, "a request failed");
        // What is wrong inside is the log's, not the device's.
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: error_code::INTERNAL,
            detail: "the relay failed; its own log says why".into(),
            retry_after_ms: Some(BUSY_RETRY_MS),
        }
    }
}

impl From<RelayError> for Failure {
    fn from(error: RelayError) -> Self {
        let (status, code) = match &error {
            RelayError::UnknownDevice { .. } => (StatusCode::FORBIDDEN, error_code::UNKNOWN_DEVICE),
            RelayError::Withdrawn { .. } => (StatusCode::FORBIDDEN, error_code::WITHDRAWN),
            RelayError::ForeignFeed { .. } => (StatusCode::FORBIDDEN, error_code::FOREIGN_FEED),
            RelayError::Succession { .. } => (StatusCode::FORBIDDEN, error_code::SUCCESSION),
            RelayError::Code => (StatusCode::FORBIDDEN, error_code::CODE),
            RelayError::TooManyCodes { .. } => (StatusCode::TOO_MANY_REQUESTS, error_code::BUSY),
            RelayError::Store(store) if is_full(store) => {
                tracing::error!(%error, "the relay's disk is full");
                return Self {
                    status: StatusCode::INSUFFICIENT_STORAGE,
                    code: error_code::DISK_FULL,
                    detail: "the relay's disk is full; nothing of this was taken".into(),
                    retry_after_ms: Some(FULL_RETRY_MS),
                };
            }
            _ => return Self::internal(error.to_string()),
        };
        let retry_after_ms = match &error {
            RelayError::TooManyCodes { retry_after_ms } => Some(*retry_after_ms),
            _ => None,
        };
        Self { status, code, detail: error.to_string(), retry_after_ms }
    }
}

impl From<CodecError> for Failure {
    fn from(error: CodecError) -> Self {
        let status = match error {
            CodecError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { status, code: error_code::UNDECODABLE, detail: error.to_string(), retry_after_ms: None }
    }
}

impl From<Full> for Failure {
    fn from(_: Full) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: error_code::BUSY,
            detail: "too many devices at once".into(),
            retry_after_ms: Some(BUSY_RETRY_MS),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self { status, code, detail, retry_after_ms } = self;
        let body = codec::encode(&ErrorAnswer { code: code.into(), detail, retry_after_ms });
        let mut response = (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        if let Some(ms) = retry_after_ms {
            let seconds = HeaderValue::from(ms.div_ceil(1000));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}
