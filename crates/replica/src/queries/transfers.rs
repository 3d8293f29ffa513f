//! Transfers: what is under way and since when, what lacks, what came on top.

use guicang_domain::document::Document;
use guicang_domain::ids::{DocumentId, Lot, Number, SiteId, Sku};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::quantity::Quantity;
use guicang_domain::resolution::LossOwner;
use guicang_domain::time::{Moment, Occurred};
use guicang_domain::transfer::Transfer;
use guicang_domain::transfer::state::{Passage, TransferState};
use rusqlite::params;

use super::newest_time;
use crate::error::{CommandError, StoreError};
use crate::facts::{DocumentRow, document_by_id, documents_numbered, find_document, standing};
use crate::store::Replica;

const DAY_MS: i64 = 86_400_000;

/// Which transfers.
#[derive(Debug, Clone, Default)]
pub struct TransferFilter {
    /// Only those that this site sends or receives.
    pub site: Option<SiteId>,
    /// Only those of which something is under way or awaits its dispatch, the oldest first.
    pub in_transit: bool,
    /// At most so many; `None`: all.
    pub limit: Option<u32>,
}

/// A transfer as lists show it.
#[derive(Debug, Clone)]
pub struct TransferRow {
    /// The document: the dispatch, or a delivery whose dispatch isn't known.
    pub id: DocumentId,
    /// Its number.
    pub number: Number,
    /// The sender.
    pub from: SiteId,
    /// The receiver.
    pub to: SiteId,
    /// A delivery's: the dispatch's number, as the papers say.
    pub papers: Option<Number>,
    /// The deliveries that were received before the dispatch was known, by number.
    pub deliveries: Vec<Number>,
    /// When goods left; when a delivery by itself arrived.
    pub since: Option<Occurred>,
    /// How many days goods have been under way, by the newest time that is known here; `None` where
    /// nothing is.
    pub days: Option<i64>,
    /// Where it stands.
    pub states: Vec<String>,
    /// What became of each article and lot.
    pub goods: Vec<PassageRow>,
    /// Who bears what was lost, at cost.
    pub losses: Vec<(LossOwner, Amount)>,
    /// The currency.
    pub currency: Currency,
    /// A note.
    pub note: Option<String>,
}

/// What became of an article of a transfer.
#[derive(Debug, Clone)]
pub struct PassageRow {
    /// The article.
    pub sku: Sku,
    /// The lot.
    pub lot: Option<Lot>,
    /// How much, and what became of it.
    pub passage: Passage,
}

impl Replica {
    /// The transfers that a filter asks for: what is in transit the oldest first, else the latest first. A
    /// delivery whose dispatch is known is in the dispatch's row.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn transfers(&self, filter: &TransferFilter) -> Result<Vec<TransferRow>, StoreError> {
        let order = if filter.in_transit { "t.since, d.identity" } else { "t.since DESC, d.identity DESC" };
        let sql = format!(
            "SELECT t.document FROM transfer t JOIN document d ON d.id = t.document
             WHERE t.org = ?1 AND t.states <> 'joined' AND (?2 IS NULL OR t.sender = ?2 OR t.receiver = ?2)
               AND (NOT ?3 OR t.open > 0 OR t.states LIKE 'awaiting_dispatch%')
             ORDER BY {order} LIMIT ?4"
        );
        let ids: Vec<i64> = {
            let mut statement = self.db.prepare_cached(&sql).map_err(StoreError::of)?;
            let site = filter.site.as_ref().map(SiteId::as_str);
            let limit = filter.limit.map_or(-1, i64::from);
            let key = params![self.identity.org, site, filter.in_transit, limit];
            let rows = statement.query_map(key, |r| r.get(0)).map_err(StoreError::of)?;
            rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
        };
        ids.into_iter().map(|id| self.transfer_row(id)).collect()
    }

    /// The transfer of a number or an identity; `None` when none is held. A dispatch's number that only a
    /// delivery names finds that delivery.
    ///
    /// # Errors
    /// [`CommandError::Ambiguous`] when a number names several.
    pub fn find_transfer(&self, text: &str) -> Result<Option<TransferRow>, CommandError> {
        let number = text.trim().to_uppercase();
        let mut found: Vec<DocumentRow> = match text.parse::<DocumentId>() {
            Ok(identity) => find_document(&self.db, self.identity.org, identity)?.into_iter().collect(),
            Err(_) => documents_numbered(&self.db, self.identity.org, &number)?,
        };
        found.retain(|d| d.number.starts_with("DB-"));
        if found.is_empty() {
            for id in self.joined_by(&number)? {
                found.push(document_by_id(&self.db, id)?);
            }
        }
        match found.as_slice() {
            [] => Ok(None),
            // One that isn't told at its site is kept and passed on, and is nobody's transfer.
            [one] if !self.transfer_document(one.id)?.is_told_at_its_site() => Ok(None),
            [one] => Ok(Some(self.transfer_row(one.id)?)),
            many => Err(CommandError::Ambiguous {
                number: text.into(),
                found: many.iter().map(|d| d.identity.to_string()).collect(),
            }),
        }
    }

    fn joined_by(&self, number: &str) -> Result<Vec<i64>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT document FROM transfer WHERE org = ? AND joined = ? ORDER BY document")
            .map_err(StoreError::of)?;
        let rows =
            statement.query_map(params![self.identity.org, number], |r| r.get(0)).map_err(StoreError::of)?;
        rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)
    }

    /// A transfer's row; a joined delivery's is its dispatch's.
    pub(crate) fn transfer_row(&self, id: i64) -> Result<TransferRow, StoreError> {
        let own = self.transfer_document(id)?;
        let mut documents = Vec::new();
        for id in self.joined_by(own.joined_by().as_str())? {
            let other = self.transfer_document(id)?;
            if (&other.from, &other.to) == (&own.from, &own.to) {
                documents.push(other);
            }
        }
        documents.sort_by_key(|d| d.head.id);
        let (told_by, state, deliveries) = TransferState::each(documents.iter())
            .into_iter()
            .find(|(told_by, _, joined)| *told_by == own.head.id || joined.contains(&own.head.id))
            .ok_or_else(|| StoreError::damaged("a transfer", own.head.id))?;
        let document = |id: &DocumentId| documents.iter().find(|d| d.head.id == *id);
        let shown = document(&told_by).unwrap_or(&own);
        let since = state.left.or(state.arrived);
        let now = newest_time(&self.db, self.identity.org)?;
        let days = |since: Occurred| (now.0 - since.at.0).max(0) / DAY_MS;
        let passage = |((sku, lot), passage): (&(Sku, Option<Lot>), &Passage)| PassageRow {
            sku: sku.clone(),
            lot: lot.clone(),
            passage: passage.clone(),
        };
        Ok(TransferRow {
            id: told_by,
            number: shown.head.number.clone(),
            from: shown.from.clone(),
            to: shown.to.clone(),
            papers: shown.papers.clone(),
            deliveries: deliveries.iter().filter_map(document).map(|d| d.head.number.clone()).collect(),
            since,
            days: since.filter(|_| state.is_open()).map(days),
            states: state.names().into_iter().map(str::to_owned).collect(),
            goods: state.goods.iter().map(passage).collect(),
            losses: state.losses.clone(),
            currency: shown.currency,
            note: shown.note.clone(),
        })
    }

    fn transfer_document(&self, id: i64) -> Result<Transfer, StoreError> {
        let row = document_by_id(&self.db, id)?;
        let held = standing(&self.db, self.identity.org, &self.book, self.identity.device, id)?;
        match held.read(row.identity)?.1.document {
            Some(Document::Transfer(transfer)) => Ok(transfer),
            _ => Err(StoreError::damaged("a transfer", row.identity)),
        }
    }

    /// How much of an article is on its way to a site, by the dispatches known here.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn on_its_way(&self, to: &SiteId, sku: &Sku) -> Result<Quantity, StoreError> {
        let filter = TransferFilter { site: Some(to.clone()), in_transit: true, limit: None };
        let coming = self.transfers(&filter)?.into_iter().filter(|t| t.to == *to).flat_map(|t| t.goods);
        Ok(coming.filter(|g| g.sku == *sku).map(|g| g.passage.open().max(Quantity::ZERO)).sum())
    }
}

/// The moment by which goods that left and are still under way are late.
pub(crate) fn late_before(proven: Moment, transit_days: u32) -> Moment {
    proven.plus_ms(-i64::from(transit_days) * DAY_MS)
}
