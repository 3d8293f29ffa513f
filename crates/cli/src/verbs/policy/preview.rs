//! `policy preview`: what the last days' returns would have got under a policy, against what they got.

use std::path::PathBuf;

use clap::Args;
use guicang_domain::money::Currency;
use guicang_domain::policy::Policy;
use guicang_replica::{Changed, Compared, Judged, Preview, Replica};
use serde::Serialize;

use super::{file, item, local};
use crate::exit::{Failure, Told};
use crate::format::{Column, Table, minute};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{headings, policy};

/// Which policy, and which returns.
#[derive(Debug, Clone, Args)]
pub struct PreviewArgs {
    /// The policy as a TOML file
    pub file: PathBuf,
    /// The returns of so many days
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: u32,
}

/// A preview, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct PreviewItem {
    version: String,
    since: String,
    until: String,
    returns: u64,
    verdicts: Vec<SumItem>,
    grounds: Vec<SumItem>,
    changed: Vec<ChangedItem>,
}

#[derive(Debug, Serialize)]
struct SumItem {
    code: String,
    got: u64,
    got_value: String,
    would: u64,
    would_value: String,
    currency: String,
}

#[derive(Debug, Serialize)]
struct ChangedItem {
    id: String,
    number: String,
    site: String,
    occurred: String,
    value: String,
    currency: String,
    version: String,
    got: JudgedItem,
    would: JudgedItem,
}

#[derive(Debug, Serialize)]
struct JudgedItem {
    verdict: String,
    grounds: Vec<String>,
}

impl PreviewArgs {
    /// Shows it.
    ///
    /// # Errors
    /// [`Failure`] when the file is no policy, or the replica's can't be read.
    pub fn run(&self, replica: &Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let me = replica.identity();
        let draft = file::read(&self.file, me.currency, me.zone).told(globals)?;
        let mut legal = replica.legal().told(globals)?;
        legal.extend(draft.legal);
        let asked = Policy { legal, ..draft.policy };
        let preview = replica.preview_policy(&asked, &draft.reasons, self.days).told(globals)?;
        let item = PreviewItem::of(replica, &asked, &preview);
        globals.show("policy_preview", &[item], |items| text(l, &items[0]))?;
        globals.next(&policy::next_set(l, globals.program))
    }
}

impl PreviewItem {
    fn of(replica: &Replica, asked: &Policy, preview: &Preview) -> Self {
        let sum = |((currency, code), sums): (&(Currency, String), &Compared)| SumItem {
            code: code.clone(),
            got: sums.got,
            got_value: currency.format(sums.got_value),
            would: sums.would,
            would_value: currency.format(sums.would_value),
            currency: currency.to_string(),
        };
        let judged = |judged: &Judged| JudgedItem {
            verdict: judged.verdict.clone(),
            grounds: judged.grounds.iter().cloned().collect(),
        };
        let changed = |row: &Changed| ChangedItem {
            id: row.id.to_string(),
            number: row.number.to_string(),
            site: row.site.to_string(),
            occurred: row.occurred.to_rfc3339(),
            value: row.currency.format(row.value),
            currency: row.currency.to_string(),
            version: row.version.clone(),
            got: judged(&row.got),
            would: judged(&row.would),
        };
        Self {
            version: asked.version.clone(),
            since: local(replica, preview.since),
            until: local(replica, preview.until),
            returns: preview.returns,
            verdicts: preview.verdicts.iter().map(sum).collect(),
            grounds: preview.grounds.iter().map(sum).collect(),
            changed: preview.changed.iter().map(changed).collect(),
        }
    }
}

fn text(l: Language, item: &PreviewItem) -> String {
    let mut parts = vec![policy::previewed(l, item.returns, &minute(&item.since), &minute(&item.until))];
    type Name = fn(Language, &str) -> String;
    let name_of: [(&[SumItem], String, Name); 2] = [
        (&item.verdicts, policy::verdict(l), policy::verdict_name),
        (&item.grounds, policy::ground(l), crate::texts::names::ground),
    ];
    for (sums, heading, name) in name_of {
        if sums.is_empty() {
            continue;
        }
        let mut table = Table::new([
            Column::Left(heading),
            Column::Right(policy::got(l)),
            Column::Right(policy::would(l)),
            Column::Left(headings::currency(l)),
        ]);
        for sum in sums {
            table.row([
                name(l, &sum.code),
                format!("{} / {}", sum.got, sum.got_value),
                format!("{} / {}", sum.would, sum.would_value),
                sum.currency.clone(),
            ]);
        }
        parts.push(table.to_string());
    }
    if item.changed.is_empty() {
        parts.push(policy::none_changed(l));
        return parts.join("\n\n");
    }
    let mut table = Table::new([
        Column::Left(headings::number(l)),
        Column::Left(headings::site(l)),
        Column::Left(headings::occurred(l)),
        Column::Right(policy::asked(l)),
        Column::Left(policy::was(l)),
        Column::Left(policy::would_be(l)),
    ]);
    let judged = |judged: &JudgedItem| {
        let verdict = policy::verdict_name(l, &judged.verdict);
        match item::grounds(l, &judged.grounds) {
            grounds if grounds.is_empty() => verdict,
            grounds => format!("{verdict}: {grounds}"),
        }
    };
    for row in &item.changed {
        table.row([
            row.number.clone(),
            row.site.clone(),
            minute(&row.occurred),
            format!("{} {}", row.value, row.currency),
            judged(&row.got),
            judged(&row.would),
        ]);
    }
    parts.push(format!("{}\n{table}", policy::changed(l, item.changed.len())));
    parts.join("\n\n")
}
