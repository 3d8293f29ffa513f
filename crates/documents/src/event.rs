//! Events: a map each, under the document's `events`, keyed by the event's id.
//!
//! Shape: `type`, `at` (occurred, ms), `zone` only where it differs from the document's, `seen`
//! (ms), `user`, `policy` unless empty, and the payload's own fields. Who wrote an event is not
//! among them: that is proven by the change that made its map, never told by the event.

use guicang_domain::event::{Event, Proof};
use guicang_domain::ids::EventId;
use guicang_domain::time::{Moment, Occurred, Zone};

use crate::value::{FieldError, Fields, Out};

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

/// Writes an event into a map of events.
pub(crate) fn write<B: Body>(event: &Event<B>, home: Zone, out: &mut Out) {
    out.text("type", event.body.name())
        .int("at", event.occurred.at.0)
        .int("seen", event.seen.0)
        .text("user", event.user.as_str())
        .opt_text("policy", &event.policy);
    if event.occurred.zone != home {
        out.show("zone", event.occurred.zone);
    }
    event.body.write(out);
}

/// Writes a document's events.
pub(crate) fn write_all<B: Body>(events: &[Event<B>], home: Zone, root: &mut Out) {
    root.map("events", |out| {
        for event in events {
            out.map(&event.id.to_string(), |out| write(event, home, out));
        }
    });
}

/// Reads an event. Its body is [`Body::unknown`] when only the payload can't be read, and the error
/// is told beside it.
pub(crate) fn read<B: Body>(
    id: EventId,
    fields: &Fields<'_>,
    home: Zone,
    proof: Proof,
) -> Result<(Event<B>, Option<FieldError>), FieldError> {
    let name = fields.text("type")?;
    let (body, problem) = match B::read(name, fields) {
        Ok(body) => (body, None),
        Err(e) => (B::unknown(name), Some(e)),
    };
    let event = Event {
        id,
        occurred: Occurred { at: Moment(fields.int("at")?), zone: fields.opt_parse("zone")?.unwrap_or(home) },
        seen: Moment(fields.int("seen")?),
        user: fields.parse("user")?,
        policy: fields.opt_text("policy")?.unwrap_or_default().into(),
        body,
        proof,
    };
    Ok((event, problem))
}
