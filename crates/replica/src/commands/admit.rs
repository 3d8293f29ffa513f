//! HQ admits what was set apart because its device had no right.
//!
//! What surprises: an admission is no event of a document. The relay, which never opens one, has to follow
//! it too; so it is a signed fact beside the grants.

use std::collections::BTreeSet;

use guicang_documents::header;
use guicang_domain::ids::ChangeHash;
use guicang_sync::admission::{Admission, CHANGES_MAX, SignedAdmission};
use rusqlite::params;

use super::By;
use crate::error::{CommandError, StoreError};
use crate::queries::apart::{ApartChange, Remedy, one_of};
use crate::store::{Replica, Work};

/// What HQ admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// The changes that the admission names, as they were before.
    pub changes: Vec<ApartChange>,
    /// How many of the document's changes still don't count.
    pub left: usize,
}

impl Replica {
    /// Admits the change that is set apart and whose hash begins so, with those that it builds on; with
    /// `whole` all of its document's that may be admitted. What was apart only for what it builds on comes
    /// along by itself.
    ///
    /// # Errors
    /// [`CommandError::HqOnly`]; [`CommandError::UnknownChange`], [`CommandError::AmbiguousChange`];
    /// [`CommandError::NotAdmissible`] names the change whose fault isn't a missing right.
    pub fn admit(
        &mut self,
        by: &By,
        hash: &str,
        whole: bool,
        note: Option<String>,
    ) -> Result<Admitted, CommandError> {
        // What it is asked about is looked up before; inside, only what still is so is named.
        let all = self.apart_changes()?;
        let asked = one_of(all.clone(), hash)?;
        let of_document: Vec<ApartChange> =
            all.into_iter().filter(|a| a.document == asked.document).collect();
        let changes = self.write(|work| work.admit(by, &asked, &of_document, whole, note))?;
        let after = self.apart_changes()?;
        let left = after.iter().filter(|a| a.document == asked.document && a.how != "unread").count();
        Ok(Admitted { changes, left })
    }
}

/// Whether HQ's word is what a change lacks.
fn admissible(change: &ApartChange) -> bool {
    matches!(change.remedy, Remedy::Admit) && change.how != "refused"
}

impl Work<'_> {
    fn admit(
        &mut self,
        by: &By,
        asked: &ApartChange,
        apart: &[ApartChange],
        whole: bool,
        note: Option<String>,
    ) -> Result<Vec<ApartChange>, CommandError> {
        self.hq_only()?;
        let builds_on = self.builds_on(asked.change)?;
        let refused = |a: &ApartChange| CommandError::NotAdmissible {
            change: a.change.to_string(),
            rule: a.rule.clone(),
            remedy: a.remedy.code(),
        };
        let mut named = Vec::new();
        for change in apart {
            let needed = change.change == asked.change || builds_on.contains(&change.change);
            // What waits for another needs no word of its own; that other one does.
            let waits = change.remedy == Remedy::AdmitWhatItBuildsOn;
            if admissible(change) && (needed || whole) {
                named.push(change.clone());
            } else if needed && !waits {
                return Err(refused(change));
            }
        }
        if named.is_empty() || named.len() > CHANGES_MAX {
            return Err(refused(asked));
        }
        let admission = Admission {
            organisation: self.me.organisation,
            document: asked.document,
            changes: named.iter().map(|a| a.change).collect(),
            decided: self.now,
            user: by.user.clone(),
            note,
        };
        self.take_admission(&SignedAdmission::sign(self.key, &admission), false)?;
        Ok(named)
    }

    /// All that a change was made upon, as far as it is held and can be read.
    fn builds_on(&self, change: ChangeHash) -> Result<BTreeSet<ChangeHash>, StoreError> {
        let mut seen = BTreeSet::new();
        let mut open = vec![change];
        let mut statement = self
            .tx
            .prepare_cached("SELECT bytes FROM change WHERE org = ? AND hash = ? AND bytes IS NOT NULL")
            .map_err(StoreError::of)?;
        while let Some(hash) = open.pop() {
            let mut rows = statement.query(params![self.org, hash.0]).map_err(StoreError::of)?;
            let Some(row) = rows.next().map_err(StoreError::of)? else { continue };
            let bytes: Vec<u8> = row.get(0).map_err(StoreError::of)?;
            let Ok(header) = header(&bytes) else { continue };
            open.extend(header.deps.into_iter().filter(|dep| seen.insert(*dep)));
        }
        Ok(seen)
    }
}
