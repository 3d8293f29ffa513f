//! Values that lost: where two people edited one field of master data while apart, both values stay in
//! the document, and the one that isn't shown can be asked for.

use automerge::{ObjId, ObjType, ROOT, ReadDoc, ScalarValue, Value as Found};

use crate::isolate::isolated;
use crate::replay::{ReadError, Replayed};

/// A field that was edited twice while apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Losing {
    /// Its path from the document's root: `name`, `levels.S01.min`.
    pub field: String,
    /// The values that aren't shown, as the document holds them (amounts and quantities in the domain's own
    /// units); in no order.
    pub values: Vec<String>,
}

impl Replayed {
    /// The fields whose last writers didn't know of each other, with the values that lost; by path.
    ///
    /// # Errors
    /// [`ReadError::Automerge`] when Automerge panics.
    pub fn losing_values(&self) -> Result<Vec<Losing>, ReadError> {
        let mut losing = Vec::new();
        isolated(|| self.walk(&ROOT, "", &mut losing))?;
        losing.sort_by(|a, b| a.field.cmp(&b.field));
        Ok(losing)
    }

    fn walk(&self, object: &ObjId, path: &str, losing: &mut Vec<Losing>) {
        let keys: Vec<String> = self.doc.keys(object).collect();
        for key in keys {
            let field = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let shown = self.doc.get(object, key.as_str()).ok().flatten();
            let all = self.doc.get_all(object, key.as_str()).unwrap_or_default();
            if all.len() > 1 {
                let lost = all.iter().filter(|(_, id)| shown.as_ref().is_none_or(|(_, stands)| stands != id));
                let mut values: Vec<String> = lost.map(|(value, id)| self.text(value, id)).collect();
                values.sort();
                losing.push(Losing { field: field.clone(), values });
            }
            if let Some((Found::Object(ObjType::Map), id)) = shown {
                self.walk(&id, &field, losing);
            }
        }
    }

    fn text(&self, value: &Found<'_>, id: &ObjId) -> String {
        match value {
            Found::Scalar(scalar) => match scalar.as_ref() {
                ScalarValue::Str(text) => text.to_string(),
                ScalarValue::Bytes(bytes) => format!("{} bytes", bytes.len()),
                other => other.to_string(),
            },
            Found::Object(ObjType::List) => {
                let items = (0..self.doc.length(id)).filter_map(|n| self.doc.get(id, n).ok().flatten());
                items.map(|(value, id)| self.text(&value, &id)).collect::<Vec<_>>().join(" ")
            }
            Found::Object(_) => {
                let fields = self.doc.keys(id).filter_map(|key| {
                    let (value, object) = self.doc.get(id, key.as_str()).ok().flatten()?;
                    Some(format!("{key}={}", self.text(&value, &object)))
                });
                fields.collect::<Vec<_>>().join(" ")
            }
        }
    }
}
