//! What the relay said of this device's entries: acknowledged, stamped, refused, set apart.
//!
//! What surprises: a refused change leaves the document here as well; otherwise this replica would
//! hold what nobody else does while the sums agree. Its events and lines, and those of the changes that
//! built on it, are written again on what was accepted. Once: what is refused a second time is shown
//! as stuck.

use std::collections::{BTreeMap, HashSet};

use guicang_documents::{Replayed, Writer, header};
use guicang_domain::ids::{ChangeHash, DeviceId, EntryHash};
use guicang_sync::feed::Feed;
use guicang_sync::grant::Role;
use guicang_sync::message::{Outcome, OutcomeKind};
use guicang_sync::rule::Rule;
use guicang_sync::session::Received;
use guicang_sync::stamp::Stamp;
use rusqlite::{OptionalExtension, params};

use crate::actor;
use crate::error::StoreError;
use crate::facts::{ChangeStatus, document_by_id, let_go, split_sites};
use crate::store::Work;

/// A change of a document, as a refusal needs it.
pub(super) struct Held {
    pub(super) id: i64,
    pub(super) hash: ChangeHash,
    pub(super) bytes: Vec<u8>,
    deps: Vec<ChangeHash>,
    reissues: i64,
    pub(super) sites_added: String,
}

impl Work<'_> {
    /// Takes in what the relay said, but for the feeds.
    pub(super) fn take_outcomes(&mut self, received: &Received) -> Result<(), StoreError> {
        self.tx
            .prepare_cached("UPDATE organisation SET epoch = ? WHERE org = ?")
            .and_then(|mut s| s.execute(params![received.epoch.0, self.org]))
            .map_err(StoreError::of)?;
        if received.epoch_changed {
            // A relay made anew may hold none of them.
            self.tx
                .execute("UPDATE grant_fact SET logged = 0 WHERE org = ?", [self.org])
                .map_err(StoreError::of)?;
            self.tx
                .execute("UPDATE admission_fact SET logged = 0 WHERE org = ?", [self.org])
                .map_err(StoreError::of)?;
        }
        self.acknowledge(received)?;
        self.take_stamps(received)?;
        let (mut refused, mut apart) = (BTreeMap::new(), BTreeMap::new());
        for outcome in &received.outcomes {
            if let Some(author) = outcome.device.filter(|d| *d != self.me.device) {
                self.stray_refused(author, outcome)?;
                continue;
            }
            self.take_outcome(outcome, &mut refused, &mut apart)?;
        }
        self.note_fork(received.journal)?;
        #[cfg(feature = "planted")]
        if guicang_sync::planted::is(guicang_sync::planted::Bug::RefusedStands) {
            return Ok(());
        }
        for (document, changes) in apart {
            self.set_apart(document, &changes, ChangeStatus::SetApartByRelay)?;
        }
        for (document, changes) in refused {
            self.reissue(document, &changes)?;
        }
        Ok(())
    }

    /// Moves the acknowledged sequence to the relay's head of this journal, when it is the one we have.
    fn acknowledge(&mut self, received: &Received) -> Result<(), StoreError> {
        let Some(head) = received.journal else { return Ok(()) };
        if self.is_mending()? || self.is_adopted(head)? {
            return Ok(());
        }
        let held: bool = self
            .tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM entry WHERE org = ? AND device = ? AND sequence = ? AND hash = ?)",
            )
            .and_then(|mut s| {
                s.query_row(params![self.org, self.me.device.0, head.sequence, head.hash.0], |r| r.get(0))
            })
            .map_err(StoreError::of)?;
        let fault = if held || head.sequence == 0 { None } else { Some("fork") };
        let acknowledged = if fault.is_none() { Some(head.sequence) } else { None };
        self.tx
            .prepare_cached(
                "UPDATE self SET acknowledged = coalesce(?, acknowledged), fault = ? WHERE org = ?",
            )
            .and_then(|mut s| s.execute(params![acknowledged, fault, self.org]))
            .map_err(StoreError::of)?;
        Ok(())
    }

    fn take_stamps(&mut self, received: &Received) -> Result<(), StoreError> {
        let Some(relay) = received.relay else { return Ok(()) };
        #[cfg(feature = "planted")]
        if guicang_sync::planted::is(guicang_sync::planted::Bug::LostStamp) {
            return Ok(());
        }
        for stamp in &received.stamps {
            let entry: Option<(i64, [u8; 32])> = self
                .tx
                .prepare_cached(
                    "SELECT id, hash FROM entry WHERE org = ? AND device = ? AND sequence = ?
                     ORDER BY pulled, id LIMIT 1",
                )
                .and_then(|mut s| {
                    s.query_row(params![self.org, self.me.device.0, stamp.sequence], |r| {
                        Ok((r.get(0)?, r.get(1)?))
                    })
                    .optional()
                })
                .map_err(StoreError::of)?;
            if let Some((id, hash)) = entry {
                self.stamp_entry(id, &stamp.stamp(EntryHash(hash), relay))?;
            }
        }
        Ok(())
    }

    /// Keeps a stamp when it is valid and earlier than the one held, and folds again what it moves: the
    /// rank of an event recorded after it, and an intent to pay out that waited for it.
    pub(super) fn stamp_entry(&mut self, entry: i64, stamp: &Stamp) -> Result<(), StoreError> {
        if !stamp.counts(self.book) {
            return Ok(());
        }
        let changed = self
            .tx
            .prepare_cached(
                "UPDATE entry SET stamp_time = ?2, stamp_relay = ?3, stamp = ?4
                 WHERE id = ?1 AND (stamp_time IS NULL OR ?2 < stamp_time)",
            )
            .and_then(|mut s| s.execute(params![entry, stamp.time.0, stamp.relay.0, stamp.signature.0]))
            .map_err(StoreError::of)?;
        self.tx
            .prepare_cached("UPDATE organisation SET proven = max(proven, ?) WHERE org = ?")
            .and_then(|mut s| s.execute(params![stamp.time.0, self.org]))
            .map_err(StoreError::of)?;
        self.proven = self.proven.max(stamp.time);
        if changed == 0 {
            return Ok(());
        }
        let moved: Vec<i64> = {
            let mut statement = self
                .tx
                .prepare_cached(
                    "SELECT DISTINCT d.id FROM change c JOIN document d ON d.id = c.document
                     WHERE c.org = ?1 AND c.entry = ?2 AND c.status = 0 AND (d.intent OR d.recorded > ?3 << 16)",
                )
                .map_err(StoreError::of)?;
            let rows = statement
                .query_map(params![self.org, entry, stamp.time.0], |r| r.get(0))
                .map_err(StoreError::of)?;
            rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
        };
        for document in moved {
            self.reproject(document)?;
        }
        self.judge_entry_again(entry)
    }

    fn take_outcome(
        &mut self,
        outcome: &Outcome,
        refused: &mut BTreeMap<i64, Vec<i64>>,
        apart: &mut BTreeMap<i64, Vec<i64>>,
    ) -> Result<(), StoreError> {
        let Some(index) = outcome.change else {
            // The relay lost what was before: that comes first, and this again.
            if outcome.rule == Rule::SequenceGap {
                return Ok(());
            }
            // The whole entry: nothing of it is lost, and nothing after it goes through either.
            self.tx
                .execute(
                    "UPDATE self SET fault = ? WHERE org = ?",
                    params![outcome.rule.to_string(), self.org],
                )
                .map_err(StoreError::of)?;
            return Ok(());
        };
        let change: Option<(i64, i64, i64)> = self
            .tx
            .prepare_cached(
                "SELECT c.id, c.document, c.status FROM entry e JOIN change c ON c.org = e.org AND c.entry = e.id
                 WHERE e.org = ? AND e.device = ? AND e.sequence = ? AND c.leaf = ? ORDER BY e.pulled, e.id LIMIT 1",
            )
            .and_then(|mut s| {
                s.query_row(params![self.org, self.me.device.0, outcome.sequence, index], |r| {
                    Ok((r.get(0)?, r.get(1)?, r.get(2)?))
                })
                .optional()
            })
            .map_err(StoreError::of)?;
        let Some((id, document, 0)) = change else { return Ok(()) };
        if outcome.rule == Rule::MissingDependency && self.builds_on_what_stands(id)? {
            let feed = match &self.me.role {
                Role::Site(site) => Feed::Site(site.clone()),
                Role::Hq | Role::Relay => Feed::Log,
            };
            return self.add_strays(&feed, &[id]);
        }
        let status = match outcome.kind {
            OutcomeKind::Refused => ChangeStatus::Refused,
            OutcomeKind::SetApart => ChangeStatus::SetApartByRelay,
        };
        self.set_aside(id, status, &outcome.rule.to_string(), &outcome.detail)?;
        let kept = if outcome.kind == OutcomeKind::Refused { refused } else { apart };
        kept.entry(document).or_default().push(id);
        Ok(())
    }

    /// Whether all that a change builds on stands here, and it is the relay that lacks some of it.
    fn builds_on_what_stands(&self, change: i64) -> Result<bool, StoreError> {
        let bytes: Option<Vec<u8>> = self
            .tx
            .prepare_cached("SELECT bytes FROM change WHERE +org = ? AND id = ?")
            .and_then(|mut s| s.query_row([self.org, change], |r| r.get(0)))
            .map_err(StoreError::of)?;
        let Some(bytes) = bytes else { return Ok(false) };
        let head = header(&bytes).map_err(|e| StoreError::damaged("a change", e))?;
        for dep in head.deps {
            let status: Option<i64> = self
                .tx
                .prepare_cached("SELECT status FROM change WHERE org = ? AND hash = ?")
                .and_then(|mut s| s.query_row(params![self.org, dep.0], |r| r.get(0)).optional())
                .map_err(StoreError::of)?;
            if status != Some(ChangeStatus::Stands as i64) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Others' changes that the relay refused for good aren't offered again.
    fn stray_refused(&mut self, author: DeviceId, outcome: &Outcome) -> Result<(), StoreError> {
        // These are a matter of what others still bring.
        let waits = matches!(
            outcome.rule,
            Rule::MissingDependency | Rule::SequenceGap | Rule::UnknownDevice | Rule::DependsOnRefused
        );
        if outcome.kind != OutcomeKind::Refused || waits {
            return Ok(());
        }
        self.tx
            .prepare_cached(
                "UPDATE stray SET rule = ?5 WHERE org = ?1 AND item IN (
                     SELECT c.id FROM entry e JOIN change c ON c.org = e.org AND c.entry = e.id
                     WHERE e.org = ?1 AND e.device = ?2 AND e.sequence = ?3 AND (?4 IS NULL OR c.leaf = ?4))",
            )
            .and_then(|mut s| {
                let rule = outcome.rule.to_string();
                s.execute(params![self.org, author.0, outcome.sequence, outcome.change, rule])
            })
            .map(drop)
            .map_err(StoreError::of)
    }

    pub(super) fn set_aside(
        &mut self,
        change: i64,
        status: ChangeStatus,
        rule: &str,
        detail: &str,
    ) -> Result<(), StoreError> {
        self.tx
            .prepare_cached("UPDATE change SET status = ?, rule = ?, detail = ? WHERE id = ?")
            .and_then(|mut s| s.execute(params![status as i64, rule, detail, change]))
            .map_err(StoreError::of)?;
        // By the relay's own word it doesn't lack this one.
        if let ChangeStatus::Refused | ChangeStatus::SetApartByRelay = status {
            self.tx
                .prepare_cached("DELETE FROM stray WHERE org = ? AND item = ?")
                .and_then(|mut s| s.execute([self.org, change]))
                .map_err(StoreError::of)?;
        }
        Ok(())
    }

    /// Writes again what refused changes, and those that built on them, had added.
    fn reissue(&mut self, document: i64, refused: &[i64]) -> Result<(), StoreError> {
        let row = document_by_id(&self.tx, document)?;
        let held = self.held_changes(document, refused)?;
        let gone = with_dependants(&held, refused);
        for change in held.iter().filter(|c| gone.contains(&c.hash) && !refused.contains(&c.id)) {
            self.set_aside(change.id, ChangeStatus::Refused, "depends_on_refused", "")?;
        }
        let again: Vec<&Held> = held.iter().filter(|c| gone.contains(&c.hash) && c.reissues == 0).collect();
        if !again.is_empty() {
            let all: Vec<&[u8]> = held.iter().map(|c| c.bytes.as_slice()).collect();
            let stands: Vec<&[u8]> =
                held.iter().filter(|c| !gone.contains(&c.hash)).map(|c| c.bytes.as_slice()).collect();
            let hashes: Vec<ChangeHash> = again.iter().map(|c| c.hash).collect();
            let damaged = |e: &dyn std::fmt::Display| StoreError::damaged("a document's changes", e);
            let from = Replayed::new(&all).map_err(|e| damaged(&e))?;
            let mut onto = if stands.is_empty() {
                Replayed::empty()
            } else {
                Replayed::new(&stands).map_err(|e| damaged(&e))?
            };
            // What can't be written again stays refused, and is shown.
            let writer = Writer { actor: actor::draw(self.ambient, self.me.device), device: self.me.device };
            if let Ok(Some(change)) = onto.reissue(&writer, self.now, &from, &hashes) {
                let mut sites = Vec::new();
                for change in &again {
                    for site in split_sites(&change.sites_added)? {
                        if !sites.contains(&site) {
                            sites.push(site);
                        }
                    }
                }
                self.insert_own_change(document, &change, &sites, 1)?;
                for change in &again {
                    self.tx
                        .prepare_cached("UPDATE change SET reissued = 1 WHERE id = ?")
                        .and_then(|mut s| s.execute([change.id]))
                        .map_err(StoreError::of)?;
                }
            }
        }
        self.reproject(row.id)
    }

    /// Lets what was made on top of changes that were set apart go with them, and folds what is left.
    pub(super) fn set_apart(
        &mut self,
        document: i64,
        apart: &[i64],
        status: ChangeStatus,
    ) -> Result<(), StoreError> {
        let held = self.held_changes(document, apart)?;
        let gone = with_dependants(&held, apart);
        for change in held.iter().filter(|c| gone.contains(&c.hash) && !apart.contains(&c.id)) {
            self.set_aside(change.id, status, "depends_on_apart", "")?;
        }
        self.reproject(document)
    }

    /// A document's changes that stand, and those just refused.
    pub(super) fn held_changes(&self, document: i64, refused: &[i64]) -> Result<Vec<Held>, StoreError> {
        let mut statement = self
            .tx
            .prepare_cached(
                "SELECT id, hash, bytes, reissues, sites_added, status FROM change WHERE org = ? AND document = ? ORDER BY id",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query([self.org, document]).map_err(StoreError::of)?;
        let mut out = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                Ok((
                    r.get::<_, i64>(0)?,
                    r.get::<_, [u8; 32]>(1)?,
                    r.get::<_, Option<Vec<u8>>>(2)?,
                    (r.get::<_, i64>(3)?, r.get::<_, String>(4)?, r.get::<_, i64>(5)?),
                ))
            };
            let (id, hash, bytes, (reissues, sites_added, status)) = read().map_err(StoreError::of)?;
            if status != 0 && !refused.contains(&id) {
                continue;
            }
            let Some(bytes) = bytes else { return Err(let_go(&self.tx, document)?) };
            let head = header(&bytes).map_err(|e| StoreError::damaged("a change", e))?;
            out.push(Held { id, hash: ChangeHash(hash), bytes, deps: head.deps, reissues, sites_added });
        }
        Ok(out)
    }
}

/// Changes, and all that was made on top of them: it can't stand without them.
pub(super) fn with_dependants(held: &[Held], changes: &[i64]) -> HashSet<ChangeHash> {
    let mut gone: HashSet<ChangeHash> =
        held.iter().filter(|c| changes.contains(&c.id)).map(|c| c.hash).collect();
    loop {
        let more: Vec<ChangeHash> = held
            .iter()
            .filter(|c| !gone.contains(&c.hash) && c.deps.iter().any(|d| gone.contains(d)))
            .map(|c| c.hash)
            .collect();
        if more.is_empty() {
            return gone;
        }
        gone.extend(more);
    }
}
