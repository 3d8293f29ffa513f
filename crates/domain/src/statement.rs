//! Tying our electronic refunds out against a payment provider's statement (对账).
//!
//! What surprises: nothing is stored. What we paid is a fold of our events, what the provider paid is
//! its file; the answer is a function of both, so the same file gives the same answer each time, and a
//! refund that was open yesterday is matched today by itself.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::ids::RefundNumber;
use crate::money::Amount;
use crate::words::words;

/// A refund as our books have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OurRefund {
    /// Its number.
    pub refund: RefundNumber,
    /// What was paid by the rail's word, or, while its word is awaited, what was ordered.
    pub amount: Amount,
    /// The day of it, where it was paid; `None` while the rail's word is awaited.
    pub paid_on: Option<NaiveDate>,
}

/// A row of the statement: money that the provider paid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TheirRefund {
    /// The row's line in the file.
    pub line: u64,
    /// Our refund's number, as they repeat it; not necessarily one of ours.
    pub refund: String,
    /// How much; above zero.
    pub amount: Amount,
    /// When.
    pub on: NaiveDate,
}

words! {
    /// What comparing finds of a refund.
    Match, "finding" {
        /// Both have it, once, with the same amount.
        Matched = "matched",
        /// They paid what our books don't have as paid.
        MissingHere = "missing_here",
        /// We have it as paid on a day of the statement, and they don't.
        MissingThere = "missing_there",
        /// Both have it, with different amounts.
        OtherAmount = "other_amount",
        /// They paid it more than once.
        Twice = "twice",
    }
}

/// What comparing found of one refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its number.
    pub refund: String,
    /// What was found.
    pub found: Match,
    /// What our books have as paid; zero where they don't.
    pub ours: Amount,
    /// What they paid, all rows together.
    pub theirs: Amount,
    /// The rows' lines in the file.
    pub lines: Vec<u64>,
}

/// Both sides compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciled {
    /// One for each refund of either side, in order of number.
    pub findings: Vec<Finding>,
    /// The days that were compared: the statement's first and last, or those asked for.
    pub days: (NaiveDate, NaiveDate),
}

/// Compares what we paid on the statement's days with its rows.
///
/// `ours` holds every refund that was ever ordered: one that they paid on the last day of their
/// statement may be in our books the day after, and matches all the same. `days`: those that the
/// statement is said to cover; `None`: from its first row to its last. `None` when there is nothing to go
/// by: no rows and no days.
pub fn reconcile(
    ours: &[OurRefund],
    theirs: &[TheirRefund],
    days: Option<(NaiveDate, NaiveDate)>,
) -> Option<Reconciled> {
    let days = match days {
        Some(days) => days,
        None => (theirs.iter().map(|t| t.on).min()?, theirs.iter().map(|t| t.on).max()?),
    };
    let mut rows: BTreeMap<&str, Vec<&TheirRefund>> = BTreeMap::new();
    for row in theirs {
        rows.entry(&row.refund).or_default().push(row);
    }
    let mut findings = Vec::new();
    for refund in ours {
        let paid = refund.paid_on.map_or(Amount::ZERO, |_| refund.amount);
        let Some(rows) = rows.remove(refund.refund.as_str()) else {
            if refund.paid_on.is_some_and(|on| days.0 <= on && on <= days.1) {
                findings.push(Finding {
                    refund: refund.refund.to_string(),
                    found: Match::MissingThere,
                    ours: paid,
                    theirs: Amount::ZERO,
                    lines: Vec::new(),
                });
            }
            continue;
        };
        let theirs: Amount = rows.iter().map(|r| r.amount).sum();
        let found = match () {
            () if rows.len() > 1 => Match::Twice,
            () if refund.paid_on.is_none() => Match::MissingHere,
            () if theirs != paid => Match::OtherAmount,
            () => Match::Matched,
        };
        let lines = rows.iter().map(|r| r.line).collect();
        findings.push(Finding { refund: refund.refund.to_string(), found, ours: paid, theirs, lines });
    }
    for (refund, rows) in rows {
        let found = if rows.len() > 1 { Match::Twice } else { Match::MissingHere };
        findings.push(Finding {
            refund: refund.to_owned(),
            found,
            ours: Amount::ZERO,
            theirs: rows.iter().map(|r| r.amount).sum(),
            lines: rows.iter().map(|r| r.line).collect(),
        });
    }
    findings.sort_by(|a, b| a.refund.cmp(&b.refund));
    Some(Reconciled { findings, days })
}

impl Reconciled {
    /// How many refunds were found so, and what they come to at us and at them.
    pub fn sum(&self, found: Match) -> (u64, Amount, Amount) {
        self.findings
            .iter()
            .filter(|f| f.found == found)
            .fold((0, Amount::ZERO, Amount::ZERO), |(n, ours, theirs), f| {
                (n + 1, ours + f.ours, theirs + f.theirs)
            })
    }

    /// What all come to, at us and at them. Their total is the statement's.
    pub fn totals(&self) -> (Amount, Amount) {
        (self.findings.iter().map(|f| f.ours).sum(), self.findings.iter().map(|f| f.theirs).sum())
    }

    /// Whether both sides have the same.
    pub fn is_settled(&self) -> bool {
        self.findings.iter().all(|f| f.found == Match::Matched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, n).unwrap()
    }

    fn ours(refund: &str, amount: i64, on: Option<u32>) -> OurRefund {
        OurRefund { refund: refund.parse().unwrap(), amount: Amount(amount), paid_on: on.map(day) }
    }

    fn theirs(line: u64, refund: &str, amount: i64, on: u32) -> TheirRefund {
        TheirRefund { line, refund: refund.into(), amount: Amount(amount), on: day(on) }
    }

    /// A statement of the 20th to the 22nd: R1 agrees; R2 they paid and we still wait for its word; R3 we
    /// paid and they don't have; R4 was paid short; R5 was paid twice; R9 nobody here knows. R6, paid
    /// after the last day, and R7, ordered and paid by nobody, are no difference. Each side's total is
    /// what its findings come to, so the difference between them is explained to the last fen.
    #[test]
    fn each_difference_has_a_name_and_they_add_up() {
        let books = [
            ours("R1", 1000, Some(20)),
            ours("R2", 2000, None),
            ours("R3", 3000, Some(21)),
            ours("R4", 4000, Some(21)),
            ours("R5", 5000, Some(22)),
            ours("R6", 6000, Some(23)),
            ours("R7", 7000, None),
        ];
        let rows = [
            theirs(2, "R1", 1000, 20),
            theirs(3, "R2", 2000, 20),
            theirs(4, "R4", 3900, 21),
            theirs(5, "R5", 5000, 22),
            theirs(6, "R5", 5000, 22),
            theirs(7, "R9", 900, 22),
        ];
        let done = reconcile(&books, &rows, None).unwrap();
        let found: Vec<_> = done.findings.iter().map(|f| (f.refund.as_str(), f.found)).collect();
        use Match::*;
        assert_eq!(
            found,
            [
                ("R1", Matched),
                ("R2", MissingHere),
                ("R3", MissingThere),
                ("R4", OtherAmount),
                ("R5", Twice),
                ("R9", MissingHere),
            ]
        );
        let (here, there) = done.totals();
        assert_eq!((here, there), (Amount(13_000), Amount(17_800)));
        assert_eq!(there, rows.iter().map(|r| r.amount).sum());
        let by_kind = Match::ALL.iter().map(|m| done.sum(*m));
        let explained: i64 = by_kind.map(|(_, ours, theirs)| theirs.0 - ours.0).sum();
        assert_eq!(explained, (there - here).0);
        assert!(!done.is_settled());
        assert!(reconcile(&books[..1], &rows[..1], None).unwrap().is_settled());
        assert_eq!(reconcile(&books, &[], None), None);
        assert_eq!(reconcile(&books, &[], Some((day(23), day(23)))).unwrap().findings.len(), 1);
    }
}
