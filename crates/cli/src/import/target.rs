//! What an import writes to: a replica, seen through the few things that an import asks of it.

use std::collections::HashSet;

use guicang_domain::adjustment::{AdjustmentLine, Movement};
use guicang_domain::ids::{CustomerId, ReceiptId, ReceiptLineId, SiteId};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::ReturnLine;
use guicang_domain::sale::SaleBatch;
use guicang_domain::time::{Moment, Zone};

/// What goes wrong at the target; the import stops there and says so.
pub type TargetError = Box<dyn std::error::Error + Send + Sync>;

/// A replica, as an import sees it.
pub trait ImportTarget {
    /// Whether rows of this site are taken here. A branch takes its own alone.
    ///
    /// # Errors
    /// When the replica can't be read.
    fn site(&mut self, site: &SiteId) -> Result<SiteAnswer, TargetError>;

    /// The rows of a receipt that some document already claims.
    ///
    /// # Errors
    /// When the replica can't be read.
    fn known_rows(&mut self, receipt: &ReceiptId) -> Result<HashSet<ReceiptLineId>, TargetError>;

    /// The lines that were sold to this customer under this code as written: oldest first, and
    /// where two are equally old, in the order they came.
    ///
    /// # Errors
    /// When the replica can't be read.
    fn sale_lines_of(&mut self, customer: &CustomerId, code: &str) -> Result<Vec<HeldSaleLine>, TargetError>;

    /// Writes a batch, whole or not at all.
    ///
    /// # Errors
    /// When it can't be written; then nothing of it is.
    fn import_batch(&mut self, batch: ImportBatch) -> Result<(), TargetError>;
}

/// Whether rows of a site are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteAnswer {
    /// They are.
    Accept,
    /// They are skipped, with the reason `other_site`.
    Skip,
}

/// A sale line that the target holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldSaleLine {
    /// Its receipt.
    pub receipt: ReceiptId,
    /// Which row of it.
    pub line: ReceiptLineId,
    /// When it was sold.
    pub occurred: Moment,
    /// How much was sold.
    pub sold: Quantity,
    /// What was paid for the line.
    pub paid: Amount,
    /// How much has not been returned.
    pub open: Quantity,
}

/// What is written in one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportBatch {
    /// Sales; each batch's body is at most [`guicang_domain::sale::BATCH_BYTES`], unless a receipt
    /// alone is larger.
    pub sales: Vec<SaleBatch>,
    /// Returns.
    pub returns: Vec<ImportedReturn>,
    /// Stock found, written off, received, sent back.
    pub adjustments: Vec<ImportedAdjustment>,
}

impl ImportBatch {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.sales.is_empty() && self.returns.is_empty() && self.adjustments.is_empty()
    }
}

/// A return as history has it: one receipt's consecutive return rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedReturn {
    /// The site that took it back.
    pub site: SiteId,
    /// The zone of its clock.
    pub zone: Zone,
    /// The currency of its prices.
    pub currency: Currency,
    /// The receipt whose rows its lines are. Not the sale's: the lines' links name that.
    pub receipt: ReceiptId,
    /// The customer, where known.
    pub customer: Option<CustomerId>,
    /// When.
    pub occurred: Moment,
    /// What came back.
    pub lines: Vec<ReturnLine>,
}

/// A stock adjustment as history has it: one receipt's consecutive rows of one movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedAdjustment {
    /// The site.
    pub site: SiteId,
    /// The zone of its clock.
    pub zone: Zone,
    /// The currency of the costs.
    pub currency: Currency,
    /// The receipt whose rows its lines are.
    pub receipt: ReceiptId,
    /// Which way it goes.
    pub movement: Movement,
    /// When.
    pub occurred: Moment,
    /// What moved.
    pub lines: Vec<AdjustmentLine>,
}
