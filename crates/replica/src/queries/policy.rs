//! The policy's versions, what another policy would have said to the returns of late, and what the chain can
//! lose to returns whose sale a branch doesn't hold.
//!
//! What surprises: a preview judges each return on what its branch could know then. A sale that was verified
//! later is unknown to it, and what the branch had granted on unseen sales before counts until HQ had seen
//! them.

use std::collections::{BTreeMap, BTreeSet};

use guicang_domain::document::Document;
use guicang_domain::event::Event;
use guicang_domain::ids::{
    DocumentId, EventId, LineId, Number, ReasonCode, ReceiptId, ReceiptLineId, SiteId,
};
use guicang_domain::ids::{Sku, UserName};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::policy::exposure::LineExposure;
use guicang_domain::policy::{Case, Goods, Policy, Provisional, Reason, ReasonClass, Verdict};
use guicang_domain::returns::state::ReturnState;
use guicang_domain::returns::{Return, ReturnEvent, ReturnLine};
use guicang_domain::time::{Moment, Occurred};
use guicang_sync::grant::{GrantBook, Role};
use rusqlite::{OptionalExtension, params};

use super::holds::kept_on;
use super::{name, receipt_id};
use crate::error::StoreError;
use crate::facts::{document_by_id, standing};
use crate::project::settings::is_judged;
use crate::proof::{believe, stands};
use crate::store::Replica;

const DAY_MS: i64 = 86_400_000;

/// A version of the policy among the others, in the order in which they hold.
#[derive(Debug, Clone)]
pub struct PolicyRow {
    /// What it says; without the law.
    pub policy: Policy,
    /// From when on; `None` for the one that holds while HQ has set none.
    pub effective: Option<Moment>,
    /// Who set it.
    pub set_by: Option<UserName>,
    /// When it was set, within what stamps prove.
    pub set_at: Option<Moment>,
    /// When the relay had it: before that no branch could know. `None` while it hasn't.
    pub known: Option<Moment>,
    /// Whether it is the one in force.
    pub in_force: bool,
    /// Another that was given its name while apart, and doesn't stand.
    pub lost: Vec<EventId>,
}

/// What the returns of the last days got, and would have got.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Those that occurred from here on.
    pub since: Moment,
    /// And until here.
    pub until: Moment,
    /// How many returns there were in all.
    pub returns: u64,
    /// How many and how much, by currency and verdict.
    pub verdicts: BTreeMap<(Currency, String), Compared>,
    /// How many and how much, by currency and ground; a return counts at each of its grounds.
    pub grounds: BTreeMap<(Currency, String), Compared>,
    /// Those that would have got something else, oldest first.
    pub changed: Vec<Changed>,
}

/// Two sums: what it was, and what it would have been.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compared {
    /// Returns that got it.
    pub got: u64,
    /// What was asked for on them.
    pub got_value: Amount,
    /// Returns that would have got it.
    pub would: u64,
    /// What was asked for on those.
    pub would_value: Amount,
}

/// A return that would have got something else.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The return.
    pub id: DocumentId,
    /// Its number.
    pub number: Number,
    /// The site that took it back.
    pub site: SiteId,
    /// When.
    pub occurred: Occurred,
    /// What was asked for.
    pub value: Amount,
    /// Its currency.
    pub currency: Currency,
    /// By which version it was judged.
    pub version: String,
    /// What it got.
    pub got: Judged,
    /// What it would have got.
    pub would: Judged,
}

/// A verdict and its grounds, as codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// `approve`, `needs_manager`, `needs_hq`, `refuse`; of what was, also `rejected` and `open`.
    pub verdict: String,
    /// The grounds.
    pub grounds: BTreeSet<String>,
}

/// What the chain can lose to returns whose sale the branch doesn't hold, in the organisation's currency.
#[derive(Debug, Clone)]
pub struct Exposure {
    /// The sale line that can cost most.
    pub worst: Option<(ReceiptId, ReceiptLineId, LineExposure)>,
    /// How many sale lines can still come back within the longest window.
    pub lines: u64,
    /// What their sellers may still refund.
    pub right: Amount,
    /// What branches may refund on all of them without seeing the sale, on a customer's word or on a signed
    /// receipt, which may be a copy: for each receipt the limit at each
    /// other branch, and no more at a branch than its own limit.
    pub apart: Amount,
    /// What stands granted on sales that HQ hasn't seen yet.
    pub provisional: Amount,
    /// On how many returns.
    pub provisional_returns: u64,
    /// What of that rests on signed receipts.
    pub proven: Amount,
    /// On how many returns.
    pub proven_returns: u64,
    /// The currency.
    pub currency: Currency,
}

/// What a branch granted on a sale that it hadn't seen.
struct Unseen {
    site: SiteId,
    receipt: String,
    day: chrono::NaiveDate,
    value: Amount,
    /// When HQ had seen the sale.
    until: Option<Moment>,
}

/// A return as its branch knew it when it was judged.
struct Known<'a> {
    document: &'a Return,
    state: ReturnState,
    decision: Option<&'a Event<ReturnEvent>>,
    occurred: Occurred,
    value: Amount,
    site: SiteId,
    /// When the sale was rung up that a signed receipt proves; `None` without one.
    proven: Option<Occurred>,
}

impl Replica {
    /// Every version of the policy that ever stood, in the order in which they hold.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn policy_history(&self) -> Result<Vec<PolicyRow>, StoreError> {
        let timeline = self.terms()?.timeline;
        let now = timeline.at(self.latest()?).policy.version.clone();
        let lost = |version: &str| {
            let same = timeline.conflicts.iter().filter(|c| c.version == version);
            same.map(|c| c.loses.clone()).collect()
        };
        let row = |v: &guicang_domain::policy::version::Version| PolicyRow {
            policy: v.policy.clone(),
            effective: v.effective,
            set_by: v.set.as_ref().map(|s| s.by.clone()),
            set_at: v.set.as_ref().map(|s| s.rank.time.moment()),
            known: v.set.as_ref().and_then(|s| s.known),
            in_force: v.policy.version == now,
            lost: lost(&v.policy.version),
        };
        Ok(timeline.versions().iter().map(row).collect())
    }

    /// What the live returns of the last days would have got under a policy, against what they got. The law
    /// and the reasons given stand beside the policy; reasons that aren't given are those in force.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn preview_policy(
        &self,
        policy: &Policy,
        reasons: &BTreeMap<ReasonCode, Reason>,
        days: u32,
    ) -> Result<Preview, StoreError> {
        let mut known_reasons = self.terms()?.reasons;
        known_reasons.extend(reasons.iter().map(|(code, reason)| (code.clone(), reason.clone())));
        let until = self.latest()?;
        let since = until.plus_ms(-i64::from(days) * DAY_MS);
        let mut preview = Preview {
            since,
            until,
            returns: 0,
            verdicts: BTreeMap::new(),
            grounds: BTreeMap::new(),
            changed: Vec::new(),
        };
        let mut unseen: Vec<Unseen> = Vec::new();
        for (id, before) in self.live_returns(since, until)? {
            let row = document_by_id(&self.db, id)?;
            let (_, mut reading) =
                standing(&self.db, self.identity.org, &self.book, self.identity.device, id)?
                    .read(row.identity)?;
            believe(&self.book, &mut reading);
            let Some(Document::Return(document)) = reading.document else { continue };
            let Some(mut known) = known(&document) else { continue };
            known.proven = stands(&self.book, &document).map(|code| code.facts().occurred);
            let mut case = self.case_then(&known, &known_reasons)?;
            let apart = case.sold_on.is_none() || known.proven.is_some();
            if apart && !by_hq(known.decision, &self.book) {
                case.provisional = Some(used(&unseen, &known));
            }
            if let Some(granted) = granted(&known).filter(|_| apart) {
                unseen.push(granted);
            }
            if before {
                continue;
            }
            let (got, would) = (got(&known), policy.judge(&case));
            let would = with_the_rest(&got, &would);
            preview.add(&known, got, would);
        }
        Ok(preview)
    }

    /// The live returns of a time, oldest first, and before them (told by the flag) those whose sale nobody
    /// has seen yet.
    fn live_returns(&self, since: Moment, until: Moment) -> Result<Vec<(i64, bool)>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT h.document, h.occurred < ?2 FROM return_head h JOIN document d ON d.id = h.document
                 WHERE h.org = ?1 AND h.historic = 0 AND h.occurred <= ?3 AND (h.occurred >= ?2 OR EXISTS
                     (SELECT 1 FROM provisional p WHERE p.org = h.org AND p.document = h.document))
                 ORDER BY h.occurred, d.identity",
            )
            .map_err(StoreError::of)?;
        let rows = statement
            .query_map(params![self.identity.org, since.0, until.0], |r| Ok((r.get(0)?, r.get(1)?)))
            .map_err(StoreError::of)?;
        rows.collect::<rusqlite::Result<_>>().map_err(StoreError::of)
    }

    /// What the policy would have looked at.
    fn case_then(
        &self,
        known: &Known<'_>,
        reasons: &BTreeMap<ReasonCode, Reason>,
    ) -> Result<Case, StoreError> {
        let document = known.document;
        let class = document.lines.values().next().and_then(|line| reasons.get(&line.reason));
        let link = document.lines.values().flat_map(|line| &line.links).next();
        let sold_on = match link {
            Some(link) => self.sold_on(&link.receipt)?,
            None => None,
        };
        let sold_on = sold_on.or(known.proven.map(|sold| sold.date()));
        let class = class.map_or(ReasonClass::Other, |reason| reason.class);
        let mut case = Case::new(class, sold_on, known.occurred.date(), known.value);
        let refused = |code: &str| {
            let grounds = known.decision.map(|e| match &e.body {
                ReturnEvent::Approved { grounds, .. } | ReturnEvent::Rejected { grounds, .. } => grounds,
                _ => unreachable!("a decision"),
            });
            grounds.is_some_and(|grounds| grounds.iter().any(|g| g == code))
        };
        for (id, line) in &document.lines {
            case.goods.push(Goods {
                category: self.category(&line.sku)?,
                grade: known.grade(id),
                tags: refused("tags_missing").then_some(false),
            });
        }
        case.goods.sort();
        case.goods.dedup();
        case.site = Some(known.site.clone());
        case.channel = document.channel;
        case.receipt = document.receipt.is_some();
        Ok(case)
    }

    fn sold_on(&self, receipt: &ReceiptId) -> Result<Option<chrono::NaiveDate>, StoreError> {
        let till = receipt.till.as_ref().map_or("", |t| t.as_str());
        let row: Option<(i64, String)> = self
            .db
            .prepare_cached(
                "SELECT occurred, zone FROM receipt
                 WHERE org = ? AND site = ? AND till = ? AND number = ? AND document IS NOT NULL",
            )
            .and_then(|mut s| {
                let key = params![self.identity.org, receipt.site.as_str(), till, receipt.number.as_str()];
                s.query_row(key, |r| Ok((r.get(0)?, r.get(1)?))).optional()
            })
            .map_err(StoreError::of)?;
        let Some((at, zone)) = row else { return Ok(None) };
        let zone = zone.parse().map_err(|e| StoreError::damaged("a receipt's zone", e))?;
        Ok(Some(Occurred { at: Moment(at), zone }.date()))
    }

    fn category(&self, sku: &Sku) -> Result<Option<String>, StoreError> {
        let found: Option<Option<String>> = self
            .db
            .prepare_cached("SELECT category FROM product WHERE org = ? AND sku = ?")
            .and_then(|mut s| s.query_row(params![self.identity.org, sku.as_str()], |r| r.get(0)).optional())
            .map_err(StoreError::of)?;
        Ok(found.flatten())
    }

    /// What the chain can lose to returns whose sale the branch doesn't hold.
    ///
    /// For a sale line: what its seller may still refund, what HQ keeps of it for others, and the offline limit at
    /// each other branch. Asked of the organisation's currency; history has no say.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn exposure(&self) -> Result<Exposure, StoreError> {
        let (org, currency) = (self.identity.org, self.identity.currency);
        let now = self.latest()?;
        let policy = self.terms()?.policy_at(now);
        let since = now.plus_ms(-i64::from(policy.longest_window_days()) * DAY_MS);
        let branches = u32::try_from(self.sites()?.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let key = params![org, since.0, currency.code()];
        let (lines, receipts, right, most): (u64, i64, i64, i64) = self
            .db
            .prepare_cached(
                "SELECT coalesce(sum(open_lines), 0), count(*), coalesce(sum(open_worth), 0),
                        coalesce(max(worst_worth), 0)
                 FROM receipt INDEXED BY receipt_open
                 WHERE org = ?1 AND currency = ?3 AND occurred >= ?2 AND open_lines > 0",
            )
            .and_then(|mut s| s.query_row(key, |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))))
            .map_err(StoreError::of)?;
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT site, till, number, worst_line, worst_worth, id FROM receipt INDEXED BY receipt_worst
                 WHERE org = ?1 AND currency = ?3 AND worst_worth = ?4 AND occurred >= ?2 AND open_lines > 0
                 ORDER BY site, till, number LIMIT 1",
            )
            .map_err(StoreError::of)?;
        let mut rows =
            statement.query(params![org, since.0, currency.code(), most]).map_err(StoreError::of)?;
        let worst = match rows.next().map_err(StoreError::of)? {
            Some(r) => {
                let of: guicang_domain::ids::ReceiptLineId = name(r, 3, "a receipt line")?;
                let kept = kept_on(&self.db, org, r.get(5).map_err(StoreError::of)?)?;
                let live = kept.iter().filter(|k| k.line == of && k.until > now);
                let line = LineExposure {
                    right: Amount(r.get(4).map_err(StoreError::of)?),
                    holds: live.map(|k| k.worth).sum(),
                    branches,
                    limit: policy.unverified_above,
                };
                Some((receipt_id(r, 0)?, of, line))
            }
            None => None,
        };
        let all_receipts = policy.unverified_above.0.saturating_mul(receipts);
        let at_branch = policy.unverified_branch.map_or(all_receipts, |limit| all_receipts.min(limit.0));
        let ((provisional, provisional_returns), (proven, proven_returns)) = self
            .db
            .prepare_cached(
                "SELECT coalesce(sum(p.value), 0), count(*), coalesce(sum(p.value) FILTER (WHERE p.proven), 0),
                        count(*) FILTER (WHERE p.proven)
                 FROM provisional p
                 JOIN return_head h ON h.org = p.org AND h.document = p.document WHERE p.org = ? AND h.currency = ?",
            )
            .and_then(|mut s| {
                s.query_row(params![org, currency.code()], |r| {
                    Ok(((Amount(r.get(0)?), r.get(1)?), (Amount(r.get(2)?), r.get(3)?)))
                })
            })
            .map_err(StoreError::of)?;
        Ok(Exposure {
            worst,
            lines,
            right: Amount(right),
            apart: Amount(at_branch.saturating_mul(i64::from(branches))),
            provisional,
            provisional_returns,
            proven,
            proven_returns,
            currency,
        })
    }
}

impl Preview {
    fn add(&mut self, known: &Known<'_>, got: Judged, would: Judged) {
        self.returns += 1;
        let (currency, value) = (known.document.currency, known.value);
        let count_got = |sums: &mut Compared| {
            sums.got += 1;
            sums.got_value += value;
        };
        let count_would = |sums: &mut Compared| {
            sums.would += 1;
            sums.would_value += value;
        };
        count_got(self.verdicts.entry((currency, got.verdict.clone())).or_default());
        count_would(self.verdicts.entry((currency, would.verdict.clone())).or_default());
        got.grounds.iter().for_each(|g| count_got(self.grounds.entry((currency, g.clone())).or_default()));
        would
            .grounds
            .iter()
            .for_each(|g| count_would(self.grounds.entry((currency, g.clone())).or_default()));
        // What a person refused was asked for all the same: there only the grounds can be compared. What
        // nobody has decided yet got nothing that could change.
        let same = match got.verdict.as_str() {
            "open" => true,
            "rejected" => got.grounds == would.grounds,
            _ => got == would,
        };
        if !same {
            self.changed.push(Changed {
                id: known.document.head.id,
                number: known.document.head.number.clone(),
                site: known.site.clone(),
                occurred: known.occurred,
                value,
                currency,
                version: known.decision.map_or_else(String::new, |e| e.policy.clone()),
                got,
                would,
            });
        }
    }
}

impl Known<'_> {
    /// How the worst of a line's goods looked when it was decided: nobody had looked unless it was graded in
    /// the same minute at the counter.
    fn grade(&self, line: &LineId) -> Option<guicang_domain::returns::Grade> {
        let at = self.decision?.occurred.at;
        let graded = self.document.events.iter().filter(|e| e.occurred.at == at);
        let parts = graded.filter_map(|e| match &e.body {
            ReturnEvent::Inspected { parts } => Some(parts),
            _ => None,
        });
        let of_line =
            |part: &guicang_domain::ids::PartId| self.state.parts.get(part).is_some_and(|p| p.line == *line);
        parts.flatten().filter(|p| of_line(&p.part)).map(|p| p.grade).max()
    }
}

fn known(document: &Return) -> Option<Known<'_>> {
    let state = ReturnState::of(document);
    let occurred = document.events.iter().map(|e| e.occurred).min_by_key(|o| o.at)?;
    let decision = document.events.iter().find(|e| {
        matches!(e.body, ReturnEvent::Approved { .. } | ReturnEvent::Rejected { .. })
            && (is_judged(e) || state.decision.as_ref().is_some_and(|d| d.event == e.id))
    });
    let worth = |line: &ReturnLine| match line.links.is_empty() {
        true => line.price.map_or(Amount::ZERO, |p| p.times(line.quantity, document.currency)),
        false => line.links.iter().map(|l| l.paid.share(l.quantity, l.sold)).sum(),
    };
    let value = document.lines.values().map(worth).sum();
    let site = document.head.site.clone()?;
    Some(Known { document, state, decision, occurred, value, site, proven: None })
}

/// Whether HQ decided: it holds every sale there is, and no limit of a branch's counts.
fn by_hq(decision: Option<&Event<ReturnEvent>>, book: &GrantBook) -> bool {
    let role = decision.and_then(|e| book.device(e.proof.device)).map(|d| &d.grant.role);
    role == Some(&Role::Hq)
}

/// What the branch had granted before on sales that nobody had seen by then.
fn used(unseen: &[Unseen], known: &Known<'_>) -> Provisional {
    let at = known.occurred.at;
    let mut used = Provisional::default();
    let receipt = known.document.receipt.as_ref().map(ToString::to_string);
    for before in unseen.iter().filter(|u| u.site == known.site && u.until.is_none_or(|until| until > at)) {
        used.at_branch += before.value;
        if Some(&before.receipt) == receipt.as_ref() {
            used.on_receipt += before.value;
        }
        if before.day == known.occurred.date() {
            used.on_day += before.value;
        }
    }
    used
}

/// What a return that was approved adds to that.
fn granted(known: &Known<'_>) -> Option<Unseen> {
    let approved = known.decision.is_some_and(|e| matches!(e.body, ReturnEvent::Approved { .. }));
    let stands = approved && !known.state.cancelled && !known.state.reversed;
    let verified = |e: &&Event<ReturnEvent>| matches!(e.body, ReturnEvent::SaleVerified { .. });
    stands.then(|| Unseen {
        site: known.site.clone(),
        receipt: known.document.receipt.as_ref().map(ToString::to_string).unwrap_or_default(),
        day: known.occurred.date(),
        value: known.value,
        until: known.document.events.iter().find(verified).map(|e| e.rank().time.moment()),
    })
}

/// What a return got.
fn got(known: &Known<'_>) -> Judged {
    let (verdict, grounds) = match known.decision.map(|e| &e.body) {
        Some(ReturnEvent::Approved { by: None, .. }) => ("approve", &[][..]),
        Some(ReturnEvent::Approved { grounds, .. }) if grounds.is_empty() => ("approve", &[][..]),
        Some(ReturnEvent::Approved { grounds, .. }) => {
            let hq = grounds.iter().any(|g| g == "manager_above");
            (if hq { "needs_hq" } else { "needs_manager" }, grounds.as_slice())
        }
        Some(ReturnEvent::Rejected { grounds, .. }) => ("rejected", grounds.as_slice()),
        _ => ("open", &[][..]),
    };
    Judged { verdict: verdict.into(), grounds: grounds.iter().cloned().collect() }
}

/// Codes of the grounds that a policy gives. Others are given whatever the policy says: for want of a receipt,
/// for a refund without goods.
const OF_THE_POLICY: [&str; 12] = [
    "out_of_window",
    "not_returnable",
    "value_above",
    "manager_above",
    "hq_above",
    "unverified_above",
    "unverified_branch",
    "unverified_day",
    "opened",
    "grade_below",
    "tags_missing",
    "receipt_missing",
];

/// What it would have got: the policy's grounds, and those that it has no say in.
fn with_the_rest(got: &Judged, would: &Verdict) -> Judged {
    let rest: Vec<&String> = got.grounds.iter().filter(|g| !OF_THE_POLICY.contains(&g.as_str())).collect();
    let verdict = match would {
        Verdict::Approve if !rest.is_empty() => "needs_manager",
        other => other.code(),
    };
    let grounds = would.codes().into_iter().map(str::to_owned).chain(rest.into_iter().cloned()).collect();
    Judged { verdict: verdict.into(), grounds }
}
