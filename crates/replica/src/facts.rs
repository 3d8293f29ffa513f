//! Facts in the file: documents' changes, and what proves who wrote them and when.

use std::collections::HashMap;

use guicang_documents::{NewChange, Reading, Replayed};
use guicang_domain::document::Document;
use guicang_domain::event::Proof;
use guicang_domain::ids::{ChangeHash, DeviceId, DocumentId, SiteId};
use guicang_domain::time::Moment;
use guicang_sync::grant::{GrantBook, Role};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;
use crate::store::Work;

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeStatus {
    /// Part of its document.
    Stands = 0,
    /// The relay refused it.
    Refused = 1,
    /// The relay set it apart: its device lacked a right.
    SetApartByRelay = 2,
    /// A check here set it apart.
    SetApartHere = 3,
}

/// A document's row.
#[derive(Debug, Clone)]
pub(crate) struct DocumentRow {
    pub(crate) id: i64,
    pub(crate) identity: DocumentId,
    pub(crate) sites: Vec<SiteId>,
    pub(crate) state: String,
    pub(crate) number: String,
}

/// Sites as a document's row keeps them: one a line.
pub(crate) fn join_sites(sites: &[SiteId]) -> String {
    sites.iter().map(SiteId::as_str).collect::<Vec<_>>().join("\n")
}

/// The sites of a row's text.
pub(crate) fn split_sites(text: &str) -> Result<Vec<SiteId>, StoreError> {
    text.lines().map(|s| s.parse().map_err(|e| StoreError::damaged("a document's sites", e))).collect()
}

/// The changes that stand in a document, oldest first, with what proves them.
pub(crate) struct Standing {
    pub(crate) changes: Vec<Vec<u8>>,
    pub(crate) proofs: HashMap<ChangeHash, Proof>,
}

impl Standing {
    /// Replays them and reads the document.
    pub(crate) fn read(&self, identity: DocumentId) -> Result<(Replayed, Reading), StoreError> {
        let bytes: Vec<&[u8]> = self.changes.iter().map(Vec::as_slice).collect();
        let replayed = Replayed::new(&bytes).map_err(|e| StoreError::damaged("a document's changes", e))?;
        let reading = replayed
            .read(identity, &|hash| self.proofs.get(hash).cloned())
            .map_err(|e| StoreError::damaged("a document", e))?;
        Ok((replayed, reading))
    }
}

/// Who wrote a change, from its entry: the entry's device, whether it is HQ's, the earliest stamp.
pub(crate) fn proof(book: &GrantBook, device: DeviceId, stamped: Option<i64>) -> Proof {
    let hq = book.device(device).is_some_and(|d| d.grant.role == Role::Hq);
    Proof { device, hq, stamped: stamped.map(Moment) }
}

pub(crate) fn find_document(
    db: &Connection,
    org: i64,
    identity: DocumentId,
) -> Result<Option<DocumentRow>, StoreError> {
    let row = db
        .prepare_cached(
            "SELECT id, identity, sites, state, number FROM document WHERE org = ? AND identity = ?",
        )
        .and_then(|mut s| s.query_row(params![org, identity.to_bytes()], document_row).optional())
        .map_err(StoreError::of)?;
    row.map(DocumentRow::try_from).transpose()
}

pub(crate) fn document_by_id(db: &Connection, id: i64) -> Result<DocumentRow, StoreError> {
    db.prepare_cached("SELECT id, identity, sites, state, number FROM document WHERE id = ?")
        .and_then(|mut s| s.query_row([id], document_row))
        .map_err(StoreError::of)?
        .try_into()
}

pub(crate) fn documents_numbered(
    db: &Connection,
    org: i64,
    number: &str,
) -> Result<Vec<DocumentRow>, StoreError> {
    let mut statement = db
        .prepare_cached(
            "SELECT id, identity, sites, state, number FROM document WHERE org = ? AND number = ? ORDER BY id",
        )
        .map_err(StoreError::of)?;
    let rows = statement.query_map(params![org, number], document_row).map_err(StoreError::of)?;
    rows.map(|r| r.map_err(StoreError::of)?.try_into()).collect()
}

type RawDocumentRow = (i64, [u8; 32], String, String, String);

fn document_row(r: &rusqlite::Row<'_>) -> rusqlite::Result<RawDocumentRow> {
    Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?))
}

impl TryFrom<RawDocumentRow> for DocumentRow {
    type Error = StoreError;
    fn try_from((id, identity, sites, state, number): RawDocumentRow) -> Result<Self, StoreError> {
        let identity =
            DocumentId::from_slice(&identity).map_err(|e| StoreError::damaged("a document's identity", e))?;
        Ok(Self { id, identity, sites: split_sites(&sites)?, state, number })
    }
}

/// The changes of a document that stand, with their proofs.
pub(crate) fn standing(
    db: &Connection,
    org: i64,
    book: &GrantBook,
    me: DeviceId,
    document: i64,
) -> Result<Standing, StoreError> {
    let mut statement = db
        .prepare_cached(
            "SELECT c.hash, c.bytes, e.device,
                    min(coalesce(c.arrived, e.stamp_time), coalesce(e.stamp_time, c.arrived))
             FROM change c LEFT JOIN entry e ON e.id = c.entry
             WHERE c.org = ? AND c.document = ? AND c.status = 0 ORDER BY c.id",
        )
        .map_err(StoreError::of)?;
    let rows = statement
        .query_map([org, document], |r| {
            Ok((
                r.get::<_, [u8; 32]>(0)?,
                r.get::<_, Option<Vec<u8>>>(1)?,
                r.get::<_, Option<[u8; 16]>>(2)?,
                r.get::<_, Option<i64>>(3)?,
            ))
        })
        .map_err(StoreError::of)?;
    let mut standing = Standing { changes: Vec::new(), proofs: HashMap::new() };
    for row in rows {
        let (hash, bytes, device, stamped) = row.map_err(StoreError::of)?;
        let Some(bytes) = bytes else { return Err(let_go(db, document)?) };
        // What isn't sealed yet is ours.
        let device = device.map_or(me, DeviceId);
        standing.proofs.insert(ChangeHash(hash), proof(book, device, stamped));
        standing.changes.push(bytes);
    }
    Ok(standing)
}

/// Names all documents among these whose changes were let go, so that they are fetched at once and not one by one.
pub(crate) fn all_whole(db: &Connection, org: i64, documents: &[i64]) -> Result<(), StoreError> {
    let mut statement =
        db.prepare_cached("SELECT let_go FROM document WHERE org = ? AND id = ?").map_err(StoreError::of)?;
    let (mut lacking, mut number) = (Vec::new(), String::new());
    for id in documents {
        if statement.query_row([org, *id], |r| r.get(0)).map_err(StoreError::of)? {
            let row = document_by_id(db, *id)?;
            number = if lacking.is_empty() { row.number } else { number };
            lacking.push(row.identity);
        }
    }
    if lacking.is_empty() { Ok(()) } else { Err(StoreError::LetGo { documents: lacking, number }) }
}

/// That a document's changes were let go, and are needed.
pub(crate) fn let_go(db: &Connection, document: i64) -> Result<StoreError, StoreError> {
    let row = document_by_id(db, document)?;
    Ok(StoreError::LetGo { documents: vec![row.identity], number: row.number })
}

impl Work<'_> {
    /// Makes a document: its first change, its row, its projection.
    ///
    /// `sites` is what the envelope names: who gets the document.
    pub(crate) fn create(&mut self, document: Document, sites: &[SiteId]) -> Result<i64, StoreError> {
        let change = guicang_documents::create(&document, self.writer, self.now);
        let identity = document.head().id;
        // The row says the set in one order, as it does where the change comes from another device.
        let mut all = sites.to_vec();
        all.sort();
        self.tx
            .prepare_cached("INSERT INTO document (org, identity, sites) VALUES (?,?,?)")
            .and_then(|mut s| s.execute(params![self.org, identity.to_bytes(), join_sites(&all)]))
            .map_err(StoreError::of)?;
        let id = self.tx.last_insert_rowid();
        self.insert_own_change(id, &change, sites, 0)?;
        self.project(id, &document)?;
        Ok(id)
    }

    /// Adds a change of this device's to a document's facts; it waits to be sealed.
    pub(crate) fn insert_own_change(
        &mut self,
        document: i64,
        change: &NewChange,
        sites_added: &[SiteId],
        reissues: i64,
    ) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "INSERT INTO change (org, document, hash, bytes, sites_added, reissues) VALUES (?,?,?,?,?,?)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    document,
                    change.header.hash.0,
                    change.bytes,
                    join_sites(sites_added),
                    reissues
                ])
            })
            .map_err(StoreError::of)?;
        Ok(())
    }

    /// Replays and reads a document as it stands.
    pub(crate) fn load(&self, row: &DocumentRow) -> Result<(Replayed, Reading), StoreError> {
        let standing = standing(&self.tx, self.org, self.book, self.me.device, row.id)?;
        let (replayed, mut reading) = standing.read(row.identity)?;
        crate::proof::believe(self.book, &mut reading);
        Ok((replayed, reading))
    }

    /// Drops a document's projection and makes it anew from the changes that stand.
    pub(crate) fn reproject(&mut self, document: i64) -> Result<(), StoreError> {
        let row = document_by_id(&self.tx, document)?;
        let standing = standing(&self.tx, self.org, self.book, self.me.device, document)?;
        self.unproject(document)?;
        if standing.changes.is_empty() {
            self.tx
                .execute("UPDATE document SET state = 'unreadable', kind = '' WHERE id = ?", [document])
                .map_err(StoreError::of)?;
            return Ok(());
        }
        let (_, reading) = standing.read(row.identity)?;
        self.project_reading(document, &reading)
    }
}
