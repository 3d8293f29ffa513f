//! A document as its changes make it: an Automerge document in memory, to be read or added to.
//!
//! What surprises: it does not know its own id (a document is named by who made it, in the journal
//! entry), and it believes nothing about who wrote an event but what the caller proves of the change
//! that made the event's map.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use automerge::hydrate::{Map, Value};
use automerge::{Automerge, AutomergeError, ObjId, ObjType, ROOT, ReadDoc, Value as Found};
use guicang_domain::document::{Document, Head, ImportMark, Kind, RULES};
use guicang_domain::event::{Event, Proof};
use guicang_domain::ids::{ChangeHash, DocumentId, EventId, Number, SiteId};
use guicang_domain::time::Zone;

use crate::event::{Body, Said};
use crate::header::{Header, HeaderError, decode, header_of};
use crate::isolate::{Panicked, isolated};
use crate::value::{FieldError, Fields, int_of, scalar_int};
use crate::{
    SCHEMA, adjustment, cash_shift, count, count_plan, event, hold, period_close, product, red_invoice,
    reservation, resolution, returns, sale_batch, settings, site, supplier, supplier_return, transfer, user,
};

/// A document built from its changes.
///
/// After an error of a function that changes it, it is to be dropped and built anew.
#[derive(Debug, Clone)]
pub struct Replayed {
    pub(crate) doc: Automerge,
    /// Every change in it.
    pub(crate) changes: BTreeMap<ChangeHash, Place>,
    /// What the last check found good.
    pub(crate) checked: Option<Checked>,
}

/// A change that was found good, and the document with it.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    pub bytes: Vec<u8>,
    pub header: Header,
    pub doc: Automerge,
}

/// Where a change stands in its document.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub actor: Vec<u8>,
    pub seq: u64,
    pub max_op: u64,
    pub deps: Vec<ChangeHash>,
}

impl Place {
    fn of(header: &Header) -> Self {
        Self {
            actor: header.actor.clone(),
            seq: header.seq,
            max_op: header.max_op,
            deps: header.deps.clone(),
        }
    }
}

/// Why changes make no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// One of them isn't a change.
    #[error(transparent)]
    Change(#[from] HeaderError),
    /// Changes are missing that these were made upon.
    #[error("{} changes are missing that the others were made upon, {} among them", missing.len(), missing[0])]
    MissingDependency {
        /// Which; at least one.
        missing: Vec<ChangeHash>,
    },
    /// Automerge refused or panicked.
    #[error("the changes make no document: {0}")]
    Automerge(String),
}

impl From<Panicked> for ReplayError {
    fn from(e: Panicked) -> Self {
        Self::Automerge(e.to_string())
    }
}

impl From<AutomergeError> for ReplayError {
    fn from(e: AutomergeError) -> Self {
        Self::Automerge(e.to_string())
    }
}

/// Why a document can't be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It has no changes.
    #[error("the document has no changes")]
    Empty,
    /// Automerge refused or panicked.
    #[error("the document can't be read: {0}")]
    Automerge(#[from] Panicked),
}

/// What a document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The document; `None` when its kind is unknown or its own fields can't be read. What is read
    /// of a newer one may lack what this program doesn't know.
    pub document: Option<Document>,
    /// What could be read of its head.
    pub head: HeadRead,
    /// Its kind, known or not; empty when it has none.
    pub kind: String,
    /// Whether it asks for newer rules, or has a newer shape, than this program knows. It is shown,
    /// and not added to.
    pub newer: bool,
    /// What can't be read, in the order of the fields' paths.
    pub problems: Vec<ReadProblem>,
}

/// What could be read of a document's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadRead {
    /// Its identity.
    pub id: DocumentId,
    /// Its site.
    pub site: Option<SiteId>,
    /// Its number.
    pub number: Option<Number>,
    /// The version of its shape: the maximum over conflicting values; 0 where there is none.
    pub schema: u64,
    /// The least rules version that may add to it, likewise.
    pub rules: u64,
    /// The zone in which its times are told.
    pub zone: Option<Zone>,
}

/// Something in a document that can't be read; the rest of it can.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum ReadProblem {
    /// A field. A line of such a field is left out; an event with such a payload stands as unknown.
    #[error("{field}: found {found}, wanted {wanted}")]
    Field {
        /// Its path.
        field: String,
        /// What was found.
        found: String,
        /// What would be right.
        wanted: String,
    },
    /// An event whose change is in no journal entry that the caller knows; it is left out.
    #[error("event {event}: nothing proves who wrote change {change}")]
    Unproven {
        /// The event's id.
        event: String,
        /// The change that made it.
        change: ChangeHash,
    },
    /// Two events have one id; the one whose change was stamped first stands.
    #[error("event {event} was written twice; that of change {stands} stands")]
    Twice {
        /// The event's id.
        event: String,
        /// The change that made the event that stands.
        stands: ChangeHash,
    },
}

impl From<FieldError> for ReadProblem {
    fn from(e: FieldError) -> Self {
        Self::Field { field: e.field, found: e.found, wanted: e.wanted }
    }
}

/// Proves who wrote a change; `None` for a change that no known journal entry carries.
pub type Prove<'a> = dyn Fn(&ChangeHash) -> Option<Proof> + 'a;

impl Replayed {
    /// A document of no changes: what a first change is checked against.
    pub fn empty() -> Self {
        Self { doc: Automerge::new(), changes: BTreeMap::new(), checked: None }
    }

    /// The document of raw changes, in whatever order they come.
    ///
    /// # Errors
    /// [`ReplayError`] when one is no change, one is missing, or Automerge refuses them.
    pub fn new(changes: &[&[u8]]) -> Result<Self, ReplayError> {
        let decoded = changes.iter().map(|bytes| decode(bytes)).collect::<Result<Vec<_>, _>>()?;
        let mut replayed = Self::empty();
        let (mut missing, mut places) = (BTreeSet::new(), BTreeMap::new());
        for change in &decoded {
            let header = header_of(change);
            places.insert(header.hash, Place::of(&header));
            missing.extend(header.deps);
        }
        missing.retain(|hash| !places.contains_key(hash));
        if !missing.is_empty() {
            return Err(ReplayError::MissingDependency { missing: missing.into_iter().collect() });
        }
        isolated(|| replayed.doc.apply_changes(decoded))??;
        replayed.changes = places;
        Ok(replayed)
    }

    /// The changes that no other of its changes was made upon.
    pub fn heads(&self) -> Vec<ChangeHash> {
        self.doc.get_heads().iter().map(|h| ChangeHash(h.0)).collect()
    }

    /// Whether a change is in it.
    pub fn contains(&self, hash: &ChangeHash) -> bool {
        self.changes.contains_key(hash)
    }

    /// Whether it has no changes.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Adds a change. One that was just checked is not applied a second time.
    ///
    /// # Errors
    /// [`ReplayError`] when it is no change, its dependencies are missing, or Automerge refuses it.
    pub fn apply(&mut self, change: &[u8]) -> Result<(), ReplayError> {
        if let Some(checked) = self.checked.take().filter(|checked| checked.bytes == change) {
            self.doc = checked.doc;
            self.changes.insert(checked.header.hash, Place::of(&checked.header));
            return Ok(());
        }
        let decoded = decode(change)?;
        let header = header_of(&decoded);
        if self.contains(&header.hash) {
            return Ok(());
        }
        let missing: Vec<_> = header.deps.iter().filter(|d| !self.contains(d)).copied().collect();
        if !missing.is_empty() {
            return Err(ReplayError::MissingDependency { missing });
        }
        isolated(|| self.doc.apply_changes([decoded]))??;
        self.changes.insert(header.hash, Place::of(&header));
        Ok(())
    }

    /// Reads the document: one hydrate, then a walk.
    ///
    /// `prove` tells who wrote a change. An event's proof is that of the change that made its map.
    ///
    /// # Errors
    /// [`ReadError`] when there is nothing, or Automerge panics. What is merely malformed is told in
    /// [`Reading::problems`].
    pub fn read(&self, id: DocumentId, prove: &Prove<'_>) -> Result<Reading, ReadError> {
        if self.is_empty() {
            return Err(ReadError::Empty);
        }
        Ok(isolated(|| self.read_hydrated(id, prove))?)
    }

    fn read_hydrated(&self, id: DocumentId, prove: &Prove<'_>) -> Reading {
        let Value::Map(root) = self.doc.hydrate(None) else { unreachable!("the root is a map") };
        let fields = Fields::of(&root, id);
        let mut problems = Vec::new();
        let head = HeadRead {
            id,
            site: told(fields.opt_parse("site"), &mut problems).flatten(),
            number: told(fields.parse("number"), &mut problems),
            schema: self.version(&root, "schema"),
            rules: self.version(&root, "rules"),
            zone: told(fields.parse("zone"), &mut problems),
        };
        let kind = told(fields.text("kind"), &mut problems).unwrap_or_default().to_string();
        let document = match (kind.parse(), &head.number, head.zone) {
            (Ok(kind), Some(number), Some(zone)) => {
                let (site, number) = (head.site.clone(), number.clone());
                let import = told(read_import(&fields), &mut problems).flatten();
                let head = Head { id, site, number, schema: head.schema, rules: head.rules, zone, import };
                self.read_kind(kind, head, &fields, prove, &mut problems)
            }
            _ => None,
        };
        problems.sort();
        let newer = head.rules > RULES || head.schema > SCHEMA;
        Reading { document, head, kind, newer, problems }
    }

    fn read_kind(
        &self,
        kind: Kind,
        head: Head,
        fields: &Fields<'_>,
        prove: &Prove<'_>,
        problems: &mut Vec<ReadProblem>,
    ) -> Option<Document> {
        let zone = head.zone;
        let mut told_of = Vec::new();
        let problem = |e: FieldError| told_of.push(e.into());
        let document = match kind {
            Kind::SaleBatch => {
                let events = self.read_events(fields, zone, prove, problems);
                sale_batch::read(head, fields, events).map(Document::Sales)
            }
            Kind::Return => {
                let events = self.read_events(fields, zone, prove, problems);
                returns::read(head, fields, events, problem).map(Document::Return)
            }
            Kind::Adjustment => {
                let events = self.read_events(fields, zone, prove, problems);
                adjustment::read(head, fields, events, problem).map(Document::Adjustment)
            }
            Kind::Transfer => {
                let events = self.read_events(fields, zone, prove, problems);
                transfer::read(head, fields, events, problem).map(Document::Transfer)
            }
            Kind::SupplierReturn => {
                let events = self.read_events(fields, zone, prove, problems);
                supplier_return::read(head, fields, events, problem).map(Document::SupplierReturn)
            }
            Kind::Reservation => {
                let events = self.read_events(fields, zone, prove, problems);
                reservation::read(head, fields, events, problem).map(Document::Reservation)
            }
            Kind::Hold => {
                let events = self.read_events(fields, zone, prove, problems);
                hold::read(head, fields, events, problem).map(Document::Hold)
            }
            Kind::Count => {
                let events = self.read_events(fields, zone, prove, problems);
                count::read(head, fields, events).map(Document::Count)
            }
            Kind::Resolution => {
                let events = self.read_events(fields, zone, prove, problems);
                resolution::read(head, fields, events).map(Document::Resolution)
            }
            Kind::CashShift => {
                let events = self.read_events(fields, zone, prove, problems);
                cash_shift::read(head, fields, events).map(Document::CashShift)
            }
            Kind::RedInvoice => {
                let events = self.read_events(fields, zone, prove, problems);
                red_invoice::read(head, fields, events, problem).map(Document::RedInvoice)
            }
            Kind::PeriodClose => {
                let events = self.read_events(fields, zone, prove, problems);
                period_close::read(head, fields, events).map(Document::PeriodClose)
            }
            Kind::Product => product::read(head, fields, problem).map(Document::Product),
            Kind::Site => site::read(head, fields).map(Document::Site),
            Kind::CountPlan => count_plan::read(head, fields).map(Document::CountPlan),
            Kind::Supplier => supplier::read(head, fields).map(Document::Supplier),
            Kind::User => {
                let events = self.read_events(fields, zone, prove, problems);
                user::read(head, fields, events).map(Document::User)
            }
            Kind::Settings => {
                let events = self.read_events(fields, zone, prove, problems);
                settings::read(head, fields, events, problem).map(Document::Settings)
            }
        };
        problems.append(&mut told_of);
        told(document, problems)
    }

    /// A version in the root: the maximum over conflicting values, so that a newer program's raise is
    /// never lost to an older program's value.
    fn version(&self, root: &Map, field: &str) -> u64 {
        match root.iter().find(|(name, _)| *name == field) {
            Some((_, found)) if found.conflict => self.root_version(field),
            Some((_, found)) => int_of(&found.value).and_then(|v| v.try_into().ok()).unwrap_or(0),
            None => 0,
        }
    }

    /// The events, in order of rank.
    fn read_events<B: Body>(
        &self,
        fields: &Fields<'_>,
        zone: Zone,
        prove: &Prove<'_>,
        problems: &mut Vec<ReadProblem>,
    ) -> Vec<Event<B>> {
        let Some(map) = told(fields.opt_map("events"), problems).flatten() else { return Vec::new() };
        let mut events = Vec::new();
        let lines = fields.opt_map("lines").ok().flatten().map(|lines| lines.map());
        let mut said = (None, Said::default());
        let found = self.found_events(&map, prove, problems);
        for EventFound { change, id, key, map, stands } in &found {
            // What an event leaves out is said by those before it in its change.
            if said.0 != Some(*change) {
                said = (Some(*change), Said::default());
            }
            said.1 = said.1.and(id, map);
            if !stands {
                continue;
            }
            let Some(proof) = prove(change) else {
                problems.push(ReadProblem::Unproven { event: id.to_string(), change: *change });
                continue;
            };
            let fields = Fields::of(map, fields.document()).beside(lines);
            let under = |e: FieldError| ReadProblem::from(e.under(&format!("events.{key}")));
            match event::read(id.clone(), &fields, &said.1, zone, proof) {
                Ok((event, problem)) => {
                    events.push(event);
                    problems.extend(problem.map(under));
                }
                Err(e) => problems.push(under(e)),
            }
        }
        events.sort_by_cached_key(Event::rank);
        events
    }

    /// The events' maps: those of one change together, by id.
    fn found_events<'a>(
        &self,
        events: &Fields<'a>,
        prove: &Prove<'_>,
        problems: &mut Vec<ReadProblem>,
    ) -> Vec<EventFound<'a>> {
        let makers = self.makers();
        let made = self.made();
        let mut found = Vec::new();
        for (key, value) in events.iter() {
            let id = match made.event(key) {
                Ok(id) => id,
                Err(e) => {
                    problems.push(e.under("events").into());
                    continue;
                }
            };
            let mut add = |value: Cow<'a, Value>, change, stands| match value {
                Cow::Borrowed(Value::Map(map)) => {
                    found.push(EventFound { change, id: id.clone(), key, map: Cow::Borrowed(map), stands });
                }
                Cow::Owned(Value::Map(map)) => {
                    found.push(EventFound { change, id: id.clone(), key, map: Cow::Owned(map), stands });
                }
                _ if stands => problems.push(ReadProblem::Field {
                    field: format!("events.{key}"),
                    found: "no map".into(),
                    wanted: "a map".into(),
                }),
                _ => {}
            };
            let written = if value.conflict { self.written(key, prove) } else { Vec::new() };
            match (written.first(), makers.of(key)) {
                (Some((_, stands)), _) => {
                    let stands = *stands;
                    for (value, change) in written {
                        add(Cow::Owned(value), change, change == stands);
                    }
                    problems.push(ReadProblem::Twice { event: id.to_string(), stands });
                }
                (None, Some(change)) => add(Cow::Borrowed(&value.value), change, true),
                (None, None) => {}
            }
        }
        found.sort_by(|a, b| (a.change, &a.id).cmp(&(b.change, &b.id)));
        found
    }

    /// As [`Self::version`], without a hydrate.
    pub(crate) fn root_version(&self, field: &str) -> u64 {
        let all = self.doc.get_all(ROOT, field).unwrap_or_default();
        all.iter().filter_map(|(value, _)| found_int(value)).max().unwrap_or(0)
    }

    /// A whole number of the root's.
    pub(crate) fn root_int(&self, field: &str) -> Option<i64> {
        match self.doc.get(ROOT, field) {
            Ok(Some((Found::Scalar(scalar), _))) => scalar_int(&scalar),
            _ => None,
        }
    }

    /// A text of the root's.
    pub(crate) fn root_text(&self, field: &str) -> Option<String> {
        match self.doc.get(ROOT, field) {
            Ok(Some((Found::Scalar(scalar), _))) => scalar.as_str().map(Into::into),
            _ => None,
        }
    }

    /// Takes note of a change that was made here.
    pub(crate) fn adopt(&mut self, header: &Header) {
        self.checked = None;
        self.changes.insert(header.hash, Place::of(header));
    }

    /// Which change made each event's map.
    fn makers(&self) -> Makers {
        if self.changes.len() == 1 {
            // Asking Automerge costs a look-up for each event, and most documents have one change.
            return Makers::One(*self.changes.keys().next().expect("one"));
        }
        let Some(events) = self.object("events") else { return Makers::Each(BTreeMap::new()) };
        let items = self.doc.map_range(&events, ..);
        let found = items.filter_map(|item| Some((item.key.to_string(), self.maker(&item.id())?)));
        Makers::Each(found.collect())
    }

    /// The change that made an object.
    pub(crate) fn maker(&self, object: &ObjId) -> Option<ChangeHash> {
        self.doc.hash_for_opid(object).map(|hash| ChangeHash(hash.0))
    }

    /// A map of the root's: `lines`, `events`.
    pub(crate) fn object(&self, field: &str) -> Option<ObjId> {
        match self.doc.get(ROOT, field) {
            Ok(Some((Found::Object(ObjType::Map), object))) => Some(object),
            _ => None,
        }
    }

    /// The events that were written under one key, each with its change; the one whose change was
    /// stamped first is the first, and stands. Two come about when a device was cloned, or lies;
    /// without this rule the later one would hide the earlier.
    fn written(&self, key: &str, prove: &Prove<'_>) -> Vec<(Value, ChangeHash)> {
        let all = self.object("events").and_then(|events| self.doc.get_all(&events, key).ok());
        let found = all.into_iter().flatten().filter_map(|(_, object)| {
            let change = self.maker(&object)?;
            let stamped = prove(&change).and_then(|proof| proof.stamped);
            Some(((stamped.is_none(), stamped, change), object))
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|(order, _)| *order);
        let value = |((_, _, change), object)| Some((self.hydrate_object(&object)?, change));
        found.into_iter().filter_map(value).collect()
    }

    /// All that an object holds.
    pub(crate) fn hydrate_object(&self, object: &ObjId) -> Option<Value> {
        ReadDoc::hydrate(&self.doc, object, None).ok()
    }
}

/// An event's map, and where it comes from.
struct EventFound<'a> {
    change: ChangeHash,
    id: EventId,
    key: &'a str,
    map: Cow<'a, Map>,
    /// Whether it is the one that counts under its key.
    stands: bool,
}

enum Makers {
    One(ChangeHash),
    Each(BTreeMap<String, ChangeHash>),
}

impl Makers {
    fn of(&self, key: &str) -> Option<ChangeHash> {
        match self {
            Makers::One(hash) => Some(*hash),
            Makers::Each(hashes) => hashes.get(key).copied(),
        }
    }
}

fn read_import(fields: &Fields<'_>) -> Result<Option<ImportMark>, FieldError> {
    let Some(mark) = fields.opt_map("import")? else { return Ok(None) };
    let read = || -> Result<_, FieldError> {
        let (file, profile) = (mark.text("file")?.into(), mark.text("profile")?.into());
        Ok(ImportMark { number: mark.parse("number")?, file, profile })
    };
    read().map(Some).map_err(|e| e.under("import"))
}

/// The value; or `None`, and the error told among the problems.
fn told<T>(read: Result<T, FieldError>, problems: &mut Vec<ReadProblem>) -> Option<T> {
    read.map_err(|e| problems.push(e.into())).ok()
}

/// A value as a version number.
pub(crate) fn found_int(value: &Found<'_>) -> Option<u64> {
    match value {
        Found::Scalar(scalar) => scalar_int(scalar).and_then(|v| v.try_into().ok()),
        Found::Object(_) => None,
    }
}
