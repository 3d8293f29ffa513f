//! `user`: a person who works here, master data.
//!
//! Name, role and sites are fields, the last writer's; that a role was withdrawn, and when, is an event: it is
//! there for good, and its time is proven.

use guicang_domain::document::Head;
use guicang_domain::event::Event;
use guicang_domain::user::{User, UserEvent};

use crate::event::{self, Body};
use crate::value::{FieldError, Fields, Out, parse};

/// Writes the kind's own fields.
pub(crate) fn write(document: &User, out: &mut Out) {
    let sites: Vec<String> = document.sites.iter().map(ToString::to_string).collect();
    out.text("name", document.name.as_str())
        .text("display", &document.display)
        .show("role", document.role)
        .opt_texts("sites", &sites);
    event::write_all(&document.events, document.head.zone, out);
}

/// Reads the kind's own fields.
pub(crate) fn read(
    head: Head,
    fields: &Fields<'_>,
    events: Vec<Event<UserEvent>>,
) -> Result<User, FieldError> {
    let sites = fields.texts("sites")?;
    Ok(User {
        head,
        name: fields.parse("name")?,
        display: fields.text("display")?.into(),
        role: fields.parse("role")?,
        sites: sites.iter().map(|site| parse("sites", site)).collect::<Result<_, _>>()?,
        events,
    })
}

impl Body for UserEvent {
    fn name(&self) -> &str {
        match self {
            UserEvent::Listed => "listed",
            UserEvent::Withdrawn => "withdrawn",
            UserEvent::Reinstated => "reinstated",
            UserEvent::Unknown { kind } => kind,
        }
    }

    fn write(&self, _: &mut Out) {}

    fn read(name: &str, _: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(match name {
            "listed" => UserEvent::Listed,
            "withdrawn" => UserEvent::Withdrawn,
            "reinstated" => UserEvent::Reinstated,
            other => Self::unknown(other),
        })
    }

    fn unknown(name: &str) -> Self {
        UserEvent::Unknown { kind: name.into() }
    }
}
