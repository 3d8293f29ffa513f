//! Losses and who bears them, from the money postings.

use guicang_domain::ids::DocumentId;
use guicang_domain::money::{Amount, Currency};
use rusqlite::params;

use super::exceptions::identity;
use super::name;
use crate::error::StoreError;
use crate::store::Replica;

/// A document's posting to an account of losses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LossRow {
    /// Who bears it: `undecided`, `company`, `customer`, `site:CODE`, `supplier:CODE`.
    pub owner: String,
    /// The document.
    pub document: DocumentId,
    /// Its number.
    pub number: String,
    /// Its kind.
    pub kind: String,
    /// Above zero: a loss; below: what a decision took away from this owner.
    pub amount: Amount,
    /// The currency.
    pub currency: Currency,
    /// The exception that a decision was on.
    pub exception: Option<String>,
}

impl Replica {
    /// Every posting to an account of losses, by owner and document; `owner`: only theirs. An owner's
    /// sum is what the money postings of that account come to.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn losses(&self, owner: Option<&str>) -> Result<Vec<LossRow>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT m.account, sum(m.amount), m.currency, d.identity, d.number, d.kind, r.exception
                 FROM money m INDEXED BY money_loss JOIN document d ON d.id = m.document
                 LEFT JOIN resolution r ON r.org = m.org AND r.document = m.document
                 WHERE m.org = ?1 AND m.account >= 'loss:' AND m.account < 'loss;'
                   AND (?2 IS NULL OR m.account = 'loss:' || ?2)
                 GROUP BY m.account, m.currency, m.document ORDER BY m.account, m.currency, d.number, d.identity",
            )
            .map_err(StoreError::of)?;
        let mut rows = statement.query(params![self.identity.org, owner]).map_err(StoreError::of)?;
        let mut out = Vec::new();
        while let Some(r) = rows.next().map_err(StoreError::of)? {
            let read = || -> rusqlite::Result<_> {
                Ok((r.get::<_, String>(0)?, r.get(1)?, r.get(4)?, r.get(5)?, r.get(6)?))
            };
            let (account, amount, number, kind, exception) = read().map_err(StoreError::of)?;
            out.push(LossRow {
                owner: account.trim_start_matches("loss:").to_owned(),
                document: identity(r, 3)?,
                number,
                kind,
                amount: Amount(amount),
                currency: name(r, 2, "a currency")?,
                exception,
            });
        }
        Ok(out)
    }
}
