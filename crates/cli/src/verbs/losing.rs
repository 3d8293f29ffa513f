//! Fields of master data that were edited twice while apart, with the values that aren't shown.

use guicang_replica::Losing;
use serde::Serialize;

/// Such a field, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
pub struct LosingItem {
    /// The field's path.
    pub field: String,
    /// The values that aren't shown.
    pub values: Vec<String>,
}

impl LosingItem {
    /// All of a document, as it holds them.
    pub fn all(losing: &[Losing]) -> Vec<Self> {
        losing.iter().map(|l| Self { field: l.field.clone(), values: l.values.clone() }).collect()
    }
}
