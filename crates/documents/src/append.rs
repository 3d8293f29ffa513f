//! Adding to a document that is there: events, and fields of master data.

use automerge::hydrate::{Map, Value};
use automerge::legacy::{ObjectId, OpId};
use automerge::transaction::{Transactable, Transaction};
use automerge::{AutomergeError, ObjId, ObjType, ROOT, ReadDoc, Value as Found};
use guicang_domain::document::{Document, Kind, RULES};
use guicang_domain::ids::EventId;
use guicang_domain::time::{Moment, Zone};

use crate::event::maps;
use crate::isolate::isolated;
use crate::replay::Replayed;
use crate::write::{Events, NewChange, WriteError, Writer, commit, root};

impl Events<'_> {
    /// The kind of document that has such events.
    pub fn kind(&self) -> Kind {
        match self {
            Events::Sales(_) => Kind::SaleBatch,
            Events::Return(_) => Kind::Return,
            Events::Adjustment(_) => Kind::Adjustment,
            Events::Transfer(_) => Kind::Transfer,
            Events::SupplierReturn(_) => Kind::SupplierReturn,
            Events::Reservation(_) => Kind::Reservation,
            Events::Hold(_) => Kind::Hold,
            Events::Count(_) => Kind::Count,
            Events::Resolution(_) => Kind::Resolution,
            Events::CashShift(_) => Kind::CashShift,
            Events::RedInvoice(_) => Kind::RedInvoice,
            Events::User(_) => Kind::User,
            Events::Settings(_) => Kind::Settings,
        }
    }

    /// Each event's id and map.
    fn maps(&self, home: Zone) -> Vec<(EventId, Value)> {
        match self {
            Events::Sales(events) => maps(events, home),
            Events::Return(events) => maps(events, home),
            Events::Adjustment(events) => maps(events, home),
            Events::Transfer(events) => maps(events, home),
            Events::SupplierReturn(events) => maps(events, home),
            Events::Reservation(events) => maps(events, home),
            Events::Hold(events) => maps(events, home),
            Events::Count(events) => maps(events, home),
            Events::Resolution(events) => maps(events, home),
            Events::CashShift(events) => maps(events, home),
            Events::RedInvoice(events) => maps(events, home),
            Events::User(events) => maps(events, home),
            Events::Settings(events) => maps(events, home),
        }
    }
}

impl Replayed {
    /// Appends events, on all heads, as one change.
    ///
    /// `now` becomes the change's timestamp, in whole seconds.
    ///
    /// # Errors
    /// [`WriteError`] when an event's id is there already, the document is of another kind or asks
    /// for newer rules; the document is as it was then.
    pub fn append_events(
        &mut self,
        writer: &Writer,
        now: Moment,
        events: &Events<'_>,
    ) -> Result<NewChange, WriteError> {
        self.may_add(events.kind().as_str())?;
        let unreadable = |what: &str| WriteError::Unreadable(format!("it has no {what}"));
        let zone = self.root_text("zone").and_then(|z| z.parse().ok()).ok_or_else(|| unreadable("zone"))?;
        let object = self.object("events").ok_or_else(|| unreadable("events"))?;
        let maps = events.maps(zone);
        if maps.is_empty() {
            return Err(WriteError::Nothing);
        }
        let made = self.made();
        for (n, (id, _)) in maps.iter().enumerate() {
            let here = isolated(|| self.doc.get(&object, made.key(id)))??.is_some();
            if here || maps[..n].iter().any(|(other, _)| other == id) {
                return Err(WriteError::EventExists { event: id.clone() });
            }
        }
        let (mut build, seq, deps) = self.build(writer.actor);
        let ObjId::Id(counter, actor, _) = object else { return Err(unreadable("events")) };
        for (id, map) in &maps {
            build.put(ObjectId::Id(OpId(counter, actor.clone())), &made.key(id), map);
        }
        let (change, new) = build.finish(writer, seq, deps, now);
        isolated(|| self.doc.apply_changes([change]))??;
        self.adopt(&new.header);
        Ok(new)
    }

    /// Sets the fields of master data to what `document` says: only what differs is written, and
    /// what this program doesn't know stays. `None` when nothing differs.
    ///
    /// # Errors
    /// [`WriteError`] when the document is of another kind, can't be read, or asks for newer rules.
    pub fn set_fields(
        &mut self,
        writer: &Writer,
        now: Moment,
        document: &Document,
    ) -> Result<Option<NewChange>, WriteError> {
        self.may_add(document.kind().as_str())?;
        if !matches!(
            document,
            Document::Product(_)
                | Document::Site(_)
                | Document::Supplier(_)
                | Document::User(_)
                | Document::Settings(_)
                | Document::CountPlan(_)
        ) {
            return Err(WriteError::WrongKind {
                found: document.kind().to_string(),
                wanted: "master data".into(),
            });
        }
        let reading =
            self.read(document.head().id, &|_| None).map_err(|e| WriteError::Unreadable(e.to_string()))?;
        let Some(current) = reading.document else {
            let why = reading.problems.first().map_or_else(String::new, ToString::to_string);
            return Err(WriteError::Unreadable(why));
        };
        let (old, new) = (root(&current), root(document));
        let mut edits = Vec::new();
        differences(&old, &new, &mut Vec::new(), &mut edits);
        // What makes the document what it is was said by its first change; events are appended, not set.
        edits.retain(|e| {
            !matches!(
                e.path[0].as_str(),
                "kind" | "schema" | "rules" | "site" | "number" | "zone" | "import" | "events" | "made"
            )
        });
        if edits.is_empty() {
            return Ok(None);
        }
        let change = commit(&mut self.doc, writer, now, |tx| edits.iter().try_for_each(|e| e.write(tx)))?;
        self.adopt(&change.header);
        Ok(Some(change))
    }

    /// Whether a change for documents of `kind` may be made.
    fn may_add(&self, kind: &str) -> Result<(), WriteError> {
        let found = self.root_text("kind").unwrap_or_default();
        if found != kind {
            return Err(WriteError::WrongKind { found, wanted: kind.into() });
        }
        match self.root_version("rules") {
            rules if rules > RULES => Err(WriteError::Newer { found: rules, known: RULES }),
            _ => Ok(()),
        }
    }
}

/// One field of master data that is to be written.
struct Edit<'a> {
    /// The names that lead to it from the root; at least one.
    path: Vec<String>,
    /// Its new value; `None` deletes it.
    value: Option<&'a Value>,
}

impl Edit<'_> {
    fn write(&self, tx: &mut Transaction<'_>) -> Result<(), AutomergeError> {
        let (name, parents) = self.path.split_last().expect("a path has a name");
        let mut object: ObjId = ROOT;
        for parent in parents {
            object = match tx.get(&object, parent.as_str())? {
                Some((Found::Object(ObjType::Map), id)) => id,
                _ => return Err(AutomergeError::NotAnObject),
            };
        }
        match self.value {
            None => tx.delete(&object, name.as_str()),
            Some(Value::Scalar(scalar)) => tx.put(&object, name.as_str(), scalar.clone()),
            Some(value) => tx.batch_create_object(&object, name.as_str(), value, false).map(drop),
        }
    }
}

/// What has to be written to `old` to make it `new`, maps field by field.
fn differences<'a>(old: &Map, new: &'a Map, path: &mut Vec<String>, edits: &mut Vec<Edit<'a>>) {
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        path.push(name.clone());
        match (old.get(name), new.get(name)) {
            (Some(Value::Map(old)), Some(Value::Map(new))) => differences(old, new, path, edits),
            (old, new) if old != new => edits.push(Edit { path: path.clone(), value: new }),
            _ => {}
        }
        path.pop();
    }
}
