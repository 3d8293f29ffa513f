//! Why a count doesn't take a command, in words.

use guicang_domain::count::Stage;
use guicang_replica::CountRefusal;

use crate::exit::{Exit, Explain, Failure};
use crate::language::Language;
use crate::texts::{counts, next};

impl Explain for CountRefusal {
    fn explain(&self, language: Language, program: &str) -> Failure {
        let l = language;
        let (message, next) = match self {
            CountRefusal::UnknownPlan { found, known } => {
                (counts::unknown_plan(l, found, &known.join(", ")), counts::next_plan(l))
            }
            CountRefusal::Stage { number, stage, wanted } => {
                let named = |stage: &Stage| counts::stage(l, stage.as_str());
                let wanted = wanted.iter().map(named).collect::<Vec<_>>().join(", ");
                (
                    counts::wrong_stage(l, number, &named(stage), &wanted),
                    counts::next_show(l, program, number),
                )
            }
            CountRefusal::OutOfScope { number, sku, place } => {
                (counts::out_of_scope(l, number, sku, place), counts::next_show(l, program, number))
            }
            CountRefusal::NothingCounted { number, sku: None } => {
                (counts::nothing_counted(l, number), counts::next_scan(l, program, number))
            }
            CountRefusal::NothingCounted { number, sku: Some(sku) } => {
                (counts::sku_not_counted(l, number, sku), counts::next_show(l, program, number))
            }
            CountRefusal::ApproverIsCounter { number, user } => {
                (counts::approver_is_counter(l, number, user), next::another_approver(l))
            }
            CountRefusal::NothingNew { number } => {
                (counts::nothing_new(l, number), counts::next_show(l, program, number))
            }
            CountRefusal::TooMany { number: _, found, most } => {
                (counts::too_many(l, *found, *most), counts::next_split(l))
            }
        };
        Failure::new(Exit::Refused, message, next)
    }
}
