//! `doctor`: examines the file and says what to do about what it finds.

use clap::Args;
use guicang_replica::{Finding, Replica};
use serde::Serialize;

use crate::exit::{Exit, Failure, Told};
use crate::format::{Column, Table};
use crate::language::Language;
use crate::output::Globals;
use crate::progress::Progress;
use crate::texts::{failures, headings, names, next, results};

/// There is nothing to choose.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {}

/// A finding, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct FindingItem {
    code: &'static str,
    detail: String,
    advice: String,
}

impl FindingItem {
    fn of(finding: &Finding, language: Language) -> Self {
        Self {
            code: finding.code,
            detail: finding.detail.clone(),
            advice: names::advice(language, finding.code),
        }
    }
}

impl DoctorArgs {
    /// Examines the file; a finding is a failure, so that a script notices.
    ///
    /// # Errors
    /// [`Failure`] with [`Exit::Refused`] when something is wrong, or the file can't be read.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let progress = Progress::new(globals, results::examining(l));
        let findings = replica.doctor(&mut |done, total| progress.at(done, total)).told(globals)?;
        progress.done();
        let items: Vec<FindingItem> = findings.iter().map(|f| FindingItem::of(f, l)).collect();
        if items.is_empty() {
            if globals.json() {
                globals.show("finding", &items, |_| "")?;
            }
            globals.say(&results::healthy(l))?;
            return globals.next(&next::stock(l, globals.program));
        }
        globals.show("finding", &items, |items| {
            let mut table = Table::new([
                Column::Left(headings::kind(l)),
                Column::Left(headings::detail(l)),
                Column::Left(headings::advice(l)),
            ]);
            for item in items {
                table.row([item.code.into(), item.detail.clone(), item.advice.clone()]);
            }
            table
        })?;
        Err(Failure::new(
            Exit::Refused,
            failures::findings(l, items.len()),
            next::rebuild(l, globals.program),
        ))
    }
}
