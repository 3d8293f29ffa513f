//! What a device may write: judged by its grant at the time of its entry's stamp.
//!
//! What surprises: a grant that ends a right may come after what was stamped past that end, since HQ
//! withdrew a device before its relay knew. Then the changes are judged again, so that what is shown
//! doesn't tell which came first.

use std::collections::{BTreeMap, BTreeSet};

use guicang_domain::ids::{ChangeHash, DeviceId, SiteId};
use guicang_domain::time::Moment;
use guicang_sync::grant::{Role, SignedGrant, Standing};
use rusqlite::params;

use super::LinkError;
use super::apply::NewChange;
use crate::error::StoreError;
use crate::facts::{ChangeStatus, all_whole, document_by_id, let_go, split_sites};
use crate::store::{Work, insert_grant};

/// The rule of a change whose device's right had ended.
pub(crate) const WITHDRAWN: &str = "withdrawn";

/// A change of a document that is judged anew.
struct Judged {
    change: NewChange,
    hash: ChangeHash,
    stamped: Option<Moment>,
    /// The relay has set it apart.
    by_relay: bool,
}

impl Work<'_> {
    /// Keeps a grant, and judges again what it may change. `false` when it was held already.
    pub(super) fn take_grant(&mut self, grant: &SignedGrant) -> Result<bool, LinkError> {
        let refused = |e: guicang_sync::grant::GrantError| LinkError::Grant(e.to_string());
        let device = grant.grant().map_err(refused)?.key.device();
        let signers = self.signers()?;
        self.book.add(grant.clone()).map_err(refused)?;
        let new = insert_grant(&self.tx, self.org, grant).map_err(StoreError::of)?;
        if new {
            self.judge_again(device)?;
            self.judge_signers_again(&signers)?;
            self.judge_admissions_again(device)?;
        }
        Ok(new)
    }

    /// The rule by which a device may not write a change; `sites` are the document's before it. Only the
    /// document's creator, or a device of a site already in the set, may add one.
    pub(super) fn lacks_right(
        &self,
        device: DeviceId,
        stamped: Option<Moment>,
        created: bool,
        sites_added: &[SiteId],
        sites: &BTreeSet<SiteId>,
    ) -> Option<&'static str> {
        if stamped.is_some_and(|at| matches!(self.book.may(device, at), Standing::Withdrawn { .. })) {
            return Some(WITHDRAWN);
        }
        let may = match self.book.device(device).map(|d| &d.grant.role) {
            Some(Role::Hq) => true,
            Some(Role::Site(site)) => (created && sites_added.contains(site)) || sites.contains(site),
            Some(Role::Relay) | None => false,
        };
        (!may).then_some("foreign_site")
    }

    /// Judges again after an entry's stamp has changed: it may lie on the other side of a right's end.
    pub(super) fn judge_entry_again(&mut self, entry: i64) -> Result<(), StoreError> {
        let device: [u8; 16] = self
            .tx
            .prepare_cached("SELECT device FROM entry WHERE id = ?")
            .and_then(|mut s| s.query_row([entry], |r| r.get(0)))
            .map_err(StoreError::of)?;
        let device = DeviceId(device);
        let ends = self.book.device(device).is_some_and(|d| d.grant.until.is_some());
        if ends { self.judge_again(device) } else { Ok(()) }
    }

    /// Folds again the documents in which a device's change stands that it had no right to write, or
    /// is set apart though it had.
    fn judge_again(&mut self, device: DeviceId) -> Result<(), StoreError> {
        let mut documents = BTreeSet::new();
        {
            let mut statement = self
                .tx
                .prepare_cached(
                    "SELECT c.document, e.stamp_time, c.status FROM entry e JOIN change c ON c.org = e.org AND c.entry = e.id
                     WHERE e.org = ?1 AND e.device = ?2 AND e.stamp_time IS NOT NULL
                       AND (c.status = 0 OR (c.status = 3 AND c.rule = ?3))",
                )
                .map_err(StoreError::of)?;
            let mut rows = statement.query(params![self.org, device.0, WITHDRAWN]).map_err(StoreError::of)?;
            while let Some(r) = rows.next().map_err(StoreError::of)? {
                let read = || -> rusqlite::Result<_> { Ok((r.get(0)?, r.get(1)?, r.get::<_, i64>(2)?)) };
                let (document, stamped, status): (i64, i64, i64) = read().map_err(StoreError::of)?;
                let ended = matches!(self.book.may(device, Moment(stamped)), Standing::Withdrawn { .. });
                if ended == (status == ChangeStatus::Stands as i64) {
                    documents.insert(document);
                }
            }
        }
        let documents: Vec<i64> = documents.into_iter().collect();
        all_whole(&self.tx, self.org, &documents)?;
        documents.into_iter().try_for_each(|document| self.refold(document))
    }

    /// Judges all of a document's changes anew, as if they had just come in this order.
    ///
    /// What the relay has set apart stays so, but for what HQ has admitted, and what was apart only for
    /// what it builds on: it builds on something that the relay had set apart and that stands now.
    pub(super) fn refold(&mut self, document: i64) -> Result<(), StoreError> {
        let identity = document_by_id(&self.tx, document)?.identity;
        for sql in [
            "UPDATE change SET status = 0, rule = NULL, detail = NULL
             WHERE org = ?1 AND document = ?2 AND status = 3",
            "UPDATE document SET sites = '' WHERE org = ?1 AND id = ?2",
        ] {
            self.tx.execute(sql, [self.org, document]).map_err(StoreError::of)?;
        }
        let admitted = self.admitted(identity)?;
        let mut sites = BTreeSet::new();
        let mut stand = Vec::new();
        let mut known = BTreeMap::new();
        for Judged { change, hash, stamped, by_relay } in self.changes_of(document)? {
            let is_admitted = admitted.contains(&hash);
            if by_relay {
                let Ok(header) = guicang_documents::header(&change.bytes) else { continue };
                let valid = stamped.is_some_and(|at| self.book.may(change.device, at) == Standing::Valid);
                let on_released = header.deps.iter().any(|dep| known.get(dep) == Some(&true));
                let stands = header.deps.iter().all(|dep| known.contains_key(dep));
                if !(stands && (is_admitted || (valid && on_released))) {
                    continue;
                }
                self.tx
                    .prepare_cached("UPDATE change SET status = 0, rule = NULL, detail = NULL WHERE id = ?")
                    .and_then(|mut s| s.execute([change.id]))
                    .map_err(StoreError::of)?;
            }
            let stamped = stamped.filter(|_| !is_admitted);
            let created = identity.creator == change.device;
            match self.lacks_right(change.device, stamped, created, &change.sites_added, &sites) {
                Some(rule) => self.set_aside(change.id, ChangeStatus::SetApartHere, rule, "")?,
                None => {
                    sites.extend(change.sites_added.iter().cloned());
                    known.insert(hash, by_relay);
                    stand.push(change);
                }
            }
        }
        self.fold_pulled(identity, stand)
    }

    fn changes_of(&self, document: i64) -> Result<Vec<Judged>, StoreError> {
        let mut statement = self
            .tx
            .prepare_cached(
                "SELECT c.id, c.bytes, c.sites_added, e.device,
                        min(coalesce(c.arrived, e.stamp_time), coalesce(e.stamp_time, c.arrived)),
                        c.hash, c.status
                 FROM change c LEFT JOIN entry e ON e.id = c.entry
                 WHERE c.org = ? AND c.document = ? AND c.status IN (0, 2) ORDER BY c.id",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query([self.org, document]).map_err(StoreError::of)?;
        let mut changes = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                let device = r.get::<_, Option<[u8; 16]>>(3)?.map(DeviceId);
                let of = (r.get::<_, [u8; 32]>(5)?, r.get::<_, i64>(6)?);
                let bytes = r.get::<_, Option<Vec<u8>>>(1)?;
                Ok((r.get(0)?, bytes, r.get::<_, String>(2)?, device, r.get::<_, Option<i64>>(4)?, of))
            };
            let (id, bytes, sites, device, stamped, (hash, status)) = read().map_err(StoreError::of)?;
            let Some(bytes) = bytes else { return Err(let_go(&self.tx, document)?) };
            // What isn't sealed yet is this device's own.
            let device = device.unwrap_or(self.me.device);
            let grant = self.book.device(device).ok_or_else(|| StoreError::damaged("a grant", device))?;
            let (code, hq) = (grant.grant.code.clone(), grant.grant.role == Role::Hq);
            let sites_added = split_sites(&sites)?;
            let change = NewChange { id, bytes, sites_added, device, code, hq, prepared: None };
            changes.push(Judged {
                change,
                hash: ChangeHash(hash),
                stamped: stamped.map(Moment),
                by_relay: status == ChangeStatus::SetApartByRelay as i64,
            });
        }
        Ok(changes)
    }
}
