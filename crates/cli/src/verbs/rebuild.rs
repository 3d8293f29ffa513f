//! `rebuild`: makes every projection anew from the facts, and compares.

use clap::Args;
use guicang_replica::Replica;
use serde::Serialize;

use crate::exit::{Exit, Failure, Told};
use crate::output::Globals;
use crate::progress::Progress;
use crate::texts::{failures, next, results};

/// There is nothing to choose.
#[derive(Debug, Clone, Args)]
pub struct RebuildArgs {}

/// What a rebuild came to, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct RebuildItem {
    documents: u64,
    before: String,
    after: String,
    equal: bool,
}

impl RebuildArgs {
    /// Rebuilds; what was shown before having been other than the facts say is a failure.
    ///
    /// # Errors
    /// [`Failure`] with [`Exit::Refused`] when the projections had differed, or the file failed.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let progress = Progress::new(globals, results::rebuilding(l));
        let rebuilt = replica.rebuild(&mut |done, total| progress.at(done, total)).told(globals)?;
        progress.done();
        let equal = rebuilt.before == rebuilt.after;
        let item = RebuildItem {
            documents: rebuilt.documents,
            before: hex(&rebuilt.before),
            after: hex(&rebuilt.after),
            equal,
        };
        globals.show("rebuild", &[item], |items| results::rebuilt(l, items[0].documents, &items[0].after))?;
        if equal {
            globals.say(&results::rebuilt_equal(l))?;
            return globals.next(&next::stock(l, globals.program));
        }
        Err(Failure::new(Exit::Refused, failures::rebuilt_other(l), next::doctor(l, globals.program)))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
