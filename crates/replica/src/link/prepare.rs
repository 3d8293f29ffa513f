//! Decoding and checking what came, before any transaction: in parallel where there are cores.
//!
//! A change that makes a document which isn't held is checked and read by itself. Everything else
//! waits for its document.

use guicang_documents::{Envelope, Reading, Replayed, Violation};
use guicang_domain::event::Proof;
use guicang_domain::ids::{ChangeHash, DeviceCode, DocumentId};
use guicang_sync::grant::Role;
use guicang_sync::rule::Rule;

/// A change that makes a new document, to be checked and read.
pub(super) struct Fresh<'a> {
    pub(super) document: DocumentId,
    pub(super) hash: ChangeHash,
    pub(super) bytes: &'a [u8],
    pub(super) code: DeviceCode,
    pub(super) proof: Proof,
    pub(super) role: &'a Role,
}

/// What came of it: how the document reads, or the rule that sets the change apart.
pub(super) type Prepared = Result<Box<Reading>, (String, String)>;

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

fn prepare_one(fresh: &Fresh<'_>) -> Prepared {
    let mut replayed = Replayed::empty();
    replayed
        .check(fresh.bytes, &envelope(fresh.document, &fresh.code, &fresh.proof, Some(fresh.role)))
        .map_err(|v| rule_of(&v))?;
    let unreadable = |e: &dyn std::fmt::Display| ("does_not_apply".to_owned(), e.to_string());
    replayed.apply(fresh.bytes).map_err(|e| unreadable(&e))?;
    let prove = |hash: &ChangeHash| (*hash == fresh.hash).then(|| fresh.proof.clone());
    let reading = replayed.read(fresh.document, &prove).map_err(|e| unreadable(&e))?;
    at_own_site(fresh.role, &reading)?;
    Ok(Box::new(reading))
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
pub(super) fn prepare(fresh: &[Fresh<'_>]) -> Vec<Prepared> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    if fresh.len() < 64 || workers == 1 {
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
