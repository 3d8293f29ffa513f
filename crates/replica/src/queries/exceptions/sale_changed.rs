//! Sales that two documents tell differently: one exception a receipt, with what stands and what the other
//! says.

use std::collections::BTreeMap;

use guicang_domain::exception::{Change, Evidence, Exception, ExceptionId, ExceptionKind, Said};
use guicang_domain::ids::{DocumentId, ReceiptId};
use guicang_domain::money::{Amount, Currency};

use super::{Scope, identity};
use crate::error::StoreError;
use crate::queries::receipt_id;

/// What is noted of one receipt.
struct Found {
    exception: Exception,
    changes: Vec<Change>,
}

/// A row of a receipt counts once; the lowest-ranked claim on it stands, and others may contradict it.
pub(super) fn find(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    let mut statement = scope
        .db
        .prepare_cached(
            "SELECT r.site, r.till, r.number, c.line, c.differs, s.identity, s.number, s.historic,
                    d.identity, d.number, d.historic, r.currency
             FROM sale_changed c JOIN receipt r ON r.id = c.receipt
             JOIN document s ON s.id = c.standing JOIN document d ON d.id = c.document WHERE c.org = ?",
        )
        .map_err(StoreError::of)?;
    let mut rows = statement.query([scope.org]).map_err(StoreError::of)?;
    let mut found: BTreeMap<ReceiptId, Found> = BTreeMap::new();
    while let Some(r) = rows.next().map_err(StoreError::of)? {
        let receipt = receipt_id(r, 0)?;
        let read = || -> rusqlite::Result<_> {
            Ok((
                (r.get::<_, String>(3)?, r.get::<_, Vec<u8>>(4)?),
                (r.get::<_, String>(6)?, r.get::<_, bool>(7)?),
                (r.get::<_, String>(9)?, r.get::<_, bool>(10)?),
                r.get::<_, Option<String>>(11)?,
            ))
        };
        let ((line, differs), (stands, old), (other, old_too), currency) = read().map_err(StoreError::of)?;
        let documents: [DocumentId; 2] = [identity(r, 5)?, identity(r, 8)?];
        let currency: Currency = currency
            .map_or(Ok(scope.currency), |c| c.parse())
            .map_err(|e| StoreError::damaged("a currency", e))?;
        let line = match line.as_str() {
            "" => None,
            row => Some(row.parse().map_err(|e| StoreError::damaged("a receipt line", e))?),
        };
        let differs: Vec<(String, String, String)> =
            minicbor::decode(&differs).map_err(|e| StoreError::damaged("what differs", e))?;
        let entry = found.entry(receipt.clone()).or_insert_with(|| Found {
            exception: Exception {
                id: ExceptionId::of_receipt(ExceptionKind::SaleChanged, &receipt),
                kind: ExceptionKind::SaleChanged,
                settled: false,
                historic: true,
                sites: [receipt.site.clone()].into(),
                documents: Default::default(),
                evidence: Evidence::Facts(Vec::new()),
                loss: Amount::ZERO,
                currency,
                owner: None,
            },
            changes: Vec::new(),
        });
        entry.exception.historic &= old && old_too;
        entry.exception.documents.extend(documents);
        entry.changes.extend(differs.into_iter().map(|(field, a, b)| Change {
            line: line.clone(),
            field,
            stands: Said { number: stands.clone(), value: a },
            other: Said { number: other.clone(), value: b },
        }));
    }
    let exceptions = found.into_iter().map(|(receipt, Found { mut exception, mut changes })| {
        changes.sort();
        exception.evidence = Evidence::Changed { receipt, changes };
        exception
    });
    Ok(exceptions.collect())
}
