//! Events: a map each, under the document's `events`, keyed by the event's id ([`Made::key`]).
//!
//! Shape: `type`, what all events say (`at`, occurred, ms; `zone`; `seen`, ms; `user`; `policy`), and
//! the payload's own fields. Who wrote an event is not among them: that is proven by the change that
//! made its map, never told by the event.
//!
//! What surprises: of what all events say, an event leaves out what the event before it **in the same
//! change** (by event id) says too; the first of a change leaves out `at` where that is its recorded
//! moment, `zone` where that is the document's, and `policy` where there is none. A command's events
//! share all of it, so each but the first is its type and its payload. A change never changes, so what
//! is left out can't come to mean anything else.

use automerge::ScalarValue;
use automerge::hydrate::{Map, MapValue, Value};
use guicang_domain::event::{Event, Proof};
use guicang_domain::ids::{EventId, UserName};
use guicang_domain::time::{Moment, Occurred, Zone};

use crate::key::Made;
use crate::value::{FieldError, Fields, Out, parse, text_of, whole};

/// What a kind's events say beyond what all events say.
pub(crate) trait Body: Sized {
    /// Its `type`.
    fn name(&self) -> &str;
    /// Writes its own fields.
    fn write(&self, out: &mut Out);
    /// Reads an event of that `type`; one that this program doesn't know is no error.
    fn read(name: &str, fields: &Fields<'_>) -> Result<Self, FieldError>;
    /// An event that can't be interpreted.
    fn unknown(name: &str) -> Self;
}

/// Writes events of one change, in order of their ids, each into its own map of `make`.
fn write_each<'e, B: Body>(
    events: &'e [Event<B>],
    home: Zone,
    mut make: impl FnMut(&'e EventId, &dyn Fn(&mut Out)),
) {
    let mut sorted: Vec<&Event<B>> = events.iter().collect();
    sorted.sort_by(|a, b| a.id.cmp(&b.id));
    let mut before: Option<&Event<B>> = None;
    for event in sorted {
        make(&event.id, &|out| write(event, before, home, out));
        before = Some(event);
    }
}

fn write<B: Body>(event: &Event<B>, before: Option<&Event<B>>, home: Zone, out: &mut Out) {
    out.text("type", event.body.name());
    let (at, zone, policy) = match before {
        Some(e) => (e.occurred.at, e.occurred.zone, e.policy.as_str()),
        None => (event.id.recorded.moment(), home, ""),
    };
    if event.occurred.at != at {
        out.int("at", event.occurred.at.0);
    }
    if event.occurred.zone != zone {
        out.show("zone", event.occurred.zone);
    }
    if event.policy != policy {
        out.text("policy", &event.policy);
    }
    if before.is_none_or(|e| e.seen != event.seen) {
        out.int("seen", event.seen.0);
    }
    if before.is_none_or(|e| e.user != event.user) {
        out.text("user", event.user.as_str());
    }
    event.body.write(out);
}

/// Writes a document's events, all of them its first change's, and the moment that their keys are told
/// from.
pub(crate) fn write_all<B: Body>(events: &[Event<B>], home: Zone, root: &mut Out) {
    let made = Made(events.iter().map(|e| e.id.recorded.moment()).min());
    root.lines_are_written();
    root.opt_int("made", made.0.map(|made| made.0)).map("events", |out| {
        write_each(events, home, |id, event| _ = out.map(&made.key(id), |out| event(out)));
    });
}

/// The maps of events that one change appends, in order of their ids.
pub(crate) fn maps<B: Body>(events: &[Event<B>], home: Zone) -> Vec<(EventId, Value)> {
    let mut maps = Vec::with_capacity(events.len());
    write_each(events, home, |id, event| {
        let mut out = Out::default();
        event(&mut out);
        maps.push((id.clone(), out.into_value()));
    });
    maps
}

/// What all events say, as far as it is known on the way through the events of one change.
#[derive(Clone, Copy, Default)]
pub(crate) struct Said<'a> {
    at: Option<&'a Value>,
    zone: Option<&'a Value>,
    policy: Option<&'a Value>,
    seen: Option<&'a Value>,
    user: Option<&'a Value>,
    /// The first event's recorded moment: what `at` is until one says otherwise.
    recorded: Option<Moment>,
}

impl<'a> Said<'a> {
    /// What holds for the event that comes next in the change, by id.
    pub fn and(self, id: &EventId, map: &'a Map) -> Self {
        Self {
            at: map.get("at").or(self.at),
            zone: map.get("zone").or(self.zone),
            policy: map.get("policy").or(self.policy),
            seen: map.get("seen").or(self.seen),
            user: map.get("user").or(self.user),
            recorded: self.recorded.or(Some(id.recorded.moment())),
        }
    }

    /// Puts what an event left out into its map, so that it says the same in another change.
    pub fn fill(&self, map: &mut Map, home: &str) {
        let at = self.recorded.map(|at| Value::Scalar(ScalarValue::Int(at.0)));
        let text = |text: &str| Some(Value::Scalar(ScalarValue::Str(text.into())));
        let all = [
            ("at", self.at.cloned().or(at)),
            ("zone", self.zone.cloned().or_else(|| text(home))),
            ("policy", self.policy.cloned().or_else(|| text(""))),
            ("seen", self.seen.cloned()),
            ("user", self.user.cloned()),
        ];
        for (name, value) in all {
            if let (None, Some(value)) = (map.get(name), value) {
                map.insert(name.into(), MapValue { value, conflict: false });
            }
        }
    }
}

/// Reads an event. Its body is [`Body::unknown`] when only the payload can't be read, and the error
/// is told beside it. `said` is what holds for it, its own map included.
pub(crate) fn read<B: Body>(
    id: EventId,
    fields: &Fields<'_>,
    said: &Said<'_>,
    home: Zone,
    proof: Proof,
) -> Result<(Event<B>, Option<FieldError>), FieldError> {
    let name = fields.text("type")?;
    let (body, problem) = match B::read(name, fields) {
        Ok(body) => (body, None),
        Err(e) => (B::unknown(name), Some(e)),
    };
    let zone: Option<Zone> =
        said.zone.map(|zone| text_of("zone", zone).and_then(|text| parse("zone", text))).transpose()?;
    let user: UserName = match said.user {
        Some(user) => parse("user", text_of("user", user)?)?,
        None => fields.parse("user")?,
    };
    let event = Event {
        occurred: Occurred {
            at: match said.at {
                Some(at) => Moment(whole("at", at)?),
                None => said.recorded.unwrap_or(id.recorded.moment()),
            },
            zone: zone.unwrap_or(home),
        },
        seen: Moment(match said.seen {
            Some(seen) => whole("seen", seen)?,
            None => fields.int("seen")?,
        }),
        user,
        policy: said.policy.map(|policy| text_of("policy", policy)).transpose()?.unwrap_or_default().into(),
        id,
        body,
        proof,
    };
    Ok((event, problem))
}
