//! Admissions here: kept as facts, and what they name judged again.
//!
//! What surprises: an admission that can't be checked yet, since its issuer's grant isn't here, is kept
//! all the same, and counts once the grant is. So what stands doesn't tell which came first.

use std::collections::BTreeSet;

use guicang_domain::ids::{ChangeHash, DeviceId, DocumentId};
use guicang_sync::admission::SignedAdmission;
use rusqlite::params;

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
                     AND EXISTS (SELECT 1 FROM cursor WHERE org = ?1 AND agreed = 0)",
            )
            .map_err(StoreError::of)?;
        let rows =
            statement.query_map([self.identity.org], |r| r.get::<_, Vec<u8>>(0)).map_err(StoreError::of)?;
        rows.map(|wire| decoded(&wire.map_err(StoreError::of)?)).collect()
    }
}

fn decoded(wire: &[u8]) -> Result<SignedAdmission, StoreError> {
    minicbor::decode(wire).map_err(|e| StoreError::damaged("an admission", e))
}

impl Work<'_> {
    /// Keeps an admission, and judges its document again. One that can't be read has no effect, and is not
    /// kept: it stands in nobody's way.
    pub(crate) fn take_admission(
        &mut self,
        signed: &SignedAdmission,
        logged: bool,
    ) -> Result<(), StoreError> {
        let Ok(admission) = signed.admission() else { return Ok(()) };
        let wire = minicbor::to_vec(signed).expect("writing to memory");
        let hash = signed.hash();
        let new = self
            .tx
            .prepare_cached(
                "INSERT OR IGNORE INTO admission_fact (org, hash, document, wire) VALUES (?,?,?,?)",
            )
            .and_then(|mut s| s.execute(params![self.org, hash, admission.document.to_bytes(), wire]))
            .map_err(StoreError::of)?;
        if logged {
            self.tx
                .prepare_cached("UPDATE admission_fact SET logged = 1 WHERE org = ? AND hash = ?")
                .and_then(|mut s| s.execute(params![self.org, hash]))
                .map_err(StoreError::of)?;
        }
        match new {
            0 => Ok(()),
            _ => self.judge_document_again(admission.document),
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
