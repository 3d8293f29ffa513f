//! Writing again what refused changes had added: the same events and lines, on accepted heads.
//!
//! A refused change is not in the document that this device goes on with, nor are its dependants.
//! What happened did happen, though, so its events and lines are written again, unaltered: same ids,
//! same content, fields that this program doesn't know included.

use std::collections::BTreeMap;

use automerge::hydrate::Value;
use automerge::legacy::{Key, ObjectId, OpType};
use automerge::transaction::Transactable;
use automerge::{ObjId, ReadDoc};
use guicang_domain::document::RULES;
use guicang_domain::ids::{ChangeHash, EventId, LineId};
use guicang_domain::time::Moment;

use crate::event::Said;
use crate::isolate::isolated;
use crate::rename::Renames;
use crate::replay::{ReplayError, Replayed};
use crate::violation::Grow;
use crate::write::{NewChange, WriteError, Writer, commit, create_root};

/// What a change added to its document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Additions {
    /// Whether it made the document.
    pub first: bool,
    /// The lines.
    pub lines: Vec<LineId>,
    /// The events.
    pub events: Vec<EventId>,
}

/// A line or event that a change added.
struct Added {
    map: Grow,
    key: String,
    object: ObjId,
}

impl Replayed {
    /// The lines and events that a change of this document added, in the order it wrote them.
    ///
    /// # Errors
    /// [`ReplayError::MissingDependency`] when the change isn't in the document.
    pub fn additions(&self, hash: &ChangeHash) -> Result<Additions, ReplayError> {
        let mut additions = Additions { first: self.is_first(hash), ..Additions::default() };
        let made = self.made();
        for added in self.added(hash)? {
            // Keys of unknown kinds need not be ours; they are re-issued all the same.
            match added.map {
                Grow::Lines => additions.lines.extend(added.key.parse::<LineId>()),
                Grow::Events => additions.events.extend(made.event(&added.key)),
            }
        }
        Ok(additions)
    }

    fn is_first(&self, hash: &ChangeHash) -> bool {
        self.changes.get(hash).is_some_and(|place| place.deps.is_empty())
    }

    fn added(&self, hash: &ChangeHash) -> Result<Vec<Added>, ReplayError> {
        let missing = || ReplayError::MissingDependency { missing: vec![*hash] };
        isolated(|| {
            let change = self.doc.get_change_by_hash(&automerge::ChangeHash(hash.0)).ok_or_else(missing)?;
            let maps = [Grow::Lines, Grow::Events].map(|map| (map, self.object(map.field())));
            let (actor, start_op) = (change.actor_id().clone(), change.start_op().get());
            let mut added = Vec::new();
            for (op, counter) in change.decode().operations.iter().zip(start_op..) {
                let (ObjectId::Id(id), Key::Map(key), OpType::Make(_)) = (&op.obj, &op.key, &op.action)
                else {
                    continue;
                };
                let parent = ObjId::Id(id.counter(), id.actor().clone(), 0);
                if let Some((map, _)) = maps.iter().find(|(_, object)| object.as_ref() == Some(&parent)) {
                    let object = ObjId::Id(counter, actor.clone(), 0);
                    added.push(Added { map: *map, key: key.to_string(), object });
                }
            }
            Ok(added)
        })?
    }

    /// The events that a change added, each saying by itself what it left out because the one before
    /// it in the change says it: in another change it will have others before it.
    fn whole_events(&self, hash: &ChangeHash) -> Result<BTreeMap<String, Value>, WriteError> {
        let (home, made) = (self.root_text("zone").unwrap_or_default(), self.made());
        let mut found = Vec::new();
        for added in self.added(hash).map_err(|e| WriteError::Unreadable(e.to_string()))? {
            if let (Grow::Events, Ok(id)) = (added.map, made.event(&added.key))
                && let Some(Value::Map(map)) = isolated(|| self.hydrate_object(&added.object))?
            {
                found.push((id, added.key, map));
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let mut said = Said::default();
        let mut whole = BTreeMap::new();
        for (id, key, map) in &found {
            said = said.and(id, map);
            let mut map = map.clone();
            said.fill(&mut map, &home);
            whole.insert(key.clone(), Value::Map(map));
        }
        Ok(whole)
    }

    /// Writes again, on this document's heads and as one change, what the refused changes `hashes`
    /// added in `from`. What is here already is left; `None` when that is all of it.
    ///
    /// A document whose first change was refused is made again, as those changes left it: this
    /// document is empty then.
    ///
    /// # Errors
    /// [`WriteError`] when a change isn't in `from`, when this document asks for newer rules or lacks
    /// the map that is to be added to.
    pub fn reissue(
        &mut self,
        writer: &Writer,
        now: Moment,
        from: &Replayed,
        hashes: &[ChangeHash],
    ) -> Result<Option<NewChange>, WriteError> {
        self.reissue_as(writer, now, from, hashes, &Renames::default())
    }

    /// As [`Self::reissue`], with names replaced: what one device wrote is written again by another.
    ///
    /// # Errors
    /// As there.
    pub fn reissue_as(
        &mut self,
        writer: &Writer,
        now: Moment,
        from: &Replayed,
        hashes: &[ChangeHash],
        renames: &Renames,
    ) -> Result<Option<NewChange>, WriteError> {
        if self.is_empty() {
            return self.remake(writer, now, from, hashes, renames).map(Some);
        }
        let made = from.made();
        let rules = self.root_version("rules");
        if rules > RULES {
            return Err(WriteError::Newer { found: rules, known: RULES });
        }
        let mut values: BTreeMap<(&'static str, String), (ObjId, Value)> = BTreeMap::new();
        for hash in hashes {
            let mut events = from.whole_events(hash)?;
            for added in from.added(hash).map_err(|e| WriteError::Unreadable(e.to_string()))? {
                let field = added.map.field();
                let missing = || WriteError::Unreadable(format!("it has no {field}"));
                let object = self.object(field).ok_or_else(missing)?;
                let key = match added.map {
                    Grow::Lines => added.key.clone(),
                    Grow::Events => renames.key(made, &added.key),
                };
                if isolated(|| self.doc.get(&object, key.as_str()))??.is_some() {
                    continue;
                }
                let value = match added.map {
                    Grow::Lines => isolated(|| from.hydrate_object(&added.object))?,
                    Grow::Events => events.remove(&added.key),
                };
                let mut value =
                    value.ok_or_else(|| WriteError::Unreadable(format!("{field}.{}", added.key)))?;
                renames.value(&mut value);
                values.insert((field, key), (object, value));
            }
        }
        if values.is_empty() {
            return Ok(None);
        }
        let change = commit(&mut self.doc, writer, now, |tx| {
            values.iter().try_for_each(|((_, key), (object, value))| {
                tx.batch_create_object(object, key.as_str(), value, false).map(drop)
            })
        })?;
        self.adopt(&change.header);
        Ok(Some(change))
    }

    /// Makes the document again, as the refused changes left it.
    fn remake(
        &mut self,
        writer: &Writer,
        now: Moment,
        from: &Replayed,
        hashes: &[ChangeHash],
        renames: &Renames,
    ) -> Result<NewChange, WriteError> {
        if let Some(unknown) = hashes.iter().find(|hash| !from.contains(hash)) {
            return Err(WriteError::Unreadable(format!("change {unknown} isn't there")));
        }
        if !hashes.iter().any(|hash| from.is_first(hash)) {
            return Err(WriteError::Unreadable("none of the changes made the document".into()));
        }
        let heads: Vec<_> = hashes.iter().map(|h| automerge::ChangeHash(h.0)).collect();
        let Value::Map(mut root) = isolated(|| from.doc.hydrate(Some(&heads)))? else {
            return Err(WriteError::Unreadable("its root is no map".into()));
        };
        for field in ["schema", "rules"] {
            // Where values conflict, the one that would be hidden may be the greater.
            if let Some(value) = root.get_mut(field) {
                *value = Value::from(i64::try_from(from.root_version(field)).unwrap_or(i64::MAX));
            }
        }
        if let Some(Value::Map(events)) = root.get_mut("events") {
            for hash in from.changes.keys() {
                for (key, value) in from.whole_events(hash)? {
                    if let Some(event) = events.get_mut(&key) {
                        *event = value;
                    }
                }
            }
        }
        renames.root(from.made(), &mut root);
        let (doc, change) = create_root(&root, writer, now)?;
        self.doc = doc;
        self.adopt(&change.header);
        Ok(change)
    }
}
