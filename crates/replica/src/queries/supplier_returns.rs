//! Supplier returns: the claims, and what is open by supplier.

use std::collections::BTreeMap;

use guicang_domain::account::Account;
use guicang_domain::document::Document;
use guicang_domain::ids::{DocumentId, LineId, Lot, Number, ReasonCode, SiteId, Sku};
use guicang_domain::money::{Amount, Currency, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::supplier_return::Settled;
use guicang_domain::supplier_return::state::{ClaimLine, SupplierReturnState};
use guicang_domain::time::{Moment, Occurred};
use rusqlite::params;

use super::name;
use crate::error::{CommandError, StoreError};
use crate::facts::{document_by_id, documents_numbered, find_document, standing};
use crate::store::Replica;

/// Which supplier returns.
#[derive(Debug, Clone, Default)]
pub struct SupplierReturnFilter {
    /// Only this site's.
    pub site: Option<SiteId>,
    /// Only this supplier's.
    pub supplier: Option<String>,
    /// Only those of whose claim something is open.
    pub open: bool,
    /// At most so many, the latest; `None`: all.
    pub limit: Option<u32>,
}

/// A supplier return.
#[derive(Debug, Clone)]
pub struct SupplierReturnRow {
    /// The document.
    pub id: DocumentId,
    /// Its number.
    pub number: Number,
    /// The site.
    pub site: SiteId,
    /// The supplier.
    pub supplier: String,
    /// When it was raised.
    pub raised: Option<Occurred>,
    /// When the first goods left.
    pub shipped: Option<Occurred>,
    /// Where it stands.
    pub states: Vec<String>,
    /// Its lines.
    pub lines: Vec<ClaimLineRow>,
    /// What is claimed for what left.
    pub claimed: Amount,
    /// What was credited.
    pub credited: Amount,
    /// What of the claim is open.
    pub open_value: Amount,
    /// What was claimed and is lost.
    pub lost: Amount,
    /// The currency.
    pub currency: Currency,
    /// A note.
    pub note: Option<String>,
}

/// A line of a supplier return.
#[derive(Debug, Clone)]
pub struct ClaimLineRow {
    /// Its name in the document.
    pub line: LineId,
    /// The article.
    pub sku: Sku,
    /// The lot.
    pub lot: Option<Lot>,
    /// How much is to go back.
    pub quantity: Quantity,
    /// Where it was.
    pub from: Account,
    /// Why.
    pub reason: ReasonCode,
    /// What is claimed for one.
    pub price: UnitPrice,
    /// What became of it.
    pub claim: ClaimLine,
}

/// What is open with a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenClaims {
    /// The supplier.
    pub supplier: String,
    /// The currency.
    pub currency: Currency,
    /// How many supplier returns.
    pub claims: u64,
    /// How much, of all articles together.
    pub quantity: Quantity,
    /// What it is worth as claimed.
    pub value: Amount,
    /// When the oldest of it left.
    pub oldest: Moment,
}

impl Replica {
    /// The supplier returns that a filter asks for, latest first.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn supplier_returns(
        &self,
        filter: &SupplierReturnFilter,
    ) -> Result<Vec<SupplierReturnRow>, StoreError> {
        let ids: Vec<i64> = {
            let mut statement = self
                .db
                .prepare_cached(
                    "SELECT s.document FROM supplier_return s JOIN document d ON d.id = s.document
                     WHERE s.org = ?1 AND (?2 IS NULL OR s.site = ?2) AND (?3 IS NULL OR s.supplier = ?3)
                       AND (NOT ?4 OR s.open > 0)
                     ORDER BY s.raised DESC, d.identity DESC LIMIT ?5",
                )
                .map_err(StoreError::of)?;
            let site = filter.site.as_ref().map(SiteId::as_str);
            let limit = filter.limit.map_or(-1, i64::from);
            let key = params![self.identity.org, site, filter.supplier, filter.open, limit];
            let rows = statement.query_map(key, |r| r.get(0)).map_err(StoreError::of)?;
            rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
        };
        ids.into_iter().map(|id| self.supplier_return_row(id)).collect()
    }

    /// The supplier return of a number or an identity; `None` when none is held.
    ///
    /// # Errors
    /// [`CommandError::Ambiguous`] when a number names several.
    pub fn find_supplier_return(&self, text: &str) -> Result<Option<SupplierReturnRow>, CommandError> {
        let mut found = match text.parse::<DocumentId>() {
            Ok(identity) => find_document(&self.db, self.identity.org, identity)?.into_iter().collect(),
            Err(_) => documents_numbered(&self.db, self.identity.org, &text.trim().to_uppercase())?,
        };
        found.retain(|d| d.number.starts_with("CT-"));
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(self.supplier_return_row(one.id)?)),
            many => Err(CommandError::Ambiguous {
                number: text.into(),
                found: many.iter().map(|d| d.identity.to_string()).collect(),
            }),
        }
    }

    pub(crate) fn supplier_return_row(&self, id: i64) -> Result<SupplierReturnRow, StoreError> {
        let row = document_by_id(&self.db, id)?;
        let held = standing(&self.db, self.identity.org, &self.book, self.identity.device, id)?;
        let Some(Document::SupplierReturn(document)) = held.read(row.identity)?.1.document else {
            return Err(StoreError::damaged("a supplier return", row.identity));
        };
        let state = SupplierReturnState::of(&document);
        let mut claims: BTreeMap<LineId, ClaimLine> = state.lines.clone();
        let lines = document
            .lines
            .iter()
            .map(|(id, line)| ClaimLineRow {
                line: id.clone(),
                sku: line.sku.clone(),
                lot: line.lot.clone(),
                quantity: line.quantity,
                from: line.from,
                reason: line.reason.clone(),
                price: line.price,
                claim: claims.remove(id).unwrap_or_default(),
            })
            .collect();
        let lost = state.money.iter().filter(|(account, _)| account.starts_with("loss:"));
        Ok(SupplierReturnRow {
            id: document.head.id,
            number: document.head.number.clone(),
            site: document
                .head
                .site
                .clone()
                .ok_or_else(|| StoreError::damaged("a supplier return's site", row.identity))?,
            supplier: document.supplier.clone(),
            raised: state.raised,
            shipped: state.shipped,
            states: state.names().into_iter().map(str::to_owned).collect(),
            lines,
            claimed: state.claimed(),
            credited: state.credited(),
            open_value: state.open_value(),
            lost: lost.map(|(_, amount)| *amount).sum(),
            currency: document.currency,
            note: document.note.clone(),
        })
    }

    /// What is open by supplier and currency.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn open_claims(&self, site: Option<&SiteId>) -> Result<Vec<OpenClaims>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT supplier, currency, count(*), sum(open), sum(open_value), min(shipped) FROM supplier_return
                 WHERE org = ?1 AND open > 0 AND (?2 IS NULL OR site = ?2)
                 GROUP BY supplier, currency ORDER BY supplier, currency",
            )
            .map_err(StoreError::of)?;
        let mut rows =
            statement.query(params![self.identity.org, site.map(SiteId::as_str)]).map_err(StoreError::of)?;
        let mut out = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let number = |n| r.get::<_, i64>(n).map_err(StoreError::of);
            out.push(OpenClaims {
                supplier: r.get(0).map_err(StoreError::of)?,
                currency: name(r, 1, "a currency")?,
                claims: r.get(2).map_err(StoreError::of)?,
                quantity: Quantity(number(3)?),
                value: Amount(number(4)?),
                oldest: Moment(number(5)?),
            });
        }
        Ok(out)
    }
}

impl ClaimLineRow {
    /// How much of it ended in some way.
    pub fn ended(&self, settled: Settled) -> Quantity {
        self.claim.closed.get(&settled).copied().unwrap_or_default()
    }
}
