//! Fields of Automerge maps: written by name, and read with errors that name field, found, wanted.
//!
//! What surprises: nothing here touches a document. A value is built whole and written in one batch
//! (single puts cost ten times as much), and read from one native hydrate of the whole document.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::str::FromStr;

use automerge::ScalarValue;
use automerge::hydrate::{List, Map, MapValue, Value};
use guicang_domain::ids::DocumentId;
use guicang_domain::money::{Amount, UnitPrice};
use guicang_domain::quantity::Quantity;

/// A field that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: found {found}, wanted {wanted}")]
pub(crate) struct FieldError {
    /// Its path from the document's root: `lines.1.quantity`.
    pub field: String,
    /// What was found, cut at 80 characters.
    pub found: String,
    /// What would be right.
    pub wanted: String,
}

impl FieldError {
    pub(crate) fn new(field: &str, found: impl Display, wanted: impl Into<String>) -> Self {
        let found = found.to_string().chars().take(80).collect();
        Self { field: field.into(), found, wanted: wanted.into() }
    }

    /// The same error, its field seen from the object that holds `parent`.
    pub(crate) fn under(mut self, parent: &str) -> Self {
        self.field = format!("{parent}.{}", self.field);
        self
    }
}

/// A map that is being built; a field given as `None`, empty or false by the `opt` functions is left
/// out.
#[derive(Default)]
pub(crate) struct Out {
    map: Map,
    /// The document, where it is known: what follows from it needn't be written.
    document: Option<DocumentId>,
    /// The quantities of the lines that stand in the same change, likewise.
    quantities: Rc<BTreeMap<String, i64>>,
}

impl Out {
    /// A map in a document that is known.
    pub fn of(document: DocumentId) -> Self {
        Self { document: Some(document), ..Self::default() }
    }

    /// Takes note of the lines written so far: parts of a whole line leave out its quantity.
    pub fn lines_are_written(&mut self) {
        if let Some(Value::Map(lines)) = self.map.get("lines") {
            let quantity = |line: &MapValue| match &line.value {
                Value::Map(line) => line.get("quantity").and_then(int_of),
                _ => None,
            };
            let known = lines.iter().filter_map(|(id, line)| Some((id.clone(), quantity(line)?)));
            self.quantities = Rc::new(known.collect());
        }
    }

    /// Puts the quantity of a part unless it is that of its whole line.
    pub fn part_quantity(&mut self, line: &str, quantity: Quantity) -> &mut Self {
        match self.quantities.get(line) {
            Some(whole) if *whole == quantity.0 => self,
            _ => self.int("quantity", quantity.0),
        }
    }

    /// A map within this one.
    fn within(&self) -> Self {
        Self { map: Map::default(), document: self.document, quantities: Rc::clone(&self.quantities) }
    }

    /// The document, where it is known.
    pub fn document(&self) -> Option<DocumentId> {
        self.document
    }

    /// Puts a value of any shape.
    pub fn value(&mut self, name: &str, value: Value) -> &mut Self {
        self.map.insert(name.into(), MapValue { value, conflict: false });
        self
    }

    /// Puts a text, as one scalar.
    pub fn text(&mut self, name: &str, text: impl AsRef<str>) -> &mut Self {
        self.value(name, Value::Scalar(ScalarValue::Str(text.as_ref().into())))
    }

    /// Puts a text unless it is what the reader takes it for when it is absent.
    pub fn text_unless(&mut self, name: &str, text: &str, absent: &str) -> &mut Self {
        if text == absent { self } else { self.text(name, text) }
    }

    /// Puts a name or a word, as its text.
    pub fn show(&mut self, name: &str, shown: impl Display) -> &mut Self {
        self.text(name, shown.to_string())
    }

    /// Puts a name or a word where there is one.
    pub fn opt_show(&mut self, name: &str, shown: Option<impl Display>) -> &mut Self {
        match shown {
            Some(shown) => self.show(name, shown),
            None => self,
        }
    }

    /// Puts a text unless it is empty.
    pub fn opt_text(&mut self, name: &str, text: &str) -> &mut Self {
        if text.is_empty() { self } else { self.text(name, text) }
    }

    /// Puts a number.
    pub fn int(&mut self, name: &str, int: i64) -> &mut Self {
        self.value(name, Value::Scalar(ScalarValue::Int(int)))
    }

    /// Puts a number of zero and more; beyond 2^63 it is cut there, which no counter reaches.
    pub fn count(&mut self, name: &str, count: u64) -> &mut Self {
        self.int(name, i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Puts a number where there is one.
    pub fn opt_int(&mut self, name: &str, int: Option<impl Into<i64>>) -> &mut Self {
        match int {
            Some(int) => self.int(name, int.into()),
            None => self,
        }
    }

    /// Puts `true`, or nothing.
    pub fn flag(&mut self, name: &str, flag: bool) -> &mut Self {
        if flag { self.value(name, Value::Scalar(ScalarValue::Boolean(true))) } else { self }
    }

    /// Puts bytes, as one scalar.
    pub fn bytes(&mut self, name: &str, bytes: Vec<u8>) -> &mut Self {
        self.value(name, Value::Scalar(ScalarValue::Bytes(bytes)))
    }

    /// Puts a map.
    pub fn map(&mut self, name: &str, build: impl FnOnce(&mut Out)) -> &mut Self {
        let mut out = self.within();
        build(&mut out);
        self.value(name, out.into_value())
    }

    /// Puts a map unless it comes out empty.
    pub fn opt_map(&mut self, name: &str, build: impl FnOnce(&mut Out)) -> &mut Self {
        let mut out = self.within();
        build(&mut out);
        if out.map.is_empty() { self } else { self.value(name, out.into_value()) }
    }

    /// Puts a list of maps, one for each item.
    pub fn maps<T>(&mut self, name: &str, items: &[T], build: impl Fn(&T, &mut Out)) -> &mut Self {
        self.nth_maps(name, items, |_, item, out| build(item, out))
    }

    /// As [`Self::maps`], for items that leave out what follows from their place, from 0.
    pub fn nth_maps<T>(&mut self, name: &str, items: &[T], build: impl Fn(usize, &T, &mut Out)) -> &mut Self {
        let map = |(n, item)| {
            let mut out = self.within();
            build(n, item, &mut out);
            out.into_value()
        };
        let values: Vec<Value> = items.iter().enumerate().map(map).collect();
        self.value(name, Value::List(List::from(values)))
    }

    /// Puts a list of texts unless it is empty.
    pub fn opt_texts(&mut self, name: &str, texts: &[String]) -> &mut Self {
        if texts.is_empty() {
            return self;
        }
        let values: Vec<Value> = texts.iter().map(|t| Value::from(t.as_str())).collect();
        self.value(name, Value::List(List::from(values)))
    }

    /// The finished map.
    pub fn into_map(self) -> Map {
        self.map
    }

    /// The finished map as a value.
    pub fn into_value(self) -> Value {
        Value::Map(self.into_map())
    }
}

/// A hydrated map whose fields are to be read.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    map: &'a Map,
    document: DocumentId,
    lines: Option<&'a Map>,
}

impl<'a> Fields<'a> {
    /// A map of that document's.
    pub fn of(map: &'a Map, document: DocumentId) -> Self {
        Self { map, document, lines: None }
    }

    /// The same in a document that has those lines.
    pub fn beside(self, lines: Option<&'a Map>) -> Self {
        Self { lines, ..self }
    }

    /// The quantity of a part: its whole line's where it is absent.
    pub fn part_quantity(&self, line: &str) -> Result<Quantity, FieldError> {
        let whole = self.lines.and_then(|lines| lines.get(line));
        match (self.map.get("quantity"), whole) {
            (None, Some(Value::Map(line))) => Fields { map: line, ..*self }.quantity("quantity"),
            _ => self.quantity("quantity"),
        }
    }

    /// The document that the map is in.
    pub fn document(&self) -> DocumentId {
        self.document
    }

    /// A text; `None` when the field is absent.
    pub fn opt_text(&self, name: &str) -> Result<Option<&'a str>, FieldError> {
        self.map.get(name).map(|value| text_of(name, value)).transpose()
    }

    /// A text.
    pub fn text(&self, name: &str) -> Result<&'a str, FieldError> {
        self.opt_text(name)?.ok_or_else(|| FieldError::new(name, "nothing", "a text"))
    }

    /// A name or a word; `None` when the field is absent.
    pub fn opt_parse<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, FieldError> {
        self.opt_text(name)?.map(|text| parse(name, text)).transpose()
    }

    /// A name or a word.
    pub fn parse<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, FieldError> {
        parse(name, self.text(name)?)
    }

    /// A number; `None` when the field is absent.
    pub fn opt_int(&self, name: &str) -> Result<Option<i64>, FieldError> {
        self.map.get(name).map(|value| whole(name, value)).transpose()
    }

    /// A number.
    pub fn int(&self, name: &str) -> Result<i64, FieldError> {
        self.opt_int(name)?.ok_or_else(|| FieldError::new(name, "nothing", "a whole number"))
    }

    /// A quantity above zero, at most [`Quantity::LIMIT`].
    pub fn quantity(&self, name: &str) -> Result<Quantity, FieldError> {
        self.within(name, 1..=Quantity::LIMIT.0).map(Quantity)
    }

    /// A quantity of zero or more, at most [`Quantity::LIMIT`].
    pub fn amount_of_goods(&self, name: &str) -> Result<Quantity, FieldError> {
        self.within(name, 0..=Quantity::LIMIT.0).map(Quantity)
    }

    /// A quantity of zero or more; `None` when the field is absent.
    pub fn opt_goods(&self, name: &str) -> Result<Option<Quantity>, FieldError> {
        self.opt_int(name)?.map(|_| self.amount_of_goods(name)).transpose()
    }

    /// An amount, at most [`Amount::LIMIT`] either way.
    pub fn amount(&self, name: &str) -> Result<Amount, FieldError> {
        self.within(name, -Amount::LIMIT.0..=Amount::LIMIT.0).map(Amount)
    }

    /// An amount; `None` when the field is absent.
    pub fn opt_amount(&self, name: &str) -> Result<Option<Amount>, FieldError> {
        self.opt_int(name)?.map(|_| self.amount(name)).transpose()
    }

    /// A price, at most [`UnitPrice::LIMIT`] either way; `None` when the field is absent.
    pub fn opt_price(&self, name: &str) -> Result<Option<UnitPrice>, FieldError> {
        let range = -UnitPrice::LIMIT.0..=UnitPrice::LIMIT.0;
        self.opt_int(name)?.map(|_| self.within(name, range).map(UnitPrice)).transpose()
    }

    /// What is beyond the range would burst the sums of everything else.
    fn within(&self, name: &str, range: RangeInclusive<i64>) -> Result<i64, FieldError> {
        let int = self.int(name)?;
        if range.contains(&int) {
            return Ok(int);
        }
        let wanted = format!("a number from {} to {}", range.start(), range.end());
        Err(FieldError::new(name, int.to_string(), wanted))
    }

    /// A number within a narrower range; `None` when the field is absent.
    pub fn opt_narrow<T: TryFrom<i64>>(&self, name: &str) -> Result<Option<T>, FieldError> {
        self.opt_int(name)?.map(|int| narrow(name, int)).transpose()
    }

    /// A number within a narrower range.
    pub fn narrow<T: TryFrom<i64>>(&self, name: &str) -> Result<T, FieldError> {
        narrow(name, self.int(name)?)
    }

    /// Whether the field is `true`; absent is false.
    pub fn flag(&self, name: &str) -> Result<bool, FieldError> {
        match self.map.get(name) {
            None => Ok(false),
            Some(Value::Scalar(ScalarValue::Boolean(flag))) => Ok(*flag),
            Some(other) => Err(FieldError::new(name, shape(other), "true or false")),
        }
    }

    /// Bytes; `None` when the field is absent.
    pub fn opt_bytes(&self, name: &str) -> Result<Option<&'a [u8]>, FieldError> {
        match self.map.get(name) {
            None => Ok(None),
            Some(Value::Scalar(ScalarValue::Bytes(bytes))) => Ok(Some(bytes)),
            Some(other) => Err(FieldError::new(name, shape(other), "bytes")),
        }
    }

    /// The fields, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a String, &'a MapValue)> {
        self.map.iter()
    }

    /// A map; `None` when the field is absent.
    pub fn opt_map(&self, name: &str) -> Result<Option<Fields<'a>>, FieldError> {
        match self.map.get(name) {
            None => Ok(None),
            Some(Value::Map(map)) => Ok(Some(Fields { map, ..*self })),
            Some(other) => Err(FieldError::new(name, shape(other), "a map")),
        }
    }

    /// The map itself.
    pub fn map(&self) -> &'a Map {
        self.map
    }

    /// What `read` makes of each map of a list; empty when the field is absent.
    pub fn maps<T>(
        &self,
        name: &str,
        read: impl Fn(&Fields<'a>) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, FieldError> {
        self.nth_maps(name, |_, fields| read(fields))
    }

    /// As [`Self::maps`], for items that leave out what follows from their place, from 0.
    pub fn nth_maps<T>(
        &self,
        name: &str,
        read: impl Fn(usize, &Fields<'a>) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, FieldError> {
        let list = match self.map.get(name) {
            None => return Ok(Vec::new()),
            Some(Value::List(list)) => list,
            Some(other) => return Err(FieldError::new(name, shape(other), "a list of maps")),
        };
        let item = |(n, item): (usize, &'a automerge::hydrate::ListValue)| match &item.value {
            Value::Map(map) => read(n, &Fields { map, ..*self }).map_err(|e| e.under(&format!("{name}.{n}"))),
            other => Err(FieldError::new(&format!("{name}.{n}"), shape(other), "a map")),
        };
        list.iter().enumerate().map(item).collect()
    }

    /// A list of texts; empty when the field is absent.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, FieldError> {
        let list = match self.map.get(name) {
            None => return Ok(Vec::new()),
            Some(Value::List(list)) => list,
            Some(other) => return Err(FieldError::new(name, shape(other), "a list of texts")),
        };
        let item = |(n, item): (usize, &automerge::hydrate::ListValue)| match &item.value {
            Value::Scalar(ScalarValue::Str(text)) => Ok(text.to_string()),
            other => Err(FieldError::new(&format!("{name}.{n}"), shape(other), "a text")),
        };
        list.iter().enumerate().map(item).collect()
    }

    /// What `read` makes of each map under the field, by key in order; what can't be read is left
    /// out and told to `problem`, so that one bad line or reason doesn't hide the others.
    pub fn each<K: FromStr<Err: Display> + Ord, T>(
        &self,
        name: &str,
        read: impl Fn(&Fields<'a>) -> Result<T, FieldError>,
        mut problem: impl FnMut(FieldError),
    ) -> Result<std::collections::BTreeMap<K, T>, FieldError> {
        let mut found = std::collections::BTreeMap::new();
        let Some(map) = self.opt_map(name)? else { return Ok(found) };
        for (key, value) in map.map.iter() {
            let item = match &value.value {
                Value::Map(map) => read(&Fields { map, ..*self }).map_err(|e| e.under(key)),
                other => Err(FieldError::new(key, shape(other), "a map")),
            };
            match item.and_then(|item| Ok((parse(key, key)?, item))) {
                Ok((key, item)) => _ = found.insert(key, item),
                Err(e) => problem(e.under(name)),
            }
        }
        Ok(found)
    }
}

/// A value as a text.
pub(crate) fn text_of<'a>(name: &str, value: &'a Value) -> Result<&'a str, FieldError> {
    match value {
        Value::Scalar(ScalarValue::Str(text)) => Ok(text.as_str()),
        other => Err(FieldError::new(name, shape(other), "a text")),
    }
}

/// A value as a whole number, for the field of that name.
pub(crate) fn whole(name: &str, value: &Value) -> Result<i64, FieldError> {
    int_of(value).ok_or_else(|| FieldError::new(name, shape(value), "a whole number below 2^63"))
}

/// A text as the name or word that it is to be.
pub(crate) fn parse<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T, FieldError> {
    text.parse().map_err(|e: T::Err| FieldError::new(name, format!("{text:?}"), e.to_string()))
}

fn narrow<T: TryFrom<i64>>(name: &str, int: i64) -> Result<T, FieldError> {
    T::try_from(int).map_err(|_| FieldError::new(name, int, format!("a {}", std::any::type_name::<T>())))
}

/// A value as a whole number; both of Automerge's kinds of integer are taken.
pub(crate) fn int_of(value: &Value) -> Option<i64> {
    match value {
        Value::Scalar(scalar) => scalar_int(scalar),
        _ => None,
    }
}

/// As [`int_of`], of a scalar.
pub(crate) fn scalar_int(scalar: &ScalarValue) -> Option<i64> {
    match scalar {
        ScalarValue::Int(int) => Some(*int),
        ScalarValue::Uint(uint) => i64::try_from(*uint).ok(),
        _ => None,
    }
}

/// What a value is, for an error.
fn shape(value: &Value) -> String {
    match value {
        Value::Map(_) => "a map".into(),
        Value::List(_) => "a list".into(),
        Value::Text(_) => "an editable text".into(),
        Value::Scalar(ScalarValue::Str(text)) => format!("the text {text:?}"),
        Value::Scalar(ScalarValue::Bytes(bytes)) => format!("{} bytes", bytes.len()),
        Value::Scalar(other) => format!("{other:?}"),
    }
}
