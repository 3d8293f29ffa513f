//! `polls`: idle requests that a relay answers in a second, of 10,000 enrolled devices over HTTP.
//!
//! The limit is a handler on the same server that looks the token up and answers with nothing. Both are asked
//! by the same client, which shares the cores with them.

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::routing::post;
use guicang_sync::access::{CHALLENGE_PATH, Challenge, ChallengeRequest, SIGN_IN_PATH, SignIn, SignedIn};
use guicang_sync::codec::MEDIA_TYPE;
use guicang_sync::feed::{Cursor, Epoch, Feed};
use guicang_sync::message::SYNC_PATH;
use guicang_sync::packed::Packed;
use guicang_sync::session::{Limits, Session, Start, Step};

use crate::chain::Chain;
use crate::figure::Figure;
use crate::loopback::Loopback;
use crate::supply::Supply;
use crate::timing::{Took, timed};

const DEVICES: usize = 10_000;
/// So many of them ask.
const ASKING: usize = 256;
/// At a time.
const AT_ONCE: usize = 32;
/// Requests in all.
const REQUESTS: usize = 50_000;

/// Measures it.
///
/// # Errors
/// When a device can't sign in, or isn't answered.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let mut chain = Chain::found(supply.seed)?;
    let devices = chain.further_devices(supply.sized(DEVICES))?;
    let (mut branch, _) = chain.branch("S001", "S001A")?;
    let loopback = Loopback::serve(chain.relay.clone())?;
    loopback.session(&mut loopback.link()?, &mut branch)?;
    // All follow the same feed of master data, and nothing stands in their own.
    let org = branch.cursors()?.into_iter().find(|c| c.feed == Feed::Org).context("no feed org")?;
    let (runtime, relay) = loopback.address()?;
    let mut asking: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for (key, site) in devices.into_iter().take(ASKING) {
        let device = key.device();
        let signed_in: SignedIn = runtime.block_on(async {
            let challenge: Challenge =
                relay.post(CHALLENGE_PATH, None, &ChallengeRequest::of(device)).await?;
            let organisation = branch.identity().organisation;
            let answer = SignIn::new(&key, organisation, challenge.relay, challenge.nonce);
            relay.post(SIGN_IN_PATH, None, &answer).await
        })?;
        let cursors = vec![org.clone(), Cursor::start(Feed::Site(site))];
        asking.push((signed_in.token, idle(device, chain.relay.epoch(), cursors)?));
    }
    let requests = supply.sized(REQUESTS);
    // The first note of a visit is written; the later ones aren't.
    ask(&loopback, SYNC_PATH, &asking, asking.len())?;
    let (took, done) = timed(|| ask(&loopback, SYNC_PATH, &asking, requests));
    done?;
    let tokens: HashSet<String> = asking.iter().map(|(token, _)| bearer(token)).collect();
    let bare = Router::new().route(SYNC_PATH, post(only_a_token)).with_state(Arc::new(tokens));
    let (limit, done) = timed_limit(Loopback::of(bare)?, &asking, requests);
    done?;
    let rate = |took: Took| requests as f64 / took.wall;
    let name = format!("polls of {} devices", supply.sized(DEVICES));
    Ok(vec![
        Figure::rate(&name, rate(took), "sessions/s", rate(limit)).at_least(5_000.0),
        Figure::cores(&name, took, limit),
    ])
}

fn timed_limit(bare: Loopback, asking: &[(Vec<u8>, Vec<u8>)], requests: usize) -> (Took, Result<()>) {
    timed(|| ask(&bare, SYNC_PATH, asking, requests))
}

/// The request of a session with nothing new.
fn idle(device: guicang_domain::ids::DeviceId, epoch: Epoch, cursors: Vec<Cursor>) -> Result<Vec<u8>> {
    let start = Start {
        device,
        epoch: Some(epoch),
        cursors,
        acknowledged: 0,
        grants: Vec::new(),
        admissions: Vec::new(),
        fence: None,
        want_own: false,
        strays: false,
        limits: Limits::default(),
    };
    let mut session = Session::new(start);
    loop {
        match session.step() {
            Step::Entries { .. } => session.entries(Packed::default(), false, None)?,
            Step::Send(body) => return Ok(body),
            _ => anyhow::bail!("an idle session has nothing to send"),
        }
    }
}

fn ask(loopback: &Loopback, path: &str, asking: &[(Vec<u8>, Vec<u8>)], requests: usize) -> Result<()> {
    let (runtime, _) = loopback.address()?;
    let relays = (0..AT_ONCE).map(|_| Ok(Arc::new(loopback.address()?.1))).collect::<Result<Vec<_>>>()?;
    let asking = Arc::new(asking.to_vec());
    runtime.block_on(async {
        let mut running = Vec::new();
        for (n, relay) in relays.into_iter().enumerate() {
            let (asking, path) = (asking.clone(), path.to_owned());
            running.push(tokio::spawn(async move {
                for request in (n..requests).step_by(AT_ONCE) {
                    let (token, body) = &asking[request % asking.len()];
                    relay.exchange(&path, Some(token), body.clone()).await?;
                }
                Ok::<(), guicang_client::link::LinkError>(())
            }));
        }
        for task in running {
            task.await??;
        }
        Ok(())
    })
}

fn bearer(token: &[u8]) -> String {
    let hex: String = token.iter().map(|b| format!("{b:02x}")).collect();
    format!("Bearer {hex}")
}

async fn only_a_token(
    State(tokens): State<Arc<HashSet<String>>>,
    headers: HeaderMap,
) -> (StatusCode, [(HeaderName, &'static str); 1], Vec<u8>) {
    let known = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let status = match known.is_some_and(|token| tokens.contains(token)) {
        true => StatusCode::OK,
        false => StatusCode::UNAUTHORIZED,
    };
    (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], Vec::new())
}
