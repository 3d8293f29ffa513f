//! `automerge-sync`: the returns of push, pushed and fetched one document at a time by Automerge's own sync
//! protocol over the same HTTP, so that a reader sees what a protocol for many documents buys.
//!
//! What surprises: it is flattered. Nothing is signed, checked, stored or projected at either end; documents
//! stay in memory, and one client does one request after another, as one session of ours does. The fetching
//! client knows beforehand which documents there are, which the protocol doesn't tell.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use automerge::Automerge;
use automerge::sync::{Message, State as SyncState, SyncDoc};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::routing::post;
use guicang_client::link::Relay as Address;
use guicang_sync::codec::MEDIA_TYPE;

use crate::bench_push::push;
use crate::chain::Chain;
use crate::figure::Figure;
use crate::loopback::Loopback;
use crate::supply::Supply;
use crate::timing::timed;

/// A document at the server, and what it knows of the writer and of the reader.
type Held = (Automerge, [SyncState; 2]);
type Shelf = Arc<Vec<Mutex<Held>>>;

/// Measures it.
///
/// # Errors
/// When an end doesn't end with every document.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let mut chain = Chain::found(supply.seed)?;
    let mut branches = supply.unsent(&mut chain)?;
    let mut documents = Vec::new();
    for branch in &mut branches {
        let after = branch.session_start(Default::default())?.acknowledged;
        for wire in branch.wire_entries(after, usize::MAX)?.0 {
            for bytes in wire.changes.into_iter().filter_map(|c| c.bytes) {
                documents.push(Automerge::load(&bytes)?);
            }
        }
    }
    let count = documents.len();
    let ours = push(&chain, &mut branches, count)?;
    let our_bytes: u64 = ours.sessions.iter().map(|s| s.bytes_sent + s.bytes_received).sum();

    let shelf: Shelf = Arc::new((0..count).map(|_| Mutex::default()).collect());
    let app = Router::new().route("/automerge/{side}/{place}", post(exchange)).with_state(shelf.clone());
    let server = Loopback::of(app)?;
    let (pushed, sent) = timed(|| each(&server, 0, &mut documents));
    let (sent_bytes, sent_requests) = sent?;
    let mut empty: Vec<Automerge> = (0..count).map(|_| Automerge::new()).collect();
    let (fetched, received) = timed(|| each(&server, 1, &mut empty));
    let (fetched_bytes, _) = received?;
    let same = documents.iter().zip(&empty).all(|(a, b)| a.get_heads() == b.get_heads());
    ensure!(same, "the reader doesn't hold what the writer has");

    let per_document = |n: u64| n as f64 / count as f64;
    let rate = |wall: f64| count as f64 / wall;
    let name = |what: &str| supply.label(&format!("automerge-sync, {count} documents: {what}"));
    Ok(vec![
        Figure::rate(name("pushed; limit: our push"), rate(pushed.wall), "documents/s", rate(ours.took.wall)),
        Figure::cost(
            name("bytes each, pushed; limit: our push"),
            per_document(sent_bytes),
            "B",
            per_document(our_bytes),
        ),
        Figure::told(name("round trips each, pushed"), per_document(sent_requests), "requests"),
        Figure::told(name("fetched"), rate(fetched.wall), "documents/s"),
        Figure::told(name("bytes each, fetched"), per_document(fetched_bytes), "B"),
    ])
}

/// Brings each document to the same state at both ends; bytes of the bodies both ways, and requests.
fn each(server: &Loopback, side: usize, documents: &mut [Automerge]) -> Result<(u64, u64)> {
    let (runtime, address) = server.address()?;
    runtime.block_on(async {
        let (mut bytes, mut requests) = (0, 0);
        for (place, document) in documents.iter_mut().enumerate() {
            let path = format!("/automerge/{side}/{place}");
            let (b, r) = one(&address, &path, document).await?;
            bytes += b;
            requests += r;
        }
        Ok((bytes, requests))
    })
}

async fn one(address: &Address, path: &str, document: &mut Automerge) -> Result<(u64, u64)> {
    let mut state = SyncState::new();
    let (mut bytes, mut requests) = (0, 0);
    while let Some(message) = document.generate_sync_message(&mut state) {
        let body = message.encode();
        bytes += body.len() as u64;
        requests += 1;
        let answer = address.exchange(path, None, body).await?;
        bytes += answer.len() as u64;
        if !answer.is_empty() {
            let answer = Message::decode(&answer).ok().context("no message of Automerge's")?;
            document.receive_sync_message(&mut state, answer)?;
        }
    }
    Ok((bytes, requests))
}

async fn exchange(
    State(shelf): State<Shelf>,
    Path((side, place)): Path<(usize, usize)>,
    body: Bytes,
) -> (StatusCode, [(HeaderName, &'static str); 1], Vec<u8>) {
    let answer = || -> Option<Vec<u8>> {
        let mut held = shelf.get(place)?.lock().unwrap_or_else(PoisonError::into_inner);
        let (document, states) = &mut *held;
        let state = states.get_mut(side)?;
        document.receive_sync_message(state, Message::decode(&body).ok()?).ok()?;
        Some(document.generate_sync_message(state).map(Message::encode).unwrap_or_default())
    };
    match answer() {
        Some(body) => (StatusCode::OK, [(header::CONTENT_TYPE, MEDIA_TYPE)], body),
        None => (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "text/plain")], Vec::new()),
    }
}
