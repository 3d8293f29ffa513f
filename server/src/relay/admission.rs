//! Admissions at the relay: what was set apart goes into the feeds that it belongs to, once.
//!
//! What surprises: the log isn't appended to. HQ has the changes since they came; what it lacks is the
//! admission, which stands in the log and in `org` as a grant does. An admission may be here before its
//! changes (a relay that is filled again): then they are taken as any others are when they come.

use std::collections::{BTreeSet, HashSet};

use guicang_domain::ids::{ChangeHash, DeviceId, DocumentId, SiteId};
use guicang_sync::admission::SignedAdmission;
use guicang_sync::feed::Feed;
use guicang_sync::grant::{GrantBook, Role};
use guicang_sync::rule::Rule;
use rusqlite::{Connection, OptionalExtension, params};

use super::store::{self, FeedWriter, Item};
use super::{RelayError, arrival};

/// Keeps admissions that are new and in order, and lets what they name go into the feeds. One that isn't
/// in order has no effect, and stands in nobody's way. Says how many were new.
///
/// # Errors
/// [`RelayError`] of the file.
pub fn take(
    tx: &Connection,
    organisation: i64,
    feeds: &mut FeedWriter<'_>,
    book: &GrantBook,
    admissions: &[SignedAdmission],
) -> Result<usize, RelayError> {
    let mut added = 0;
    for signed in admissions {
        let Ok(admission) = signed.check(book) else { continue };
        let hash = signed.hash();
        let sql =
            "INSERT INTO admission (organisation, hash, signed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
        if tx.prepare_cached(sql)?.execute(params![organisation, hash, store::cbor(signed)])? == 0 {
            continue;
        }
        let id = tx.last_insert_rowid();
        let document = admission.document;
        for change in &admission.changes {
            let sql = "INSERT INTO admitted (organisation, creator, uuid, hash) VALUES (?, ?, ?, ?)
                       ON CONFLICT DO NOTHING";
            tx.prepare_cached(sql)?.execute(params![
                organisation,
                document.creator.0,
                document.uuid.as_bytes(),
                change.0
            ])?;
        }
        // Before its changes: no reader of `org` meets them without it for longer than an answer.
        feeds.append(&Feed::Log, Item::Admission(id), &hash)?;
        feeds.append(&Feed::Org, Item::Admission(id), &hash)?;
        release(tx, organisation, feeds, book, &document)?;
        added += 1;
    }
    Ok(added)
}

/// A change of a document, as releasing it needs it.
struct Held {
    id: i64,
    hash: ChangeHash,
    apart: Option<Rule>,
    sites_added: Vec<SiteId>,
    device: DeviceId,
    /// Only of one that is set apart.
    raw: Option<Vec<u8>>,
}

/// Takes into the feeds what of a document needn't be apart any more: what was admitted, and what was
/// apart only for what it builds on. In order of acceptance, in which nothing comes before what it
/// builds on.
fn release(
    tx: &Connection,
    organisation: i64,
    feeds: &mut FeedWriter<'_>,
    book: &GrantBook,
    document: &DocumentId,
) -> Result<(), RelayError> {
    let Some((row, known)) = store::known_document(tx, organisation, document)? else { return Ok(()) };
    let held = held(tx, organisation, row)?;
    let mut accepted: HashSet<ChangeHash> =
        held.iter().filter(|c| c.apart.is_none()).map(|c| c.hash).collect();
    let mut in_feeds: Vec<(i64, ChangeHash)> =
        held.iter().filter(|c| c.apart.is_none()).map(|c| (c.id, c.hash)).collect();
    let mut sites = known.sites;
    let mut apart = BTreeSet::new();
    let mut released = false;
    for change in &held {
        let (Some(rule), Some(raw)) = (&change.apart, &change.raw) else { continue };
        let free =
            *rule == Rule::DependsOnApart || store::is_admitted(tx, organisation, document, &change.hash)?;
        let header = guicang_documents::header(raw)
            .map_err(|e| RelayError::Damaged { detail: format!("change {}: {e}", change.hash) })?;
        let stands = header.deps.iter().all(|dep| accepted.contains(dep));
        let new: BTreeSet<SiteId> =
            change.sites_added.iter().filter(|s| !sites.contains(s)).cloned().collect();
        let concerned = match book.device(change.device).map(|d| &d.grant.role) {
            Some(Role::Hq) => true,
            Some(Role::Site(own)) => sites.contains(own) || new.contains(own),
            Some(Role::Relay) | None => false,
        };
        if !(free && stands && concerned) {
            apart.extend(change.sites_added.iter().cloned());
            continue;
        }
        released = true;
        tx.prepare_cached("UPDATE change SET apart = NULL WHERE id = ?")?.execute([change.id])?;
        for site in &new {
            let feed = Feed::Site(site.clone());
            for (id, hash) in &in_feeds {
                feeds.append(&feed, Item::Change(*id), &hash.0)?;
                arrival::follow(tx, organisation, feeds, &feed, *id)?;
            }
        }
        sites.extend(new);
        if sites.is_empty() {
            feeds.append(&Feed::Org, Item::Change(change.id), &change.hash.0)?;
            arrival::follow(tx, organisation, feeds, &Feed::Org, change.id)?;
        }
        for site in &sites {
            let feed = Feed::Site(site.clone());
            feeds.append(&feed, Item::Change(change.id), &change.hash.0)?;
            arrival::follow(tx, organisation, feeds, &feed, change.id)?;
        }
        accepted.insert(change.hash);
        in_feeds.push((change.id, change.hash));
    }
    if released {
        store::set_sites(tx, row, &sites, false)?;
        store::set_sites(tx, row, &apart, true)?;
    }
    Ok(())
}

fn held(tx: &Connection, organisation: i64, document: i64) -> Result<Vec<Held>, RelayError> {
    let sql = "SELECT c.id, c.hash, c.apart, c.sites_added, e.device,
                      CASE WHEN c.apart IS NULL THEN NULL ELSE c.raw END
               FROM change c JOIN entry e ON e.id = c.entry
               WHERE c.organisation = ? AND c.document = ? ORDER BY c.id";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query(params![organisation, document])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let apart: Option<String> = row.get(2)?;
        let damaged = |e: &dyn std::fmt::Display| RelayError::Damaged { detail: e.to_string() };
        out.push(Held {
            id: row.get(0)?,
            hash: ChangeHash(row.get(1)?),
            apart: apart.map(|rule| rule.parse()).transpose().map_err(|e| damaged(&e))?,
            sites_added: match row.get::<_, Option<Vec<u8>>>(3)? {
                Some(sites) => minicbor::decode(&sites)?,
                None => Vec::new(),
            },
            device: DeviceId(row.get(4)?),
            raw: row.get(5)?,
        });
    }
    Ok(out)
}

/// A change that the relay holds set apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apart {
    /// The change.
    pub change: ChangeHash,
    /// By which rule.
    pub rule: Rule,
}

/// The rule by which a change is set apart here; `None` where it is in the feeds, or not held.
///
/// # Errors
/// [`RelayError`] of the file.
pub fn apart(
    connection: &Connection,
    organisation: i64,
    document: &DocumentId,
    change: &ChangeHash,
) -> Result<Option<Apart>, RelayError> {
    let sql = "SELECT c.apart FROM document d JOIN change c
                   ON c.organisation = d.organisation AND c.document = d.id
               WHERE d.organisation = ? AND d.creator = ? AND d.uuid = ? AND c.hash = ?";
    let key = params![organisation, document.creator.0, document.uuid.as_bytes(), change.0];
    let rule: Option<Option<String>> =
        connection.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()?;
    rule.flatten()
        .map(|rule| {
            let rule = rule.parse().map_err(|e| RelayError::Damaged { detail: format!("{e}") })?;
            Ok(Apart { change: *change, rule })
        })
        .transpose()
}
