//! Names that change when a device's successor writes again what the device had written.
//!
//! An event's id has its device's code in it, and what refers to the event has the id: both get the
//! successor's code. A document that only the device could begin gets another identity, and what refers to
//! it the new one. What surprises: a text is replaced only where the whole of it is such a name; what people
//! wrote stays as they wrote it. A document's number stays too, since it is on paper.

use std::collections::BTreeMap;

use automerge::ScalarValue;
use automerge::hydrate::{Map, MapValue, Value};
use guicang_domain::ids::{DocumentId, EventId};

use crate::key::Made;

/// What is called otherwise from now on.
#[derive(Debug, Clone, Default)]
pub struct Renames {
    /// Events, by the id that they had.
    pub events: BTreeMap<EventId, EventId>,
    /// Documents, by the identity that they had.
    pub documents: BTreeMap<DocumentId, DocumentId>,
    /// The customer and the sealed contact of a document that gets another identity: both are told from it.
    pub contact: Option<(String, Vec<u8>)>,
}

impl Renames {
    /// An event's key.
    pub(crate) fn key(&self, made: Made, key: &str) -> String {
        let renamed = made.event(key).ok().and_then(|id| self.events.get(&id));
        renamed.map_or_else(|| key.to_owned(), |id| made.key(id))
    }

    /// All that a value refers to.
    pub(crate) fn value(&self, value: &mut Value) {
        match value {
            Value::Map(map) => map.iter_mut().for_each(|(_, held)| self.value(&mut held.value)),
            Value::List(list) => {
                for index in 0..list.len() {
                    if let Some(held) = list.get_mut(index) {
                        self.value(held);
                    }
                }
            }
            Value::Scalar(ScalarValue::Str(text)) => {
                if let Some(renamed) = self.text(text) {
                    *text = renamed.into();
                }
            }
            Value::Scalar(ScalarValue::Bytes(bytes)) => {
                let named = DocumentId::from_slice(bytes).ok().and_then(|id| self.documents.get(&id));
                if let Some(id) = named {
                    *bytes = id.to_bytes().to_vec();
                }
            }
            _ => {}
        }
    }

    fn text(&self, text: &str) -> Option<String> {
        let event =
            || text.parse().ok().and_then(|id: EventId| self.events.get(&id)).map(ToString::to_string);
        let document =
            || text.parse().ok().and_then(|id: DocumentId| self.documents.get(&id)).map(ToString::to_string);
        event().or_else(document)
    }

    /// A whole document.
    pub(crate) fn root(&self, made: Made, root: &mut Map) {
        for (_, held) in root.iter_mut() {
            self.value(&mut held.value);
        }
        if let Some(Value::Map(events)) = root.get_mut("events") {
            let all: Vec<(String, MapValue)> = events.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
            let mut renamed = Map::default();
            for (key, value) in all {
                renamed.insert(self.key(made, &key), value);
            }
            *events = renamed;
        }
        if let Some((customer, sealed)) = &self.contact {
            let put = |value| MapValue { value: Value::Scalar(value), conflict: false };
            root.insert("customer".into(), put(ScalarValue::Str(customer.as_str().into())));
            root.insert("contact".into(), put(ScalarValue::Bytes(sealed.clone())));
        }
    }
}
