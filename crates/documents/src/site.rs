//! `site`: a branch or warehouse, master data.
//!
//! What surprises: the zone of its walls is `time_zone`. `zone` is the zone in which the document's
//! own times are told; every document has it, and it never changes.

use guicang_domain::document::Head;
use guicang_domain::master::Site;

use crate::value::{FieldError, Fields, Out};

/// Writes the kind's own fields.
pub(crate) fn write(document: &Site, out: &mut Out) {
    out.text("code", document.code.as_str())
        .text("name", &document.name)
        .opt_show("address", document.address.as_ref())
        .opt_show("return_address", document.return_address.as_ref())
        .show("time_zone", document.zone)
        .show("currency", document.currency);
}

/// Reads the kind's own fields.
pub(crate) fn read(head: Head, fields: &Fields<'_>) -> Result<Site, FieldError> {
    Ok(Site {
        head,
        code: fields.parse("code")?,
        name: fields.text("name")?.into(),
        address: fields.opt_text("address")?.map(Into::into),
        return_address: fields.opt_text("return_address")?.map(Into::into),
        zone: fields.parse("time_zone")?,
        currency: fields.parse("currency")?,
    })
}
