//! Exceptions: found in the projections, never stored as decisions.
//!
//! An over-return is one exception per receipt line and absorbs the refund over entitlement that goes
//! with it. A resolution settles an exception as far as it saw it: claims that came later, or other
//! evidence, open it again. A new kind is a finder in a file of its own and a line in [`FINDERS`].

mod device_fork;
mod duplicate_return;
mod of_cash;
mod of_goods;
mod of_count;
mod of_period;
mod of_return;
mod over_return;
mod policy;
mod sale_changed;
mod set_apart;
mod stock;

use guicang_domain::exception::{Exception, ExceptionKind};
use guicang_domain::ids::{DeviceId, DocumentId, LineId};
use guicang_domain::money::Currency;
use guicang_domain::resolution::LossOwner;
use guicang_domain::time::Moment;
use rusqlite::{Connection, OptionalExtension, Row, params};

pub(crate) use device_fork::{Successor, successors};

use crate::error::StoreError;
use crate::queries::settings::Terms;
use crate::store::Replica;

/// Which exceptions.
#[derive(Debug, Clone, Default)]
pub struct ExceptionFilter {
    /// Those of imported history, the live ones, or (`None`) both.
    pub historic: Option<bool>,
    /// Only those that nobody has settled.
    pub open_only: bool,
    /// Only this kind.
    pub kind: Option<ExceptionKind>,
}

/// What a finder looks at.
pub(crate) struct Scope<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) org: i64,
    /// This device: what isn't sealed yet is its own.
    pub(crate) me: DeviceId,
    /// The organisation's, where an exception has none of its own.
    pub(crate) currency: Currency,
    /// Those of imported history, the live ones, or both.
    pub(crate) historic: Option<bool>,
    /// As late as it is proven to be: what is overdue is overdue by this, not by a clock.
    pub(crate) proven: Moment,
    /// An unverified sale is one from so many days on.
    pub(crate) verify_days: u32,
    /// What the settings come to: the versions of the policy among them.
    pub(crate) terms: Terms,
    /// What the grants say of devices that came in another's place.
    pub(crate) successors: Vec<Successor>,
}

type Find = fn(&Scope<'_>) -> Result<Vec<Exception>, StoreError>;

/// Each kind of exception, and what finds all of that kind.
const FINDERS: &[(ExceptionKind, Find)] = &[
    (ExceptionKind::OverReturn, over_return::find),
    (ExceptionKind::RefundOverEntitlement, of_return::refund_over_entitlement),
    (ExceptionKind::DuplicateReturn, duplicate_return::find),
    (ExceptionKind::StoreCreditOverspent, of_return::store_credit_overspent),
    (ExceptionKind::SaleChanged, sale_changed::find),
    (ExceptionKind::UnverifiedSale, of_return::unverified_sale),
    (ExceptionKind::ConflictingDecision, of_return::conflicting_decision),
    (ExceptionKind::ConflictingDecision, of_goods::transfer_conflicts),
    (ExceptionKind::ConflictingDecision, of_goods::claim_conflicts),
    (ExceptionKind::LateInTransit, of_goods::late_in_transit),
    (ExceptionKind::TransferShort, of_goods::short),
    (ExceptionKind::TransferOver, of_goods::over),
    (ExceptionKind::ConflictingDecision, of_count::conflicting_decision),
    (ExceptionKind::NegativeStock, stock::negative),
    (ExceptionKind::RecountAsked, of_count::recount_asked),
    (ExceptionKind::ConflictingDecision, policy::version_twice),
    (ExceptionKind::ConflictingDecision, of_period::closed_twice),
    (ExceptionKind::StalePolicy, policy::stale),
    (ExceptionKind::Clock, of_return::clock),
    (ExceptionKind::WithdrawnRight, set_apart::withdrawn_right),
    (ExceptionKind::DeviceFork, device_fork::find),
    (ExceptionKind::ForgedEnvelope, set_apart::forged_envelope),
];

impl Replica {
    /// The exceptions that a filter asks for, by kind and identity.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn exceptions(&self, filter: &ExceptionFilter) -> Result<Vec<Exception>, StoreError> {
        let org = self.identity.org;
        let terms = self.terms()?;
        let scope = Scope {
            db: &self.db,
            org,
            me: self.identity.device,
            currency: self.identity.currency,
            historic: filter.historic,
            proven: proven(&self.db, org)?,
            verify_days: terms.policy_at(self.latest()?).verify_days,
            terms,
            successors: successors(&self.book),
        };
        exceptions(&scope, filter)
    }
}

pub(crate) fn exceptions(scope: &Scope<'_>, filter: &ExceptionFilter) -> Result<Vec<Exception>, StoreError> {
    let mut out = Vec::new();
    for (kind, find) in FINDERS {
        if filter.kind.is_none_or(|k| k == *kind) {
            out.extend(find(scope)?);
        }
    }
    for exception in &mut out {
        settle(scope.db, scope.org, exception)?;
    }
    out.retain(|e| filter.historic.is_none_or(|h| h == e.historic) && !(filter.open_only && e.settled));
    out.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    Ok(out)
}

/// The newest time that the relay has proven; a replica that has no relay has its own clock's.
pub(crate) fn proven(db: &Connection, org: i64) -> Result<Moment, StoreError> {
    db.prepare_cached(
        "SELECT CASE WHEN relay_url IS NULL AND proven = 0 THEN clock >> 16 ELSE proven END
         FROM organisation JOIN self USING (org) WHERE org = ?",
    )
    .and_then(|mut s| s.query_row([org], |r| r.get(0)))
    .map(Moment)
    .map_err(StoreError::of)
}

/// Marks an exception that a resolution has settled, as far as it saw it: claims that came since open it
/// again, and so does other evidence, as where stock that was put right falls below nothing once more.
fn settle(db: &Connection, org: i64, exception: &mut Exception) -> Result<(), StoreError> {
    let id = exception.id.as_str().to_owned();
    let decided: Option<(i64, String)> = db
        .prepare_cached(
            "SELECT sum(amount) OVER (), owner FROM resolution WHERE org = ? AND exception = ? ORDER BY rank DESC LIMIT 1",
        )
        .and_then(|mut s| s.query_row(params![org, id], |r| Ok((r.get(0)?, r.get(1)?))).optional())
        .map_err(StoreError::of)?;
    let Some((moved, owner)) = decided else { return Ok(()) };
    exception.owner = Some(owner.parse::<LossOwner>().map_err(|e| StoreError::damaged("a loss owner", e))?);
    let saw_all = match exception.evidence.claims() {
        Some(claims) => {
            let mut all = true;
            for (document, line) in claims {
                all &= saw_claim(db, org, &id, document, line)?;
            }
            all
        }
        None => db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM resolution
                 WHERE org = ? AND exception = ? AND (seen IS NULL OR seen = ?))",
            )
            .and_then(|mut s| s.query_row(params![org, id, exception.evidence.fingerprint()], |r| r.get(0)))
            .map_err(StoreError::of)?,
    };
    // Money that went out since has no owner yet.
    exception.settled = saw_all && moved == exception.loss.0;
    Ok(())
}

fn saw_claim(
    db: &Connection,
    org: i64,
    exception: &str,
    document: DocumentId,
    line: &LineId,
) -> Result<bool, StoreError> {
    db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM resolution_claim rc JOIN resolution r
         ON r.org = rc.org AND r.document = rc.resolution
         WHERE rc.org = ? AND r.exception = ? AND rc.identity = ? AND rc.line = ?)",
    )
    .and_then(|mut s| s.query_row(params![org, exception, document.to_bytes(), line.as_str()], |r| r.get(0)))
    .map_err(StoreError::of)
}

/// A rule, or a decision's name, with the fact that goes with it.
fn own((a, b): (&str, &str)) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

pub(crate) fn identity(r: &Row<'_>, n: usize) -> Result<DocumentId, StoreError> {
    let bytes: [u8; 32] = r.get(n).map_err(StoreError::of)?;
    DocumentId::from_slice(&bytes).map_err(|e| StoreError::damaged("a document's identity", e))
}
