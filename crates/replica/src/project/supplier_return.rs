//! Supplier returns: their postings of stock and money, the claim, and what is open of it.

use guicang_domain::ids::LineId;
use guicang_domain::supplier_return::SupplierReturn;
use guicang_domain::supplier_return::state::SupplierReturnState;
use rusqlite::params;

use super::conflicts_text;
use super::money::Purse;
use crate::error::StoreError;
use crate::store::Work;

impl Work<'_> {
    pub(super) fn project_supplier_return(
        &mut self,
        document: i64,
        d: &SupplierReturn,
    ) -> Result<(), StoreError> {
        let Some(site) = &d.head.site else { return Ok(()) };
        let state = SupplierReturnState::of(d);
        let lines: Vec<&LineId> = d.lines.keys().collect();
        let position = |n: usize| lines.binary_search(&&state.postings[n].line).unwrap_or_default() as i64;
        self.post(document, &state.postings, position, false)?;
        let purse = Purse { site: site.as_str(), currency: d.currency.code() };
        for ((account, at), amount) in &state.money_at {
            self.post_money(document, purse, account, *amount, at.0)?;
        }
        let open: i64 = state.lines.values().map(|l| l.open().0).sum();
        self.tx
            .prepare_cached(
                "INSERT INTO supplier_return (org, document, site, supplier, currency, states, raised, shipped,
                     claimed, credited, open, open_value, conflicts)
                 VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    document,
                    site.as_str(),
                    d.supplier,
                    d.currency.code(),
                    state.names().join(" "),
                    state.raised.map(|r| r.at.0),
                    state.shipped.map(|s| s.at.0),
                    state.claimed().0,
                    state.credited().0,
                    open,
                    state.open_value().0,
                    conflicts_text(&state.conflicts)
                ])
            })
            .map_err(StoreError::of)?;
        Ok(())
    }
}
