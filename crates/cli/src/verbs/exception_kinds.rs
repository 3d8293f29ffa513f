//! `exception kinds`: the table of all kinds, printed from the code that finds them.

use clap::Args;
use guicang_domain::exception::ExceptionKind;
use serde::Serialize;

use crate::exit::Failure;
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{exceptions, names};

/// Nothing to say.
#[derive(Debug, Clone, Args)]
pub struct KindsArgs {}

/// A kind, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct KindItem {
    kind: &'static str,
    story: &'static str,
}

impl KindsArgs {
    /// Prints the table; it needs no file.
    ///
    /// # Errors
    /// [`Failure`] when standard output can't be written.
    pub fn run(&self, globals: &Globals) -> Result<(), Failure> {
        let item = |kind: &ExceptionKind| KindItem { kind: kind.as_str(), story: story(*kind) };
        let items: Vec<KindItem> = ExceptionKind::ALL.iter().map(item).collect();
        globals.show("exception-kind", &items, |_| markdown(globals.language))
    }
}

/// The page of the documentation, without a line's end at its end.
pub fn markdown(l: Language) -> String {
    let mut lines = vec![
        exceptions::title(l),
        String::new(),
        exceptions::introduction(l),
        String::new(),
        exceptions::columns(l),
        "| --- | --- | --- | --- | --- | --- | --- | --- |".into(),
    ];
    for kind in ExceptionKind::ALL {
        let code = kind.as_str();
        lines.push(format!(
            "| {} (`{code}`) | {} | {} | {} | {} | {} | {} | `{}` |",
            names::exception(l, code),
            exceptions::how(l, code),
            exceptions::rule(l, code),
            exceptions::evidence(l, code),
            exceptions::decisions(l, code),
            exceptions::bears(l, code),
            exceptions::pins(l, code),
            story(*kind),
        ));
    }
    lines.join("\n")
}

/// The name of the test that shows a kind from its cause to its end.
pub fn story(kind: ExceptionKind) -> &'static str {
    match kind {
        ExceptionKind::OverReturn => "a_loss_is_moved_once",
        ExceptionKind::RefundOverEntitlement => "cash_handed_out_twice_is_a_case",
        ExceptionKind::DuplicateReturn => "one_return_entered_at_two_tills",
        ExceptionKind::StoreCreditOverspent => "store_credit_is_spent_twice",
        ExceptionKind::SaleChanged => "a_sale_that_two_files_tell_differently",
        ExceptionKind::UnverifiedSale => "a_sale_that_is_not_held_makes_a_provisional_return",
        ExceptionKind::ConflictingDecision => "one_truck_unloaded_into_two_books",
        ExceptionKind::LateInTransit => "late_then_lost_then_found",
        ExceptionKind::TransferShort => "ten_sent_nine_arrive_the_tenth_turns_up",
        ExceptionKind::TransferOver => "more_arrives_than_was_sent",
        ExceptionKind::NegativeStock => "stock_falls_below_nothing_again",
        ExceptionKind::RecountAsked => "a_sale_between_two_scans_asks_for_a_recount",
        ExceptionKind::StalePolicy => "an_old_version_is_honoured_and_flagged_once_too_stale",
        ExceptionKind::Clock => "a_clock_that_is_an_hour_fast_is_flagged",
        ExceptionKind::WithdrawnRight => "a_withdrawal_that_comes_late_shows_in_no_order",
        ExceptionKind::DeviceFork => "a_cloned_file_goes_on_as_two_devices",
        ExceptionKind::ForgedEnvelope => "an_event_in_another_devices_name",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A code that has no text would stand for itself.
    #[test]
    fn each_kind_is_told_in_both_languages() {
        for kind in ExceptionKind::ALL {
            let code = kind.as_str();
            for l in [Language::Zh, Language::En] {
                let all = [
                    names::exception(l, code),
                    exceptions::how(l, code),
                    exceptions::rule(l, code),
                    exceptions::evidence(l, code),
                    exceptions::decisions(l, code),
                    exceptions::bears(l, code),
                    exceptions::pins(l, code),
                ];
                // `clock` is called just that in English.
                let missing = all.iter().filter(|text| *text == code).count();
                assert!(missing <= usize::from(kind == &ExceptionKind::Clock), "{code}: {all:?}");
            }
        }
    }
}
