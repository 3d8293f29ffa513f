//! What has to be true of goods that come back: unopened, a grade, tags, a receipt.
//!
//! What surprises: what nobody has looked at yet fails no condition. Goods that are awaited are judged
//! without it, and the inspection shows the rest.

use super::{Case, Goods, Ground, ReasonClass};
use crate::ids::SiteId;
use crate::returns::Grade;

/// A condition on some goods at some sites for some reasons. All that fit count, not the most specific.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionRule {
    /// The goods' category; `None`: any.
    pub category: Option<String>,
    /// The site that takes them back; `None`: any.
    pub site: Option<SiteId>,
    /// The class of the reason; `None`: any.
    pub class: Option<ReasonClass>,
    /// What has to be true.
    pub condition: Condition,
}

/// What has to be true of goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// As new and unopened: grade A.
    Unopened,
    /// Of this grade or a better one.
    Grade(Grade),
    /// The tags are on them.
    Tags,
    /// The customer names a receipt.
    Receipt,
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Condition::Unopened => f.write_str("unopened"),
            Condition::Grade(grade) => write!(f, "grade {grade}"),
            Condition::Tags => f.write_str("tags"),
            Condition::Receipt => f.write_str("receipt"),
        }
    }
}

impl std::str::FromStr for Condition {
    type Err = crate::ids::IdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(' ') {
            None if text == "unopened" => Ok(Condition::Unopened),
            None if text == "tags" => Ok(Condition::Tags),
            None if text == "receipt" => Ok(Condition::Receipt),
            Some(("grade", grade)) => grade.parse().map(Condition::Grade),
            _ => Err(crate::ids::IdError {
                what: "condition",
                found: text.chars().take(80).collect(),
                wanted: "unopened, tags, receipt or 'grade C'",
            }),
        }
    }
}

impl ConditionRule {
    /// Whether the rule is about these goods, and what it wants is known not to be so.
    pub(super) fn is_unmet(&self, case: &Case, goods: &Goods) -> bool {
        let fits = self.category.as_ref().is_none_or(|c| goods.category.as_ref() == Some(c))
            && self.site.as_ref().is_none_or(|s| case.site.as_ref() == Some(s))
            && self.class.is_none_or(|class| class == case.class);
        fits && match self.condition {
            Condition::Unopened => goods.grade.is_some_and(|grade| grade > Grade::A),
            Condition::Grade(least) => goods.grade.is_some_and(|grade| grade > least),
            Condition::Tags => goods.tags == Some(false),
            Condition::Receipt => !case.receipt,
        }
    }

    /// The ground that it gives where it is unmet.
    pub(super) fn ground(&self) -> Ground {
        match self.condition {
            Condition::Unopened => Ground::Opened,
            Condition::Grade(least) => Ground::GradeBelow { least },
            Condition::Tags => Ground::TagsMissing,
            Condition::Receipt => Ground::ReceiptMissing,
        }
    }
}
