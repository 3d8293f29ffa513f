//! Sales that several documents tell differently: other content under the same line number, or of the
//! receipt as a whole.
//!
//! What surprises: what a document says lies in its body alone, so it is read again, but only where a second
//! one claims the same row: an import that nobody else has brought in pays nothing. A row that is known by
//! its content can't differ.

use std::collections::HashMap;
use std::rc::Rc;

use guicang_domain::document::Document;
use guicang_domain::sale::{Receipt, SaleBatch, SaleLine};
use guicang_domain::sale_change::{Difference, head_differences, line_differences};
use rusqlite::{OptionalExtension, params};

use crate::error::StoreError;
use crate::store::Work;

/// How many batches are kept at once: rows of a receipt come one after another, of a few documents.
const KEPT: usize = 16;

/// Batches of sales that a transaction has read. A batch's body never changes, so a copy is never stale.
#[derive(Debug, Default)]
pub(crate) struct Batches(HashMap<i64, Rc<Batch>>);

/// A batch, and where each of its lines stands.
#[derive(Debug)]
struct Batch {
    batch: SaleBatch,
    /// By a line's place in the batch: its receipt's place, and its own in there.
    places: Vec<(usize, usize)>,
}

impl Batch {
    fn line(&self, position: i64) -> Option<&SaleLine> {
        let (receipt, line) = *self.places.get(usize::try_from(position).ok()?)?;
        self.batch.receipts.get(receipt)?.lines.get(line)
    }
}

impl Work<'_> {
    /// Notes what the documents that claim a row, in the order in which they stand, say of it otherwise than
    /// the first.
    pub(super) fn fold_row_changed(
        &mut self,
        receipt: i64,
        line: &str,
        claims: &[(i64, i64)],
    ) -> Result<(), StoreError> {
        self.forget_changed(receipt, line)?;
        let [(standing, at), others @ ..] = claims else { return Ok(()) };
        let is_numbered = line.bytes().all(|b| b.is_ascii_digit());
        if others.is_empty() || !is_numbered {
            return Ok(());
        }
        let Some(stands) = self.batch(*standing)? else { return Ok(()) };
        for (document, position) in others {
            let Some(other) = self.batch(*document)? else { continue };
            let (Some(a), Some(b)) = (stands.line(*at), other.line(*position)) else { continue };
            let differs = line_differences(a, b, stands.batch.currency);
            self.note_changed(receipt, line, (*document, *position), *standing, &differs)?;
        }
        Ok(())
    }

    /// Notes what the documents that hold a part of a receipt say of the whole otherwise than the one that
    /// tells of it.
    pub(super) fn fold_head_changed(&mut self, receipt: i64) -> Result<(), StoreError> {
        self.forget_changed(receipt, "")?;
        let standing: Option<i64> = self
            .tx
            .prepare_cached("SELECT document FROM receipt WHERE org = ? AND id = ? AND document IS NOT NULL")
            .and_then(|mut s| s.query_row([self.org, receipt], |r| r.get(0)).optional())
            .map_err(StoreError::of)?;
        let Some(standing) = standing else { return Ok(()) };
        let others: Vec<i64> = {
            let mut statement = self
                .tx
                .prepare_cached(
                    "SELECT document FROM receipt_line WHERE org = ?1 AND receipt = ?2 AND document <> ?3
                     UNION SELECT document FROM row_claim WHERE org = ?1 AND receipt = ?2 AND document <> ?3",
                )
                .map_err(StoreError::of)?;
            let rows = statement
                .query_map(params![self.org, receipt, standing], |r| r.get(0))
                .map_err(StoreError::of)?;
            rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
        };
        if others.is_empty() {
            return Ok(());
        }
        let id = self.receipt_id_of(receipt)?;
        let Some(stands) = self.batch(standing)? else { return Ok(()) };
        for document in others {
            let Some(other) = self.batch(document)? else { continue };
            let find = |of: &Rc<Batch>| -> Option<Receipt> {
                of.batch.receipts.iter().find(|r| of.batch.receipt_id(r) == id).cloned()
            };
            let (Some(a), Some(b)) = (find(&stands), find(&other)) else { continue };
            let differs = head_differences(&a, &b, stands.batch.currency);
            self.note_changed(receipt, "", (document, 0), standing, &differs)?;
        }
        Ok(())
    }

    fn forget_changed(&self, receipt: i64, line: &str) -> Result<(), StoreError> {
        self.tx
            .prepare_cached("DELETE FROM sale_changed WHERE org = ? AND receipt = ? AND line = ?")
            .and_then(|mut s| s.execute(params![self.org, receipt, line]))
            .map(drop)
            .map_err(StoreError::of)
    }

    fn note_changed(
        &self,
        receipt: i64,
        line: &str,
        (document, position): (i64, i64),
        standing: i64,
        differs: &[Difference],
    ) -> Result<(), StoreError> {
        if differs.is_empty() {
            return Ok(());
        }
        let told: Vec<(&str, &str, &str)> =
            differs.iter().map(|d| (d.field, d.stands.as_str(), d.other.as_str())).collect();
        let told = minicbor::to_vec(told).expect("writing to memory");
        self.tx
            .prepare_cached(
                "INSERT INTO sale_changed (org, receipt, line, document, position, standing, differs)
                 VALUES (?,?,?,?,?,?,?)",
            )
            .and_then(|mut s| s.execute(params![self.org, receipt, line, document, position, standing, told]))
            .map(drop)
            .map_err(StoreError::of)
    }

    /// A batch of sales; `None` for any other kind of document.
    fn batch(&mut self, document: i64) -> Result<Option<Rc<Batch>>, StoreError> {
        if let Some(held) = self.batches.0.get(&document) {
            return Ok(Some(held.clone()));
        }
        let row = crate::facts::document_by_id(&self.tx, document)?;
        let (_, reading) = self.load(&row)?;
        let Some(Document::Sales(sales)) = reading.document else { return Ok(None) };
        let places = sales.batch.receipts.iter().enumerate();
        let places = places.flat_map(|(r, receipt)| (0..receipt.lines.len()).map(move |l| (r, l))).collect();
        let read = Rc::new(Batch { batch: sales.batch, places });
        if self.batches.0.len() >= KEPT {
            self.batches.0.clear();
        }
        self.batches.0.insert(document, read.clone());
        Ok(Some(read))
    }
}
