//! Undoing an import (红字冲销): an event in each document that it brought takes back the one by which its
//! rows count. Both stay; a row counts on if another document claims it, too.
//!
//! What surprises: it is done a few hundred documents at a time. A year's history is thousands of them, and
//! one transaction of all would keep the till waiting. Each is whole by itself; undoing again goes on where
//! it was cut off, and takes in what has come since.

use guicang_documents::Events;
use guicang_domain::adjustment::AdjustmentEvent;
use guicang_domain::document::{Document, ImportMark};
use guicang_domain::ids::{EventId, Number};
use guicang_domain::returns::ReturnEvent;
use guicang_domain::sale::SaleEvent;
use guicang_sync::grant::Role;
use rusqlite::params;

use super::By;
use crate::error::{CommandError, StoreError};
use crate::facts::{all_whole, document_by_id};
use crate::queries::ImportRow;
use crate::store::{Replica, Work};

/// Documents reversed in one transaction.
const DOCUMENTS_AT_ONCE: u32 = 200;

impl Replica {
    /// A number for a new import of this device's, with what it is made from. `file` is a path or a name; only
    /// the name is kept, for a folder may tell whose machine it is.
    ///
    /// # Errors
    /// [`CommandError`] when the file can't be written.
    pub fn begin_import(&mut self, file: &str, profile: &str) -> Result<ImportMark, CommandError> {
        let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let short = |text: &str| text.chars().take(80).collect::<String>();
        let (file, profile) = (short(name), short(profile.rsplit(['/', '\\']).next().unwrap_or(profile)));
        self.write(|work| Ok(ImportMark { number: work.import_number()?, file, profile }))
    }

    /// Takes back all that an import brought and that still stands. Answers the import as it was before, and
    /// how many documents were reversed. `progress` is told how many of how many.
    ///
    /// # Errors
    /// [`CommandError::UnknownImport`], [`CommandError::Ambiguous`], [`CommandError::NotHere`] when it brought
    /// documents of another site than this device's, [`CommandError::Closed`] when nothing of it stands,
    /// [`CommandError::NewerRules`]. What was reversed before an error stays so.
    pub fn undo_import(
        &mut self,
        by: &By,
        number: &str,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(ImportRow, u64), CommandError> {
        let wanted = number.trim().to_uppercase();
        let mut found: Vec<ImportRow> =
            self.imports()?.into_iter().filter(|import| import.number.as_str() == wanted).collect();
        let import = match found.len() {
            0 => return Err(CommandError::UnknownImport { found: number.to_owned() }),
            1 => found.remove(0),
            _ => {
                let found = found.iter().map(|import| format!("{} {}", import.device, import.file)).collect();
                return Err(CommandError::Ambiguous { number: wanted, found });
            }
        };
        if let Role::Site(here) = &self.identity().role
            && let Some(other) = import.sites.iter().find(|site| *site != here)
        {
            return Err(CommandError::NotHere { site: other.clone() });
        }
        let total = import.documents - import.reversed;
        if total == 0 {
            return Err(CommandError::Closed { number: wanted, state: "reversed".into() });
        }
        let mut done = 0;
        loop {
            let reversed = self.write(|work| work.undo_some(by, &import.number, import.device.as_str()))?;
            if reversed == 0 {
                return Ok((import, done));
            }
            done += reversed;
            progress(done, total.max(done));
        }
    }
}

impl Work<'_> {
    fn import_number(&mut self) -> Result<Number, CommandError> {
        let last: i64 = self
            .tx
            .prepare_cached(
                "INSERT INTO number (org, kind, last) VALUES (?, 'import', 1)
                 ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last",
            )?
            .query_row([self.org], |r| r.get(0))?;
        Ok(Number::new(&format!("DR-{}-{last:06}", self.me.code)).expect("a number of ours"))
    }

    /// Reverses some of an import's documents; 0 once none is left.
    fn undo_some(&mut self, by: &By, import: &Number, device: &str) -> Result<u64, CommandError> {
        let standing: Vec<i64> = {
            let mut statement = self.tx.prepare_cached(
                "SELECT document FROM brought WHERE org = ? AND import = ? AND device = ? AND reversed = 0
                 ORDER BY document LIMIT ?",
            )?;
            let key = params![self.org, import.as_str(), device, DOCUMENTS_AT_ONCE];
            let rows = statement.query_map(key, |r| r.get(0))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        all_whole(&self.tx, self.org, &standing)?;
        for document in &standing {
            self.reverse(by, *document)?;
        }
        Ok(standing.len() as u64)
    }

    fn reverse(&mut self, by: &By, id: i64) -> Result<(), CommandError> {
        let row = document_by_id(&self.tx, id)?;
        let (mut replayed, reading) = self.load(&row)?;
        if reading.newer {
            return Err(CommandError::NewerRules { number: row.number });
        }
        let damaged = || StoreError::damaged("an imported document", &row.number);
        let document = reading.document.ok_or_else(damaged)?;
        if let Some(site) = &document.head().site {
            self.site_for(Some(site))?;
        }
        let event: EventId = document.brought().ok_or_else(damaged)?.event.clone();
        let (zone, now, writer) = (document.head().zone, self.now, self.writer);
        let change = match document {
            Document::Sales(_) => {
                let event = self.event(by, zone, "", SaleEvent::Reversed { event });
                replayed.append_events(writer, now, &Events::Sales(&[event]))
            }
            Document::Return(_) => {
                let event = self.event(by, zone, "", ReturnEvent::Reversed { event, by: None });
                replayed.append_events(writer, now, &Events::Return(&[event]))
            }
            Document::Adjustment(_) => {
                let event = self.event(by, zone, "", AdjustmentEvent::Reversed { event });
                replayed.append_events(writer, now, &Events::Adjustment(&[event]))
            }
            _ => return Err(damaged().into()),
        };
        let change = change.map_err(|e| StoreError::damaged("an imported document", e))?;
        self.insert_own_change(id, &change, &[], 0)?;
        Ok(self.reproject(id)?)
    }
}
