//! Arrivals at the relay: that a change came earlier than the entry says that it is held by here.
//!
//! What surprises: an entry's stamp is never made earlier in silence. Who has read past the entry would keep
//! the later one, and rank by it; so what was learnt late has a position of its own, in the log and in every
//! feed that the change stands in.

use std::collections::BTreeSet;

use guicang_domain::ids::{ChangeHash, SiteId};
use guicang_sync::arrival::Arrival;
use guicang_sync::entry::SealedEntry;
use guicang_sync::feed::Feed;
use guicang_sync::grant::GrantBook;
use guicang_sync::stamp::Stamp;
use guicang_sync::wire::OpenedChange;
use rusqlite::{Connection, OptionalExtension, params};

use super::RelayError;
use super::store::{self, FeedWriter, Item};

/// A change that is held, as its arrival needs it.
struct Held {
    id: i64,
    entry: i64,
    place: u32,
    apart: bool,
    sites: BTreeSet<SiteId>,
    sites_added: Vec<SiteId>,
    /// Of its entry.
    stamped: i64,
    /// The earliest arrival that is known; none: no arrival.
    arrived: Option<i64>,
}

/// The arrival of a change of an entry.
pub fn of(sealed: &SealedEntry, leaves: &[[u8; 32]], change: &OpenedChange, stamp: &Stamp) -> Arrival {
    Arrival {
        sealed: *sealed,
        leaves: leaves.as_flattened().to_vec(),
        index: change.index,
        document: change.document,
        sites_added: change.sites_added.clone(),
        change: change.hash,
        stamp: *stamp,
    }
}

/// Takes arrivals that a relay before this one had, of changes that are held. One that proves nothing has no
/// effect.
///
/// # Errors
/// [`RelayError`] of the file.
pub fn take(
    tx: &Connection,
    organisation: i64,
    feeds: &mut FeedWriter<'_>,
    book: &GrantBook,
    arrivals: &[Arrival],
) -> Result<(), RelayError> {
    for arrival in arrivals {
        if arrival.check(book).is_none() {
            continue;
        }
        let Some((document, _)) = store::known_document(tx, organisation, &arrival.document)? else {
            continue;
        };
        if let Some(held) = held(tx, organisation, document, &arrival.change)? {
            insert(tx, organisation, feeds, &held, arrival)?;
        }
    }
    Ok(())
}

/// Tells all of the earlier of two stamps: of the entry that is `offered`, and of what is known here. Where
/// the device asks (it shows the entry without its changes) also if what is known is the earlier one.
///
/// # Errors
/// [`RelayError`] of the file.
pub fn compare(
    tx: &Connection,
    organisation: i64,
    feeds: &mut FeedWriter<'_>,
    document: i64,
    change: &ChangeHash,
    offered: Option<Arrival>,
    asks: bool,
) -> Result<(), RelayError> {
    let Some(held) = held(tx, organisation, document, change)? else { return Ok(()) };
    let known = held.arrived.map_or(held.stamped, |arrived| arrived.min(held.stamped));
    let theirs = offered.as_ref().map(|arrival| arrival.stamp.time.0);
    match offered {
        Some(arrival) if theirs < Some(known) => insert(tx, organisation, feeds, &held, &arrival),
        // By an arrival all have been told.
        _ if asks && theirs != Some(known) && held.arrived != Some(known) => {
            let entry = store::entry(tx, held.entry)?;
            let document = store::document_identity(tx, document)?;
            let arrival = Arrival {
                sealed: entry.sealed,
                leaves: entry.leaves.as_flattened().to_vec(),
                index: held.place,
                document,
                sites_added: held.sites_added.clone(),
                change: *change,
                stamp: entry.stamp,
            };
            insert(tx, organisation, feeds, &held, &arrival)
        }
        _ => Ok(()),
    }
}

/// Appends the arrivals of a change to a feed that the change has just come to stand in.
///
/// # Errors
/// [`RelayError`] of the file.
pub fn follow(
    tx: &Connection,
    organisation: i64,
    feeds: &mut FeedWriter<'_>,
    feed: &Feed,
    change: i64,
) -> Result<(), RelayError> {
    let sql = "SELECT id, hash FROM arrival WHERE organisation = ? AND change = ? ORDER BY id";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query(params![organisation, change])?;
    while let Some(row) = rows.next()? {
        feeds.append(feed, Item::Arrival(row.get(0)?), &row.get(1)?)?;
    }
    Ok(())
}

fn insert(
    tx: &Connection,
    organisation: i64,
    feeds: &mut FeedWriter<'_>,
    held: &Held,
    arrival: &Arrival,
) -> Result<(), RelayError> {
    let hash = arrival.hash();
    let sql = "INSERT INTO arrival (organisation, hash, change, time, wire) VALUES (?, ?, ?, ?, ?)
               ON CONFLICT DO NOTHING";
    let new = params![organisation, hash, held.id, arrival.stamp.time.0, store::cbor(arrival)];
    if tx.prepare_cached(sql)?.execute(new)? == 0 {
        return Ok(());
    }
    let item = Item::Arrival(tx.last_insert_rowid());
    feeds.append(&Feed::Log, item, &hash)?;
    if held.apart {
        return Ok(());
    }
    if held.sites.is_empty() {
        feeds.append(&Feed::Org, item, &hash)?;
    }
    for site in &held.sites {
        feeds.append(&Feed::Site(site.clone()), item, &hash)?;
    }
    Ok(())
}

fn held(
    tx: &Connection,
    organisation: i64,
    document: i64,
    change: &ChangeHash,
) -> Result<Option<Held>, RelayError> {
    let sql = "SELECT c.id, c.entry, c.place, c.apart IS NOT NULL, d.sites, c.sites_added, e.stamp_time,
                      (SELECT min(time) FROM arrival WHERE organisation = ?1 AND change = c.id)
               FROM change c JOIN entry e ON e.id = c.entry JOIN document d ON d.id = c.document
               WHERE c.organisation = ?1 AND c.document = ?2 AND c.hash = ?3";
    let row = tx.prepare_cached(sql)?.query_row(params![organisation, document, change.0], |row| {
        let sites: (Vec<u8>, Option<Vec<u8>>) = (row.get(4)?, row.get(5)?);
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, sites, row.get(6)?, row.get(7)?))
    });
    let Some((id, entry, place, apart, (sites, added), stamped, arrived)) = row.optional()? else {
        return Ok(None);
    };
    let sites_added = match added {
        Some(sites) => minicbor::decode(&sites)?,
        None => Vec::new(),
    };
    let sites = store::sites_from(&sites)?;
    Ok(Some(Held { id, entry, place, apart, sites, sites_added, stamped, arrived }))
}
