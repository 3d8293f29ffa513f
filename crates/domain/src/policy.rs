//! The return policy: what a branch may grant by itself, and on what grounds.
//!
//! Policy is data with a version; every verdict names its grounds and that version. Nothing here
//! looks at a clock: the day of the return is passed in.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, Weekday};

use crate::ids::ReasonCode;
use crate::money::{Amount, Currency, UnitPrice};
use crate::words::words;

words! {
    /// The classes of reasons, each with a window of its own.
    ReasonClass, "reason class" {
        /// The goods are bad (质量).
        Quality = "quality",
        /// Not what was described or ordered (描述不符).
        NotAsDescribed = "not_as_described",
        /// The customer changed their mind (主观意愿).
        Preference = "preference",
        /// Carriage damaged or delayed it (物流).
        Logistics = "logistics",
        /// The maker called it back (召回).
        Recall = "recall",
        /// Anything else.
        Other = "other",
    }
}

/// A reason in the organisation's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Its class.
    pub class: ReasonClass,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// Who is to blame unless an inspection says otherwise: `supplier`, `store`, `carrier`,
    /// `customer`, `nobody`.
    pub blame: String,
    /// Where the goods usually go: `restock`, `quarantine`, `supplier`, `inspect`.
    pub route: String,
}

/// A policy in one of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The version's name; every verdict carries it.
    pub version: String,
    /// Days from the sale, by class of reason; a class that isn't listed has no window.
    pub window_days: BTreeMap<ReasonClass, u32>,
    /// A return worth more than this needs a manager.
    pub approval_above: Amount,
    /// A return without a verified sale that is worth more than this needs a manager.
    pub unverified_above: Amount,
    /// Refunds are due within so many working days of the goods' arrival.
    pub refund_days: u32,
    /// An unverified sale is an exception after so many days.
    pub verify_days: u32,
}

impl Policy {
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
            approval_above: major(1000),
            unverified_above: major(300),
            refund_days: 7,
            verify_days: 7,
        }
    }

    /// What the policy says to a return.
    pub fn judge(&self, case: &Case) -> Verdict {
        let mut grounds = Vec::new();
        let window = self.window_days.get(&case.class);
        match (case.sold_on, window) {
            (Some(sold_on), Some(days)) => {
                let age = (case.returned_on - sold_on).num_days();
                if age > i64::from(*days) {
                    grounds.push(Ground::OutOfWindow { age_days: age, window_days: *days });
                }
            }
            (None, _) if case.value > self.unverified_above => {
                grounds.push(Ground::UnverifiedAbove { limit: self.unverified_above });
            }
            _ => {}
        }
        if case.value > self.approval_above {
            grounds.push(Ground::ValueAbove { limit: self.approval_above });
        }
        if grounds.is_empty() { Verdict::Approve } else { Verdict::NeedsManager(grounds) }
    }

    /// The longest of its windows, in days: how long ago a sale without receipt may have been.
    pub fn longest_window_days(&self) -> u32 {
        self.window_days.values().copied().max().unwrap_or(0)
    }

    /// The day by which a refund of goods that came on `arrived` is due: Saturdays and Sundays don't
    /// count.
    pub fn refund_due(&self, arrived: NaiveDate) -> NaiveDate {
        let mut day = arrived;
        let mut left = self.refund_days;
        while left > 0 {
            day = day.succ_opt().unwrap_or(day);
            if !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
                left -= 1;
            }
        }
        day
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
}

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Yes, by itself.
    Approve,
    /// Only when a manager, who is not the requester, says so.
    NeedsManager(Vec<Ground>),
}

/// Why a return needs a manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ground {
    /// The sale is older than the window of the reason's class.
    OutOfWindow {
        /// The sale's age.
        age_days: i64,
        /// The window.
        window_days: u32,
    },
    /// It is worth more than a clerk may grant.
    ValueAbove {
        /// The limit.
        limit: Amount,
    },
    /// The sale isn't held here, and it is worth more than may be granted without it.
    UnverifiedAbove {
        /// The limit.
        limit: Amount,
    },
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
            Ground::ValueAbove { .. } => "value_above",
            Ground::UnverifiedAbove { .. } => "unverified_above",
            Ground::NoReceipt => "no_receipt",
            Ground::AboveLowestPrice { .. } => "above_lowest_price",
        }
    }
}

/// The reasons of an organisation that has set none.
pub fn standard_reasons() -> BTreeMap<ReasonCode, Reason> {
    use ReasonClass::*;
    [
        ("defective", Quality, "功能故障", "Does not work", "supplier", "quarantine"),
        ("damaged", Quality, "破损", "Damaged", "supplier", "quarantine"),
        ("stained", Quality, "染色不均", "Stained or uneven colour", "supplier", "quarantine"),
        ("expired", Quality, "过期变质", "Expired or spoiled", "supplier", "quarantine"),
        ("missing_part", Quality, "缺件", "A part is missing", "supplier", "inspect"),
        ("wrong_item", NotAsDescribed, "发错货", "Wrong item", "store", "restock"),
        ("not_as_described", NotAsDescribed, "与描述不符", "Not as described", "store", "inspect"),
        ("size_chart", NotAsDescribed, "尺码表不符", "Size chart wrong", "store", "restock"),
        ("too_large", Preference, "偏大", "Too large", "customer", "restock"),
        ("too_small", Preference, "偏小", "Too small", "customer", "restock"),
        ("style", Preference, "款式不喜欢", "Style", "customer", "restock"),
        ("changed_mind", Preference, "不想要了", "Changed mind", "customer", "restock"),
        ("bought_too_many", Preference, "买多了", "Bought too many", "customer", "restock"),
        ("price", Preference, "价格原因", "Price", "customer", "restock"),
        ("transit_damage", Logistics, "运输损坏", "Damaged in transit", "carrier", "quarantine"),
        ("late", Logistics, "送达太晚", "Arrived late", "carrier", "restock"),
        ("recall", Recall, "召回", "Recalled", "supplier", "supplier"),
        ("entry_error", Other, "录入错误", "Entered by mistake", "store", "restock"),
        ("other", Other, "其他", "Other", "nobody", "inspect"),
        ("unknown", Other, "未注明", "Not stated", "nobody", "inspect"),
    ]
    .into_iter()
    .map(|(code, class, zh, en, blame, route)| {
        let reason = Reason { class, zh: zh.into(), en: en.into(), blame: blame.into(), route: route.into() };
        (ReasonCode::new(code).expect("a code of ours"), reason)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(class: ReasonClass, days: i64, value: i64) -> Case {
        let sold = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
        Case {
            class,
            sold_on: Some(sold),
            returned_on: sold + chrono::Duration::days(days),
            value: Amount(value),
        }
    }

    #[test]
    fn each_class_of_reasons_has_its_own_window() {
        let policy = Policy::standard(Currency::CNY);
        assert_eq!(policy.judge(&case(ReasonClass::Quality, 30, 1000)), Verdict::Approve);
        assert_eq!(policy.judge(&case(ReasonClass::Preference, 7, 1000)), Verdict::Approve);
        assert_eq!(
            policy.judge(&case(ReasonClass::Preference, 8, 1000)),
            Verdict::NeedsManager(vec![Ground::OutOfWindow { age_days: 8, window_days: 7 }])
        );
        assert_eq!(policy.judge(&case(ReasonClass::Recall, 4000, 1000)), Verdict::Approve);
    }

    #[test]
    fn more_money_and_less_proof_need_a_manager() {
        let policy = Policy::standard(Currency::CNY);
        assert_eq!(
            policy.judge(&case(ReasonClass::Quality, 1, 100_001)),
            Verdict::NeedsManager(vec![Ground::ValueAbove { limit: Amount(100_000) }])
        );
        let unverified = Case { sold_on: None, ..case(ReasonClass::Quality, 1, 30_001) };
        assert_eq!(
            policy.judge(&unverified),
            Verdict::NeedsManager(vec![Ground::UnverifiedAbove { limit: Amount(30_000) }])
        );
        assert_eq!(policy.judge(&Case { value: Amount(30_000), ..unverified }), Verdict::Approve);
    }

    #[test]
    fn a_refund_is_due_in_working_days() {
        let policy = Policy::standard(Currency::CNY);
        let monday = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        assert_eq!(policy.refund_due(monday).to_string(), "2026-12-02");
    }
}
