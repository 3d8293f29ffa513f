//! What a rebuild keeps: the rows of documents whose changes were let go.
//!
//! Nothing can make these anew, so they are facts ([`crate::Replica::let_go`]). What is folded of them together
//! with other documents' rows (verdicts, stock, averages, the cash of a shift) is folded again like all else, so
//! they are touched as if they had just been projected. What surprises: the rows of receipts and buckets that
//! they name stay under their ids, emptied of what other documents said.

use crate::error::StoreError;
use crate::store::Work;

/// The tables in which a document that may be let go has rows of its own.
const OWN: &[&str] = &[
    "receipt_line",
    "row_claim",
    "return_head",
    "return_line",
    "line_claim",
    "refund",
    "posting",
    "money",
    "cash_paid",
    "moved",
    "brought",
    "judged",
    "word",
    "provisional",
    "receipt_proof",
];

/// The tables whose rows others name by their ids.
const NAMED: &[&str] = &["receipt", "bucket"];

/// Which of these a document is that was let go.
const LET_GO: &str = "(SELECT id FROM document WHERE org = ?1 AND let_go = 1)";

/// Whether a rebuild has anything to keep.
pub(crate) struct Kept(bool);

impl Kept {
    /// What a table's DELETE leaves out, as the end of its condition.
    pub(crate) fn but(&self, table: &str) -> String {
        match table {
            _ if !self.0 => String::new(),
            _ if NAMED.contains(&table) => " AND 0".to_owned(),
            _ if OWN.contains(&table) => format!(" AND document NOT IN {LET_GO}"),
            _ => String::new(),
        }
    }
}

impl Work<'_> {
    /// Looks whether there is something to keep, before a rebuild drops what it makes anew.
    pub(crate) fn begin_kept(&self) -> Result<Kept, StoreError> {
        self.tx
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM document WHERE org = ? AND let_go = 1)",
                [self.org],
                |r| r.get(0),
            )
            .map(Kept)
            .map_err(StoreError::of)
    }

    /// Touches all that the kept rows have a part in, once the others are gone.
    pub(crate) fn touch_kept(&mut self, kept: &Kept) -> Result<(), StoreError> {
        if !kept.0 {
            return Ok(());
        }
        for sql in [
            format!(
                "UPDATE receipt SET document = NULL, rank = NULL, occurred = NULL, zone = NULL, currency = NULL,
                     customer = NULL, tenders = NULL, historic = 0, cash = 0, invoice = NULL
                 WHERE org = ?1 AND (document IS NULL OR document NOT IN {LET_GO})"
            ),
            "UPDATE receipt SET open_lines = 0, open_worth = 0, worst_line = NULL, worst_worth = 0 WHERE org = ?1"
                .to_owned(),
        ] {
            self.tx.execute(&sql, [self.org]).map_err(StoreError::of)?;
        }
        let documents = self.column(&format!("{} ORDER BY id", LET_GO.trim_matches(['(', ')'])))?;
        for document in documents {
            self.touch_document(document)?;
        }
        for document in
            self.column(&format!("SELECT document FROM return_head WHERE org = ?1 AND document IN {LET_GO}"))?
        {
            self.touched.returns.insert(document);
        }
        for receipt in
            self.column(&format!("SELECT id FROM receipt WHERE org = ?1 AND document IN {LET_GO}"))?
        {
            self.touched.open.insert(receipt);
            self.touch_receipt_cash(receipt)?;
        }
        Ok(())
    }

    fn column(&self, sql: &str) -> Result<Vec<i64>, StoreError> {
        let mut statement = self.tx.prepare(sql).map_err(StoreError::of)?;
        let rows = statement.query_map([self.org], |r| r.get(0)).map_err(StoreError::of)?;
        rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)
    }
}
