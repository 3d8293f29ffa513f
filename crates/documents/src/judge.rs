//! What a change's operations do, judged one by one: lines and events only ever grow.
//!
//! What surprises: states are not compared. Two states can look alike while an operation in between
//! took an event away and put it back; so it is the operations that are judged.

use std::collections::{HashMap, HashSet};

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::{Automerge, ObjId, ObjType, Prop, ROOT, ReadDoc, ScalarValue, Value as Found};
use guicang_domain::document::Kind;
use guicang_domain::ids::{EventId, SiteId};
use guicang_domain::time::Moment;

use crate::check::Envelope;
use crate::header::Header;
use crate::key::Made;
use crate::replay::found_int;
use crate::value::scalar_int;
use crate::violation::{Grow, Violation};
use crate::{
    adjustment, cash_shift, count, hold, period_close, red_invoice, reservation, resolution, returns,
    sale_batch, supplier_return, transfer,
};

/// How deep objects may nest: lines, events and parts are four deep.
const MAX_DEPTH: usize = 16;

/// How many bytes the names of a change's fields may come to, repeated ones each time.
const MAX_NAMES: usize = 8 << 20;

/// Fields that every kind has and only a first change may set.
const FIRST_ONLY: [&str; 8] = ["kind", "site", "number", "zone", "import", "made", "lines", "events"];

/// Judges one change.
pub(crate) struct Judge<'a> {
    /// The document as the change's writer saw it.
    past: &'a Automerge,
    header: &'a Header,
    envelope: &'a Envelope,
    /// What the keys of events tell their times from.
    since: Made,
    /// The document's own grow-only maps, where its first change has made them.
    grow: [(Grow, Option<ObjId>); 2],
    /// What the change has made so far, by the counter of the operation that made it.
    made: HashMap<u64, Object>,
    /// The list elements it has inserted so far, with the list that each went into.
    inserted: HashMap<u64, u64>,
    /// The fields it has set so far, by the object's counter (0: the root).
    set: HashSet<(u64, Key)>,
    /// The lines, events and fields that its operations are in, by index.
    keys: Vec<String>,
    events: Vec<NewEvent>,
    names: usize,
    /// Whether all that the change does is to add plain values.
    plain: bool,
}

/// An object that an operation works on.
#[derive(Clone, Copy)]
struct Object {
    shape: ObjType,
    depth: usize,
    place: Place,
}

/// Where an object is.
#[derive(Clone, Copy)]
enum Place {
    /// A grow-only map itself.
    Grow(Grow),
    /// In a line or event that this change adds; the event's index, and whether it is the event's own map.
    New { map: Grow, key: usize, event: Option<usize>, own: bool },
    /// In another field; whether this change made it.
    Field { field: usize, new: bool },
}

#[derive(Default)]
struct NewEvent {
    kind: String,
    by_hand: bool,
    /// The event that it takes back.
    reverses: Option<String>,
    /// What it says became of goods that are missing.
    outcomes: Vec<String>,
}

impl<'a> Judge<'a> {
    /// A judge of a change with that header, against the document as its writer saw it.
    pub fn new(past: &'a Automerge, header: &'a Header, envelope: &'a Envelope) -> Self {
        let grow = [Grow::Lines, Grow::Events].map(|map| match past.get(ROOT, map.field()) {
            Ok(Some((Found::Object(_), object))) => (map, Some(object)),
            _ => (map, None),
        });
        Self {
            past,
            header,
            envelope,
            since: Made(None),
            grow,
            made: HashMap::new(),
            inserted: HashMap::new(),
            set: HashSet::new(),
            keys: Vec::new(),
            events: Vec::new(),
            names: 0,
            plain: true,
        }
    }

    /// Judges the change's operations; answers whether they do nothing but add plain values.
    pub fn judge(mut self, operations: &[Op]) -> Result<bool, Violation> {
        let kind = self.kind(operations)?;
        self.since = self.since(operations);
        let known: Option<Kind> = kind.parse().ok();
        if known.is_some_and(Kind::is_hq_only) && !self.envelope.author_is_hq {
            return Err(Violation::HqOnly { what: format!("documents of kind {kind}") });
        }
        for (op, counter) in operations.iter().zip(self.header.start_op..) {
            self.operation(op, counter, known)?;
        }
        if !self.envelope.author_is_hq {
            self.events.iter().try_for_each(|event| allowed_at_a_branch(known, event))?;
            self.at_their_sites(known, operations)?;
        }
        Ok(self.plain)
    }

    fn is_first(&self) -> bool {
        self.header.deps.is_empty()
    }

    /// The document's kind: what the first change says.
    fn kind(&self, operations: &[Op]) -> Result<String, Violation> {
        if !self.is_first() {
            return match self.past.get(ROOT, "kind") {
                Ok(Some((Found::Scalar(kind), _))) => Ok(kind.as_str().unwrap_or_default().into()),
                _ => Ok(String::new()),
            };
        }
        let kind = operations.iter().find_map(|op| match (&op.obj, &op.key, &op.action) {
            (ObjectId::Root, Key::Map(key), OpType::Put(ScalarValue::Str(kind))) if key == "kind" => {
                Some(kind)
            }
            _ => None,
        });
        kind.map(ToString::to_string)
            .ok_or(Violation::Malformed { field: "kind".into(), wanted: "a text, set by the first change" })
    }

    fn since(&self, operations: &[Op]) -> Made {
        let found = match self.is_first() {
            true => operations.iter().find_map(|op| match (&op.obj, &op.key, &op.action) {
                (ObjectId::Root, Key::Map(key), OpType::Put(value)) if key == "made" => scalar_int(value),
                _ => None,
            }),
            false => match self.past.get(ROOT, "made") {
                Ok(Some((Found::Scalar(value), _))) => scalar_int(&value),
                _ => None,
            },
        };
        Made(found.map(Moment))
    }

    /// Events that move a site's goods are the word of that site's devices: a dispatch the sender's, an
    /// arrival the receiver's, what a customer brings or a supplier gets the site's where that is.
    fn at_their_sites(&self, kind: Option<Kind>, operations: &[Op]) -> Result<(), Violation> {
        let author = self.envelope.author_site.as_ref().map_or("", SiteId::as_str);
        // A document that is begun for another site is foreign as a whole: the replica says so.
        if self.is_first() && self.said(operations, "site").is_some_and(|site| site != author) {
            return Ok(());
        }
        for event in &self.events {
            let said = |field| self.said(operations, field);
            for site in self.tellers(kind, event).into_iter().filter_map(said) {
                if site != author {
                    let what = format!("the event {} of a {}", event.kind, kind.map_or("", Kind::as_str));
                    return Err(Violation::OtherSite { what, site, author: author.into() });
                }
            }
        }
        Ok(())
    }

    /// The fields of the root that name the sites whose word an event is.
    fn tellers(&self, kind: Option<Kind>, event: &NewEvent) -> Vec<&'static str> {
        match (kind, event.kind.as_str()) {
            (Some(Kind::SupplierReturn), _) => vec!["site"],
            (Some(Kind::Hold), "requested" | "released") => vec!["site"],
            (Some(Kind::Return), "received" | "inspected") => vec!["site"],
            (Some(Kind::Transfer), "dispatched") => vec!["from"],
            (Some(Kind::Transfer), "received") => vec!["to"],
            (Some(Kind::Transfer), "closed") => event
                .outcomes
                .iter()
                .filter_map(|outcome| match outcome.as_str() {
                    "late" => Some("to"),
                    "never_left" => Some("from"),
                    _ => None,
                })
                .collect(),
            (Some(Kind::Transfer), "reversed") => match self.type_of(event.reverses.as_deref()).as_deref() {
                Some("dispatched") => vec!["from"],
                Some("received") => vec!["to"],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// A text of the root: what was there, or what the first change sets.
    fn said(&self, operations: &[Op], field: &str) -> Option<String> {
        if self.is_first() {
            return operations.iter().find_map(|op| match (&op.obj, &op.key, &op.action) {
                (ObjectId::Root, Key::Map(key), OpType::Put(ScalarValue::Str(text))) if key == field => {
                    Some(text.to_string())
                }
                _ => None,
            });
        }
        match self.past.get(ROOT, field) {
            Ok(Some((Found::Scalar(text), _))) => text.as_str().map(str::to_owned),
            _ => None,
        }
    }

    /// The type of an event that was there before.
    fn type_of(&self, event: Option<&str>) -> Option<String> {
        let id: EventId = event?.parse().ok()?;
        let (_, events) = self.grow.iter().find(|(map, _)| *map == Grow::Events)?;
        let (_, event) = self.past.get(events.as_ref()?, self.since.key(&id)).ok()??;
        match self.past.get(&event, "type") {
            Ok(Some((Found::Scalar(text), _))) => text.as_str().map(str::to_owned),
            _ => None,
        }
    }

    fn operation(&mut self, op: &Op, counter: u64, kind: Option<Kind>) -> Result<(), Violation> {
        if let Key::Map(name) = &op.key {
            self.names += name.len();
            if self.names > MAX_NAMES {
                return Err(Violation::TooComplex { what: "names of fields", max: MAX_NAMES });
            }
        }
        self.plain &= is_plain(op);
        let (object, object_counter) = match &op.obj {
            ObjectId::Root => {
                self.plain &= self.is_first();
                let (Key::Map(field), false) = (&op.key, op.insert) else { return Err(shapeless()) };
                let place = self.root_operation(op, field, kind)?;
                self.remember(op, counter, place, 1)?;
                return Ok(());
            }
            ObjectId::Id(id) => (self.object(id)?, id.counter()),
        };
        let map = matches!(object.shape, ObjType::Map | ObjType::Table);
        if map != op.key.is_map_key() || (map && op.insert) {
            return Err(shapeless());
        }
        let place = match object.place {
            Place::Grow(map) => self.grow_operation(op, map)?,
            Place::New { map, key, event, own } => {
                if !self.only_adds(op, object_counter, counter) {
                    return Err(Violation::Overwritten { map, key: self.keys[key].clone() });
                }
                if let Some(event) = event {
                    self.events[event].take(op, own);
                }
                Place::New { map, key, event, own: false }
            }
            Place::Field { field, new } => {
                let free = !is_written_once(kind);
                let adds = new && self.only_adds(op, object_counter, counter);
                self.plain &= adds;
                if !free && !adds {
                    return Err(Violation::WriteOnceField { field: self.keys[field].clone() });
                }
                Place::Field { field, new: true }
            }
        };
        self.remember(op, counter, place, object.depth + 1)
    }

    /// Keeps what the operation made, for those that work on it.
    fn remember(&mut self, op: &Op, counter: u64, place: Place, depth: usize) -> Result<(), Violation> {
        let OpType::Make(shape) = op.action else { return Ok(()) };
        if depth > MAX_DEPTH {
            return Err(Violation::TooComplex { what: "nested objects", max: MAX_DEPTH });
        }
        self.made.insert(counter, Object { shape, depth, place });
        Ok(())
    }

    fn key(&mut self, key: String) -> usize {
        self.keys.push(key);
        self.keys.len() - 1
    }

    /// The object of an id.
    fn object(&mut self, id: &OpId) -> Result<Object, Violation> {
        let missing = || Violation::DoesNotApply(format!("object {} isn't there", id.counter()));
        if id.actor().to_bytes() == self.header.actor && id.counter() >= self.header.start_op {
            return self.made.get(&id.counter()).copied().ok_or_else(missing);
        }
        let object = ObjId::Id(id.counter(), id.actor().clone(), 0);
        let shape = self.past.object_type(&object).map_err(|_| missing())?;
        if let Some((map, _)) = self.grow.iter().find(|(_, grow)| grow.as_ref() == Some(&object)) {
            return Ok(Object { shape, depth: 1, place: Place::Grow(*map) });
        }
        let path = self.past.parents(&object).map_err(|_| missing())?.path();
        let name = |n: usize| match path.get(n) {
            Some((_, Prop::Map(name))) => name.clone(),
            _ => String::new(),
        };
        // An object in a line or event that was there before is nobody's to work on any more.
        if let Some((map, _)) = self.grow.iter().find(|(map, _)| map.field() == name(0)) {
            return Err(Violation::Overwritten { map: *map, key: name(1) });
        }
        let place = Place::Field { field: self.key(name(0)), new: false };
        Ok(Object { shape, depth: path.len(), place })
    }

    /// An operation on the root.
    fn root_operation(&mut self, op: &Op, field: &str, kind: Option<Kind>) -> Result<Place, Violation> {
        let place = Place::Field { field: self.key(field.into()), new: true };
        let once = || Violation::WriteOnceField { field: field.into() };
        let fresh = op.pred.is_empty() && self.set.insert((0, op.key.clone()));
        if let Some(map) = [Grow::Lines, Grow::Events].into_iter().find(|map| map.field() == field) {
            return match op.action {
                _ if !self.is_first() || !fresh => Err(once()),
                OpType::Make(ObjType::Map) => Ok(Place::Grow(map)),
                _ => Err(Violation::Malformed { field: field.into(), wanted: "a map" }),
            };
        }
        if field == "schema" || field == "rules" {
            let all = self.past.get_all(ROOT, field).unwrap_or_default();
            let known = all.iter().filter_map(|(value, _)| found_int(value)).max().unwrap_or(0);
            let raised = match &op.action {
                OpType::Put(value) => {
                    scalar_int(value).is_some_and(|v| u64::try_from(v).is_ok_and(|v| v >= known))
                }
                _ => false,
            };
            let lowered = || Violation::LoweredVersion { field: field.into(), known };
            return raised.then_some(place).ok_or_else(lowered);
        }
        if self.is_first() {
            return (fresh && adds(op)).then_some(place).ok_or_else(once);
        }
        let there = || self.past.get(ROOT, field).is_ok_and(|found| found.is_some());
        let closed = FIRST_ONLY.contains(&field) || fields_of(kind).contains(&field);
        // A field that this program doesn't know may be added once by one that does.
        if closed || (is_written_once(kind) && (!fresh || !adds(op) || there())) {
            return Err(once());
        }
        Ok(place)
    }

    /// An operation on `lines` or `events`: a new key, holding a map that this change makes.
    fn grow_operation(&mut self, op: &Op, map: Grow) -> Result<Place, Violation> {
        let Key::Map(key) = &op.key else { return Err(shapeless()) };
        let key = key.to_string();
        if op.action == OpType::Delete {
            return Err(Violation::Deleted { map, key });
        }
        let object = self.grow.iter().find(|(m, _)| *m == map).and_then(|(_, object)| object.as_ref());
        let there = object.is_some_and(|o| self.past.get(o, key.as_str()).is_ok_and(|found| found.is_some()));
        let again = !self.set.insert((u64::MAX - map as u64, op.key.clone()));
        if !op.pred.is_empty() || there || again {
            return Err(Violation::Overwritten { map, key });
        }
        if op.action != OpType::Make(ObjType::Map) {
            return Err(Violation::Malformed { field: format!("{}.{key}", map.field()), wanted: "a map" });
        }
        if map == Grow::Lines {
            return Ok(Place::New { map, key: self.key(key), event: None, own: false });
        }
        let id = self.since.event(&key).map_err(|_| Violation::BadEventId { key: key.clone() })?;
        if id.device != self.envelope.author_code {
            let author = self.envelope.author_code.to_string();
            return Err(Violation::ForeignEvent { event: key, author });
        }
        self.events.push(NewEvent::default());
        Ok(Place::New { map, key: self.key(key), event: Some(self.events.len() - 1), own: true })
    }

    /// Whether an operation within an object that this change made only adds to it.
    fn only_adds(&mut self, op: &Op, object: u64, counter: u64) -> bool {
        if !op.pred.is_empty() || !adds(op) {
            return false;
        }
        match &op.key {
            Key::Map(_) => self.set.insert((object, op.key.clone())),
            Key::Seq(after) => {
                let after_is_here = match after {
                    ElementId::Head => true,
                    ElementId::Id(id) => {
                        id.actor().to_bytes() == self.header.actor
                            && self.inserted.get(&id.counter()) == Some(&object)
                    }
                };
                self.inserted.insert(counter, object);
                op.insert && after_is_here
            }
        }
    }
}

impl NewEvent {
    /// Keeps what says who may write the event.
    fn take(&mut self, op: &Op, own: bool) {
        match (&op.key, &op.action) {
            (Key::Map(name), OpType::Put(ScalarValue::Str(outcome))) if !own && name == "outcome" => {
                self.outcomes.push(outcome.to_string());
            }
            _ if !own => {}
            (Key::Map(name), OpType::Put(ScalarValue::Str(event))) if name == "event" => {
                self.reverses = Some(event.to_string());
            }
            (Key::Map(name), OpType::Put(ScalarValue::Str(kind))) if name == "type" => {
                self.kind = kind.to_string();
            }
            (Key::Map(name), OpType::Put(ScalarValue::Boolean(true))) if name == "by_hand" => {
                self.by_hand = true;
            }
            _ => {}
        }
    }
}

/// Payouts, verified sales and answers to who asks for a hold are HQ's; a branch pays by hand.
fn allowed_at_a_branch(kind: Option<Kind>, event: &NewEvent) -> Result<(), Violation> {
    let hq = match (kind, event.kind.as_str()) {
        (Some(Kind::Return), "payout_intended" | "payout_accepted" | "payout_failed" | "sale_verified") => {
            true
        }
        (Some(Kind::Return), "paid") => !event.by_hand,
        (Some(Kind::Hold), "granted" | "refused") => true,
        _ => false,
    };
    if hq { Err(Violation::HqOnly { what: format!("the event {}", event.kind) }) } else { Ok(()) }
}

/// Whether a kind's own fields are set by the first change alone: those of master data are the
/// last writer's, and what an unknown kind allows isn't known.
fn is_written_once(kind: Option<Kind>) -> bool {
    !fields_of(kind).is_empty()
}

/// The fields of a kind that only its first change may set, beside those of every kind.
fn fields_of(kind: Option<Kind>) -> &'static [&'static str] {
    match kind {
        Some(Kind::SaleBatch) => sale_batch::FIELDS,
        Some(Kind::Return) => returns::FIELDS,
        Some(Kind::Adjustment) => adjustment::FIELDS,
        Some(Kind::Transfer) => transfer::FIELDS,
        Some(Kind::SupplierReturn) => supplier_return::FIELDS,
        Some(Kind::Reservation) => reservation::FIELDS,
        Some(Kind::Hold) => hold::FIELDS,
        Some(Kind::Count) => count::FIELDS,
        Some(Kind::Resolution) => resolution::FIELDS,
        Some(Kind::CashShift) => cash_shift::FIELDS,
        Some(Kind::RedInvoice) => red_invoice::FIELDS,
        Some(Kind::PeriodClose) => period_close::FIELDS,
        Some(Kind::Product | Kind::Site | Kind::Supplier | Kind::User | Kind::Settings | Kind::CountPlan)
        | None => &[],
    }
}

/// Whether an operation puts a value, rather than takes one away or alters it.
fn adds(op: &Op) -> bool {
    matches!(op.action, OpType::Make(_) | OpType::Put(_))
}

/// Whether it puts a value of the shapes that this program writes, where there was none.
fn is_plain(op: &Op) -> bool {
    use ScalarValue::{Boolean, Bytes, Int, Str};
    let shape = match &op.action {
        OpType::Make(shape) => matches!(shape, ObjType::Map | ObjType::List),
        OpType::Put(value) => matches!(value, Str(_) | Bytes(_) | Int(_) | Boolean(_)),
        _ => false,
    };
    shape && op.pred.is_empty()
}

fn shapeless() -> Violation {
    Violation::DoesNotApply("an operation doesn't fit the object it works on".into())
}
