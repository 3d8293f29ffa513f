//! HQ's decisions on exceptions.

use guicang_domain::account::Account;
use guicang_domain::document::{Document, Kind};
use guicang_domain::exception::{ClaimSeen, Evidence, ExceptionId, Twin};
use guicang_domain::ids::{DocumentId, Number, SiteId};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::quantity::Quantity;
use guicang_domain::resolution::{Action, LossOwner, Resolution, ResolutionEvent, Reversal, SeenClaim};
use guicang_domain::returns::state::ReturnState;

use rusqlite::params;

use super::By;
use crate::error::{CommandError, StoreError};
use crate::facts::find_document;
use crate::queries::ExceptionFilter;
use crate::queries::exceptions::{Scope, exceptions, proven, successors};
use crate::store::{Replica, Work};

/// What HQ decides.
#[derive(Debug, Clone)]
pub struct Resolve {
    /// The exception.
    pub exception: ExceptionId,
    /// What is decided.
    pub action: Action,
    /// Who bears the loss.
    pub owner: LossOwner,
    /// Why.
    pub note: Option<String>,
}

/// What a decision came to.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The document.
    pub id: DocumentId,
    /// Its number.
    pub number: Number,
    /// The loss that has an owner now.
    pub amount: Amount,
    /// Its currency.
    pub currency: Currency,
}

impl Replica {
    /// Settles an exception: what was decided and who bears the loss. It pins what it saw.
    ///
    /// # Errors
    /// [`CommandError::HqOnly`], [`CommandError::UnknownException`], or one that is settled already.
    pub fn resolve(&mut self, by: &By, resolve: Resolve) -> Result<Resolved, CommandError> {
        self.write(|work| work.resolve(by, resolve))
    }
}

/// The claims as a decision sees them: what it voids it has as excess.
fn seen_claims(evidence: &Evidence, is_void: bool) -> Vec<SeenClaim> {
    let seen = |c: &ClaimSeen, valid, excess| SeenClaim {
        document: c.document,
        line: c.line.clone(),
        valid,
        excess,
    };
    match evidence {
        Evidence::Line { claims, .. } => claims.iter().map(|c| seen(c, c.valid, c.excess)).collect(),
        Evidence::Twice { twins } => {
            let second = |t: &Twin| match is_void {
                true => seen(&t.second, Quantity::ZERO, t.second.valid + t.second.excess),
                false => seen(&t.second, t.second.valid, t.second.excess),
            };
            twins.iter().map(second).collect()
        }
        _ => Vec::new(),
    }
}

impl Work<'_> {
    fn resolve(&mut self, by: &By, resolve: Resolve) -> Result<Resolved, CommandError> {
        self.hq_only()?;
        let scope = Scope {
            db: &self.tx,
            org: self.org,
            me: self.me.device,
            currency: self.me.currency,
            historic: None,
            proven: proven(&self.tx, self.org)?,
            verify_days: self.policy()?.verify_days,
            terms: self.terms()?,
            successors: successors(self.book),
        };
        let all = exceptions(&scope, &ExceptionFilter { historic: None, open_only: false, kind: None })?;
        let unknown = || CommandError::UnknownException { found: resolve.exception.to_string() };
        let exception = all.into_iter().find(|e| e.id == resolve.exception).ok_or_else(unknown)?;
        if exception.settled {
            return Err(CommandError::Closed {
                number: resolve.exception.to_string(),
                state: "settled".into(),
            });
        }
        // A case that came up again: what was decided of it before is moved already.
        let moved: i64 = self
            .tx
            .prepare_cached(
                "SELECT coalesce(sum(amount), 0) FROM resolution WHERE org = ? AND exception = ?",
            )?
            .query_row(params![self.org, exception.id.as_str()], |r| r.get(0))?;
        let is_void = resolve.action == Action::VoidedDuplicate;
        let claims = seen_claims(&exception.evidence, is_void);
        // What was entered twice is nobody's loss until it is voided: it is by this very decision.
        let loss = match &exception.evidence {
            Evidence::Twice { twins } if is_void => self.loss_by_voiding(twins)?,
            _ => exception.loss,
        };
        let amount = loss - Amount(moved);
        let seen = exception.evidence.claims().is_none().then(|| exception.evidence.fingerprint());
        let mut reversals = Vec::new();
        if is_void {
            for claim in claims.iter().filter(|c| c.excess.is_positive()) {
                reversals.extend(self.reversals_of(claim)?);
            }
        }
        let sites: Vec<SiteId> = exception.sites.iter().cloned().collect();
        let head = self.new_head(Kind::Resolution, None, self.me.zone)?;
        let (id, number) = (head.id, head.number.clone());
        let decided = self.event(by, self.me.zone, "", ResolutionEvent::Decided);
        let document = Resolution {
            head,
            exception: resolve.exception,
            action: resolve.action,
            owner: resolve.owner,
            amount,
            currency: exception.currency,
            note: resolve.note,
            claims,
            seen,
            reversals,
            events: vec![decided],
        };
        self.create(Document::Resolution(document), &sites)?;
        Ok(Resolved { id, number, amount, currency: exception.currency })
    }

    /// What a return will have paid out, or counts as having paid, beyond what it is owed once these of its
    /// lines don't count.
    fn loss_by_voiding(&self, twins: &[Twin]) -> Result<Amount, CommandError> {
        let Some(of) = twins.first().map(|t| t.second.document) else { return Ok(Amount::ZERO) };
        let row =
            find_document(&self.tx, self.org, of)?.ok_or_else(|| StoreError::damaged("a return", of))?;
        let (committed, deducted, accepted): (i64, i64, bool) = self
            .tx
            .prepare_cached(
                "SELECT committed, deducted, accepted FROM return_head WHERE org = ? AND document = ?",
            )?
            .query_row([self.org, row.id], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        let mut owed: i64 = self
            .tx
            .prepare_cached(
                "SELECT coalesce((SELECT sum(entitled) FROM line_claim
                     WHERE org = ?1 AND document = ?2 AND counts), 0)
                   + coalesce((SELECT sum(unlinked_value) FROM return_line
                     WHERE org = ?1 AND document = ?2 AND counts), 0)",
            )?
            .query_row([self.org, row.id], |r| r.get(0))?;
        for twin in twins {
            let receipt = self.receipt(&twin.receipt)?;
            owed -= self
                .tx
                .prepare_cached(
                    "SELECT coalesce(sum(entitled), 0) FROM line_claim
                     WHERE org = ? AND receipt = ? AND line = ? AND document = ? AND counts",
                )?
                .query_row(params![self.org, receipt, twin.line.as_str(), row.id], |r| r.get::<_, i64>(0))?;
        }
        let owed = if accepted { (owed - deducted).max(0) } else { 0 };
        Ok(Amount((committed - owed).max(0)))
    }

    /// The goods of a voided return, where they are now.
    fn reversals_of(&self, claim: &SeenClaim) -> Result<Vec<Reversal>, CommandError> {
        let damaged = || StoreError::damaged("a claim's return", claim.document);
        let row = find_document(&self.tx, self.org, claim.document)?.ok_or_else(damaged)?;
        let (_, document) = self.open_return(&row)?;
        let state = ReturnState::of(&document);
        let site = document.head.site.clone().ok_or_else(damaged)?;
        let mut left = claim.excess;
        let mut out = Vec::new();
        for (part, goods) in state.parts.iter().filter(|(_, p)| p.line == claim.line) {
            // Goods that are with the customer anyway have nowhere to go back from.
            let theirs = matches!(goods.account(), Account::Customer | Account::Waived);
            let quantity = goods.quantity.min(left);
            if theirs || !quantity.is_positive() {
                continue;
            }
            left -= quantity;
            let line = &document.lines[&goods.line];
            out.push(Reversal {
                document: claim.document,
                part: part.clone(),
                site: site.clone(),
                place: goods.place.clone(),
                sku: line.sku.clone(),
                lot: line.lot.clone(),
                account: goods.account(),
                quantity,
            });
        }
        Ok(out)
    }
}
