//! Devices that came in another's place: their file was cloned, or restored and worked on, and went two
//! ways.
//!
//! What surprises: it is found from grants alone. What the successor wrote again is beside it: documents
//! that it made and that bear a number of the old device's. A replica names those that it holds.

use std::collections::BTreeSet;

use guicang_domain::exception::{Evidence, Exception, ExceptionId, ExceptionKind};
use guicang_domain::ids::{DeviceCode, DeviceId, SiteId};
use guicang_domain::money::Amount;
use guicang_domain::time::Moment;
use guicang_sync::grant::{GrantBook, Role};
use rusqlite::params;

use super::{Scope, identity};
use crate::error::StoreError;

/// A device that came in another's place.
#[derive(Debug, Clone)]
pub(crate) struct Successor {
    /// The other, and its short code where a grant stands for it.
    old: DeviceId,
    old_code: Option<DeviceCode>,
    device: DeviceId,
    code: DeviceCode,
    site: Option<SiteId>,
    from: Moment,
}

/// All of them, by identity.
pub(crate) fn successors(book: &GrantBook) -> Vec<Successor> {
    let successor = |device: guicang_sync::grant::Device<'_>| {
        let old = device.grant.successor_of?;
        Some(Successor {
            old,
            old_code: book.device(old).map(|d| d.grant.code.clone()),
            device: device.id,
            code: device.grant.code.clone(),
            site: match &device.grant.role {
                Role::Site(site) => Some(site.clone()),
                Role::Hq | Role::Relay => None,
            },
            from: device.grant.from,
        })
    };
    book.devices().filter_map(successor).collect()
}

/// One exception a successor.
pub(super) fn find(scope: &Scope<'_>) -> Result<Vec<Exception>, StoreError> {
    if scope.historic == Some(true) {
        return Ok(Vec::new());
    }
    scope.successors.iter().map(|s| exception(scope, s)).collect()
}

fn exception(scope: &Scope<'_>, successor: &Successor) -> Result<Exception, StoreError> {
    let old = successor.old_code.as_ref().map_or_else(|| successor.old.to_string(), ToString::to_string);
    let mut facts = vec![
        ("device".to_owned(), old),
        ("successor".to_owned(), successor.code.to_string()),
        ("since".to_owned(), successor.from.to_rfc3339()),
    ];
    let mut documents = BTreeSet::new();
    if let Some(code) = &successor.old_code {
        let mut statement = scope
            .db
            .prepare_cached(
                "SELECT identity, number FROM document WHERE org = ?1 AND identity BETWEEN ?2 AND ?3
                 AND number LIKE '%-' || ?4 || '-%' ORDER BY number, identity",
            )
            .map_err(StoreError::of)?;
        let (first, last) = ([successor.device.0, [0; 16]], [successor.device.0, [0xff; 16]]);
        let mut rows = statement
            .query(params![scope.org, first.as_flattened(), last.as_flattened(), code.as_str()])
            .map_err(StoreError::of)?;
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let document = identity(r, 0)?;
            let number: String = r.get(1).map_err(StoreError::of)?;
            facts.push((format!("document {number}"), document.to_string()));
            documents.insert(document);
        }
    }
    Ok(Exception {
        id: ExceptionId::of_device(ExceptionKind::DeviceFork, successor.device),
        kind: ExceptionKind::DeviceFork,
        settled: false,
        historic: false,
        sites: successor.site.iter().cloned().collect(),
        documents,
        evidence: Evidence::Facts(facts),
        loss: Amount::ZERO,
        currency: scope.currency,
        owner: None,
    })
}
