//! Signed receipts that returns carry: who signed each, so that a grant which comes later is asked again.

use guicang_domain::ids::DeviceId;
use guicang_domain::returns::Return;
use guicang_sync::grant::SignedGrant;
use rusqlite::params;

use crate::error::StoreError;
use crate::proof::{signer_of, stands};
use crate::store::Work;

/// Devices that signed receipts, each with the grant by which it is believed.
pub(crate) type Signers = Vec<(DeviceId, Option<[u8; 32]>)>;

impl Work<'_> {
    pub(super) fn project_proof(&mut self, document: i64, d: &Return) -> Result<(), StoreError> {
        if d.proof.is_none() {
            return Ok(());
        }
        // Bytes that can't be read are nobody's.
        let signer = signer_of(d).map(|device| device.0.to_vec()).unwrap_or_default();
        let verified = d.lines.keys().all(|line| d.is_verified(line));
        self.tx
            .prepare_cached(
                "INSERT INTO receipt_proof (org, document, signer, stands, verified) VALUES (?,?,?,?,?)",
            )
            .and_then(|mut s| {
                s.execute(params![self.org, document, signer, stands(self.book, d).is_some(), verified])
            })
            .map_err(StoreError::of)?;
        Ok(())
    }

    /// The devices whose signature a return rests on, as the grants stand now.
    pub(crate) fn signers(&self) -> Result<Signers, StoreError> {
        let mut statement = self
            .tx
            .prepare_cached("SELECT DISTINCT signer FROM receipt_proof WHERE org = ? AND length(signer) = 16")
            .map_err(StoreError::of)?;
        let rows = statement
            .query_map([self.org], |r| r.get::<_, [u8; 16]>(0).map(DeviceId))
            .map_err(StoreError::of)?;
        let granted = |id| self.book.device(id).map(|device| SignedGrant::hash(device.signed));
        rows.map(|id| id.map(|id| (id, granted(id))).map_err(StoreError::of)).collect()
    }

    /// Folds the returns again whose signer's grant isn't what it was: one grant can move another device's.
    pub(crate) fn judge_signers_again(&mut self, before: &Signers) -> Result<(), StoreError> {
        for (signer, was) in before {
            if self.book.device(*signer).map(|device| SignedGrant::hash(device.signed)) == *was {
                continue;
            }
            let documents: Vec<i64> = {
                let mut statement = self
                    .tx
                    .prepare_cached("SELECT document FROM receipt_proof WHERE org = ? AND signer = ?")
                    .map_err(StoreError::of)?;
                let rows =
                    statement.query_map(params![self.org, signer.0], |r| r.get(0)).map_err(StoreError::of)?;
                rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
            };
            documents.into_iter().try_for_each(|document| self.reproject(document))?;
        }
        Ok(())
    }
}
