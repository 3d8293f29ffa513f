//! Goods given in exchange: sold on the return itself, and returnable under its number.
//!
//! What surprises: they stand among the receipts' lines like a till's, as the receipt whose number is the
//! return's. So all that is asked of a receipt, of its lines and of what is left on them holds for them too.

use guicang_domain::event::{Event, Rank};
use guicang_domain::ids::{ReceiptId, ReceiptNumber};
use guicang_domain::returns::postings::replacements;
use guicang_domain::returns::state::ReturnState;
use guicang_domain::returns::{Replacement, Return, ReturnEvent};
use guicang_domain::sale::{PaidBy, SaleLine};
use guicang_domain::time::Moment;
use rusqlite::params;

use super::rank_text;
use super::sales::ReceiptHead;
use crate::error::StoreError;
use crate::store::Work;

/// The receipt under which what a return gave can come back.
pub(crate) fn receipt_of(d: &Return) -> Option<ReceiptId> {
    let number = ReceiptNumber::new(d.head.number.as_str()).expect("a number is a receipt's number");
    Some(ReceiptId { site: d.head.site.clone()?, till: None, number })
}

fn sale_line(given: &Replacement) -> SaleLine {
    let mut line = SaleLine::new(given.line.clone(), given.sku.clone(), given.quantity, given.paid);
    line.cost = given.cost;
    line
}

/// Since when it stands: the first exchange.
fn rank(d: &Return) -> Option<Rank> {
    d.standing().find(|e| matches!(e.body, ReturnEvent::Exchanged(_))).map(Event::rank)
}

/// What customers paid on top, by which means. What went in kind was paid for by the goods that came back.
fn tenders(state: &ReturnState) -> Vec<PaidBy> {
    let collected = state.exchanges.iter().filter_map(|(_, _, e)| e.collected.as_ref());
    collected
        .map(|c| PaidBy { tender: c.tender.clone(), amount: c.amount, reference: c.reference.clone() })
        .collect()
}

fn head<'a>(d: &'a Return, at: Moment, tenders: &'a [PaidBy]) -> ReceiptHead<'a> {
    ReceiptHead {
        occurred: at,
        zone: d.head.zone,
        currency: d.currency,
        customer: d.customer.as_ref(),
        tenders,
        // The drawer is that of the device where it was paid.
        cash_apart: true,
        invoice: None,
        historic: false,
    }
}

impl Work<'_> {
    pub(super) fn project_replacements(
        &mut self,
        document: i64,
        d: &Return,
        state: &ReturnState,
    ) -> Result<(), StoreError> {
        let Some((_, at)) = replacements(state).next() else { return Ok(()) };
        let (Some(receipt), Some(rank)) = (receipt_of(d), rank(d)) else { return Ok(()) };
        let rank = rank_text(&rank);
        self.tx
            .prepare_cached("UPDATE document SET rank = ? WHERE id = ?")
            .and_then(|mut s| s.execute(params![rank, document]))
            .map_err(StoreError::of)?;
        let id = self.receipt(&receipt)?;
        self.head_receipt(id, document, &rank, &head(d, at, &tenders(state)))?;
        let contested: bool = self
            .tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM row_claim WHERE org = ? AND receipt = ?)")
            .and_then(|mut s| s.query_row(params![self.org, id], |r| r.get(0)))
            .map_err(StoreError::of)?;
        for (n, (given, _)) in replacements(state).enumerate() {
            let (line, position) = (sale_line(given), (d.lines.len() + n) as i64);
            if self.insert_sale_line("INSERT OR IGNORE", id, document, position, &line)? == 0 {
                self.contest(id, given.line.as_str(), document, position, &rank)?;
            } else if contested {
                self.claim_row(id, given.line.as_str(), document, position, &rank)?;
            }
            self.touched.lines.insert((id, given.line.as_str().to_owned()));
        }
        Ok(())
    }

    /// The nth line of what a return gave; the return tells of its receipt where no lower-ranked one does.
    pub(super) fn head_of_exchange(
        &mut self,
        receipt: i64,
        document: i64,
        position: i64,
        d: &Return,
    ) -> Result<Option<SaleLine>, StoreError> {
        let state = ReturnState::of(d);
        let nth = usize::try_from(position).ok().and_then(|p| p.checked_sub(d.lines.len()));
        let found = nth.and_then(|n| replacements(&state).nth(n));
        let (Some((given, at)), Some(rank)) = (found, rank(d)) else { return Ok(None) };
        self.head_receipt(receipt, document, &rank_text(&rank), &head(d, at, &tenders(&state)))?;
        Ok(Some(sale_line(given)))
    }

    /// Takes away what a return gave, from the receipt of its number.
    pub(super) fn unproject_replacements(&mut self, document: i64) -> Result<(), StoreError> {
        const OWN: &str =
            "SELECT r.id FROM document d JOIN receipt r ON r.org = d.org AND r.number = d.number
             AND r.site = d.site AND r.till = '' WHERE d.id = ?2 AND d.kind = 'return'";
        self.collect(
            document,
            &format!(
                "SELECT site, occurred FROM receipt WHERE org = ?1 AND document = ?2 AND cash <> 0 AND id IN ({OWN})"
            ),
            |touched, r| {
                let at = r.get(1)?;
                touched.cash.insert((r.get(0)?, at, at));
                Ok(())
            },
        )?;
        self.collect(
            document,
            &format!(
                "UPDATE receipt SET document = NULL, rank = NULL, occurred = NULL, zone = NULL, currency = NULL,
                     customer = NULL, tenders = NULL, historic = 0, cash = 0, invoice = NULL
                 WHERE org = ?1 AND document = ?2 AND id IN ({OWN}) RETURNING id"
            ),
            |touched, r| {
                touched.receipts.insert(r.get(0)?);
                Ok(())
            },
        )?;
        self.collect(
            document,
            &format!(
                "DELETE FROM receipt_line WHERE org = ?1 AND receipt IN ({OWN}) AND document = ?2
                 RETURNING receipt, line"
            ),
            |touched, r| {
                touched.rows.insert((r.get(0)?, r.get(1)?));
                touched.lines.insert((r.get(0)?, r.get(1)?));
                Ok(())
            },
        )
    }
}
