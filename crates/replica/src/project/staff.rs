//! Suppliers and users by their codes and names, when users' roles were withdrawn, and on whose word
//! returns and counts were decided.
//!
//! As with articles, two documents of one code or name are both kept, and the one that came first by identity
//! is shown; so the times of withdrawal are asked for by document, too.

use guicang_domain::count::{Count, CountEvent};
use guicang_domain::ids::UserName;
use guicang_domain::returns::{Return, ReturnEvent};
use guicang_domain::supplier::Supplier;
use guicang_domain::time::Moment;
use guicang_domain::user::User;
use rusqlite::params;

use crate::error::StoreError;
use crate::facts::join_sites;
use crate::store::Work;

impl Work<'_> {
    pub(super) fn project_supplier(&mut self, document: i64, d: &Supplier) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "INSERT INTO supplier (org, code, name, document) VALUES (?1,?2,?3,?4)
                 ON CONFLICT (org, code) DO UPDATE SET name = ?3, document = ?4
                 WHERE (SELECT identity FROM document d WHERE d.id = ?4)
                     < (SELECT identity FROM document d WHERE d.id = supplier.document)",
            )
            .and_then(|mut s| s.execute(params![self.org, d.code.as_str(), d.name, document]))
            .map_err(StoreError::of)?;
        Ok(())
    }

    pub(super) fn project_user(&mut self, document: i64, d: &User) -> Result<(), StoreError> {
        let sites: Vec<_> = d.sites.iter().cloned().collect();
        self.tx
            .prepare_cached(
                "INSERT INTO staff (org, name, role, sites, active, document) VALUES (?1,?2,?3,?4,?5,?6)
                 ON CONFLICT (org, name) DO UPDATE SET role = ?3, sites = ?4, active = ?5, document = ?6
                 WHERE (SELECT identity FROM document d WHERE d.id = ?6)
                     < (SELECT identity FROM document d WHERE d.id = staff.document)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    self.org,
                    d.name.as_str(),
                    d.role.as_str(),
                    join_sites(&sites),
                    d.is_active(),
                    document
                ])
            })
            .map_err(StoreError::of)?;
        for (ordinal, absence) in d.absences().iter().enumerate() {
            let until = absence.until.map(|until| until.0);
            self.tx
                .prepare_cached(
                    "INSERT INTO absence (org, document, ordinal, since, until) VALUES (?,?,?,?,?)",
                )
                .and_then(|mut s| {
                    s.execute(params![self.org, document, ordinal as i64, absence.since.0, until])
                })
                .map_err(StoreError::of)?;
        }
        Ok(())
    }

    /// On whose word a return was decided. History knows no users.
    pub(super) fn project_words_of_return(&mut self, document: i64, d: &Return) -> Result<(), StoreError> {
        if d.is_historic() {
            return Ok(());
        }
        for event in &d.events {
            let by = match &event.body {
                ReturnEvent::Approved { by, .. }
                | ReturnEvent::Rejected { by, .. }
                | ReturnEvent::Reversed { by, .. } => by.as_ref(),
                _ => None,
            };
            if let Some(by) = by {
                self.project_word(document, &event.id.to_string(), by, event.rank().time.moment())?;
            }
        }
        Ok(())
    }

    /// On whose word a count was approved.
    pub(super) fn project_words_of_count(&mut self, document: i64, d: &Count) -> Result<(), StoreError> {
        for event in &d.events {
            if let CountEvent::Approved { by, .. } = &event.body {
                self.project_word(document, &event.id.to_string(), by, event.rank().time.moment())?;
            }
        }
        Ok(())
    }

    fn project_word(
        &mut self,
        document: i64,
        event: &str,
        by: &UserName,
        at: Moment,
    ) -> Result<(), StoreError> {
        self.tx
            .prepare_cached("INSERT INTO word (org, document, event, name, time) VALUES (?,?,?,?,?)")
            .and_then(|mut s| s.execute(params![self.org, document, event, by.as_str(), at.0]))
            .map_err(StoreError::of)?;
        Ok(())
    }
}
