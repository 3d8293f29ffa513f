//! HQ tells a return's holders what it knows of the sale, so that they all judge alike.

use guicang_domain::document::Kind;
use guicang_domain::ids::{LineId, ReceiptId, UserName};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::entitlement::closed_by;
use guicang_domain::returns::{Return, ReturnEvent, SaleLink, VerifiedLine};
use rusqlite::params;

use super::By;
use super::held::{Held, HeldLine};
use crate::error::CommandError;
use crate::facts::{DocumentRow, document_by_id};
use crate::store::{Replica, Work};

impl Replica {
    /// Writes `sale_verified` into every return whose sale HQ knows and nobody has verified yet.
    /// How many.
    ///
    /// # Errors
    /// [`CommandError::HqOnly`], or what the file says.
    pub fn verify_sales(&mut self) -> Result<usize, CommandError> {
        let waiting: Vec<i64> = {
            let mut statement = self.db.prepare_cached(
                "SELECT h.document FROM return_head h JOIN receipt r ON r.id = h.receipt
                 WHERE h.org = ? AND h.historic = 0 AND r.document IS NOT NULL
                   AND (h.unverified > 0
                   OR EXISTS (SELECT 1 FROM receipt_proof p
                       WHERE p.org = h.org AND p.document = h.document AND p.verified = 0)
                   OR (h.committed = 0 AND EXISTS (
                       SELECT 1 FROM line_claim c JOIN line_claim o
                           ON o.org = c.org AND o.receipt = c.receipt AND o.line = c.line
                       WHERE c.org = h.org AND c.document = h.document AND c.counts AND o.counts AND o.excess > 0)))
                 ORDER BY h.document",
            )?;
            let rows = statement.query_map(params![self.identity.org], |r| r.get(0))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let mut verified = 0;
        for document in waiting {
            // One transaction each: the next one sees what this one has taken.
            verified += usize::from(self.write(|work| work.verify(document))?);
        }
        Ok(verified)
    }
}

impl Work<'_> {
    fn verify(&mut self, id: i64) -> Result<bool, CommandError> {
        self.hq_only()?;
        let row: DocumentRow = document_by_id(&self.tx, id)?;
        if row.state != "read" || !row.number.starts_with(Kind::Return.prefix()) {
            return Ok(false);
        }
        let (replayed, document) = self.open_return(&row)?;
        let Some(receipt) = document.sale().cloned() else { return Ok(false) };
        let Some(mut held) = self.held_receipt(&receipt)? else { return Ok(false) };
        let again = document.events.iter().any(|e| matches!(e.body, ReturnEvent::SaleVerified { .. }));
        let mut lines = Vec::new();
        if again {
            // It was put on a line that others take as well. Where the receipt has another line of the
            // article open, and nothing is pinned, it takes that one back instead.
            self.others_take(row.id, &receipt, &mut held)?;
        }
        for (id, line) in &document.lines {
            // What a signed receipt proves is told as it is held here, with what it cost.
            if document.proof.is_some() && !again && as_proven(&document, id, &held, &mut lines) {
                continue;
            }
            if document.proof.is_some() || document.links_of(id).is_empty() || again {
                let tolerance = self.tolerance(&line.sku, document.head.site.as_ref())?;
                lines.extend(allocate(id, line.quantity, &line.sku, tolerance, &receipt, &mut held));
            }
        }
        let taken = |l: &HeldLine| lines.iter().any(|v| v.link.line == l.line);
        let excess = held.lines.iter().any(|l| taken(l) && l.valid > l.quantity);
        let same = |l: &VerifiedLine| document.links_of(&l.line).contains(&&l.link);
        if lines.is_empty() || (again && (excess || lines.iter().all(same))) {
            return Ok(false);
        }
        if document.head.site.as_ref() != Some(&receipt.site) {
            // The site that took them back can't know what they were worth at the one that sold them.
            for line in lines.iter_mut().filter(|l| l.cost.is_none()) {
                line.cost = self.left_at(&line.link)?;
            }
        }
        let by = By::user(UserName::new("HQ").expect("a name of ours"));
        let event = self.event(&by, document.head.zone, "", ReturnEvent::SaleVerified { lines });
        self.append_to_return(&row, replayed, document, vec![event])?;
        Ok(true)
    }
}

impl Work<'_> {
    /// Sets what a receipt's lines have given to what all other returns ask of them.
    fn others_take(&self, document: i64, receipt: &ReceiptId, held: &mut Held) -> Result<(), CommandError> {
        let receipt = self.receipt(receipt)?;
        let mut statement = self.tx.prepare_cached(
            "SELECT coalesce(sum(quantity), 0) FROM line_claim
             WHERE org = ? AND receipt = ? AND line = ? AND counts AND NOT voided AND document <> ?",
        )?;
        for line in &mut held.lines {
            line.valid = Quantity(
                statement
                    .query_row(params![self.org, receipt, line.line.as_str(), document], |r| r.get(0))?,
            );
        }
        Ok(())
    }
}

/// The sale lines that a signed receipt put a return's line on, as they are held here; `false`, and nothing added,
/// where one of them isn't on the sale as it is held.
fn as_proven(document: &Return, line: &LineId, held: &Held, lines: &mut Vec<VerifiedLine>) -> bool {
    let sku = document.lines.get(line).map(|l| &l.sku);
    let found = |link: &SaleLink| {
        let sold = held.lines.iter().find(|l| l.line == link.line && Some(&l.sku) == sku)?;
        let link = SaleLink { sold: sold.quantity, paid: sold.paid, ..link.clone() };
        Some(VerifiedLine { line: line.clone(), link, cost: sold.cost, lot: sold.lot.clone() })
    };
    let links = document.links_of(line);
    let told: Option<Vec<VerifiedLine>> = links.iter().map(|link| found(link)).collect();
    let told = told.filter(|told| !told.is_empty());
    let proven = told.is_some();
    lines.extend(told.into_iter().flatten());
    proven
}

/// What of a receipt a return's line takes back: lines of its SKU, first what is open, in order; what
/// is more than that falls to the last of them, where it shows as excess; what is short of it by no more than
/// the tolerance closes it.
pub(super) fn allocate(
    line: &LineId,
    quantity: Quantity,
    sku: &guicang_domain::ids::Sku,
    tolerance: Quantity,
    receipt: &ReceiptId,
    held: &mut Held,
) -> Vec<VerifiedLine> {
    let mut on: Vec<&mut HeldLine> = held.lines.iter_mut().filter(|l| l.sku == *sku).collect();
    let mut left = quantity;
    let mut taken = vec![Quantity::ZERO; on.len()];
    for (sold, taken) in on.iter().zip(&mut taken) {
        let open = sold.open(Quantity::ZERO);
        *taken = left.min(open);
        left -= *taken;
        if taken.is_positive() && *taken < open {
            *taken = closed_by(*taken, open, tolerance);
        }
    }
    if let Some(last) = taken.last_mut() {
        *last += left;
    }
    for (sold, taken) in on.iter_mut().zip(&taken) {
        sold.valid += *taken;
    }
    on.iter()
        .zip(taken)
        .filter(|(_, quantity)| quantity.is_positive())
        .map(|(sold, quantity)| VerifiedLine {
            line: line.clone(),
            link: SaleLink {
                receipt: receipt.clone(),
                line: sold.line.clone(),
                quantity,
                sold: sold.quantity,
                paid: sold.paid,
            },
            cost: sold.cost,
            lot: None,
        })
        .collect()
}
