//! Receipts whose sale is held here, with what their lines have left to return.

use guicang_domain::document::Document;
use guicang_domain::ids::{Lot, ReceiptId, ReceiptLineId, SiteId, Sku, Tender};
use guicang_domain::money::{Amount, Currency, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::entitlement::TenderLeft;
use guicang_domain::sale::PaidBy;
use guicang_domain::time::{Moment, Occurred};
use rusqlite::{OptionalExtension, params};

use crate::error::{CommandError, StoreError};
use crate::facts::document_by_id;
use crate::store::Work;

/// A receipt that is held here.
pub(super) struct Held {
    pub(super) id: i64,
    pub(super) receipt: ReceiptId,
    pub(super) occurred: Occurred,
    pub(super) currency: Currency,
    pub(super) tenders: Vec<PaidBy>,
    /// What the customer's paper says was refunded by which tender; nothing without a paper.
    pub(super) refunded: Vec<(Tender, Amount)>,
    pub(super) lines: Vec<HeldLine>,
}

/// A line of it, with what valid returns have taken and are owed.
pub(super) struct HeldLine {
    pub(super) line: ReceiptLineId,
    pub(super) sku: Sku,
    pub(super) quantity: Quantity,
    pub(super) paid: Amount,
    pub(super) service: bool,
    pub(super) cost: Option<UnitPrice>,
    pub(super) list_price: Option<UnitPrice>,
    /// Lines of one group belong together.
    pub(super) group: Option<u32>,
    pub(super) lot: Option<Lot>,
    pub(super) valid: Quantity,
    pub(super) entitled: Amount,
    /// Whether money was taken off it without goods.
    pub(super) allowed: bool,
    /// The most of it that a hold lets come back; `None` where the sale itself is known.
    pub(super) most: Option<Quantity>,
}

impl HeldLine {
    /// What is left to return, when so much has been planned already.
    pub(super) fn open(&self, planned: Quantity) -> Quantity {
        let open = self.quantity - self.valid;
        (self.most.map_or(open, |most| most.min(open)) - planned).max(Quantity::ZERO)
    }

    /// What is owed for so much more of it, as the receipt line's fold will say
    /// ([`guicang_domain::balance::judge`]), when so much has been planned already.
    pub(super) fn owed(&self, quantity: Quantity, planned: Quantity) -> Amount {
        let open = self.quantity - self.valid;
        match () {
            () if planned == Quantity::ZERO && quantity == open => self.paid - self.entitled,
            () if self.allowed => (self.paid - self.entitled).share(quantity, open),
            () => self.paid.share(quantity, self.quantity),
        }
    }
}

impl Work<'_> {
    /// A receipt whose sale is held here, with what its lines have left.
    pub(super) fn held_receipt(&self, receipt: &ReceiptId) -> Result<Option<Held>, CommandError> {
        let till = receipt.till.as_ref().map_or("", |t| t.as_str());
        let row: Option<(i64, i64, String, Vec<u8>, String)> = self
            .tx
            .prepare_cached(
                "SELECT id, occurred, zone, tenders, currency FROM receipt
                 WHERE org = ? AND site = ? AND till = ? AND number = ? AND document IS NOT NULL",
            )?
            .query_row(params![self.org, receipt.site.as_str(), till, receipt.number.as_str()], |r| {
                Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?))
            })
            .optional()?;
        let Some((id, occurred, zone, tenders, currency)) = row else { return Ok(None) };
        let tenders: Vec<PaidBy> =
            minicbor::decode(&tenders).map_err(|e| StoreError::damaged("a receipt's tenders", e))?;
        let mut statement = self.tx.prepare_cached(
            "SELECT l.line, l.sku, l.quantity, l.paid, l.service, l.cost, l.list_price, l.bundle,
                    coalesce((SELECT sum(valid) FROM line_claim c WHERE c.org = l.org AND c.receipt = l.receipt AND c.line = l.line AND c.counts), 0),
                    coalesce((SELECT sum(entitled) FROM line_claim c WHERE c.org = l.org AND c.receipt = l.receipt AND c.line = l.line AND c.counts), 0),
                    EXISTS (SELECT 1 FROM line_claim c WHERE c.org = l.org AND c.receipt = l.receipt AND c.line = l.line AND c.counts AND c.allowance > 0),
                    l.lot
             FROM receipt_line l WHERE l.org = ? AND l.receipt = ? ORDER BY l.document, l.position",
        )?;
        let mut rows = statement.query([self.org, id])?;
        let mut lines = Vec::new();
        while let Some(r) = rows.next()? {
            lines.push(HeldLine {
                line: r.get::<_, String>(0)?.parse().map_err(|e| StoreError::damaged("a receipt line", e))?,
                sku: r.get::<_, String>(1)?.parse().map_err(|e| StoreError::damaged("a receipt line", e))?,
                quantity: Quantity(r.get(2)?),
                paid: Amount(r.get(3)?),
                service: r.get(4)?,
                cost: r.get::<_, Option<i64>>(5)?.map(UnitPrice),
                list_price: r.get::<_, Option<i64>>(6)?.map(UnitPrice),
                group: r.get(7)?,
                valid: Quantity(r.get(8)?),
                entitled: Amount(r.get(9)?),
                allowed: r.get(10)?,
                most: None,
                lot: match r.get::<_, Option<String>>(11)? {
                    Some(lot) => {
                        Some(lot.parse().map_err(|e| StoreError::damaged("a receipt line's lot", e))?)
                    }
                    None => None,
                },
            });
        }
        let zone = zone.parse().map_err(|e| StoreError::damaged("a receipt's zone", e))?;
        let occurred = Occurred { at: Moment(occurred), zone };
        let currency = currency.parse().map_err(|e| StoreError::damaged("a receipt's currency", e))?;
        let refunded = Vec::new();
        Ok(Some(Held { id, receipt: receipt.clone(), occurred, currency, tenders, refunded, lines }))
    }

    /// What each tender of a sale has left: paid by it, less what returns of the sale have refunded by it, or
    /// are about to.
    pub(super) fn tenders_left(&self, held: &Held) -> Result<Vec<TenderLeft>, CommandError> {
        let mut statement = self.tx.prepare_cached(
            "SELECT coalesce(sum(f.amount), 0) FROM refund f WHERE f.org = ?1 AND f.tender = ?3
             AND f.document IN (SELECT c.document FROM line_claim c WHERE c.org = ?1 AND c.receipt = ?2)",
        )?;
        let mut out: Vec<TenderLeft> = Vec::new();
        for paid in &held.tenders {
            match out.iter_mut().find(|t| t.tender == paid.tender) {
                Some(same) => same.paid += paid.amount,
                None => out.push(TenderLeft {
                    tender: paid.tender.clone(),
                    paid: paid.amount,
                    left: Amount::ZERO,
                }),
            }
        }
        for tender in &mut out {
            let key = params![self.org, held.id, tender.tender.as_str()];
            let known = Amount(statement.query_row(key, |r| r.get(0))?);
            let told = held.refunded.iter().find(|(t, _)| *t == tender.tender).map(|(_, amount)| *amount);
            tender.left = tender.paid - told.map_or(known, |told| told.max(known));
        }
        Ok(out)
    }

    /// How much less than was sold may come back of an article, at a site, and still close its line: the
    /// article's own tolerance, else the policy's for its category.
    pub(super) fn tolerance(&self, sku: &Sku, site: Option<&SiteId>) -> Result<Quantity, CommandError> {
        let listed: Option<i64> = self
            .tx
            .prepare_cached("SELECT document FROM product WHERE org = ? AND sku = ?")?
            .query_row(params![self.org, sku.as_str()], |r| r.get(0))
            .optional()?;
        let listed = match listed {
            Some(id) => self.load(&document_by_id(&self.tx, id)?)?.1.document,
            None => None,
        };
        let (own, category) = match listed {
            Some(Document::Product(product)) => (product.tolerance, product.category),
            _ => (None, None),
        };
        match own {
            Some(own) => Ok(own),
            None => Ok(self.policy()?.tolerance(category.as_deref(), site)),
        }
    }

    /// The lowest price that was paid for one of an article at a site since then; `None` where none was sold.
    pub(super) fn lowest_price(
        &self,
        site: &SiteId,
        sku: &Sku,
        since: Moment,
        currency: Currency,
    ) -> Result<Option<UnitPrice>, CommandError> {
        let mut statement = self.tx.prepare_cached(
            "SELECT l.paid, l.quantity FROM receipt r JOIN receipt_line l ON l.org = r.org AND l.receipt = r.id
             WHERE r.org = ?1 AND r.site = ?2 AND r.occurred >= ?3 AND l.sku = ?4 AND l.paid > 0",
        )?;
        let mut rows = statement.query(params![self.org, site.as_str(), since.0, sku.as_str()])?;
        let mut lowest: Option<UnitPrice> = None;
        while let Some(r) = rows.next()? {
            let price = UnitPrice::of(Amount(r.get(0)?), Quantity(r.get(1)?), currency);
            lowest = Some(lowest.map_or(price, |l| l.min(price)));
        }
        Ok(lowest)
    }

    /// What one of an article costs on the average of a site's shelf; as listed where nothing is on it.
    pub(super) fn shelf_cost(&self, site: &SiteId, sku: &Sku) -> Result<Option<UnitPrice>, CommandError> {
        if let Some(cost) = self.average_cost(site, sku)? {
            return Ok(Some(cost));
        }
        let listed: Option<Option<i64>> = self
            .tx
            .prepare_cached("SELECT cost FROM product WHERE org = ? AND sku = ?")?
            .query_row(params![self.org, sku.as_str()], |r| r.get(0))
            .optional()?;
        Ok(listed.flatten().map(UnitPrice))
    }

    /// The list price of one.
    pub(super) fn listed_price(&self, sku: &Sku) -> Result<Option<UnitPrice>, CommandError> {
        let price: Option<Option<i64>> = self
            .tx
            .prepare_cached("SELECT list_price FROM product WHERE org = ? AND sku = ?")?
            .query_row(params![self.org, sku.as_str()], |r| r.get(0))
            .optional()?;
        Ok(price.flatten().map(UnitPrice))
    }
}
