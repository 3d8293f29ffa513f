//! Resolutions: what they pin and void, and the goods of voided returns.

use guicang_domain::money::Amount;
use guicang_domain::resolution::{Action, Resolution};
use rusqlite::params;

use super::money::Purse;
use super::rank_text;
use crate::error::StoreError;
use crate::store::Work;

/// The receipt lines that the claims named by a resolution are about.
const CLAIMED_LINES: &str = "SELECT c.receipt, c.line FROM resolution_claim rc
     JOIN document d ON d.org = rc.org AND d.identity = rc.identity
     JOIN line_claim c ON c.org = d.org AND c.document = d.id
     WHERE rc.org = ? AND rc.resolution = ?";

impl Work<'_> {
    pub(super) fn project_resolution(&mut self, document: i64, d: &Resolution) -> Result<(), StoreError> {
        let Some(decided) = d.decided() else { return Ok(()) };
        self.tx
            .prepare_cached(
                "INSERT INTO resolution (org, document, exception, action, owner, amount, rank, seen)
                 VALUES (?,?,?,?,?,?,?,?)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    document,
                    d.exception.as_str(),
                    d.action.as_str(),
                    d.owner.to_string(),
                    d.amount.0,
                    rank_text(&decided.rank()),
                    d.seen
                ])
            })
            .map_err(StoreError::of)?;
        for claim in &d.claims {
            let voided = d.action == Action::VoidedDuplicate && claim.excess.is_positive();
            self.tx
                .prepare_cached(
                    "INSERT OR REPLACE INTO resolution_claim (org, resolution, identity, line, valid, excess, voided)
                     VALUES (?,?,?,?,?,?,?)",
                )
                .and_then(|mut s| {
                    s.execute(params![
                        self.org,
                        document,
                        claim.document.to_bytes(),
                        claim.line.as_str(),
                        claim.valid.0,
                        claim.excess.0,
                        voided
                    ])
                })
                .map_err(StoreError::of)?;
        }
        self.touch_claimed_lines(document)?;
        if d.amount.0 != 0 {
            let purse = Purse { site: "", currency: d.currency.code() };
            for (account, amount) in
                [("loss:undecided".to_owned(), -d.amount.0), (format!("loss:{}", d.owner), d.amount.0)]
            {
                self.post_money(document, purse, &account, Amount(amount), decided.occurred.at.0)?;
            }
        }
        self.post(document, &d.postings(), |n| n as i64 / 2, false)
    }

    pub(super) fn unproject_resolution(&mut self, document: i64) -> Result<(), StoreError> {
        self.touch_claimed_lines(document)?;
        self.tx
            .prepare_cached("DELETE FROM resolution_claim WHERE org = ? AND resolution = ?")
            .and_then(|mut s| s.execute([self.org, document]))
            .map_err(StoreError::of)?;
        Ok(())
    }

    fn touch_claimed_lines(&mut self, document: i64) -> Result<(), StoreError> {
        self.collect(document, CLAIMED_LINES, |touched, r| {
            touched.lines.insert((r.get(0)?, r.get(1)?));
            Ok(())
        })
    }
}
