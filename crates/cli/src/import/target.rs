//! What an import writes to: a replica, seen through the few things that an import asks of it.

use std::collections::HashSet;
use std::path::Path;

use guicang_domain::document::ImportMark;
use guicang_domain::ids::{CustomerId, ReceiptId, ReceiptLineId, ReceiptNumber, SiteId, Sku};
use guicang_replica::{By, Replica};
pub use guicang_replica::{HeldSaleLine, ImportBatch, ImportedAdjustment, ImportedReturn};

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

    /// The lines that were sold under this code as written on receipts of this number at this site, at
    /// whatever till; in the same order.
    ///
    /// # Errors
    /// When the replica can't be read.
    fn sale_lines_on(
        &mut self,
        site: &SiteId,
        number: &ReceiptNumber,
        code: &str,
    ) -> Result<Vec<HeldSaleLine>, TargetError>;

    /// The article that alone has this barcode; `None` when none has, or several have.
    ///
    /// # Errors
    /// When the replica can't be read.
    fn article_of(&mut self, barcode: &str) -> Result<Option<Sku>, TargetError>;

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

/// A replica to import into, on somebody's behalf.
#[derive(Debug)]
pub struct Into<'a> {
    /// The replica.
    pub replica: &'a mut Replica,
    /// Who imports.
    pub by: By,
    /// The import, once something was written.
    pub mark: Option<ImportMark>,
    file: String,
    profile: String,
}

impl<'a> Into<'a> {
    /// A replica to import a file into that is read by a profile.
    pub fn new(replica: &'a mut Replica, by: By, file: &Path, profile: &str) -> Self {
        Self { replica, by, mark: None, file: file.display().to_string(), profile: profile.into() }
    }
}

impl ImportTarget for Into<'_> {
    fn site(&mut self, site: &SiteId) -> Result<SiteAnswer, TargetError> {
        let here = self.replica.identity().site.as_ref();
        Ok(if here.is_none_or(|h| h == site) { SiteAnswer::Accept } else { SiteAnswer::Skip })
    }

    fn known_rows(&mut self, receipt: &ReceiptId) -> Result<HashSet<ReceiptLineId>, TargetError> {
        Ok(self.replica.known_rows(receipt)?)
    }

    fn sale_lines_of(&mut self, customer: &CustomerId, code: &str) -> Result<Vec<HeldSaleLine>, TargetError> {
        Ok(self.replica.sale_lines_of(customer, code)?)
    }

    fn sale_lines_on(
        &mut self,
        site: &SiteId,
        number: &ReceiptNumber,
        code: &str,
    ) -> Result<Vec<HeldSaleLine>, TargetError> {
        Ok(self.replica.sale_lines_on(site, number, code)?)
    }

    fn article_of(&mut self, barcode: &str) -> Result<Option<Sku>, TargetError> {
        Ok(self.replica.article_of(barcode)?)
    }

    fn import_batch(&mut self, mut batch: ImportBatch) -> Result<(), TargetError> {
        if self.mark.is_none() {
            self.mark = Some(self.replica.begin_import(&self.file, &self.profile)?);
        }
        batch.mark.clone_from(&self.mark);
        Ok(self.replica.import_batch(&self.by, batch)?)
    }
}
