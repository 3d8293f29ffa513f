//! Reservations: what is still kept of each line. Nothing is posted; availability is asked with the time.

use guicang_domain::reservation::Reservation;
use rusqlite::params;

use crate::error::StoreError;
use crate::store::Work;

impl Work<'_> {
    pub(super) fn project_reservation(&mut self, document: i64, d: &Reservation) -> Result<(), StoreError> {
        let Some(site) = &d.head.site else { return Ok(()) };
        let kept = d.kept();
        for (position, (id, line)) in d.lines.iter().enumerate() {
            self.tx
                .prepare_cached(
                    "INSERT INTO reservation (org, document, position, site, sku, place, lot, quantity, kept, until)
                     VALUES (?,?,?,?,?,?,?,?,?,?)",
                )
                .and_then(|mut s| {
                    s.execute(params![
                        self.org,
                        document,
                        position as i64,
                        site.as_str(),
                        line.sku.as_str(),
                        line.place,
                        line.lot.as_ref().map_or("", |l| l.as_str()),
                        line.quantity.0,
                        kept.get(id).copied().unwrap_or_default().0,
                        d.until.map(|u| u.0)
                    ])
                })
                .map_err(StoreError::of)?;
        }
        Ok(())
    }
}
