//! How much less than was sold may come back of weighed goods and still close their line.
//!
//! The rule: an article's own tolerance comes first; else, of the policy's that fit, the most specific: one
//! that names a category beats one that doesn't, then a site.

use super::Policy;
use crate::ids::SiteId;
use crate::quantity::Quantity;

/// A tolerance of some goods at some sites.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ToleranceRule {
    /// The goods' category; `None`: any.
    pub category: Option<String>,
    /// The site that takes them back; `None`: any.
    pub site: Option<SiteId>,
    /// How much may be missing, in the article's base unit; above zero, or zero to take it away from those.
    pub quantity: Quantity,
}

impl ToleranceRule {
    /// Whether it says the same of whom as another: a policy may have only one of them.
    pub fn names_the_same(&self, other: &ToleranceRule) -> bool {
        (&self.category, &self.site) == (&other.category, &other.site)
    }
}

impl Policy {
    /// The tolerance of goods that have none of their own; zero where no rule fits.
    pub fn tolerance(&self, category: Option<&str>, site: Option<&SiteId>) -> Quantity {
        self.tolerances
            .iter()
            .filter(|rule| rule.category.is_none() || rule.category.as_deref() == category)
            .filter(|rule| rule.site.is_none() || rule.site.as_ref() == site)
            .max_by_key(|rule| (rule.category.is_some(), rule.site.is_some()))
            .map_or(Quantity::ZERO, |rule| rule.quantity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    #[test]
    fn the_most_specific_tolerance_holds() {
        let rule = |category: Option<&str>, site: Option<&str>, grams| ToleranceRule {
            category: category.map(Into::into),
            site: site.map(|s| s.parse().unwrap()),
            quantity: Quantity(grams),
        };
        let policy = Policy {
            tolerances: vec![
                rule(None, None, 5),
                rule(None, Some("S02"), 8),
                rule(Some("deli"), None, 20),
                rule(Some("deli"), Some("S02"), 0),
            ],
            ..Policy::standard(Currency::CNY)
        };
        let at =
            |category: Option<&str>, site: &str| policy.tolerance(category, Some(&site.parse().unwrap())).0;
        assert_eq!((at(None, "S01"), at(None, "S02")), (5, 8));
        assert_eq!((at(Some("deli"), "S01"), at(Some("deli"), "S02"), at(Some("tea"), "S02")), (20, 0, 8));
        assert_eq!(Policy::standard(Currency::CNY).tolerance(Some("deli"), None), Quantity::ZERO);
    }
}
