//! The policy: a version set at HQ, and what it is asked when a return is taken.
//!
//! What surprises: a version never changes. What is to be judged otherwise is another version, with another
//! name; reasons and the law's windows are edited in place, entry by entry, and none is taken away.

use std::collections::BTreeMap;

use guicang_documents::{Events, WriteError};
use guicang_domain::document::{Document, Kind};
use guicang_domain::event::Event;
use guicang_domain::ids::{ReasonCode, ReceiptId, SiteId, Sku};
use guicang_domain::master::{Settings, SettingsEvent};
use guicang_domain::money::Amount;
use guicang_domain::policy::version::PolicySet;
use guicang_domain::policy::window::LegalMinimum;
use guicang_domain::policy::{Case, Goods, Policy, Provisional, Reason};
use guicang_domain::returns::{Channel, Grade};
use guicang_domain::time::Moment;
use guicang_sync::grant::Role;
use rusqlite::{OptionalExtension, params};

use super::By;
use super::returns::{Graded, wrong};
use crate::error::{CommandError, StoreError};
use crate::facts::document_by_id;
use crate::queries::settings::{Terms, terms};
use crate::store::{Replica, Work};

/// A version of the policy as HQ writes it, with what stands beside it.
#[derive(Debug, Clone)]
pub struct PolicyDraft {
    /// The version.
    pub policy: Policy,
    /// From when on; `None`: from now on.
    pub effective: Option<Moment>,
    /// Entries of the law's table to add or change; the others stay.
    pub legal: BTreeMap<String, LegalMinimum>,
    /// Reasons to add or change; the others stay.
    pub reasons: BTreeMap<ReasonCode, Reason>,
}

/// What a draft changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDone {
    /// The version's name.
    pub version: String,
    /// From when on it holds.
    pub effective: Option<Moment>,
    /// Whether the version is new, rather than there already with the same content.
    pub added: bool,
    /// Whether reasons or the law's table changed.
    pub edited: bool,
}

/// What the policy looks at beside class, days and value.
pub(super) struct Asked<'a> {
    pub(super) site: &'a SiteId,
    pub(super) channel: Channel,
    pub(super) receipt: Option<&'a ReceiptId>,
    /// The articles, and how each looks where somebody has looked.
    pub(super) goods: Vec<(Sku, Option<Grade>)>,
    /// Whether tags are on the goods, where somebody said.
    pub(super) tags: Option<bool>,
    /// Whether a signed receipt alone proves the sale: it isn't held here.
    pub(super) proven: bool,
    /// The return itself, where it is there already.
    pub(super) document: Option<i64>,
}

impl Replica {
    /// Sets a version of the policy, and edits reasons and the law's table.
    ///
    /// # Errors
    /// [`CommandError::HqOnly`]; [`CommandError::BelowLegal`] names the window that is shorter than the law's;
    /// [`CommandError::VersionTaken`]; [`CommandError::Value`] and [`CommandError::UnknownSite`] what can't be.
    /// Nothing is changed then.
    pub fn set_policy(&mut self, by: &By, draft: PolicyDraft) -> Result<PolicyDone, CommandError> {
        self.write(|work| work.set_policy(by, draft))
    }
}

/// How the worst of an article's goods looks, of those that are graded at once.
pub(super) fn worst_grade(graded: &[Graded], sku: &Sku) -> Option<Grade> {
    let about = |g: &&Graded| g.sku.as_ref().is_none_or(|typed| Sku::of(typed).is_ok_and(|s| s == *sku));
    graded.iter().filter(about).map(|g| g.grade).max()
}

impl Work<'_> {
    pub(super) fn terms(&self) -> Result<Terms, StoreError> {
        terms(&self.tx, self.org, self.book, self.me)
    }

    /// The policy by which a return that occurred at a moment is judged.
    pub(super) fn policy_at(&self, occurred: Moment) -> Result<Policy, CommandError> {
        Ok(self.terms()?.policy_at(occurred))
    }

    /// A reason of the organisation's list, retired or not.
    pub(super) fn reason(&self, code: &ReasonCode) -> Result<Reason, CommandError> {
        let mut reasons = self.terms()?.reasons;
        reasons.remove(code).ok_or_else(|| unknown_reason(code, &reasons))
    }

    /// A reason that may be given now.
    pub(super) fn reason_given(&self, code: &ReasonCode) -> Result<Reason, CommandError> {
        let mut reasons = self.terms()?.reasons;
        reasons.retain(|_, reason| !reason.retired);
        reasons.remove(code).ok_or_else(|| unknown_reason(code, &reasons))
    }

    /// A case with all that the policy looks at.
    pub(super) fn complete(&self, case: Case, asked: &Asked<'_>) -> Result<Case, CommandError> {
        let mut goods = Vec::new();
        for (sku, grade) in &asked.goods {
            let category: Option<Option<String>> = self
                .tx
                .prepare_cached("SELECT category FROM product WHERE org = ? AND sku = ?")?
                .query_row(params![self.org, sku.as_str()], |r| r.get(0))
                .optional()?;
            goods.push(Goods { category: category.flatten(), grade: *grade, tags: asked.tags });
        }
        goods.sort();
        goods.dedup();
        let apart = (case.sold_on.is_none() || asked.proven) && self.me.role != Role::Hq;
        let provisional = if apart { Some(self.provisional(case.returned_on, asked)?) } else { None };
        Ok(Case {
            site: Some(asked.site.clone()),
            channel: asked.channel,
            receipt: asked.receipt.is_some(),
            goods,
            provisional,
            ..case
        })
    }

    /// What was granted at the site on sales that HQ hasn't seen, the return itself apart.
    fn provisional(&self, day: chrono::NaiveDate, asked: &Asked<'_>) -> Result<Provisional, CommandError> {
        let receipt = asked.receipt.map(ToString::to_string).unwrap_or_default();
        Ok(self
            .tx
            .prepare_cached(
                "SELECT coalesce(sum(value) FILTER (WHERE receipt = ?4 AND receipt <> ''), 0), coalesce(sum(value), 0),
                        coalesce(sum(value) FILTER (WHERE day = ?3), 0)
                 FROM provisional WHERE org = ?1 AND site = ?2 AND document IS NOT ?5",
            )?
            .query_row(
                params![self.org, asked.site.as_str(), day.to_string(), receipt, asked.document],
                |r| {
                    Ok(Provisional {
                        on_receipt: Amount(r.get(0)?),
                        at_branch: Amount(r.get(1)?),
                        on_day: Amount(r.get(2)?),
                    })
                },
            )?)
    }

    fn set_policy(&mut self, by: &By, draft: PolicyDraft) -> Result<PolicyDone, CommandError> {
        self.hq_only()?;
        let terms = self.terms()?;
        let mut reasons = terms.reasons.clone();
        reasons.extend(draft.reasons);
        let mut legal = terms.legal.clone();
        legal.extend(draft.legal);
        let policy = Policy { legal: legal.clone(), ..draft.policy };
        self.check_policy(&policy)?;
        let version = policy.version.clone();
        let policy = Policy { legal: BTreeMap::new(), ..policy };
        let before = terms.timeline.named(&version);
        let same_time = |from: Option<Moment>| draft.effective.is_none_or(|wanted| from == Some(wanted));
        if before.is_some_and(|v| v.policy != policy || !same_time(v.effective)) {
            return Err(CommandError::VersionTaken { version });
        }
        let added = before.is_none();
        let edited = reasons != terms.reasons || legal != terms.legal;
        let effective =
            if added { Some(draft.effective.unwrap_or(self.now)) } else { before.and_then(|v| v.effective) };
        let set = PolicySet { policy, effective: effective.unwrap_or(self.now) };
        let event = |work: &mut Self| {
            let body = SettingsEvent::PolicySet(Box::new(set));
            work.event(&By { occurred: None, ..by.clone() }, work.me.zone, "", body)
        };
        match terms.documents.into_iter().next() {
            Some((id, settings)) => {
                let settings = Settings { reasons, legal, ..settings };
                let event = added.then(|| event(self));
                self.edit_settings(id, settings, event)?;
            }
            None if added || edited => {
                let head = self.new_head(Kind::Settings, None, self.me.zone)?;
                // The first event makes the map that later ones go into, so there is one in any case.
                let event = event(self);
                let settings = Settings {
                    head,
                    name: self.me.name.clone(),
                    zone: self.me.zone,
                    currency: self.me.currency,
                    transit_days: None,
                    policy: Policy::standard(self.me.currency),
                    reasons,
                    calendar: Default::default(),
                    legal,
                    events: vec![event],
                };
                self.create(Document::Settings(settings), &[])?;
            }
            None => {}
        }
        Ok(PolicyDone { version, effective, added, edited })
    }

    /// Adds a version to the settings' document, and sets the fields that differ.
    pub(super) fn edit_settings(
        &mut self,
        id: i64,
        settings: Settings,
        event: Option<Event<SettingsEvent>>,
    ) -> Result<(), CommandError> {
        let row = document_by_id(&self.tx, id)?;
        let (mut replayed, reading) = self.load(&row)?;
        if reading.newer {
            return Err(CommandError::NewerRules { number: row.number });
        }
        let damaged = |e: WriteError| StoreError::damaged("the settings", e);
        if let Some(event) = event {
            let change = replayed
                .append_events(self.writer, self.now, &Events::Settings(&[event]))
                .map_err(damaged)?;
            self.insert_own_change(id, &change, &[], 0)?;
        }
        let edit =
            replayed.set_fields(self.writer, self.now, &Document::Settings(settings)).map_err(damaged)?;
        if let Some(change) = edit {
            self.insert_own_change(id, &change, &[], 0)?;
        }
        Ok(self.reproject(id)?)
    }

    /// What a policy has to be: named, its limits in order, no rule twice, of sites that there are, and
    /// nowhere below the law.
    fn check_policy(&self, policy: &Policy) -> Result<(), CommandError> {
        if policy.version.trim().is_empty()
            || policy.version.len() > 40
            || policy.version.contains(char::is_control)
        {
            return Err(wrong("version", &policy.version, "1 to 40 bytes without control characters"));
        }
        let show = |amount: Amount| self.me.currency.format(amount);
        let (clerk, manager) = (policy.approval_above, policy.manager_above);
        if let Some(manager) = manager.filter(|m| *m < clerk) {
            return Err(wrong("limits.manager", &show(manager), "no less than limits.clerk"));
        }
        if let Some(hq) = policy.hq_above.filter(|hq| *hq < manager.unwrap_or(clerk)) {
            return Err(wrong("limits.hq", &show(hq), "no less than the limits below it"));
        }
        for (n, rule) in policy.windows.iter().enumerate() {
            if policy.windows[..n].iter().any(|before| before.names_the_same(rule)) {
                let found = format!("rule {} again", n + 1);
                return Err(wrong("window", &found, "one rule for each category, site, channel and class"));
            }
        }
        for (n, rule) in policy.tolerances.iter().enumerate() {
            if policy.tolerances[..n].iter().any(|before| before.names_the_same(rule)) {
                let found = format!("rule {} again", n + 1);
                return Err(wrong("tolerance", &found, "one rule for each category and site"));
            }
        }
        let sites = policy.windows.iter().map(|r| &r.site).chain(policy.conditions.iter().map(|r| &r.site));
        let sites = sites.chain(policy.tolerances.iter().map(|r| &r.site));
        for site in sites.flatten() {
            if !self.knows_site(site)? {
                return Err(CommandError::UnknownSite { found: site.to_string() });
            }
        }
        Ok(policy.check_legal()?)
    }
}

fn unknown_reason(code: &ReasonCode, known: &BTreeMap<ReasonCode, Reason>) -> CommandError {
    let known = known.keys().map(ToString::to_string).collect();
    CommandError::UnknownReason { found: code.to_string(), known }
}
