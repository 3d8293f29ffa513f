//! Builds a change from whole values, operation by operation, as Automerge's own batch does.
//!
//! What surprises: there is no document in it. Automerge writes a change into a document and then
//! makes the change's bytes anew from there, which takes several times as long as the bytes alone. A
//! test holds the two equal, byte by byte.

use std::collections::VecDeque;
use std::num::NonZeroU64;

use automerge::hydrate::{Map, Value};
use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::{ActorId, Change, ExpandedChange, ObjType};
use guicang_domain::ids::ChangeHash;
use guicang_domain::time::Moment;

use crate::header::header_of;
use crate::replay::Replayed;
use crate::write::{NewChange, Writer};

/// A change that is being built.
pub(crate) struct Build {
    actor: ActorId,
    start_op: NonZeroU64,
    operations: Vec<Op>,
}

impl Build {
    /// A change of that actor's whose operations count from `start_op`.
    pub fn new(actor: [u8; 16], start_op: NonZeroU64) -> Self {
        Self { actor: ActorId::from(actor), start_op, operations: Vec::new() }
    }

    /// Fills the root of an empty document.
    pub fn root(&mut self, root: &Map) {
        let mut open = VecDeque::new();
        self.fields(&ObjectId::Root, root, &mut open);
        self.fill(open);
    }

    /// Puts a map, or any other value, under a key that is not there yet.
    pub fn put(&mut self, object: ObjectId, key: &str, value: &Value) {
        let id = self.operation(object, Key::Map(key.into()), false, value);
        self.fill(VecDeque::from([(ObjectId::Id(id), value)]));
    }

    /// Writes what objects hold, breadth first.
    fn fill(&mut self, mut open: VecDeque<(ObjectId, &Value)>) {
        while let Some((object, value)) = open.pop_front() {
            match value {
                Value::Map(map) => self.fields(&object, map, &mut open),
                Value::List(list) => {
                    let mut after = ElementId::Head;
                    for item in list.iter() {
                        let id = self.operation(object.clone(), Key::Seq(after), true, &item.value);
                        after = ElementId::Id(id.clone());
                        open.push_back((ObjectId::Id(id), &item.value));
                    }
                }
                Value::Scalar(_) | Value::Text(_) => {}
            }
        }
    }

    fn fields<'v>(&mut self, object: &ObjectId, map: &'v Map, open: &mut VecDeque<(ObjectId, &'v Value)>) {
        let mut fields: Vec<_> = map.iter().collect();
        fields.sort_unstable_by_key(|(name, _)| *name);
        for (name, field) in fields {
            let id = self.operation(object.clone(), Key::Map(name.as_str().into()), false, &field.value);
            open.push_back((ObjectId::Id(id), &field.value));
        }
    }

    /// Adds an operation; its id is that of the object that it makes, if it makes one.
    fn operation(&mut self, obj: ObjectId, key: Key, insert: bool, value: &Value) -> OpId {
        let counter = self.start_op.get() + self.operations.len() as u64;
        let action = match value {
            Value::Scalar(scalar) => OpType::Put(scalar.clone()),
            Value::Map(_) => OpType::Make(ObjType::Map),
            Value::List(_) => OpType::Make(ObjType::List),
            Value::Text(_) => OpType::Make(ObjType::Text),
        };
        self.operations.push(Op { action, obj, key, pred: Vec::new().into(), insert });
        OpId(counter, self.actor.clone())
    }

    /// The finished change, on what stands there.
    pub fn finish(
        self,
        writer: &Writer,
        seq: u64,
        mut deps: Vec<ChangeHash>,
        now: Moment,
    ) -> (Change, NewChange) {
        deps.sort_unstable();
        // The author stands in an actor's first change of a document: tag 1, length, bytes.
        let author = || [&[1, 16], writer.device.0.as_slice()].concat();
        let change = Change::from(ExpandedChange {
            operations: self.operations,
            actor_id: self.actor,
            hash: None,
            seq,
            start_op: self.start_op,
            time: seconds(now),
            message: None,
            deps: deps.into_iter().map(|d| automerge::ChangeHash(d.0)).collect(),
            extra_bytes: if seq == 1 { author() } else { Vec::new() },
            author: None,
        });
        let new = NewChange { header: header_of(&change), bytes: change.raw_bytes().to_vec() };
        (change, new)
    }
}

impl Replayed {
    /// A change that is to be built on top of all there is, with its place among its actor's
    /// changes, and what it is made upon.
    pub(crate) fn build(&self, actor: [u8; 16]) -> (Build, u64, Vec<ChangeHash>) {
        let max_op = self.changes.values().map(|place| place.max_op).max().unwrap_or(0);
        let own = self.changes.iter().filter(|(_, place)| place.actor == actor);
        let last = own.max_by_key(|(_, place)| place.seq);
        let mut deps = self.heads();
        // As Automerge does: a change names its actor's last one, be it a head or not.
        deps.extend(last.map(|(hash, _)| *hash).filter(|hash| !deps.contains(hash)));
        (
            Build::new(actor, NonZeroU64::MIN.saturating_add(max_op)),
            last.map_or(1, |(_, place)| place.seq + 1),
            deps,
        )
    }
}

/// A moment as Automerge's timestamps are told: whole seconds.
pub(crate) fn seconds(now: Moment) -> i64 {
    now.0.div_euclid(1000)
}
