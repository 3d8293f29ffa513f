//! `return states`: the table of legal moves, printed from the code that the commands obey.

use clap::Args;
use guicang_domain::document::RULES;
use guicang_domain::returns::moves::{Legal, TABLE};
use guicang_domain::returns::stage::Stage;
use serde::Serialize;

use crate::exit::Failure;
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{moves, names};

/// Nothing to say.
#[derive(Debug, Clone, Args)]
pub struct StatesArgs {}

/// A legal move, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct MoveItem {
    r#move: &'static str,
    from: Vec<&'static str>,
    unless: Vec<&'static str>,
    to: Vec<&'static str>,
    who: &'static str,
    rule: &'static str,
    rules: u64,
}

impl MoveItem {
    fn of(row: &Legal) -> Self {
        let names = |stages: &[Stage]| stages.iter().map(|s| s.as_str()).collect();
        Self {
            r#move: row.what.as_str(),
            from: names(row.from),
            unless: names(row.unless),
            to: names(row.to),
            who: row.who.as_str(),
            rule: row.rule.as_str(),
            rules: RULES,
        }
    }
}

impl StatesArgs {
    /// Prints the table; it needs no file.
    ///
    /// # Errors
    /// [`Failure`] when standard output can't be written.
    pub fn run(&self, globals: &Globals) -> Result<(), Failure> {
        let items: Vec<MoveItem> = TABLE.iter().map(MoveItem::of).collect();
        globals.show("return-move", &items, |_| markdown(globals.language))
    }
}

/// The page of the documentation, without a line's end at its end.
pub fn markdown(l: Language) -> String {
    let list = |stages: &[Stage]| match stages {
        [] => "-".to_owned(),
        _ => stages.iter().map(|s| names::state(l, s.as_str())).collect::<Vec<_>>().join(", "),
    };
    let mut lines = vec![
        moves::title(l),
        String::new(),
        moves::introduction(l, RULES),
        String::new(),
        moves::states_heading(l),
        String::new(),
    ];
    for stage in Stage::ALL {
        lines.push(format!("- {} (`{stage}`)", names::state(l, stage.as_str())));
    }
    lines.extend([String::new(), moves::moves_heading(l), String::new(), moves::columns(l)]);
    lines.push("| --- | --- | --- | --- | --- | --- |".into());
    for row in TABLE {
        lines.push(format!(
            "| {} (`{}`) | {} | {} | {} | {} | {} |",
            moves::what(l, row.what.as_str()),
            row.what,
            list(row.from),
            list(row.unless),
            list(row.to),
            moves::who(l, row.who.as_str()),
            moves::rule(l, row.rule.as_str()),
        ));
    }
    lines.join("\n")
}
