//! Red invoices: what they take of a receipt's lines, and, once issued, pin.

use guicang_domain::invoice::{RedInvoice, RedState};
use rusqlite::params;

use crate::error::StoreError;
use crate::store::Work;

impl Work<'_> {
    pub(super) fn project_red_invoice(&mut self, document: i64, d: &RedInvoice) -> Result<(), StoreError> {
        let state = d.state();
        let receipt = self.receipt(&d.receipt)?;
        let returned = d.returned.to_bytes();
        self.tx
            .prepare_cached(
                "INSERT INTO red_invoice (org, document, returned, receipt, state) VALUES (?,?,?,?,?)",
            )
            .and_then(|mut s| s.execute(params![self.org, document, returned, receipt, state.as_str()]))
            .map_err(StoreError::of)?;
        let issued = matches!(state, RedState::Issued { .. });
        for (id, line) in &d.lines {
            self.tx
                .prepare_cached(
                    "INSERT INTO red_line (org, document, line, returned, of, receipt, sold, quantity, amount, tax,
                         counts, issued) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                )
                .and_then(|mut s| {
                    s.execute(params![
                        self.org,
                        document,
                        id.as_str(),
                        returned,
                        line.of.as_str(),
                        receipt,
                        line.sold.as_str(),
                        line.quantity.0,
                        line.amount.0,
                        line.tax.0,
                        state.counts(),
                        issued
                    ])
                })
                .map_err(StoreError::of)?;
            self.touched.lines.insert((receipt, line.sold.as_str().to_owned()));
        }
        Ok(())
    }
}
