//! HQ's decisions on exceptions.

use guicang_domain::account::Account;
use guicang_domain::document::{Document, Kind};
use guicang_domain::exception::{Evidence, ExceptionId};
use guicang_domain::ids::{DocumentId, Number, SiteId};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::resolution::{Action, LossOwner, Resolution, ResolutionEvent, Reversal, SeenClaim};
use guicang_domain::returns::state::ReturnState;

use super::By;
use crate::error::{CommandError, StoreError};
use crate::facts::find_document;
use crate::queries::ExceptionFilter;
use crate::queries::exceptions::{Scope, exceptions, proven};
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
            .query_row(rusqlite::params![self.org, exception.id.as_str()], |r| r.get(0))?;
        let amount = exception.loss - Amount(moved);
        let claims: Vec<SeenClaim> = match &exception.evidence {
            Evidence::Line { claims, .. } => claims
                .iter()
                .map(|c| SeenClaim {
                    document: c.document,
                    line: c.line.clone(),
                    valid: c.valid,
                    excess: c.excess,
                })
                .collect(),
            _ => Vec::new(),
        };
        let mut reversals = Vec::new();
        if resolve.action == Action::VoidedDuplicate {
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
            reversals,
            events: vec![decided],
        };
        self.create(Document::Resolution(document), &sites)?;
        Ok(Resolved { id, number, amount, currency: exception.currency })
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
