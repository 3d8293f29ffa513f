//! The folds over what was touched: rows, receipt lines, returns, buckets, in that order.

use guicang_domain::balance::{Claim, Sold, judge};
use guicang_domain::exception::{ExceptionId, ExceptionKind};
use guicang_domain::ids::{DocumentId, LineId, ReceiptId};
use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;
use rusqlite::{OptionalExtension, params};

use super::money::Purse;
use super::rank_of;
use crate::error::StoreError;
use crate::store::Work;

impl Work<'_> {
    /// Folds what was touched, until nothing is.
    pub(crate) fn fold_touched(&mut self) -> Result<(), StoreError> {
        for (receipt, line) in std::mem::take(&mut self.touched.rows) {
            self.fold_row(receipt, &line)?;
        }
        for receipt in std::mem::take(&mut self.touched.receipts) {
            self.head_from_lines(receipt)?;
            self.touched.open.insert(receipt);
        }
        for receipt in std::mem::take(&mut self.touched.heads) {
            self.fold_head_changed(receipt)?;
            self.touched.open.insert(receipt);
        }
        for (receipt, line) in std::mem::take(&mut self.touched.lines) {
            self.fold_line(receipt, &line)?;
            self.touched.open.insert(receipt);
        }
        for receipt in std::mem::take(&mut self.touched.open) {
            self.fold_open(receipt)?;
        }
        for document in std::mem::take(&mut self.touched.returns) {
            self.fold_return(document)?;
        }
        for (sender, receiver, number) in std::mem::take(&mut self.touched.transfers) {
            self.fold_transfers(&sender, &receiver, &number)?;
        }
        // A variance is a posting like any other's, worth what its goods cost; it touches its other bucket.
        for bucket in self.touched.buckets.clone() {
            self.fold_counts(bucket)?;
        }
        self.fold_costs()?;
        for bucket in std::mem::take(&mut self.touched.buckets) {
            self.fold_bucket(bucket)?;
        }
        self.fold_cash()
    }

    /// Of the documents that claim a row, the lowest-ranked stands; the others' postings and claims
    /// don't count.
    fn fold_row(&mut self, receipt: i64, line: &str) -> Result<(), StoreError> {
        let claims: Vec<(i64, i64, bool)> = {
            let mut statement = self
                .tx
                .prepare_cached(
                    "SELECT c.document, c.position, d.kind = 'sale_batch' OR (d.kind = 'return' AND NOT EXISTS (
                         -- Beyond a return's own lines is what it gave in exchange: sold like a till's.
                         SELECT 1 FROM return_line l
                         WHERE l.org = c.org AND l.document = c.document AND l.position = c.position))
                     FROM row_claim c JOIN document d ON d.id = c.document
                     WHERE c.org = ? AND c.receipt = ? AND c.line = ? ORDER BY c.rank, d.identity, c.position",
                )
                .map_err(StoreError::of)?;
            let rows = statement
                .query_map(params![self.org, receipt, line], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
                .map_err(StoreError::of)?;
            rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
        };
        for (n, (document, position, _)) in claims.iter().enumerate() {
            self.set_counts(*document, *position, n == 0)?;
        }
        let sold: Vec<(i64, i64)> = claims.iter().filter(|c| c.2).map(|c| (c.0, c.1)).collect();
        self.fold_row_changed(receipt, line, &sold)?;
        let Some((document, position, true)) = claims.first() else { return Ok(()) };
        let held: Option<i64> = self
            .tx
            .prepare_cached("SELECT document FROM receipt_line WHERE org = ? AND receipt = ? AND line = ?")
            .and_then(|mut s| s.query_row(params![self.org, receipt, line], |r| r.get(0)).optional())
            .map_err(StoreError::of)?;
        if held == Some(*document) {
            return Ok(());
        }
        self.stand_for(receipt, line, *document, *position)
    }

    /// Lets a document's line count, or not.
    fn set_counts(&mut self, document: i64, position: i64, counts: bool) -> Result<(), StoreError> {
        let key = params![self.org, document, position, counts];
        let Self { tx, touched, .. } = self;
        let mut statement = tx
            .prepare_cached(
                "UPDATE posting SET counts = ?4 WHERE org = ?1 AND document = ?2 AND position = ?3 AND counts <> ?4
                 RETURNING bucket",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query(key).map_err(StoreError::of)?;
        while let Some(row) = rows.next().map_err(StoreError::of)? {
            touched.buckets.insert(row.get(0).map_err(StoreError::of)?);
        }
        let mut statement = tx
            .prepare_cached(
                "UPDATE line_claim SET counts = ?4, valid = 0, excess = 0, entitled = 0, voided = 0, twin = 0
                 WHERE org = ?1 AND document = ?2 AND position = ?3 AND counts <> ?4
                 RETURNING receipt, line",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query(key).map_err(StoreError::of)?;
        while let Some(row) = rows.next().map_err(StoreError::of)? {
            touched.lines.insert((row.get(0).map_err(StoreError::of)?, row.get(1).map_err(StoreError::of)?));
        }
        for (sql, is_return) in [
            (
                "UPDATE return_line SET counts = ?4 WHERE org = ?1 AND document = ?2 AND position = ?3 AND counts <> ?4",
                true,
            ),
            (
                "UPDATE moved SET counts = ?4 WHERE org = ?1 AND document = ?2 AND position = ?3 AND counts <> ?4",
                false,
            ),
        ] {
            let changed = tx.prepare_cached(sql).and_then(|mut s| s.execute(key)).map_err(StoreError::of)?;
            if is_return && changed > 0 {
                touched.returns.insert(document);
            }
        }
        Ok(())
    }

    /// Judges all claims on a receipt line anew.
    fn fold_line(&mut self, receipt: i64, line: &str) -> Result<(), StoreError> {
        struct Row {
            document: i64,
            position: i64,
            sold: Sold,
            before: (i64, i64, i64, i64),
            voided: i64,
            claim: Claim,
        }
        let about = self.over_return_of(receipt, line)?;
        let mut rows = Vec::new();
        {
            let mut statement = self
                .tx
                .prepare_cached(
                    "SELECT c.document, c.position, c.quantity, c.pinned, c.rank, c.sold, c.paid, c.valid, c.excess,
                            c.entitled, c.voided, d.identity, l.line, c.allowance,
                            (SELECT max(rc.valid) FROM resolution_claim rc JOIN resolution r
                                ON r.org = rc.org AND r.document = rc.resolution
                                WHERE rc.org = ?1 AND rc.identity = d.identity AND rc.line = l.line
                                  AND (r.exception = ?4 OR r.exception LIKE 'duplicate_return:%')),
                            (SELECT max(CASE WHEN NOT rc.voided THEN 0 WHEN r.exception = ?4 THEN 1 ELSE 2 END)
                                FROM resolution_claim rc JOIN resolution r
                                ON r.org = rc.org AND r.document = rc.resolution
                                WHERE rc.org = ?1 AND rc.identity = d.identity AND rc.line = l.line
                                  AND (r.exception = ?4 OR r.exception LIKE 'duplicate_return:%')),
                            (SELECT coalesce(sum(i.quantity), 0) FROM red_line i
                                WHERE i.org = ?1 AND i.receipt = ?2 AND i.sold = ?3 AND i.issued
                                  AND i.returned = d.identity AND i.of = l.line)
                     FROM line_claim c JOIN document d ON d.id = c.document
                     JOIN return_line l ON l.org = c.org AND l.document = c.document AND l.position = c.position
                     WHERE c.org = ?1 AND c.receipt = ?2 AND c.line = ?3 AND c.counts = 1",
                )
                .map_err(StoreError::of)?;
            let mut found =
                statement.query(params![self.org, receipt, line, about.as_str()]).map_err(StoreError::of)?;
            while let Some(r) = found.next().map_err(StoreError::of)? {
                let read = || -> rusqlite::Result<_> {
                    Ok((
                        (r.get::<_, i64>(0)?, r.get::<_, i64>(1)?, r.get::<_, i64>(2)?, r.get::<_, i64>(3)?),
                        r.get::<_, String>(4)?,
                        Sold { quantity: Quantity(r.get(5)?), paid: Amount(r.get(6)?) },
                        (r.get::<_, i64>(7)?, r.get::<_, i64>(8)?, r.get::<_, i64>(9)?, r.get::<_, i64>(10)?),
                        r.get::<_, [u8; 32]>(11)?,
                        r.get::<_, String>(12)?,
                        r.get::<_, i64>(13)?,
                        (r.get::<_, Option<i64>>(14)?, r.get::<_, Option<i64>>(15)?, r.get::<_, i64>(16)?),
                    ))
                };
                let (numbers, rank, sold, before, identity, of, allowance, (seen, voided, red)) =
                    read().map_err(StoreError::of)?;
                let (document, position, quantity, pinned) = numbers;
                // A decision pins what it saw as valid, as a payout pins what it paid for.
                // What it voids is what it saw as excess: the valid part stands.
                let voided = voided.unwrap_or(0);
                let counted = if voided > 0 { seen.unwrap_or(0).min(quantity) } else { quantity };
                // So does a red invoice that is out.
                let pinned = Quantity(pinned.max(seen.unwrap_or(0)).max(red).min(counted));
                let claim = Claim {
                    document: DocumentId::from_slice(&identity)
                        .map_err(|e| StoreError::damaged("a document's identity", e))?,
                    line: LineId::new(&of).map_err(|e| StoreError::damaged("a return's line", e))?,
                    quantity: Quantity(counted),
                    pinned,
                    voided: voided > 0 && counted == 0,
                    allowance: Amount(allowance),
                    rank: rank_of(&rank)?,
                };
                rows.push(Row { document, position, sold, before, voided, claim });
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        #[cfg(feature = "planted")]
        if guicang_sync::planted::is(guicang_sync::planted::Bug::FoldByArrival) {
            rows.sort_by_key(|row| row.document);
            let mut ranks: Vec<_> = rows.iter().map(|row| row.claim.rank.clone()).collect();
            ranks.sort();
            rows.iter_mut().zip(ranks).for_each(|(row, rank)| row.claim.rank = rank);
        }
        let held: Option<Sold> = self
            .tx
            .prepare_cached(
                "SELECT quantity, paid FROM receipt_line WHERE org = ? AND receipt = ? AND line = ?",
            )
            .and_then(|mut s| {
                s.query_row(params![self.org, receipt, line], |r| {
                    Ok(Sold { quantity: Quantity(r.get(0)?), paid: Amount(r.get(1)?) })
                })
                .optional()
            })
            .map_err(StoreError::of)?;
        let first = rows.iter().min_by(|a, b| a.claim.rank.cmp(&b.claim.rank)).expect("at least one");
        let sold = held.unwrap_or(first.sold);
        let verdicts = judge(sold, rows.iter().map(|r| r.claim.clone()).collect());
        for row in &rows {
            let verdict = verdicts
                .iter()
                .find(|v| v.document == row.claim.document && v.line == row.claim.line)
                .expect("a verdict for each claim");
            let after = (verdict.valid.0, verdict.excess.0, verdict.entitled.0, row.voided);
            if after == row.before {
                continue;
            }
            self.tx
                .prepare_cached(
                    "UPDATE line_claim SET valid = ?, excess = ?, entitled = ?, voided = ?
                     WHERE org = ? AND receipt = ? AND line = ? AND document = ? AND position = ?",
                )
                .and_then(|mut s| {
                    s.execute(params![
                        after.0,
                        after.1,
                        after.2,
                        after.3,
                        self.org,
                        receipt,
                        line,
                        row.document,
                        row.position
                    ])
                })
                .map_err(StoreError::of)?;
            self.touched.returns.insert(row.document);
        }
        self.mark_twins(receipt, line)
    }

    /// Marks what two devices of one site took in alike of a receipt's line: it may be one thing entered
    /// twice. Whether they had seen each other's the stamps tell, when it is asked.
    fn mark_twins(&self, receipt: i64, line: &str) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "WITH told AS (
                     SELECT c.document, c.position, c.quantity, c.twin, h.site, substr(c.rank, 33) AS device,
                            c.counts AND c.quantity > 0 AND NOT h.historic AS live
                     FROM line_claim c JOIN return_head h ON h.org = c.org AND h.document = c.document
                     WHERE c.org = ?1 AND c.receipt = ?2 AND c.line = ?3),
                 alike AS (
                     SELECT t.document, t.position, t.twin, t.live AND EXISTS (
                         SELECT 1 FROM told o WHERE o.live AND o.document <> t.document AND o.quantity = t.quantity
                           AND o.site = t.site AND o.device <> t.device) AS now
                     FROM told t)
                 UPDATE line_claim SET twin = now FROM alike
                 WHERE org = ?1 AND receipt = ?2 AND line = ?3 AND line_claim.document = alike.document
                   AND line_claim.position = alike.position AND alike.twin <> alike.now",
            )
            .and_then(|mut s| s.execute(params![self.org, receipt, line]))
            .map(drop)
            .map_err(StoreError::of)
    }

    /// The identity of a receipt's row.
    pub(super) fn receipt_id_of(&self, receipt: i64) -> Result<ReceiptId, StoreError> {
        self.tx
            .prepare_cached("SELECT site, till, number FROM receipt WHERE id = ?")
            .and_then(|mut s| s.query_row([receipt], |r| Ok(crate::queries::receipt_id(r, 0))))
            .map_err(StoreError::of)?
    }

    /// The exception that an over-return of a receipt's line is.
    fn over_return_of(&self, receipt: i64, line: &str) -> Result<ExceptionId, StoreError> {
        let receipt = self.receipt_id_of(receipt)?;
        let line = line.parse().map_err(|e| StoreError::damaged("a receipt line", e))?;
        Ok(ExceptionId::of_line(ExceptionKind::OverReturn, &receipt, &line))
    }

    /// What a return is owed, from its lines' verdicts, and the money postings that follow.
    ///
    /// Accepted: net_sales -> refund_payable, less what is deducted. Paid: refund_payable -> tender; in kind,
    /// by goods given in exchange: refund_payable -> net_sales. What was paid beyond the entitlement:
    /// loss:undecided, until a resolution names the owner.
    fn fold_return(&mut self, document: i64) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "UPDATE return_line SET valid = unlinked + coalesce((SELECT sum(c.valid) FROM line_claim c
                        WHERE c.org = ?1 AND c.document = ?2 AND c.position = return_line.position), 0),
                    value = CASE WHEN (SELECT historic FROM return_head h WHERE h.org = ?1 AND h.document = ?2) THEN value
                        ELSE unlinked_value + coalesce((SELECT sum(c.entitled) FROM line_claim c
                            WHERE c.org = ?1 AND c.document = ?2 AND c.position = return_line.position), 0) END
                 WHERE org = ?1 AND document = ?2",
            )
            .and_then(|mut s| s.execute([self.org, document]))
            .map_err(StoreError::of)?;
        let head: Option<Head> = self
            .tx
            .prepare_cached(
                "SELECT historic, accepted, paid, committed, currency, deducted, sold, site, settled, paid_last,
                        credit_short
                 FROM return_head WHERE org = ? AND document = ?",
            )
            .and_then(|mut s| {
                s.query_row([self.org, document], |r| {
                    Ok(Head {
                        historic: r.get(0)?,
                        accepted: r.get(1)?,
                        paid: r.get(2)?,
                        committed: r.get(3)?,
                        currency: r.get(4)?,
                        deducted: r.get(5)?,
                        sold: r.get(6)?,
                        site: r.get(7)?,
                        settled: r.get(8)?,
                        paid_last: r.get(9)?,
                        credit_short: r.get(10)?,
                    })
                })
                .optional()
            })
            .map_err(StoreError::of)?;
        let Some(head) = head else { return Ok(()) };
        let Head { historic, accepted, paid, committed, deducted, sold, .. } = head;
        let (value, unlinked_value, unverified): (i64, i64, i64) = self
            .tx
            .prepare_cached(
                "SELECT coalesce(sum(value), 0), coalesce(sum(unlinked_value), 0), coalesce(sum(unlinked > 0), 0)
                 FROM return_line WHERE org = ? AND document = ? AND counts = 1",
            )
            .and_then(|mut s| s.query_row([self.org, document], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))))
            .map_err(StoreError::of)?;
        let (claimed, excess, voided): (i64, i64, bool) = self
            .tx
            .prepare_cached(
                "SELECT coalesce(sum(entitled), 0), coalesce(sum(excess), 0), coalesce(max(voided), 0) FROM line_claim
                 WHERE org = ? AND document = ? AND counts = 1",
            )
            .and_then(|mut s| s.query_row([self.org, document], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))))
            .map_err(StoreError::of)?;
        let gross = if accepted { claimed + unlinked_value } else { 0 };
        let entitled = (gross - deducted).max(0);
        // History says what was refunded; nobody recorded by what.
        let (paid, committed) = if historic { (value, value) } else { (paid, committed) };
        // The over-return absorbs the refund that goes with it; an unproven one isn't judged yet.
        let over = if excess == 0 && !voided && unverified == 0 { (committed - entitled).max(0) } else { 0 };
        self.tx
            .prepare_cached(
                "UPDATE return_head SET entitled = ?, excess = ?, unverified = ?, over = ?, paid = ?, committed = ?
                 WHERE org = ? AND document = ?",
            )
            .and_then(|mut s| {
                s.execute(params![entitled, excess, unverified, over, paid, committed, self.org, document])
            })
            .map_err(StoreError::of)?;
        self.tx
            .prepare_cached(
                "DELETE FROM money WHERE org = ? AND document = ?
                     AND account IN ('net_sales', 'deduction', 'refund_payable', 'loss:undecided')",
            )
            .and_then(|mut s| s.execute([self.org, document]))
            .map_err(StoreError::of)?;
        let beyond = (paid - entitled).max(0);
        // Owed from when it was decided on; kept, or lost, from when it was paid.
        let mut accounts = vec![
            ("net_sales", gross - sold, head.settled),
            ("deduction", entitled - gross, head.settled),
            ("refund_payable", -entitled, head.settled),
            ("refund_payable", paid - beyond, head.paid_last),
            ("loss:undecided", beyond + head.credit_short, head.paid_last),
        ];
        if historic {
            self.tx
                .prepare_cached(
                    "DELETE FROM money WHERE org = ? AND document = ?
                         AND account NOT LIKE 'cost:%' AND account NOT LIKE 'loss:%'",
                )
                .and_then(|mut s| s.execute([self.org, document]))
                .map_err(StoreError::of)?;
            // What history refunded is a fact, whatever it would be owed by today's rules.
            accounts = vec![("net_sales", paid, head.settled), ("tender:unknown", -paid, head.settled)];
        } else if head.settled == head.paid_last {
            accounts[2].1 += accounts[3].1;
            accounts[3].1 = 0;
        }
        let purse = Purse { site: &head.site, currency: &head.currency };
        for (account, amount, at) in accounts {
            self.post_money(document, purse, account, Amount(amount), at)?;
        }
        Ok(())
    }

    /// The stock of a bucket: all its postings that count. Where it was counted, its variances are among
    /// them, so that this is the last count that holds and what was posted after it.
    fn fold_bucket(&mut self, bucket: i64) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "INSERT INTO stock (org, bucket, quantity, value, asserted)
                 SELECT ?1, ?2, coalesce(sum(quantity), 0), coalesce(sum(value), 0), coalesce(max(asserts), 0)
                 FROM posting INDEXED BY posting_bucket WHERE org = ?1 AND bucket = ?2 AND counts = 1
                 ON CONFLICT (org, bucket) DO UPDATE SET
                     quantity = excluded.quantity, value = excluded.value, asserted = excluded.asserted",
            )
            .and_then(|mut s| s.execute([self.org, bucket]))
            .map_err(StoreError::of)?;
        Ok(())
    }
}

/// What a return's own events say of its money.
struct Head {
    historic: bool,
    accepted: bool,
    paid: i64,
    committed: i64,
    currency: String,
    deducted: i64,
    sold: i64,
    site: String,
    settled: i64,
    paid_last: i64,
    credit_short: i64,
}
