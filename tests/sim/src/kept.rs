//! What commands returned for, by what it says rather than by its bytes: a change that was refused, or whose
//! device became another one, is written again, and stands as that.
//!
//! What surprises: a file may be gone for good, with what nobody else had. What no other file held at that
//! moment may be missing in the end. It need not be (a request that was late may still bring it); and whether
//! goods are in the books goes by whether it is there.

use std::collections::{BTreeMap, BTreeSet};

use guicang_documents::Replayed;
use guicang_domain::ids::{ChangeHash, SiteId};
use rusqlite::{Connection, params};

use crate::world::{HQ, World};
use crate::{Must, Violation, disk};

/// A change of a command.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// Its hash, as it was first written.
    pub(crate) hash: [u8; 32],
    /// Its document's UUID: it stays, whoever writes it again.
    uuid: [u8; 16],
    /// The times of the events that it added: they stay, too.
    events: Vec<i64>,
    /// Whether it began the document.
    first: bool,
}

/// A command that returned.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Whose.
    pub(crate) by: usize,
    /// Its changes.
    pub(crate) said: Vec<Said>,
    /// Where goods moved, and how many units.
    pub(crate) moved: Option<(SiteId, i64)>,
    /// Whether its device's file must hold it: not once that was put back to an older copy.
    pub(crate) in_file: bool,
    /// Whether the last file that held it is gone.
    pub(crate) gone: bool,
}

/// A change in its document, as the file of `db` has it.
pub(crate) fn said(db: &Connection, hash: [u8; 32]) -> Result<Said, Violation> {
    let (document, identity): (i64, Vec<u8>) = db
        .prepare_cached(
            "SELECT d.id, d.identity FROM change c JOIN document d ON d.id = c.document WHERE c.hash = ?",
        )
        .and_then(|mut s| s.query_row(params![hash], |r| Ok((r.get(0)?, r.get(1)?))))
        .must("the auditor reads")?;
    let replayed = standing(db, document, Some(hash))?;
    let additions = replayed.additions(&ChangeHash(hash)).must("a change's additions")?;
    Ok(Said {
        hash,
        uuid: uuid(&identity),
        events: additions.events.iter().map(|event| event.recorded.0).collect(),
        first: additions.first,
    })
}

fn uuid(identity: &[u8]) -> [u8; 16] {
    identity.last_chunk().copied().expect("an identity ends with a UUID")
}

/// A document's changes that stand, and `besides`.
fn standing(db: &Connection, document: i64, besides: Option<[u8; 32]>) -> Result<Replayed, Violation> {
    let sql = "SELECT bytes FROM change WHERE document = ?1 AND bytes IS NOT NULL
               AND (status = 0 OR hash = coalesce(?2, x'')) ORDER BY id";
    let raw: Vec<Vec<u8>> = db
        .prepare_cached(sql)
        .and_then(|mut s| {
            s.query_map(params![document, besides.map(|h| h.to_vec())], |r| r.get(0))?.collect()
        })
        .must("the auditor reads")?;
    let raw: Vec<&[u8]> = raw.iter().map(Vec::as_slice).collect();
    if raw.is_empty() { Ok(Replayed::empty()) } else { Replayed::new(&raw).must("a document's changes") }
}

impl Said {
    /// Whether a replica's file has it: as it was, or written again.
    pub(crate) fn is_in(&self, db: &Connection) -> Result<bool, Violation> {
        let sql = "SELECT EXISTS (SELECT 1 FROM change WHERE hash = ? AND status = 0 AND bytes IS NOT NULL)";
        let as_it_was: bool = db
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row(params![self.hash], |r| r.get(0)))
            .must("the auditor reads")?;
        Ok(as_it_was || self.is_written_again(db)?)
    }

    fn is_written_again(&self, db: &Connection) -> Result<bool, Violation> {
        let sql = "SELECT id FROM document WHERE substr(identity, -16) = ?
                   AND EXISTS (SELECT 1 FROM change WHERE document = document.id AND status = 0)";
        let documents: Vec<i64> = db
            .prepare_cached(sql)
            .and_then(|mut s| s.query_map(params![self.uuid], |r| r.get(0))?.collect())
            .must("the auditor reads")?;
        if self.events.is_empty() {
            return Ok(self.first && !documents.is_empty());
        }
        let mut left: BTreeSet<i64> = self.events.iter().copied().collect();
        for document in documents {
            let replayed = standing(db, document, None)?;
            let hashes: Vec<[u8; 32]> = db
                .prepare_cached("SELECT hash FROM change WHERE document = ? AND status = 0")
                .and_then(|mut s| s.query_map(params![document], |r| r.get(0))?.collect())
                .must("the auditor reads")?;
            for hash in hashes {
                let additions = replayed.additions(&ChangeHash(hash)).must("a change's additions")?;
                for event in additions.events {
                    left.remove(&event.recorded.0);
                }
            }
        }
        Ok(left.is_empty())
    }
}

impl World {
    /// A file was lost: whatever is now in none of those that are left, may be missing in the end.
    pub(crate) fn what_is_gone(&mut self) -> Result<(), Violation> {
        let mut kept = std::mem::take(&mut self.oracle.kept);
        for command in kept.iter_mut().filter(|command| !command.gone) {
            for said in &command.said {
                if !self.is_anywhere(said)? {
                    command.gone = true;
                }
            }
        }
        self.oracle.kept = kept;
        Ok(())
    }

    fn is_anywhere(&mut self, said: &Said) -> Result<bool, Violation> {
        let at_relay: bool = self
            .relay_file()?
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM change WHERE hash = ?)")
            .and_then(|mut s| s.query_row(params![said.hash], |r| r.get(0)))
            .must("the auditor reads the relay")?;
        if at_relay {
            return Ok(true);
        }
        for at in 0..self.devices.len() {
            if said.is_in(self.devices[at].file()?)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Keeps what HQ wrote by itself since its file's row `last`.
    pub(crate) fn keep_hqs_own(&mut self, last: i64) -> Result<(), Violation> {
        let me = self.devices[HQ].id.0;
        let sql = "SELECT c.hash FROM change c LEFT JOIN entry e ON e.id = c.entry
                   WHERE c.id > ? AND coalesce(e.device = ?, 1) AND c.status = 0";
        let new: Vec<[u8; 32]> = self.devices[HQ]
            .file()?
            .prepare_cached(sql)
            .and_then(|mut s| s.query_map(params![last, me], |r| r.get(0))?.collect())
            .must("the auditor reads")?;
        new.into_iter().try_for_each(|hash| self.keep(HQ, vec![hash], None))
    }

    /// What lies on each site's shelves, as far as any file can still say.
    pub(crate) fn shelf(&mut self) -> Result<BTreeMap<SiteId, i64>, Violation> {
        let mut shelf = BTreeMap::new();
        let kept = std::mem::take(&mut self.oracle.kept);
        for command in &kept {
            let Some((site, units)) = &command.moved else { continue };
            let hq = self.devices[HQ].file()?;
            if !command.gone || all_in(&command.said, hq)? {
                *shelf.entry(site.clone()).or_default() += units;
            }
        }
        self.oracle.kept = kept;
        shelf.retain(|_, units| *units != 0);
        Ok(shelf)
    }

    /// Whether HQ's files lost what nobody else had, so that its books can't say it.
    pub(crate) fn books_lack_something(&mut self) -> Result<bool, Violation> {
        let kept = std::mem::take(&mut self.oracle.kept);
        let hq = self.devices[HQ].file()?;
        let mut lack = false;
        for command in kept.iter().filter(|command| command.gone) {
            lack |= !all_in(&command.said, hq)?;
        }
        self.oracle.kept = kept;
        Ok(lack)
    }
}

/// Whether a file has a whole command.
pub(crate) fn all_in(said: &[Said], db: &Connection) -> Result<bool, Violation> {
    for said in said {
        if !said.is_in(db)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A copy of a file, as an image of its machine has it.
#[derive(Clone)]
pub(crate) struct Image {
    pub(crate) main: Vec<u8>,
    pub(crate) wal: Option<Vec<u8>>,
}

impl Image {
    pub(crate) fn of(path: &std::path::Path) -> Self {
        let (main, wal) = disk::image(path);
        Self { main, wal }
    }

    pub(crate) fn put(&self, path: &std::path::Path) {
        disk::restore(path, self.main.clone(), self.wal.clone());
    }
}
