//! Transfers: a dispatch and the deliveries that name it, folded together whichever came first.
//!
//! What surprises: a transfer posts nothing when it is projected. It notes which number it belongs to, and
//! the fold of that number writes the postings of all of its documents, since what a delivery means depends
//! on the dispatch that may come later.

use std::collections::BTreeMap;

use guicang_domain::document::Document;
use guicang_domain::quantity::Quantity;
use guicang_domain::transfer::Transfer;
use guicang_domain::transfer::state::TransferState;
use rusqlite::params;

use super::conflicts_text;
use crate::error::StoreError;
use crate::facts::document_by_id;
use crate::store::Work;

impl Work<'_> {
    pub(super) fn project_transfer(&mut self, document: i64, d: &Transfer) -> Result<(), StoreError> {
        if !d.is_told_at_its_site() {
            return Ok(());
        }
        let (sender, receiver, joined) = (d.from.as_str(), d.to.as_str(), d.joined_by().as_str());
        self.tx
            .prepare_cached(
                "INSERT INTO transfer (org, document, sender, receiver, joined, delivery, currency)
                 VALUES (?,?,?,?,?,?,?)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    document,
                    sender,
                    receiver,
                    joined,
                    d.is_delivery(),
                    d.currency.code()
                ])
            })
            .map_err(StoreError::of)?;
        self.touched.transfers.insert((sender.into(), receiver.into(), joined.into()));
        Ok(())
    }

    /// Notes that a document's number has to be folded again, before its row goes.
    pub(super) fn touch_transfer(&mut self, document: i64) -> Result<(), StoreError> {
        self.collect(
            document,
            "SELECT sender, receiver, joined FROM transfer WHERE org = ? AND document = ?",
            |touched, r| {
                touched.transfers.insert((r.get(0)?, r.get(1)?, r.get(2)?));
                Ok(())
            },
        )
    }

    /// Folds the transfers of one number between two sites: their postings, and where they stand.
    ///
    /// A number is no identity: of several dispatches with the same one (a device restored from a backup
    /// gave it again), the one that was made first has the deliveries.
    pub(super) fn fold_transfers(
        &mut self,
        sender: &str,
        receiver: &str,
        number: &str,
    ) -> Result<(), StoreError> {
        let rows: Vec<i64> = {
            let mut statement = self
                .tx
                .prepare_cached(
                    "SELECT t.document FROM transfer t JOIN document d ON d.id = t.document
                     WHERE t.org = ? AND t.sender = ? AND t.receiver = ? AND t.joined = ? ORDER BY d.identity",
                )
                .map_err(StoreError::of)?;
            let rows = statement
                .query_map(params![self.org, sender, receiver, number], |r| r.get(0))
                .map_err(StoreError::of)?;
            rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
        };
        let mut documents: Vec<(i64, Transfer)> = Vec::new();
        for id in rows {
            let row = document_by_id(&self.tx, id)?;
            let (_, reading) = self.load(&row)?;
            if let Some(Document::Transfer(transfer)) = reading.document {
                documents.push((id, transfer));
            }
        }
        let ids: BTreeMap<_, i64> = documents.iter().map(|(id, d)| (d.head.id, *id)).collect();
        for (told_by, state, joined) in TransferState::each(documents.iter().map(|(_, d)| d)) {
            for (document, postings) in &state.postings {
                let document = ids[document];
                self.drop_postings(document)?;
                self.post(document, postings, |_| 0, false)?;
            }
            self.note_transfer(ids[&told_by], &state)?;
            for delivery in joined {
                self.note_joined(ids[&delivery])?;
            }
        }
        Ok(())
    }

    fn note_transfer(&self, document: i64, state: &TransferState) -> Result<(), StoreError> {
        let open: Quantity = state.goods.values().map(|g| g.open().max(Quantity::ZERO)).sum();
        let lost: i64 = state.losses.iter().map(|(_, amount)| amount.0).sum();
        self.tx
            .prepare_cached(
                "UPDATE transfer SET states = ?, since = ?, open = ?, short = ?, over = ?, lost = ?, conflicts = ?
                 WHERE org = ? AND document = ?",
            )
            .and_then(|mut s| {
                s.execute(params![
                    state.names().join(" "),
                    state.left.or(state.arrived).map(|o| o.at.0),
                    open.0,
                    state.short().0,
                    state.over().0,
                    lost,
                    conflicts_text(&state.conflicts),
                    self.org,
                    document
                ])
            })
            .map_err(StoreError::of)?;
        Ok(())
    }

    /// A delivery whose dispatch is known: what there is to say the dispatch's row says.
    fn note_joined(&self, document: i64) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "UPDATE transfer SET states = 'joined', since = NULL, open = 0, short = 0, over = 0, lost = 0,
                     conflicts = NULL
                 WHERE org = ? AND document = ?",
            )
            .and_then(|mut s| s.execute([self.org, document]))
            .map_err(StoreError::of)?;
        Ok(())
    }

    fn drop_postings(&mut self, document: i64) -> Result<(), StoreError> {
        self.collect(
            document,
            "DELETE FROM posting WHERE org = ? AND document = ? RETURNING bucket",
            |touched, r| {
                touched.buckets.insert(r.get(0)?);
                Ok(())
            },
        )
    }
}
