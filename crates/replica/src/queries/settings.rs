//! The organisation's settings, read from their documents.
//!
//! What surprises: there may be more than one document, where two of HQ's devices made one each while
//! apart. Name, reasons and law are those of the first by identity; the versions of the policy are those of
//! all of them.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use guicang_domain::calendar::{Calendar, OwnDays};
use guicang_domain::document::Document;
use guicang_domain::ids::ReasonCode;
use guicang_domain::master::Settings;
use guicang_domain::policy::version::Timeline;
use guicang_domain::policy::window::{LegalMinimum, standard_legal};
use guicang_domain::policy::{Policy, Reason, standard_reasons};
use guicang_domain::time::{Moment, Zone};
use guicang_sync::grant::GrantBook;
use rusqlite::{Connection, params};

use super::exceptions::proven;
use crate::error::StoreError;
use crate::facts::{document_by_id, standing};
use crate::store::{Identity, Replica};

/// What the settings come to.
pub(crate) struct Terms {
    /// The settings documents, by row, the first by identity at the front.
    pub(crate) documents: Vec<(i64, Settings)>,
    /// The versions of the policy.
    pub(crate) timeline: Timeline,
    /// The reasons, retired ones too.
    pub(crate) reasons: BTreeMap<ReasonCode, Reason>,
    /// The law's minimum windows.
    pub(crate) legal: BTreeMap<String, LegalMinimum>,
    /// Goods in transit are late after so many days.
    pub(crate) transit_days: u32,
}

impl Terms {
    /// The policy by which a return that occurred at a moment is judged, with the law beside it.
    pub(crate) fn policy_at(&self, occurred: Moment) -> Policy {
        Policy { legal: self.legal.clone(), ..self.timeline.at(occurred).policy.clone() }
    }
}

/// The settings, or what holds while there are none.
pub(crate) fn terms(db: &Connection, org: i64, book: &GrantBook, me: &Identity) -> Result<Terms, StoreError> {
    let ids: Vec<i64> = {
        let mut statement = db
            .prepare_cached(
                // `+`: in the order of identities it would visit every document there is, at each command.
                "SELECT id FROM document WHERE org = ? AND kind = 'settings' AND state = 'read' ORDER BY +identity",
            )
            .map_err(StoreError::of)?;
        let rows = statement.query_map(params![org], |r| r.get(0)).map_err(StoreError::of)?;
        rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)?
    };
    let mut documents = Vec::new();
    for id in ids {
        let row = document_by_id(db, id)?;
        let (_, reading) = standing(db, org, book, me.device, id)?.read(row.identity)?;
        if let Some(Document::Settings(settings)) = reading.document {
            documents.push((id, settings));
        }
    }
    let first = documents.first().map(|(_, settings)| settings);
    let base = first.map_or_else(|| Policy::standard(me.currency), |s| s.policy.clone());
    Ok(Terms {
        timeline: Timeline::new(base, documents.iter().flat_map(|(_, s)| &s.events)),
        reasons: first.map_or_else(standard_reasons, |s| s.reasons.clone()),
        transit_days: first.and_then(|s| s.transit_days).unwrap_or(Settings::TRANSIT_DAYS),
        legal: first.map_or_else(|| standard_legal(me.currency), |s| s.legal.clone()),
        documents,
    })
}

/// By when refunds are due. The settings are replayed once, when the first is asked for: a list asks for many.
pub(crate) struct Dues<'a> {
    replica: &'a Replica,
    terms: OnceCell<(Policy, OwnDays)>,
}

impl<'a> Dues<'a> {
    /// As the settings of a replica have it.
    pub(crate) fn of(replica: &'a Replica) -> Self {
        Self { replica, terms: OnceCell::new() }
    }

    /// The day by which a refund of goods that came on a day is due, in the working days of a zone.
    pub(crate) fn by(&self, arrived: NaiveDate, zone: Zone) -> Result<NaiveDate, StoreError> {
        let (policy, days) = match self.terms.get() {
            Some(terms) => terms,
            None => {
                let terms = self.replica.terms()?;
                let policy = terms.policy_at(self.replica.latest()?);
                let days = terms.documents.first().map(|(_, s)| s.calendar.clone()).unwrap_or_default();
                self.terms.get_or_init(|| (policy, days))
            }
        };
        Ok(policy.refund_due(arrived, &Calendar::of(zone).with(days)))
    }
}

impl Replica {
    pub(crate) fn terms(&self) -> Result<Terms, StoreError> {
        terms(&self.db, self.identity.org, &self.book, &self.identity)
    }

    /// As late as this replica knows it to be: what the relay has proven, or its own last event.
    pub(crate) fn latest(&self) -> Result<Moment, StoreError> {
        let own: i64 = self
            .db
            .prepare_cached("SELECT clock >> 16 FROM self WHERE org = ?")
            .and_then(|mut s| s.query_row([self.identity.org], |r| r.get(0)))
            .map_err(StoreError::of)?;
        Ok(proven(&self.db, self.identity.org)?.max(Moment(own)))
    }

    /// The return policy in force, as this replica knows it.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn policy(&self) -> Result<Policy, StoreError> {
        Ok(self.terms()?.policy_at(self.latest()?))
    }

    /// The working days of a zone: what its calendar says, and what the organisation has set itself.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn calendar(&self, zone: Zone) -> Result<Calendar, StoreError> {
        let terms = self.terms()?;
        let calendar = Calendar::of(zone);
        Ok(match terms.documents.first() {
            Some((_, settings)) => calendar.with(&settings.calendar),
            None => calendar,
        })
    }

    /// After how many days goods in transit are late.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn transit_days(&self) -> Result<u32, StoreError> {
        Ok(self.terms()?.transit_days)
    }

    /// The organisation's reasons, by code; those that aren't given any more are `retired`.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn reasons(&self) -> Result<BTreeMap<ReasonCode, Reason>, StoreError> {
        Ok(self.terms()?.reasons)
    }

    /// The law's minimum windows, by name.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn legal(&self) -> Result<BTreeMap<String, LegalMinimum>, StoreError> {
        Ok(self.terms()?.legal)
    }
}
