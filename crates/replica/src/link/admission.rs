//! Admissions here: kept as facts, and what they name judged again.
//!
//! What surprises: an admission that can't be checked yet, since its issuer's grant isn't here, is kept
//! all the same, and counts once the grant is. So what stands doesn't tell which came first.

use std::collections::BTreeSet;

use guicang_domain::ids::{ChangeHash, DeviceId, DocumentId};
use guicang_sync::admission::SignedAdmission;
use rusqlite::{OptionalExtension, params};

use super::positions::Item;
use crate::error::StoreError;
use crate::facts::find_document;
use crate::store::{Replica, Work};

impl Replica {
    /// The admissions that the relay may lack: those that never came in its log, or all of them where the
    /// log turned out to be another than the one followed.
    pub(super) fn admissions_to_bring(&self) -> Result<Vec<SignedAdmission>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT wire FROM admission_fact WHERE org = ?1 AND logged = 0
                 UNION ALL SELECT wire FROM admission_fact WHERE org = ?1 AND logged = 1
                     AND EXISTS (SELECT 1 FROM cursor WHERE org = ?1 AND agreed = 0)
                 UNION SELECT a.wire FROM stray s JOIN admission_fact a ON a.id = -s.item WHERE s.org = ?1",
            )
            .map_err(StoreError::of)?;
        let rows =
            statement.query_map([self.identity.org], |r| r.get::<_, Vec<u8>>(0)).map_err(StoreError::of)?;
        rows.map(|wire| decoded(&wire.map_err(StoreError::of)?)).collect()
    }
}

impl Replica {
    /// What stands at an admission's position; it was kept before.
    pub(super) fn admission_item(&self, hash: &[u8; 32]) -> Result<Item, StoreError> {
        let id: Option<i64> = self
            .db
            .prepare_cached("SELECT id FROM admission_fact WHERE org = ? AND hash = ?")
            .and_then(|mut s| s.query_row(params![self.identity.org, hash], |r| r.get(0)).optional())
            .map_err(StoreError::of)?;
        id.map(|id| -id).ok_or_else(|| StoreError::damaged("an admission", "not kept"))
    }
}

fn decoded(wire: &[u8]) -> Result<SignedAdmission, StoreError> {
    minicbor::decode(wire).map_err(|e| StoreError::damaged("an admission", e))
}

impl Work<'_> {
    /// Keeps an admission, and judges its document again. One that can't be read has no effect; it is kept
    /// for its position, and stands in nobody's way.
    pub(crate) fn take_admission(
        &mut self,
        signed: &SignedAdmission,
        logged: bool,
    ) -> Result<(), StoreError> {
        let document = signed.admission().ok().map(|admission| admission.document);
        let key = document.map(|document| document.to_bytes().to_vec()).unwrap_or_default();
        let wire = minicbor::to_vec(signed).expect("writing to memory");
        let hash = signed.hash();
        let new = self
            .tx
            .prepare_cached(
                "INSERT INTO admission_fact (id, org, hash, document, wire)
                 VALUES ((SELECT coalesce(max(id), 1 << 40) + 1 FROM admission_fact), ?, ?, ?, ?)
                 ON CONFLICT (org, hash) DO NOTHING",
            )
            .and_then(|mut s| s.execute(params![self.org, hash, key, wire]))
            .map_err(StoreError::of)?;
        if logged {
            self.tx
                .prepare_cached("UPDATE admission_fact SET logged = 1 WHERE org = ? AND hash = ?")
                .and_then(|mut s| s.execute(params![self.org, hash]))
                .map_err(StoreError::of)?;
        }
        match document {
            Some(document) if new > 0 => self.judge_document_again(document),
            _ => Ok(()),
        }
    }

    fn judge_document_again(&mut self, identity: DocumentId) -> Result<(), StoreError> {
        match find_document(&self.tx, self.org, identity)? {
            Some(row) => self.refold(row.id),
            None => Ok(()),
        }
    }

    /// Judges again what a device has admitted, now that a grant says what it is.
    pub(super) fn judge_admissions_again(&mut self, issuer: DeviceId) -> Result<(), StoreError> {
        let mut documents = BTreeSet::new();
        {
            let mut statement = self
                .tx
                .prepare_cached("SELECT wire FROM admission_fact WHERE org = ?")
                .map_err(StoreError::of)?;
            let rows = statement.query_map([self.org], |r| r.get::<_, Vec<u8>>(0)).map_err(StoreError::of)?;
            for wire in rows {
                let signed = decoded(&wire.map_err(StoreError::of)?)?;
                if let (true, Ok(admission)) = (signed.issuer == issuer, signed.admission()) {
                    documents.insert(admission.document);
                }
            }
        }
        documents.into_iter().try_for_each(|document| self.judge_document_again(document))
    }

    /// Whether HQ has admitted a change of a document.
    pub(super) fn is_admitted(&self, document: DocumentId, change: &ChangeHash) -> Result<bool, StoreError> {
        Ok(self.admitted(document)?.contains(change))
    }

    /// The changes of a document that HQ has admitted.
    pub(super) fn admitted(&self, document: DocumentId) -> Result<BTreeSet<ChangeHash>, StoreError> {
        let mut statement = self
            .tx
            .prepare_cached("SELECT wire FROM admission_fact WHERE org = ? AND document = ?")
            .map_err(StoreError::of)?;
        let rows = statement
            .query_map(params![self.org, document.to_bytes()], |r| r.get::<_, Vec<u8>>(0))
            .map_err(StoreError::of)?;
        let mut out = BTreeSet::new();
        for wire in rows {
            // Signed by a device that isn't HQ's, or for another organisation: as if it weren't there.
            if let Ok(admission) = decoded(&wire.map_err(StoreError::of)?)?.check(self.book)
                && admission.document == document
            {
                out.extend(admission.changes);
            }
        }
        Ok(out)
    }
}
