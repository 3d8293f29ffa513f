//! A figure: what was measured, what the machine allows, and what was aimed at.

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;

use crate::timing::Took;

/// One measured figure.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// What it is.
    pub name: String,
    /// How much, in `unit`.
    pub value: f64,
    /// `us`, `s`, `B`, or how many a second.
    pub unit: &'static str,
    /// The unavoidable work's, in the same unit, measured in the same run.
    pub limit: Option<f64>,
    /// How many times worse than the limit; 1 is as good as can be.
    pub ratio: Option<f64>,
    /// What was aimed at.
    pub target: String,
    /// Whether it was reached; none where the figure is only told.
    pub pass: Option<bool>,
}

impl Figure {
    /// A figure that is only told.
    pub fn told(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, limit: None, ratio: None, target: String::new(), pass: None }
    }

    /// A figure of which less is better, beside its limit.
    pub fn cost(name: impl Into<String>, value: f64, unit: &'static str, limit: f64) -> Self {
        Self { limit: Some(limit), ratio: Some(value / limit), ..Self::told(name, value, unit) }
    }

    /// A figure of which more is better, beside its limit.
    pub fn rate(name: impl Into<String>, value: f64, unit: &'static str, limit: f64) -> Self {
        Self { limit: Some(limit), ratio: Some(limit / value), ..Self::told(name, value, unit) }
    }

    /// The cores' time beside its limit: what is left of a figure when others use the machine too.
    pub fn cores(name: &str, took: Took, limit: Took) -> Self {
        let name = format!("{name}: time of the cores");
        if limit.cores > 0.0 {
            Self::cost(name, took.cores, "s", limit.cores)
        } else {
            Self::told(name, took.cores, "s")
        }
    }

    /// At most so many times the limit.
    pub fn within(self, times: f64) -> Self {
        let reached = self.ratio.is_some_and(|r| r <= times);
        self.aim(format!("<= {times}x"), reached)
    }

    /// At most so much.
    pub fn at_most(self, most: f64) -> Self {
        let reached = self.value <= most;
        let unit = self.unit;
        self.aim(format!("<= {most} {unit}"), reached)
    }

    /// At least so much.
    pub fn at_least(self, least: f64) -> Self {
        let reached = self.value >= least;
        let unit = self.unit;
        self.aim(format!(">= {least} {unit}"), reached)
    }

    fn aim(mut self, target: String, reached: bool) -> Self {
        if !self.target.is_empty() {
            self.target.push_str(", ");
        }
        self.target.push_str(&target);
        self.pass = Some(self.pass.unwrap_or(true) && reached);
        self
    }
}

/// The figures as a table, which is Markdown too.
pub fn table(figures: &[Figure]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(["name", "value", "unit", "limit", "ratio", "target", "pass"]);
    for figure in figures {
        let optional = |n: Option<f64>| n.map(number).unwrap_or_default();
        table.add_row([
            figure.name.clone(),
            number(figure.value),
            figure.unit.to_owned(),
            optional(figure.limit),
            figure.ratio.map(|r| format!("{r:.2}")).unwrap_or_default(),
            figure.target.clone(),
            figure.pass.map(|p| if p { "yes" } else { "MISSED" }.to_owned()).unwrap_or_default(),
        ]);
    }
    for right in [1, 3, 4] {
        if let Some(column) = table.column_mut(right) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Three or more digits that mean something.
fn number(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
