//! The return policy: what a branch may grant by itself, and on what grounds.
//!
//! Policy is data with a version; every verdict names its grounds and that version. Nothing here
//! looks at a clock: the day of the return is passed in. What surprises: the law's minimum windows
//! ([`window::LegalMinimum`]) are no part of a version. They stand beside it, and hold at once for
//! every version there is.

mod reason;
pub mod window;
pub mod condition;
pub mod tolerance;
pub mod version;
pub mod exposure;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::calendar::Calendar;
use crate::ids::SiteId;
use crate::money::{Amount, Currency, UnitPrice};
use crate::returns::{Channel, Grade};
use condition::ConditionRule;
use tolerance::ToleranceRule;
use window::{LegalMinimum, Window, WindowRule};

pub use reason::{Reason, ReasonClass, standard_reasons};

/// A policy in one of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The version's name; every verdict carries it.
    pub version: String,
    /// Days from the sale, by class of reason; a class that isn't listed has no window.
    pub window_days: BTreeMap<ReasonClass, u32>,
    /// Windows of a category, a site, or both; the most specific wins ([`WindowRule::weight`]).
    pub windows: Vec<WindowRule>,
    /// What has to be true of goods that come back; every rule that fits them counts.
    pub conditions: Vec<ConditionRule>,
    /// How much of weighed goods may be missing; the most specific wins ([`Policy::tolerance`]).
    pub tolerances: Vec<ToleranceRule>,
    /// The clerk's limit: a return worth more than this needs a manager.
    pub approval_above: Amount,
    /// The manager's limit: a return worth more than this needs HQ. `None`: no limit.
    pub manager_above: Option<Amount>,
    /// HQ's limit: a return worth more than this nobody grants. `None`: no limit.
    pub hq_above: Option<Amount>,
    /// The offline limit of a receipt: where the sale isn't held, more than this on one receipt (a
    /// return without one: by itself) needs a manager.
    pub unverified_above: Amount,
    /// The offline limit of a branch: more than this on returns whose sale nobody has seen yet needs a
    /// manager. `None`: no limit.
    pub unverified_branch: Option<Amount>,
    /// The offline limit of a branch's business day, likewise.
    pub unverified_day: Option<Amount>,
    /// Refunds are due within so many working days of the goods' arrival.
    pub refund_days: u32,
    /// An unverified sale is an exception after so many days.
    pub verify_days: u32,
    /// How many days a branch that is apart may go on judging by this version once another has taken
    /// its place; `None`: [`Policy::STALE_DAYS`].
    pub stale_days: Option<u32>,
    /// The law's minimum windows by name, as the settings have them now. No part of the version: it is
    /// put here by whoever reads the settings, and not written with it.
    pub legal: BTreeMap<String, LegalMinimum>,
}

impl Policy {
    /// How many days a version may be used once another has taken its place, unless it says.
    pub const STALE_DAYS: u32 = 7;

    /// The policy of an organisation that has set none: 30 days for quality and like reasons, 7 for
    /// a change of mind.
    pub fn standard(currency: Currency) -> Self {
        let major = |n: i64| Amount(n * 10i64.pow(currency.decimals()));
        Self {
            version: "standard/1".into(),
            window_days: [
                (ReasonClass::Quality, 30),
                (ReasonClass::NotAsDescribed, 30),
                (ReasonClass::Logistics, 30),
                (ReasonClass::Preference, 7),
                (ReasonClass::Other, 7),
            ]
            .into(),
            windows: Vec::new(),
            conditions: Vec::new(),
            tolerances: Vec::new(),
            approval_above: major(1000),
            manager_above: None,
            hq_above: None,
            unverified_above: major(300),
            unverified_branch: None,
            unverified_day: None,
            refund_days: 7,
            verify_days: 7,
            stale_days: None,
            legal: BTreeMap::new(),
        }
    }

    /// What the policy says to a return.
    pub fn judge(&self, case: &Case) -> Verdict {
        let mut grounds = Vec::new();
        for goods in case.goods() {
            self.judge_goods(case, goods, &mut grounds);
        }
        if case.sold_on.is_none() || case.provisional.is_some() {
            self.judge_unverified(case, &mut grounds);
        }
        if case.value > self.approval_above {
            grounds.push(Ground::ValueAbove { limit: self.approval_above });
        }
        let above = |limit: Option<Amount>| limit.filter(|limit| case.value > *limit);
        grounds.extend(above(self.manager_above).map(|limit| Ground::ManagerAbove { limit }));
        grounds.extend(above(self.hq_above).map(|limit| Ground::HqAbove { limit }));
        Verdict::of(grounds)
    }

    /// Window and conditions of one kind of goods; a ground that another kind gave already stands once.
    fn judge_goods(&self, case: &Case, goods: &Goods, grounds: &mut Vec<Ground>) {
        let age = case.sold_on.map(|sold_on| (case.returned_on - sold_on).num_days());
        let missed = match (age, self.window(case, goods)) {
            (Some(age), Some(Window::Days(days))) if age > i64::from(days) => {
                Some(Ground::OutOfWindow { age_days: age, window_days: days })
            }
            (_, Some(Window::Never)) => Some(Ground::NotReturnable),
            _ => None,
        };
        let unmet =
            self.conditions.iter().filter(|rule| rule.is_unmet(case, goods)).map(ConditionRule::ground);
        for ground in missed.into_iter().chain(unmet) {
            if !grounds.contains(&ground) {
                grounds.push(ground);
            }
        }
    }

    /// What may be granted while HQ hasn't seen the sale, on a customer's word and on a signed receipt alike: a
    /// paper can be copied, so both draw on the same limits, and what a branch can lose apart is bounded once.
    fn judge_unverified(&self, case: &Case, grounds: &mut Vec<Ground>) {
        let before = case.provisional.unwrap_or_default();
        if case.value + before.on_receipt > self.unverified_above {
            grounds.push(Ground::UnverifiedAbove { limit: self.unverified_above });
        }
        let over = |limit: Option<Amount>, used: Amount| {
            limit.filter(|limit| case.value + used > *limit).map(|limit| (limit, used))
        };
        // HQ is never apart from itself: only a branch says what it has granted before.
        if case.provisional.is_some() {
            let branch = over(self.unverified_branch, before.at_branch);
            grounds.extend(branch.map(|(limit, used)| Ground::UnverifiedAtBranch { limit, used }));
            let day = over(self.unverified_day, before.on_day);
            grounds.extend(day.map(|(limit, used)| Ground::UnverifiedOnDay { limit, used }));
        }
    }

    /// How long a version may be used once another has taken its place, ms.
    pub fn stale_ms(&self) -> i64 {
        i64::from(self.stale_days.unwrap_or(Self::STALE_DAYS)) * 86_400_000
    }

    /// The longest of its windows, in days: how long ago a sale without receipt may have been.
    pub fn longest_window_days(&self) -> u32 {
        let special = self.windows.iter().filter_map(|rule| match rule.window {
            Window::Days(days) => Some(days),
            Window::Never => None,
        });
        let legal = self.legal.values().map(|legal| legal.days);
        self.window_days.values().copied().chain(special).chain(legal).max().unwrap_or(0)
    }

    /// The day by which a refund of goods that came on `arrived` is due, in the working days of the
    /// place where they came.
    pub fn refund_due(&self, arrived: NaiveDate, calendar: &Calendar) -> NaiveDate {
        calendar.after(arrived, self.refund_days)
    }
}

/// What a policy looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The class of the reason given.
    pub class: ReasonClass,
    /// The day of the sale; `None` when the sale isn't held here.
    pub sold_on: Option<NaiveDate>,
    /// The day the goods come back.
    pub returned_on: NaiveDate,
    /// What is asked for.
    pub value: Amount,
    /// The site that takes the goods back; `None` where that isn't known yet.
    pub site: Option<SiteId>,
    /// Where the request came in.
    pub channel: Channel,
    /// Whether the customer names a receipt.
    pub receipt: bool,
    /// The kinds of goods, each once; empty: goods of no category, not looked at yet.
    pub goods: Vec<Goods>,
    /// What the branch has granted before on sales that HQ hasn't seen yet; `None` at HQ, and where the sale
    /// is held.
    pub provisional: Option<Provisional>,
}

/// Goods of one category that come back in one condition.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Goods {
    /// The category.
    pub category: Option<String>,
    /// The worst grade among them; `None` while they wait to be looked at.
    pub grade: Option<Grade>,
    /// Whether the tags are on them; `None` where nobody said.
    pub tags: Option<bool>,
}

/// What a branch has granted on sales that nobody has seen yet, apart from the case that is judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Provisional {
    /// On the same receipt, at this branch; nothing where there is no receipt.
    pub on_receipt: Amount,
    /// At this branch.
    pub at_branch: Amount,
    /// At this branch on the same business day.
    pub on_day: Amount,
}

impl Case {
    /// A case of which no more is known than this: at a counter, with a receipt.
    pub fn new(
        class: ReasonClass,
        sold_on: Option<NaiveDate>,
        returned_on: NaiveDate,
        value: Amount,
    ) -> Self {
        Self {
            class,
            sold_on,
            returned_on,
            value,
            site: None,
            channel: Channel::Store,
            receipt: true,
            goods: Vec::new(),
            provisional: None,
        }
    }

    fn goods(&self) -> &[Goods] {
        static UNKNOWN: [Goods; 1] = [Goods { category: None, grade: None, tags: None }];
        if self.goods.is_empty() { &UNKNOWN } else { &self.goods }
    }
}

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Yes, by itself.
    Approve,
    /// Only when a manager, who is not the requester, says so.
    NeedsManager(Vec<Ground>),
    /// Only when somebody at HQ, who is not the requester, says so.
    NeedsHq(Vec<Ground>),
    /// Nobody may.
    Refuse(Vec<Ground>),
}

impl Verdict {
    /// What follows from grounds: the one that asks for most decides.
    pub fn of(grounds: Vec<Ground>) -> Self {
        match grounds.iter().map(Ground::needs).max() {
            None => Verdict::Approve,
            Some(Needs::Manager) => Verdict::NeedsManager(grounds),
            Some(Needs::Hq) => Verdict::NeedsHq(grounds),
            Some(Needs::Nobody) => Verdict::Refuse(grounds),
        }
    }

    /// Why; empty when the policy says yes by itself.
    pub fn grounds(&self) -> &[Ground] {
        match self {
            Verdict::Approve => &[],
            Verdict::NeedsManager(grounds) | Verdict::NeedsHq(grounds) | Verdict::Refuse(grounds) => grounds,
        }
    }

    /// Its code: `approve`, `needs_manager`, `needs_hq`, `refuse`.
    pub fn code(&self) -> &'static str {
        match self {
            Verdict::Approve => "approve",
            Verdict::NeedsManager(_) => "needs_manager",
            Verdict::NeedsHq(_) => "needs_hq",
            Verdict::Refuse(_) => "refuse",
        }
    }

    /// The grounds as events keep them, each once.
    pub fn codes(&self) -> BTreeSet<&'static str> {
        self.grounds().iter().map(Ground::code).collect()
    }
}

/// Whose word a ground asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// A manager's.
    Manager,
    /// HQ's.
    Hq,
    /// Nobody can.
    Nobody,
}

/// Why a return needs somebody's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ground {
    /// The sale is older than the window that holds for it.
    OutOfWindow {
        /// The sale's age.
        age_days: i64,
        /// The window.
        window_days: u32,
    },
    /// Such goods aren't taken back for such a reason.
    NotReturnable,
    /// It is worth more than a clerk may grant.
    ValueAbove {
        /// The limit.
        limit: Amount,
    },
    /// It is worth more than a manager may grant.
    ManagerAbove {
        /// The limit.
        limit: Amount,
    },
    /// It is worth more than HQ may grant.
    HqAbove {
        /// The limit.
        limit: Amount,
    },
    /// The sale isn't held here, and with what was granted on its receipt before it is worth more than
    /// may be granted without it.
    UnverifiedAbove {
        /// The limit.
        limit: Amount,
    },
    /// The sale isn't held here, and the branch has granted as much as it may on sales nobody has seen.
    UnverifiedAtBranch {
        /// The limit.
        limit: Amount,
        /// What was granted before.
        used: Amount,
    },
    /// The sale isn't held here, and the branch has granted as much of that as it may on one day.
    UnverifiedOnDay {
        /// The limit.
        limit: Amount,
        /// What was granted before.
        used: Amount,
    },
    /// The goods have to be unopened, and aren't.
    Opened,
    /// The goods look worse than they may.
    GradeBelow {
        /// The worst grade that is taken back.
        least: Grade,
    },
    /// The tags have to be on the goods, and aren't.
    TagsMissing,
    /// A receipt has to be there, and isn't.
    ReceiptMissing,
    /// There is no receipt, and the money is to go another way than as store credit.
    NoReceipt,
    /// There is no receipt, and the price is above the lowest that was paid within the windows.
    AboveLowestPrice {
        /// The lowest price of one.
        lowest: UnitPrice,
    },
}

impl Ground {
    /// Its code, as events keep it.
    pub fn code(&self) -> &'static str {
        match self {
            Ground::OutOfWindow { .. } => "out_of_window",
            Ground::NotReturnable => "not_returnable",
            Ground::ValueAbove { .. } => "value_above",
            Ground::ManagerAbove { .. } => "manager_above",
            Ground::HqAbove { .. } => "hq_above",
            Ground::UnverifiedAbove { .. } => "unverified_above",
            Ground::UnverifiedAtBranch { .. } => "unverified_branch",
            Ground::UnverifiedOnDay { .. } => "unverified_day",
            Ground::Opened => "opened",
            Ground::GradeBelow { .. } => "grade_below",
            Ground::TagsMissing => "tags_missing",
            Ground::ReceiptMissing => "receipt_missing",
            Ground::NoReceipt => "no_receipt",
            Ground::AboveLowestPrice { .. } => "above_lowest_price",
        }
    }

    /// Whose word it asks for.
    pub fn needs(&self) -> Needs {
        match self {
            Ground::ManagerAbove { .. } => Needs::Hq,
            Ground::HqAbove { .. } => Needs::Nobody,
            _ => Needs::Manager,
        }
    }
}

#[cfg(test)]
mod tests;
