//! Decoding and checking what came, before any transaction: in parallel where there are cores.
//!
//! A document that isn't held, all of whose changes so far came at once, is checked and read here: each
//! change is applied once and the document read once, whatever it went through. Everything else waits for
//! its document.

use std::collections::HashMap;

use guicang_documents::{Envelope, Reading, Replayed, Violation};
use guicang_domain::event::Proof;
use guicang_domain::ids::{ChangeHash, DeviceCode, DocumentId};
use guicang_sync::grant::Role;
use guicang_sync::rule::Rule;

/// A document that isn't held, with all of its changes that came.
pub(super) struct Fresh<'a> {
    pub(super) document: DocumentId,
    pub(super) changes: Vec<FreshChange<'a>>,
}

/// A change of such a document, and what its entry proves.
pub(super) struct FreshChange<'a> {
    pub(super) hash: ChangeHash,
    pub(super) bytes: &'a [u8],
    pub(super) code: DeviceCode,
    pub(super) proof: Proof,
    pub(super) role: &'a Role,
}

/// What came of a document that came whole.
#[derive(Debug)]
pub(super) struct Prepared {
    /// How it reads; `None` where nothing of it stands.
    pub(super) reading: Option<Box<Reading>>,
    /// Its changes that are set apart, by their places among those that came, with rule and detail.
    pub(super) apart: Vec<(usize, String, String)>,
}

/// The rule and the detail of a violation.
pub(super) fn rule_of(violation: &Violation) -> (String, String) {
    (violation.code().to_owned(), violation.to_string())
}

/// What its entry proves of a change.
pub(super) fn envelope(
    document: DocumentId,
    code: &DeviceCode,
    proof: &Proof,
    role: Option<&Role>,
) -> Envelope {
    let author_site = match role {
        Some(Role::Site(site)) => Some(site.clone()),
        _ => None,
    };
    let creator = document.creator == proof.device;
    Envelope { author_code: code.clone(), author_is_hq: proof.hq, author_site, creator }
}

/// Checks a document's changes one after another, and reads it once. `None` where it is to be folded in
/// its transaction: what is rare is decided at one place.
fn prepare_one(fresh: &Fresh<'_>) -> Option<Prepared> {
    let mut replayed = Replayed::empty();
    let mut apart = Vec::new();
    let mut first = None;
    for (place, change) in fresh.changes.iter().enumerate() {
        let envelope = envelope(fresh.document, &change.code, &change.proof, Some(change.role));
        match replayed.check(change.bytes, &envelope) {
            Ok(_) => replayed.apply(change.bytes).ok()?,
            Err(violation) => {
                let (rule, detail) = rule_of(&violation);
                apart.push((place, rule, detail));
                continue;
            }
        }
        first = first.or(Some(change));
    }
    let Some(first) = first else { return Some(Prepared { reading: None, apart }) };
    let proofs: HashMap<ChangeHash, &Proof> = fresh.changes.iter().map(|c| (c.hash, &c.proof)).collect();
    let prove = |hash: &ChangeHash| proofs.get(hash).map(|proof| (*proof).clone());
    let reading = replayed.read(fresh.document, &prove).ok()?;
    at_own_site(first.role, &reading).ok()?;
    Some(Prepared { reading: Some(Box::new(reading)), apart })
}

/// Whether a new document says that it is its author's site's. The envelope alone doesn't tell: by its
/// content a document moves a site's stock and money.
pub(super) fn at_own_site(author: &Role, reading: &Reading) -> Result<(), (String, String)> {
    match (author, &reading.head.site) {
        (Role::Site(own), Some(site)) if site != own => {
            let detail = format!("a device of {own} begins a document of {site}");
            Err((Rule::ForeignSite.to_string(), detail))
        }
        _ => Ok(()),
    }
}

/// Checks and reads each, in order.
pub(super) fn prepare(fresh: &[Fresh<'_>]) -> Vec<Option<Prepared>> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let changes: usize = fresh.iter().map(|f| f.changes.len()).sum();
    if changes < 64 || workers == 1 {
        return fresh.iter().map(prepare_one).collect();
    }
    let share = fresh.len().div_ceil(workers);
    std::thread::scope(|scope| {
        let running: Vec<_> = fresh
            .chunks(share)
            .map(|part| scope.spawn(|| part.iter().map(prepare_one).collect::<Vec<_>>()))
            .collect();
        running.into_iter().flat_map(|w| w.join().expect("a worker isolates panics")).collect()
    })
}
