//! Less than nothing on a shelf: only where something says how much there was; else it is uncounted.

use guicang_domain::exception::{Evidence, Exception, ExceptionId, ExceptionKind};
use guicang_domain::ids::SiteId;
use guicang_domain::money::Amount;
use guicang_domain::quantity::Quantity;

use super::{Scope, identity};
use crate::error::StoreError;
use crate::queries::{name, spot};

/// Buckets in our hands below nothing. The evidence names what was posted last.
pub(super) fn negative(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    let mut statement = scope
        .db
        .prepare_cached(
            "SELECT b.place, b.sku, b.lot, b.account, b.site, s.quantity, b.id FROM stock s
             JOIN bucket b ON b.id = s.bucket
             WHERE s.org = ? AND s.quantity < 0 AND s.asserted AND b.account < 10",
        )
        .map_err(StoreError::of)?;
    let mut rows = statement.query([scope.org]).map_err(StoreError::of)?;
    let mut out = Vec::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let spot = spot(r, 0)?;
        let site: SiteId = name(r, 4, "a site")?;
        let on_hand = Quantity(r.get(5).map_err(StoreError::of)?);
        let bucket: i64 = r.get(6).map_err(StoreError::of)?;
        let mut last = scope
            .db
            .prepare_cached(
                "SELECT d.identity, d.number FROM posting p JOIN document d ON d.id = p.document
                 WHERE p.org = ? AND p.bucket = ? AND p.counts = 1
                 ORDER BY p.occurred DESC, d.identity DESC LIMIT 1",
            )
            .map_err(StoreError::of)?;
        let mut last = last.query([scope.org, bucket]).map_err(StoreError::of)?;
        let Some(last) = last.next().map_err(StoreError::of)? else { continue };
        let number: String = last.get(1).map_err(StoreError::of)?;
        let live: bool = scope
            .db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM posting p JOIN document d ON d.id = p.document
                 WHERE p.org = ? AND p.bucket = ? AND p.counts = 1 AND NOT d.historic)",
            )
            .and_then(|mut s| s.query_row([scope.org, bucket], |r| r.get(0)))
            .map_err(StoreError::of)?;
        let mut facts = vec![
            ("account".to_owned(), spot.account.to_string()),
            ("last".to_owned(), number),
            ("on_hand".to_owned(), on_hand.to_string()),
            ("sku".to_owned(), spot.sku.to_string()),
        ];
        if !spot.place.is_empty() {
            facts.push(("place".to_owned(), spot.place.clone()));
        }
        out.push(Exception {
            id: ExceptionId::of_bucket(ExceptionKind::NegativeStock, &spot.bucket(&site)),
            kind: ExceptionKind::NegativeStock,
            settled: false,
            historic: !live,
            sites: [site].into(),
            documents: [identity(last, 0)?].into(),
            evidence: Evidence::Facts(facts),
            loss: Amount::ZERO,
            currency: scope.currency,
            owner: None,
        });
    }
    Ok(out)
}
