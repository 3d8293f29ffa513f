//! Brought-in history: sales, returns and adjustments, a batch in one transaction.
//!
//! What is a row and what is already known the importer decides ([`Replica::known_rows`],
//! [`Replica::sale_lines_of`]); here documents are made of it.

use std::collections::HashSet;

use guicang_domain::adjustment::{Adjustment, AdjustmentEvent, AdjustmentLine, Movement};
use guicang_domain::document::{Document, ImportMark, Kind};
use guicang_domain::ids::{CustomerId, LineId, ReceiptId, ReceiptLineId, ReceiptNumber, SiteId, Sku};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::{Channel, Return, ReturnEvent, ReturnLine};
use guicang_domain::sale::{SaleBatch, SaleEvent, Sales};
use guicang_domain::time::{Moment, Occurred, Zone};
use guicang_sync::grant::Role;
use rusqlite::params;

use super::{By, SiteDraft};
use crate::error::{CommandError, StoreError};
use crate::store::{Replica, Work};

/// What one transaction of an import brings in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportBatch {
    /// The import it belongs to; `None` for what a till's own program records as it goes.
    pub mark: Option<ImportMark>,
    /// Sales, each batch a document.
    pub sales: Vec<SaleBatch>,
    /// Returns, each a document.
    pub returns: Vec<ImportedReturn>,
    /// Adjustments, each a document.
    pub adjustments: Vec<ImportedAdjustment>,
}

impl ImportBatch {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.sales.is_empty() && self.returns.is_empty() && self.adjustments.is_empty()
    }
}

/// A return of long ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedReturn {
    /// The site that took it back.
    pub site: SiteId,
    /// The zone of its walls.
    pub zone: Zone,
    /// The currency.
    pub currency: Currency,
    /// The return's own receipt: its lines' rows are known by it.
    pub receipt: ReceiptId,
    /// The member's number.
    pub customer: Option<CustomerId>,
    /// When.
    pub occurred: Moment,
    /// What came back; each line's `row` is set.
    pub lines: Vec<ReturnLine>,
}

/// An adjustment of long ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedAdjustment {
    /// The site.
    pub site: SiteId,
    /// The zone of its walls.
    pub zone: Zone,
    /// The currency of its costs.
    pub currency: Currency,
    /// What kind of movement.
    pub movement: Movement,
    /// The receipt by which its rows are known.
    pub receipt: ReceiptId,
    /// When.
    pub occurred: Moment,
    /// What moved; each line's `row` is set.
    pub lines: Vec<AdjustmentLine>,
}

/// A sale line held here that a customer bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldSaleLine {
    /// The receipt.
    pub receipt: ReceiptId,
    /// Its line.
    pub line: ReceiptLineId,
    /// When.
    pub occurred: Moment,
    /// How much was sold.
    pub sold: Quantity,
    /// What was paid for it.
    pub paid: Amount,
    /// How much of it no return has claimed.
    pub open: Quantity,
}

impl Replica {
    /// The lines of a receipt that some document already stands for.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn known_rows(&self, receipt: &ReceiptId) -> Result<HashSet<ReceiptLineId>, StoreError> {
        let till = receipt.till.as_ref().map_or("", |t| t.as_str());
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT l.line FROM receipt r JOIN receipt_line l ON l.org = r.org AND l.receipt = r.id
                 WHERE r.org = ?1 AND r.site = ?2 AND r.till = ?3 AND r.number = ?4
                 UNION SELECT c.line FROM receipt r JOIN row_claim c ON c.org = r.org AND c.receipt = r.id
                 WHERE r.org = ?1 AND r.site = ?2 AND r.till = ?3 AND r.number = ?4",
            )
            .map_err(StoreError::of)?;
        let key = params![self.identity.org, receipt.site.as_str(), till, receipt.number.as_str()];
        let rows = statement.query_map(key, |r| r.get::<_, String>(0)).map_err(StoreError::of)?;
        rows.map(|line| {
            line.map_err(StoreError::of)?.parse().map_err(|e| StoreError::damaged("a receipt line", e))
        })
        .collect()
    }

    /// The sale lines that a customer bought of an article, by its code as written; oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn sale_lines_of(&self, customer: &CustomerId, code: &str) -> Result<Vec<HeldSaleLine>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT r.site, r.till, r.number, l.line, r.occurred, l.quantity, l.paid,
                        l.quantity - coalesce((SELECT sum(c.quantity) FROM line_claim c
                            WHERE c.org = l.org AND c.receipt = l.receipt AND c.line = l.line AND c.counts), 0)
                 FROM receipt r JOIN receipt_line l ON l.org = r.org AND l.receipt = r.id
                 WHERE r.org = ? AND r.customer = ? AND coalesce(l.code, l.sku) = ?
                 ORDER BY r.occurred, l.document, l.position",
            )
            .map_err(StoreError::of)?;
        let mut rows =
            statement.query(params![self.identity.org, customer.as_str(), code]).map_err(StoreError::of)?;
        let mut lines = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            lines.push(held_line(r)?);
        }
        Ok(lines)
    }

    /// The sale lines of an article, by its code as written, on the receipts of a number at a site, at
    /// whatever till; oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn sale_lines_on(
        &self,
        site: &SiteId,
        number: &ReceiptNumber,
        code: &str,
    ) -> Result<Vec<HeldSaleLine>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT r.site, r.till, r.number, l.line, r.occurred, l.quantity, l.paid,
                        l.quantity - coalesce((SELECT sum(c.quantity) FROM line_claim c
                            WHERE c.org = l.org AND c.receipt = l.receipt AND c.line = l.line AND c.counts), 0)
                 FROM receipt r JOIN receipt_line l ON l.org = r.org AND l.receipt = r.id
                 WHERE r.org = ? AND r.number = ? AND r.site = ? AND coalesce(l.code, l.sku) = ?
                 ORDER BY r.occurred, l.document, l.position",
            )
            .map_err(StoreError::of)?;
        let key = params![self.identity.org, number.as_str(), site.as_str(), code];
        let mut rows = statement.query(key).map_err(StoreError::of)?;
        let mut lines = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            lines.push(held_line(r)?);
        }
        Ok(lines)
    }

    /// The article that alone is listed with a barcode.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn article_of(&self, barcode: &str) -> Result<Option<Sku>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT DISTINCT sku FROM product_barcode WHERE org = ? AND barcode = ? LIMIT 2")
            .map_err(StoreError::of)?;
        let mut rows = statement.query(params![self.identity.org, barcode]).map_err(StoreError::of)?;
        let mut found = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            found.push(crate::queries::name(r, 0, "a SKU")?);
        }
        Ok(if found.len() == 1 { found.pop() } else { None })
    }

    /// Whether the site is listed.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn knows_site(&self, site: &SiteId) -> Result<bool, StoreError> {
        self.db
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM site WHERE org = ? AND code = ?)")
            .and_then(|mut s| s.query_row(params![self.identity.org, site.as_str()], |r| r.get(0)))
            .map_err(StoreError::of)
    }

    /// The zone of a site's walls; the organisation's where no site is named, or it isn't listed.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn zone_of(&self, site: Option<&SiteId>) -> Result<Zone, StoreError> {
        let listed = self.sites()?.into_iter().find(|s| Some(&s.code) == site);
        Ok(listed.map_or(self.identity.zone, |s| s.zone))
    }

    /// Brings in a batch: one transaction. At HQ, sites that aren't listed yet are.
    ///
    /// # Errors
    /// [`CommandError`]; nothing of the batch is changed then.
    pub fn import_batch(&mut self, by: &By, batch: ImportBatch) -> Result<(), CommandError> {
        self.write(|work| work.import_batch(by, batch))
    }
}

fn held_line(r: &rusqlite::Row<'_>) -> Result<HeldSaleLine, StoreError> {
    let receipt = crate::queries::receipt_id(r, 0)?;
    let read = || -> rusqlite::Result<_> {
        Ok((r.get::<_, String>(3)?, r.get(4)?, r.get(5)?, r.get(6)?, r.get(7)?))
    };
    let (line, occurred, sold, paid, open) = read().map_err(StoreError::of)?;
    Ok(HeldSaleLine {
        receipt,
        line: line.parse().map_err(|e| StoreError::damaged("a receipt line", e))?,
        occurred: Moment(occurred),
        sold: Quantity(sold),
        paid: Amount(paid),
        open: Quantity(open),
    })
}

impl Work<'_> {
    fn import_batch(&mut self, by: &By, batch: ImportBatch) -> Result<(), CommandError> {
        let mark = batch.mark;
        for sales in batch.sales {
            self.list_site(&sales.site, sales.zone, sales.currency)?;
            let mut head = self.new_head(Kind::SaleBatch, Some(sales.site.clone()), sales.zone)?;
            head.import.clone_from(&mark);
            let (site, zone) = (sales.site.clone(), sales.zone);
            let body = if sales.historic { SaleEvent::Imported } else { SaleEvent::Recorded };
            let event = self.event(by, zone, "", body);
            let document = Sales { head, batch: sales, events: vec![event] };
            self.create(Document::Sales(document), &[site])?;
        }
        for imported in batch.returns {
            self.list_site(&imported.site, imported.zone, imported.currency)?;
            let mut head = self.new_head(Kind::Return, Some(imported.site.clone()), imported.zone)?;
            head.import.clone_from(&mark);
            let when = Occurred { at: imported.occurred, zone: imported.zone };
            let by = By { occurred: Some(when), ..by.clone() };
            let event = self.event(&by, imported.zone, "", ReturnEvent::Imported);
            let mut sites = vec![imported.site.clone()];
            for link in imported.lines.iter().flat_map(|l| &l.links) {
                if !sites.contains(&link.receipt.site) {
                    sites.push(link.receipt.site.clone());
                }
            }
            let document = Return {
                head,
                channel: Channel::Import,
                receipt: Some(imported.receipt),
                proof: None,
                customer: imported.customer,
                contact: None,
                currency: imported.currency,
                note: None,
                lines: numbered(imported.lines),
                events: vec![event],
            };
            self.create(Document::Return(document), &sites)?;
        }
        for imported in batch.adjustments {
            self.list_site(&imported.site, imported.zone, imported.currency)?;
            let mut head = self.new_head(Kind::Adjustment, Some(imported.site.clone()), imported.zone)?;
            head.import.clone_from(&mark);
            let when = Occurred { at: imported.occurred, zone: imported.zone };
            let by = By { occurred: Some(when), ..by.clone() };
            let event = self.event(&by, imported.zone, "", AdjustmentEvent::Imported);
            let document = Adjustment {
                witness: None,
                head,
                movement: imported.movement,
                currency: imported.currency,
                note: None,
                receipt: Some(imported.receipt),
                returned: None,
                lines: numbered(imported.lines),
                events: vec![event],
            };
            self.create(Document::Adjustment(document), &[imported.site])?;
        }
        Ok(())
    }

    /// At HQ, lists a site that isn't; a branch may only bring in its own.
    fn list_site(&mut self, site: &SiteId, zone: Zone, currency: Currency) -> Result<(), CommandError> {
        match &self.me.role {
            Role::Hq if self.knows_site(site)? => Ok(()),
            Role::Hq => {
                let draft = SiteDraft {
                    code: site.clone(),
                    name: site.to_string(),
                    address: None,
                    return_address: None,
                    zone: Some(zone),
                    currency: Some(currency),
                };
                self.put_site(draft).map(drop)
            }
            _ => self.site_for(Some(site)).map(drop),
        }
    }
}

fn numbered<T>(lines: Vec<T>) -> std::collections::BTreeMap<LineId, T> {
    lines.into_iter().enumerate().map(|(n, line)| (LineId::nth(n + 1), line)).collect()
}
